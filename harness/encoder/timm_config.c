#include "encoder/timm_config.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define MAX_IMAGE 4096 /* px */

/* timm's sizes; the mlp is four times the width, eps 1e-6. */
static const struct size {
    const char *name;
    size_t width, layers, heads;
} sizes[] = {{"tiny", 192, 12, 3}, {"small", 384, 12, 6}, {"base", 768, 12, 12}, {"large", 1024, 24, 16}, {"huge", 1280, 32, 16}};

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* The words behind the patch size that change nothing in the arithmetic: the image size, and what it was trained on. */
static bool plain_words(const char *rest)
{
    static const char *const plain[] = {"in21k", "in1k", "miil", "dino", "mae", "augreg", "dinov2"};
    while (*rest == '_') {
        size_t n = strcspn(++rest, "_."), known = strspn(rest, "0123456789") == n && n > 0;
        for (size_t i = 0; i < sizeof plain / sizeof *plain && !known; i++) {
            known = strlen(plain[i]) == n && strncmp(rest, plain[i], n) == 0;
        }
        if (!known) {
            return false;
        }
        rest += n;
    }
    return *rest == '\0' || *rest == '.'; /* ".augreg_in1k" is the tag of the weights */
}

/* vit_base_patch16_224, deit_small_patch16_224, vit_large_patch14_dinov2, ... */
static bool read_name(struct timm_config *t)
{
    const char *at = t->name;
    at += starts_with(at, "vit_") ? 4 : starts_with(at, "deit_") ? 5 : 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && at != t->name; i++) {
        size_t n = strlen(sizes[i].name);
        if (strncmp(at, sizes[i].name, n) == 0 && starts_with(at + n, "_patch")) {
            char *end;
            t->width = sizes[i].width;
            t->layers = sizes[i].layers;
            t->heads = sizes[i].heads;
            t->patch = strtoul(at + n + 6, &end, 10);
            return t->patch >= 1 && t->patch <= MAX_IMAGE && plain_words(end);
        }
    }
    return false;
}

/* A side, or [channels,] height and width that are the same. */
static int read_square(size_t *side, const json_t *value, const char *path, const char *key, struct status *st)
{
    size_t n = json_array_size(value);
    const json_t *height = n ? json_array_get(value, n - 2 < n ? n - 2 : 0) : value, *width = n ? json_array_get(value, n - 1) : value;
    json_int_t h = json_integer_value(height), w = json_integer_value(width);
    if (n > 3 || (n == 3 && json_integer_value(json_array_get(value, 0)) != 3) || h < 1 || h > MAX_IMAGE || h != w) {
        return status_set(st, STATUS_DATA, "'%s': %s is no size of a square RGB picture of 1 to %d pixels", path, key, MAX_IMAGE);
    }
    *side = (size_t)h;
    return STATUS_OK;
}

/* Arguments that the model was made with beside its name. */
static int read_arguments(struct timm_config *t, const struct model_config *args, struct status *st)
{
    static const char *const read[] = {"img_size", "patch_size", "embed_dim", "depth", "num_heads", "mlp_ratio"};
    static const char *const harmless[] = {"num_classes", "init_values", "qkv_bias", "dynamic_img_size", "weight_init", "drop_rate",
                                           "pos_drop_rate", "patch_drop_rate", "proj_drop_rate", "attn_drop_rate", "drop_path_rate"};
    const char *key;
    json_t *value;
    double ratio;
    int code;
    json_object_foreach(args->json, key, value) {
        bool known = json_is_null(value) || (strcmp(key, "in_chans") == 0 && json_integer_value(value) == 3) ||
                     (strcmp(key, "class_token") == 0 && json_is_true(value)) ||
                     (strcmp(key, "global_pool") == 0 && json_is_string(value) && strcmp(json_string_value(value), "token") == 0);
        for (size_t i = 0; i < sizeof read / sizeof *read && !known; i++) {
            known = strcmp(key, read[i]) == 0;
        }
        for (size_t i = 0; i < sizeof harmless / sizeof *harmless && !known; i++) {
            known = strcmp(key, harmless[i]) == 0;
        }
        if (!known) {
            return status_set(st, STATUS_DATA, "'%s': model_args changes %s, which is not built", args->path, key);
        }
    }
    if ((code = model_config_size(&t->patch, args, "patch_size", t->patch, 1, MAX_IMAGE, st)) != STATUS_OK ||
        (code = model_config_size(&t->width, args, "embed_dim", t->width, 1, 16384, st)) != STATUS_OK ||
        (code = model_config_size(&t->layers, args, "depth", t->layers, 1, 512, st)) != STATUS_OK ||
        (code = model_config_size(&t->heads, args, "num_heads", t->heads, 1, t->width, st)) != STATUS_OK ||
        (code = model_config_real(&ratio, args, "mlp_ratio", 4, 0.1, 64, st)) != STATUS_OK) {
        return code;
    }
    t->intermediate = (size_t)((double)t->width * ratio);
    json_t *image = json_object_get(args->json, "img_size");
    return image ? read_square(&t->image_size, image, args->path, "img_size", st) : STATUS_OK;
}

