/* Files made here, byte by byte: what is read from them, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/memory.h"
#include "image/orientation.h"
#include "image/radiograph.h"

#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wattributes"
/* Its writer shifts into the sign bit; every function of it is static, and gcc has no other way to say it for all. */
#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("undefined"))), apply_to = function)
#else
#define static static __attribute__((no_sanitize("undefined")))
#endif
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#include <stb_image_write.h>
#ifdef __clang__
#pragma clang attribute pop
#else
#undef static
#endif
#pragma GCC diagnostic pop

struct bytes {
    unsigned char *data;
    size_t size, capacity;
};

static void put(struct bytes *b, const void *data, size_t n)
{
    while (b->size + n > b->capacity) {
        b->capacity = b->capacity ? 2 * b->capacity : 256;
        b->data = mem_realloc(b->data, b->capacity, 1);
    }
    if (n > 0)
        memcpy(b->data + b->size, data, n);
    b->size += n;
}

static void put32(struct bytes *b, size_t v)
{
    const unsigned char big[] = {(unsigned char)(v >> 24), (unsigned char)(v >> 16), (unsigned char)(v >> 8),
                                 (unsigned char)v};
    put(b, big, 4);
}

static void put_chunk(struct bytes *b, const char *type, const void *data, size_t n)
{
    put32(b, n);
    const size_t start = b->size;
    put(b, type, 4);
    put(b, data, n);
    put32(b, crc32(0, b->data + start, (uInt)(n + 4)));
}

struct extra { /* a chunk between header and image data */
    const char *type;
    const void *data;
    size_t size;
};

/* lines[n]: filtered lines.  IDAT is cut into pieces of `piece` bytes. */
static struct bytes make_png(size_t width, size_t height, unsigned depth, unsigned colour, const void *lines, size_t n,
                             const struct extra *extra, size_t piece)
{
    struct bytes b = {0}, header = {0};
    const unsigned char rest[] = {(unsigned char)depth, (unsigned char)colour, 0, 0, 0};
    put(&b, "\x89PNG\r\n\x1a\n", 8);
    put32(&header, width);
    put32(&header, height);
    put(&header, rest, 5);
    put_chunk(&b, "IHDR", header.data, header.size);
    free(header.data);
    if (colour == 3)
        put_chunk(&b, "PLTE", "\xff\0\0\0\xff\0\0\0\xff\x80\x80\x80", 12);
    if (extra)
        put_chunk(&b, extra->type, extra->data, extra->size);
    unsigned char packed[4096];
    uLongf size = sizeof packed;
    assert_int_equal(compress(packed, &size, lines, (uLong)n), Z_OK);
    for (size_t at = 0; at < size; at += piece)
        put_chunk(&b, "IDAT", packed + at, size - at < piece ? size - at : piece);
    put_chunk(&b, "IEND", "", 0);
    return b;
}

static void append_jpeg(void *context, void *data, int n)
{
    put(context, data, (size_t)n);
}

static struct bytes make_jpeg(int width, int height, int channels)
{
    struct bytes b = {0};
    unsigned char pixel[64 * 64 * 3];
    for (int i = 0; i < width * height * channels; i++)
        pixel[i] = (unsigned char)(i * 7 + i / 50 * 11);
    assert_true(stbi_write_jpg_to_func(append_jpeg, &b, width, height, channels, pixel, 90));
    return b;
}

/* The file with n bytes put in at `at`. */
static struct bytes with_insert(const struct bytes *b, size_t at, const void *data, size_t n)
{
    struct bytes out = {0};
    put(&out, b->data, at);
    put(&out, data, n);
    put(&out, b->data + at, b->size - at);
    return out;
}

/* Where the JPEG marker is; b->size if nowhere. */
static size_t find_marker(const struct bytes *b, unsigned marker)
{
    for (size_t at = 0; at + 1 < b->size; at++)
        if (b->data[at] == 0xFF && b->data[at + 1] == marker)
            return at;
    return b->size;
}

