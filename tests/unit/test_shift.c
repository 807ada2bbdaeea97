/* Mahalanobis' distance and the two-sample classifier against plain twins; more features than rows; threads; undefined cases. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "base/blas.h"
#include "base/memory.h"
#include "metric/auroc.h"
#include "probe/logistic.h"
#include "probe/mahalanobis.h"
#include "probe/standardise.h"
#include "probe/two_sample.h"

static gsl_rng *rng;

/* Rows of correlated features, moved by `shift` along every one. */
static float *draw(size_t n, size_t d, double shift)
{
    float *x = NEW(n * d, float);
    for (size_t i = 0; i < n; i++) {
        double common = gsl_ran_gaussian(rng, 1);
        for (size_t j = 0; j < d; j++)
            x[i * d + j] = (float)(10 + (double)j + (1 + 0.1 * (double)j) * (shift + 0.6 * common + gsl_ran_gaussian(rng, 1)));
    }
    return x;
}

/* The definitions, written out: standardise, covariance, Ledoit and Wolf's share by its two sums over rows, inverse. */
static double twin(double *square, const float *x, const size_t *row, size_t n, size_t d, const float *other, size_t m)
{
    double *mean = NEW0(d, double), *sd = NEW0(d, double), *z = NEW(n * d, double);
    for (size_t j = 0; j < d; j++) {
        for (size_t i = 0; i < n; i++)
            mean[j] += x[row[i] * d + j] / (double)n;
        for (size_t i = 0; i < n; i++)
            sd[j] += pow(x[row[i] * d + j] - mean[j], 2) / (double)n;
        sd[j] = sqrt(sd[j]);
        for (size_t i = 0; i < n; i++)
            z[i * d + j] = (x[row[i] * d + j] - mean[j]) / sd[j];
    }
    gsl_matrix *s = gsl_matrix_calloc(d, d);
    double mu = 0, spread = 0, error = 0;
    for (size_t a = 0; a < d; a++)
        for (size_t b = 0; b < d; b++) {
            double sum = 0;
            for (size_t i = 0; i < n; i++)
                sum += z[i * d + a] * z[i * d + b];
            gsl_matrix_set(s, a, b, sum / (double)n);
        }
    for (size_t a = 0; a < d; a++)
        mu += gsl_matrix_get(s, a, a) / (double)d;
    for (size_t a = 0; a < d; a++)
        for (size_t b = 0; b < d; b++)
            spread += pow(gsl_matrix_get(s, a, b) - (a == b ? mu : 0), 2) / (double)d;
    for (size_t i = 0; i < n; i++) { /* 1/n^2 sum of |z z' - S|^2 */
        double one = 0;
        for (size_t a = 0; a < d; a++)
            for (size_t b = 0; b < d; b++)
                one += pow(z[i * d + a] * z[i * d + b] - gsl_matrix_get(s, a, b), 2) / (double)d;
        error += one / (double)n / (double)n;
    }
    double share = error < spread ? error / spread : 1;
    gsl_matrix_scale(s, 1 - share);
    for (size_t a = 0; a < d; a++)
        gsl_matrix_set(s, a, a, gsl_matrix_get(s, a, a) + share * mu);
    assert_int_equal(gsl_linalg_cholesky_decomp1(s), 0);
    gsl_linalg_cholesky_invert(s);
    for (size_t k = 0; k < m; k++) {
        square[k] = 0;
        for (size_t a = 0; a < d; a++)
            for (size_t b = 0; b < d; b++)
                square[k] += (other[k * d + a] - mean[a]) / sd[a] * gsl_matrix_get(s, a, b) * (other[k * d + b] - mean[b]) / sd[b];
    }
    gsl_matrix_free(s);
    free(mean);
    free(sd);
    free(z);
    return share;
}

static void distances_are_the_definitions(void **state)
{
    (void)state;
    static const struct {
        size_t n, d;
    } CASES[] = {{600, 7}, {40, 12}, {20, 60}, {3, 5}}; /* more rows than a block, few, fewer than features, hardly any */
    for (size_t c = 0; c < sizeof CASES / sizeof *CASES; c++) {
        size_t n = CASES[c].n, d = CASES[c].d, m = 270;
        float *x = draw(n, d, 0), *other = draw(m, d, 1);
        size_t *row = NEW(n, size_t);
        double *square = NEW(m, double), *due = NEW(m, double);
        for (size_t i = 0; i < n; i++)
            row[i] = n - 1 - i;
        struct mahalanobis fit;
        struct status st;
        assert_int_equal(mahalanobis_fit(&fit, x, row, n, d, &st), STATUS_OK);
        mahalanobis_squared(square, &fit, other, NULL, m);
        double share = twin(due, x, row, n, d, other, m);
        assert_true(fabs(fit.shrinkage - share) < 1e-10 * (1 + share) && share > 0 && share <= 1);
        for (size_t k = 0; k < m; k++)
            assert_true(fabs(square[k] - due[k]) < 1e-9 * due[k]);
        mahalanobis_free(&fit);
        free(x);
        free(other);
        free(row);
        free(square);
        free(due);
    }
}

