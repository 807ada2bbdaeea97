/* Target pixel (X, Y) takes its source from, for stored width w and height h (TIFF 6.0, tag 274):
 *   2 (w-1-X, Y)   3 (w-1-X, h-1-Y)   4 (X, h-1-Y)
 *   5 (Y, X)       6 (Y, h-1-X)       7 (w-1-Y, h-1-X)   8 (w-1-Y, X) */
#include "image/orientation.h"

#include <assert.h>
#include <libexif/exif-data.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define EXIF_PREFIX "Exif\0\0"
#define EXIF_PREFIX_SIZE 6
#define EXIF_LIMIT ((size_t)1 << 24)

int orientation_from_exif(const unsigned char *exif, size_t size)
{
    int value = ORIENTATION_ABSENT;
    unsigned char *prefixed = NULL;
    if (size < EXIF_PREFIX_SIZE || size > EXIF_LIMIT)
        return value;
    ExifData *data = exif_data_new();
    if (!data)
        return value;
    /* Else libexif would change what it reads into what the standard wants. */
    exif_data_unset_option(data, EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
    if (memcmp(exif, EXIF_PREFIX, EXIF_PREFIX_SIZE) != 0) {
        prefixed = NEW(size + EXIF_PREFIX_SIZE, unsigned char);
        memcpy(prefixed, EXIF_PREFIX, EXIF_PREFIX_SIZE);
        memcpy(prefixed + EXIF_PREFIX_SIZE, exif, size);
        exif = prefixed;
        size += EXIF_PREFIX_SIZE;
    }
    exif_data_load_data(data, exif, (unsigned)size);
    ExifEntry *entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    if (entry && entry->data && entry->components == 1) {
        ExifByteOrder order = exif_data_get_byte_order(data);
        if (entry->format == EXIF_FORMAT_SHORT && entry->size >= 2) {
            value = exif_get_short(entry->data, order);
        } else if (entry->format == EXIF_FORMAT_LONG && entry->size >= 4) {
            ExifLong wide = exif_get_long(entry->data, order);
            value = wide <= 8 ? (int)wide : 0;
        }
    }
    exif_data_unref(data);
    free(prefixed);
    return value;
}

int orientation_from_xmp(const unsigned char *xmp, size_t size)
{
    static const char name[] = "tiff:Orientation";
    const size_t n = sizeof name - 1;
    for (const unsigned char *at = xmp, *end = xmp + size; (at = memmem(at, (size_t)(end - at), name, n)); at++) {
        const unsigned char *value = at + n;
        size_t left = (size_t)(end - value);
        if (left >= 2 && value[0] == '>')
            value += 1;
        else if (left >= 3 && value[0] == '=' && value[1] == '"')
            value += 2;
        else
            continue;
        if (*value >= '0' && *value <= '9')
            return *value - '0';
    }
    return ORIENTATION_ABSENT;
}

bool orientation_turns(int orientation)
{
    return orientation >= 5;
}

void orientation_apply(uint16_t *out, const uint16_t *in, size_t width, size_t height, size_t channels, int orientation)
{
    assert(orientation >= 1 && orientation <= 8);
    const size_t out_width = orientation_turns(orientation) ? height : width;
    const size_t out_height = orientation_turns(orientation) ? width : height;
    /* Two bits a turn: does the source column run backwards, does the source row. */
    const bool column_back = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool row_back = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    for (size_t y = 0; y < out_height; y++)
        for (size_t x = 0; x < out_width; x++) {
            size_t column = orientation_turns(orientation) ? y : x;
            size_t row = orientation_turns(orientation) ? x : y;
            if (column_back)
                column = width - 1 - column;
            if (row_back)
                row = height - 1 - row;
            const uint16_t *from = in + (row * width + column) * channels;
            for (size_t c = 0; c < channels; c++)
                *out++ = from[c];
        }
}
