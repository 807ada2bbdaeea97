/* Embeddings of regions, through the store.
 *
 * A region's key is the digest of its image's file and its pixels' box, its fingerprint the model's with how the intensity was
 * settled, so that each is encoded once whatever study asks.  The whole image of `intensity: minmax` is the same number as in every
 * other study and shares its record (of an encoder; a baseline's is its own).  Images run in parallel, decoded once, and only if a
 * region of theirs is missing; vectors reach the store in transactions of at most a quarter second: a killed run goes on. */
#ifndef REGION_REGION_EMBED_H
#define REGION_REGION_EMBED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "embed/featurizer.h"
#include "embed/store.h"
#include "region/region_set.h"

struct region_embed_options {
    int n_threads;
    size_t batch; /* 0: 1 */
    bool quiet;
    enum region_intensity intensity;
};

struct region_embed_counts {
    size_t computed; /* regions encoded in this run */
    size_t decoded;  /* images */
    double seconds;
};

/* Fills the store.  STATUS_DATA naming a picture that cannot be decoded or encoded; STATUS_INTERRUPTED after Ctrl-C. */
int region_embed(struct region_embed_counts *counts, struct store *store, const struct featurizer *f, const struct region_set *s, const struct survey *survey,
                 const struct region_embed_options *o, struct status *st) MUST_CHECK;
/* vector[f->width] of one region, all readouts.  STATUS_DATA if it is not there. */
int region_read(float *vector, const struct store *store, const struct featurizer *f, const struct region_set *s, const struct survey *survey, size_t region,
                enum region_intensity intensity, struct status *st) MUST_CHECK;

#endif
