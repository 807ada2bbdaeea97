/* A region study from audited cohorts to its tables: regions, embeddings, head, decisions. */
#ifndef REGION_REGION_RUN_H
#define REGION_REGION_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "cohort/cohort.h"
#include "embed/featurizer.h"
#include "region/region_embed.h"
#include "region/region_report.h"
#include "study/study.h"

struct region_run_options {
    int n_threads;
    size_t batch;
    bool quiet;
};

struct region_summary {
    size_t n_images, n_regions, n_test, n_overlays, n_missing; /* missing: see region_set */
    struct region_headline *headline;   /* [n_models] */
    struct region_embed_counts *embed;  /* [n_models] */
    bool *probe;                        /* [n_models] */
    size_t n_models;
};

/* cohort[study->n_tasks] after the audit, featurizer[study->n_models] open.  STATUS_INTERRUPTED: the same call goes on from there. */
int region_run(struct region_summary *summary, const struct study *study, const struct cohort *cohort, const struct survey *survey,
               const struct featurizer *featurizer, const struct region_run_options *o, struct status *st) MUST_CHECK;
void region_summary_free(struct region_summary *summary);

#endif
