/* Quantiles of sorted values by the linear rule: position (n - 1) q
 * (Hyndman & Fan 1996, Am Stat 50:361, type 7), rounded as numpy rounds it. */
#ifndef METRIC_QUANTILE_H
#define METRIC_QUANTILE_H

#include <stddef.h>

/* Quantile q in [0, 1] of sorted[n], ascending, n >= 1. */
double quantile_linear(const double *sorted, size_t n, double q);

/* A sorted copy of value[n], without its NaNs; *n_defined are left. */
double *quantile_sort(size_t *n_defined, const double *value, size_t stride, size_t n);

#endif
