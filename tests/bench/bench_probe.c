/* The probes against scikit-learn and against OpenBLAS's products, from one run: in a
 * round each side of a part runs once, next to the other, odd rounds in reverse order;
 * figures are medians over rounds, ratios medians of the rounds' ratios.
 *
 *   bench_probe [--full|--quick] [--part NAME] [--rounds N] [--threads N] [--cells N] [--no-peer] [--peer PROGRAM] [--csv FILE]
 *
 * Parts: logistic2, logistic5 (the path of 45 values over 5 folds, 2 and 5 classes), knn, ridge, cost (ours alone, against
 * rows, features, classes and grid); all without --part.  Rows x features: 5,000 x 1,024, k-NN 9,000 against 1,000 queries;
 * --full: 20,000 and 36,000 against 4,000, one round; --quick: 1,000 x 128 and 2,000 against 200, two rounds.  A whole path of
 * scikit-learn takes an hour: --cells fits of fold 0 (default 5), at both ends of the grid and evenly between, are timed and
 * the others interpolated.  --peer: another program that speaks sklearn_peer.py's language.  The features' files go to TMPDIR.
 * Exit codes: 0, 1 something failed or results differ, 2 usage. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/number.h"
#include "load.h"
#include "peer.h"
#include "probe/knn.h"
#include "probe/ridge.h"
#include "probe/standardise.h"
#include "probe_report.h"
#include "probe_work.h"
#include "process.h"
#include "scratch_run.h"
#include "timing.h"

#define FOLDS 5
#define GRID 45
#define MAX_CELLS 45
#define MAX_K 200
#define OBJECTIVE_SLACK 1e-12  /* relative: rounding of two sums over the rows */
#define SAME_NEIGHBOURS 0.995  /* share of the peer's, whose float32 distances swap near ties */
#define SAME_RIDGE 1e-6        /* of the largest coefficient: its Cholesky factor squares the condition */
#define MEMORY_ALLOWED_MB 500.0

static const size_t votes_k[] = {1, 5, 10, 20, 50, 100, 200};
#define N_VOTES (sizeof votes_k / sizeof *votes_k)

struct options {
    size_t n, d, knn_n, knn_m, rounds, threads, cells, gemm_order, cost_n, cost_d;
    bool peer;
    const char *part, *peer_script, *csv;
};

struct bench {
    const struct options *o;
    const char *folder;
    struct probe_report report;
    struct peer peer;
    bool has_peer, failed;
    double sgemm, dgemm; /* FLOP/s in this round */
};

static void fail(struct bench *b, const char *text)
{
    fprintf(stderr, "bench_probe: %s\n", text);
    b->failed = true;
}

/* NaN and a message where the peer has no answer. */
static double __attribute__((format(printf, 2, 3))) ask(struct bench *b, const char *format, ...)
{
    char question[512], why[1200];
    double value = NAN;
    va_list list;
    va_start(list, format);
    vsnprintf(question, sizeof question, format, list);
    va_end(list);
    usleep(50000); /* threads of the side that ran before may still spin */
    if (peer_ask(&b->peer, question, &value, why, sizeof why) == PEER_OK)
        return value;
    fprintf(stderr, "bench_probe: the peer says: %s\n", why);
    b->failed = true;
    return NAN;
}

static void measure_gemm(struct bench *b, size_t round)
{
    struct probe_size size = {.n = b->o->gemm_order, .d = b->o->gemm_order, .threads = b->o->threads};
    usleep(50000);
    b->sgemm = work_gemm(size.n, size.threads, false);
    b->dgemm = work_gemm(size.n, size.threads, true);
    usleep(50000);
    probe_record(&b->report, round, "gemm", "OpenBLAS float32", &size, "GFLOP/s", 1e-9 * b->sgemm);
    probe_record(&b->report, round, "gemm", "OpenBLAS float64", &size, "GFLOP/s", 1e-9 * b->dgemm);
}

static double of(const struct bench *b, const char *what, const char *who, const struct probe_size *size)
{
    return probe_median(&b->report, what, who, size);
}

/* ---- logistic regression ---- */

/* Seconds the run's products would take at OpenBLAS's rates, from below: float32 for the Hessian products of the conjugate
 * gradients (two products of n d numbers with a vector a class), float64 for the scores and gradient of a Newton step and of
 * the start; of the Hessian blocks, rebuilt from time to time, one, and a Cholesky factor a class and C. */
