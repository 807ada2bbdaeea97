/* Error maps of many pictures into a folder:
 *
 *   maps/NAME.npy       float32 [height, width], the encoder's picture
 *   maps/NAME.png       the same, 16 bits; 65535 stands for png_white of error_maps.csv
 *   maps/NAME.json      what it was made from, and its figures; written last: a map with this beside it is whole
 *   overlays/NAME.png   over the radiograph, with a colour bar, and the boxes where there are any
 *   panels/NAME.png     original, seen, reconstruction, reconstruction and seen, of the first pass
 *   error_maps.csv      one row a picture
 *
 * NAME is the file's name without its ending.  Pictures run in parallel, each on one thread; fewer pictures than threads
 * one after the other, each on all.  Neither changes a byte.  A map whose maps/NAME.json names the same picture, weights,
 * preprocessing and settings is not computed again. */
#ifndef ANOMALY_HEATMAP_H
#define ANOMALY_HEATMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "anomaly/error_map.h"
#include "anomaly/map_picture.h"
#include "base/status.h"
#include "region/outline.h"

struct heatmap_picture {
    const char *path;            /* the caller's */
    const struct map_box *box;   /* [n_boxes] the caller's, in pixels of the radiograph; drawn */
    const struct outline *outline; /* [n_boxes] the caller's: what of each box is the finding, set after heatmap_init; NULL: all of it */
    const char *patient;         /* the caller's, likewise; NULL: a patient of its own */
    size_t n_boxes;
    char *name;
    size_t width, height;        /* of the radiograph */
    struct error_map map;        /* its figures; the arrays are given back once they are written */
    double png_white;
    bool resumed;                /* it was there already */
    bool done;
    char *reason;                /* why there is no map; NULL: there is one, or its turn did not come */
};

struct heatmap_options {
    struct error_map_settings settings;
    const char *output;
    int n_threads;
    bool quiet;
};

struct heatmap {
    const struct encoder *e;
    const struct preprocess *preprocess;
    struct heatmap_options options;
    struct mae_info info;
    struct heatmap_picture *picture; /* [n] */
    size_t n;
    char *fingerprint;               /* of weights, preprocessing and settings */
    struct colour_map colours;
    double wall_s;                   /* of heatmap_run */
};

/* path[n], box[n] of n_boxes[n] (NULL: none).  STATUS_USAGE: two files of one name, settings that do not go with the
 * model; STATUS_IO: a file that is not there. */
int heatmap_init(struct heatmap *h, const struct encoder *e, const struct preprocess *p, const struct heatmap_options *o, const char *const *path,
                 const struct map_box *const *box, const size_t *n_boxes, size_t n, struct status *st) MUST_CHECK;
void heatmap_free(struct heatmap *h);

/* All maps, then error_maps.csv (unless interrupted).  Pictures that cannot be used have a row with the reason, and make
 * the whole STATUS_DATA once all others are done.  STATUS_IO ends it; STATUS_INTERRUPTED: the same call goes on from there. */
int heatmap_run(struct heatmap *h, struct status *st) MUST_CHECK;

/* The map of picture i as it was written, new array [height, width]. */
int heatmap_read_map(float **value, const struct heatmap *h, size_t i, struct status *st) MUST_CHECK;
/* A picture's file decoded, with the digest of its bytes (may be NULL). */
int heatmap_decode(struct radiograph *r, uint8_t *digest, const char *path, struct status *st) MUST_CHECK;

#endif
