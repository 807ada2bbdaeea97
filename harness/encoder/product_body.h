/* The functions of struct product_set but the blocks', for the vectors of this
 * file's instruction set (simd.h).  Included once by each product_*.c, which
 * defines BLOCK_ROWS and BLOCK_COLUMNS before it, and `block` before it uses
 * PRODUCT_SET_FUNCTIONS.
 * The polynomials are our own least-maximum fits (iteratively reweighted least
 * squares on Chebyshev nodes, in double). */
#include <math.h>

#include "encoder/product_set.h"
#include "encoder/simd.h"

/* exp(x) for x <= 0, held at exp(-87) below that; 1.2e-7 relative.  x = n ln2 + r, |r| <= ln2 / 2;
 * adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits. */
INLINE vfloat exp_of_negative(vfloat x)
{
    vfloat held = v_max(v_set(-87.0f), x), magic = v_set(12582912.0f);
    vfloat shifted = v_fma(held, v_set(1.44269504f), magic);
    vfloat n = v_sub(shifted, magic);
    vfloat r = v_fnma(n, v_set(0.693359375f), held); /* exact: 9 bits of ln2 */
    r = v_fma(n, v_set(2.12194440e-4f), r);
    vfloat p = v_fma(v_set(1.38144889e-3f), r, v_set(8.36878051e-3f));
    p = v_fma(p, r, v_set(4.16683938e-2f));
    p = v_fma(p, r, v_set(1.66665201e-1f));
    p = v_fma(p, r, v_set(4.99999934e-1f));
    p = v_fma(v_mul(p, r), r, v_add(r, v_set(1.0f)));
    return v_mul(p, v_power(shifted));
}

/* x Phi(x) = max(x, 0) - z erfc(z / sqrt 2) / 2 with z = |x|.  The second term is z (5.75 - z) times a polynomial in
 * z / 2.875 - 1, and 0 from 5.75 on; 5.6e-8 absolute beside the rounding of x, and 4e-7 of the second term where x > -2, so
 * that small x keep their digits.  NaN comes through the first term. */
INLINE vfloat gelu(vfloat x)
{
    vfloat z = v_min(v_abs(x), v_set(5.75f));
    vfloat t = v_fma(z, v_set(0.347826087f), v_set(-1.0f));
    vfloat p = v_fma(v_set(0.00103074347f), t, v_set(-6.56768316e-05f));
    p = v_fma(p, t, v_set(-0.00578559516f));
    p = v_fma(p, t, v_set(0.00264702924f));
    p = v_fma(p, t, v_set(0.0137535138f));
    p = v_fma(p, t, v_set(-0.0143997734f));
    p = v_fma(p, t, v_set(-0.0126211485f));
    p = v_fma(p, t, v_set(0.0333306603f));
    p = v_fma(p, t, v_set(-0.0150476322f));
    p = v_fma(p, t, v_set(-0.0289430395f));
    p = v_fma(p, t, v_set(0.0507069789f));
    p = v_fma(p, t, v_set(-0.0231489297f));
    p = v_fma(p, t, v_set(-0.0265260395f));
    p = v_fma(p, t, v_set(0.0526086874f));
    p = v_fma(p, t, v_set(-0.0432933867f));
    p = v_fma(p, t, v_set(0.0207468662f));
    p = v_fma(p, t, v_set(-0.0056954571f));
    p = v_fma(p, t, v_set(0.000702656107f));
    return v_fnma(v_mul(z, v_sub(v_set(5.75f), z)), p, v_max(v_set(0.0f), x));
}

/* 1 / (1 + exp(-z)) without overflow on either side. */
INLINE vfloat sigmoid(vfloat z)
{
    vfloat e = exp_of_negative(v_negative_abs(z)), one = v_set(1.0f);
    return v_div(v_if_negative(z, e, one), v_add(one, e));
}

INLINE vfloat activate(vfloat x, enum activation_kind kind)
{
    switch (kind) {
    case ACTIVATION_GELU:
        return gelu(x);
    case ACTIVATION_GELU_TANH: /* (1 + tanh u) / 2 = sigmoid(2 u) */
        return v_mul(x, sigmoid(v_mul(v_set(1.59576912f), v_fma(v_mul(v_mul(v_set(0.044715f), x), x), x, x))));
    case ACTIVATION_QUICK_GELU:
        return v_mul(x, sigmoid(v_mul(v_set(1.702f), x)));
    case ACTIVATION_RELU:
        return v_max(v_set(0.0f), x);
    case ACTIVATION_SILU:
        return v_mul(x, sigmoid(x));
    case ACTIVATION_NONE:
        break;
    }
    return x;
}

