/* The forward pass.  A picture is [places, channels]; a convolution is the
 * product of the rows under its window, [places, kernel kernel n_in], with its
 * packed weights.  These rows are never stored: the product asks for a slice of
 * one when it packs it (gather); a 1x1 of stride 1 reads the picture as it is.
 * Bias, shortcut and ReLU are the product's end. */
#include "encoder/resnet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoder/kernels.h"
#include "encoder/resnet_model.h"

struct picture {
    float *value; /* [height, width, channels] */
    size_t channels, height, width;
};

struct state {
    struct picture x, y;     /* of a block: in, out */
    struct picture inner[2]; /* between its layers */
    float *pooled;           /* [D] */
    double *sum;             /* [D] */
    struct product_scratch *scratch;
    float **trace;           /* [n_traces], one a hidden state, [channels, height, width]; or NULL */
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

/* Where a convolution's rows come from. */
struct window {
    const struct picture *x;
    const struct resnet_convolution *c;
    size_t width; /* of the result */
};

/* n values from place `at` of a line of the picture, zeros outside it; `at` counts from `margin` values before the line. */
static void copy_line(float *to, const float *line, size_t length, size_t margin, size_t at, size_t n)
{
    size_t end = margin + length > at ? margin + length - at : 0, from = margin > at ? margin - at : 0;
    end = end < n ? end : n;
    from = from < end ? from : end;
    memset(to, 0, from * sizeof *to);
    if (from < end) {
        memcpy(to + from, line + (at + from - margin), (end - from) * sizeof *to);
    }
    memset(to + end, 0, (n - end) * sizeof *to);
}

/* Values k .. k + n - 1 of [ky, kx, n_in] under the window of place `row`.  All kx of one ky lie side by side in the picture. */
static void gather(float *to, const void *context, size_t row, size_t k, size_t n)
{
    const struct window *w = context;
    const struct picture *x = w->x;
    const struct resnet_convolution *c = w->c;
    size_t pad = c->kernel / 2, taps = c->kernel * c->n_in, length = x->width * x->channels;
    size_t top = row / w->width * c->stride, left = row % w->width * c->stride * c->n_in;
    for (size_t ky = k / taps, first = k % taps; n > 0; ky++, first = 0) {
        size_t some = taps - first < n ? taps - first : n, below = top + ky;
        if (below < pad || below - pad >= x->height) {
            memset(to, 0, some * sizeof *to);
        } else {
            copy_line(to, x->value + (below - pad) * length, length, pad * c->n_in, left + first, some);
        }
        to += some;
        n -= some;
    }
}

/* Sets y's shape; its values, too, if `end` adds nothing. */
static void convolve(struct picture *y, const struct picture *x, const struct resnet_convolution *c, const struct product_end *end,
                     struct product_scratch *scratch)
{
    set_shape(y, x, c->n_out, c->stride);
    const struct window window = {x, c, y->width};
    struct product_rows rows = {.x = x->value, .stride = x->channels};
    if (c->kernel > 1 || c->stride > 1) {
        rows = (struct product_rows){.gather = gather, .context = &window};
    }
    product_run(y->value, c->weight.n_out, &c->weight, &rows, y->height * y->width, end, scratch);
}

static void convolve_and_rectify(struct picture *y, const struct picture *x, const struct resnet_convolution *c,
                                 struct product_scratch *scratch)
{
    convolve(y, x, c, &(struct product_end){.bias = c->bias, .activation = ACTIVATION_RELU}, scratch);
}

static void swap(struct picture *a, struct picture *b)
{
    struct picture keep = *a;
    *a = *b;
    *b = keep;
}

static void raise_to(float *restrict largest, const float *restrict x, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        largest[i] = x[i] <= largest[i] ? largest[i] : x[i]; /* NaN passes */
    }
}

/* 3x3, stride 2; what lies outside takes no part. */
static void max_pool(struct picture *y, const struct picture *x)
{
    size_t channels = x->channels;
    set_shape(y, x, channels, 2);
    float *to = y->value;
    for (size_t row = 0; row < y->height; row++) {
        size_t top = row ? 2 * row - 1 : 0, bottom = 2 * row + 2 < x->height ? 2 * row + 2 : x->height;
        for (size_t column = 0; column < y->width; column++, to += channels) {
            size_t left = column ? 2 * column - 1 : 0, right = 2 * column + 2 < x->width ? 2 * column + 2 : x->width;
            memcpy(to, x->value + (top * x->width + left) * channels, channels * sizeof *to);
            for (size_t i = top; i < bottom; i++) {
                for (size_t j = left; j < right; j++) {
                    raise_to(to, x->value + (i * x->width + j) * channels, channels);
                }
            }
        }
    }
}

