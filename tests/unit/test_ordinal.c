/* Cumulative-logit regression: the gradient is computed here once more, in long double and from differences of
 * sigmoids, and must be 0; an independent optimiser's figures; two classes against logistic regression; separable
 * data, classes without rows, wide data; refusals. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/rng.h"
#include "probe/logistic.h"
#include "probe/ordinal.h"

struct sample {
    size_t n, d, n_classes;
    double *x, *weight;
    int32_t *label;
};

/* Columns of unlike size and related; classes overlap. */
static struct sample draw(size_t n, size_t d, size_t n_classes, uint64_t stream)
{
    struct sample s = {n, d, n_classes, NEW(n * d, double), NEW(n, double), NEW(n, int32_t)};
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 3, "test_ordinal", stream);
    for (size_t i = 0; i < n; i++) {
        s.label[i] = (int32_t)(i % n_classes);
        s.weight[i] = 0.2 + gsl_rng_uniform(rng);
        double shared = gsl_rng_uniform(rng);
        for (size_t j = 0; j < d; j++)
            s.x[i * d + j] = (1 + (double)(j % 3)) * (2 * gsl_rng_uniform(rng) - 1 + shared + (j < 4 ? 0.4 * s.label[i] : 0));
    }
    gsl_rng_free(rng);
    return s;
}

static void sample_free(struct sample *s)
{
    free(s->x);
    free(s->weight);
    free(s->label);
}

static void fit_path(struct ordinal *fit, const struct sample *s, const double *C, size_t n_c, const double *weight)
{
    struct status st = {0};
    if (ordinal_fit_path(fit, C, n_c, s->x, s->n, s->d, s->label, s->n_classes, weight, &st))
        fail_msg("%s", st.text);
}

static long double sigmoid(long double s)
{
    return 1 / (1 + expl(-s));
}

/* The objective and the largest component of its gradient / C.  Every class has rows.  Upper tails are mirrored to
 * lower ones, where a difference of long doubles keeps its digits. */
static long double objective(const struct ordinal *fit, const struct sample *s, double C, const double *weight, long double *steepest)
{
    size_t d = s->d, cuts = s->n_classes - 1;
    long double sum = 0, square = 0, *g = NEW0(d + cuts, long double);
    for (size_t i = 0; i < s->n; i++) {
        size_t k = (size_t)s->label[i];
        long double w = weight ? (long double)weight[i] : 1, score = 0;
        for (size_t j = 0; j < d; j++)
            score += (long double)fit->coef[j] * s->x[i * d + j];
        long double a = k < cuts ? fit->threshold[k] - score : INFINITY, b = k > 0 ? fit->threshold[k - 1] - score : -INFINITY;
        long double p = b > 0 ? sigmoid(-b) - sigmoid(-a) : sigmoid(a) - sigmoid(b);
        long double at_a = sigmoid(a) * sigmoid(-a) / p, at_b = sigmoid(b) * sigmoid(-b) / p;
        sum -= w * logl(p);
        if (k < cuts)
            g[d + k] -= w * at_a;
        if (k > 0)
            g[d + k - 1] += w * at_b;
        for (size_t j = 0; j < d; j++)
            g[j] += w * (at_a - at_b) * s->x[i * d + j];
    }
    *steepest = 0;
    for (size_t j = 0; j < d; j++) {
        g[j] += (long double)fit->coef[j] / C;
        square += (long double)fit->coef[j] * fit->coef[j];
    }
    for (size_t j = 0; j < d + cuts; j++)
        *steepest = fmaxl(*steepest, fabsl(g[j]));
    free(g);
    return C * sum + square / 2;
}

static double difference(const struct ordinal *a, const struct ordinal *b)
{
    double most = 0;
    for (size_t j = 0; j < a->d; j++)
        most = fmax(most, fabs(a->coef[j] - b->coef[j]));
    for (size_t k = 0; k + 1 < a->n_classes; k++)
        most = fmax(most, fabs(a->threshold[k] - b->threshold[k]));
    return most;
}

static const double grid[] = {30, 1e-6, 1e5, 0.1, 1e-3, 1};
enum { N_GRID = 6 };

