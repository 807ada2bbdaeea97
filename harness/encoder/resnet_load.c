/* From a checkpoint to a struct resnet: configuration, weights with their batch
 * norms folded in, consistency.  Names and defaults: transformers 4.47,
 * models/resnet. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoder/kernels.h"
#include "encoder/resnet_model.h"

#define MAX_CHANNELS 16384
#define MAX_DEPTH 512
#define EPS 1e-5      /* of torch's BatchNorm2d, which the configuration cannot change */
#define REDUCTION 4   /* a bottleneck's inner channels: out / 4 */
#define IMAGE_SIZE 224

/* A list of whole numbers in low .. high; as many as `missing` has if the key is not there. */
static int read_list(size_t *to, size_t *n, const struct model_config *c, const char *key, const size_t missing[4], size_t high,
                     struct status *st)
{
    const json_t *list = json_object_get(c->json, key);
    if (!list) {
        memcpy(to, missing, 4 * sizeof *to);
        *n = 4;
        return STATUS_OK;
    }
    *n = json_array_size(list); /* 0 for what is no array */
    if (*n < 1 || *n > RESNET_MAX_STAGES) {
        return status_set(st, STATUS_DATA, "'%s': %s must be a list of 1 to %d whole numbers", c->path, key, RESNET_MAX_STAGES);
    }
    for (size_t i = 0; i < *n; i++) {
        const json_t *field = json_array_get(list, i);
        json_int_t number = json_integer_value(field);
        if (!json_is_integer(field) || number < 1 || number > (json_int_t)high) {
            return status_set(st, STATUS_DATA, "'%s': entry %zu of %s must be a whole number in 1 .. %zu", c->path, i, key, high);
        }
        to[i] = (size_t)number;
    }
    return STATUS_OK;
}

static int read_config(struct resnet *m, const struct model_config *c, struct status *st)
{
    static const size_t channels[4] = {256, 512, 1024, 2048}, depths[4] = {3, 4, 6, 3};
    size_t n_depths, pixel_channels;
    const char *activation, *type;
    int code;
    if ((code = model_config_size(&pixel_channels, c, "num_channels", 3, 3, 3, st)) != STATUS_OK ||
        (code = model_config_size(&m->embedding, c, "embedding_size", 64, 1, MAX_CHANNELS, st)) != STATUS_OK ||
        (code = read_list(m->channels, &m->n_stages, c, "hidden_sizes", channels, MAX_CHANNELS, st)) != STATUS_OK ||
        (code = read_list(m->depth, &n_depths, c, "depths", depths, MAX_DEPTH, st)) != STATUS_OK ||
        (code = model_config_text(&type, c, "layer_type", "bottleneck", st)) != STATUS_OK ||
        (code = model_config_text(&activation, c, "hidden_act", "relu", st)) != STATUS_OK ||
        (code = model_config_flag(&m->downsample_in_first_stage, c, "downsample_in_first_stage", false, st)) != STATUS_OK ||
        (code = model_config_flag(&m->downsample_in_bottleneck, c, "downsample_in_bottleneck", false, st)) != STATUS_OK) {
        return code;
    }
    if (strcmp(activation, "relu") != 0) {
        return status_set(st, STATUS_DATA, "'%s': hidden_act '%s' is not built for resnet, only 'relu'", c->path, activation);
    }
    if (n_depths != m->n_stages) {
        return status_set(st, STATUS_DATA, "'%s': hidden_sizes has %zu entries, depths %zu", c->path, m->n_stages, n_depths);
    }
    if (strcmp(type, "bottleneck") != 0 && strcmp(type, "basic") != 0) {
        return status_set(st, STATUS_DATA, "'%s': layer_type is '%s', it must be 'bottleneck' or 'basic'", c->path, type);
    }
    m->n_layers = type[1] == 'o' ? 3 : 2;
    for (size_t i = 0; i < m->n_stages; i++) {
        if (m->n_layers == 3 && m->channels[i] < REDUCTION) {
            return status_set(st, STATUS_DATA, "'%s': entry %zu of hidden_sizes is %zu, a bottleneck needs at least %d", c->path, i,
                              m->channels[i], REDUCTION);
        }
        m->n_blocks += m->depth[i];
    }
    m->height = m->width = IMAGE_SIZE;
    return STATUS_OK;
}

/* "resnet." or "", whichever has a stem. */
static int find_prefix(const char **prefix, const struct checkpoint *c, struct status *st)
{
    bool with = checkpoint_find(c, "resnet.embedder.embedder.convolution.weight");
    bool without = checkpoint_find(c, "embedder.embedder.convolution.weight");
    if (with && without) {
        return status_set(st, STATUS_DATA, "'%s' holds two encoders: resnet.embedder.embedder.convolution.weight and "
                          "embedder.embedder.convolution.weight", c->path);
    }
    if (!with && !without) {
        return status_set(st, STATUS_DATA, "'%s' lacks tensor 'resnet.embedder.embedder.convolution.weight' (and "
                          "'embedder.embedder.convolution.weight')", c->path);
    }
    *prefix = with ? "resnet." : "";
    return STATUS_OK;
}

