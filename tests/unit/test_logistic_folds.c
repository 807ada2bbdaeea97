/* Folds fitted side by side are the folds fitted alone: same optimum, same answers, whatever the threads. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/rng.h"
#include "probe/logistic.h"

enum { N_C = 4, FOLDS = 3 };
static const double C[N_C] = {1e-5, 0.01, 1, 1e4};

struct sample {
    struct logistic_folds t;
    float *x;
    int32_t *label;
    uint32_t *fold;
};

/* Columns of unlike size and place: the folds' scalers differ from the one they share. */
static struct sample draw(size_t n, size_t d, size_t n_classes, double gap, uint64_t stream)
{
    struct sample s = {.x = NEW(n * d, float), .label = NEW(n, int32_t), .fold = NEW(n, uint32_t)};
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 5, "test_logistic_folds", stream);
    for (size_t i = 0; i < n; i++) {
        s.label[i] = (int32_t)gsl_rng_uniform_int(rng, n_classes);
        s.fold[i] = (uint32_t)gsl_rng_uniform_int(rng, FOLDS);
        double shared = gsl_rng_uniform(rng);
        for (size_t j = 0; j < d; j++) {
            double value = 2 * gsl_rng_uniform(rng) - 1 + shared + (j % n_classes == (size_t)s.label[i] ? gap : 0);
            s.x[i * d + j] = (float)(value * pow(10, (double)(j % 5) - 2) + (double)j);
        }
    }
    gsl_rng_free(rng);
    s.t = (struct logistic_folds){.x = s.x, .n = n, .d = d, .label = s.label, .n_classes = n_classes, .fold = s.fold, .n_folds = FOLDS, .n_threads = 2};
    return s;
}

static void sample_free(struct sample *s)
{
    free(s->x);
    free(s->label);
    free(s->fold);
}

struct fits {
    struct logistic fit[FOLDS * N_C];
    struct scaler scaler[FOLDS];
    struct status left_out[FOLDS];
};

static struct fits *fit_folds(const struct logistic_folds *t)
{
    struct fits *f = NEW(1, struct fits);
    struct status st = {0};
    if (logistic_fit_folds(f->fit, f->scaler, f->left_out, t, C, N_C, &st))
        fail_msg("%s", st.text);
    return f;
}

static void fits_free(struct fits *f)
{
    for (size_t i = 0; i < FOLDS * N_C; i++)
        logistic_free(&f->fit[i]);
    for (size_t i = 0; i < FOLDS; i++)
        scaler_free(&f->scaler[i]);
    free(f);
}

/* Fold f of t by logistic_fit_path on rows gathered and standardised here; the largest difference of a probability of all rows.
 * The objectives must agree to 1e-10: the excess of either optimum is below 1e-16. */
static double against_alone(const struct fits *together, const struct logistic_folds *t, size_t f)
{
    size_t n = 0, *row = NEW(t->n, size_t);
    for (size_t i = 0; i < t->n; i++)
        if (t->fold[i] != f)
            row[n++] = i;
    struct scaler scaler;
    struct logistic alone[N_C];
    int32_t *label = NEW(n, int32_t);
    double *z = NEW(n * t->d, double), *weight = NEW(n, double), *all = NEW(t->n * t->d, double), worst = 0;
    scaler_fit_rows(&scaler, t->x, row, n, t->d);
    scaler_apply_rows(z, &scaler, t->x, row, n);
    scaler_apply(all, &scaler, t->x, t->n);
    for (size_t i = 0; i < n; i++) {
        label[i] = t->label[row[i]];
        weight[i] = 1;
    }
    if (t->balanced)
        logistic_balanced_weights(weight, label, n, t->n_classes);
    for (size_t i = 0; i < n && t->weight; i++)
        weight[i] *= t->weight[row[i]];
    assert_int_equal(logistic_fit_path(alone, C, N_C, z, n, t->d, label, t->n_classes, weight, NULL), 0);
    assert_memory_equal(scaler.mean, together->scaler[f].mean, t->d * sizeof(double));
    assert_memory_equal(scaler.scale, together->scaler[f].scale, t->d * sizeof(double));
    for (size_t c = 0; c < N_C; c++) {
        const struct logistic *fit = &together->fit[f * N_C + c];
        double *a = NEW(t->n * fit->rows, double), *b = NEW(t->n * fit->rows, double);
        logistic_predict(a, fit, all, t->n);
        logistic_predict(b, &alone[c], all, t->n);
        for (size_t i = 0; i < t->n * fit->rows; i++)
            worst = fmax(worst, fabs(a[i] - b[i]));
        assert_true(fabs(fit->objective - alone[c].objective) <= 1e-10 * alone[c].objective);
        assert_true(fit->gradient_relative < 1e-8);
        logistic_free(&alone[c]);
        free(a);
        free(b);
    }
    scaler_free(&scaler);
    free(all);
    free(weight);
    free(z);
    free(label);
    free(row);
    return worst;
}

