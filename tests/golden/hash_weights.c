#include "golden/hash_weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/outfile.h"

struct kind {
    const char *name;
    size_t width, layers, heads, intermediate, decoder_width, decoder_layers, decoder_heads, decoder_intermediate, image, patch;
};
static const struct kind kinds[] = {{"vitl", 1024, 24, 16, 4096, 512, 8, 16, 2048, 224, 16}, {"small", 32, 2, 2, 64, 16, 1, 2, 32, 32, 16}};

struct tensor {
    char *name;
    size_t shape[4], n_dims, n;
};
struct list {
    struct tensor *item;
    size_t n, capacity;
};

static void add(struct list *l, char *name, size_t n_dims, size_t a, size_t b, size_t c, size_t d)
{
    l->item = mem_grow(l->item, l->n, &l->capacity, sizeof *l->item);
    l->item[l->n++] = (struct tensor){.name = name, .shape = {a, b, c, d}, .n_dims = n_dims,
                                      .n = a * (n_dims > 1 ? b : 1) * (n_dims > 2 ? c : 1) * (n_dims > 3 ? d : 1)};
}

static void add_linear(struct list *l, const char *prefix, const char *name, size_t out, size_t in)
{
    add(l, mem_printf("%s%s.weight", prefix, name), 2, out, in, 0, 0);
    add(l, mem_printf("%s%s.bias", prefix, name), 1, out, 0, 0, 0);
}

static void add_norm(struct list *l, const char *prefix, const char *name, size_t width)
{
    add(l, mem_printf("%s%s.weight", prefix, name), 1, width, 0, 0, 0);
    add(l, mem_printf("%s%s.bias", prefix, name), 1, width, 0, 0, 0);
}

static void add_blocks(struct list *l, const char *stem, size_t n, size_t width, size_t intermediate)
{
    for (size_t i = 0; i < n; i++) {
        char *prefix = mem_printf("%s.%zu.", stem, i);
        add_linear(l, prefix, "attention.attention.query", width, width);
        add_linear(l, prefix, "attention.attention.key", width, width);
        add_linear(l, prefix, "attention.attention.value", width, width);
        add_linear(l, prefix, "attention.output.dense", width, width);
        add_linear(l, prefix, "intermediate.dense", intermediate, width);
        add_linear(l, prefix, "output.dense", width, intermediate);
        add_norm(l, prefix, "layernorm_before", width);
        add_norm(l, prefix, "layernorm_after", width);
        free(prefix);
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct tensor *)a)->name, ((const struct tensor *)b)->name);
}

