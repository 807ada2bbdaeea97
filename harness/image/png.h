/* Reading PNG: see png.c.  Used by image/radiograph.c alone. */
#ifndef IMAGE_PNG_H
#define IMAGE_PNG_H

#include "image/radiograph.h"

/* Structure of the whole file; width and height as stored, orientation not yet applied (0: none given). */
int png_inspect(struct radiograph_info *info, const unsigned char *data, size_t size, struct status *st) MUST_CHECK;

/* Samples of a file that png_inspect has passed: new array [height, width, channels]. */
int png_decode(uint16_t **sample, const struct radiograph_info *info, const unsigned char *data, size_t size,
               struct status *st) MUST_CHECK;

#endif
