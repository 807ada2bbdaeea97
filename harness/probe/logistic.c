#include "probe/logistic.h"

#include <assert.h>
#include <cblas.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/lapack.h"
#include "probe/row_space.h"

#define NEWTON_MAX 200
#define CG_MAX 400
#define DECREMENT_DONE 1e-20    /* of the objective: an excess that no double of the objective can show */
#define DECREMENT_ROUNDING 1e-15 /* below this a decrement that no longer falls is rounding */
#define GRADIENT_WANTED 1e-8

/* Parameters are theta[rows, d + 1], the intercept last.  Everything below minimises
 * sum_i w_i loss_i + |W|^2 / (2C): the objective divided by C. */
struct problem {
    size_t n, d, rows;
    const double *x;       /* [n, d] */
    const uint32_t *class; /* [n] among the classes that have rows */
    const double *weight;  /* [n] */
    size_t block;          /* rows of x that stay in cache for both products of a pass */
};

struct work {
    double *score, *prob, *step_score, *product_score; /* [n, rows] */
    double *theta, *gradient, *step, *direction, *product, *residual, *solved; /* [rows, d + 1] */
    double *buffer;    /* [block, rows] */
    double *factor;    /* [rows, d + 1, d + 1]: above the diagonal a Hessian block, on and below it a Cholesky factor */
    double *diagonal;  /* [rows, d + 1] of the Hessian block */
    size_t since_refresh; /* Hessian products since factor was rebuilt */
    size_t last_solve;    /* Hessian products of the last step */
};

static double dot(size_t n, const double *a, const double *b)
{
    return cblas_ddot((int)n, a, 1, b, 1);
}

/* score = x W' + b for m rows. */
static void forward(double *score, const double *x, size_t m, size_t d, const double *theta, size_t rows)
{
    if (rows == 1)
        cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)m, (int)d, 1, x, (int)d, theta, 1, 0, score, 1);
    else
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)rows, (int)d, 1, x, (int)d, theta,
                    (int)d + 1, 0, score, (int)rows);
    for (size_t i = 0; i < m; i++)
        for (size_t k = 0; k < rows; k++)
            score[i * rows + k] += theta[k * (d + 1) + d];
}

/* out += u' [x 1] for m rows. */
static void backward(double *out, const double *x, size_t m, size_t d, const double *u, size_t rows)
{
    if (rows == 1)
        cblas_dgemv(CblasRowMajor, CblasTrans, (int)m, (int)d, 1, x, (int)d, u, 1, 1, out, 1);
    else
        cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)rows, (int)d, (int)m, 1, u, (int)rows, x, (int)d,
                    1, out, (int)d + 1);
    for (size_t i = 0; i < m; i++)
        for (size_t k = 0; k < rows; k++)
            out[k * (d + 1) + d] += u[i * rows + k];
}

static void add_penalty(double *out, const double *theta, const struct problem *p, double C)
{
    for (size_t k = 0; k < p->rows; k++)
        cblas_daxpy((int)p->d, 1 / C, theta + k * (p->d + 1), 1, out + k * (p->d + 1), 1);
}

/* Adding one vector to every class's row changes no probability; the optimum is the point where rows sum to 0. */
static void centre_rows(double *theta, const struct problem *p)
{
    if (p->rows == 1)
        return;
    for (size_t j = 0; j <= p->d; j++) {
        double sum = 0;
        for (size_t k = 0; k < p->rows; k++)
            sum += theta[k * (p->d + 1) + j];
        for (size_t k = 0; k < p->rows; k++)
            theta[k * (p->d + 1) + j] -= sum / (double)p->rows;
    }
}