static double products_at_peak(const struct bench *b, const struct probe_size *s, const struct work_run *run)
{
    double n = (double)s->n, d = (double)s->d, K = s->classes == 2 ? 1 : (double)s->classes, pass = 4 * n * d * K;
    double in_float = pass * (double)run->products + n * d * d + (double)s->grid * K * d * d * d / 3;
    double in_double = pass * (double)(run->iterations + s->folds * s->grid);
    return in_float / b->sgemm + in_double / b->dgemm;
}

static void logistic_ours(struct bench *b, size_t round, const struct probe_size *size, double *seconds)
{
    struct work_run run;
    usleep(50000);
    if (!work_logistic_apart(&run, size, b->folder, b->o->cells)) {
        fail(b, "the process that fits failed");
        return;
    }
    double fits = (double)(size->folds * size->grid);
    *seconds = run.seconds;
    probe_record(&b->report, round, "logistic", "ours", size, "s", run.seconds);
    probe_record(&b->report, round, "memory", "ours", size, "MB", run.mb);
    probe_record(&b->report, round, "logistic steps", "ours", size, "Newton steps a fit", (double)run.iterations / fits);
    probe_record(&b->report, round, "logistic products", "ours", size, "Hessian products a fit", (double)run.products / fits);
    probe_record(&b->report, round, "logistic gradient", "ours", size, "largest relative", run.worst_gradient);
    probe_record(&b->report, round, "logistic share", "ours", size, "of OpenBLAS", products_at_peak(b, size, &run) / run.seconds);
}

/* Fits the sampled cells; objective[cell], *whole: seconds of all folds and values, by interpolation. */
static void logistic_theirs(struct bench *b, size_t round, const struct probe_size *size, double *objective, double *whole)
{
    double C[GRID], seconds[MAX_CELLS], total = 0;
    size_t cells = b->o->cells;
    work_grid(C, GRID);
    double scaler = ask(b, "features %zu %zu %zu", size->n, size->d, size->threads);
    for (size_t c = 0; c < cells && !b->failed; c++) {
        char who[64];
        size_t at = work_cell(c, cells, GRID);
        seconds[c] = ask(b, "fit %.17g", C[at]);
        objective[c] = ask(b, "objective");
        snprintf(who, sizeof who, "scikit-learn C=%.3g", C[at]);
        probe_record(&b->report, round, "logistic cell", who, size, "s", seconds[c]);
        probe_record(&b->report, round, "logistic iterations", who, size, "iterations", ask(b, "iterations"));
    }
    if (b->failed)
        return;
    for (size_t c = 0; c + 1 < cells; c++) {
        size_t from = work_cell(c, cells, GRID), to = work_cell(c + 1, cells, GRID);
        for (size_t at = from; at < to; at++)
            total += seconds[c] + (seconds[c + 1] - seconds[c]) * (double)(at - from) / (double)(to - from);
    }
    *whole = FOLDS * (scaler + total + seconds[cells - 1]);
    probe_record(&b->report, round, "logistic", "scikit-learn estimated", size, "s", *whole);
}

/* One judge for both: the peer computes our optimum's objective too. */
static void compare_objectives(struct bench *b, const struct probe_size *size, const double *objective)
{
    size_t rows = size->classes == 2 ? 1 : size->classes, each = 1 + rows * (size->d + 1);
    double C[GRID], *ours = NEW(b->o->cells * each, double);
    work_grid(C, GRID);
    if (!work_read(b->folder, "ours.f64", ours, b->o->cells * each * sizeof *ours))
        fail(b, "our optima cannot be read");
    for (size_t c = 0; c < b->o->cells && !b->failed; c++) {
        char who[64];
        double at = C[work_cell(c, b->o->cells, GRID)], judged = ask(b, "judge %.17g %zu %zu", at, rows, c * each + 1);
        double excess = objective[c] / judged - 1;
        snprintf(who, sizeof who, "scikit-learn C=%.3g", at);
        printf("  C = %-8.3g %8.2f s, %4.0f iterations; objective above ours by %.2g of it\n", at, of(b, "logistic cell", who, size),
               of(b, "logistic iterations", who, size), excess);
        probe_record(&b->report, 0, "logistic excess", who, size, "of objective", excess);
        if (!(judged <= objective[c] * (1 + OBJECTIVE_SLACK)))
            fail(b, "OUR OBJECTIVE IS HIGHER than scikit-learn's");
        if (!(fabs(judged / ours[c * each] - 1) <= 1e-9))
            fail(b, "the objective we report IS NOT the one of our coefficients");
    }
    free(ours);
}

