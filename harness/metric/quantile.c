#include "metric/quantile.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

double quantile_linear(const double *sorted, size_t n, double q)
{
    assert(n > 0 && q >= 0 && q <= 1);
    double position = (double)(n - 1) * q;
    size_t below = (size_t)position;
    if (below + 1 >= n)
        return sorted[n - 1];
    double t = position - (double)below, a = sorted[below], b = sorted[below + 1];
    return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t); /* exact at both ends, as numpy has it */
}

double *quantile_sort(size_t *n_defined, const double *value, size_t stride, size_t n)
{
    double *sorted = NEW(n, double);
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(value[i * stride]))
            sorted[m++] = value[i * stride];
    qsort(sorted, m, sizeof *sorted, compare);
    *n_defined = m;
    return sorted;
}
