/* Accumulators enough to hide the latency of any x86-64 of today: 12 of 256 bit
 * (Haswell needs 5 x 2 = 10, there are 16 registers), 16 of 512 bit.  A value x becomes
 * x a + b, which tends to b / (1 - a): no overflow, no denormals. */
#include "peak.h"

#include <math.h>
#include <omp.h>
#include <stdint.h>

#include "timing.h"

/* What the accumulators hold goes to *sink in the end, so that the loop cannot be left out.  Its factors are read at run
 * time, so that no turn can be worked out beforehand: clang knew that 1 x 0.75 + 0.25 is 1 and dropped that accumulator. */
static volatile float factor = 0.75f, summand = 0.25f;

#if defined(__x86_64__)
#include <immintrin.h>

static volatile int zero;

#define N_256 12
#define N_512 16
#define UNROLL 4 /* steps a turn of the loop */

/* `step` on n accumulators x[i], UNROLL times a turn; they begin as `start` of i and end added up in *sink. */
#define LOOP(name, isa, vector, n, prepare, start, step, add, store)             \
    __attribute__((target(isa))) static void name(float *sink, size_t steps)     \
    {                                                                            \
        vector x[n];                                                             \
        prepare;                                                                 \
        for (int i = 0; i < n; i++)                                              \
            x[i] = start;                                                        \
        for (size_t s = 0; s < steps; s += UNROLL)                               \
            _Pragma("GCC unroll 4") for (int u = 0; u < UNROLL; u++)             \
                _Pragma("GCC unroll 16") for (int i = 0; i < n; i++) x[i] = step; \
        for (int i = 1; i < n; i++)                                              \
            x[0] = add(x[0], x[i]);                                              \
        store(sink, x[0]);                                                       \
    }

#define FACTORS(vector, set) vector a = set(factor), b = set(summand)
LOOP(fma_256, "avx2,fma", __m256, N_256, FACTORS(__m256, _mm256_set1_ps), _mm256_set1_ps((float)i), _mm256_fmadd_ps(x[i], a, b),
     _mm256_add_ps, _mm256_storeu_ps)
LOOP(fma_512, "avx512f", __m512, N_512, FACTORS(__m512, _mm512_set1_ps), _mm512_set1_ps((float)i), _mm512_fmadd_ps(x[i], a, b),
     _mm512_add_ps, _mm512_storeu_ps)
/* Products are of zeros: the rate does not depend on them, and nothing overflows. */
LOOP(dot_bf16, "avx512f,avx512bf16", __m512, N_512, __m512bh a = (__m512bh)_mm512_set1_epi32(zero), _mm512_set1_ps((float)i),
     _mm512_dpbf16_ps(x[i], a, a), _mm512_add_ps, _mm512_storeu_ps)
LOOP(dot_int8, "avx512f,avx512vnni", __m512i, N_512, __m512i a = _mm512_set1_epi32(zero), _mm512_set1_epi32(i),
     _mm512_dpbusd_epi32(x[i], a, a), _mm512_add_epi32, _mm512_storeu_si512)

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f");
}
static bool has_bf16(void)
{
    return has_avx512() && __builtin_cpu_supports("avx512bf16");
}
static bool has_vnni(void)
{
    return has_avx512() && __builtin_cpu_supports("avx512vnni");
}

static const struct loop {
    enum peak_kind kind;
    const char *name;
    bool (*there)(void);
    void (*run)(float *sink, size_t steps);
    double operations; /* of a step */
} loops[] = {
    {PEAK_FP32, "vfmadd 512 bit", has_avx512, fma_512, 2.0 * 16 * N_512},
    {PEAK_FP32, "vfmadd 256 bit", has_avx2, fma_256, 2.0 * 8 * N_256},
    {PEAK_BF16, "vdpbf16ps 512 bit", has_bf16, dot_bf16, 2.0 * 32 * N_512},
    {PEAK_INT8, "vpdpbusd 512 bit", has_vnni, dot_int8, 2.0 * 64 * N_512},
};

#else

/* Elsewhere: a vector type as wide as the compiler's default unit, contracted to fused multiply-adds where it has them. */
typedef float vector __attribute__((vector_size(16)));
#define N_128 16

__attribute__((optimize("fp-contract=fast"))) static void fma_plain(float *sink, size_t steps)
{
    vector x[N_128], a = {factor, factor, factor, factor}, b = {summand, summand, summand, summand};
    for (int i = 0; i < N_128; i++)
        x[i] = a * (float)i;
    for (size_t s = 0; s < steps; s++)
        for (int i = 0; i < N_128; i++)
            x[i] = x[i] * a + b;
    for (int i = 1; i < N_128; i++)
        x[0] += x[i];
    for (int i = 0; i < 4; i++)
        sink[i] = x[0][i];
}

static bool always(void)
{
    return true;
}

static const struct loop {
    enum peak_kind kind;
    const char *name;
    bool (*there)(void);
    void (*run)(float *sink, size_t steps);
    double operations;
} loops[] = {{PEAK_FP32, "multiply-add 128 bit", always, fma_plain, 2.0 * 4 * N_128}};

#endif

static const struct loop *find(enum peak_kind kind)
{
    for (size_t i = 0; i < sizeof loops / sizeof *loops; i++)
        if (loops[i].kind == kind && loops[i].there())
            return &loops[i];
    return NULL;
}

const char *peak_loop(enum peak_kind kind)
{
    const struct loop *l = find(kind);
    return l ? l->name : NULL;
}

static volatile float drain; /* where results go, so that they are needed */

double peak_measure(enum peak_kind kind, size_t threads, double seconds)
{
    enum { CHUNK = 20000 }; /* steps between looks at the clock: about 0.1 ms */
    const struct loop *l = find(kind);
    if (!l)
        return 0;
    double begin = 0, end = 0, steps = 0;
#pragma omp parallel num_threads((int)threads)
    {
        float sink[16];
        l->run(sink, CHUNK);
#pragma omp barrier
#pragma omp single
        begin = now();
        size_t mine = 0;
        double finished;
        do {
            l->run(sink, CHUNK);
            mine += CHUNK;
            finished = now();
        } while (finished < begin + seconds);
#pragma omp critical
        {
            steps += (double)mine;
            end = finished > end ? finished : end;
            drain = sink[0];
        }
    }
    return steps * l->operations / (end - begin);
}
