/* A checkpoint on disk: config.json and the tensors of model.safetensors, or of
 * the shards that model.safetensors.index.json names, under one roof.
 *
 * Weights stay in the mapped files where they are float32 and aligned; others
 * are widened.  Who has made his own form of a weight releases it, so that
 * neither pages nor copies stay in memory.  Each weight taken is checked for its shape and for NaN and
 * infinity and marked as used, so that what was not read can be listed.
 * timm's and open_clip's folders get the model_type "timm" and "open_clip" here,
 * which their own files do not carry (open_clip: open_clip_config.json stands in
 * for config.json).
 * Refused: a name twice, within a file or across shards; a shard that is
 * missing or lacks what the index puts there; pickled weights. */
#ifndef ENCODER_CHECKPOINT_H
#define ENCODER_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/safetensors.h"
#include "base/status.h"
#include "encoder/encoder.h"
#include "encoder/model_config.h"

struct checkpoint_entry {
    const struct safetensors_tensor *tensor;
    size_t shard;
    bool used;
    unsigned taken;      /* bit i: part i was, see checkpoint_names */
    unsigned held;       /* bit i: part i was taken and not released */
    const float *values; /* while held: the mapped ones, or `copy` */
    float *copy;         /* widened; NULL if there is no need */
};

/* Reads a file of other names than the loader's: how its tensors are called, and where one of its tensors holds several
 * of the loader's as equal blocks of rows (a fused query, key and value). */
struct checkpoint_names {
    /* The file's name for the loader's (new string) with the block, 0 .. *n_parts - 1; NULL: it has none of that kind. */
    char *(*translate)(const struct checkpoint_names *names, const char *name, size_t *part, size_t *n_parts);
    const char *prefix; /* of the file's names */
};

struct checkpoint {
    char *path;                 /* as the user gave it */
    struct encoder_options options; /* its texts are the caller's: read them while opening */
    const struct checkpoint_names *names; /* NULL: the loader's own; else borrowed while an architecture opens */
    struct model_config config; /* json is NULL for a lone file without a config.json beside it */
    char **shard_name;          /* [n_shards] sorted by byte value */
    struct safetensors *shard;  /* [n_shards] */
    size_t n_shards;
    struct checkpoint_entry *entry; /* [n] sorted by name */
    size_t n, n_used;
    uint64_t n_values;          /* in the tensors used */
};

/* `path` is the folder, or one .safetensors file. */
int checkpoint_open(struct checkpoint *c, const char *path, struct status *st) MUST_CHECK;
void checkpoint_close(struct checkpoint *c);

struct checkpoint_entry *checkpoint_find(const struct checkpoint *c, const char *name); /* by the loader's name; NULL if absent */

/* A weight of exactly this shape as floats, borrowed from the checkpoint until it is released or closed.
 * STATUS_DATA when it is missing, differs in shape, is no F32, F16 or BF16, or holds NaN or infinity. */
int checkpoint_weight(const float **weight, struct checkpoint *c, const char *name, const size_t *shape, size_t n_dims,
                      struct status *st) MUST_CHECK;

/* The values that checkpoint_weight gave for this name are not used any more: a widened copy is freed, mapped pages are
 * dropped.  Of a tensor that several names share, when the last of those taken is released.  It may be taken again. */
void checkpoint_release(struct checkpoint *c, const char *name);

/* SHA-256 over the SHA-256 of each weights file, in the order of their names.  Touches the maps alone, so that another
 * thread may take weights meanwhile, and leaves none of their pages in memory.  false if *stop was set (base/digest.h). */
bool checkpoint_digest(uint8_t out[DIGEST_BYTES], const struct checkpoint *c, const bool *stop);

#endif
