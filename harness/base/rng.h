/* Random streams that belong to what is drawn, never to a thread: the stream
 * of (seed, name, index) is a GSL mt19937 whose 32-bit seed is a hash of the
 * three (never 0, which GSL turns into 4357).  Used by the bootstrap and the
 * synthetic cohort; the splits of scikit-learn have their own generator
 * (split/mt19937.h). */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <gsl/gsl_rng.h>
#include <stdint.h>

gsl_rng *rng_stream_new(void);  /* free with gsl_rng_free; one per thread */
void rng_stream_set(gsl_rng *rng, uint64_t seed, const char *name, uint64_t index);

/* The words of the same streams, made 624 at a time: where words are drawn by the thousand, a call for each would be
 * most of the work. */
#define RNG_WORDS 624
struct rng_words {
    uint32_t state[RNG_WORDS], word[RNG_WORDS];
    size_t next; /* of word; RNG_WORDS: make new ones first */
};
void rng_words_set(struct rng_words *w, uint64_t seed, const char *name, uint64_t index);
void rng_words_fill(struct rng_words *w);

static inline uint32_t rng_word(struct rng_words *w)
{
    if (w->next == RNG_WORDS)
        rng_words_fill(w);
    return w->word[w->next++];
}

#endif
