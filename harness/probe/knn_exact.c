#include "probe/knn_exact.h"

#include <string.h>

#include "base/cpu.h"

#define LANES 4
#define SUMS 4 /* vectors of running sums: enough to hide the latency of an addition */
#define STEP (LANES * SUMS)

typedef double doubles __attribute__((vector_size(8 * LANES)));
typedef float floats __attribute__((vector_size(4 * LANES)));

/* The same operations in the same order for every instruction set: products and sums are rounded apart. */
static inline __attribute__((always_inline)) double sum_of(const float *a, const float *b, size_t d, int differences)
{
    doubles sum[SUMS] = {{0}};
    size_t j = 0;
    for (; j + STEP <= d; j += STEP)
#pragma GCC unroll 4
        for (size_t l = 0; l < SUMS; l++) {
            floats u, v;
            memcpy(&u, a + j + l * LANES, sizeof u);
            memcpy(&v, b + j + l * LANES, sizeof v);
            doubles x = __builtin_convertvector(u, doubles), y = __builtin_convertvector(v, doubles);
            if (differences) {
                x -= y;
                sum[l] += x * x;
            } else {
                sum[l] += x * y;
            }
        }
    double rest = 0;
    for (; j < d; j++) {
        double x = a[j], y = b[j], gap = x - y;
        rest += differences ? gap * gap : x * y;
    }
    doubles all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    return (all[0] + all[1]) + (all[2] + all[3]) + rest;
}

static double dot_portable(const float *a, const float *b, size_t d)
{
    return sum_of(a, b, d, 0);
}

static double squares_portable(const float *a, const float *b, size_t d)
{
    return sum_of(a, b, d, 1);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static double dot_avx2(const float *a, const float *b, size_t d)
{
    return sum_of(a, b, d, 0);
}

__attribute__((target("avx2"))) static double squares_avx2(const float *a, const float *b, size_t d)
{
    return sum_of(a, b, d, 1);
}

double knn_dot(const float *a, const float *b, size_t d)
{
    return cpu_level() >= CPU_AVX2 ? dot_avx2(a, b, d) : dot_portable(a, b, d);
}

double knn_squared_difference(const float *a, const float *b, size_t d)
{
    return cpu_level() >= CPU_AVX2 ? squares_avx2(a, b, d) : squares_portable(a, b, d);
}
#else
double knn_dot(const float *a, const float *b, size_t d)
{
    return dot_portable(a, b, d);
}

double knn_squared_difference(const float *a, const float *b, size_t d)
{
    return squares_portable(a, b, d);
}
#endif
