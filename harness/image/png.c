/* PNG (ISO/IEC 15948).  stb_image alone would expand palettes, apply tRNS,
 * pass over wrong checksums and take any amount of image data, so the file is
 * first walked chunk by chunk with every CRC checked, its image data inflated
 * by zlib (which knows the exact length wanted and checks the stream's own
 * sum), and stb is handed a minimal PNG of IHDR, that data in stored blocks and
 * IEND, in which a palette has become grey: stb then undoes filters, interlacing
 * and bit packing, and nothing else.
 *
 * Kept: indices of a palette; grey of 1 bit as 0/1, of 2 and 4 bits spread to
 * 0..255 (Pillow's way); grey of 16 bits whole; other 16-bit samples' high byte;
 * never alpha.  Of an animation the first image.  Orientation from eXIf, else
 * the text "Raw profile type exif", else XMP. */
#include "image/png.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/memory.h"
#include "image/orientation.h"
#include "image/stb.h"

#define SIGNATURE 8
#define CHUNK_FRAME 12 /* length, type, CRC */
#define CHUNK_LIMIT 0x7fffffffu
#define TEXT_LIMIT ((size_t)1 << 20) /* of a text chunk, inflated: Pillow's own limit */
#define STORED_MAX 65535             /* of a stored deflate block */
#define DEFLATE_RATIO_MAX 1032       /* deflate cannot pack tighter */

enum colour { GREY = 0, RGB = 2, PALETTE = 3, GREY_ALPHA = 4, RGB_ALPHA = 6 };

struct ihdr {
    size_t width, height;
    unsigned depth, colour;
    bool interlaced;
};

struct chunk {
    const unsigned char *type; /* 4 letters */
    const unsigned char *data;
    size_t size;
};

static uint32_t get32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static void put32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(v >> (24 - 8 * i));
}

static bool is_type(const struct chunk *c, const char *type)
{
    return memcmp(c->type, type, 4) == 0;
}

/* The chunk at *at; false if the file ends before it does. */
static bool next_chunk(struct chunk *c, const unsigned char *data, size_t size, size_t *at)
{
    if (size - *at < CHUNK_FRAME)
        return false;
    c->size = get32(data + *at);
    c->type = data + *at + 4;
    c->data = data + *at + 8;
    if (c->size > CHUNK_LIMIT || c->size > size - *at - CHUNK_FRAME)
        return false;
    *at += CHUNK_FRAME + c->size;
    return true;
}

static int read_ihdr(struct ihdr *h, const struct chunk *c, struct status *st)
{
    static const struct {
        unsigned colour, depths; /* depths: sum of those allowed, each a power of two */
    } legal[] = {{GREY, 31}, {RGB, 24}, {PALETTE, 15}, {GREY_ALPHA, 24}, {RGB_ALPHA, 24}};
    if (!is_type(c, "IHDR") || c->size != 13)
        return status_set(st, STATUS_DATA, "damaged PNG: no header (IHDR) at its start");
    h->width = get32(c->data);
    h->height = get32(c->data + 4);
    h->depth = c->data[8];
    h->colour = c->data[9];
    h->interlaced = c->data[12] == 1;
    bool known = false;
    for (size_t i = 0; i < sizeof legal / sizeof *legal; i++)
        if (legal[i].colour == h->colour && (h->depth & legal[i].depths) && (h->depth & (h->depth - 1)) == 0)
            known = true;
    if (!known || c->data[10] != 0 || c->data[11] != 0 || c->data[12] > 1 || h->width > CHUNK_LIMIT ||
        h->height > CHUNK_LIMIT)
        return status_set(st, STATUS_DATA,
                          "PNG of colour type %u, %u bits, compression %u, filter %u, interlace %u is not supported",
                          h->colour, h->depth, c->data[10], c->data[11], c->data[12]);
    return STATUS_OK;
}

/* Channels in the file. */
static size_t ihdr_channels(const struct ihdr *h)
{
    return h->colour == RGB ? 3 : h->colour == RGB_ALPHA ? 4 : h->colour == GREY_ALPHA ? 2 : 1;
}

/* Inflate at most TEXT_LIMIT bytes into a new array; false if damaged or longer. */
static bool inflate_text(unsigned char **text, size_t *size, const unsigned char *data, size_t n)
{
    uLongf length = TEXT_LIMIT;
    *text = NEW(TEXT_LIMIT, unsigned char);
    if (n > TEXT_LIMIT || uncompress(*text, &length, data, (uLong)n) != Z_OK) {
        free(*text);
        *text = NULL;
        return false;
    }
    *size = length;
    return true;
}

