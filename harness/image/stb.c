#include "image/stb.h"

#include <limits.h>
#include <stdlib.h>

/* Zeroed memory: what a damaged file leaves unwritten is then the same on every run, never what memory held before. */
#define STBI_MALLOC(size) calloc(1, (size))
#define STBI_REALLOC(old, size) realloc((old), (size))
#define STBI_FREE(old) free(old)
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_ASSERT(x) ((void)0)

#pragma GCC diagnostic ignored "-Wunused-function" /* reported at the end of this file, so never taken back */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wcast-qual"
#ifdef __clang__
/* Its bit fiddling shifts signed numbers; the fuzzers look for our undefined behaviour and its memory errors. */
#pragma clang attribute push(__attribute__((no_sanitize("undefined"))), apply_to = function)
#endif
#include <stb_image.h>
#ifdef __clang__
#pragma clang attribute pop
#endif
#pragma GCC diagnostic pop

#ifndef STBI_THREAD_LOCAL
#error "stb_image keeps its failure reason in a global here: images are decoded from many threads"
#endif

/* The checks both widths share; frees the pixels it refuses. */
static int accept(void *pixel, int w, int h, size_t width, size_t height, struct status *st)
{
    if (!pixel) {
        const char *reason = stbi_failure_reason();
        return status_set(st, STATUS_DATA, "cannot decode: %s", reason ? reason : "no reason given");
    }
    if (w < 0 || h < 0 || (size_t)w != width || (size_t)h != height) {
        free(pixel);
        return status_set(st, STATUS_DATA, "decoded %d x %d pixels where the header says %zu x %zu", w, h, width, height);
    }
    return STATUS_OK;
}

int stb_decode_8(uint8_t **pixel, size_t *channels, size_t width, size_t height, const unsigned char *data, size_t size,
                 struct status *st)
{
    int w = 0, h = 0, n = 0;
    if (size > INT_MAX)
        return status_set(st, STATUS_DATA, "file of %zu bytes is too large", size);
    stbi__g_failure_reason = NULL; /* some paths fail without setting it */
    uint8_t *got = stbi_load_from_memory(data, (int)size, &w, &h, &n, 0);
    int code = accept(got, w, h, width, height, st);
    if (code)
        return code;
    *pixel = got;
    *channels = (size_t)n;
    return STATUS_OK;
}

int stb_decode_16(uint16_t **pixel, size_t *channels, size_t width, size_t height, const unsigned char *data,
                  size_t size, struct status *st)
{
    int w = 0, h = 0, n = 0;
    if (size > INT_MAX)
        return status_set(st, STATUS_DATA, "file of %zu bytes is too large", size);
    stbi__g_failure_reason = NULL;
    uint16_t *got = stbi_load_16_from_memory(data, (int)size, &w, &h, &n, 0);
    int code = accept(got, w, h, width, height, st);
    if (code)
        return code;
    *pixel = got;
    *channels = (size_t)n;
    return STATUS_OK;
}
