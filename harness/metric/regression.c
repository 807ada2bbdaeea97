#include "metric/regression.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "metric/inverse.h"
#include "metric/order.h"

static uint32_t times(const uint32_t *weight, size_t i)
{
    return weight ? weight[i] : 1;
}

struct regression_moments regression_moments(const double *target, const double *prediction, const uint32_t *weight,
                                             size_t n)
{
    struct regression_moments m = {0};
    for (size_t i = 0; i < n; i++)
        for (uint32_t w = times(weight, i); w > 0; w--) {
            m.n++;
            m.mean_target += target[i];
            m.mean_prediction += prediction[i];
        }
    m.mean_target /= m.n; /* 0 / 0 = NaN for n = 0, and so on down */
    m.mean_prediction /= m.n;
    for (size_t i = 0; i < n; i++)
        for (uint32_t w = times(weight, i); w > 0; w--) {
            double t = target[i] - m.mean_target, p = prediction[i] - m.mean_prediction;
            m.ss_target += t * t;
            m.ss_prediction += p * p;
            m.ss_product += t * p;
        }
    return m;
}

enum term { ABSOLUTE, SQUARED, SIGNED };

static double mean_of(enum term term, const double *target, const double *prediction, const uint32_t *weight, size_t n)
{
    double sum = 0, total = 0;
    for (size_t i = 0; i < n; i++) {
        double e = prediction[i] - target[i];
        double v = term == ABSOLUTE ? fabs(e) : term == SQUARED ? e * e : e;
        for (uint32_t w = times(weight, i); w > 0; w--) {
            sum += v;
            total++;
        }
    }
    return sum / total;
}

double regression_mae(const double *target, const double *prediction, const uint32_t *weight, size_t n)
{
    return mean_of(ABSOLUTE, target, prediction, weight, n);
}

double regression_mse(const double *target, const double *prediction, const uint32_t *weight, size_t n)
{
    return mean_of(SQUARED, target, prediction, weight, n);
}

double regression_rmse(const double *target, const double *prediction, const uint32_t *weight, size_t n)
{
    return sqrt(mean_of(SQUARED, target, prediction, weight, n));
}

double regression_bias(const double *target, const double *prediction, const uint32_t *weight, size_t n)
{
    return mean_of(SIGNED, target, prediction, weight, n);
}

/* All samples that count have the same value: asked of the data, since a mean is
 * rounded and the sum of squares about it need not come out as 0. */
static bool is_constant(const double *value, const uint32_t *weight, size_t n)
{
    const double *first = NULL;
    for (size_t i = 0; i < n; i++) {
        if (times(weight, i) == 0)
            continue;
        if (!first)
            first = &value[i];
        else if (value[i] != *first)
            return false;
    }
    return true;
}

double regression_r2(const double *target, const double *prediction, const uint32_t *weight, size_t n)
{
    if (is_constant(target, weight, n))
        return NAN;
    struct regression_moments m = regression_moments(target, prediction, weight, n);
    return 1 - m.n * regression_mse(target, prediction, weight, n) / m.ss_target;
}

double regression_pearson(const double *target, const double *prediction, const uint32_t *weight, size_t n)
{
    if (is_constant(target, weight, n) || is_constant(prediction, weight, n))
        return NAN;
    struct regression_moments m = regression_moments(target, prediction, weight, n);
    return fmax(-1, fmin(1, m.ss_product / (sqrt(m.ss_target) * sqrt(m.ss_prediction))));
}

double regression_share_within(const double *target, const double *prediction, const uint32_t *weight, size_t n,
                               double distance)
{
    double inside = 0, total = 0;
    for (size_t i = 0; i < n; i++) {
        total += times(weight, i);
        if (fabs(prediction[i] - target[i]) <= distance)
            inside += times(weight, i);
    }
    return inside / total;
}

/* Mid-ranks, 1 for the largest: a reversed scale on both sides leaves the correlation as it is. */
static double *mid_ranks(const double *value, size_t n)
{
    double *rank = NEW(n, double);
    uint32_t *order = NEW(n, uint32_t);
    order_descending(order, value, 1, n);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && value[order[end]] == value[order[i]]; end++)
            ;
        for (size_t j = i; j < end; j++)
            rank[order[j]] = (double)(i + end + 1) / 2;
    }
    free(order);
    return rank;
}

double regression_spearman(const double *target, const double *prediction, size_t n)
{
    double *a = mid_ranks(target, n), *b = mid_ranks(prediction, n);
    double rho = regression_pearson(a, b, NULL, n);
    free(a);
    free(b);
    return rho;
}

