#include "probe/mahalanobis.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/lapack.h"

#define BLOCK 256 /* rows standardised at once */

static int check_finite(const float *x, const size_t *row, size_t n, size_t d, const char *whose, struct status *st)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = row ? row[i] : i;
        for (size_t j = 0; j < d; j++)
            if (!isfinite(x[at * d + j]))
                return status_set(st, STATUS_DATA, "feature %zu of row %zu%s is not finite", j, at, whose);
    }
    return STATUS_OK;
}

/* The standardised rows i .. of row[n], at most BLOCK; returns how many. */
static size_t take_block(double *z, const struct scaler *scaler, const float *x, const size_t *row, size_t i, size_t n)
{
    size_t m = n - i < BLOCK ? n - i : BLOCK;
    if (row)
        scaler_apply_rows(z, scaler, x, row + i, m);
    else
        scaler_apply(z, scaler, x + i * scaler->d, m);
    return m;
}

/* Ledoit and Wolf's share from the lower triangle of the population covariance and the sum over rows of |z|^4. */
static double shrinkage_of(double *mu, const double *covariance, double fourth, size_t n, size_t d)
{
    double trace = 0, square = 0, p = (double)d;
    for (size_t j = 0; j < d; j++) {
        trace += covariance[j * d + j];
        square += covariance[j * d + j] * covariance[j * d + j];
        for (size_t i = j + 1; i < d; i++)
            square += 2 * covariance[j * d + i] * covariance[j * d + i];
    }
    *mu = trace / p;
    double spread = (square - 2 * *mu * trace + *mu * *mu * p) / p, error = (fourth / (double)n - square) / (p * (double)n);
    if (!(error > 0))
        return 0;
    return spread > error ? error / spread : 1;
}

int mahalanobis_fit(struct mahalanobis *m, const float *x, const size_t *row, size_t n, size_t d, struct status *st)
{
    *m = (struct mahalanobis){.n = n, .d = d};
    if (n < 2)
        return status_set(st, STATUS_UNDEFINED, "%zu rows have no covariance", n);
    int code = check_finite(x, row, n, d, "", st);
    if (code)
        return code;
    const int order = (int)d;
    int info = 0;
    double mu, fourth = 0;
    scaler_fit_rows(&m->scaler, x, row, n, d);
    m->factor = NEW0(d * d, double);
    double *z = NEW(BLOCK * d, double);
    for (size_t i = 0, taken; i < n; i += taken) {
        taken = take_block(z, &m->scaler, x, row, i, n);
        cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, order, (int)taken, 1 / (double)n, z, order, 1, m->factor, order);
        for (size_t k = 0; k < taken; k++) {
            double square = 0;
            for (size_t j = 0; j < d; j++)
                square += z[k * d + j] * z[k * d + j];
            fourth += square * square;
        }
    }
    free(z);
    m->shrinkage = shrinkage_of(&mu, m->factor, fourth, n, d);
    for (size_t j = 0; j < d; j++) {
        for (size_t i = j; i < d; i++)
            m->factor[j * d + i] *= 1 - m->shrinkage;
        m->factor[j * d + j] += m->shrinkage * mu;
    }
    dpotrf_("L", &order, m->factor, &order, &info, 1);
    if (info) {
        mahalanobis_free(m);
        return status_set(st, STATUS_UNDEFINED, "the covariance of %zu rows of %zu features is singular", n, d);
    }
    return STATUS_OK;
}

void mahalanobis_free(struct mahalanobis *m)
{
    scaler_free(&m->scaler);
    free(m->factor);
    *m = (struct mahalanobis){0};
}

void mahalanobis_squared(double *square, const struct mahalanobis *m, const float *x, const size_t *row, size_t n)
{
    const int d = (int)m->d;
    double *z = NEW(BLOCK * m->d, double);
    for (size_t i = 0, taken; i < n; i += taken) {
        taken = take_block(z, &m->scaler, x, row, i, n);
        cblas_dtrsm(CblasColMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, d, (int)taken, 1, m->factor, d, z, d);
        for (size_t k = 0; k < taken; k++) {
            square[i + k] = 0;
            for (size_t j = 0; j < m->d; j++)
                square[i + k] += z[k * m->d + j] * z[k * m->d + j];
        }
    }
    free(z);
}

struct division { /* rows of one fold, and of all others */
    size_t *in, *out, n_in, n_out;
};

static int one_fold(double *own, double *other, double *shrinkage, const float *x, const struct division *part, const float *other_x, size_t n_other,
                    size_t d, struct status *st)
{
    struct mahalanobis m;
    int code = mahalanobis_fit(&m, x, part->out, part->n_out, d, st);
    if (code)
        return code;
    double *square = NEW(part->n_in, double);
    mahalanobis_squared(square, &m, x, part->in, part->n_in);
    for (size_t i = 0; i < part->n_in; i++)
        own[part->in[i]] = square[i];
    mahalanobis_squared(other, &m, other_x, NULL, n_other);
    *shrinkage = m.shrinkage;
    free(square);
    mahalanobis_free(&m);
    return STATUS_OK;
}

int mahalanobis_folds(double *own, double *other, double *shrinkage, const float *x, const uint32_t *fold, size_t n, size_t n_folds,
                      const float *other_x, size_t n_other, size_t d, int n_threads, struct status *st)
{
    int code = check_finite(other_x, NULL, n_other, d, " of the other cohort", st);
    if (code)
        return code;
    double *each = NEW0(n_folds * n_other, double), *share = NEW0(n_folds, double);
    struct status *why = NEW0(n_folds, struct status);
    struct division *part = NEW0(n_folds, struct division);
    for (size_t f = 0; f < n_folds; f++) {
        part[f].in = NEW(n, size_t);
        part[f].out = NEW(n, size_t);
        for (size_t i = 0; i < n; i++)
            if (fold[i] == f)
                part[f].in[part[f].n_in++] = i;
            else
                part[f].out[part[f].n_out++] = i;
    }
#pragma omp parallel for num_threads(n_threads > 0 ? n_threads : 1) schedule(dynamic)
    for (size_t f = 0; f < n_folds; f++)
        why[f].code = one_fold(own, each + f * n_other, &share[f], x, &part[f], other_x, n_other, d, &why[f]);
    *shrinkage = 0;
    memset(other, 0, n_other * sizeof *other);
    for (size_t f = 0; f < n_folds; f++) {
        if (!code && why[f].code)
            code = status_set(st, why[f].code, "without fold %zu: %s", f + 1, why[f].text);
        *shrinkage += share[f] / (double)n_folds;
        for (size_t i = 0; i < n_other; i++)
            other[i] += each[f * n_other + i] / (double)n_folds;
        free(part[f].in);
        free(part[f].out);
    }
    free(part);
    free(why);
    free(share);
    free(each);
    return code;
}
