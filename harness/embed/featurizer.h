/* A model of the study made ready: an encoder with its preprocessing, or a
 * trivial baseline; radiograph in, vector out.
 *
 * The vector holds all readouts one behind the other.  A study may also ask for
 * several joined by '+' ("cls+mean"); they are put together when read.
 *
 * "tokens" is a readout of its own kind: all tokens behind the final layer norm
 * [tokens, width] as float16, for probes that look at patches.  It is kept as a
 * record of its own (one forward pass makes both), read by the attentive probe and exported. */
#ifndef EMBED_FEATURIZER_H
#define EMBED_FEATURIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"
#include "encoder/encoder.h"
#include "image/preprocess.h"
#include "image/radiograph.h"
#include "study/study.h"

struct featurizer {
    const struct study_model *model; /* borrowed */
    struct encoder *encoder;         /* NULL for a baseline */
    struct preprocess preprocess;
    size_t width;                    /* floats of a vector */
    char *words;                     /* what it is, in one line; the fingerprint is its digest */
    uint8_t fingerprint[DIGEST_BYTES];
    uint8_t weights[DIGEST_BYTES];   /* zeros for a baseline */
    bool keep_tokens;                /* asked for as readout "tokens" */
    size_t n_tokens, token_width;
    size_t token_floats;             /* places of a float that the halves take */
    char *token_words;
    uint8_t token_fingerprint[DIGEST_BYTES];
};

#define FEATURIZER_TOKENS STUDY_TOKENS

/* Opens the checkpoint and checks that it has the readouts the study asks for. */
int featurizer_open(struct featurizer *f, const struct study_model *model, struct status *st) MUST_CHECK;
void featurizer_close(struct featurizer *f);

/* One per thread and featurizer.  Pictures are put into it, up to `batch` at a time, and then computed together; no
 * number depends on how many there are or where among them a picture stands. */
struct featurizer_workspace;
struct featurizer_workspace *featurizer_workspace_new(const struct featurizer *f, size_t batch);
void featurizer_workspace_free(struct featurizer_workspace *w);

/* Behind those in hand, of which there are fewer than `batch`.  On failure the picture is not among them. */
int featurizer_add(struct featurizer_workspace *w, const struct featurizer *f, const struct radiograph *r, size_t file_bytes,
                   struct status *st) MUST_CHECK;
/* A region, whose samples are the 8 bits to be shown: no min-max of its own (but of a baseline's, which knows no other way). */
int featurizer_add_shown(struct featurizer_workspace *w, const struct featurizer *f, const struct radiograph *r, size_t file_bytes,
                         struct status *st) MUST_CHECK;
size_t featurizer_in_hand(const struct featurizer_workspace *w);

struct featurizer_item {
    float *vector;    /* [f->width], the caller's */
    float *tokens;    /* [f->token_floats], the caller's: float16 [n_tokens, token_width]; NULL: not wanted */
    struct status st; /* code STATUS_OK, or why this picture has neither: a value that is not finite, a token beyond float16 */
};

/* item[featurizer_in_hand], in the order in which pictures were added; none is in hand afterwards.
 * A picture that fails fails alone. */
void featurizer_compute(struct featurizer_item *item, const struct featurizer *f, struct featurizer_workspace *w);

/* Width of a readout of the study; STATUS_DATA naming those there are. */
int featurizer_readout_width(size_t *width, const struct featurizer *f, const char *readout, struct status *st) MUST_CHECK;
/* Pick a readout (which must be there) out of a vector. */
void featurizer_read(float *out, const struct featurizer *f, const char *readout, const float *vector);

#endif
