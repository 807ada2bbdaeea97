#include "embed/featurizer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/half.h"
#include "base/memory.h"
#include "embed/baseline.h"
#include "image/tensor.h"

/* Raise when the same weights and settings would give other numbers, so that stored vectors are not reused. */
#define FEATURES_VERSION 2

#define SKELEX_SIDE 224

struct featurizer_workspace {
    struct encoder_workspace *encoder;
    size_t batch, n;   /* room, and pictures in hand */
    size_t n_pixels;   /* floats of one picture */
    float *pixels;     /* [batch, 3, height, width] of an encoder */
    float *vector;     /* [batch, width] */
};

/* Offset and width of readout number i in the vector. */
static size_t offset_of(const struct featurizer *f, size_t i, size_t *width)
{
    size_t offset = 0;
    for (size_t k = 0; k < i; k++)
        offset += encoder_readout_width(f->encoder, k);
    *width = encoder_readout_width(f->encoder, i);
    return offset;
}

/* Next name of a '+'-joined list; number of the readout, or n_readouts if the encoder lacks it. */
static size_t next_readout(const struct featurizer *f, const char **list)
{
    size_t n = strcspn(*list, "+"), count = encoder_n_readouts(f->encoder), i = 0;
    while (i < count && (strlen(encoder_readout_name(f->encoder, i)) != n || strncmp(encoder_readout_name(f->encoder, i), *list, n) != 0))
        i++;
    *list += n + ((*list)[n] == '+' && (*list)[n + 1] != '\0');
    return i;
}

int featurizer_readout_width(size_t *width, const struct featurizer *f, const char *readout, struct status *st)
{
    *width = f->width;
    if (!f->encoder)
        return STATUS_OK;
    *width = 0;
    const char *list = readout;
    do {
        size_t i = next_readout(f, &list), w;
        if (i == encoder_n_readouts(f->encoder) || *list == '+') {
            char known[256] = "";
            size_t used = 0;
            for (i = 0; i < encoder_n_readouts(f->encoder) && used < sizeof known; i++)
                used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", encoder_readout_name(f->encoder, i));
            return status_set(st, STATUS_DATA, "model '%s' has no readout '%s'; it has %s, and any of them joined by '+'", f->model->name,
                              readout, known);
        }
        (void)offset_of(f, i, &w);
        *width += w;
    } while (*list);
    return STATUS_OK;
}

void featurizer_read(float *out, const struct featurizer *f, const char *readout, const float *vector)
{
    if (!f->encoder) {
        memcpy(out, vector, f->width * sizeof *out);
        return;
    }
    for (const char *list = readout; *list;) {
        size_t width, i = next_readout(f, &list);
        assert(i < encoder_n_readouts(f->encoder));
        size_t offset = offset_of(f, i, &width);
        memcpy(out, vector + offset, width * sizeof *out);
        out += width;
    }
}

/* The picture every model was shown in the published comparison; a backbone that can, takes it at 224 as there. */
static void skelex_preprocess(struct featurizer *f)
{
    struct status refused;
    bool takes_it = encoder_set_input(f->encoder, SKELEX_SIDE, SKELEX_SIDE, &refused) == STATUS_OK;
    preprocess_default(&f->preprocess, takes_it ? SKELEX_SIDE : encoder_info(f->encoder)->image_size);
}

