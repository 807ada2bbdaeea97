/* shift.csv: how far an external cohort's embeddings lie from the development's.
 *
 *   mahalanobis_median        median distance (probe/mahalanobis.h: Ledoit-Wolf covariance of standardised features), the development's out
 *                             of fold over the study's own folds; interval: percentile bootstrap by patient
 *   mahalanobis_p99           the development's 99th percentile
 *   beyond_development_p99    share of cases farther than that: about 0.01 for a cohort that is alike; interval/share.h
 *   two_sample_auroc          of telling the cohort from the development, cross-validated by patient (probe/two_sample.h): 0.5 if
 *                             they are alike; interval/area_interval.h
 *   shrinkage                 Ledoit and Wolf's share, mean over the folds
 * for cohorts development, internal test (which shows what is to be expected) and external. */
#ifndef EVALUATE_SHIFT_H
#define EVALUATE_SHIFT_H

#include "base/outfile.h"
#include "base/status.h"
#include "evaluate/carried.h"
#include "evaluate/cell.h"

extern const char SHIFT_HEADER[];

/* Of the development, model and readout of a; x[n, d]: the external cohort's embeddings.  Where the store lacks the development's, or they are
 * not those the probe was made with, rows are NA and say so. */
int shift_rows_write(struct outfile *out, const struct carried *a, const struct origin *o, const struct cell_task *internal,
                     const struct cell_task *external, const struct pipeline *p, const float *x, size_t d, struct status *st) MUST_CHECK;

#endif
