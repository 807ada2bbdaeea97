/* Resizing: Pillow's own results, and what must hold for any filter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "image/resample.h"

/* PIL.Image.resize((width, height), filter), Pillow 9.4, of the 7 x 5 picture (37x + 91y + 13xy) mod 256. */
static const struct {
    enum resample_filter filter;
    size_t width, height;
    uint8_t expected[18];
} pillow[] = {
    {0, 3, 4, {37, 111, 185, 141, 241, 85, 93, 245, 141, 197, 119, 41}},
    {0, 9, 2, {91, 141, 141, 191, 241, 35, 85, 85, 135, 17, 93, 93, 169, 245, 65, 141, 141, 217}},
    {1, 3, 4, {41, 126, 170, 171, 151, 109, 119, 153, 166, 107, 133, 118}},
    {1, 9, 2, {76, 110, 125, 134, 170, 111, 131, 167, 145, 89, 156, 142, 103, 175, 151, 124, 131, 140}},
    {2, 3, 4, {58, 125, 166, 154, 151, 120, 123, 153, 155, 117, 132, 120}},
    {2, 9, 2, {79, 113, 125, 132, 171, 120, 133, 152, 147, 87, 137, 135, 116, 175, 144, 132, 135, 147}},
    {3, 3, 4, {45, 124, 172, 163, 151, 114, 121, 153, 161, 113, 131, 119}},
    {3, 9, 2, {77, 111, 125, 131, 170, 112, 134, 160, 146, 87, 149, 139, 106, 174, 147, 129, 132, 145}},
    {4, 3, 4, {19, 111, 204, 165, 136, 128, 55, 160, 179, 153, 119, 86}},
    {4, 9, 2, {91, 141, 141, 106, 156, 120, 170, 170, 135, 63, 145, 145, 100, 182, 137, 91, 91, 174}},
    {5, 3, 4, {37, 117, 185, 150, 158, 118, 114, 161, 160, 136, 125, 102}},
    {5, 9, 2, {75, 115, 124, 130, 175, 103, 129, 147, 151, 77, 142, 135, 105, 179, 136, 127, 129, 158}},
};

static void make_picture(uint8_t picture[35])
{
    for (unsigned y = 0; y < 5; y++)
        for (unsigned x = 0; x < 7; x++)
            picture[7 * y + x] = (uint8_t)(37 * x + 91 * y + 13 * x * y);
}

static void equals_pillow(void **state)
{
    (void)state;
    uint8_t picture[35], out[18];
    struct status st = {0};
    make_picture(picture);
    for (size_t i = 0; i < sizeof pillow / sizeof *pillow; i++) {
        assert_int_equal(resample(out, pillow[i].width, pillow[i].height, picture, 7, 5, 1, pillow[i].filter, &st), 0);
        assert_memory_equal(out, pillow[i].expected, pillow[i].width * pillow[i].height);
    }
}

static void channels_do_not_mix(void **state)
{
    (void)state;
    uint8_t picture[35], colour[105], grey[18], out[54];
    struct status st = {0};
    make_picture(picture);
    for (size_t i = 0; i < 35; i++) {
        colour[3 * i] = picture[i];
        colour[3 * i + 1] = (uint8_t)(255 - i);
        colour[3 * i + 2] = picture[34 - i];
    }
    for (size_t i = 0; i < sizeof pillow / sizeof *pillow; i++) {
        const size_t n = pillow[i].width * pillow[i].height;
        assert_int_equal(resample(out, pillow[i].width, pillow[i].height, colour, 7, 5, 3, pillow[i].filter, &st), 0);
        assert_int_equal(resample(grey, pillow[i].width, pillow[i].height, picture, 7, 5, 1, pillow[i].filter, &st), 0);
        for (size_t k = 0; k < n; k++)
            assert_int_equal(out[3 * k], grey[k]);
    }
}

static void a_constant_stays(void **state)
{
    (void)state;
    static uint8_t in[50 * 31], out[64 * 64];
    struct status st = {0};
    memset(in, 173, sizeof in);
    for (int filter = RESAMPLE_NEAREST; filter <= RESAMPLE_HAMMING; filter++)
        for (size_t side = 1; side <= 64; side += 9) {
            assert_int_equal(resample(out, side, 65 - side, in, 50, 31, 1, (enum resample_filter)filter, &st), 0);
            for (size_t i = 0; i < side * (65 - side); i++)
                assert_int_equal(out[i], 173);
        }
}

static void the_same_size_is_a_copy(void **state)
{
    (void)state;
    uint8_t picture[35], out[35];
    struct status st = {0};
    make_picture(picture);
    for (int filter = RESAMPLE_NEAREST; filter <= RESAMPLE_HAMMING; filter++) {
        assert_int_equal(resample(out, 7, 5, picture, 7, 5, 1, (enum resample_filter)filter, &st), 0);
        assert_memory_equal(out, picture, 35);
    }
}

static void one_axis_leaves_the_other(void **state)
{
    (void)state;
    const uint8_t in[] = {0, 10, 100, 110, 200, 210}; /* 2 x 3 */
    uint8_t out[6];
    struct status st = {0};
    assert_int_equal(resample(out, 2, 1, in, 2, 3, 1, RESAMPLE_BOX, &st), 0);
    assert_int_equal(out[0], 100);
    assert_int_equal(out[1], 110);
    assert_int_equal(resample(out, 1, 3, in, 2, 3, 1, RESAMPLE_BOX, &st), 0);
    assert_int_equal(out[0], 5);
    assert_int_equal(out[1], 105);
    assert_int_equal(out[2], 205);
}

static void sizes_of_nothing_are_refused(void **state)
{
    (void)state;
    uint8_t byte = 0;
    struct status st = {0};
    assert_int_equal(resample(&byte, 0, 1, &byte, 1, 1, 1, RESAMPLE_BILINEAR, &st), STATUS_DATA);
    assert_int_equal(resample(&byte, 1, 1, &byte, 1, 0, 1, RESAMPLE_BILINEAR, &st), STATUS_DATA);
    assert_int_equal(resample(&byte, 1, 1, &byte, (size_t)1 << 25, 1, 1, RESAMPLE_BILINEAR, &st), STATUS_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_pillow),           cmocka_unit_test(channels_do_not_mix),
        cmocka_unit_test(a_constant_stays),        cmocka_unit_test(the_same_size_is_a_copy),
        cmocka_unit_test(one_axis_leaves_the_other), cmocka_unit_test(sizes_of_nothing_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
