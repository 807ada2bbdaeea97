/* Protocol `grouped`, the one we stand behind: test set and folds disjoint by
 * patient and stratified by class.
 *
 * unit[n] is each sample's patient, 0..n_units-1; patients without a sample are
 * allowed, so that a part of a cohort keeps its numbers.  stratum[n] is each
 * sample's class, any int32; NULL: not stratified.  The result depends on the
 * order of the patients' numbers and on nothing else of the order: rows may
 * come in any order.  The caller numbers patients in the sorted order of their
 * ids (a sample without a patient id is its own patient, by sample id), so that
 * the same cohort always gives the same split.
 *
 * Refusals are STATUS_DATA, with the class and the number of patients; the
 * caller knows the class's name. */
#ifndef SPLIT_GROUPED_H
#define SPLIT_GROUPED_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* is_test[n] in {0,1}.  StratifiedShuffleSplit over patients, ceil(fraction *
 * patients) of them to test on; a patient's class is the largest among its
 * samples.  Refused: a class with fewer than 2 patients; fewer patients in a
 * part than classes; a class of which a part would hold no sample. */
int grouped_test_split(uint8_t *is_test, const uint32_t *unit, size_t n, size_t n_units, const int32_t *stratum,
                       double fraction, uint32_t seed, struct status *st) MUST_CHECK;

/* fold[n] in 0..n_folds-1.  StratifiedGroupKFold over the samples, in its
 * corrected meaning, shuffled.  No fold is empty.  Refused: fewer patients than
 * folds, or hardly more and a fold left empty (rare: about 1 in 10,000 random
 * sets with up to 3 patients more than folds).  Where a class has fewer
 * patients than folds, some folds lack it. */
int grouped_folds(uint32_t *fold, const uint32_t *unit, size_t n, size_t n_units, const int32_t *stratum,
                  size_t n_folds, uint32_t seed, struct status *st) MUST_CHECK;

/* Classes by which a regression target is stratified: stratum[i] = floor(n_bins
 * * share of samples below target[i]), in 0..n_bins-1, so that equal targets
 * share a class and a class may be empty.  target[n] finite, n_bins at least 1;
 * take no more bins than the smallest part has patients. */
void grouped_strata_of_target(int32_t *stratum, const double *target, size_t n, size_t n_bins);

#endif
