#include "split/official.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "split/mt19937.h"
#include "split/splitters.h"

/* ---- numbering of patients -------------------------------------------- */

struct id_row {
    const char *text;
    int64_t value; /* 0 where ids are compared as text */
    size_t sample;
};

static int compare_ids(const void *a, const void *b)
{
    const struct id_row *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

/* Bytes of UTF-8 sort as code points do. */
static int compare_texts(const void *a, const void *b)
{
    const struct id_row *x = a, *y = b;
    return strcmp(x->text, y->text);
}

void official_number_units(uint32_t *unit, size_t *n_units, const char *const *id, size_t n)
{
    struct id_row *row = NEW(n, struct id_row);
    size_t n_rows = 0;
    bool all_whole = true;
    for (size_t i = 0; i < n; i++) {
        unit[i] = OFFICIAL_UNIT_MISSING;
        if (id[i][0] == '\0')
            continue;
        row[n_rows] = (struct id_row){.text = id[i], .sample = i};
        all_whole = all_whole && number_parse_int(id[i], &row[n_rows].value);
        n_rows++;
    }
    int (*compare)(const void *, const void *) = all_whole ? compare_ids : compare_texts;
    qsort(row, n_rows, sizeof *row, compare);
    *n_units = 0;
    for (size_t r = 0; r < n_rows; r++) {
        if (r == 0 || compare(&row[r - 1], &row[r]) != 0)
            ++*n_units;
        unit[row[r].sample] = (uint32_t)(*n_units - 1);
    }
    free(row);
}

/* ---- test set --------------------------------------------------------- */

static int test_split_by_sample(size_t *train, size_t *n_train, size_t *test, size_t *n_test, const int32_t *label,
                                size_t n, double fraction, uint32_t seed, struct status *st)
{
    int code = split_sizes(n_train, n_test, n, fraction, st);
    if (code != STATUS_OK)
        return code;
    struct mt19937 stream;
    mt19937_seed(&stream, seed);
    if (label)
        return stratified_shuffle_split(train, *n_train, test, *n_test, label, n, &stream, st);
    return shuffle_split(train, *n_train, test, *n_test, n, &stream, st);
}

static void label_units(int32_t *unit_label, size_t n_units, const int32_t *label, const uint32_t *unit, size_t n)
{
    bool zero_or_one = true;
    for (size_t i = 0; i < n; i++)
        zero_or_one = zero_or_one && (label[i] == 0 || label[i] == 1);
    bool *seen = NEW0(n_units, bool);
    for (size_t i = 0; i < n; i++) {
        uint32_t u = unit[i];
        if (u == OFFICIAL_UNIT_MISSING)
            continue;
        assert(u < n_units);
        if (!seen[u] || (zero_or_one && label[i] > unit_label[u]))
            unit_label[u] = label[i];
        seen[u] = true;
    }
    free(seen);
}

static int test_split_by_unit(size_t *train, size_t *n_train, size_t *test, size_t *n_test, const int32_t *label,
                              const uint32_t *unit, size_t n, size_t n_units, double fraction, uint32_t seed,
                              struct status *st)
{
    int32_t *unit_label = NEW0(n_units, int32_t); /* all alike where there are no labels */
    size_t *train_unit = NEW(n_units, size_t), *test_unit = NEW(n_units, size_t);
    bool *is_test = NEW0(n_units, bool);
    size_t n_train_units, n_test_units;
    if (label)
        label_units(unit_label, n_units, label, unit, n);

    int code = test_split_by_sample(train_unit, &n_train_units, test_unit, &n_test_units, unit_label, n_units, fraction,
                                    seed, st);
    if (code != STATUS_OK) {
        status_context(st, "splitting patients");
        goto done;
    }
    for (size_t i = 0; i < n_test_units; i++)
        is_test[test_unit[i]] = true;
    *n_train = *n_test = 0;
    for (size_t i = 0; i < n; i++)
        if (unit[i] != OFFICIAL_UNIT_MISSING && is_test[unit[i]])
            test[(*n_test)++] = i;
        else
            train[(*n_train)++] = i;
done:
    free(unit_label);
    free(train_unit);
    free(test_unit);
    free(is_test);
    return code;
}

int official_test_split(size_t *train, size_t *n_train, size_t *test, size_t *n_test, const int32_t *label,
                        const uint32_t *unit, size_t n, size_t n_units, double fraction, uint32_t seed,
                        struct status *st)
{
    if (unit)
        return test_split_by_unit(train, n_train, test, n_test, label, unit, n, n_units, fraction, seed, st);
    return test_split_by_sample(train, n_train, test, n_test, label, n, fraction, seed, st);
}

/* ---- folds ------------------------------------------------------------ */

int official_folds(uint32_t *fold, const int32_t *label, const size_t *train, size_t n_train, size_t n_folds,
                   uint32_t seed, struct status *st)
{
    if (!label)
        return kfold(fold, n_train, n_folds, true, seed, st);
    int32_t *own = NEW(n_train, int32_t);
    for (size_t i = 0; i < n_train; i++)
        own[i] = label[train[i]];
    int code = stratified_kfold(fold, own, n_train, n_folds, true, seed, st);
    free(own);
    return code;
}

static int compare_sizes(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

int official_folds_pes_planus(uint32_t *fold, const int32_t *label, const size_t *train, size_t n_train, size_t n_folds,
                              uint32_t seed, struct status *st)
{
    size_t *ascending = NEW(n_train, size_t);
    if (n_train > 0)
        memcpy(ascending, train, n_train * sizeof *train);
    qsort(ascending, n_train, sizeof *ascending, compare_sizes);
    /* fold[i] belongs to position i, and position i is train[i]: that is the quirk. */
    int code = official_folds(fold, label, ascending, n_train, n_folds, seed, st);
    free(ascending);
    return code;
}
