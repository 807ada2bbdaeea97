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

    /* A config.json for weights that come without one, or NULL if these are no such weights; sets *assumed (to a text
     * that lives as long as the program) where the tensors do not tell.  May itself be NULL. */
    json_t *(*infer)(const struct checkpoint *c, const char **assumed);

    /* Takes its weights from the checkpoint, which outlives the model and carries the options, and fills `info` from
     * width to eps, n_parameters and n_labels. */
    int (*open)(void **model, struct encoder_info *info, struct checkpoint *c, struct status *st);
    void (*close)(void *model); /* NULL is fine */
    /* Fills tokens, input_height and input_width. */
    int (*set_input)(void *model, struct encoder_info *info, size_t height, size_t width, struct status *st);
    char *(*describe)(const void *model); /* all but weights and model_type that changes numbers; the caller frees it */

    /* Name and width of readout i of this model; NULL behind the last. */
    const char *(*readout)(const void *model, size_t i, size_t *width);

    void *(*state_new)(const void *model, size_t batch);
    void (*state_free)(void *state);
    void (*share)(const void *model, void *state, int n_threads); /* each forward to come is split among them; may be NULL */
    void (*forward)(const void *model, void *state, const float *pixels, size_t n, float *out, size_t stride); /* n in 1 .. batch pictures, their readouts `stride` apart */

    void (*trace)(const void *model, void *state);
    size_t (*hidden_size)(const void *model, size_t k); /* floats */
    const float *(*hidden_state)(const void *model, const void *state, size_t k);

    /* May be NULL: an encoder without tokens, positions, a classifier.  Tokens of all pictures, logits of the first. */
    const float *(*tokens)(const void *state);
    const float *(*positions)(const void *model, size_t *n);
    void (*logits)(const void *model, const void *state, float *out); /* called if info.n_labels > 0 */
    void (*classify)(const void *model, const float *readouts, float *out); /* the same from the readouts of a picture */
};

/* The model that `arch` opened in e; NULL if another did. */
const void *encoder_model(const struct encoder *e, const struct architecture *arch);

#endif
