/* The forward pass of one picture or several, one below the other: their
 * tokens are the rows of each product, and only attention knows where one
 * picture ends.  x[n T, D] is the residual stream; what follows a product
 * (bias, activation, residual) is the product's end (product.h). */
#include "encoder/vit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoder/kernels.h"
#include "encoder/mae_decoder.h"
#include "encoder/vit_blocks.h"

struct state {
    struct vit_room room;
    float *patches;    /* [patches, 3 p p] */
    float *head;       /* [2 D]: class token, mean of the patches; of the first picture */
    double *sum;       /* [D] */
    float *trace;      /* [layers + 1, T, D] or NULL */
};

enum { CLS, CLS_PRE, MEAN, POOLER, N_READOUTS };
static const char *const readouts[] = {[CLS] = "cls", [CLS_PRE] = "cls_pre", [MEAN] = "mean", [POOLER] = "pooler"};

static const char *const prefixes[] = {"vit.", NULL};
static const struct vit_names names = {
    .prefixes = prefixes,
    .before = "layernorm_before",
    .after = "layernorm_after",
    .up = "intermediate.dense",
    .down = "output.dense",
};
static const char *const model_types[] = {"vit", "vit_mae", NULL};

/* ---- forward ---- */

/* Patches as rows: channel, row, column, as the convolution's weight.  What a last, partial patch would need is not read. */
static void cut_patches(float *patches, const float *pixels, const struct vit *m)
{
    size_t W = m->input_width, H = m->input_height, p = m->patch;
    for (size_t row = 0; row < m->rows; row++) {
        for (size_t column = 0; column < m->columns; column++) {
            for (size_t channel = 0; channel < 3; channel++) {
                for (size_t y = 0; y < p; y++) {
                    memcpy(patches, pixels + (channel * H + row * p + y) * W + column * p, p * sizeof *patches);
                    patches += p;
                }
            }
        }
    }
}

static size_t first_patch(const struct vit *m)
{
    return 1 + m->n_registers;
}

static const float *positions_used(const struct vit *m)
{
    return m->interpolated ? m->interpolated : m->table;
}

void vit_embed(const struct vit *m, float *x, float *patches, const float *pixels, struct product_scratch *scratch)
{
    size_t D = m->width, n_patches = m->rows * m->columns;
    float *patch_rows = x + first_patch(m) * D;
    const float *positions = positions_used(m);
    const struct product_end end = {.bias = m->patch_bias, .adds = true};
    cut_patches(patches, pixels, m);
    memcpy(x, positions, D * sizeof *x);
    kernel_add(x, m->cls_token, D);
    if (m->n_registers > 0) {
        memcpy(x + D, m->registers, m->n_registers * D * sizeof *x);
    }
    memcpy(patch_rows, positions + D, n_patches * D * sizeof *x);
    product_run(patch_rows, D, &m->patches, &(struct product_rows){.x = patches, .stride = m->patch_values}, n_patches, &end, scratch);
}

static void keep_trace(const struct vit *m, struct state *s, size_t k)
{
    size_t values = m->n_tokens * m->width;
    if (s->trace) {
        vit_room_get(s->trace + k * values, &s->room, 0, m->n_tokens, m->width);
    }
}

/* The readouts of picture i of the batch. */
static void read_out(const struct vit *m, struct state *s, size_t i, float *out)
{
    size_t D = m->width;
    const float *normed = s->room.normed + i * m->n_tokens * D;
    memcpy(out + CLS * D, normed, D * sizeof *out);
    vit_room_get(out + CLS_PRE * D, &s->room, i * m->n_tokens, 1, D);
    kernel_mean_rows(out + MEAN * D, s->sum, normed + first_patch(m) * D, m->rows * m->columns, D);
    if (m->pooler_weight) {
        kernel_linear(out + POOLER * D, m->pooler_weight, m->pooler_bias, normed, D, D);
        for (size_t j = 0; j < D; j++) {
            out[POOLER * D + j] = tanhf(out[POOLER * D + j]);
        }
    }
}

