/* The multi-head probe: the optimum of the summed masked losses, unknown labels that count nowhere, rows that no fit of their own fold
 * has seen, heads that cannot be fitted. */
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
#include "metric/auroc.h"
#include "probe/logistic.h"
#include "probe/multihead.h"

enum { N = 240, D = 6, HEADS = 4, FOLDS = 4, OUTPUTS = 1 + 4 + 3 + 1 };
enum { SIGMOID, THREE_OF_FOUR, NOBODY, ONE_CLASS };
static const size_t width[HEADS] = {1, 4, 3, 1};

struct sample {
    struct multihead_task t;
    float x[N * D], x_test[N * D];
    int32_t label[N * HEADS], test_label[N * HEADS];
    uint32_t fold[N];
};

/* Column 0 tells head 0, columns 1..3 tell head 1, of which class 1 never occurs; head 2 is known of nobody, head 3 is always 1.
 * Each label of the development rows is unknown in two rows of five. */
static void draw_rows(float *x, int32_t *label, bool mask, gsl_rng *rng)
{
    for (size_t i = 0; i < N; i++) {
        static const int32_t classes[] = {0, 2, 3};
        int32_t *l = label + i * HEADS;
        l[SIGMOID] = (int32_t)gsl_rng_uniform_int(rng, 2);
        l[THREE_OF_FOUR] = classes[gsl_rng_uniform_int(rng, 3)];
        l[NOBODY] = MULTIHEAD_UNKNOWN;
        l[ONE_CLASS] = 1;
        for (size_t j = 0; j < D; j++)
            x[i * D + j] = (float)(2 * gsl_rng_uniform(rng) - 1 + (j == 0 ? 1.2 * l[SIGMOID] : 0) + (j == (size_t)l[THREE_OF_FOUR] ? 1.0 : 0));
        for (size_t h = 0; h < 2 && mask; h++)
            if (gsl_rng_uniform(rng) < 0.4)
                l[h] = MULTIHEAD_UNKNOWN;
    }
}

static struct sample *draw(uint64_t stream)
{
    struct sample *s = NEW0(1, struct sample);
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 3, "test_multihead", stream);
    draw_rows(s->x, s->label, true, rng);
    draw_rows(s->x_test, s->test_label, false, rng);
    for (size_t i = 0; i < N; i++)
        s->fold[i] = (uint32_t)(i / 2 % FOLDS);
    gsl_rng_free(rng);
    s->t = (struct multihead_task){.x = s->x, .n = N, .d = D, .width = width, .n_heads = HEADS, .label = s->label, .fold = s->fold, .n_folds = FOLDS,
                                   .x_test = s->x_test, .n_test = N};
    return s;
}

static void fit(struct multihead *m, const struct sample *s, const double *C, size_t n_c, int n_threads)
{
    struct status st = {0};
    if (multihead_fit(m, &s->t, C, n_c, n_threads, &st))
        fail_msg("%s", st.text);
}

static void planted_classes_are_found(void **state)
{
    (void)state;
    struct sample *s = draw(1);
    struct multihead m;
    double area, score[N];
    int32_t label[N];
    struct status st;
    fit(&m, s, NULL, 0, 2);
    for (size_t i = 0; i < N; i++)
        score[i] = m.test[i * OUTPUTS], label[i] = s->test_label[i * HEADS];
    assert_int_equal(auroc_binary(&area, label, score, N, &st), STATUS_OK);
    assert_true(area > 0.85);
    for (size_t i = 0; i < N; i++)
        score[i] = m.test[i * OUTPUTS + 1 + 3], label[i] = s->test_label[i * HEADS + THREE_OF_FOUR] == 3;
    assert_int_equal(auroc_binary(&area, label, score, N, &st), STATUS_OK);
    assert_true(area > 0.75);
    for (size_t i = 0; i < N; i++) {
        double sum = 0;
        for (size_t k = 1; k < 5; k++)
            sum += m.test[i * OUTPUTS + k];
        assert_true(fabs(sum - 1) < 1e-12 && m.test[i * OUTPUTS + 2] == 0); /* a class that nobody showed */
    }
    assert_string_equal(m.head[SIGMOID].criterion, "auroc");
    multihead_free(&m);
    free(s);
}

