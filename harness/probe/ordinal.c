#include "probe/ordinal.h"

#include <assert.h>
#include <cblas.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/lapack.h"
#include "probe/row_space.h"

#define NEWTON_MAX 200
#define CG_MAX 400
#define DECREMENT_DONE 1e-20     /* of the objective: an excess that no double of the objective can show */
#define DECREMENT_ROUNDING 1e-15 /* below this a decrement that no longer falls is rounding */
#define GRADIENT_WANTED 1e-8

/* Parameters are theta = (w[d], threshold[cuts]).  Everything below minimises the objective divided by C. */
struct problem {
    size_t n, d, cuts;     /* cuts: one less than the classes that have rows */
    const double *x;       /* [n, d] */
    const uint32_t *class; /* [n], 0 .. cuts */
    const double *weight;  /* [n] */
    const double *total;   /* [cuts + 1] weight of each class */
    size_t block;          /* rows of x that stay in cache for both products of a pass */
};

struct work {
    double *score, *step_score, *product_score; /* [n] */
    double *upper, *lower;                      /* [n] curvature at a row's thresholds above and below, weighted */
    double *slope;                              /* [n] loss by score, weighted */
    double *theta, *gradient, *step, *direction, *product, *residual, *solved; /* [d + cuts] */
    double *buffer;  /* [block] */
    double *moved;   /* [cuts] thresholds during the line search */
    double *factor;  /* [d + cuts, d + cuts]: above the diagonal the Hessian's data part, on and below it a Cholesky factor */
    double *diagonal; /* [d + cuts] of the data part */
    size_t since_refresh, last_solve; /* Hessian products since factor was rebuilt, and of the last step */
};

static double dot(size_t n, const double *a, const double *b)
{
    return cblas_ddot((int)n, a, 1, b, 1);
}

static double sigmoid(double s)
{
    double e = exp(-fabs(s));
    return s >= 0 ? 1 / (1 + e) : e / (1 + e);
}

static double softplus(double s)
{
    return fmax(s, 0) + log1p(exp(-fabs(s)));
}

/* sigmoid(s) sigmoid(-s) */
static double bell(double s)
{
    double e = exp(-fabs(s));
    return e / ((1 + e) * (1 + e));
}

/* What the closed sides of the intervals cost: -sum_k total_k log(1 - e^-width_k); infinite if one is empty. */
static double barrier(const struct problem *p, const double *threshold)
{
    double sum = 0;
    for (size_t k = 1; k < p->cuts; k++) {
        double width = threshold[k] - threshold[k - 1];
        if (!(width > 0))
            return INFINITY;
        sum -= p->total[k] * (width < M_LN2 ? log(-expm1(-width)) : log1p(-exp(-width)));
    }
    return sum;
}

/* Loss + penalty at theta + t * step. */
static double value_at(const struct problem *p, const struct work *w, double t, double C)
{
    for (size_t k = 0; k < p->cuts; k++)
        w->moved[k] = w->theta[p->d + k] + t * w->step[p->d + k];
    double sum = barrier(p, w->moved), square = 0;
    if (isinf(sum))
        return INFINITY;
    for (size_t i = 0; i < p->n; i++) {
        size_t k = p->class[i];
        double s = w->score[i] + t * w->step_score[i];
        double loss = (k < p->cuts ? softplus(s - w->moved[k]) : 0) + (k > 0 ? softplus(w->moved[k - 1] - s) : 0);
        sum += p->weight[i] * loss;
    }
    for (size_t j = 0; j < p->d; j++) {
        double value = w->theta[j] + t * w->step[j];
        square += value * value;
    }
    return sum + square / (2 * C);
}

/* Gradient, and the curvatures that the Hessian is made of, at theta. */
static void gradient(const struct problem *p, struct work *w, double C)
{
    const double *threshold = w->theta + p->d;
    double *g = w->gradient + p->d;
    memset(w->gradient, 0, (p->d + p->cuts) * sizeof *w->gradient);
    for (size_t i = 0; i < p->n; i++) {
        size_t k = p->class[i];
        double weight = p->weight[i], above = 0, below = 0;
        w->upper[i] = w->lower[i] = 0;
        if (k < p->cuts) {
            above = weight * sigmoid(w->score[i] - threshold[k]);
            w->upper[i] = weight * bell(w->score[i] - threshold[k]);
            g[k] -= above;
        }
        if (k > 0) {
            below = weight * sigmoid(threshold[k - 1] - w->score[i]);
            w->lower[i] = weight * bell(threshold[k - 1] - w->score[i]);
            g[k - 1] += below;
        }
        w->slope[i] = above - below;
    }
    for (size_t k = 1; k < p->cuts; k++) {
        double push = p->total[k] / expm1(threshold[k] - threshold[k - 1]);
        g[k] -= push;
        g[k - 1] += push;
    }
    cblas_dgemv(CblasRowMajor, CblasTrans, (int)p->n, (int)p->d, 1, p->x, (int)p->d, w->slope, 1, 0, w->gradient, 1);
    cblas_daxpy((int)p->d, 1 / C, w->theta, 1, w->gradient, 1);
}

