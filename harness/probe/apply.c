#include "probe/apply.h"

#include <stdlib.h>

#include "base/memory.h"

void probe_apply_logistic(double *prob, const struct scaler *scaler, const struct logistic *fit, const float *x, size_t m)
{
    double *z = NEW(fit->d, double);
    for (size_t i = 0; i < m; i++) {
        scaler_apply(z, scaler, x + i * fit->d, 1);
        logistic_predict(prob + i * fit->rows, fit, z, 1);
    }
    free(z);
}

void probe_apply_ordinal(double *prob, const struct scaler *scaler, const struct ordinal *fit, const float *x, size_t m)
{
    double *z = NEW(fit->d, double);
    for (size_t i = 0; i < m; i++) {
        scaler_apply(z, scaler, x + i * fit->d, 1);
        ordinal_predict(prob + i * fit->n_classes, fit, z, 1);
    }
    free(z);
}

void probe_apply_ridge(double *prediction, const struct scaler *scaler, const struct ridge *fit, const float *x, size_t m)
{
    double *z = NEW(fit->d, double);
    for (size_t i = 0; i < m; i++) {
        scaler_apply(z, scaler, x + i * fit->d, 1);
        ridge_predict(prediction + i, fit, z, 1);
    }
    free(z);
}
