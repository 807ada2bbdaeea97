#include "metric/standardised.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

static double divided(double difference, double variance)
{
    if (difference < 0 || difference > 0)
        return variance > 0 ? difference / sqrt(variance) : NAN;
    return isnan(difference) || isnan(variance) ? NAN : 0;
}

double standardised_means(double mean_a, double sd_a, double mean_b, double sd_b)
{
    return divided(mean_a - mean_b, (sd_a * sd_a + sd_b * sd_b) / 2);
}

double standardised_shares(double share_a, double share_b)
{
    return divided(share_a - share_b, (share_a * (1 - share_a) + share_b * (1 - share_b)) / 2);
}

/* a[k, k] symmetric, b[k]: b becomes the solution; false where a is singular.  Cholesky; k is a handful. */
static int solve(double *a, double *b, size_t k)
{
    for (size_t j = 0; j < k; j++) {
        double before = a[j * k + j];
        for (size_t i = j; i < k; i++) {
            for (size_t m = 0; m < j; m++)
                a[i * k + j] -= a[i * k + m] * a[j * k + m];
            if (i == j && !(a[j * k + j] > 1e-12 * before))
                return 0;
            a[i * k + j] = i == j ? sqrt(a[j * k + j]) : a[i * k + j] / a[j * k + j];
        }
    }
    for (size_t i = 0; i < k; i++) {
        for (size_t m = 0; m < i; m++)
            b[i] -= a[i * k + m] * b[m];
        b[i] /= a[i * k + i];
    }
    for (size_t i = k; i-- > 0;) {
        for (size_t m = i + 1; m < k; m++)
            b[i] -= a[m * k + i] * b[m];
        b[i] /= a[i * k + i];
    }
    return 1;
}

double standardised_levels(const double *share_a, const double *share_b, size_t k)
{
    size_t *level = NEW(k, size_t), n = 0;
    for (size_t i = 0; i < k; i++)
        if (share_a[i] > 0 || share_b[i] > 0)
            level[n++] = i;
    n -= n > 0; /* the last is what the others leave */
    double *s = NEW(n * n, double), *x = NEW(n, double), square = 0, apart = 0;
    for (size_t i = 0; i < n; i++) {
        const double pa = share_a[level[i]], pb = share_b[level[i]];
        for (size_t j = 0; j < n; j++) {
            double qa = share_a[level[j]], qb = share_b[level[j]];
            s[i * n + j] = ((i == j ? pa + pb : 0) - pa * qa - pb * qb) / 2;
        }
        x[i] = pa - pb;
        apart = fmax(apart, fabs(pa - pb));
    }
    double *t = NEW(n, double);
    for (size_t i = 0; i < n; i++)
        t[i] = x[i];
    int solved = solve(s, x, n);
    for (size_t i = 0; i < n; i++)
        square += t[i] * x[i];
    free(t);
    free(x);
    free(s);
    free(level);
    return !(apart > 0) ? 0 : solved ? sqrt(square) : NAN;
}
