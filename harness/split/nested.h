/* Nested draws of training patients, for label efficiency.
 *
 * A draw is one random order of the patients; the draw of m patients is its first
 * m, so that a smaller one lies inside the larger one of the same number.  The
 * order belongs to (seed, name, draw) and to the patients' numbers and classes,
 * and to nothing else: every model gets the same patients.
 *
 * Stratified: the patients of each class are shuffled, then dealt.  The first
 * patient of every class comes first, the largest class leading, so that a draw of
 * as many patients as there are classes holds them all; after that each place goes
 * to the class that lags furthest behind its share (ties: the larger class, then the
 * lower number).  Very small draws therefore hold more of the rare classes than
 * the cohort does; a class that is ahead waits until its share has caught up. */
#ifndef SPLIT_NESTED_H
#define SPLIT_NESTED_H

#include <stddef.h>
#include <stdint.h>

/* order[n] = the patients 0..n-1 in the order in which they are taken.  stratum[n] in 0..n_strata-1; NULL: plain shuffle. */
void nested_order(size_t *order, size_t n, const uint32_t *stratum, size_t n_strata, uint64_t seed, const char *name, uint64_t draw);

/* Patients in a draw of `percent` per cent, 0 < percent <= 100, of n: rounded up, so never fewer than was asked for; 0 only of 0. */
size_t nested_size(double percent, size_t n);

#endif