/* norm(w * x) = (scale w) * x + (bias - scale mean), scale = weight / sqrt(variance + eps), in double.
 * folded[n_out, kernel, kernel, n_in] from weight[n_out, n_in, kernel, kernel]: as it meets a picture's values. */
static int fold(float *folded, struct resnet_convolution *to, const float *weight, const float *const norm[4],
                const struct checkpoint *c, const char *name, struct status *st)
{
    size_t n_taps = to->kernel * to->kernel, values = to->n_in * n_taps;
    for (size_t o = 0; o < to->n_out; o++) {
        double variance = (double)norm[3][o];
        if (variance < 0) {
            return status_set(st, STATUS_DATA, "'%s': tensor '%s.normalization.running_var' holds %g at place %zu, no variance", c->path,
                              name, variance, o);
        }
        double scale = (double)norm[0][o] / sqrt(variance + EPS);
        for (size_t tap = 0; tap < n_taps; tap++) {
            for (size_t i = 0; i < to->n_in; i++) {
                folded[o * values + tap * to->n_in + i] = (float)(scale * (double)weight[o * values + i * n_taps + tap]);
            }
        }
        to->bias[o] = (float)((double)norm[1][o] - scale * (double)norm[2][o]);
    }
    if (kernel_find_non_finite(folded, to->n_out * values) < to->n_out * values ||
        kernel_find_non_finite(to->bias, to->n_out) < to->n_out) {
        return status_set(st, STATUS_DATA, "'%s': '%s' times its batch norm leaves the range of float32", c->path, name);
    }
    return STATUS_OK;
}

static int fold_and_pack(struct resnet_convolution *to, const float *weight, const float *const norm[4], const struct checkpoint *c,
                         const char *name, struct status *st)
{
    size_t values = to->n_in * to->kernel * to->kernel;
    float *folded = mem_aligned(to->n_out * values, sizeof *folded);
    to->bias = mem_aligned(to->n_out, sizeof *to->bias);
    int code = fold(folded, to, weight, norm, c, name, st);
    if (code == STATUS_OK) {
        product_pack(&to->weight, &(struct product_part){folded, to->n_out}, 1, values, c->options.precision);
    }
    free(folded);
    return code;
}

/* Takes convolutions one after the other until the first that fails. */
struct loader {
    struct checkpoint *c;
    const char *prefix; /* "resnet.encoder.stages.2.layers.0." */
    size_t n_parameters;
    int code;
    struct status *st;
};

static const float *take(struct loader *l, const char *name, const char *part, const size_t *shape, size_t n_dims)
{
    const float *values = NULL;
    if (l->code == STATUS_OK) {
        char *full = mem_printf("%s.%s", name, part);
        l->code = checkpoint_weight(&values, l->c, full, shape, n_dims, l->st);
        free(full);
    }
    return values;
}

static void release(struct loader *l, const char *name, const char *part)
{
    char *full = mem_printf("%s.%s", name, part);
    checkpoint_release(l->c, full);
    free(full);
}

static void take_convolution(struct resnet_convolution *to, struct loader *l, const char *name, size_t n_in, size_t n_out,
                             size_t kernel, size_t stride)
{
    static const char *const parts[4] = {"normalization.weight", "normalization.bias", "normalization.running_mean",
                                         "normalization.running_var"};
    const float *norm[4];
    char *full = mem_printf("%s%s", l->prefix, name);
    *to = (struct resnet_convolution){.n_in = n_in, .n_out = n_out, .kernel = kernel, .stride = stride};
    const float *weight = take(l, full, "convolution.weight", (size_t[]){n_out, n_in, kernel, kernel}, 4);
    for (size_t i = 0; i < 4; i++) {
        norm[i] = take(l, full, parts[i], &n_out, 1);
    }
    if (l->code == STATUS_OK) {
        l->code = fold_and_pack(to, weight, norm, l->c, full, l->st);
        release(l, full, "convolution.weight");
        for (size_t i = 0; i < 4; i++) {
            release(l, full, parts[i]);
        }
        l->n_parameters += n_out * (n_in * kernel * kernel + 2);
    }
    free(full);
}

