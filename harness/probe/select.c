#include "probe/select.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"
#include "base/memory.h"
#include "probe/apply.h"
#include "probe/criterion.h"

#define N_DEFAULT 45
static const double DEFAULT_K[] = {1, 5, 10, 20, 50, 100, 200};

/* One fit: train on some rows, predict others for every value of the grid. */
struct part {
    const struct probe_task *task;
    const double *grid;
    size_t n_grid, n_out;
    float *x;          /* [n, d] training rows; NULL where the models are fitted already */
    size_t n;
    int32_t *label;
    double *target;
    const float *query; /* [m, d] */
    size_t m;
    int n_threads;      /* for the neighbours */
    double *prediction; /* [n_grid, m, n_out] */
    /* linear probes: what was fitted */
    struct scaler scaler;
    struct logistic *logistic; /* [n_grid], or NULL */
    struct ridge *ridge;       /* [n_grid], or NULL */
    struct ordinal *ordinal;   /* [n_grid], or NULL */
};

/* Logistic regressions of all folds, fitted at once before any fold is scored. */
struct ready {
    struct scaler *scaler;     /* [n_folds] */
    struct logistic *logistic; /* [n_folds, n_grid] */
    struct status *left_out;   /* [n_folds] */
    size_t n_folds, n_grid;
};

typedef int part_fit(struct part *p, enum knn_vote vote, struct status *st);

/* ---- the probes ---- */

/* Predictions of the query rows by every model of the grid. */
static void predict_linear(struct part *p)
{
    size_t stride = p->m * p->n_out;
    double *query = NEW(p->m * p->task->d, double);
    scaler_apply(query, &p->scaler, p->query, p->m);
    for (size_t g = 0; g < p->n_grid; g++) {
        double *out = p->prediction + g * stride;
        if (p->ridge)
            ridge_predict(out, &p->ridge[g], query, p->m);
        else if (p->ordinal)
            ordinal_predict(out, &p->ordinal[g], query, p->m);
        else
            logistic_predict(out, &p->logistic[g], query, p->m);
    }
    free(query);
}

static int fit_linear(struct part *p, enum knn_vote vote, struct status *st)
{
    (void)vote;
    size_t d = p->task->d;
    int code = STATUS_OK;
    if (!p->logistic) {
        double *z = NEW(p->n * d, double);
        scaler_fit(&p->scaler, p->x, p->n, d);
        scaler_apply(z, &p->scaler, p->x, p->n);
        if (p->task->kind == KIND_REGRESSION) {
            p->ridge = NEW0(p->n_grid, struct ridge);
            code = ridge_fit_path(p->ridge, NULL, p->grid, p->n_grid, z, p->n, d, p->target, NULL, st);
        } else {
            p->ordinal = NEW0(p->n_grid, struct ordinal);
            code = ordinal_fit_path(p->ordinal, p->grid, p->n_grid, z, p->n, d, p->label, p->task->n_classes, NULL, st);
        }
        free(z);
    }
    if (!code)
        predict_linear(p);
    return code;
}

static int fit_knn(struct part *p, enum knn_vote vote, struct status *st)
{
    size_t largest = (size_t)p->grid[p->n_grid - 1], stride = p->m * p->n_out, n_classes = p->task->n_classes;
    uint32_t *neighbour = NEW(p->m * largest, uint32_t);
    double *distance = NEW(p->m * largest, double), *prob = NEW(p->m * (n_classes ? n_classes : 1), double);
    int code = knn_neighbours(neighbour, distance, largest, KNN_COSINE, p->x, p->n, p->query, p->m, p->task->d, p->n_threads, st);
    for (size_t g = 0; g < p->n_grid && !code; g++) {
        double *out = p->prediction + g * stride;
        size_t k = (size_t)p->grid[g];
        if (p->task->kind == KIND_REGRESSION) {
            knn_regress(out, neighbour, distance, largest, p->m, k, KNN_COSINE, vote, p->target);
            continue;
        }
        knn_classify(prob, neighbour, distance, largest, p->m, k, KNN_COSINE, vote, p->label, n_classes);
        if (p->n_out == 1)
            for (size_t i = 0; i < p->m; i++)
                out[i] = prob[2 * i + 1];
        else
            memcpy(out, prob, stride * sizeof *out);
    }
    free(prob);
    free(distance);
    free(neighbour);
    return code;
}

