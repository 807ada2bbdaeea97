/* The preconditioner of the conjugate gradients: Cholesky factors of each class's own
 * Hessian block, in float32.  Folds share three rows of four: with many rows one mean block
 * stands for all of them and its cost is paid once.  With few (near separation a handful of
 * rows, others in each fold, carry all curvature) each problem has its own. */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/lapack.h"
#include "probe/logistic_set.h"

#define CHUNK 512 /* rows of scaled features at a time */
#define TILE 256  /* columns of a tile, at most */

/* Problems first .. end of a front share block b. */
static void sharers(size_t *first, size_t *end, const struct logistic_set *s, size_t front, size_t b)
{
    *first = front * s->n_folds + (s->n_blocks == 1 ? 0 : b);
    *end = *first + (s->n_blocks == 1 ? s->n_folds : 1);
}

/* Mean over the block's problems of weight * q * (1 - q) of class k. */
static void curvature_of(double *curvature, const struct logistic_set *s, size_t front, size_t b, size_t k)
{
    size_t n = s->rows.n, n_present = 0, first, end;
    sharers(&first, &end, s, front, b);
    memset(curvature, 0, n * sizeof *curvature);
    for (size_t p = first; p < end; p++) {
        if (s->problem[p].absent[k])
            continue;
        const double *prob = of_rows(s, s->prob, p);
        n_present++;
        for (size_t i = 0; i < n; i++) {
            double q = prob[i * s->K + k];
            curvature[i] += s->problem[p].weight[i] * q * (1 - q);
        }
    }
    for (size_t i = 0; i < n && n_present; i++)
        curvature[i] /= (double)n_present;
}

/* scaled[order] = sqrt(curvature) [z 1] */
static void scale_row(float *scaled, const float *z, size_t d, double curvature)
{
    float root = (float)sqrt(curvature);
    for (size_t j = 0; j < d; j++)
        scaled[j] = root * z[j];
    scaled[d] = root;
}

/* h[order, order], the upper triangle = sum_i curvature_i [z_i 1]'[z_i 1]; threads take tiles. */
static void weighted_gram(float *h, const struct logistic_set *s, const double *curvature)
{
    size_t order = s->order, n = s->rows.n, n_tiles = (order + TILE - 1) / TILE, n_pairs = n_tiles * (n_tiles + 1) / 2, used = 0;
    size_t *row = NEW(n, size_t), *of_row = NEW(n_pairs, size_t), *of_column = NEW(n_pairs, size_t);
    float *scaled = NEW(CHUNK * order, float);
    for (size_t i = 0; i < n; i++)
        if (curvature[i] > 0)
            row[used++] = i;
    for (size_t a = 0, q = 0; a < n_tiles; a++)
        for (size_t b = a; b < n_tiles; b++, q++) {
            of_row[q] = a;
            of_column[q] = b;
        }
    memset(h, 0, order * order * sizeof *h);
    for (size_t begin = 0; begin < used; begin += CHUNK) {
        size_t m = used - begin < CHUNK ? used - begin : CHUNK;
#pragma omp parallel num_threads(s->n_threads)
        {
#pragma omp for schedule(static)
            for (size_t i = 0; i < m; i++)
                scale_row(scaled + i * order, s->z + row[begin + i] * s->stride, s->rows.d, curvature[row[begin + i]]);
#pragma omp for schedule(dynamic, 1)
            for (size_t q = 0; q < n_pairs; q++) {
                size_t top = order * of_row[q] / n_tiles, left = order * of_column[q] / n_tiles;
                size_t height = order * (of_row[q] + 1) / n_tiles - top, width = order * (of_column[q] + 1) / n_tiles - left;
                float *tile = h + top * order + left;
                if (of_row[q] == of_column[q])
                    cblas_ssyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)height, (int)m, 1, scaled + top, (int)order, 1, tile, (int)order);
                else
                    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)height, (int)width, (int)m, 1, scaled + top, (int)order, scaled + left,
                                (int)order, 1, tile, (int)order);
            }
        }
    }
    free(scaled);
    free(of_column);
    free(of_row);
    free(row);
}

static float *block_of(const struct logistic_set *s, size_t front, size_t b, size_t k)
{
    return s->factor + ((front * s->n_blocks + b) * s->K + k) * s->order * s->order;
}

static float *diagonal_of(const struct logistic_set *s, size_t b, size_t k)
{
    return s->diagonal + (b * s->K + k) * s->order;
}

/* At W = 0 a class has one probability for all rows, and one Gram matrix serves all classes. */
void logistic_first_blocks(struct logistic_set *s)
{
    size_t order = s->order, n = s->rows.n;
    double *weight = NEW(n, double);
    for (size_t b = 0; b < s->n_blocks; b++) {
        size_t first, end;
        sharers(&first, &end, s, 0, b);
        memset(weight, 0, n * sizeof *weight);
        for (size_t p = first; p < end; p++)
            for (size_t i = 0; i < n; i++)
                weight[i] += s->problem[p].weight[i] / (double)(end - first);
        float *gram = block_of(s, 0, b, 0);
        weighted_gram(gram, s, weight);
        for (size_t k = s->K; k-- > 0;) {
            double curvature = 0;
            for (size_t p = first; p < end; p++) {
                double q = of_rows(s, s->prob, p)[k];
                curvature += q * (1 - q) / (double)(end - first);
            }
            float *h = block_of(s, 0, b, k);
            for (size_t j = 0; j < order * order; j++)
                h[j] = (float)curvature * gram[j];
            cblas_scopy((int)order, h, (int)order + 1, diagonal_of(s, b, k), 1);
        }
    }
    s->since_refresh = s->last_solve = 0;
    free(weight);
}

