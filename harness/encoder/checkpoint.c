/* Opening a checkpoint.  File names: transformers, utils/__init__.py and
 * modeling_utils.py (the single file wins over an index, as there). */
#include "encoder/checkpoint.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/layout.h"
#include "base/memory.h"
#include "encoder/kernels.h"

#define SINGLE "model.safetensors"
#define INDEX "model.safetensors.index.json"
#define PICKLE "pytorch_model.bin"
#define CLIP_SINGLE "open_clip_model.safetensors"
#define CLIP_PICKLE "open_clip_pytorch_model.bin"
#define MAX_SHARDS 1000

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* ---- which files ---- */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool shard_name_is_safe(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && !strpbrk(name, "/\\");
}

/* The distinct file names of the weight_map, sorted. */
static int name_shards(struct checkpoint *c, const json_t *weight_map, const char *index_path, struct status *st)
{
    const char *tensor;
    json_t *file;
    size_t capacity = 0;
    if (!json_is_object(weight_map) || json_object_size(weight_map) == 0) {
        return status_set(st, STATUS_DATA, "'%s' has no weight_map", index_path);
    }
    json_object_foreach((json_t *)(uintptr_t)weight_map, tensor, file) {
        const char *name = json_string_value(file);
        if (!name || !shard_name_is_safe(name)) {
            return status_set(st, STATUS_DATA, "'%s': tensor '%s' is to be in '%s', which is no file name in this folder", index_path,
                              tensor, name ? name : "(not a text)");
        }
        if (!ends_with(name, ".safetensors")) {
            return status_set(st, STATUS_DATA, "'%s': tensor '%s' is to be in '%s', which is no .safetensors file", index_path, tensor,
                              name);
        }
        size_t i = 0;
        while (i < c->n_shards && strcmp(c->shard_name[i], name) != 0) {
            i++;
        }
        if (i < c->n_shards) {
            continue;
        }
        if (c->n_shards == MAX_SHARDS) {
            return status_set(st, STATUS_DATA, "'%s' names more than %d files", index_path, MAX_SHARDS);
        }
        c->shard_name = mem_grow(c->shard_name, c->n_shards, &capacity, sizeof *c->shard_name);
        c->shard_name[c->n_shards++] = mem_strdup(name);
    }
    qsort(c->shard_name, c->n_shards, sizeof *c->shard_name, compare_texts);
    return STATUS_OK;
}

static void name_single(struct checkpoint *c, const char *name)
{
    c->shard_name = NEW(1, char *);
    c->shard_name[0] = mem_strdup(name);
    c->n_shards = 1;
}

/* ---- the tensors of all files ---- */

static int by_name(const void *a, const void *b)
{
    const struct checkpoint_entry *left = a, *right = b;
    int order = safetensors_compare_names(left->tensor, right->tensor);
    return order ? order : (left->shard > right->shard) - (left->shard < right->shard);
}

static int open_shards(struct checkpoint *c, const char *folder, struct status *st)
{
    c->shard = NEW0(c->n_shards, struct safetensors);
    for (size_t i = 0; i < c->n_shards; i++) {
        char *path = path_join(folder, c->shard_name[i]);
        int code = safetensors_open(&c->shard[i], path, st);
        if (code == STATUS_OK && c->shard[i].n_duplicates > 0) {
            code = status_set(st, STATUS_DATA, "'%s' holds tensor '%s' twice", path, c->shard[i].duplicate[0]);
        }
        free(path);
        if (code != STATUS_OK) {
            return code;
        }
        c->n += c->shard[i].n;
    }
    c->entry = NEW(c->n + 1, struct checkpoint_entry);
    size_t at = 0;
    for (size_t i = 0; i < c->n_shards; i++) {
        for (size_t j = 0; j < c->shard[i].n; j++) {
            c->entry[at++] = (struct checkpoint_entry){.tensor = &c->shard[i].tensor[j], .shard = i};
        }
    }
    qsort(c->entry, c->n, sizeof *c->entry, by_name);
    for (size_t i = 1; i < c->n; i++) {
        if (safetensors_compare_names(c->entry[i - 1].tensor, c->entry[i].tensor) == 0) {
            return status_set(st, STATUS_DATA, "'%s': tensor '%s' is both in '%s' and in '%s'", c->path, c->entry[i].tensor->name,
                              c->shard_name[c->entry[i - 1].shard], c->shard_name[c->entry[i].shard]);
        }
    }
    return STATUS_OK;
}

