/* From the file's samples to 8 bits, as the published loader does it. */
#ifndef IMAGE_INTENSITY_H
#define IMAGE_INTENSITY_H

#include "image/radiograph.h"

/* out[height, width, channels] = trunc(((v - lo) / (hi - lo)) * 255), each step rounded to float32, lo and hi over all
 * samples of all channels together; a constant image gives zeros. */
void intensity_to_8bit(uint8_t *out, const struct radiograph *r);

/* Smallest and largest sample. */
void intensity_range(uint16_t *lo, uint16_t *hi, const struct radiograph *r);

#endif