static void test_together_is_alone(void **state)
{
    (void)state;
    static const struct {
        size_t n, d, n_classes;
        double gap;
        bool weighted, balanced;
    } table[] = {{400, 6, 2, 0.3, false, false}, {400, 6, 2, 0.3, true, false}, {90, 6, 2, 0.3, false, true}, {500, 8, 5, 0.5, false, false},
                 {400, 7, 3, 0.5, true, true}, {120, 50, 2, 0.2, false, false}, {60, 80, 2, 0.2, false, false}, {60, 80, 4, 0.2, true, false},
                 {300, 12, 2, 3, false, false}, {300, 12, 3, 3, false, false}, {60, 40, 3, 1, false, true} /* some folds wide, some not */};
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        struct sample s = draw(table[k].n, table[k].d, table[k].n_classes, table[k].gap, k);
        double *weight = NEW(s.t.n, double);
        for (size_t i = 0; i < s.t.n; i++)
            weight[i] = i % 7 ? 0.25 + (double)(i % 5) : 0;
        s.t.weight = table[k].weighted ? weight : NULL;
        s.t.balanced = table[k].balanced;
        struct fits *f = fit_folds(&s.t);
        for (size_t fold = 0; fold < FOLDS; fold++)
            assert_true(against_alone(f, &s.t, fold) < 1e-7);
        fits_free(f);
        free(weight);
        sample_free(&s);
    }
}

static void test_threads_change_nothing(void **state)
{
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        struct sample s = draw(k == 2 ? 70 : 2500, k == 2 ? 60 : 20, k ? 4 : 2, 0.4, 50 + k);
        s.t.n_threads = 1;
        struct fits *one = fit_folds(&s.t);
        s.t.n_threads = 3;
        struct fits *three = fit_folds(&s.t);
        for (size_t i = 0; i < FOLDS * N_C; i++) {
            assert_memory_equal(one->fit[i].coef, three->fit[i].coef, one->fit[i].rows * s.t.d * sizeof(double));
            assert_memory_equal(one->fit[i].intercept, three->fit[i].intercept, one->fit[i].rows * sizeof(double));
        }
        fits_free(one);
        fits_free(three);
        sample_free(&s);
    }
}

/* A class whose rows are all in one fold is absent from that fold's training rows, and from no other's. */
static void test_class_absent_from_one_fold(void **state)
{
    (void)state;
    struct sample s = draw(300, 5, 3, 0.5, 60);
    for (size_t i = 0; i < s.t.n; i++)
        if (s.label[i] == 1)
            s.fold[i] = 2;
    struct fits *f = fit_folds(&s.t);
    for (size_t c = 0; c < N_C; c++) {
        const struct logistic *without = &f->fit[2 * N_C + c], *with = &f->fit[c];
        assert_true(without->intercept[1] == -INFINITY && isfinite(without->intercept[0]) && isfinite(with->intercept[1]));
        for (size_t j = 0; j < 5; j++)
            assert_true(without->coef[5 + j] == 0);
        assert_true(with->coef[5] != 0 || c == 0);
    }
    assert_true(against_alone(f, &s.t, 2) < 1e-7 && against_alone(f, &s.t, 0) < 1e-7);
    fits_free(f);
    sample_free(&s);
}

/* Folds with one class are left out by name, the others are as they would be. */
static void test_one_class_in_a_fold(void **state)
{
    (void)state;
    for (size_t wide = 0; wide < 2; wide++) {
        struct sample s = draw(90, wide ? 120 : 4, 2, 0.5, 61);
        for (size_t i = 0; i < s.t.n; i++)
            if (s.label[i] == 1)
                s.fold[i] = 1;
        struct fits *f = fit_folds(&s.t);
        assert_int_equal(f->left_out[1].code, STATUS_UNDEFINED);
        assert_non_null(strstr(f->left_out[1].text, "two classes"));
        assert_null(f->fit[N_C].coef);
        assert_null(f->scaler[1].mean);
        assert_int_equal(f->left_out[0].code, STATUS_OK);
        assert_true(against_alone(f, &s.t, 0) < 1e-7 && against_alone(f, &s.t, 2) < 1e-7);
        fits_free(f);
        sample_free(&s);
    }
}