void logistic_refresh(struct logistic_set *s, size_t front)
{
    size_t order = s->order;
    double *curvature = NEW(s->rows.n, double);
    for (size_t b = 0; b < s->n_blocks; b++)
        for (size_t k = 0; k < s->K; k++) {
            float *h = block_of(s, front, b, k);
            curvature_of(curvature, s, front, b, k);
            weighted_gram(h, s, curvature);
            cblas_scopy((int)order, h, (int)order + 1, diagonal_of(s, b, k), 1);
        }
    free(curvature);
    s->since_refresh = s->last_solve = 0;
}

void logistic_copy_blocks(struct logistic_set *s, size_t to, size_t from)
{
    size_t size = s->n_blocks * s->K * s->order * s->order;
    if (to != from)
        memcpy(s->factor + to * size, s->factor + from * size, size * sizeof *s->factor);
}

/* Cholesky factor of block + penalty + share of the diagonal; false if that is not positive definite in float32. */
static bool factor_block(const struct logistic_set *s, size_t front, size_t b, size_t k, double C, double share)
{
    size_t order = s->order, first, end;
    float *h = block_of(s, front, b, k);
    const float *diagonal = diagonal_of(s, b, k);
    sharers(&first, &end, s, front, b);
    for (size_t i = 0; i < order; i++) {
        double ridge = 0;
        for (size_t p = first; p < end && i < s->rows.d; p++)
            ridge += s->problem[p].ridge[i] / (double)(end - first);
        for (size_t j = 0; j < i; j++)
            h[i * order + j] = h[j * order + i];
        double value = (double)diagonal[i] * (1 + share) + ridge / C;
        h[i * order + i] = value > 0 ? (float)value : 1; /* the intercept of a class without rows */
    }
    int n = (int)order, info = 0;
    spotrf_("U", &n, h, &n, &info, 1); /* column-major upper is row-major lower */
    return info == 0;
}

/* Rounding moves an entry by a share of its row's and column's diagonals; raising these by as much keeps nearly
 * singular blocks factorable.  It bends the preconditioner only, never the optimum. */
int logistic_factor(struct logistic_set *s, size_t front, double C, struct status *st)
{
    size_t failed = s->n_blocks * s->K;
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->n_threads)
    for (size_t q = 0; q < s->n_blocks * s->K; q++) {
        double share = 1e-6;
        while (!factor_block(s, front, q / s->K, q % s->K, C, share) && share < 1)
            share *= 10;
        if (share >= 1)
#pragma omp critical(logistic_failed)
            failed = q % s->K;
    }
    if (failed < s->n_blocks * s->K)
        return status_set(st, STATUS_INTERNAL, "logistic regression: Hessian block of class %zu is not positive definite at C = %g", failed, C);
    return STATUS_OK;
}

/* The problems from active[at] on that share a block. */
static size_t run_length(const struct logistic_set *s, const size_t *active, size_t n_active, size_t at)
{
    size_t end = at + 1;
    while (s->n_blocks == 1 && end < n_active && active[end] / s->n_folds == active[at] / s->n_folds)
        end++;
    return end - at;
}

/* solved of class k of the problems active[together]. */
static void precondition_run(struct logistic_set *s, const double *vector, const size_t *active, size_t together, size_t k)
{
    size_t order = s->order, front = active[0] / s->n_folds;
    const float *l = block_of(s, front, s->n_blocks == 1 ? 0 : active[0] % s->n_folds, k);
    float *b = NEW(together * order, float);
    double *scale = NEW(together, double);
    for (size_t a = 0; a < together; a++) {
        const double *from = vector + (active[a] * s->K + k) * order;
        scale[a] = fmax(fabs(from[cblas_idamax((int)order, from, 1)]), 1e-300);
        for (size_t j = 0; j < order; j++) /* float32 has no room for residuals of 1e-40 */
            b[a * order + j] = (float)(from[j] / scale[a]);
    }
    if (together == 1) {
        cblas_strsv(CblasRowMajor, CblasLower, CblasNoTrans, CblasNonUnit, (int)order, l, (int)order, b, 1);
        cblas_strsv(CblasRowMajor, CblasLower, CblasTrans, CblasNonUnit, (int)order, l, (int)order, b, 1);
    } else {
        cblas_strsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, (int)together, (int)order, 1, l, (int)order, b, (int)order);
        cblas_strsm(CblasRowMajor, CblasRight, CblasLower, CblasNoTrans, CblasNonUnit, (int)together, (int)order, 1, l, (int)order, b, (int)order);
    }
    for (size_t a = 0; a < together; a++) {
        double *to = s->solved + (active[a] * s->K + k) * order;
        for (size_t j = 0; j < order; j++)
            to[j] = scale[a] * (double)b[a * order + j];
    }
    free(scale);
    free(b);
}

void logistic_precondition(struct logistic_set *s, const double *vector, const size_t *active, size_t n_active)
{
    size_t n_runs = 0, *begin = NEW(n_active + 1, size_t);
    for (size_t at = 0; at < n_active; at += run_length(s, active, n_active, at))
        begin[n_runs++] = at;
    begin[n_runs] = n_active;
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->n_threads)
    for (size_t q = 0; q < n_runs * s->K; q++) {
        size_t r = q / s->K;
        precondition_run(s, vector, active + begin[r], begin[r + 1] - begin[r], q % s->K);
    }
    for (size_t a = 0; a < n_active; a++)
        logistic_centre(s, active[a], of_theta(s, s->solved, active[a]));
    free(begin);
}
