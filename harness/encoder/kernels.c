/* Kernels; see kernels.h.  The polynomials are our own least-maximum fits
 * (iteratively reweighted least squares on Chebyshev nodes, in double). */
#include "encoder/kernels.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define LANES 16
#define INLINE static inline __attribute__((always_inline))

/* A kernel is written once as name_body and compiled for each instruction set. */
#if defined(__x86_64__)
#define DISPATCH(linkage, name, parameters, arguments)                                                                      \
    __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))) static void name##_avx512 parameters             \
    {                                                                                                              \
        name##_body arguments;                                                                                     \
    }                                                                                                              \
    __attribute__((target("avx2"))) static void name##_avx2 parameters                                             \
    {                                                                                                              \
        name##_body arguments;                                                                                     \
    }                                                                                                              \
    linkage void name parameters                                                                                           \
    {                                                                                                              \
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&                             \
            __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {                            \
            name##_avx512 arguments;                                                                               \
        } else if (__builtin_cpu_supports("avx2")) {                                                               \
            name##_avx2 arguments;                                                                                 \
        } else {                                                                                                   \
            name##_body arguments;                                                                                 \
        }                                                                                                          \
    }
#else
#define DISPATCH(linkage, name, parameters, arguments)                                                                      \
    linkage void name parameters                                                                                           \
    {                                                                                                              \
        name##_body arguments;                                                                                     \
    }
#endif

union word {
    float f;
    uint32_t u;
};

/* exp(x) for x <= 0, held at exp(-87) below that.  x = n ln2 + r, |r| <= ln2 / 2;
 * adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits. */
INLINE float exp_of_negative(float x)
{
    float held = x < -87.0f ? -87.0f : x;
    union word shifted = {.f = held * 1.44269504f + 12582912.0f};
    float n = shifted.f - 12582912.0f;
    float r = held - n * 0.693359375f; /* exact: 9 bits of ln2 */
    r = r - n * -2.12194440e-4f;
    float p = 1.38144889e-3f;
    p = p * r + 8.36878051e-3f;
    p = p * r + 4.16683938e-2f;
    p = p * r + 1.66665201e-1f;
    p = p * r + 4.99999934e-1f;
    p = p * r * r + r + 1.0f;
    union word power = {.u = (shifted.u << 23) + 0x3f800000u}; /* 2^n: the constant's bits shift out */
    return p * power.f;
}

/* x Phi(x) = max(x, 0) - |x| erfc(|x| / sqrt 2) / 2; the second term is at most
 * 0.17, so that its relative error hardly shows.  erfc(z) = exp(-z^2) times a
 * polynomial in 1 / (1 + 0.27 |x|), 2.4e-8 relative on [0, 14]; beyond, it is 0. */
INLINE float gelu(float x)
{
    float size = fabsf(x);
    size = size > 14.0f ? 14.0f : size;
    float t = 1.0f / (1.0f + 0.27f * size);
    float p = 0.0289152875f;
    p = p * t - 0.126255326f;
    p = p * t + 0.169291524f;
    p = p * t - 0.0686211016f;
    p = p * t + 0.107399508f;
    p = p * t + 0.0722402622f;
    p = p * t + 0.101759171f;
    p = p * t + 0.107550506f;
    p = p * t + 0.107720181f;
    return (x < 0.0f ? 0.0f : x) - size * t * p * exp_of_negative(-0.5f * size * size);
}

float kernel_gelu_libm(float x)
{
    return x * 0.5f * (1.0f + erff(x * 0.70710678f));
}

/* 1 / (1 + exp(-z)) without overflow on either side. */
INLINE float sigmoid(float z)
{
    float e = exp_of_negative(z < 0.0f ? z : -z);
    return (z < 0.0f ? e : 1.0f) / (1.0f + e);
}

/* (1 + tanh u) / 2 = sigmoid(2 u) */
INLINE float gelu_tanh(float x)
{
    return x * sigmoid(1.59576912f * (x + 0.044715f * x * x * x));
}

#define BIAS_ACTIVATION(name, expression)                                                                           \
    INLINE void name##_body(float *x, const float *bias, size_t n_rows, size_t width)                              \
    {                                                                                                              \
        for (size_t i = 0; i < n_rows; i++) {                                                                      \
            float *row = x + i * width;                                                                            \
            _Pragma("omp simd") for (size_t j = 0; j < width; j++)                                                 \
            {                                                                                                      \
                float v = row[j] + bias[j];                                                                        \
                row[j] = expression;                                                                               \
            }                                                                                                      \
        }                                                                                                          \
    }                                                                                                              \
    DISPATCH(, name, (float *x, const float *bias, size_t n_rows, size_t width), (x, bias, n_rows, width))

