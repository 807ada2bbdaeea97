/* The forward pass.  A picture is [C, h, w]; a convolution is a product of its
 * weights [n_out, n_in k k] with the columns [n_in k k, places] under its
 * window, made a few rows at a time; a 1x1 of stride 1 reads the picture as it
 * is.  What is added to a product (bias, shortcut) lies in its result
 * beforehand (beta = 1). */
#include "encoder/resnet.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoder/kernels.h"
#include "encoder/resnet_model.h"

#define COLUMN_VALUES ((size_t)1 << 19) /* 2 MB: stays in the second-level cache until the product has read it */

struct picture {
    float *value; /* [channels, height, width] */
    size_t channels, height, width;
};

struct state {
    struct picture x, y;     /* of a block: in, out */
    struct picture inner[2]; /* between its layers */
    float *columns;
    float *pooled;           /* [D] */
    float **trace;           /* [n_traces], one a hidden state, or NULL */
    size_t n_traces;
};

static const char *const model_types[] = {"resnet", NULL};

/* With an odd kernel and padding kernel / 2. */
static size_t side_behind(size_t side, size_t stride)
{
    return (side - 1) / stride + 1;
}

static size_t count(const struct picture *p)
{
    return p->channels * p->height * p->width;
}

static void set_shape(struct picture *y, const struct picture *x, size_t channels, size_t stride)
{
    y->channels = channels;
    y->height = side_behind(x->height, stride);
    y->width = side_behind(x->width, stride);
}

/* to[i] = row[i * stride + offset - pad] for i < n, zero where that is outside the row. */
static void gather_row(float *to, const float *row, size_t width, size_t n, size_t stride, size_t offset, size_t pad)
{
    size_t from = offset < pad ? (pad - offset + stride - 1) / stride : 0;
    size_t end = width + pad > offset ? (width - 1 + pad - offset) / stride + 1 : 0;
    end = end < n ? end : n;
    from = from < end ? from : end;
    memset(to, 0, from * sizeof *to);
    if (stride == 1) {
        memcpy(to + from, row + from + offset - pad, (end - from) * sizeof *to);
    } else {
        for (size_t i = from; i < end; i++) {
            to[i] = row[i * stride + offset - pad];
        }
    }
    memset(to + end, 0, (n - end) * sizeof *to);
}

/* columns[n_in k k, n_rows * width of y] for the rows from `first` of the result. */
static void gather(float *columns, const struct picture *x, const struct resnet_convolution *c, size_t first, size_t n_rows,
                   size_t width)
{
    size_t pad = c->kernel / 2;
    for (size_t channel = 0; channel < c->n_in; channel++) {
        const float *plane = x->value + channel * x->height * x->width;
        for (size_t ky = 0; ky < c->kernel; ky++) {
            for (size_t kx = 0; kx < c->kernel; kx++) {
                for (size_t row = first; row < first + n_rows; row++, columns += width) {
                    size_t below = row * c->stride + ky;
                    if (below < pad || below - pad >= x->height) {
                        memset(columns, 0, width * sizeof *columns);
                    } else {
                        gather_row(columns, plane + (below - pad) * x->width, x->width, width, c->stride, kx, pad);
                    }
                }
            }
        }
    }
}

/* Rows of the result whose columns are made at once; at least one. */
static size_t rows_at_once(const struct resnet_convolution *c, const struct picture *y)
{
    size_t n = COLUMN_VALUES / (c->n_in * c->kernel * c->kernel * y->width);
    return n < 1 ? 1 : n < y->height ? n : y->height;
}

