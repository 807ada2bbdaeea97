/* Logistic regression: the gradient is computed here once more, in long double, and must be 0;
 * identities of weights, rows and classes; limits of C; refusals. */
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
    rng_stream_set(rng, 3, "test_logistic", stream);
    for (size_t i = 0; i < n; i++) {
        s.label[i] = (int32_t)(i % n_classes);
        s.weight[i] = 0.2 + gsl_rng_uniform(rng);
        double shared = gsl_rng_uniform(rng);
        for (size_t j = 0; j < d; j++)
            s.x[i * d + j] = 2 * gsl_rng_uniform(rng) - 1 + shared + (j % n_classes == i % n_classes ? 0.6 : 0);
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

static void fit_one(struct logistic *fit, const struct sample *s, double C, const double *weight)
{
    struct status st = {0};
    int code = logistic_fit_path(fit, &C, 1, s->x, s->n, s->d, s->label, s->n_classes, weight, &st);
    if (code)
        fail_msg("%s", st.text);
}

/* Objective C * sum w loss + |W|^2 / 2 and the largest component of its gradient / C, in long double, one row at a time. */
static long double objective(const struct logistic *fit, const struct sample *s, double C, const double *weight, long double *steepest)
{
    size_t rows = fit->rows, d = s->d;
    long double sum = 0, square = 0, *g = NEW0(rows * (d + 1), long double), score[32], largest;
    for (size_t i = 0; i < s->n; i++) {
        long double w = weight ? (long double)weight[i] : 1, total = 0;
        for (size_t k = 0; k < rows; k++) {
            score[k] = fit->intercept[k];
            for (size_t j = 0; j < d; j++)
                score[k] += (long double)fit->coef[k * d + j] * s->x[i * d + j];
        }
        if (rows == 1) {
            long double p = 1 / (1 + expl(-score[0])), t = s->label[i] ? -score[0] : score[0];
            sum += w * (fmaxl(t, 0) + log1pl(expl(-fabsl(t))));
            score[0] = w * (p - s->label[i]);
        } else {
            largest = score[0];
            for (size_t k = 1; k < rows; k++)
                largest = fmaxl(largest, score[k]);
            for (size_t k = 0; k < rows; k++)
                total += expl(score[k] - largest);
            sum += w * (largest + logl(total) - score[s->label[i]]);
            for (size_t k = 0; k < rows; k++)
                score[k] = w * (expl(score[k] - largest) / total - (s->label[i] == (int32_t)k));
        }
        for (size_t k = 0; k < rows; k++) {
            for (size_t j = 0; j < d; j++)
                g[k * (d + 1) + j] += score[k] * s->x[i * d + j];
            g[k * (d + 1) + d] += score[k];
        }
    }
    *steepest = 0;
    for (size_t k = 0; k < rows; k++)
        for (size_t j = 0; j <= d; j++) {
            long double b = j < d ? (long double)fit->coef[k * d + j] : 0, component = g[k * (d + 1) + j] + b / C;
            square += b * b;
            *steepest = fmaxl(*steepest, fabsl(component));
        }
    free(g);
    return C * sum + square / 2;
}

static double difference(const struct logistic *a, const struct logistic *b)
{
    double most = 0;
    for (size_t i = 0; i < a->rows * a->d; i++)
        most = fmax(most, fabs(a->coef[i] - b->coef[i]));
    for (size_t k = 0; k < a->rows; k++)
        most = fmax(most, fabs(a->intercept[k] - b->intercept[k]));
    return most;
}

static void test_gradient_is_zero(void **state)
{
    (void)state;
    static const struct {
        size_t n, d, n_classes;
        bool weighted;
    } table[] = {{150, 8, 2, false}, {150, 8, 2, true}, {150, 6, 3, false}, {160, 5, 9, true}, {40, 60, 2, false},
                 {40, 60, 4, true}, {30, 30, 2, false}, {30, 29, 3, false}, {2, 3, 2, false}, {50, 1, 2, true}};
    const double C[] = {1e-6, 1e-3, 0.1, 1, 30, 1e5};
    for (size_t t = 0; t < sizeof table / sizeof *table; t++) {
        struct sample s = draw(table[t].n, table[t].d, table[t].n_classes, t);
        struct logistic fit[6];
        const double *weight = table[t].weighted ? s.weight : NULL;
        assert_int_equal(logistic_fit_path(fit, C, 6, s.x, s.n, s.d, s.label, s.n_classes, weight, NULL), 0);
        for (size_t c = 0; c < 6; c++) {
            long double steepest, value = objective(&fit[c], &s, C[c], weight, &steepest);
            assert_true(steepest < 1e-8L * (long double)s.n);
            assert_true(fabsl(value - fit[c].objective) <= 1e-14L * value);
            assert_int_equal(fit[c].rows, s.n_classes == 2 ? 1 : s.n_classes);
            double sum = 0;
            for (size_t k = 0; k < fit[c].rows && fit[c].rows > 1; k++)
                sum += fit[c].intercept[k];
            assert_true(fabs(sum) < 1e-9);
            logistic_free(&fit[c]);
        }
        sample_free(&s);
    }
}

/* Columns that differ in the ninth digit, nearly without penalty: what tells them apart is below float32's rounding of what they share, so that the
 * optimum cannot be reached by float32 products. */
static void test_nearly_equal_columns(void **state)
{
    (void)state;
    const double C[] = {1, 1e8, 1e12, 1e15};
    for (size_t n_classes = 2; n_classes <= 3; n_classes++) {
        struct sample s = draw(200, 8, n_classes, 70);
        for (size_t i = 0; i < s.n; i++)
            for (size_t j = 1; j < 8; j++)
                s.x[i * 8 + j] = s.x[i * 8] + 1e-8 * s.x[i * 8 + j];
        struct logistic fit[4];
        assert_int_equal(logistic_fit_path(fit, C, 4, s.x, s.n, s.d, s.label, s.n_classes, NULL, NULL), 0);
        for (size_t c = 0; c < 4; c++) {
            long double steepest, value = objective(&fit[c], &s, C[c], NULL, &steepest);
            assert_true(steepest < 1e-8L * (long double)s.n);
            assert_true(fabsl(value - fit[c].objective) <= 1e-8L * value);
            logistic_free(&fit[c]);
        }
        sample_free(&s);
    }
}

/* No other point is lower: steps in random directions raise the objective. */
static void test_neighbourhood_is_higher(void **state)
{
    (void)state;
    struct sample s = draw(80, 5, 3, 40);
    struct logistic fit;
    fit_one(&fit, &s, 2, NULL);
    long double steepest, best = objective(&fit, &s, 2, NULL, &steepest);
    gsl_rng *rng = rng_stream_new();
    for (int round = 0; round < 20; round++) {
        double *was = NEW(15, double);
        memcpy(was, fit.coef, 15 * sizeof *was);
        for (size_t j = 0; j < 15; j++)
            fit.coef[j] += 1e-3 * (gsl_rng_uniform(rng) - 0.5);
        assert_true(objective(&fit, &s, 2, NULL, &steepest) > best);
        memcpy(fit.coef, was, 15 * sizeof *was);
        free(was);
    }
    gsl_rng_free(rng);
    logistic_free(&fit);
    sample_free(&s);
}

static void test_row_twice_is_weight_2(void **state)
{
    (void)state;
    for (size_t n_classes = 2; n_classes < 5; n_classes++) {
        struct sample s = draw(90, 6, n_classes, 50), twice = {s.n + 3, s.d, n_classes, NULL, NULL, NULL};
        twice.x = NEW(twice.n * s.d, double);
        twice.label = NEW(twice.n, int32_t);
        memcpy(twice.x, s.x, s.n * s.d * sizeof *s.x);
        memcpy(twice.label, s.label, s.n * sizeof *s.label);
        for (size_t i = 0; i < s.n; i++)
            s.weight[i] = i == 7 || i == 8 || i == 30 ? 2 : 1;
        const size_t again[] = {7, 8, 30};
        for (size_t r = 0; r < 3; r++) {
            memcpy(twice.x + (s.n + r) * s.d, s.x + again[r] * s.d, s.d * sizeof *s.x);
            twice.label[s.n + r] = s.label[again[r]];
        }
        struct logistic a, b;
        fit_one(&a, &s, 1, s.weight);
        fit_one(&b, &twice, 1, NULL);
        assert_true(difference(&a, &b) < 1e-9);
        logistic_free(&a);
        logistic_free(&b);
        for (size_t i = 0; i < s.n; i++) /* weights times 10 is C times 10 */
            s.weight[i] *= 10;
        fit_one(&a, &s, 0.1, s.weight);
        fit_one(&b, &twice, 1, NULL);
        assert_true(difference(&a, &b) < 1e-9);
        logistic_free(&a);
        logistic_free(&b);
        sample_free(&s);
        sample_free(&twice);
    }
}

static void test_weight_0_is_no_row(void **state)
{
    (void)state;
    struct sample s = draw(90, 6, 3, 51), fewer = s;
    fewer.n = 60;
    for (size_t i = 0; i < s.n; i++)
        s.weight[i] = i < 60;
    struct logistic a, b;
    fit_one(&a, &s, 1, s.weight);
    fit_one(&b, &fewer, 1, NULL);
    assert_true(difference(&a, &b) < 1e-9);
    logistic_free(&a);
    logistic_free(&b);
    sample_free(&s);
}

static void test_order_of_rows(void **state)
{
    (void)state;
    struct sample s = draw(120, 9, 3, 52), p = draw(120, 9, 3, 52);
    for (size_t i = 0; i < s.n; i++) {
        size_t to = i * 7 % s.n;
        memcpy(p.x + to * s.d, s.x + i * s.d, s.d * sizeof *s.x);
        p.label[to] = s.label[i];
    }
    struct logistic a, b;
    fit_one(&a, &s, 3, NULL);
    fit_one(&b, &p, 3, NULL);
    assert_true(difference(&a, &b) < 1e-9);
    logistic_free(&a);
    logistic_free(&b);
    sample_free(&s);
    sample_free(&p);
}

static void test_order_of_classes(void **state)
{
    (void)state;
    struct sample s = draw(120, 5, 4, 53);
    struct logistic a, b;
    fit_one(&a, &s, 1, NULL);
    for (size_t i = 0; i < s.n; i++)
        s.label[i] = (s.label[i] + 1) % 4;
    fit_one(&b, &s, 1, NULL);
    for (size_t k = 0; k < 4; k++) {
        assert_true(fabs(a.intercept[k] - b.intercept[(k + 1) % 4]) < 1e-9);
        for (size_t j = 0; j < 5; j++)
            assert_true(fabs(a.coef[k * 5 + j] - b.coef[(k + 1) % 4 * 5 + j]) < 1e-9);
    }
    logistic_free(&a);
    logistic_free(&b);
    sample_free(&s);
    s = draw(120, 5, 2, 54); /* two: everything changes its sign */
    fit_one(&a, &s, 1, NULL);
    for (size_t i = 0; i < s.n; i++)
        s.label[i] = !s.label[i];
    fit_one(&b, &s, 1, NULL);
    for (size_t j = 0; j < 5; j++)
        assert_true(fabs(a.coef[j] + b.coef[j]) < 1e-9);
    assert_true(fabs(a.intercept[0] + b.intercept[0]) < 1e-9);
    logistic_free(&a);
    logistic_free(&b);
    sample_free(&s);
}

static void test_path_equals_single_fits(void **state)
{
    (void)state;
    const double C[] = {10, 1e-4, 1e3, 0.5};
    for (size_t n_classes = 2; n_classes <= 3; n_classes++) {
        struct sample s = draw(100, 12, n_classes, 55);
        struct logistic path[4], one;
        assert_int_equal(logistic_fit_path(path, C, 4, s.x, s.n, s.d, s.label, s.n_classes, NULL, NULL), 0);
        for (size_t c = 0; c < 4; c++) {
            fit_one(&one, &s, C[c], NULL);
            assert_true(difference(&path[c], &one) < 1e-7);
            assert_true(fabs(path[c].objective - one.objective) < 1e-12 * one.objective);
            logistic_free(&path[c]);
            logistic_free(&one);
        }
        sample_free(&s);
    }
}

/* A fine grid, up to where the penalty vanishes and the last points of the path hardly differ: every fit is its own optimum, and starting
 * from the points before it saves most of the products. */
static void test_fine_path(void **state)
{
    (void)state;
    enum { GRID = 45 };
    double C[GRID];
    for (size_t c = 0; c < GRID; c++)
        C[c] = pow(10, -6 + 11 * (double)c / (GRID - 1));
    for (size_t n_classes = 2; n_classes <= 3; n_classes++) {
        struct sample s = draw(400, 12, n_classes, 57);
        struct logistic path[GRID], one;
        size_t together = 0, apart = 0;
        assert_int_equal(logistic_fit_path(path, C, GRID, s.x, s.n, s.d, s.label, s.n_classes, NULL, NULL), 0);
        for (size_t c = 0; c < GRID; c++) {
            fit_one(&one, &s, C[c], NULL);
            assert_true(difference(&path[c], &one) < 1e-7);
            assert_true(fabs(path[c].objective - one.objective) < 1e-12 * one.objective);
            assert_true(path[c].gradient_relative < 1e-8);
            together += path[c].products;
            apart += one.products;
            logistic_free(&path[c]);
            logistic_free(&one);
        }
        assert_true(3 * together < apart); /* 3.8 times fewer; without the span of the points, 2.3 */
        sample_free(&s);
    }
}

/* More columns than rows: features put beside themselves share the coefficient, and [x x]/sqrt 2 is the same problem. */
static void test_wide_equals_narrow(void **state)
{
    (void)state;
    for (size_t n_classes = 2; n_classes <= 3; n_classes++) {
        struct sample s = draw(40, 15, n_classes, 56), wide = draw(40, 60, n_classes, 56);
        for (size_t i = 0; i < 40; i++)
            for (size_t j = 0; j < 60; j++)
                wide.x[i * 60 + j] = s.x[i * 15 + j % 15] / 2;
        struct logistic a, b;
        double *pa = NEW(120, double), *pb = NEW(120, double);
        fit_one(&a, &s, 4, NULL);
        fit_one(&b, &wide, 4, NULL);
        for (size_t k = 0; k < a.rows; k++)
            for (size_t j = 0; j < 60; j++)
                assert_true(fabs(b.coef[k * 60 + j] - a.coef[k * 15 + j % 15] / 2) < 1e-9);
        logistic_predict(pa, &a, s.x, 40);
        logistic_predict(pb, &b, wide.x, 40);
        for (size_t i = 0; i < 40 * a.rows; i++)
            assert_true(fabs(pa[i] - pb[i]) < 1e-9);
        logistic_free(&a);
        logistic_free(&b);
        sample_free(&s);
        sample_free(&wide);
        free(pa);
        free(pb);
    }
}

static void test_separable_is_finite(void **state)
{
    (void)state;
    struct sample s = draw(60, 4, 2, 57);
    for (size_t i = 0; i < s.n; i++)
        s.x[i * 4] = s.label[i] ? 1 + s.x[i * 4] * s.x[i * 4] : -1 - s.x[i * 4] * s.x[i * 4];
    const double C[] = {1e-6, 1, 1e5, 1e8};
    struct logistic fit[4];
    assert_int_equal(logistic_fit_path(fit, C, 4, s.x, s.n, s.d, s.label, 2, NULL, NULL), 0);
    double norm = 0, prob[60];
    for (size_t c = 0; c < 4; c++) {
        double now = 0;
        for (size_t j = 0; j < 4; j++)
            now += fit[c].coef[j] * fit[c].coef[j];
        assert_true(isfinite(now) && isfinite(fit[c].intercept[0]) && now > norm);
        norm = now;
        logistic_predict(prob, &fit[c], s.x, 60);
        for (size_t i = 0; i < 60; i++)
            assert_true(prob[i] >= 0 && prob[i] <= 1 && (c == 0 || (prob[i] > 0.5) == s.label[i]));
        logistic_free(&fit[c]);
    }
    sample_free(&s);
}

static void test_small_C_gives_the_prior(void **state)
{
    (void)state;
    for (size_t n_classes = 2; n_classes <= 4; n_classes++) {
        struct sample s = draw(100, 5, n_classes, 58);
        double count[4] = {0}, prob[400];
        for (size_t i = 0; i < s.n; i++) {
            s.label[i] = i % 10 ? (int32_t)(i % n_classes) : 0;
            count[s.label[i]]++;
        }
        struct logistic fit;
        fit_one(&fit, &s, 1e-12, NULL);
        logistic_predict(prob, &fit, s.x, s.n);
        for (size_t i = 0; i < s.n * fit.rows; i++)
            assert_true(fabs(prob[i] - count[fit.rows == 1 ? 1 : i % fit.rows] / 100) < 1e-8);
        logistic_free(&fit);
        sample_free(&s);
    }
}

static void test_features_that_say_nothing(void **state)
{
    (void)state;
    struct sample s = draw(40, 3, 2, 59);
    memset(s.x, 0, 120 * sizeof *s.x);
    struct logistic fit;
    fit_one(&fit, &s, 1, NULL);
    assert_true(fit.coef[0] == 0 && fit.coef[2] == 0 && fabs(fit.intercept[0]) < 1e-12);
    logistic_free(&fit);
    sample_free(&s);
}

static void test_absent_class(void **state)
{
    (void)state;
    struct sample s = draw(90, 4, 3, 60);
    struct logistic fit, among;
    double prob[4 * 90], two[90];
    for (size_t i = 0; i < s.n; i++)
        s.label[i] = s.label[i] == 1 ? 3 : s.label[i]; /* of 0 .. 3, 1 has no row */
    s.n_classes = 4;
    fit_one(&fit, &s, 1, NULL);
    assert_int_equal(fit.rows, 4);
    assert_true(fit.intercept[1] == -INFINITY && fit.coef[4] == 0);
    logistic_predict(prob, &fit, s.x, 90);
    for (size_t i = 0; i < 90; i++) {
        assert_true(prob[4 * i + 1] == 0);
        assert_true(fabs(prob[4 * i] + prob[4 * i + 2] + prob[4 * i + 3] - 1) < 1e-14);
    }
    logistic_free(&fit);

    /* Two left of three: a softmax of two rows w, -w is the sigmoid of 2w with half the penalty. */
    for (size_t i = 0; i < s.n; i++)
        s.label[i] = i % 2 ? 2 : 0;
    s.n_classes = 3;
    fit_one(&fit, &s, 1, NULL);
    logistic_predict(prob, &fit, s.x, 90);
    for (size_t i = 0; i < s.n; i++)
        s.label[i] = i % 2;
    s.n_classes = 2;
    fit_one(&among, &s, 2, NULL);
    logistic_predict(two, &among, s.x, 90);
    for (size_t i = 0; i < 90; i++)
        assert_true(fabs(prob[3 * i + 2] - two[i]) < 1e-9 && prob[3 * i + 1] == 0);
    logistic_free(&fit);
    logistic_free(&among);
    sample_free(&s);
}

static void test_balanced_weights(void **state)
{
    (void)state;
    const int32_t label[] = {0, 0, 0, 2};
    double weight[4];
    logistic_balanced_weights(weight, label, 4, 3);
    for (size_t i = 0; i < 4; i++)
        assert_true(fabs(weight[i] - (i < 3 ? 4.0 / (2 * 3) : 4.0 / 2)) < 1e-15);
}

static void test_refusals(void **state)
{
    (void)state;
    struct sample s = draw(30, 4, 2, 61);
    struct logistic fit[2];
    struct status st;
    double C[] = {1, 0};
    assert_int_equal(logistic_fit_path(fit, C, 2, s.x, s.n, s.d, s.label, 2, NULL, &st), STATUS_USAGE);
    C[1] = 2;
    s.x[17 * 4 + 1] = NAN;
    assert_int_equal(logistic_fit_path(fit, C, 2, s.x, s.n, s.d, s.label, 2, NULL, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "row 17"));
    s.x[17 * 4 + 1] = 0;
    s.weight[3] = -1;
    assert_int_equal(logistic_fit_path(fit, C, 2, s.x, s.n, s.d, s.label, 2, s.weight, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "row 3"));
    for (size_t i = 0; i < s.n; i++)
        s.weight[i] = s.label[i]; /* rows of class 0 do not count: one class */
    assert_int_equal(logistic_fit_path(fit, C, 2, s.x, s.n, s.d, s.label, 2, s.weight, &st), STATUS_UNDEFINED);
    memset(s.label, 0, s.n * sizeof *s.label);
    assert_int_equal(logistic_fit_path(fit, C, 2, s.x, s.n, s.d, s.label, 2, NULL, &st), STATUS_UNDEFINED);
    assert_int_equal(logistic_fit_path(fit, C, 2, s.x, 0, s.d, s.label, 2, NULL, &st), STATUS_UNDEFINED);
    assert_null(fit[0].coef);
    assert_null(fit[1].coef);
    sample_free(&s);
}

/* Columns as they come, from 1e-6 to 1e6 beside one another: the optimum is found all the same. */
static void test_unlike_scales(void **state)
{
    (void)state;
    static const double scale[] = {1e-6, 1, 1e6, 1e-3, 1e3}, C[] = {1e-4, 1, 1e4};
    for (size_t n_classes = 2; n_classes <= 3; n_classes++) {
        struct sample s = draw(200, 5, n_classes, 70);
        struct logistic fit[3];
        struct status st = {0};
        for (size_t i = 0; i < s.n * s.d; i++)
            s.x[i] *= scale[i % s.d];
        if (logistic_fit_path(fit, C, 3, s.x, s.n, s.d, s.label, n_classes, NULL, &st))
            fail_msg("%s", st.text);
        for (size_t c = 0; c < 3; c++) {
            long double steepest, value = objective(&fit[c], &s, C[c], NULL, &steepest);
            assert_true(fit[c].gradient_relative < 1e-8);
            assert_true(steepest < 1e-8L * 1e6L * (long double)s.n); /* the largest column's part of the gradient at 0 is about 1e6 n */
            assert_true(fabsl(value - fit[c].objective) <= 1e-12L * value);
            logistic_free(&fit[c]);
        }
        sample_free(&s);
    }
}

/* Four rows, nine classes: the five without a row have probability 0, and the others are an optimum among themselves. */
static void test_fewer_rows_than_classes(void **state)
{
    (void)state;
    struct sample s = draw(4, 3, 9, 80), among = draw(4, 3, 4, 80);
    struct logistic fit, alone;
    double prob[9 * 4], four[4 * 4];
    memcpy(among.x, s.x, 12 * sizeof *s.x);
    fit_one(&fit, &s, 1, NULL);
    fit_one(&alone, &among, 1, NULL);
    logistic_predict(prob, &fit, s.x, 4);
    logistic_predict(four, &alone, s.x, 4);
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 9; k++)
            assert_true(k < 4 ? fabs(prob[9 * i + k] - four[4 * i + k]) < 1e-12 : prob[9 * i + k] == 0);
    logistic_free(&fit);
    logistic_free(&alone);
    sample_free(&s);
    sample_free(&among);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient_is_zero), cmocka_unit_test(test_nearly_equal_columns),
        cmocka_unit_test(test_neighbourhood_is_higher),
        cmocka_unit_test(test_row_twice_is_weight_2),
        cmocka_unit_test(test_weight_0_is_no_row),
        cmocka_unit_test(test_order_of_rows),
        cmocka_unit_test(test_order_of_classes),
        cmocka_unit_test(test_path_equals_single_fits),
        cmocka_unit_test(test_fine_path),
        cmocka_unit_test(test_wide_equals_narrow),
        cmocka_unit_test(test_separable_is_finite),
        cmocka_unit_test(test_small_C_gives_the_prior),
        cmocka_unit_test(test_features_that_say_nothing),
        cmocka_unit_test(test_absent_class),
        cmocka_unit_test(test_unlike_scales),
        cmocka_unit_test(test_fewer_rows_than_classes),
        cmocka_unit_test(test_balanced_weights),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
