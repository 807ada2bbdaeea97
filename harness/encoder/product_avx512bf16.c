/* Products of bfloat16 by VDPBF16PS: two terms of sixteen columns an instruction, numbers below 2^-126 taken as zero. */
#if defined(__AVX512BF16__) || defined(EMULATED_AVX512)
#define BLOCK_ROWS 14
#define BLOCK_COLUMNS 32
#define BLOCK_PAIRS
#include "encoder/product_body.h"

#include "encoder/product_blocks.h"

static void block_bf16(float *tile, const uint16_t *a, const uint16_t *b, size_t n_rows, size_t depth, bool first,
                       const struct product_fetch *fetch)
{
    block_by_rows(tile, a, b, n_rows, depth, first, fetch);
}

const struct product_set product_avx512_bf16 = {
    .name = "avx512bf16", .sums = "fused", .sums_bf16 = "vdpbf16ps by 512", PRODUCT_SET_FUNCTIONS, .block = product_block_avx512,
    .block_bf16 = block_bf16, .pack_steps_halves = pack_steps_halves, .finish_halves = finish_halves, .weigh_halves = weigh_halves};
#endif
