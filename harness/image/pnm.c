/* Binary PGM (P5) and PPM (P6).  A few lines of our own: stb_image hands out
 * uninitialised memory for a short file and does not swap 16-bit samples.
 * A maximum other than 255 (P5: or 65535) is spread over the whole range and
 * rounded to even as Pillow does; colour of more than 8 bits comes down to 8.
 * Format: netpbm's pgm(5), ppm(5). */
#include "image/pnm.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"

struct header {
    size_t width, height, maximum;
    size_t offset; /* first byte of the samples */
};

static bool is_blank(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* One decimal of the header, blanks and comments before it skipped. */
static bool read_number(size_t *value, const unsigned char *data, size_t size, size_t *at)
{
    while (*at < size && (is_blank(data[*at]) || data[*at] == '#')) {
        if (data[*at] == '#')
            while (*at < size && data[*at] != '\n' && data[*at] != '\r')
                ++*at;
        else
            ++*at;
    }
    size_t first = *at;
    *value = 0;
    for (; *at < size && data[*at] >= '0' && data[*at] <= '9'; ++*at) {
        if (*value > 100000000)
            return false;
        *value = 10 * *value + (size_t)(data[*at] - '0');
    }
    return *at > first;
}

static int read_header(struct header *h, const unsigned char *data, size_t size, struct status *st)
{
    size_t at = 2;
    if (!read_number(&h->width, data, size, &at) || !read_number(&h->height, data, size, &at) ||
        !read_number(&h->maximum, data, size, &at) || at >= size || !is_blank(data[at]))
        return status_set(st, STATUS_DATA, "damaged PNM header");
    h->offset = at + 1;
    if (h->maximum == 0 || h->maximum > 65535)
        return status_set(st, STATUS_DATA, "PNM maximum of %zu is not in 1..65535", h->maximum);
    return STATUS_OK;
}

int pnm_inspect(struct radiograph_info *info, const unsigned char *data, size_t size, struct status *st)
{
    struct header h;
    int code = read_header(&h, data, size, st);
    if (code)
        return code;
    info->width = h.width;
    info->height = h.height;
    info->channels = data[1] == '6' ? 3 : 1;
    info->bits = h.maximum > 255 && info->channels == 1 ? 16 : 8;
    size_t need;
    if (!size_mul(h.width, h.height, &need) || !size_mul(need, info->channels * (h.maximum > 255 ? 2 : 1), &need) ||
        need > size - h.offset)
        return status_set(st, STATUS_DATA, "truncated PNM: %zu bytes of samples for %zu x %zu pixels", size - h.offset,
                          h.width, h.height);
    return STATUS_OK;
}

int pnm_decode(uint16_t **sample, const struct radiograph_info *info, const unsigned char *data, size_t size,
               struct status *st)
{
    struct header h;
    int code = read_header(&h, data, size, st);
    if (code)
        return code;
    const size_t n = info->width * info->height * info->channels;
    const double full = info->bits == 16 ? 65535 : 255;
    const unsigned char *from = data + h.offset;
    uint16_t *out = NEW(n, uint16_t);
    for (size_t i = 0; i < n; i++) {
        size_t v = h.maximum > 255 ? (size_t)from[2 * i] << 8 | from[2 * i + 1] : from[i];
        double spread = nearbyint((double)v / (double)h.maximum * full);
        out[i] = (uint16_t)(spread < full ? spread : full);
    }
    *sample = out;
    return STATUS_OK;
}
