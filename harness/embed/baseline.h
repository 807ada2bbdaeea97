/* The trivial baselines every foundation model must beat.
 *
 * thumbnail    the 8-bit picture at 16x16, grey, as 256 numbers in 0..1
 * acquisition  eight numbers that know nothing of anatomy: width, height, width/height,
 *              channels, bit depth, mean and standard deviation of the raw samples as a
 *              share of the largest the bit depth allows, log of the file's size in bytes */
#ifndef EMBED_BASELINE_H
#define EMBED_BASELINE_H

#include <stddef.h>

#include "base/status.h"
#include "image/radiograph.h"

#define THUMBNAIL_SIDE 16
#define THUMBNAIL_WIDTH (THUMBNAIL_SIDE * THUMBNAIL_SIDE)
#define ACQUISITION_WIDTH 8

int baseline_thumbnail(float out[THUMBNAIL_WIDTH], const struct radiograph *r, struct status *st) MUST_CHECK;
/* From what is known without the samples: their mean and standard deviation as shares. */
void baseline_acquisition_of(float out[ACQUISITION_WIDTH], size_t width, size_t height, size_t channels, unsigned bits, double mean, double sd,
                             size_t file_bytes);
void baseline_acquisition(float out[ACQUISITION_WIDTH], const struct radiograph *r, size_t file_bytes);

#endif
