/* The two matrix products of a walk over rows, for few columns: t = z in' and
 * out += u' z, where z is a block of rows that lies in cache.  A library's product packs
 * both operands first, which costs as much as the product itself when there are 5 or 25
 * columns; these read them where they lie.
 *
 * Rows of z, in and out are `stride` elements apart (thin_stride) and zero from d to
 * thin_padded(d), where the kernels read and write.  AVX2 with FMA, else OpenBLAS. */
#ifndef PROBE_THIN_H
#define PROBE_THIN_H

#include <stddef.h>

/* Whole vectors. */
static inline size_t thin_padded(size_t d)
{
    return (d + 7) / 8 * 8;
}

/* An odd number of cache lines, so that rows of 1,024 do not fall on each other in the cache. */
static inline size_t thin_stride(size_t d)
{
    size_t lines = (d + 15) / 16;
    return 16 * (lines + (lines % 2 == 0));
}

/* t[m, columns] = z[m, d] in[columns, d]' */
void thin_forward_float(float *t, const float *z, const float *in, size_t m, size_t columns, size_t d, size_t stride);
void thin_forward_double(double *t, const double *z, const double *in, size_t m, size_t columns, size_t d, size_t stride);
/* out[columns, d] += u[m, columns]' z[m, d] */
void thin_backward_float(float *out, const float *u, const float *z, size_t m, size_t columns, size_t d, size_t stride);
void thin_backward_double(double *out, const double *u, const double *z, size_t m, size_t columns, size_t d, size_t stride);
/* z[m, stride] = (x[m, d] - mean) * inverse, computed in double. */
void thin_standardise_float(float *z, const float *x, const double *mean, const double *inverse, size_t m, size_t d, size_t stride);
void thin_standardise_double(double *z, const float *x, const double *mean, const double *inverse, size_t m, size_t d, size_t stride);

/* The AVX2 forms of the same (thin_avx2.c). */
void thin_forward_float_avx2(float *t, const float *z, const float *in, size_t m, size_t columns, size_t d, size_t stride);
void thin_forward_double_avx2(double *t, const double *z, const double *in, size_t m, size_t columns, size_t d, size_t stride);
void thin_backward_float_avx2(float *out, const float *u, const float *z, size_t m, size_t columns, size_t d, size_t stride);
void thin_backward_double_avx2(double *out, const double *u, const double *z, size_t m, size_t columns, size_t d, size_t stride);
void thin_standardise_float_avx2(float *z, const float *x, const double *mean, const double *inverse, size_t m, size_t d, size_t stride);
void thin_standardise_double_avx2(double *z, const float *x, const double *mean, const double *inverse, size_t m, size_t d, size_t stride);

#endif
