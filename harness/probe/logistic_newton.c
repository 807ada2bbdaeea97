/* Inexact Newton (Dembo, Eisenstat & Steihaug 1982, SIAM J Numer Anal 19:400) with
 * preconditioned conjugate gradients, all problems in step: each asks for its next
 * product, and one walk over the rows gives all of them. */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/logistic_set.h"
#include "probe/thin.h"

#define NEWTON_MAX 200
#define CG_MAX 400
#define DECREMENT_DONE 1e-20     /* of the objective: an excess that no double of the objective can show */
#define DECREMENT_ROUNDING 1e-15 /* below this a decrement that no longer falls is rounding */
#define GRADIENT_WANTED 1e-8
#define FORCING_FLOAT 1e-4       /* what float32 products can give a step */
#define FORCING_DOUBLE 1e-8
#define WORTH_THREADS 4000000    /* multiplications of half a pass from which threads gain more than they wait for each other */
#define ROWS_TO_SHARE 10         /* rows a feature from which the folds' Hessians are alike enough (measured) */

void logistic_set_init(struct logistic_set *s, const struct logistic_rows *rows, const int32_t *label, size_t n_classes, size_t n_problems, int n_threads)
{
    *s = (struct logistic_set){.rows = *rows, .label = label, .n_classes = n_classes, .K = n_classes == 2 ? 1 : n_classes, .order = rows->d + 1,
                               .n_problems = n_problems, .n_threads = n_threads};
    if (rows->n * s->order * n_problems * s->K < WORTH_THREADS)
        s->n_threads = 1;
    size_t size = n_problems * s->K * s->order, n_scores = n_problems * s->K * rows->n;
    double **vector[] = {&s->theta, &s->before, &s->gradient, &s->step, &s->direction, &s->product, &s->residual, &s->solved};
    double **score[] = {&s->score, &s->prob, &s->step_score};
    for (size_t i = 0; i < sizeof vector / sizeof *vector; i++)
        *vector[i] = NEW0(size, double);
    for (size_t i = 0; i < sizeof score / sizeof *score; i++)
        *score[i] = NEW0(n_scores, double);
    s->problem = NEW0(n_problems, struct logistic_problem);
    for (size_t p = 0; p < n_problems; p++) {
        s->problem[p] = (struct logistic_problem){.weight = NEW0(rows->n, double), .ridge = NEW(rows->d, double), .absent = NEW0(s->K, bool)};
        for (size_t j = 0; j < rows->d; j++)
            s->problem[p].ridge[j] = 1;
    }
    s->n_chunks = rows->n < 16 * 128 ? 1 + rows->n / 128 : 16;
    s->block = 12 + 24576 / s->order;
    s->stride = thin_stride(rows->d);
    logistic_copy_rows(s);
    s->partial = mem_aligned(s->n_chunks * n_problems * s->K * s->stride, sizeof(double));
    s->n_blocks = rows->n < ROWS_TO_SHARE * rows->d ? n_problems : 1;
    s->factor = NEW0(s->n_blocks * s->K * s->order * s->order, float);
    s->diagonal = NEW0(s->n_blocks * s->K * s->order, float);
}

