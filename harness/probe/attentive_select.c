#include "probe/attentive_select.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"
#include "base/memory.h"
#include "probe/attentive_train.h"
#include "probe/criterion.h"
#include "probe/logistic.h"
#include "probe/ridge.h"

static const double DEFAULT_C[] = {1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100};
static const size_t DEFAULT_PASSES[] = {0, 5, 10, 20, 40};
#define START_SD 1.0 /* of a query's entries: scores of standardised tokens then spread by about 1 */

/* ---- what all parts of a choice share ---- */

struct choice {
    const struct attentive_task *task;
    size_t n_folds, n_c, n_stops; /* n_stops: values of `passes`, 0 among them or not */
    const double *C;
    const size_t *stop;
    struct attentive_shape shape;
    const char *criterion;
    float *mean;                   /* [n, width] tokens of each image */
    struct attentive_scale *scale; /* [n_folds + 1], the last of all images */
    bool *present;                 /* [n_folds + 1, n_classes] */
    struct status *why;            /* [n_folds] STATUS_UNDEFINED: left out */
    double *query;                 /* [n_queries, width] at the start */
    double *linear;                /* [n_folds, n_c, n_parameters]: without queries, at its optimum */
    double *said;                  /* [n_c, n_stops, n, n_out] out-of-fold predictions */
    double *kept;                  /* [n_folds, n_c, n_stops, n_parameters]; NULL: not wanted */
    struct attentive_cost *cost;
    int n_threads;
};

static void choice_make(struct choice *c, const struct attentive_task *t, size_t n_folds, const struct attentive_options *o, struct attentive_cost *cost,
                        int n_threads)
{
    blas_use_one_thread();
    *cost = (struct attentive_cost){0};
    *c = (struct choice){.task = t, .n_folds = n_folds, .C = o->C ? o->C : DEFAULT_C, .n_c = o->C ? o->n_c : sizeof DEFAULT_C / sizeof *DEFAULT_C,
                         .stop = o->passes ? o->passes : DEFAULT_PASSES,
                         .n_stops = o->passes ? o->n_passes : sizeof DEFAULT_PASSES / sizeof *DEFAULT_PASSES, .criterion = criterion_name(t->kind),
                         .cost = cost, .n_threads = n_threads};
    c->shape = (struct attentive_shape){.width = t->source.width, .n_queries = o->n_queries ? o->n_queries : ATTENTIVE_QUERIES,
                                        .n_out = t->kind == KIND_BINARY || t->kind == KIND_REGRESSION ? 1 : t->n_classes};
    size_t n_parameters = attentive_n_parameters(&c->shape), n_said = c->n_c * c->n_stops * t->source.n * c->shape.n_out;
    c->mean = NEW(t->source.n * t->source.width, float);
    c->scale = NEW0(n_folds + 1, struct attentive_scale);
    c->present = NEW0((n_folds + 1) * (t->n_classes ? t->n_classes : 1), bool);
    c->why = NEW0(n_folds, struct status);
    c->query = NEW(c->shape.n_queries * c->shape.width, double);
    attentive_draw_queries(c->query, &c->shape, START_SD, o->seed);
    c->linear = NEW0(n_folds * c->n_c * n_parameters, double);
    c->said = NEW(n_said, double);
    for (size_t i = 0; i < n_said; i++)
        c->said[i] = NAN;
}

static void choice_free(struct choice *c)
{
    for (size_t f = 0; f <= c->n_folds; f++)
        attentive_scale_free(&c->scale[f]);
    free(c->mean);
    free(c->scale);
    free(c->present);
    free(c->why);
    free(c->query);
    free(c->linear);
    free(c->said);
    free(c->kept);
}

/* ---- the linear probe on mean tokens, where every walk begins ---- */

static size_t *rows_of(size_t *n, const struct attentive_task *t, size_t left_out, bool inside)
{
    size_t *row = NEW(t->source.n, size_t);
    *n = 0;
    for (size_t i = 0; i < t->source.n; i++)
        if ((t->fold && t->fold[i] == left_out) == inside)
            row[(*n)++] = i;
    return row;
}

static void standardised(double *z, const struct choice *c, const struct attentive_scale *s, const size_t *row, size_t n)
{
    size_t D = c->shape.width;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < D; j++)
            z[i * D + j] = ((double)c->mean[row[i] * D + j] - s->mean[j]) / s->image_sd[j];
}