/* Out of fold, another cohort of the same source lies as far as the cohort itself; in fold it would not, with many features. */
static void folds_make_it_honest(void **state)
{
    (void)state;
    size_t n = 300, d = 150, n_other = 200, n_folds = 5;
    float *x = draw(n, d, 0), *same = draw(n_other, d, 0), *far = draw(n_other, d, 1);
    uint32_t *fold = NEW(n, uint32_t);
    double *own = NEW(n, double), *other = NEW(n_other, double), *other2 = NEW(n_other, double), *own2 = NEW(n, double), share, share2, mean[4] = {0};
    struct status st;
    for (size_t i = 0; i < n; i++)
        fold[i] = (uint32_t)(i % n_folds);
    assert_int_equal(mahalanobis_folds(own, other, &share, x, fold, n, n_folds, same, n_other, d, 1, &st), STATUS_OK);
    assert_int_equal(mahalanobis_folds(own2, other2, &share2, x, fold, n, n_folds, same, n_other, d, 3, &st), STATUS_OK);
    assert_memory_equal(own, own2, n * sizeof *own);
    assert_memory_equal(other, other2, n_other * sizeof *other);
    assert_true(memcmp(&share, &share2, sizeof share) == 0);
    struct mahalanobis all;
    assert_int_equal(mahalanobis_fit(&all, x, NULL, n, d, &st), STATUS_OK);
    mahalanobis_squared(own2, &all, x, NULL, n);
    mahalanobis_free(&all);
    for (size_t i = 0; i < n; i++) {
        mean[0] += own[i] / (double)n;
        mean[1] += own2[i] / (double)n;
    }
    for (size_t i = 0; i < n_other; i++)
        mean[2] += other[i] / (double)n_other;
    assert_true(fabs(mean[2] / mean[0] - 1) < 0.05); /* comparable */
    assert_true(mean[1] < 0.9 * mean[0]);            /* what in fold would have said */
    assert_int_equal(mahalanobis_folds(own, other, &share, x, fold, n, n_folds, far, n_other, d, 2, &st), STATUS_OK);
    for (size_t i = 0; i < n_other; i++)
        mean[3] += other[i] / (double)n_other;
    assert_true(mean[3] > 1.005 * mean[2]);
    /* fold by fold: the twin of the own ones */
    size_t *row = NEW(n, size_t), m = 0;
    for (size_t i = 0; i < n; i++)
        if (fold[i] != 2)
            row[m++] = i;
    double due;
    (void)twin(&due, x, row, m, d, x + 2 * d, 1);
    assert_true(fabs(due - own[2]) < 1e-9 * due);
    free(row);
    free(x);
    free(same);
    free(far);
    free(fold);
    free(own);
    free(own2);
    free(other);
    free(other2);
}

static void undefined_distances(void **state)
{
    (void)state;
    struct mahalanobis m;
    struct status st;
    float x[6] = {1, 2, 1, 2, 1, 2};
    double own[3], other[1], share;
    uint32_t fold[3] = {0, 1, 1};
    assert_int_equal(mahalanobis_fit(&m, x, NULL, 1, 2, &st), STATUS_UNDEFINED);
    assert_int_equal(mahalanobis_fit(&m, x, NULL, 3, 2, &st), STATUS_UNDEFINED);
    assert_non_null(strstr(st.text, "singular"));
    assert_int_equal(mahalanobis_folds(own, other, &share, x, fold, 3, 2, x, 1, 2, 1, &st), STATUS_UNDEFINED);
    assert_non_null(strstr(st.text, "fold"));
    x[3] = NAN;
    assert_int_equal(mahalanobis_fit(&m, x, NULL, 3, 2, &st), STATUS_DATA);
    assert_int_equal(mahalanobis_folds(own, other, &share, x + 4, fold, 1, 2, x + 2, 1, 2, 1, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "other cohort"));
}

/* A constant feature among others: no row of the cohort is far for it, one that differs there is. */
static void a_constant_feature(void **state)
{
    (void)state;
    size_t n = 50, d = 4;
    float *x = draw(n, d, 0);
    for (size_t i = 0; i < n; i++)
        x[i * d + 1] = 8;
    struct mahalanobis m;
    struct status st;
    double square[2];
    float two[8];
    memcpy(two, x, d * sizeof *two);
    memcpy(two + d, x, d * sizeof *two);
    two[5] = 16;
    assert_int_equal(mahalanobis_fit(&m, x, NULL, n, d, &st), STATUS_OK);
    mahalanobis_squared(square, &m, two, NULL, 2);
    assert_true(isfinite(square[0]) && square[1] > square[0] + 64);
    mahalanobis_free(&m);
    free(x);
}