static void logistic_part(struct bench *b, size_t classes)
{
    const struct options *o = b->o;
    struct probe_size size = {.n = o->n, .d = o->d, .classes = classes, .folds = FOLDS, .grid = GRID, .threads = o->threads};
    float *x = NEW(size.n * size.d, float);
    int32_t *label = NEW(size.n, int32_t);
    uint32_t *fold = NEW(size.n, uint32_t);
    double objective[MAX_CELLS];
    printf("\nlogistic regression, %zu x %zu float32, %zu classes, %d folds x %d values of C, %zu threads\n", size.n, size.d, classes, FOLDS,
           GRID, size.threads);
    work_draw(x, label, size.n, size.d, classes, classes);
    for (size_t i = 0; i < size.n; i++)
        fold[i] = (uint32_t)(i % FOLDS);
    if (!work_write(b->folder, "features.f32", x, size.n * size.d * sizeof *x) || !work_write(b->folder, "labels.i32", label, size.n * sizeof *label) ||
        !work_write(b->folder, "folds.u32", fold, size.n * sizeof *fold))
        fail(b, "the features cannot be written");
    free(fold);
    free(label);
    free(x);
    for (size_t round = 0; round < o->rounds && !b->failed; round++) {
        double ours = NAN, theirs = NAN;
        measure_gemm(b, round);
        for (size_t turn = 0; turn < 2 && !b->failed; turn++) {
            if (turn == round % 2)
                logistic_ours(b, round, &size, &ours);
            else if (b->has_peer)
                logistic_theirs(b, round, &size, objective, &theirs);
        }
        if (b->has_peer)
            probe_record(&b->report, round, "logistic ratio", "scikit-learn to ours", &size, "times", theirs / ours);
    }
    if (b->failed)
        return;
    printf("  ours: %.2f s, standardising included; %.1f Newton steps and %.1f Hessian products a fit, gradient at most %.1g of its start\n",
           of(b, "logistic", "ours", &size), of(b, "logistic steps", "ours", &size), of(b, "logistic products", "ours", &size),
           of(b, "logistic gradient", "ours", &size));
    printf("  ours: about %.0f%% of OpenBLAS's rates, from below (its products alone, Hessian blocks counted once)\n",
           100 * of(b, "logistic share", "ours", &size));
    double features = 4.0 * (double)size.n * (double)size.d / (1 << 20), allowed = 2 * features + MEMORY_ALLOWED_MB, mb = of(b, "memory", "ours", &size);
    printf("  ours: peak resident memory %.0f MB; 2 x features + %.0f MB = %.0f MB%s\n", mb, MEMORY_ALLOWED_MB, allowed,
           mb > allowed ? ": ABOVE" : "");
    if (b->has_peer) {
        compare_objectives(b, &size, objective);
        printf("  scikit-learn (lbfgs, tol 1e-4, 1,000 iterations, float32): %.0f s, estimated from %zu cells of one fold\n",
               of(b, "logistic", "scikit-learn estimated", &size), o->cells);
        printf("  ours is %.1f times as fast (wanted at 20,000 x 1,024: 50)\n", of(b, "logistic ratio", "scikit-learn to ours", &size));
    }
}

/* ---- k nearest neighbours ---- */

static void neighbours_ours(struct bench *b, size_t round, const struct probe_size *s, const float *train, const float *query, const int32_t *label,
                            uint32_t *neighbour, double *seconds)
{
    double *distance = NEW(s->queries * MAX_K, double), *prob = NEW(s->queries * s->classes, double);
    struct status st = {0};
    usleep(50000);
    double begin = now();
    if (knn_neighbours(neighbour, distance, MAX_K, KNN_COSINE, train, s->n, query, s->queries, s->d, (int)s->threads, &st)) {
        fail(b, st.text);
    } else {
        double found = now() - begin;
        for (size_t v = 0; v < N_VOTES; v++)
            knn_classify(prob, neighbour, distance, MAX_K, s->queries, votes_k[v], KNN_COSINE, KNN_UNIFORM, label, s->classes);
        *seconds = now() - begin;
        double flop = 2 * (double)s->n * (double)s->queries * (double)s->d;
        probe_record(&b->report, round, "knn", "ours", s, "s", *seconds);
        probe_record(&b->report, round, "knn share", "ours", s, "of OpenBLAS", flop / b->sgemm / found);
    }
    free(prob);
    free(distance);
}

