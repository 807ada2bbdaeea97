/* Selection on validation folds: it equals the same done by hand; ties, edges, folds left out; test rows and other
 * folds' rows do not leak; the number of threads changes no bit. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/rng.h"
#include "metric/auroc.h"
#include "metric/regression.h"
#include "probe/logistic.h"
#include "probe/ridge.h"
#include "probe/select.h"
#include "probe/standardise.h"

enum { N = 150, N_TEST = 30, D = 6, FOLDS = 5 };

struct study { /* what a task points into */
    float x[N * D], x_test[N_TEST * D];
    int32_t label[N];
    double target[N];
    uint32_t fold[N];
    struct probe_task task;
};

static void draw(struct study *s, enum task_kind kind, size_t n_classes)
{
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 8, "test_select", (uint64_t)kind);
    for (size_t i = 0; i < N; i++) {
        s->label[i] = (int32_t)gsl_rng_uniform_int(rng, n_classes ? n_classes : 2);
        s->fold[i] = (uint32_t)(i * 7 % FOLDS);
        s->target[i] = 100 + 30 * gsl_rng_uniform(rng);
        for (size_t j = 0; j < D; j++) {
            s->x[i * D + j] = (float)(5 + (double)j * gsl_rng_uniform(rng) + gsl_rng_uniform(rng) + (j < 2 ? 0.4 * s->label[i] : 0));
            s->target[i] += j < 3 ? 10 * (double)s->x[i * D + j] : 0;
        }
    }
    for (size_t i = 0; i < N_TEST * D; i++)
        s->x_test[i] = (float)(5 + 3 * gsl_rng_uniform(rng));
    gsl_rng_free(rng);
    bool regression = kind == KIND_REGRESSION;
    s->task = (struct probe_task){.kind = kind, .x = s->x, .n = N, .d = D, .label = regression ? NULL : s->label,
                                  .target = regression ? s->target : NULL, .n_classes = n_classes, .fold = s->fold, .n_folds = FOLDS,
                                  .x_test = s->x_test, .n_test = N_TEST};
}

static struct probe_result select_linear(const struct study *s, const double *grid, size_t n_grid, int n_threads)
{
    struct probe_result r;
    struct status st = {0};
    if (probe_select_linear(&r, &s->task, grid, n_grid, n_threads, &st))
        fail_msg("%s", st.text);
    return r;
}

static struct probe_result select_knn(const struct study *s, enum knn_vote vote, const double *grid, size_t n_grid, int n_threads)
{
    struct probe_result r;
    struct status st = {0};
    if (probe_select_knn(&r, &s->task, vote, grid, n_grid, n_threads, &st))
        fail_msg("%s", st.text);
    return r;
}

static void assert_same(const struct probe_result *a, const struct probe_result *b)
{
    assert_int_equal(a->n_grid, b->n_grid);
    assert_int_equal(a->n_out, b->n_out);
    assert_int_equal(a->chosen, b->chosen);
    assert_memory_equal(a->grid, b->grid, a->n_grid * sizeof *a->grid);
    assert_memory_equal(a->score, b->score, a->n_grid * sizeof *a->score);
    assert_memory_equal(a->fold_score, b->fold_score, FOLDS * a->n_grid * sizeof *a->score);
    assert_memory_equal(a->validation, b->validation, N * a->n_out * sizeof *a->validation);
    assert_memory_equal(a->test, b->test, N_TEST * a->n_out * sizeof *a->test);
    assert_string_equal(a->note, b->note);
}

