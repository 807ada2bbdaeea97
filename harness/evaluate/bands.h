/* ROC, precision-recall and decision curves on a fixed grid, with pointwise
 * intervals from bootstrap replicates of patients (interval/bootstrap.h).
 *
 * roc:       sensitivity at a false positive rate of at most x, x = 0, 0.01 .. 1
 * precision: of the highest threshold whose recall is at least x, x = 0.01 .. 1 (x = 0: NaN)
 * benefit:   net benefit of treating from probability x on, x = 0 .. 0.99 (x = 1: NaN)
 *
 * Equal scores are called alike.  Replicates without a class are left out and counted; a band is
 * pointwise: it holds each point's uncertainty, not the whole curve's. */
#ifndef EVALUATE_BANDS_H
#define EVALUATE_BANDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "interval/bootstrap.h"

#define BANDS_POINTS 101

enum bands_curve { BANDS_ROC, BANDS_PRECISION, BANDS_BENEFIT, N_BANDS_CURVES };

struct bands {
    double value[N_BANDS_CURVES][BANDS_POINTS], low[N_BANDS_CURVES][BANDS_POINTS], high[N_BANDS_CURVES][BANDS_POINTS]; /* NaN: undefined */
    size_t n_positive, undefined;
};

double bands_x(size_t point); /* point / 100 */
/* positive[n] in {0, 1}; score[i * stride].  STATUS_UNDEFINED where a class is absent. */
int bands_compute(struct bands *b, const int32_t *positive, const double *score, size_t stride, const struct bootstrap_plan *plan, double level,
                  struct status *st) MUST_CHECK;

#endif
