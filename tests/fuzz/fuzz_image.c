/* Any bytes as an image file, or, when they begin with a brace, as a
 * preprocessor_config.json: refused with a sentence, or read whole.  What is
 * accepted must agree with radiograph_info and go through to a tensor. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/memory.h"
#include "image/radiograph.h"
#include "image/tensor.h"

#define SIDE 8
#define PIXELS_MAX ((size_t)1 << 22) /* larger pictures are slow to make and show nothing new */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds)
        abort();
}

static void read_config(const uint8_t *data, size_t size)
{
    struct preprocess p;
    struct status st = {0};
    if (preprocess_parse(&p, "input", (const char *)data, size, &st)) {
        check(st.text[0] != 0);
        return;
    }
    uint16_t sample[6] = {0, 1, 2, 3, 4, 5};
    struct radiograph r = {.width = 3, .height = 2, .channels = 1, .bits = 16, .sample = sample};
    char *text = preprocess_describe(&p);
    check(text[0] != 0);
    free(text);
    check(p.width > 0 && p.height > 0);
    if (p.width * p.height > PIXELS_MAX || p.shortest_edge > 2000 || p.resize_width > 2000 || p.resize_height > 2000)
        return;
    float *tensor = NEW(3 * p.width * p.height, float);
    st = (struct status){0};
    check(tensor_from_radiograph(tensor, &r, &p, &st) == STATUS_OK || st.text[0] != 0);
    free(tensor);
}

static void read_image(const uint8_t *data, size_t size)
{
    struct radiograph_info info;
    struct radiograph r;
    struct status st = {0};
    int code = radiograph_info(&info, data, size, &st);
    check(code == STATUS_OK || st.text[0] != 0);
    if (code || info.width * info.height > PIXELS_MAX)
        return;
    code = radiograph_decode(&r, data, size, &st);
    check(code == STATUS_OK || st.text[0] != 0);
    if (code)
        return;
    check(r.width == info.width && r.height == info.height && r.channels == info.channels && r.bits == info.bits);
    struct preprocess p;
    float tensor[3 * SIDE * SIDE];
    preprocess_default(&p, SIDE);
    check(tensor_from_radiograph(tensor, &r, &p, &st) == STATUS_OK);
    radiograph_free(&r);
}

/* A PNG whose checksums are right: else no mutation would get past them. */
static uint8_t *with_checksums(const uint8_t *data, size_t size)
{
    uint8_t *copy = NEW(size, uint8_t);
    memcpy(copy, data, size);
    for (size_t at = 8; size - at >= 12;) {
        const size_t n = (size_t)copy[at] << 24 | (size_t)copy[at + 1] << 16 | (size_t)copy[at + 2] << 8 | copy[at + 3];
        if (n > size - at - 12)
            break;
        const uint32_t sum = (uint32_t)crc32(0, copy + at + 4, (uInt)(n + 4));
        for (int i = 0; i < 4; i++)
            copy[at + 8 + n + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
        at += 12 + n;
    }
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0) {
        uint8_t *copy = with_checksums(data, size);
        read_image(copy, size);
        free(copy);
    }
    if (size > 0 && data[0] == '{')
        read_config(data, size);
    else
        read_image(data, size);
    return 0;
}
