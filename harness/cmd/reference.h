/* One picture's pass through an encoder beside an array that other code made of
 * the same picture: where they part, and what such a difference usually means.
 *
 * Which array it is, its shape tells (command.c, `inspect --help`).  Two arrays
 * agree when max |difference| <= 2e-5 max(1, max |reference|): the most that
 * orders of summation and approximations of exp and erf in float32 come to.
 * For an encoder in bf16 the limits are 0.03 of that and 1 - cos <= 1e-4; pixels
 * are float32 in any case. */
#ifndef CMD_REFERENCE_H
#define CMD_REFERENCE_H

#include "base/status.h"
#include "encoder/encoder.h"

struct trial {
    const struct encoder *encoder;
    const struct encoder_workspace *workspace; /* traced */
    size_t height, width;                      /* px */
    const float *pixels;                       /* [3, height, width] */
    const float *out;                          /* [encoder_output_width] */
};

/* Prints to stdout.  `readout`: a name, or names joined by '+'; NULL: as the shape tells.
 * STATUS_DATA if the array fits nothing, fits several readouts and none is named, or holds NaN or infinity. */
int reference_compare(const char *path, const char *readout, const struct trial *t, struct status *st) MUST_CHECK;

#endif
