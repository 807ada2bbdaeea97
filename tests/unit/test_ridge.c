/* Ridge: normal equations, leave-one-out against explicit refits, limits of alpha, d > n, weights. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/rng.h"
#include "probe/ridge.h"

struct sample {
    size_t n, d;
    double *x, *y, *weight;
};

static struct sample draw(size_t n, size_t d)
{
    struct sample s = {n, d, NEW(n * d, double), NEW(n, double), NEW(n, double)};
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 4, "test_ridge", n * 1000 + d);
    for (size_t i = 0; i < n; i++) {
        s.y[i] = 100 + 20 * gsl_rng_uniform(rng);
        s.weight[i] = 0.3 + gsl_rng_uniform(rng);
        for (size_t j = 0; j < d; j++) {
            s.x[i * d + j] = 2 * gsl_rng_uniform(rng) - 1 + 0.5;
            s.y[i] += j < 5 ? 6 * s.x[i * d + j] : 0;
        }
    }
    gsl_rng_free(rng);
    return s;
}

static void sample_free(struct sample *s)
{
    free(s->x);
    free(s->y);
    free(s->weight);
}

static const double alphas[] = {1e-4, 0.1, 10, 1e7};
enum { N_ALPHA = 4 };

/* x_c' W (y - x w - b) = alpha w and sum W (y - x w - b) = 0. */
static void check_normal_equations(const struct sample *s, const double *weight)
{
    struct ridge fit[N_ALPHA];
    assert_int_equal(ridge_fit_path(fit, NULL, alphas, N_ALPHA, s->x, s->n, s->d, s->y, weight, NULL), 0);
    for (size_t a = 0; a < N_ALPHA; a++) {
        long double *g = NEW0(s->d, long double), sum = 0, size = 0;
        for (size_t i = 0; i < s->n; i++) {
            long double r = s->y[i] - fit[a].intercept, w = weight ? (long double)weight[i] : 1;
            for (size_t j = 0; j < s->d; j++)
                r -= (long double)fit[a].coef[j] * s->x[i * s->d + j];
            sum += w * r;
            size += w * fabsl((long double)s->y[i]);
            for (size_t j = 0; j < s->d; j++)
                g[j] += w * r * s->x[i * s->d + j];
        }
        assert_true(fabsl(sum) < 1e-12L * size);
        for (size_t j = 0; j < s->d; j++)
            assert_true(fabsl(g[j] - alphas[a] * (long double)fit[a].coef[j]) < 1e-11L * size);
        free(g);
        ridge_free(&fit[a]);
    }
}

static void test_normal_equations(void **state)
{
    (void)state;
    const size_t shape[][2] = {{80, 7}, {30, 29}, {30, 30}, {20, 60}, {1, 3}, {50, 1}};
    for (size_t i = 0; i < 6; i++) {
        struct sample s = draw(shape[i][0], shape[i][1]);
        check_normal_equations(&s, NULL);
        check_normal_equations(&s, s.weight);
        sample_free(&s);
    }
}

/* Without row i, fitted anew, and row i predicted. */
static void check_leave_one_out(const struct sample *s, const double *weight, double tolerance)
{
    struct ridge fit[N_ALPHA], again[N_ALPHA];
    double *loo = NEW(N_ALPHA * s->n, double);
    struct sample rest = draw(s->n, s->d);
    assert_int_equal(ridge_fit_path(fit, loo, alphas, N_ALPHA, s->x, s->n, s->d, s->y, weight, NULL), 0);
    for (size_t i = 0; i < s->n; i++) {
        for (size_t r = 0, to = 0; r < s->n; r++) {
            if (r == i)
                continue;
            memcpy(rest.x + to * s->d, s->x + r * s->d, s->d * sizeof *s->x);
            rest.y[to] = s->y[r];
            rest.weight[to++] = weight ? weight[r] : 1;
        }
        assert_int_equal(ridge_fit_path(again, NULL, alphas, N_ALPHA, rest.x, s->n - 1, s->d, rest.y, rest.weight, NULL), 0);
        for (size_t a = 0; a < N_ALPHA; a++) {
            double predicted;
            ridge_predict(&predicted, &again[a], s->x + i * s->d, 1);
            double expected = (weight ? weight[i] : 1) * (s->y[i] - predicted) * (s->y[i] - predicted);
            assert_true(fabs(loo[a * s->n + i] - expected) <= tolerance * fmax(1, expected));
            ridge_free(&again[a]);
        }
    }
    for (size_t a = 0; a < N_ALPHA; a++)
        ridge_free(&fit[a]);
    sample_free(&rest);
    free(loo);
}

static void test_leave_one_out(void **state)
{
    (void)state;
    const size_t shape[][2] = {{40, 6}, {15, 14}, {15, 15}, {12, 40}, {2, 3}};
    for (size_t i = 0; i < 5; i++) {
        struct sample s = draw(shape[i][0], shape[i][1]);
        check_leave_one_out(&s, NULL, 1e-9);
        check_leave_one_out(&s, s.weight, 1e-9);
        sample_free(&s);
    }
}

