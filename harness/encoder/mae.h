/* A masked autoencoder's pass (vit_mae): some patches of a picture go through
 * the encoder, and the decoder says what it makes of all of them.
 * He et al. 2022, arXiv:2111.06377; names and order of patches as in transformers.
 *
 * A mask is an order[L] of the L patches, row by row numbers of the grid, of
 * which the first `keep` are seen: their order is that of the encoder's rows.
 * Several masks of one picture are one batch; the bytes of a mask's prediction
 * depend on picture, mask and weights alone.
 * Values of a patch stand as pixels (row, column, channel), unlike those of the
 * convolution that embeds it. */
#ifndef ENCODER_MAE_H
#define ENCODER_MAE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "encoder/encoder.h"

struct mae_info {
    size_t rows, columns, n_patches; /* of the grid; L = rows columns */
    size_t patch;                    /* px */
    size_t patch_values;             /* 3 patch^2 */
    size_t height, width;            /* px, of the picture */
    size_t decoder_width, decoder_layers;
    double mask_ratio;               /* of config.json */
    bool norm_pix_loss;              /* predicts each patch less its mean, divided by its standard deviation */
};

/* STATUS_DATA if e is no vit_mae opened with options.decoder. */
int mae_info(struct mae_info *info, const struct encoder *e, struct status *st) MUST_CHECK;

/* ---- masks ---- */

/* Patches seen: L (1 - ratio) in double, truncated as the reference does it: 9 of 100 at 0.9.  ratio in 0 .. 1. */
size_t mae_keep(size_t n_patches, double mask_ratio);
/* order[n] = argsort of noise[n], ascending, equal values by index.  No NaN. */
void mae_order(uint32_t *order, const float *noise, size_t n);
/* masked[n]: 0 for the first `keep` of order[n], 1 for the rest. */
void mae_mask(uint8_t *masked, const uint32_t *order, size_t n, size_t keep);

/* ---- the pass ---- */

struct mae_workspace;
/* For up to `batch` masks with `keep` patches seen (0 .. L); each pass shared among `team` threads. */
struct mae_workspace *mae_workspace_new(const struct encoder *e, size_t keep, size_t batch, int team);
void mae_workspace_free(struct mae_workspace *w); /* NULL is fine */

/* The picture of the passes to come: pixels[3, height, width], normalised. */
void mae_set_picture(struct mae_workspace *w, const float *pixels);
/* n masks, order[n, L] (kept until decoded), through the encoder. */
void mae_encode(struct mae_workspace *w, const uint32_t *order, size_t n);
/* prediction[n, L, patch_values] of the masks that mae_encode was given. */
void mae_decode(struct mae_workspace *w, float *prediction);

/* [1 + keep, D] of mask i behind the encoder's final norm: the class token, then the patches seen in their order. */
const float *mae_latent(const struct mae_workspace *w, size_t i);
/* Keep the hidden states of every following pass with one mask. */
void mae_workspace_trace(struct mae_workspace *w);
/* k in 0 .. layers: [1 + keep, D]; 0 .. decoder_layers: [1 + L, Dd], 0 behind masks, order and positions. */
const float *mae_encoder_hidden(const struct mae_workspace *w, size_t k);
const float *mae_decoder_hidden(const struct mae_workspace *w, size_t k);

/* ---- pictures and patches ---- */

/* patches[L, patch_values] and pixels[3, height, width]: the same values in another order.  What a last, partial patch
 * would hold is 0 in pixels. */
void mae_patchify(float *patches, const float *pixels, const struct mae_info *info);
void mae_unpatchify(float *pixels, const float *patches, const struct mae_info *info);
/* Each patch less its mean, divided by sqrt(variance (n - 1) + 1e-6), as norm_pix_loss has its targets; in place. */
void mae_normalise_patches(float *patches, const struct mae_info *info);
/* error[L]: mean squared difference of each patch, summed in double. */
void mae_patch_errors(double *error, const float *prediction, const float *target, const struct mae_info *info);
/* Mean of error over the masked; NaN if none is. */
double mae_loss(const double *error, const uint8_t *masked, size_t n);

#endif
