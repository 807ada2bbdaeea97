#include "split/splitters.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* ---- classes ---------------------------------------------------------- */

static int compare_labels(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

void classes_init(struct classes *classes, const int32_t *label, size_t n)
{
    *classes = (struct classes){.label = NEW(n + 1, int32_t), .code = NEW(n + 1, size_t)};
    int32_t *distinct = classes->label;
    if (n > 0) {
        memcpy(distinct, label, n * sizeof *label);
        qsort(distinct, n, sizeof *distinct, compare_labels);
    }
    for (size_t i = 0; i < n; i++)
        if (i == 0 || distinct[i] != distinct[classes->n - 1])
            distinct[classes->n++] = distinct[i];

    classes->count = NEW0(classes->n + 1, size_t);
    for (size_t i = 0; i < n; i++) {
        const int32_t *found = bsearch(&label[i], distinct, classes->n, sizeof *distinct, compare_labels);
        classes->code[i] = (size_t)(found - distinct);
        classes->count[classes->code[i]]++;
    }
}

void classes_free(struct classes *classes)
{
    free(classes->label);
    free(classes->count);
    free(classes->code);
    *classes = (struct classes){0};
}

static int refuse_if_all_below_folds(const struct classes *classes, size_t n_folds, struct status *st)
{
    size_t largest = 0;
    for (size_t c = 0; c < classes->n; c++)
        if (classes->count[c] > classes->count[largest])
            largest = c;
    if (classes->n > 0 && classes->count[largest] >= n_folds)
        return STATUS_OK;
    if (classes->n == 0)
        return status_set(st, STATUS_DATA, "cannot make %zu folds of 0 samples", n_folds);
    return status_set(st, STATUS_DATA,
                      "cannot make %zu stratified folds: the largest class, %d, has only %zu samples", n_folds,
                      (int)classes->label[largest], classes->count[largest]);
}

size_t groups_number(size_t *group_of_unit, const uint32_t *unit, size_t n, size_t n_units)
{
    bool *present = NEW0(n_units, bool);
    for (size_t i = 0; i < n; i++) {
        assert(unit[i] < n_units);
        present[unit[i]] = true;
    }
    size_t n_groups = 0;
    for (size_t u = 0; u < n_units; u++)
        group_of_unit[u] = present[u] ? n_groups++ : SIZE_MAX;
    free(present);
    return n_groups;
}

/* ---- shuffled splits -------------------------------------------------- */

static int check_sizes(size_t n_train, size_t n_test, size_t n, struct status *st)
{
    if (n_train > 0 && n_test > 0 && n_test < n && n_train <= n - n_test)
        return STATUS_OK;
    return status_set(st, STATUS_DATA, "cannot split %zu samples into %zu to train on and %zu to test on", n, n_train,
                      n_test);
}

int split_sizes(size_t *n_train, size_t *n_test, size_t n, double fraction, struct status *st)
{
    assert(fraction > 0 && fraction < 1);
    *n_test = (size_t)ceil(fraction * (double)n);
    *n_train = n - *n_test;
    return check_sizes(*n_train, *n_test, n, st);
}

int shuffle_split(size_t *train, size_t n_train, size_t *test, size_t n_test, size_t n, struct mt19937 *stream,
                  struct status *st)
{
    int code = check_sizes(n_train, n_test, n, st);
    if (code != STATUS_OK)
        return code;
    size_t *order = NEW(n, size_t);
    mt19937_permutation(stream, order, n);
    memcpy(test, order, n_test * sizeof *test);
    memcpy(train, order + n_test, n_train * sizeof *train);
    free(order);
    return STATUS_OK;
}

/* Divide n_draws among classes in proportion to count[n]: whole parts first,
 * then one each to the largest remainders, lots drawn among equal ones.  Which
 * remainders are equal is decided on doubles, as scikit-learn does: exact
 * arithmetic gives other splits.  Scratch: remainder[n], tied[2 n]. */
static void share_draws(size_t *share, const size_t *count, size_t n, size_t n_draws, struct mt19937 *stream,
                        double *remainder, size_t *tied)
{
    size_t total = 0, given = 0;
    for (size_t c = 0; c < n; c++)
        total += count[c];
    for (size_t c = 0; c < n; c++) {
        double proportion = (double)count[c] / (double)total; /* rounded before the product: it matters */
        double exact = proportion * (double)n_draws;
        share[c] = (size_t)exact;
        remainder[c] = exact - floor(exact);
        given += share[c];
    }
    double above = INFINITY; /* remainders from here up are served */
    while (given < n_draws) {
        double largest = -1;
        for (size_t c = 0; c < n; c++)
            if (remainder[c] < above && remainder[c] > largest)
                largest = remainder[c];
        assert(largest >= 0);
        size_t n_tied = 0;
        for (size_t c = 0; c < n; c++)
            if (remainder[c] == largest)
                tied[n_tied++] = c;
        size_t n_chosen = n_draws - given < n_tied ? n_draws - given : n_tied;
        mt19937_choice(stream, tied + n, n_chosen, tied, n_tied);
        for (size_t i = 0; i < n_chosen; i++)
            share[tied[n + i]]++;
        given += n_chosen;
        above = largest;
    }
}

static int check_stratified(const struct classes *classes, size_t n_train, size_t n_test, struct status *st)
{
    for (size_t c = 0; c < classes->n; c++)
        if (classes->count[c] < 2)
            return status_set(st, STATUS_DATA, "cannot split by class: class %d has only %zu member, at least 2 are needed",
                              (int)classes->label[c], classes->count[c]);
    if (n_train < classes->n)
        return status_set(st, STATUS_DATA, "cannot split by class: %zu places to train on are too few for %zu classes",
                          n_train, classes->n);
    if (n_test < classes->n)
        return status_set(st, STATUS_DATA, "cannot split by class: %zu places to test on are too few for %zu classes",
                          n_test, classes->n);
    return STATUS_OK;
}

int stratified_shuffle_split(size_t *train, size_t n_train, size_t *test, size_t n_test, const int32_t *label, size_t n,
                             struct mt19937 *stream, struct status *st)
{
    int code = check_sizes(n_train, n_test, n, st);
    if (code != STATUS_OK)
        return code;
    struct classes classes;
    classes_init(&classes, label, n);
    size_t k = classes.n;
    size_t *to_train = NEW(4 * k, size_t), *to_test = to_train + k, *tied = to_test + k; /* tied[2 k] */
    size_t *left = NEW(k, size_t);
    double *remainder = NEW(k, double);
    size_t *member = NEW(n, size_t); /* sample indices, class after class, ascending in each */
    size_t *order = NEW(n, size_t);
    size_t *end = NEW(k, size_t);

    code = check_stratified(&classes, n_train, n_test, st);
    if (code != STATUS_OK)
        goto done;

    share_draws(to_train, classes.count, k, n_train, stream, remainder, tied);
    for (size_t c = 0; c < k; c++)
        left[c] = classes.count[c] - to_train[c];
    share_draws(to_test, left, k, n_test, stream, remainder, tied);

    for (size_t c = 0, start = 0; c < k; start += classes.count[c], c++)
        end[c] = start;
    for (size_t i = 0; i < n; i++)
        member[end[classes.code[i]]++] = i;

    size_t in_train = 0, in_test = 0;
    for (size_t c = 0; c < k; c++) {
        const size_t *own = member + end[c] - classes.count[c];
        assert(to_train[c] + to_test[c] <= classes.count[c]);
        mt19937_permutation(stream, order, classes.count[c]);
        for (size_t i = 0; i < to_train[c]; i++)
            train[in_train++] = own[order[i]];
        for (size_t i = 0; i < to_test[c]; i++)
            test[in_test++] = own[order[to_train[c] + i]];
    }
    assert(in_train == n_train && in_test == n_test);
    mt19937_shuffle(stream, train, n_train);
    mt19937_shuffle(stream, test, n_test);

done:
    free(to_train);
    free(left);
    free(remainder);
    free(member);
    free(order);
    free(end);
    classes_free(&classes);
    return code;
}

int group_shuffle_split(size_t *train, size_t *n_train, size_t *test, size_t *n_test, const uint32_t *unit, size_t n,
                        size_t n_units, double fraction, struct mt19937 *stream, struct status *st)
{
    size_t n_train_units, n_test_units;
    int code = split_sizes(&n_train_units, &n_test_units, n_units, fraction, st);
    if (code != STATUS_OK) {
        status_context(st, "splitting groups");
        return code;
    }
    size_t *train_unit = NEW(n_units, size_t), *test_unit = NEW(n_units, size_t);
    bool *is_test = NEW0(n_units, bool);
    code = shuffle_split(train_unit, n_train_units, test_unit, n_test_units, n_units, stream, st);
    if (code != STATUS_OK)
        goto done;
    for (size_t i = 0; i < n_test_units; i++)
        is_test[test_unit[i]] = true;
    *n_train = *n_test = 0;
    for (size_t i = 0; i < n; i++) {
        assert(unit[i] < n_units);
        if (is_test[unit[i]])
            test[(*n_test)++] = i;
        else
            train[(*n_train)++] = i;
    }
done:
    free(train_unit);
    free(test_unit);
    free(is_test);
    return code;
}

/* ---- folds ------------------------------------------------------------ */

int kfold(uint32_t *fold, size_t n, size_t n_folds, bool shuffle, uint32_t seed, struct status *st)
{
    assert(n_folds >= 2);
    if (n < n_folds)
        return status_set(st, STATUS_DATA, "cannot make %zu folds of %zu samples", n_folds, n);
    size_t *order = NEW(n, size_t);
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    if (shuffle) {
        struct mt19937 stream;
        mt19937_seed(&stream, seed);
        mt19937_shuffle(&stream, order, n);
    }
    for (size_t f = 0, i = 0; f < n_folds; f++) {
        size_t size = n / n_folds + (f < n % n_folds);
        for (size_t j = 0; j < size; j++)
            fold[order[i++]] = (uint32_t)f;
    }
    free(order);
    return STATUS_OK;
}

/* by_rank[r]: the class that is the r-th to appear. */
static void rank_by_appearance(size_t *by_rank, const struct classes *classes, size_t n)
{
    bool *seen = NEW0(classes->n, bool);
    size_t n_seen = 0;
    for (size_t i = 0; i < n; i++) {
        size_t c = classes->code[i];
        if (!seen[c])
            by_rank[n_seen++] = c;
        seen[c] = true;
    }
    free(seen);
}

int stratified_kfold(uint32_t *fold, const int32_t *label, size_t n, size_t n_folds, bool shuffle, uint32_t seed,
                     struct status *st)
{
    assert(n_folds >= 2);
    struct classes classes;
    classes_init(&classes, label, n);
    size_t *by_rank = NEW(classes.n, size_t);
    size_t *deck = NEW(n, size_t); /* fold numbers for one class */
    struct mt19937 stream;
    mt19937_seed(&stream, seed);

    int code = refuse_if_all_below_folds(&classes, n_folds, st);
    if (code != STATUS_OK)
        goto done;

    rank_by_appearance(by_rank, &classes, n);
    for (size_t r = 0, start = 0; r < classes.n; r++) {
        size_t c = by_rank[r], count = classes.count[c];
        /* The class lies on positions start .. start + count - 1, dealt to the folds in turn. */
        size_t n_deck = 0;
        for (size_t f = 0; f < n_folds; f++) {
            size_t first = (f + n_folds - start % n_folds) % n_folds; /* first position of fold f, from start */
            for (size_t p = first; p < count; p += n_folds)
                deck[n_deck++] = f;
        }
        assert(n_deck == count);
        if (shuffle)
            mt19937_shuffle(&stream, deck, count);
        for (size_t i = 0, next = 0; i < n; i++)
            if (classes.code[i] == c)
                fold[i] = (uint32_t)deck[next++];
        start += count;
    }
done:
    free(by_rank);
    free(deck);
    classes_free(&classes);
    return code;
}

/* ---- stratified folds of groups --------------------------------------- */

/* Sum in NumPy's order: from 8 terms on eight running sums, from 129 on by
 * halves.  Groups are ranked by the last digits of such sums. */
static double sum_in_numpy_order(const double *a, size_t n)
{
    double sum = 0;
    if (n < 8) {
        for (size_t i = 0; i < n; i++)
            sum += a[i];
        return sum;
    }
    if (n > 128) {
        size_t half = n / 2 - n / 2 % 8;
        return sum_in_numpy_order(a, half) + sum_in_numpy_order(a + half, n - half);
    }
    double r[8];
    memcpy(r, a, sizeof r);
    size_t i = 8;
    for (; i + 8 <= n; i += 8)
        for (size_t j = 0; j < 8; j++)
            r[j] += a[i + j];
    sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    for (; i < n; i++)
        sum += a[i];
    return sum;
}

static double sum_left_to_right(const double *a, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i];
    return sum;
}