static int check_index(const struct checkpoint *c, const json_t *weight_map, const char *index_path, struct status *st)
{
    const char *name;
    json_t *file;
    json_object_foreach((json_t *)(uintptr_t)weight_map, name, file) {
        const struct checkpoint_entry *e = checkpoint_find(c, name);
        if (!e || strcmp(c->shard_name[e->shard], json_string_value(file)) != 0) {
            return status_set(st, STATUS_DATA, "'%s' puts tensor '%s' into '%s', which does not hold it", index_path, name,
                              json_string_value(file));
        }
    }
    return STATUS_OK;
}

static int open_sharded(struct checkpoint *c, const char *index_path, struct status *st)
{
    struct model_config index; /* the same kind of file: one JSON object, read strictly */
    int code = model_config_read(&index, index_path, st);
    if (code != STATUS_OK) {
        return code;
    }
    const json_t *weight_map = json_object_get(index.json, "weight_map");
    code = name_shards(c, weight_map, index_path, st);
    if (code == STATUS_OK) {
        code = open_shards(c, c->path, st);
    }
    if (code == STATUS_OK) {
        code = check_index(c, weight_map, index_path, st);
    }
    model_config_free(&index);
    return code;
}

static bool has(const struct checkpoint *c, const char *name)
{
    char *path = path_join(c->path, name);
    bool there = file_exists(path);
    free(path);
    return there;
}

/* timm's config.json names an architecture where transformers' has a model_type (its wrapper for timm has both). */
static int read_config(struct checkpoint *c, const char *path, bool open_clip, struct status *st)
{
    int code = model_config_read(&c->config, path, st);
    if (code != STATUS_OK) {
        return code;
    }
    const char *type = json_string_value(json_object_get(c->config.json, "model_type"));
    bool timm = json_is_string(json_object_get(c->config.json, "architecture")) && (!type || strcmp(type, "timm_wrapper") == 0);
    if (open_clip || timm) {
        json_object_set_new(c->config.json, "model_type", json_string(open_clip ? "open_clip" : "timm"));
    }
    return STATUS_OK;
}

static int refuse_pickle(const struct checkpoint *c, const char *pickle, const char *single, struct status *st)
{
    const char *type = json_string_value(json_object_get(c->config.json, "model_type"));
    if (type && strcmp(type, "timm") != 0 && strcmp(type, "open_clip") != 0) {
        return status_set(st, STATUS_DATA,
                          "'%s' has only " PICKLE ", a pickle, which can run code and is never read: convert it to " SINGLE
                          " with transformers' save_pretrained(..., safe_serialization=True)", c->path);
    }
    return status_set(st, STATUS_DATA,
                      "'%s' has only %s, a pickle, which can run code and is never read: convert it once in Python with "
                      "safetensors.torch.save_file({k: v.contiguous() for k, v in torch.load('%s', weights_only=True).items()}, '%s')",
                      c->path, pickle, pickle, single);
}

static int open_folder(struct checkpoint *c, struct status *st)
{
    bool open_clip = layout_is_open_clip(c->path);
    char *config = path_join(c->path, open_clip ? LAYOUT_OPEN_CLIP : "config.json");
    int code;
    if (file_exists(config)) {
        code = read_config(c, config, open_clip, st);
    } else {
        code = status_set(st, STATUS_DATA, "'%s' is no checkpoint: it has no config.json; a folder as downloaded (config.json, model.safetensors) or a .safetensors file was expected", c->path);
    }
    if (code != STATUS_OK) {
        goto done;
    }
    if (open_clip && has(c, CLIP_SINGLE)) {
        name_single(c, CLIP_SINGLE);
        code = open_shards(c, c->path, st);
    } else if (has(c, SINGLE)) {
        name_single(c, SINGLE);
        code = open_shards(c, c->path, st);
    } else if (has(c, INDEX)) {
        char *index = path_join(c->path, INDEX);
        code = open_sharded(c, index, st);
        free(index);
    } else if (open_clip && has(c, CLIP_PICKLE)) {
        code = refuse_pickle(c, CLIP_PICKLE, CLIP_SINGLE, st);
    } else if (has(c, PICKLE)) {
        code = refuse_pickle(c, PICKLE, SINGLE, st);
    } else {
        code = status_set(st, STATUS_DATA, "'%s' has neither %s nor " INDEX, c->path, open_clip ? CLIP_SINGLE ", " SINGLE : SINGLE);
    }
done:
    free(config);
    return code;
}

