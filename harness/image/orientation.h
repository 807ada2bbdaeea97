/* EXIF orientation: found in EXIF or XMP, applied to decoded samples. */
#ifndef IMAGE_ORIENTATION_H
#define IMAGE_ORIENTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORIENTATION_ABSENT (-1)

/* Value of tag 0x0112 in the first directory: a single SHORT or LONG, either byte order.  `exif` is a TIFF block,
 * with or without "Exif\0\0" before it.  ORIENTATION_ABSENT when there is no such tag. */
int orientation_from_exif(const unsigned char *exif, size_t size);

/* First tiff:Orientation="n" or tiff:Orientation>n in an XMP packet. */
int orientation_from_xmp(const unsigned char *xmp, size_t size);

/* 5..8 exchange width and height. */
bool orientation_turns(int orientation);

/* in[height, width, channels] as stored -> out, upright.  orientation 1..8. */
void orientation_apply(uint16_t *out, const uint16_t *in, size_t width, size_t height, size_t channels, int orientation);

#endif