/* Second derivative of the barrier by the width of class k's interval. */
static double barrier_curvature(const struct problem *p, const struct work *w, size_t k)
{
    double s = 2 * sinh((w->theta[p->d + k] - w->theta[p->d + k - 1]) / 2);
    return p->total[k] / s / s;
}

/* product = Hessian direction, and product_score = x direction, in one walk over x. */
static void hessian_product(const struct problem *p, struct work *w, double C)
{
    const double *cut = w->direction + p->d;
    double *out = w->product + p->d;
    memset(w->product, 0, (p->d + p->cuts) * sizeof *w->product);
    for (size_t begin = 0; begin < p->n; begin += p->block) {
        size_t m = p->n - begin < p->block ? p->n - begin : p->block;
        const double *x = p->x + begin * p->d;
        double *t = w->product_score + begin;
        cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)m, (int)p->d, 1, x, (int)p->d, w->direction, 1, 0, t, 1);
        for (size_t i = 0; i < m; i++) {
            size_t k = p->class[begin + i];
            double above = k < p->cuts ? w->upper[begin + i] * (cut[k] - t[i]) : 0;
            double below = k > 0 ? w->lower[begin + i] * (cut[k - 1] - t[i]) : 0;
            if (k < p->cuts)
                out[k] += above;
            if (k > 0)
                out[k - 1] += below;
            w->buffer[i] = -(above + below);
        }
        cblas_dgemv(CblasRowMajor, CblasTrans, (int)m, (int)p->d, 1, x, (int)p->d, w->buffer, 1, 1, w->product, 1);
    }
    for (size_t k = 1; k < p->cuts; k++) {
        double pull = barrier_curvature(p, w, k) * (cut[k] - cut[k - 1]);
        out[k] += pull;
        out[k - 1] -= pull;
    }
    cblas_daxpy((int)p->d, 1 / C, w->direction, 1, w->product, 1);
}

/* The Hessian's data part, into the upper triangle of factor and into diagonal. */
static void refresh_hessian(const struct problem *p, struct work *w)
{
    size_t order = p->d + p->cuts, chunk = 256;
    double *scaled = NEW(chunk * p->d, double), *at = NEW(chunk * p->cuts, double), *h = w->factor;
    for (size_t j = 0; j < order; j++)
        memset(h + j * order + j, 0, (order - j) * sizeof *h);
    for (size_t begin = 0; begin < p->n; begin += chunk) {
        size_t m = p->n - begin < chunk ? p->n - begin : chunk;
        const double *x = p->x + begin * p->d;
        memset(at, 0, m * p->cuts * sizeof *at);
        for (size_t i = 0; i < m; i++) {
            size_t k = p->class[begin + i];
            double upper = w->upper[begin + i], lower = w->lower[begin + i], root = sqrt(upper + lower);
            for (size_t j = 0; j < p->d; j++)
                scaled[i * p->d + j] = root * x[i * p->d + j];
            if (k < p->cuts) {
                at[i * p->cuts + k] = upper;
                h[(p->d + k) * order + p->d + k] += upper;
            }
            if (k > 0) {
                at[i * p->cuts + k - 1] = lower;
                h[(p->d + k - 1) * order + p->d + k - 1] += lower;
            }
        }
        cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)p->d, (int)m, 1, scaled, (int)p->d, 1, h, (int)order);
        cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)p->d, (int)p->cuts, (int)m, -1, x, (int)p->d, at,
                    (int)p->cuts, 1, h + p->d, (int)order);
    }
    for (size_t k = 1; k < p->cuts; k++) {
        double curvature = barrier_curvature(p, w, k), *corner = h + (p->d + k - 1) * order + p->d + k - 1;
        corner[0] += curvature;
        corner[1] -= curvature;
        corner[order + 1] += curvature;
    }
    cblas_dcopy((int)order, h, (int)order + 1, w->diagonal, 1);
    free(scaled);
    free(at);
    w->since_refresh = w->last_solve = 0;
}

