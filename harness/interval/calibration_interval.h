/* Limits of the calibration slope, intercept, and calibration in the large: coefficients of
 * a logistic regression (metric/recalibration.h), estimate -+ quantile x standard error.
 * Independent samples: errors from the information, normal quantile.  Samples in units
 * (patients): the sandwich of the units' summed scores, times G/(G - 1), Student t
 * with G - 1 degrees of freedom for G units.  Liang & Zeger 1986, Biometrika 73:13. */
#ifndef INTERVAL_CALIBRATION_INTERVAL_H
#define INTERVAL_CALIBRATION_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "metric/proportion.h"

enum { CALIBRATION_SLOPE, CALIBRATION_INTERCEPT, CALIBRATION_IN_THE_LARGE, N_CALIBRATION_FIGURES };

struct calibration_limits {
    double value; /* NaN: undefined */
    struct limits limits;
    struct status why; /* of an undefined value */
};

/* figure[N_CALIBRATION_FIGURES]; label[n] in {0, 1}, prob[n] in [0, 1]; unit[n] in 0 .. n_units-1, NULL: independent. */
void calibration_limits(struct calibration_limits *figure, const int32_t *label, const double *prob, const uint32_t *unit, size_t n,
                        size_t n_units, double level);

#endif
