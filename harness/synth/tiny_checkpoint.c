#include "synth/tiny_checkpoint.h"

#include <assert.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/rng.h"
#include "synth/whole_file.h"

#define IMAGE 224
#define PATCH 16
#define CHANNELS 3
#define TOKENS (1 + (IMAGE / PATCH) * (IMAGE / PATCH))

enum fill { FILL_ZERO, FILL_ONE, FILL_NORMAL, FILL_POSITION, FILL_FILTER };

struct tensor {
    char name[80];
    size_t n_dims, shape[4], n;
    enum fill fill;
    double scale; /* standard deviation, or norm of a filter */
};

struct tensor_list {
    struct tensor *tensor;
    size_t n, capacity;
};

/* One transformer stack: the encoder or the decoder. */
struct stack {
    const char *layer; /* name of its layers, before ".{i}" */
    size_t width, inner, heads, layers;
};
static const struct stack encoder = {"vit.encoder.layer", 64, 256, 4, 4};
static const struct stack decoder = {"decoder.decoder_layers", 32, 64, 2, 2};

__attribute__((format(printf, 5, 6))) static void add(struct tensor_list *list, enum fill fill, double scale, const size_t shape[4],
                                                      const char *name, ...)
{
    list->tensor = mem_grow(list->tensor, list->n, &list->capacity, sizeof *list->tensor);
    struct tensor *t = list->tensor + list->n++;
    *t = (struct tensor){.fill = fill, .scale = scale, .n = 1};
    for (; t->n_dims < 4 && shape[t->n_dims]; t->n_dims++)
        t->n *= t->shape[t->n_dims] = shape[t->n_dims];
    va_list arguments;
    va_start(arguments, name);
    int length = vsnprintf(t->name, sizeof t->name, name, arguments);
    va_end(arguments);
    assert(length > 0 && (size_t)length < sizeof t->name);
    (void)length;
}

#define SHAPE(...) ((const size_t[4]){__VA_ARGS__})

static void add_linear(struct tensor_list *list, size_t out, size_t in, double gain, const char *name)
{
    add(list, FILL_NORMAL, gain / sqrt((double)in), SHAPE(out, in), "%s.weight", name);
    add(list, FILL_ZERO, 0, SHAPE(out), "%s.bias", name);
}

static void add_norm(struct tensor_list *list, size_t width, const char *name)
{
    add(list, FILL_ONE, 0, SHAPE(width), "%s.weight", name);
    add(list, FILL_ZERO, 0, SHAPE(width), "%s.bias", name);
}

static void add_layers(struct tensor_list *list, const struct stack *s)
{
    const struct {
        const char *part;
        size_t out, in;
        double gain;
    } linear[] = {{"attention.attention.query", s->width, s->width, 1},
                  {"attention.attention.key", s->width, s->width, 1},
                  {"attention.attention.value", s->width, s->width, 1},
                  {"attention.output.dense", s->width, s->width, 1},
                  {"intermediate.dense", s->inner, s->width, 1.5}, /* GELU is where patches turn into features */
                  {"output.dense", s->width, s->inner, 1.5}};
    static const char *const norm[] = {"layernorm_before", "layernorm_after"};
    char name[64];
    for (size_t i = 0; i < s->layers; i++) {
        for (size_t k = 0; k < sizeof linear / sizeof *linear; k++) {
            snprintf(name, sizeof name, "%s.%zu.%s", s->layer, i, linear[k].part);
            add_linear(list, linear[k].out, linear[k].in, linear[k].gain, name);
        }
        for (size_t k = 0; k < sizeof norm / sizeof *norm; k++) {
            snprintf(name, sizeof name, "%s.%zu.%s", s->layer, i, norm[k]);
            add_norm(list, s->width, name);
        }
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct tensor *)a)->name, ((const struct tensor *)b)->name);
}

static void list_tensors(struct tensor_list *list)
{
    const size_t d = encoder.width, e = decoder.width, pixels = PATCH * PATCH * CHANNELS;
    add(list, FILL_NORMAL, 1.0, SHAPE(1, 1, d), "vit.embeddings.cls_token");
    add(list, FILL_POSITION, 0, SHAPE(1, TOKENS, d), "vit.embeddings.position_embeddings");
    add(list, FILL_FILTER, 3.0, SHAPE(d, CHANNELS, PATCH, PATCH), "vit.embeddings.patch_embeddings.projection.weight");
    add(list, FILL_ZERO, 0, SHAPE(d), "vit.embeddings.patch_embeddings.projection.bias");
    add_layers(list, &encoder);
    add_norm(list, d, "vit.layernorm");
    add(list, FILL_NORMAL, 0.02, SHAPE(1, 1, e), "decoder.mask_token");
    add(list, FILL_POSITION, 0, SHAPE(1, TOKENS, e), "decoder.decoder_pos_embed");
    add_linear(list, e, d, 1.0, "decoder.decoder_embed");
    add_layers(list, &decoder);
    add_norm(list, e, "decoder.decoder_norm");
    add_linear(list, pixels, e, 1.0, "decoder.decoder_pred");
    qsort(list->tensor, list->n, sizeof *list->tensor, by_name);
}

