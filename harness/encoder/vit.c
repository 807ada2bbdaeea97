/* The forward pass.  x[T, D] is the residual stream; every product is one
 * sgemm, biases lie in its result beforehand (beta = 1).  Threads call it at
 * once, so BLAS must allow that: OpenBLAS built SINGLE_THREADED without
 * USE_LOCKING (Debian's serial 0.3.21) hands one buffer to two callers, and
 * bytes_do_not_depend_on_threads in test_encoder.c then fails. */
#include "encoder/vit.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoder/kernels.h"
#include "encoder/vit_model.h"

struct state {
    float *patches;    /* [patches, 3 p p] */
    float *x, *normed; /* [T, D] */
    float *qkv[3];     /* [T, D] each */
    float *context;    /* [T, D] */
    float *scores;     /* [T, stride], one head */
    float *hidden;     /* [T, I], or [T, 2 I] of a gated MLP */
    float *head;       /* [2 D]: class token, mean of the patches */
    double *sum;       /* [D] */
    float *trace;      /* [layers + 1, T, D] or NULL */
    size_t stride;     /* T rounded up for kernel_softmax */
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

/* y[n, n_out] += x[n, n_in] weight[n_out, n_in]^T; rows of x lie `stride` apart. */
static void multiply(float *y, const float *x, size_t stride, const float *weight, size_t n, size_t n_out, size_t n_in)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, (int)n_out, (int)n_in, 1.0f, x, (int)stride, weight, (int)n_in,
                1.0f, y, (int)n_out);
}

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

static void embed(const struct vit *m, struct state *s, const float *pixels)
{
    size_t D = m->width, n_patches = m->rows * m->columns;
    float *patch_rows = s->x + first_patch(m) * D;
    const float *positions = positions_used(m);
    cut_patches(s->patches, pixels, m);
    memcpy(s->x, positions, D * sizeof *s->x);
    kernel_add_bias(s->x, m->cls_token, 1, D);
    if (m->n_registers > 0) {
        memcpy(s->x + D, m->registers, m->n_registers * D * sizeof *s->x);
    }
    memcpy(patch_rows, positions + D, n_patches * D * sizeof *s->x);
    kernel_add_bias(patch_rows, m->patch_bias, n_patches, D);
    multiply(patch_rows, s->patches, m->patch_values, m->patch_weight, n_patches, D, m->patch_values);
}

/* context = softmax(q k^T / sqrt(dh)) v, a head at a time, so that the scores stay in the cache. */
static void attend(const struct vit *m, struct state *s)
{
    size_t D = m->width, width = D / m->n_heads, T = m->n_tokens;
    float scale = (float)(1.0 / sqrt((double)width));
    for (size_t head = 0; head < m->n_heads; head++) {
        size_t column = head * width;
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)T, (int)T, (int)width, scale, s->qkv[0] + column, (int)D,
                    s->qkv[1] + column, (int)D, 0.0f, s->scores, (int)s->stride);
        kernel_softmax(s->scores, T, T, s->stride);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)T, (int)width, (int)T, 1.0f, s->scores, (int)s->stride,
                    s->qkv[2] + column, (int)D, 0.0f, s->context + column, (int)D);
    }
}

/* x += scale (in weight^T + bias), scale NULL: 1.  `normed` is free for the product then. */
static void add_branch(const struct vit *m, struct state *s, const float *in, size_t stride, const float *weight, const float *bias,
                       const float *scale, size_t n_in)
{
    size_t D = m->width, T = m->n_tokens;
    if (scale) {
        kernel_fill_bias(s->normed, bias, T, D);
        multiply(s->normed, in, stride, weight, T, D, n_in);
        kernel_add_scaled(s->x, s->normed, scale, T, D);
    } else {
        kernel_add_bias(s->x, bias, T, D);
        multiply(s->x, in, stride, weight, T, D, n_in);
    }
}

