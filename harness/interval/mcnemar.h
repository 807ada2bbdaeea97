/* Two or more classifiers right or wrong on the same independent samples.
 * McNemar 1947, Psychometrika 12:153; mid-p: Fagerland et al. 2013, BMC Med Res Methodol 13:91;
 * Cochran 1950, Biometrika 37:256. */
#ifndef INTERVAL_MCNEMAR_H
#define INTERVAL_MCNEMAR_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct mcnemar {
    uint64_t both_right, only_a, only_b, both_wrong;
    double exact_p, mid_p;               /* two-sided binomial; 1 without a discordant pair */
    double chi2, chi2_p;                 /* (b - c)^2 / (b + c), 1 degree of freedom; NaN without a discordant pair */
    double corrected, corrected_p;       /* max(0, |b - c| - 1)^2 / (b + c) */
};

/* right_a[n], right_b[n]: 0 or 1. */
struct mcnemar mcnemar_test(const uint8_t *right_a, const uint8_t *right_b, size_t n);

/* right[n, k], row-major: 0 or 1; chi-squared with k - 1 degrees of freedom.  STATUS_UNDEFINED, NaN, where every
 * sample is right (or wrong) with all k. */
int cochran_q(double *q, double *p, const uint8_t *right, size_t n, size_t k, struct status *st) MUST_CHECK;

#endif