/* MAE's table: the first half of a row codes the patch's column, the second its
 * row, each as sines then cosines of falling frequency.  table[TOKENS * width]. */
static void fill_position(float *table, size_t width)
{
    const size_t side = IMAGE / PATCH, quarter = width / 4;
    memset(table, 0, width * sizeof *table);
    for (size_t patch = 0; patch < side * side; patch++) {
        float *row = table + (1 + patch) * width;
        for (size_t half = 0; half < 2; half++)
            for (size_t i = 0; i < quarter; i++) {
                double angle = (double)(half == 0 ? patch % side : patch / side) / pow(10000, (double)i / (double)quarter);
                row[2 * half * quarter + i] = (float)sin(angle);
                row[(2 * half + 1) * quarter + i] = (float)cos(angle);
            }
    }
}

/* Smooth random patch filters of norm `norm`, the same for all channels: cosines
 * whose weights fall off with frequency as a Gaussian blur of 1 to 2.5 pixels
 * would have it.  All but one in eight sum to zero, so that brightness does not
 * drown shape.  filter[n][CHANNELS][PATCH][PATCH]. */
static void fill_filters(float *filter, size_t n, double norm, gsl_rng *rng)
{
    enum { WAVES = 8 };
    double wave[WAVES][PATCH], plane[PATCH][PATCH];
    for (size_t i = 0; i < WAVES; i++)
        for (size_t x = 0; x < PATCH; x++)
            wave[i][x] = cos(M_PI / PATCH * (double)i * ((double)x + 0.5));
    for (size_t k = 0; k < n; k++, filter += CHANNELS * PATCH * PATCH) {
        double blur = M_PI / PATCH * gsl_ran_flat(rng, 1.0, 2.5), sum = 0;
        memset(plane, 0, sizeof plane);
        for (size_t i = 0; i < WAVES; i++)
            for (size_t j = 0; j < WAVES; j++) {
                double weight = gsl_ran_gaussian_ziggurat(rng, exp(-0.5 * blur * blur * (double)(i * i + j * j)));
                if (i + j == 0 && k % 8)
                    continue;
                for (size_t y = 0; y < PATCH; y++)
                    for (size_t x = 0; x < PATCH; x++)
                        plane[y][x] += weight * wave[i][y] * wave[j][x];
            }
        for (size_t i = 0; i < PATCH * PATCH; i++)
            sum += plane[i / PATCH][i % PATCH] * plane[i / PATCH][i % PATCH];
        for (size_t i = 0; i < CHANNELS * PATCH * PATCH; i++)
            filter[i] = (float)(norm / sqrt(CHANNELS * sum) * plane[i / PATCH % PATCH][i % PATCH]);
    }
}

static void fill_tensor(float *value, const struct tensor *t, uint64_t seed, gsl_rng *rng)
{
    rng_stream_set(rng, seed, t->name, 0);
    if (t->fill == FILL_POSITION)
        fill_position(value, t->shape[2]);
    else if (t->fill == FILL_FILTER)
        fill_filters(value, t->shape[0], t->scale, rng);
    else
        for (size_t i = 0; i < t->n; i++)
            value[i] = t->fill == FILL_NORMAL ? (float)gsl_ran_gaussian_ziggurat(rng, t->scale) : t->fill == FILL_ONE ? 1.0f : 0.0f;
}

/* The safetensors header as text, padded with spaces so that the data begins on a multiple of 8. */
static char *header_text(size_t *size, const struct tensor_list *list)
{
    char *text = NULL;
    FILE *f = open_memstream(&text, size);
    if (!f)
        return NULL;
    fputs("{\"__metadata__\":{\"format\":\"pt\",\"note\":\"random weights, not a trained model\"}", f);
    size_t begin = 0;
    for (size_t i = 0; i < list->n; i++) {
        const struct tensor *t = list->tensor + i;
        fprintf(f, ",\"%s\":{\"dtype\":\"F32\",\"shape\":[", t->name);
        for (size_t k = 0; k < t->n_dims; k++)
            fprintf(f, "%s%zu", k ? "," : "", t->shape[k]);
        fprintf(f, "],\"data_offsets\":[%zu,%zu]}", begin, begin + t->n * sizeof(float));
        begin += t->n * sizeof(float);
    }
    fputc('}', f);
    for (long at = ftell(f); at % 8; at++)
        fputc(' ', f);
    if (fclose(f)) {
        free(text);
        return NULL;
    }
    return text;
}