/* One row of a linear probe, shared out among queries that all pool the mean. */
static void share_out(double *parameter, const struct choice *c, size_t k, const double *coef, double intercept)
{
    size_t D = c->shape.width, M = c->shape.n_queries;
    double *weight = parameter + M * D + k * M * D;
    for (size_t q = 0; q < M; q++)
        for (size_t j = 0; j < D; j++)
            weight[q * D + j] = coef[j] / sqrt((double)M);
    parameter[M * D * (1 + c->shape.n_out) + k] = isfinite(intercept) ? intercept : 0; /* of a class without rows: see attentive_model.present */
}

/* parameter[n_c, n_parameters] of row[n], a fold's training rows; prediction[n_c, n_query, n_out] for query[n_query] */
static int fit_linear(double *parameter, double *prediction, const struct choice *c, const double *C, size_t n_c, const struct attentive_scale *s,
                      const size_t *row, size_t n, const size_t *query, size_t n_query, struct status *st)
{
    const struct attentive_task *t = c->task;
    size_t D = c->shape.width, K = c->shape.n_out, P = attentive_n_parameters(&c->shape);
    double *z = NEW(n * D, double), *zq = NEW(n_query * D, double), *target = NEW(n, double), *alpha = NEW(n_c, double);
    int32_t *label = NEW(n, int32_t);
    int code;
    standardised(z, c, s, row, n);
    standardised(zq, c, s, query, n_query);
    for (size_t i = 0; i < n; i++) {
        label[i] = t->label ? t->label[row[i]] : 0;
        target[i] = t->target ? (t->target[row[i]] - s->target_mean) / s->target_sd : 0;
    }
    if (t->kind == KIND_REGRESSION) {
        struct ridge *fit = NEW0(n_c, struct ridge);
        for (size_t g = 0; g < n_c; g++)
            alpha[g] = 1 / C[g];
        code = ridge_fit_path(fit, NULL, alpha, n_c, z, n, D, target, NULL, st);
        for (size_t g = 0; g < n_c && !code; g++) {
            share_out(parameter + g * P, c, 0, fit[g].coef, fit[g].intercept);
            ridge_predict(prediction + g * n_query, &fit[g], zq, n_query);
            for (size_t i = 0; i < n_query; i++)
                prediction[g * n_query + i] = s->target_mean + s->target_sd * prediction[g * n_query + i];
        }
        for (size_t g = 0; g < n_c; g++)
            ridge_free(&fit[g]);
        free(fit);
    } else {
        struct logistic *fit = NEW0(n_c, struct logistic);
        code = logistic_fit_path(fit, C, n_c, z, n, D, label, t->n_classes, NULL, st);
        for (size_t g = 0; g < n_c && !code; g++) {
            for (size_t k = 0; k < K; k++)
                share_out(parameter + g * P, c, k, fit[g].coef + k * D, fit[g].intercept[k]);
            logistic_predict(prediction + g * n_query * K, &fit[g], zq, n_query);
        }
        for (size_t g = 0; g < n_c; g++)
            logistic_free(&fit[g]);
        free(fit);
    }
    free(z);
    free(zq);
    free(target);
    free(alpha);
    free(label);
    return code;
}

static size_t count_present(bool *present, const struct attentive_task *t, const size_t *row, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n && t->label; i++) {
        count += !present[t->label[row[i]]];
        present[t->label[row[i]]] = true;
    }
    return count;
}

/* STATUS_UNDEFINED with the words of select.c where the fold cannot be trained or validated on. */
static int begin_fold(struct choice *c, size_t f, struct status *st)
{
    const struct attentive_task *t = c->task;
    size_t n, m, K = c->shape.n_out, P = attentive_n_parameters(&c->shape), *row = rows_of(&n, t, f, false), *validation = rows_of(&m, t, f, true);
    int code = STATUS_OK;
    size_t n_present = count_present(c->present + f * t->n_classes, t, row, n);
    if (m == 0)
        code = status_set(st, STATUS_UNDEFINED, "no row to validate on");
    else if (n == 0)
        code = status_set(st, STATUS_UNDEFINED, "no row to train on");
    else if (t->kind != KIND_REGRESSION && n_present < 2)
        code = status_set(st, STATUS_UNDEFINED, "the training rows hold one class");
    double *said = NEW(c->n_c * m * K, double);
    if (!code)
        code = fit_linear(c->linear + f * c->n_c * P, said, c, c->C, c->n_c, &c->scale[f], row, n, validation, m, st);
    for (size_t g = 0; g < c->n_c && !code; g++)
        for (size_t s = 0; s < c->n_stops; s++)
            for (size_t i = 0; i < m && c->stop[s] == 0; i++)
                memcpy(c->said + ((g * c->n_stops + s) * t->source.n + validation[i]) * K, said + (g * m + i) * K, K * sizeof *said);
    free(said);
    free(row);
    free(validation);
    return code;
}