/* ---- a fold ---- */

/* A linear probe's model of one value of the grid is handed over; test[n_test, n_out] gets what it says of the test rows. */
static void take_model(double *test, struct scaler *scaler, struct logistic *logistic, struct ridge *ridge, struct ordinal *ordinal, struct part *p,
                       size_t g)
{
    const struct probe_task *t = p->task;
    if (!p->logistic && !p->ridge && !p->ordinal)
        return;
    *scaler = p->scaler;
    p->scaler = (struct scaler){0};
    if (p->logistic) {
        *logistic = p->logistic[g];
        p->logistic[g] = (struct logistic){0};
        probe_apply_logistic(test, scaler, logistic, t->x_test, t->n_test);
    } else if (p->ordinal) {
        *ordinal = p->ordinal[g];
        p->ordinal[g] = (struct ordinal){0};
        probe_apply_ordinal(test, scaler, ordinal, t->x_test, t->n_test);
    } else {
        *ridge = p->ridge[g];
        p->ridge[g] = (struct ridge){0};
        probe_apply_ridge(test, scaler, ridge, t->x_test, t->n_test);
    }
}

static void models_free(struct part *p)
{
    for (size_t g = 0; g < p->n_grid; g++) {
        if (p->logistic)
            logistic_free(&p->logistic[g]);
        if (p->ridge)
            ridge_free(&p->ridge[g]);
        if (p->ordinal)
            ordinal_free(&p->ordinal[g]);
    }
    free(p->logistic);
    free(p->ridge);
    free(p->ordinal);
    scaler_free(&p->scaler);
}

static bool fits_together(const struct probe_task *t, part_fit *fit)
{
    return fit == fit_linear && t->kind != KIND_REGRESSION && t->form != LINEAR_ORDINAL;
}

/* The folds of t, or one fit on all rows where whole is true. */
static int ready_fit(struct ready *r, const struct probe_task *t, bool whole, const double *grid, size_t n_grid, int n_threads, struct status *st)
{
    size_t n_folds = whole ? 1 : t->n_folds;
    *r = (struct ready){NEW0(n_folds, struct scaler), NEW0(n_folds * n_grid, struct logistic), NEW0(n_folds, struct status), n_folds, n_grid};
    struct logistic_folds folds = {.x = t->x, .n = t->n, .d = t->d, .label = t->label, .n_classes = t->n_classes, .balanced = t->form == LINEAR_BALANCED,
                                   .fold = whole ? NULL : t->fold, .n_folds = n_folds, .n_threads = n_threads};
    return logistic_fit_folds(r->logistic, r->scaler, r->left_out, &folds, grid, n_grid, st);
}

/* Fold f's models become p's. */
static void ready_take(struct part *p, struct ready *r, size_t f)
{
    p->scaler = r->scaler[f];
    r->scaler[f] = (struct scaler){0};
    p->logistic = NEW(r->n_grid, struct logistic);
    memcpy(p->logistic, r->logistic + f * r->n_grid, r->n_grid * sizeof *p->logistic);
    memset(r->logistic + f * r->n_grid, 0, r->n_grid * sizeof *r->logistic);
}

static void ready_free(struct ready *r)
{
    for (size_t f = 0; f < r->n_folds; f++)
        scaler_free(&r->scaler[f]);
    for (size_t i = 0; i < r->n_folds * r->n_grid; i++)
        logistic_free(&r->logistic[i]);
    free(r->scaler);
    free(r->logistic);
    free(r->left_out);
    *r = (struct ready){0};
}

static void part_free(struct part *p)
{
    models_free(p);
    free(p->x);
    free(p->label);
    free(p->target);
    free(p->prediction);
}

/* Copies the rows a fit is to see, their features too unless it is done. */
static void part_init(struct part *p, const struct probe_task *t, const struct probe_result *r, const size_t *row, size_t n, bool done)
{
    *p = (struct part){.task = t, .n_threads = 1, .grid = r->grid, .n_grid = r->n_grid, .n_out = r->n_out, .n = n};
    p->x = done ? NULL : NEW(n * t->d, float);
    p->label = NEW(n, int32_t);
    p->target = NEW(n, double);
    for (size_t i = 0; i < n; i++) {
        if (!done)
            memcpy(p->x + i * t->d, t->x + row[i] * t->d, t->d * sizeof *p->x);
        p->label[i] = t->label ? t->label[row[i]] : 0;
        p->target[i] = t->target ? t->target[row[i]] : 0;
    }
}