/* `kind` and the three flags are constants where this is called, so that each case is a loop of its own. */
INLINE void finish_as(float *y, size_t row_stride, size_t line_stride, const float *tile, size_t n_rows, size_t first, size_t n_columns,
                      const struct product_end *end, enum activation_kind kind, bool adds, bool scales, bool clips)
{
    for (size_t j = 0; j < n_columns; j += SIMD_LANES) {
        vmask some = v_first(n_columns - j);
        vfloat bias = end->bias ? v_load_first(end->bias + first + j, some) : v_set(0.0f);
        vfloat scale = scales ? v_load_first(end->scale + first + j, some) : v_set(1.0f);
        float *to = y + j / PRODUCT_LINE * line_stride + j % PRODUCT_LINE;
        for (size_t i = 0; i < n_rows; i++, to += row_stride) {
            vfloat v = activate(v_add(v_load(tile + i * BLOCK_COLUMNS + j), bias), kind);
            if (adds) {
                vfloat r = v_load_first(to, some);
                v = scales ? v_fma(scale, v, r) : v_add(r, v);
                v = clips ? v_max(v_set(0.0f), v) : v;
            }
            v_store_first(to, v, some);
        }
    }
}

static void finish(float *y, size_t row_stride, size_t line_stride, const float *tile, size_t n_rows, size_t first, size_t n_columns,
                   const struct product_end *end)
{
#define FINISH(kind, adds, scales, clips) finish_as(y, row_stride, line_stride, tile, n_rows, first, n_columns, end, kind, adds, scales, clips)
    if (end->adds && end->clips) {
        FINISH(ACTIVATION_NONE, true, false, true);
    } else if (end->adds && end->scale) {
        FINISH(ACTIVATION_NONE, true, true, false);
    } else if (end->adds) {
        FINISH(ACTIVATION_NONE, true, false, false);
    } else {
        switch (end->activation) {
#define CASE(kind)                          \
    case kind:                              \
        FINISH(kind, false, false, false);  \
        break
            CASE(ACTIVATION_NONE);
            CASE(ACTIVATION_GELU);
            CASE(ACTIVATION_GELU_TANH);
            CASE(ACTIVATION_QUICK_GELU);
            CASE(ACTIVATION_RELU);
            CASE(ACTIVATION_SILU);
#undef CASE
        }
    }
#undef FINISH
}

INLINE float highest(vfloat v)
{
    float lane[SIMD_LANES];
    v_store(lane, v);
#pragma GCC unroll 4
    for (size_t half = SIMD_LANES / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
        for (size_t j = 0; j < half; j++) {
            lane[j] = lane[j + half] > lane[j] ? lane[j + half] : lane[j];
        }
    }
    return lane[0];
}

/* Sums in sixteen lanes whatever the vector, then in double. */
#define SUM_LANES 16
#define SUM_VECTORS (SUM_LANES / SIMD_LANES)

INLINE double total(const vfloat sum[SUM_VECTORS])
{
    float lane[SUM_LANES];
    double pair[SUM_LANES / 2];
    for (size_t v = 0; v < SUM_VECTORS; v++) {
        v_store(lane + v * SIMD_LANES, sum[v]);
    }
    for (size_t j = 0; j < SUM_LANES / 2; j++) {
        pair[j] = (double)lane[j] + (double)lane[j + SUM_LANES / 2];
    }
    return ((pair[0] + pair[4]) + (pair[1] + pair[5])) + ((pair[2] + pair[6]) + (pair[3] + pair[7]));
}

#define ROWS_AT_ONCE 4 /* whose maxima do not wait for each other, nor for the sums before (160 for 215 cycles a row of 197 on Zen 5) */

static void exponentials(float *x, size_t ld, size_t n_rows, size_t n, float scale, float *inverse)
{
    size_t whole = n - n % SUM_LANES, left = n - whole;
    vmask some[SUM_VECTORS]; /* of the sixteen behind the whole ones */
    for (size_t v = 0; v < SUM_VECTORS; v++) {
        some[v] = v_first(left > v * SIMD_LANES ? left - v * SIMD_LANES : 0);
    }
    for (size_t first = 0; first < n_rows; first += ROWS_AT_ONCE) {
        size_t behind = n_rows - first < ROWS_AT_ONCE ? n_rows : first + ROWS_AT_ONCE;
        float top[ROWS_AT_ONCE];
        for (size_t i = first; i < behind; i++) {
            const float *row = x + i * ld;
            vfloat high = v_set(-INFINITY);
            for (size_t j = 0; j < whole; j += SIMD_LANES) {
                high = v_max(high, v_load(row + j));
            }
            for (size_t v = 0; v < SUM_VECTORS && left > 0; v++) {
                high = v_max(high, v_choose(some[v], v_load(row + whole + v * SIMD_LANES), high));
            }
            top[i - first] = highest(high);
        }
        for (size_t i = first; i < behind; i++) {
            float *row = x + i * ld;
            vfloat high = v_set(top[i - first]), factor = v_set(scale), sum[SUM_VECTORS];
            for (size_t v = 0; v < SUM_VECTORS; v++) {
                sum[v] = v_set(0.0f);
            }
            for (size_t j = 0; j < whole; j += SUM_LANES) {
                for (size_t v = 0; v < SUM_VECTORS; v++) {
                    float *at = row + j + v * SIMD_LANES;
                    vfloat e = exp_of_negative(v_mul(v_sub(v_load(at), high), factor));
                    v_store(at, e);
                    sum[v] = v_add(sum[v], e);
                }
            }
            for (size_t v = 0; v < SUM_VECTORS && left > 0; v++) {
                float *at = row + whole + v * SIMD_LANES;
                vfloat e = v_choose(some[v], exp_of_negative(v_mul(v_sub(v_load(at), high), factor)), v_set(0.0f));
                v_store(at, e);
                sum[v] = v_add(sum[v], e);
            }
            inverse[i] = (float)(1.0 / total(sum));
        }
    }
}

