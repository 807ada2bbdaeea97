/* Products for AVX-512: 14 x 32, twenty-eight sums in thirty-two registers. */
#if defined(__AVX512F__) || defined(EMULATED_AVX512)
#define BLOCK_ROWS 14
#define BLOCK_COLUMNS 32
#include "encoder/product_body.h"

#include "encoder/product_blocks.h"

static void block(float *tile, const float *a, const float *b, size_t n_rows, size_t depth, bool first, const struct product_fetch *fetch)
{
    block_by_rows(tile, a, b, n_rows, depth, first, fetch);
}

const struct product_set product_avx512 = {.name = "avx512", .sums = "fused", .sums_bf16 = "fused", PRODUCT_SET_FUNCTIONS};
const struct product_set product_avx512_bf16 = {
    .name = "avx512bf16", .sums = "fused", .sums_bf16 = "vdpbf16ps by 512", PRODUCT_SET_FUNCTIONS, .block_bf16 = product_block_bf16};
#endif