/* Equal rows leave more than one direction without length; a constant column too. */
static void test_leave_one_out_of_equal_rows(void **state)
{
    (void)state;
    const size_t shape[][2] = {{14, 30}, {20, 5}};
    for (size_t i = 0; i < 2; i++) {
        struct sample s = draw(shape[i][0], shape[i][1]);
        for (size_t r = 0; r < 3; r++)
            memcpy(s.x + (8 + r) * s.d, s.x + r * s.d, s.d * sizeof *s.x);
        for (size_t r = 0; r < s.n; r++)
            s.x[r * s.d + 2] = 0;
        check_leave_one_out(&s, NULL, 1e-9);
        check_leave_one_out(&s, s.weight, 1e-9);
        sample_free(&s);
    }
}

static void test_large_alpha_gives_the_mean(void **state)
{
    (void)state;
    const double alpha = 1e16;
    struct sample s = draw(30, 4);
    struct ridge fit;
    double mean = 0, *prediction = NEW(s.n, double);
    for (size_t i = 0; i < s.n; i++)
        mean += s.y[i] / (double)s.n;
    assert_int_equal(ridge_fit_path(&fit, NULL, &alpha, 1, s.x, s.n, s.d, s.y, NULL, NULL), 0);
    ridge_predict(prediction, &fit, s.x, s.n);
    for (size_t i = 0; i < s.n; i++)
        assert_true(fabs(prediction[i] - mean) < 1e-10);
    ridge_free(&fit);
    free(prediction);
    sample_free(&s);
}

static void test_small_alpha_interpolates_when_wide(void **state)
{
    (void)state;
    const double alpha = 1e-9;
    struct sample s = draw(10, 40);
    struct ridge fit;
    double prediction[10];
    assert_int_equal(ridge_fit_path(&fit, NULL, &alpha, 1, s.x, s.n, s.d, s.y, NULL, NULL), 0);
    ridge_predict(prediction, &fit, s.x, s.n);
    for (size_t i = 0; i < s.n; i++)
        assert_true(fabs(prediction[i] - s.y[i]) < 1e-7);
    ridge_free(&fit);
    sample_free(&s);
}

static void test_row_twice_is_weight_2(void **state)
{
    (void)state;
    struct sample s = draw(25, 6), twice = draw(26, 6);
    memcpy(twice.x, s.x, 150 * sizeof *s.x);
    memcpy(twice.y, s.y, 25 * sizeof *s.y);
    memcpy(twice.x + 150, s.x + 3 * 6, 6 * sizeof *s.x);
    twice.y[25] = s.y[3];
    for (size_t i = 0; i < 25; i++)
        s.weight[i] = i == 3 ? 2 : 1;
    struct ridge a[N_ALPHA], b[N_ALPHA];
    assert_int_equal(ridge_fit_path(a, NULL, alphas, N_ALPHA, s.x, 25, 6, s.y, s.weight, NULL), 0);
    assert_int_equal(ridge_fit_path(b, NULL, alphas, N_ALPHA, twice.x, 26, 6, twice.y, NULL, NULL), 0);
    for (size_t c = 0; c < N_ALPHA; c++) {
        for (size_t j = 0; j < 6; j++)
            assert_true(fabs(a[c].coef[j] - b[c].coef[j]) < 1e-9);
        assert_true(fabs(a[c].intercept - b[c].intercept) < 1e-9);
        ridge_free(&a[c]);
        ridge_free(&b[c]);
    }
    sample_free(&s);
    sample_free(&twice);
}

static void test_refusals(void **state)
{
    (void)state;
    struct sample s = draw(10, 3);
    struct ridge fit[N_ALPHA];
    struct status st;
    assert_int_equal(ridge_fit_path(fit, NULL, alphas, N_ALPHA, s.x, 0, 3, s.y, NULL, &st), STATUS_UNDEFINED);
    s.x[7] = INFINITY;
    assert_int_equal(ridge_fit_path(fit, NULL, alphas, N_ALPHA, s.x, 10, 3, s.y, NULL, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "row 2"));
    s.x[7] = 0;
    s.y[4] = NAN;
    assert_int_equal(ridge_fit_path(fit, NULL, alphas, N_ALPHA, s.x, 10, 3, s.y, NULL, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "row 4"));
    s.y[4] = 0;
    s.weight[5] = 0;
    assert_int_equal(ridge_fit_path(fit, NULL, alphas, N_ALPHA, s.x, 10, 3, s.y, s.weight, &st), STATUS_DATA);
    for (size_t a = 0; a < N_ALPHA; a++)
        assert_null(fit[a].coef);
    sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normal_equations),
        cmocka_unit_test(test_leave_one_out),
        cmocka_unit_test(test_leave_one_out_of_equal_rows),
        cmocka_unit_test(test_large_alpha_gives_the_mean),
        cmocka_unit_test(test_small_alpha_interpolates_when_wide),
        cmocka_unit_test(test_row_twice_is_weight_2),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
