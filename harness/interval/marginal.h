/* Do truth and prediction use the classes equally often?  Tests on a confusion matrix.
 * Bowker 1948, JASA 43:572 (symmetry, K (K - 1)/2 degrees of freedom, empty pairs included);
 * Stuart 1955, Biometrika 42:412 and Maxwell 1970 (equal margins; labels that occur nowhere
 * left out, K' - 1 degrees of freedom). */
#ifndef INTERVAL_MARGINAL_H
#define INTERVAL_MARGINAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct chi2_test {
    double statistic, df, p;
};

/* count[n_classes, n_classes] as in metric/confusion.h; n_classes >= 2. */
struct chi2_test bowker_test(const uint64_t *count, size_t n_classes);
/* STATUS_UNDEFINED, NaN, where fewer than two labels occur, or labels fall into groups that are never confused
 * with each other (the covariance of the differences is singular). */
int stuart_maxwell_test(struct chi2_test *t, const uint64_t *count, size_t n_classes, struct status *st) MUST_CHECK;

#endif
