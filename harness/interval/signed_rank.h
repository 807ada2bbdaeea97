/* Wilcoxon's signed-rank test of paired differences.
 * Wilcoxon 1945, Biometrics Bull 1:80; zeros as Pratt 1959, JASA 54:655.
 *
 * difference[n]; ties and zeros are exact equalities of doubles. */
#ifndef INTERVAL_SIGNED_RANK_H
#define INTERVAL_SIGNED_RANK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum zeros {
    ZEROS_DROPPED, /* Wilcoxon: differences of 0 are left out before ranking */
    ZEROS_RANKED   /* Pratt: ranked with the others, their ranks then left out */
};

struct signed_rank {
    double positive, negative; /* sums of the ranks of the differences above and below 0 */
    double statistic;          /* the smaller of both */
    double normal_p;           /* two-sided, variance corrected for ties */
    double corrected_p;        /* with the continuity correction of 1/2 */
    double exact_p;            /* NaN with ties, zeros, or more than 300 differences */
};

/* STATUS_UNDEFINED, NaN, if every difference is 0 (n = 0 too). */
int signed_rank_test(struct signed_rank *s, enum zeros zeros, const double *difference, size_t n, struct status *st)
    MUST_CHECK;

#endif