/* The text that goes with `keyword` in a tEXt, zTXt or iTXt chunk.  *text points into the chunk, or into *owned. */
static bool read_text(const unsigned char **text, size_t *size, unsigned char **owned, const struct chunk *c,
                      const char *keyword)
{
    const size_t n = strlen(keyword) + 1;
    bool packed = is_type(c, "zTXt");
    *owned = NULL;
    if ((!packed && !is_type(c, "tEXt") && !is_type(c, "iTXt")) || c->size < n || memcmp(c->data, keyword, n) != 0)
        return false;
    const unsigned char *at = c->data + n, *end = c->data + c->size;
    if (packed) {
        if (at == end || *at++ != 0)
            return false;
    } else if (is_type(c, "iTXt")) {
        if (end - at < 2)
            return false;
        packed = at[0] != 0;
        at += 2;
        for (int skipped = 0; skipped < 2; skipped++) { /* language, translated keyword */
            at = memchr(at, 0, (size_t)(end - at));
            if (!at)
                return false;
            at++;
        }
    }
    *text = at;
    *size = (size_t)(end - at);
    if (packed) {
        if (!inflate_text(owned, size, at, *size))
            return false;
        *text = *owned;
    }
    return true;
}

static int hex_digit(unsigned char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* ImageMagick's raw profile: an empty line, the name, the length, then hexadecimal. */
static int orientation_from_raw_profile(const unsigned char *text, size_t size)
{
    const unsigned char *at = text, *end = text + size;
    for (int line = 0; line < 3; line++) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (!at)
            return ORIENTATION_ABSENT;
        at++;
    }
    unsigned char *bytes = NEW((size_t)(end - at) / 2 + 1, unsigned char);
    size_t n_digits = 0;
    for (; at < end; at++) {
        int digit = hex_digit(*at);
        if (digit < 0)
            continue;
        if (n_digits % 2 == 0)
            bytes[n_digits / 2] = (unsigned char)(digit << 4);
        else
            bytes[n_digits / 2] = (unsigned char)(bytes[n_digits / 2] | digit);
        n_digits++;
    }
    int value = orientation_from_exif(bytes, n_digits / 2);
    free(bytes);
    return value;
}

/* What the chunks say of orientation, by rank: eXIf, raw profile, XMP. */
struct orientations {
    bool has_exif;
    int exif, raw, xmp;
};

static void read_orientation(struct orientations *o, const struct chunk *c)
{
    const unsigned char *text;
    unsigned char *owned;
    size_t size;
    if (is_type(c, "eXIf")) {
        o->has_exif = true;
        o->exif = orientation_from_exif(c->data, c->size);
    } else if (read_text(&text, &size, &owned, c, "Raw profile type exif")) {
        o->raw = orientation_from_raw_profile(text, size);
        free(owned);
    } else if (read_text(&text, &size, &owned, c, "XML:com.adobe.xmp")) {
        o->xmp = orientation_from_xmp(text, size);
        free(owned);
    }
}

static int chosen_orientation(const struct orientations *o)
{
    int value = o->has_exif ? o->exif : o->raw;
    if (value == ORIENTATION_ABSENT)
        value = o->xmp;
    return value == ORIENTATION_ABSENT ? 0 : value;
}

