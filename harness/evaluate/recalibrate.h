/* Recalibration of a cell's scores: fitted once, on out-of-fold predictions of the
 * development part, and carried with the probe (probe/saved.h); or again on another cohort, to show
 * what could be had there at best.
 *
 * binary: logit P(1), metric/recalibration.h.  regression: target on prediction by least squares; in the large: mean target less
 * mean prediction.  Other kinds: NaN, as no single line is theirs. */
#ifndef EVALUATE_RECALIBRATE_H
#define EVALUATE_RECALIBRATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "metric/kind.h"
#include "probe/saved.h"

/* label[n] of classes, target[n] of a regression; score[n].  What cannot be fitted is NaN; why (may be NULL): a sentence, "" if all could. */
struct saved_recalibration recalibrate_fit(enum task_kind kind, const int32_t *label, const double *target, const double *score, size_t n,
                                           struct status *why);

/* out[n]; a probability of 0 or 1 stays. */
void recalibrate_apply(double *out, enum task_kind kind, double intercept, double slope, const double *score, size_t n);

#endif