double regression_kendall_tau_b(const double *target, const double *prediction, size_t n)
{
    double balance = 0, untied_target = 0, untied_prediction = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            int a = (target[i] > target[j]) - (target[i] < target[j]);
            int b = (prediction[i] > prediction[j]) - (prediction[i] < prediction[j]);
            balance += a * b;
            untied_target += a != 0;
            untied_prediction += b != 0;
        }
    return balance / sqrt(untied_target) / sqrt(untied_prediction);
}

double regression_median_absolute_error(const double *target, const double *prediction, size_t n)
{
    if (n == 0)
        return NAN;
    double *error = NEW(n, double);
    uint32_t *order = NEW(n, uint32_t);
    for (size_t i = 0; i < n; i++)
        error[i] = fabs(prediction[i] - target[i]);
    order_descending(order, error, 1, n);
    double median = (error[order[n / 2]] + error[order[(n - 1) / 2]]) / 2;
    free(order);
    free(error);
    return median;
}

double regression_max_error(const double *target, const double *prediction, size_t n)
{
    double worst = n ? 0 : NAN;
    for (size_t i = 0; i < n; i++)
        worst = fmax(worst, fabs(prediction[i] - target[i]));
    return worst;
}

double regression_explained_variance(const double *target, const double *prediction, size_t n)
{
    if (is_constant(target, NULL, n))
        return NAN;
    double bias = regression_bias(target, prediction, NULL, n), ss = 0;
    for (size_t i = 0; i < n; i++) {
        double e = prediction[i] - target[i] - bias;
        ss += e * e;
    }
    return 1 - ss / regression_moments(target, prediction, NULL, n).ss_target;
}

double regression_mape(const double *target, const double *prediction, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (target[i] == 0)
            return NAN;
        sum += fabs((prediction[i] - target[i]) / target[i]);
    }
    return sum / (double)n;
}

double regression_concordance(const double *target, const double *prediction, size_t n)
{
    struct regression_moments m = regression_moments(target, prediction, NULL, n);
    return moments_concordance(&m);
}

double moments_concordance(const struct regression_moments *m)
{
    double shift = m->mean_target - m->mean_prediction;
    double whole = m->ss_target + m->ss_prediction + m->n * shift * shift;
    return whole > 0 ? 2 * m->ss_product / whole : NAN;
}

double moments_icc_agreement(const struct regression_moments *m)
{
    double shift = m->mean_prediction - m->mean_target, both = m->ss_target + m->ss_prediction;
    double subjects = (both + 2 * m->ss_product) / 2 / (m->n - 1), rest = (both - 2 * m->ss_product) / 2 / (m->n - 1);
    double raters = m->n * shift * shift / 2;
    if (!(m->n >= 2) || !(rest > 0))
        return NAN;
    return (subjects - rest) / (subjects + rest + 2 * (raters - rest) / m->n);
}

double regression_error_sd(const double *target, const double *prediction, const uint32_t *weight, size_t n)
{
    double bias = regression_bias(target, prediction, weight, n), ss = 0, total = 0;
    for (size_t i = 0; i < n; i++) {
        double e = prediction[i] - target[i] - bias;
        for (uint32_t w = times(weight, i); w > 0; w--) {
            ss += e * e;
            total++;
        }
    }
    return total >= 2 ? sqrt(ss / (total - 1)) : NAN;
}

struct bland_altman regression_bland_altman(const double *target, const double *prediction, size_t n, double level)
{
    if (n < 2)
        return (struct bland_altman){NAN, NAN, NAN, NAN, {NAN, NAN}, {NAN, NAN}, {NAN, NAN}, NAN, NAN};
    struct bland_altman b = {.bias = regression_bias(target, prediction, NULL, n)};
    double count = (double)n;
    b.sd = regression_error_sd(target, prediction, NULL, n);
    b.low = b.bias - 1.96 * b.sd;
    b.high = b.bias + 1.96 * b.sd;
    b.limit_se = b.sd * sqrt(1 / count + 1.96 * 1.96 / (2 * (count - 1)));
    double t = inverse_t((1 + level) / 2, count - 1), half = t * b.limit_se, half_bias = t * b.sd / sqrt(count);
    for (int side = 0; side < 2; side++) {
        double sign = side ? 1 : -1;
        b.bias_ci[side] = b.bias + sign * half_bias;
        b.low_ci[side] = b.low + sign * half;
        b.high_ci[side] = b.high + sign * half;
    }
    size_t inside = 0;
    for (size_t i = 0; i < n; i++) {
        double e = prediction[i] - target[i];
        inside += e >= b.low && e <= b.high;
    }
    b.share_inside = (double)inside / count;
    return b;
}
