/* From a checkpoint to a struct vit: configuration, weights, consistency.
 * Names and defaults: transformers 4.47, models/vit and models/vit_mae. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoder/vit_model.h"

#define MAX_WIDTH 16384
#define MAX_LAYERS 512
#define MAX_INTERMEDIATE 65536
#define MAX_IMAGE 4096 /* px */
#define MAX_TOKENS 16385

static int read_config(struct vit *m, const struct model_config *c, struct status *st)
{
    size_t channels;
    const char *activation;
    int code;
    if ((code = model_config_size(&m->width, c, "hidden_size", 768, 1, MAX_WIDTH, st)) != STATUS_OK ||
        (code = model_config_size(&m->n_layers, c, "num_hidden_layers", 12, 1, MAX_LAYERS, st)) != STATUS_OK ||
        (code = model_config_size(&m->n_heads, c, "num_attention_heads", 12, 1, MAX_WIDTH, st)) != STATUS_OK ||
        (code = model_config_size(&m->intermediate, c, "intermediate_size", 3072, 1, MAX_INTERMEDIATE, st)) != STATUS_OK ||
        (code = model_config_size(&m->image_size, c, "image_size", 224, 1, MAX_IMAGE, st)) != STATUS_OK ||
        (code = model_config_size(&m->patch, c, "patch_size", 16, 1, m->image_size, st)) != STATUS_OK ||
        (code = model_config_size(&channels, c, "num_channels", 3, 3, 3, st)) != STATUS_OK ||
        (code = model_config_real(&m->eps, c, "layer_norm_eps", 1e-12, 0, 0.1, st)) != STATUS_OK ||
        (code = model_config_flag(&m->qkv_bias, c, "qkv_bias", true, st)) != STATUS_OK ||
        (code = model_config_text(&activation, c, "hidden_act", "gelu", st)) != STATUS_OK) {
        return code;
    }
    if (strcmp(activation, "gelu") != 0) {
        return status_set(st, STATUS_DATA, "'%s': hidden_act '%s' is not built, only 'gelu'", c->path, activation);
    }
    if (m->width % m->n_heads != 0) {
        return status_set(st, STATUS_DATA, "'%s': hidden_size %zu cannot be shared among num_attention_heads %zu", c->path, m->width,
                          m->n_heads);
    }
    m->grid = m->image_size / m->patch;
    m->n_tokens = m->grid * m->grid + 1;
    m->patch_values = 3 * m->patch * m->patch;
    if (m->n_tokens > MAX_TOKENS) {
        return status_set(st, STATUS_DATA, "'%s': image_size %zu and patch_size %zu make %zu tokens, more than %d", c->path,
                          m->image_size, m->patch, m->n_tokens, MAX_TOKENS);
    }
    return STATUS_OK;
}

/* "vit." or "", whichever has a class token. */
static int find_prefix(const char **prefix, const struct checkpoint *c, struct status *st)
{
    bool with = checkpoint_find(c, "vit.embeddings.cls_token");
    bool without = checkpoint_find(c, "embeddings.cls_token");
    if (with && without) {
        return status_set(st, STATUS_DATA, "'%s' holds two encoders: vit.embeddings.cls_token and embeddings.cls_token", c->path);
    }
    if (!with && !without) {
        return status_set(st, STATUS_DATA, "'%s' lacks tensor 'vit.embeddings.cls_token' (and 'embeddings.cls_token')", c->path);
    }
    *prefix = with ? "vit." : "";
    return STATUS_OK;
}

/* Takes tensors one after the other until the first that fails. */
struct loader {
    struct checkpoint *c;
    const char *prefix; /* "vit.encoder.layer.3." */
    int code;
    struct status *st;
};

static const float *take(struct loader *l, const char *name, const size_t *shape, size_t n_dims)
{
    const float *weight = NULL;
    if (l->code == STATUS_OK) {
        char *full = mem_printf("%s%s", l->prefix, name);
        l->code = checkpoint_weight(&weight, l->c, full, shape, n_dims, l->st);
        free(full);
    }
    return weight;
}

static const float *take_vector(struct loader *l, const char *name, size_t n)
{
    return take(l, name, (size_t[]){n}, 1);
}

static const float *take_matrix(struct loader *l, const char *name, size_t n_out, size_t n_in)
{
    return take(l, name, (size_t[]){n_out, n_in}, 2);
}

