#include "metric/proportion.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "metric/inverse.h"

static const struct limits none = {NAN, NAN};

static double normal(double level)
{
    return gsl_cdf_ugaussian_Pinv((1 + level) / 2);
}

static struct limits cut(double middle, double half)
{
    return (struct limits){fmax(0, middle - half), fmin(1, middle + half)};
}

struct limits proportion_wilson(uint64_t k, uint64_t n, double level)
{
    assert(k <= n);
    if (n == 0)
        return none;
    double z = normal(level), m = (double)n, p = (double)k / m, whole = m + z * z;
    return cut((m * p + z * z / 2) / whole, z * sqrt(m * p * (1 - p) + z * z / 4) / whole);
}

struct limits proportion_wilson_corrected(uint64_t k, uint64_t n, double level)
{
    assert(k <= n);
    if (n == 0)
        return none;
    double z = normal(level), m = (double)n, whole = 1 + z * z / m, middle = z * z / (2 * m);
    double less = ((double)k - 0.5) / m, more = ((double)k + 0.5) / m;
    return (struct limits){
        k == 0 ? 0 : fmax(0, (less + middle - z * sqrt(less * (1 - less) / m + middle / (2 * m))) / whole),
        k == n ? 1 : fmin(1, (more + middle + z * sqrt(more * (1 - more) / m + middle / (2 * m))) / whole)};
}

struct limits proportion_clopper_pearson(uint64_t k, uint64_t n, double level)
{
    assert(k <= n);
    if (n == 0)
        return none;
    double a = (double)k, b = (double)(n - k), tail = (1 - level) / 2;
    return (struct limits){k == 0 ? 0 : inverse_beta(tail, a, b + 1),
                           k == n ? 1 : inverse_beta(1 - tail, a + 1, b)};
}

struct limits proportion_agresti_coull(uint64_t k, uint64_t n, double level)
{
    assert(k <= n);
    if (n == 0)
        return none;
    double z = normal(level), m = (double)n + z * z, p = ((double)k + z * z / 2) / m;
    return cut(p, z * sqrt(p * (1 - p) / m));
}

struct limits proportion_jeffreys(uint64_t k, uint64_t n, double level)
{
    assert(k <= n);
    if (n == 0)
        return none;
    double a = (double)k + 0.5, b = (double)(n - k) + 0.5, tail = (1 - level) / 2;
    return (struct limits){inverse_beta(tail, a, b), inverse_beta(1 - tail, a, b)};
}

struct limits proportion_wald(uint64_t k, uint64_t n, double level)
{
    assert(k <= n);
    if (n == 0)
        return none;
    double p = (double)k / (double)n;
    return cut(p, normal(level) * sqrt(p * (1 - p) / (double)n));
}
