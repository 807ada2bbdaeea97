/* scikit-learn's splitters and the official pipeline: small results made with
 * scikit-learn 1.2.1, what must hold for any input, and the refusals.  The
 * large comparison is tests/golden/golden_splits.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "split/official.h"
#include "split/splitters.h"

#define N 12
static const int32_t label[N] = {3, 3, 1, 3, 1, 7, 3, 7, 1, 3, 1, 3};
static const uint32_t unit[N] = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5};

#define BIG 2000

struct big { /* a cohort with uneven classes and patients of 1 to 4 images */
    int32_t label[BIG];
    uint32_t unit[BIG];
    size_t n_units;
};

static void big_make(struct big *b, uint32_t seed, uint32_t n_classes)
{
    struct mt19937 stream;
    mt19937_seed(&stream, seed);
    b->n_units = 0;
    uint32_t own = 0;
    for (size_t i = 0, left = 0; i < BIG; i++, left--) {
        if (left == 0) {
            left = 1 + mt19937_bounded(&stream, 3);
            own = mt19937_bounded(&stream, mt19937_bounded(&stream, n_classes - 1)); /* low classes are common */
            b->n_units++;
        }
        b->unit[i] = (uint32_t)(b->n_units - 1);
        b->label[i] = (int32_t)own;
    }
}

static void assert_disjoint_cover(const size_t *train, size_t n_train, const size_t *test, size_t n_test, size_t n)
{
    uint8_t seen[BIG] = {0};
    assert_int_equal(n_train + n_test, n);
    for (size_t i = 0; i < n_train; i++)
        seen[train[i]]++;
    for (size_t i = 0; i < n_test; i++)
        seen[test[i]]++;
    for (size_t i = 0; i < n; i++)
        assert_int_equal(seen[i], 1);
}

static void small_shuffled_splits_are_sklearns(void **state)
{
    (void)state;
    static const size_t first_train[] = {3, 6, 1, 7, 4, 2, 10, 11, 5}, first_test[] = {0, 9, 8},
                        second_train[] = {9, 8, 7, 2, 6, 11, 3, 5, 10}, second_test[] = {0, 1, 4},
                        plain_train[] = {10, 2, 8, 1, 7, 9, 3, 0, 5}, plain_test[] = {6, 11, 4},
                        group_train[] = {0, 1, 2, 3, 6, 7, 8, 9}, group_test[] = {4, 5, 10, 11};
    size_t train[N], test[N], n_train, n_test;
    struct mt19937 stream;
    struct status st;

    assert_int_equal(split_sizes(&n_train, &n_test, N, 0.25, &st), STATUS_OK);
    assert_int_equal(n_test, 3);
    mt19937_seed(&stream, 2025);
    assert_int_equal(stratified_shuffle_split(train, n_train, test, n_test, label, N, &stream, &st), STATUS_OK);
    assert_memory_equal(train, first_train, sizeof first_train);
    assert_memory_equal(test, first_test, sizeof first_test);
    assert_int_equal(stratified_shuffle_split(train, n_train, test, n_test, label, N, &stream, &st), STATUS_OK);
    assert_memory_equal(train, second_train, sizeof second_train);
    assert_memory_equal(test, second_test, sizeof second_test);

    mt19937_seed(&stream, 0);
    assert_int_equal(shuffle_split(train, n_train, test, n_test, N, &stream, &st), STATUS_OK);
    assert_memory_equal(train, plain_train, sizeof plain_train);
    assert_memory_equal(test, plain_test, sizeof plain_test);

    mt19937_seed(&stream, 5);
    assert_int_equal(group_shuffle_split(train, &n_train, test, &n_test, unit, N, 6, 0.3, &stream, &st), STATUS_OK);
    assert_int_equal(n_train, 8);
    assert_int_equal(n_test, 4);
    assert_memory_equal(train, group_train, sizeof group_train);
    assert_memory_equal(test, group_test, sizeof group_test);
}

