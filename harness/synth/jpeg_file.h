/* JPEG files in memory, by libjpeg-turbo, whose integer transform gives the
 * same bytes on every processor: baseline or progressive, grey or 4:2:0
 * colour, with or without an EXIF orientation.  The synthetic benchmark is all
 * that writes JPEG; the harness reads it by other code (image/jpeg.h). */
#ifndef SYNTH_JPEG_FILE_H
#define SYNTH_JPEG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct jpeg_file {
    int quality;      /* 1..100 */
    bool colour;      /* three equal channels; else one */
    bool progressive;
    int orientation;  /* EXIF's 1..8 in an APP1 segment; 0: no such segment */
};

/* grey[height * width], row-major, as stored (before the orientation is applied); sides 1..65500.
 * *file of *size bytes is to be freed.  STATUS_INTERNAL if the library refuses. */
int jpeg_file_encode(unsigned char **file, size_t *size, const uint8_t *grey, size_t width, size_t height,
                     const struct jpeg_file *how, struct status *st) MUST_CHECK;

#endif
