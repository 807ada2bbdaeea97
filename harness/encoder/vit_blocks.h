/* The transformer blocks of a vision transformer, and the room in which a
 * thread runs them: the unmasked encoder, the masked one and the decoder of a
 * masked autoencoder differ in what stands in the rows, not in the blocks. */
#ifndef ENCODER_VIT_BLOCKS_H
#define ENCODER_VIT_BLOCKS_H

#include <stddef.h>

#include "encoder/attention.h"
#include "encoder/kernels.h"
#include "encoder/vit_model.h"

struct vit_room {
    struct product_scratch *scratch;
    struct attention *attention;
    size_t n_tokens;   /* of one sequence */
    size_t ld, ld_qkv, ld_context, ld_hidden; /* product_stride of D, 3 D, D, I; 0: packed for the product behind it */
    bool halves;       /* qkv, context and hidden are bfloat16 (uint16_t): the products would round them to it */
    float *x;          /* [n n_tokens, D]: the residual stream of n sequences, one below the other; rows ld apart */
    float *normed;     /* [n n_tokens, D], contiguous */
    struct moments *moments; /* [n n_tokens]: of the rows of x */
    void *qkv;         /* [n n_tokens, 3 D]; float or halves, as the next two */
    void *context;     /* [n n_tokens, D] */
    void *hidden;      /* [n n_tokens, I], or [.., 2 I] of a gated MLP */
};

/* For `batch` sequences of n_tokens, as wide as m's blocks; products and heads shared among `team` threads. */
void vit_room_init(struct vit_room *r, const struct vit *m, size_t n_tokens, size_t batch, int team);
void vit_room_share(struct vit_room *r, const struct vit *m, int team);
void vit_room_free(struct vit_room *r); /* accepts a zeroed one */

/* n rows of x from `row` on, and contiguous ones. */
void vit_room_put(struct vit_room *r, size_t row, const float *from, size_t n, size_t width);
void vit_room_get(float *to, const struct vit_room *r, size_t row, size_t n, size_t width);

/* x of n sequences behind one block. */
void vit_run_block(const struct vit *m, const struct vit_layer *l, struct vit_room *r, size_t n);
/* normed = the final layer norm of x. */
void vit_run_norm(const struct vit *m, struct vit_room *r, size_t n);

#endif