static int by_value(const void *left, const void *right)
{
    int32_t a = *(const int32_t *)left, c = *(const int32_t *)right;
    return (a > c) - (a < c);
}

/* Share of our neighbours that the peer names too; sorts both. */
static double shared_neighbours(struct bench *b, size_t m, const uint32_t *neighbour)
{
    int32_t *theirs = NEW(m * MAX_K, int32_t), *ours = NEW(m * MAX_K, int32_t);
    size_t equal = 0;
    if (!work_read(b->folder, "theirs.i32", theirs, m * MAX_K * sizeof *theirs))
        fail(b, "the peer's neighbours cannot be read");
    for (size_t i = 0; i < m * MAX_K; i++)
        ours[i] = (int32_t)neighbour[i];
    for (size_t q = 0; q < m && !b->failed; q++) {
        qsort(ours + q * MAX_K, MAX_K, sizeof *ours, by_value);
        qsort(theirs + q * MAX_K, MAX_K, sizeof *theirs, by_value);
        for (size_t i = q * MAX_K, j = i, end = i + MAX_K; i < end && j < end;) {
            equal += ours[i] == theirs[j];
            int apart = ours[i] - theirs[j];
            i += apart <= 0;
            j += apart >= 0;
        }
    }
    free(ours);
    free(theirs);
    return (double)equal / (double)(m * MAX_K);
}

static void knn_part(struct bench *b)
{
    const struct options *o = b->o;
    struct probe_size size = {.n = o->knn_n, .d = o->d, .queries = o->knn_m, .classes = 2, .threads = o->threads};
    float *train = NEW(size.n * size.d, float), *query = NEW(size.queries * size.d, float);
    int32_t *label = NEW(size.n, int32_t), *unused = NEW(size.queries, int32_t);
    uint32_t *neighbour = NEW(size.queries * MAX_K, uint32_t);
    printf("\nk nearest neighbours, cosine, %zu x %zu queries x %zu float32, k = 1 5 10 20 50 100 200, %zu threads\n", size.n, size.queries, size.d,
           size.threads);
    work_draw(train, label, size.n, size.d, 2, 11);
    work_draw(query, unused, size.queries, size.d, 2, 12);
    if (b->has_peer && work_write(b->folder, "train.f32", train, size.n * size.d * sizeof *train) &&
        work_write(b->folder, "query.f32", query, size.queries * size.d * sizeof *query) &&
        work_write(b->folder, "labels.i32", label, size.n * sizeof *label))
        ask(b, "neighbours_data %zu %zu %zu %zu", size.n, size.queries, size.d, size.threads);
    else if (b->has_peer)
        fail(b, "the features cannot be written");
    for (size_t round = 0; round < o->rounds && !b->failed; round++) {
        double ours = NAN, once = NAN, each = NAN;
        measure_gemm(b, round);
        for (size_t turn = 0; turn < 2 && !b->failed; turn++) {
            if (turn == round % 2) {
                neighbours_ours(b, round, &size, train, query, label, neighbour, &ours);
            } else if (b->has_peer) {
                once = ask(b, "neighbours %d", MAX_K);
                each = ask(b, "votes 1 5 10 20 50 100 200");
            }
        }
        if (b->has_peer) {
            probe_record(&b->report, round, "knn", "scikit-learn kneighbors once", &size, "s", once);
            probe_record(&b->report, round, "knn", "scikit-learn predict_proba of each k", &size, "s", each);
            probe_record(&b->report, round, "knn ratio", "kneighbors once to ours", &size, "times", once / ours);
            probe_record(&b->report, round, "knn ratio", "predict_proba of each k to ours", &size, "times", each / ours);
        }
    }
    if (!b->failed) {
        printf("  ours: %.2f s, one pass and the votes of all k; the pass at %.0f%% of OpenBLAS's rate of float32 products\n",
               of(b, "knn", "ours", &size), 100 * of(b, "knn share", "ours", &size));
    }
    if (!b->failed && b->has_peer) {
        double shared = shared_neighbours(b, size.queries, neighbour);
        printf("  scikit-learn (brute, cosine): kneighbors once, k = %d, without votes: %.2f s, ours is %.1f times as fast\n", MAX_K,
               of(b, "knn", "scikit-learn kneighbors once", &size), of(b, "knn ratio", "kneighbors once to ours", &size));
        printf("  scikit-learn: predict_proba anew for each k: %.2f s, ours is %.1f times as fast (wanted at 36,000 x 4,000: 3)\n",
               of(b, "knn", "scikit-learn predict_proba of each k", &size), of(b, "knn ratio", "predict_proba of each k to ours", &size));
        printf("  of the %d neighbours of a query %.3f%% are the same\n", MAX_K, 100 * shared);
        if (shared < SAME_NEIGHBOURS)
            fail(b, "THE NEIGHBOURS DIFFER");
    }
    free(neighbour);
    free(unused);
    free(label);
    free(query);
    free(train);
}

