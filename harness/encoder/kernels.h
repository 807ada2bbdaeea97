/* The encoder's elementwise and row-wise arithmetic, float32; the matrix
 * products are BLAS's.
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
 * population variance.  Sums in double.  Ba, Kiros & Hinton 2016, arXiv:1607.06450.  out may be x. */
void kernel_layer_norm(float *out, const float *x, const float *weight, const float *bias, size_t n_rows, size_t width,
                       double eps);

/* x = gelu(x + bias), gelu(x) = x Phi(x) exactly (erf, not tanh).  Hendrycks & Gimpel 2016, arXiv:1606.08415.
 * Against double precision: |error| <= 1.5e-7 max(1, |gelu|). */
void kernel_bias_gelu(float *x, const float *bias, size_t n_rows, size_t width);

/* x = f(x + bias).  Against double precision: |error| <= 2e-7 max(1, |f|).
 * gelu_tanh: x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2, the same reference; quick_gelu: x sigmoid(1.702 x), ibid.;
 * silu: x sigmoid(x), Elfwing et al. 2017, arXiv:1702.03118; relu: max(x, 0), NaN kept. */
void kernel_bias_gelu_tanh(float *x, const float *bias, size_t n_rows, size_t width);
void kernel_bias_quick_gelu(float *x, const float *bias, size_t n_rows, size_t width);
void kernel_bias_silu(float *x, const float *bias, size_t n_rows, size_t width);
void kernel_bias_relu(float *x, const float *bias, size_t n_rows, size_t width);

/* x[n_rows, 2 width] + bias[2 width] = [a b]: a's place becomes silu(a) b, b's place stays.  Shazeer 2020, arXiv:2002.05202. */
void kernel_bias_swiglu(float *x, const float *bias, size_t n_rows, size_t width);

/* Softmax over the first n values of each row; rows lie `stride` apart (a multiple of 16, at least n),
 * what is behind the n-th value is overwritten.  exp to 2e-7 relative. */
void kernel_softmax(float *rows, size_t n_rows, size_t n, size_t stride);

void kernel_add_bias(float *x, const float *bias, size_t n_rows, size_t width);  /* x += bias */
void kernel_add_scaled(float *x, const float *y, const float *scale, size_t n_rows, size_t width); /* x += scale[column] y */
void kernel_fill_bias(float *x, const float *bias, size_t n_rows, size_t width); /* x = bias; zeros if bias is NULL */

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
