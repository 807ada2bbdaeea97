/* The walks over the rows: where the time of a path goes.
 *
 * Rows come a block at a time, small enough to stay in cache for both products of a
 * pass; the columns of these products are all classes of all active problems. */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/logistic_set.h"
#include "probe/thin.h"

double logistic_sigmoid(double score)
{
    double e = exp(-fabs(score));
    return score >= 0 ? 1 / (1 + e) : e / (1 + e);
}

double logistic_softmax(double *prob, const double *score, size_t K, size_t mine, const bool *absent)
{
    size_t top = K;
    double others = 0, own = score[mine];
    for (size_t k = 0; k < K; k++)
        if (!(absent && absent[k]) && (top == K || score[k] > score[top]))
            top = k;
    double largest = score[top];
    for (size_t k = 0; k < K; k++) {
        prob[k] = absent && absent[k] ? 0 : exp(score[k] - largest);
        others += k == top ? 0 : prob[k];
    }
    for (size_t k = 0; k < K; k++)
        prob[k] /= 1 + others;
    return largest - own + log1p(others);
}

double logistic_row_loss(double *prob, const double *score, size_t K, size_t label, const bool *absent)
{
    if (K > 1)
        return logistic_softmax(prob, score, K, label, absent);
    double e = exp(-fabs(score[0]));
    prob[0] = score[0] >= 0 ? 1 / (1 + e) : e / (1 + e);
    return fmax(label ? -score[0] : score[0], 0) + log1p(e);
}

/* ---- a chunk of rows ---- */

struct walk {
    const struct logistic_set *s;
    enum logistic_pass kind;
    const size_t *active;
    size_t n_active, columns;
    const void *in;    /* [columns, stride] of the pass's type */
    const double *bias; /* [columns] */
};

/* u[K] of one row: derivative of its loss by its scores. */
static void gradient_row(double *u, const double *prob, size_t K, double weight, int32_t label)
{
    for (size_t k = 0; k < K; k++)
        u[k] = weight * (prob[k] - logistic_target(K, k, label));
}

/* The same for the Hessian times a direction whose scores are t[K]. */
static void hessian_row(double *u, const double *prob, const double *t, size_t K, double weight)
{
    if (K == 1) {
        u[0] = weight * prob[0] * (1 - prob[0]) * t[0];
        return;
    }
    double mean = 0; /* of t, under the row's probabilities */
    for (size_t k = 0; k < K; k++)
        mean += prob[k] * t[k];
    for (size_t k = 0; k < K; k++)
        u[k] = weight * prob[k] * (t[k] - mean);
}

/* Rows begin .. begin + m in double, in a buffer whose padding is zero. */
static double *buffer_double(const struct logistic_set *s, size_t block)
{
    double *buffer = mem_aligned(block * s->stride, sizeof *buffer);
    for (size_t i = 0; i < block; i++)
        memset(buffer + i * s->stride + s->rows.d, 0, (thin_padded(s->rows.d) - s->rows.d) * sizeof *buffer);
    return buffer;
}

static const double *load_double(double *buffer, const struct logistic_set *s, size_t begin, size_t m)
{
    const struct logistic_rows *r = &s->rows;
    if (r->z)
        for (size_t i = 0; i < m; i++)
            memcpy(buffer + i * s->stride, r->z + (begin + i) * r->d, r->d * sizeof *buffer);
    else
        thin_standardise_double(buffer, r->x + begin * r->d, r->mean, r->inverse, m, r->d, s->stride);
    return buffer;
}

/* In float32 they lie ready. */
static float *buffer_float(const struct logistic_set *s, size_t block)
{
    (void)s;
    (void)block;
    return NULL;
}

static const float *load_float(float *buffer, const struct logistic_set *s, size_t begin, size_t m)
{
    (void)buffer;
    (void)m;
    return s->z + begin * s->stride;
}

void logistic_copy_rows(struct logistic_set *s)
{
    const struct logistic_rows *r = &s->rows;
    s->z = mem_aligned(r->n * s->stride, sizeof *s->z);
#pragma omp parallel for schedule(static) num_threads(s->n_threads)
    for (size_t i = 0; i < r->n; i++) {
        float *to = s->z + i * s->stride;
        if (r->z)
            for (size_t j = 0; j < r->d; j++)
                to[j] = (float)r->z[i * r->d + j];
        else
            thin_standardise_float(to, r->x + i * r->d, r->mean, r->inverse, 1, r->d, s->stride);
        memset(to + r->d, 0, (thin_padded(r->d) - r->d) * sizeof *to);
    }
}

#define REAL double
#define NAME(what) what##_double
#include "probe/logistic_pass_body.h"
#undef REAL
#undef NAME
#define REAL float
#define NAME(what) what##_float
#include "probe/logistic_pass_body.h"
#undef REAL
#undef NAME

void logistic_pass(struct logistic_set *s, enum logistic_pass kind, const size_t *active, size_t n_active)
{
    if (kind == PASS_HESSIAN && !s->exact)
        walk_float(s, kind, active, n_active);
    else
        walk_double(s, kind, active, n_active);
}

/* ---- losses ---- */

static double chunk_loss(const struct logistic_set *s, size_t p, double t, size_t first, size_t end)
{
    size_t K = s->K;
    const struct logistic_problem *problem = &s->problem[p];
    const double *score = of_rows(s, s->score, p), *step = of_rows(s, s->step_score, p);
    double *prob = of_rows(s, s->prob, p), sum = 0, *at = NEW(K, double);
    for (size_t i = first; i < end; i++) {
        for (size_t k = 0; k < K; k++)
            at[k] = score[i * K + k] + t * step[i * K + k];
        double loss = logistic_row_loss(prob + i * K, at, K, (size_t)s->label[i], problem->absent);
        if (problem->weight[i] > 0)
            sum += problem->weight[i] * loss;
    }
    free(at);
    return sum;
}

void logistic_losses(double *loss, struct logistic_set *s, const double *t, const size_t *active, size_t n_active)
{
    size_t n = s->rows.n, n_parts = n_active * s->n_chunks;
    double *part = NEW(n_parts, double);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->n_threads)
    for (size_t q = 0; q < n_parts; q++) {
        size_t a = q / s->n_chunks, c = q % s->n_chunks;
        part[q] = chunk_loss(s, active[a], t[a], n * c / s->n_chunks, n * (c + 1) / s->n_chunks);
    }
    for (size_t a = 0; a < n_active; a++) {
        loss[a] = 0;
        for (size_t c = 0; c < s->n_chunks; c++)
            loss[a] += part[a * s->n_chunks + c];
    }
    free(part);
}
