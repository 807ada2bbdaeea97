/* Philox4x64-10, a generator that counts: a block of four words is a function of
 * key and counter alone, so that any place of any stream is reached at once.
 * Word for word numpy's Philox.  Salmon, Moraes, Dror & Shaw 2011, SC '11,
 * "Parallel random numbers: as easy as 1, 2, 3"; ten rounds. */
#ifndef SPLIT_PHILOX_H
#define SPLIT_PHILOX_H

#include <stdint.h>

void philox4x64(uint64_t word[4], const uint64_t counter[4], const uint64_t key[2]);

/* Words one after another as numpy draws them: the counter is raised before each block. */
struct philox {
    uint64_t key[2], counter[4], word[4];
    unsigned used; /* of word */
};
void philox_seed(struct philox *p, const uint64_t key[2], const uint64_t counter[4]);
uint64_t philox_next(struct philox *p);

#endif