/* y += weight * x; y has its shape. */
static void convolve(struct picture *y, const struct picture *x, const struct resnet_convolution *c, float *columns)
{
    size_t values = c->n_in * c->kernel * c->kernel, places = y->height * y->width;
    bool as_it_is = c->kernel == 1 && c->stride == 1;
    size_t step = as_it_is ? y->height : rows_at_once(c, y);
    for (size_t row = 0; row < y->height; row += step) {
        size_t n = (row + step < y->height ? step : y->height - row) * y->width;
        if (!as_it_is) {
            gather(columns, x, c, row, n / y->width, y->width);
        }
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)c->n_out, (int)n, (int)values, 1.0f, c->weight, (int)values,
                    as_it_is ? x->value : columns, (int)n, 1.0f, y->value + row * y->width, (int)places);
    }
}

/* Each channel of y set to its bias, or raised by it. */
static void put_bias(struct picture *y, const float *bias, bool raise)
{
    size_t places = y->height * y->width;
    for (size_t channel = 0; channel < y->channels; channel++) {
        float *plane = y->value + channel * places, b = bias[channel];
#pragma omp simd
        for (size_t i = 0; i < places; i++) {
            plane[i] = raise ? plane[i] + b : b;
        }
    }
}

static void rectify(struct picture *y)
{
    size_t n = count(y);
    float *value = y->value;
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        value[i] = value[i] < 0.0f ? 0.0f : value[i]; /* NaN passes */
    }
}

static void run_layer(struct picture *y, const struct picture *x, const struct resnet_convolution *c, float *columns)
{
    set_shape(y, x, c->n_out, c->stride);
    put_bias(y, c->bias, false);
    convolve(y, x, c, columns);
}

static void swap(struct picture *a, struct picture *b)
{
    struct picture keep = *a;
    *a = *b;
    *b = keep;
}

/* 3x3, stride 2; what lies outside takes no part. */
static void max_pool(struct picture *y, const struct picture *x)
{
    set_shape(y, x, x->channels, 2);
    float *to = y->value;
    for (size_t channel = 0; channel < x->channels; channel++) {
        const float *plane = x->value + channel * x->height * x->width;
        for (size_t row = 0; row < y->height; row++) {
            size_t top = row ? 2 * row - 1 : 0, bottom = 2 * row + 2 < x->height ? 2 * row + 2 : x->height;
            for (size_t column = 0; column < y->width; column++) {
                size_t left = column ? 2 * column - 1 : 0, right = 2 * column + 2 < x->width ? 2 * column + 2 : x->width;
                float largest = -INFINITY;
                for (size_t i = top; i < bottom; i++) {
                    for (size_t j = left; j < right; j++) {
                        float v = plane[i * x->width + j];
                        largest = v <= largest ? largest : v; /* NaN passes */
                    }
                }
                *to++ = largest;
            }
        }
    }
}

static void run_block(struct state *s, const struct resnet_block *b, size_t n_layers)
{
    const struct picture *x = &s->x;
    for (size_t i = 0; i + 1 < n_layers; i++) {
        run_layer(&s->inner[i], x, &b->layer[i], s->columns);
        rectify(&s->inner[i]);
        x = &s->inner[i];
    }
    if (b->shortcut.weight) {
        run_layer(&s->y, &s->x, &b->shortcut, s->columns);
    } else {
        set_shape(&s->y, &s->x, s->x.channels, 1);
        memcpy(s->y.value, s->x.value, count(&s->x) * sizeof *s->x.value);
    }
    put_bias(&s->y, b->layer[n_layers - 1].bias, true);
    convolve(&s->y, x, &b->layer[n_layers - 1], s->columns);
    rectify(&s->y);
    swap(&s->x, &s->y);
}

static void keep_trace(struct state *s, size_t k)
{
    if (s->trace) {
        memcpy(s->trace[k], s->x.value, count(&s->x) * sizeof *s->x.value);
    }
}

