#include "metric/principal.h"

#include <gsl/gsl_eigen.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { BLOCK = 8, STEPS = 100 };

/* gram[n, n] of the standardised columns, column by column. */
static size_t gram_matrix(double *gram, const float *x, size_t n, size_t d)
{
    double *z = NEW(n, double);
    size_t used = 0;
    memset(gram, 0, n * n * sizeof *gram);
    for (size_t c = 0; c < d; c++) {
        double mean = 0, square = 0;
        for (size_t i = 0; i < n; i++)
            mean += (double)x[i * d + c];
        mean /= (double)n;
        for (size_t i = 0; i < n; i++) {
            z[i] = (double)x[i * d + c] - mean;
            square += z[i] * z[i];
        }
        double sd = sqrt(square / (double)(n - 1));
        if (!(sd > 1e-7 * fabs(mean)) || sd == 0) /* constant but for float's rounding */
            continue;
        used++;
        for (size_t i = 0; i < n; i++)
            z[i] /= sd;
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j <= i; j++)
                gram[i * n + j] += z[i] * z[j];
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            gram[j * n + i] = gram[i * n + j];
    free(z);
    return used;
}

/* v[BLOCK, n]: rows made orthonormal, twice, so that nearly equal rows end up orthogonal too; a row that vanishes becomes 0. */
static void orthonormalise(double *v, size_t block, size_t n)
{
    for (int pass = 0; pass < 2; pass++)
        for (size_t k = 0; k < block; k++) {
            double *a = v + k * n, norm = 0;
            for (size_t l = 0; l < k; l++) {
                double dot = 0;
                for (size_t i = 0; i < n; i++)
                    dot += a[i] * v[l * n + i];
                for (size_t i = 0; i < n; i++)
                    a[i] -= dot * v[l * n + i];
            }
            for (size_t i = 0; i < n; i++)
                norm += a[i] * a[i];
            norm = sqrt(norm);
            for (size_t i = 0; i < n; i++)
                a[i] = norm > 0 ? a[i] / norm : 0;
        }
}

static void multiply(double *out, const double *gram, const double *v, size_t block, size_t n)
{
    for (size_t k = 0; k < block; k++)
        for (size_t i = 0; i < n; i++) {
            double sum = 0;
            for (size_t j = 0; j < n; j++)
                sum += gram[i * n + j] * v[k * n + j];
            out[k * n + i] = sum;
        }
}

/* The two largest of the space that v[block, n] spans: score = vector x sqrt(value). */
static void ritz(double *score, double share[2], const double *gram, const double *v, double *product, size_t block, size_t n, double trace)
{
    gsl_matrix *small = gsl_matrix_alloc(block, block), *vector = gsl_matrix_alloc(block, block);
    gsl_vector *value = gsl_vector_alloc(block);
    gsl_eigen_symmv_workspace *work = gsl_eigen_symmv_alloc(block);
    multiply(product, gram, v, block, n);
    for (size_t k = 0; k < block; k++)
        for (size_t l = 0; l < block; l++) {
            double sum = 0;
            for (size_t i = 0; i < n; i++)
                sum += v[k * n + i] * product[l * n + i];
            gsl_matrix_set(small, k, l, sum);
        }
    gsl_eigen_symmv(small, value, vector, work);
    gsl_eigen_symmv_sort(value, vector, GSL_EIGEN_SORT_VAL_DESC);
    for (size_t c = 0; c < 2; c++) {
        double lambda = fmax(gsl_vector_get(value, c), 0), largest = 0;
        for (size_t i = 0; i < n; i++) {
            double sum = 0;
            for (size_t k = 0; k < block; k++)
                sum += gsl_matrix_get(vector, k, c) * v[k * n + i];
            score[2 * i + c] = sum * sqrt(lambda);
            if (fabs(score[2 * i + c]) > fabs(largest))
                largest = score[2 * i + c];
        }
        for (size_t i = 0; i < n && largest < 0; i++)
            score[2 * i + c] = -score[2 * i + c];
        share[c] = lambda / trace;
    }
    gsl_eigen_symmv_free(work);
    gsl_vector_free(value);
    gsl_matrix_free(vector);
    gsl_matrix_free(small);
}

int principal_two(double *score, double share[2], const float *x, size_t n, size_t d, struct status *st)
{
    share[0] = share[1] = NAN;
    for (size_t i = 0; i < 2 * n; i++)
        score[i] = NAN;
    if (n < 3)
        return status_set(st, STATUS_UNDEFINED, "%zu rows have no map", n);
    size_t block = n < BLOCK ? n : BLOCK;
    double *gram = NEW(n * n, double), *v = NEW(block * n, double), *next = NEW(block * n, double), trace = 0;
    int code = STATUS_OK;
    if (!gram_matrix(gram, x, n, d)) {
        code = status_set(st, STATUS_UNDEFINED, "no feature varies");
    } else {
        for (size_t i = 0; i < n; i++)
            trace += gram[i * n + i];
        for (size_t k = 0; k < block; k++)
            for (size_t i = 0; i < n; i++)
                v[k * n + i] = cos((double)((k + 1) * (2 * i + 1)) * 1.6180339887498949); /* any start that no data set is orthogonal to */
        orthonormalise(v, block, n);
        for (int s = 0; s < STEPS; s++) {
            multiply(next, gram, v, block, n);
            memcpy(v, next, block * n * sizeof *v);
            orthonormalise(v, block, n);
        }
        ritz(score, share, gram, v, next, block, n, trace);
    }
    free(next);
    free(v);
    free(gram);
    return code;
}
