/* The attentive probe: gradient and objective against the definition in long double; without queries it is the linear
 * probe on the mean token; the order of tokens, left-out labels, the number of threads change nothing; it finds what the mean
 * does not show; tokens that are no numbers, folds of one class. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_randist.h>

#include "base/memory.h"
#include "base/rng.h"
#include "metric/auroc.h"
#include "probe/attentive_select.h"
#include "probe/attentive_train.h"
#include "probe/logistic.h"
#include "probe/standardise.h"

enum { N = 90, N_TEST = 40, T = 9, D = 7, FOLDS = 3, M = 2, CLASSES = 4 };

struct data {
    float x[(N + N_TEST) * T * D], mean[N * D], test_mean[N_TEST * D];
    int32_t label[N + N_TEST];
    double target[N + N_TEST];
    uint32_t fold[N];
    struct attentive_task task;
    struct attentive_source test;
    struct attentive_scale scale[FOLDS + 1];
};

static int read_floats(float *x, void *context, size_t i, struct status *st)
{
    (void)st;
    memcpy(x, (const float *)context + i * T * D, T * D * sizeof *x);
    return STATUS_OK;
}

/* `spot` in one token of each positive; in a negative the same, spread over all: the mean does not show which. */
static struct data *draw(enum task_kind kind, double spot)
{
    struct data *s = NEW0(1, struct data);
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 4, "test_attentive", (uint64_t)kind);
    size_t n_classes = kind == KIND_REGRESSION ? 0 : kind == KIND_BINARY ? 2 : CLASSES;
    for (size_t i = 0; i < N + N_TEST; i++) {
        float *x = s->x + i * T * D;
        double shift = gsl_ran_gaussian_ziggurat(rng, 0.5);
        s->label[i] = (int32_t)gsl_rng_uniform_int(rng, n_classes ? n_classes : 2);
        for (size_t t = 0; t < T; t++)
            for (size_t j = 0; j < D; j++)
                x[t * D + j] = (float)(3 * (double)j + (j == 1 ? 20 : 1) * (shift + gsl_ran_gaussian_ziggurat(rng, 1)));
        size_t where = gsl_rng_uniform_int(rng, T);
        for (size_t t = 0; t < T; t++)
            for (size_t j = 2; j < 4; j++)
                x[t * D + j] += (float)(s->label[i] % 2 ? (t == where ? spot : 0) : spot / T);
        if (kind == KIND_MULTICLASS || kind == KIND_ORDINAL)
            x[5] += (float)s->label[i];
        s->target[i] = 50 + 10 * s->label[i] + 3 * (double)x[6] + gsl_ran_gaussian_ziggurat(rng, 2);
    }
    for (size_t i = 0; i < N; i++)
        s->fold[i] = (uint32_t)(i * 5 % FOLDS);
    gsl_rng_free(rng);
    s->task = (struct attentive_task){.kind = kind, .source = {N, T, D, read_floats, s->x}, .label = n_classes ? s->label : NULL,
                                      .target = n_classes ? NULL : s->target, .n_classes = n_classes, .fold = s->fold};
    s->test = (struct attentive_source){N_TEST, T, D, read_floats, s->x + N * T * D};
    struct status st;
    if (attentive_survey(s->mean, s->scale, &s->task, FOLDS, 1, &st))
        fail_msg("%s", st.text);
    for (size_t i = 0; i < N_TEST; i++)
        for (size_t j = 0; j < D; j++) {
            double sum = 0;
            for (size_t t = 0; t < T; t++)
                sum += (double)s->x[((N + i) * T + t) * D + j];
            s->test_mean[i * D + j] = (float)(sum / T);
        }
    return s;
}

static void done(struct data *s)
{
    for (size_t f = 0; f <= FOLDS; f++)
        attentive_scale_free(&s->scale[f]);
    free(s);
}

/* ---- the definition ---- */

