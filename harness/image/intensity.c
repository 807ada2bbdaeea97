#include "image/intensity.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

void intensity_range(uint16_t *lo, uint16_t *hi, const struct radiograph *r)
{
    const size_t n = r->width * r->height * r->channels;
    assert(n > 0);
    uint16_t least = r->sample[0], most = r->sample[0];
    for (size_t i = 0; i < n; i++) {
        least = r->sample[i] < least ? r->sample[i] : least;
        most = r->sample[i] > most ? r->sample[i] : most;
    }
    *lo = least;
    *hi = most;
}

void intensity_to_8bit(uint8_t *out, const struct radiograph *r)
{
    const size_t n = r->width * r->height * r->channels;
    uint16_t lo, hi;
    intensity_range(&lo, &hi, r);
    /* The result depends on the sample alone: computed once for each level that can occur. */
    uint8_t *level = NEW((size_t)(hi - lo) + 1, uint8_t);
    level[0] = 0;
    const float range = (float)hi - (float)lo;
    for (unsigned v = (unsigned)lo + 1; v <= hi; v++) {
        float t = (float)v - (float)lo;
        t = t / range;
        t = t * 255.0f;
        level[v - lo] = (uint8_t)(t < 255.0f ? t : 255.0f);
    }
    for (size_t i = 0; i < n; i++)
        out[i] = level[r->sample[i] - lo];
    free(level);
}
