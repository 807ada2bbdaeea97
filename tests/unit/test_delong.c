/* DeLong, Obuchowski and Newcombe's method 5 against their definitions and identities. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/rng.h"
#include "interval/area_interval.h"
#include "interval/clustered.h"
#include "interval/delong.h"
#include "interval/newcombe.h"
#include "metric/auroc.h"

enum { N = 60 };

static void draw(int32_t *label, double *a, double *b, uint64_t index)
{
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 3, "test_delong", index);
    for (size_t i = 0; i < N; i++) {
        label[i] = i < 4 ? i % 2 : gsl_rng_uniform(rng) < 0.4;
        a[i] = floor(10 * gsl_rng_uniform(rng) + 3 * label[i]); /* ties on purpose */
        b[i] = floor(20 * gsl_rng_uniform(rng) + 2 * label[i]);
    }
    gsl_rng_free(rng);
}

/* Structural components, O(n^2). */
static double component(const int32_t *label, const double *score, size_t i)
{
    double sum = 0, count = 0;
    for (size_t j = 0; j < N; j++) {
        if (label[j] == label[i])
            continue;
        double gap = label[i] ? score[i] - score[j] : score[j] - score[i];
        sum += gap > 0 ? 1 : gap < 0 ? 0 : 0.5;
        count++;
    }
    return sum / count;
}

static double brute_covariance(const int32_t *label, const double *a, const double *b)
{
    double total = 0;
    for (int k = 0; k < 2; k++) {
        double n = 0, ma = 0, mb = 0, sum = 0;
        for (size_t i = 0; i < N; i++)
            if (label[i] == k) {
                n++;
                ma += component(label, a, i);
                mb += component(label, b, i);
            }
        for (size_t i = 0; i < N; i++)
            if (label[i] == k)
                sum += (component(label, a, i) - ma / n) * (component(label, b, i) - mb / n);
        total += sum / (n - 1) / n;
    }
    return total;
}

static void equals_structural_components(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 20; round++) {
        int32_t label[N];
        double a[N], b[N], area;
        struct delong x, y;
        draw(label, a, b, round);
        assert_int_equal(delong_new(&x, label, a, N, NULL), STATUS_OK);
        assert_int_equal(delong_new(&y, label, b, N, NULL), STATUS_OK);
        assert_int_equal(auroc_binary(&area, label, a, N, NULL), STATUS_OK);
        assert_true(x.area == area);
        assert_true(fabs(delong_variance(&x) - brute_covariance(label, a, a)) < 1e-14);
        assert_true(fabs(delong_covariance(&x, &y) - brute_covariance(label, a, b)) < 1e-14);
        double sum = delong_variance(&x) + delong_variance(&y) - 2 * delong_covariance(&x, &y);
        assert_true(fabs(delong_difference_variance(&x, &y) - sum) < 1e-14);
        /* each sample its own cluster: Obuchowski is DeLong */
        uint32_t unit[N];
        for (size_t i = 0; i < N; i++)
            unit[i] = (uint32_t)(N - 1 - i);
        assert_true(fabs(clustered_variance(&x, unit, N) - delong_variance(&x)) < 1e-15);
        assert_true(fabs(clustered_difference_variance(&x, &y, unit, N) - sum) < 1e-14);
        delong_free(&x);
        delong_free(&y);
    }
}

/* Every sample there m times, in one cluster each: the variance of the clusters is that of the single samples. */
static void copies_in_a_cluster_add_nothing(void **state)
{
    (void)state;
    enum { M = 3 };
    int32_t label[N], many[M * N];
    double a[N], b[N], score[M * N];
    uint32_t unit[M * N];
    struct delong one, all;
    draw(label, a, b, 99);
    for (size_t i = 0; i < M * N; i++) {
        many[i] = label[i % N];
        score[i] = a[i % N];
        unit[i] = (uint32_t)(i % N);
    }
    assert_int_equal(delong_new(&one, label, a, N, NULL), STATUS_OK);
    assert_int_equal(delong_new(&all, many, score, M * N, NULL), STATUS_OK);
    assert_true(fabs(clustered_variance(&all, unit, N) - delong_variance(&one)) < 1e-14);
    assert_true(delong_variance(&all) < 0.5 * delong_variance(&one));
    struct clusters c = clusters_count(&all, unit, N);
    assert_int_equal(c.n, N);
    assert_int_equal(c.with_positive + c.with_negative, N);
    delong_free(&one);
    delong_free(&all);
}

static void identical_models(void **state)
{
    (void)state;
    int32_t label[N];
    double a[N], b[N];
    struct delong x, y;
    struct area_test t;
    draw(label, a, b, 7);
    for (size_t i = 0; i < N; i++)
        b[i] = exp(a[i]); /* the same ranking */
    assert_int_equal(delong_new(&x, label, a, N, NULL), STATUS_OK);
    assert_int_equal(delong_new(&y, label, b, N, NULL), STATUS_OK);
    assert_int_equal(delong_paired(&t, &x, &y, 0.95, NULL), STATUS_OK);
    assert_true(t.difference == 0 && t.variance == 0 && t.statistic == 0 && t.p == 1 && t.p_greater == 0.5);
    assert_true(t.limits.low == 0 && t.limits.high == 0);
    delong_free(&x);
    delong_free(&y);
}

