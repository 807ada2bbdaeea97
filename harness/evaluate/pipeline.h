/* The whole way of a study, stage by stage; the only place that knows all of
 * them.  Each stage needs the one before; what it leaves on disk (store,
 * reports) is whole at any moment. */
#ifndef EVALUATE_PIPELINE_H
#define EVALUATE_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "cohort/cohort.h"
#include "cohort/survey.h"
#include "embed/extract.h"
#include "embed/featurizer.h"
#include "embed/store.h"
#include "evaluate/cell.h"
#include "study/study.h"

struct stage_cost {
    const char *name;
    double seconds;
    size_t peak_kib; /* of the process so far */
    size_t items;    /* images or cells */
};

struct pipeline_options {
    int n_threads;
    size_t batch;                /* of extraction; 0: 1 */
    bool quiet;
    bool metadata_only;          /* tables alone: no image is needed or opened */
    bool external;               /* the cohorts are scored with saved probes: nothing is split, all their images are one part */
    size_t shard, n_shards;
    const char *output, *store;  /* in place of the study's; NULL: the study's */
    const char *command_line;
};

struct pipeline {
    struct pipeline_options options;
    struct study study;
    struct cohort *cohort;       /* [n_tasks] */
    struct survey survey;
    struct featurizer *featurizer; /* [n_models] */
    bool borrowed_models;        /* they are another pipeline's */
    struct store *store;
    struct extract_counts extracted;
    struct headline *headline;   /* [n_headlines] by task, then protocol, then model, readout, probe */
    size_t n_headlines;
    struct stage_cost cost[12];
    size_t n_costs;
};

/* Study, cohorts, survey of the images, audit; audit.csv and cohort.csv are written.  Does not fail because of what the
 * audit found: see pipeline_errors. */
int pipeline_prepare(struct pipeline *p, const char *study_path, const struct pipeline_options *options, struct status *st) MUST_CHECK;
/* The same of a study in memory, which is taken over. */
int pipeline_prepare_study(struct pipeline *p, struct study *study, const struct pipeline_options *options, struct status *st) MUST_CHECK;
/* audit.csv once more, after something added findings. */
int pipeline_write_audit(const struct pipeline *p, struct status *st) MUST_CHECK;
/* Findings of a severity over all tasks. */
size_t pipeline_count(const struct pipeline *p, enum severity severity);

/* Opens the checkpoints. */
int pipeline_open_models(struct pipeline *p, struct status *st) MUST_CHECK;
/* Those of another pipeline, whose study has the same models in the same order and which outlives this one. */
void pipeline_borrow_models(struct pipeline *p, const struct pipeline *from);
/* A store is open in one pipeline at a time. */
void pipeline_close_store(struct pipeline *p);
/* Fills the store.  Pictures that turn out undecodable become findings; STATUS_DATA then, unless the study skips them. */
int pipeline_extract(struct pipeline *p, bool decode_only, struct status *st) MUST_CHECK;
/* Splits, probes, metrics, reports, provenance. */
int pipeline_evaluate(struct pipeline *p, struct status *st) MUST_CHECK;
/* .npy and .csv of every task, model and readout under `directory`. */
int pipeline_export(struct pipeline *p, const char *directory, struct status *st) MUST_CHECK;

void pipeline_free(struct pipeline *p);

#endif