/* What the head's fit on all rows says, made again by hand from the rows that know it, and no other point is better. */
static void each_head_is_at_the_optimum_of_its_masked_loss(void **state)
{
    (void)state;
    struct sample *s = draw(2);
    struct multihead m;
    const double C = 0.3;
    fit(&m, s, &C, 1, 1);
    for (size_t head = 0; head < 2; head++) {
        size_t n = 0, k = width[head] == 1 ? 2 : width[head], first = head;
        float *x = NEW(N * D, float);
        int32_t *label = NEW(N, int32_t);
        for (size_t i = 0; i < N; i++)
            if (s->label[i * HEADS + head] >= 0) {
                memcpy(x + n * D, s->x + i * D, D * sizeof *x);
                label[n++] = s->label[i * HEADS + head];
            }
        assert_int_equal(m.head[head].n_rows, n);
        assert_true(n < N);
        struct scaler scaler;
        struct logistic l;
        struct status st;
        double *z = NEW(N * D, double), *p = NEW(N * k, double);
        scaler_fit(&scaler, x, n, D);
        scaler_apply(z, &scaler, x, n);
        assert_int_equal(logistic_fit_path(&l, &C, 1, z, n, D, label, k, NULL, &st), STATUS_OK);
        scaler_apply(z, &scaler, s->x_test, N);
        logistic_predict(p, &l, z, N);
        for (size_t i = 0; i < N; i++)
            for (size_t q = 0; q < width[head]; q++)
                assert_true(fabs(p[i * width[head] + q] - m.test[i * OUTPUTS + first + q]) < 1e-9);
        logistic_free(&l);
        scaler_free(&scaler);
        free(z);
        free(p);
        free(x);
        free(label);
    }
    multihead_free(&m);
    free(s);
}

static void no_row_is_validated_by_a_fit_that_saw_its_fold(void **state)
{
    (void)state;
    struct sample *s = draw(4);
    struct multihead before, after;
    const double C = 1;
    fit(&before, s, &C, 1, 1);
    for (size_t i = 0; i < N; i++)
        if (s->fold[i] == 2 && s->label[i * HEADS] >= 0)
            s->label[i * HEADS] = i % 3 == 0;
    fit(&after, s, &C, 1, 1);
    size_t n_moved = 0;
    for (size_t i = 0; i < N; i++) {
        double moved = fabs(before.validation[i * OUTPUTS] - after.validation[i * OUTPUTS]); /* folds share a preconditioner, and so digits */
        assert_true(!isnan(before.validation[i * OUTPUTS])); /* also of rows that do not know the head */
        if (s->fold[i] == 2)
            assert_true(moved < 1e-7);
        else
            n_moved += moved > 1e-3;
    }
    assert_true(n_moved > N / 2);
    multihead_free(&before);
    multihead_free(&after);
    free(s);
}

static void a_head_without_two_classes_is_left_out(void **state)
{
    (void)state;
    struct sample *s = draw(5);
    struct multihead m;
    fit(&m, s, NULL, 0, 2);
    assert_int_equal(m.head[NOBODY].left_out.code, STATUS_UNDEFINED);
    assert_non_null(strstr(m.head[NOBODY].left_out.text, "no row of the development part knows this label"));
    assert_int_equal(m.head[ONE_CLASS].left_out.code, STATUS_UNDEFINED);
    assert_int_equal(m.head[ONE_CLASS].n_rows, N);
    assert_int_equal(m.head[SIGMOID].left_out.code, STATUS_OK);
    for (size_t i = 0; i < N; i++)
        for (size_t q = 5; q < OUTPUTS; q++)
            assert_true(isnan(m.test[i * OUTPUTS + q]) && isnan(m.validation[i * OUTPUTS + q]));
    multihead_free(&m);
    free(s);
}

static void threads_change_no_byte(void **state)
{
    (void)state;
    struct sample *s = draw(6);
    struct multihead one, eight;
    fit(&one, s, NULL, 0, 1);
    fit(&eight, s, NULL, 0, 8);
    for (size_t i = 0; i < N * OUTPUTS; i++)
        if (!isnan(one.test[i]))
            assert_true(!memcmp(&one.test[i], &eight.test[i], sizeof(double)) && !memcmp(&one.validation[i], &eight.validation[i], sizeof(double)));
    multihead_free(&one);
    multihead_free(&eight);
    free(s);
}

int main(void)
{
    blas_use_one_thread();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planted_classes_are_found),
        cmocka_unit_test(each_head_is_at_the_optimum_of_its_masked_loss),
        cmocka_unit_test(no_row_is_validated_by_a_fit_that_saw_its_fold),
        cmocka_unit_test(a_head_without_two_classes_is_left_out),
        cmocka_unit_test(threads_change_no_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
