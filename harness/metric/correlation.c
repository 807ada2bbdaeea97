#include "metric/correlation.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "metric/regression.h"

static double normal(double level)
{
    return gsl_cdf_ugaussian_Pinv((1 + level) / 2);
}

static struct correlation with_test(double r, size_t n)
{
    struct correlation c = {r, NAN, NAN, NAN, NAN};
    if (isnan(r) || n < 3)
        return c;
    c.t = r * sqrt((double)(n - 2) / ((1 - r) * (1 + r)));
    c.p = isinf(c.t) ? 0 : 2 * gsl_cdf_tdist_Q(fabs(c.t), (double)(n - 2));
    return c;
}

struct correlation correlation_pearson(const double *target, const double *prediction, size_t n, double level)
{
    struct correlation c = with_test(regression_pearson(target, prediction, NULL, n), n);
    if (!isnan(c.r) && n >= 4) {
        double half = normal(level) / sqrt((double)(n - 3));
        c.low = tanh(atanh(c.r) - half);
        c.high = tanh(atanh(c.r) + half);
    }
    return c;
}

struct correlation correlation_spearman(const double *target, const double *prediction, size_t n)
{
    return with_test(regression_spearman(target, prediction, n), n);
}

struct line correlation_line(const double *target, const double *prediction, size_t n)
{
    if (isnan(regression_r2(target, prediction, NULL, n)))
        return (struct line){NAN, NAN};
    struct regression_moments m = regression_moments(target, prediction, NULL, n);
    double slope = m.ss_product / m.ss_target;
    return (struct line){slope, m.mean_prediction - slope * m.mean_target};
}

struct paired_t paired_t_test(const double *a, const double *b, size_t n)
{
    struct paired_t test = {NAN, NAN, NAN};
    if (n < 2)
        return test;
    double mean = regression_bias(a, b, NULL, n), ss = 0, first = b[0] - a[0];
    int varies = 0;
    for (size_t i = 0; i < n; i++) {
        double d = b[i] - a[i];
        varies |= d != first;
        ss += (d - mean) * (d - mean);
    }
    if (!varies)
        return test;
    test.df = (double)(n - 1);
    test.t = mean / sqrt(ss / test.df / (double)n);
    test.p = 2 * gsl_cdf_tdist_Q(fabs(test.t), test.df);
    return test;
}

struct concordance correlation_concordance(const double *target, const double *prediction, size_t n, double level)
{
    struct concordance c = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    double r = regression_pearson(target, prediction, NULL, n);
    if (isnan(r))
        return c;
    struct regression_moments m = regression_moments(target, prediction, NULL, n);
    double shift = m.mean_prediction - m.mean_target;
    double u = shift / sqrt(sqrt(m.ss_target / m.n * (m.ss_prediction / m.n)));
    c.ccc = regression_concordance(target, prediction, n);
    c.precision = r;
    c.accuracy = c.ccc / r;
    c.scale_shift = sqrt(m.ss_prediction / m.ss_target);
    c.location_shift = u;
    if (n < 3 || !(r * r > 0))
        return c;
    double p = c.ccc, p2 = p * p, r2 = r * r, u2 = u * u;
    double variance = ((1 - r2) * p2 * (1 - p2) / r2 + 2 * p2 * p * (1 - p) * u2 / r - p2 * p2 * u2 * u2 / (2 * r2)) / (double)(n - 2);
    double half = normal(level) * sqrt(fmax(0, variance)), half_z = half / (1 - p2);
    c.low = p - half;
    c.high = p + half;
    c.z_low = half > 0 ? tanh(atanh(p) - half_z) : p;
    c.z_high = half > 0 ? tanh(atanh(p) + half_z) : p;
    return c;
}