/* ---- training ---- */

/* A start: the linear probe, and queries that look about. */
static void start_from(double *parameter, const double *linear, const struct choice *c)
{
    memcpy(parameter, linear, attentive_n_parameters(&c->shape) * sizeof *parameter);
    memcpy(parameter, c->query, c->shape.n_queries * c->shape.width * sizeof *parameter);
}

/* All folds that are not left out, with all C, at every stop behind 0. */
static int train_folds(struct choice *c, struct status *st)
{
    size_t P = attentive_n_parameters(&c->shape), most = c->n_folds * c->n_c, n = 0, skip = c->n_stops && c->stop[0] == 0, n_said = c->task->source.n * c->shape.n_out;
    double *start = NEW(most * P, double);
    struct attentive_fit *fit = NEW0(most, struct attentive_fit);
    for (size_t f = 0; f < c->n_folds; f++)
        for (size_t g = 0; g < c->n_c && !c->why[f].code; g++, n++) {
            const double *linear = c->linear + (f * c->n_c + g) * P;
            start_from(start + n * P, linear, c);
            fit[n].model = (struct attentive_model){.shape = c->shape, .scale = &c->scale[f], .left_out = (uint32_t)f, .C = c->C[g],
                                                    .present = c->task->label ? c->present + f * c->task->n_classes : NULL, .parameter = start + n * P};
            fit[n].prediction = c->said + (g * c->n_stops + skip) * n_said;
            if (c->kept) {
                double *kept = c->kept + (f * c->n_c + g) * c->n_stops * P;
                if (skip)
                    memcpy(kept, linear, P * sizeof *kept);
                fit[n].kept = kept + skip * P;
            }
        }
    c->cost->n_fits += n;
    int code = STATUS_OK;
    if (n && c->n_stops > skip) {
        code = attentive_train(fit, n, c->task, c->stop + skip, c->n_stops - skip, &c->cost->n_passes, c->n_threads, st);
        c->cost->images_read += c->cost->n_passes * c->task->source.n;
    }
    free(fit);
    free(start);
    return code;
}

/* Survey, linear probes, training; which folds are left out stands in why[n_folds]. */
static int try_all(struct choice *c, struct status *st)
{
    int code = attentive_survey(c->mean, c->scale, c->task, c->n_folds, c->n_threads, st);
    c->cost->images_read += c->task->source.n + 1;
    if (code)
        return code;
#pragma omp parallel for schedule(dynamic, 1) num_threads(c->n_threads)
    for (size_t f = 0; f < c->n_folds; f++)
        c->why[f].code = begin_fold(c, f, &c->why[f]);
    for (size_t f = 0; f < c->n_folds; f++)
        if (c->why[f].code && c->why[f].code != STATUS_UNDEFINED)
            return status_set(st, c->why[f].code, "fold %zu: %s", f + 1, c->why[f].text);
    return train_folds(c, st);
}

/* ---- scores and the choice, as in select.c ---- */

/* score[n_folds, n_grid], NaN in folds left out; a fold in which one value of the grid is undefined is left out. */
static void score_folds(double *score, struct choice *c)
{
    const struct attentive_task *t = c->task;
    size_t n_grid = c->n_c * c->n_stops, K = c->shape.n_out;
    for (size_t f = 0; f < c->n_folds; f++) {
        double *own = score + f * n_grid;
        size_t m, *row = rows_of(&m, t, f, true);
        int32_t *label = NEW(m, int32_t);
        double *target = NEW(m, double), *said = NEW(m * K, double);
        for (size_t g = 0; g < n_grid; g++)
            own[g] = NAN;
        for (size_t i = 0; i < m; i++) {
            label[i] = t->label ? t->label[row[i]] : 0;
            target[i] = t->target ? t->target[row[i]] : 0;
        }
        for (size_t g = 0; g < n_grid && !c->why[f].code; g++) {
            for (size_t i = 0; i < m; i++)
                memcpy(said + i * K, c->said + (g * t->source.n + row[i]) * K, K * sizeof *said);
            own[g] = criterion_value(t->kind, t->n_classes, label, target, said, m);
            if (isnan(own[g]))
                c->why[f].code = status_set(&c->why[f], STATUS_UNDEFINED, "%s is undefined on the validation rows", c->criterion);
        }
        for (size_t g = 0; g < n_grid && c->why[f].code; g++)
            own[g] = NAN;
        free(said);
        free(target);
        free(label);
        free(row);
    }
}