static bool has_one_class(const struct part *p)
{
    for (size_t i = 1; i < p->n; i++)
        if (p->label[i] != p->label[0])
            return false;
    return true;
}

/* Predictions of the fold's validation rows for the whole grid go to all[n_grid, n, n_out] at their rows, of the test rows to
 * test[n_grid, n_test, n_out] unless it is NULL or the probe linear (whose chosen model alone is asked, by take_model), the scores
 * to score[n_grid], the models to models unless NULL; none is touched where the fold is left out. */
static int run_fold(double *all, double *test, double *score, struct part *models, const struct probe_task *t, const struct probe_result *r, size_t fold,
                    struct ready *ready, part_fit *fit, enum knn_vote vote, struct status *st)
{
    size_t *row = NEW(t->n, size_t), n = 0, m = 0, *validation = NEW(t->n, size_t);
    for (size_t i = 0; i < t->n; i++)
        if (t->fold[i] == fold)
            validation[m++] = i;
        else
            row[n++] = i;
    struct part p;
    part_init(&p, t, r, row, n, ready->n_folds > 0);
    size_t n_query = m + (test && fit != fit_linear ? t->n_test : 0), stride = n_query * r->n_out;
    float *query = NEW(n_query * t->d, float);
    int32_t *label = NEW(m, int32_t);
    double *target = NEW(m, double);
    for (size_t i = 0; i < m; i++) {
        memcpy(query + i * t->d, t->x + validation[i] * t->d, t->d * sizeof *query);
        label[i] = t->label ? t->label[validation[i]] : 0;
        target[i] = t->target ? t->target[validation[i]] : 0;
    }
    if (n_query > m)
        memcpy(query + m * t->d, t->x_test, t->n_test * t->d * sizeof *query);
    p.query = query;
    p.m = n_query;
    p.prediction = NEW(r->n_grid * stride, double);
    double *own = NEW(r->n_grid, double);
    int code;
    if (m == 0)
        code = status_set(st, STATUS_UNDEFINED, "no row to validate on");
    else if (t->kind != KIND_REGRESSION && has_one_class(&p))
        code = status_set(st, STATUS_UNDEFINED, "the training rows hold one class");
    else {
        if (ready->n_folds)
            ready_take(&p, ready, fold);
        code = fit(&p, vote, st);
    }
    for (size_t g = 0; g < r->n_grid && !code; g++) {
        own[g] = criterion_value(t->kind, t->n_classes, label, target, p.prediction + g * stride, m);
        if (isnan(own[g])) /* for one value of the grid is enough: the means must be over the same folds */
            code = status_set(st, STATUS_UNDEFINED, "%s is undefined on the validation rows", r->criterion);
    }
    for (size_t g = 0; g < r->n_grid && !code; g++) {
        score[g] = own[g];
        for (size_t i = 0; i < m; i++)
            memcpy(all + (g * t->n + validation[i]) * r->n_out, p.prediction + g * stride + i * r->n_out, r->n_out * sizeof *all);
        if (n_query > m)
            memcpy(test + g * t->n_test * r->n_out, p.prediction + g * stride + m * r->n_out, t->n_test * r->n_out * sizeof *test);
    }
    if (models && !code) {
        *models = (struct part){.task = t, .n_grid = p.n_grid, .scaler = p.scaler, .logistic = p.logistic, .ridge = p.ridge,
                                .ordinal = p.ordinal};
        p.scaler = (struct scaler){0};
        p.logistic = NULL;
        p.ridge = NULL;
        p.ordinal = NULL;
    }
    free(own);
    part_free(&p);
    free(target);
    free(label);
    free(query);
    free(validation);
    free(row);
    return code;
}

/* ---- the choice ---- */

/* Walks from the strongest smoothing, so that the first of equals is kept. */
static size_t choose(const double *score, size_t n_grid, enum task_kind kind, bool strong_first)
{
    size_t chosen = strong_first ? 0 : n_grid - 1;
    for (size_t step = 1; step < n_grid; step++) {
        size_t g = strong_first ? step : n_grid - 1 - step;
        if (criterion_better(score[g], score[chosen], kind))
            chosen = g;
    }
    return chosen;
}

