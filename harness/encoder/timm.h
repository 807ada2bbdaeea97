/* ViTs under timm's names: a timm folder (config.json with `architecture` and
 * `pretrained_cfg`, or the older flat form), and the image tower of an open_clip
 * folder whose trunk is timm's (BiomedCLIP).
 *
 * Nothing is computed here but open_clip's projection: the file is shown to the
 * transformers architecture of the same arithmetic under that one's names.
 * Width, depth, heads and patch follow from timm's name of the architecture or
 * from `model_args`; what is neither in the table nor given is refused, and so
 * is every variant of another arithmetic (norm_pre, fc_norm, reg_token,
 * attention pooling, quickgelu, parallel blocks, ...), by name.
 *
 * Readouts: those of the ViT, and for open_clip "projected" [embed_dim]: the
 * head on the class token behind the norm, not scaled to length 1.
 *
 * timm 1.0, models/vision_transformer.py and _hub.py; open_clip, timm_model.py. */
#ifndef ENCODER_TIMM_H
#define ENCODER_TIMM_H

#include "encoder/architecture.h"

extern const struct architecture timm_architecture; /* "timm", "open_clip" */

#endif