void vit_forward(const void *model, void *state, const float *pixels, size_t n, float *out, size_t stride)
{
    const struct vit *m = model;
    struct state *s = state;
    size_t D = m->width;
    for (size_t i = 0; i < n; i++) {
        vit_embed(m, s->room.normed, s->patches, pixels + i * 3 * m->input_height * m->input_width, s->room.scratch);
        vit_room_put(&s->room, i * m->n_tokens, s->room.normed, m->n_tokens, D);
    }
    keep_trace(m, s, 0);
    for (size_t i = 0; i < m->n_layers; i++) {
        vit_run_block(m, &m->layer[i], &s->room, n);
        keep_trace(m, s, i + 1);
    }
    vit_run_norm(m, &s->room, n);
    for (size_t i = 0; i < n; i++) {
        read_out(m, s, i, out + i * stride);
    }
    memcpy(s->head, out + CLS * D, D * sizeof *s->head);
    memcpy(s->head + D, out + MEAN * D, D * sizeof *s->head);
}

void vit_logits(const void *model, const void *state, float *out)
{
    const struct vit *m = model;
    const struct state *s = state;
    kernel_linear(out, m->head_weight, m->head_bias, s->head, m->n_labels, m->head_values);
}

void vit_classify(const void *model, const float *made, float *out)
{
    const struct vit *m = model;
    float *head = NEW(2 * m->width, float);
    memcpy(head, made + CLS * m->width, m->width * sizeof *head);
    memcpy(head + m->width, made + MEAN * m->width, m->width * sizeof *head);
    kernel_linear(out, m->head_weight, m->head_bias, head, m->n_labels, m->head_values);
    free(head);
}

/* ---- the model ---- */

static int vit_open(void **model, struct encoder_info *info, struct checkpoint *c, struct status *st)
{
    struct vit *m = NEW0(1, struct vit);
    *model = m;
    int code = vit_read_config(m, &c->config, 1e-12, st);
    if (code != STATUS_OK ||
        (code = model_config_size(&m->patch, &c->config, "patch_size", 16, 1, m->image_size, st)) != STATUS_OK ||
        (code = model_config_size(&m->intermediate, &c->config, "intermediate_size", 3072, 1, VIT_MAX_INTERMEDIATE, st)) != STATUS_OK) {
        return code;
    }
    m->head_values = m->width;
    code = vit_take(m, &names, info, c, st);
    return code == STATUS_OK && c->options.decoder ? mae_decoder_take(&m->decoder, m, &names, c, st) : code;
}

static json_t *vit_infer(const struct checkpoint *c, const char **assumed)
{
    struct vit_shape s;
    if (!vit_infer_shape(&s, &names, c, assumed)) {
        return NULL;
    }
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "model_type", checkpoint_find(c, "decoder.mask_token") ? "vit_mae" : "vit",
                     "hidden_size", (json_int_t)s.width, "num_hidden_layers", (json_int_t)s.n_layers, "num_attention_heads",
                     (json_int_t)s.heads, "intermediate_size", (json_int_t)s.up_rows, "patch_size", (json_int_t)s.patch, "image_size",
                     (json_int_t)s.image_size, "qkv_bias", s.qkv_bias);
}

void vit_close(void *model)
{
    struct vit *m = model;
    if (m) {
        vit_free_blocks(m);
        mae_decoder_free(m->decoder);
        product_free(&m->patches);
        free(m->interpolated);
        free(m);
    }
}

