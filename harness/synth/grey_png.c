#include "synth/grey_png.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/png_encode.h"

unsigned char *grey_png_encode(size_t *size, const uint16_t *pixel, size_t width, size_t height, unsigned bits)
{
    return png_encode(size, pixel, width, height, 1, bits);
}

unsigned char *grey_png_encode_rgb(size_t *size, const uint16_t *pixel, size_t width, size_t height)
{
    uint16_t *sample = NEW(3 * width * height, uint16_t);
    for (size_t i = 0; i < 3 * width * height; i++)
        sample[i] = pixel[i / 3];
    unsigned char *file = png_encode(size, sample, width, height, 3, 8);
    free(sample);
    return file;
}