int png_inspect(struct radiograph_info *info, const unsigned char *data, size_t size, struct status *st)
{
    struct ihdr h;
    struct chunk c;
    struct orientations o = {false, ORIENTATION_ABSENT, ORIENTATION_ABSENT, ORIENTATION_ABSENT};
    size_t at = SIGNATURE;
    enum { BEFORE, WITHIN, AFTER } image = BEFORE;
    bool has_palette = false;
    for (size_t n = 0;; n++) {
        const size_t start = at;
        if (!next_chunk(&c, data, size, &at))
            return status_set(st, STATUS_DATA, "truncated PNG: no end chunk (IEND) after byte %zu", start);
        if (crc32(crc32(0, NULL, 0), c.type, (uInt)(c.size + 4)) != get32(c.data + c.size)) {
            bool letters = true;
            for (int i = 0; i < 4; i++)
                letters = letters && ((c.type[i] | 32) >= 'a' && (c.type[i] | 32) <= 'z');
            return letters ? status_set(st, STATUS_DATA, "damaged PNG: wrong checksum of chunk %.4s at byte %zu",
                                        (const char *)c.type, start)
                           : status_set(st, STATUS_DATA, "damaged PNG: no chunk at byte %zu", start);
        }
        if (n == 0) {
            int code = read_ihdr(&h, &c, st);
            if (code)
                return code;
            continue;
        }
        if (is_type(&c, "IDAT")) {
            if (image == AFTER)
                return status_set(st, STATUS_DATA, "damaged PNG: image data (IDAT) in two places");
            image = WITHIN;
            continue;
        }
        if (image == WITHIN)
            image = AFTER;
        if (is_type(&c, "IEND"))
            break;
        if (is_type(&c, "PLTE"))
            has_palette = true;
        else if (!(c.type[0] & 32)) /* capital first letter: not to be ignored */
            return status_set(st, STATUS_DATA, "PNG with chunk %.4s is not supported", (const char *)c.type);
        read_orientation(&o, &c);
    }
    if (image == BEFORE)
        return status_set(st, STATUS_DATA, "damaged PNG: no image data (IDAT)");
    if (h.colour == PALETTE && !has_palette)
        return status_set(st, STATUS_DATA, "damaged PNG: palette image without palette (PLTE)");
    info->width = h.width;
    info->height = h.height;
    info->channels = h.colour == RGB || h.colour == RGB_ALPHA ? 3 : 1;
    info->bits = h.colour == GREY && h.depth == 16 ? 16 : 8;
    info->orientation = chosen_orientation(&o);
    return STATUS_OK;
}

/* Bytes of filtered lines, each with its filter byte; an interlaced file is seven small pictures. */
static size_t filtered_size(const struct ihdr *h)
{
    static const size_t x0[] = {0, 4, 0, 2, 0, 1, 0}, y0[] = {0, 0, 4, 0, 2, 0, 1};
    static const size_t dx[] = {8, 8, 4, 4, 2, 2, 1}, dy[] = {8, 8, 8, 4, 4, 2, 2};
    const size_t bits = ihdr_channels(h) * h->depth;
    if (!h->interlaced)
        return ((h->width * bits + 7) / 8 + 1) * h->height;
    size_t total = 0;
    for (size_t p = 0; p < 7; p++) {
        size_t width = h->width > x0[p] ? (h->width - x0[p] + dx[p] - 1) / dx[p] : 0;
        size_t height = h->height > y0[p] ? (h->height - y0[p] + dy[p] - 1) / dy[p] : 0;
        if (width > 0)
            total += ((width * bits + 7) / 8 + 1) * height;
    }
    return total;
}

/* The image data of consecutive IDAT chunks as one zlib stream. */
struct stream {
    z_stream z;
    const unsigned char *data; /* the file */
    size_t size, at;           /* next chunk */
};

/* Fill out[n] exactly.  Z_OK, Z_STREAM_END, or what went wrong (Z_BUF_ERROR: the data are over). */
static int stream_read(struct stream *s, unsigned char *out, size_t n)
{
    int result = Z_OK;
    s->z.next_out = out;
    s->z.avail_out = (uInt)n;
    while (s->z.avail_out > 0) {
        if (s->z.avail_in == 0) {
            struct chunk c;
            if (!next_chunk(&c, s->data, s->size, &s->at) || !is_type(&c, "IDAT"))
                return Z_BUF_ERROR;
            s->z.next_in = (unsigned char *)c.data; /* zlib reads only */
            s->z.avail_in = (uInt)c.size;
            continue;
        }
        result = inflate(&s->z, Z_NO_FLUSH);
        if (result != Z_OK)
            return result == Z_STREAM_END && s->z.avail_out > 0 ? Z_BUF_ERROR : result;
    }
    return result;
}

static unsigned char *put_chunk_end(unsigned char *chunk, unsigned char *end)
{
    put32(end, (uint32_t)crc32(crc32(0, NULL, 0), chunk + 4, (uInt)(end - chunk - 4)));
    return end + 4;
}