static int open_encoder(struct featurizer *f, struct status *st)
{
    const char *path = f->model->path;
    char hex[DIGEST_HEX];
    struct encoder_options options = {.architecture = f->model->architecture, .heads = f->model->heads,
                                      .old_interpolation = f->model->old_interpolation, .digest = true};
    if (!encoder_precision_parse(&options.precision, study_precision_name(f->model)))
        return status_set(st, STATUS_DATA, "model '%s': no encoder computes in %s", f->model->name, study_precision_name(f->model));
    int code = encoder_open_with(&f->encoder, path, &options, st);
    if (code)
        return code;
    const struct encoder_info *info = encoder_info(f->encoder);
    if (f->model->preprocess == PREPROCESS_SKELEX) {
        skelex_preprocess(f);
    } else {
        char *directory = file_is_directory(path) ? mem_strdup(path) : path_directory(path);
        code = preprocess_read(&f->preprocess, directory, info->input_height, st);
        free(directory);
    }
    if (!code && (code = encoder_set_input(f->encoder, f->preprocess.height, f->preprocess.width, st)))
        code = status_context(st, "'%s': pictures as its preprocessing makes them", path);
    if (!code)
        code = encoder_digest(f->weights, f->encoder, st);
    if (code)
        return code;
    f->width = encoder_output_width(f->encoder);
    char *pictures = preprocess_describe(&f->preprocess);
    f->words = mem_printf("%s %zux%zux%zu patch %zu image %zu, %s, weights %s, preprocess %s: %s%s%s, sums %s, features v%d", info->architecture, info->width,
                          info->layers, info->heads, info->patch, info->image_size, encoder_precision_name(info->precision), digest_hex(hex, f->weights),
                          study_preprocess_name(f->model), pictures, info->assumed ? ", assumed: " : "", info->assumed ? info->assumed : "",
                          encoder_arithmetic(f->encoder), FEATURES_VERSION);
    free(pictures);
    return STATUS_OK;
}

static int open_tokens(struct featurizer *f, struct status *st)
{
    const struct encoder_info *info = f->encoder ? encoder_info(f->encoder) : NULL;
    if (!info || info->tokens == 0)
        return status_set(st, STATUS_DATA, "model '%s' has no tokens to keep", f->model->name);
    f->keep_tokens = true;
    f->n_tokens = info->tokens;
    f->token_width = info->width;
    f->token_floats = (info->tokens * info->width + 1) / 2;
    f->token_words = mem_printf("%s, tokens %zux%zu float16", f->words, info->tokens, info->width);
    digest_bytes(f->token_fingerprint, f->token_words, strlen(f->token_words));
    return STATUS_OK;
}

int featurizer_open(struct featurizer *f, const struct study_model *model, struct status *st)
{
    *f = (struct featurizer){.model = model};
    int code = STATUS_OK;
    if (model->source == SOURCE_ENCODER) {
        code = open_encoder(f, st);
    } else {
        bool thumbnail = model->source == SOURCE_THUMBNAIL;
        f->width = thumbnail ? THUMBNAIL_WIDTH : ACQUISITION_WIDTH;
        f->words = mem_printf("%s baseline, features v%d", thumbnail ? "thumbnail 16x16" : "acquisition", FEATURES_VERSION);
    }
    for (size_t i = 0; i < model->n_readouts && !code; i++) {
        size_t width;
        if (!strcmp(model->readout[i], FEATURIZER_TOKENS))
            code = open_tokens(f, st);
        else
            code = featurizer_readout_width(&width, f, model->readout[i], st);
    }
    if (code) {
        featurizer_close(f);
        return code;
    }
    digest_bytes(f->fingerprint, f->words, strlen(f->words));
    return STATUS_OK;
}

void featurizer_close(struct featurizer *f)
{
    if (f->encoder)
        encoder_close(f->encoder);
    free(f->words);
    free(f->token_words);
    *f = (struct featurizer){0};
}

struct featurizer_workspace *featurizer_workspace_new(const struct featurizer *f, size_t batch)
{
    struct featurizer_workspace *w = NEW0(1, struct featurizer_workspace);
    w->batch = batch;
    w->vector = mem_aligned(batch * f->width, sizeof *w->vector);
    if (f->encoder) {
        w->encoder = encoder_workspace_new_for(f->encoder, batch);
        w->n_pixels = 3 * f->preprocess.width * f->preprocess.height;
        w->pixels = mem_aligned(batch * w->n_pixels, sizeof *w->pixels);
    }
    return w;
}

void featurizer_workspace_free(struct featurizer_workspace *w)
{
    if (!w)
        return;
    encoder_workspace_free(w->encoder);
    free(w->pixels);
    free(w->vector);
    free(w);
}