/* config.json says there is no such bias: then the file must not have one. */
static const float *take_no_bias(struct loader *l, const char *name)
{
    char *full = mem_printf("%s%s", l->prefix, name);
    if (l->code == STATUS_OK && checkpoint_find(l->c, full)) {
        l->code = status_set(l->st, STATUS_DATA, "'%s' holds tensor '%s', but config.json says qkv_bias is false", l->c->path, full);
    }
    free(full);
    return NULL;
}

static int take_layer(struct vit_layer *to, const struct vit *m, struct checkpoint *c, const char *prefix, size_t index,
                      struct status *st)
{
    static const char *const names[3] = {"query", "key", "value"};
    size_t D = m->width;
    char *layer = mem_printf("%sencoder.layer.%zu.", prefix, index);
    struct loader l = {.c = c, .prefix = layer, .code = STATUS_OK, .st = st};
    to->before_weight = take_vector(&l, "layernorm_before.weight", D);
    to->before_bias = take_vector(&l, "layernorm_before.bias", D);
    for (size_t i = 0; i < 3; i++) {
        char *weight = mem_printf("attention.attention.%s.weight", names[i]);
        char *bias = mem_printf("attention.attention.%s.bias", names[i]);
        to->qkv_weight[i] = take_matrix(&l, weight, D, D);
        to->qkv_bias[i] = m->qkv_bias ? take_vector(&l, bias, D) : take_no_bias(&l, bias);
        free(weight);
        free(bias);
    }
    to->out_weight = take_matrix(&l, "attention.output.dense.weight", D, D);
    to->out_bias = take_vector(&l, "attention.output.dense.bias", D);
    to->after_weight = take_vector(&l, "layernorm_after.weight", D);
    to->after_bias = take_vector(&l, "layernorm_after.bias", D);
    to->up_weight = take_matrix(&l, "intermediate.dense.weight", m->intermediate, D);
    to->up_bias = take_vector(&l, "intermediate.dense.bias", m->intermediate);
    to->down_weight = take_matrix(&l, "output.dense.weight", D, m->intermediate);
    to->down_bias = take_vector(&l, "output.dense.bias", D);
    free(layer);
    return l.code;
}

static int take_encoder(struct vit *m, struct checkpoint *c, const char *prefix, struct status *st)
{
    struct loader l = {.c = c, .prefix = prefix, .code = STATUS_OK, .st = st};
    m->cls_token = take(&l, "embeddings.cls_token", (size_t[]){1, 1, m->width}, 3);
    m->positions = take(&l, "embeddings.position_embeddings", (size_t[]){1, m->n_tokens, m->width}, 3);
    m->patch_weight = take(&l, "embeddings.patch_embeddings.projection.weight", (size_t[]){m->width, 3, m->patch, m->patch}, 4);
    m->patch_bias = take_vector(&l, "embeddings.patch_embeddings.projection.bias", m->width);
    m->layer = NEW0(m->n_layers, struct vit_layer);
    for (size_t i = 0; i < m->n_layers && l.code == STATUS_OK; i++) {
        l.code = take_layer(&m->layer[i], m, c, prefix, i, st);
    }
    m->norm_weight = take_vector(&l, "layernorm.weight", m->width);
    m->norm_bias = take_vector(&l, "layernorm.bias", m->width);
    return l.code;
}

/* A block that config.json does not count would change the result in silence. */
static int refuse_unread_blocks(const struct vit *m, const struct checkpoint *c, const char *prefix, struct status *st)
{
    char *blocks = mem_printf("%sencoder.", prefix);
    int code = STATUS_OK;
    for (size_t i = 0; i < c->n && code == STATUS_OK; i++) {
        const char *name = c->entry[i].tensor->name;
        if (!c->entry[i].used && strncmp(name, blocks, strlen(blocks)) == 0) {
            code = status_set(st, STATUS_DATA, "'%s' holds tensor '%s', for which the encoder of config.json (%zu layers) has no place",
                              c->path, name, m->n_layers);
        }
    }
    free(blocks);
    return code;
}