/* Cholesky factor of Hessian + penalty.  A shift far below the largest curvature keeps a nearly singular
 * one factorable; it bends the preconditioner only, never the optimum. */
static int factor_hessian(const struct problem *p, struct work *w, double C, struct status *st)
{
    size_t order = p->d + p->cuts;
    double *h = w->factor, largest = 0;
    for (size_t j = 0; j < order; j++)
        largest = fmax(largest, w->diagonal[j]);
    double floor = 1e-13 * (largest + 1 / C);
    for (size_t i = 0; i < order; i++) {
        for (size_t j = 0; j < i; j++)
            h[i * order + j] = h[j * order + i];
        h[i * order + i] = w->diagonal[i] + fmax(i < p->d ? 1 / C : 0, floor);
    }
    int n = (int)order, info = 0;
    dpotrf_("U", &n, h, &n, &info, 1); /* column-major upper is row-major lower */
    return info ? status_set(st, STATUS_INTERNAL, "ordinal regression: Hessian is not positive definite at C = %g", C)
                : STATUS_OK;
}

static void precondition(double *out, const double *in, const struct problem *p, const struct work *w)
{
    int order = (int)(p->d + p->cuts);
    memcpy(out, in, (size_t)order * sizeof *out);
    cblas_dtrsv(CblasRowMajor, CblasLower, CblasNoTrans, CblasNonUnit, order, w->factor, order, out, 1);
    cblas_dtrsv(CblasRowMajor, CblasLower, CblasTrans, CblasNonUnit, order, w->factor, order, out, 1);
}

/* Hessian step = -gradient, until the preconditioned residual has fallen by `forcing`.  solved holds
 * M^-1 gradient on entry, and rho = gradient' M^-1 gradient. */
static void newton_step(const struct problem *p, struct work *w, double C, double rho, double forcing)
{
    size_t size = p->d + p->cuts, products = 0;
    double wanted = forcing * forcing * rho;
    memset(w->step, 0, size * sizeof *w->step);
    memset(w->step_score, 0, p->n * sizeof *w->step_score);
    for (size_t j = 0; j < size; j++) {
        w->residual[j] = -w->gradient[j];
        w->direction[j] = -w->solved[j];
    }
    while (products < CG_MAX) {
        hessian_product(p, w, C);
        products++;
        double curvature = dot(size, w->direction, w->product);
        if (!(curvature > 0))
            break;
        double alpha = rho / curvature;
        cblas_daxpy((int)size, alpha, w->direction, 1, w->step, 1);
        cblas_daxpy((int)p->n, alpha, w->product_score, 1, w->step_score, 1);
        cblas_daxpy((int)size, -alpha, w->product, 1, w->residual, 1);
        precondition(w->solved, w->residual, p, w);
        double next = dot(size, w->residual, w->solved);
        if (!(next > wanted))
            break;
        cblas_dscal((int)size, next / rho, w->direction, 1);
        cblas_daxpy((int)size, 1, w->solved, 1, w->direction, 1);
        rho = next;
    }
    w->last_solve = products;
    w->since_refresh += products;
}

/* The largest t <= 1 that leaves every interval 1 % of its width. */
static double longest_step(const struct problem *p, const struct work *w)
{
    double t = 1;
    const double *threshold = w->theta + p->d, *step = w->step + p->d;
    for (size_t k = 1; k < p->cuts; k++) {
        double closing = step[k - 1] - step[k];
        if (closing > 0)
            t = fmin(t, 0.99 * (threshold[k] - threshold[k - 1]) / closing);
    }
    return t;
}

/* About how many products cost as much as rebuilding the Hessian: the rule of logistic.c, not tuned anew. */
static size_t refresh_price(const struct problem *p)
{
    return 2 + p->d / 24;
}

