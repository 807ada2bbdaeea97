/* The pictures of an error map, as PNG files in memory (to be freed). */
#ifndef ANOMALY_MAP_PICTURE_H
#define ANOMALY_MAP_PICTURE_H

#include "anomaly/colour_map.h"
#include "anomaly/error_map.h"
#include "image/preprocess.h"
#include "image/radiograph.h"

/* Grey, 16 bits: 65535 stands for *white, the map's maximum (1 for a map of zeros). */
unsigned char *map_picture_grey(size_t *size, double *white, const struct error_map *map);

/* A box to draw, in pixels of the radiograph. */
struct map_box {
    double left, top, right, bottom;
};

/* The radiograph with the map in colour over it, its longer side MAP_PICTURE_SIDE px, and the colour bar, from 0 to the
 * map's 99th percentile, beyond which the colour stays.  What the encoder did not see (a crop) stays grey.
 * box[n_boxes] are drawn as outlines. */
#define MAP_PICTURE_SIDE 640
int map_picture_overlay(unsigned char **file, size_t *size, const struct error_map *map, const struct radiograph *r, const struct preprocess *p,
                        const struct map_box *box, size_t n_boxes, const struct colour_map *colours, struct status *st) MUST_CHECK;

/* The first pass, side by side: the encoder's picture (level[3, height, width], 0 .. 1), what it saw of it, the
 * reconstruction, the reconstruction with what it saw put back. */
unsigned char *map_picture_panels(size_t *size, const struct error_map *map, const struct mae_info *info, const float *level);

#endif
