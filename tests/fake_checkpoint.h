/* Checkpoints of our own making for tests and benches: a list of tensors that
 * a test edits, then files.  Values depend on the tensor's name and the seed
 * alone, and are so short that F32, F16 and BF16 hold the same numbers. */
#ifndef TESTS_FAKE_CHECKPOINT_H
#define TESTS_FAKE_CHECKPOINT_H

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"

struct fake_tensor {
    char *name;
    const char *dtype; /* "F32", "F16", "BF16"; any other stands in the header over float32 bytes */
    size_t n_dims, shape[4];
    char *source[3]; /* the values are those of the tensors of these names, one behind the other; NULL: of its own name */
    size_t n_sources;
    bool poked; /* the last value is `poke` */
    float poke;
};

struct fake {
    struct fake_tensor *tensor;
    size_t n, capacity;
};

struct fake_vit {
    const char *prefix; /* "vit." or "" */
    size_t width, layers, heads, intermediate, patch, image;
    bool qkv_bias;
    bool dinov2, gated; /* its names and layer scale; a SwiGLU of `intermediate` columns */
    size_t registers;
};

static inline struct fake_tensor *fake_add(struct fake *f, char *name, size_t n_dims, const size_t *shape)
{
    f->tensor = mem_grow(f->tensor, f->n, &f->capacity, sizeof *f->tensor);
    struct fake_tensor *t = &f->tensor[f->n++];
    *t = (struct fake_tensor){.name = name, .dtype = "F32", .n_dims = n_dims};
    memcpy(t->shape, shape, n_dims * sizeof *shape);
    return t;
}

static inline struct fake_tensor *fake_find(struct fake *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++) {
        if (strcmp(f->tensor[i].name, name) == 0) {
            return &f->tensor[i];
        }
    }
    return NULL;
}

static inline void fake_free_tensor(struct fake_tensor *t)
{
    for (size_t i = 0; i < t->n_sources; i++) {
        free(t->source[i]);
    }
    free(t->name);
}

static inline void fake_drop(struct fake *f, const char *name)
{
    struct fake_tensor *t = fake_find(f, name);
    fake_free_tensor(t);
    *t = f->tensor[--f->n];
}

static inline void fake_free(struct fake *f)
{
    for (size_t i = 0; i < f->n; i++) {
        fake_free_tensor(&f->tensor[i]);
    }
    free(f->tensor);
    *f = (struct fake){.n = 0};
}

static inline void fake_add_linear(struct fake *f, const char *prefix, const char *name, size_t n_out, size_t n_in, bool bias)
{
    fake_add(f, mem_printf("%s%s.weight", prefix, name), 2, (size_t[]){n_out, n_in});
    if (bias) {
        fake_add(f, mem_printf("%s%s.bias", prefix, name), 1, &n_out);
    }
}

static inline void fake_add_norm(struct fake *f, const char *prefix, const char *name, size_t n)
{
    fake_add(f, mem_printf("%s%s.weight", prefix, name), 1, &n);
    fake_add(f, mem_printf("%s%s.bias", prefix, name), 1, &n);
}

enum fake_part { FAKE_UP, FAKE_DOWN, FAKE_BEFORE, FAKE_AFTER };

static inline const char *fake_name(const struct fake_vit *v, enum fake_part part)
{
    static const char *const names[3][4] = {
        {"intermediate.dense", "output.dense", "layernorm_before", "layernorm_after"},
        {"mlp.fc1", "mlp.fc2", "norm1", "norm2"},
        {"mlp.weights_in", "mlp.weights_out", "norm1", "norm2"},
    };
    return names[v->gated ? 2 : v->dinov2][part];
}

static inline void fake_add_vit(struct fake *f, const struct fake_vit *v)
{
    size_t D = v->width, grid = v->image / v->patch;
    fake_add(f, mem_printf("%sembeddings.cls_token", v->prefix), 3, (size_t[]){1, 1, D});
    fake_add(f, mem_printf("%sembeddings.position_embeddings", v->prefix), 3, (size_t[]){1, grid * grid + 1, D});
    fake_add(f, mem_printf("%sembeddings.patch_embeddings.projection.weight", v->prefix), 4, (size_t[]){D, 3, v->patch, v->patch});
    fake_add(f, mem_printf("%sembeddings.patch_embeddings.projection.bias", v->prefix), 1, &D);
    if (v->registers > 0) {
        fake_add(f, mem_printf("%sembeddings.register_tokens", v->prefix), 3, (size_t[]){1, v->registers, D});
    }
    for (size_t i = 0; i < v->layers; i++) {
        char *layer = mem_printf("%sencoder.layer.%zu.", v->prefix, i);
        fake_add_linear(f, layer, "attention.attention.query", D, D, v->qkv_bias);
        fake_add_linear(f, layer, "attention.attention.key", D, D, v->qkv_bias);
        fake_add_linear(f, layer, "attention.attention.value", D, D, v->qkv_bias);
        fake_add_linear(f, layer, "attention.output.dense", D, D, true);
        fake_add_linear(f, layer, fake_name(v, FAKE_UP), v->gated ? 2 * v->intermediate : v->intermediate, D, true);
        fake_add_linear(f, layer, fake_name(v, FAKE_DOWN), D, v->intermediate, true);
        fake_add_norm(f, layer, fake_name(v, FAKE_BEFORE), D);
        fake_add_norm(f, layer, fake_name(v, FAKE_AFTER), D);
        for (int j = 1; v->dinov2 && j <= 2; j++) {
            fake_add(f, mem_printf("%slayer_scale%d.lambda1", layer, j), 1, &D);
        }
        free(layer);
    }
    fake_add_norm(f, v->prefix, "layernorm", D);
}