/* Decodes, and checks that radiograph_info says the same.  A copy of exact size lets the sanitizer see over-reads. */
static int decode(struct radiograph *r, const unsigned char *data, size_t size, struct status *st)
{
    struct radiograph_info info;
    struct status info_status = {0};
    unsigned char *copy = NEW(size + (size == 0), unsigned char);
    if (size > 0)
        memcpy(copy, data, size);
    *st = (struct status){0};
    int code = radiograph_decode(r, copy, size, st), info_code = radiograph_info(&info, copy, size, &info_status);
    if (!code) {
        assert_int_equal(info_code, 0);
        assert_int_equal(info.width, r->width);
        assert_int_equal(info.height, r->height);
        assert_int_equal(info.channels, r->channels);
        assert_int_equal(info.bits, r->bits);
        assert_int_equal(info.orientation, r->orientation);
        assert_string_equal(info.format, r->format);
    } else {
        assert_null(r->sample);
        assert_true(strlen(st->text) > 0);
    }
    free(copy);
    return code;
}

static void expect_refusal(const unsigned char *data, size_t size, const char *reason)
{
    struct radiograph r;
    struct status st;
    assert_int_equal(decode(&r, data, size, &st), STATUS_DATA);
    if (!strstr(st.text, reason))
        fail_msg("'%s' lacks '%s'", st.text, reason);
}

static void expect_samples(const unsigned char *data, size_t size, size_t width, size_t height, size_t channels,
                           unsigned bits, const uint16_t *sample)
{
    struct radiograph r;
    struct status st;
    if (decode(&r, data, size, &st))
        fail_msg("%s", st.text);
    assert_int_equal(r.width, width);
    assert_int_equal(r.height, height);
    assert_int_equal(r.channels, channels);
    assert_int_equal(r.bits, bits);
    for (size_t i = 0; i < width * height * channels; i++)
        assert_int_equal(r.sample[i], sample[i]);
    radiograph_free(&r);
    radiograph_free(&r);
}

static void png_of_every_colour_type(void **state)
{
    (void)state;
    static const struct {
        unsigned depth, colour;
        size_t n_lines; /* bytes */
        const char *lines;
        size_t channels;
        unsigned bits;
        uint16_t sample[6];
    } cases[] = { /* all 2 x 1, filter none */
        {1, 0, 2, "\0\x40", 1, 8, {0, 1}},
        {2, 0, 2, "\0\x60", 1, 8, {85, 170}},
        {4, 0, 2, "\0\x1e", 1, 8, {17, 238}},
        {8, 0, 3, "\0\x07\xc8", 1, 8, {7, 200}},
        {16, 0, 5, "\0\x01\x02\xff\xfe", 1, 16, {258, 65534}},
        {8, 2, 7, "\0\1\2\3\4\5\6", 3, 8, {1, 2, 3, 4, 5, 6}},
        {16, 2, 13, "\0\1\xff\2\xff\3\xff\4\xff\5\xff\6\xff", 3, 8, {1, 2, 3, 4, 5, 6}},
        {1, 3, 2, "\0\x40", 1, 8, {0, 1}},
        {2, 3, 2, "\0\xd0", 1, 8, {3, 1}},
        {4, 3, 2, "\0\x31", 1, 8, {3, 1}},
        {8, 3, 3, "\0\3\2", 1, 8, {3, 2}},
        {8, 4, 5, "\0\x09\0\x0a\xff", 1, 8, {9, 10}},
        {16, 4, 9, "\0\x09\xff\0\0\x0a\x80\xff\xff", 1, 8, {9, 10}},
        {8, 6, 9, "\0\1\2\3\0\4\5\6\xff", 3, 8, {1, 2, 3, 4, 5, 6}},
        {16, 6, 17, "\0\1\xff\2\xff\3\xff\0\0\4\xff\5\xff\6\xff\xff\xff", 3, 8, {1, 2, 3, 4, 5, 6}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t piece = 1; piece < 100; piece += 90) { /* image data in many chunks or in one */
            struct bytes b = make_png(2, 1, cases[i].depth, cases[i].colour, cases[i].lines, cases[i].n_lines, NULL, piece);
            expect_samples(b.data, b.size, 2, 1, cases[i].channels, cases[i].bits, cases[i].sample);
            free(b.data);
        }
    }
}

