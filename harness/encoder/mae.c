#include "encoder/mae.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoder/architecture.h"
#include "encoder/kernels.h"
#include "encoder/mae_decoder.h"
#include "encoder/vit.h"
#include "encoder/vit_blocks.h"

struct mae_workspace {
    const struct vit *m;
    struct product_scratch *scratch;
    size_t keep, batch, n;   /* n masks in hand */
    const uint32_t *order;   /* [n, L] of the caller */
    float *tokens, *patches; /* [T, D] of the whole picture; scratch of the embedding */
    struct vit_room seen;    /* the encoder's, 1 + keep tokens */
    struct vit_room all;     /* the decoder's, T tokens */
    float *embedded;         /* [batch (1 + keep), Dd] */
    float *trace, *decoder_trace;
};

static const struct vit *model_of(const struct encoder *e)
{
    const struct vit *m = encoder_model(e, &vit_architecture);
    return m && m->decoder ? m : NULL;
}

int mae_info(struct mae_info *info, const struct encoder *e, struct status *st)
{
    const struct vit *m = model_of(e);
    if (!m) {
        return status_set(st, STATUS_DATA, "a %s does not reconstruct: a vit_mae checkpoint with its decoder is needed", encoder_info(e)->architecture);
    }
    *info = (struct mae_info){.rows = m->rows,
                              .columns = m->columns,
                              .n_patches = m->rows * m->columns,
                              .patch = m->patch,
                              .patch_values = m->patch_values,
                              .height = m->input_height,
                              .width = m->input_width,
                              .decoder_width = m->decoder->blocks.width,
                              .decoder_layers = m->decoder->blocks.n_layers,
                              .mask_ratio = m->decoder->mask_ratio,
                              .norm_pix_loss = m->decoder->norm_pix_loss};
    return STATUS_OK;
}

/* ---- masks ---- */

size_t mae_keep(size_t n_patches, double mask_ratio)
{
    assert(mask_ratio >= 0 && mask_ratio <= 1);
    return (size_t)((double)n_patches * (1 - mask_ratio));
}

static int by_noise(const void *a, const void *b, void *context)
{
    const float *noise = context;
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    if (noise[i] < noise[j]) {
        return -1;
    }
    return noise[i] > noise[j] ? 1 : (i > j) - (i < j);
}

void mae_order(uint32_t *order, const float *noise, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        order[i] = (uint32_t)i;
    }
    qsort_r(order, n, sizeof *order, by_noise, (void *)(uintptr_t)noise);
}

void mae_mask(uint8_t *masked, const uint32_t *order, size_t n, size_t keep)
{
    for (size_t i = 0; i < n; i++) {
        masked[order[i]] = i >= keep;
    }
}

/* ---- the pass ---- */

struct mae_workspace *mae_workspace_new(const struct encoder *e, size_t keep, size_t batch, int team)
{
    const struct vit *m = model_of(e);
    assert(m && keep <= m->rows * m->columns && batch > 0);
    struct mae_workspace *w = NEW0(1, struct mae_workspace);
    *w = (struct mae_workspace){.m = m, .keep = keep, .batch = batch};
    w->scratch = product_scratch_new(team);
    w->tokens = mem_aligned(m->n_tokens * m->width, sizeof(float));
    w->patches = mem_aligned((m->n_tokens - 1) * m->patch_values, sizeof(float));
    vit_room_init(&w->seen, m, 1 + keep, batch, team);
    vit_room_init(&w->all, &m->decoder->blocks, m->n_tokens, batch, team);
    w->embedded = mem_aligned(batch * (1 + keep) * m->decoder->blocks.width, sizeof(float));
    return w;
}

void mae_workspace_free(struct mae_workspace *w)
{
    if (w) {
        product_scratch_free(w->scratch);
        vit_room_free(&w->seen);
        vit_room_free(&w->all);
        free(w->tokens);
        free(w->patches);
        free(w->embedded);
        free(w->trace);
        free(w->decoder_trace);
        free(w);
    }
}

void mae_workspace_trace(struct mae_workspace *w)
{
    const struct vit *m = w->m, *b = &m->decoder->blocks;
    if (!w->trace) {
        w->trace = mem_aligned((m->n_layers + 1) * (1 + w->keep) * m->width, sizeof(float));
        w->decoder_trace = mem_aligned((b->n_layers + 1) * m->n_tokens * b->width, sizeof(float));
    }
}

static void keep_trace(float *trace, const struct vit_room *r, size_t width, size_t k)
{
    if (trace) {
        vit_room_get(trace + k * r->n_tokens * width, r, 0, r->n_tokens, width);
    }
}

void mae_set_picture(struct mae_workspace *w, const float *pixels)
{
    vit_embed(w->m, w->tokens, w->patches, pixels, w->scratch);
}

static void run_blocks(const struct vit *m, struct vit_room *r, size_t n, float *trace)
{
    keep_trace(trace, r, m->width, 0);
    for (size_t i = 0; i < m->n_layers; i++) {
        vit_run_block(m, &m->layer[i], r, n);
        keep_trace(trace, r, m->width, i + 1);
    }
    vit_run_norm(m, r, n);
}

