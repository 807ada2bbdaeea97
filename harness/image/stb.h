/* The one door to stb_image (Debian's libstb-dev), which decodes JPEG and
 * undoes PNG's filters and interlacing.  Thread-safe: its failure reason is
 * thread-local and none of its switches is touched. */
#ifndef IMAGE_STB_H
#define IMAGE_STB_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* New array [height, width, *channels] of the file's samples, to be freed with free(); the picture must have the
 * size the caller has read from the header.  stb's reason stands in the message. */
int stb_decode_8(uint8_t **pixel, size_t *channels, size_t width, size_t height, const unsigned char *data,
                 size_t size, struct status *st) MUST_CHECK;
int stb_decode_16(uint16_t **pixel, size_t *channels, size_t width, size_t height, const unsigned char *data,
                  size_t size, struct status *st) MUST_CHECK;

#endif