static bool is_edge(size_t chosen, size_t n_grid)
{
    return n_grid > 1 && (chosen == 0 || chosen == n_grid - 1);
}

static void mean_scores(struct probe_result *r, const bool *usable, size_t n_folds, size_t n_usable)
{
    for (size_t g = 0; g < r->n_grid; g++) {
        double sum = 0;
        for (size_t f = 0; f < n_folds; f++)
            if (usable[f])
                sum += r->fold_score[f * r->n_grid + g];
        r->score[g] = sum / (double)n_usable;
    }
}

/* r->grid and r->n_grid are set; everything else is made here. */
static int select_and_fit(struct probe_result *r, const struct probe_task *t, part_fit *fit, enum knn_vote vote, bool strong_first, int n_threads,
                          struct status *st)
{
    blas_use_one_thread();
    r->n_out = t->kind == KIND_BINARY || t->kind == KIND_REGRESSION ? 1 : t->n_classes;
    r->criterion = criterion_name(t->kind);
    r->score = NEW(r->n_grid, double);
    r->fold_score = NEW(t->n_folds * r->n_grid, double);
    r->validation = NEW(t->n * r->n_out, double);
    r->test = NEW(t->n_test * r->n_out, double);
    size_t n_all = r->n_grid * t->n * r->n_out, used = 0, n_usable = 0;
    double *all = NEW(n_all, double);
    struct status *why = NEW0(t->n_folds, struct status);
    bool *usable = NEW0(t->n_folds, bool);
    size_t *row = NEW(t->n, size_t);
    for (size_t i = 0; i < n_all; i++)
        all[i] = NAN;
    for (size_t i = 0; i < t->n_folds * r->n_grid; i++)
        r->fold_score[i] = NAN;
    struct ready ready = {0};
    int code = fits_together(t, fit) && t->n_folds ? ready_fit(&ready, t, false, r->grid, r->n_grid, n_threads, st) : STATUS_OK;
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (size_t f = 0; f < (code ? 0 : t->n_folds); f++)
        why[f].code = run_fold(all, NULL, r->fold_score + f * r->n_grid, NULL, t, r, f, &ready, fit, vote, &why[f]);
    ready_free(&ready);

    for (size_t f = 0; f < t->n_folds && !code; f++) {
        usable[f] = why[f].code == STATUS_OK;
        n_usable += usable[f];
        if (why[f].code == STATUS_UNDEFINED && used < sizeof r->note)
            used += (size_t)snprintf(r->note + used, sizeof r->note - used, "%sfold %zu: %.100s", used ? "; " : "", f + 1, why[f].text);
        else if (why[f].code)
            code = status_set(st, why[f].code, "fold %zu: %s", f + 1, why[f].text);
    }
    assert(t->n_folds || r->n_grid == 1);
    if (!code && t->n_folds && !n_usable)
        code = status_set(st, STATUS_UNDEFINED, "no usable validation fold (%s)", r->note);
    if (!code) {
        mean_scores(r, usable, t->n_folds, n_usable); /* 0/0 without folds */
        r->chosen = choose(r->score, r->n_grid, t->kind, strong_first);
        r->at_edge = is_edge(r->chosen, r->n_grid);
        memcpy(r->validation, all + r->chosen * t->n * r->n_out, t->n * r->n_out * sizeof *all);
        struct part p;
        for (size_t i = 0; i < t->n; i++)
            row[i] = i;
        part_init(&p, t, r, row, t->n, fits_together(t, fit));
        p.grid = r->grid + r->chosen;
        p.n_grid = 1;
        p.query = t->x_test;
        p.m = fit == fit_linear ? 0 : t->n_test;
        p.n_threads = n_threads;
        p.prediction = NEW(t->n_test * r->n_out, double);
        if (fits_together(t, fit)) {
            code = ready_fit(&ready, t, true, p.grid, 1, n_threads, st);
            if (!code && ready.left_out[0].code)
                code = status_set(st, ready.left_out[0].code, "%s", ready.left_out[0].text);
            if (!code)
                ready_take(&p, &ready, 0);
            ready_free(&ready);
        }
        if (!code)
            code = fit(&p, vote, st);
        if (!code) {
            if (fit != fit_linear)
                memcpy(r->test, p.prediction, t->n_test * r->n_out * sizeof *r->test);
            take_model(r->test, &r->scaler, &r->logistic, &r->ridge, &r->ordinal, &p, 0);
        }
        part_free(&p);
    }
    free(row);
    free(usable);
    free(why);
    free(all);
    if (code)
        probe_result_free(r);
    return code;
}

