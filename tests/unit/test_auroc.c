/* AUROC: identities, ties, averages over classes, what is undefined. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka last: it wants the four above */
#include <cmocka.h>

#include "base/rng.h"
#include "metric/auroc.h"
#include "metric/curve.h"
#include "metric/precision.h"

enum { N = 300, K = 4 };

struct sample {
    int32_t label[N], class[N];
    double score[N], weight[N], prob[N * K];
};

/* Scores on a coarse grid, so that ties are many. */
static void draw(struct sample *s, uint64_t seed)
{
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, seed, "test_auroc", 0);
    for (size_t i = 0; i < N; i++) {
        s->label[i] = gsl_rng_uniform(rng) < 0.3;
        s->score[i] = floor(10 * gsl_rng_uniform(rng)) / 10 + 0.2 * s->label[i];
        s->weight[i] = (double)gsl_rng_uniform_int(rng, 4);
        s->class[i] = (int32_t)gsl_rng_uniform_int(rng, K);
        for (size_t k = 0; k < K; k++)
            s->prob[i * K + k] = floor(8 * gsl_rng_uniform(rng)) / 8 + 0.2 * (s->class[i] == (int32_t)k);
    }
    gsl_rng_free(rng);
}

/* The definition: all pairs. */
static double by_pairs(const struct sample *s, const double *weight)
{
    double u = 0, pairs = 0;
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
            if (s->label[i] == 1 && s->label[j] == 0) {
                double w = weight ? weight[i] * weight[j] : 1;
                u += w * ((s->score[i] > s->score[j]) + 0.5 * (s->score[i] == s->score[j]));
                pairs += w;
            }
    return u / pairs;
}

static void test_definition(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++) {
        struct sample s;
        struct status st;
        double area;
        draw(&s, seed);
        assert_int_equal(auroc_binary(&area, s.label, s.score, N, &st), STATUS_OK);
        assert_true(fabs(area - by_pairs(&s, NULL)) < 1e-14);
        assert_int_equal(auroc_binary_weighted(&area, s.label, s.score, s.weight, N, &st), STATUS_OK);
        assert_true(fabs(area - by_pairs(&s, s.weight)) < 1e-13);
    }
}

static void test_identities(void **state)
{
    (void)state;
    struct sample s, t;
    struct status st;
    double area, other;
    draw(&s, 1);
    assert_int_equal(auroc_binary(&area, s.label, s.score, N, &st), STATUS_OK);
    for (size_t i = 0; i < N; i++)
        t.score[i] = -s.score[i];
    assert_int_equal(auroc_binary(&other, s.label, t.score, N, &st), STATUS_OK);
    assert_true(fabs(area + other - 1) < 1e-15);
    for (size_t i = 0; i < N; i++)
        t.score[i] = exp(3 * s.score[i]); /* monotone */
    assert_int_equal(auroc_binary(&other, s.label, t.score, N, &st), STATUS_OK);
    assert_true(area == other);
    for (size_t i = 0; i < N; i++) { /* another order of rows: the same bits */
        t.label[i] = s.label[(i * 7 + 3) % N];
        t.score[i] = s.score[(i * 7 + 3) % N];
    }
    assert_int_equal(auroc_binary(&other, t.label, t.score, N, &st), STATUS_OK);
    assert_true(area == other);
    for (size_t i = 0; i < N; i++)
        t.score[i] = i % 2 ? 0.0 : -0.0; /* equal as numbers */
    assert_int_equal(auroc_binary(&other, s.label, t.score, N, &st), STATUS_OK);
    assert_true(other == 0.5);
}

static void test_undefined(void **state)
{
    (void)state;
    const int32_t none[3] = {0, 0, 0}, all[3] = {1, 1, 1}, both[3] = {0, 1, 1};
    const double score[3] = {0.1, 0.2, 0.3}, bad[3] = {0.1, NAN, 0.3}, zero[3] = {1, 0, 0};
    struct status st = {0};
    double area = 7;
    assert_int_equal(auroc_binary(&area, none, score, 3, &st), STATUS_UNDEFINED);
    assert_true(isnan(area));
    assert_non_null(strstr(st.text, "no sample of class 1"));
    area = 7;
    assert_int_equal(auroc_binary(&area, all, score, 3, &st), STATUS_UNDEFINED);
    assert_true(isnan(area));
    assert_int_equal(auroc_binary(&area, none, score, 0, &st), STATUS_UNDEFINED);
    assert_true(isnan(area));
    assert_int_equal(auroc_binary_weighted(&area, both, score, zero, 3, &st), STATUS_UNDEFINED);
    assert_int_equal(auroc_binary(&area, both, bad, 3, &st), STATUS_DATA);
    assert_true(isnan(area));
    struct curve c;
    assert_int_equal(curve_new(&c, none, score, NULL, 3, &st), STATUS_UNDEFINED);
    curve_free(&c);
}