static void small_folds_are_sklearns(void **state)
{
    (void)state;
    static const uint32_t shuffled[N] = {0, 2, 2, 1, 0, 2, 0, 1, 0, 2, 1, 1}, ordered[N] = {0, 0, 0, 1, 0, 1, 1, 2, 1, 2, 2, 2},
                          plain[N] = {4, 2, 1, 3, 0, 4, 0, 2, 1, 3, 1, 0}, groups[N] = {0, 0, 1, 1, 2, 2, 1, 1, 0, 0, 2, 2},
                          groups_shuffled[N] = {1, 1, 2, 2, 0, 0, 0, 0, 2, 2, 1, 1};
    uint32_t fold[N];
    struct status st;
    assert_int_equal(stratified_kfold(fold, label, N, 3, true, 2025, &st), STATUS_OK);
    assert_memory_equal(fold, shuffled, sizeof fold);
    assert_int_equal(stratified_kfold(fold, label, N, 3, false, 0, &st), STATUS_OK);
    assert_memory_equal(fold, ordered, sizeof fold);
    assert_int_equal(kfold(fold, N, 5, true, 0, &st), STATUS_OK);
    assert_memory_equal(fold, plain, sizeof fold);
    assert_int_equal(stratified_group_kfold(fold, label, unit, N, 6, 3, GROUP_SHUFFLE_NONE, 0, &st), STATUS_OK);
    assert_memory_equal(fold, groups, sizeof fold);
    assert_int_equal(stratified_group_kfold(fold, label, unit, N, 6, 3, GROUP_SHUFFLE_SKLEARN_1_2_1, 1, &st), STATUS_OK);
    assert_memory_equal(fold, groups_shuffled, sizeof fold);
}

static void shuffled_splits_hold_their_promises(void **state)
{
    (void)state;
    static struct big b;
    static size_t train[BIG], test[BIG];
    struct status st;
    for (uint32_t seed = 0; seed < 20; seed++) {
        struct mt19937 stream;
        struct classes classes;
        size_t n_train, n_test, in_test[16] = {0};
        double fraction = 0.05 + 0.03 * seed;
        big_make(&b, seed, 2 + seed % 7);
        mt19937_seed(&stream, seed);
        assert_int_equal(split_sizes(&n_train, &n_test, BIG, fraction, &st), STATUS_OK);
        assert_int_equal(stratified_shuffle_split(train, n_train, test, n_test, b.label, BIG, &stream, &st), STATUS_OK);
        assert_disjoint_cover(train, n_train, test, n_test, BIG);

        classes_init(&classes, b.label, BIG);
        for (size_t i = 0; i < n_test; i++)
            in_test[classes.code[test[i]]]++;
        for (size_t c = 0; c < classes.n; c++) {
            double due = (double)classes.count[c] * (double)n_test / BIG;
            assert_true((double)in_test[c] > due - 2 && (double)in_test[c] < due + 2);
        }
        classes_free(&classes);

        assert_int_equal(group_shuffle_split(train, &n_train, test, &n_test, b.unit, BIG, b.n_units, fraction, &stream, &st),
                         STATUS_OK);
        assert_disjoint_cover(train, n_train, test, n_test, BIG);
        static bool on_test[BIG];
        memset(on_test, 0, sizeof on_test);
        for (size_t i = 0; i < n_test; i++)
            on_test[b.unit[test[i]]] = true;
        for (size_t i = 0; i < n_train; i++)
            assert_false(on_test[b.unit[train[i]]]);
    }
}

