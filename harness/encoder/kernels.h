/* The encoder's row-wise arithmetic that is no part of a product (product.h),
 * float32.
 *
 * Vectorised by the compiler for AVX-512, AVX2 or the baseline, chosen at run
 * time.  Sums run in sixteen fixed lanes and nothing is contracted into fused
 * multiply-adds, so that every one of the three gives the same bits.
 * Rows are contiguous: x[n_rows, width].  NaN and infinity pass through. */
#ifndef ENCODER_KERNELS_H
#define ENCODER_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* out = (x - mean) / sqrt(variance + eps) * weight + bias, a row at a time;
 * population variance.  Sums in double.  Ba, Kiros & Hinton 2016, arXiv:1607.06450.
 * x's rows are ld apart, out's are contiguous; out may be x if ld is width. */
void kernel_layer_norm(float *out, const float *x, size_t ld, const float *weight, const float *bias, size_t n_rows, size_t width,
                       double eps);

/* The same in two steps: mean and scale = 1 / sqrt(variance + eps) of each row, and n values of a row. */
struct moments {
    double mean;
    float scale;
};
void kernel_moments(struct moments *of, const float *x, size_t ld, size_t n_rows, size_t width, double eps);
void kernel_normalise(float *out, const float *x, const struct moments *of, const float *weight, const float *bias, size_t n);

void kernel_add(float *x, const float *y, size_t n); /* x += y */
/* out[n_out] = weight[n_out, n_in] x + bias (NULL: 0), sums in double in sixteen lanes: for a single row, which is not worth packing. */
void kernel_linear(float *out, const float *weight, const float *bias, const float *x, size_t n_out, size_t n_in);

/* out[width] = mean over rows, summed in double in row order. sum[width] is scratch. */
void kernel_mean_rows(float *out, double *sum, const float *x, size_t n_rows, size_t width);

/* Index of the first NaN or infinity; n if there is none. */
size_t kernel_find_non_finite(const float *x, size_t n);

/* Exact widening of n half or bfloat16 values in any alignment. */
void kernel_widen_f16(float *out, const unsigned char *in, size_t n);
void kernel_widen_bf16(float *out, const unsigned char *in, size_t n);

/* The same by libm, one value at a time: what tests and the bench compare with. */
float kernel_gelu_libm(float x);

#endif
