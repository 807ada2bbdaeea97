/* What a mask or a polygon covers, as rows of pixels of the radiograph.
 *
 * A pixel belongs to a polygon if its centre lies inside, by the even-odd rule; of several polygons of one finding those
 * that any covers.  Of a mask every sample that is not 0 belongs to a finding, and samples that touch, at a corner too, to the same. */
#ifndef REGION_OUTLINE_H
#define REGION_OUTLINE_H

#include <stddef.h>
#include <stdint.h>

struct run { /* pixels first .. end - 1 of row y */
    uint32_t y, first, end;
};

struct outline {
    struct run *run; /* [n] ascending by y, then first; apart */
    size_t n, capacity;
};

/* point[2 * n]: x, y.  What lies beyond width x height is left out.  Outlines come zeroed, and are freed by free(run). */
void outline_add_polygon(struct outline *o, const double *point, size_t n, size_t width, size_t height);

/* New outline[*n] of sample[height, width, channels], in the order of their first pixels. */
struct outline *outline_components(size_t *n, const uint16_t *sample, size_t width, size_t height, size_t channels);

#endif
