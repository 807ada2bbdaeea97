#include "probe/thin.h"

#include <cblas.h>

#include "base/cpu.h"

#if defined(__x86_64__)
#define USE_AVX2 (cpu_level() >= CPU_AVX2)
#else
#define USE_AVX2 0
#define thin_forward_float_avx2 thin_forward_float
#define thin_forward_double_avx2 thin_forward_double
#define thin_backward_float_avx2 thin_backward_float
#define thin_backward_double_avx2 thin_backward_double
#define thin_standardise_float_avx2 thin_standardise_float
#define thin_standardise_double_avx2 thin_standardise_double
#endif

void thin_forward_float(float *t, const float *z, const float *in, size_t m, size_t columns, size_t d, size_t stride)
{
    if (USE_AVX2)
        thin_forward_float_avx2(t, z, in, m, columns, d, stride);
    else
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)columns, (int)d, 1, z, (int)stride, in, (int)stride, 0, t, (int)columns);
}

void thin_forward_double(double *t, const double *z, const double *in, size_t m, size_t columns, size_t d, size_t stride)
{
    if (USE_AVX2)
        thin_forward_double_avx2(t, z, in, m, columns, d, stride);
    else
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)columns, (int)d, 1, z, (int)stride, in, (int)stride, 0, t, (int)columns);
}

void thin_backward_float(float *out, const float *u, const float *z, size_t m, size_t columns, size_t d, size_t stride)
{
    if (USE_AVX2)
        thin_backward_float_avx2(out, u, z, m, columns, d, stride);
    else
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)columns, (int)d, (int)m, 1, u, (int)columns, z, (int)stride, 1, out, (int)stride);
}

void thin_backward_double(double *out, const double *u, const double *z, size_t m, size_t columns, size_t d, size_t stride)
{
    if (USE_AVX2)
        thin_backward_double_avx2(out, u, z, m, columns, d, stride);
    else
        cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)columns, (int)d, (int)m, 1, u, (int)columns, z, (int)stride, 1, out, (int)stride);
}

void thin_standardise_float(float *z, const float *x, const double *mean, const double *inverse, size_t m, size_t d, size_t stride)
{
    if (USE_AVX2) {
        thin_standardise_float_avx2(z, x, mean, inverse, m, d, stride);
        return;
    }
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < d; j++)
            z[i * stride + j] = (float)(((double)x[i * d + j] - mean[j]) * inverse[j]);
}

void thin_standardise_double(double *z, const float *x, const double *mean, const double *inverse, size_t m, size_t d, size_t stride)
{
    if (USE_AVX2) {
        thin_standardise_double_avx2(z, x, mean, inverse, m, d, stride);
        return;
    }
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < d; j++)
            z[i * stride + j] = ((double)x[i * d + j] - mean[j]) * inverse[j];
}
