/* Products for any processor: OpenBLAS multiplies the pieces. */
#include <cblas.h>

#include "encoder/product_body.h"

#define BLOCK_COLUMNS PRODUCT_MAX_COLUMNS

static void block(float *tile, const float *a, const float *b, size_t n_rows, size_t depth, bool first, const void *ahead, size_t n_ahead)
{
    (void)ahead;
    (void)n_ahead;
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)n_rows, BLOCK_COLUMNS, (int)depth, 1.0f, a, (int)n_rows, b, BLOCK_COLUMNS,
                first ? 0.0f : 1.0f, tile, BLOCK_COLUMNS);
}

static void finish(float *y, size_t ld, const float *tile, size_t n_rows, size_t first, size_t n_columns, const struct product_end *end)
{
    finish_of(y, ld, tile, n_rows, BLOCK_COLUMNS, first, n_columns, end);
}

static void widen(float *to, const uint16_t *from, size_t depth)
{
    widen_pairs(to, from, depth, BLOCK_COLUMNS);
}

const struct product_set product_portable = {
    .name = "portable",
    .rows = PRODUCT_MAX_ROWS,
    .columns = BLOCK_COLUMNS,
    .block = block,
    .interleave = interleave,
    .interleave_bf16 = interleave_bf16,
    .widen = widen,
    .round = round_to_bf16,
    .round_in_float = round_in_float,
    .finish = finish,
    .exponentials = exponentials,
    .gate = gate,
};