/* Everything once more with the parts: fold by fold, then the refit. */
static void test_equals_the_steps_by_hand(void **state)
{
    (void)state;
    struct study s;
    const double grid[] = {0.001, 0.1, 10};
    for (int regression = 0; regression < 2; regression++) {
        draw(&s, regression ? KIND_REGRESSION : KIND_BINARY, regression ? 0 : 2);
        struct probe_result r = select_linear(&s, grid, 3, 2);
        double mean[3] = {0}, *z = NEW(N * D, double), *q = NEW(N * D, double), y[N], out[N];
        int32_t label[N];
        size_t best = regression ? 2 : 0;
        for (size_t f = 0; f <= FOLDS; f++) { /* the last is the refit */
            size_t row[N], query[N], n = 0, m = 0;
            for (size_t i = 0; i < N; i++)
                if (s.fold[i] == f)
                    query[m++] = i;
                else
                    row[n++] = i;
            struct scaler scaler;
            scaler_fit_rows(&scaler, s.x, row, n, D);
            scaler_apply_rows(z, &scaler, s.x, row, n);
            for (size_t i = 0; i < n; i++) {
                label[i] = s.label[row[i]];
                y[i] = s.target[row[i]];
            }
            if (f == FOLDS) {
                for (size_t g = 0; g < 3; g++) {
                    assert_true(fabs(r.score[g] - mean[g] / FOLDS) < 1e-12);
                    if (regression ? r.score[g] < r.score[best] : r.score[g] > r.score[best])
                        best = g;
                }
                assert_int_equal(r.chosen, best);
                m = N_TEST;
                scaler_apply(q, &scaler, s.x_test, m);
            } else {
                scaler_apply_rows(q, &scaler, s.x, query, m);
            }
            struct logistic logistic[3];
            struct ridge ridge[3];
            if (regression)
                assert_int_equal(ridge_fit_path(ridge, NULL, grid, 3, z, n, D, y, NULL, NULL), 0);
            else
                assert_int_equal(logistic_fit_path(logistic, grid, 3, z, n, D, label, 2, NULL, NULL), 0);
            for (size_t g = 0; g < 3; g++) {
                if (regression)
                    ridge_predict(out, &ridge[g], q, m);
                else
                    logistic_predict(out, &logistic[g], q, m);
                double score = NAN;
                for (size_t i = 0; i < m; i++) {
                    if (g == r.chosen)
                        assert_true(fabs(out[i] - (f < FOLDS ? r.validation[query[i]] : r.test[i])) < 1e-8 * fmax(1, fabs(out[i])));
                    label[i] = f < FOLDS ? s.label[query[i]] : 0;
                    y[i] = f < FOLDS ? s.target[query[i]] : 0;
                }
                if (f < FOLDS && regression)
                    score = regression_mae(y, out, NULL, m);
                else if (f < FOLDS)
                    assert_int_equal(auroc_binary(&score, label, out, m, NULL), 0);
                if (f < FOLDS)
                    assert_true(fabs(score - r.fold_score[f * 3 + g]) < 1e-8);
                mean[g] += f < FOLDS ? r.fold_score[f * 3 + g] : 0;
                if (regression)
                    ridge_free(&ridge[g]);
                else
                    logistic_free(&logistic[g]);
            }
            scaler_free(&scaler);
        }
        assert_string_equal(r.criterion, regression ? "mae" : "auroc");
        free(z);
        free(q);
        probe_result_free(&r);
    }
}

static void test_default_grids(void **state)
{
    (void)state;
    struct study s;
    draw(&s, KIND_BINARY, 2);
    struct probe_result r = select_linear(&s, NULL, 0, 2);
    assert_int_equal(r.n_grid, 45);
    assert_true(fabs(r.grid[0] / 1e-6 - 1) < 1e-12 && fabs(r.grid[44] / 1e5 - 1) < 1e-12);
    assert_true(r.n_out == 1 && r.note[0] == 0);
    probe_result_free(&r);
    draw(&s, KIND_REGRESSION, 0);
    r = select_linear(&s, NULL, 0, 2);
    assert_true(r.n_grid == 45 && fabs(r.grid[0] / 1e-4 - 1) < 1e-12 && fabs(r.grid[44] / 1e7 - 1) < 1e-12);
    probe_result_free(&r);
    draw(&s, KIND_MULTICLASS, 3);
    r = select_knn(&s, KNN_SOFTMAX, NULL, 0, 2); /* of 1 5 10 20 50 100 200, 120 training rows allow six */
    assert_int_equal(r.n_grid, 6);
    assert_true(r.grid[5] == 100 && r.n_out == 3);
    assert_string_equal(r.criterion, "auroc_macro");
    probe_result_free(&r);
    draw(&s, KIND_ORDINAL, 4);
    r = select_linear(&s, NULL, 0, 2);
    assert_true(r.n_out == 4);
    assert_string_equal(r.criterion, "kappa_quadratic");
    probe_result_free(&r);
}