/* A column that varies in one fold's rows only is constant for that fold, and one that never varies says nothing. */
static void test_constant_columns(void **state)
{
    (void)state;
    struct sample s = draw(300, 6, 2, 0.5, 62);
    for (size_t i = 0; i < s.t.n; i++) {
        s.x[i * 6 + 2] = s.fold[i] == 0 ? (float)i : 5;
        s.x[i * 6 + 4] = 1234.5F;
        s.x[i * 6 + 5] = s.x[i * 6 + 1]; /* and twins share */
    }
    struct fits *f = fit_folds(&s.t);
    for (size_t c = 0; c < N_C; c++) {
        assert_true(fabs(f->fit[c].coef[2]) < 1e-9);
        for (size_t fold = 0; fold < FOLDS; fold++) {
            const double *w = f->fit[fold * N_C + c].coef;
            assert_true(fabs(w[4]) < 1e-9 && fabs(w[1] - w[5]) < 1e-7);
        }
    }
    for (size_t fold = 0; fold < FOLDS; fold++)
        assert_true(against_alone(f, &s.t, fold) < 1e-7);
    fits_free(f);
    s.x[7 * 6] = 1e30F; /* a row that two folds see and one does not */
    s.x[8 * 6 + 3] = -1e-30F;
    f = fit_folds(&s.t);
    for (size_t fold = 0; fold < FOLDS; fold++)
        assert_true(against_alone(f, &s.t, fold) < 1e-7);
    fits_free(f);
    sample_free(&s);
}

static void test_all_rows(void **state)
{
    (void)state;
    struct sample s = draw(200, 5, 3, 0.5, 63);
    struct logistic_folds whole = s.t;
    whole.fold = NULL;
    whole.n_folds = 1;
    struct logistic fit[N_C], same[N_C * FOLDS];
    struct scaler scaler, scalers[FOLDS];
    struct status left_out[FOLDS];
    assert_int_equal(logistic_fit_folds(fit, &scaler, left_out, &whole, C, N_C, NULL), 0);
    for (size_t i = 0; i < s.t.n; i++)
        s.fold[i] = 2; /* folds 0 and 1 train on every row */
    assert_int_equal(logistic_fit_folds(same, scalers, left_out, &s.t, C, N_C, NULL), 0);
    assert_int_equal(left_out[2].code, STATUS_UNDEFINED);
    for (size_t c = 0; c < N_C; c++)
        for (size_t j = 0; j < 15; j++)
            assert_true(fabs(fit[c].coef[j] - same[N_C + c].coef[j]) < 1e-8);
    for (size_t i = 0; i < N_C; i++)
        logistic_free(&fit[i]);
    for (size_t i = 0; i < FOLDS * N_C; i++)
        logistic_free(&same[i]);
    scaler_free(&scaler);
    for (size_t f = 0; f < FOLDS; f++)
        scaler_free(&scalers[f]);
    sample_free(&s);
}

static void test_refusals(void **state)
{
    (void)state;
    struct sample s = draw(50, 4, 2, 0.5, 64);
    struct fits f;
    struct status st;
    static const float bad[] = {NAN, INFINITY};
    for (size_t k = 0; k < 2; k++) {
        float was = s.x[13];
        s.x[13] = bad[k];
        assert_int_equal(logistic_fit_folds(f.fit, f.scaler, f.left_out, &s.t, C, N_C, &st), STATUS_DATA);
        assert_non_null(strstr(st.text, "feature 1 of row 3"));
        s.x[13] = was;
    }
    double weight[50] = {[7] = -1};
    s.t.weight = weight;
    assert_int_equal(logistic_fit_folds(f.fit, f.scaler, f.left_out, &s.t, C, N_C, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "row 7"));
    s.t.weight = NULL;
    static const double zero = 0;
    assert_int_equal(logistic_fit_folds(f.fit, f.scaler, f.left_out, &s.t, &zero, 1, &st), STATUS_USAGE);
    sample_free(&s);
}

int main(void)
{
    blas_use_one_thread();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_together_is_alone), cmocka_unit_test(test_threads_change_nothing),
                                       cmocka_unit_test(test_class_absent_from_one_fold), cmocka_unit_test(test_one_class_in_a_fold),
                                       cmocka_unit_test(test_constant_columns), cmocka_unit_test(test_all_rows), cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
