/* Tests of calibration: Hosmer & Lemeshow 1980, Commun Stat A 9:1043; Spiegelhalter
 * 1986, Stat Med 5:421.  For comparison with published figures: the slope and the
 * calibration in the large (metric/recalibration.h) say more.
 * label[n] in {0, 1}, prob[n] in [0, 1]. */
#ifndef METRIC_GOODNESS_H
#define METRIC_GOODNESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct hosmer_lemeshow {
    size_t groups; /* fewer than asked for where cuts coincide */
    double chi2, df, p;
};

/* Groups are cut at type-7 quantiles of prob, closed on the right, equal cuts merged; df = groups - 2.
 * STATUS_UNDEFINED, figures NaN, with fewer than three groups or a group whose expected count is 0 or all of it. */
int hosmer_lemeshow(struct hosmer_lemeshow *h, size_t groups, const int32_t *label, const double *prob, size_t n,
                    struct status *st) MUST_CHECK;

/* Normal under calibration, two-sided p; NaN if every probability is 0, 1/2 or 1 (n = 0 too). */
void spiegelhalter(double *z, double *p, const int32_t *label, const double *prob, size_t n);

#endif
