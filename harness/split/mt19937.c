#include "split/mt19937.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

#define SHIFT 397 /* distance of the third word in the recurrence */
#define MATRIX 0x9908b0dfU
#define HIGH_BIT 0x80000000U

void mt19937_seed(struct mt19937 *stream, uint32_t seed)
{
    uint32_t *word = stream->word;
    word[0] = seed;
    for (size_t i = 1; i < MT19937_WORDS; i++)
        word[i] = 1812433253U * (word[i - 1] ^ (word[i - 1] >> 30)) + (uint32_t)i;
    stream->position = MT19937_WORDS;
}

/* The recurrence, over the whole state in place. */
static void twist(uint32_t *word)
{
    for (size_t i = 0; i < MT19937_WORDS; i++) {
        uint32_t next = word[(i + 1) % MT19937_WORDS];
        uint32_t y = (word[i] & HIGH_BIT) | (next & ~HIGH_BIT);
        word[i] = word[(i + SHIFT) % MT19937_WORDS] ^ (y >> 1) ^ ((y & 1U) ? MATRIX : 0U);
    }
}

uint32_t mt19937_next(struct mt19937 *stream)
{
    if (stream->position == MT19937_WORDS) {
        twist(stream->word);
        stream->position = 0;
    }
    uint32_t y = stream->word[stream->position++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680U;
    y ^= (y << 15) & 0xefc60000U;
    return y ^ (y >> 18);
}

uint32_t mt19937_bounded(struct mt19937 *stream, uint32_t max)
{
    if (max == 0)
        return 0;
    uint32_t mask = max;
    for (unsigned shift = 1; shift < 32; shift *= 2)
        mask |= mask >> shift;
    uint32_t value;
    do
        value = mt19937_next(stream) & mask;
    while (value > max);
    return value;
}

double mt19937_double(struct mt19937 *stream)
{
    uint32_t high = mt19937_next(stream) >> 5; /* 27 bits */
    uint32_t low = mt19937_next(stream) >> 6;  /* 26 bits */
    return ((double)high * 0x1p26 + (double)low) / 0x1p53;
}

void mt19937_shuffle(struct mt19937 *stream, size_t *a, size_t n)
{
    assert(n <= UINT32_MAX);
    for (size_t left = n; left > 1; left--) {
        size_t i = left - 1;
        size_t j = mt19937_bounded(stream, (uint32_t)i);
        size_t kept = a[i];
        a[i] = a[j];
        a[j] = kept;
    }
}

void mt19937_permutation(struct mt19937 *stream, size_t *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        a[i] = i;
    mt19937_shuffle(stream, a, n);
}

void mt19937_choice(struct mt19937 *stream, size_t *chosen, size_t n_chosen, const size_t *from, size_t n)
{
    assert(n_chosen <= n);
    size_t *order = NEW(n, size_t);
    mt19937_permutation(stream, order, n);
    for (size_t i = 0; i < n_chosen; i++)
        chosen[i] = from[order[i]];
    free(order);
}
