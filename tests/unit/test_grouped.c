/* Protocol grouped: no patient on two sides, class shares, stability, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "split/grouped.h"
#include "split/mt19937.h"

#define N 3000
#define N_CLASSES 4

struct cohort {
    uint32_t unit[N];
    int32_t stratum[N];
    size_t n_units;
};

/* Patients of 1 to 5 images; within a patient the class is mostly the same. */
static void cohort_make(struct cohort *c, uint32_t seed)
{
    struct mt19937 stream;
    mt19937_seed(&stream, seed);
    c->n_units = 0;
    uint32_t own = 0;
    for (size_t i = 0, left = 0; i < N; i++, left--) {
        if (left == 0) {
            left = 1 + mt19937_bounded(&stream, 4);
            uint32_t lot = mt19937_bounded(&stream, 19);
            own = lot < 12 ? 0 : lot < 16 ? 1 : lot < 19 ? 2 : 3;
            c->n_units++;
        }
        bool odd_one = mt19937_bounded(&stream, 9) == 0;
        c->unit[i] = (uint32_t)(c->n_units - 1);
        c->stratum[i] = (int32_t)(odd_one ? mt19937_bounded(&stream, N_CLASSES - 1) : own);
    }
}

static struct cohort cohort;

static void test_part_holds_whole_patients_and_every_class(void **state)
{
    (void)state;
    static uint8_t is_test[N], again[N];
    struct status st;
    for (uint32_t seed = 0; seed < 10; seed++) {
        cohort_make(&cohort, seed);
        assert_int_equal(grouped_test_split(is_test, cohort.unit, N, cohort.n_units, cohort.stratum, 0.2, seed, &st), STATUS_OK);
        size_t n_test = 0, test_units = 0, of_class[N_CLASSES] = {0}, in_test[N_CLASSES] = {0};
        for (size_t i = 0; i < N; i++) {
            bool first = i == 0 || cohort.unit[i] != cohort.unit[i - 1];
            assert_true(first || is_test[i] == is_test[i - 1]);
            n_test += is_test[i];
            test_units += first && is_test[i];
            of_class[cohort.stratum[i]]++;
            in_test[cohort.stratum[i]] += is_test[i];
        }
        assert_int_equal(test_units, (cohort.n_units + 4) / 5);
        assert_in_range(n_test, N * 17 / 100, N * 23 / 100);
        for (size_t c = 0; c < N_CLASSES; c++) {
            double share = (double)in_test[c] / (double)of_class[c];
            assert_true(share > 0.1 && share < 0.3);
        }
        assert_int_equal(grouped_test_split(again, cohort.unit, N, cohort.n_units, cohort.stratum, 0.2, seed, &st), STATUS_OK);
        assert_memory_equal(is_test, again, sizeof again);
        assert_int_equal(grouped_test_split(again, cohort.unit, N, cohort.n_units, cohort.stratum, 0.2, seed + 1, &st), STATUS_OK);
        assert_memory_not_equal(is_test, again, sizeof again);
    }
}