static long double objective_of(const struct data *s, const struct attentive_model *m, const double *p)
{
    size_t K = m->shape.n_out, nM = m->shape.n_queries;
    const double *weight = p + nM * D, *b = weight + K * nM * D;
    long double sum = 0, penalty = 0;
    for (size_t i = 0; i < nM * D * (1 + K); i++)
        penalty += (long double)p[i] * p[i];
    for (size_t i = 0; i < N; i++) {
        if (s->fold[i] == m->left_out)
            continue;
        long double f[CLASSES];
        for (size_t k = 0; k < K; k++)
            f[k] = b[k];
        for (size_t q = 0; q < nM; q++) {
            long double e[T], whole = 0;
            for (size_t t = 0; t < T; t++) {
                long double score = 0;
                for (size_t j = 0; j < D; j++)
                    score += p[q * D + j] * ((long double)s->x[(i * T + t) * D + j] - m->scale->mean[j]) / m->scale->token_sd[j];
                whole += e[t] = expl(score / sqrtl(D));
            }
            for (size_t k = 0; k < K; k++)
                for (size_t t = 0; t < T; t++)
                    for (size_t j = 0; j < D; j++)
                        f[k] += weight[(k * nM + q) * D + j] * e[t] / whole * ((long double)s->x[(i * T + t) * D + j] - m->scale->mean[j]) /
                                m->scale->image_sd[j] / sqrtl(nM);
        }
        if (s->task.kind == KIND_REGRESSION) {
            long double off = f[0] - (s->target[i] - m->scale->target_mean) / m->scale->target_sd;
            sum += off * off / 2;
        } else if (K == 1) {
            sum += logl(1 + expl(s->label[i] ? -f[0] : f[0]));
        } else {
            long double all = 0;
            for (size_t k = 0; k < K; k++)
                all += !m->present || m->present[k] ? expl(f[k]) : 0;
            sum += logl(all) - f[s->label[i]];
        }
    }
    return m->C * sum + penalty / 2;
}

static void check_gradient(enum task_kind kind, size_t n_out, const bool *present)
{
    struct data *s = draw(kind, 2);
    struct attentive_shape shape = {D, M, n_out};
    size_t P = attentive_n_parameters(&shape);
    double *p = NEW(P, double), *gradient = NEW(P, double);
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 1, "parameters", 0);
    for (size_t i = 0; i < P; i++)
        p[i] = gsl_ran_gaussian_ziggurat(rng, 1);
    gsl_rng_free(rng);
    for (size_t i = 0; i < N && present; i++)
        s->label[i] += !present[s->label[i]];
    struct attentive_model m = {.shape = shape, .scale = &s->scale[1], .left_out = 1, .C = 0.3, .present = present, .parameter = p};
    struct attentive_out out = {.gradient = gradient};
    struct status st;
    assert_int_equal(attentive_pass(&out, &m, 1, &s->task, 1, &st), STATUS_OK);
    long double f = objective_of(s, &m, p), largest = 0, worst = 0;
    assert_true(fabsl(out.objective - f) < 1e-5L * f);
    for (size_t i = 0; i < P; i++) {
        double at = p[i], h = 1e-4;
        p[i] = at + h;
        double up = p[i];
        long double high = objective_of(s, &m, p);
        p[i] = at - h;
        long double slope = (high - objective_of(s, &m, p)) / ((long double)up - p[i]);
        p[i] = at;
        largest = fabsl(slope) > largest ? fabsl(slope) : largest;
        worst = fabsl(slope - gradient[i]) > worst ? fabsl(slope - gradient[i]) : worst;
    }
    if (!(worst < 1e-5L * largest))
        fail_msg("gradient off by %Lg of %Lg", worst, largest);
    free(p);
    free(gradient);
    done(s);
}

static void test_gradient(void **state)
{
    (void)state;
    static const bool without_2[CLASSES] = {true, true, false, true};
    check_gradient(KIND_BINARY, 1, NULL);
    check_gradient(KIND_MULTICLASS, CLASSES, NULL);
    check_gradient(KIND_ORDINAL, CLASSES, without_2);
    check_gradient(KIND_REGRESSION, 1, NULL);
}

