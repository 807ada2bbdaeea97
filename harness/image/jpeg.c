/* JPEG (ITU-T T.81): baseline, extended and progressive Huffman, 8 bits, grey
 * or three components.  Pixels come from stb_image, which reads past the end
 * of a short file as zeros, believes table sizes and decodes with tables that
 * were never given; so the whole file's markers are walked first.  Refused by
 * name: no end-of-image marker, a scan with fewer bits than blocks or without
 * its restart markers, a component no scan holds, missing tables, CMYK,
 * arithmetic coding, 12 bits.  Bytes behind the end-of-image marker are no
 * matter.  Not seen here: a scan cut short in a file that was closed again
 * with an end-of-image marker, when enough bytes are left; the missing part is
 * then flat, as in every libjpeg reader. */
#include "image/jpeg.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/orientation.h"
#include "image/stb.h"

enum marker {
    SOF0 = 0xC0, SOF1 = 0xC1, SOF2 = 0xC2, DHT = 0xC4, JPG = 0xC8, DAC = 0xCC, SOF15 = 0xCF, RST0 = 0xD0, RST7 = 0xD7,
    SOI = 0xD8, EOI = 0xD9, SOS = 0xDA, DQT = 0xDB, DRI = 0xDD, APP0 = 0xE0, APP1 = 0xE1, APP14 = 0xEE, TEM = 0x01
};

struct component {
    unsigned id, h, v, table;
    bool scanned;
};

struct walk {
    size_t width, height;
    bool has_frame, progressive, has_exif, jfif;
    int adobe; /* colour transform, -1 without the segment */
    int orientation;
    size_t n_components;
    struct component component[4];
    unsigned h_max, v_max;
    size_t restart; /* blocks (MCUs) between restart markers, 0: none */
    unsigned quantisers, dc, ac; /* bit t: table t was given */
};

static size_t get16(const unsigned char *p)
{
    return (size_t)p[0] << 8 | p[1];
}

static size_t divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

static int damaged(struct status *st, const char *what, size_t at)
{
    return status_set(st, STATUS_DATA, "damaged JPEG: %s at byte %zu", what, at);
}

static int read_quantisers(struct walk *w, const unsigned char *p, size_t n, size_t at, struct status *st)
{
    while (n > 0) {
        const size_t need = p[0] >> 4 ? 129 : 65;
        if (p[0] >> 4 > 1 || (p[0] & 15) > 3 || n < need)
            return damaged(st, "bad quantisation table", at);
        w->quantisers |= 1u << (p[0] & 15);
        p += need;
        n -= need;
    }
    return STATUS_OK;
}

static int read_huffman(struct walk *w, const unsigned char *p, size_t n, size_t at, struct status *st)
{
    while (n > 0) {
        size_t codes = 0;
        if (n < 17 || p[0] >> 4 > 1 || (p[0] & 15) > 3)
            return damaged(st, "bad Huffman table", at);
        for (int i = 1; i <= 16; i++)
            codes += p[i];
        if (codes == 0 || codes > 256 || codes > n - 17)
            return damaged(st, "bad Huffman table", at);
        if (p[0] >> 4)
            w->ac |= 1u << (p[0] & 15);
        else
            w->dc |= 1u << (p[0] & 15);
        p += 17 + codes;
        n -= 17 + codes;
    }
    return STATUS_OK;
}

static int read_frame(struct walk *w, unsigned marker, const unsigned char *p, size_t n, size_t at, struct status *st)
{
    if (w->has_frame)
        return damaged(st, "second frame", at);
    if (marker == 0xC3 || marker == 0xC7 || marker == 0xCB || marker == 0xCF)
        return status_set(st, STATUS_DATA, "lossless JPEG is not supported");
    if (marker >= 0xC9)
        return status_set(st, STATUS_DATA, "JPEG with arithmetic coding is not supported");
    if (marker > SOF2)
        return status_set(st, STATUS_DATA, "hierarchical JPEG is not supported");
    if (n < 6 || n != 6 + 3 * (size_t)p[5])
        return damaged(st, "bad frame header", at);
    if (p[0] != 8)
        return status_set(st, STATUS_DATA, "JPEG of %u bits is not supported", p[0]);
    if (p[5] == 4)
        return status_set(st, STATUS_DATA, "CMYK JPEG is not supported");
    if (p[5] != 1 && p[5] != 3)
        return status_set(st, STATUS_DATA, "JPEG of %u components is not supported", p[5]);
    w->has_frame = true;
    w->progressive = marker == SOF2;
    w->height = get16(p + 1);
    w->width = get16(p + 3);
    w->n_components = p[5];
    if (w->height == 0 || w->width == 0)
        return damaged(st, "picture without height or width", at);
    for (size_t i = 0; i < w->n_components; i++) {
        struct component *c = &w->component[i];
        c->id = p[6 + 3 * i];
        c->h = p[7 + 3 * i] >> 4;
        c->v = p[7 + 3 * i] & 15;
        c->table = p[8 + 3 * i];
        if (c->h < 1 || c->h > 4 || c->v < 1 || c->v > 4 || c->table > 3)
            return damaged(st, "bad frame header", at);
        for (size_t k = 0; k < i; k++)
            if (w->component[k].id == c->id)
                return damaged(st, "two components of one name in the frame header", at);
        w->h_max = c->h > w->h_max ? c->h : w->h_max;
        w->v_max = c->v > w->v_max ? c->v : w->v_max;
    }
    return STATUS_OK;
}

