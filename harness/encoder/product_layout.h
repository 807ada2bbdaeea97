/* Where the rows of a product lie.  Rows are cut into blocks, as equal as can be,
 * and are kept row by row, or packed as the left side of a next product wants
 * them: [slice][block][line][row][values of a line] (product_set.h).  A product
 * or an attention that writes packed rows saves the next one a copy. */
#ifndef ENCODER_PRODUCT_LAYOUT_H
#define ENCODER_PRODUCT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "encoder/encoder.h"
#include "encoder/product_set.h"

struct product_blocking {
    size_t n_rows, n_blocks;
    size_t least, longer; /* rows of a block; the first `longer` blocks have one more */
};

struct product_blocking product_blocking_of(const struct product_set *set, size_t n_rows); /* n_rows > 0 */

static inline size_t product_block_start(const struct product_blocking *b, size_t block)
{
    return block * b->least + (block < b->longer ? block : b->longer);
}

struct product_layout {
    char *y;
    size_t value; /* bytes of one: 4 float, 2 bfloat16 */
    size_t line;  /* values that lie together */
    size_t n;     /* of a row */
    size_t ld;    /* between rows; 0: packed */
    size_t slice; /* packed: terms of one sum */
    struct product_blocking blocks;
};

/* Rows ld apart; and packed ones (product_takes_packed). */
struct product_layout product_layout_rows(void *y, size_t ld, bool halves, size_t n_rows, size_t n);
struct product_layout product_layout_packed(void *y, enum encoder_precision precision, size_t n_rows, size_t n);

/* Bytes of n_rows packed rows of n values. */
size_t product_packed_bytes(enum encoder_precision precision, size_t n_rows, size_t n);

/* Value c of row i, counted from here, lies at at + (i * row_stride + c / line * line_stride + c % line) * value, for i < n_rows
 * and c up to the end of the slice. */
struct product_place {
    char *at;
    size_t row_stride, line_stride, n_rows;
};
struct product_place product_place_of(const struct product_layout *l, size_t row, size_t column);

#endif
