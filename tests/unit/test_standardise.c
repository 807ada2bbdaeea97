/* Standardisation: mean 0 and SD 1 afterwards, constant columns, offsets, rows by index. */
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
#include "probe/standardise.h"

enum { N = 203, D = 7 };

static float *draw(size_t n, size_t d, double offset)
{
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 5, "test_standardise", n);
    float *x = NEW(n * d, float);
    for (size_t i = 0; i < n * d; i++)
        x[i] = (float)(offset + 3 * gsl_rng_uniform(rng));
    gsl_rng_free(rng);
    return x;
}

static void test_moments_by_hand(void **state)
{
    (void)state;
    const float x[] = {1, 10, 2, 10, 3, 10, 6, 10};
    struct scaler s;
    scaler_fit(&s, x, 4, 2);
    assert_true(s.mean[0] == 3 && s.mean[1] == 10);
    assert_true(fabs(s.scale[0] - sqrt(14.0 / 4)) < 1e-15); /* divisor n */
    assert_true(s.scale[1] == 1);
    double z[8];
    scaler_apply(z, &s, x, 4);
    assert_true(fabs(z[6] - 3 / sqrt(3.5)) < 1e-15 && z[1] == 0 && z[7] == 0);
    scaler_free(&s);
}

static void test_result_has_mean_0_and_sd_1(void **state)
{
    (void)state;
    const double offsets[] = {0, 1000, -30000};
    for (size_t o = 0; o < 3; o++) {
        float *x = draw(N, D, offsets[o]);
        double *z = NEW(N * D, double);
        struct scaler s;
        scaler_fit(&s, x, N, D);
        scaler_apply(z, &s, x, N);
        for (size_t j = 0; j < D; j++) {
            long double sum = 0, square = 0;
            for (size_t i = 0; i < N; i++) {
                sum += z[i * D + j];
                square += (long double)z[i * D + j] * z[i * D + j];
            }
            assert_true(fabsl(sum / N) < 1e-10L);
            assert_true(fabsl(square / N - 1) < 1e-10L);
        }
        scaler_free(&s);
        free(z);
        free(x);
    }
}

/* A column counts as constant when rounding alone could have made its variance. */
static void test_constant_columns(void **state)
{
    (void)state;
    enum { C = 5 };
    float *x = NEW(N * C, float);
    for (size_t i = 0; i < N; i++) {
        x[i * C] = 0;
        x[i * C + 1] = 0.1f;                                        /* its mean is rounded */
        x[i * C + 2] = -1e30f;
        x[i * C + 3] = i ? 1 : nextafterf(1, 2);                    /* one ulp of float in one row: varies */
        x[i * C + 4] = i ? 1e-30f : 2e-30f;                         /* tiny, but varies */
    }
    struct scaler s;
    scaler_fit(&s, x, N, C);
    assert_true(s.scale[0] == 1 && s.scale[1] == 1 && s.scale[2] == 1);
    assert_true(s.scale[3] < 1e-6 && s.scale[3] > 0);
    assert_true(s.scale[4] < 1e-29 && s.scale[4] > 0);
    double *z = NEW(N * C, double);
    scaler_apply(z, &s, x, N);
    for (size_t i = 0; i < N; i++)
        assert_true(z[i * C] == 0 && fabs(z[i * C + 1]) < 1e-15);
    scaler_free(&s);
    free(z);
    free(x);
}

/* var <= n eps var + (n mean eps)^2, where the threshold lies: a column at `mean` with one row off by a step. */
static void test_constant_threshold(void **state)
{
    (void)state;
    enum { ROWS = 4000000 }; /* n mean eps must reach a float's step before a real column can fall below it */
    float *x = NEW(ROWS, float);
    for (size_t i = 0; i < ROWS; i++)
        x[i] = 1;
    x[0] = nextafterf(1, 2);
    struct scaler s;
    scaler_fit(&s, x, ROWS, 1);
    double var = pow((double)x[0] - 1, 2) / ROWS, rounding = ROWS * DBL_EPSILON;
    assert_true((s.scale[0] == 1) == (var <= ROWS * DBL_EPSILON * var + rounding * rounding));
    scaler_free(&s);
    free(x);
}

static void test_one_row(void **state)
{
    (void)state;
    float *x = draw(1, D, 0);
    double z[D];
    struct scaler s;
    scaler_fit(&s, x, 1, D);
    scaler_apply(z, &s, x, 1);
    for (size_t j = 0; j < D; j++)
        assert_true(s.scale[j] == 1 && s.mean[j] == (double)x[j] && z[j] == 0);
    scaler_free(&s);
    free(x);
}

static void test_rows_equal_a_copy_of_them(void **state)
{
    (void)state;
    float *x = draw(N, D, 1), *copy = NEW(N * D, float);
    size_t row[N], n = 0;
    for (size_t i = N; i-- > 0;)
        if (i % 3)
            row[n++] = i;
    for (size_t i = 0; i < n; i++)
        memcpy(copy + i * D, x + row[i] * D, D * sizeof *x);
    struct scaler a, b;
    double *za = NEW(n * D, double), *zb = NEW(n * D, double);
    scaler_fit_rows(&a, x, row, n, D);
    scaler_fit(&b, copy, n, D);
    assert_memory_equal(a.mean, b.mean, D * sizeof *a.mean);
    assert_memory_equal(a.scale, b.scale, D * sizeof *a.scale);
    scaler_apply_rows(za, &a, x, row, n);
    scaler_apply(zb, &b, copy, n);
    assert_memory_equal(za, zb, n * D * sizeof *za);
    scaler_free(&a);
    scaler_free(&b);
    free(za);
    free(zb);
    free(copy);
    free(x);
}

static void test_not_finite(void **state)
{
    (void)state;
    float *x = draw(N, D, 0);
    x[3 * D + 2] = NAN;
    x[5 * D + 4] = INFINITY;
    struct scaler s;
    scaler_fit(&s, x, N, D);
    for (size_t j = 0; j < D; j++)
        assert_true((j == 2 || j == 4) == !isfinite(s.mean[j]) && (j == 2 || j == 4) == isnan(s.scale[j]));
    scaler_free(&s);
    scaler_free(&s); /* a freed one is a zeroed one */
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments_by_hand),
        cmocka_unit_test(test_result_has_mean_0_and_sd_1),
        cmocka_unit_test(test_constant_columns),
        cmocka_unit_test(test_constant_threshold),
        cmocka_unit_test(test_one_row),
        cmocka_unit_test(test_rows_equal_a_copy_of_them),
        cmocka_unit_test(test_not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
