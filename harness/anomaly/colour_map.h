/* A colour map without preferred values: equal steps of the number are equal
 * steps of perceived colour, from dark violet through red to light yellow, and
 * lightness rises all the way, so that it survives grey printing and colour
 * blindness.  Made in OKLab (Ottosson 2020), along a path measured there. */
#ifndef ANOMALY_COLOUR_MAP_H
#define ANOMALY_COLOUR_MAP_H

#include <stdint.h>

#define COLOUR_MAP_STEPS 256

struct colour_map {
    uint8_t rgb[COLOUR_MAP_STEPS][3]; /* sRGB */
};

void colour_map_make(struct colour_map *map);
/* The colour of t, clamped to 0 .. 1. */
const uint8_t *colour_map_at(const struct colour_map *map, double t);

#endif
