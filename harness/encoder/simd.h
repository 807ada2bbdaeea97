/* A vector of float32, as wide as the file that includes this is compiled for
 * (the Makefile gives *_avx2.c and *_avx512.c their flags; other files get one
 * lane).  Every fused multiply-add is written out, so that AVX2 and AVX-512 give
 * the same bits; one lane rounds twice instead and differs in the last bits. */
#ifndef ENCODER_SIMD_H
#define ENCODER_SIMD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

#if defined(__AVX512F__) || defined(EMULATED_AVX512)
#if !defined(EMULATED_AVX512) /* tests/emulated_avx512.h stands in for the instructions then */
#include <immintrin.h>
#endif

#define SIMD_LANES 16
typedef __m512 vfloat;
typedef __mmask16 vmask; /* the first n lanes */

INLINE vmask v_first(size_t n) { return (vmask)(n >= SIMD_LANES ? 0xffffu : (1u << n) - 1u); }
INLINE vfloat v_set(float x) { return _mm512_set1_ps(x); }
INLINE vfloat v_load(const float *p) { return _mm512_loadu_ps(p); }
INLINE vfloat v_load_first(const float *p, vmask m) { return _mm512_maskz_loadu_ps(m, p); }
INLINE void v_store(float *p, vfloat x) { _mm512_storeu_ps(p, x); }
INLINE void v_store_first(float *p, vfloat x, vmask m) { _mm512_mask_storeu_ps(p, m, x); }
INLINE vfloat v_add(vfloat a, vfloat b) { return _mm512_add_ps(a, b); }
INLINE vfloat v_sub(vfloat a, vfloat b) { return _mm512_sub_ps(a, b); }
INLINE vfloat v_mul(vfloat a, vfloat b) { return _mm512_mul_ps(a, b); }
INLINE vfloat v_div(vfloat a, vfloat b) { return _mm512_div_ps(a, b); }
INLINE vfloat v_fma(vfloat a, vfloat b, vfloat c) { return _mm512_fmadd_ps(a, b, c); }   /* a b + c */
INLINE vfloat v_fnma(vfloat a, vfloat b, vfloat c) { return _mm512_fnmadd_ps(a, b, c); } /* c - a b */
INLINE vfloat v_max(vfloat a, vfloat b) { return _mm512_max_ps(a, b); } /* b if either is NaN */
INLINE vfloat v_min(vfloat a, vfloat b) { return _mm512_min_ps(a, b); }
INLINE vfloat v_abs(vfloat a) { return _mm512_abs_ps(a); }
INLINE vfloat v_negative_abs(vfloat a) { return _mm512_castsi512_ps(_mm512_or_si512(_mm512_castps_si512(a), _mm512_set1_epi32(INT32_MIN))); }
INLINE vfloat v_choose(vmask m, vfloat a, vfloat b) { return _mm512_mask_blend_ps(m, b, a); } /* a where m is set */
/* x < 0 ? a : b */
INLINE vfloat v_if_negative(vfloat x, vfloat a, vfloat b) { return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ), b, a); }
/* 2^n for the n in the low bits of 1.5 * 2^23 + n */
INLINE vfloat v_power(vfloat shifted)
{
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_slli_epi32(_mm512_castps_si512(shifted), 23), _mm512_set1_epi32(0x3f800000)));
}

#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>

#define SIMD_LANES 8
typedef __m256 vfloat;
typedef __m256i vmask;

INLINE vmask v_first(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(n > SIMD_LANES ? SIMD_LANES : n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INLINE vfloat v_set(float x) { return _mm256_set1_ps(x); }
INLINE vfloat v_load(const float *p) { return _mm256_loadu_ps(p); }
INLINE vfloat v_load_first(const float *p, vmask m) { return _mm256_maskload_ps(p, m); }
INLINE void v_store(float *p, vfloat x) { _mm256_storeu_ps(p, x); }
INLINE void v_store_first(float *p, vfloat x, vmask m) { _mm256_maskstore_ps(p, m, x); }
INLINE vfloat v_add(vfloat a, vfloat b) { return _mm256_add_ps(a, b); }
INLINE vfloat v_sub(vfloat a, vfloat b) { return _mm256_sub_ps(a, b); }
INLINE vfloat v_mul(vfloat a, vfloat b) { return _mm256_mul_ps(a, b); }
INLINE vfloat v_div(vfloat a, vfloat b) { return _mm256_div_ps(a, b); }
INLINE vfloat v_fma(vfloat a, vfloat b, vfloat c) { return _mm256_fmadd_ps(a, b, c); }
INLINE vfloat v_fnma(vfloat a, vfloat b, vfloat c) { return _mm256_fnmadd_ps(a, b, c); }
INLINE vfloat v_max(vfloat a, vfloat b) { return _mm256_max_ps(a, b); }
INLINE vfloat v_min(vfloat a, vfloat b) { return _mm256_min_ps(a, b); }
INLINE vfloat v_abs(vfloat a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
INLINE vfloat v_negative_abs(vfloat a) { return _mm256_or_ps(_mm256_set1_ps(-0.0f), a); }
INLINE vfloat v_choose(vmask m, vfloat a, vfloat b) { return _mm256_blendv_ps(b, a, _mm256_castsi256_ps(m)); }
INLINE vfloat v_if_negative(vfloat x, vfloat a, vfloat b) { return _mm256_blendv_ps(b, a, _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ)); }
INLINE vfloat v_power(vfloat shifted)
{
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_slli_epi32(_mm256_castps_si256(shifted), 23), _mm256_set1_epi32(0x3f800000)));
}

#else

#define SIMD_LANES 1
typedef float vfloat;
typedef int vmask;

INLINE vmask v_first(size_t n) { return n > 0; }
INLINE vfloat v_set(float x) { return x; }
INLINE vfloat v_load(const float *p) { return *p; }
INLINE vfloat v_load_first(const float *p, vmask m) { return m ? *p : 0.0f; }
INLINE void v_store(float *p, vfloat x) { *p = x; }
INLINE void v_store_first(float *p, vfloat x, vmask m)
{
    if (m) {
        *p = x;
    }
}
INLINE vfloat v_add(vfloat a, vfloat b) { return a + b; }
INLINE vfloat v_sub(vfloat a, vfloat b) { return a - b; }
INLINE vfloat v_mul(vfloat a, vfloat b) { return a * b; }
INLINE vfloat v_div(vfloat a, vfloat b) { return a / b; }
INLINE vfloat v_fma(vfloat a, vfloat b, vfloat c) { return a * b + c; }
INLINE vfloat v_fnma(vfloat a, vfloat b, vfloat c) { return c - a * b; }
INLINE vfloat v_max(vfloat a, vfloat b) { return a > b ? a : b; }
INLINE vfloat v_min(vfloat a, vfloat b) { return a < b ? a : b; }
INLINE vfloat v_abs(vfloat a) { return a < 0.0f ? -a : a; }
INLINE vfloat v_negative_abs(vfloat a) { return a < 0.0f ? a : -a; }
INLINE vfloat v_choose(vmask m, vfloat a, vfloat b) { return m ? a : b; }
INLINE vfloat v_if_negative(vfloat x, vfloat a, vfloat b) { return x < 0.0f ? a : b; }
INLINE vfloat v_power(vfloat shifted)
{
    union {
        float f;
        uint32_t u;
    } word = {.f = shifted};
    word.u = (word.u << 23) + 0x3f800000u;
    return word.f;
}

#endif
#endif
