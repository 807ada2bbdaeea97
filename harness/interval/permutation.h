/* Permutation tests of two models on the same units, p = (b + 1)/(B + 1)
 * (Davison & Hinkley 1997, section 4.2; Phipson & Smyth 2010, SAGMB 9:39): b of B random relabellings
 * are at least as far from 0 as what was seen.  Statistics that differ by less than
 * 1e-12 count as equal.
 *
 * Draws belong to (seed, stream, replicate), as in interval/bootstrap.h, and to unit u
 * its bit: exchanged where bit is 1.  The same for every pair of models. */
#ifndef INTERVAL_PERMUTATION_H
#define INTERVAL_PERMUTATION_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct permutation_test {
    double observed;
    size_t replicates, undefined;   /* undefined ones count neither in b nor in B */
    size_t at_least, at_least_greater; /* |value| >= |observed|; value >= observed */
    double p, p_greater;            /* two-sided; that the first is larger */
};

/* value[n]: the statistic of each relabelling, NaN where undefined.  observed NaN: p NaN. */
struct permutation_test permutation_judge(double observed, const double *value, size_t n);

/* flip[n_units]: 0 or 1 for replicate b. */
void permutation_draw(uint8_t *flip, size_t n_units, uint64_t seed, const char *stream, size_t b);

/* ---- the mean of paired differences, by sign flips ---- */

double sign_flip_mean(const double *difference, const uint8_t *flip, size_t n);
/* All 2^n sign patterns; n <= 20 (asserted), n >= 1.  p = b / 2^n, the pattern seen among them. */
struct permutation_test sign_flip_exact(const double *difference, size_t n);
int sign_flip_test(struct permutation_test *t, const double *difference, size_t n, size_t replicates, uint64_t seed,
                   const char *stream, int n_threads, struct status *st) MUST_CHECK;

/* ---- the difference of two AUROCs, by exchanging the models' ranks within units ---- */

struct swap; /* both models' mid-ranks over all samples */

/* label[n] in {0, 1}; unit[n] in 0 .. n_units-1 (NULL: each sample its own).  STATUS_UNDEFINED if a class is
 * absent, STATUS_DATA for a NaN score or a unit out of range. */
int swap_new(struct swap **s, const int32_t *label, const double *score_a, const double *score_b, const uint32_t *unit,
             size_t n, size_t n_units, struct status *st) MUST_CHECK;
void swap_free(struct swap *s);

/* AUROC of a less b after the units with flip 1 exchanged their ranks; flip NULL: as seen.  O(n):
 * ranks are halves of whole numbers, so counting replaces sorting.  tally[swap_tally_size]. */
double swap_difference(const struct swap *s, const uint8_t *flip, uint32_t *tally);
size_t swap_tally_size(const struct swap *s);
struct permutation_test swap_test(const struct swap *s, size_t replicates, uint64_t seed, const char *stream,
                                  int n_threads);

#endif