static void undefined_is_nan_with_a_reason(void **state)
{
    (void)state;
    int32_t one_class[3] = {1, 1, 1}, single[3] = {1, 0, 0}, both[4] = {1, 1, 0, 0};
    double score[4] = {4, 3, 2, 1}, reversed[4] = {1, 2, 3, 4};
    struct delong x, y;
    struct area_test t;
    struct status st;
    assert_int_equal(delong_new(&x, one_class, score, 3, &st), STATUS_UNDEFINED);
    assert_true(isnan(x.area));
    delong_free(&x);
    assert_int_equal(delong_new(&x, one_class, score, 0, &st), STATUS_UNDEFINED);
    delong_free(&x);
    score[1] = NAN;
    assert_int_equal(delong_new(&x, both, score, 4, &st), STATUS_DATA);
    delong_free(&x);
    score[1] = 3;
    assert_int_equal(delong_new(&x, single, score, 3, &st), STATUS_OK); /* one positive: an area without variance */
    assert_true(x.area == 1 && isnan(delong_variance(&x)));
    assert_int_equal(delong_paired(&t, &x, &x, 0.95, &st), STATUS_UNDEFINED);
    assert_true(isnan(t.statistic) && isnan(t.p));
    delong_free(&x);
    assert_int_equal(delong_new(&x, both, score, 4, &st), STATUS_OK); /* perfect against perfectly wrong: no variance */
    assert_int_equal(delong_new(&y, both, reversed, 4, &st), STATUS_OK);
    assert_true(x.area == 1 && y.area == 0 && delong_variance(&x) == 0);
    assert_int_equal(delong_paired(&t, &x, &y, 0.95, &st), STATUS_UNDEFINED);
    assert_true(isnan(t.p));
    struct limits l = area_logit(1, 0, 0.95);
    assert_true(isnan(l.low) && isnan(l.high));
    delong_free(&x);
    delong_free(&y);
}

static void method5_solves_its_equation(void **state)
{
    (void)state;
    for (double area = 0.05; area < 1; area += 0.1)
        for (double p = 1; p < 200; p *= 3) {
            struct limits l = newcombe_method5(area, p, 40, 0.95), m = newcombe_method5(1 - area, p, 40, 0.95);
            assert_true(0 <= l.low && l.low < area && area < l.high && l.high <= 1);
            double ends[2] = {l.low, l.high}, n_star = (p + 40) / 2 - 1;
            for (int side = 0; side < 2; side++) {
                double t = ends[side], v = t * (1 - t) * (1 + n_star * (1 - t) / (2 - t) + n_star * t / (1 + t)) / (p * 40);
                assert_true(fabs(fabs(area - t) - 1.9599639845400545 * sqrt(v)) < 1e-12);
            }
            assert_true(fabs(m.low - (1 - l.high)) < 1e-12); /* V(t) = V(1 - t) */
        }
    struct limits perfect = newcombe_method5(1, 5, 45, 0.95);
    assert_true(perfect.high == 1 && perfect.low > 0.5 && perfect.low < 1);
}

static void the_interval_of_a_table(void **state)
{
    (void)state;
    enum { M = 400 };
    int32_t label[M];
    double score[M];
    uint32_t single[M], pairs[M];
    enum area_method method;
    struct delong d;
    for (size_t i = 0; i < M; i++) {
        label[i] = (int32_t)(i / 2 % 2);
        score[i] = (double)((i * 37) % 100) + 20 * label[i];
        single[i] = (uint32_t)i;
        pairs[i] = (uint32_t)(i / 2);
    }
    assert_int_equal(delong_new(&d, label, score, M, NULL), STATUS_OK);
    struct limits l = area_interval(&method, &d, NULL, 0, 0.95), s = area_interval(&method, &d, single, M, 0.95);
    assert_int_equal(method, AREA_LOGIT_DELONG);
    assert_true(l.low == s.low && l.high == s.high && l.low < d.area && d.area < l.high);
    l = area_interval(&method, &d, pairs, M / 2, 0.95);
    assert_int_equal(method, AREA_LOGIT_OBUCHOWSKI);
    for (size_t i = 0; i < M; i++)
        pairs[i] = (uint32_t)(i % 20); /* 20 patients */
    s = area_interval(&method, &d, pairs, 20, 0.95);
    assert_int_equal(method, AREA_METHOD5_UNITS);
    assert_true(s.high - s.low > l.high - l.low);
    delong_free(&d);
    for (size_t i = 0; i < M; i++)
        score[i] = label[i]; /* perfect */
    assert_int_equal(delong_new(&d, label, score, M, NULL), STATUS_OK);
    l = area_interval(&method, &d, NULL, 0, 0.95);
    assert_int_equal(method, AREA_METHOD5);
    assert_true(l.high == 1 && l.low > 0.9 && l.low < 1);
    delong_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_structural_components), cmocka_unit_test(copies_in_a_cluster_add_nothing),
        cmocka_unit_test(identical_models), cmocka_unit_test(undefined_is_nan_with_a_reason),
        cmocka_unit_test(method5_solves_its_equation), cmocka_unit_test(the_interval_of_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