static void forward_one(const struct resnet *m, struct state *s, const float *pixels, float *out)
{
    const struct resnet_block *b = m->block;
    s->y = (struct picture){s->y.value, 3, m->height, m->width};
    memcpy(s->y.value, pixels, count(&s->y) * sizeof *pixels);
    run_layer(&s->x, &s->y, &m->stem, s->columns);
    rectify(&s->x);
    max_pool(&s->y, &s->x);
    swap(&s->x, &s->y);
    keep_trace(s, 0);
    for (size_t stage = 0; stage < m->n_stages; stage++) {
        for (size_t i = 0; i < m->depth[stage]; i++) {
            run_block(s, b++, m->n_layers);
        }
        keep_trace(s, stage + 1);
    }
    size_t places = s->x.height * s->x.width;
    for (size_t channel = 0; channel < s->x.channels; channel++) {
        double sum = 0;
        for (size_t i = 0; i < places; i++) {
            sum += (double)s->x.value[channel * places + i];
        }
        s->pooled[channel] = (float)(sum / (double)places);
    }
    memcpy(out, s->pooled, s->x.channels * sizeof *out);
}

/* One by one: a picture has rows enough for every product.  The first one comes last: its pooled vector stays for the classifier. */
static void resnet_forward(const void *model, void *state, const float *pixels, size_t n, float *out, size_t stride)
{
    const struct resnet *m = model;
    for (size_t i = n; i-- > 0;) {
        forward_one(m, state, pixels + i * 3 * m->height * m->width, out + i * stride);
    }
}

static int resnet_set_input(void *model, struct encoder_info *info, size_t height, size_t width, struct status *st)
{
    struct resnet *m = model;
    if (height < 1 || width < 1 || height > RESNET_MAX_IMAGE || width > RESNET_MAX_IMAGE) {
        return status_set(st, STATUS_DATA, "a resnet takes pictures of 1 to %d pixels a side, not %zux%zu", RESNET_MAX_IMAGE, width, height);
    }
    m->height = info->input_height = height;
    m->width = info->input_width = width;
    return STATUS_OK;
}

static int resnet_open(void **model, struct encoder_info *info, struct checkpoint *c, struct status *st)
{
    struct resnet *m = NULL;
    int code = resnet_load(&m, info, c, st);
    *model = m;
    return code == STATUS_OK ? resnet_set_input(m, info, m->height, m->width, st) : code;
}

static void resnet_close(void *model)
{
    resnet_unload(model);
}

static char *resnet_describe(const void *model)
{
    const struct resnet *m = model;
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    fprintf(f, "%s, stem %zu, stages", m->n_layers == 3 ? "bottleneck" : "basic", m->embedding);
    for (size_t i = 0; i < m->n_stages; i++) {
        fprintf(f, " %zux%zu", m->depth[i], m->channels[i]);
    }
    fprintf(f, ", relu%s%s, input %zux%zu", m->downsample_in_first_stage ? ", downsample_in_first_stage" : "",
            m->downsample_in_bottleneck ? ", downsample_in_bottleneck" : "", m->width, m->height);
    fclose(f);
    return text;
}

static const char *resnet_readout(const void *model, size_t i, size_t *width)
{
    const struct resnet *m = model;
    if (i > 0) {
        return NULL;
    }
    *width = m->channels[m->n_stages - 1];
    return "pooled";
}

/* ---- workspaces ---- */

/* Shapes without values, walked through as the forward pass does. */
static void widen(struct picture *largest, const struct picture *p)
{
    if (count(p) > count(largest)) {
        *largest = *p;
    }
}

static void walk_convolution(size_t *columns, const struct resnet_convolution *c, const struct picture *y)
{
    size_t n = c->n_in * c->kernel * c->kernel * rows_at_once(c, y) * y->width;
    *columns = n > *columns ? n : *columns;
}