/* As the reference, a table is interpolated when the number of patches differs or the picture is not square. */
int vit_set_input(void *model, struct encoder_info *info, size_t height, size_t width, struct status *st)
{
    struct vit *m = model;
    size_t rows = height / m->patch, columns = width / m->patch;
    if (!m->interpolates && (height != m->image_size || width != m->image_size)) {
        return status_set(st, STATUS_DATA, "%s takes pictures of %zux%zu (its image_size), not %zux%zu", info->architecture, m->image_size,
                          m->image_size, width, height);
    }
    if (rows == 0 || columns == 0 || height > VIT_MAX_IMAGE || width > VIT_MAX_IMAGE ||
        1 + m->n_registers + rows * columns > VIT_MAX_TOKENS) {
        return status_set(st, STATUS_DATA, "pictures of %zux%zu make %zux%zu patches of %zu px: at least one and at most %d can be taken",
                          width, height, columns, rows, m->patch, VIT_MAX_TOKENS - 1);
    }
    free(m->interpolated);
    m->interpolated = NULL;
    if (rows * columns != m->side * m->side || height != width) {
        m->interpolated = NEW((1 + rows * columns) * m->width, float);
        memcpy(m->interpolated, m->table, m->width * sizeof *m->table);
        positions_interpolate(m->interpolated + m->width, m->table + m->width, m->side, m->width, rows, columns, m->rule);
    }
    info->input_height = m->input_height = height;
    info->input_width = m->input_width = width;
    m->rows = rows;
    m->columns = columns;
    info->tokens = m->n_tokens = first_patch(m) + rows * columns;
    return STATUS_OK;
}

char *vit_describe(const void *model)
{
    const struct vit *m = model;
    return mem_printf("width %zu, layers %zu, heads %zu, MLP %zu %s, patch %zu, eps %a%s, registers %zu, image %zu, input %zux%zu, positions %s",
                      m->width, m->n_layers, m->n_heads, m->intermediate, m->gated ? "swiglu" : m->activation->name, m->patch, m->eps,
                      m->qkv_bias ? "" : ", no qkv bias", m->n_registers, m->image_size, m->input_width, m->input_height,
                      m->interpolated ? positions_rule_name(m->rule) : "as stored");
}

const char *vit_readout(const void *model, size_t i, size_t *width)
{
    const struct vit *m = model;
    *width = m->width;
    return i < (m->pooler_weight ? N_READOUTS : POOLER) ? readouts[i] : NULL;
}

/* ---- the state ---- */

void *vit_state_new(const void *model, size_t batch)
{
    const struct vit *m = model;
    struct state *s = NEW0(1, struct state);
    s->patches = mem_aligned(m->rows * m->columns * m->patch_values, sizeof(float));
    s->head = mem_aligned(2 * m->width, sizeof(float));
    s->sum = mem_aligned(m->width, sizeof(double));
    vit_room_init(&s->room, m, m->n_tokens, batch, 1);
    return s;
}

void vit_share(const void *model, void *state, int n_threads)
{
    vit_room_share(&((struct state *)state)->room, model, n_threads);
}

void vit_state_free(void *state)
{
    struct state *s = state;
    vit_room_free(&s->room);
    free(s->patches);
    free(s->head);
    free(s->sum);
    free(s->trace);
    free(s);
}

/* ---- of the last forward ---- */

const float *vit_tokens(const void *state)
{
    return ((const struct state *)state)->room.normed;
}

const float *vit_positions(const void *model, size_t *n)
{
    const struct vit *m = model;
    *n = (1 + m->rows * m->columns) * m->width;
    return positions_used(m);
}

void vit_trace(const void *model, void *state)
{
    const struct vit *m = model;
    struct state *s = state;
    if (!s->trace) {
        s->trace = mem_aligned((m->n_layers + 1) * m->n_tokens * m->width, sizeof(float));
    }
}

size_t vit_hidden_size(const void *model, size_t k)
{
    const struct vit *m = model;
    (void)k;
    return m->n_tokens * m->width;
}

const float *vit_hidden_state(const void *model, const void *state, size_t k)
{
    const struct vit *m = model;
    const struct state *s = state;
    return s->trace + k * m->n_tokens * m->width;
}

const struct architecture vit_architecture = {
    .model_types = model_types,
    .infer = vit_infer,
    .open = vit_open,
    .close = vit_close,
    .set_input = vit_set_input,
    .describe = vit_describe,
    .readout = vit_readout,
    .state_new = vit_state_new,
    .state_free = vit_state_free,
    .share = vit_share,
    .forward = vit_forward,
    .tokens = vit_tokens,
    .trace = vit_trace,
    .hidden_size = vit_hidden_size,
    .positions = vit_positions,
    .hidden_state = vit_hidden_state,
    .logits = vit_logits,
    .classify = vit_classify,
};