size_t featurizer_in_hand(const struct featurizer_workspace *w)
{
    return w->n;
}

/* A baseline has its vector at once; of an encoder the pixels wait. */
static int add(struct featurizer_workspace *w, const struct featurizer *f, const struct radiograph *r, bool shown, size_t file_bytes, struct status *st)
{
    int code = STATUS_OK;
    float *pixels = f->encoder ? w->pixels + w->n * w->n_pixels : NULL;
    assert(w->n < w->batch);
    switch (f->model->source) {
    case SOURCE_THUMBNAIL:
        code = baseline_thumbnail(w->vector + w->n * f->width, r, st);
        break;
    case SOURCE_ACQUISITION:
        baseline_acquisition(w->vector + w->n * f->width, r, file_bytes);
        break;
    case SOURCE_ENCODER:
        code = shown ? tensor_from_shown(pixels, r, &f->preprocess, st) : tensor_from_radiograph(pixels, r, &f->preprocess, st);
        break;
    }
    w->n += !code;
    return code;
}

int featurizer_add(struct featurizer_workspace *w, const struct featurizer *f, const struct radiograph *r, size_t file_bytes, struct status *st)
{
    return add(w, f, r, false, file_bytes, st);
}

int featurizer_add_shown(struct featurizer_workspace *w, const struct featurizer *f, const struct radiograph *r, size_t file_bytes, struct status *st)
{
    return add(w, f, r, true, file_bytes, st);
}

/* token[n_tokens, token_width] as float16 in out[token_floats]. */
static int narrow_tokens(float *out, const struct featurizer *f, const float *token, struct status *st)
{
    unsigned char *bytes = (unsigned char *)out;
    size_t n = f->n_tokens * f->token_width;
    out[f->token_floats - 1] = 0; /* an odd number of halves leaves one place over */
    for (size_t i = 0; i < n; i++) {
        uint16_t half = half_from_float(token[i]);
        if ((half & 0x7c00u) == 0x7c00u)
            return status_set(st, STATUS_DATA, "token %zu of model '%s' holds %g, which float16 cannot", i / f->token_width, f->model->name,
                              (double)token[i]);
        memcpy(bytes + i * sizeof half, &half, sizeof half);
    }
    return STATUS_OK;
}

/* Pictures first .. first + n - 1 of those in hand through the encoder, their tokens to where they are wanted.  A failure
 * of the encoder is returned and may be any of theirs; one of a token is its item's. */
static int forward(struct featurizer_item *item, const struct featurizer *f, struct featurizer_workspace *w, size_t first, size_t n, struct status *st)
{
    encoder_forward_batch(f->encoder, w->encoder, w->pixels + first * w->n_pixels, n, w->vector + first * f->width);
    for (size_t i = first; i < first + n; i++) {
        int code = encoder_check_output(f->encoder, w->vector + i * f->width, st);
        if (code)
            return code;
        item[i].st.code = STATUS_OK;
        if (item[i].tokens)
            item[i].st.code = narrow_tokens(item[i].tokens, f, encoder_tokens(f->encoder, w->encoder) + (i - first) * f->n_tokens * f->token_width,
                                            &item[i].st);
    }
    return STATUS_OK;
}

void featurizer_compute(struct featurizer_item *item, const struct featurizer *f, struct featurizer_workspace *w)
{
    struct status st;
    for (size_t i = 0; i < w->n; i++)
        item[i].st.code = STATUS_OK;
    if (f->encoder && w->n > 0 && forward(item, f, w, 0, w->n, &st) != STATUS_OK) {
        for (size_t i = 0; i < w->n; i++) { /* whose fault it is, each shows alone */
            item[i].st.code = STATUS_OK;
            if (forward(item, f, w, i, 1, &st) != STATUS_OK)
                item[i].st = st;
        }
    }
    for (size_t i = 0; i < w->n; i++)
        memcpy(item[i].vector, w->vector + i * f->width, f->width * sizeof *item[i].vector);
    w->n = 0;
}
