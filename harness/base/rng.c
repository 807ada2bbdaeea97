#include "base/rng.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/memory.h"

gsl_rng *rng_stream_new(void)
{
    return gsl_rng_alloc(gsl_rng_mt19937);
}

/* Of GSL's 32 bits of seed. */
static uint32_t seed_of(uint64_t seed, const char *name, uint64_t index)
{
    uint64_t key[2] = {XXH3_64bits_withSeed(name, strlen(name), seed), index};
    uint64_t hash = XXH3_64bits(key, sizeof key);
    uint32_t word = (uint32_t)(hash ^ (hash >> 32));
    return word ? word : 1;
}

void rng_stream_set(gsl_rng *rng, uint64_t seed, const char *name, uint64_t index)
{
    gsl_rng_set(rng, seed_of(seed, name, index));
}

/* Matsumoto & Nishimura 1998, ACM TOMACS 8:3, seeded as in their program of 2002: what gsl_rng_mt19937 is. */
void rng_words_set(struct rng_words *w, uint64_t seed, const char *name, uint64_t index)
{
    w->state[0] = seed_of(seed, name, index);
    for (uint32_t i = 1; i < RNG_WORDS; i++)
        w->state[i] = 1812433253u * (w->state[i - 1] ^ w->state[i - 1] >> 30) + i;
    w->next = RNG_WORDS;
}

static inline uint32_t twisted(const uint32_t *state, size_t i, size_t next, size_t third)
{
    uint32_t y = (state[i] & 0x80000000u) | (state[next] & 0x7fffffffu);
    return state[third] ^ y >> 1 ^ (-(y & 1) & 0x9908b0dfu); /* bits are random: no branch to guess */
}

void rng_words_fill(struct rng_words *w)
{
    enum { THIRD = 397 };
    uint32_t *state = w->state;
    for (size_t i = 0; i < RNG_WORDS - THIRD; i++)
        state[i] = twisted(state, i, i + 1, i + THIRD);
    for (size_t i = RNG_WORDS - THIRD; i < RNG_WORDS - 1; i++)
        state[i] = twisted(state, i, i + 1, i + THIRD - RNG_WORDS);
    state[RNG_WORDS - 1] = twisted(state, RNG_WORDS - 1, 0, THIRD - 1);
    for (size_t i = 0; i < RNG_WORDS; i++) {
        uint32_t y = state[i];
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c5680u;
        y ^= y << 15 & 0xefc60000u;
        w->word[i] = y ^ y >> 18;
    }
    w->next = 0;
}
