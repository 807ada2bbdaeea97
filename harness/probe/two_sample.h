/* Can two cohorts be told apart by their features?  A logistic regression is
 * taught which rows are the second cohort's, and says so of rows it has not seen; the AUROC of that is 0.5 where the cohorts
 * are alike (Lopez-Paz & Oquab 2017, ICLR: classifier two-sample tests).
 *
 * C is TWO_SAMPLE_C, fixed: nothing is chosen on the rows that are judged.  Features are standardised on the training rows.  Scores are
 * ranks within their fold: the share of its rows that are less like the second cohort.  Scores of several fits cannot be
 * compared: a fold with more of a cohort leaves less of it to train on, and pooled probabilities would put
 * cohorts that are alike well below 0.5. */
#ifndef PROBE_TWO_SAMPLE_H
#define PROBE_TWO_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define TWO_SAMPLE_C 0.01

/* score[n] in (0, 1): mid-rank within the fold of P(second cohort) of x[n, d] by the fit on the other folds' rows; second[n] in {0, 1}; fold[n] in 0 .. n_folds-1: the
 * caller keeps a patient's rows in one fold.  STATUS_UNDEFINED where a fold's training rows are all of one cohort, STATUS_DATA
 * for a feature that is not finite.  The same bytes for any number of threads. */
int two_sample_scores(double *score, const float *x, const int32_t *second, const uint32_t *fold, size_t n, size_t n_folds, size_t d,
                      int n_threads, struct status *st) MUST_CHECK;

#endif
