/* The reconstruction error of one picture: what a masked autoencoder, shown a
 * part of the picture, gets wrong about the rest, pixel by pixel.
 *
 * Per pass: squared difference of prediction and picture, both brought back to
 * grey levels (times std, plus mean) and clamped to 0 .. 1 before, mean of the
 * three channels, on the masked pixels alone.  The map is the mean over the
 * passes that masked the pixel; 0 where none did.  As the published script does
 * it, a model trained with norm_pix_loss is read as if it predicted pixels.
 * Passes are summed in double, in their order. */
#ifndef ANOMALY_ERROR_MAP_H
#define ANOMALY_ERROR_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anomaly/mask_schedule.h"
#include "base/status.h"
#include "encoder/encoder.h"
#include "encoder/mae.h"
#include "image/preprocess.h"

struct error_map_settings {
    size_t passes;       /* 0: until noise_share <= ERROR_MAP_NOISE, EVEN alone */
    double mask_ratio;
    uint32_t seed;
    enum mask_schedule_kind schedule;
    bool absolute;       /* absolute differences in place of squared ones (the script's use_l2=False) */
    size_t batch;        /* masks through the encoder at once; changes no number */
};

#define ERROR_MAP_NOISE 0.05
#define ERROR_MAP_LEAST 8   /* passes, where their number is chosen */
#define ERROR_MAP_MOST 400

struct error_map {
    size_t height, width;      /* of the model's picture */
    float *value;              /* [height, width] */
    float *reconstruction;     /* [3, height, width] of the first pass, grey levels 0 .. 1 */
    uint8_t *masked;           /* [L] of the first pass */
    uint32_t *hits;            /* [L] passes that masked each patch */
    size_t n_patches, passes;
    uint32_t hits_least, hits_most;
    double hits_mean;
    double mean, maximum, p99; /* over all pixels, zeros included; p99 by numpy's linear rule */
    double standard_error;     /* root mean square over pixels of the standard error of the mean over passes; NaN if a pixel
                                  was masked less than twice */
    double noise_share;        /* mean squared standard error / variance of the map between pixels; NaN likewise, and for a flat map */
    double encoder_s, decoder_s; /* seconds spent in each */
};
void error_map_free(struct error_map *map);

/* STATUS_DATA if e does not reconstruct; STATUS_USAGE if the mask ratio leaves nothing seen or nothing masked, or the
 * passes do not go with the schedule. */
int error_map_check(struct mae_info *info, const struct encoder *e, const struct error_map_settings *s, struct status *st) MUST_CHECK;

/* One thread's room, for a model that passed error_map_check. */
struct error_map_worker;
struct error_map_worker *error_map_worker_new(const struct encoder *e, const struct preprocess *p, const struct error_map_settings *s, int team);
void error_map_worker_free(struct error_map_worker *w);

/* pixels[3, height, width] normalised, as the encoder takes them.  STATUS_DATA if a prediction is not finite. */
int error_map_compute(struct error_map *map, struct error_map_worker *w, const float *pixels, struct status *st) MUST_CHECK;
/* The same with given masks, order[n, L], in place of the schedule. */
int error_map_compute_masks(struct error_map *map, struct error_map_worker *w, const float *pixels, const uint32_t *order, size_t n,
                            struct status *st) MUST_CHECK;

/* level[3, height, width] = pixels * std + mean, clamped to 0 .. 1, each step rounded to float32. */
void error_map_levels(float *level, const float *pixels, const struct preprocess *p, size_t n_pixels);

#endif