/* The scan whose header is p[n]; its entropy-coded data begin at `from`.  *next: the marker behind them. */
static int read_scan(struct walk *w, const unsigned char *p, size_t n, const unsigned char *data, size_t size, size_t from,
                     size_t *next, struct status *st)
{
    if (!w->has_frame || n < 4 || p[0] < 1 || p[0] > w->n_components || n != 4 + 2 * (size_t)p[0])
        return damaged(st, "bad scan header", from);
    const size_t n_scanned = p[0];
    const unsigned first = p[1 + 2 * n_scanned], refining = p[3 + 2 * n_scanned] >> 4;
    const bool needs_dc = !w->progressive || (first == 0 && refining == 0);
    const bool needs_ac = !w->progressive || first > 0;
    size_t mcus = 0, blocks = 0; /* an MCU holds one block of a lone component, else h * v blocks of each */
    unsigned seen = 0;
    for (size_t i = 0; i < n_scanned; i++) {
        size_t k = 0;
        while (k < w->n_components && w->component[k].id != p[1 + 2 * i])
            k++;
        if (k == w->n_components || seen & 1u << k)
            return damaged(st, "scan of an unknown component", from);
        seen |= 1u << k;
        struct component *c = &w->component[k];
        const unsigned dc = p[2 + 2 * i] >> 4, ac = p[2 + 2 * i] & 15;
        if (!(w->quantisers & 1u << c->table) || (needs_dc && !(w->dc & 1u << dc)) || (needs_ac && !(w->ac & 1u << ac)))
            return damaged(st, "scan without its tables", from);
        if (first == 0)
            c->scanned = true;
        if (n_scanned == 1) {
            mcus = divide_up(divide_up(w->width * c->h, w->h_max), 8) * divide_up(divide_up(w->height * c->v, w->v_max), 8);
            blocks = mcus;
        } else {
            mcus = divide_up(w->width, 8 * w->h_max) * divide_up(w->height, 8 * w->v_max);
            blocks += mcus * c->h * c->v;
        }
    }
    size_t restarts = 0, at = from;
    for (;; at += 2) {
        const unsigned char *mark = at < size ? memchr(data + at, 0xFF, size - at) : NULL;
        at = mark ? (size_t)(mark - data) : size;
        while (at + 1 < size && data[at + 1] == 0xFF) /* fill bytes */
            at++;
        if (at + 1 >= size)
            return status_set(st, STATUS_DATA, "truncated JPEG: no end-of-image marker after byte %zu", from);
        if (data[at + 1] == 0)
            continue;
        if (data[at + 1] < RST0 || data[at + 1] > RST7)
            break;
        if (data[at + 1] != RST0 + restarts % 8)
            return damaged(st, "restart marker out of order", at);
        restarts++;
    }
    *next = at;
    const size_t wanted = w->restart ? divide_up(mcus, w->restart) - 1 : 0;
    if (restarts < wanted || restarts > wanted + 1) /* some writers close the last interval too */
        return status_set(st, STATUS_DATA, "damaged JPEG: %zu restart markers in place of %zu in the scan at byte %zu",
                          restarts, wanted, from);
    /* No Huffman code is shorter than one bit: a DC code for each block, and in a sequential scan an end of block. */
    const size_t bits = w->progressive ? first == 0 ? blocks : 0 : 2 * blocks;
    if ((at - from) < bits / 8)
        return status_set(st, STATUS_DATA, "truncated JPEG: %zu bytes for %zu blocks in the scan at byte %zu", at - from,
                          blocks, from);
    return STATUS_OK;
}