static double sigmoid(double s)
{
    double e = exp(-fabs(s));
    return s >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/* prob[rows] from score[rows]; returns the loss of class `mine`, -log(prob[mine]), to full precision also where that is tiny. */
static double softmax(double *prob, const double *score, size_t rows, size_t mine)
{
    size_t top = 0;
    double others = 0, own = score[mine];
    for (size_t k = 1; k < rows; k++)
        top = score[k] > score[top] ? k : top;
    double largest = score[top];
    for (size_t k = 0; k < rows; k++) {
        prob[k] = exp(score[k] - largest);
        others += k == top ? 0 : prob[k];
    }
    for (size_t k = 0; k < rows; k++)
        prob[k] /= 1 + others;
    return largest - own + log1p(others);
}

/* Loss at score + t * step_score; fills prob when it is not NULL. */
static double loss_at(const struct problem *p, const struct work *w, double t, double *prob)
{
    double sum = 0, s[p->rows], q[p->rows];
    for (size_t i = 0; i < p->n; i++) {
        double loss;
        for (size_t k = 0; k < p->rows; k++)
            s[k] = w->score[i * p->rows + k] + t * w->step_score[i * p->rows + k];
        if (p->rows == 1) {
            loss = fmax(p->class[i] ? -s[0] : s[0], 0) + log1p(exp(-fabs(s[0])));
            q[0] = prob ? sigmoid(s[0]) : 0;
        } else {
            loss = softmax(q, s, p->rows, p->class[i]);
        }
        sum += p->weight[i] * loss;
        if (prob)
            memcpy(prob + i * p->rows, q, p->rows * sizeof *q);
    }
    return sum;
}

static double penalty_at(const struct problem *p, const struct work *w, double t, double C)
{
    double sum = 0;
    for (size_t k = 0; k < p->rows; k++)
        for (size_t j = 0; j < p->d; j++) {
            double value = w->theta[k * (p->d + 1) + j] + t * w->step[k * (p->d + 1) + j];
            sum += value * value;
        }
    return sum / (2 * C);
}

static void gradient(const struct problem *p, struct work *w, double C)
{
    memset(w->gradient, 0, p->rows * (p->d + 1) * sizeof *w->gradient);
    for (size_t begin = 0; begin < p->n; begin += p->block) {
        size_t m = p->n - begin < p->block ? p->n - begin : p->block;
        for (size_t i = 0; i < m; i++)
            for (size_t k = 0; k < p->rows; k++) {
                bool mine = p->rows == 1 ? p->class[begin + i] == 1 : p->class[begin + i] == k;
                w->buffer[i * p->rows + k] =
                    p->weight[begin + i] * (w->prob[(begin + i) * p->rows + k] - (mine ? 1 : 0));
            }
        backward(w->gradient, p->x + begin * p->d, m, p->d, w->buffer, p->rows);
    }
    add_penalty(w->gradient, w->theta, p, C);
}

/* product = Hessian direction, and product_score = [x 1] direction, in one walk over x. */
static void hessian_product(const struct problem *p, struct work *w, double C)
{
    memset(w->product, 0, p->rows * (p->d + 1) * sizeof *w->product);
    for (size_t begin = 0; begin < p->n; begin += p->block) {
        size_t m = p->n - begin < p->block ? p->n - begin : p->block;
        double *t = w->product_score + begin * p->rows;
        const double *q = w->prob + begin * p->rows;
        forward(t, p->x + begin * p->d, m, p->d, w->direction, p->rows);
        for (size_t i = 0; i < m; i++) {
            double mean = 0; /* of the direction's scores, under the sample's probabilities */
            for (size_t k = 0; k < p->rows; k++)
                mean += q[i * p->rows + k] * t[i * p->rows + k];
            for (size_t k = 0; k < p->rows; k++)
                w->buffer[i * p->rows + k] = p->weight[begin + i] * q[i * p->rows + k] *
                                             (p->rows == 1 ? (1 - q[i]) * t[i] : t[i * p->rows + k] - mean);
        }
        backward(w->product, p->x + begin * p->d, m, p->d, w->buffer, p->rows);
    }
    add_penalty(w->product, w->direction, p, C);
}

/* Block of one class, data part: sum_i curvature_i [x_i 1]'[x_i 1], above the diagonal of h. */
static void hessian_block(double *h, const struct problem *p, const double *curvature, size_t stride)
{
    size_t order = p->d + 1, chunk = 256;
    double *scaled = NEW(chunk * order, double);
    for (size_t begin = 0; begin < p->n; begin += chunk) {
        size_t m = p->n - begin < chunk ? p->n - begin : chunk;
        for (size_t i = 0; i < m; i++) {
            double root = sqrt(curvature[(begin + i) * stride]);
            for (size_t j = 0; j < p->d; j++)
                scaled[i * order + j] = root * p->x[(begin + i) * p->d + j];
            scaled[i * order + p->d] = root;
        }
        cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)order, (int)m, 1, scaled, (int)order,
                    begin ? 1 : 0, h, (int)order);
    }
    free(scaled);
}