/* ---- ridge ---- */

static void ridge_ours(struct bench *b, size_t round, const struct probe_size *s, const double *alpha, const double *z, const double *y,
                       bool leave_one_out, double *coef, double *seconds)
{
    const char *who = leave_one_out ? "ours with leave-one-out" : "ours";
    struct ridge fit[GRID] = {0};
    double *loo = leave_one_out ? NEW(GRID * s->n, double) : NULL;
    struct status st = {0};
    usleep(50000);
    double begin = now();
    if (ridge_fit_path(fit, loo, alpha, GRID, z, s->n, s->d, y, NULL, &st))
        fail(b, st.text);
    *seconds = now() - begin;
    probe_record(&b->report, round, "ridge", who, s, "s", *seconds);
    for (size_t a = 0; a < GRID && !b->failed; a++) {
        memcpy(coef + a * (s->d + 1), fit[a].coef, s->d * sizeof *coef);
        coef[a * (s->d + 1) + s->d] = fit[a].intercept;
    }
    for (size_t a = 0; a < GRID; a++)
        ridge_free(&fit[a]);
    free(loo);
}

/* Largest difference from the peer's coefficients, of the largest of them. */
static double ridge_apart(struct bench *b, size_t d, const double *coef)
{
    size_t values = GRID * (d + 1);
    double *theirs = NEW(values, double), apart = 0, most = 0;
    if (!work_read(b->folder, "theirs.f64", theirs, values * sizeof *theirs))
        fail(b, "the peer's coefficients cannot be read");
    for (size_t i = 0; i < values && !b->failed; i++) {
        apart = fmax(apart, fabs(coef[i] - theirs[i]));
        most = fmax(most, fabs(theirs[i]));
    }
    free(theirs);
    return apart / most;
}