/* Population standard deviation of a[n]; overwrites a. */
static double deviation(double *a, size_t n, double (*sum)(const double *, size_t))
{
    double mean = sum(a, n) / (double)n;
    for (size_t i = 0; i < n; i++)
        a[i] = (a[i] - mean) * (a[i] - mean);
    return sqrt(sum(a, n) / (double)n);
}

struct group_row { /* one group's class counts, and how uneven they are */
    double deviation;
    size_t position;     /* after shuffling: breaks ties */
    const double *count; /* [n_classes] */
};

static int compare_rows(const void *a, const void *b)
{
    const struct group_row *x = a, *y = b;
    if (x->deviation != y->deviation)
        return x->deviation < y->deviation ? 1 : -1;
    return (x->position > y->position) - (x->position < y->position);
}

struct fold_counts {
    size_t n_folds, n_classes;
    double *count;         /* [n_folds, n_classes] samples dealt so far */
    double *samples;       /* [n_folds] */
    const size_t *of_class; /* [n_classes] samples in all */
    double *share;         /* scratch [n_folds] */
    double *spread;        /* scratch [n_classes] */
};

/* Mean over classes of the spread over folds, were `group` added to fold `added`. */
static double unevenness(const struct fold_counts *folds, const double *group, size_t added)
{
    /* With one class NumPy's reduction runs along the folds, which from 8 folds on changes its order. */
    double (*sum)(const double *, size_t) = folds->n_classes == 1 ? sum_in_numpy_order : sum_left_to_right;
    for (size_t c = 0; c < folds->n_classes; c++) {
        for (size_t f = 0; f < folds->n_folds; f++) {
            double count = folds->count[f * folds->n_classes + c] + (f == added ? group[c] : 0);
            folds->share[f] = count / (double)folds->of_class[c];
        }
        folds->spread[c] = deviation(folds->share, folds->n_folds, sum);
    }
    return sum_in_numpy_order(folds->spread, folds->n_classes) / (double)folds->n_classes;
}