static void folds_hold_whole_patients_and_even_shares(void **state)
{
    (void)state;
    static uint32_t fold[N], again[N];
    struct status st;
    for (uint32_t seed = 0; seed < 10; seed++) {
        size_t k = 2 + seed, size[16] = {0}, of_class[N_CLASSES] = {0}, in_fold[16][N_CLASSES] = {{0}};
        cohort_make(&cohort, seed);
        assert_int_equal(grouped_folds(fold, cohort.unit, N, cohort.n_units, cohort.stratum, k, seed, &st), STATUS_OK);
        for (size_t i = 0; i < N; i++) {
            assert_true(i == 0 || cohort.unit[i] != cohort.unit[i - 1] || fold[i] == fold[i - 1]);
            assert_true(fold[i] < k);
            size[fold[i]]++;
            of_class[cohort.stratum[i]]++;
            in_fold[fold[i]][cohort.stratum[i]]++;
        }
        for (size_t f = 0; f < k; f++) {
            assert_in_range(size[f], N / k * 9 / 10, N / k * 11 / 10 + 1);
            for (size_t c = 0; c < N_CLASSES; c++) {
                double due = (double)of_class[c] / (double)k;
                assert_true((double)in_fold[f][c] > 0.8 * due - 2 && (double)in_fold[f][c] < 1.2 * due + 2);
            }
        }
        assert_int_equal(grouped_folds(again, cohort.unit, N, cohort.n_units, cohort.stratum, k, seed, &st), STATUS_OK);
        assert_memory_equal(fold, again, sizeof again);
        assert_int_equal(grouped_folds(again, cohort.unit, N, cohort.n_units, cohort.stratum, k, seed + 1, &st), STATUS_OK);
        assert_memory_not_equal(fold, again, sizeof again);
    }
}

/* Rows in another order, and patients numbered with gaps: each sample stays where it was. */
static void only_the_order_of_patients_matters(void **state)
{
    (void)state;
    static uint8_t is_test[N], test_moved[N];
    static uint32_t fold[N], fold_moved[N], unit[N];
    static int32_t stratum[N];
    static size_t order[N];
    struct mt19937 stream;
    struct status st;
    cohort_make(&cohort, 77);
    mt19937_seed(&stream, 5);
    mt19937_permutation(&stream, order, N);
    for (size_t i = 0; i < N; i++) {
        unit[i] = 3 * cohort.unit[order[i]] + 2;
        stratum[i] = cohort.stratum[order[i]];
    }
    size_t n_units = 3 * cohort.n_units;
    assert_int_equal(grouped_test_split(is_test, cohort.unit, N, cohort.n_units, cohort.stratum, 0.1, 1, &st), STATUS_OK);
    assert_int_equal(grouped_test_split(test_moved, unit, N, n_units, stratum, 0.1, 1, &st), STATUS_OK);
    assert_int_equal(grouped_folds(fold, cohort.unit, N, cohort.n_units, cohort.stratum, 5, 1, &st), STATUS_OK);
    assert_int_equal(grouped_folds(fold_moved, unit, N, n_units, stratum, 5, 1, &st), STATUS_OK);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(test_moved[i], is_test[order[i]]);
        assert_int_equal(fold_moved[i], fold[order[i]]);
    }
}

static void without_strata_patients_stay_whole(void **state)
{
    (void)state;
    static uint8_t is_test[N];
    static uint32_t fold[N];
    struct status st;
    cohort_make(&cohort, 8);
    assert_int_equal(grouped_test_split(is_test, cohort.unit, N, cohort.n_units, NULL, 0.1, 1, &st), STATUS_OK);
    assert_int_equal(grouped_folds(fold, cohort.unit, N, cohort.n_units, NULL, 5, 1, &st), STATUS_OK);
    size_t size[5] = {0}, n_test = 0;
    for (size_t i = 0; i < N; i++) {
        assert_true(i == 0 || cohort.unit[i] != cohort.unit[i - 1] ||
                    (fold[i] == fold[i - 1] && is_test[i] == is_test[i - 1]));
        size[fold[i]]++;
        n_test += is_test[i];
    }
    assert_in_range(n_test, N * 8 / 100, N * 12 / 100);
    for (size_t f = 0; f < 5; f++)
        assert_in_range(size[f], N / 5 - 5, N / 5 + 5);
}

