/* One instruction set's arithmetic for products: a table of functions, made by
 * product_body.h once for each (product_avx2.c, product_avx512.c,
 * product_portable.c).  Everything here works on pieces that product.c and
 * attention.c have cut and packed.
 *
 * A block is `rows` rows by `columns` columns of the result, over at most
 * PRODUCT_DEPTH terms.  Its rows are packed by lines, [line][row][PRODUCT_LINE],
 * the last line filled up with zeros; its panel of weights by steps, [step][column].
 *
 * All sets add in one order: each element's terms are fused into one sum from 0 in
 * order of k, and the sums of successive depths are added up.  That fixes every
 * bit, whatever the size of the blocks; only the portable set rounds product and
 * sum apart. */
#ifndef ENCODER_PRODUCT_SET_H
#define ENCODER_PRODUCT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRODUCT_MAX_COLUMNS 32  /* of any set's panel */
#define PRODUCT_MAX_ROWS 16     /* of any set's block */
#define PRODUCT_DEPTH 256 /* terms of one sum, twice as many where the set has products of bfloat16 pairs; a panel's slice of that depth fits the
                             first-level cache */
#define PRODUCT_LINE_BYTES 64 /* of the cache */
#define PRODUCT_LINE 16   /* steps of a packed row that lie together: a line of the cache; a step is a term, or a pair of bfloat16 */

enum activation_kind { ACTIVATION_NONE, ACTIVATION_GELU, ACTIVATION_GELU_TANH, ACTIVATION_QUICK_GELU, ACTIVATION_RELU, ACTIVATION_SILU };

/* What becomes of a finished sum s of column j: y = activation(s + bias[j]), or y += scale[j] (s + bias[j]). */
struct product_end {
    const float *bias;           /* [n_out]; NULL: none */
    enum activation_kind activation;
    bool adds;                   /* y is a residual r, which the product is added to */
    const float *scale;          /* [n_out]; NULL: 1; only if it adds */
    bool clips;                  /* max(y, 0) behind the addition */
    bool halves;                 /* y is rounded to bfloat16 and kept so; not if it adds, and only where product_takes_halves */
    bool packed;                 /* y is the left side of a next product (product_layout.h); not if it adds */
};

/* Lines of the cache that lie together. */
struct product_lines {
    const char *at;
    size_t n;
};

/* What a block fetches by the way. */
struct product_fetch {
    struct product_lines panel; /* will be read next */
    struct product_lines rows;  /* will be read later: into the second level of the cache */
    const char *to;             /* will be written: a row's columns for each row of the block; NULL: nothing, */
    size_t to_stride;           /* bytes apart */
};

struct product_set {
    const char *name;
    const char *sums, *sums_bf16; /* how products are added up, in words: sets of the same words give the same bits */
    size_t rows, columns; /* of a block; columns is also the width of a packed panel */
    /* tile[n_rows, columns] = or += a b.  a: n_rows <= rows packed rows; b: [depth, columns]. */
    void (*block)(float *tile, const float *a, const float *b, size_t n_rows, size_t depth, bool first, const struct product_fetch *fetch);
    /* The same of bfloat16, a line of PRODUCT_LINE pairs, b: [depth / 2, columns, 2], depth even; NULL: the set has no such instruction, widen b. */
    void (*block_bf16)(float *tile, const uint16_t *a, const uint16_t *b, size_t n_rows, size_t depth, bool first,
                       const struct product_fetch *fetch);
    /* to[depth, columns] from [depth / 2, columns, 2] */
    void (*widen)(float *to, const uint16_t *from, size_t depth);
    /* n rows by lines; bf16: rounded to even, by pairs; rounded: to bfloat16, and kept in a float. */
    void (*pack_rows)(float *to, const float *const *row, size_t n, size_t depth);
    void (*pack_rows_bf16)(uint16_t *to, const float *const *row, size_t n, size_t depth);
    void (*pack_rows_rounded)(float *to, const float *const *row, size_t n, size_t depth);
    /* A panel from its columns column[n], n <= columns, zeros behind them; bf16: by pairs, a zero behind an odd depth. */
    void (*pack_panel)(float *to, const float *const *column, size_t n, size_t depth);
    void (*pack_panel_bf16)(uint16_t *to, const float *const *column, size_t n, size_t depth);
    /* The same from its steps: rows of n values, `stride` apart. */
    void (*pack_steps)(float *to, const float *step, size_t stride, size_t n, size_t depth);
    void (*pack_steps_bf16)(uint16_t *to, const float *step, size_t stride, size_t n, size_t depth);
    void (*pack_steps_halves)(uint16_t *to, const uint16_t *step, size_t stride, size_t n, size_t depth); /* depth even, or a zero behind it */
    /* From the sums in tile[n_rows, columns], of which n_columns count, to y or the residual, which begins at column `first` of bias
     * and scale.  Value c of y's row i is y[i * row_stride + c / line * line_stride + c % line], line the values of 64 bytes. */
    void (*finish)(float *y, size_t row_stride, size_t line_stride, const float *tile, size_t n_rows, size_t first, size_t n_columns,
                   const struct product_end *end);
    /* The same, rounded to bfloat16, for an end that does not add; NULL: the set has no block_bf16, which alone takes such rows. */
    void (*finish_halves)(uint16_t *y, size_t row_stride, size_t line_stride, const float *tile, size_t n_rows, size_t first,
                          size_t n_columns, const struct product_end *end);
    /* y[n_rows, n_columns] = each row of the tile times its factor; y as above. */
    void (*weigh)(float *y, size_t row_stride, size_t line_stride, const float *tile, size_t n_rows, size_t n_columns, const float *factor);
    void (*weigh_halves)(uint16_t *y, size_t row_stride, size_t line_stride, const float *tile, size_t n_rows, size_t n_columns,
                         const float *factor); /* as finish_halves */
    /* The first n of each row: exp(scale (x - max)), with 1 / sum in inverse[n_rows]; zeros behind n up to a multiple of sixteen,
     * which ld reaches. */
    void (*exponentials)(float *x, size_t ld, size_t n_rows, size_t n, float scale, float *inverse);
    /* x[n_rows, 2 width], rows ld apart, = [a b]: a's place becomes silu(a) b, b's place stays.  Shazeer 2020, arXiv:2002.05202. */
    void (*gate)(float *x, size_t ld, size_t n_rows, size_t width);
};

extern const struct product_set product_portable, product_avx2, product_avx512, product_avx512_bf16;

/* block of product_avx512, and of product_avx512_bf16. */
void product_block_avx512(float *tile, const float *a, const float *b, size_t n_rows, size_t depth, bool first,
                          const struct product_fetch *fetch);

#endif
