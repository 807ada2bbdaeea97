/* Per axis, in double: scale = in / out, fs = max(scale, 1), support = s * fs (s: the filter's own), centre =
 * (x + 0.5) * scale; taps from trunc(centre - support + 0.5), at least 0, to trunc(centre + support + 0.5), at most in;
 * weight f((tap - centre + 0.5) / fs), divided by the weights' sum; then fixed point with 22 bits (32 less 8 of the
 * pixel, less 2 against overflow of a sharpening filter).  Columns first, then rows, 8 bits in between; an axis whose
 * size stays is left alone.  Source: Pillow, Resample.c and Geometry.c, behaviour checked picture by picture. */
#include "image/resample.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define FRACTION_BITS 22
#define SIDE_MAX ((size_t)1 << 24)

static double box(double x)
{
    return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

static double triangle(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

static double hamming(double x)
{
    x = fabs(x);
    if (x == 0.0)
        return 1.0;
    if (x >= 1.0)
        return 0.0;
    x *= M_PI;
    return sin(x) / x * (0.54 + 0.46 * cos(x));
}

static double bicubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    if (x < 2.0)
        return (((x - 5) * x + 8) * x - 4) * a;
    return 0.0;
}

static double sinc(double x)
{
    if (x == 0.0)
        return 1.0;
    x *= M_PI;
    return sin(x) / x;
}

static double lanczos(double x)
{
    return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0;
}

static const struct {
    const char *name;
    double (*value)(double);
    double support;
} filters[] = {
    [RESAMPLE_NEAREST] = {"nearest", NULL, 0.0},    [RESAMPLE_LANCZOS] = {"lanczos", lanczos, 3.0},
    [RESAMPLE_BILINEAR] = {"bilinear", triangle, 1.0}, [RESAMPLE_BICUBIC] = {"bicubic", bicubic, 2.0},
    [RESAMPLE_BOX] = {"box", box, 0.5},             [RESAMPLE_HAMMING] = {"hamming", hamming, 1.0},
};

const char *resample_name(enum resample_filter filter)
{
    assert((size_t)filter < sizeof filters / sizeof *filters);
    return filters[filter].name;
}

struct axis {
    size_t out, taps_max;
    size_t *first, *n_taps; /* [out] */
    int32_t *weight;        /* [out, taps_max] */
};

static void axis_init(struct axis *a, size_t in, size_t out, enum resample_filter filter)
{
    const double scale = (double)in / (double)out, filter_scale = scale < 1.0 ? 1.0 : scale;
    const double support = filters[filter].support * filter_scale, inverse = 1.0 / filter_scale;
    a->out = out;
    a->taps_max = (size_t)ceil(support) * 2 + 1;
    a->first = NEW(out, size_t);
    a->n_taps = NEW(out, size_t);
    a->weight = NEW0(out * a->taps_max, int32_t);
    double *w = NEW(a->taps_max, double);
    for (size_t x = 0; x < out; x++) {
        const double centre = ((double)x + 0.5) * scale;
        const double low = centre - support + 0.5, high = centre + support + 0.5;
        const size_t first = low > 0 ? (size_t)low : 0;
        const size_t end = high < (double)in ? (size_t)high : in;
        double sum = 0;
        assert(end >= first && end - first <= a->taps_max);
        a->first[x] = first;
        a->n_taps[x] = end - first;
        for (size_t i = 0; i < end - first; i++) {
            w[i] = filters[filter].value(((double)(i + first) - centre + 0.5) * inverse);
            sum += w[i];
        }
        for (size_t i = 0; i < end - first; i++) {
            const double share = sum != 0.0 ? w[i] / sum : w[i];
            a->weight[x * a->taps_max + i] =
                (int32_t)(share < 0 ? share * (1 << FRACTION_BITS) - 0.5 : share * (1 << FRACTION_BITS) + 0.5);
        }
    }
    free(w);
}

static void axis_free(struct axis *a)
{
    free(a->first);
    free(a->n_taps);
    free(a->weight);
}

static uint8_t clip(int32_t sum)
{
    sum >>= FRACTION_BITS; /* arithmetic shift, as every compiler we build with does it */
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

static int32_t dot(const uint8_t *pixel, const int32_t *weight, size_t n)
{
    int32_t sum = 1 << (FRACTION_BITS - 1);
    for (size_t i = 0; i < n; i++)
        sum += pixel[i] * weight[i];
    return sum;
}

static void accumulate(int32_t *sum, const uint8_t *line, int32_t weight, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += line[i] * weight;
}

/* Rows first..first+n of in[., width, channels] -> out[n, a->out, channels]. */
static void resample_columns(uint8_t *out, const struct axis *a, const uint8_t *in, size_t width, size_t channels,
                             size_t first, size_t n)
{
    uint8_t *plane = NEW(width * channels, uint8_t); /* a row, channel after channel, so that taps lie side by side */
    for (size_t y = 0; y < n; y++) {
        const uint8_t *row = in + (first + y) * width * channels;
        if (channels > 1) {
            for (size_t c = 0; c < channels; c++)
                for (size_t x = 0; x < width; x++)
                    plane[c * width + x] = row[x * channels + c];
            row = plane;
        }
        for (size_t x = 0; x < a->out; x++)
            for (size_t c = 0; c < channels; c++)
                *out++ = clip(dot(row + c * width + a->first[x], a->weight + x * a->taps_max, a->n_taps[x]));
    }
    free(plane);
}

/* in's row 0 is row `first` of the picture; length: samples a row. */
static void resample_rows(uint8_t *out, const struct axis *a, const uint8_t *in, size_t length, size_t first)
{
    int32_t *sum = NEW(length, int32_t);
    for (size_t y = 0; y < a->out; y++) {
        for (size_t i = 0; i < length; i++)
            sum[i] = 1 << (FRACTION_BITS - 1);
        for (size_t t = 0; t < a->n_taps[y]; t++)
            accumulate(sum, in + (a->first[y] + t - first) * length, a->weight[y * a->taps_max + t], length);
        for (size_t i = 0; i < length; i++)
            *out++ = clip(sum[i]);
    }
    free(sum);
}

/* Nearest steps along the source by repeated addition, rounding included; what falls outside stays 0. */
static void resample_nearest(uint8_t *out, size_t out_width, size_t out_height, const uint8_t *in, size_t width,
                             size_t height, size_t channels)
{
    const double step_x = (double)width / (double)out_width, step_y = (double)height / (double)out_height;
    size_t *column = NEW(out_width, size_t);
    double at = step_x * 0.5;
    for (size_t x = 0; x < out_width; x++, at += step_x)
        column[x] = (size_t)at;
    memset(out, 0, out_width * out_height * channels);
    at = step_y * 0.5;
    for (size_t y = 0; y < out_height; y++, at += step_y) {
        const size_t row = (size_t)at;
        for (size_t x = 0; x < out_width && row < height; x++)
            if (column[x] < width)
                memcpy(out + (y * out_width + x) * channels, in + (row * width + column[x]) * channels, channels);
    }
    free(column);
}

int resample(uint8_t *out, size_t out_width, size_t out_height, const uint8_t *in, size_t width, size_t height,
             size_t channels, enum resample_filter filter, struct status *st)
{
    assert((size_t)filter < sizeof filters / sizeof *filters && channels > 0);
    if (out_width == 0 || out_height == 0 || width == 0 || height == 0 || out_width > SIDE_MAX || out_height > SIDE_MAX ||
        width > SIDE_MAX || height > SIDE_MAX)
        return status_set(st, STATUS_DATA, "cannot resize %zu x %zu pixels to %zu x %zu", width, height, out_width,
                          out_height);
    if (out_width == width && out_height == height) {
        memcpy(out, in, width * height * channels);
        return STATUS_OK;
    }
    if (filter == RESAMPLE_NEAREST) {
        resample_nearest(out, out_width, out_height, in, width, height, channels);
        return STATUS_OK;
    }
    struct axis columns = {0}, rows = {0};
    uint8_t *between = NULL;
    size_t first = 0, n = height;
    if (out_height != height) { /* only the rows that the second pass will read */
        axis_init(&rows, height, out_height, filter);
        first = rows.first[0];
        n = rows.first[out_height - 1] + rows.n_taps[out_height - 1] - first;
    }
    if (out_width != width) {
        axis_init(&columns, width, out_width, filter);
        if (out_height != height)
            between = NEW(n * out_width * channels, uint8_t);
        resample_columns(between ? between : out, &columns, in, width, channels, first, n);
    }
    if (out_height != height)
        resample_rows(out, &rows, between ? between : in + first * width * channels, out_width * channels, first);
    free(between);
    axis_free(&columns);
    axis_free(&rows);
    return STATUS_OK;
}
