/* The decoder of a vit_mae checkpoint: its configuration and weights.
 * Names and defaults: transformers 4.47, models/vit_mae. */
#ifndef ENCODER_MAE_DECODER_H
#define ENCODER_MAE_DECODER_H

#include <stdbool.h>
#include <stddef.h>

#include "encoder/vit_model.h"

struct mae_decoder {
    struct vit blocks;       /* width, heads, layers and final norm of the decoder; no embeddings */
    struct product embed;    /* [Dd, D]: the encoder's tokens into the decoder */
    const float *embed_bias;
    const float *mask_token; /* [Dd] */
    const float *positions;  /* [1 + side^2, Dd] */
    struct product predict;  /* [3 p p, Dd] */
    const float *predict_bias;
    double mask_ratio;       /* what it was trained with */
    bool norm_pix_loss;      /* trained to predict patches less their mean, divided by their standard deviation */
};

/* The decoder that belongs to encoder m; *d is to be freed on failure too.  STATUS_DATA naming the tensor or key. */
int mae_decoder_take(struct mae_decoder **d, const struct vit *m, const struct vit_names *names, struct checkpoint *c,
                     struct status *st) MUST_CHECK;
void mae_decoder_free(struct mae_decoder *d); /* NULL is fine */

#endif