static void folds_hold_their_promises(void **state)
{
    (void)state;
    static struct big b;
    static uint32_t fold[BIG], other[BIG];
    struct status st;
    for (uint32_t seed = 0; seed < 12; seed++) {
        size_t k = 2 + seed % 9, size[16] = {0}, of_class[16][16] = {{0}};
        big_make(&b, seed, 5);
        assert_int_equal(stratified_kfold(fold, b.label, BIG, k, true, seed, &st), STATUS_OK);
        for (size_t i = 0; i < BIG; i++) {
            assert_true(fold[i] < k);
            size[fold[i]]++;
            of_class[b.label[i]][fold[i]]++;
        }
        for (size_t f = 0; f < k; f++) {
            assert_in_range(size[f], BIG / k, BIG / k + 1);
            for (size_t c = 0; c < 5; c++)
                assert_true(of_class[c][f] <= of_class[c][0] + 1 && of_class[c][0] <= of_class[c][f] + 1);
        }

        memset(size, 0, sizeof size);
        assert_int_equal(kfold(fold, BIG, k, true, seed, &st), STATUS_OK);
        for (size_t i = 0; i < BIG; i++)
            size[fold[i]]++;
        for (size_t f = 0; f < k; f++)
            assert_int_equal(size[f], BIG / k + (f < BIG % k));
        assert_int_equal(kfold(other, BIG, k, true, seed, &st), STATUS_OK);
        assert_memory_equal(fold, other, sizeof fold);
        assert_int_equal(kfold(other, BIG, k, true, seed + 1, &st), STATUS_OK);
        assert_memory_not_equal(fold, other, sizeof fold);
    }
}

/* Class codes go by first appearance: renaming the labels changes nothing, even out of order. */
static void stratified_folds_ignore_the_names_of_classes(void **state)
{
    (void)state;
    int32_t renamed[N];
    uint32_t fold[N], other[N];
    struct status st;
    for (size_t i = 0; i < N; i++)
        renamed[i] = -10 * label[i];
    assert_int_equal(stratified_kfold(fold, label, N, 3, true, 9, &st), STATUS_OK);
    assert_int_equal(stratified_kfold(other, renamed, N, 3, true, 9, &st), STATUS_OK);
    assert_memory_equal(fold, other, sizeof fold);
}

/* 15, 25 and 35 of 100 share 90 draws with equal remainders on paper; as doubles the second is smaller. */
static void remainders_are_compared_as_doubles(void **state)
{
    (void)state;
    static const size_t count[] = {15, 25, 35, 25};
    int32_t labels[100];
    size_t train[100], test[100], n_of[4] = {0};
    for (size_t c = 0, i = 0; c < 4; c++)
        for (size_t j = 0; j < count[c]; j++)
            labels[i++] = (int32_t)c;
    struct mt19937 stream;
    struct status st;
    mt19937_seed(&stream, 1);
    assert_int_equal(stratified_shuffle_split(train, 90, test, 10, labels, 100, &stream, &st), STATUS_OK);
    for (size_t i = 0; i < 90; i++)
        n_of[labels[train[i]]]++;
    double x[4];
    for (size_t c = 0; c < 4; c++)
        x[c] = (double)count[c] / 100.0 * 90.0;
    assert_true(x[0] == 13.5 && x[1] == 22.5 && x[2] < 31.5);
    assert_int_equal(n_of[2], 31); /* two to give, three larger remainders: never to the third class */
}

/* Two classes of 7 and one of 6 share 14 places: both larger remainders are served, and lots are drawn all the same. */
static void lots_are_drawn_even_when_all_win(void **state)
{
    (void)state;
    static const size_t expected_train[] = {8, 6, 15, 13, 5, 10, 2, 11, 17, 14, 16, 1, 9, 0}, expected_test[] = {12, 7, 4, 18, 19, 3};
    int32_t labels[20];
    size_t train[14], test[6];
    struct mt19937 stream;
    struct status st;
    for (size_t i = 0; i < 20; i++)
        labels[i] = (int32_t)(i / 7);
    mt19937_seed(&stream, 1);
    assert_int_equal(stratified_shuffle_split(train, 14, test, 6, labels, 20, &stream, &st), STATUS_OK);
    assert_memory_equal(train, expected_train, sizeof train);
    assert_memory_equal(test, expected_test, sizeof test);
}