static void test_gradient_is_zero(void **state)
{
    (void)state;
    static const struct {
        size_t n, d, n_classes;
        bool weighted;
    } table[] = {{150, 8, 2, false}, {150, 8, 3, true}, {150, 6, 5, false}, {160, 5, 9, true}, {40, 60, 2, false},
                 {40, 60, 4, true}, {30, 30, 3, false}, {30, 29, 3, false}, {3, 4, 3, false}, {50, 1, 5, true}};
    for (size_t t = 0; t < sizeof table / sizeof *table; t++) {
        struct sample s = draw(table[t].n, table[t].d, table[t].n_classes, t);
        const double *weight = table[t].weighted ? s.weight : NULL;
        struct ordinal fit[N_GRID];
        fit_path(fit, &s, grid, N_GRID, weight);
        for (size_t c = 0; c < N_GRID; c++) {
            long double steepest, ours = objective(&fit[c], &s, grid[c], weight, &steepest);
            assert_true(steepest < 1e-10L * (long double)s.n);
            assert_true(fit[c].gradient_relative < 1e-8);
            assert_true(fabsl(fit[c].objective - ours) <= 1e-11L * ours);
            for (size_t k = 1; k + 1 < s.n_classes; k++)
                assert_true(fit[c].threshold[k] > fit[c].threshold[k - 1]);
            ordinal_free(&fit[c]);
        }
        sample_free(&s);
    }
}

/* The optimum is one, so that a path gives what each C gives alone. */
static void test_path_equals_single_fits(void **state)
{
    (void)state;
    struct sample s = draw(120, 7, 4, 20);
    struct ordinal fit[N_GRID], alone;
    fit_path(fit, &s, grid, N_GRID, s.weight);
    for (size_t c = 0; c < N_GRID; c++) {
        fit_path(&alone, &s, &grid[c], 1, s.weight);
        assert_true(difference(&fit[c], &alone) < 1e-8);
        ordinal_free(&alone);
        ordinal_free(&fit[c]);
    }
    sample_free(&s);
}

/* Figures of scipy 1.10.1: BFGS and Nelder-Mead in turn, 20 rounds, on the same objective written with log-increments
 * of the thresholds, numerical gradient; data by formula. */
static void test_figures_of_another_optimiser(void **state)
{
    (void)state;
    static const struct {
        double C, objective, coef[3], threshold[3];
    } expected[] = {
        {0.1, 7.676634237358802, {0.7980643824102285, -0.026207452030519263, -0.3889145528167055},
         {-1.3994539608460417, 0.1638167405259261, 1.4355674271725893}},
        {10, 675.4070412255741, {1.9602216694760206, -0.05618078036756473, -0.9609194912894408},
         {-1.798307717605467, 0.23735761363069452, 1.7949369427606474}}};
    enum { N = 60, D = 3 };
    double x[N * D], weight[N];
    int32_t label[N];
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < D; j++)
            x[i * D + j] = sin(1 + 1.7 * i + 2.9 * j * j + 0.3 * i * j);
        label[i] = (int32_t)fmin(3, fmax(0, floor(2 + 1.1 * x[i * D] - 0.7 * x[i * D + 2] + 1.3 * cos(5.1 * i))));
        weight[i] = 1 + 0.5 * sin(i);
    }
    for (size_t c = 0; c < 2; c++) {
        struct ordinal fit;
        assert_int_equal(ordinal_fit_path(&fit, &expected[c].C, 1, x, N, D, label, 4, weight, NULL), 0);
        assert_true(fabs(fit.objective / expected[c].objective - 1) < 1e-13);
        for (size_t j = 0; j < 3; j++) {
            assert_true(fabs(fit.coef[j] - expected[c].coef[j]) < 2e-7);
            assert_true(fabs(fit.threshold[j] - expected[c].threshold[j]) < 2e-7);
        }
        ordinal_free(&fit);
    }
}

