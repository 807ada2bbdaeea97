/* Products of bfloat16 by VDPBF16PS: two terms of sixteen columns an instruction. */
#if defined(__AVX512BF16__) || defined(EMULATED_AVX512)
#include "encoder/product_set.h"
#include "encoder/simd.h"

#define BLOCK_ROWS 14
#define BLOCK_VECTORS 2
#define BLOCK_PAIRS
#include "encoder/product_blocks.h"

void product_block_bf16(float *tile, const uint16_t *a, const uint16_t *b, size_t n_rows, size_t depth, bool first, const void *ahead,
                        size_t n_ahead)
{
    switch (n_rows) {
#define CASE(n)                                                \
    case n:                                                    \
        block_of(tile, a, b, n, depth, first, ahead, n_ahead); \
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
#endif