BIAS_ACTIVATION(kernel_bias_gelu, gelu(v))
BIAS_ACTIVATION(kernel_bias_gelu_tanh, gelu_tanh(v))
BIAS_ACTIVATION(kernel_bias_quick_gelu, v * sigmoid(1.702f * v))
BIAS_ACTIVATION(kernel_bias_silu, v * sigmoid(v))
BIAS_ACTIVATION(kernel_bias_relu, v < 0.0f ? 0.0f : v)

INLINE void kernel_bias_swiglu_body(float *x, const float *bias, size_t n_rows, size_t width)
{
    for (size_t i = 0; i < n_rows; i++) {
        float *row = x + i * 2 * width;
#pragma omp simd
        for (size_t j = 0; j < width; j++) {
            float gate = row[j] + bias[j];
            row[j] = gate * sigmoid(gate) * (row[width + j] + bias[width + j]);
        }
    }
}
DISPATCH(, kernel_bias_swiglu, (float *x, const float *bias, size_t n_rows, size_t width), (x, bias, n_rows, width))

INLINE double sum_lanes(const double *lane)
{
    double sum = 0;
    for (size_t j = 0; j < LANES; j++) {
        sum += lane[j];
    }
    return sum;
}

INLINE double row_mean(const float *row, size_t width)
{
    double lane[LANES] = {0};
    size_t whole = width - width % LANES;
    for (size_t i = 0; i < whole; i += LANES) {
#pragma omp simd
        for (size_t j = 0; j < LANES; j++) {
            lane[j] += (double)row[i + j];
        }
    }
    for (size_t j = 0; j < width - whole; j++) {
        lane[j] += (double)row[whole + j];
    }
    return sum_lanes(lane) / (double)width;
}

INLINE double row_variance(const float *row, size_t width, double mean)
{
    double lane[LANES] = {0};
    size_t whole = width - width % LANES;
    for (size_t i = 0; i < whole; i += LANES) {
#pragma omp simd
        for (size_t j = 0; j < LANES; j++) {
            double d = (double)row[i + j] - mean;
            lane[j] += d * d;
        }
    }
    for (size_t j = 0; j < width - whole; j++) {
        double d = (double)row[whole + j] - mean;
        lane[j] += d * d;
    }
    return sum_lanes(lane) / (double)width;
}

/* Two passes over a row that stays in the first-level cache: no cancellation. */
INLINE void kernel_layer_norm_body(float *out, const float *x, const float *weight, const float *bias, size_t n_rows,
                                   size_t width, double eps)
{
    for (size_t i = 0; i < n_rows; i++) {
        const float *row = x + i * width;
        float *to = out + i * width;
        double mean = row_mean(row, width);
        float scale = (float)(1.0 / sqrt(row_variance(row, width, mean) + eps));
#pragma omp simd
        for (size_t j = 0; j < width; j++) {
            to[j] = (float)((double)row[j] - mean) * scale * weight[j] + bias[j];
        }
    }
}
DISPATCH(, kernel_layer_norm,
         (float *out, const float *x, const float *weight, const float *bias, size_t n_rows, size_t width, double eps),
         (out, x, weight, bias, n_rows, width, eps))

INLINE void softmax_row(float *row, size_t n, size_t stride)
{
    float high[LANES], lane[LANES] = {0};
    for (size_t j = n; j < stride; j++) {
        row[j] = -INFINITY;
    }
    for (size_t j = 0; j < LANES; j++) {
        high[j] = -INFINITY;
    }
    for (size_t i = 0; i < stride; i += LANES) {
#pragma omp simd
        for (size_t j = 0; j < LANES; j++) {
            high[j] = row[i + j] > high[j] ? row[i + j] : high[j];
        }
    }
    float top = high[0];
    for (size_t j = 1; j < LANES; j++) {
        top = high[j] > top ? high[j] : top;
    }
    for (size_t i = 0; i < stride; i += LANES) {
#pragma omp simd
        for (size_t j = 0; j < LANES; j++) {
            float e = exp_of_negative(row[i + j] - top);
            row[i + j] = e;
            lane[j] += e;
        }
    }
    double sum = 0;
    for (size_t j = 0; j < LANES; j++) {
        sum += (double)lane[j];
    }
    float scale = (float)(1.0 / sum);
#pragma omp simd
    for (size_t j = 0; j < stride; j++) {
        row[j] *= scale;
    }
}