static int open_file(struct checkpoint *c, struct status *st)
{
    char *folder = path_directory(c->path);
    bool open_clip = layout_is_open_clip(folder);
    char *config = path_join(folder, open_clip ? LAYOUT_OPEN_CLIP : "config.json");
    int code = STATUS_OK;
    if (file_exists(config)) {
        code = read_config(c, config, open_clip, st);
    }
    if (code == STATUS_OK) {
        name_single(c, path_basename(c->path));
        code = open_shards(c, folder, st);
    }
    free(config);
    free(folder);
    return code;
}

int checkpoint_open(struct checkpoint *c, const char *path, struct status *st)
{
    int code;
    *c = (struct checkpoint){.path = mem_strdup(path)};
    if (file_is_directory(path)) {
        code = open_folder(c, st);
    } else if (!file_exists(path)) {
        code = status_set(st, STATUS_IO, "checkpoint '%s' does not exist", path);
    } else if (ends_with(path, ".safetensors")) {
        code = open_file(c, st);
    } else {
        code = status_set(st, STATUS_DATA, "'%s' is neither a checkpoint folder nor a .safetensors file", path);
    }
    if (code != STATUS_OK) {
        checkpoint_close(c);
    }
    return code;
}

void checkpoint_close(struct checkpoint *c)
{
    for (size_t i = 0; i < c->n_shards; i++) {
        free(c->shard_name[i]);
        if (c->shard) {
            safetensors_close(&c->shard[i]);
        }
    }
    for (size_t i = 0; c->entry && i < c->n; i++) {
        free(c->entry[i].copy);
    }
    model_config_free(&c->config);
    free(c->shard_name);
    free(c->shard);
    free(c->entry);
    free(c->path);
    *c = (struct checkpoint){.path = NULL};
}

/* ---- weights ---- */

static int name_against(const void *name, const void *element)
{
    return safetensors_compare_names(name, ((const struct checkpoint_entry *)element)->tensor);
}

static struct checkpoint_entry *find_own(const struct checkpoint *c, const char *name)
{
    struct safetensors_tensor wanted = {.name = (char *)(uintptr_t)name, .name_length = strlen(name)};
    return c->n ? bsearch(&wanted, c->entry, c->n, sizeof *c->entry, name_against) : NULL;
}

/* The file's name of what the loader calls `name` (new string), or NULL. */
static char *own_name(const struct checkpoint *c, const char *name, size_t *part, size_t *n_parts)
{
    *part = 0;
    *n_parts = 1;
    return c->names ? c->names->translate(c->names, name, part, n_parts) : mem_strdup(name);
}

struct checkpoint_entry *checkpoint_find(const struct checkpoint *c, const char *name)
{
    size_t part, n_parts;
    char *own = own_name(c, name, &part, &n_parts);
    struct checkpoint_entry *e = own ? find_own(c, own) : NULL;
    free(own);
    return e;
}

/* The values where they lie if they can be read there, else a copy as floats. */
static void fill_values(struct checkpoint_entry *e)
{
    const struct safetensors_tensor *t = e->tensor;
    if (t->dtype == SAFETENSORS_F32 && (uintptr_t)t->data % _Alignof(float) == 0) {
        e->values = (const float *)(const void *)t->data;
        return;
    }
    e->copy = mem_aligned(t->n, sizeof *e->copy);
    if (t->dtype == SAFETENSORS_F16) {
        kernel_widen_f16(e->copy, t->data, t->n);
    } else if (t->dtype == SAFETENSORS_BF16) {
        kernel_widen_bf16(e->copy, t->data, t->n);
    } else {
        memcpy(e->copy, t->data, t->size);
    }
    e->values = e->copy;
}

