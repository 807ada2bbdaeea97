/* From a checkpoint to a struct vit: configuration, weights, consistency.
 * Names and defaults: transformers 4.47, models/vit, models/vit_mae and models/dinov2. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoder/loader.h"
#include "encoder/vit_model.h"

int vit_read_config(struct vit *m, const struct model_config *c, double default_eps, struct status *st)
{
    size_t channels;
    int code;
    if ((code = model_config_size(&m->width, c, "hidden_size", 768, 1, VIT_MAX_WIDTH, st)) != STATUS_OK ||
        (code = model_config_size(&m->n_layers, c, "num_hidden_layers", 12, 1, VIT_MAX_LAYERS, st)) != STATUS_OK ||
        (code = model_config_size(&m->n_heads, c, "num_attention_heads", 12, 1, VIT_MAX_WIDTH, st)) != STATUS_OK ||
        (code = model_config_size(&m->image_size, c, "image_size", 224, 1, VIT_MAX_IMAGE, st)) != STATUS_OK ||
        (code = model_config_size(&channels, c, "num_channels", 3, 3, 3, st)) != STATUS_OK ||
        (code = model_config_real(&m->eps, c, "layer_norm_eps", default_eps, 0, 0.1, st)) != STATUS_OK ||
        (code = model_config_flag(&m->qkv_bias, c, "qkv_bias", true, st)) != STATUS_OK) {
        return code;
    }
    if (m->width % m->n_heads != 0) {
        return status_set(st, STATUS_DATA, "'%s': hidden_size %zu cannot be shared among num_attention_heads %zu", c->path, m->width,
                          m->n_heads);
    }
    return activation_read(&m->activation, c, st);
}

/* ---- names ---- */

static const struct checkpoint_entry *find_with(const struct checkpoint *c, const char *prefix, const char *name)
{
    char *full = mem_printf("%s%s", prefix, name);
    const struct checkpoint_entry *e = checkpoint_find(c, full);
    free(full);
    return e;
}

/* One of the family's prefixes or none, whichever has a class token. */
static int find_prefix(const char **prefix, const struct vit_names *names, const struct checkpoint *c, struct status *st)
{
    const char *found = find_with(c, "", "embeddings.cls_token") ? "" : NULL;
    for (const char *const *p = names->prefixes; *p; p++) {
        if (find_with(c, *p, "embeddings.cls_token")) {
            if (found) {
                return status_set(st, STATUS_DATA, "'%s' holds two encoders: %sembeddings.cls_token and %sembeddings.cls_token", c->path, *p,
                                  found);
            }
            found = *p;
        }
    }
    if (!found) {
        return status_set(st, STATUS_DATA, "'%s' lacks tensor '%sembeddings.cls_token' (and 'embeddings.cls_token')", c->path,
                          names->prefixes[0]);
    }
    *prefix = found;
    return STATUS_OK;
}

/* ---- weights ---- */

static int take_layer(struct vit_layer *to, const struct vit *m, const struct vit_names *names, struct checkpoint *c, const char *layers,
                      size_t index, struct status *st)
{
    static const char *const projections[3] = {"query", "key", "value"};
    size_t D = m->width, I = m->intermediate;
    char *layer = mem_printf("%s%zu.", layers, index);
    struct loader l = {.c = c, .prefix = layer, .code = STATUS_OK, .st = st};
    to->before_weight = loader_norm(&to->before_bias, &l, names->before, D);
    char *weight[3];
    to->qkv_bias = m->qkv_bias ? NEW(3 * D, float) : NULL;
    for (size_t i = 0; i < 3; i++) {
        char *name = mem_printf("attention.attention.%s.bias", projections[i]);
        const float *bias = m->qkv_bias ? loader_vector(&l, name, D) : loader_no_bias(&l, name);
        if (bias) {
            memcpy(to->qkv_bias + i * D, bias, D * sizeof *bias);
        }
        free(name);
        weight[i] = mem_printf("attention.attention.%s.weight", projections[i]);
    }
    loader_product(&to->qkv, &l, weight, 3, D, D, m->precision);
    for (size_t i = 0; i < 3; i++) {
        free(weight[i]);
    }
    to->out_bias = loader_linear_product(&to->out, &l, "attention.output.dense", D, D, m->precision);
    to->attention_scale = names->attention_scale ? loader_vector(&l, names->attention_scale, D) : NULL;
    to->after_weight = loader_norm(&to->after_bias, &l, names->after, D);
    to->up_bias = loader_linear_product(&to->up, &l, m->gated ? names->gated_up : names->up, m->gated ? 2 * I : I, D, m->precision);
    to->down_bias = loader_linear_product(&to->down, &l, m->gated ? names->gated_down : names->down, D, I, m->precision);
    to->mlp_scale = names->mlp_scale ? loader_vector(&l, names->mlp_scale, D) : NULL;
    free(layer);
    return l.code;
}