/* Shape behind stage k (0: behind the stem), and the most that pictures and columns take on the way. */
static struct picture walk(const struct resnet *m, size_t k, struct picture *largest, struct picture *inner, size_t *columns)
{
    struct picture x = {NULL, 3, m->height, m->width}, y = {.value = NULL};
    const struct resnet_block *b = m->block;
    widen(largest, &x);
    set_shape(&y, &x, m->embedding, m->stem.stride);
    widen(largest, &y);
    walk_convolution(columns, &m->stem, &y);
    set_shape(&x, &y, m->embedding, 2);
    for (size_t stage = 0; stage < k; stage++) {
        for (size_t i = 0; i < m->depth[stage]; i++, b++) {
            struct picture from = x;
            for (size_t j = 0; j < m->n_layers; j++) {
                set_shape(&y, &from, b->layer[j].n_out, b->layer[j].stride);
                widen(j + 1 < m->n_layers ? inner : largest, &y);
                walk_convolution(columns, &b->layer[j], &y);
                from = y;
            }
            if (b->shortcut.weight) {
                walk_convolution(columns, &b->shortcut, &y);
            }
            x = y;
        }
    }
    return x;
}

static struct picture shape_behind(const struct resnet *m, size_t k)
{
    struct picture largest = {.value = NULL}, inner = {.value = NULL};
    size_t columns = 0;
    return walk(m, k, &largest, &inner, &columns);
}

static void *resnet_state_new(const void *model, size_t batch)
{
    (void)batch;
    const struct resnet *m = model;
    struct state *s = NEW0(1, struct state);
    struct picture largest = {.value = NULL}, inner = {.value = NULL};
    size_t columns = 0;
    walk(m, m->n_stages, &largest, &inner, &columns);
    s->x.value = mem_aligned(count(&largest), sizeof(float));
    s->y.value = mem_aligned(count(&largest), sizeof(float));
    for (size_t i = 0; i < 2; i++) {
        s->inner[i].value = mem_aligned(count(&inner), sizeof(float));
    }
    s->columns = mem_aligned(columns, sizeof(float));
    s->pooled = mem_aligned(m->channels[m->n_stages - 1], sizeof(float));
    s->n_traces = m->n_stages + 1;
    return s;
}

static void resnet_state_free(void *state)
{
    struct state *s = state;
    for (size_t k = 0; s->trace && k < s->n_traces; k++) {
        free(s->trace[k]);
    }
    free(s->trace);
    free(s->x.value);
    free(s->y.value);
    free(s->inner[0].value);
    free(s->inner[1].value);
    free(s->columns);
    free(s->pooled);
    free(s);
}

static size_t resnet_hidden_size(const void *model, size_t k)
{
    struct picture p = shape_behind(model, k);
    return count(&p);
}

static void resnet_trace(const void *model, void *state)
{
    struct state *s = state;
    if (!s->trace) {
        s->trace = NEW(s->n_traces, float *);
        for (size_t k = 0; k < s->n_traces; k++) {
            s->trace[k] = mem_aligned(resnet_hidden_size(model, k), sizeof(float));
        }
    }
}

static const float *resnet_hidden_state(const void *model, const void *state, size_t k)
{
    (void)model;
    return ((const struct state *)state)->trace[k];
}

static void resnet_logits(const void *model, const void *state, float *out)
{
    const struct resnet *m = model;
    const struct state *s = state;
    size_t D = m->channels[m->n_stages - 1];
    kernel_fill_bias(out, m->head_bias, 1, m->n_labels);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, 1, (int)m->n_labels, (int)D, 1.0f, s->pooled, (int)D, m->head_weight, (int)D,
                1.0f, out, (int)m->n_labels);
}

const struct architecture resnet_architecture = {
    .model_types = model_types,
    .open = resnet_open,
    .close = resnet_close,
    .set_input = resnet_set_input,
    .describe = resnet_describe,
    .readout = resnet_readout,
    .state_new = resnet_state_new,
    .state_free = resnet_state_free,
    .forward = resnet_forward,
    .trace = resnet_trace,
    .hidden_size = resnet_hidden_size,
    .hidden_state = resnet_hidden_state,
    .logits = resnet_logits,
};