static void run_layer(const struct vit *m, const struct vit_layer *l, struct state *s)
{
    size_t D = m->width, T = m->n_tokens, up = m->gated ? 2 * m->intermediate : m->intermediate;
    kernel_layer_norm(s->normed, s->x, l->before_weight, l->before_bias, T, D, m->eps);
    for (size_t i = 0; i < 3; i++) {
        kernel_fill_bias(s->qkv[i], l->qkv_bias[i], T, D);
        multiply(s->qkv[i], s->normed, D, l->qkv_weight[i], T, D, D);
    }
    attend(m, s);
    add_branch(m, s, s->context, D, l->out_weight, l->out_bias, l->attention_scale, D);

    kernel_layer_norm(s->normed, s->x, l->after_weight, l->after_bias, T, D, m->eps);
    kernel_fill_bias(s->hidden, NULL, T, up);
    multiply(s->hidden, s->normed, D, l->up_weight, T, up, D);
    if (m->gated) {
        kernel_bias_swiglu(s->hidden, l->up_bias, T, m->intermediate);
    } else {
        m->activation->bias_apply(s->hidden, l->up_bias, T, m->intermediate);
    }
    add_branch(m, s, s->hidden, up, l->down_weight, l->down_bias, l->mlp_scale, m->intermediate);
}

static void keep_trace(const struct vit *m, struct state *s, size_t k)
{
    size_t values = m->n_tokens * m->width;
    if (s->trace) {
        memcpy(s->trace + k * values, s->x, values * sizeof *s->x);
    }
}

static void pool(const struct vit *m, const struct state *s, float *out)
{
    kernel_fill_bias(out, m->pooler_bias, 1, m->width);
    multiply(out, s->head, m->width, m->pooler_weight, 1, m->width, m->width);
    for (size_t i = 0; i < m->width; i++) {
        out[i] = tanhf(out[i]);
    }
}

void vit_forward(const void *model, void *state, const float *pixels, float *out)
{
    const struct vit *m = model;
    struct state *s = state;
    size_t D = m->width;
    embed(m, s, pixels);
    keep_trace(m, s, 0);
    for (size_t i = 0; i < m->n_layers; i++) {
        run_layer(m, &m->layer[i], s);
        keep_trace(m, s, i + 1);
    }
    kernel_layer_norm(s->normed, s->x, m->norm_weight, m->norm_bias, m->n_tokens, D, m->eps);
    memcpy(s->head, s->normed, D * sizeof *s->head);
    kernel_mean_rows(s->head + D, s->sum, s->normed + first_patch(m) * D, m->rows * m->columns, D);
    memcpy(out + CLS * D, s->head, D * sizeof *out);
    memcpy(out + CLS_PRE * D, s->x, D * sizeof *out);
    memcpy(out + MEAN * D, s->head + D, D * sizeof *out);
    if (m->pooler_weight) {
        pool(m, s, out + POOLER * D);
    }
}

void vit_logits(const void *model, const void *state, float *out)
{
    const struct vit *m = model;
    const struct state *s = state;
    kernel_fill_bias(out, m->head_bias, 1, m->n_labels);
    multiply(out, s->head, m->head_values, m->head_weight, 1, m->n_labels, m->head_values);
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
    return vit_take(m, &names, info, c, st);
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
        free(m->interpolated);
        free(m->layer);
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

void *vit_state_new(const void *model)
{
    const struct vit *m = model;
    struct state *s = NEW0(1, struct state);
    size_t values = m->n_tokens * m->width;
    s->stride = (m->n_tokens + 15) / 16 * 16;
    s->patches = mem_aligned(m->rows * m->columns * m->patch_values, sizeof(float));
    s->x = mem_aligned(values, sizeof(float));
    s->normed = mem_aligned(values, sizeof(float));
    for (size_t i = 0; i < 3; i++) {
        s->qkv[i] = mem_aligned(values, sizeof(float));
    }
    s->context = mem_aligned(values, sizeof(float));
    s->scores = mem_aligned(m->n_tokens * s->stride, sizeof(float));
    s->hidden = mem_aligned(m->n_tokens * m->intermediate * (m->gated ? 2 : 1), sizeof(float));
    s->head = mem_aligned(2 * m->width, sizeof(float));
    s->sum = mem_aligned(m->width, sizeof(double));
    return s;
}

void vit_state_free(void *state)
{
    struct state *s = state;
    free(s->patches);
    free(s->x);
    free(s->normed);
    for (size_t i = 0; i < 3; i++) {
        free(s->qkv[i]);
    }
    free(s->context);
    free(s->scores);
    free(s->hidden);
    free(s->head);
    free(s->sum);
    free(s->trace);
    free(s);
}

/* ---- of the last forward ---- */

const float *vit_tokens(const void *state)
{
    return ((const struct state *)state)->normed;
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
    .forward = vit_forward,
    .tokens = vit_tokens,
    .trace = vit_trace,
    .hidden_size = vit_hidden_size,
    .positions = vit_positions,
    .hidden_state = vit_hidden_state,
    .logits = vit_logits,
};
