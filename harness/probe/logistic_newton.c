/* A set of problems, and its steps: inexact Newton (Dembo, Eisenstat & Steihaug 1982, SIAM J
 * Numer Anal 19:400) with preconditioned conjugate gradients, all problems in step: each asks
 * for its next product, and one walk over the rows gives all of them. */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/logistic_set.h"
#include "probe/thin.h"

#define CG_MAX 400
#define WORTH_THREADS 4000000    /* multiplications of half a pass from which threads gain more than they wait for each other */
#define FRONTS 3                 /* at most: one begins, one refines, one ends */
#define FRONTS_THAT_LEAP 5
#define ENOUGH_COLUMNS 12        /* from which the products of a walk, not the reading of the rows, take its time */
#define KEPT_BYTES 100000000 /* of scores of past optima, at most */
#define NEAR 1e-8  /* of the objective: whole steps converge from here, and its last digits cannot judge them */
#define ROWS_TO_SHARE 10         /* rows a feature from which the folds' Hessians are alike enough (measured) */

void logistic_set_init(struct logistic_set *s, const struct logistic_rows *rows, const int32_t *label, size_t n_classes, size_t n_folds, int n_threads)
{
    bool many_rows = rows->n >= ROWS_TO_SHARE * rows->d;
    size_t columns = n_folds * (n_classes == 2 ? 1 : n_classes);
    bool leaps = many_rows && columns < ENOUGH_COLUMNS;
    size_t n_fronts = leaps ? FRONTS_THAT_LEAP : many_rows ? FRONTS : 1, n_problems = n_folds * n_fronts;
    *s = (struct logistic_set){.rows = *rows, .label = label, .n_classes = n_classes, .K = n_classes == 2 ? 1 : n_classes, .order = rows->d + 1,
                               .leaps = leaps, .n_folds = n_folds, .n_fronts = n_fronts, .n_problems = n_problems, .n_threads = n_threads};
    if (rows->n * s->order * n_problems * s->K < WORTH_THREADS)
        s->n_threads = 1;
    size_t size = n_problems * s->K * s->order, n_scores = n_problems * s->K * rows->n;
    double **vector[] = {&s->theta, &s->gradient, &s->step, &s->direction, &s->product, &s->residual, &s->solved};
    double **score[] = {&s->score, &s->prob, &s->step_score};
    for (size_t i = 0; i < sizeof vector / sizeof *vector; i++)
        *vector[i] = NEW0(size, double);
    for (size_t i = 0; i < sizeof score / sizeof *score; i++)
        *score[i] = NEW0(n_scores, double);
    s->problem = NEW0(n_problems, struct logistic_problem);
    for (size_t p = 0; p < n_problems; p++) {
        s->problem[p] = s->problem[p % n_folds];
        if (p >= n_folds)
            continue;
        s->problem[p] = (struct logistic_problem){.weight = NEW0(rows->n, double), .ridge = NEW(rows->d, double), .absent = NEW0(s->K, bool)};
        for (size_t j = 0; j < rows->d; j++)
            s->problem[p].ridge[j] = 1;
    }
    size_t fit_in = KEPT_BYTES / (n_folds * s->K * rows->n * sizeof(double) + 1);
    s->n_past = fit_in < 1 ? 1 : fit_in < LOGISTIC_SPAN ? fit_in : LOGISTIC_SPAN;
    s->past_theta = NEW(s->n_past * n_folds * s->K * s->order, double);
    s->past_score = NEW(s->n_past * n_folds * s->K * rows->n, double);
    s->front = NEW0(n_fronts, struct logistic_front);
    for (size_t f = 0; f < n_fronts; f++)
        s->front[f].active = NEW(n_folds, size_t);
    s->n_chunks = rows->n < 16 * 128 ? 1 + rows->n / 128 : 16;
    s->block = 12 + 24576 / s->order;
    s->stride = thin_stride(rows->d);
    logistic_copy_rows(s);
    s->partial = mem_aligned(s->n_chunks * n_problems * s->K * s->stride, sizeof(double));
    s->n_blocks = many_rows ? 1 : n_folds;
    s->factor = NEW0(n_fronts * s->n_blocks * s->K * s->order * s->order, float);
    s->diagonal = NEW0(s->n_blocks * s->K * s->order, float);
}

