/* The parallel loop of a study: every picture that some model has not seen yet
 * is decoded once and handed to all models that miss it.
 *
 * A thread takes up to `batch` pictures, decodes one after the other, and puts
 * them through each encoder together; towards the end of the cohort it takes
 * fewer, so that all threads end together.  No number depends on threads or
 * batch.  Files are announced to the kernel some pictures before their turn, so
 * that nobody waits for the disk.  Memory: per thread one decoded picture, `batch`
 * tensors and a workspace per model, plus what waits to be written; nothing but a
 * few hundred bytes of the survey and plan grows with the cohort.
 * Vectors go to the store in transactions of at most a quarter second or 16 MB; Ctrl-C
 * finishes the pictures in hand and stores them.  Pictures of equal bytes are
 * encoded once. */
#ifndef EMBED_EXTRACT_H
#define EMBED_EXTRACT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "cohort/survey.h"
#include "embed/featurizer.h"
#include "embed/store.h"

struct extract_options {
    int n_threads;
    size_t batch;            /* pictures a thread puts through an encoder at once; 0: 1 */
    size_t shard, n_shards; /* this run's share: shard in 1 .. n_shards; 0 of 0: all */
    bool decode_only;        /* compute nothing: tell pictures that cannot be decoded from embeddings that are missing */
    bool quiet;
};

struct extract_counts {
    size_t pictures;  /* of different bytes, in this shard */
    size_t computed;  /* pictures decoded in this run */
    size_t vectors;   /* computed in this run */
    size_t damaged;   /* found damaged in the store and computed again */
    size_t failed;    /* pictures that could not be decoded; they have a reason now */
};

/* used[i]: picture i of the survey is wanted.  A picture that cannot be decoded gets its reason and the loop goes on;
 * a file that cannot be read any more, or changed since the survey, ends it (STATUS_IO) with what is done stored.
 * decode_only: STATUS_DATA if a picture that can be decoded has no embedding yet.
 * STATUS_INTERRUPTED after Ctrl-C, with everything done stored. */
int extract_study(struct extract_counts *counts, struct store *store, const struct featurizer *featurizer, size_t n_featurizers,
                  struct survey *survey, const bool *used, const struct extract_options *options, struct status *st) MUST_CHECK;

/* x[n, width] of one readout for the given pictures, from the store.  STATUS_DATA with the number that is missing. */
int extract_read(float *x, const struct store *store, const struct featurizer *f, const char *readout, const struct survey *survey,
                 const size_t *picture, size_t n, struct status *st) MUST_CHECK;

/* tokens[f->token_floats]: float16 [n_tokens, token_width] of one picture. */
int extract_read_tokens(float *tokens, const struct store *store, const struct featurizer *f, const struct picture *picture,
                        struct status *st) MUST_CHECK;

#endif