static void test_two_classes_are_logistic_regression(void **state)
{
    (void)state;
    const size_t shape[][2] = {{150, 8}, {20, 45}};
    for (size_t t = 0; t < 2; t++) {
        struct sample s = draw(shape[t][0], shape[t][1], 2, 40 + t);
        struct ordinal fit[N_GRID];
        struct logistic other[N_GRID];
        double *prob = NEW(2 * s.n, double), *theirs = NEW(s.n, double);
        fit_path(fit, &s, grid, N_GRID, s.weight);
        assert_int_equal(logistic_fit_path(other, grid, N_GRID, s.x, s.n, s.d, s.label, 2, s.weight, NULL), 0);
        for (size_t c = 0; c < N_GRID; c++) {
            for (size_t j = 0; j < s.d; j++)
                assert_true(fabs(fit[c].coef[j] - other[c].coef[j]) < 1e-9);
            assert_true(fabs(fit[c].threshold[0] + other[c].intercept[0]) < 1e-9);
            assert_true(fabs(fit[c].objective / other[c].objective - 1) < 1e-12);
            ordinal_predict(prob, &fit[c], s.x, s.n);
            logistic_predict(theirs, &other[c], s.x, s.n);
            for (size_t i = 0; i < s.n; i++) {
                assert_true(fabs(prob[2 * i + 1] - theirs[i]) < 1e-9);
                assert_true(fabs(prob[2 * i] + prob[2 * i + 1] - 1) < 4 * DBL_EPSILON);
            }
            ordinal_free(&fit[c]);
            logistic_free(&other[c]);
        }
        free(prob);
        free(theirs);
        sample_free(&s);
    }
}

/* Turning the order of the classes round turns every sign. */
static void test_reversed_classes(void **state)
{
    (void)state;
    struct sample s = draw(140, 6, 5, 50);
    struct ordinal a[N_GRID], b[N_GRID];
    fit_path(a, &s, grid, N_GRID, NULL);
    for (size_t i = 0; i < s.n; i++)
        s.label[i] = 4 - s.label[i];
    fit_path(b, &s, grid, N_GRID, NULL);
    for (size_t c = 0; c < N_GRID; c++) {
        for (size_t j = 0; j < s.d; j++)
            assert_true(fabs(a[c].coef[j] + b[c].coef[j]) < 1e-8);
        for (size_t k = 0; k < 4; k++)
            assert_true(fabs(a[c].threshold[k] + b[c].threshold[3 - k]) < 1e-8);
        ordinal_free(&a[c]);
        ordinal_free(&b[c]);
    }
    sample_free(&s);
}

static void test_row_twice_is_weight_2(void **state)
{
    (void)state;
    struct sample s = draw(60, 5, 3, 60), twice = draw(61, 5, 3, 60);
    memcpy(twice.x, s.x, 300 * sizeof *s.x);
    memcpy(twice.label, s.label, 60 * sizeof *s.label);
    memcpy(twice.x + 300, s.x + 7 * 5, 5 * sizeof *s.x);
    twice.label[60] = s.label[7];
    for (size_t i = 0; i < 60; i++)
        s.weight[i] = i == 7 ? 2 : 1;
    struct ordinal a[N_GRID], b[N_GRID];
    fit_path(a, &s, grid, N_GRID, s.weight);
    fit_path(b, &twice, grid, N_GRID, NULL);
    for (size_t c = 0; c < N_GRID; c++) {
        assert_true(difference(&a[c], &b[c]) < 1e-8);
        ordinal_free(&a[c]);
        ordinal_free(&b[c]);
    }
    sample_free(&s);
    sample_free(&twice);
}

/* C = 0 in the limit: each class has its share everywhere. */
static void test_small_c_gives_the_shares(void **state)
{
    (void)state;
    const double C = 1e-12;
    struct sample s = draw(100, 4, 3, 70);
    struct ordinal fit;
    double prob[300];
    for (size_t i = 0; i < 100; i++)
        s.label[i] = i < 55 ? 0 : i < 60 ? 1 : 2;
    fit_path(&fit, &s, &C, 1, NULL);
    ordinal_predict(prob, &fit, s.x, 100);
    for (size_t i = 0; i < 100; i++) {
        assert_true(fabs(prob[3 * i] - 0.55) < 1e-7);
        assert_true(fabs(prob[3 * i + 1] - 0.05) < 1e-7);
        assert_true(fabs(prob[3 * i + 2] - 0.40) < 1e-7);
    }
    ordinal_free(&fit);
    sample_free(&s);
}

