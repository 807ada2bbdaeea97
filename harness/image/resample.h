/* Pillow's resize of 8-bit pictures, bit for bit (checked against 9.4; the
 * arithmetic is unchanged in later versions). */
#ifndef IMAGE_RESAMPLE_H
#define IMAGE_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum resample_filter { /* Pillow's numbers, as preprocessor_config.json has them */
    RESAMPLE_NEAREST = 0,
    RESAMPLE_LANCZOS = 1,
    RESAMPLE_BILINEAR = 2,
    RESAMPLE_BICUBIC = 3,
    RESAMPLE_BOX = 4,
    RESAMPLE_HAMMING = 5
};

const char *resample_name(enum resample_filter filter);

/* in[height, width, channels] -> out[out_height, out_width, channels]; aspect is not kept.  All filters but nearest
 * are antialiased: their support grows with the reduction.  STATUS_DATA for a size of 0 or beyond 2^24. */
int resample(uint8_t *out, size_t out_width, size_t out_height, const uint8_t *in, size_t width, size_t height,
             size_t channels, enum resample_filter filter, struct status *st) MUST_CHECK;

#endif
