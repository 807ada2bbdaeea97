#include "probe/standardise.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

static const float *row_of(const float *x, const size_t *row, size_t i, size_t d)
{
    return x + (row ? row[i] : i) * d;
}

void scaler_fit_rows(struct scaler *scaler, const float *x, const size_t *row, size_t n, size_t d)
{
    assert(n > 0);
    scaler->d = d;
    scaler->mean = NEW0(d, double);
    scaler->scale = NEW0(d, double);
    double *drift = NEW0(d, double); /* sum of deviations: what the rounding of the mean left over */
    for (size_t i = 0; i < n; i++) {
        const float *xi = row_of(x, row, i, d);
        for (size_t j = 0; j < d; j++)
            scaler->mean[j] += (double)xi[j];
    }
    for (size_t j = 0; j < d; j++)
        scaler->mean[j] /= (double)n;
    for (size_t i = 0; i < n; i++) {
        const float *xi = row_of(x, row, i, d);
        for (size_t j = 0; j < d; j++) {
            double deviation = (double)xi[j] - scaler->mean[j];
            drift[j] += deviation;
            scaler->scale[j] += deviation * deviation;
        }
    }
    for (size_t j = 0; j < d; j++) {
        double variance = (scaler->scale[j] - drift[j] * drift[j] / (double)n) / (double)n;
        double rounding = (double)n * scaler->mean[j] * DBL_EPSILON;
        bool constant = variance <= (double)n * DBL_EPSILON * variance + rounding * rounding;
        scaler->scale[j] = constant ? 1 : sqrt(variance);
    }
    free(drift);
}

void scaler_fit(struct scaler *scaler, const float *x, size_t n, size_t d)
{
    scaler_fit_rows(scaler, x, NULL, n, d);
}

void scaler_apply_rows(double *z, const struct scaler *scaler, const float *x, const size_t *row, size_t n)
{
    size_t d = scaler->d;
    for (size_t i = 0; i < n; i++) {
        const float *xi = row_of(x, row, i, d);
        for (size_t j = 0; j < d; j++)
            z[i * d + j] = ((double)xi[j] - scaler->mean[j]) / scaler->scale[j];
    }
}

void scaler_apply(double *z, const struct scaler *scaler, const float *x, size_t n)
{
    scaler_apply_rows(z, scaler, x, NULL, n);
}

void scaler_free(struct scaler *scaler)
{
    free(scaler->mean);
    free(scaler->scale);
    *scaler = (struct scaler){0};
}