static int minimise(struct ordinal *fit, const struct problem *p, struct work *w, double C, double gradient_scale,
                    struct status *st)
{
    size_t size = p->d + p->cuts;
    double previous = INFINITY;
    if (factor_hessian(p, w, C, st))
        return st->code;
    cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)p->n, (int)p->d, 1, p->x, (int)p->d, w->theta, 1, 0, w->score, 1);
    double value = value_at(p, w, 0, C);
    for (fit->iterations = 0;; fit->iterations++) {
        gradient(p, w, C);
        if (w->last_solve > 8 && w->since_refresh > refresh_price(p)) {
            refresh_hessian(p, w);
            if (factor_hessian(p, w, C, st))
                return st->code;
        }
        precondition(w->solved, w->gradient, p, w);
        double rho = dot(size, w->gradient, w->solved), relative = rho / value;
        fit->gradient = fabs(w->gradient[cblas_idamax((int)size, w->gradient, 1)]);
        fit->gradient_relative = fit->gradient / gradient_scale;
        if (!(relative > DECREMENT_DONE) || (relative < DECREMENT_ROUNDING && relative > previous / 4) ||
            fit->iterations == NEWTON_MAX)
            break;
        previous = relative;
        newton_step(p, w, C, rho, fmin(0.1, fmax(sqrt(relative), 1e-8)));
        fit->products += w->last_solve;

        double slope = dot(size, w->gradient, w->step), t = longest_step(p, w), next = INFINITY;
        for (int halvings = 0; halvings < 40; halvings++, t /= 2) {
            next = value_at(p, w, t, C);
            /* the slack is what rounding can do to a sum over n rows */
            if (next <= value + 1e-4 * t * slope + 1e-13 * fabs(value))
                break;
        }
        cblas_daxpy((int)size, t, w->step, 1, w->theta, 1);
        cblas_daxpy((int)p->n, t, w->step_score, 1, w->score, 1);
        value = next;
    }
    fit->objective = C * value;
    if (!(fit->gradient_relative < GRADIENT_WANTED) && fit->gradient > 1e-12)
        return status_set(st, STATUS_INTERNAL, "ordinal regression did not reach the optimum at C = %g: relative "
                          "gradient %.2g after %zu Newton steps", C, fit->gradient_relative, fit->iterations);
    return STATUS_OK;
}

/* w = 0 and the thresholds that give each class its share, the optimum for C = 0; returns the gradient's norm there. */
static double start(const struct problem *p, struct work *w)
{
    double below = 0, above = 0;
    for (size_t k = 0; k <= p->cuts; k++)
        above += p->total[k];
    for (size_t k = 0; k < p->cuts; k++) {
        below += p->total[k];
        double rest = 0; /* summed, not subtracted: a rare last class keeps its digits */
        for (size_t j = p->cuts; j > k; j--)
            rest += p->total[j];
        w->theta[p->d + k] = log(below / rest);
    }
    gradient(p, w, above);
    return fabs(w->gradient[cblas_idamax((int)(p->d + p->cuts), w->gradient, 1)]);
}

static int check_input(const double *C, size_t n_c, const double *x, size_t n, size_t d, const double *weight,
                       struct status *st)
{
    for (size_t c = 0; c < n_c; c++)
        if (!(C[c] > 0 && isfinite(C[c])))
            return status_set(st, STATUS_USAGE, "ordinal regression: C = %g is not a positive number", C[c]);
    for (size_t i = 0; i < n; i++) {
        if (weight && !(weight[i] >= 0 && isfinite(weight[i])))
            return status_set(st, STATUS_DATA, "ordinal regression: weight %g of row %zu is not a number >= 0",
                              weight[i], i);
        for (size_t j = 0; j < d; j++)
            if (!isfinite(x[i * d + j]))
                return status_set(st, STATUS_DATA, "ordinal regression: feature %zu of row %zu is %g", j, i,
                                  x[i * d + j]);
    }
    return STATUS_OK;
}