/* A validation part ranked perfectly by every value of the grid: the strongest smoothing is taken. */
static void test_ties_go_to_the_stronger_smoothing(void **state)
{
    (void)state;
    struct study s;
    const double C[] = {100, 0.01, 1}, k[] = {9, 1, 5}, alpha[] = {1, 100, 0.01};
    draw(&s, KIND_BINARY, 2);
    for (size_t i = 0; i < N; i++)
        s.x[i * D] = (float)(100 * s.label[i]);
    struct probe_result r = select_linear(&s, C, 3, 2);
    assert_true(r.score[0] == 1 && r.score[2] == 1);
    assert_true(r.grid[r.chosen] == 0.01 && r.at_edge);
    probe_result_free(&r);
    r = select_knn(&s, KNN_UNIFORM, k, 3, 2);
    assert_true(r.grid[0] == 1 && r.grid[2] == 9); /* sorted */
    assert_true(r.score[0] == 1 && r.score[2] == 1 && r.grid[r.chosen] == 9 && r.at_edge);
    probe_result_free(&r);
    draw(&s, KIND_REGRESSION, 0);
    for (size_t i = 0; i < N; i++)
        s.target[i] = 7; /* every alpha predicts 7 */
    r = select_linear(&s, alpha, 3, 2);
    assert_true(r.score[0] == 0 && r.score[2] == 0 && r.grid[r.chosen] == 100);
    probe_result_free(&r);
}

static void test_at_edge(void **state)
{
    (void)state;
    struct study s;
    draw(&s, KIND_REGRESSION, 0);
    const double inside[] = {1e-4, 1, 1e7}, edge[] = {1e5, 1e7}, alone[] = {1};
    struct probe_result r = select_linear(&s, inside, 3, 1);
    assert_true(r.chosen != 2); /* 1e7 predicts the mean */
    assert_true(r.at_edge == (r.chosen == 0));
    probe_result_free(&r);
    r = select_linear(&s, edge, 2, 1);
    assert_true(r.chosen == 0 && r.at_edge);
    probe_result_free(&r);
    r = select_linear(&s, alone, 1, 1);
    assert_true(r.chosen == 0 && !r.at_edge);
    probe_result_free(&r);
}

static void test_threads_change_no_bit(void **state)
{
    (void)state;
    struct study s;
    const enum task_kind kinds[] = {KIND_BINARY, KIND_MULTICLASS, KIND_ORDINAL, KIND_REGRESSION};
    const size_t classes[] = {2, 3, 4, 0};
    for (size_t i = 0; i < 4; i++) {
        draw(&s, kinds[i], classes[i]);
        struct probe_result a = select_linear(&s, NULL, 0, 1), b = select_linear(&s, NULL, 0, 4);
        assert_same(&a, &b);
        probe_result_free(&a);
        probe_result_free(&b);
        a = select_knn(&s, KNN_DISTANCE, NULL, 0, 1);
        b = select_knn(&s, KNN_DISTANCE, NULL, 0, 4);
        assert_same(&a, &b);
        probe_result_free(&a);
        probe_result_free(&b);
    }
}