static void test_scale_by_hand(void **state)
{
    (void)state;
    struct data *s = draw(KIND_BINARY, 1);
    for (size_t f = 0; f <= FOLDS; f++)
        for (size_t j = 0; j < D; j++) {
            long double sum = 0, square = 0, n = 0;
            for (size_t i = 0; i < N; i++)
                for (size_t t = 0; t < T && s->fold[i] != f; t++) {
                    sum += (long double)s->x[(i * T + t) * D + j];
                    n++;
                }
            for (size_t i = 0; i < N; i++)
                for (size_t t = 0; t < T && s->fold[i] != f; t++)
                    square += ((long double)s->x[(i * T + t) * D + j] - sum / n) * ((long double)s->x[(i * T + t) * D + j] - sum / n);
            assert_true(fabsl(s->scale[f].mean[j] - sum / n) < 1e-5L);
            assert_true(fabsl(s->scale[f].token_sd[j] - sqrtl(square / n)) < 1e-5L * sqrtl(square / n));
        }
    done(s);
}

/* Q = 0: objective, optimum and predictions are the logistic regression's on mean tokens, for one query and for three. */
static void test_without_queries(void **state)
{
    (void)state;
    struct data *s = draw(KIND_BINARY, 3);
    struct scaler scaler;
    double *z = NEW(N * D, double), *said = NEW(N, double), *expected = NEW(N, double), C = 0.2;
    struct logistic fit;
    struct status st;
    scaler_fit(&scaler, s->mean, N, D);
    scaler_apply(z, &scaler, s->mean, N);
    if (logistic_fit_path(&fit, &C, 1, z, N, D, s->label, 2, NULL, &st))
        fail_msg("%s", st.text);
    logistic_predict(expected, &fit, z, N);
    for (size_t n_queries = 1; n_queries <= 3; n_queries += 2) {
        struct attentive_shape shape = {D, n_queries, 1};
        size_t P = attentive_n_parameters(&shape);
        double *p = NEW0(P, double), *gradient = NEW(P, double);
        for (size_t q = 0; q < n_queries; q++)
            for (size_t j = 0; j < D; j++)
                p[(n_queries + q) * D + j] = fit.coef[j] / sqrt((double)n_queries);
        p[P - 1] = fit.intercept[0];
        struct attentive_model m = {.shape = shape, .scale = &s->scale[FOLDS], .left_out = ATTENTIVE_NO_FOLD, .C = C, .parameter = p};
        struct attentive_out out = {.gradient = gradient, .prediction = said};
        assert_int_equal(attentive_pass(&out, &m, 1, &s->task, 1, &st), STATUS_OK);
        double loss = 0, square = 0;
        for (size_t i = 0; i < N; i++) {
            loss -= log(s->label[i] ? expected[i] : 1 - expected[i]);
            assert_true(fabs(said[i] - expected[i]) < 1e-5);
        }
        for (size_t j = 0; j < D; j++)
            square += fit.coef[j] * fit.coef[j];
        assert_true(fabs(out.objective - (C * loss + square / 2)) < 1e-5 * out.objective);
        for (size_t i = n_queries * D; i < P; i++) /* W and b stand at their optimum */
            assert_true(fabs(gradient[i]) < 1e-4);
        free(p);
        free(gradient);
    }
    logistic_free(&fit);
    scaler_free(&scaler);
    free(z);
    free(said);
    free(expected);
    done(s);
}

static struct probe_result choose(const struct data *s, const struct attentive_options *o, size_t **passes, int n_threads)
{
    struct probe_result r;
    struct attentive_cost cost;
    struct status st = {0};
    if (attentive_select(&r, passes, &cost, &s->task, FOLDS, &s->test, o, n_threads, &st))
        fail_msg("%s", st.text);
    return r;
}