static size_t best_fold(const struct fold_counts *folds, const double *group)
{
    size_t best = 0;
    double least = INFINITY, fewest = INFINITY;
    for (size_t f = 0; f < folds->n_folds; f++) {
        double value = unevenness(folds, group, f);
        bool close = fabs(value - least) <= 1e-8 + 1e-5 * fabs(least); /* numpy.isclose */
        if (value < least || (close && folds->samples[f] < fewest)) {
            least = value;
            fewest = folds->samples[f];
            best = f;
        }
    }
    return best;
}

void group_folds_assign(uint32_t *fold, const int32_t *label, const uint32_t *unit, size_t n, size_t n_units,
                        size_t n_folds, enum group_shuffle shuffle, uint32_t seed)
{
    assert(n_folds >= 2);
    struct classes classes;
    classes_init(&classes, label, n);
    size_t k = classes.n;
    size_t *group_of_unit = NEW(n_units, size_t);
    size_t n_groups = groups_number(group_of_unit, unit, n, n_units);
    double *count = NEW0(n_groups * k, double);
    size_t *order = NEW(n_groups, size_t);
    struct group_row *row = NEW(n_groups, struct group_row);
    uint32_t *fold_of_group = NEW(n_groups, uint32_t);
    struct fold_counts folds = {.n_folds = n_folds, .n_classes = k, .count = NEW0(n_folds * k, double),
                                .samples = NEW0(n_folds, double), .of_class = classes.count,
                                .share = NEW(n_folds, double), .spread = NEW(k, double)};

    for (size_t i = 0; i < n; i++)
        count[group_of_unit[unit[i]] * k + classes.code[i]] += 1;

    for (size_t g = 0; g < n_groups; g++)
        order[g] = g;
    if (shuffle != GROUP_SHUFFLE_NONE) {
        struct mt19937 stream;
        mt19937_seed(&stream, seed);
        mt19937_shuffle(&stream, order, n_groups);
    }
    for (size_t p = 0; p < n_groups; p++) {
        const double *own = count + order[p] * k;
        memcpy(folds.spread, own, k * sizeof *own);
        row[p] = (struct group_row){deviation(folds.spread, k, sum_in_numpy_order), p, own};
    }
    qsort(row, n_groups, sizeof *row, compare_rows);

    for (size_t i = 0; i < n_groups; i++) {
        size_t best = best_fold(&folds, row[i].count);
        for (size_t c = 0; c < k; c++) {
            folds.count[best * k + c] += row[i].count[c];
            folds.samples[best] += row[i].count[c];
        }
        size_t p = row[i].position;
        fold_of_group[shuffle == GROUP_SHUFFLE_CORRECTED ? order[p] : p] = (uint32_t)best;
    }
    for (size_t i = 0; i < n; i++)
        fold[i] = fold_of_group[group_of_unit[unit[i]]];

    free(group_of_unit);
    free(count);
    free(order);
    free(row);
    free(fold_of_group);
    free(folds.count);
    free(folds.samples);
    free(folds.share);
    free(folds.spread);
    classes_free(&classes);
}

int stratified_group_kfold(uint32_t *fold, const int32_t *label, const uint32_t *unit, size_t n, size_t n_units,
                           size_t n_folds, enum group_shuffle shuffle, uint32_t seed, struct status *st)
{
    struct classes classes;
    classes_init(&classes, label, n);
    int code = refuse_if_all_below_folds(&classes, n_folds, st);
    classes_free(&classes);
    if (code == STATUS_OK)
        group_folds_assign(fold, label, unit, n, n_units, n_folds, shuffle, seed);
    return code;
}