static void png_ancillary_chunks_change_nothing(void **state)
{
    (void)state;
    const struct extra extras[] = {{"tRNS", "\0\7", 2}, {"gAMA", "\0\0\1\0", 4}, {"bKGD", "\0\7", 2}, {"sBIT", "\3", 1},
                                   {"acTL", "\0\0\0\2\0\0\0\0", 8}};
    const uint16_t sample[] = {7, 200};
    for (size_t i = 0; i < sizeof extras / sizeof *extras; i++) {
        struct bytes b = make_png(2, 1, 8, 0, "\0\x07\xc8", 3, &extras[i], 100);
        expect_samples(b.data, b.size, 2, 1, 1, 8, sample);
        free(b.data);
    }
    const struct extra transparent = {"tRNS", "\0\x80", 2};
    const uint16_t indices[] = {3, 2};
    struct bytes b = make_png(2, 1, 8, 3, "\0\3\2", 3, &transparent, 100);
    expect_samples(b.data, b.size, 2, 1, 1, 8, indices);
    free(b.data);
}

/* Cut anywhere, a file is refused; any single byte changed, it is refused too, for every byte is under a checksum. */
static void png_damage_is_refused(void **state)
{
    (void)state;
    struct bytes b = make_png(2, 2, 8, 3, "\0\3\2\2\1\1", 6, NULL, 7);
    struct radiograph r;
    struct status st;
    for (size_t size = 0; size < b.size; size++)
        assert_int_equal(decode(&r, b.data, size, &st), STATUS_DATA);
    for (size_t at = 0; at < b.size; at++) {
        b.data[at] ^= 0x10;
        if (decode(&r, b.data, b.size, &st) != STATUS_DATA)
            fail_msg("accepted with byte %zu changed", at);
        b.data[at] ^= 0x10;
    }
    expect_refusal(b.data, b.size - 12, "truncated PNG: no end chunk (IEND) after byte");
    b.data[b.size - 20] ^= 1;
    expect_refusal(b.data, b.size, "wrong checksum of chunk IDAT at byte");
    free(b.data);
}

static void png_contradictions_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t width, height;
        unsigned depth, colour;
        size_t n;
        const char *lines, *reason;
        struct extra extra;
    } cases[] = {
        {2, 2, 8, 0, 3, "\0\1\2", "truncated PNG: image data end after 3 of 6 bytes", {"tEXt", "a\0b", 3}},
        {60000, 1000, 8, 0, 3, "\0\1\2", "cannot hold 60000 x 1000 pixels", {"tEXt", "a\0b", 3}},
        {60000, 60000, 8, 0, 3, "\0\1\2", "too large", {"tEXt", "a\0b", 3}},
        {0, 1, 8, 0, 3, "\0\1\2", "image of 0 x 1 pixels", {"tEXt", "a\0b", 3}},
        {2, 1, 16, 3, 3, "\0\1\2", "is not supported", {"tEXt", "a\0b", 3}},
        {2, 1, 3, 0, 3, "\0\1\2", "is not supported", {"tEXt", "a\0b", 3}},
        {2, 1, 8, 5, 3, "\0\1\2", "is not supported", {"tEXt", "a\0b", 3}},
        {2, 1, 8, 0, 3, "\5\1\2", "invalid filter", {"tEXt", "a\0b", 3}},
        {2, 1, 8, 0, 3, "\0\1\2", "chunk CgBI is not supported", {"CgBI", "\0\0\0\0", 4}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes b = make_png(cases[i].width, cases[i].height, cases[i].depth, cases[i].colour, cases[i].lines,
                                  cases[i].n, &cases[i].extra, 100);
        expect_refusal(b.data, b.size, cases[i].reason);
        free(b.data);
    }
    /* A wrong sum of the zlib stream under right checksums of the chunks. */
    unsigned char packed[64];
    uLongf size = sizeof packed;
    assert_int_equal(compress(packed, &size, (const unsigned char *)"\0\1\2", 3), Z_OK);
    packed[size - 1] ^= 1;
    struct bytes b = make_png(2, 1, 8, 0, "\0\1\2", 3, NULL, 100);
    b.size = 33;
    put_chunk(&b, "IDAT", packed, size);
    put_chunk(&b, "IEND", "", 0);
    expect_refusal(b.data, b.size, "incorrect data check");
    free(b.data);
}