static void test_test_rows_do_not_choose(void **state)
{
    (void)state;
    struct study s;
    for (int knn = 0; knn < 2; knn++) {
        draw(&s, KIND_BINARY, 2);
        struct probe_result a = knn ? select_knn(&s, KNN_SOFTMAX, NULL, 0, 2) : select_linear(&s, NULL, 0, 2);
        for (size_t i = 0; i < N_TEST * D; i++)
            s.x_test[i] = -1000 * s.x_test[i];
        struct probe_result b = knn ? select_knn(&s, KNN_SOFTMAX, NULL, 0, 2) : select_linear(&s, NULL, 0, 2);
        assert_int_equal(a.chosen, b.chosen);
        assert_memory_equal(a.fold_score, b.fold_score, FOLDS * a.n_grid * sizeof *a.score);
        assert_memory_equal(a.validation, b.validation, N * sizeof *a.validation);
        assert_memory_not_equal(a.test, b.test, N_TEST * sizeof *a.test);
        probe_result_free(&a);
        probe_result_free(&b);
    }
}

/* One row's features and label are changed wildly: in the fold that validates it, no other row's prediction moves,
 * as neither scaler nor probe of that fold has seen it.  In the other folds they move.  Logistic regressions of several
 * folds share their walks over the rows, and so the last digits of one optimum: these may differ by what lies between
 * two roads to it. */
static void test_folds_do_not_leak(void **state)
{
    (void)state;
    const enum task_kind kinds[] = {KIND_BINARY, KIND_REGRESSION};
    const double grid[] = {0.01};
    for (size_t c = 0; c < 2; c++) {
        struct study s;
        draw(&s, kinds[c], c ? 0 : 2);
        struct probe_result a = select_linear(&s, grid, 1, 2);
        size_t out = 37;
        for (size_t j = 0; j < D; j++)
            s.x[out * D + j] = 1e6f;
        s.label[out] = !s.label[out];
        s.target[out] = -1e6;
        struct probe_result b = select_linear(&s, grid, 1, 2);
        size_t n_moved = 0;
        for (size_t i = 0; i < N; i++) {
            if (i != out && s.fold[i] == s.fold[out])
                assert_true(fabs(a.validation[i] - b.validation[i]) <= (kinds[c] == KIND_REGRESSION ? 0 : 1e-9));
            n_moved += s.fold[i] != s.fold[out] && fabs(a.validation[i] - b.validation[i]) > 1e-9;
        }
        assert_int_equal(n_moved, N - N / FOLDS);
        probe_result_free(&a);
        probe_result_free(&b);
    }
}

/* All rows of class 1 lie in one fold: that fold trains on one class; the others validate on one. */
static void test_no_usable_fold(void **state)
{
    (void)state;
    struct study s;
    draw(&s, KIND_BINARY, 2);
    for (size_t i = 0; i < N; i++)
        s.label[i] = s.fold[i] == 2;
    struct probe_result r;
    struct status st;
    assert_int_equal(probe_select_linear(&r, &s.task, NULL, 0, 2, &st), STATUS_UNDEFINED);
    assert_non_null(strstr(st.text, "fold 3"));
    assert_null(r.grid);
    assert_int_equal(probe_select_knn(&r, &s.task, KNN_UNIFORM, NULL, 0, 2, &st), STATUS_UNDEFINED);
    assert_non_null(strstr(st.text, "fold 3"));
    assert_null(r.grid);
}

static void check_left_out(const struct study *s, const struct probe_result *r, size_t left_out, const char *why)
{
    char name[16] = "fold 1";
    name[5] = (char)('1' + left_out);
    assert_non_null(strstr(r->note, name));
    assert_non_null(strstr(r->note, why));
    for (size_t g = 0; g < r->n_grid; g++) {
        double sum = 0;
        for (size_t f = 0; f < FOLDS; f++) {
            assert_true(isnan(r->fold_score[f * r->n_grid + g]) == (f == left_out));
            sum += f == left_out ? 0 : r->fold_score[f * r->n_grid + g];
        }
        assert_true(fabs(r->score[g] - sum / (FOLDS - 1)) < 1e-15);
    }
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < r->n_out; k++)
            assert_true(isnan(r->validation[i * r->n_out + k]) == (s->fold[i] == left_out));
}