INLINE void kernel_softmax_body(float *rows, size_t n_rows, size_t n, size_t stride)
{
    assert(n > 0 && n <= stride && stride % LANES == 0);
    for (size_t i = 0; i < n_rows; i++) {
        softmax_row(rows + i * stride, n, stride);
    }
}
DISPATCH(, kernel_softmax, (float *rows, size_t n_rows, size_t n, size_t stride), (rows, n_rows, n, stride))

INLINE void kernel_add_bias_body(float *x, const float *bias, size_t n_rows, size_t width)
{
    for (size_t i = 0; i < n_rows; i++) {
#pragma omp simd
        for (size_t j = 0; j < width; j++) {
            x[i * width + j] += bias[j];
        }
    }
}
DISPATCH(, kernel_add_bias, (float *x, const float *bias, size_t n_rows, size_t width), (x, bias, n_rows, width))

INLINE void kernel_add_scaled_body(float *x, const float *y, const float *scale, size_t n_rows, size_t width)
{
    for (size_t i = 0; i < n_rows; i++) {
#pragma omp simd
        for (size_t j = 0; j < width; j++) {
            x[i * width + j] += scale[j] * y[i * width + j];
        }
    }
}
DISPATCH(, kernel_add_scaled, (float *x, const float *y, const float *scale, size_t n_rows, size_t width), (x, y, scale, n_rows, width))

void kernel_fill_bias(float *x, const float *bias, size_t n_rows, size_t width)
{
    for (size_t i = 0; i < n_rows; i++) {
        if (bias) {
            memcpy(x + i * width, bias, width * sizeof *x);
        } else {
            memset(x + i * width, 0, width * sizeof *x);
        }
    }
}

INLINE void kernel_mean_rows_body(float *out, double *sum, const float *x, size_t n_rows, size_t width)
{
    memset(sum, 0, width * sizeof *sum);
    for (size_t i = 0; i < n_rows; i++) {
#pragma omp simd
        for (size_t j = 0; j < width; j++) {
            sum[j] += (double)x[i * width + j];
        }
    }
    for (size_t j = 0; j < width; j++) {
        out[j] = (float)(sum[j] / (double)n_rows);
    }
}
DISPATCH(, kernel_mean_rows, (float *out, double *sum, const float *x, size_t n_rows, size_t width),
         (out, sum, x, n_rows, width))

/* The largest magnitude as an integer orders like the number itself, NaN above infinity. */
INLINE void largest_magnitude_body(uint32_t *largest, const float *x, size_t n)
{
    uint32_t top = 0;
#pragma omp simd reduction(max : top)
    for (size_t i = 0; i < n; i++) {
        union word w = {.f = x[i]};
        uint32_t size = w.u & 0x7fffffffu;
        top = size > top ? size : top;
    }
    *largest = top;
}
DISPATCH(static, largest_magnitude, (uint32_t *largest, const float *x, size_t n), (largest, x, n))

size_t kernel_find_non_finite(const float *x, size_t n)
{
    uint32_t largest;
    largest_magnitude(&largest, x, n);
    if (largest < 0x7f800000u) {
        return n;
    }
    size_t i = 0;
    while (isfinite(x[i])) {
        i++;
    }
    return i;
}

/* A half's exponent and mantissa, moved to a float's place, are 2^112 too small, subnormals too. */
void kernel_widen_f16(float *out, const unsigned char *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t half = (uint32_t)in[2 * i] | (uint32_t)in[2 * i + 1] << 8;
        union word w = {.u = (half & 0x7fffu) << 13};
        w.f *= 0x1p112f;
        if ((half & 0x7c00u) == 0x7c00u) {
            w.u |= 0x7f800000u;
        }
        w.u |= (half & 0x8000u) << 16;
        out[i] = w.f;
    }
}

void kernel_widen_bf16(float *out, const unsigned char *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        union word w = {.u = (uint32_t)in[2 * i] << 16 | (uint32_t)in[2 * i + 1] << 24};
        out[i] = w.f;
    }
}