/* With no passes to choose, the choice is probe_select_linear's on mean tokens: scores, chosen C, predictions. */
static void test_no_passes_is_the_linear_probe(void **state)
{
    (void)state;
    static const double C[] = {1e-3, 1e-2, 0.1, 1, 10};
    static const size_t none = 0;
    for (int kind = KIND_BINARY; kind <= KIND_REGRESSION; kind++) {
        struct data *s = draw((enum task_kind)kind, 3);
        bool regression = kind == KIND_REGRESSION;
        double alpha[5];
        for (size_t g = 0; g < 5; g++)
            alpha[g] = 1 / C[4 - g];
        struct attentive_options o = {.C = C, .n_c = 5, .passes = &none, .n_passes = 1};
        size_t *passes;
        struct probe_result r = choose(s, &o, &passes, 2), linear;
        struct probe_task t = {.kind = (enum task_kind)kind, .x = s->mean, .n = N, .d = D, .label = s->task.label, .target = s->task.target,
                               .n_classes = s->task.n_classes, .fold = s->fold, .n_folds = FOLDS, .x_test = s->test_mean, .n_test = N_TEST};
        struct status st;
        if (probe_select_linear(&linear, &t, regression ? alpha : C, 5, 1, &st))
            fail_msg("%s", st.text);
        for (size_t g = 0; g < 5; g++)
            assert_true(fabs(r.score[g] - linear.score[regression ? 4 - g : g]) < 1e-7 * (1 + fabs(r.score[g])));
        assert_int_equal(r.chosen, regression ? 4 - linear.chosen : linear.chosen);
        assert_int_equal(r.at_edge, linear.at_edge);
        for (size_t i = 0; i < N * r.n_out; i++)
            assert_true(fabs(r.validation[i] - linear.validation[i]) < 1e-6 * (1 + fabs(linear.validation[i])));
        for (size_t i = 0; i < N_TEST * r.n_out; i++)
            assert_true(fabs(r.test[i] - linear.test[i]) < 1e-4 * (1 + fabs(linear.test[i])));
        probe_result_free(&r);
        probe_result_free(&linear);
        free(passes);
        done(s);
    }
}

/* What the mean cannot show is found, in a test part that is not trained on too. */
static void test_finds_a_spot(void **state)
{
    (void)state;
    struct data *s = draw(KIND_BINARY, 8);
    struct attentive_options o = {.seed = 7};
    size_t *passes;
    struct probe_result r = choose(s, &o, &passes, 2);
    double area, linear = 0;
    assert_int_equal(auroc_binary(&area, s->label + N, r.test, N_TEST, NULL), STATUS_OK);
    for (size_t g = 0; g < r.n_grid; g++)
        if (passes[g] == 0 && r.score[g] > linear)
            linear = r.score[g];
    assert_true(linear < 0.75 && r.score[r.chosen] > 0.95 && area > 0.95);
    assert_true(passes[r.chosen] > 0);
    probe_result_free(&r);
    free(passes);
    done(s);
}

static void test_threads_and_seed(void **state)
{
    (void)state;
    static const size_t stop[] = {0, 2, 6};
    struct data *s = draw(KIND_MULTICLASS, 4);
    struct attentive_options o = {.passes = stop, .n_passes = 3, .seed = 7};
    size_t *passes;
    struct probe_result one = choose(s, &o, &passes, 1), r;
    for (int n_threads = 2; n_threads <= 5; n_threads += 3) {
        free(passes);
        r = choose(s, &o, &passes, n_threads);
        assert_memory_equal(r.fold_score, one.fold_score, FOLDS * r.n_grid * sizeof(double));
        assert_memory_equal(r.validation, one.validation, N * CLASSES * sizeof(double));
        assert_memory_equal(r.test, one.test, N_TEST * CLASSES * sizeof(double));
        probe_result_free(&r);
    }
    o.seed = 8;
    free(passes);
    r = choose(s, &o, &passes, 1);
    assert_memory_not_equal(r.fold_score, one.fold_score, FOLDS * r.n_grid * sizeof(double));
    probe_result_free(&r);
    probe_result_free(&one);
    free(passes);
    done(s);
}

