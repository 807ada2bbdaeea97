/* Saved probes carried to another cohort: which of its tasks and models each is for,
 * and the development each comes from.  What does not match is refused by name: classes, kind, unit, readout, width, weights,
 * preprocessing, precision; reports that are not of the study that kept the probe. */
#ifndef EVALUATE_CARRIED_H
#define EVALUATE_CARRIED_H

#include <stdbool.h>

#include "base/status.h"
#include "evaluate/origin.h"
#include "evaluate/pipeline.h"
#include "probe/saved.h"

/* A figure in both cohorts. */
struct beside {
    double internal, internal_low, internal_high;
    double external, external_low, external_high;
    double difference, difference_low, difference_high;
};

struct carried {
    char *path; /* of the .json */
    bool named; /* by the user; else found in a folder */
    struct saved_probe probe;
    size_t task, model; /* of the external study */
    size_t origin;
    struct beside headline; /* of the metric that its kind is known by */
};

struct carried_list {
    struct carried *item; /* [n] by argument, then by file name */
    size_t n, capacity;
    struct origin *origin; /* [n_origins] one of each development, task and protocol */
    size_t n_origins, origin_capacity;
};

/* A .json, or every .json in a folder (STATUS_DATA if there is none), behind those in the list. */
int carried_read(struct carried_list *list, const char *path, struct status *st) MUST_CHECK;
void carried_free(struct carried_list *list);

/* Task of each probe, before anything is computed: the one whose `of`, or name, is the probe's task.  A probe from a folder that
 * no task asks for leaves the list. */
int carried_match_tasks(struct carried_list *list, const struct study *study, struct status *st) MUST_CHECK;
/* Opens the developments and checks their digests. */
int carried_open_origins(struct carried_list *list, const struct study *study, struct status *st) MUST_CHECK;
/* Pictures and patients that stand in a development too become findings of the cohort they are in, errors unless accepted. */
void carried_find_overlap(const struct carried_list *list, struct pipeline *p);
/* Model of each, once they are open. */
int carried_match_models(struct carried_list *list, const struct pipeline *p, struct status *st) MUST_CHECK;

#endif
