/* NumPy's legacy stream: the Mersenne Twister as numpy.random.RandomState(seed)
 * draws from it, value for value.  It serves the splits and nothing else, so
 * that they can be laid beside scikit-learn's index for index; everything
 * drawn for statistics comes from base/rng.h.
 *
 * Each function says how many words it draws: later draws depend on it.
 * Engine: Matsumoto & Nishimura 1998, ACM TOMACS 8:3, seeded as in their
 * program of 2002 (init_genrand).  Bounded numbers, shuffle and choice: NumPy's
 * legacy generator, frozen by NEP 19.  GSL's mt19937 has the same words but
 * turns seed 0 into 4357, and draws bounded numbers in another way. */
#ifndef SPLIT_MT19937_H
#define SPLIT_MT19937_H

#include <stddef.h>
#include <stdint.h>

#define MT19937_WORDS 624

struct mt19937 {
    uint32_t word[MT19937_WORDS];
    size_t position; /* next word to hand out; MT19937_WORDS: make new ones first */
};

/* Every seed is good, 0 included. */
void mt19937_seed(struct mt19937 *stream, uint32_t seed);

/* The next word. */
uint32_t mt19937_next(struct mt19937 *stream);

/* Whole number in 0..max, max included: low bits of as many words as it takes
 * to find one that fits; no word at all when max is 0. */
uint32_t mt19937_bounded(struct mt19937 *stream, uint32_t max);

/* Number in [0, 1) with 53 random bits, of two words. */
double mt19937_double(struct mt19937 *stream);

/* Exchange from the last element down to the second; n - 1 bounded numbers, none for n < 2. */
void mt19937_shuffle(struct mt19937 *stream, size_t *a, size_t n);

/* a[n] = 0..n-1, shuffled. */
void mt19937_permutation(struct mt19937 *stream, size_t *a, size_t n);

/* chosen[n_chosen] out of from[n] without replacement, n_chosen <= n.  Costs a
 * whole permutation of n, however few are chosen. */
void mt19937_choice(struct mt19937 *stream, size_t *chosen, size_t n_chosen, const size_t *from, size_t n);

#endif