static void test_split_refuses_what_cannot_be_tested(void **state)
{
    (void)state;
    uint8_t is_test[40];
    uint32_t unit[40];
    int32_t stratum[40];
    struct status st;
    for (size_t i = 0; i < 40; i++) {
        unit[i] = (uint32_t)(i / 2);
        stratum[i] = 0;
    }
    stratum[6] = stratum[7] = 9; /* one patient, two images */
    assert_int_equal(grouped_test_split(is_test, unit, 40, 20, stratum, 0.2, 0, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "class 9 has only 1 patient "));

    stratum[7] = 0;
    stratum[20] = 9; /* two patients, but of 20 only one is tested on */
    assert_int_equal(grouped_test_split(is_test, unit, 40, 20, stratum, 0.05, 0, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "1 patients for the test part are too few for 2 classes (class 9 has 2 patients)"));

    /* Two of 20 are tested on: the rare class has 0.2 of a place, the common one 1.8. */
    assert_int_equal(grouped_test_split(is_test, unit, 40, 20, stratum, 0.1, 0, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "test part would hold none of the 2 patients of class 9"));

    assert_int_equal(grouped_test_split(is_test, unit, 40, 20, stratum, 0.5, 0, &st), STATUS_OK);
    assert_int_equal(grouped_test_split(is_test, unit, 2, 20, NULL, 0.1, 0, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "only 1 patients"));
    assert_int_equal(grouped_test_split(is_test, unit, 0, 20, NULL, 0.1, 0, &st), STATUS_DATA);
}

static void folds_need_as_many_patients(void **state)
{
    (void)state;
    static const uint32_t unit[] = {0, 0, 1, 1, 2, 3, 4, 4}, few[] = {0, 0, 1, 1, 2, 3, 3, 3};
    static const int32_t stratum[] = {0, 0, 1, 1, 0, 0, 0, 0}, scarce[] = {0, 0, 1, 1, 2, 3, 2, 3};
    uint32_t fold[8];
    struct status st;
    assert_int_equal(grouped_folds(fold, few, 8, 4, stratum, 5, 0, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "5 folds of 4 patients"));
    assert_int_equal(grouped_folds(fold, few, 0, 4, stratum, 5, 0, &st), STATUS_DATA);
    /* A class of one patient, and even every class below the number of folds: some folds lack it. */
    assert_int_equal(grouped_folds(fold, unit, 8, 5, stratum, 5, 0, &st), STATUS_OK);
    assert_int_equal(grouped_folds(fold, unit, 8, 5, scarce, 5, 0, &st), STATUS_OK);
    bool seen[5] = {false};
    for (size_t i = 0; i < 8; i++)
        seen[fold[i]] = true;
    for (size_t f = 0; f < 5; f++)
        assert_true(seen[f]);
}

static void strata_of_a_target_are_even_and_keep_ties(void **state)
{
    (void)state;
    enum { M = 1000 };
    static double target[M];
    static int32_t stratum[M];
    size_t order[M], size[10] = {0};
    struct mt19937 stream;
    mt19937_seed(&stream, 1);
    mt19937_permutation(&stream, order, M);
    for (size_t i = 0; i < M; i++)
        target[i] = (double)order[i] - 500;
    grouped_strata_of_target(stratum, target, M, 10);
    for (size_t i = 0; i < M; i++) {
        assert_int_equal(stratum[i], order[i] / 100);
        size[stratum[i]]++;
    }
    for (size_t b = 0; b < 10; b++)
        assert_int_equal(size[b], 100);

    static const double tied[] = {5, 1, 5, 5, 9, 5};
    static const int32_t expected[] = {0, 0, 0, 0, 2, 0};
    int32_t few[6];
    grouped_strata_of_target(few, tied, 6, 3);
    assert_memory_equal(few, expected, sizeof few);
    grouped_strata_of_target(few, tied, 0, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_part_holds_whole_patients_and_every_class),
        cmocka_unit_test(folds_hold_whole_patients_and_even_shares),
        cmocka_unit_test(only_the_order_of_patients_matters),
        cmocka_unit_test(without_strata_patients_stay_whole),
        cmocka_unit_test(test_split_refuses_what_cannot_be_tested),
        cmocka_unit_test(folds_need_as_many_patients),
        cmocka_unit_test(strata_of_a_target_are_even_and_keep_ties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