/* One fold validates on one class: it is named and left out of every mean, for the linear probe and for neighbours. */
static void test_fold_without_a_criterion(void **state)
{
    (void)state;
    struct study s;
    draw(&s, KIND_BINARY, 2);
    for (size_t i = 0; i < N; i++)
        s.label[i] = s.fold[i] == 1 ? 0 : s.label[i];
    struct probe_result r = select_linear(&s, NULL, 0, 3);
    check_left_out(&s, &r, 1, "auroc is undefined");
    probe_result_free(&r);
    r = select_knn(&s, KNN_SOFTMAX, NULL, 0, 3);
    check_left_out(&s, &r, 1, "auroc is undefined");
    probe_result_free(&r);
    for (size_t i = 0; i < N; i++) /* a fold without rows */
        s.fold[i] = s.fold[i] == 1 ? 0 : s.fold[i];
    r = select_linear(&s, NULL, 0, 3);
    check_left_out(&s, &r, 1, "no row");
    probe_result_free(&r);
}

/* One fold trains on grade 0 alone: all other grades lie in it.  (Kappa of the other folds, grade 0 throughout, is 0 or undefined.) */
static void test_fold_that_trains_on_one_class(void **state)
{
    (void)state;
    struct study s;
    draw(&s, KIND_ORDINAL, 3);
    for (size_t i = 0; i < N; i++)
        s.label[i] = s.fold[i] == 4 && s.label[i] ? 2 : 0;
    for (int knn = 0; knn < 2; knn++) {
        const double k[] = {1};
        struct probe_result r = {0};
        struct status st = {0};
        int code = knn ? probe_select_knn(&r, &s.task, KNN_UNIFORM, k, 1, 2, &st) : probe_select_linear(&r, &s.task, NULL, 0, 2, &st);
        assert_non_null(strstr(code ? st.text : r.note, "fold 5: the training rows hold one class"));
        assert_true(code == STATUS_UNDEFINED || isnan(r.fold_score[4 * r.n_grid]));
        probe_result_free(&r);
    }
}

static void test_bad_row_is_named(void **state)
{
    (void)state;
    struct study s;
    draw(&s, KIND_BINARY, 2);
    s.x[10 * D] = NAN;
    struct probe_result r;
    struct status st;
    assert_int_equal(probe_select_linear(&r, &s.task, NULL, 0, 2, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "row 10 "));
    assert_null(r.score);
    assert_int_equal(probe_select_knn(&r, &s.task, KNN_UNIFORM, NULL, 0, 2, &st), STATUS_DATA);
}

static void test_k_beyond_the_training_rows(void **state)
{
    (void)state;
    struct study s;
    draw(&s, KIND_REGRESSION, 0);
    const double k[] = {120, 121}, large[] = {121};
    struct probe_result r = select_knn(&s, KNN_UNIFORM, k, 2, 2);
    assert_int_equal(r.n_grid, 1); /* each fold trains on 120 rows */
    probe_result_free(&r);
    struct status st;
    assert_int_equal(probe_select_knn(&r, &s.task, KNN_UNIFORM, large, 1, 2, &st), STATUS_UNDEFINED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_the_steps_by_hand),
        cmocka_unit_test(test_default_grids),
        cmocka_unit_test(test_ties_go_to_the_stronger_smoothing),
        cmocka_unit_test(test_at_edge),
        cmocka_unit_test(test_threads_change_no_bit),
        cmocka_unit_test(test_test_rows_do_not_choose),
        cmocka_unit_test(test_folds_do_not_leak),
        cmocka_unit_test(test_no_usable_fold),
        cmocka_unit_test(test_fold_without_a_criterion),
        cmocka_unit_test(test_fold_that_trains_on_one_class),
        cmocka_unit_test(test_bad_row_is_named),
        cmocka_unit_test(test_k_beyond_the_training_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
