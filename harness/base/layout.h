/* Which file of a checkpoint folder speaks for it: asked by the reader of
 * weights and by the reader of preprocessing, which must agree. */
#ifndef BASE_LAYOUT_H
#define BASE_LAYOUT_H

#include <stdbool.h>

#define LAYOUT_OPEN_CLIP "open_clip_config.json"

/* open_clip_config.json is there, and config.json with model.safetensors (timm and transformers, which publish the
 * same weights under both) is not. */
bool layout_is_open_clip(const char *directory);

#endif
