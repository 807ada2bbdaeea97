#include "evaluate/thumbnail.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/png_encode.h"
#include "image/intensity.h"
#include "image/radiograph.h"
#include "image/resample.h"

#define LONGEST_PX 112

/* Grey of the 8-bit picture, by the mean of its channels. */
static void to_grey(uint8_t *picture, size_t n, size_t channels)
{
    for (size_t i = 0; channels == 3 && i < n; i++)
        picture[i] = (uint8_t)(((unsigned)picture[3 * i] + picture[3 * i + 1] + picture[3 * i + 2]) / 3);
}

static unsigned char *encode(size_t *size, const struct radiograph *r)
{
    size_t longest = r->width > r->height ? r->width : r->height, n = r->width * r->height;
    size_t width = longest > LONGEST_PX ? (r->width * LONGEST_PX + longest / 2) / longest : r->width;
    size_t height = longest > LONGEST_PX ? (r->height * LONGEST_PX + longest / 2) / longest : r->height;
    unsigned char *png = NULL;
    width = width ? width : 1;
    height = height ? height : 1;
    uint8_t *picture = NEW(n * r->channels, uint8_t), *small = NEW(width * height, uint8_t);
    struct status ignored = {0};
    intensity_to_8bit(picture, r);
    to_grey(picture, n, r->channels);
    if (!resample(small, width, height, picture, r->width, r->height, 1, RESAMPLE_BILINEAR, &ignored)) {
        uint16_t *sample = NEW(width * height, uint16_t);
        for (size_t i = 0; i < width * height; i++)
            sample[i] = small[i];
        png = png_encode(size, sample, width, height, 1, 8);
        free(sample);
    }
    free(picture);
    free(small);
    return png;
}

unsigned char *thumbnail_png(size_t *size, const char *path)
{
    struct file_map map;
    struct radiograph r;
    struct status ignored = {0};
    unsigned char *png = NULL;
    if (file_map(&map, path, &ignored))
        return NULL;
    if (!radiograph_decode(&r, map.data, map.size, &ignored)) {
        png = encode(size, &r);
        radiograph_free(&r);
    }
    file_unmap(&map);
    return png;
}