/* Hessian blocks at the current probabilities. */
static void refresh_blocks(const struct problem *p, struct work *w)
{
    size_t order = p->d + 1;
    double *curvature = NEW(p->n, double);
    for (size_t k = 0; k < p->rows; k++) {
        double *h = w->factor + k * order * order;
        for (size_t i = 0; i < p->n; i++) {
            double q = w->prob[i * p->rows + k];
            curvature[i] = p->weight[i] * q * (1 - q);
        }
        hessian_block(h, p, curvature, 1);
        cblas_dcopy((int)order, h, (int)order + 1, w->diagonal + k * order, 1);
    }
    free(curvature);
    w->since_refresh = w->last_solve = 0;
}

/* The same at W = 0, where a class has one probability for all rows and one Gram matrix serves all. */
static void first_blocks(const struct problem *p, struct work *w, const double *prior)
{
    size_t order = p->d + 1;
    hessian_block(w->factor, p, p->weight, 1);
    cblas_dcopy((int)order, w->factor, (int)order + 1, w->diagonal, 1);
    for (size_t k = p->rows; k-- > 0;) {
        double curvature = prior[k] * (1 - prior[k]);
        for (size_t j = 0; j < order * order; j++)
            w->factor[k * order * order + j] = curvature * w->factor[j];
        for (size_t j = 0; j < order; j++)
            w->diagonal[k * order + j] = curvature * w->diagonal[j];
    }
    w->since_refresh = w->last_solve = 0;
}

/* Cholesky factors of blocks + penalty.  A shift far below the largest curvature keeps nearly
 * singular blocks factorable; it bends the preconditioner only, never the optimum. */
static int factor_blocks(const struct problem *p, struct work *w, double C, struct status *st)
{
    size_t order = p->d + 1;
    for (size_t k = 0; k < p->rows; k++) {
        double *h = w->factor + k * order * order, largest = 0;
        const double *diagonal = w->diagonal + k * order;
        for (size_t j = 0; j < order; j++)
            largest = fmax(largest, diagonal[j]);
        double floor = 1e-13 * (largest + 1 / C);
        for (size_t i = 0; i < order; i++) {
            for (size_t j = 0; j < i; j++)
                h[i * order + j] = h[j * order + i];
            h[i * order + i] = diagonal[i] + fmax(i < p->d ? 1 / C : 0, floor);
        }
        int n = (int)order, info = 0;
        dpotrf_("U", &n, h, &n, &info, 1); /* column-major upper is row-major lower */
        if (info)
            return status_set(st, STATUS_INTERNAL, "logistic regression: Hessian block of class %zu is not positive "
                              "definite at C = %g", k, C);
    }
    return STATUS_OK;
}

static void precondition(double *out, const double *in, const struct problem *p, const struct work *w)
{
    int order = (int)p->d + 1;
    memcpy(out, in, p->rows * (size_t)order * sizeof *out);
    for (size_t k = 0; k < p->rows; k++) {
        const double *l = w->factor + k * (size_t)order * (size_t)order;
        cblas_dtrsv(CblasRowMajor, CblasLower, CblasNoTrans, CblasNonUnit, order, l, order, out + k * (size_t)order, 1);
        cblas_dtrsv(CblasRowMajor, CblasLower, CblasTrans, CblasNonUnit, order, l, order, out + k * (size_t)order, 1);
    }
    centre_rows(out, p);
}

/* Hessian step = -gradient, until the preconditioned residual has fallen by `forcing`.  solved holds
 * M^-1 gradient on entry, and rho = gradient' M^-1 gradient. */
