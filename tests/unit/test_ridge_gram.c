/* Ridge by the Gram matrix: coefficients and leave-one-out errors against a Householder QR in long double of the rows
 * with sqrt(alpha) I below them, over designs from well to badly conditioned; what the guard trusts; several targets.
 * Rounding is the BLAS kernels', so the tests run again under those that OpenBLAS has for other processors. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <gsl/gsl_randist.h>

#include "base/memory.h"
#include "base/rng.h"
#include "probe/ridge.h"
#include "probe/ridge_gram.h"

enum kind { WHITE, DECAY_1, DECAY_3, DECAY_6, CONSTANT_AND_DUPLICATE_COLUMNS, EQUAL_ROWS, N_KIND };

struct design {
    size_t n, d;
    double *x, *y, *weight; /* weight NULL or [n] */
};

/* DECAY_k: the last of the directions behind the columns is 10^-k of the first. */
static struct design draw(size_t n, size_t d, enum kind kind, int weighted)
{
    struct design s = {n, d, NEW0(n * d, double), NEW(n, double), weighted ? NEW(n, double) : NULL};
    double *mix = NEW(d * d, double), decades = kind == DECAY_1 ? 1 : kind == DECAY_3 ? 3 : kind == DECAY_6 ? 6 : 0;
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 5, "test_ridge_gram", n * 1000 + d * 10 + kind);
    for (size_t k = 0; k < d * d; k++)
        mix[k] = gsl_ran_gaussian(rng, 1);
    for (size_t i = 0; i < n; i++) {
        double *row = s.x + i * d;
        for (size_t k = 0; k < d; k++) {
            double g = gsl_ran_gaussian(rng, pow(10, -decades * (double)k / (double)d));
            for (size_t j = 0; decades > 0 && j < d; j++)
                row[j] += g * mix[k * d + j];
            row[k] += decades > 0 ? 0 : g;
        }
        if (kind == CONSTANT_AND_DUPLICATE_COLUMNS) {
            row[3] = 0.7;
            row[7] = row[1];
        }
        if (kind == EQUAL_ROWS && i >= n - 4)
            memcpy(row, row - 8 * d, d * sizeof *row);
        s.y[i] = 100 + gsl_ran_gaussian(rng, 5) + 3 * row[0] - 2 * row[4];
        if (weighted)
            s.weight[i] = 0.3 + gsl_rng_uniform(rng);
    }
    gsl_rng_free(rng);
    free(mix);
    return s;
}

static void design_free(struct design *s)
{
    free(s->x);
    free(s->y);
    free(s->weight);
}

/* coef[d], intercept and loo[n] by QR; leverage is |R'^-1 x|^2. */
static void reference(long double *coef, long double *intercept, long double *loo, const struct design *s, double alpha)
{
    size_t n = s->n, d = s->d, m = n + d, w = d + 1;
    long double *a = NEW0(m * w, long double), *mean = NEW0(w, long double), *z = NEW(d, long double), total = 0;
    for (size_t i = 0; i < n; i++) {
        long double weight = s->weight ? (long double)s->weight[i] : 1;
        total += weight;
        for (size_t j = 0; j <= d; j++)
            mean[j] += weight * (j < d ? s->x[i * d + j] : s->y[i]);
    }
    for (size_t j = 0; j <= d; j++)
        mean[j] /= total;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= d; j++)
            a[i * w + j] = sqrtl(s->weight ? (long double)s->weight[i] : 1) * ((j < d ? s->x[i * d + j] : s->y[i]) - mean[j]);
    for (size_t j = 0; j < d; j++)
        a[(n + j) * w + j] = sqrtl((long double)alpha);
    long double *rows = NEW(n * w, long double), *v = NEW(m, long double);
    memcpy(rows, a, n * w * sizeof *rows);
    for (size_t k = 0; k < d; k++) {
        long double size = 0, half = 0;
        for (size_t i = k; i < m; i++) {
            v[i] = a[i * w + k];
            size += v[i] * v[i];
        }
        v[k] += copysignl(sqrtl(size), v[k]);
        for (size_t i = k; i < m; i++)
            half += v[i] * v[i] / 2;
        for (size_t j = k; j <= d; j++) {
            long double along = 0;
            for (size_t i = k; i < m; i++)
                along += v[i] * a[i * w + j];
            for (size_t i = k; i < m; i++)
                a[i * w + j] -= along / half * v[i];
        }
    }
    *intercept = mean[d];
    for (size_t k = d; k-- > 0;) {
        coef[k] = a[k * w + d];
        for (size_t j = k + 1; j < d; j++)
            coef[k] -= a[k * w + j] * coef[j];
        coef[k] /= a[k * w + k];
        *intercept -= mean[k] * coef[k];
    }
    for (size_t i = 0; i < n; i++) {
        long double room = 1 - (s->weight ? (long double)s->weight[i] : 1) / total, residual = rows[i * w + d];
        for (size_t j = 0; j < d; j++) {
            residual -= rows[i * w + j] * coef[j];
            z[j] = rows[i * w + j];
            for (size_t k = 0; k < j; k++)
                z[j] -= a[k * w + j] * z[k];
            z[j] /= a[j * w + j];
            room -= z[j] * z[j];
        }
        loo[i] = residual / room * (residual / room);
    }
    free(v);
    free(rows);
    free(z);
    free(mean);
    free(a);
}

