/* The matrix product under every encoder: y = f(x W^T + b), with the weights
 * packed once in the order in which they are read, and shared by threads.
 *
 * Rows of x are packed, all their depth, a group of some megabytes at a time;
 * the packed panels of W stream past them; bias, activation and residual are
 * applied while a tile of the result is still in the cache.
 * The bits of a row depend on that row and the weights alone: not on how many
 * rows there are, on the number of threads, or, in fp32, on AVX2 or AVX-512.
 * A processor with neither computes the same pieces, with other last bits.
 *
 * bf16: weights and rows rounded to bfloat16 (to even), products and sums in
 * float32.  Where the processor has no such product, panels are widened on the
 * way: half the memory, the speed of fp32. */
#ifndef ENCODER_PRODUCT_H
#define ENCODER_PRODUCT_H

#include <stddef.h>

#include "encoder/encoder.h"
#include "encoder/product_set.h"

struct product {
    size_t n_out, n_in;
    enum encoder_precision precision;
    void *packed;
};

/* What this processor (and SKELEX_CPU) runs. */
const struct product_set *product_set(void);

/* Some rows of W: weight[n, n_in]. */
struct product_part {
    const float *weight;
    size_t n;
};

/* W is the parts one below the other.  Uses several threads. */
void product_pack(struct product *p, const struct product_part *part, size_t n_parts, size_t n_in, enum encoder_precision precision);
void product_free(struct product *p);

/* A row's distance for n values: a line of the cache more, so that rows one below the other do not meet in one of its sets. */
static inline size_t product_stride(size_t n, bool halves)
{
    return n + (halves ? 2 * PRODUCT_LINE : PRODUCT_LINE);
}

/* Where the rows of x come from: x[row * stride + k], or halves[row * stride + k], already bfloat16 (product_takes_halves),
 * or what `gather` writes, values k .. k + n - 1 of a row; or they are packed already, as many rows as the product has. */
struct product_rows {
    const float *x;
    const uint16_t *halves;
    const void *packed;
    size_t stride;
    void (*gather)(float *to, const void *context, size_t row, size_t k, size_t n);
    const void *context;
};

/* Memory of one thread; or of a team of threads that share the work of each product. */
struct product_scratch;
struct product_scratch *product_scratch_new(int team);
void product_scratch_free(struct product_scratch *s);

/* Whether rows of this many values may be given as bfloat16: where the products round theirs to it anyway, nothing
 * changes but the bytes that are moved. */
bool product_takes_halves(enum encoder_precision precision, size_t n_in);

/* Whether rows may be packed where they are made: in fp32, and in bf16 where product_takes_halves. */
bool product_takes_packed(enum encoder_precision precision, size_t n_in);

/* y[n_rows, n_out] = end(x W^T), rows of y ld apart; float, or uint16_t if end->halves; end->packed: product_layout_packed, ld is not looked at.  Where ld * 4 is a multiple of 4096,
 * all rows meet in a few sets of the caches: product_stride. */
void product_run(void *y, size_t ld, const struct product *p, const struct product_rows *x, size_t n_rows, const struct product_end *end,
                 struct product_scratch *s);

#endif