static size_t choose(const double *score, size_t n_grid, enum task_kind kind)
{
    size_t chosen = 0;
    for (size_t g = 1; g < n_grid; g++)
        if (kind == KIND_REGRESSION ? score[g] < score[chosen] : score[g] > score[chosen])
            chosen = g;
    return chosen;
}

/* The smallest or largest of several C, or the most passes; none is no edge: it is the linear probe. */
static bool is_edge(const struct choice *c, size_t chosen)
{
    size_t at_c = chosen / c->n_stops, at_stop = chosen % c->n_stops;
    return (c->n_c > 1 && (at_c == 0 || at_c == c->n_c - 1)) || (c->n_stops > 1 && at_stop == c->n_stops - 1);
}

static void write_grid(double **grid, size_t **passes, const struct choice *c)
{
    size_t n_grid = c->n_c * c->n_stops;
    *grid = NEW(n_grid, double);
    *passes = NEW(n_grid, size_t);
    for (size_t g = 0; g < n_grid; g++) {
        (*grid)[g] = c->C[g / c->n_stops];
        (*passes)[g] = c->stop[g % c->n_stops];
    }
}

static struct attentive_task test_task(const struct choice *c, const struct attentive_source *test)
{
    return (struct attentive_task){.kind = c->task->kind, .source = *test, .n_classes = c->task->n_classes};
}

/* prediction[n_test, n_out] of each of the models given. */
static int score_test(struct attentive_out *out, struct attentive_model *model, size_t n_models, const struct choice *c, const struct attentive_source *test,
                      struct status *st)
{
    struct attentive_task t = test_task(c, test);
    c->cost->images_read += test->n;
    return n_models && test->n ? attentive_pass(out, model, n_models, &t, c->n_threads, st) : STATUS_OK;
}

/* ---- one model of all rows ---- */

static int refit(struct probe_result *r, const struct choice *c, const struct attentive_source *test, struct status *st)
{
    size_t n, P = attentive_n_parameters(&c->shape), stop = c->stop[r->chosen % c->n_stops], n_passes = 0, *row = rows_of(&n, c->task, SIZE_MAX, false);
    double C = r->grid[r->chosen], *linear = NEW0(P, double), *start = NEW(P, double), *kept = NEW(P, double);
    bool *present = c->present + c->n_folds * c->task->n_classes;
    (void)count_present(present, c->task, row, n);
    struct attentive_fit fit = {.kept = kept, .model = {.shape = c->shape, .scale = &c->scale[c->n_folds], .left_out = ATTENTIVE_NO_FOLD, .C = C,
                                                        .present = c->task->label ? present : NULL, .parameter = start}};
    int code = fit_linear(linear, NULL, c, &C, 1, fit.model.scale, row, n, NULL, 0, st);
    if (!code && stop) {
        start_from(start, linear, c);
        code = attentive_train(&fit, 1, c->task, &stop, 1, &n_passes, c->n_threads, st);
        c->cost->n_passes += n_passes;
        c->cost->images_read += n_passes * n;
    }
    c->cost->n_fits++;
    struct attentive_out out = {.prediction = r->test};
    fit.model.parameter = stop ? kept : linear;
    if (!code)
        code = score_test(&out, &fit.model, 1, c, test, st);
    free(kept);
    free(start);
    free(linear);
    free(row);
    return code;
}

