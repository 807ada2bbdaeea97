/* What a decoded picture is known by, without its samples: for finding copies,
 * near copies and inverted grey scales among many files.
 *
 * pixels    SHA-256 of size, channels, bits and samples.  Three equal channels count as one, so that a
 *           grey picture and its RGB copy are equal; file format, compression and metadata do not count.
 * hash      perceptual: grey means of 32 x 32 cells over the whole picture, their two-dimensional cosine
 *           transform, of its 16 x 16 lowest terms all but the constant one (255), a bit each: above their
 *           median.  Neither size nor brightness nor contrast shows in it; a mirrored, turned or cropped
 *           picture has another one.  After Zauner 2010 (pHash), with four times as many terms.
 * contrast  mean grey of the middle quarter (cells 8..23 both ways) less that of the left and right edges (two cells
 *           each), as a share of the picture's own range: bone in the middle of dark air makes it positive.
 * mean, sd  of the samples, as shares of the largest value the bits allow.
 * Pure; any size from 1 x 1. */
#ifndef IMAGE_SIGNATURE_H
#define IMAGE_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "image/radiograph.h"

/* Raise it when anything above, or the decoder, gives other values: cached signatures are then made anew. */
#define SIGNATURE_VERSION 1
#define SIGNATURE_WORDS 4

struct signature {
    uint8_t pixels[DIGEST_BYTES];
    uint64_t hash[SIGNATURE_WORDS]; /* the last bit is 0 */
    double contrast, mean, sd;
};

void signature_make(struct signature *s, const struct radiograph *r);

/* How many of the 255 bits differ. */
unsigned signature_distance(const uint64_t a[SIGNATURE_WORDS], const uint64_t b[SIGNATURE_WORDS]);

/* The first of hash[from .. n) of which at most `limit` bits differ from a's; n if there is none. */
size_t signature_next_near(const uint64_t hash[][SIGNATURE_WORDS], size_t from, size_t n, const uint64_t a[SIGNATURE_WORDS], unsigned limit);

#endif
