#include "base/rng.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/memory.h"

gsl_rng *rng_stream_new(void)
{
    return gsl_rng_alloc(gsl_rng_mt19937);
}

void rng_stream_set(gsl_rng *rng, uint64_t seed, const char *name, uint64_t index)
{
    uint64_t key[2] = {XXH3_64bits_withSeed(name, strlen(name), seed), index};
    uint64_t hash = XXH3_64bits(key, sizeof key);
    uint32_t word = (uint32_t)(hash ^ (hash >> 32));
    gsl_rng_set(rng, word ? word : 1);
}
