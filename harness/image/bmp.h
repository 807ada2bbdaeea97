/* Reading BMP: see bmp.c.  Used by image/radiograph.c alone. */
#ifndef IMAGE_BMP_H
#define IMAGE_BMP_H

#include "image/radiograph.h"

/* Structure of the whole file; width and height as stored, orientation not yet applied (0: none given). */
int bmp_inspect(struct radiograph_info *info, const unsigned char *data, size_t size, struct status *st) MUST_CHECK;

/* Samples of a file that bmp_inspect has passed: new array [height, width, channels]. */
int bmp_decode(uint16_t **sample, const struct radiograph_info *info, const unsigned char *data, size_t size,
               struct status *st) MUST_CHECK;

#endif
