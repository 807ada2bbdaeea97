#include "encoder/timm.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoder/dinov2.h"
#include "encoder/kernels.h"
#include "encoder/timm_config.h"
#include "encoder/vit.h"

#define EPS 1e-6 /* timm's LayerNorm in every ViT taken here */

/* One linear layer of the projection; weight NULL: not there. */
struct linear {
    const float *weight, *bias; /* [n_out, n_in], [n_out] or NULL */
    size_t n_in, n_out;
};

struct timm {
    const struct architecture *inner;
    void *model;
    struct linear first, second;   /* linear: the first alone; mlp: gelu between */
    enum timm_projection projection;
    size_t n_inner, cls, projected; /* inner readouts; offsets of "cls" and of "projected" */
    size_t image_size;
    char *description;
};

struct state {
    const struct architecture *inner;
    void *state;
    float *hidden; /* [first.n_out] */
};

static const char *const model_types[] = {"timm", "open_clip", NULL};

/* ---- opening ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool holds(const struct checkpoint *c, const char *prefix, const char *name)
{
    char *full = mem_printf("%s%s", prefix, name);
    bool there = checkpoint_find(c, full);
    free(full);
    return there;
}

/* What stands before "cls_token" of the one encoder in the file (new string). */
static int find_prefix(char **prefix, const struct checkpoint *c, bool open_clip, struct status *st)
{
    const char *own = open_clip ? "visual.trunk.cls_token" : "cls_token";
    for (size_t i = 0; i < c->n; i++) {
        const char *name = c->entry[i].tensor->name;
        size_t at = strlen(name) - (ends_with(name, own) ? strlen("cls_token") : 0);
        if (name[at] == '\0' || (at > 0 && name[at - 1] != '.')) {
            continue;
        }
        char *found = mem_strndup(name, at);
        if (!holds(c, found, "patch_embed.proj.weight") || *prefix) {
            bool second = holds(c, found, "patch_embed.proj.weight");
            free(found);
            if (second) {
                return status_set(st, STATUS_DATA, "'%s' holds two encoders: '%scls_token' and '%s'", c->path, *prefix, name);
            }
            continue;
        }
        *prefix = found;
    }
    if (*prefix) {
        return STATUS_OK;
    }
    return status_set(st, STATUS_DATA, "'%s' lacks tensor '%s' with '%spatch_embed.proj.weight' beside it", c->path, own,
                      open_clip ? "visual.trunk." : "");
}

/* Tensors that stand for another arithmetic than the inner architecture's. */
static int refuse_variants(const struct checkpoint *c, const char *prefix, struct status *st)
{
    static const char *const variant[][2] = {{"reg_token", "register tokens"},
                                             {"dist_token", "a distillation token"},
                                             {"norm_pre.weight", "a norm before the blocks (CLIP)"},
                                             {"fc_norm.weight", "pooling by the mean before the norm"},
                                             {"attn_pool.latent", "attention pooling"},
                                             {"blocks.0.attn.q_norm.weight", "normalised queries"}};
    for (size_t i = 0; i < sizeof variant / sizeof *variant; i++) {
        if (holds(c, prefix, variant[i][0])) {
            return status_set(st, STATUS_DATA, "'%s' holds tensor '%s%s': %s, which is not built", c->path, prefix, variant[i][0],
                              variant[i][1]);
        }
    }
    return STATUS_OK;
}

/* Of the image tower only the classifier and what belongs to training may stay unread. */
static int refuse_unread(const struct checkpoint *c, const char *prefix, size_t head, struct status *st)
{
    static const char *const idle[] = {"head.", "pre_logits.", "mask_token", "decoder"};
    for (size_t i = 0; i < c->n; i++) {
        const char *name = c->entry[i].tensor->name;
        bool trunk = strncmp(name, prefix, strlen(prefix)) == 0;
        bool fine = c->entry[i].used || !(trunk || (head && strncmp(name, prefix, head) == 0 && strncmp(name + head, "head.", 5) == 0));
        for (size_t k = 0; k < sizeof idle / sizeof *idle && trunk && !fine; k++) {
            fine = strncmp(name + strlen(prefix), idle[k], strlen(idle[k])) == 0;
        }
        if (!fine) {
            return status_set(st, STATUS_DATA, "'%s' holds tensor '%s', for which the encoder has no place", c->path, name);
        }
    }
    return STATUS_OK;
}

/* The inner architecture's config.json. */
static json_t *inner_config(const struct timm_config *t, const struct checkpoint *c, const char *prefix, bool layer_scale)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:f, s:b}", "model_type", layer_scale ? "dinov2" : "vit", "hidden_size",
                     (json_int_t)t->width, "num_hidden_layers", (json_int_t)t->layers, "num_attention_heads", (json_int_t)t->heads,
                     "intermediate_size", (json_int_t)t->intermediate, "mlp_ratio", (double)t->intermediate / (double)t->width, "patch_size",
                     (json_int_t)t->patch, "image_size", (json_int_t)t->image_size, "layer_norm_eps", EPS, "qkv_bias",
                     holds(c, prefix, "blocks.0.attn.qkv.bias"));
}