/* Of part number `part` of `n_parts` of the tensor. */
static int take_weight(const float **weight, struct checkpoint *c, const char *name, const size_t *shape, size_t n_dims, size_t part,
                       size_t n_parts, struct status *st)
{
    struct checkpoint_entry *e = find_own(c, name);
    if (!e) {
        return status_set(st, STATUS_DATA, "'%s' lacks tensor '%s'", c->path, name);
    }
    const struct safetensors_tensor *t = e->tensor;
    size_t whole[SAFETENSORS_MAX_DIMS];
    assert(n_dims >= 1 && n_dims <= SAFETENSORS_MAX_DIMS);
    memcpy(whole, shape, n_dims * sizeof *shape);
    whole[0] *= n_parts;
    if (t->n_dims != n_dims || memcmp(t->shape, whole, n_dims * sizeof *whole) != 0) {
        char has[SAFETENSORS_SHAPE_TEXT], due[SAFETENSORS_SHAPE_TEXT];
        return status_set(st, STATUS_DATA, "'%s': tensor '%s' has shape %s, config.json asks for %s", c->path, name,
                          safetensors_shape_text(has, t->shape, t->n_dims), safetensors_shape_text(due, whole, n_dims));
    }
    if (t->dtype != SAFETENSORS_F32 && t->dtype != SAFETENSORS_F16 && t->dtype != SAFETENSORS_BF16) {
        return status_set(st, STATUS_DATA, "'%s': tensor '%s' is stored as %s; weights are read as F32, F16 or BF16", c->path, name,
                          safetensors_dtype_name(t->dtype));
    }
    if (!e->values) {
        fill_values(e);
    }
    size_t n = t->n / n_parts, first = part * n;
    const float *values = e->values + first;
    size_t bad = kernel_find_non_finite(values, n);
    if (bad < n) {
        return status_set(st, STATUS_DATA, "'%s': tensor '%s' holds %f at place %zu of %zu", c->path, name, (double)values[bad],
                          first + bad, t->n);
    }
    c->n_used += !e->used;
    e->used = true;
    e->held |= 1u << part;
    if (!(e->taken >> part & 1u)) {
        e->taken |= 1u << part;
        c->n_values += n;
    }
    *weight = values;
    return STATUS_OK;
}

int checkpoint_weight(const float **weight, struct checkpoint *c, const char *name, const size_t *shape, size_t n_dims,
                      struct status *st)
{
    size_t part, n_parts;
    char *own = own_name(c, name, &part, &n_parts);
    int code = own ? take_weight(weight, c, own, shape, n_dims, part, n_parts, st)
                   : status_set(st, STATUS_DATA, "'%s' has no tensor of the kind of '%s'", c->path, name);
    free(own);
    return code;
}

void checkpoint_release(struct checkpoint *c, const char *name)
{
    size_t part, n_parts;
    char *own = own_name(c, name, &part, &n_parts);
    struct checkpoint_entry *e = own ? find_own(c, own) : NULL;
    free(own);
    if (!e || !e->held) {
        return;
    }
    e->held &= ~(1u << part);
    if (!e->held) {
        free(e->copy);
        e->copy = NULL;
        e->values = NULL;
        file_map_drop(e->tensor->data, e->tensor->size);
    }
}

bool checkpoint_digest(uint8_t out[DIGEST_BYTES], const struct checkpoint *c, const bool *stop)
{
    uint8_t *digests = mem_alloc(c->n_shards, DIGEST_BYTES);
    bool done = true;
    for (size_t i = 0; i < c->n_shards && done; i++) {
        done = digest_map(digests + i * DIGEST_BYTES, &c->shard[i].map, stop);
    }
    if (done) {
        digest_bytes(out, digests, c->n_shards * DIGEST_BYTES);
    }
    free(digests);
    return done;
}