void mae_encode(struct mae_workspace *w, const uint32_t *order, size_t n)
{
    const struct vit *m = w->m;
    size_t D = m->width, L = m->n_tokens - 1;
    assert(n > 0 && n <= w->batch && (n == 1 || !w->trace));
    w->order = order;
    w->n = n;
    for (size_t i = 0; i < n; i++) {
        size_t first = i * (1 + w->keep);
        vit_room_put(&w->seen, first, w->tokens, 1, D);
        for (size_t k = 0; k < w->keep; k++) {
            vit_room_put(&w->seen, first + 1 + k, w->tokens + (1 + order[i * L + k]) * D, 1, D);
        }
    }
    run_blocks(m, &w->seen, n, w->trace);
}

/* The decoder's rows of one mask: what was seen where it belongs, the mask token elsewhere, positions on all. */
static void place(float *x, const struct mae_workspace *w, const float *embedded, const uint32_t *order)
{
    const struct mae_decoder *d = w->m->decoder;
    size_t D = d->blocks.width, L = w->m->n_tokens - 1;
    memcpy(x, embedded, D * sizeof *x);
    for (size_t k = 0; k < L; k++) {
        memcpy(x + (1 + order[k]) * D, k < w->keep ? embedded + (1 + k) * D : d->mask_token, D * sizeof *x);
    }
    kernel_add(x, d->positions, (1 + L) * D);
}

void mae_decode(struct mae_workspace *w, float *prediction)
{
    const struct vit *m = w->m;
    const struct mae_decoder *d = m->decoder;
    const struct vit *b = &d->blocks;
    size_t T = m->n_tokens, L = T - 1, rows = w->n * (1 + w->keep);
    const struct product_end embed = {.bias = d->embed_bias}, predict = {.bias = d->predict_bias};
    product_run(w->embedded, d->embed.n_out, &d->embed, &(struct product_rows){.x = w->seen.normed, .stride = m->width}, rows, &embed, w->scratch);
    for (size_t i = 0; i < w->n; i++) {
        place(w->all.normed, w, w->embedded + i * (1 + w->keep) * b->width, w->order + i * L);
        vit_room_put(&w->all, i * T, w->all.normed, T, b->width);
    }
    run_blocks(b, &w->all, w->n, w->decoder_trace);
    for (size_t i = 0; i < w->n; i++) { /* without the class token's row */
        product_run(prediction + i * L * m->patch_values, d->predict.n_out, &d->predict,
                    &(struct product_rows){.x = w->all.normed + (i * T + 1) * b->width, .stride = b->width}, L, &predict, w->scratch);
    }
}

const float *mae_latent(const struct mae_workspace *w, size_t i)
{
    return w->seen.normed + i * (1 + w->keep) * w->m->width;
}

const float *mae_encoder_hidden(const struct mae_workspace *w, size_t k)
{
    return w->trace + k * (1 + w->keep) * w->m->width;
}

const float *mae_decoder_hidden(const struct mae_workspace *w, size_t k)
{
    return w->decoder_trace + k * w->m->n_tokens * w->m->decoder->blocks.width;
}

/* ---- pictures and patches ---- */

/* Where value i of a patch stands in pixels[3, height, width]. */
static size_t pixel_of(const struct mae_info *info, size_t patch, size_t i)
{
    size_t channel = i % 3, x = i / 3 % info->patch, y = i / 3 / info->patch;
    return (channel * info->height + patch / info->columns * info->patch + y) * info->width + patch % info->columns * info->patch + x;
}

void mae_patchify(float *patches, const float *pixels, const struct mae_info *info)
{
    for (size_t n = 0; n < info->n_patches; n++) {
        for (size_t i = 0; i < info->patch_values; i++) {
            *patches++ = pixels[pixel_of(info, n, i)];
        }
    }
}

void mae_unpatchify(float *pixels, const float *patches, const struct mae_info *info)
{
    memset(pixels, 0, 3 * info->height * info->width * sizeof *pixels);
    for (size_t n = 0; n < info->n_patches; n++) {
        for (size_t i = 0; i < info->patch_values; i++) {
            pixels[pixel_of(info, n, i)] = *patches++;
        }
    }
}

void mae_normalise_patches(float *patches, const struct mae_info *info)
{
    size_t n = info->patch_values;
    for (float *x = patches; x < patches + info->n_patches * n; x += n) {
        double mean = 0, squares = 0;
        for (size_t i = 0; i < n; i++) {
            mean += (double)x[i] / (double)n;
        }
        for (size_t i = 0; i < n; i++) {
            squares += ((double)x[i] - mean) * ((double)x[i] - mean);
        }
        double deviation = sqrt(squares / (double)(n - 1) + 1e-6);
        for (size_t i = 0; i < n; i++) {
            x[i] = (float)(((double)x[i] - mean) / deviation);
        }
    }
}

void mae_patch_errors(double *error, const float *prediction, const float *target, const struct mae_info *info)
{
    size_t n = info->patch_values;
    for (size_t k = 0; k < info->n_patches; k++, prediction += n, target += n) {
        double sum = 0;
        for (size_t i = 0; i < n; i++) {
            double difference = (double)prediction[i] - (double)target[i];
            sum += difference * difference;
        }
        error[k] = sum / (double)n;
    }
}

double mae_loss(const double *error, const uint8_t *masked, size_t n)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        sum += masked[i] ? error[i] : 0;
        count += masked[i];
    }
    return count ? sum / (double)count : NAN;
}
