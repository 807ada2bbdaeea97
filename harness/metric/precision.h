/* Average precision: the sum over distinct scores of (recall gained) x precision,
 * without interpolation.  label, prob, ties and refusals as in metric/auroc.h;
 * STATUS_UNDEFINED, naming the class, where a class has no positives (n = 0 too). */
#ifndef METRIC_PRECISION_H
#define METRIC_PRECISION_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "metric/auroc.h"

int average_precision(double *value, const int32_t *label, const double *score, size_t n, struct status *st) MUST_CHECK;

/* Class `class` against the rest, by its column of prob[n, n_classes]. */
int average_precision_class(double *value, size_t class, const int32_t *label, const double *prob, size_t n,
                            size_t n_classes, struct status *st) MUST_CHECK;

int average_precision_ovr(double *value, enum auroc_average average, const int32_t *label, const double *prob,
                          size_t n, size_t n_classes, struct status *st) MUST_CHECK;

#endif
