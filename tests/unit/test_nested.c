/* Nested draws: permutations, the share each draw holds, every class early, the same patients for everybody. */
#include "unit/scratch.h"

#include "split/nested.h"

static void test_size(void **state)
{
    (void)state;
    const struct {
        double percent;
        size_t n, size;
    } cases[] = {{1, 100, 1},   {1, 101, 2},    {1, 50, 1},    {5, 20, 1},       {5, 21, 2},    {10, 1, 1},     {50, 3, 2},         {25, 4, 1},
                 {100, 7, 7},   {0.7, 1000, 7}, {0.1, 30, 1},  {100, 0, 0},      {1, 0, 0},     {50, 180, 90},  {33.3, 1000, 333},  {2.9, 1000, 29},
                 {99.9, 10, 10}, {28.7, 1000, 287}, {57, 100, 57}, {29, 100, 29}, {58, 100, 58}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (nested_size(cases[i].percent, cases[i].n) != cases[i].size)
            fail_msg("%g %% of %zu is %zu", cases[i].percent, cases[i].n, nested_size(cases[i].percent, cases[i].n));
}

static void check_permutation(const size_t *order, size_t n)
{
    bool *seen = NEW0(n, bool);
    for (size_t i = 0; i < n; i++) {
        assert_true(order[i] < n && !seen[order[i]]);
        seen[order[i]] = true;
    }
    free(seen);
}

#define N 200
#define K 4
static const size_t COUNT[K] = {30, 140, 3, 27}; /* 27 and 30 nearly tie, 3 is rare */

static void strata(uint32_t *stratum)
{
    size_t left[K];
    memcpy(left, COUNT, sizeof left);
    for (size_t i = 0, c = 0; i < N; c = (c + 1) % K) /* classes mixed among the numbers */
        if (left[c]) {
            left[c]--;
            stratum[i++] = (uint32_t)c;
        }
}

static void test_stratified(void **state)
{
    (void)state;
    uint32_t stratum[N];
    size_t order[N], again[N], first_of_rarest[64] = {0}, distinct = 0;
    strata(stratum);
    for (uint64_t draw = 0; draw < 64; draw++) {
        nested_order(order, N, stratum, K, 2025, "task", draw);
        check_permutation(order, N);
        nested_order(again, N, stratum, K, 2025, "task", draw);
        assert_memory_equal(order, again, sizeof order);
        size_t taken[K] = {0};
        for (size_t m = 1; m <= N; m++) {
            size_t c = stratum[order[m - 1]];
            taken[c]++;
            if (c == 2 && taken[c] == 1)
                first_of_rarest[draw] = order[m - 1];
            if (m <= K) { /* one of each, the largest class first */
                static const size_t by_size[K] = {1, 0, 3, 2};
                assert_int_equal(c, by_size[m - 1]);
                continue;
            }
            for (size_t k = 0; k < K; k++) { /* within one patient of the share, but for the head start of the first */
                double share = (double)(COUNT[k] * m) / N;
                if ((double)taken[k] > share + 1 || (double)taken[k] < share - 1.0 - (m < 20 ? 2 : 0))
                    fail_msg("draw %zu: %zu of class %zu among %zu", (size_t)draw, taken[k], k, m);
            }
        }
        for (size_t k = 0; k < K; k++)
            assert_int_equal(taken[k], COUNT[k]);
        bool known = false;
        for (uint64_t before = 0; before < draw; before++)
            known = known || first_of_rarest[before] == first_of_rarest[draw];
        distinct += !known;
    }
    assert_int_equal(distinct, 3); /* any of the three rare patients may be the first */
}

/* Who is taken belongs to seed, name and draw. */
static void test_streams(void **state)
{
    (void)state;
    uint32_t stratum[N];
    size_t a[N], b[N];
    strata(stratum);
    nested_order(a, N, stratum, K, 1, "a", 0);
    const struct {
        uint64_t seed;
        const char *name;
        uint64_t draw;
    } others[] = {{2, "a", 0}, {1, "b", 0}, {1, "a", 1}};
    for (size_t i = 0; i < 3; i++) {
        nested_order(b, N, stratum, K, others[i].seed, others[i].name, others[i].draw);
        assert_memory_not_equal(a, b, sizeof a);
    }
}

/* Without classes each patient is as likely in the first place as any other. */
static void test_plain(void **state)
{
    (void)state;
    size_t order[10], first[10] = {0};
    for (uint64_t draw = 0; draw < 2000; draw++) {
        nested_order(order, 10, NULL, 0, 5, "age", draw);
        check_permutation(order, 10);
        first[order[0]]++;
    }
    double chi = 0;
    for (size_t i = 0; i < 10; i++)
        chi += ((double)first[i] - 200) * ((double)first[i] - 200) / 200;
    assert_true(chi < 27.9); /* 0.999 of chi-squared with 9 degrees */
    nested_order(order, 1, NULL, 0, 5, "age", 0);
    assert_int_equal(order[0], 0);
    nested_order(order, 0, NULL, 0, 5, "age", 0);
}

/* A class without a patient costs nothing; fewer places than classes go to the largest. */
static void test_gaps(void **state)
{
    (void)state;
    static const uint32_t stratum[] = {0, 3, 3, 3, 3, 0, 5};
    size_t order[7];
    nested_order(order, 7, stratum, 6, 9, "t", 0);
    check_permutation(order, 7);
    assert_int_equal(stratum[order[0]], 3);
    assert_int_equal(stratum[order[1]], 0);
    assert_int_equal(stratum[order[2]], 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_size), cmocka_unit_test(test_stratified), cmocka_unit_test(test_streams),
                                       cmocka_unit_test(test_plain), cmocka_unit_test(test_gaps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