/* Perfectly ordered data: the optimum is finite for every C (ordinal.h), and the more certain the larger C is. */
static void test_separable(void **state)
{
    (void)state;
    struct sample s = draw(90, 3, 5, 80);
    for (size_t i = 0; i < s.n; i++)
        s.x[i * 3] = s.label[i] + 0.4 * s.weight[i];
    struct ordinal fit[N_GRID];
    double prob[90 * 5], C[] = {1e-3, 0.1, 1, 30, 1e5, 1e9};
    fit_path(fit, &s, C, N_GRID, NULL);
    for (size_t c = 0; c < N_GRID; c++) {
        long double steepest, ours = objective(&fit[c], &s, C[c], NULL, &steepest);
        assert_true(fabsl(fit[c].objective - ours) <= 1e-10L * ours);
        assert_true(steepest < 1e-9L);
        assert_true(c == 0 || fit[c].coef[0] > fit[c - 1].coef[0]);
        for (size_t k = 0; k < 4; k++)
            assert_true(isfinite(fit[c].threshold[k]));
    }
    ordinal_predict(prob, &fit[N_GRID - 1], s.x, s.n);
    for (size_t i = 0; i < s.n; i++)
        assert_true(prob[5 * i + (size_t)s.label[i]] > 1 - 1e-6);
    for (size_t c = 0; c < N_GRID; c++)
        ordinal_free(&fit[c]);
    sample_free(&s);
}

/* Probabilities far in both tails against their asymptotes; the second interval is 1e-9 wide. */
static void test_far_tails_keep_their_digits(void **state)
{
    (void)state;
    double coef = 1, threshold[] = {-1, -1 + 1e-9, 2}, x[] = {-300, 300, 40}, prob[12];
    struct ordinal fit = {.d = 1, .n_classes = 4, .coef = &coef, .threshold = threshold};
    double width = threshold[1] - threshold[0];
    ordinal_predict(prob, &fit, x, 3);
    assert_true(fabs(prob[1] / (exp(-300 - threshold[0]) * -expm1(-width)) - 1) < 1e-12);
    assert_true(fabs(prob[3] / exp(-302) - 1) < 1e-12);
    assert_true(fabs(prob[4] / exp(-301) - 1) < 1e-12);
    assert_true(fabs(prob[5] / (exp(threshold[0] - 300) * expm1(width)) - 1) < 1e-12);
    for (size_t i = 0; i < 3; i++)
        assert_true(fabs(prob[4 * i] + prob[4 * i + 1] + prob[4 * i + 2] + prob[4 * i + 3] - 1) < 1e-15);
}

/* Classes 0, 2, 3 and 6 of 7 have no rows (one has rows without weight): the others fit as if they were not there. */
static void test_classes_without_rows(void **state)
{
    (void)state;
    static const int32_t into[] = {1, 4, 5};
    struct sample s = draw(90, 4, 3, 90), wide = draw(91, 4, 3, 90);
    memcpy(wide.x, s.x, 360 * sizeof *s.x);
    for (size_t i = 0; i < 90; i++) {
        wide.label[i] = into[s.label[i]];
        wide.weight[i] = s.weight[i];
    }
    wide.label[90] = 3;
    wide.weight[90] = 0;
    wide.n_classes = 7;
    struct ordinal a[N_GRID], b[N_GRID];
    double prob[91 * 7], narrow[90 * 3];
    fit_path(a, &s, grid, N_GRID, s.weight);
    fit_path(b, &wide, grid, N_GRID, wide.weight);
    for (size_t c = 0; c < N_GRID; c++) {
        const double *t = b[c].threshold;
        for (size_t j = 0; j < 4; j++)
            assert_true(fabs(a[c].coef[j] - b[c].coef[j]) < 1e-10);
        assert_true(t[0] == -INFINITY && t[5] == INFINITY && t[1] == t[2] && t[2] == t[3]);
        assert_true(fabs(t[1] - a[c].threshold[0]) < 1e-10 && fabs(t[4] - a[c].threshold[1]) < 1e-10);
        ordinal_predict(narrow, &a[c], s.x, 90);
        ordinal_predict(prob, &b[c], wide.x, 91);
        for (size_t i = 0; i < 90; i++) {
            assert_true(prob[7 * i] == 0 && prob[7 * i + 2] == 0 && prob[7 * i + 3] == 0 && prob[7 * i + 6] == 0);
            for (size_t k = 0; k < 3; k++)
                assert_true(fabs(prob[7 * i + (size_t)into[k]] - narrow[3 * i + k]) < 1e-10);
        }
        ordinal_free(&a[c]);
        ordinal_free(&b[c]);
    }
    sample_free(&s);
    sample_free(&wide);
}

