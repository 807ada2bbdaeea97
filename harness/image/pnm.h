/* Reading PNM: see pnm.c.  Used by image/radiograph.c alone. */
#ifndef IMAGE_PNM_H
#define IMAGE_PNM_H

#include "image/radiograph.h"

/* Structure of the whole file; width and height as stored, orientation not yet applied (0: none given). */
int pnm_inspect(struct radiograph_info *info, const unsigned char *data, size_t size, struct status *st) MUST_CHECK;

/* Samples of a file that pnm_inspect has passed: new array [height, width, channels]. */
int pnm_decode(uint16_t **sample, const struct radiograph_info *info, const unsigned char *data, size_t size,
               struct status *st) MUST_CHECK;

#endif
