/* The product sets that this processor can run, for tests of each. */
#ifndef TESTS_PRODUCT_SETS_H
#define TESTS_PRODUCT_SETS_H

#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "encoder/product.h"

#define MAX_SETS 3

static inline size_t runnable_sets(const struct product_set *set[MAX_SETS])
{
    size_t n = 0;
    set[n++] = &product_portable;
#if defined(__x86_64__)
    if (cpu_level() >= CPU_AVX2)
        set[n++] = &product_avx2;
    if (cpu_level() >= CPU_AVX512)
        set[n++] = &product_avx512;
#endif
    return n;
}

/* x[n_rows, width] = activation(x + bias), a panel at a time as product.c does. */
static inline void finish_all(const struct product_set *set, float *x, size_t n_rows, size_t width, const struct product_end *end)
{
    float *tile = mem_aligned(n_rows * set->columns, sizeof *tile);
    for (size_t j = 0; j < width; j += set->columns) {
        size_t n = width - j < set->columns ? width - j : set->columns;
        for (size_t i = 0; i < n_rows; i++)
            memcpy(tile + i * set->columns, x + i * width + j, n * sizeof *tile);
        set->finish(x + j, width, PRODUCT_LINE, tile, n_rows, j, n, end);
    }
    free(tile);
}

#endif
