/* A region cut out of a radiograph at its full resolution.
 *
 * The picture is upright (EXIF) and its intensity settled before anything is cut, so that a region looks as it does in the
 * whole picture: INTENSITY_MINMAX, min-max of the whole picture to 8 bits (image/intensity.h); INTENSITY_STORED, the file's own
 * 8 bits, as the published External_validation.py takes them (a file of 16 bits is refused).  For a file that uses its whole
 * range the two are one.  Sides of a box are cut down to whole pixels as there: int() of each, inside the picture, and a box
 * of less than a pixel has none (STATUS_DATA by the caller). */
#ifndef REGION_CROP_H
#define REGION_CROP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "image/radiograph.h"
#include "region/boxes.h"

enum region_intensity { INTENSITY_MINMAX, INTENSITY_STORED };

struct pixel_box {
    size_t left, top, right, bottom; /* right and bottom are outside */
};

/* false: nothing of a pixel's width is left. */
bool crop_box(struct pixel_box *out, const struct box *box, size_t width, size_t height);

/* r's samples become the 8 bits to be shown. */
int crop_settle(struct radiograph *r, enum region_intensity intensity, struct status *st) MUST_CHECK;
/* The part of a settled picture, freed as any radiograph. */
void crop_cut(struct radiograph *out, const struct radiograph *r, struct pixel_box box);

#endif