/* A PNG of the same picture that holds nothing but IHDR, image data and IEND: new array. */
static int rebuild(unsigned char **built, size_t *built_size, const struct ihdr *h, const unsigned char *data, size_t size,
                   struct status *st)
{
    struct stream s = {.data = data, .size = size, .at = SIGNATURE};
    struct chunk c;
    size_t packed = 0;
    for (size_t at = SIGNATURE; next_chunk(&c, data, size, &at);) {
        if (!is_type(&c, "IDAT")) {
            if (packed > 0)
                break;
            s.at = at;
        }
        packed += is_type(&c, "IDAT") ? c.size : 0;
    }
    const size_t raw = filtered_size(h), blocks = (raw + STORED_MAX - 1) / STORED_MAX;
    if (raw / DEFLATE_RATIO_MAX > packed)
        return status_set(st, STATUS_DATA, "truncated PNG: %zu bytes of image data cannot hold %zu x %zu pixels", packed,
                          h->width, h->height);

    const size_t idat = 2 + 5 * blocks + raw + 4;
    unsigned char *file = NEW(SIGNATURE + CHUNK_FRAME + 13 + CHUNK_FRAME + idat + CHUNK_FRAME, unsigned char);
    memcpy(file, data, SIGNATURE + CHUNK_FRAME + 13);
    unsigned char *header = file + SIGNATURE;
    if (h->colour == PALETTE)
        header[8 + 9] = GREY;
    unsigned char *chunk = put_chunk_end(header, header + 8 + 13);
    put32(chunk, (uint32_t)idat);
    memcpy(chunk + 4, "IDAT\x78\x01", 6);
    unsigned char *at = chunk + 10;

    int code = STATUS_OK;
    if (inflateInit(&s.z) != Z_OK) {
        free(file);
        return status_set(st, STATUS_INTERNAL, "cannot start zlib");
    }
    int result = Z_OK;
    size_t done = 0;
    for (; done < raw; done += STORED_MAX) {
        const size_t n = raw - done < STORED_MAX ? raw - done : STORED_MAX;
        at[0] = done + n == raw;
        at[1] = (unsigned char)n;
        at[2] = (unsigned char)(n >> 8);
        at[3] = (unsigned char)~at[1];
        at[4] = (unsigned char)~at[2];
        result = stream_read(&s, at + 5, n);
        if (result != Z_OK && result != Z_STREAM_END)
            break;
        at += 5 + n;
    }
    if (result == Z_OK) { /* all pixels are here; let zlib come to the stream's own sum */
        unsigned char beyond;
        result = stream_read(&s, &beyond, 1);
        if (result != Z_DATA_ERROR)
            result = Z_OK;
    }
    if (result == Z_BUF_ERROR)
        code = status_set(st, STATUS_DATA, "truncated PNG: image data end after %lu of %zu bytes", s.z.total_out, raw);
    else if (result != Z_OK && result != Z_STREAM_END)
        code = status_set(st, STATUS_DATA, "damaged PNG: %s", s.z.msg ? s.z.msg : "image data cannot be inflated");
    inflateEnd(&s.z);
    if (code) {
        free(file);
        return code;
    }
    put32(at, 0); /* stb passes over the sum, which zlib has checked */
    at = put_chunk_end(chunk, at + 4);
    put32(at, 0);
    memcpy(at + 4, "IEND", 4);
    at = put_chunk_end(at, at + 8);
    *built = file;
    *built_size = (size_t)(at - file);
    return STATUS_OK;
}

int png_decode(uint16_t **sample, const struct radiograph_info *info, const unsigned char *data, size_t size,
               struct status *st)
{
    struct ihdr h;
    struct chunk c;
    unsigned char *built = NULL;
    uint8_t *pixel = NULL;
    size_t built_size = 0, channels, at = SIGNATURE;
    int code = next_chunk(&c, data, size, &at) ? read_ihdr(&h, &c, st) : status_set(st, STATUS_INTERNAL, "PNG not inspected");
    if (code)
        return code;
    code = rebuild(&built, &built_size, &h, data, size, st);
    if (code)
        return code;
    if (info->bits == 16) {
        code = stb_decode_16(sample, &channels, h.width, h.height, built, built_size, st);
        goto done;
    }
    code = stb_decode_8(&pixel, &channels, h.width, h.height, built, built_size, st);
    if (code)
        goto done;
    const size_t n = h.width * h.height, kept = info->channels;
    /* stb has spread shallow grey to 0..255: taken back where Pillow does not spread. */
    const unsigned step = h.depth < 8 && (h.colour == PALETTE || h.depth == 1) ? 255u / ((1u << h.depth) - 1) : 1;
    uint16_t *out = NEW(n * kept, uint16_t);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < kept; k++)
            out[i * kept + k] = (uint16_t)(pixel[i * channels + k] / step);
    *sample = out;
done:
    free(built);
    free(pixel);
    return code;
}
