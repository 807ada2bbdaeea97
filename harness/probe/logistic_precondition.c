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

/* Problems first .. end share block b. */
static void sharers(size_t *first, size_t *end, const struct logistic_set *s, size_t b)
{
    *first = s->n_blocks == 1 ? 0 : b;
    *end = s->n_blocks == 1 ? s->n_problems : b + 1;
}

/* Mean over the block's problems of weight * q * (1 - q) of class k. */
static void curvature_of(double *curvature, const struct logistic_set *s, size_t b, size_t k)
{
    size_t n = s->rows.n, n_present = 0, first, end;
    sharers(&first, &end, s, b);
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

static float *block_of(const struct logistic_set *s, size_t b, size_t k)
{
    return s->factor + (b * s->K + k) * s->order * s->order;
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
        sharers(&first, &end, s, b);
        memset(weight, 0, n * sizeof *weight);
        for (size_t p = first; p < end; p++)
            for (size_t i = 0; i < n; i++)
                weight[i] += s->problem[p].weight[i] / (double)(end - first);
        float *gram = block_of(s, b, 0);
        weighted_gram(gram, s, weight);
        for (size_t k = s->K; k-- > 0;) {
            double curvature = 0;
            for (size_t p = first; p < end; p++) {
                double q = of_rows(s, s->prob, p)[k];
                curvature += q * (1 - q) / (double)(end - first);
            }
            float *h = block_of(s, b, k);
            for (size_t j = 0; j < order * order; j++)
                h[j] = (float)curvature * gram[j];
            cblas_scopy((int)order, h, (int)order + 1, diagonal_of(s, b, k), 1);
        }
    }
    s->since_refresh = s->last_solve = 0;
    free(weight);
}

void logistic_refresh(struct logistic_set *s)
{
    size_t order = s->order;
    double *curvature = NEW(s->rows.n, double);
    for (size_t b = 0; b < s->n_blocks; b++)
        for (size_t k = 0; k < s->K; k++) {
            float *h = block_of(s, b, k);
            curvature_of(curvature, s, b, k);
            weighted_gram(h, s, curvature);
            cblas_scopy((int)order, h, (int)order + 1, diagonal_of(s, b, k), 1);
        }
    free(curvature);
    s->since_refresh = s->last_solve = 0;
}

/* Cholesky factor of block + penalty + share of the diagonal; false if that is not positive definite in float32. */
static bool factor_block(const struct logistic_set *s, size_t b, size_t k, double C, double share)
{
    size_t order = s->order, first, end;
    float *h = block_of(s, b, k);
    const float *diagonal = diagonal_of(s, b, k);
    sharers(&first, &end, s, b);
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
int logistic_factor(struct logistic_set *s, double C, struct status *st)
{
    size_t failed = s->n_blocks * s->K;
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->n_threads)
    for (size_t q = 0; q < s->n_blocks * s->K; q++) {
        double share = 1e-6;
        while (!factor_block(s, q / s->K, q % s->K, C, share) && share < 1)
            share *= 10;
        if (share >= 1)
#pragma omp critical(logistic_failed)
            failed = q % s->K;
    }
    if (failed < s->n_blocks * s->K)
        return status_set(st, STATUS_INTERNAL, "logistic regression: Hessian block of class %zu is not positive definite at C = %g", failed, C);
    return STATUS_OK;
}

void logistic_precondition(struct logistic_set *s, const double *vector, const size_t *active, size_t n_active)
{
    size_t order = s->order, together = s->n_blocks == 1 ? n_active : 1, n_tasks = n_active ? n_active / together * s->K : 0;
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->n_threads)
    for (size_t q = 0; q < n_tasks; q++) {
        size_t first = q / s->K * together, k = q % s->K;
        const float *l = block_of(s, s->n_blocks == 1 ? 0 : active[first], k);
        float *b = NEW(together * order, float);
        for (size_t a = 0; a < together; a++) {
            const double *from = vector + (active[first + a] * s->K + k) * order;
            double scale = fmax(fabs(from[cblas_idamax((int)order, from, 1)]), 1e-300);
            for (size_t j = 0; j < order; j++) /* float32 has no room for residuals of 1e-40 */
                b[a * order + j] = (float)(from[j] / scale);
        }
        if (together == 1) {
            cblas_strsv(CblasRowMajor, CblasLower, CblasNoTrans, CblasNonUnit, (int)order, l, (int)order, b, 1);
            cblas_strsv(CblasRowMajor, CblasLower, CblasTrans, CblasNonUnit, (int)order, l, (int)order, b, 1);
        } else {
            cblas_strsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, (int)together, (int)order, 1, l, (int)order, b, (int)order);
            cblas_strsm(CblasRowMajor, CblasRight, CblasLower, CblasNoTrans, CblasNonUnit, (int)together, (int)order, 1, l, (int)order, b, (int)order);
        }
        for (size_t a = 0; a < together; a++) {
            size_t at = (active[first + a] * s->K + k) * order;
            double scale = fmax(fabs(vector[at + cblas_idamax((int)order, vector + at, 1)]), 1e-300);
            for (size_t j = 0; j < order; j++)
                s->solved[at + j] = scale * (double)b[a * order + j];
        }
        free(b);
    }
    for (size_t a = 0; a < n_active; a++)
        logistic_centre(s, active[a], of_theta(s, s->solved, active[a]));
}