static void refusals_name_class_and_counts(void **state)
{
    (void)state;
    static const int32_t lonely[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 4}, threes[] = {5, 5, 5, 6, 6, 6};
    size_t train[16], test[16], n_train, n_test;
    uint32_t fold[16];
    struct mt19937 stream;
    struct status st;
    mt19937_seed(&stream, 0);
    assert_int_equal(stratified_shuffle_split(train, 8, test, 2, lonely, 10, &stream, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "class 4 has only 1 member"));
    assert_int_equal(stratified_shuffle_split(train, 5, test, 1, threes, 6, &stream, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "1 places to test on are too few for 2 classes"));
    assert_int_equal(stratified_shuffle_split(train, 1, test, 5, threes, 6, &stream, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "1 places to train on"));
    assert_int_equal(shuffle_split(train, 5, test, 2, 6, &stream, &st), STATUS_DATA);
    assert_int_equal(shuffle_split(train, 0, test, 2, 6, &stream, &st), STATUS_DATA);
    assert_int_equal(split_sizes(&n_train, &n_test, 0, 0.1, &st), STATUS_DATA);
    assert_int_equal(split_sizes(&n_train, &n_test, 1, 0.1, &st), STATUS_DATA);
    assert_int_equal(split_sizes(&n_train, &n_test, 2, 0.1, &st), STATUS_OK);
    assert_int_equal(kfold(fold, 4, 5, true, 0, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "5 folds of 4 samples"));
    assert_int_equal(kfold(fold, 5, 5, true, 0, &st), STATUS_OK);
    assert_int_equal(stratified_kfold(fold, threes, 6, 4, true, 0, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "class, 5, has only 3"));
    assert_int_equal(stratified_kfold(fold, lonely, 10, 5, true, 0, &st), STATUS_OK);
    assert_int_equal(stratified_kfold(fold, lonely, 0, 5, true, 0, &st), STATUS_DATA);
    assert_int_equal(stratified_group_kfold(fold, threes, unit, 6, 6, 4, GROUP_SHUFFLE_NONE, 0, &st), STATUS_DATA);
}

static void units_are_numbered_as_a_table_library_sorts(void **state)
{
    (void)state;
    static const char *const whole[] = {"10", "9", "", "-1", "09", "10"}, *const text[] = {"p10", "p2", "", "p10", "10", "Z"};
    static const uint32_t by_value[] = {2, 1, OFFICIAL_UNIT_MISSING, 0, 1, 2},
                          by_text[] = {2, 3, OFFICIAL_UNIT_MISSING, 2, 0, 1};
    uint32_t number[6];
    size_t n_units;
    official_number_units(number, &n_units, whole, 6);
    assert_int_equal(n_units, 3);
    assert_memory_equal(number, by_value, sizeof number);
    official_number_units(number, &n_units, text, 6);
    assert_int_equal(n_units, 4);
    assert_memory_equal(number, by_text, sizeof number);
    official_number_units(number, &n_units, text, 0);
    assert_int_equal(n_units, 0);
}

static void official_test_set_keeps_patients_whole(void **state)
{
    (void)state;
    static struct big b;
    static size_t train[BIG], test[BIG];
    static bool on_test[BIG];
    size_t n_train, n_test;
    struct status st;
    big_make(&b, 3, 4);
    for (size_t i = 0; i < BIG; i += 97)
        b.unit[i] = OFFICIAL_UNIT_MISSING;
    assert_int_equal(official_test_split(train, &n_train, test, &n_test, b.label, b.unit, BIG, b.n_units, OFFICIAL_FRACTION,
                                         OFFICIAL_SEED, &st),
                     STATUS_OK);
    assert_disjoint_cover(train, n_train, test, n_test, BIG);
    for (size_t i = 0; i < n_test; i++) {
        assert_true(b.unit[test[i]] != OFFICIAL_UNIT_MISSING);
        assert_true(i == 0 || test[i - 1] < test[i]);
        on_test[b.unit[test[i]]] = true;
    }
    for (size_t i = 0; i < n_train; i++) {
        assert_true(i == 0 || train[i - 1] < train[i]);
        assert_true(b.unit[train[i]] == OFFICIAL_UNIT_MISSING || !on_test[b.unit[train[i]]]);
    }
}