static void ridge_part(struct bench *b)
{
    const struct options *o = b->o;
    struct probe_size size = {.n = o->n, .d = o->d, .grid = GRID, .threads = 1};
    size_t values = size.n * size.d;
    float *x = NEW(values, float);
    int32_t *label = NEW(size.n, int32_t);
    uint32_t *fold = NEW0(size.n, uint32_t);
    double *z = NEW(values, double), *y = NEW(size.n, double), *coef = NEW(GRID * (size.d + 1), double), alpha[GRID];
    struct scaler scaler;
    printf("\nridge regression, %zu x %zu float64, %d penalties; ours on 1 thread, scikit-learn on %zu\n", size.n, size.d, GRID, o->threads);
    work_draw(x, label, size.n, size.d, 2, 2);
    work_grid(alpha, GRID);
    scaler_fit(&scaler, x, size.n, size.d);
    scaler_apply(z, &scaler, x, size.n);
    scaler_free(&scaler);
    for (size_t i = 0; i < size.n; i++) {
        y[i] = label[i];
        fold[i] = (uint32_t)(i % FOLDS);
    }
    if (b->has_peer && work_write(b->folder, "features.f32", x, values * sizeof *x) &&
        work_write(b->folder, "labels.i32", label, size.n * sizeof *label) && work_write(b->folder, "folds.u32", fold, size.n * sizeof *fold) &&
        work_write(b->folder, "grid.f64", alpha, sizeof alpha)) {
        ask(b, "features %zu %zu %zu", size.n, size.d, o->threads);
        ask(b, "ridge_data %zu", o->threads);
    } else if (b->has_peer) {
        fail(b, "the features cannot be written");
    }
    for (size_t round = 0; round < o->rounds && !b->failed; round++) {
        double ours = NAN, ours_loo = NAN, theirs = NAN, theirs_loo = NAN;
        for (size_t turn = 0; turn < 2 && !b->failed; turn++) {
            if (turn == round % 2) {
                ridge_ours(b, round, &size, alpha, z, y, true, coef, &ours_loo);
                ridge_ours(b, round, &size, alpha, z, y, false, coef, &ours);
            } else if (b->has_peer) {
                theirs = ask(b, "ridge");
                theirs_loo = ask(b, "ridge_loo");
            }
        }
        if (b->has_peer) {
            probe_record(&b->report, round, "ridge", "scikit-learn Ridge cholesky of each", &size, "s", theirs);
            probe_record(&b->report, round, "ridge", "scikit-learn RidgeCV leave-one-out", &size, "s", theirs_loo);
            probe_record(&b->report, round, "ridge ratio", "Ridge cholesky of each to ours", &size, "times", theirs / ours);
            probe_record(&b->report, round, "ridge ratio", "RidgeCV to ours with leave-one-out", &size, "times", theirs_loo / ours_loo);
        }
    }
    if (!b->failed)
        printf("  ours: %.2f s; with leave-one-out errors %.2f s\n", of(b, "ridge", "ours", &size), of(b, "ridge", "ours with leave-one-out", &size));
    if (!b->failed && b->has_peer) {
        double apart = ridge_apart(b, size.d, coef);
        printf("  scikit-learn: Ridge(solver='cholesky') for each: %.2f s, ours is %.1f times as fast\n",
               of(b, "ridge", "scikit-learn Ridge cholesky of each", &size), of(b, "ridge ratio", "Ridge cholesky of each to ours", &size));
        printf("  scikit-learn: RidgeCV, leave-one-out, all at once: %.2f s, ours is %.1f times as fast\n",
               of(b, "ridge", "scikit-learn RidgeCV leave-one-out", &size), of(b, "ridge ratio", "RidgeCV to ours with leave-one-out", &size));
        printf("  largest difference of a coefficient %.1e of the largest\n", apart);
        if (!(apart <= SAME_RIDGE))
            fail(b, "THE COEFFICIENTS DIFFER");
    }
    free(coef);
    free(y);
    free(z);
    free(fold);
    free(label);
    free(x);
}

/* ---- cost ---- */

static void cost_at(struct bench *b, size_t round, const char *what, const struct probe_size *size)
{
    struct work_run run;
    struct status st = {0};
    if (work_logistic(&run, size, &st))
        fail(b, st.text);
    else
        probe_record(&b->report, round, what, "ours", size, "s", run.seconds);
}

static void cost_part(struct bench *b)
{
    static const char *const name[] = {"cost of rows", "cost of features", "cost of classes", "cost of grid"};
    static const size_t classes[] = {2, 3, 5, 9}, grid[] = {6, 12, 23, 45, 89};
    const struct options *o = b->o;
    struct probe_size base = {.n = o->cost_n, .d = o->cost_d, .classes = 2, .folds = FOLDS, .grid = GRID, .threads = o->threads};
    struct probe_size size[4][5];
    size_t count[4] = {4, 4, 4, 5};
    for (size_t i = 0; i < 5; i++) {
        for (size_t k = 0; k < 4; k++)
            size[k][i] = base;
        size[0][i].n = (base.n / 2) << i;
        size[1][i].d = (base.d / 2) << i;
        size[2][i].classes = classes[i < 4 ? i : 3];
        size[3][i].grid = grid[i];
    }
    printf("\ncost of the logistic path, ours; where not said %zu x %zu, 2 classes, %d folds, %d values\n", base.n, base.d, FOLDS, GRID);
    for (size_t round = 0; round < o->rounds; round++)
        for (size_t k = 0; k < 4; k++)
            for (size_t i = 0; i < count[k] && !b->failed; i++)
                cost_at(b, round, name[k], &size[k][round % 2 ? count[k] - 1 - i : i]);
    for (size_t k = 0; k < 4 && !b->failed; k++) {
        printf("  %-17s", name[k]);
        for (size_t i = 0; i < count[k]; i++) {
            const struct probe_size *s = &size[k][i];
            printf("  %zu: %.3f s", k == 0 ? s->n : k == 1 ? s->d : k == 2 ? s->classes : s->grid, of(b, name[k], "ours", s));
        }
        printf("\n");
    }
}

/* ---- all ---- */

static const char *const parts[] = {"logistic2", "logistic5", "knn", "ridge", "cost"};
#define N_PARTS (sizeof parts / sizeof *parts)

