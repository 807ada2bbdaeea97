/* Radiographs as PNG files in memory, grey of 8 or 16 bits (base/png_encode.h). */
#ifndef SYNTH_GREY_PNG_H
#define SYNTH_GREY_PNG_H

#include <stddef.h>
#include <stdint.h>

/* pixel[height * width], row-major, in [0, 2^bits - 1]; bits 8 or 16; sides 1..65535.
 * Returns *size bytes, to be freed. */
unsigned char *grey_png_encode(size_t *size, const uint16_t *pixel, size_t width, size_t height, unsigned bits);

/* The same picture as RGB of 8 bits, its three channels equal; pixel in [0, 255]. */
unsigned char *grey_png_encode_rgb(size_t *size, const uint16_t *pixel, size_t width, size_t height);

#endif
