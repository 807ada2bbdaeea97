#include "region/crop.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/intensity.h"

bool crop_box(struct pixel_box *out, const struct box *box, size_t width, size_t height)
{
    double w = (double)width, h = (double)height;
    double left = fmin(fmax(trunc(box->left), 0), w - 1), right = fmin(fmax(trunc(box->right), 0), w);
    double top = fmin(fmax(trunc(box->top), 0), h - 1), bottom = fmin(fmax(trunc(box->bottom), 0), h);
    *out = (struct pixel_box){(size_t)left, (size_t)top, (size_t)right, (size_t)bottom};
    return right > left && bottom > top;
}

int crop_settle(struct radiograph *r, enum region_intensity intensity, struct status *st)
{
    size_t n = r->width * r->height * r->channels;
    if (intensity == INTENSITY_STORED) {
        if (r->bits != 8)
            return status_set(st, STATUS_DATA, "a picture of %u bits has no 8 bits to be taken as stored; `intensity: minmax` makes them", r->bits);
        return STATUS_OK;
    }
    uint8_t *bytes = NEW(n, uint8_t);
    intensity_to_8bit(bytes, r);
    for (size_t i = 0; i < n; i++)
        r->sample[i] = bytes[i];
    r->bits = 8;
    free(bytes);
    return STATUS_OK;
}

void crop_cut(struct radiograph *out, const struct radiograph *r, struct pixel_box box)
{
    size_t width = box.right - box.left, height = box.bottom - box.top, row = width * r->channels;
    *out = (struct radiograph){.width = width, .height = height, .channels = r->channels, .bits = 8, .orientation = 1, .format = r->format};
    out->sample = NEW(row * height, uint16_t);
    for (size_t y = 0; y < height; y++)
        memcpy(out->sample + y * row, r->sample + ((box.top + y) * r->width + box.left) * r->channels, row * sizeof *out->sample);
}