int vit_take_blocks(struct vit *m, const struct vit_names *names, struct checkpoint *c, const char *layers, struct status *st)
{
    int code = STATUS_OK;
    m->layer = NEW0(m->n_layers, struct vit_layer);
    for (size_t i = 0; i < m->n_layers && code == STATUS_OK; i++) {
        code = take_layer(&m->layer[i], m, names, c, layers, i, st);
    }
    return code;
}

void vit_free_blocks(struct vit *m)
{
    for (size_t i = 0; m->layer && i < m->n_layers; i++) {
        struct vit_layer *l = &m->layer[i];
        product_free(&l->qkv);
        product_free(&l->out);
        product_free(&l->up);
        product_free(&l->down);
        free(l->qkv_bias);
    }
    free(m->layer);
    m->layer = NULL;
}

#define PATCH_WEIGHT "embeddings.patch_embeddings.projection.weight"

static int take_encoder(struct vit *m, const struct vit_names *names, struct checkpoint *c, const char *prefix, struct status *st)
{
    struct loader l = {.c = c, .prefix = prefix, .code = STATUS_OK, .st = st};
    size_t D = m->width;
    m->cls_token = loader_tensor(&l, "embeddings.cls_token", (size_t[]){1, 1, D}, 3);
    m->table = loader_tensor(&l, "embeddings.position_embeddings", (size_t[]){1, 1 + m->side * m->side, D}, 3);
    if (m->n_registers > 0) {
        m->registers = loader_tensor(&l, "embeddings.register_tokens", (size_t[]){1, m->n_registers, D}, 3);
    }
    const struct product_part patches = {loader_tensor(&l, PATCH_WEIGHT, (size_t[]){D, 3, m->patch, m->patch}, 4), D};
    if (l.code == STATUS_OK) {
        product_pack(&m->patches, &patches, 1, m->patch_values, m->precision);
    }
    loader_release(&l, PATCH_WEIGHT);
    m->patch_bias = loader_vector(&l, "embeddings.patch_embeddings.projection.bias", D);
    char *layers = mem_printf("%sencoder.layer.", prefix);
    if (l.code == STATUS_OK) {
        l.code = vit_take_blocks(m, names, c, layers, st);
    }
    free(layers);
    m->norm_weight = loader_norm(&m->norm_bias, &l, "layernorm", D);
    return l.code;
}

/* A block that stays unread means that config.json describes another encoder. */
static int refuse_unread_blocks(const struct vit *m, const struct checkpoint *c, const char *prefix, struct status *st)
{
    char *blocks = mem_printf("%sencoder.", prefix), *registers = mem_printf("%sembeddings.register_tokens", prefix);
    int code = STATUS_OK;
    for (size_t i = 0; i < c->n && code == STATUS_OK; i++) {
        const char *name = c->entry[i].tensor->name;
        if (!c->entry[i].used && (strncmp(name, blocks, strlen(blocks)) == 0 || strcmp(name, registers) == 0)) {
            code = status_set(st, STATUS_DATA, "'%s' holds tensor '%s', for which the encoder of config.json (%zu layers) has no place",
                              c->path, name, m->n_layers);
        }
    }
    free(blocks);
    free(registers);
    return code;
}

static int take_pooler(struct vit *m, struct checkpoint *c, const char *prefix, struct status *st)
{
    struct loader l = {.c = c, .prefix = prefix, .code = STATUS_OK, .st = st};
    const char *activation;
    if (!find_with(c, prefix, "pooler.dense.weight")) {
        return STATUS_OK;
    }
    l.code = model_config_text(&activation, &c->config, "pooler_act", "tanh", st);
    if (l.code == STATUS_OK && strcmp(activation, "tanh") != 0) {
        l.code = status_set(st, STATUS_DATA, "'%s': pooler_act '%s' is not built, only 'tanh'", c->config.path, activation);
    }
    m->pooler_weight = loader_linear(&m->pooler_bias, &l, "pooler.dense", m->width, m->width);
    return l.code;
}

static int take_classifier(struct vit *m, struct checkpoint *c, struct status *st)
{
    const struct checkpoint_entry *e = checkpoint_find(c, "classifier.weight");
    struct loader l = {.c = c, .prefix = "", .code = STATUS_OK, .st = st};
    if (!e || e->tensor->n_dims != 2 || e->tensor->shape[0] == 0) {
        return STATUS_OK; /* no head of ours: listed among what is not read */
    }
    m->n_labels = e->tensor->shape[0];
    m->head_weight = loader_linear(&m->head_bias, &l, "classifier", m->n_labels, m->head_values);
    return l.code;
}