/* A TIFF block with one entry, tag 0x0112. */
static struct bytes make_exif(bool big, unsigned type, unsigned value)
{
    unsigned char t[26] = {0};
    const size_t at[] = {2, 4, 8, 10, 12, 14, 18};
    const size_t wide[] = {2, 4, 2, 2, 2, 4, type == 3 ? 2 : 4};
    const size_t what[] = {42, 8, 1, 0x0112, type, 1, value};
    memcpy(t, big ? "MM" : "II", 2);
    for (size_t i = 0; i < 7; i++)
        for (size_t k = 0; k < wide[i]; k++)
            t[at[i] + k] = (unsigned char)(what[i] >> 8 * (big ? wide[i] - 1 - k : k));
    struct bytes b = {0};
    put(&b, t, sizeof t);
    return b;
}

static const uint16_t upright[9][6] = { /* of 3 x 2: 1 2 3 / 4 5 6 */
    {1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}, {6, 5, 4, 3, 2, 1}, {4, 5, 6, 1, 2, 3},
    {1, 4, 2, 5, 3, 6}, {4, 1, 5, 2, 6, 3}, {6, 3, 5, 2, 4, 1}, {3, 6, 2, 5, 1, 4},
};

static void expect_orientation(const struct extra *extra, unsigned orientation)
{
    struct bytes b = make_png(3, 2, 8, 0, "\0\1\2\3\0\4\5\6", 8, extra, 100);
    const bool turns = orientation >= 5;
    expect_samples(b.data, b.size, turns ? 2 : 3, turns ? 3 : 2, 1, 8, upright[orientation]);
    free(b.data);
}

static void orientation_from_exif_chunk(void **state)
{
    (void)state;
    for (unsigned value = 0; value <= 10; value++)
        for (int big = 0; big < 2; big++)
            for (unsigned type = 3; type <= 4; type++) {
                struct bytes exif = make_exif(big, type, value);
                const struct extra extra = {"eXIf", exif.data, exif.size};
                expect_orientation(&extra, value <= 8 ? value : 0);
                free(exif.data);
            }
    const struct extra broken = {"eXIf", "II*\0\377\377\377\377", 8};
    expect_orientation(&broken, 1);
    struct bytes exif = make_exif(false, 1, 6); /* BYTE does not count */
    const struct extra of_bytes = {"eXIf", exif.data, exif.size};
    expect_orientation(&of_bytes, 1);
    free(exif.data);
}

