/* The inside of vit and dinov2: vit_load.c and dinov2.c fill it, vit.c runs it. */
#ifndef ENCODER_VIT_MODEL_H
#define ENCODER_VIT_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "encoder/activation.h"
#include "encoder/checkpoint.h"
#include "encoder/encoder.h"
#include "encoder/positions.h"
#include "encoder/product.h"

#define VIT_MAX_WIDTH 16384
#define VIT_MAX_LAYERS 512
#define VIT_MAX_INTERMEDIATE 65536
#define VIT_MAX_IMAGE 4096 /* px */
#define VIT_MAX_TOKENS 16385

/* What a family of files calls its tensors, behind the prefix; layers behind "encoder.layer.N." */
struct vit_names {
    const char *const *prefixes; /* NULL behind the last; no prefix is tried too */
    const char *before, *after;  /* layer norms */
    const char *up, *down;       /* the MLP */
    const char *gated_up, *gated_down; /* the SwiGLU, NULL: none */
    const char *attention_scale, *mlp_scale; /* layer scale, NULL: none */
};

/* The matrices are packed copies; vectors are borrowed from the checkpoint. */
struct vit_layer {
    const float *before_weight, *before_bias;
    struct product qkv;       /* [3 D, D]: query, key, value */
    float *qkv_bias;          /* [3 D], owned; NULL without qkv_bias */
    struct product out;       /* [D, D] */
    const float *out_bias;
    const float *attention_scale;             /* [D] or NULL */
    const float *after_weight, *after_bias;
    struct product up;        /* [I, D]; [2 I, D] of a gated MLP */
    const float *up_bias;
    struct product down;      /* [D, I] */
    const float *down_bias;
    const float *mlp_scale;                   /* [D] or NULL */
};

struct vit {
    size_t width, n_layers, n_heads, intermediate;
    size_t patch, image_size; /* px */
    size_t n_registers;       /* tokens between the class token and the patches */
    double eps;
    enum encoder_precision precision;
    bool qkv_bias, gated;
    const struct activation *activation; /* of an MLP that is not gated */

    bool interpolates; /* by `rule`, where the input asks for another table; otherwise only image_size is taken */
    enum positions_rule rule;
    size_t side;                             /* of the stored table, patches */
    const float *table;                      /* [1 + side^2, D] */

    size_t input_height, input_width;        /* px */
    size_t rows, columns;                    /* of patches */
    size_t n_tokens;                         /* 1 + n_registers + rows * columns */
    float *interpolated;                     /* [1 + rows * columns, D] or NULL: the stored table serves */

    size_t patch_values;                     /* 3 patch^2 */
    const float *cls_token, *registers;      /* [D], [n_registers, D] */
    struct product patches;                  /* [D, 3 p p] */
    const float *patch_bias;
    struct vit_layer *layer;
    const float *norm_weight, *norm_bias;
    const float *pooler_weight, *pooler_bias; /* tanh(W cls + b); NULL: none */
    size_t n_labels;                         /* 0: no classifier */
    size_t head_values;                      /* D: of the class token; 2 D: and the mean of the patches */
    const float *head_weight, *head_bias;
    struct mae_decoder *decoder;             /* owned; NULL unless options.decoder asked for it */
};

/* ---- loading ---- */

/* The fields every ViT's config.json has, but for patch_size and the MLP's; the defaults are transformers'. */
int vit_read_config(struct vit *m, const struct model_config *c, double default_eps, struct status *st) MUST_CHECK;
/* Checks m's configuration, takes its weights and fills `info`.  m's configuration is complete but for the input. */
int vit_take(struct vit *m, const struct vit_names *names, struct encoder_info *info, struct checkpoint *c, struct status *st) MUST_CHECK;

/* m->n_layers blocks of m's shape, their names behind `layers` ("vit.encoder.layer."): index, dot, `names`. */
int vit_take_blocks(struct vit *m, const struct vit_names *names, struct checkpoint *c, const char *layers, struct status *st) MUST_CHECK;
void vit_free_blocks(struct vit *m);

/* What a file without a config.json shows. */
struct vit_shape {
    const char *prefix;
    size_t width, n_layers, patch, image_size, up_rows, heads, registers;
    bool qkv_bias, gated;
};
/* false if the file is none of this family, or `heads` is neither given nor to be assumed; sets *assumed. */
bool vit_infer_shape(struct vit_shape *s, const struct vit_names *names, const struct checkpoint *c, const char **assumed);

/* The tokens x[T, D] of one picture, pixels[3, input_height, input_width]; patches[rows columns, 3 p p] is scratch. */
void vit_embed(const struct vit *m, float *x, float *patches, const float *pixels, struct product_scratch *scratch);

/* ---- hooks that vit and dinov2 share; see architecture.h ---- */

void vit_close(void *model);
int vit_set_input(void *model, struct encoder_info *info, size_t height, size_t width, struct status *st) MUST_CHECK;
char *vit_describe(const void *model);
const char *vit_readout(const void *model, size_t i, size_t *width);
void *vit_state_new(const void *model, size_t batch);
void vit_state_free(void *state);
void vit_share(const void *model, void *state, int n_threads);
void vit_forward(const void *model, void *state, const float *pixels, size_t n, float *out, size_t stride);
const float *vit_tokens(const void *state);
const float *vit_positions(const void *model, size_t *n);
void vit_trace(const void *model, void *state);
size_t vit_hidden_size(const void *model, size_t k);
const float *vit_hidden_state(const void *model, const void *state, size_t k);
void vit_logits(const void *model, const void *state, float *out);
void vit_classify(const void *model, const float *readouts, float *out);

#endif