/* Indexes of C, smallest C first; few enough for insertion. */
static void sort_ascending(size_t *order, const double *C, size_t n_c)
{
    for (size_t i = 0; i < n_c; i++) {
        size_t j = i;
        for (; j > 0 && C[order[j - 1]] > C[i]; j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
}

static void work_init(struct work *w, const struct problem *p)
{
    size_t size = p->d + p->cuts;
    double **vector[] = {&w->theta, &w->gradient, &w->step, &w->direction, &w->product, &w->residual, &w->solved,
                         &w->diagonal};
    double **row[] = {&w->score, &w->step_score, &w->product_score, &w->upper, &w->lower, &w->slope};
    for (size_t i = 0; i < sizeof vector / sizeof *vector; i++)
        *vector[i] = NEW0(size, double);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        *row[i] = NEW0(p->n, double);
    w->buffer = NEW(p->block, double);
    w->moved = NEW(p->cuts, double);
    w->factor = NEW0(size * size, double);
}

static void work_free(struct work *w)
{
    double *all[] = {w->theta, w->gradient, w->step, w->direction, w->product, w->residual, w->solved, w->diagonal,
                     w->score, w->step_score, w->product_score, w->upper, w->lower, w->slope, w->buffer, w->moved,
                     w->factor};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

/* Thresholds of all classes from those between the classes with rows: that above class k is the one above the last
 * class with rows up to k. */
static void spread_thresholds(double *threshold, const double *cut, const bool *present, size_t n_classes)
{
    size_t below = 0, n_present = 0;
    for (size_t k = 0; k < n_classes; k++)
        n_present += present[k];
    for (size_t k = 0; k + 1 < n_classes; k++) {
        below += present[k];
        threshold[k] = below == 0 ? -INFINITY : below == n_present ? INFINITY : cut[below - 1];
    }
}

int ordinal_fit_path(struct ordinal *fit, const double *C, size_t n_c, const double *x, size_t n, size_t d,
                     const int32_t *label, size_t n_classes, const double *weight, struct status *st)
{
    assert(n_classes >= 2);
    struct work w = {0};
    struct row_space space = {0};
    size_t n_present = 0, *order = NEW(n_c + 1, size_t);
    uint32_t *rank = NEW0(n_classes, uint32_t), *class = NEW(n + 1, uint32_t);
    bool *present = NEW0(n_classes, bool);
    double *weights = NEW(n + 1, double), *total = NEW0(n_classes, double), *z = NULL;
    for (size_t c = 0; c < n_c; c++)
        fit[c] = (struct ordinal){0};
    struct status own;
    st = st ? st : &own;
    int code = check_input(C, n_c, x, n, d, weight, st);
    if (code)
        goto done;

    for (size_t i = 0; i < n; i++) {
        assert(label[i] >= 0 && (size_t)label[i] < n_classes);
        weights[i] = weight ? weight[i] : 1;
        present[label[i]] |= weights[i] > 0;
    }
    for (size_t k = 0; k < n_classes; k++)
        rank[k] = present[k] ? (uint32_t)n_present++ : 0; /* an absent class's rows weigh 0 */
    if (n_present < 2) {
        code = status_set(st, STATUS_UNDEFINED, "ordinal regression needs rows of two classes; the %zu given hold %zu",
                          n, n_present);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        class[i] = rank[label[i]];
        total[class[i]] += weights[i];
    }

    struct problem p = {.n = n, .d = d, .cuts = n_present - 1, .x = x, .class = class, .weight = weights, .total = total};
    if (d > n) {
        z = NEW(n * n, double);
        row_space_fit(&space, z, x, n, d);
        p.x = z;
        p.d = n;
    }
    p.block = 1 + 32768 / (p.d + 1);
    work_init(&w, &p);
    double gradient_scale = start(&p, &w);
    if (!(gradient_scale > 0)) /* no feature tells anything: w = 0 is the optimum */
        gradient_scale = 1;
    refresh_hessian(&p, &w);

    sort_ascending(order, C, n_c);
    for (size_t c = 0; c < n_c && !code; c++) {
        struct ordinal *f = &fit[order[c]];
        code = minimise(f, &p, &w, C[order[c]], gradient_scale, st);
        f->d = d;
        f->n_classes = n_classes;
        f->coef = NEW(d, double);
        f->threshold = NEW(n_classes - 1, double);
        spread_thresholds(f->threshold, w.theta + p.d, present, n_classes);
        if (z)
            row_space_expand(f->coef, w.theta, &space);
        else
            memcpy(f->coef, w.theta, d * sizeof *w.theta);
    }

done:
    if (code)
        for (size_t c = 0; c < n_c; c++)
            ordinal_free(&fit[c]);
    work_free(&w);
    row_space_free(&space);
    free(z);
    free(total);
    free(weights);
    free(present);
    free(class);
    free(rank);
    free(order);
    return code;
}

void ordinal_predict(double *prob, const struct ordinal *fit, const double *x, size_t m)
{
    size_t top = fit->n_classes - 1;
    for (size_t i = 0; i < m; i++) {
        double score = dot(fit->d, x + i * fit->d, fit->coef);
        for (size_t k = 0; k <= top; k++) {
            double share = 1;
            if (k > 0 && k < top) /* of equal infinities too */
                share = fit->threshold[k] > fit->threshold[k - 1] ? -expm1(fit->threshold[k - 1] - fit->threshold[k]) : 0;
            if (k < top)
                share *= sigmoid(fit->threshold[k] - score);
            if (k > 0)
                share *= sigmoid(score - fit->threshold[k - 1]);
            prob[i * fit->n_classes + k] = share;
        }
    }
}

void ordinal_free(struct ordinal *fit)
{
    free(fit->coef);
    free(fit->threshold);
    *fit = (struct ordinal){0};
}
