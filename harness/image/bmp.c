/* Windows BMP, uncompressed: 1, 4 and 8 bits give palette indices (as for
 * PNG), 24 and 32 bits give red, green, blue.  Run-length coding, 16 bits and
 * unusual channel masks are refused by name.  A few lines of our own: stb_image
 * can give no indices and reads zeros past the end of a short file. */
#include "image/bmp.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"

#define FILE_HEADER 14
#define CORE_HEADER 40

struct layout {
    size_t width, height, bits, stride, offset;
    bool top_down;
};

static uint32_t get32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int read_layout(struct layout *l, const unsigned char *data, size_t size, struct status *st)
{
    if (size < FILE_HEADER + CORE_HEADER)
        return status_set(st, STATUS_DATA, "truncated BMP: header cut short");
    const uint32_t header = get32(data + 14), compression = get32(data + 30);
    const int64_t rows = (int32_t)get32(data + 22);
    if (header < CORE_HEADER || header > size - FILE_HEADER)
        return status_set(st, STATUS_DATA, "BMP header of %u bytes is not supported", header);
    l->offset = get32(data + 10);
    l->width = get32(data + 18);
    l->top_down = rows < 0;
    l->height = (size_t)(rows < 0 ? -rows : rows);
    l->bits = (size_t)data[28] | (size_t)data[29] << 8;
    if (l->bits != 1 && l->bits != 4 && l->bits != 8 && l->bits != 24 && l->bits != 32)
        return status_set(st, STATUS_DATA, "BMP of %zu bits a pixel is not supported", l->bits);
    if (compression == 3 && l->bits == 32) {
        /* Masks stand behind the 40-byte header or inside a longer one, in the same place. */
        const unsigned char *mask = data + FILE_HEADER + CORE_HEADER;
        if (size < FILE_HEADER + CORE_HEADER + 12 || get32(mask) != 0xff0000 || get32(mask + 4) != 0xff00 ||
            get32(mask + 8) != 0xff)
            return status_set(st, STATUS_DATA, "BMP with unusual channel masks is not supported");
    } else if (compression != 0) {
        return status_set(st, STATUS_DATA, "BMP with compression %u is not supported", compression);
    }
    size_t line_bits, need;
    if (!size_mul(l->width, l->bits, &line_bits))
        return status_set(st, STATUS_DATA, "BMP is too wide");
    l->stride = (line_bits / 32 + (line_bits % 32 != 0)) * 4;
    if (l->offset < FILE_HEADER + header || l->offset > size || !size_mul(l->stride, l->height, &need) ||
        need > size - l->offset)
        return status_set(st, STATUS_DATA, "truncated BMP: %zu bytes for %zu x %zu pixels of %zu bits", size, l->width,
                          l->height, l->bits);
    return STATUS_OK;
}

int bmp_inspect(struct radiograph_info *info, const unsigned char *data, size_t size, struct status *st)
{
    struct layout l;
    int code = read_layout(&l, data, size, st);
    if (code)
        return code;
    info->width = l.width;
    info->height = l.height;
    info->channels = l.bits >= 24 ? 3 : 1;
    info->bits = 8;
    return STATUS_OK;
}

int bmp_decode(uint16_t **sample, const struct radiograph_info *info, const unsigned char *data, size_t size,
               struct status *st)
{
    struct layout l;
    int code = read_layout(&l, data, size, st);
    if (code)
        return code;
    uint16_t *out = NEW(info->width * info->height * info->channels, uint16_t);
    *sample = out;
    for (size_t y = 0; y < l.height; y++) {
        const unsigned char *line = data + l.offset + (l.top_down ? y : l.height - 1 - y) * l.stride;
        for (size_t x = 0; x < l.width; x++) {
            if (l.bits >= 24) {
                const unsigned char *pixel = line + x * (l.bits / 8); /* blue, green, red */
                *out++ = pixel[2];
                *out++ = pixel[1];
                *out++ = pixel[0];
            } else {
                size_t bit = x * l.bits;
                *out++ = (uint16_t)((unsigned)line[bit / 8] >> (8 - l.bits - bit % 8) & ((1u << l.bits) - 1));
            }
        }
    }
    return STATUS_OK;
}
