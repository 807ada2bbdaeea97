/* scikit-learn's splitters, index for index.
 *
 * Pure: sizes, labels and unit numbers in; indices or fold numbers out.  Labels
 * are any int32 numbers, units (patients, groups) the numbers 0..n_units-1 in
 * the sorted order of their names.  Nothing is sorted unless said: where
 * scikit-learn returns indices in shuffled order, that order is part of the
 * result, because its users cut folds from it.
 *
 * Refusals are scikit-learn's: STATUS_DATA with one sentence that names the
 * counts, and the class by its label.  Fractions are inside (0, 1) and n_folds
 * is at least 2, as the caller has checked.
 *
 * Source: behaviour of scikit-learn 1.2.1 (model_selection), unchanged in the
 * versions around it but for stratified_group_kfold. */
#ifndef SPLIT_SPLITTERS_H
#define SPLIT_SPLITTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "split/mt19937.h"

/* n_test = ceil(fraction * n), n_train = the rest; refused when no one is left to train on. */
int split_sizes(size_t *n_train, size_t *n_test, size_t n, double fraction, struct status *st) MUST_CHECK;

/* ShuffleSplit.  train[n_train], test[n_test] in shuffled order.  A further call
 * with the same stream gives the next of several splits. */
int shuffle_split(size_t *train, size_t n_train, size_t *test, size_t n_test, size_t n,
                  struct mt19937 *stream, struct status *st) MUST_CHECK;

/* StratifiedShuffleSplit, of label[n].  Refused when a class has fewer than 2
 * members or a part has fewer places than there are classes; a rare class may
 * still be missing from a part. */
int stratified_shuffle_split(size_t *train, size_t n_train, size_t *test, size_t n_test, const int32_t *label,
                             size_t n, struct mt19937 *stream, struct status *st) MUST_CHECK;

/* GroupShuffleSplit: a fraction of the units, then their samples in ascending
 * order.  train and test have room for n; every unit has a sample. */
int group_shuffle_split(size_t *train, size_t *n_train, size_t *test, size_t *n_test, const uint32_t *unit,
                        size_t n, size_t n_units, double fraction, struct mt19937 *stream,
                        struct status *st) MUST_CHECK;

/* KFold: fold[i] is the fold in which sample i is tested.  seed is read only when shuffling. */
int kfold(uint32_t *fold, size_t n, size_t n_folds, bool shuffle, uint32_t seed, struct status *st) MUST_CHECK;

/* StratifiedKFold.  Refused when every class is smaller than n_folds; a single
 * small class is accepted, and then some folds lack it.  Depends on the order
 * in which the labels first appear. */
int stratified_kfold(uint32_t *fold, const int32_t *label, size_t n, size_t n_folds, bool shuffle, uint32_t seed,
                     struct status *st) MUST_CHECK;

/* What shuffling means to StratifiedGroupKFold.  Up to and including 1.2.1, and
 * until pull request 32540, it shuffled the groups' class counts but not their
 * names, so that folds were dealt to the wrong groups. */
enum group_shuffle {
    GROUP_SHUFFLE_NONE,
    GROUP_SHUFFLE_CORRECTED,
    GROUP_SHUFFLE_SKLEARN_1_2_1 /* only to compare with old results */
};

/* StratifiedGroupKFold: units whose classes are most uneven are dealt first,
 * each to the fold that keeps the classes' shares most even over the folds.
 * fold[n] is the same for all samples of a unit and does not depend on the
 * order of the samples.  Units without a sample are allowed.  Refused as
 * stratified_kfold. */
int stratified_group_kfold(uint32_t *fold, const int32_t *label, const uint32_t *unit, size_t n, size_t n_units,
                           size_t n_folds, enum group_shuffle shuffle, uint32_t seed, struct status *st) MUST_CHECK;

/* The same without the refusal: for small sets in which folds may lack a class. */
void group_folds_assign(uint32_t *fold, const int32_t *label, const uint32_t *unit, size_t n, size_t n_units,
                        size_t n_folds, enum group_shuffle shuffle, uint32_t seed);

/* The distinct labels of label[n], ascending. */
struct classes {
    size_t n;
    int32_t *label;  /* [n] ascending */
    size_t *count;   /* [n] samples of each */
    size_t *code;    /* [samples] position of each sample's label among them */
};
void classes_init(struct classes *classes, const int32_t *label, size_t n);
void classes_free(struct classes *classes);

/* Number the units that have a sample 0..groups-1, keeping their order; returns
 * how many.  group_of_unit[n_units]: SIZE_MAX for a unit without a sample. */
size_t groups_number(size_t *group_of_unit, const uint32_t *unit, size_t n, size_t n_units);

#endif
