/* How well maps (higher: more suspicious) find marked regions, over a set of
 * images: for the sample exactly, and for bootstrap replicates from weights.
 *
 *   pixel_auroc, pixel_average_precision
 *       all pixels of all images in one ranking; positive are those in any region
 *   pro   per-region overlap: the share of each region above a threshold, mean of the regions, against the false positive
 *         rate over all pixels outside regions; area up to a rate of LOCALISATION_PRO_LIMIT, divided by it.
 *         Bergmann et al. 2021, Int J Comput Vis 129:1038
 *   pointing   images whose largest value lies in a region; of tied largest pixels the share that does.
 *         Zhang et al. 2018, Int J Comput Vis 126:1084 (there with a margin of 15 px, here with none)
 *   iou_best   mean over images with regions of intersection / union of map >= t with the regions, largest over t: the
 *         threshold is chosen on the images that are scored, so this flatters
 *   iou_fixed  the same with the threshold that is best on the other of two halves of the patients
 *   image_auroc   the map's mean as a score for having any region
 *   region_share  pixels in regions / pixels, of images with regions: what pointing makes by chance
 *
 * pixel_*, pro and iou_* need a region, pixel_auroc and pro a pixel outside, image_auroc images of both kinds,
 * iou_fixed regions in both halves; NaN where that is missing.
 * Replicates are computed on at most LOCALISATION_LEVELS thresholds, of equal numbers of pixels, and are exact where the
 * maps have no more distinct values; iou_fixed keeps the sample's thresholds. */
#ifndef METRIC_LOCALISATION_H
#define METRIC_LOCALISATION_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define LOCALISATION_PRO_LIMIT 0.3
#define LOCALISATION_LEVELS 1024

enum localisation_metric {
    LOCALISATION_PIXEL_AUROC,
    LOCALISATION_PIXEL_PRECISION,
    LOCALISATION_PRO,
    LOCALISATION_POINTING,
    LOCALISATION_IOU_BEST,
    LOCALISATION_IOU_FIXED,
    LOCALISATION_IMAGE_AUROC,
    LOCALISATION_REGION_SHARE,
    LOCALISATION_METRICS
};
const char *localisation_metric_name(enum localisation_metric metric);

struct localisation_region {
    const uint32_t *pixel; /* [n] positions in the map, each once; n >= 1 */
    size_t n;
};
struct localisation_image {
    const float *map;                         /* [n_pixels], no NaN */
    const struct localisation_region *region; /* [n_regions]; they may overlap */
    size_t n_regions;
    unsigned half;                            /* 0 or 1: of its patient */
};

struct localisation;
/* Nothing is kept of the arrays.  STATUS_DATA: a NaN in a map, too many pixels; STATUS_UNDEFINED: no image. */
int localisation_new(struct localisation **l, const struct localisation_image *image, size_t n, size_t n_pixels, struct status *st) MUST_CHECK;
void localisation_free(struct localisation *l); /* NULL is fine */

/* value[LOCALISATION_METRICS] of the images as they are. */
const double *localisation_values(const struct localisation *l);
/* The threshold of iou_best, and the two of iou_fixed (of half 0 for half 1, and the reverse); NaN where undefined. */
void localisation_thresholds(const struct localisation *l, double *best, double fixed[2]);
/* Images count weight[n] times. */
void localisation_weighted(const struct localisation *l, const uint32_t *weight, double *value);

#endif
