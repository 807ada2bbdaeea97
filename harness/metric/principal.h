/* The two first principal components of standardised features, for a map.
 *
 * x[n, d], row-major.  Columns are centred and divided by their SD (n - 1); constant ones are left out.  Score
 * [n, 2] are the projections; share[2] of the whole variance.  The sign is such that the score of largest
 * size is positive.  By orthogonal iteration on the n x n Gram matrix (eight vectors, 100 steps, then Rayleigh-Ritz),
 * serial and with a fixed start: the same bytes for the same x.  n < 3 or no column that varies: STATUS_UNDEFINED, NaN.
 * Golub & Van Loan 2013, Matrix Computations, 8.2.4 and 8.1.5. */
#ifndef METRIC_PRINCIPAL_H
#define METRIC_PRINCIPAL_H

#include <stddef.h>

#include "base/status.h"

int principal_two(double *score, double share[2], const float *x, size_t n, size_t d, struct status *st) MUST_CHECK;

#endif
