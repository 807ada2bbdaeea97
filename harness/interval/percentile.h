/* Limits read off the replicates of a bootstrap.
 *
 * value[i * stride], i < n; NaN replicates (a class was lost) are left out and
 * counted.  level in (0, 1), e.g. 0.95.  STATUS_UNDEFINED, limits NaN, if fewer than
 * two replicates are left.  Quantiles by the linear rule of metric/quantile.h. */
#ifndef INTERVAL_PERCENTILE_H
#define INTERVAL_PERCENTILE_H

#include <stddef.h>

#include "base/status.h"

int interval_percentile(double *low, double *high, size_t *n_undefined, const double *value, size_t stride, size_t n,
                        double level, struct status *st) MUST_CHECK;

/* Percentile limits mirrored about the estimate.  For completeness: it covers badly for an AUROC near 1. */
int interval_basic(double *low, double *high, size_t *n_undefined, double estimate, const double *value, size_t stride,
                   size_t n, double level, struct status *st) MUST_CHECK;

/* Sample SD (n - 1) of the defined replicates: the bootstrap standard error; NaN for fewer than two. */
double interval_standard_error(const double *value, size_t stride, size_t n);

#endif
