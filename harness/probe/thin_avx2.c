/* Compiled for AVX2 with FMA (Makefile); called where the processor has them. */
#include "probe/thin.h"

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>

static inline float sum_float(__m256 v)
{
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

static inline double sum_double(__m256d v)
{
    __m128d two = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

#define REAL float
#define LANES 8
#define VECTOR __m256
#define V_LOAD(p) _mm256_loadu_ps(p)
#define V_STORE(p, v) _mm256_storeu_ps(p, v)
#define V_SET(x) _mm256_set1_ps(x)
#define V_ZERO() _mm256_setzero_ps()
#define V_FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define V_SUM(v) sum_float(v)
#define NAME(what) what##_float_avx2
#include "probe/thin_body.h"
#undef REAL
#undef LANES
#undef VECTOR
#undef V_LOAD
#undef V_STORE
#undef V_SET
#undef V_ZERO
#undef V_FMA
#undef V_SUM
#undef NAME

#define REAL double
#define LANES 4
#define VECTOR __m256d
#define V_LOAD(p) _mm256_loadu_pd(p)
#define V_STORE(p, v) _mm256_storeu_pd(p, v)
#define V_SET(x) _mm256_set1_pd(x)
#define V_ZERO() _mm256_setzero_pd()
#define V_FMA(a, b, c) _mm256_fmadd_pd(a, b, c)
#define V_SUM(v) sum_double(v)
#define NAME(what) what##_double_avx2
#include "probe/thin_body.h"

#endif