void logistic_set_free(struct logistic_set *s)
{
    double *all[] = {s->theta, s->gradient, s->step, s->direction, s->product, s->residual, s->solved, s->score,
                     s->prob, s->step_score, s->partial, s->past_theta, s->past_score};
    free(s->z);
    free(s->factor);
    free(s->diagonal);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    for (size_t f = 0; f < s->n_folds; f++) {
        free(s->problem[f].weight);
        free(s->problem[f].ridge);
        free(s->problem[f].absent);
    }
    for (size_t f = 0; f < s->n_fronts; f++)
        free(s->front[f].active);
    free(s->front);
    free(s->problem);
    *s = (struct logistic_set){0};
}

void logistic_centre(const struct logistic_set *s, size_t p, double *vector)
{
    const bool *absent = s->problem[p].absent;
    size_t n_present = 0;
    if (s->K == 1)
        return;
    for (size_t k = 0; k < s->K; k++)
        n_present += !absent[k];
    for (size_t j = 0; j < s->order; j++) {
        double sum = 0;
        for (size_t k = 0; k < s->K; k++)
            sum += vector[k * s->order + j];
        for (size_t k = 0; k < s->K; k++)
            vector[k * s->order + j] = absent[k] ? 0 : vector[k * s->order + j] - sum / (double)n_present;
    }
}

static double dot(size_t n, const double *a, const double *b)
{
    return cblas_ddot((int)n, a, 1, b, 1);
}

double logistic_penalty(const struct logistic_set *s, size_t p, double t)
{
    const double *theta = of_theta(s, s->theta, p), *step = of_theta(s, s->step, p), *ridge = s->problem[p].ridge;
    double sum = 0;
    for (size_t k = 0; k < s->K; k++)
        for (size_t j = 0; j < s->rows.d; j++) {
            double value = theta[k * s->order + j] + t * step[k * s->order + j];
            sum += ridge[j] * value * value;
        }
    return sum / (2 * s->problem[p].C);
}

/* ---- the start ---- */

void logistic_start(struct logistic_set *s)
{
    size_t n = s->rows.n, K = s->K, *all = NEW(s->n_folds, size_t);
    double *share = NEW(s->n_classes, double), *zero = NEW0(s->n_folds, double), *loss = NEW(s->n_folds, double);
    for (size_t p = 0; p < s->n_folds; p++) {
        struct logistic_problem *q = &s->problem[p];
        q->C = 1; /* nothing is penalised here */
        double total = 0, *theta = of_theta(s, s->theta, p), *prob = of_rows(s, s->prob, p);
        all[p] = p;
        memset(share, 0, s->n_classes * sizeof *share);
        for (size_t i = 0; i < n; i++) {
            share[s->label[i]] += q->weight[i];
            total += q->weight[i];
        }
        if (K == 1)
            share[0] = share[1]; /* the one row speaks of class 1 */
        memset(theta, 0, K * s->order * sizeof *theta);
        for (size_t k = 0; k < K; k++) {
            share[k] /= total;
            q->absent[k] = !(share[k] > 0);
            theta[k * s->order + s->rows.d] = q->absent[k] ? 0 : K == 1 ? log(share[k] / (1 - share[k])) : log(share[k]);
        }
        logistic_centre(s, p, theta);
        double *score = of_rows(s, s->score, p);
        for (size_t i = 0; i < n; i++) {
            memcpy(prob + i * K, share, K * sizeof *share);
            for (size_t k = 0; k < K; k++)
                score[i * K + k] = theta[k * s->order + s->rows.d];
        }
    }
    logistic_pass(s, PASS_GRADIENT, all, s->n_folds);
    logistic_losses(loss, s, zero, all, s->n_folds);
    for (size_t p = 0; p < s->n_folds; p++) {
        s->problem[p].loss = loss[p];
        const double *g = of_theta(s, s->gradient, p);
        double scale = fabs(g[cblas_idamax((int)(K * s->order), g, 1)]);
        s->problem[p].start_gradient = scale > 0 ? scale : 1; /* no feature tells anything: W = 0 is the optimum */
    }
    free(loss);
    free(zero);
    free(share);
    free(all);
}

/* ---- a step ---- */

