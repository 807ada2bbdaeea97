/* Protocol `official`: the published evaluation script's own splits, index for
 * index, so that a row can be laid beside the paper's.
 *
 * Known weaknesses, kept on purpose: the folds cut through patients (only the
 * test set is disjoint by patient), and all folds share the one test set. */
#ifndef SPLIT_OFFICIAL_H
#define SPLIT_OFFICIAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define OFFICIAL_FRACTION 0.1
#define OFFICIAL_SEED 2025
#define OFFICIAL_FOLDS 5

#define OFFICIAL_UNIT_MISSING UINT32_MAX

/* Patients numbered as the script's table library sorts their ids: by value
 * when all are whole numbers (so "07" and "7" are one patient), else by code
 * point ("p10" before "p2").  An empty id is OFFICIAL_UNIT_MISSING. */
void official_number_units(uint32_t *unit, size_t *n_units, const char *const *id, size_t n);

/* The test set: a fraction of the samples, or of the patients where unit is
 * given (not NULL), stratified by label where label is given.
 * By sample: train and test in shuffled order, which official_folds needs.
 * By patient: a patient's label is its largest where all labels are 0 or 1,
 * else that of its first sample; all its samples follow it; samples without a
 * patient are trained on; both parts ascending.
 * train and test have room for n.  Refused as stratified_shuffle_split. */
int official_test_split(size_t *train, size_t *n_train, size_t *test, size_t *n_test, const int32_t *label,
                        const uint32_t *unit, size_t n, size_t n_units, double fraction, uint32_t seed,
                        struct status *st) MUST_CHECK;

/* fold[n_train]: the fold in which sample train[i] validates.  label is that of
 * all samples, or NULL: folds are then not stratified. */
int official_folds(uint32_t *fold, const int32_t *label, const size_t *train, size_t n_train, size_t n_folds,
                   uint32_t seed, struct status *st) MUST_CHECK;

/* Pes planus alone: the script shows the splitter the labels in ascending order
 * of sample and then reads the folds off in shuffled order, so that they are
 * not stratified in truth. */
int official_folds_pes_planus(uint32_t *fold, const int32_t *label, const size_t *train, size_t n_train,
                              size_t n_folds, uint32_t seed, struct status *st) MUST_CHECK;

#endif
