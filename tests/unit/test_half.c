#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/half.h"

/* Every half comes back from its float as it was. */
static void test_every_half(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        float f = half_to_float((uint16_t)h);
        if (isnan(f))
            assert_true(isnan(half_to_float(half_from_float(f))));
        else
            assert_int_equal(half_from_float(f), h);
    }
}

/* Between two neighbours the nearer is taken, and half way the even one. */
static void test_nearest(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x7bff; h++) {
        double low = (double)half_to_float((uint16_t)h), high = (double)half_to_float((uint16_t)(h + 1)), middle = (low + high) / 2;
        assert_int_equal(half_from_float((float)middle), h + (h & 1)); /* a half's middle is exact in float */
        assert_int_equal(half_from_float(nextafterf((float)middle, 0)), h);
        assert_int_equal(half_from_float(nextafterf((float)middle, INFINITY)), h + 1);
        assert_int_equal(half_from_float(-(float)middle), 0x8000u | (h + (h & 1)));
    }
}

static void test_ends(void **state)
{
    (void)state;
    assert_int_equal(half_from_float(65504), 0x7bff);
    assert_int_equal(half_from_float(65519.996f), 0x7bff);
    assert_int_equal(half_from_float(65520), 0x7c00);
    assert_int_equal(half_from_float(-1e30f), 0xfc00);
    assert_int_equal(half_from_float(INFINITY), 0x7c00);
    assert_int_equal(half_from_float(ldexpf(1, -25)), 0); /* half way to the smallest: even */
    assert_int_equal(half_from_float(ldexpf(1.5f, -25)), 1);
    assert_int_equal(half_from_float(-0.0f), 0x8000);
}

/* Several at a time: the same bits, from any place. */
static void test_arrays(void **state)
{
    (void)state;
    static uint16_t half[65536];
    static float value[65536];
    for (uint32_t h = 0; h < 65536; h++)
        half[h] = (uint16_t)h;
    half_to_floats(value + 3, half + 3, 65536 - 3);
    for (uint32_t h = 3; h < 65536; h++) {
        float one = half_to_float((uint16_t)h);
        if (isnan(one))
            assert_true(isnan(value[h]));
        else
            assert_memory_equal(&value[h], &one, sizeof one);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_half), cmocka_unit_test(test_nearest), cmocka_unit_test(test_ends), cmocka_unit_test(test_arrays)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
