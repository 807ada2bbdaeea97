#include "cmd/reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/npy.h"

#define AGREE 2e-5       /* of max(1, largest reference) */
#define COARSE 0.03      /* of the same: what bfloat16 products come to, with the next */
#define COARSE_ANGLE 1e-4 /* of 1 - cos */

struct difference {
    double largest, top, angle; /* max |difference|, max |reference|, 1 - cosine */
    size_t place;               /* of the largest */
};

static struct difference measure(const float *got, const struct npy *reference, size_t from, size_t n)
{
    struct difference d = {.largest = -1};
    double dot = 0, a = 0, b = 0;
    for (size_t i = 0; i < n; i++) {
        double x = (double)got[i], y = npy_value(reference, from + i);
        if (fabs(x - y) > d.largest) {
            d.largest = fabs(x - y);
            d.place = i;
        }
        d.top = fmax(d.top, fabs(y));
        dot += x * y;
        a += x * x;
        b += y * y;
    }
    d.angle = a > 0 && b > 0 ? fmax(0, 1 - dot / sqrt(a * b)) : 0;
    return d;
}

static bool agrees_coarsely(const struct difference *d)
{
    return d->largest <= COARSE * fmax(1, d->top) && d->angle <= COARSE_ANGLE;
}

/* Of what came out of the encoder: by the precision it computes in. */
static bool agrees(const struct difference *d, const struct encoder_info *info)
{
    return info->precision == ENCODER_FP32 ? d->largest <= AGREE * fmax(1, d->top) : agrees_coarsely(d);
}

static void print_tolerance(const struct encoder_info *info)
{
    if (info->precision != ENCODER_FP32)
        printf("tolerance      that of %s: max |difference| <= %g max(1, max |reference|), 1 - cos <= %g\n", encoder_precision_name(info->precision),
               COARSE, COARSE_ANGLE);
}

static void print_difference(const char *name, const struct difference *d)
{
    printf("%-14s max |difference| %.3g of max |reference| %.4g, 1 - cos %.2g\n", name, d->largest, d->top, d->angle);
}

static void print_size(const struct difference *d, const struct encoder_info *info)
{
    if (info->precision != ENCODER_FP32)
        printf("%-14s that is more than %s makes; the same with --precision fp32 tells where it begins\n", "", encoder_precision_name(info->precision));
    else if (agrees_coarsely(d))
        printf("%-14s so small a difference is also what bfloat16, float16 or TF32 arithmetic or another resize filter makes\n", "");
}

/* *row is the closest of the rows of n values each. */
static struct difference measure_rows(size_t *row, const float *got, const struct npy *reference, size_t n)
{
    struct difference d = measure(got, reference, 0, n);
    *row = 0;
    for (size_t i = 1; i < reference->n / n; i++) {
        struct difference other = measure(got, reference, i * n, n);
        if (other.largest < d.largest) {
            d = other;
            *row = i;
        }
    }
    return d;
}

/* The same; says which row if there are several. */
static struct difference closest(const float *got, const struct npy *reference, size_t n)
{
    size_t row;
    struct difference d = measure_rows(&row, got, reference, n);
    if (reference->n > n)
        printf("%-14s its row %zu (from 0) of %zu is the closest and is the one compared\n", "", row, reference->n / n);
    return d;
}

/* ---- which array it is ---- */

/* Whether the array is [shape] or [any, shape]. */
static bool has_shape(const struct npy *a, const size_t *shape, size_t n_dims)
{
    return (a->n_dims == n_dims || a->n_dims == n_dims + 1) && memcmp(a->shape + (a->n_dims - n_dims), shape, n_dims * sizeof *shape) == 0;
}

/* [layers + 1, T, D], also with the axis of one picture.  The last states of layers + 1 pictures have that shape too:
 * they are known by one of them being this picture's. */
static bool is_hidden_states(const struct npy *a, const struct trial *t)
{
    const struct encoder_info *info = encoder_info(t->encoder);
    size_t n = a->n_dims, row;
    if (!info->tokens || !(n == 3 || (n == 4 && a->shape[1] == 1)) || a->shape[0] != info->layers + 1 || a->shape[n - 2] != info->tokens ||
        a->shape[n - 1] != info->width)
        return false;
    struct difference d = measure_rows(&row, encoder_tokens(t->encoder, t->workspace), a, info->tokens * info->width);
    return !agrees(&d, info);
}