/* timm's head reads the class token alone, transformers' dinov2's also the mean of the patches. */
static char *translate_headless(const struct checkpoint_names *names, const char *name, size_t *part, size_t *n_parts)
{
    return strncmp(name, "classifier.", 11) == 0 ? NULL : timm_translate(names, name, part, n_parts);
}

static int open_inner(struct timm *m, struct encoder_info *info, struct checkpoint *c, const struct timm_config *t, const char *prefix,
                      struct status *st)
{
    bool layer_scale = holds(c, prefix, "blocks.0.ls1.gamma");
    struct model_config own = c->config;
    struct checkpoint_names names = {.translate = layer_scale ? translate_headless : timm_translate, .prefix = prefix};
    if (c->options.old_interpolation) {
        return status_set(st, STATUS_DATA, "'%s': interpolation: old is a choice for dinov2 without registers, this is timm's '%s'", c->path, t->name);
    }
    c->config = (struct model_config){.path = own.path, .json = inner_config(t, c, prefix, layer_scale)};
    c->names = &names;
    m->inner = layer_scale ? &dinov2_architecture : &vit_architecture;
    int code = m->inner->open(&m->model, info, c, st);
    json_decref(c->config.json);
    c->config = own;
    c->names = NULL;
    return code;
}

/* visual.head.<name>: the weight, and the bias where the file has one. */
static int take_linear(struct linear *l, struct checkpoint *c, const char *prefix, size_t head, const char *name, size_t n_out, size_t n_in,
                       struct status *st)
{
    char *weight = mem_printf("%.*shead.%s.weight", (int)head, prefix, name), *bias = mem_printf("%.*shead.%s.bias", (int)head, prefix, name);
    *l = (struct linear){.n_in = n_in, .n_out = n_out};
    int code = checkpoint_weight(&l->weight, c, weight, (size_t[]){n_out, n_in}, 2, st);
    if (code == STATUS_OK && checkpoint_find(c, bias)) {
        code = checkpoint_weight(&l->bias, c, bias, &n_out, 1, st);
    }
    free(weight);
    free(bias);
    return code;
}

static int take_projection(struct timm *m, struct checkpoint *c, const struct timm_config *t, const char *prefix, size_t head, struct status *st)
{
    m->projection = t->projection;
    if (t->projection == PROJECTION_LINEAR) {
        return take_linear(&m->first, c, prefix, head, "proj", t->embed_dim, t->width, st);
    }
    if (t->projection == PROJECTION_MLP) {
        int code = take_linear(&m->first, c, prefix, head, "mlp.fc1", 2 * t->embed_dim, t->width, st);
        if (code == STATUS_OK && !m->first.bias) {
            code = status_set(st, STATUS_DATA, "'%s' lacks tensor '%.*shead.mlp.fc1.bias'", c->path, (int)head, prefix);
        }
        return code != STATUS_OK ? code : take_linear(&m->second, c, prefix, head, "mlp.fc2", t->embed_dim, 2 * t->embed_dim, st);
    }
    return STATUS_OK;
}

static void timm_close(void *model)
{
    struct timm *m = model;
    if (m) {
        m->inner->close(m->model);
        free(m->description);
        free(m);
    }
}

static int timm_open(void **model, struct encoder_info *info, struct checkpoint *c, struct status *st)
{
    struct timm *m = NEW0(1, struct timm);
    struct timm_config t;
    char *prefix = NULL;
    size_t head = 0; /* of the prefix, what the projection shares with the trunk: "visual." */
    *model = m;
    m->inner = &vit_architecture;
    int code = timm_config_read(&t, c, st);
    if (code != STATUS_OK || (code = find_prefix(&prefix, c, t.open_clip, st)) != STATUS_OK ||
        (code = refuse_variants(c, prefix, st)) != STATUS_OK || (code = open_inner(m, info, c, &t, prefix, st)) != STATUS_OK) {
        goto done;
    }
    head = t.open_clip ? strlen(prefix) - strlen("trunk.") : 0;
    if ((code = take_projection(m, c, &t, prefix, head, st)) != STATUS_OK || (code = refuse_unread(c, prefix, head, st)) != STATUS_OK) {
        goto done;
    }
    const char *name;
    for (size_t width; (name = m->inner->readout(m->model, m->n_inner, &width)); m->n_inner++) {
        m->cls = strcmp(name, "cls") == 0 ? m->projected : m->cls;
        m->projected += width;
    }
    m->image_size = t.image_size;
    static const char *const words[] = {[PROJECTION_NONE] = "", [PROJECTION_LINEAR] = " linear projection", [PROJECTION_MLP] = " mlp projection"};
    m->description = mem_printf("%s%s", t.name, words[m->projection]);
done:
    free(prefix);
    if (code != STATUS_OK) {
        timm_close(m);
        *model = NULL;
    }
    return code;
}

