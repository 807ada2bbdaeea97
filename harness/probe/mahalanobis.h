/* How far a row of features lies from a cohort: Mahalanobis' distance with a
 * shrunk covariance.
 *
 * Features are standardised on the rows fitted (probe/standardise.h); with S their
 * population covariance the matrix used is (1 - s) S + s mu I, mu the mean of S's
 * diagonal and s Ledoit & Wolf's share, from the data alone (Ledoit & Wolf 2004, J Multivariate Anal 88:365; as scikit-learn's
 * ledoit_wolf).  So it is defined for more features than rows too, where S is singular and s, but for data made for it, above 0.
 *
 * A cohort's distances from itself are taken out of fold, as rows are closer to a matrix that was made of them, the more so
 * the more features there are.  Others' are the mean of the squared distances under the folds' matrices, which
 * were made of as many rows: the two can be compared. */
#ifndef PROBE_MAHALANOBIS_H
#define PROBE_MAHALANOBIS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "probe/standardise.h"

struct mahalanobis {
    size_t n, d;
    struct scaler scaler;
    double shrinkage; /* s, in [0, 1] */
    double *factor;   /* [d, d] lower Cholesky factor, column-major */
};

/* Of rows row[n] (NULL: 0 .. n-1) of x.  STATUS_UNDEFINED: fewer than two rows, or all features constant; STATUS_DATA: a feature that is not
 * finite. */
int mahalanobis_fit(struct mahalanobis *m, const float *x, const size_t *row, size_t n, size_t d, struct status *st) MUST_CHECK;
void mahalanobis_free(struct mahalanobis *m);

/* square[n]: squared distances of rows row[n] (NULL: 0 .. n-1) of x. */
void mahalanobis_squared(double *square, const struct mahalanobis *m, const float *x, const size_t *row, size_t n);

/* own[n]: squared distances of x[n, d] from the rows of the other folds; fold[n] in 0 .. n_folds-1, n_folds >= 2.  other[n_other]: of
 * other_x[n_other, d], means over the folds.  shrinkage: mean of the folds'.  The same bytes for any number of threads.  Errors as above,
 * and STATUS_DATA for a feature of other_x that is not finite. */
int mahalanobis_folds(double *own, double *other, double *shrinkage, const float *x, const uint32_t *fold, size_t n, size_t n_folds,
                      const float *other_x, size_t n_other, size_t d, int n_threads, struct status *st) MUST_CHECK;

#endif
