/* What timm's and open_clip's configurations say of the encoder, between
 * timm_config.c, which reads them, and timm.c. */
#ifndef ENCODER_TIMM_CONFIG_H
#define ENCODER_TIMM_CONFIG_H

#include <stdbool.h>

#include "encoder/checkpoint.h"

enum timm_projection { PROJECTION_NONE, PROJECTION_LINEAR, PROJECTION_MLP };

struct timm_config {
    const char *name; /* of the architecture, borrowed from config.json */
    size_t width, layers, heads, intermediate, patch, image_size;
    bool open_clip;
    enum timm_projection projection; /* of open_clip */
    size_t embed_dim;                /* what it projects to */
};

/* From c->config; `st` names the file and what is unknown or contradictory. */
int timm_config_read(struct timm_config *t, const struct checkpoint *c, struct status *st) MUST_CHECK;

/* checkpoint_names.translate: transformers' names of vit and dinov2 to timm's. */
char *timm_translate(const struct checkpoint_names *names, const char *name, size_t *part, size_t *n_parts);

#endif
