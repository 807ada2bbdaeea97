/* Products of bfloat16 by VDPBF16PS: two terms of sixteen columns an instruction, subnormal numbers taken as zero. */
#if defined(__AVX512BF16__) || defined(EMULATED_AVX512)
#include "encoder/product_set.h"
#include "encoder/simd.h"

#define BLOCK_ROWS 14
#define BLOCK_COLUMNS 32
#define BLOCK_PAIRS
#include "encoder/product_blocks.h"

void product_block_bf16(float *tile, const uint16_t *a, const uint16_t *b, size_t n_rows, size_t depth, bool first,
                        const struct product_fetch *fetch)
{
    block_by_rows(tile, a, b, n_rows, depth, first, fetch);
}
#endif
