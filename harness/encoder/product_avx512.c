/* Products for AVX-512: 14 x 32, twenty-eight sums in thirty-two registers;
 */
#if defined(__AVX512F__) || defined(EMULATED_AVX512)
#include "encoder/product_body.h"

#define BLOCK_ROWS 14
#define BLOCK_VECTORS 2
#include "encoder/product_blocks.h"

static void block(float *tile, const float *a, const float *b, size_t n_rows, size_t depth, bool first, const void *ahead, size_t n_ahead)
{
    switch (n_rows) {
#define CASE(n)                                                    \
    case n:                                                        \
        block_of(tile, a, b, n, depth, first, ahead, n_ahead);        \
        break
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
        CASE(5);
        CASE(6);
        CASE(7);
        CASE(8);
        CASE(9);
        CASE(10);
        CASE(11);
        CASE(12);
        CASE(13);
        CASE(14);
#undef CASE
    }
}

static void finish(float *y, size_t ld, const float *tile, size_t n_rows, size_t first, size_t n_columns, const struct product_end *end)
{
    finish_of(y, ld, tile, n_rows, BLOCK_COLUMNS, first, n_columns, end);
}

static void widen(float *to, const uint16_t *from, size_t depth)
{
    widen_pairs(to, from, depth, BLOCK_COLUMNS);
}

#define FUNCTIONS                                                                                                              \
    .rows = BLOCK_ROWS, .columns = BLOCK_COLUMNS, .block = block, .interleave = interleave, .interleave_bf16 = interleave_bf16, .widen = widen, .round = round_to_bf16, .round_in_float = round_in_float, \
    .finish = finish, .exponentials = exponentials, .gate = gate

const struct product_set product_avx512 = {.name = "avx512", FUNCTIONS};
const struct product_set product_avx512_bf16 = {.name = "avx512bf16", FUNCTIONS, .block_bf16 = product_block_bf16};
#endif