static int take_classifier(struct vit *m, struct checkpoint *c, struct status *st)
{
    const struct checkpoint_entry *e = checkpoint_find(c, "classifier.weight");
    struct loader l = {.c = c, .prefix = "", .code = STATUS_OK, .st = st};
    if (!e || e->tensor->n_dims != 2 || e->tensor->shape[0] == 0) {
        return STATUS_OK; /* no head of ours: listed among what is not read */
    }
    m->n_labels = e->tensor->shape[0];
    m->head_weight = take_matrix(&l, "classifier.weight", m->n_labels, m->width);
    m->head_bias = take_vector(&l, "classifier.bias", m->n_labels);
    return l.code;
}

int vit_load(struct vit **model, struct encoder_info *info, struct checkpoint *c, struct status *st)
{
    struct vit *m = NEW0(1, struct vit);
    const char *prefix = "";
    int code = read_config(m, &c->config, st);
    if (code == STATUS_OK) {
        code = find_prefix(&prefix, c, st);
    }
    if (code == STATUS_OK) {
        code = take_encoder(m, c, prefix, st);
    }
    if (code == STATUS_OK) {
        code = refuse_unread_blocks(m, c, prefix, st);
    }
    info->n_parameters = c->n_values;
    if (code == STATUS_OK) {
        code = take_classifier(m, c, st);
    }
    if (code != STATUS_OK) {
        vit_unload(m);
        return code;
    }
    info->width = m->width;
    info->layers = m->n_layers;
    info->heads = m->n_heads;
    info->intermediate = m->intermediate;
    info->patch = m->patch;
    info->image_size = m->image_size;
    info->input_height = info->input_width = m->image_size;
    info->tokens = m->n_tokens;
    info->eps = m->eps;
    info->n_labels = m->n_labels;
    *model = m;
    return STATUS_OK;
}

void vit_unload(struct vit *m)
{
    if (m) {
        free(m->layer);
        free(m);
    }
}

/* The weights tell everything but the number of heads and eps.  Only for the
 * published widths are there 64 columns a head for certain; eps is transformers' default. */
json_t *vit_infer(const struct checkpoint *c, const char **assumed)
{
    static const size_t published[][2] = {{192, 12}, {384, 12}, {768, 12}, {1024, 24}}; /* Ti, S, B, L: width, layers */
    const char *prefix;
    if (find_prefix(&prefix, c, NULL) != STATUS_OK) {
        return NULL;
    }
    char *projection_name = mem_printf("%sembeddings.patch_embeddings.projection.weight", prefix);
    char *positions_name = mem_printf("%sembeddings.position_embeddings", prefix);
    char *up_name = mem_printf("%sencoder.layer.0.intermediate.dense.weight", prefix);
    char *query_bias_name = mem_printf("%sencoder.layer.0.attention.attention.query.bias", prefix);
    const struct checkpoint_entry *projection = checkpoint_find(c, projection_name), *positions = checkpoint_find(c, positions_name),
                                  *up = checkpoint_find(c, up_name), *query_bias = checkpoint_find(c, query_bias_name);
    free(projection_name);
    free(positions_name);
    free(up_name);
    free(query_bias_name);
    if (!projection || !positions || !up || projection->tensor->n_dims != 4 || positions->tensor->n_dims != 3 ||
        up->tensor->n_dims != 2) {
        return NULL;
    }
    size_t n_layers = 0;
    for (bool more = true; more; n_layers += more) {
        char *name = mem_printf("%sencoder.layer.%zu.layernorm_before.weight", prefix, n_layers);
        more = checkpoint_find(c, name);
        free(name);
    }
    size_t width = projection->tensor->shape[0], patch = projection->tensor->shape[2], grid = 1;
    while (grid < MAX_IMAGE && grid * grid + 1 < positions->tensor->shape[1]) {
        grid++;
    }
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        if (width == published[i][0] && n_layers == published[i][1] && patch >= 1 && patch <= MAX_IMAGE) {
            *assumed = "64 columns a head, layer_norm_eps 1e-12";
            return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "model_type",
                             checkpoint_find(c, "decoder.mask_token") ? "vit_mae" : "vit", "hidden_size", (json_int_t)width,
                             "num_hidden_layers", (json_int_t)n_layers, "num_attention_heads", (json_int_t)(width / 64),
                             "intermediate_size", (json_int_t)up->tensor->shape[0], "patch_size", (json_int_t)patch, "image_size",
                             (json_int_t)(grid * patch), "qkv_bias", query_bias != NULL);
        }
    }
    return NULL;
}