/* The last layer is added to the shortcut, or to the block's input where it lies. */
static void run_block(struct state *s, const struct resnet_block *b, size_t n_layers)
{
    const struct resnet_convolution *last = &b->layer[n_layers - 1];
    const struct product_end end = {.bias = last->bias, .adds = true, .clips = true};
    const struct picture *x = &s->x;
    for (size_t i = 0; i + 1 < n_layers; i++) {
        convolve_and_rectify(&s->inner[i], x, &b->layer[i], s->scratch);
        x = &s->inner[i];
    }
    if (b->shortcut.bias) {
        convolve(&s->y, &s->x, &b->shortcut, &(struct product_end){.bias = b->shortcut.bias}, s->scratch);
        swap(&s->x, &s->y);
    }
    convolve(&s->x, x, last, &end, s->scratch);
}

/* to[columns, rows] from from[rows, columns] */
static void transpose(float *to, const float *from, size_t rows, size_t columns)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            to[j * rows + i] = from[i * columns + j];
        }
    }
}

static void keep_trace(struct state *s, size_t k)
{
    if (s->trace) {
        transpose(s->trace[k], s->x.value, s->x.height * s->x.width, s->x.channels);
    }
}

static void forward_one(const struct resnet *m, struct state *s, const float *pixels, float *out)
{
    const struct resnet_block *b = m->block;
    s->y = (struct picture){s->y.value, 3, m->height, m->width};
    transpose(s->y.value, pixels, 3, m->height * m->width);
    convolve_and_rectify(&s->x, &s->y, &m->stem, s->scratch);
    max_pool(&s->y, &s->x);
    swap(&s->x, &s->y);
    keep_trace(s, 0);
    for (size_t stage = 0; stage < m->n_stages; stage++) {
        for (size_t i = 0; i < m->depth[stage]; i++) {
            run_block(s, b++, m->n_layers);
        }
        keep_trace(s, stage + 1);
    }
    kernel_mean_rows(s->pooled, s->sum, s->x.value, s->x.height * s->x.width, s->x.channels);
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

/* Shape behind stage k (0: behind the stem), and the largest pictures on the way. */
static struct picture walk(const struct resnet *m, size_t k, struct picture *largest, struct picture *inner)
{
    struct picture x = {NULL, 3, m->height, m->width}, y = {.value = NULL};
    const struct resnet_block *b = m->block;
    widen(largest, &x);
    set_shape(&y, &x, m->embedding, m->stem.stride);
    widen(largest, &y);
    set_shape(&x, &y, m->embedding, 2);
    for (size_t stage = 0; stage < k; stage++) {
        for (size_t i = 0; i < m->depth[stage]; i++, b++) {
            for (size_t j = 0; j < m->n_layers; j++) {
                set_shape(&y, &x, b->layer[j].n_out, b->layer[j].stride);
                widen(j + 1 < m->n_layers ? inner : largest, &y);
                x = y;
            }
        }
    }
    return x;
}

static struct picture shape_behind(const struct resnet *m, size_t k)
{
    struct picture largest = {.value = NULL}, inner = {.value = NULL};
    return walk(m, k, &largest, &inner);
}

static void *resnet_state_new(const void *model, size_t batch)
{
    (void)batch;
    const struct resnet *m = model;
    struct state *s = NEW0(1, struct state);
    struct picture largest = {.value = NULL}, inner = {.value = NULL};
    size_t D = walk(m, m->n_stages, &largest, &inner).channels;
    s->x.value = mem_aligned(count(&largest), sizeof(float));
    s->y.value = mem_aligned(count(&largest), sizeof(float));
    for (size_t i = 0; i < 2; i++) {
        s->inner[i].value = mem_aligned(count(&inner), sizeof(float));
    }
    s->pooled = mem_aligned(D, sizeof(float));
    s->sum = mem_aligned(D, sizeof(double));
    s->scratch = product_scratch_new(1);
    s->n_traces = m->n_stages + 1;
    return s;
}

static void resnet_share(const void *model, void *state, int n_threads)
{
    (void)model;
    struct state *s = state;
    product_scratch_free(s->scratch);
    s->scratch = product_scratch_new(n_threads);
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
    free(s->pooled);
    free(s->sum);
    product_scratch_free(s->scratch);
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
    kernel_linear(out, m->head_weight, m->head_bias, s->pooled, m->n_labels, D);
}

static void resnet_classify(const void *model, const float *readouts, float *out)
{
    const struct resnet *m = model;
    kernel_linear(out, m->head_weight, m->head_bias, readouts, m->n_labels, m->channels[m->n_stages - 1]);
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
    .share = resnet_share,
    .forward = resnet_forward,
    .trace = resnet_trace,
    .hidden_size = resnet_hidden_size,
    .hidden_state = resnet_hidden_state,
    .logits = resnet_logits,
    .classify = resnet_classify,
};
