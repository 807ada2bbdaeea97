/* What an architecture gives to encoder.c: one file, one table of functions.
 * `model` and `state` are the architecture's own; each pointer handed to these
 * functions is one that the same table made. */
#ifndef ENCODER_ARCHITECTURE_H
#define ENCODER_ARCHITECTURE_H

#include "base/status.h"
#include "encoder/checkpoint.h"
#include "encoder/encoder.h"

struct architecture {
    const char *const *model_types; /* NULL behind the last; [i] lives as long as the program */
    const char *const *readouts;    /* NULL behind the last */

    /* A config.json for weights that come without one, or NULL if these are no such weights. */
    json_t *(*infer)(const struct checkpoint *c);

    /* Takes its weights from the checkpoint, which outlives the model, and fills `info` from width to eps, n_parameters and n_labels. */
    int (*open)(void **model, struct encoder_info *info, struct checkpoint *c, struct status *st);
    void (*close)(void *model);
    size_t (*readout_width)(const void *model, size_t i);

    void *(*state_new)(const void *model);
    void (*state_free)(void *state);
    void (*forward)(const void *model, void *state, const float *pixels, float *out);

    const float *(*tokens)(const void *state);
    void (*trace)(const void *model, void *state);
    const float *(*hidden_state)(const void *model, const void *state, size_t k);
    void (*logits)(const void *model, const void *state, float *out); /* called if info.n_labels > 0 */
};

#endif
