/* Products for any processor: 4 x 8 in vectors of four floats, which every
 * compiler knows.  OpenBLAS was tried in its place and is faster where it has
 * kernels of its own, but the bits of a row then depend on its place among the
 * others, and a picture's embedding on the batch. */
#define BLOCK_ROWS 4
#define BLOCK_COLUMNS 8
#include "encoder/product_body.h"

#define FOURS (BLOCK_COLUMNS / 4)

typedef float four __attribute__((vector_size(16), aligned(4)));

INLINE void block_of(float *tile, const float *a, const float *b, size_t n_rows, size_t depth, bool first)
{
    four sum[BLOCK_ROWS][FOURS] = {0};
    for (size_t k = 0; k < depth; k++) {
        const four *row = (const four *)(b + k * BLOCK_COLUMNS);
        for (size_t i = 0; i < n_rows; i++) {
            for (size_t v = 0; v < FOURS; v++) {
                sum[i][v] += a[(k / PRODUCT_LINE * n_rows + i) * PRODUCT_LINE + k % PRODUCT_LINE] * row[v];
            }
        }
    }
    for (size_t i = 0; i < n_rows; i++) {
        for (size_t v = 0; v < FOURS; v++) {
            four *to = (four *)(tile + i * BLOCK_COLUMNS) + v;
            *to = first ? sum[i][v] : *to + sum[i][v];
        }
    }
}

static void block(float *tile, const float *a, const float *b, size_t n_rows, size_t depth, bool first, const struct product_fetch *fetch)
{
    (void)fetch;
    switch (n_rows) {
#define CASE(n)                                   \
    case n:                                       \
        block_of(tile, a, b, n, depth, first);    \
        break
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
#undef CASE
    }
}

const struct product_set product_portable = {.name = "portable", .sums = "rounded apart", .sums_bf16 = "rounded apart", PRODUCT_SET_FUNCTIONS, .block = block};