static void orientation_from_texts(void **state)
{
    (void)state;
    struct bytes exif = make_exif(true, 3, 8), raw = {0}, packed = {0};
    static const char head[] = "Raw profile type exif\0\nexif\n      32\n";
    put(&raw, head, sizeof head - 1);
    const char *prefix = "457869660000";
    put(&raw, prefix, 12);
    for (size_t i = 0; i < exif.size; i++) {
        char hex[4];
        snprintf(hex, sizeof hex, "%02x%s", exif.data[i], i % 9 == 8 ? "\n" : "");
        put(&raw, hex, strlen(hex));
    }
    const struct extra plain = {"tEXt", raw.data, raw.size};
    expect_orientation(&plain, 8);

    unsigned char deflated[512];
    uLongf size = sizeof deflated;
    assert_int_equal(compress(deflated, &size, raw.data + 22, (uLong)(raw.size - 22)), Z_OK);
    put(&packed, raw.data, 22); /* keyword and its NUL */
    put(&packed, "", 1);        /* method */
    put(&packed, deflated, size);
    const struct extra compressed = {"zTXt", packed.data, packed.size};
    expect_orientation(&compressed, 8);

    static const char attribute[] = "XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation=\"6\"/>";
    static const char element[] = "XML:com.adobe.xmp\0\0\0en\0\0<tiff:Orientation>3</tiff:Orientation>";
    static const char nothing[] = "XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation=6/>";
    static const char short_chunk[] = "XML:com.adobe.xmp\0\0";
    const struct extra xmp[] = {{"iTXt", attribute, sizeof attribute - 1}, {"iTXt", element, sizeof element - 1},
                                {"iTXt", nothing, sizeof nothing - 1}, {"iTXt", short_chunk, sizeof short_chunk - 1}};
    const unsigned expected[] = {6, 3, 1, 1};
    for (size_t i = 0; i < 4; i++)
        expect_orientation(&xmp[i], expected[i]);
    free(exif.data);
    free(raw.data);
    free(packed.data);
}

/* Turning and turning back: 2, 3, 4, 5 and 7 are their own inverses, 6 and 8 each other's. */
static void orientations_have_inverses(void **state)
{
    (void)state;
    const uint16_t in[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}; /* 2 x 2 x 3 */
    for (int orientation = 1; orientation <= 8; orientation++) {
        uint16_t there[12], back[12];
        orientation_apply(there, in, 2, 2, 3, orientation);
        orientation_apply(back, there, 2, 2, 3, orientation == 6 ? 8 : orientation == 8 ? 6 : orientation);
        assert_memory_equal(back, in, sizeof in);
    }
}

static void jpeg_is_read_within_a_few_levels(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 3; channels += 2) {
        struct bytes b = {0};
        unsigned char pixel[32 * 24 * 3];
        for (int i = 0; i < 32 * 24 * channels; i++)
            pixel[i] = (unsigned char)(i / channels * 255 / (32 * 24));
        assert_true(stbi_write_jpg_to_func(append_jpeg, &b, 32, 24, channels, pixel, 95));
        put(&b, "bytes behind the end", 20);
        struct radiograph r;
        struct status st;
        assert_int_equal(decode(&r, b.data, b.size, &st), STATUS_OK);
        assert_int_equal(r.width, 32);
        assert_int_equal(r.height, 24);
        assert_string_equal(r.format, "jpeg");
        for (size_t i = 0; i < 32 * 24; i++)
            assert_in_range(r.sample[i * r.channels] + 6, pixel[i * (size_t)channels], pixel[i * (size_t)channels] + 12);
        radiograph_free(&r);
        free(b.data);
    }
}

static void jpeg_orientation(void **state)
{
    (void)state;
    struct bytes exif = make_exif(false, 3, 6), segment = {0}, jpeg = make_jpeg(40, 16, 3);
    const unsigned char head[] = {0xFF, 0xE1, 0, (unsigned char)(exif.size + 8), 'E', 'x', 'i', 'f', 0, 0};
    put(&segment, head, sizeof head);
    put(&segment, exif.data, exif.size);
    struct bytes turned = with_insert(&jpeg, 2, segment.data, segment.size);
    struct radiograph flat, r;
    struct status st;
    assert_int_equal(decode(&flat, jpeg.data, jpeg.size, &st), STATUS_OK);
    assert_int_equal(decode(&r, turned.data, turned.size, &st), STATUS_OK);
    assert_int_equal(r.width, 16);
    assert_int_equal(r.height, 40);
    assert_int_equal(r.orientation, 6);
    for (size_t y = 0; y < 40; y++)
        for (size_t x = 0; x < 16; x++)
            assert_int_equal(r.sample[(y * 16 + x) * 3], flat.sample[((15 - x) * 40 + y) * 3]);
    radiograph_free(&flat);
    radiograph_free(&r);
    free(exif.data);
    free(segment.data);
    free(jpeg.data);
    free(turned.data);
}