/* Two thresholds that both run to one infinity. */
static void test_first_classes_without_rows(void **state)
{
    (void)state;
    const double C = 1;
    struct sample s = draw(60, 4, 2, 95);
    for (size_t i = 0; i < s.n; i++)
        s.label[i] += 2;
    s.n_classes = 6;
    struct ordinal fit;
    double prob[60 * 6];
    fit_path(&fit, &s, &C, 1, NULL);
    ordinal_predict(prob, &fit, s.x, s.n);
    for (size_t i = 0; i < s.n; i++) {
        assert_true(prob[6 * i] == 0 && prob[6 * i + 1] == 0 && prob[6 * i + 4] == 0 && prob[6 * i + 5] == 0);
        assert_true(fabs(prob[6 * i + 2] + prob[6 * i + 3] - 1) < 1e-15);
    }
    ordinal_free(&fit);
    sample_free(&s);
}

/* A constant column at 0 and a column twice: coefficients 0, and equal; sizes 1e-6 and 1e6 apart. */
static void test_constant_equal_and_unlike_columns(void **state)
{
    (void)state;
    struct sample s = draw(100, 6, 4, 100);
    for (size_t i = 0; i < s.n; i++) {
        double *row = s.x + i * 6;
        row[2] = 0;
        row[5] = row[3];
        row[4] *= 1e6;
        row[1] *= 1e-6;
    }
    struct ordinal fit[N_GRID];
    fit_path(fit, &s, grid, N_GRID, NULL);
    for (size_t c = 0; c < N_GRID; c++) {
        assert_true(fit[c].coef[2] == 0);
        assert_true(fabs(fit[c].coef[5] - fit[c].coef[3]) < 1e-7 * fmax(1e-3, fabs(fit[c].coef[3])));
        ordinal_free(&fit[c]);
    }
    for (size_t i = 0; i < s.n * 6; i++) /* nothing tells anything */
        s.x[i] = 0;
    fit_path(fit, &s, grid, N_GRID, NULL);
    for (size_t c = 0; c < N_GRID; c++) {
        assert_true(fabs(fit[c].threshold[1]) < 1e-12 && fabs(fit[c].threshold[0] + log(3)) < 1e-12);
        for (size_t j = 0; j < 6; j++)
            assert_true(fit[c].coef[j] == 0);
        ordinal_free(&fit[c]);
    }
    sample_free(&s);
}

static int try(const struct sample *s, size_t n, const double *C, const double *weight, struct status *st)
{
    struct ordinal fit[2];
    int code = ordinal_fit_path(fit, C, 2, s->x, n, s->d, s->label, s->n_classes, weight, st);
    assert_int_not_equal(code, 0);
    for (size_t c = 0; c < 2; c++)
        assert_true(!fit[c].coef && !fit[c].threshold);
    return code;
}

static void test_refusals(void **state)
{
    (void)state;
    const double C[] = {1, 2}, bad[] = {1, 0};
    struct sample s = draw(12, 3, 4, 110);
    struct status st;
    assert_int_equal(try(&s, 0, C, NULL, &st), STATUS_UNDEFINED);
    assert_int_equal(try(&s, 1, C, NULL, &st), STATUS_UNDEFINED);
    assert_int_equal(try(&s, 12, bad, NULL, &st), STATUS_USAGE);
    s.x[7] = NAN;
    assert_int_equal(try(&s, 12, C, NULL, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "row 2"));
    s.x[7] = -INFINITY;
    assert_int_equal(try(&s, 12, C, NULL, NULL), STATUS_DATA);
    s.x[7] = 0;
    s.weight[5] = -1;
    assert_int_equal(try(&s, 12, C, s.weight, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "row 5"));
    for (size_t i = 0; i < 12; i++)
        s.weight[i] = i % 4 == 2;
    assert_int_equal(try(&s, 12, C, s.weight, &st), STATUS_UNDEFINED);
    sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient_is_zero),
        cmocka_unit_test(test_path_equals_single_fits),
        cmocka_unit_test(test_figures_of_another_optimiser),
        cmocka_unit_test(test_two_classes_are_logistic_regression),
        cmocka_unit_test(test_reversed_classes),
        cmocka_unit_test(test_row_twice_is_weight_2),
        cmocka_unit_test(test_small_c_gives_the_shares),
        cmocka_unit_test(test_separable),
        cmocka_unit_test(test_far_tails_keep_their_digits),
        cmocka_unit_test(test_classes_without_rows),
        cmocka_unit_test(test_first_classes_without_rows),
        cmocka_unit_test(test_constant_equal_and_unlike_columns),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