/* 1e-9, but for leave-one-out errors among equal rows where n <= d (ridge.h).  Over 20 draws of each design here and the
 * kernels for Haswell, SkylakeX and Prescott these were at most 6e-9 off, 17 eps s_max^2 / alpha or 2.4 eps sum_j s_j^2 / alpha;
 * all the others at most 2e-10. */
static double loo_tolerance(const struct design *s, enum kind kind, double alpha)
{
    double lengths = 0;
    for (size_t j = 0; j < s->d; j++) {
        double mean = 0;
        for (size_t i = 0; i < s->n; i++)
            mean += s->x[i * s->d + j] / (double)s->n;
        for (size_t i = 0; i < s->n; i++)
            lengths += (s->x[i * s->d + j] - mean) * (s->x[i * s->d + j] - mean);
    }
    return fmax(1e-9, kind == EQUAL_ROWS && s->n <= s->d ? 10 * DBL_EPSILON * lengths / alpha : 0);
}

/* Relative to the largest coefficient, the mean of y, and each row's error (a thousandth of the mean where that is larger). */
static void check(const struct ridge *fit, const double *loo, const struct design *s, enum kind kind, double alpha)
{
    const double tolerance = 1e-9, loose = loo_tolerance(s, kind, alpha);
    long double *coef = NEW(s->d, long double), *expected = NEW(s->n, long double), intercept, largest = 0, mean = 0;
    reference(coef, &intercept, expected, s, alpha);
    for (size_t j = 0; j < s->d; j++)
        largest = fmaxl(largest, fabsl(coef[j]));
    for (size_t i = 0; i < s->n; i++)
        mean += expected[i] / (long double)s->n;
    for (size_t j = 0; j < s->d; j++)
        assert_true(fabsl(coef[j] - fit->coef[j]) <= tolerance * largest);
    assert_true(fabsl(intercept - fit->intercept) <= tolerance * 100);
    for (size_t i = 0; loo && i < s->n; i++)
        assert_true(fabsl(loo[i] - expected[i]) <= loose * (expected[i] + 1e-3L * mean));
    free(expected);
    free(coef);
}

static const double alphas[] = {1e-4, 1e-2, 1, 100, 1e4};
/* Not n = d + 1: with 1 - leverage down to 1e-6 the singular value decomposition itself is 8e-9 off. */
static const size_t shapes[][2] = {{150, 20}, {40, 33}, {36, 29}, {30, 30}, {25, 60}};
enum { N_ALPHA = 5, N_SHAPE = 5 };

/* The grid as a whole, and one alpha at a time, so that each is served by the way its own guard chooses. */
static void test_against_long_double(void **state)
{
    (void)state;
    for (size_t c = 0; c < N_SHAPE * N_KIND * 2; c++) {
        enum kind kind = (enum kind)(c / 2 / N_SHAPE);
        struct design s = draw(shapes[c / 2 % N_SHAPE][0], shapes[c / 2 % N_SHAPE][1], kind, c % 2);
        struct ridge fit[N_ALPHA], one;
        double *loo = NEW(N_ALPHA * s.n, double), *loo_one = NEW(s.n, double);
        assert_int_equal(ridge_fit_path(fit, loo, alphas, N_ALPHA, s.x, s.n, s.d, s.y, s.weight, NULL), STATUS_OK);
        for (size_t a = 0; a < N_ALPHA; a++) {
            check(&fit[a], loo + a * s.n, &s, kind, alphas[a]);
            ridge_free(&fit[a]);
            assert_int_equal(ridge_fit_path(&one, loo_one, alphas + a, 1, s.x, s.n, s.d, s.y, s.weight, NULL), STATUS_OK);
            check(&one, loo_one, &s, kind, alphas[a]);
            ridge_free(&one);
            assert_int_equal(ridge_fit_path(&one, NULL, alphas + a, 1, s.x, s.n, s.d, s.y, s.weight, NULL), STATUS_OK);
            check(&one, NULL, &s, kind, alphas[a]);
            ridge_free(&one);
        }
        free(loo_one);
        free(loo);
        design_free(&s);
    }
}