static void jpeg_damage_is_refused(void **state)
{
    (void)state;
    struct bytes b = make_jpeg(40, 40, 3);
    struct radiograph r;
    struct status st;
    for (size_t size = 0; size < b.size; size++)
        assert_int_equal(decode(&r, b.data, size, &st), STATUS_DATA);
    expect_refusal(b.data, b.size - 2, "truncated JPEG: no end-of-image marker after byte");
    const size_t scan = find_marker(&b, 0xDA);
    struct bytes closed = {0}; /* a scan of ten bytes, closed again */
    put(&closed, b.data, scan + 2 + 12 + 10);
    put(&closed, "\xff\xd9", 2);
    expect_refusal(closed.data, closed.size, "truncated JPEG: 10 bytes for");

    static const struct {
        unsigned marker;
        size_t at; /* from the marker */
        unsigned char value;
        const char *reason;
    } cases[] = {
        {0xDA, 1, 0xFE, "no scan holds component"},       {0xC4, 1, 0xFE, "scan without its tables"},
        {0xDB, 1, 0xFE, "scan without its tables"},       {0xC0, 1, 0xC9, "arithmetic coding"},
        {0xC0, 1, 0xC3, "lossless"},                      {0xC0, 1, 0xFE, "bad scan header"},
        {0xC0, 4, 12, "JPEG of 12 bits"},                 {0xC0, 6, 0, "truncated JPEG"},
        {0xC0, 11, 0, "bad frame header"},                {0xC4, 5, 255, "bad Huffman table"},
        {0xDB, 4, 4, "bad quantisation table"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t at = find_marker(&b, cases[i].marker) + cases[i].at;
        const unsigned char old = b.data[at];
        b.data[at] = cases[i].value;
        if (cases[i].at == 6) /* height 40 -> 4000 with the same few bytes */
            b.data[at - 1] = 0x40;
        expect_refusal(b.data, b.size, cases[i].reason);
        b.data[at] = old;
        if (cases[i].at == 6)
            b.data[at - 1] = 0;
    }
    const unsigned char restart[] = {0xFF, 0xDD, 0, 4, 0, 1};
    struct bytes without = with_insert(&b, 2, restart, 6);
    expect_refusal(without.data, without.size, "restart markers in place of");
    const unsigned char cmyk[] = {0xFF, 0xD8, 0xFF, 0xC0, 0, 20, 8, 0, 8, 0, 8, 4, 1, 17, 0, 2, 17, 0, 3, 17, 0, 4, 17, 0,
                                  0xFF, 0xD9};
    expect_refusal(cmyk, sizeof cmyk, "CMYK JPEG is not supported");
    free(b.data);
    free(closed.data);
    free(without.data);
}

static void pnm_and_bmp(void **state)
{
    (void)state;
    static const unsigned char p5[] = "P5 # a comment\n2 1\n255\n\7\310", p5_16[] = "P5 2 1 65535 \1\2\377\376";
    static const unsigned char p5_low[] = "P5 2 1 3 \1\3", p6[] = "P6\n1 1\n255\n\1\2\3";
    const uint16_t two[] = {7, 200}, wide[] = {258, 65534}, low[] = {85, 255}, colour[] = {1, 2, 3};
    expect_samples(p5, sizeof p5 - 1, 2, 1, 1, 8, two);
    expect_samples(p5_16, sizeof p5_16 - 1, 2, 1, 1, 16, wide);
    expect_samples(p5_low, sizeof p5_low - 1, 2, 1, 1, 8, low);
    expect_samples(p6, sizeof p6 - 1, 1, 1, 3, 8, colour);
    expect_refusal(p5, sizeof p5 - 2, "truncated PNM");
    expect_refusal(p5, 9, "damaged PNM header");
    expect_refusal((const unsigned char *)"P5 2 1 70000 abcd", 17, "maximum of 70000");

    unsigned char bmp[54 + 8 + 8] = "BM"; /* 2 x 2, one bit, rows from below */
    bmp[10] = 62;
    bmp[14] = 40;
    bmp[18] = bmp[22] = 2;
    bmp[26] = bmp[28] = 1;
    bmp[62] = 0x40;
    bmp[66] = 0x80;
    const uint16_t bits[] = {1, 0, 0, 1};
    expect_samples(bmp, sizeof bmp, 2, 2, 1, 8, bits);
    expect_refusal(bmp, sizeof bmp - 1, "truncated BMP");
    bmp[30] = 1;
    expect_refusal(bmp, sizeof bmp, "compression 1");
    bmp[30] = 0;
    bmp[28] = 24;
    bmp[18] = bmp[22] = 1;
    memcpy(bmp + 62, "\3\2\1\0", 4);
    expect_samples(bmp, sizeof bmp, 1, 1, 3, 8, colour);
}

static void other_files_are_refused(void **state)
{
    (void)state;
    expect_refusal((const unsigned char *)"", 0, "empty file");
    expect_refusal((const unsigned char *)"GIF89a", 6, "not a PNG, JPEG, BMP or binary PNM");
}

/* Good and bad files side by side: every thread gets its own picture and its own reason. */
static void threads_do_not_meet(void **state)
{
    (void)state;
    struct bytes good = make_jpeg(32, 32, 3), filter = make_png(2, 1, 8, 0, "\5\1\2", 3, NULL, 100);
    struct bytes huffman = make_jpeg(32, 32, 1);
    const size_t scan = find_marker(&huffman, 0xDA) + 14;
    for (size_t i = 0; i < 40; i++)
        huffman.data[scan + i] = i % 2 ? 0 : 0xFF; /* stuffed ones: no code is made of ones alone */
    int wrong[64] = {0};
    struct radiograph reference;
    struct status reference_status;
    assert_int_equal(decode(&reference, good.data, good.size, &reference_status), STATUS_OK);
#pragma omp parallel for num_threads(8) schedule(static, 1)
    for (int i = 0; i < 64; i++) {
        struct radiograph r = {0};
        struct status st = {0};
        const struct bytes *b = i % 3 == 0 ? &good : i % 3 == 1 ? &filter : &huffman;
        int code = radiograph_decode(&r, b->data, b->size, &st);
        if (i % 3 == 0)
            wrong[i] = code || memcmp(r.sample, reference.sample, 32 * 32 * 3 * sizeof *r.sample) != 0;
        else
            wrong[i] = !code || !strstr(st.text, i % 3 == 1 ? "invalid filter" : "huffman");
        radiograph_free(&r);
    }
    for (int i = 0; i < 64; i++)
        assert_int_equal(wrong[i], 0);
    radiograph_free(&reference);
    free(good.data);
    free(filter.data);
    free(huffman.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_of_every_colour_type),
        cmocka_unit_test(png_ancillary_chunks_change_nothing),
        cmocka_unit_test(png_damage_is_refused),
        cmocka_unit_test(png_contradictions_are_refused),
        cmocka_unit_test(orientation_from_exif_chunk),
        cmocka_unit_test(orientation_from_texts),
        cmocka_unit_test(orientations_have_inverses),
        cmocka_unit_test(jpeg_is_read_within_a_few_levels),
        cmocka_unit_test(jpeg_orientation),
        cmocka_unit_test(jpeg_damage_is_refused),
        cmocka_unit_test(pnm_and_bmp),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(threads_do_not_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
