#include "interval/bca.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "metric/quantile.h"

#define EQUAL 1e-12 /* two ways of summing one value differ by less; distinct values of a metric by more */

/* Sum over strata of the cubes and squares of U = (n - 1)(mean - value), over n^3 and n^2. */
static double acceleration(const double *jackknife, size_t stride, const uint32_t *stratum, size_t n_units,
                           size_t n_strata)
{
    double *mean = NEW0(n_strata, double), *size = NEW0(n_strata, double);
    double cubes = 0, squares = 0;
    for (size_t u = 0; u < n_units; u++) {
        size_t s = stratum ? stratum[u] : 0;
        mean[s] += jackknife[u * stride];
        size[s]++;
    }
    for (size_t u = 0; u < n_units; u++) {
        size_t s = stratum ? stratum[u] : 0;
        double influence = (size[s] - 1) * (mean[s] / size[s] - jackknife[u * stride]) / size[s];
        if (fabs(influence) < EQUAL) /* the mean of equal values is rounded; a difference of nothing is nothing */
            influence = 0;
        cubes += influence * influence * influence;
        squares += influence * influence;
    }
    free(size);
    free(mean);
    return cubes / (6 * pow(squares, 1.5));
}

int interval_bca(double *low, double *high, size_t *n_undefined, struct bca *detail, double estimate,
                 const double *value, size_t stride, size_t n, const double *jackknife, const uint32_t *stratum,
                 size_t n_units, size_t n_strata, double level, struct status *st)
{
    size_t m, below = 0, equal = 0;
    double *sorted = quantile_sort(&m, value, stride, n);
    struct bca b = {NAN, NAN, acceleration(jackknife, stride, stratum, n_units, stratum ? n_strata : 1), {NAN, NAN}};
    int code = STATUS_OK;
    *low = *high = NAN;
    *n_undefined = n - m;
    if (m < 2) {
        code = status_set(st, STATUS_UNDEFINED, "BCa: %zu of %zu replicates are undefined", n - m, n);
        goto out;
    }
    for (size_t i = 0; i < m; i++) {
        if (fabs(sorted[i] - estimate) <= EQUAL)
            equal++;
        else if (sorted[i] < estimate)
            below++;
    }
    b.share = ((double)below + (double)equal / 2) / (double)m;
    b.bias = b.share <= 0 ? -INFINITY : b.share >= 1 ? INFINITY : gsl_cdf_ugaussian_Pinv(b.share);
    if (isnan(b.acceleration)) {
        code = status_set(st, STATUS_UNDEFINED, "BCa: the leave-one-out values do not vary, or are undefined");
        goto out;
    }
    if (isinf(b.bias)) {
        code = status_set(st, STATUS_UNDEFINED, "BCa: all replicates lie on one side of the estimate");
        goto out;
    }
    for (int side = 0; side < 2; side++) {
        double z = b.bias + gsl_cdf_ugaussian_Pinv(side ? (1 + level) / 2 : (1 - level) / 2);
        b.tail[side] = gsl_cdf_ugaussian_P(b.bias + z / (1 - b.acceleration * z));
    }
    *low = quantile_linear(sorted, m, b.tail[0]);
    *high = quantile_linear(sorted, m, b.tail[1]);
out:
    free(sorted);
    if (detail)
        *detail = b;
    return code;
}
