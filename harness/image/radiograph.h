/* A radiograph as its file holds it: decoded, orientation applied, alpha
 * dropped, at the file's precision.  What counts as the file's samples follows
 * the published loader (Pillow): palette images give their indices, colour
 * pictures of 16 bits a channel give the high byte, tRNS, gamma and colour
 * profiles change nothing.  Grey with alpha keeps the grey (the published
 * loader stops on it at 8 bits; at 16 bits it takes the high byte, as here).
 *
 * PNG samples equal Pillow's bit for bit.  JPEG goes through stb_image, whose
 * inverse transform and chroma upsampling differ from libjpeg-turbo's by a few
 * grey levels; README has the measured figures.
 *
 * Refused with a reason: what is cut short (PNG without IEND or with too few
 * image data, JPEG without end-of-image marker or with scans too short for the
 * picture), wrong checksums, CMYK, more than RADIOGRAPH_SAMPLES_MAX samples.
 * Messages do not hold the file's name: the caller knows it and prefixes it
 * with status_context.  Safe to call from many threads at once. */
#ifndef IMAGE_RADIOGRAPH_H
#define IMAGE_RADIOGRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define RADIOGRAPH_SAMPLES_MAX ((size_t)1 << 28)

struct radiograph {
    size_t width, height; /* after orientation */
    size_t channels;      /* 1 or 3 */
    unsigned bits;        /* 8 or 16 a sample */
    uint16_t *sample;     /* [height, width, channels], owned */
    int orientation;      /* EXIF's, 1..8, already applied */
    const char *format;   /* "png", "jpeg", "bmp", "pnm"; static */
};

struct radiograph_info {
    size_t width, height; /* after orientation */
    size_t channels;      /* 1 or 3 */
    unsigned bits;        /* 8 or 16 */
    int orientation;      /* EXIF's, 1..8 */
    const char *format;
};

int radiograph_decode(struct radiograph *r, const unsigned char *data, size_t size, struct status *st) MUST_CHECK;
void radiograph_free(struct radiograph *r);

/* Headers, checksums and the whole file's structure; samples are not decoded. */
int radiograph_info(struct radiograph_info *info, const unsigned char *data, size_t size, struct status *st) MUST_CHECK;

#endif