static void test_order_of_tokens(void **state)
{
    (void)state;
    static const size_t stop[] = {3};
    static const double C[] = {0.1, 1};
    struct data *s = draw(KIND_BINARY, 4);
    struct attentive_options o = {.C = C, .n_c = 2, .passes = stop, .n_passes = 1};
    size_t *passes;
    struct probe_result r = choose(s, &o, &passes, 1), turned;
    for (size_t i = 0; i < N + N_TEST; i++)
        for (size_t t = 0; t < T / 2; t++)
            for (size_t j = 0; j < D; j++) {
                float *a = &s->x[(i * T + t) * D + j], *b = &s->x[(i * T + T - 1 - t) * D + j], kept = *a;
                *a = *b;
                *b = kept;
            }
    free(passes);
    turned = choose(s, &o, &passes, 1);
    for (size_t i = 0; i < N_TEST; i++)
        assert_true(fabs(r.test[i] - turned.test[i]) < 1e-3);
    for (size_t i = 0; i < N; i++)
        assert_true(fabs(r.validation[i] - turned.validation[i]) < 1e-3);
    probe_result_free(&r);
    probe_result_free(&turned);
    free(passes);
    done(s);
}

/* A model sees neither labels nor tokens of its left-out fold. */
static void test_left_out_is_left_out(void **state)
{
    (void)state;
    struct data *s = draw(KIND_BINARY, 2);
    struct attentive_shape shape = {D, M, 1};
    size_t P = attentive_n_parameters(&shape);
    double *p = NEW(P, double), *before = NEW(P, double), *after = NEW(P, double);
    for (size_t i = 0; i < P; i++)
        p[i] = sin((double)i);
    struct attentive_model m = {.shape = shape, .scale = &s->scale[2], .left_out = 2, .C = 1, .parameter = p};
    struct attentive_out out = {.gradient = before};
    struct attentive_scale scale[FOLDS + 1];
    struct status st;
    assert_int_equal(attentive_pass(&out, &m, 1, &s->task, 1, &st), STATUS_OK);
    for (size_t i = 0; i < N; i++)
        if (s->fold[i] == 2) {
            s->label[i] = !s->label[i];
            s->x[i * T * D] += 5;
        }
    assert_int_equal(attentive_survey(s->mean, scale, &s->task, FOLDS, 1, &st), STATUS_OK);
    assert_memory_equal(scale[2].mean, s->scale[2].mean, D * sizeof(double));
    assert_memory_equal(scale[2].image_sd, s->scale[2].image_sd, D * sizeof(double));
    m.scale = &scale[2];
    out.gradient = after;
    assert_int_equal(attentive_pass(&out, &m, 1, &s->task, 1, &st), STATUS_OK);
    for (size_t i = 0; i < P; i++)
        assert_true(fabs(before[i] - after[i]) <= 1e-6 * (1 + fabs(before[i])));
    for (size_t f = 0; f <= FOLDS; f++)
        attentive_scale_free(&scale[f]);
    free(p);
    free(before);
    free(after);
    done(s);
}

