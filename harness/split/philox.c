#include "split/philox.h"

#include <string.h>

enum { ROUNDS = 10 };

/* High and low half of a x b, by halves of 32 bits: C11 has no 128-bit type. */
static void multiply(uint64_t *high, uint64_t *low, uint64_t a, uint64_t b)
{
    uint64_t a0 = a & UINT32_MAX, a1 = a >> 32, b0 = b & UINT32_MAX, b1 = b >> 32;
    uint64_t ll = a0 * b0, lh = a0 * b1, hl = a1 * b0;
    uint64_t middle = (ll >> 32) + (lh & UINT32_MAX) + (hl & UINT32_MAX);
    *low = a * b;
    *high = a1 * b1 + (lh >> 32) + (hl >> 32) + (middle >> 32);
}

void philox4x64(uint64_t word[4], const uint64_t counter[4], const uint64_t key[2])
{
    uint64_t k0 = key[0], k1 = key[1], high0, low0, high1, low1;
    uint64_t x0 = counter[0], x1 = counter[1], x2 = counter[2], x3 = counter[3];
    for (int round = 0; round < ROUNDS; round++) {
        multiply(&high0, &low0, UINT64_C(0xD2E7470EE14C6C93), x0);
        multiply(&high1, &low1, UINT64_C(0xCA5A826395121157), x2);
        x0 = high1 ^ x1 ^ k0;
        x1 = low1;
        x2 = high0 ^ x3 ^ k1;
        x3 = low0;
        k0 += UINT64_C(0x9E3779B97F4A7C15); /* golden ratio */
        k1 += UINT64_C(0xBB67AE8584CAA73B); /* sqrt(3) - 1 */
    }
    word[0] = x0;
    word[1] = x1;
    word[2] = x2;
    word[3] = x3;
}

void philox_seed(struct philox *p, const uint64_t key[2], const uint64_t counter[4])
{
    memcpy(p->key, key, sizeof p->key);
    memcpy(p->counter, counter, sizeof p->counter);
    p->used = 4;
}

uint64_t philox_next(struct philox *p)
{
    if (p->used == 4) {
        for (int i = 0; i < 4 && ++p->counter[i] == 0; i++) {}
        philox4x64(p->word, p->counter, p->key);
        p->used = 0;
    }
    return p->word[p->used++];
}