static void classifier(void **state)
{
    (void)state;
    size_t n = 400, d = 6;
    uint32_t *fold = NEW(n, uint32_t);
    int32_t *second = NEW(n, int32_t);
    double *score = NEW(n, double), *again = NEW(n, double), area;
    struct status st;
    for (int moved = 0; moved < 2; moved++) {
        float *x = draw(n, d, 0), *y = draw(n, d, moved ? 1.5 : 0);
        for (size_t i = 0; i < n; i++) {
            second[i] = i % 2;
            fold[i] = (uint32_t)(i / 2 % 4);
            if (second[i])
                memcpy(x + i * d, y + i * d, d * sizeof *x);
        }
        assert_int_equal(two_sample_scores(score, x, second, fold, n, 4, d, 1, &st), STATUS_OK);
        assert_int_equal(two_sample_scores(again, x, second, fold, n, 4, d, 3, &st), STATUS_OK);
        assert_memory_equal(score, again, n * sizeof *score);
        assert_int_equal(auroc_binary(&area, second, score, n, &st), STATUS_OK);
        assert_true(moved ? area > 0.8 : fabs(area - 0.5) < 0.1);
        /* fold 1 by hand */
        size_t m = 0;
        size_t *row = NEW(n, size_t);
        int32_t *label = NEW(n, int32_t);
        for (size_t i = 0; i < n; i++)
            if (fold[i] != 1) {
                label[m] = second[i];
                row[m++] = i;
            }
        struct scaler scaler;
        struct logistic fit;
        double *z = NEW(m * d, double), C = TWO_SAMPLE_C;
        scaler_fit_rows(&scaler, x, row, m, d);
        scaler_apply_rows(z, &scaler, x, row, m);
        assert_int_equal(logistic_fit_path(&fit, &C, 1, z, m, d, label, 2, NULL, &st), STATUS_OK);
        double *all = NEW(n, double), below = 0, in_fold = 0;
        for (size_t i = 0; i < n; i++) {
            scaler_apply(z, &scaler, x + i * d, 1);
            logistic_predict(&all[i], &fit, z, 1);
        }
        assert_int_equal(fold[3], 1);
        for (size_t i = 0; i < n; i++) {
            below += fold[i] == 1 && all[i] < all[3];
            in_fold += fold[i] == 1;
        }
        assert_true(fabs((below + 0.5) / in_fold - score[3]) < 1e-12);
        free(all);
        logistic_free(&fit);
        scaler_free(&scaler);
        free(z);
        free(label);
        free(row);
        free(x);
        free(y);
    }
    float x[4] = {1, 2, 3, 4};
    int32_t apart[4] = {0, 0, 1, 1};
    uint32_t two[4] = {0, 0, 1, 1};
    assert_int_equal(two_sample_scores(score, x, apart, two, 4, 2, 1, 1, &st), STATUS_UNDEFINED);
    free(fold);
    free(second);
    free(score);
    free(again);
}

/* Small cohorts that are alike: 0.5 on the average, though the folds hold unequal shares of them.  Pooled probabilities give 0.42. */
static void alike_is_a_half(void **state)
{
    (void)state;
    size_t n = 60, n_second = 20, d = 40, runs = 150;
    double mean = 0;
    uint32_t *fold = NEW(n, uint32_t);
    int32_t *second = NEW(n, int32_t);
    double *score = NEW(n, double), area;
    struct status st;
    for (size_t r = 0; r < runs; r++) {
        float *x = draw(n, d, 0);
        for (size_t i = 0; i < n; i++) {
            second[i] = i < n_second;
            fold[i] = (uint32_t)gsl_rng_uniform_int(rng, 4);
        }
        assert_int_equal(two_sample_scores(score, x, second, fold, n, 4, d, 2, &st), STATUS_OK);
        assert_int_equal(auroc_binary(&area, second, score, n, &st), STATUS_OK);
        mean += area / (double)runs;
        free(x);
    }
    print_message("mean AUROC of cohorts that are alike: %.4f\n", mean);
    assert_true(fabs(mean - 0.5) < 0.02);
    free(fold);
    free(second);
    free(score);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(distances_are_the_definitions), cmocka_unit_test(folds_make_it_honest),
                                       cmocka_unit_test(undefined_distances), cmocka_unit_test(a_constant_feature), cmocka_unit_test(classifier),
                                       cmocka_unit_test(alike_is_a_half)};
    blas_use_one_thread();
    rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 11);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    gsl_rng_free(rng);
    return failed;
}
