#include "interval/delong.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "metric/inverse.h"
#include "metric/order.h"

/* deviation[i] = 2 x (samples of the other class that sample i outranks) + those tied with it. */
static void count_placements(struct delong *d, const double *score)
{
    uint32_t *order = NEW(d->n, uint32_t);
    order_descending(order, score, 1, d->n);
    int64_t positive_above = 0, negative_above = 0;
    for (size_t i = 0, end; i < d->n; i = end) {
        int64_t tied_positive = 0, tied_negative = 0;
        for (end = i; end < d->n && score[order[end]] == score[order[i]]; end++) {
            tied_positive += d->positive[order[end]];
            tied_negative += !d->positive[order[end]];
        }
        int64_t beaten = 2 * ((int64_t)d->n_negative - negative_above - tied_negative) + tied_negative;
        int64_t beaten_by = 2 * positive_above + tied_positive; /* of a negative: the positives above it, as its placement */
        for (size_t j = i; j < end; j++)
            d->deviation[order[j]] = d->positive[order[j]] ? beaten : beaten_by;
        positive_above += tied_positive;
        negative_above += tied_negative;
    }
    free(order);
}

int delong_new(struct delong *d, const int32_t *label, const double *score, size_t n, struct status *st)
{
    *d = (struct delong){.n = n, .area = NAN};
    size_t bad = order_first_nan(score, n);
    if (bad < n)
        return status_set(st, STATUS_DATA, "DeLong: the score of sample %zu is not a number", bad);
    for (size_t i = 0; i < n; i++)
        d->n_positive += label[i] == 1;
    d->n_negative = n - d->n_positive;
    if (d->n_positive == 0 || d->n_negative == 0)
        return status_set(st, STATUS_UNDEFINED, "DeLong: no sample of class %d among %zu", d->n_positive ? 0 : 1, n);
    if (n > ORDER_MAX || (double)d->n_positive * (double)d->n_negative * 2 > 4e18)
        return status_set(st, STATUS_DATA, "DeLong: %zu samples are more than can be ranked", n);
    d->deviation = NEW(n, int64_t);
    d->positive = NEW(n, uint8_t);
    for (size_t i = 0; i < n; i++)
        d->positive[i] = label[i] == 1;
    count_placements(d, score);
    int64_t total = 0; /* 2U, from either class */
    for (size_t i = 0; i < n; i++)
        total += d->positive[i] ? d->deviation[i] : 0;
    int64_t p = (int64_t)d->n_positive, q = (int64_t)d->n_negative;
    d->area = (double)total / (2.0 * (double)p * (double)q);
    for (size_t i = 0; i < n; i++)
        d->deviation[i] = d->deviation[i] * (d->positive[i] ? p : q) - total;
    return STATUS_OK;
}

void delong_free(struct delong *d)
{
    free(d->deviation);
    free(d->positive);
    *d = (struct delong){0};
}

/* var(V10) / P + var(V01) / N of the products of what `of_a` and `of_b` hold less what `less` holds of each. */
static double product_mean(const struct delong *a, const struct delong *b, int difference)
{
    double sum[2] = {0, 0}, p = (double)a->n_positive, q = (double)a->n_negative, scale = 2 * p * q;
    if (a->n_positive < 2 || a->n_negative < 2)
        return NAN;
    for (size_t i = 0; i < a->n; i++) {
        double x = (double)a->deviation[i], y = (double)b->deviation[i];
        if (difference)
            x = y = (double)(a->deviation[i] - b->deviation[i]);
        sum[a->positive[i]] += x * y;
    }
    return sum[1] / (scale * scale) / (p - 1) / p + sum[0] / (scale * scale) / (q - 1) / q;
}

static void assert_same_samples(const struct delong *a, const struct delong *b)
{
    assert(a->n == b->n && a->n_positive == b->n_positive);
    for (size_t i = 0; i < a->n; i++)
        assert(a->positive[i] == b->positive[i]);
}

double delong_variance(const struct delong *d)
{
    return product_mean(d, d, 0);
}

double delong_covariance(const struct delong *a, const struct delong *b)
{
    assert_same_samples(a, b);
    return product_mean(a, b, 0);
}

double delong_difference_variance(const struct delong *a, const struct delong *b)
{
    assert_same_samples(a, b);
    return product_mean(a, b, 1);
}

static double quantile(double level, double df)
{
    double share = (1 + level) / 2;
    return isinf(df) ? gsl_cdf_ugaussian_Pinv(share) : inverse_t(share, df);
}

static double upper_tail(double statistic, double df)
{
    return isinf(df) ? gsl_cdf_ugaussian_Q(statistic) : gsl_cdf_tdist_Q(statistic, df);
}

int area_test_from(struct area_test *t, double difference, double variance, double df, double level, struct status *st)
{
    *t = (struct area_test){difference, variance, NAN, df, NAN, NAN, {NAN, NAN}};
    if (isnan(difference) || isnan(variance))
        return status_set(st, STATUS_UNDEFINED, "the difference of two AUROCs has no variance: fewer than two samples of a class");
    if (variance > 0)
        t->statistic = difference / sqrt(variance);
    else if (difference > 0 || difference < 0)
        return status_set(st, STATUS_UNDEFINED, "two AUROCs differ by %g with a variance of 0, which no test can judge", difference);
    else
        t->statistic = 0;
    double half = variance > 0 ? quantile(level, df) * sqrt(variance) : 0;
    t->p_greater = upper_tail(t->statistic, df);
    t->p = 2 * upper_tail(fabs(t->statistic), df);
    t->limits = (struct limits){difference - half, difference + half};
    return STATUS_OK;
}

int delong_paired(struct area_test *t, const struct delong *a, const struct delong *b, double level, struct status *st)
{
    return area_test_from(t, a->area - b->area, delong_difference_variance(a, b), INFINITY, level, st);
}

int delong_unpaired(struct area_test *t, const struct delong *a, const struct delong *b, double level,
                    struct status *st)
{
    double va = delong_variance(a), vb = delong_variance(b), sum = va + vb;
    double df = sum * sum / (va * va / (double)(a->n - 1) + vb * vb / (double)(b->n - 1));
    return area_test_from(t, a->area - b->area, sum, sum > 0 ? df : INFINITY, level, st);
}

struct limits area_wald(double area, double variance, double level)
{
    double half = quantile(level, INFINITY) * sqrt(variance);
    return (struct limits){area - half, area + half};
}

struct limits area_logit(double area, double variance, double level)
{
    if (!(area > 0 && area < 1) || isnan(variance))
        return (struct limits){NAN, NAN};
    double middle = log(area / (1 - area)), half = quantile(level, INFINITY) * sqrt(variance) / (area * (1 - area));
    return (struct limits){1 / (1 + exp(half - middle)), 1 / (1 + exp(-half - middle))};
}
