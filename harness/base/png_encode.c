#include "base/png_encode.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/memory.h"

#define SIGNATURE_BYTES 8
#define CHUNK_FRAME 12 /* length, type, CRC */
#define HEADER_BYTES 13
#define FILTER_AVERAGE 3

static void put_u32(unsigned char *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* Frames the `n` bytes already lying at chunk + 8; returns the end of the chunk. */
static unsigned char *close_chunk(unsigned char *chunk, const char type[4], size_t n)
{
    put_u32(chunk, (uint32_t)n);
    memcpy(chunk + 4, type, 4);
    put_u32(chunk + 8 + n, (uint32_t)crc32(0, chunk + 4, (uInt)(n + 4)));
    return chunk + CHUNK_FRAME + n;
}

/* What the row's bytes differ by from the mean of left and upper neighbour. */
static void filter_row(unsigned char *out, const unsigned char *row, const unsigned char *above, size_t n, size_t step)
{
    *out++ = FILTER_AVERAGE;
    for (size_t i = 0; i < n; i++) {
        unsigned left = i >= step ? row[i - step] : 0;
        out[i] = (unsigned char)(row[i] - (left + above[i]) / 2);
    }
}

unsigned char *png_encode(size_t *size, const uint16_t *sample, size_t width, size_t height, size_t channels, unsigned bits)
{
    assert((bits == 8 || bits == 16) && (channels == 1 || channels == 3));
    assert(width > 0 && height > 0 && width <= UINT16_MAX && height <= UINT16_MAX);
    size_t step = channels * bits / 8, row_bytes = width * step;
    unsigned char *row = NEW0(2 * row_bytes, unsigned char), *above = row + row_bytes;
    unsigned char *filtered = NEW((row_bytes + 1) * height, unsigned char);
    for (size_t y = 0; y < height; y++) {
        const uint16_t *line = sample + y * width * channels;
        for (size_t i = 0; i < width * channels; i++) {
            if (bits == 16) {
                row[2 * i] = (unsigned char)(line[i] >> 8);
                row[2 * i + 1] = (unsigned char)(line[i] & 0xff);
            } else {
                row[i] = (unsigned char)(line[i] & 0xff);
            }
        }
        filter_row(filtered + y * (row_bytes + 1), row, above, row_bytes, step);
        memcpy(above, row, row_bytes);
    }

    /* Z_RLE: noise has no repeats worth searching for, and this is five times faster. */
    z_stream z = {0};
    int ok = deflateInit2(&z, 6, Z_DEFLATED, 15, 8, Z_RLE) == Z_OK;
    assert(ok);
    size_t bound = deflateBound(&z, (uLong)((row_bytes + 1) * height));
    unsigned char *file = NEW(SIGNATURE_BYTES + 3 * CHUNK_FRAME + HEADER_BYTES + bound, unsigned char);
    memcpy(file, "\x89PNG\r\n\x1a\n", SIGNATURE_BYTES);
    unsigned char *chunk = file + SIGNATURE_BYTES;
    put_u32(chunk + 8, (uint32_t)width);
    put_u32(chunk + 12, (uint32_t)height);
    memcpy(chunk + 16, (unsigned char[]){(unsigned char)bits, channels == 3 ? 2 : 0, 0, 0, 0}, 5); /* grey or RGB, deflate, not interlaced */
    chunk = close_chunk(chunk, "IHDR", HEADER_BYTES);

    z.next_in = filtered;
    z.avail_in = (uInt)((row_bytes + 1) * height);
    z.next_out = chunk + 8;
    z.avail_out = (uInt)bound;
    ok = deflate(&z, Z_FINISH) == Z_STREAM_END;
    assert(ok);
    (void)ok;
    chunk = close_chunk(chunk, "IDAT", z.total_out);
    deflateEnd(&z);
    chunk = close_chunk(chunk, "IEND", 0);
    *size = (size_t)(chunk - file);
    free(filtered);
    free(row);
    return file;
}