/* A residual network; depth and channels have n_stages entries. */
struct fake_resnet {
    const char *prefix; /* "resnet." or "" */
    bool bottleneck, first, in_bottleneck; /* downsample_in_first_stage, downsample_in_bottleneck */
    size_t embedding, n_stages, depth[4], channels[4];
};

static inline void fake_add_convolution(struct fake *f, const char *prefix, const char *name, size_t n_out, size_t n_in, size_t kernel)
{
    static const char *const parts[] = {"weight", "bias", "running_mean", "running_var"};
    fake_add(f, mem_printf("%s%s.convolution.weight", prefix, name), 4, (size_t[]){n_out, n_in, kernel, kernel});
    for (size_t i = 0; i < 4; i++) {
        fake_add(f, mem_printf("%s%s.normalization.%s", prefix, name, parts[i]), 1, &n_out);
    }
}

static inline void fake_add_resnet(struct fake *f, const struct fake_resnet *r)
{
    size_t in = r->embedding;
    fake_add_convolution(f, r->prefix, "embedder.embedder", in, 3, 7);
    for (size_t stage = 0; stage < r->n_stages; stage++) {
        size_t out = r->channels[stage];
        for (size_t i = 0; i < r->depth[stage]; i++, in = out) {
            char *block = mem_printf("%sencoder.stages.%zu.layers.%zu.", r->prefix, stage, i);
            if (in != out || (i == 0 && (stage > 0 || r->first))) {
                fake_add_convolution(f, block, "shortcut", out, in, 1);
            }
            if (r->bottleneck) {
                fake_add_convolution(f, block, "layer.0", out / 4, in, 1);
                fake_add_convolution(f, block, "layer.1", out / 4, out / 4, 3);
                fake_add_convolution(f, block, "layer.2", out, out / 4, 1);
            } else {
                fake_add_convolution(f, block, "layer.0", out, in, 3);
                fake_add_convolution(f, block, "layer.1", out, out, 3);
            }
            free(block);
        }
    }
}

static inline size_t fake_count(const struct fake_tensor *t)
{
    size_t n = 1;
    for (size_t i = 0; i < t->n_dims; i++) {
        n *= t->shape[i];
    }
    return n;
}

/* Norm weights and variances lie around 1; matrices shrink with the root of their fan-in; a tenth of splitmix64 is enough here. */
static inline void fake_values(float *out, const struct fake_tensor *t, uint64_t seed)
{
    size_t n = fake_count(t);
    for (size_t i = 0; i < t->n_sources; i++) {
        struct fake_tensor part = *t;
        part.name = t->source[i];
        part.n_sources = 0;
        part.shape[0] /= t->n_sources;
        part.poked = t->poked && i + 1 == t->n_sources;
        fake_values(out + i * (n / t->n_sources), &part, seed);
    }
    if (t->n_sources > 0) {
        return;
    }
    size_t fan = t->n_dims > 1 ? n / t->shape[0] : 16;
    bool norm = strstr(t->name, "norm") && (strstr(t->name, "weight") || strstr(t->name, "running_var"));
    float step = ldexpf(1.0f, -(int)(0.5 * log2((double)fan)) - 3);
    uint64_t state = digest_checksum(t->name, strlen(t->name)) ^ (seed * 0x9E3779B97F4A7C15u);
    for (size_t i = 0; i < n; i++) {
        uint64_t z = state + i * 0x9E3779B97F4A7C15u;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        float r = (float)((int)(z >> 60) - 8) * (norm ? 0.03125f : step); /* 16 levels */
        out[i] = norm ? 1.0f + r : r;
    }
    if (t->poked) {
        out[n - 1] = t->poke;
    }
}

