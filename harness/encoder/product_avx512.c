/* Products for AVX-512: 14 x 32, twenty-eight sums in thirty-two registers. */
#if defined(__AVX512F__) || defined(EMULATED_AVX512)
#define BLOCK_ROWS 14
#define BLOCK_COLUMNS 32
#include "encoder/product_body.h"

#include "encoder/product_blocks.h"

void product_block_avx512(float *tile, const float *a, const float *b, size_t n_rows, size_t depth, bool first,
                          const struct product_fetch *fetch)
{
    block_by_rows(tile, a, b, n_rows, depth, first, fetch);
}

const struct product_set product_avx512 = {
    .name = "avx512", .sums = "fused", .sums_bf16 = "fused", PRODUCT_SET_FUNCTIONS, .block = product_block_avx512};
#endif