static void start_peer(struct bench *b)
{
    char why[1200];
    if (!b->o->peer) {
        printf("peer left out, as asked\n");
    } else if (peer_start(&b->peer, "sklearn_peer.py", b->o->peer_script, b->folder, NULL, why, sizeof why)) {
        printf("%s", b->peer.notes);
        b->has_peer = true;
    } else {
        printf("NO PEER: %s; Debian's package python3-sklearn would give one\n", why);
    }
}

static int work(const char *folder, void *argument)
{
    const struct options *o = argument;
    struct bench b = {.o = o, .folder = folder};
    struct probe_size gemm = {.n = o->gemm_order, .d = o->gemm_order, .threads = o->threads};
    struct status st = {0};
    struct load before = load_now();
    blas_use_one_thread();
    printf("%zu round%s, %zu threads; %s\n", o->rounds, o->rounds > 1 ? "s" : "", o->threads, blas_description());
    start_peer(&b);
    for (size_t i = 0; i < N_PARTS && !b.failed; i++) {
        if (o->part && strcmp(o->part, parts[i]))
            continue;
        if (i < 2)
            logistic_part(&b, i ? 5 : 2);
        else
            (i == 2 ? knn_part : i == 3 ? ridge_part : cost_part)(&b);
    }
    peer_stop(&b.peer);
    if (!b.failed) {
        if (b.sgemm > 0)
            printf("\nOpenBLAS, products of order %zu, %zu threads: float32 %.0f, float64 %.0f GFLOP/s\n", o->gemm_order, o->threads,
                   of(&b, "gemm", "OpenBLAS float32", &gemm), of(&b, "gemm", "OpenBLAS float64", &gemm));
        load_print(&before);
        if (o->csv && probe_report_write(&b.report, o->csv, &st))
            fail(&b, st.text);
    }
    probe_report_free(&b.report);
    return b.failed;
}

static bool size_option(size_t *value, const char *text, size_t least, size_t most)
{
    return text && number_parse_size(text, value) && *value >= least && *value <= most;
}

static bool part_option(const char **part, const char *text)
{
    *part = NULL;
    for (size_t i = 0; i < N_PARTS && text; i++)
        if (!strcmp(parts[i], text))
            *part = text;
    return *part != NULL;
}

int main(int argc, char **argv)
{
    if (argc == 10 && !strcmp(argv[1], "--child"))
        return work_child(argv + 2);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct options o = {.n = 5000, .d = 1024, .knn_n = 9000, .knn_m = 1000, .threads = processors > 1 ? 2 : 1, .cells = 5,
                        .gemm_order = 2048, .cost_n = 2000, .cost_d = 256, .peer = true};
    size_t rounds = 3;
    bool fine = true;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc && fine; i++) {
        const char *a = argv[i], *value = argv[i + 1];
        if (!strcmp(a, "--full"))
            o.n = 20000, o.knn_n = 36000, o.knn_m = 4000, rounds = 1;
        else if (!strcmp(a, "--quick"))
            o.n = 1000, o.d = 128, o.knn_n = 2000, o.knn_m = 200, o.gemm_order = 512, o.cost_n = 400, o.cost_d = 32, rounds = 2;
        else if (!strcmp(a, "--no-peer"))
            o.peer = false;
        else if (!strcmp(a, "--part"))
            fine = part_option(&o.part, value), i++;
        else if (!strcmp(a, "--rounds"))
            fine = size_option(&o.rounds, value, 1, MAX_ROUNDS), i++;
        else if (!strcmp(a, "--threads"))
            fine = size_option(&o.threads, value, 1, 64), i++;
        else if (!strcmp(a, "--cells"))
            fine = size_option(&o.cells, value, 2, MAX_CELLS), i++;
        else if (!strcmp(a, "--csv"))
            fine = (o.csv = value) != NULL, i++;
        else if (!strcmp(a, "--peer"))
            fine = (o.peer_script = value) != NULL, i++;
        else
            fine = false;
    }
    if (!fine) {
        fprintf(stderr, "usage: bench_probe [--full|--quick] [--part NAME] [--rounds N] [--threads N] [--cells N] [--no-peer] [--peer PROGRAM] [--csv FILE]\n");
        return 2;
    }
    o.rounds = o.rounds ? o.rounds : rounds;
    return scratch_run(work, &o);
}
