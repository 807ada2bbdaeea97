#include "interval/percentile.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "metric/quantile.h"

int interval_percentile(double *low, double *high, size_t *n_undefined, const double *value, size_t stride, size_t n,
                        double level, struct status *st)
{
    assert(level > 0 && level < 1);
    size_t m;
    double *sorted = quantile_sort(&m, value, stride, n);
    int code = STATUS_OK;
    *low = *high = NAN;
    *n_undefined = n - m;
    if (m < 2) {
        code = status_set(st, STATUS_UNDEFINED, "interval: %zu of %zu replicates are undefined", n - m, n);
    } else {
        double tail = (1 - level) / 2;
        *low = quantile_linear(sorted, m, tail);
        *high = quantile_linear(sorted, m, 1 - tail);
    }
    free(sorted);
    return code;
}

int interval_basic(double *low, double *high, size_t *n_undefined, double estimate, const double *value, size_t stride,
                   size_t n, double level, struct status *st)
{
    double a, b;
    int code = interval_percentile(&a, &b, n_undefined, value, stride, n, level, st);
    *low = 2 * estimate - b;
    *high = 2 * estimate - a;
    return code;
}

double interval_standard_error(const double *value, size_t stride, size_t n)
{
    double sum = 0, ss = 0, m = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(value[i * stride]))
            continue;
        sum += value[i * stride];
        m++;
    }
    for (size_t i = 0; i < n; i++) {
        double d = value[i * stride] - sum / m;
        if (!isnan(d))
            ss += d * d;
    }
    return m >= 2 ? sqrt(ss / (m - 1)) : NAN;
}