int vit_take(struct vit *m, const struct vit_names *names, struct encoder_info *info, struct checkpoint *c, struct status *st)
{
    const char *prefix = "";
    int code = STATUS_OK;
    m->precision = c->options.precision;
    m->side = m->image_size / m->patch;
    m->patch_values = 3 * m->patch * m->patch;
    if (c->options.old_interpolation) {
        if (!m->interpolates || m->rule != POSITIONS_PLAIN) {
            return status_set(st, STATUS_DATA, "'%s': old_interpolation is a choice for dinov2 without registers, this is %s", c->path,
                              info->architecture);
        }
        m->rule = POSITIONS_OFFSET;
    }
    if (1 + m->n_registers + m->side * m->side > VIT_MAX_TOKENS) {
        return status_set(st, STATUS_DATA, "'%s': image_size %zu and patch_size %zu make %zu tokens, more than %d", c->config.path,
                          m->image_size, m->patch, 1 + m->n_registers + m->side * m->side, VIT_MAX_TOKENS);
    }
    if ((code = find_prefix(&prefix, names, c, st)) != STATUS_OK || (code = take_encoder(m, names, c, prefix, st)) != STATUS_OK ||
        (code = refuse_unread_blocks(m, c, prefix, st)) != STATUS_OK) {
        return code;
    }
    info->n_parameters = c->n_values;
    if ((code = take_pooler(m, c, prefix, st)) != STATUS_OK || (code = take_classifier(m, c, st)) != STATUS_OK) {
        return code;
    }
    info->width = m->width;
    info->layers = m->n_layers;
    info->heads = m->n_heads;
    info->intermediate = m->intermediate;
    info->patch = m->patch;
    info->image_size = m->image_size;
    info->eps = m->eps;
    info->n_labels = m->n_labels;
    info->first_patch = 1 + m->n_registers;
    return vit_set_input(m, info, m->image_size, m->image_size, st);
}

/* ---- without a config.json ---- */

/* Zhai et al. 2022, arXiv:2106.04560, and ViT-H share 16 heads whatever the width; all other published widths have 64 columns a head. */
static size_t assume_heads(size_t width, const char **assumed)
{
    static const size_t sixteen[] = {1152, 1280, 1408, 1664}; /* So400m, H, g, G */
    for (size_t i = 0; i < sizeof sixteen / sizeof *sixteen; i++) {
        if (width == sixteen[i]) {
            *assumed = "16 heads, as published for this width; the default layer_norm_eps and hidden_act";
            return 16;
        }
    }
    *assumed = "64 columns a head; the default layer_norm_eps and hidden_act";
    return width % 64 == 0 ? width / 64 : 0;
}

static const struct safetensors_tensor *tensor_of(const struct checkpoint *c, const char *prefix, const char *name, size_t n_dims)
{
    const struct checkpoint_entry *e = find_with(c, prefix, name);
    return e && e->tensor->n_dims == n_dims ? e->tensor : NULL;
}

bool vit_infer_shape(struct vit_shape *s, const struct vit_names *names, const struct checkpoint *c, const char **assumed)
{
    *s = (struct vit_shape){.prefix = ""};
    if (find_prefix(&s->prefix, names, c, NULL) != STATUS_OK) {
        return false;
    }
    for (bool more = true; more; s->n_layers += more) {
        char *name = mem_printf("encoder.layer.%zu.%s.weight", s->n_layers, names->before);
        more = find_with(c, s->prefix, name);
        free(name);
    }
    char *up_name = mem_printf("encoder.layer.0.%s.weight", names->up), *gated_name = mem_printf("encoder.layer.0.%s.weight", names->gated_up ? names->gated_up : names->up);
    const struct safetensors_tensor *projection = tensor_of(c, s->prefix, "embeddings.patch_embeddings.projection.weight", 4),
                                    *table = tensor_of(c, s->prefix, "embeddings.position_embeddings", 3),
                                    *registers = tensor_of(c, s->prefix, "embeddings.register_tokens", 3),
                                    *gated = names->gated_up ? tensor_of(c, s->prefix, gated_name, 2) : NULL,
                                    *up = gated ? gated : tensor_of(c, s->prefix, up_name, 2);
    free(up_name);
    free(gated_name);
    if (s->n_layers == 0 || !projection || !table || !up || projection->shape[2] == 0 || projection->shape[2] > VIT_MAX_IMAGE) {
        return false;
    }
    s->width = projection->shape[0];
    s->patch = projection->shape[2];
    s->up_rows = up->shape[0];
    s->gated = gated;
    s->registers = registers ? registers->shape[1] : 0;
    s->qkv_bias = find_with(c, s->prefix, "encoder.layer.0.attention.attention.query.bias");
    size_t side = 1;
    while (side < VIT_MAX_IMAGE && side * side + 1 < table->shape[1]) {
        side++;
    }
    s->image_size = side * s->patch;
    s->heads = assume_heads(s->width, assumed);
    if (c->options.heads > 0) {
        s->heads = c->options.heads;
        *assumed = "the default layer_norm_eps and hidden_act";
    }
    return s->heads > 0;
}
