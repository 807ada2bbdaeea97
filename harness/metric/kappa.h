/* The sampling error of Cohen's kappa, plain or weighted.
 * Fleiss, Cohen & Everitt 1969, Psychol Bull 72:323; a variance below 1e-14 is
 * rounding and taken as 0.  Count matrices as in metric/confusion.h. */
#ifndef METRIC_KAPPA_H
#define METRIC_KAPPA_H

#include <stddef.h>
#include <stdint.h>

#include "metric/confusion.h"

struct kappa {
    double kappa, se;
    double low, high;   /* kappa -+ z se at the level asked for */
    double se_null;     /* were kappa 0 */
    double z, p;        /* of kappa = 0, two-sided; NaN if se_null is 0 */
    double maximum;     /* the largest plain kappa that the margins allow */
};

/* Everything NaN where kappa is undefined (n = 0; all of one class in truth and prediction). */
struct kappa kappa_estimate(const uint64_t *count, size_t n_classes, enum kappa_weights weights, double level);

#endif
