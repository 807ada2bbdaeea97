/* Cutting and packing for products, shared by product.c and attention.c. */
#ifndef ENCODER_PRODUCT_PACK_H
#define ENCODER_PRODUCT_PACK_H

#include "encoder/product.h"
#include "encoder/product_layout.h"

/* Terms in memory: bfloat16 goes by pairs. */
static inline size_t product_depth(enum encoder_precision precision, size_t depth)
{
    return precision == ENCODER_BF16 ? depth + (depth & 1) : depth;
}

/* A panel from the rows of a row-major W, or, `across`, from the columns column[0 .. n_columns) of rows `stride` apart.
 * Zeros behind n_columns, up to the set's width, and behind an odd depth in bf16.
 * to: float [depth, width] or uint16_t [depth / 2, width, 2]. */
void product_pack_panel(void *to, const struct product_set *set, enum encoder_precision precision, const float *const *row,
                        size_t n_columns, size_t depth);
void product_pack_panel_across(void *to, const struct product_set *set, enum encoder_precision precision, const float *column,
                               size_t stride, size_t n_columns, size_t depth);

/* Terms of one sum: PRODUCT_DEPTH steps. */
size_t product_slice(const struct product_set *set, enum encoder_precision precision);

/* Values of a packed row of this depth, whole lines (product_set.h). */
size_t product_packed_depth(const struct product_set *set, enum encoder_precision precision, size_t depth);

/* A block's left side from its n rows, at most a slice deep: [line][row][a line's values]; bfloat16 if the set
 * has such products and precision is bf16, else floats. */
void product_pack_block(void *to, const struct product_set *set, enum encoder_precision precision, const float *const *row, size_t n,
                        size_t depth);

/* All rows of a blocking, of any depth, `stride` apart, float or bfloat16 halves: [slice][block][its rows]. */
void product_pack_rows(void *to, const struct product_set *set, enum encoder_precision precision, const void *x, bool halves,
                       size_t stride, const struct product_blocking *blocks, size_t depth);

/* The same where the rows are bfloat16 already, n of them `stride` apart; depth even. */
void product_pack_halves(void *to, const uint16_t *row, size_t stride, const struct product_set *set, size_t n, size_t depth);

/* Some blocks of a blocking. */
struct product_range {
    const struct product_blocking *of;
    size_t first, n;
};

/* Where finished sums go: columns first .. first + n - 1 of y. */
struct product_target {
    const struct product_layout *y; /* halves as end says */
    size_t first, n;
    const struct product_end *end;
};

/* tile[rows of the blocks, set->columns] = or += rows * panel; rows: the packed blocks, of one slice.  wide[PRODUCT_DEPTH * set->columns]
 * is scratch for panels that have to be widened; next_panel and next_rows are fetched by the way.  target: NULL if the sums go on. */
void product_blocks(float *tile, const struct product_set *set, enum encoder_precision precision, const void *rows, const void *panel,
                    struct product_range blocks, size_t depth, bool first, float *wide, struct product_lines next_panel,
                    struct product_lines next_rows, const struct product_target *target);

/* Bytes of one value of a packed row, and of a packed panel. */
size_t product_row_size(const struct product_set *set, enum encoder_precision precision);
size_t product_panel_size(enum encoder_precision precision);

#endif
