/* Saved probes on another cohort: which task and model of its study each is for,
 * the scores, and their figures by the same functions as a cell's.
 *
 *   metrics_external.csv             columns of metrics.csv; study and task are the external ones, protocol, model, readout and
 *                                    probe those of the development; partition "external", "external exams", or
 *                                    "external fold N" of a fold's own model
 *   predictions_external/TASK.csv    columns of predictions/
 *   provenance_external.json         the probes with their digests
 *
 * Nothing is fitted or chosen: *_at_threshold use the threshold that came with the probe. */
#ifndef EVALUATE_APPLY_H
#define EVALUATE_APPLY_H

#include "base/status.h"
#include "evaluate/pipeline.h"
#include "probe/saved.h"

struct applied {
    char *path; /* of the .json */
    struct saved_probe probe;
    size_t task, model; /* of the external study */
    struct headline headline;
};

struct applied_list {
    struct applied *item; /* [n] by path */
    size_t n, capacity;
};

/* A .json, or every .json in a folder (STATUS_DATA if there is none), behind those in the list. */
int applied_read(struct applied_list *list, const char *path, struct status *st) MUST_CHECK;
void applied_free(struct applied_list *list);

/* Task of each probe: before anything is computed.  STATUS_DATA naming what does not match. */
int applied_match_tasks(struct applied_list *list, const struct study *study, struct status *st) MUST_CHECK;
/* Model of each, once they are open. */
int applied_match_models(struct applied_list *list, const struct pipeline *p, struct status *st) MUST_CHECK;

/* Scores and reports; the store is filled. */
int pipeline_apply(struct pipeline *p, struct applied_list *list, struct status *st) MUST_CHECK;

#endif