static void take_block(struct resnet_block *to, struct loader *l, const struct resnet *m, size_t n_in, size_t n_out, size_t stride)
{
    if (m->n_layers == 3) {
        size_t inner = n_out / REDUCTION;
        take_convolution(&to->layer[0], l, "layer.0", n_in, inner, 1, m->downsample_in_bottleneck ? stride : 1);
        take_convolution(&to->layer[1], l, "layer.1", inner, inner, 3, m->downsample_in_bottleneck ? 1 : stride);
        take_convolution(&to->layer[2], l, "layer.2", inner, n_out, 1, 1);
    } else {
        take_convolution(&to->layer[0], l, "layer.0", n_in, n_out, 3, stride);
        take_convolution(&to->layer[1], l, "layer.1", n_out, n_out, 3, 1);
    }
    if (n_in != n_out || stride != 1) {
        take_convolution(&to->shortcut, l, "shortcut", n_in, n_out, 1, stride);
    }
}

static int take_encoder(struct resnet *m, size_t *n_parameters, struct checkpoint *c, const char *prefix, struct status *st)
{
    struct loader l = {.c = c, .prefix = prefix, .code = STATUS_OK, .st = st};
    size_t at = 0, n_in = m->embedding;
    take_convolution(&m->stem, &l, "embedder.embedder", 3, m->embedding, 7, 2);
    m->block = NEW0(m->n_blocks, struct resnet_block);
    for (size_t stage = 0; stage < m->n_stages; stage++) {
        for (size_t i = 0; i < m->depth[stage] && l.code == STATUS_OK; i++) {
            char *name = mem_printf("%sencoder.stages.%zu.layers.%zu.", prefix, stage, i);
            size_t stride = i == 0 && (stage > 0 || m->downsample_in_first_stage) ? 2 : 1;
            l.prefix = name;
            take_block(&m->block[at++], &l, m, n_in, m->channels[stage], stride);
            free(name);
            n_in = m->channels[stage];
        }
    }
    *n_parameters = l.n_parameters;
    return l.code;
}

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* A convolution that config.json does not count would change the result in silence; batch counters say nothing. */
static int refuse_unread_blocks(const struct checkpoint *c, const char *prefix, struct status *st)
{
    size_t n = strlen(prefix);
    for (size_t i = 0; i < c->n; i++) {
        const char *name = c->entry[i].tensor->name;
        if (!c->entry[i].used && begins(name, prefix) && (begins(name + n, "encoder.") || begins(name + n, "embedder.")) &&
            !strstr(name, ".num_batches_tracked")) {
            return status_set(st, STATUS_DATA, "'%s' holds tensor '%s', for which the encoder of config.json has no place", c->path, name);
        }
    }
    return STATUS_OK;
}

static int take_classifier(struct resnet *m, struct checkpoint *c, struct status *st)
{
    const struct checkpoint_entry *e = checkpoint_find(c, "classifier.1.weight");
    if (!e || e->tensor->n_dims != 2 || e->tensor->shape[0] == 0) {
        return STATUS_OK; /* no head of ours: listed among what is not read */
    }
    struct loader l = {.c = c, .code = STATUS_OK, .st = st};
    m->n_labels = e->tensor->shape[0];
    m->head_weight = take(&l, "classifier.1", "weight", (size_t[]){m->n_labels, m->channels[m->n_stages - 1]}, 2);
    m->head_bias = take(&l, "classifier.1", "bias", &m->n_labels, 1);
    return l.code;
}

int resnet_load(struct resnet **model, struct encoder_info *info, struct checkpoint *c, struct status *st)
{
    struct resnet *m = NEW0(1, struct resnet);
    const char *prefix = "";
    size_t n_parameters = 0;
    int code = read_config(m, &c->config, st);
    if (code == STATUS_OK) {
        code = find_prefix(&prefix, c, st);
    }
    if (code == STATUS_OK) {
        code = take_encoder(m, &n_parameters, c, prefix, st);
    }
    if (code == STATUS_OK) {
        code = refuse_unread_blocks(c, prefix, st);
    }
    if (code == STATUS_OK) {
        code = take_classifier(m, c, st);
    }
    if (code != STATUS_OK) {
        resnet_unload(m);
        return code;
    }
    info->width = m->channels[m->n_stages - 1];
    info->layers = m->n_stages;
    info->image_size = IMAGE_SIZE;
    info->eps = EPS;
    info->n_parameters = n_parameters;
    info->n_labels = m->n_labels;
    *model = m;
    return STATUS_OK;
}

static void free_convolution(struct resnet_convolution *c)
{
    product_free(&c->weight);
    free(c->bias);
}

void resnet_unload(struct resnet *m)
{
    if (!m) {
        return;
    }
    free_convolution(&m->stem);
    for (size_t i = 0; m->block && i < m->n_blocks; i++) {
        for (size_t j = 0; j < RESNET_MAX_LAYERS; j++) {
            free_convolution(&m->block[i].layer[j]);
        }
        free_convolution(&m->block[i].shortcut);
    }
    free(m->block);
    free(m);
}