/* ---- running ---- */

/* Only the model's own size: timm interpolates positions otherwise than transformers' dinov2. */
static int timm_set_input(void *model, struct encoder_info *info, size_t height, size_t width, struct status *st)
{
    struct timm *m = model;
    if (height != m->image_size || width != m->image_size) {
        return status_set(st, STATUS_DATA, "the encoder takes pictures of %zux%zu (its image size), not %zux%zu", m->image_size, m->image_size, width,
                          height);
    }
    return m->inner->set_input(m->model, info, height, width, st);
}

static char *timm_describe(const void *model)
{
    const struct timm *m = model;
    char *inner = m->inner->describe(m->model), *all = mem_printf("%s %s", m->description, inner);
    free(inner);
    return all;
}

static const struct linear *last_linear(const struct timm *m)
{
    return m->projection == PROJECTION_MLP ? &m->second : &m->first;
}

static const char *timm_readout(const void *model, size_t i, size_t *width)
{
    const struct timm *m = model;
    if (i == m->n_inner && m->projection != PROJECTION_NONE) {
        *width = last_linear(m)->n_out;
        return "projected";
    }
    return m->inner->readout(m->model, i, width);
}

static void *timm_state_new(const void *model, size_t batch)
{
    const struct timm *m = model;
    struct state *s = NEW0(1, struct state);
    s->inner = m->inner;
    s->state = m->inner->state_new(m->model, batch);
    s->hidden = mem_aligned(m->first.n_out + 1, sizeof *s->hidden);
    return s;
}

static void timm_state_free(void *state)
{
    struct state *s = state;
    s->inner->state_free(s->state);
    free(s->hidden);
    free(s);
}

static void apply(float *out, const struct linear *l, const float *x)
{
    kernel_linear(out, l->weight, l->bias, x, l->n_out, l->n_in);
}

static void project(const struct timm *m, struct state *s, float *out)
{
    if (m->projection == PROJECTION_LINEAR) {
        apply(out + m->projected, &m->first, out + m->cls);
    } else if (m->projection == PROJECTION_MLP) {
        apply(s->hidden, &m->first, out + m->cls);
        for (size_t i = 0; i < m->first.n_out; i++) {
            s->hidden[i] = kernel_gelu_libm(s->hidden[i]);
        }
        apply(out + m->projected, &m->second, s->hidden);
    }
}

static void timm_forward(const void *model, void *state, const float *pixels, size_t n, float *out, size_t stride)
{
    const struct timm *m = model;
    struct state *s = state;
    m->inner->forward(m->model, s->state, pixels, n, out, stride);
    for (size_t i = 0; i < n; i++) {
        project(m, s, out + i * stride);
    }
}

static void timm_share(const void *model, void *state, int n_threads)
{
    const struct timm *m = model;
    m->inner->share(m->model, ((struct state *)state)->state, n_threads);
}

/* ---- of the inner architecture ---- */

static const float *timm_tokens(const void *state)
{
    const struct state *s = state;
    return s->inner->tokens(s->state);
}

static void timm_trace(const void *model, void *state)
{
    const struct timm *m = model;
    m->inner->trace(m->model, ((struct state *)state)->state);
}

static size_t timm_hidden_size(const void *model, size_t k)
{
    const struct timm *m = model;
    return m->inner->hidden_size(m->model, k);
}

static const float *timm_positions(const void *model, size_t *n)
{
    const struct timm *m = model;
    return m->inner->positions(m->model, n);
}

static const float *timm_hidden_state(const void *model, const void *state, size_t k)
{
    const struct timm *m = model;
    return m->inner->hidden_state(m->model, ((const struct state *)state)->state, k);
}

static void timm_logits(const void *model, const void *state, float *out)
{
    const struct timm *m = model;
    m->inner->logits(m->model, ((const struct state *)state)->state, out);
}

const struct architecture timm_architecture = {
    .model_types = model_types,
    .open = timm_open,
    .close = timm_close,
    .set_input = timm_set_input,
    .describe = timm_describe,
    .readout = timm_readout,
    .state_new = timm_state_new,
    .state_free = timm_state_free,
    .share = timm_share,
    .forward = timm_forward,
    .tokens = timm_tokens,
    .trace = timm_trace,
    .hidden_size = timm_hidden_size,
    .positions = timm_positions,
    .hidden_state = timm_hidden_state,
    .logits = timm_logits,
};