/* Names of the readouts of that width, or of all (0), for messages. */
static size_t list_readouts(char *to, size_t size, const struct encoder *e, size_t width)
{
    size_t n = 0, used = 0;
    *to = '\0';
    for (size_t r = 0; r < encoder_n_readouts(e); r++) {
        if ((width == 0 || encoder_readout_width(e, r) == width) && used < size) {
            used += (size_t)snprintf(to + used, size - used, "%s%s", n++ ? ", " : "", encoder_readout_name(e, r));
        }
    }
    return n;
}

/* Values of "cls" or "cls+mean" one behind the other; *n = 0 if a name is unknown. */
static float *gather_readout(size_t *n, const struct trial *t, const char *names)
{
    float *values = NULL;
    *n = 0;
    for (const char *at = names, *end;; at = end + 1) {
        size_t r = 0, from = 0, length = strcspn(at, "+"), count = encoder_n_readouts(t->encoder);
        end = at + length;
        while (r < count && (strlen(encoder_readout_name(t->encoder, r)) != length || strncmp(encoder_readout_name(t->encoder, r), at, length) != 0))
            from += encoder_readout_width(t->encoder, r++);
        if (r == count) {
            *n = 0;
            return values;
        }
        size_t width = encoder_readout_width(t->encoder, r);
        values = mem_realloc(values, *n + width, sizeof *values);
        memcpy(values + *n, t->out + from, width * sizeof *values);
        *n += width;
        if (*end == '\0')
            return values;
    }
}

/* ---- one kind each ---- */

static void compare_pixels(const struct npy *a, const struct trial *t)
{
    size_t plane = t->height * t->width;
    struct difference d = closest(t->pixels, a, 3 * plane);
    print_difference("pixels", &d);
    if (d.largest <= AGREE * fmax(1, d.top)) { /* whatever the encoder's precision */
        printf("agrees         the pixels are the same: where embeddings differ, the cause lies behind the preprocessing\n");
    } else {
        printf("departs        at the pixels, most in channel %zu, row %zu, column %zu: the pictures differ before the encoder; compare the\n"
               "%-14s decoding, min-max to 8 bits, resize filter, crop, rescale factor, mean and std with the line `preprocessing` above\n",
               d.place / plane, d.place % plane / t->width, d.place % t->width, "");
    }
}

static void explain_layer(size_t k, const struct encoder_info *info, const struct difference *d)
{
    printf("departs        first at layer %zu, most at token %zu, column %zu: ", k, d->place / info->width, d->place % info->width);
    if (k == 0)
        printf("the embeddings, that is pixels (give those as --reference first),\n%-14s patch embedding, or position table and its interpolation\n", "");
    else
        printf("layer %zu agrees, so it is this block's weights, its\n%-14s activation function, layer norm epsilon, biases or scale of attention\n",
               k - 1, "");
}

static void compare_hidden_states(const struct npy *a, const struct trial *t)
{
    const struct encoder_info *info = encoder_info(t->encoder);
    size_t n = info->tokens * info->width, first = info->layers + 1;
    struct difference departure = {.largest = 0};
    print_tolerance(info);
    for (size_t k = 0; k <= info->layers; k++) {
        struct difference d = measure(encoder_hidden_state(t->encoder, t->workspace, k), a, k * n, n);
        char name[32];
        (void)snprintf(name, sizeof name, "layer %zu", k);
        print_difference(name, &d);
        if (!agrees(&d, info) && first > info->layers) {
            first = k;
            departure = d;
        }
    }
    if (first > info->layers) {
        printf("agrees         at every layer\n");
    } else {
        explain_layer(first, info, &departure);
        print_size(&departure, info);
    }
}

/* Of a network without tokens: the stage whose size it has; of several such the closest. */
static void compare_stage(const struct npy *a, const struct trial *t, size_t n)
{
    const struct encoder_info *info = encoder_info(t->encoder);
    size_t best = 0;
    struct difference d = {.largest = INFINITY};
    print_tolerance(info);
    for (size_t k = 0; k <= info->layers; k++) {
        if (encoder_hidden_size(t->encoder, k) == n) {
            struct difference other = closest(encoder_hidden_state(t->encoder, t->workspace, k), a, n);
            if (other.largest < d.largest) {
                d = other;
                best = k;
            }
        }
    }
    char name[32];
    (void)snprintf(name, sizeof name, "stage %zu", best);
    print_difference(name, &d);
    if (agrees(&d, info)) {
        printf("agrees         up to stage %zu\n", best);
    } else {
        printf("departs        at stage %zu or before: ", best);
        printf(best == 0 ? "pixels (give those as --reference first), stem, its batch norm or the pooling\n"
                         : "weights, batch norm statistics, strides or shortcuts; compare earlier stages to narrow it\n");
        print_size(&d, info);
    }
}

