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
    float *patches;    /* [T - 1, 3 p p] */
    float *x, *normed; /* [T, D] */
    float *qkv[3];     /* [T, D] each */
    float *context;    /* [T, D] */
    float *scores;     /* [T, stride], one head */
    float *hidden;     /* [T, I] */
    double *sum;       /* [D] */
    float *trace;      /* [layers + 1, T, D] or NULL */
    size_t stride;     /* T rounded up for kernel_softmax */
};

enum { CLS, CLS_PRE, MEAN, N_READOUTS };
static const char *const readouts[] = {[CLS] = "cls", [CLS_PRE] = "cls_pre", [MEAN] = "mean"};
static const char *const model_types[] = {"vit", "vit_mae", NULL};

/* y[n, n_out] += x[n, n_in] weight[n_out, n_in]^T */
static void multiply(float *y, const float *x, const float *weight, size_t n, size_t n_out, size_t n_in)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, (int)n_out, (int)n_in, 1.0f, x, (int)n_in, weight, (int)n_in,
                1.0f, y, (int)n_out);
}

/* Patches as rows: channel, row, column, as the convolution's weight. */
static void cut_patches(float *patches, const float *pixels, const struct vit *m)
{
    size_t S = m->image_size, p = m->patch;
    for (size_t row = 0; row < m->grid; row++) {
        for (size_t column = 0; column < m->grid; column++) {
            for (size_t channel = 0; channel < 3; channel++) {
                for (size_t y = 0; y < p; y++) {
                    memcpy(patches, pixels + (channel * S + row * p + y) * S + column * p, p * sizeof *patches);
                    patches += p;
                }
            }
        }
    }
}

static void embed(const struct vit *m, struct state *s, const float *pixels)
{
    size_t D = m->width, n_patches = m->n_tokens - 1;
    cut_patches(s->patches, pixels, m);
    memcpy(s->x, m->positions, m->n_tokens * D * sizeof *s->x);
    kernel_add_bias(s->x, m->cls_token, 1, D);
    kernel_add_bias(s->x + D, m->patch_bias, n_patches, D);
    multiply(s->x + D, s->patches, m->patch_weight, n_patches, D, m->patch_values);
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

static void run_layer(const struct vit *m, const struct vit_layer *l, struct state *s)
{
    size_t D = m->width, T = m->n_tokens;
    kernel_layer_norm(s->normed, s->x, l->before_weight, l->before_bias, T, D, m->eps);
    for (size_t i = 0; i < 3; i++) {
        kernel_fill_bias(s->qkv[i], l->qkv_bias[i], T, D);
        multiply(s->qkv[i], s->normed, l->qkv_weight[i], T, D, D);
    }
    attend(m, s);
    kernel_add_bias(s->x, l->out_bias, T, D);
    multiply(s->x, s->context, l->out_weight, T, D, D);

    kernel_layer_norm(s->normed, s->x, l->after_weight, l->after_bias, T, D, m->eps);
    kernel_fill_bias(s->hidden, NULL, T, m->intermediate);
    multiply(s->hidden, s->normed, l->up_weight, T, m->intermediate, D);
    kernel_bias_gelu(s->hidden, l->up_bias, T, m->intermediate);
    kernel_add_bias(s->x, l->down_bias, T, D);
    multiply(s->x, s->hidden, l->down_weight, T, D, m->intermediate);
}

static void keep_trace(const struct vit *m, struct state *s, size_t k)
{
    size_t values = m->n_tokens * m->width;
    if (s->trace) {
        memcpy(s->trace + k * values, s->x, values * sizeof *s->x);
    }
}

static void vit_forward(const void *model, void *state, const float *pixels, float *out)
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
    memcpy(out + CLS * D, s->normed, D * sizeof *out);
    memcpy(out + CLS_PRE * D, s->x, D * sizeof *out);
    kernel_mean_rows(out + MEAN * D, s->sum, s->normed + D, m->n_tokens - 1, D);
}

static int vit_open(void **model, struct encoder_info *info, struct checkpoint *c, struct status *st)
{
    struct vit *m = NULL;
    int code = vit_load(&m, info, c, st);
    *model = m;
    return code;
}

static void vit_close(void *model)
{
    vit_unload(model);
}

static int vit_set_input(void *model, struct encoder_info *info, size_t height, size_t width, struct status *st)
{
    const struct vit *m = model;
    (void)info;
    if (height != m->image_size || width != m->image_size) {
        return status_set(st, STATUS_DATA, "the encoder takes pictures of %zux%zu (its image_size), not %zux%zu", m->image_size, m->image_size,
                          width, height);
    }
    return STATUS_OK;
}

static char *vit_describe(const void *model)
{
    const struct vit *m = model;
    return mem_printf("width %zu layers %zu heads %zu intermediate %zu patch %zu image %zu eps %a%s gelu", m->width, m->n_layers, m->n_heads,
                      m->intermediate, m->patch, m->image_size, m->eps, m->qkv_bias ? "" : " without qkv bias");
}

static const char *vit_readout(const void *model, size_t i, size_t *width)
{
    *width = ((const struct vit *)model)->width;
    return i < N_READOUTS ? readouts[i] : NULL;
}

static void *vit_state_new(const void *model)
{
    const struct vit *m = model;
    struct state *s = NEW0(1, struct state);
    size_t values = m->n_tokens * m->width;
    s->stride = (m->n_tokens + 15) / 16 * 16;
    s->patches = mem_aligned((m->n_tokens - 1) * m->patch_values, sizeof(float));
    s->x = mem_aligned(values, sizeof(float));
    s->normed = mem_aligned(values, sizeof(float));
    for (size_t i = 0; i < 3; i++) {
        s->qkv[i] = mem_aligned(values, sizeof(float));
    }
    s->context = mem_aligned(values, sizeof(float));
    s->scores = mem_aligned(m->n_tokens * s->stride, sizeof(float));
    s->hidden = mem_aligned(m->n_tokens * m->intermediate, sizeof(float));
    s->sum = mem_aligned(m->width, sizeof(double));
    return s;
}

static void vit_state_free(void *state)
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
    free(s->sum);
    free(s->trace);
    free(s);
}

static const float *vit_tokens(const void *state)
{
    return ((const struct state *)state)->normed;
}

static void vit_trace(const void *model, void *state)
{
    const struct vit *m = model;
    struct state *s = state;
    if (!s->trace) {
        s->trace = mem_aligned((m->n_layers + 1) * m->n_tokens * m->width, sizeof(float));
    }
}

static size_t vit_hidden_size(const void *model, size_t k)
{
    const struct vit *m = model;
    (void)k;
    return m->n_tokens * m->width;
}

static const float *vit_positions(const void *model, size_t *n)
{
    const struct vit *m = model;
    *n = m->n_tokens * m->width;
    return m->positions;
}

static const float *vit_hidden_state(const void *model, const void *state, size_t k)
{
    const struct vit *m = model;
    const struct state *s = state;
    return s->trace + k * m->n_tokens * m->width;
}

static void vit_logits(const void *model, const void *state, float *out)
{
    const struct vit *m = model;
    const struct state *s = state;
    kernel_fill_bias(out, m->head_bias, 1, m->n_labels);
    multiply(out, s->normed, m->head_weight, 1, m->n_labels, m->width);
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
