/* PNG files in memory: grey or RGB, 8 or 16 bits.  One IDAT, "average" filter
 * on every row, no ancillary chunk: the bytes depend on the samples and on
 * zlib's version alone.  Source: PNG specification (W3C, third edition), 5, 9, 11.2. */
#ifndef BASE_PNG_ENCODE_H
#define BASE_PNG_ENCODE_H

#include <stddef.h>
#include <stdint.h>

/* sample[height * width * channels], row-major, in [0, 2^bits - 1]; channels 1 or 3, bits 8 or 16, sides 1..65535.
 * Returns *size bytes, to be freed. */
unsigned char *png_encode(size_t *size, const uint16_t *sample, size_t width, size_t height, size_t channels, unsigned bits);

#endif
