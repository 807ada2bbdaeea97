/* The difference of one metric between two models, from paired bootstrap
 * replicates (same draws for both: interval/bootstrap.h), and whether several
 * groups differ. */
#ifndef INTERVAL_DIFFERENCE_H
#define INTERVAL_DIFFERENCE_H

#include <stddef.h>

#include "base/status.h"

struct difference {
    double estimate;
    double low, high, se;
    size_t replicates, undefined;
    size_t at_most_zero, at_least_zero;
    double p; /* 2 (min(#<=0, #>=0) + 1) / (replicates + 1), at most 1 */
};

/* a[i * stride_a] - b[i * stride_b], i < n; NaN replicates are left out and counted; differences
 * within 1e-12 of 0 are 0.  Percentile limits.  STATUS_UNDEFINED, NaN, with fewer than two replicates or a NaN estimate. */
int difference_bootstrap(struct difference *d, double estimate, const double *a, size_t stride_a, const double *b,
                         size_t stride_b, size_t n, double level, struct status *st) MUST_CHECK;

/* Cochran's Q over k independent groups: sum of w (estimate - pooled)^2, w = 1/se^2, chi-squared with k - 1 degrees
 * of freedom; I^2 = max(0, 1 - df/Q).  Higgins & Thompson 2002, Stat Med 21:1539.  Groups whose estimate is NaN or whose
 * se is not above 0 are left out; STATUS_UNDEFINED, NaN, with fewer than two left. */
struct heterogeneity {
    size_t groups;
    double pooled, q, df, p, i2;
};
int heterogeneity_test(struct heterogeneity *h, const double *estimate, const double *se, size_t k, struct status *st)
    MUST_CHECK;

#endif