static void gate(float *x, size_t ld, size_t n_rows, size_t width)
{
    for (size_t i = 0; i < n_rows; i++) {
        float *row = x + i * ld;
        for (size_t j = 0; j < width; j += SIMD_LANES) {
            vmask some = v_first(width - j);
            vfloat a = v_load_first(row + j, some), b = v_load_first(row + width + j, some);
            v_store_first(row + j, v_mul(activate(a, ACTIVATION_SILU), b), some);
        }
    }
}

static void weigh(float *y, size_t row_stride, size_t line_stride, const float *tile, size_t n_rows, size_t n_columns, const float *factor)
{
    for (size_t i = 0; i < n_rows; i++) {
        for (size_t j = 0; j < n_columns; j += SIMD_LANES) {
            float *to = y + i * row_stride + j / PRODUCT_LINE * line_stride + j % PRODUCT_LINE;
            v_store_first(to, v_mul(v_load(tile + i * BLOCK_COLUMNS + j), v_set(factor[i])), v_first(n_columns - j));
        }
    }
}

#include "encoder/product_pack_body.h"

#ifdef BLOCK_PAIRS
#define LINE_HALVES (2 * PRODUCT_LINE)

INLINE void store_halves(uint16_t *to, vfloat v, size_t n)
{
#if defined(__AVX512BF16__)
    __m256i half = (__m256i)_mm512_cvtneps_pbh(v); /* as round_some */
    if (n >= SIMD_LANES) { /* masked stores of words are slow */
        _mm256_storeu_si256((__m256i *)(void *)to, half);
    } else {
        memcpy(to, &half, n * sizeof *to);
    }
#else
    float some[SIMD_LANES];
    v_store(some, v);
    round_some(to, some, n < SIMD_LANES ? n : SIMD_LANES);
#endif
}

/* `kind` is a constant where this is called. */
INLINE void finish_halves_as(uint16_t *y, size_t row_stride, size_t line_stride, const float *tile, size_t n_rows, size_t first,
                             size_t n_columns, const struct product_end *end, enum activation_kind kind)
{
    for (size_t j = 0; j < n_columns; j += SIMD_LANES) {
        vfloat bias = end->bias ? v_load_first(end->bias + first + j, v_first(n_columns - j)) : v_set(0.0f);
        uint16_t *to = y + j / LINE_HALVES * line_stride + j % LINE_HALVES;
        for (size_t i = 0; i < n_rows; i++, to += row_stride) {
            store_halves(to, activate(v_add(v_load(tile + i * BLOCK_COLUMNS + j), bias), kind), n_columns - j);
        }
    }
}

static void finish_halves(uint16_t *y, size_t row_stride, size_t line_stride, const float *tile, size_t n_rows, size_t first,
                          size_t n_columns, const struct product_end *end)
{
    switch (end->activation) {
#define CASE(kind)                                                                                  \
    case kind:                                                                                      \
        finish_halves_as(y, row_stride, line_stride, tile, n_rows, first, n_columns, end, kind); \
        break
        CASE(ACTIVATION_NONE);
        CASE(ACTIVATION_GELU);
        CASE(ACTIVATION_GELU_TANH);
        CASE(ACTIVATION_QUICK_GELU);
        CASE(ACTIVATION_RELU);
        CASE(ACTIVATION_SILU);
#undef CASE
    }
}

static void weigh_halves(uint16_t *y, size_t row_stride, size_t line_stride, const float *tile, size_t n_rows, size_t n_columns,
                         const float *factor)
{
    for (size_t i = 0; i < n_rows; i++) {
        for (size_t j = 0; j < n_columns; j += SIMD_LANES) {
            uint16_t *to = y + i * row_stride + j / LINE_HALVES * line_stride + j % LINE_HALVES;
            store_halves(to, v_mul(v_load(tile + i * BLOCK_COLUMNS + j), v_set(factor[i])), n_columns - j);
        }
    }
}
#endif

#define PRODUCT_SET_FUNCTIONS                                                                                                     \
    .rows = BLOCK_ROWS, .columns = BLOCK_COLUMNS, .weigh = weigh, .pack_rows = pack_rows, .pack_rows_bf16 = pack_rows_bf16,       \
    .pack_rows_rounded = pack_rows_rounded, .pack_panel = pack_panel, .pack_panel_bf16 = pack_panel_bf16, .pack_steps = pack_steps, \
    .pack_steps_bf16 = pack_steps_bf16, .widen = widen, .finish = finish, .exponentials = exponentials, .gate = gate