void logistic_set_free(struct logistic_set *s)
{
    double *all[] = {s->theta, s->before, s->gradient, s->step, s->direction, s->product, s->residual, s->solved, s->score,
                     s->prob, s->step_score, s->partial};
    free(s->z);
    free(s->factor);
    free(s->diagonal);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    for (size_t p = 0; p < s->n_problems; p++) {
        free(s->problem[p].weight);
        free(s->problem[p].ridge);
        free(s->problem[p].absent);
    }
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

static double penalty_at(const struct logistic_set *s, size_t p, double t, double C)
{
    const double *theta = of_theta(s, s->theta, p), *step = of_theta(s, s->step, p), *ridge = s->problem[p].ridge;
    double sum = 0;
    for (size_t k = 0; k < s->K; k++)
        for (size_t j = 0; j < s->rows.d; j++) {
            double value = theta[k * s->order + j] + t * step[k * s->order + j];
            sum += ridge[j] * value * value;
        }
    return sum / (2 * C);
}

/* ---- the start ---- */

void logistic_start(struct logistic_set *s)
{
    size_t n = s->rows.n, K = s->K, *all = NEW(s->n_problems, size_t);
    double *share = NEW(s->n_classes, double);
    for (size_t p = 0; p < s->n_problems; p++) {
        struct logistic_problem *q = &s->problem[p];
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
    logistic_pass(s, PASS_GRADIENT, 1, all, s->n_problems);
    for (size_t p = 0; p < s->n_problems; p++) {
        const double *g = of_theta(s, s->gradient, p);
        double scale = fabs(g[cblas_idamax((int)(K * s->order), g, 1)]);
        s->problem[p].start_gradient = scale > 0 ? scale : 1; /* no feature tells anything: W = 0 is the optimum */
    }
    free(share);
    free(all);
}

/* ---- a step ---- */

/* Hessian step = -gradient for the active problems, each until its preconditioned residual has fallen by forcing[a].
 * solved holds M^-1 gradient on entry, and rho[a] = gradient' M^-1 gradient. */
static void newton_steps(struct logistic_set *s, double C, const size_t *active, size_t n_active, const double *rho_start, const double *forcing)
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
        rho[p] = rho_start[a];
        wanted[p] = forcing[a] * forcing[a] * rho_start[a];
    }
    while (n_running && products < CG_MAX) {
        logistic_pass(s, PASS_HESSIAN, C, running, n_running);
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
    logistic_pass(s, PASS_STEP, C, active, n_active); /* anew and in double: theta and its scores must not part */
    s->last_solve = products;
    s->since_refresh += products;
    free(wanted);
    free(rho);
    free(running);
}

/* Steps as long as the objective allows; theta, score, prob and value move on. */
static void line_search(struct logistic_set *s, double C, const size_t *active, size_t n_active)
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
            next[p] = loss[a] + penalty_at(s, p, t[a], C);
            if (next[p] <= value + 1e-4 * t[a] * slope[p] + 1e-13 * fabs(value)) /* the slack is what rounding can do to a sum over n rows */
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

/* Rebuilding the blocks costs about as much as this many passes for all problems (measured). */
static size_t refresh_price(const struct logistic_set *s)
{
    return 2 + s->n_blocks * s->rows.d / (8 + 8 * s->n_problems);
}

/* Value at theta, whose scores have come along with every step; at t = 0 what is left of the last step does not count. */
static void evaluate(struct logistic_set *s, double C, const size_t *all)
{
    double *zero = NEW0(s->n_problems, double), *loss = NEW(s->n_problems, double);
    logistic_losses(loss, s, zero, all, s->n_problems);
    for (size_t p = 0; p < s->n_problems; p++)
        s->problem[p].value = loss[p] + penalty_at(s, p, 0, C);
    free(loss);
    free(zero);
}

int logistic_minimise(struct logistic_set *s, double C, struct status *st)
{
    size_t size = s->K * s->order, n_active = s->n_problems, *active = NEW(s->n_problems, size_t);
    double *rho = NEW(s->n_problems, double), *forcing = NEW(s->n_problems, double);
    for (size_t p = 0; p < s->n_problems; p++) {
        active[p] = p;
        s->problem[p].decrement = INFINITY;
        s->problem[p].iterations = s->problem[p].products = 0;
    }
    evaluate(s, C, active);
    s->exact = false;
    int code = logistic_factor(s, C, st);
    for (size_t step = 0; !code; step++) {
        logistic_pass(s, PASS_GRADIENT, C, active, n_active);
        if (s->last_solve > 8 && s->since_refresh > refresh_price(s)) {
            logistic_refresh(s);
            code = logistic_factor(s, C, st);
            if (code)
                break;
        }
        logistic_precondition(s, s->gradient, active, n_active);
        size_t kept = 0;
        for (size_t a = 0; a < n_active; a++) {
            size_t p = active[a];
            struct logistic_problem *q = &s->problem[p];
            const double *gradient = of_theta(s, s->gradient, p);
            double decrement = dot(size, gradient, of_theta(s, s->solved, p)), relative = decrement / q->value;
            q->steepest = fabs(gradient[cblas_idamax((int)size, gradient, 1)]);
            bool flat = q->steepest < GRADIENT_WANTED / 10 * q->start_gradient || q->steepest < 1e-13;
            bool stuck = s->exact && relative < DECREMENT_ROUNDING && relative > q->decrement / 4;
            if ((!(relative > DECREMENT_DONE) && flat) || stuck || step == NEWTON_MAX)
                continue;
            if (step > 2 && relative > q->decrement / 10)
                s->exact = true;
            q->decrement = relative;
            q->iterations++;
            rho[kept] = decrement;
            forcing[kept] = fmin(0.1, fmax(sqrt(relative), s->exact ? FORCING_DOUBLE : FORCING_FLOAT));
            active[kept++] = p;
        }
        n_active = kept;
        if (!n_active)
            break;
        newton_steps(s, C, active, n_active, rho, forcing);
        line_search(s, C, active, n_active);
    }
    for (size_t p = 0; p < s->n_problems && !code; p++) {
        const struct logistic_problem *q = &s->problem[p];
        if (!(q->steepest / q->start_gradient < GRADIENT_WANTED) && q->steepest > 1e-12)
            code = status_set(st, STATUS_INTERNAL, "logistic regression did not reach the optimum at C = %g: relative gradient %.2g after %zu Newton steps",
                              C, q->steepest / q->start_gradient, q->iterations);
        logistic_centre(s, p, of_theta(s, s->theta, p));
    }
    free(forcing);
    free(rho);
    free(active);
    return code;
}
