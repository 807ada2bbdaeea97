/* numpy's legacy stream: known values (numpy 1.24.2, the C++ standard's check
 * of the engine), bounds, and how much each call draws. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "split/mt19937.h"

static void words_are_known(void **state)
{
    (void)state;
    static const uint32_t of_seed_0[] = {2357136044U, 2546248239U, 3071714933U, 3626093760U};
    struct mt19937 stream;
    mt19937_seed(&stream, 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(mt19937_next(&stream), of_seed_0[i]);

    /* [rand.predef]: the 10000th word of the default seed */
    mt19937_seed(&stream, 5489);
    for (size_t i = 0; i < 9999; i++)
        (void)mt19937_next(&stream);
    assert_int_equal(mt19937_next(&stream), 4123659995U);
}

static void draws_of_seed_42_are_numpys(void **state)
{
    (void)state;
    static const size_t permutation[] = {8, 1, 5, 0, 7, 2, 9, 4, 3, 6}, chosen[] = {104, 101, 100};
    size_t order[10], from[7], few[3];
    struct mt19937 stream;
    mt19937_seed(&stream, 42);
    mt19937_permutation(&stream, order, 10);
    assert_memory_equal(order, permutation, sizeof order);
    for (size_t i = 0; i < 7; i++)
        from[i] = 100 + i;
    mt19937_choice(&stream, few, 3, from, 7);
    assert_memory_equal(few, chosen, sizeof few);
    assert_int_equal(mt19937_bounded(&stream, 999), 871);
    assert_true(mt19937_double(&stream) == 0.7080725777960455);
}

static void bounded_numbers_stay_within(void **state)
{
    (void)state;
    static const uint32_t bounds[] = {1, 2, 3, 6, 7, 8, 255, 256, 65535, 0x7fffffffU, 0x80000000U, UINT32_MAX};
    struct mt19937 stream;
    mt19937_seed(&stream, 7);
    for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++)
        for (size_t i = 0; i < 1000; i++)
            assert_in_range(mt19937_bounded(&stream, bounds[b]), 0, bounds[b]);

    size_t count[3] = {0};
    for (size_t i = 0; i < 30000; i++)
        count[mt19937_bounded(&stream, 2)]++;
    for (size_t v = 0; v < 3; v++)
        assert_in_range(count[v], 9600, 10400); /* 10000 +- 5 SD */
    for (size_t i = 0; i < 1000; i++) {
        double value = mt19937_double(&stream);
        assert_true(value >= 0 && value < 1);
    }
}

static void nothing_is_drawn_when_nothing_is_asked(void **state)
{
    (void)state;
    size_t one[1] = {9};
    struct mt19937 stream, untouched;
    mt19937_seed(&stream, 3);
    mt19937_seed(&untouched, 3);
    assert_int_equal(mt19937_bounded(&stream, 0), 0);
    mt19937_shuffle(&stream, one, 1);
    mt19937_shuffle(&stream, one, 0);
    mt19937_choice(&stream, NULL, 0, NULL, 0);
    assert_int_equal(one[0], 9);
    assert_int_equal(mt19937_next(&stream), mt19937_next(&untouched));
}

/* However few are chosen, the draws are those of a whole permutation. */
static void choice_costs_a_permutation(void **state)
{
    (void)state;
    size_t from[50], order[50], chosen[50];
    struct mt19937 a, b;
    mt19937_seed(&a, 11);
    mt19937_seed(&b, 11);
    for (size_t i = 0; i < 50; i++)
        from[i] = i;
    mt19937_choice(&a, chosen, 1, from, 50);
    mt19937_permutation(&b, order, 50);
    assert_int_equal(chosen[0], order[0]);
    assert_int_equal(mt19937_next(&a), mt19937_next(&b));
}

static void shuffle_keeps_every_element(void **state)
{
    (void)state;
    enum { N = 1000 };
    size_t a[N], seen[N] = {0}, moved = 0;
    struct mt19937 stream;
    mt19937_seed(&stream, UINT32_MAX);
    mt19937_permutation(&stream, a, N);
    for (size_t i = 0; i < N; i++) {
        assert_true(a[i] < N);
        seen[a[i]]++;
        moved += a[i] != i;
    }
    for (size_t i = 0; i < N; i++)
        assert_int_equal(seen[i], 1);
    assert_true(moved > N - 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_known),
        cmocka_unit_test(draws_of_seed_42_are_numpys),
        cmocka_unit_test(bounded_numbers_stay_within),
        cmocka_unit_test(nothing_is_drawn_when_nothing_is_asked),
        cmocka_unit_test(choice_costs_a_permutation),
        cmocka_unit_test(shuffle_keeps_every_element),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
