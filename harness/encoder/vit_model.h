/* The inside of vit: shared by vit_load.c, which fills it, and vit.c, which runs it. */
#ifndef ENCODER_VIT_MODEL_H
#define ENCODER_VIT_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "encoder/checkpoint.h"
#include "encoder/encoder.h"

/* Weights are borrowed from the checkpoint; matrices are [out, in]. */
struct vit_layer {
    const float *before_weight, *before_bias;
    const float *qkv_weight[3], *qkv_bias[3]; /* query, key, value; the biases NULL without qkv_bias */
    const float *out_weight, *out_bias;
    const float *after_weight, *after_bias;
    const float *up_weight, *up_bias;
    const float *down_weight, *down_bias;
};

struct vit {
    size_t width, n_layers, n_heads, intermediate;
    size_t patch, image_size, grid; /* grid: patches along a side */
    size_t n_tokens;     /* 1 + grid^2 */
    size_t patch_values; /* 3 patch^2 */
    double eps;
    bool qkv_bias;
    const float *cls_token, *positions;      /* [D], [T, D] */
    const float *patch_weight, *patch_bias;  /* [D, 3, p, p] */
    struct vit_layer *layer;
    const float *norm_weight, *norm_bias;
    size_t n_labels;                         /* 0: no classifier */
    const float *head_weight, *head_bias;
};

int vit_load(struct vit **model, struct encoder_info *info, struct checkpoint *c, struct status *st) MUST_CHECK;
void vit_unload(struct vit *m); /* NULL is fine */
json_t *vit_infer(const struct checkpoint *c, const char **assumed);

#endif