/* Models of other folds, features scaled otherwise, beside it: the same as alone. */
static void test_together_or_alone(void **state)
{
    (void)state;
    struct data *s = draw(KIND_MULTICLASS, 2);
    struct attentive_shape shape = {D, M, CLASSES};
    size_t P = attentive_n_parameters(&shape);
    double *p = NEW(P, double), *gradient[FOLDS + 1], *alone = NEW(P, double), objective;
    struct attentive_model m[FOLDS];
    struct attentive_out out[FOLDS], one = {.gradient = alone};
    struct status st;
    for (size_t i = 0; i < P; i++)
        p[i] = sin(3.0 * (double)i);
    for (size_t i = 0; i < N; i++) /* fold 0 is another world */
        for (size_t j = 0; j < T * D && s->fold[i] == 0; j++)
            s->x[i * T * D + j] = 3 * s->x[i * T * D + j] + 40;
    for (size_t f = 0; f <= FOLDS; f++)
        attentive_scale_free(&s->scale[f]);
    assert_int_equal(attentive_survey(s->mean, s->scale, &s->task, FOLDS, 1, &st), STATUS_OK);
    for (uint32_t f = 0; f < FOLDS; f++) {
        m[f] = (struct attentive_model){.shape = shape, .scale = &s->scale[f], .left_out = f, .C = 1 + f, .parameter = p};
        out[f] = (struct attentive_out){.gradient = gradient[f] = NEW(P, double)};
    }
    assert_int_equal(attentive_pass(out, m, FOLDS, &s->task, 2, &st), STATUS_OK);
    for (size_t f = 0; f < FOLDS; f++) {
        double largest = 0;
        assert_int_equal(attentive_pass(&one, &m[f], 1, &s->task, 1, &st), STATUS_OK);
        objective = (double)objective_of(s, &m[f], p);
        assert_true(fabs(out[f].objective - objective) < 1e-5 * objective && fabs(one.objective - objective) < 1e-5 * objective);
        for (size_t i = 0; i < P; i++)
            largest = fabs(alone[i]) > largest ? fabs(alone[i]) : largest;
        for (size_t i = 0; i < P; i++)
            assert_true(fabs(gradient[f][i] - alone[i]) < 1e-4 * largest);
        free(gradient[f]);
    }
    free(p);
    free(alone);
    done(s);
}

/* At every stop a model says what its parameters say, also where the last trial point was not taken. */
static void test_what_is_kept(void **state)
{
    (void)state;
    enum { STOPS = 25 };
    struct data *s = draw(KIND_BINARY, 8);
    struct attentive_shape shape = {D, M, 1};
    size_t P = attentive_n_parameters(&shape), stop[STOPS], n_passes;
    double *start = NEW0(P, double), *kept = NEW(STOPS * P, double), *said = NEW(STOPS * N, double), *again = NEW0(N, double), before = INFINITY;
    struct status st;
    attentive_draw_queries(start, &shape, 1, 3);
    for (size_t i = 0; i < STOPS; i++)
        stop[i] = i + 1;
    struct attentive_fit fit = {.model = {.shape = shape, .scale = &s->scale[1], .left_out = 1, .C = 10, .parameter = start}, .kept = kept, .prediction = said};
    assert_int_equal(attentive_train(&fit, 1, &s->task, stop, STOPS, &n_passes, 1, &st), STATUS_OK);
    assert_true(fit.steps < n_passes && fit.steps > n_passes / 2);
    for (size_t k = 0; k < STOPS; k++) {
        struct attentive_model m = fit.model;
        double *gradient = NEW(P, double);
        m.parameter = kept + k * P;
        struct attentive_out out = {.gradient = gradient, .prediction = again};
        assert_int_equal(attentive_pass(&out, &m, 1, &s->task, 1, &st), STATUS_OK);
        assert_true(out.objective <= before);
        before = out.objective;
        for (size_t i = 0; i < N; i++)
            assert_true(s->fold[i] != 1 || said[k * N + i] == again[i]);
        free(gradient);
    }
    assert_true(fit.objective == before);
    free(start);
    free(kept);
    free(said);
    free(again);
    done(s);
}

static void test_folds(void **state)
{
    (void)state;
    static const size_t stop[] = {0, 8};
    struct data *s = draw(KIND_BINARY, 8);
    struct attentive_options o = {.passes = stop, .n_passes = 2};
    struct probe_folds r;
    struct probe_result whole;
    struct attentive_cost cost;
    struct status st;
    size_t *passes, *same;
    whole = choose(s, &o, &same, 1);
    if (attentive_folds(&r, &passes, &cost, &s->task, FOLDS, &s->test, &o, 2, &st))
        fail_msg("%s", st.text);
    assert_memory_equal(r.score, whole.fold_score, FOLDS * r.n_grid * sizeof(double));
    for (size_t f = 0; f < FOLDS; f++) {
        double area;
        assert_int_equal(r.left_out[f].code, STATUS_OK);
        for (size_t g = 0; g < r.n_grid; g++)
            assert_true(r.score[f * r.n_grid + g] <= r.score[f * r.n_grid + r.chosen[f]]);
        assert_int_equal(auroc_binary(&area, s->label + N, r.test + f * N_TEST, N_TEST, NULL), STATUS_OK);
        assert_true(area > 0.9);
    }
    probe_folds_free(&r);
    probe_result_free(&whole);
    free(passes);
    free(same);
    done(s);
}