static inline size_t fake_item(const struct fake_tensor *t)
{
    return strcmp(t->dtype, "F16") == 0 || strcmp(t->dtype, "BF16") == 0 ? 2 : 4;
}

/* The upper half for BF16; for F16 a short normal number is moved over. */
static inline uint16_t fake_half(float value, bool bf16)
{
    uint32_t u;
    memcpy(&u, &value, sizeof u);
    if (bf16) {
        return (uint16_t)(u >> 16);
    }
    uint32_t magnitude = u & 0x7fffffffu;
    return (uint16_t)((u >> 16 & 0x8000u) | (magnitude ? (magnitude >> 13) - (112u << 10) : 0));
}

/* Tensors `from` to `to` as one file; `odd` makes the data begin at an odd address.  false if it cannot be written. */
static inline bool fake_write_part(const struct fake *f, size_t from, size_t to, const char *path, uint64_t seed, bool odd)
{
    char *header = NULL;
    size_t length = 0, at = 0;
    FILE *text = open_memstream(&header, &length);
    fputc('{', text);
    for (size_t i = from; i < to; i++) {
        const struct fake_tensor *t = &f->tensor[i];
        size_t size = fake_count(t) * fake_item(t);
        fprintf(text, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[", i > from ? "," : "", t->name, t->dtype);
        for (size_t j = 0; j < t->n_dims; j++) {
            fprintf(text, j ? ",%zu" : "%zu", t->shape[j]);
        }
        fprintf(text, "],\"data_offsets\":[%zu,%zu]}", at, at + size);
        at += size;
    }
    fputc('}', text);
    fflush(text);
    for (size_t pad = (8 - length % 8) % 8 + odd; pad > 0; pad--) {
        fputc(' ', text);
    }
    fclose(text);
    FILE *file = fopen(path, "wb");
    uint64_t n = length;
    bool fine = file && fwrite(&n, sizeof n, 1, file) == 1 && fwrite(header, 1, length, file) == length;
    for (size_t i = from; i < to && fine; i++) {
        const struct fake_tensor *t = &f->tensor[i];
        size_t count = fake_count(t);
        float *values = NEW(count + 1, float);
        fake_values(values, t, seed);
        if (fake_item(t) == 2) {
            uint16_t *half = NEW(count + 1, uint16_t);
            for (size_t j = 0; j < count; j++) {
                half[j] = fake_half(values[j], t->dtype[0] == 'B');
            }
            fine = fwrite(half, 2, count, file) == count;
            free(half);
        } else {
            fine = fwrite(values, 4, count, file) == count;
        }
        free(values);
    }
    free(header);
    return (!file || fclose(file) == 0) && fine;
}

static inline bool fake_write(const struct fake *f, const char *path, uint64_t seed)
{
    return fake_write_part(f, 0, f->n, path, seed, false);
}

static inline bool fake_write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    bool fine = file && fputs(text, file) >= 0;
    return file && fclose(file) == 0 && fine;
}

/* config.json; `more` is further fields, each with a comma before it. */
static inline bool fake_write_config(const char *path, const struct fake_vit *v, const char *model_type, const char *more)
{
    char *text = mem_printf("{\"model_type\": \"%s\", \"hidden_size\": %zu, \"num_hidden_layers\": %zu, \"num_attention_heads\": %zu,\n"
                            " \"intermediate_size\": %zu, \"patch_size\": %zu, \"image_size\": %zu, \"qkv_bias\": %s%s}\n",
                            model_type, v->width, v->layers, v->heads, v->intermediate, v->patch, v->image,
                            v->qkv_bias ? "true" : "false", more);
    bool fine = fake_write_text(path, text);
    free(text);
    return fine;
}

/* config.json of a resnet; `more` as above. */
static inline bool fake_write_resnet_config(const char *path, const struct fake_resnet *r, const char *more)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    fprintf(f, "{\"model_type\": \"resnet\", \"embedding_size\": %zu, \"layer_type\": \"%s\",\n \"downsample_in_first_stage\": %s, "
               "\"downsample_in_bottleneck\": %s,\n \"hidden_sizes\": [", r->embedding, r->bottleneck ? "bottleneck" : "basic",
            r->first ? "true" : "false", r->in_bottleneck ? "true" : "false");
    for (size_t i = 0; i < r->n_stages; i++) {
        fprintf(f, "%s%zu", i ? ", " : "", r->channels[i]);
    }
    fputs("], \"depths\": [", f);
    for (size_t i = 0; i < r->n_stages; i++) {
        fprintf(f, "%s%zu", i ? ", " : "", r->depth[i]);
    }
    fprintf(f, "]%s}\n", more);
    fclose(f);
    bool fine = fake_write_text(path, text);
    free(text);
    return fine;
}

#endif