static void put_little_endian(unsigned char *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static int weights_write(const char *path, uint64_t seed, struct status *st)
{
    struct tensor_list list = {0};
    list_tensors(&list);
    size_t header_size = 0, n = 0, largest = 0;
    for (size_t i = 0; i < list.n; i++) {
        n += list.tensor[i].n;
        largest = list.tensor[i].n > largest ? list.tensor[i].n : largest;
    }
    float *value = NEW(largest, float);
    gsl_rng *rng = rng_stream_new();
    unsigned char *file = NULL;
    int rc = STATUS_OK;
    char *header = header_text(&header_size, &list);
    if (!header) {
        rc = status_errno(st, STATUS_INTERNAL, "cannot compose '%s'", path);
        goto out;
    }
    file = NEW(8 + header_size + n * sizeof(float), unsigned char);
    put_little_endian(file, header_size, 8);
    memcpy(file + 8, header, header_size);
    unsigned char *at = file + 8 + header_size;
    for (size_t i = 0; i < list.n; i++) {
        fill_tensor(value, list.tensor + i, seed, rng);
        for (size_t k = 0; k < list.tensor[i].n; k++, at += sizeof(float)) {
            uint32_t bits;
            memcpy(&bits, value + k, sizeof bits);
            put_little_endian(at, bits, sizeof bits);
        }
    }
    rc = whole_file_write(path, file, (size_t)(at - file), st);
out:
    free(file);
    free(header);
    gsl_rng_free(rng);
    free(value);
    free(list.tensor);
    return rc;
}

static char *config_text(void)
{
    return mem_printf("{\n"
                      "  \"architectures\": [\"ViTMAEForPreTraining\"],\n"
                      "  \"attention_probs_dropout_prob\": 0.0,\n"
                      "  \"decoder_hidden_size\": %zu,\n"
                      "  \"decoder_intermediate_size\": %zu,\n"
                      "  \"decoder_num_attention_heads\": %zu,\n"
                      "  \"decoder_num_hidden_layers\": %zu,\n"
                      "  \"hidden_act\": \"gelu\",\n"
                      "  \"hidden_dropout_prob\": 0.0,\n"
                      "  \"hidden_size\": %zu,\n"
                      "  \"image_size\": %d,\n"
                      "  \"initializer_range\": 0.02,\n"
                      "  \"intermediate_size\": %zu,\n"
                      "  \"layer_norm_eps\": 1e-12,\n"
                      "  \"mask_ratio\": 0.75,\n"
                      "  \"model_type\": \"vit_mae\",\n"
                      "  \"norm_pix_loss\": false,\n"
                      "  \"num_attention_heads\": %zu,\n"
                      "  \"num_channels\": %d,\n"
                      "  \"num_hidden_layers\": %zu,\n"
                      "  \"patch_size\": %d,\n"
                      "  \"qkv_bias\": true,\n"
                      "  \"skelex_eval_note\": \"random weights, not a trained model\",\n"
                      "  \"torch_dtype\": \"float32\"\n"
                      "}\n",
                      decoder.width, decoder.inner, decoder.heads, decoder.layers, encoder.width, IMAGE, encoder.inner, encoder.heads,
                      CHANNELS, encoder.layers, PATCH);
}

static char *preprocessor_text(void)
{
    return mem_printf("{\n"
                      "  \"do_normalize\": true,\n"
                      "  \"do_rescale\": true,\n"
                      "  \"do_resize\": true,\n"
                      "  \"image_mean\": [0.485, 0.456, 0.406],\n"
                      "  \"image_processor_type\": \"ViTImageProcessor\",\n"
                      "  \"image_std\": [0.229, 0.224, 0.225],\n"
                      "  \"resample\": 2,\n"
                      "  \"rescale_factor\": 0.00392156862745098,\n"
                      "  \"size\": {\"height\": %d, \"width\": %d}\n"
                      "}\n",
                      IMAGE, IMAGE);
}

static int text_write(const char *directory, const char *name, char *text, struct status *st)
{
    char *path = path_join(directory, name);
    int rc = whole_file_write(path, text, strlen(text), st);
    free(path);
    free(text);
    return rc;
}

int tiny_checkpoint_write(const char *directory, uint64_t seed, struct status *st)
{
    char *weights = path_join(directory, "model.safetensors");
    int rc = file_make_directories(directory, st);
    if (!rc)
        rc = text_write(directory, "config.json", config_text(), st);
    if (!rc)
        rc = text_write(directory, "preprocessor_config.json", preprocessor_text(), st);
    if (!rc)
        rc = weights_write(weights, seed, st);
    free(weights);
    return rc;
}
