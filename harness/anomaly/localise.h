/* localisation.csv: how well the error maps of a heatmap run find its boxes,
 * beside two maps that know nothing: `centre`, higher towards the middle of the
 * picture, and `gradient`, the mean squared grey level difference of neighbours
 * within a patch's width.  Rows "error - centre" and "error - gradient" are
 * paired differences, of the same replicates.
 *
 * Boxes, or outlines where there are such, are brought to the encoder's picture; a pixel is inside where its centre
 * is, and a box too small for that has the pixel of its own centre; one that a crop
 * leaves out is no region.  Intervals: percentile bootstrap by patient, by picture where no patients are named, the same draws for
 * every map. */
#ifndef ANOMALY_LOCALISE_H
#define ANOMALY_LOCALISE_H

#include "anomaly/heatmap.h"
#include "metric/localisation.h"

#define LOCALISE_MAPS 5 /* error, centre, gradient, two differences */
#define LOCALISE_REPLICATES 2000

struct localise_figure {
    double value, low, high;
    size_t undefined; /* replicates without a value */
};

struct localise {
    struct localise_figure figure[LOCALISE_MAPS][LOCALISATION_METRICS];
    size_t n_images, n_marked, n_regions;
    bool masks;         /* regions are outlines, not boxes */
    size_t n_patients;  /* 0: none is named, and every picture is one */
};
const char *localise_map_name(size_t map);

/* Of the pictures that have a map; writes OUTPUT/localisation.csv. */
int localise_run(struct localise *l, const struct heatmap *h, struct status *st) MUST_CHECK;

#endif