/* ---- each fold for itself ---- */

/* shape has the grid, which becomes r's, and nothing else. */
static int choose_in_folds(struct probe_folds *r, struct probe_result *shape, const struct probe_task *t, part_fit *fit, enum knn_vote vote,
                           bool strong_first, int n_threads, struct status *st)
{
    blas_use_one_thread();
    shape->n_out = t->kind == KIND_BINARY || t->kind == KIND_REGRESSION ? 1 : t->n_classes;
    shape->criterion = criterion_name(t->kind);
    *r = (struct probe_folds){.n_out = shape->n_out, .n_grid = shape->n_grid, .n_folds = t->n_folds, .grid = shape->grid, .criterion = shape->criterion};
    size_t n_all = r->n_grid * t->n * r->n_out, n_test = t->n_test * r->n_out, n_used = 0;
    r->score = NEW(t->n_folds * r->n_grid, double);
    r->chosen = NEW0(t->n_folds, size_t);
    r->at_edge = NEW0(t->n_folds, bool);
    r->validation = NEW(t->n * r->n_out, double);
    r->test = NEW(t->n_folds * n_test, double);
    r->left_out = NEW0(t->n_folds, struct status);
    r->scaler = NEW0(t->n_folds, struct scaler);
    r->logistic = NEW0(t->n_folds, struct logistic);
    r->ridge = NEW0(t->n_folds, struct ridge);
    r->ordinal = NEW0(t->n_folds, struct ordinal);
    double *all = NEW(n_all, double);
    for (size_t i = 0; i < t->n_folds * r->n_grid; i++)
        r->score[i] = NAN;
    for (size_t i = 0; i < t->n * r->n_out; i++)
        r->validation[i] = NAN;
    for (size_t i = 0; i < t->n_folds * n_test; i++)
        r->test[i] = NAN;
    struct ready ready = {0};
    int code = fits_together(t, fit) ? ready_fit(&ready, t, false, r->grid, r->n_grid, n_threads, st) : STATUS_OK;
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (size_t f = 0; f < (code ? 0 : t->n_folds); f++) {
        double *test = fit == fit_linear ? NULL : NEW(r->n_grid * n_test, double), *score = r->score + f * r->n_grid;
        struct part models = {0};
        r->left_out[f].code = run_fold(all, test, score, &models, t, shape, f, &ready, fit, vote, &r->left_out[f]);
        if (!r->left_out[f].code) {
            r->chosen[f] = choose(score, r->n_grid, t->kind, strong_first);
            r->at_edge[f] = is_edge(r->chosen[f], r->n_grid);
            if (fit != fit_linear)
                memcpy(r->test + f * n_test, test + r->chosen[f] * n_test, n_test * sizeof *test);
            take_model(r->test + f * n_test, &r->scaler[f], &r->logistic[f], &r->ridge[f], &r->ordinal[f], &models, r->chosen[f]);
        }
        models_free(&models);
        free(test);
    }
    ready_free(&ready);
    for (size_t f = 0; f < t->n_folds && !code; f++) {
        n_used += r->left_out[f].code == STATUS_OK;
        if (r->left_out[f].code && r->left_out[f].code != STATUS_UNDEFINED)
            code = status_set(st, r->left_out[f].code, "fold %zu: %s", f + 1, r->left_out[f].text);
    }
    if (!code && !n_used)
        code = status_set(st, STATUS_UNDEFINED, "no usable validation fold (fold 1: %.200s)", r->left_out[0].text);
    for (size_t i = 0; i < t->n && !code; i++)
        if (!r->left_out[t->fold[i]].code)
            memcpy(r->validation + i * r->n_out, all + (r->chosen[t->fold[i]] * t->n + i) * r->n_out, r->n_out * sizeof *all);
    free(all);
    if (code)
        probe_folds_free(r);
    return code;
}

/* ---- grids ---- */