static void read_application(struct walk *w, unsigned marker, const unsigned char *p, size_t n)
{
    if (marker == APP0 && n >= 5 && memcmp(p, "JFIF", 5) == 0) {
        w->jfif = true;
    } else if (marker == APP1 && !w->has_exif && n > 6 && memcmp(p, "Exif\0", 6) == 0) {
        w->has_exif = true;
        int value = orientation_from_exif(p, n);
        w->orientation = value == ORIENTATION_ABSENT ? 0 : value;
    } else if (marker == APP14 && n >= 12 && memcmp(p, "Adobe", 5) == 0) {
        w->adobe = p[11];
    }
}

/* stb takes components called R, G, B for colours whatever JFIF or Adobe say; libjpeg believes the latter. */
static bool colour_is_disputed(const struct walk *w)
{
    return w->n_components == 3 && w->component[0].id == 'R' && w->component[1].id == 'G' && w->component[2].id == 'B' &&
           (w->jfif || w->adobe > 0);
}

static int walk_file(struct walk *w, const unsigned char *data, size_t size, struct status *st)
{
    memset(w, 0, sizeof *w);
    w->adobe = -1;
    size_t at = 2;
    for (;;) {
        while (at + 1 < size && (data[at] != 0xFF || data[at + 1] == 0xFF || data[at + 1] == 0))
            at++;
        if (at + 1 >= size)
            return status_set(st, STATUS_DATA, "truncated JPEG: no end-of-image marker after byte %zu", at);
        const unsigned marker = data[at + 1];
        if (marker == EOI)
            break;
        if (marker == SOI || marker == TEM || (marker >= RST0 && marker <= RST7))
            return damaged(st, "marker out of place", at);
        if (size - at < 4 || get16(data + at + 2) > size - at - 2)
            return status_set(st, STATUS_DATA, "truncated JPEG: no end-of-image marker after byte %zu", at);
        const size_t length = get16(data + at + 2);
        if (length < 2)
            return damaged(st, "bad segment length", at);
        const unsigned char *p = data + at + 4;
        const size_t n = length - 2, start = at;
        int code = STATUS_OK;
        at += 2 + length;
        if (marker == DQT) {
            code = read_quantisers(w, p, n, start, st);
        } else if (marker == DHT) {
            code = read_huffman(w, p, n, start, st);
        } else if (marker == DRI) {
            if (n != 2)
                return damaged(st, "bad restart interval", start);
            w->restart = get16(p);
        } else if (marker >= SOF0 && marker <= SOF15 && marker != JPG && marker != DAC) {
            code = read_frame(w, marker, p, n, start, st);
        } else if (marker == SOS) {
            code = read_scan(w, p, n, data, size, at, &at, st);
        } else {
            read_application(w, marker, p, n);
        }
        if (code)
            return code;
    }
    if (!w->has_frame)
        return damaged(st, "no frame before the end-of-image marker", at);
    for (size_t i = 0; i < w->n_components; i++)
        if (!w->component[i].scanned)
            return status_set(st, STATUS_DATA, "damaged JPEG: no scan holds component %zu", i + 1);
    if (colour_is_disputed(w))
        return status_set(st, STATUS_DATA, "JPEG whose components are named R, G, B but marked as YCbCr is not supported");
    return STATUS_OK;
}

int jpeg_inspect(struct radiograph_info *info, const unsigned char *data, size_t size, struct status *st)
{
    struct walk w;
    int code = walk_file(&w, data, size, st);
    if (code)
        return code;
    info->width = w.width;
    info->height = w.height;
    info->channels = w.n_components;
    info->bits = 8;
    info->orientation = w.orientation;
    return STATUS_OK;
}

int jpeg_decode(uint16_t **sample, const struct radiograph_info *info, const unsigned char *data, size_t size,
                struct status *st)
{
    uint8_t *pixel;
    size_t channels;
    int code = stb_decode_8(&pixel, &channels, info->width, info->height, data, size, st);
    if (code)
        return code;
    if (channels != info->channels) {
        free(pixel);
        return status_set(st, STATUS_INTERNAL, "decoded %zu channels where the header says %zu", channels, info->channels);
    }
    const size_t n = info->width * info->height * channels;
    uint16_t *out = NEW(n, uint16_t);
    for (size_t i = 0; i < n; i++)
        out[i] = pixel[i];
    free(pixel);
    *sample = out;
    return STATUS_OK;
}
