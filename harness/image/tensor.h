/* From a radiograph to what an encoder reads. */
#ifndef IMAGE_TENSOR_H
#define IMAGE_TENSOR_H

#include "image/preprocess.h"
#include "image/radiograph.h"

/* out[3, p->height, p->width]: min-max to 8 bits, resize, centre crop, then float32(v * p->rescale), less the mean,
 * divided by the standard deviation, each step rounded to float32.  Grey stands in all three channels. */
int tensor_from_radiograph(float *out, const struct radiograph *r, const struct preprocess *p, struct status *st)
    MUST_CHECK;

/* The same of a picture whose samples are the 8 bits to be shown already: no min-max. */
int tensor_from_shown(float *out, const struct radiograph *r, const struct preprocess *p, struct status *st) MUST_CHECK;

/* out[p->height, p->width, 3]: the 8-bit picture that the normalisation starts from. */
int tensor_bytes(uint8_t *out, const struct radiograph *r, const struct preprocess *p, struct status *st) MUST_CHECK;

/* Where the encoder's picture lies in the radiograph: x there = scale_x * x here - left, of edges (0 .. width). */
struct tensor_frame {
    double scale_x, scale_y, left, top;
};
struct tensor_frame tensor_frame(size_t width, size_t height, const struct preprocess *p);

#endif