static void list_tensors(struct list *l, const struct kind *k)
{
    size_t tokens = (k->image / k->patch) * (k->image / k->patch) + 1, pixels = k->patch * k->patch * 3;
    add(l, mem_strdup("vit.embeddings.cls_token"), 3, 1, 1, k->width, 0);
    add(l, mem_strdup("vit.embeddings.position_embeddings"), 3, 1, tokens, k->width, 0);
    add(l, mem_strdup("vit.embeddings.patch_embeddings.projection.weight"), 4, k->width, 3, k->patch, k->patch);
    add(l, mem_strdup("vit.embeddings.patch_embeddings.projection.bias"), 1, k->width, 0, 0, 0);
    add_blocks(l, "vit.encoder.layer", k->layers, k->width, k->intermediate);
    add_norm(l, "vit.", "layernorm", k->width);
    add(l, mem_strdup("decoder.mask_token"), 3, 1, 1, k->decoder_width, 0);
    add(l, mem_strdup("decoder.decoder_pos_embed"), 3, 1, tokens, k->decoder_width, 0);
    add_linear(l, "decoder.", "decoder_embed", k->decoder_width, k->width);
    add_blocks(l, "decoder.decoder_layers", k->decoder_layers, k->decoder_width, k->decoder_intermediate);
    add_norm(l, "decoder.", "decoder_norm", k->decoder_width);
    add_linear(l, "decoder.", "decoder_pred", pixels, k->decoder_width);
    qsort(l->item, l->n, sizeof *l->item, by_name);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

/* value = base + 2^exponent * r; the first rule that fits. */
static void scale_of(const struct tensor *t, float *base, int *exponent)
{
    *base = 0;
    *exponent = -3; /* biases */
    if (ends_with(t->name, "position_embeddings") || ends_with(t->name, "decoder_pos_embed") || ends_with(t->name, "cls_token") ||
        ends_with(t->name, "mask_token")) {
        *exponent = -1;
    } else if (strstr(t->name, "norm") && ends_with(t->name, "weight")) {
        *base = 1;
        *exponent = -2;
    } else if (!ends_with(t->name, "bias")) {
        size_t fan = t->n / t->shape[0];
        int bits = 0;
        for (; fan; fan >>= 1)
            bits++;
        *exponent = 1 - (bits - 1) / 2;
    }
}

static void write_tensor(FILE *f, const struct tensor *t, uint64_t seed)
{
    enum { CHUNK = 1 << 16 };
    float *value = NEW(CHUNK, float), base, scale = 1;
    int exponent;
    uint64_t state = 14695981039346656037u;
    for (const char *c = t->name; *c; c++)
        state = (state ^ (unsigned char)*c) * 1099511628211u;
    state ^= seed * 0xD1B54A32D192ED03u;
    scale_of(t, &base, &exponent);
    for (; exponent > 0; exponent--)
        scale *= 2;
    for (; exponent < 0; exponent++)
        scale /= 2;
    for (size_t begin = 0; begin < t->n; begin += CHUNK) {
        size_t m = t->n - begin < CHUNK ? t->n - begin : CHUNK;
        for (size_t i = 0; i < m; i++) {
            uint64_t z = state + (begin + i + 1) * 0x9E3779B97F4A7C15u;
            z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
            z = (z ^ z >> 27) * 0x94D049BB133111EBu;
            z ^= z >> 31;
            value[i] = base + scale * ((float)((int64_t)(z >> 40) - (1 << 23)) / 8388608.0f);
        }
        fwrite(value, sizeof *value, m, f);
    }
    free(value);
}

static int write_config(const char *directory, const struct kind *k, struct status *st)
{
    struct outfile out;
    char *path = path_join(directory, "config.json");
    int code = outfile_open(&out, path, st);
    free(path);
    if (code)
        return code;
    fprintf(out.stream,
            "{\"model_type\": \"vit_mae\", \"hidden_size\": %zu, \"num_hidden_layers\": %zu, \"num_attention_heads\": %zu, "
            "\"intermediate_size\": %zu, \"decoder_hidden_size\": %zu, \"decoder_num_hidden_layers\": %zu, \"decoder_num_attention_heads\": %zu, "
            "\"decoder_intermediate_size\": %zu, \"image_size\": %zu, \"patch_size\": %zu, \"hidden_act\": \"gelu\", \"layer_norm_eps\": 1e-12, "
            "\"qkv_bias\": true, \"num_channels\": 3}\n",
            k->width, k->layers, k->heads, k->intermediate, k->decoder_width, k->decoder_layers, k->decoder_heads, k->decoder_intermediate, k->image,
            k->patch);
    return outfile_commit(&out, st);
}

static int write_weights(const char *directory, const struct list *l, uint64_t seed, struct status *st)
{
    struct outfile out;
    char *path = path_join(directory, "model.safetensors"), *header = NULL;
    size_t size, offset = 0;
    int code = outfile_open(&out, path, st);
    free(path);
    FILE *text = code ? NULL : open_memstream(&header, &size);
    if (!text)
        return code ? code : status_set(st, STATUS_INTERNAL, "no memory stream");
    fputs("{\"__metadata__\":{\"format\":\"pt\"}", text);
    for (size_t i = 0; i < l->n; i++) {
        const struct tensor *t = &l->item[i];
        fprintf(text, ",\"%s\":{\"dtype\":\"F32\",\"shape\":[", t->name);
        for (size_t d = 0; d < t->n_dims; d++)
            fprintf(text, "%s%zu", d ? "," : "", t->shape[d]);
        fprintf(text, "],\"data_offsets\":[%zu,%zu]}", offset, offset + 4 * t->n);
        offset += 4 * t->n;
    }
    fputc('}', text);
    while (ftell(text) % 8)
        fputc(' ', text);
    fclose(text);
    uint64_t length = size; /* little-endian, as the machines this runs on */
    fwrite(&length, sizeof length, 1, out.stream);
    fwrite(header, 1, size, out.stream);
    free(header);
    for (size_t i = 0; i < l->n; i++)
        write_tensor(out.stream, &l->item[i], seed);
    return outfile_commit(&out, st);
}

int hash_weights_write(const char *directory, const char *name, uint64_t seed, struct status *st)
{
    const struct kind *k = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i].name, name))
            k = &kinds[i];
    if (!k)
        return status_set(st, STATUS_DATA, "no kind '%s' of generated weights", name);
    struct list l = {0};
    size_t total = 0;
    list_tensors(&l, k);
    for (size_t i = 0; i < l.n; i++)
        total += 4 * l.item[i].n;
    struct statvfs room;
    int code = STATUS_OK;
    if (statvfs(directory, &room) == 0 && (double)room.f_bavail * (double)room.f_frsize < 1.2 * (double)total + 1e8)
        code = status_set(st, STATUS_IO, "'%s' has no room for %zu bytes", directory, total);
    if (!code)
        code = write_config(directory, k, st);
    if (!code)
        code = write_weights(directory, &l, seed, st);
    for (size_t i = 0; i < l.n; i++)
        free(l.item[i].name);
    free(l.item);
    return code;
}

void hash_weights_remove(const char *directory)
{
    static const char *const file[] = {"config.json", "model.safetensors"};
    for (size_t i = 0; i < 2; i++) {
        char *path = path_join(directory, file[i]);
        unlink(path);
        free(path);
    }
    rmdir(directory);
}