int attentive_select(struct probe_result *r, size_t **passes, struct attentive_cost *cost, const struct attentive_task *t, size_t n_folds,
                     const struct attentive_source *test, const struct attentive_options *options, int n_threads, struct status *st)
{
    struct choice c;
    choice_make(&c, t, n_folds, options, cost, n_threads);
    size_t n = t->source.n, K = c.shape.n_out, n_usable = 0, used = 0;
    *r = (struct probe_result){.n_out = K, .n_grid = c.n_c * c.n_stops, .criterion = c.criterion};
    write_grid(&r->grid, passes, &c);
    r->score = NEW0(r->n_grid, double);
    r->fold_score = NEW(n_folds * r->n_grid, double);
    r->validation = NEW(n * K, double);
    r->test = NEW(test->n * K, double);
    int code = try_all(&c, st);
    if (!code)
        score_folds(r->fold_score, &c);
    for (size_t f = 0; f < n_folds && !code; f++) {
        n_usable += !c.why[f].code;
        if (c.why[f].code && used < sizeof r->note)
            used += (size_t)snprintf(r->note + used, sizeof r->note - used, "%sfold %zu: %.100s", used ? "; " : "", f + 1, c.why[f].text);
        for (size_t g = 0; g < r->n_grid && !c.why[f].code; g++)
            r->score[g] += r->fold_score[f * r->n_grid + g];
    }
    if (!code && !n_usable)
        code = status_set(st, STATUS_UNDEFINED, "no usable validation fold (%s)", r->note);
    if (!code) {
        for (size_t g = 0; g < r->n_grid; g++)
            r->score[g] /= (double)n_usable;
        r->chosen = choose(r->score, r->n_grid, t->kind);
        r->at_edge = is_edge(&c, r->chosen);
        memcpy(r->validation, c.said + r->chosen * n * K, n * K * sizeof *r->validation);
        for (size_t i = 0; i < n * K; i++)
            if (c.why[t->fold[i / K]].code)
                r->validation[i] = NAN;
        code = refit(r, &c, test, st);
    }
    choice_free(&c);
    if (code) {
        probe_result_free(r);
        free(*passes);
        *passes = NULL;
    }
    return code;
}

/* ---- each fold for itself ---- */

static int score_each_fold(struct probe_folds *r, const struct choice *c, const struct attentive_source *test, struct status *st)
{
    size_t P = attentive_n_parameters(&c->shape), n = 0;
    struct attentive_out *out = NEW(c->n_folds, struct attentive_out);
    struct attentive_model *model = NEW(c->n_folds, struct attentive_model);
    for (size_t f = 0; f < c->n_folds; f++) {
        if (c->why[f].code)
            continue;
        model[n] = (struct attentive_model){.shape = c->shape, .scale = &c->scale[f], .left_out = ATTENTIVE_NO_FOLD,
                                            .present = c->task->label ? c->present + f * c->task->n_classes : NULL,
                                            .parameter = c->kept + (f * r->n_grid + r->chosen[f]) * P};
        out[n++] = (struct attentive_out){.prediction = r->test + f * test->n * r->n_out};
    }
    int code = score_test(out, model, n, c, test, st);
    free(model);
    free(out);
    return code;
}

int attentive_folds(struct probe_folds *r, size_t **passes, struct attentive_cost *cost, const struct attentive_task *t, size_t n_folds,
                    const struct attentive_source *test, const struct attentive_options *options, int n_threads, struct status *st)
{
    struct choice c;
    choice_make(&c, t, n_folds, options, cost, n_threads);
    size_t n = t->source.n, K = c.shape.n_out, n_usable = 0;
    *r = (struct probe_folds){.n_out = K, .n_grid = c.n_c * c.n_stops, .n_folds = n_folds, .criterion = c.criterion};
    write_grid(&r->grid, passes, &c);
    r->score = NEW(n_folds * r->n_grid, double);
    r->chosen = NEW0(n_folds, size_t);
    r->at_edge = NEW0(n_folds, bool);
    r->validation = NEW(n * K, double);
    r->test = NEW(n_folds * test->n * K, double);
    r->left_out = NEW0(n_folds, struct status);
    c.kept = NEW0(n_folds * r->n_grid * attentive_n_parameters(&c.shape), double);
    for (size_t i = 0; i < n_folds * test->n * K; i++)
        r->test[i] = NAN;
    int code = try_all(&c, st);
    if (!code)
        score_folds(r->score, &c);
    for (size_t f = 0; f < n_folds && !code; f++) {
        r->left_out[f] = c.why[f];
        n_usable += !c.why[f].code;
        if (c.why[f].code)
            continue;
        r->chosen[f] = choose(r->score + f * r->n_grid, r->n_grid, t->kind);
        r->at_edge[f] = is_edge(&c, r->chosen[f]);
    }
    if (!code && !n_usable)
        code = status_set(st, STATUS_UNDEFINED, "no usable validation fold (fold 1: %.200s)", c.why[0].text);
    for (size_t i = 0; i < n * K && !code; i++) {
        size_t f = t->fold[i / K];
        r->validation[i] = c.why[f].code ? NAN : c.said[r->chosen[f] * n * K + i];
    }
    if (!code)
        code = score_each_fold(r, &c, test, st);
    choice_free(&c);
    if (code) {
        probe_folds_free(r);
        free(*passes);
        *passes = NULL;
    }
    return code;
}