static int name_or_refuse(struct timm_config *t, const char *path, struct status *st)
{
    if (!read_name(t)) {
        return status_set(st, STATUS_DATA,
                          "'%s': timm's '%s' is not built: only plain ViTs are (vit_ or deit_, tiny, small, base, large or huge, patchN)", path,
                          t->name);
    }
    t->intermediate = 4 * t->width;
    return STATUS_OK;
}

static int read_timm(struct timm_config *t, const struct model_config *c, struct status *st)
{
    const json_t *nested = json_object_get(c->json, "pretrained_cfg"), *pool = json_object_get(c->json, "global_pool");
    const json_t *size = json_object_get(json_is_object(nested) ? nested : c->json, "input_size");
    size_t features;
    int code = model_config_text(&t->name, c, "architecture", "", st);
    if (code == STATUS_OK) {
        code = name_or_refuse(t, c->path, st);
    }
    if (code == STATUS_OK && size) {
        code = read_square(&t->image_size, size, c->path, "input_size", st);
    }
    if (code == STATUS_OK) {
        struct model_config args = {.path = c->path, .json = json_object_get(c->json, "model_args")};
        code = read_arguments(t, &args, st);
    }
    if (code == STATUS_OK) {
        code = model_config_size(&features, c, "num_features", t->width, 1, 65536, st);
    }
    if (code != STATUS_OK) {
        return code;
    }
    if (features != t->width) {
        return status_set(st, STATUS_DATA, "'%s': num_features is %zu, but '%s' is %zu wide", c->path, features, t->name, t->width);
    }
    if (pool && !json_is_null(pool) &&
        (!json_is_string(pool) || (*json_string_value(pool) && strcmp(json_string_value(pool), "token") != 0))) {
        return status_set(st, STATUS_DATA, "'%s': global_pool '%s' is not built, only 'token'", c->path,
                          json_is_string(pool) ? json_string_value(pool) : "(no text)");
    }
    return STATUS_OK;
}

static int read_open_clip(struct timm_config *t, const struct model_config *c, struct status *st)
{
    static const char *const known[] = {"timm_model_name", "timm_model_pretrained", "timm_pool", "timm_proj", "timm_proj_bias", "timm_drop",
                                        "timm_drop_path"};
    struct model_config model = {.path = c->path, .json = json_object_get(c->json, "model_cfg")};
    struct model_config vision = {.path = c->path, .json = json_object_get(model.json, "vision_cfg")};
    const json_t *size = json_object_get(vision.json, "image_size");
    const char *pool, *projection, *key;
    json_t *value;
    int code;
    json_object_foreach(vision.json, key, value) {
        bool fine = !starts_with(key, "timm_");
        for (size_t i = 0; i < sizeof known / sizeof *known && !fine; i++) {
            fine = strcmp(key, known[i]) == 0;
        }
        if (!fine) {
            return status_set(st, STATUS_DATA, "'%s': vision_cfg's %s is not built", c->path, key);
        }
    }
    if (!json_object_get(vision.json, "timm_model_name")) {
        return status_set(st, STATUS_DATA, "'%s': vision_cfg names no timm_model_name; open_clip's own towers are not built", c->path);
    }
    value = json_object_get(vision.json, "timm_proj");
    if ((code = model_config_text(&t->name, &vision, "timm_model_name", "", st)) != STATUS_OK ||
        (code = model_config_text(&pool, &vision, "timm_pool", "avg", st)) != STATUS_OK ||
        (code = json_is_null(value) ? STATUS_OK : model_config_text(&projection, &vision, "timm_proj", "linear", st)) != STATUS_OK ||
        (code = model_config_size(&t->embed_dim, &model, "embed_dim", 0, 1, 65536, st)) != STATUS_OK ||
        (code = name_or_refuse(t, c->path, st)) != STATUS_OK ||
        (code = size ? read_square(&t->image_size, size, c->path, "image_size", st) : STATUS_OK) != STATUS_OK) {
        return code;
    }
    if (*pool && strcmp(pool, "token") != 0) {
        return status_set(st, STATUS_DATA, "'%s': timm_pool '%s' is not built, only '' and 'token'", c->path, pool);
    }
    if (json_is_null(value) || !*projection) {
        return STATUS_OK;
    }
    t->projection = strcmp(projection, "linear") == 0 ? PROJECTION_LINEAR : strcmp(projection, "mlp") == 0 ? PROJECTION_MLP : PROJECTION_NONE;
    if (t->projection == PROJECTION_NONE) {
        return status_set(st, STATUS_DATA, "'%s': timm_proj '%s' is not built, only 'linear' and 'mlp'", c->path, projection);
    }
    return t->embed_dim ? STATUS_OK : status_set(st, STATUS_DATA, "'%s': model_cfg has no embed_dim", c->path);
}