/* White rows are trusted; a direction of 1e-6 of the longest is refined, but has no leave-one-out from here. */
static void test_guard(void **state)
{
    (void)state;
    for (int kind = WHITE; kind <= DECAY_6; kind += DECAY_6) {
        struct design s = draw(150, 20, (enum kind)kind, 0);
        struct ridge_rows rows = {s.n, s.d, s.x, NEW(s.n, double), (double)s.n};
        struct ridge_gram g;
        for (size_t i = 0; i < s.n; i++)
            rows.root[i] = 1;
        for (size_t j = 0; j < s.d; j++) {
            double mean = 0;
            for (size_t i = 0; i < s.n; i++)
                mean += s.x[i * s.d + j] / (double)s.n;
            for (size_t i = 0; i < s.n; i++)
                s.x[i * s.d + j] -= mean;
        }
        assert_true(ridge_gram_make(&g, &rows, alphas, N_ALPHA, 0));
        assert_int_equal(g.steps > 1, kind == DECAY_6);
        ridge_gram_free(&g);
        assert_int_equal(ridge_gram_make(&g, &rows, alphas, N_ALPHA, 1), kind == WHITE);
        ridge_gram_free(&g);
        const double tiny = 1e-13;
        assert_int_equal(ridge_gram_make(&g, &rows, &tiny, 1, 0), kind == WHITE);
        ridge_gram_free(&g);
        free(rows.root);
        design_free(&s);
    }
}

static void test_targets_have_the_bytes_of_one(void **state)
{
    (void)state;
    for (size_t c = 0; c < N_SHAPE * N_KIND; c++) {
        struct design s = draw(shapes[c % N_SHAPE][0], shapes[c % N_SHAPE][1], (enum kind)(c / N_SHAPE), 1);
        struct ridge many[3 * N_ALPHA], one[N_ALPHA];
        double *y = NEW(3 * s.n, double), *loo = NEW(3 * N_ALPHA * s.n, double), *loo_one = NEW(N_ALPHA * s.n, double);
        for (size_t i = 0; i < 3 * s.n; i++)
            y[i] = s.y[i / 3] * (double)(1 + i % 3) + (double)(i % 7);
        assert_int_equal(ridge_fit_targets(many, loo, alphas, N_ALPHA, s.x, s.n, s.d, y, 3, s.weight, NULL), STATUS_OK);
        for (size_t t = 0; t < 3; t++) {
            for (size_t i = 0; i < s.n; i++)
                s.y[i] = y[i * 3 + t];
            assert_int_equal(ridge_fit_path(one, loo_one, alphas, N_ALPHA, s.x, s.n, s.d, s.y, s.weight, NULL), STATUS_OK);
            assert_memory_equal(loo + t * N_ALPHA * s.n, loo_one, N_ALPHA * s.n * sizeof *loo);
            for (size_t a = 0; a < N_ALPHA; a++) {
                assert_memory_equal(many[t * N_ALPHA + a].coef, one[a].coef, s.d * sizeof *one[a].coef);
                assert_true(many[t * N_ALPHA + a].intercept == one[a].intercept);
                ridge_free(&many[t * N_ALPHA + a]);
                ridge_free(&one[a]);
            }
        }
        free(y);
        free(loo);
        free(loo_one);
        design_free(&s);
    }
}

/* OpenBLAS reads the name when it is loaded.  The number of kernels under which a test failed. */
static int run_under_other_kernels(void)
{
    int failed = 0;
#ifdef __x86_64__
    const char *names[] = {"Prescott", __builtin_cpu_supports("avx2") ? "Haswell" : NULL, __builtin_cpu_supports("avx512vl") ? "SkylakeX" : NULL};
    for (int k = 0; k < 3; k++) {
        if (!names[k])
            continue;
        pid_t child = fork();
        if (child == 0) {
            setenv("OPENBLAS_CORETYPE", names[k], 1);
            execl("/proc/self/exe", "test_ridge_gram", (char *)NULL);
            _exit(1);
        }
        int status = 1;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
            fprintf(stderr, "under OpenBLAS's kernels for %s: failed\n", names[k]);
            failed++;
        }
    }
#endif
    return failed;
}

int main(void)
{
    int failed = getenv("OPENBLAS_CORETYPE") ? 0 : run_under_other_kernels();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_long_double),
        cmocka_unit_test(test_guard),
        cmocka_unit_test(test_targets_have_the_bytes_of_one),
    };
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