static void compare_end(const char *name, const float *got, const struct npy *a, size_t n, const struct encoder_info *info)
{
    print_tolerance(info);
    struct difference d = closest(got, a, n);
    print_difference(name, &d);
    if (agrees(&d, info)) {
        printf("agrees         up to the end\n");
        return;
    }
    printf("departs        somewhere before the end: to see where, give %s and pixels as --reference\n",
           info->tokens ? "hidden states [layers + 1, tokens, width]" : "stages [channels, h, w]");
    print_size(&d, info);
}

static int compare_readout(const struct npy *a, const char *path, const char *names, const struct trial *t, struct status *st)
{
    size_t n;
    char known[256];
    float *values = gather_readout(&n, t, names);
    int code = STATUS_OK;
    if (n == 0) {
        list_readouts(known, sizeof known, t->encoder, 0);
        code = status_set(st, STATUS_USAGE, "--readout '%s' is none of this checkpoint's: %s, and any of them joined by '+'", names, known);
    } else if (!has_shape(a, &n, 1)) {
        code = status_set(st, STATUS_DATA, "'%s' has %zu axes, the last %zu long; readout '%s' is %zu wide", path, a->n_dims,
                          a->n_dims ? a->shape[a->n_dims - 1] : 1, names, n);
    } else {
        compare_end(names, values, a, n, encoder_info(t->encoder));
    }
    free(values);
    return code;
}

static int compare_logits(const struct npy *a, const struct trial *t, struct status *st)
{
    const struct encoder_info *info = encoder_info(t->encoder);
    float *logits = NEW(info->n_labels, float);
    int code = encoder_logits(t->encoder, t->workspace, logits, st);
    if (!code)
        compare_end("logits", logits, a, info->n_labels, info);
    free(logits);
    return code;
}

static int compare(const struct npy *a, const char *path, const char *readout, const struct trial *t, struct status *st)
{
    const struct encoder_info *info = encoder_info(t->encoder);
    const size_t pixels[3] = {3, t->height, t->width}, tokens[2] = {info->tokens, info->width};
    size_t last = a->n_dims ? a->shape[a->n_dims - 1] : 0;
    char names[256];
    if (readout)
        return compare_readout(a, path, readout, t, st);
    if (has_shape(a, pixels, 3)) {
        compare_pixels(a, t);
        return STATUS_OK;
    }
    if (is_hidden_states(a, t)) {
        compare_hidden_states(a, t);
        return STATUS_OK;
    }
    if (info->tokens && has_shape(a, tokens, 2)) {
        compare_end("last state", encoder_tokens(t->encoder, t->workspace), a, info->tokens * info->width, info);
        return STATUS_OK;
    }
    size_t one = a->n_dims == 4 ? a->n / a->shape[0] : a->n_dims == 3 ? a->n : 0;
    for (size_t k = 0; !info->tokens && one > 0 && k <= info->layers; k++) {
        if (encoder_hidden_size(t->encoder, k) == one) {
            compare_stage(a, t, one);
            return STATUS_OK;
        }
    }
    size_t n = a->n_dims == 1 || a->n_dims == 2 ? list_readouts(names, sizeof names, t->encoder, last) : 0;
    if (n == 1)
        return compare_readout(a, path, names, t, st);
    if (n > 1)
        return status_set(st, STATUS_USAGE, "'%s' is %zu wide, as several readouts are: say which with --readout (%s)", path, last, names);
    if (info->n_labels && has_shape(a, &info->n_labels, 1))
        return compare_logits(a, t, st);
    return status_set(st, STATUS_DATA, "'%s' has a shape that nothing of this checkpoint has: pixels [3, %zu, %zu], %zu layers, %zu tokens of %zu; "
                      "see `inspect --help`", path, t->height, t->width, info->layers, info->tokens, info->width);
}

int reference_compare(const char *path, const char *readout, const struct trial *t, struct status *st)
{
    struct npy a;
    int code = npy_read(&a, path, st);
    if (code)
        return code;
    for (size_t i = 0; i < a.n && !code; i++) {
        if (!isfinite(npy_value(&a, i)))
            code = status_set(st, STATUS_DATA, "'%s' holds %f at place %zu", path, npy_value(&a, i), i);
    }
    if (!code && a.n == 0)
        code = status_set(st, STATUS_DATA, "'%s' is empty", path);
    if (!code) {
        printf("reference      %s\n", path);
        code = compare(&a, path, readout, t, st);
    }
    npy_free(&a);
    return code;
}