static void newton_step(const struct problem *p, struct work *w, double C, double rho, double forcing)
{
    size_t size = p->rows * (p->d + 1), size_score = p->n * p->rows, products = 0;
    double wanted = forcing * forcing * rho;
    memset(w->step, 0, size * sizeof *w->step);
    memset(w->step_score, 0, size_score * sizeof *w->step_score);
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
        cblas_daxpy((int)size_score, alpha, w->product_score, 1, w->step_score, 1);
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

/* Rebuilding the blocks costs about as much as this many Hessian products (measured). */
static size_t refresh_price(const struct problem *p)
{
    return 2 + p->d / 24;
}

static int minimise(struct logistic *fit, const struct problem *p, struct work *w, double C, double gradient_scale,
                    struct status *st)
{
    size_t size = p->rows * (p->d + 1);
    double previous = INFINITY;
    if (factor_blocks(p, w, C, st))
        return st->code;
    forward(w->score, p->x, p->n, p->d, w->theta, p->rows);
    memset(w->step_score, 0, p->n * p->rows * sizeof *w->step_score);
    memset(w->step, 0, size * sizeof *w->step);
    double value = loss_at(p, w, 0, w->prob) + penalty_at(p, w, 0, C);
    for (fit->iterations = 0;; fit->iterations++) {
        gradient(p, w, C);
        if (w->last_solve > 8 && w->since_refresh > refresh_price(p)) {
            refresh_blocks(p, w);
            if (factor_blocks(p, w, C, st))
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

        double slope = dot(size, w->gradient, w->step), t = 1, next = 0;
        for (int halvings = 0; halvings < 40; halvings++, t /= 2) {
            next = loss_at(p, w, t, w->prob) + penalty_at(p, w, t, C);
            /* the slack is what rounding can do to a sum over n rows */
            if (next <= value + 1e-4 * t * slope + 1e-13 * fabs(value))
                break;
        }
        cblas_daxpy((int)size, t, w->step, 1, w->theta, 1);
        cblas_daxpy((int)(p->n * p->rows), t, w->step_score, 1, w->score, 1);
        value = next;
    }
    fit->objective = C * value;
    if (!(fit->gradient_relative < GRADIENT_WANTED) && fit->gradient > 1e-12)
        return status_set(st, STATUS_INTERNAL, "logistic regression did not reach the optimum at C = %g: relative "
                          "gradient %.2g after %zu Newton steps", C, fit->gradient_relative, fit->iterations);
    return STATUS_OK;
}

/* theta = 0 but for the intercepts that give each class its share; returns the gradient's norm there. */
static double start(const struct problem *p, struct work *w, double *prior)
{
    double total = 0, *count = NEW0(p->rows + 1, double);
    for (size_t i = 0; i < p->n; i++) {
        total += p->weight[i];
        count[p->class[i]] += p->weight[i];
    }
    for (size_t k = 0; k < p->rows; k++) {
        prior[k] = count[p->rows == 1 ? 1 : k] / total;
        w->theta[k * (p->d + 1) + p->d] = p->rows == 1 ? log(count[1] / count[0]) : log(prior[k]);
    }
    centre_rows(w->theta, p);
    for (size_t i = 0; i < p->n; i++)
        memcpy(w->prob + i * p->rows, prior, p->rows * sizeof *prior);
    gradient(p, w, 1);
    free(count);
    return fabs(w->gradient[cblas_idamax((int)(p->rows * (p->d + 1)), w->gradient, 1)]);
}

static int check_input(const double *C, size_t n_c, const double *x, size_t n, size_t d, const double *weight,
                       struct status *st)
{
    for (size_t c = 0; c < n_c; c++)
        if (!(C[c] > 0 && isfinite(C[c])))
            return status_set(st, STATUS_USAGE, "logistic regression: C = %g is not a positive number", C[c]);
    for (size_t i = 0; i < n; i++) {
        if (weight && !(weight[i] >= 0 && isfinite(weight[i])))
            return status_set(st, STATUS_DATA, "logistic regression: weight %g of row %zu is not a number >= 0",
                              weight[i], i);
        for (size_t j = 0; j < d; j++)
            if (!isfinite(x[i * d + j]))
                return status_set(st, STATUS_DATA, "logistic regression: feature %zu of row %zu is %g", j, i,
                                  x[i * d + j]);
    }
    return STATUS_OK;
}

/* Ranks of C, smallest first; few enough for insertion. */
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
    size_t size = p->rows * (p->d + 1), scores = p->n * p->rows;
    double **vector[] = {&w->theta, &w->gradient, &w->step, &w->direction, &w->product, &w->residual, &w->solved};
    double **score[] = {&w->score, &w->prob, &w->step_score, &w->product_score};
    for (size_t i = 0; i < sizeof vector / sizeof *vector; i++)
        *vector[i] = NEW0(size, double);
    for (size_t i = 0; i < sizeof score / sizeof *score; i++)
        *score[i] = NEW0(scores, double);
    w->buffer = NEW(p->block * p->rows, double);
    w->factor = NEW0(size * (p->d + 1), double);
    w->diagonal = NEW0(size, double);
}

static void work_free(struct work *w)
{
    double *all[] = {w->theta, w->gradient, w->step, w->direction, w->product, w->residual, w->solved, w->score,
                     w->prob, w->step_score, w->product_score, w->buffer, w->factor, w->diagonal};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

int logistic_fit_path(struct logistic *fit, const double *C, size_t n_c, const double *x, size_t n, size_t d,
                      const int32_t *label, size_t n_classes, const double *weight, struct status *st)
{
    struct work w = {0};
    struct row_space space = {0};
    size_t n_present = 0, *order = NEW(n_c + 1, size_t);
    uint32_t *rank = NEW0(n_classes, uint32_t), *class = NEW(n + 1, uint32_t);
    double *weights = NEW(n + 1, double), *prior = NEW(n_classes, double), *z = NULL;
    assert(n_classes >= 2);
    for (size_t c = 0; c < n_c; c++)
        fit[c] = (struct logistic){0};
    int code = check_input(C, n_c, x, n, d, weight, st);
    if (code)
        goto done;

    for (size_t i = 0; i < n; i++) {
        assert(label[i] >= 0 && (size_t)label[i] < n_classes);
        weights[i] = weight ? weight[i] : 1;
        rank[label[i]] |= weights[i] > 0;
    }
    uint32_t absent = UINT32_MAX;
    for (size_t k = 0; k < n_classes; k++)
        rank[k] = rank[k] ? (uint32_t)n_present++ : absent;
    if (n_present < 2) {
        code = status_set(st, STATUS_UNDEFINED, "logistic regression needs rows of two classes; the %zu given hold %zu",
                          n, n_present);
        goto done;
    }
    for (size_t i = 0; i < n; i++)
        class[i] = rank[label[i]] == absent ? 0 : rank[label[i]]; /* an absent class's rows weigh 0 */

    struct problem p = {.n = n, .d = d, .rows = n_classes == 2 ? 1 : n_present, .x = x, .class = class,
                        .weight = weights};
    if (d > n) {
        z = NEW(n * n, double);
        row_space_fit(&space, z, x, n, d);
        p.x = z;
        p.d = n;
    }
    p.block = 1 + 32768 / (p.d + 1);
    work_init(&w, &p);
    double gradient_scale = start(&p, &w, prior);
    if (!(gradient_scale > 0)) /* no feature tells anything: W = 0 is the optimum */
        gradient_scale = 1;
    first_blocks(&p, &w, prior);

    sort_ascending(order, C, n_c);
    for (size_t c = 0; c < n_c && !code; c++) {
        struct logistic *f = &fit[order[c]];
        code = minimise(f, &p, &w, C[order[c]], gradient_scale, st);
        centre_rows(w.theta, &p);
        f->rows = n_classes == 2 ? 1 : n_classes;
        f->d = d;
        f->coef = NEW0(f->rows * d, double);
        f->intercept = NEW0(f->rows, double);
        for (size_t k = 0; k < f->rows; k++) {
            if (f->rows > 1 && rank[k] == absent) {
                f->intercept[k] = -INFINITY;
                continue;
            }
            const double *row = w.theta + (f->rows > 1 ? rank[k] : 0) * (p.d + 1);
            if (z)
                row_space_expand(f->coef + k * d, row, &space);
            else
                memcpy(f->coef + k * d, row, d * sizeof *row);
            f->intercept[k] = row[p.d];
        }
    }

done:
    if (code)
        for (size_t c = 0; c < n_c; c++)
            logistic_free(&fit[c]);
    work_free(&w);
    row_space_free(&space);
    free(z);
    free(prior);
    free(weights);
    free(class);
    free(rank);
    free(order);
    return code;
}

void logistic_balanced_weights(double *weight, const int32_t *label, size_t n, size_t n_classes)
{
    size_t n_present = 0, *count = NEW0(n_classes, size_t);
    for (size_t i = 0; i < n; i++)
        n_present += count[label[i]]++ == 0;
    for (size_t i = 0; i < n; i++)
        weight[i] = (double)n / ((double)n_present * (double)count[label[i]]);
    free(count);
}

void logistic_predict(double *prob, const struct logistic *fit, const double *x, size_t m)
{
    if (m == 0)
        return;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)fit->rows, (int)fit->d, 1, x, (int)fit->d,
                fit->coef, (int)fit->d, 0, prob, (int)fit->rows);
    for (size_t i = 0; i < m; i++) {
        double *row = prob + i * fit->rows;
        for (size_t k = 0; k < fit->rows; k++)
            row[k] += fit->intercept[k];
        if (fit->rows == 1)
            row[0] = sigmoid(row[0]);
        else
            (void)softmax(row, row, fit->rows, 0);
    }
}

void logistic_free(struct logistic *fit)
{
    free(fit->coef);
    free(fit->intercept);
    *fit = (struct logistic){0};
}
