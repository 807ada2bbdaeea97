#include "encoder/kernels.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/cpu.h"

#define LANES 16
#define INLINE static inline __attribute__((always_inline))

/* A kernel is written once as name_body and compiled for each instruction set. */
#if defined(__x86_64__) && !defined(EMULATED_AVX512)
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
        if (cpu_level() >= CPU_AVX512) {                                                                           \
            name##_avx512 arguments;                                                                               \
        } else if (cpu_level() >= CPU_AVX2) {                                                                      \
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

float kernel_gelu_libm(float x)
{
    return x * 0.5f * (1.0f + erff(x * 0.70710678f));
}

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
INLINE void kernel_moments_body(struct moments *of, const float *x, size_t ld, size_t n_rows, size_t width, double eps)
{
    for (size_t i = 0; i < n_rows; i++) {
        double mean = row_mean(x + i * ld, width);
        of[i] = (struct moments){mean, (float)(1.0 / sqrt(row_variance(x + i * ld, width, mean) + eps))};
    }
}
DISPATCH(, kernel_moments, (struct moments *of, const float *x, size_t ld, size_t n_rows, size_t width, double eps),
         (of, x, ld, n_rows, width, eps))

INLINE void kernel_normalise_body(float *out, const float *x, const struct moments *of, const float *weight, const float *bias, size_t n)
{
    double mean = of->mean;
    float scale = of->scale;
#pragma omp simd
    for (size_t j = 0; j < n; j++) {
        out[j] = (float)((double)x[j] - mean) * scale * weight[j] + bias[j];
    }
}
DISPATCH(, kernel_normalise,
         (float *out, const float *x, const struct moments *of, const float *weight, const float *bias, size_t n),
         (out, x, of, weight, bias, n))

INLINE void kernel_layer_norm_body(float *out, const float *x, size_t ld, const float *weight, const float *bias, size_t n_rows,
                                   size_t width, double eps)
{
    for (size_t i = 0; i < n_rows; i++) {
        struct moments of;
        kernel_moments_body(&of, x + i * ld, ld, 1, width, eps);
        kernel_normalise_body(out + i * width, x + i * ld, &of, weight, bias, width);
    }
}
DISPATCH(, kernel_layer_norm,
         (float *out, const float *x, size_t ld, const float *weight, const float *bias, size_t n_rows, size_t width, double eps),
         (out, x, ld, weight, bias, n_rows, width, eps))

INLINE void kernel_add_body(float *x, const float *y, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        x[i] += y[i];
    }
}
DISPATCH(, kernel_add, (float *x, const float *y, size_t n), (x, y, n))

INLINE void dot_body(double *sum, const float *x, const float *y, size_t n)
{
    double lane[LANES] = {0};
    size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES) {
#pragma omp simd
        for (size_t j = 0; j < LANES; j++) {
            lane[j] += (double)x[i + j] * (double)y[i + j];
        }
    }
    for (size_t j = 0; j < n - whole; j++) {
        lane[j] += (double)x[whole + j] * (double)y[whole + j];
    }
    *sum = sum_lanes(lane);
}
DISPATCH(static, dot, (double *sum, const float *x, const float *y, size_t n), (sum, x, y, n))

void kernel_linear(float *out, const float *weight, const float *bias, const float *x, size_t n_out, size_t n_in)
{
    for (size_t i = 0; i < n_out; i++) {
        double sum;
        dot(&sum, weight + i * n_in, x, n_in);
        out[i] = (float)(bias ? sum + (double)bias[i] : sum);
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