void logistic_newton_steps(struct logistic_set *s, const size_t *active, size_t n_active, const double *rho_start, const double *forcing)
{
    size_t size = s->K * s->order, n_running = n_active, products = 0;
    size_t *running = NEW(n_active, size_t);
    double *rho = NEW0(s->n_problems, double), *wanted = NEW0(s->n_problems, double);
    for (size_t a = 0; a < n_active; a++) {
        size_t p = running[a] = active[a];
        const double *gradient = of_theta(s, s->gradient, p), *solved = of_theta(s, s->solved, p);
        double *residual = of_theta(s, s->residual, p), *direction = of_theta(s, s->direction, p);
        memset(of_theta(s, s->step, p), 0, size * sizeof(double));
        for (size_t j = 0; j < size; j++) {
            residual[j] = -gradient[j];
            direction[j] = -solved[j];
        }
        rho[p] = rho_start[p];
        wanted[p] = forcing[p] * forcing[p] * rho_start[p];
    }
    while (n_running && products < CG_MAX) {
        logistic_pass(s, PASS_HESSIAN, running, n_running);
        products++;
        size_t kept = 0;
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->n_threads)
        for (size_t r = 0; r < n_running; r++) {
            size_t p = running[r];
            double curvature = dot(size, of_theta(s, s->direction, p), of_theta(s, s->product, p));
            s->problem[p].products++;
            if (!(curvature > 0)) {
                rho[p] = 0;
                continue;
            }
            double alpha = rho[p] / curvature;
            cblas_daxpy((int)size, alpha, of_theta(s, s->direction, p), 1, of_theta(s, s->step, p), 1);
            cblas_daxpy((int)size, -alpha, of_theta(s, s->product, p), 1, of_theta(s, s->residual, p), 1);
        }
        for (size_t r = 0; r < n_running; r++)
            if (rho[running[r]] > 0)
                running[kept++] = running[r];
        n_running = kept;
        logistic_precondition(s, s->residual, running, n_running);
        kept = 0;
        for (size_t r = 0; r < n_running; r++) {
            size_t p = running[r];
            double next = dot(size, of_theta(s, s->residual, p), of_theta(s, s->solved, p));
            if (!(next > wanted[p]))
                continue;
            cblas_dscal((int)size, next / rho[p], of_theta(s, s->direction, p), 1);
            cblas_daxpy((int)size, 1, of_theta(s, s->solved, p), 1, of_theta(s, s->direction, p), 1);
            rho[p] = next;
            running[kept++] = p;
        }
        n_running = kept;
    }
    logistic_pass(s, PASS_STEP, active, n_active); /* anew and in double: theta and its scores must not part */
    s->last_solve = products;
    s->since_refresh += products;
    free(wanted);
    free(rho);
    free(running);
}

void logistic_line_search(struct logistic_set *s, const size_t *active, size_t n_active)
{
    size_t size = s->K * s->order, n_open = n_active, *open = NEW(n_active, size_t);
    double *t = NEW(n_active, double), *loss = NEW(n_active, double), *slope = NEW0(s->n_problems, double), *length = NEW0(s->n_problems, double);
    double *next = NEW0(s->n_problems, double);
    for (size_t a = 0; a < n_active; a++) {
        open[a] = active[a];
        slope[active[a]] = dot(size, of_theta(s, s->gradient, active[a]), of_theta(s, s->step, active[a]));
        length[active[a]] = 1;
    }
    for (int halvings = 0; n_open && halvings < 40; halvings++) {
        size_t kept = 0;
        for (size_t a = 0; a < n_open; a++)
            t[a] = length[open[a]];
        logistic_losses(loss, s, t, open, n_open);
        for (size_t a = 0; a < n_open; a++) {
            size_t p = open[a];
            double value = s->problem[p].value;
            s->problem[p].loss = loss[a];
            next[p] = loss[a] + logistic_penalty(s, p, t[a]);
            if (-slope[p] < NEAR * value || next[p] <= value + 1e-4 * t[a] * slope[p])
                continue;
            if (halvings < 39)
                length[p] /= 2;
            open[kept++] = p;
        }
        n_open = kept;
    }
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->n_threads)
    for (size_t a = 0; a < n_active; a++) {
        size_t p = active[a];
        cblas_daxpy((int)size, length[p], of_theta(s, s->step, p), 1, of_theta(s, s->theta, p), 1);
        cblas_daxpy((int)(s->K * s->rows.n), length[p], of_rows(s, s->step_score, p), 1, of_rows(s, s->score, p), 1);
        s->problem[p].value = next[p];
    }
    free(next);
    free(length);
    free(slope);
    free(loss);
    free(t);
    free(open);
}