/* Labels 0 and 1: any positive image makes the patient positive.  Other labels: the first image's counts. */
static void official_label_of_a_patient(void **state)
{
    (void)state;
    static struct big b;
    static int32_t first_only[BIG], reversed[BIG];
    static size_t train[BIG], test[BIG], other[BIG];
    size_t n_train, n_test, n_other;
    struct status st;
    big_make(&b, 12, 3);
    struct mt19937 stream;
    mt19937_seed(&stream, 4);
    for (size_t i = 0; i < BIG; i++)
        b.label[i] = (int32_t)mt19937_bounded(&stream, 1);
    for (size_t i = 0, end = 0; i < BIG; i = end) {
        while (end < BIG && b.unit[end] == b.unit[i])
            end++;
        for (size_t j = i; j < end; j++)
            reversed[j] = b.label[i + end - 1 - j];
    }
    assert_int_equal(official_test_split(train, &n_train, test, &n_test, b.label, b.unit, BIG, b.n_units, 0.3, 1, &st), STATUS_OK);
    assert_int_equal(official_test_split(train, &n_train, other, &n_other, reversed, b.unit, BIG, b.n_units, 0.3, 1, &st), STATUS_OK);
    assert_int_equal(n_test, n_other);
    assert_memory_equal(test, other, n_test * sizeof *test);

    for (size_t i = 0; i < BIG; i++) {
        bool first = i == 0 || b.unit[i] != b.unit[i - 1];
        b.label[i] += 1;
        first_only[i] = first ? b.label[i] : 1;
    }
    assert_int_equal(official_test_split(train, &n_train, test, &n_test, b.label, b.unit, BIG, b.n_units, 0.3, 1, &st), STATUS_OK);
    assert_int_equal(official_test_split(train, &n_train, other, &n_other, first_only, b.unit, BIG, b.n_units, 0.3, 1, &st), STATUS_OK);
    assert_int_equal(n_test, n_other);
    assert_memory_equal(test, other, n_test * sizeof *test);
}

/* Pes planus: the labels the folds were cut from are those of other samples. */
static void pes_planus_folds_are_misplaced(void **state)
{
    (void)state;
    static struct big b;
    static size_t train[BIG], test[BIG], ascending[BIG];
    static uint32_t fold[BIG], straight[BIG];
    size_t n_train, n_test;
    struct status st;
    big_make(&b, 5, 3);
    assert_int_equal(official_test_split(train, &n_train, test, &n_test, b.label, NULL, BIG, 0, OFFICIAL_FRACTION,
                                         OFFICIAL_SEED, &st),
                     STATUS_OK);
    bool in_train[BIG] = {false};
    for (size_t i = 0; i < n_train; i++)
        in_train[train[i]] = true;
    for (size_t i = 0, next = 0; i < BIG; i++)
        if (in_train[i])
            ascending[next++] = i;
    assert_int_equal(official_folds_pes_planus(fold, b.label, train, n_train, 5, OFFICIAL_SEED, &st), STATUS_OK);
    assert_int_equal(official_folds(straight, b.label, ascending, n_train, 5, OFFICIAL_SEED, &st), STATUS_OK);
    assert_memory_equal(fold, straight, n_train * sizeof *fold);
    assert_int_equal(official_folds(straight, b.label, train, n_train, 5, OFFICIAL_SEED, &st), STATUS_OK);
    assert_memory_not_equal(fold, straight, n_train * sizeof *fold);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_shuffled_splits_are_sklearns),
        cmocka_unit_test(small_folds_are_sklearns),
        cmocka_unit_test(shuffled_splits_hold_their_promises),
        cmocka_unit_test(folds_hold_their_promises),
        cmocka_unit_test(stratified_folds_ignore_the_names_of_classes),
        cmocka_unit_test(remainders_are_compared_as_doubles),
        cmocka_unit_test(lots_are_drawn_even_when_all_win),
        cmocka_unit_test(refusals_name_class_and_counts),
        cmocka_unit_test(units_are_numbered_as_a_table_library_sorts),
        cmocka_unit_test(official_test_set_keeps_patients_whole),
        cmocka_unit_test(official_label_of_a_patient),
        cmocka_unit_test(pes_planus_folds_are_misplaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
