/* A vit_mae checkpoint of any size whose every element is a pure function of
 * (seed, tensor name, index): FNV-1a of the name, splitmix64 of the index, 24 bits
 * of it scaled by a power of two (the rule is in gen_hash_weights.py beside the
 * reference set).  What the full-size reference was computed from. */
#ifndef GOLDEN_HASH_WEIGHTS_H
#define GOLDEN_HASH_WEIGHTS_H

#include <stdint.h>

#include "base/status.h"

/* kind: "vitl" (1.3 GB) or "small".  Writes config.json and model.safetensors; STATUS_IO if there is no room. */
int hash_weights_write(const char *directory, const char *kind, uint64_t seed, struct status *st) MUST_CHECK;
void hash_weights_remove(const char *directory);

#endif
