#include "encoder/vit_blocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoder/kernels.h"

static size_t up_width(const struct vit *m)
{
    return m->gated ? 2 * m->intermediate : m->intermediate;
}

void vit_room_init(struct vit_room *r, const struct vit *m, size_t n_tokens, size_t batch, int team)
{
    bool halves = !m->gated && product_takes_halves(m->precision, m->width / m->n_heads) && product_takes_halves(m->precision, m->intermediate);
    size_t rows = batch * n_tokens, size = halves ? sizeof(uint16_t) : sizeof(float);
    bool fits = m->precision == ENCODER_FP32 || halves, packs_context = fits && attention_takes_packed(m->width / m->n_heads),
         packs_hidden = fits && !m->gated;
    *r = (struct vit_room){.n_tokens = n_tokens,
                           .ld = product_stride(m->width, false),
                           .ld_qkv = product_stride(3 * m->width, halves),
                           .ld_context = packs_context ? 0 : product_stride(m->width, halves),
                           .ld_hidden = packs_hidden ? 0 : product_stride(up_width(m), halves),
                           .halves = halves};
    r->x = mem_huge(rows * r->ld * sizeof(float));
    r->normed = mem_huge(rows * m->width * sizeof(float));
    r->moments = NEW(rows, struct moments);
    r->qkv = mem_huge(rows * r->ld_qkv * size);
    r->context = mem_huge(packs_context ? product_packed_bytes(m->precision, rows, m->width) : rows * r->ld_context * size);
    r->hidden = mem_huge(packs_hidden ? product_packed_bytes(m->precision, rows, m->intermediate) : rows * r->ld_hidden * size);
    vit_room_share(r, m, team);
}

void vit_room_share(struct vit_room *r, const struct vit *m, int team)
{
    product_scratch_free(r->scratch);
    attention_free(r->attention);
    r->scratch = product_scratch_new(team);
    r->attention = attention_new(r->n_tokens, m->n_heads, m->width / m->n_heads, m->precision, r->halves, team);
}

void vit_room_free(struct vit_room *r)
{
    product_scratch_free(r->scratch);
    attention_free(r->attention);
    free(r->x);
    free(r->normed);
    free(r->moments);
    free(r->qkv);
    free(r->context);
    free(r->hidden);
    *r = (struct vit_room){.n_tokens = 0};
}

void vit_room_put(struct vit_room *r, size_t row, const float *from, size_t n, size_t width)
{
    for (size_t i = 0; i < n; i++) {
        memcpy(r->x + (row + i) * r->ld, from + i * width, width * sizeof *from);
    }
}

void vit_room_get(float *to, const struct vit_room *r, size_t row, size_t n, size_t width)
{
    for (size_t i = 0; i < n; i++) {
        memcpy(to + i * width, r->x + (row + i) * r->ld, width * sizeof *to);
    }
}

/* A layer norm that happens while its rows are packed for the product behind it. */
struct norm {
    const float *x;
    size_t ld;
    const struct moments *moments; /* of each row */
    const float *weight, *bias;
};

static void normalise(float *to, const void *context, size_t row, size_t k, size_t n)
{
    const struct norm *norm = context;
    kernel_normalise(to, norm->x + row * norm->ld + k, &norm->moments[row], norm->weight + k, norm->bias + k, n);
}

/* n sequences' rows as a product's left side. */
static struct product_rows rows_of(const struct vit_room *r, void *x, size_t ld)
{
    if (ld == 0) {
        return (struct product_rows){.packed = x};
    }
    return r->halves ? (struct product_rows){.halves = x, .stride = ld} : (struct product_rows){.x = x, .stride = ld};
}

void vit_run_block(const struct vit *m, const struct vit_layer *l, struct vit_room *r, size_t n)
{
    size_t D = m->width, rows = n * r->n_tokens;
    const size_t size = r->halves ? sizeof(uint16_t) : sizeof(float);
    const struct product_rows context = rows_of(r, r->context, r->ld_context), of_hidden = rows_of(r, r->hidden, r->ld_hidden);
    const struct product_end qkv = {.bias = l->qkv_bias, .halves = r->halves}, out = {.bias = l->out_bias, .adds = true, .scale = l->attention_scale},
                             hidden = {.bias = l->up_bias, .activation = m->gated ? ACTIVATION_NONE : m->activation->kind, .halves = r->halves, .packed = r->ld_hidden == 0},
                             down = {.bias = l->down_bias, .adds = true, .scale = l->mlp_scale};

    kernel_moments(r->moments, r->x, r->ld, rows, D, m->eps);
    const struct norm before = {r->x, r->ld, r->moments, l->before_weight, l->before_bias};
    product_run(r->qkv, r->ld_qkv, &l->qkv, &(struct product_rows){.gather = normalise, .context = &before}, rows, &qkv, r->scratch);
    const struct product_layout to = r->ld_context ? product_layout_rows(r->context, r->ld_context, r->halves, rows, D)
                                                   : product_layout_packed(r->context, m->precision, rows, D);
    for (size_t i = 0; i < n; i++) {
        size_t row = i * r->n_tokens;
        attention_run(&to, row, r->attention, (char *)r->qkv + row * r->ld_qkv * size, r->ld_qkv);
    }
    product_run(r->x, r->ld, &l->out, &context, rows, &out, r->scratch);

    kernel_moments(r->moments, r->x, r->ld, rows, D, m->eps);
    const struct norm after = {r->x, r->ld, r->moments, l->after_weight, l->after_bias};
    product_run(r->hidden, r->ld_hidden, &l->up, &(struct product_rows){.gather = normalise, .context = &after}, rows, &hidden, r->scratch);
    if (m->gated) {
        product_set()->gate(r->hidden, r->ld_hidden, rows, m->intermediate);
    }
    product_run(r->x, r->ld, &l->down, &of_hidden, rows, &down, r->scratch);
}

void vit_run_norm(const struct vit *m, struct vit_room *r, size_t n)
{
    kernel_layer_norm(r->normed, r->x, r->ld, m->norm_weight, m->norm_bias, n * r->n_tokens, m->width, m->eps);
}
