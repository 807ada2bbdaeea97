#include "image/tensor.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/intensity.h"

/* Size of the resized picture, before the crop. */
static void resized_size(size_t *width, size_t *height, const struct radiograph *r, const struct preprocess *p)
{
    *width = r->width;
    *height = r->height;
    if (!p->do_resize)
        return;
    if (p->shortest_edge == 0) {
        *width = p->resize_width;
        *height = p->resize_height;
        return;
    }
    const bool tall = r->width <= r->height;
    const size_t edge = p->shortest_edge, shorter = tall ? r->width : r->height, longer = tall ? r->height : r->width;
    if (shorter == edge)
        return;
    const size_t stretched = (size_t)((double)(edge * longer) / (double)shorter);
    *width = tall ? edge : stretched;
    *height = tall ? stretched : edge;
}

struct tensor_frame tensor_frame(size_t width, size_t height, const struct preprocess *p)
{
    double (*const whole)(double) = p->crop_to_even ? nearbyint : floor;
    size_t resized_width, resized_height;
    resized_size(&resized_width, &resized_height, &(struct radiograph){.width = width, .height = height}, p);
    struct tensor_frame f = {(double)resized_width / (double)width, (double)resized_height / (double)height, 0, 0};
    if (p->crop_width) {
        f.left = whole(((double)resized_width - (double)p->width) / 2);
        f.top = whole(((double)resized_height - (double)p->height) / 2);
    }
    return f;
}

/* The middle of in[height, width, channels]; zeros where the picture is smaller than the crop. */
static void crop_centre(uint8_t *out, const struct preprocess *p, const uint8_t *in, size_t width, size_t height, size_t channels)
{
    /* Signed, rounded down or to even: a crop larger than the picture begins outside it. */
    double (*const whole)(double) = p->crop_to_even ? nearbyint : floor;
    const size_t out_width = p->width, out_height = p->height;
    const ptrdiff_t left = (ptrdiff_t)whole(((double)width - (double)out_width) / 2);
    const ptrdiff_t top = (ptrdiff_t)whole(((double)height - (double)out_height) / 2);
    memset(out, 0, out_width * out_height * channels);
    for (size_t y = 0; y < out_height; y++)
        for (size_t x = 0; x < out_width; x++) {
            const ptrdiff_t row = top + (ptrdiff_t)y, column = left + (ptrdiff_t)x;
            if (row >= 0 && row < (ptrdiff_t)height && column >= 0 && column < (ptrdiff_t)width)
                memcpy(out + (y * out_width + x) * channels, in + ((size_t)row * width + (size_t)column) * channels,
                       channels);
        }
}

/* New array [p->height, p->width, r->channels].  shown: r's samples are the 8 bits to be shown. */
static int prepare(uint8_t **picture, const struct radiograph *r, bool shown, const struct preprocess *p, struct status *st)
{
    size_t width, height, samples;
    resized_size(&width, &height, r, p);
    if (!p->crop_width && (width != p->width || height != p->height))
        return status_set(st, STATUS_DATA, "image of %zu x %zu pixels where %zu x %zu are wanted and nothing resizes it",
                          width, height, p->width, p->height);
    if (!size_mul(width, height, &samples) || samples > RADIOGRAPH_SAMPLES_MAX / 4)
        return status_set(st, STATUS_DATA, "image of %zu x %zu pixels would grow to %zu x %zu", r->width, r->height, width,
                          height);
    uint8_t *bytes = NEW(r->width * r->height * r->channels, uint8_t);
    if (shown)
        for (size_t i = 0; i < r->width * r->height * r->channels; i++)
            bytes[i] = (uint8_t)r->sample[i];
    else
        intensity_to_8bit(bytes, r);
    if (width != r->width || height != r->height) {
        uint8_t *resized = NEW(samples * r->channels, uint8_t);
        int code = resample(resized, width, height, bytes, r->width, r->height, r->channels, p->filter, st);
        free(bytes);
        bytes = resized;
        if (code) {
            free(bytes);
            return code;
        }
    }
    if (p->crop_width && (width != p->width || height != p->height)) {
        uint8_t *cropped = NEW(p->width * p->height * r->channels, uint8_t);
        crop_centre(cropped, p, bytes, width, height, r->channels);
        free(bytes);
        bytes = cropped;
    }
    *picture = bytes;
    return STATUS_OK;
}

int tensor_bytes(uint8_t *out, const struct radiograph *r, const struct preprocess *p, struct status *st)
{
    uint8_t *picture;
    int code = prepare(&picture, r, false, p, st);
    if (code)
        return code;
    const size_t n = p->width * p->height;
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < 3; c++)
            out[3 * i + c] = picture[r->channels == 3 ? 3 * i + c : i];
    free(picture);
    return STATUS_OK;
}

static int fill(float *out, const struct radiograph *r, bool shown, const struct preprocess *p, struct status *st)
{
    uint8_t *picture;
    int code = prepare(&picture, r, shown, p, st);
    if (code)
        return code;
    const size_t n = p->width * p->height;
    for (size_t c = 0; c < 3; c++) {
        float level[256];
        for (int v = 0; v < 256; v++) {
            const float scaled = (float)(v * p->rescale);
            const float centred = scaled - p->mean[c];
            level[v] = centred / p->std[c];
        }
        for (size_t i = 0; i < n; i++)
            *out++ = level[picture[r->channels == 3 ? 3 * i + c : i]];
    }
    free(picture);
    return STATUS_OK;
}

int tensor_from_radiograph(float *out, const struct radiograph *r, const struct preprocess *p, struct status *st)
{
    return fill(out, r, false, p, st);
}

int tensor_from_shown(float *out, const struct radiograph *r, const struct preprocess *p, struct status *st)
{
    return fill(out, r, true, p, st);
}
