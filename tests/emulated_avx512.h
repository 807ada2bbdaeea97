/* AVX-512 in software, for `make emulated`: SIMDe, and what its packaged version lacks of the instructions we use. */
#ifndef TESTS_EMULATED_AVX512_H
#define TESTS_EMULATED_AVX512_H

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/fma.h>

#include <string.h>

typedef simde__mmask16 __mmask16;

static inline __m512 emulated_load_first(simde__mmask16 m, const float *p)
{
    float x[16];
    for (int i = 0; i < 16; i++)
        x[i] = m >> i & 1 ? p[i] : 0.0f;
    return simde_mm512_loadu_ps(x);
}

static inline void emulated_store_first(float *p, simde__mmask16 m, __m512 v)
{
    float x[16];
    simde_mm512_storeu_ps(x, v);
    for (int i = 0; i < 16; i++)
        if (m >> i & 1)
            p[i] = x[i];
}

/* Both products of a pair, added one after the other and rounded each time; a processor may round otherwise, and tests allow for it. */
static inline __m512 emulated_dot_pairs(__m512 sum, __m512i a, __m512i b)
{
    float s[16];
    uint32_t u[16], v[16];
    simde_mm512_storeu_ps(s, sum);
    simde_mm512_storeu_si512(u, a);
    simde_mm512_storeu_si512(v, b);
    for (int i = 0; i < 16; i++) {
        uint32_t half[4] = {u[i] << 16, v[i] << 16, u[i] & 0xffff0000u, v[i] & 0xffff0000u};
        float f[4];
        memcpy(f, half, sizeof f);
        s[i] += f[2] * f[3];
        s[i] += f[0] * f[1];
    }
    return simde_mm512_loadu_ps(s);
}

#define _mm512_maskz_loadu_ps emulated_load_first
#define _mm512_mask_storeu_ps emulated_store_first
#undef _mm512_dpbf16_ps
#define _mm512_dpbf16_ps emulated_dot_pairs
#define __m512bh __m512i

#endif
