#include "split/grouped.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "split/mt19937.h"
#include "split/splitters.h"

/* ---- test set --------------------------------------------------------- */

static void label_groups(int32_t *group_label, size_t n_groups, const size_t *group_of_unit, const uint32_t *unit,
                         const int32_t *stratum, size_t n)
{
    for (size_t g = 0; g < n_groups; g++)
        group_label[g] = stratum ? INT32_MIN : 0;
    for (size_t i = 0; stratum && i < n; i++) {
        size_t g = group_of_unit[unit[i]];
        if (stratum[i] > group_label[g])
            group_label[g] = stratum[i];
    }
}

/* What StratifiedShuffleSplit would refuse, said in patients. */
static int check_patients(const int32_t *group_label, size_t n_groups, size_t n_train, size_t n_test, struct status *st)
{
    struct classes classes;
    int code = STATUS_OK;
    classes_init(&classes, group_label, n_groups);
    size_t rarest = 0;
    for (size_t c = 0; c < classes.n; c++)
        if (classes.count[c] < classes.count[rarest])
            rarest = c;
    int label = (int)classes.label[rarest];
    size_t count = classes.count[rarest];
    size_t smaller = n_train < n_test ? n_train : n_test;
    if (count < 2)
        code = status_set(st, STATUS_DATA,
                          "cannot set patients aside to test on: class %d has only %zu patient (by the largest class among "
                          "a patient's images), at least 2 are needed",
                          label, count);
    else if (smaller < classes.n)
        code = status_set(st, STATUS_DATA,
                          "cannot set patients aside to test on: %zu patients for the %s are too few for %zu classes (class "
                          "%d has %zu patients)",
                          smaller, n_train < n_test ? "training part" : "test part", classes.n, label, count);
    classes_free(&classes);
    return code;
}

/* Every class has samples on both sides. */
static int check_both_sides(const uint8_t *is_test, const size_t *group_of_unit, size_t n_groups, const uint32_t *unit,
                            const int32_t *stratum, size_t n, struct status *st)
{
    struct classes classes;
    classes_init(&classes, stratum, n);
    size_t *in_test = NEW0(classes.n, size_t);
    bool *has_class = NEW0(n_groups, bool);
    int code = STATUS_OK;
    for (size_t i = 0; i < n; i++)
        in_test[classes.code[i]] += is_test[i];
    for (size_t c = 0; c < classes.n && code == STATUS_OK; c++) {
        if (in_test[c] > 0 && in_test[c] < classes.count[c])
            continue;
        size_t n_patients = 0;
        for (size_t i = 0; i < n; i++) {
            size_t g = group_of_unit[unit[i]];
            n_patients += classes.code[i] == c && !has_class[g];
            has_class[g] = has_class[g] || classes.code[i] == c;
        }
        code = status_set(st, STATUS_DATA,
                          "cannot set patients aside to test on: the %s part would hold none of the %zu patients of class %d",
                          in_test[c] == 0 ? "test" : "training", n_patients, (int)classes.label[c]);
    }
    free(in_test);
    free(has_class);
    classes_free(&classes);
    return code;
}

int grouped_test_split(uint8_t *is_test, const uint32_t *unit, size_t n, size_t n_units, const int32_t *stratum,
                       double fraction, uint32_t seed, struct status *st)
{
    size_t *group_of_unit = NEW(n_units, size_t);
    size_t n_groups = groups_number(group_of_unit, unit, n, n_units);
    int32_t *group_label = NEW(n_groups, int32_t);
    size_t *train = NEW(n_groups, size_t), *test = NEW(n_groups, size_t);
    uint8_t *group_is_test = NEW0(n_groups, uint8_t);
    size_t n_train, n_test;
    struct mt19937 stream;
    mt19937_seed(&stream, seed);

    int code = split_sizes(&n_train, &n_test, n_groups, fraction, NULL);
    if (code != STATUS_OK) {
        status_set(st, code, "cannot set patients aside to test on: there are only %zu patients", n_groups);
        goto done;
    }
    label_groups(group_label, n_groups, group_of_unit, unit, stratum, n);
    if (stratum)
        code = check_patients(group_label, n_groups, n_train, n_test, st);
    if (code == STATUS_OK && stratum)
        code = stratified_shuffle_split(train, n_train, test, n_test, group_label, n_groups, &stream, st);
    else if (code == STATUS_OK)
        code = shuffle_split(train, n_train, test, n_test, n_groups, &stream, st);
    if (code != STATUS_OK)
        goto done;

    for (size_t i = 0; i < n_test; i++)
        group_is_test[test[i]] = 1;
    for (size_t i = 0; i < n; i++)
        is_test[i] = group_is_test[group_of_unit[unit[i]]];
    if (stratum)
        code = check_both_sides(is_test, group_of_unit, n_groups, unit, stratum, n, st);
done:
    free(group_of_unit);
    free(group_label);
    free(train);
    free(test);
    free(group_is_test);
    return code;
}

/* ---- folds ------------------------------------------------------------ */

int grouped_folds(uint32_t *fold, const uint32_t *unit, size_t n, size_t n_units, const int32_t *stratum,
                  size_t n_folds, uint32_t seed, struct status *st)
{
    assert(n_folds >= 2);
    size_t *group_of_unit = NEW(n_units, size_t);
    size_t n_groups = groups_number(group_of_unit, unit, n, n_units);
    int32_t *one_class = NEW0(n, int32_t);
    size_t *in_fold = NEW0(n_folds, size_t);
    int code = STATUS_OK;
    if (n_groups < n_folds) {
        code = status_set(st, STATUS_DATA, "cannot make %zu folds of %zu patients", n_folds, n_groups);
        goto done;
    }
    group_folds_assign(fold, stratum ? stratum : one_class, unit, n, n_units, n_folds, GROUP_SHUFFLE_CORRECTED, seed);

    /* An empty fold is always at least as even a choice as a full one, but rounding decides between equals. */
    for (size_t i = 0; i < n; i++)
        in_fold[fold[i]]++;
    for (size_t f = 0; f < n_folds && code == STATUS_OK; f++)
        if (in_fold[f] == 0)
            code = status_set(st, STATUS_DATA, "cannot make %zu stratified folds of %zu patients: one would be empty, take fewer folds",
                              n_folds, n_groups);
done:
    free(group_of_unit);
    free(one_class);
    free(in_fold);
    return code;
}

/* ---- classes of a target ---------------------------------------------- */

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void grouped_strata_of_target(int32_t *stratum, const double *target, size_t n, size_t n_bins)
{
    assert(n_bins >= 1);
    double *sorted = NEW(n, double);
    for (size_t i = 0; i < n; i++) {
        assert(isfinite(target[i]));
        sorted[i] = target[i];
    }
    qsort(sorted, n, sizeof *sorted, compare_doubles);
    for (size_t i = 0; i < n; i++) {
        size_t below = 0, beyond = n; /* first position not below target[i], by halving */
        while (below < beyond) {
            size_t middle = below + (beyond - below) / 2;
            if (sorted[middle] < target[i])
                below = middle + 1;
            else
                beyond = middle;
        }
        stratum[i] = (int32_t)(below * n_bins / n);
    }
    free(sorted);
}