static void test_what_cannot_be_fitted(void **state)
{
    (void)state;
    struct data *s = draw(KIND_BINARY, 2);
    const struct attentive_options o = {0};
    struct probe_result r;
    struct attentive_cost cost;
    struct status st;
    size_t *passes;
    for (size_t i = 0; i < N; i++)
        s->label[i] = s->fold[i] == 0; /* all of class 1 in fold 0: it trains on one class, the others validate on one */
    assert_int_equal(attentive_select(&r, &passes, &cost, &s->task, FOLDS, &s->test, &o, 2, &st), STATUS_UNDEFINED);
    assert_non_null(strstr(st.text, "the training rows hold one class"));
    done(s);

    s = draw(KIND_BINARY, 2);
    for (size_t i = 0; i < N; i++) /* fold 0 alone cannot be validated on */
        s->label[i] = s->fold[i] == 0 ? 0 : (int32_t)(i % 2);
    size_t stop[] = {0, 2};
    const struct attentive_options few = {.passes = stop, .n_passes = 2};
    r = choose(s, &few, &passes, 2);
    assert_non_null(strstr(r.note, "fold 1: auroc is undefined"));
    for (size_t i = 0; i < N; i++)
        assert_int_equal(isnan(r.validation[i]), s->fold[i] == 0);
    probe_result_free(&r);
    free(passes);
    done(s);

    s = draw(KIND_BINARY, 2);
    s->x[(17 * T + 3) * D + 2] = NAN;
    s->x[(60 * T + 3) * D + 2] = INFINITY;
    assert_int_equal(attentive_select(&r, &passes, &cost, &s->task, FOLDS, &s->test, &few, 2, &st), STATUS_DATA);
    assert_string_equal(st.text, "a token of image 17 is not finite");
    s->x[(17 * T + 3) * D + 2] = 0;
    assert_int_equal(attentive_select(&r, &passes, &cost, &s->task, FOLDS, &s->test, &few, 2, &st), STATUS_DATA);
    assert_string_equal(st.text, "a token of image 60 is not finite");
    done(s);
}

/* Fewer classes in a fold's training rows than the task has: the missing one gets probability 0. */
static void test_missing_class(void **state)
{
    (void)state;
    static const size_t stop[] = {0, 3};
    struct data *s = draw(KIND_ORDINAL, 2);
    const struct attentive_options o = {.passes = stop, .n_passes = 2};
    size_t *passes;
    for (size_t i = 0; i < N; i++)
        if (s->label[i] == 3 && s->fold[i] != 1)
            s->label[i] = 2;
    struct probe_result r = choose(s, &o, &passes, 2);
    for (size_t i = 0; i < N; i++) {
        double sum = 0;
        for (size_t k = 0; k < CLASSES; k++)
            sum += r.validation[i * CLASSES + k];
        assert_true(fabs(sum - 1) < 1e-9);
        assert_int_equal(r.validation[i * CLASSES + 3] == 0, s->fold[i] == 1);
    }
    probe_result_free(&r);
    free(passes);
    done(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gradient), cmocka_unit_test(test_scale_by_hand), cmocka_unit_test(test_without_queries),
                                       cmocka_unit_test(test_no_passes_is_the_linear_probe), cmocka_unit_test(test_finds_a_spot),
                                       cmocka_unit_test(test_threads_and_seed), cmocka_unit_test(test_order_of_tokens),
                                       cmocka_unit_test(test_left_out_is_left_out), cmocka_unit_test(test_together_or_alone), cmocka_unit_test(test_what_is_kept), cmocka_unit_test(test_folds),
                                       cmocka_unit_test(test_what_cannot_be_fitted), cmocka_unit_test(test_missing_class)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
