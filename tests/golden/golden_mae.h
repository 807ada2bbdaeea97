/* What the expected/ folder of a vit_mae checkpoint holds of its masked pass. */
#ifndef GOLDEN_MAE_H
#define GOLDEN_MAE_H

#include <jansson.h>
#include <stdbool.h>

#include "encoder/encoder.h"

/* Is this one of the files that golden_mae compares? */
bool golden_mae_reads(const char *key);

/* The masked pass with the stored noise against every such file of `folder` (transformers' ViTMAEForPreTraining), losses and
 * the published script's error map included; pictures under models/images.  `checkpoint` holds the weights. */
void golden_mae(const char *models, const char *name, const char *checkpoint, const char *folder, const json_t *expected);

#endif
