#include "image/radiograph.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/bmp.h"
#include "image/jpeg.h"
#include "image/orientation.h"
#include "image/png.h"
#include "image/pnm.h"

/* One file format.  inspect fills the stored size (before orientation), channels, bits and orientation;
 * decode trusts a file that inspect has passed and gives [height, width, channels] as stored. */
struct format {
    const char *name;
    const char *signature;
    size_t signature_size;
    int (*inspect)(struct radiograph_info *info, const unsigned char *data, size_t size, struct status *st);
    int (*decode)(uint16_t **sample, const struct radiograph_info *info, const unsigned char *data, size_t size,
                  struct status *st);
};

static const struct format formats[] = {
    {"png", "\x89PNG\r\n\x1a\n", 8, png_inspect, png_decode},
    {"jpeg", "\xff\xd8\xff", 3, jpeg_inspect, jpeg_decode},
    {"bmp", "BM", 2, bmp_inspect, bmp_decode},
    {"pnm", "P5", 2, pnm_inspect, pnm_decode},
    {"pnm", "P6", 2, pnm_inspect, pnm_decode},
};

static const struct format *format_of(const unsigned char *data, size_t size)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (size >= formats[i].signature_size && memcmp(data, formats[i].signature, formats[i].signature_size) == 0)
            return &formats[i];
    return NULL;
}

/* info->width and height are as stored in the file. */
static int inspect(const struct format **format, struct radiograph_info *info, const unsigned char *data, size_t size,
                   struct status *st)
{
    memset(info, 0, sizeof *info);
    if (size == 0)
        return status_set(st, STATUS_DATA, "empty file");
    *format = format_of(data, size);
    if (!*format)
        return status_set(st, STATUS_DATA, "not a PNG, JPEG, BMP or binary PNM image");
    int code = (*format)->inspect(info, data, size, st);
    if (code)
        return code;
    info->format = (*format)->name;
    if (info->orientation < 2 || info->orientation > 8)
        info->orientation = 1; /* readers ignore 0, 9 and what lies beyond */
    size_t samples;
    if (info->width == 0 || info->height == 0)
        return status_set(st, STATUS_DATA, "image of %zu x %zu pixels", info->width, info->height);
    /* Four: alpha is decoded too, and a limit that does not depend on it is easier to state. */
    if (!size_mul(info->width, info->height, &samples) || samples > RADIOGRAPH_SAMPLES_MAX / 4)
        return status_set(st, STATUS_DATA, "image of %zu x %zu pixels is too large (limit %zu pixels)", info->width,
                          info->height, RADIOGRAPH_SAMPLES_MAX / 4);
    return STATUS_OK;
}

int radiograph_info(struct radiograph_info *info, const unsigned char *data, size_t size, struct status *st)
{
    const struct format *format;
    int code = inspect(&format, info, data, size, st);
    if (code)
        return code;
    if (orientation_turns(info->orientation)) {
        size_t width = info->width;
        info->width = info->height;
        info->height = width;
    }
    return STATUS_OK;
}

int radiograph_decode(struct radiograph *r, const unsigned char *data, size_t size, struct status *st)
{
    const struct format *format;
    struct radiograph_info info;
    memset(r, 0, sizeof *r);
    int code = inspect(&format, &info, data, size, st);
    if (code)
        return code;
    uint16_t *sample = NULL;
    code = format->decode(&sample, &info, data, size, st);
    if (code)
        return code;
    if (info.orientation > 1) {
        uint16_t *turned = NEW(info.width * info.height * info.channels, uint16_t);
        orientation_apply(turned, sample, info.width, info.height, info.channels, info.orientation);
        free(sample);
        sample = turned;
    }
    bool turns = orientation_turns(info.orientation);
    r->width = turns ? info.height : info.width;
    r->height = turns ? info.width : info.height;
    r->channels = info.channels;
    r->bits = info.bits;
    r->sample = sample;
    r->orientation = info.orientation;
    r->format = info.format;
    return STATUS_OK;
}

void radiograph_free(struct radiograph *r)
{
    free(r->sample);
    memset(r, 0, sizeof *r);
}
