/* Standardisation: z = (x - mean) / scale by column, from the training rows only.
 *
 * mean and population SD (divisor n) are computed in double, in two passes, from
 * float32 features x[n, d].  A column counts as constant, and gets scale 1, when
 * var <= n*eps*var + (n*mean*eps)^2: what rounding alone could have made
 * (scikit-learn's StandardScaler, utils/extmath.py and preprocessing/_data.py).
 * NaN or infinite features make their column's mean and scale NaN: the probes
 * refuse the rows they come from.  n = 0 is the caller's mistake. */
#ifndef PROBE_STANDARDISE_H
#define PROBE_STANDARDISE_H

#include <stddef.h>
#include <stdint.h>

struct scaler {
    size_t d;
    double *mean, *scale; /* [d], owned */
};

void scaler_fit(struct scaler *scaler, const float *x, size_t n, size_t d);
/* The same over the rows row[n] of x, in that order. */
void scaler_fit_rows(struct scaler *scaler, const float *x, const size_t *row, size_t n, size_t d);

/* z[n, d] from x[n, d]. */
void scaler_apply(double *z, const struct scaler *scaler, const float *x, size_t n);
void scaler_apply_rows(double *z, const struct scaler *scaler, const float *x, const size_t *row, size_t n);

void scaler_free(struct scaler *scaler);

#endif
