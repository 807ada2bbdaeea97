#include "metric/kappa.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

#define NO_VARIANCE 1e-14

/* Agreement in the paper's sense: 1 on the diagonal, 0 at the far corner. */
static double agreement(size_t i, size_t j, size_t n_classes, enum kappa_weights weights)
{
    if (weights == KAPPA_PLAIN)
        return i == j;
    double d = fabs((double)i - (double)j) / (double)(n_classes - 1);
    return weights == KAPPA_LINEAR ? 1 - d : 1 - d * d;
}

static double root_of_variance(double variance)
{
    return variance < NO_VARIANCE ? 0 : sqrt(variance);
}

struct kappa kappa_estimate(const uint64_t *count, size_t n_classes, enum kappa_weights weights, double level)
{
    struct kappa k = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    k.kappa = confusion_kappa(count, n_classes, weights);
    if (isnan(k.kappa))
        return k;
    size_t m = n_classes;
    double n = (double)confusion_total(count, m), expected = 0, attainable = 0, chance = 0;
    double *row = NEW0(4 * m, double), *column = row + m, *row_mean = row + 2 * m, *column_mean = row + 3 * m;
    for (size_t i = 0; i < m; i++) {
        row[i] = (double)confusion_support(count, m, i) / n;
        column[i] = (double)confusion_predicted(count, m, i) / n;
        attainable += fmin(row[i], column[i]);
        chance += row[i] * column[i];
    }
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++) {
            double w = agreement(i, j, m, weights);
            row_mean[i] += w * column[j];
            column_mean[j] += w * row[i];
            expected += w * row[i] * column[j];
        }
    double spread = 0, spread_null = 0, rest = 1 - k.kappa;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++) {
            double w = agreement(i, j, m, weights), mean = row_mean[i] + column_mean[j];
            spread += (double)count[i * m + j] / n * pow(w - mean * rest, 2);
            spread_null += row[i] * column[j] * pow(w - mean, 2);
        }
    free(row);
    double scale = n * pow(1 - expected, 2);
    k.se = root_of_variance((spread - pow(k.kappa - expected * rest, 2)) / scale);
    k.se_null = root_of_variance((spread_null - expected * expected) / scale);
    double z = gsl_cdf_ugaussian_Pinv((1 + level) / 2);
    k.low = k.kappa - z * k.se;
    k.high = k.kappa + z * k.se;
    if (k.se_null > 0) {
        k.z = k.kappa / k.se_null;
        k.p = 2 * gsl_cdf_ugaussian_Q(fabs(k.z));
    }
    k.maximum = (attainable - chance) / (1 - chance);
    return k;
}