int timm_config_read(struct timm_config *t, const struct checkpoint *c, struct status *st)
{
    const char *type = json_string_value(json_object_get(c->config.json, "model_type"));
    *t = (struct timm_config){.image_size = 224, .open_clip = type && strcmp(type, "open_clip") == 0};
    int code = t->open_clip ? read_open_clip(t, &c->config, st) : read_timm(t, &c->config, st);
    if (code == STATUS_OK && (t->width % t->heads != 0 || t->patch > t->image_size)) {
        code = status_set(st, STATUS_DATA, "'%s': a width of %zu for %zu heads, patches of %zu in pictures of %zu", c->config.path, t->width,
                          t->heads, t->patch, t->image_size);
    }
    return code;
}

/* ---- names ---- */

struct pair {
    const char *theirs, *own; /* the start of the name, replaced */
    size_t part, n_parts;
};

static const struct pair outside[] = {{"embeddings.cls_token", "cls_token", 0, 1},
                                      {"embeddings.position_embeddings", "pos_embed", 0, 1},
                                      {"embeddings.patch_embeddings.projection.", "patch_embed.proj.", 0, 1},
                                      {"layernorm.", "norm.", 0, 1},
                                      {"classifier.", "head.", 0, 1},
                                      {NULL, NULL, 0, 0}};
static const struct pair inside[] = {{"layernorm_before.", "norm1.", 0, 1},
                                     {"layernorm_after.", "norm2.", 0, 1},
                                     {"norm1.", "norm1.", 0, 1},
                                     {"norm2.", "norm2.", 0, 1},
                                     {"attention.attention.query.", "attn.qkv.", 0, 3},
                                     {"attention.attention.key.", "attn.qkv.", 1, 3},
                                     {"attention.attention.value.", "attn.qkv.", 2, 3},
                                     {"attention.output.dense.", "attn.proj.", 0, 1},
                                     {"layer_scale1.lambda1", "ls1.gamma", 0, 1},
                                     {"layer_scale2.lambda1", "ls2.gamma", 0, 1},
                                     {"intermediate.dense.", "mlp.fc1.", 0, 1},
                                     {"output.dense.", "mlp.fc2.", 0, 1},
                                     {"mlp.fc1.", "mlp.fc1.", 0, 1},
                                     {"mlp.fc2.", "mlp.fc2.", 0, 1},
                                     {NULL, NULL, 0, 0}};

char *timm_translate(const struct checkpoint_names *names, const char *name, size_t *part, size_t *n_parts)
{
    static const char block[] = "encoder.layer.";
    const struct pair *pair = outside;
    int digits = 0;
    const char *number = name;
    if (starts_with(name, block)) {
        number = name + strlen(block);
        digits = (int)strspn(number, "0123456789");
        if (digits == 0 || number[digits] != '.') {
            return NULL;
        }
        name = number + digits + 1;
        pair = inside;
    }
    while (pair->theirs && !starts_with(name, pair->theirs)) {
        pair++;
    }
    if (!pair->theirs) {
        return NULL;
    }
    *part = pair->part;
    *n_parts = pair->n_parts;
    return mem_printf("%s%s%.*s%s%s%s", names->prefix, digits ? "blocks." : "", digits, number, digits ? "." : "", pair->own,
                      name + strlen(pair->theirs));
}
