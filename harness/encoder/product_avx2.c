/* Products for AVX2 with FMA: 6 x 16, twelve sums in sixteen registers. */
#if defined(__AVX2__) && defined(__FMA__)
#define BLOCK_ROWS 6
#define BLOCK_COLUMNS 16
#include "encoder/product_body.h"

#include "encoder/product_blocks.h"

static void block(float *tile, const float *a, const float *b, size_t n_rows, size_t depth, bool first, const struct product_fetch *fetch)
{
    block_by_rows(tile, a, b, n_rows, depth, first, fetch);
}

const struct product_set product_avx2 = {.name = "avx2", .sums = "fused", .sums_bf16 = "fused", PRODUCT_SET_FUNCTIONS, .block = block};
#endif
