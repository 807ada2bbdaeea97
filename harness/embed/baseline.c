#include "embed/baseline.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "image/intensity.h"
#include "image/resample.h"

int baseline_thumbnail(float out[THUMBNAIL_WIDTH], const struct radiograph *r, struct status *st)
{
    uint8_t *bytes = NEW(r->width * r->height * r->channels, uint8_t);
    uint8_t small[THUMBNAIL_WIDTH * 3];
    intensity_to_8bit(bytes, r);
    int code = resample(small, THUMBNAIL_SIDE, THUMBNAIL_SIDE, bytes, r->width, r->height, r->channels, RESAMPLE_BILINEAR, st);
    for (size_t i = 0; i < THUMBNAIL_WIDTH && !code; i++) {
        unsigned sum = 0;
        for (size_t c = 0; c < r->channels; c++)
            sum += small[i * r->channels + c];
        out[i] = (float)sum / (255.0f * (float)r->channels);
    }
    free(bytes);
    return code;
}

void baseline_acquisition_of(float out[ACQUISITION_WIDTH], size_t width, size_t height, size_t channels, unsigned bits, double mean, double sd,
                             size_t file_bytes)
{
    out[0] = (float)width;
    out[1] = (float)height;
    out[2] = (float)((double)width / (double)height);
    out[3] = (float)channels;
    out[4] = (float)bits;
    out[5] = (float)mean;
    out[6] = (float)sd;
    out[7] = (float)log((double)file_bytes);
}

void baseline_acquisition(float out[ACQUISITION_WIDTH], const struct radiograph *r, size_t file_bytes)
{
    size_t n = r->width * r->height * r->channels;
    uint64_t sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        sum += r->sample[i];
        squares += (uint64_t)r->sample[i] * r->sample[i];
    }
    double largest = r->bits == 16 ? 65535 : 255, mean = (double)sum / (double)n;
    double variance = (double)squares / (double)n - mean * mean;
    baseline_acquisition_of(out, r->width, r->height, r->channels, r->bits, mean / largest, sqrt(variance > 0 ? variance : 0) / largest, file_bytes);
}