static void log_grid(struct probe_result *r, double first, double last)
{
    r->n_grid = N_DEFAULT;
    r->grid = NEW(N_DEFAULT, double);
    for (size_t g = 0; g < N_DEFAULT; g++)
        r->grid[g] = pow(10, first + (last - first) * (double)g / (N_DEFAULT - 1));
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void given_grid(struct probe_result *r, const double *grid, size_t n_grid)
{
    r->n_grid = n_grid;
    r->grid = NEW(n_grid, double);
    memcpy(r->grid, grid, n_grid * sizeof *grid);
    qsort(r->grid, n_grid, sizeof *grid, by_value);
}

static void linear_grid(struct probe_result *r, const struct probe_task *t, const double *grid, size_t n_grid)
{
    *r = (struct probe_result){0};
    if (grid)
        given_grid(r, grid, n_grid);
    else if (t->kind == KIND_REGRESSION)
        log_grid(r, -4, 7);
    else
        log_grid(r, -6, 5);
}

static int knn_grid(struct probe_result *r, const struct probe_task *t, const double *grid, size_t n_grid, struct status *st)
{
    *r = (struct probe_result){0};
    size_t smallest = t->n, *count = NEW0(t->n_folds, size_t);
    for (size_t i = 0; t->n_folds && i < t->n; i++)
        count[t->fold[i]]++;
    for (size_t f = 0; f < t->n_folds; f++)
        smallest = t->n - count[f] < smallest ? t->n - count[f] : smallest;
    free(count);
    if (grid)
        given_grid(r, grid, n_grid);
    else
        given_grid(r, DEFAULT_K, sizeof DEFAULT_K / sizeof *DEFAULT_K);
    while (r->n_grid && r->grid[r->n_grid - 1] > (double)smallest)
        r->n_grid--;
    if (r->n_grid)
        return STATUS_OK;
    probe_result_free(r);
    return status_set(st, STATUS_UNDEFINED, "no k of the grid fits into %zu training rows", smallest);
}

/* ---- what others call ---- */

int probe_select_linear(struct probe_result *r, const struct probe_task *t, const double *grid, size_t n_grid, int n_threads, struct status *st)
{
    linear_grid(r, t, grid, n_grid);
    return select_and_fit(r, t, fit_linear, KNN_UNIFORM, t->kind != KIND_REGRESSION, n_threads, st);
}

int probe_folds_linear(struct probe_folds *r, const struct probe_task *t, const double *grid, size_t n_grid, int n_threads, struct status *st)
{
    struct probe_result shape;
    linear_grid(&shape, t, grid, n_grid);
    return choose_in_folds(r, &shape, t, fit_linear, KNN_UNIFORM, t->kind != KIND_REGRESSION, n_threads, st);
}

int probe_select_knn(struct probe_result *r, const struct probe_task *t, enum knn_vote vote, const double *grid, size_t n_grid, int n_threads,
                     struct status *st)
{
    int code = knn_grid(r, t, grid, n_grid, st);
    return code ? code : select_and_fit(r, t, fit_knn, vote, false, n_threads, st);
}

int probe_folds_knn(struct probe_folds *r, const struct probe_task *t, enum knn_vote vote, const double *grid, size_t n_grid, int n_threads,
                    struct status *st)
{
    struct probe_result shape;
    *r = (struct probe_folds){0};
    int code = knn_grid(&shape, t, grid, n_grid, st);
    return code ? code : choose_in_folds(r, &shape, t, fit_knn, vote, false, n_threads, st);
}

void probe_result_free(struct probe_result *r)
{
    free(r->grid);
    free(r->score);
    free(r->fold_score);
    free(r->validation);
    free(r->test);
    scaler_free(&r->scaler);
    logistic_free(&r->logistic);
    ridge_free(&r->ridge);
    ordinal_free(&r->ordinal);
    *r = (struct probe_result){0};
}

void probe_folds_free(struct probe_folds *r)
{
    for (size_t f = 0; r->scaler && f < r->n_folds; f++) {
        scaler_free(&r->scaler[f]);
        logistic_free(&r->logistic[f]);
        ridge_free(&r->ridge[f]);
        ordinal_free(&r->ordinal[f]);
    }
    free(r->ordinal);
    free(r->scaler);
    free(r->logistic);
    free(r->ridge);
    free(r->grid);
    free(r->score);
    free(r->chosen);
    free(r->at_edge);
    free(r->validation);
    free(r->test);
    free(r->left_out);
    *r = (struct probe_folds){0};
}
