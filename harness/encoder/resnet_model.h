/* The inside of resnet: shared by resnet_load.c, which fills it, and resnet.c, which runs it. */
#ifndef ENCODER_RESNET_MODEL_H
#define ENCODER_RESNET_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "encoder/checkpoint.h"
#include "encoder/encoder.h"
#include "encoder/product.h"

#define RESNET_MAX_STAGES 16
#define RESNET_MAX_LAYERS 3 /* in a block */
#define RESNET_MAX_IMAGE 4096 /* px */

/* With its batch norm folded in: y = weight x + bias.  Padding is kernel / 2. */
struct resnet_convolution {
    size_t n_in, n_out, kernel, stride;
    struct product weight; /* [n_out, kernel, kernel, n_in] */
    float *bias;           /* [n_out], owned */
};

struct resnet_block {
    struct resnet_convolution layer[RESNET_MAX_LAYERS];
    struct resnet_convolution shortcut; /* bias is NULL where the input is added as it is */
};

struct resnet {
    size_t embedding;                 /* channels behind the stem */
    size_t n_stages;
    size_t depth[RESNET_MAX_STAGES], channels[RESNET_MAX_STAGES];
    size_t n_layers;                  /* of a block: 3 bottleneck, 2 basic */
    bool downsample_in_first_stage, downsample_in_bottleneck;
    size_t height, width;             /* of the pictures, px */
    struct resnet_convolution stem;
    struct resnet_block *block;       /* all stages' one after the other */
    size_t n_blocks;
    size_t n_labels;                  /* 0: no classifier */
    const float *head_weight, *head_bias; /* borrowed from the checkpoint */
};

int resnet_load(struct resnet **model, struct encoder_info *info, struct checkpoint *c, struct status *st) MUST_CHECK;
void resnet_unload(struct resnet *m); /* NULL is fine */

#endif
