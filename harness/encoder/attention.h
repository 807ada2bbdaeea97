/* Self-attention of one picture: context = softmax(q k^T / sqrt(dh)) v, a head
 * at a time.  A few query rows' scores are made, turned into weights and used
 * while they are in the second-level cache; the whole [T, T] is never held.
 * Vaswani et al. 2017, arXiv:1706.03762, eq. 1.
 * bf16: q, k, v and the weights are rounded before their products; the softmax is float32.
 * halves: qkv and context are uint16_t, rounded to bfloat16 where they are made; same bits, half the bytes moved. */
#ifndef ENCODER_ATTENTION_H
#define ENCODER_ATTENTION_H

#include <stdbool.h>
#include <stddef.h>

#include "encoder/encoder.h"
#include "encoder/product_layout.h"

struct attention; /* memory for pictures of T tokens */

/* The heads are shared among `team` threads.  halves: only where product_takes_halves(precision, head_width). */
struct attention *attention_new(size_t n_tokens, size_t n_heads, size_t head_width, enum encoder_precision precision, bool halves,
                                int team);
void attention_free(struct attention *a); /* NULL is fine */

/* Whether the context may be packed: a head must lie in one slice, in whole lines. */
static inline bool attention_takes_packed(size_t head_width)
{
    return head_width % (2 * PRODUCT_LINE) == 0;
}

/* qkv[T, 3 D]: query, key and value of a token one behind the other, each its heads one behind the other, rows ld_qkv apart;
 * context's rows row .. row + T - 1, of D values. */
void attention_run(const struct product_layout *context, size_t row, struct attention *a, const void *qkv, size_t ld_qkv);

#endif