static void test_classes(void **state)
{
    (void)state;
    struct sample s;
    struct status st = {0};
    double macro, weighted, ovo, defined, sum = 0, weighted_sum = 0;
    size_t n_defined;
    draw(&s, 2);
    for (size_t k = 0; k < K; k++) {
        double one;
        size_t support = 0;
        for (size_t i = 0; i < N; i++)
            support += s.class[i] == (int32_t)k;
        assert_int_equal(auroc_class(&one, k, s.class, s.prob, N, K, &st), STATUS_OK);
        sum += one;
        weighted_sum += one * (double)support;
    }
    assert_int_equal(auroc_macro_ovr(&macro, s.class, s.prob, N, K, &st), STATUS_OK);
    assert_true(fabs(macro - sum / K) < 1e-15);
    assert_int_equal(auroc_ovr(&weighted, AUROC_WEIGHTED, s.class, s.prob, N, K, &st), STATUS_OK);
    assert_true(fabs(weighted - weighted_sum / N) < 1e-14);
    assert_int_equal(auroc_macro_ovr_defined(&defined, &n_defined, s.class, s.prob, N, K, &st), STATUS_OK);
    assert_true(defined == macro && n_defined == K);

    for (size_t i = 0; i < N; i++) /* class 2 goes */
        if (s.class[i] == 2)
            s.class[i] = 0;
    assert_int_equal(auroc_macro_ovr(&macro, s.class, s.prob, N, K, &st), STATUS_UNDEFINED);
    assert_true(isnan(macro));
    assert_non_null(strstr(st.text, "class 2"));
    assert_int_equal(auroc_ovo(&ovo, AUROC_MACRO, s.class, s.prob, N, K, &st), STATUS_UNDEFINED);
    assert_true(isnan(ovo));
    assert_non_null(strstr(st.text, "class 2"));
    assert_int_equal(auroc_macro_ovr_defined(&defined, &n_defined, s.class, s.prob, N, K, &st), STATUS_OK);
    assert_true(n_defined == K - 1 && defined > 0);
}

/* Two classes with complementary columns: every average is the binary area. */
static void test_two_classes_agree(void **state)
{
    (void)state;
    struct sample s;
    struct status st;
    double prob[N * 2], area, ovr, ovo;
    draw(&s, 3);
    for (size_t i = 0; i < N; i++) {
        prob[2 * i] = -s.score[i];
        prob[2 * i + 1] = s.score[i];
    }
    assert_int_equal(auroc_binary(&area, s.label, s.score, N, &st), STATUS_OK);
    assert_int_equal(auroc_macro_ovr(&ovr, s.label, prob, N, 2, &st), STATUS_OK);
    assert_int_equal(auroc_ovo(&ovo, AUROC_WEIGHTED, s.label, prob, N, 2, &st), STATUS_OK);
    assert_true(fabs(area - ovr) < 1e-15 && fabs(area - ovo) < 1e-15);
}

static void test_curve(void **state)
{
    (void)state;
    struct sample s;
    struct status st;
    struct curve c;
    double area;
    draw(&s, 4);
    assert_int_equal(auroc_binary(&area, s.label, s.score, N, &st), STATUS_OK);
    assert_int_equal(curve_new(&c, s.label, s.score, NULL, N, &st), STATUS_OK);
    assert_true(fabs(curve_area(&c) - area) < 1e-14);
    assert_true(fabs(curve_partial_area(&c, 1) - area) < 1e-14); /* McClish at 1 is the area itself */
    struct ranking r;
    ranking_new(&r, s.label, 1, s.score, 1, N);
    assert_true(fabs(curve_average_precision(&c) - ranking_average_precision(&r, NULL)) < 1e-14);
    ranking_free(&r);
    struct operating_point youden = curve_youden(&c), p = curve_at_specificity(&c, 0.95);
    assert_true(p.specificity >= 0.95 && p.sensitivity <= 1);
    assert_true(curve_at_sensitivity(&c, 0.95).sensitivity >= 0.95);
    for (size_t i = 0; i < c.n; i++) {
        double tp = c.true_positive[i] / c.n_positive, fp = c.false_positive[i] / c.n_negative;
        assert_true(tp - fp <= youden.sensitivity + youden.specificity - 1 + 1e-12);
        if (1 - fp >= 0.95)
            assert_true(tp <= p.sensitivity);
    }
    size_t called = 0, hit = 0; /* score >= threshold is what the counts say */
    for (size_t i = 0; i < N; i++) {
        called += s.score[i] >= youden.threshold;
        hit += s.score[i] >= youden.threshold && s.label[i];
    }
    assert_true((double)hit == youden.true_positive && (double)(called - hit) == youden.false_positive);
    curve_free(&c);
}

static void test_average_precision(void **state)
{
    (void)state;
    const int32_t label[5] = {1, 0, 1, 0, 1}, none[5] = {0};
    const double score[5] = {0.9, 0.8, 0.7, 0.7, 0.1}, tied[5] = {1, 1, 1, 1, 1};
    struct status st = {0};
    double value;
    assert_int_equal(average_precision(&value, label, score, 5, &st), STATUS_OK);
    assert_true(fabs(value - (1 + 2.0 / 4 + 3.0 / 5) / 3) < 1e-15); /* the tie at 0.7 is one step */
    assert_int_equal(average_precision(&value, label, tied, 5, &st), STATUS_OK);
    assert_true(fabs(value - 0.6) < 1e-15); /* the prevalence */
    assert_int_equal(average_precision(&value, none, score, 5, &st), STATUS_UNDEFINED);
    assert_true(isnan(value));
    assert_non_null(strstr(st.text, "class 1"));
    assert_int_equal(average_precision(&value, none, score, 0, &st), STATUS_UNDEFINED);
    struct sample s;
    double macro, sum = 0;
    draw(&s, 5);
    for (size_t k = 0; k < K; k++) {
        assert_int_equal(average_precision_class(&value, k, s.class, s.prob, N, K, &st), STATUS_OK);
        sum += value;
    }
    assert_int_equal(average_precision_ovr(&macro, AUROC_MACRO, s.class, s.prob, N, K, &st), STATUS_OK);
    assert_true(fabs(macro - sum / K) < 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definition),        cmocka_unit_test(test_identities), cmocka_unit_test(test_undefined),
        cmocka_unit_test(test_classes),           cmocka_unit_test(test_two_classes_agree),
        cmocka_unit_test(test_curve),             cmocka_unit_test(test_average_precision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
