/* Regions: whole pixels, cut at the right place, out of a picture whose intensity was settled as a whole. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "encoder/groups.h"
#include "image/intensity.h"
#include "image/tensor.h"
#include "region/region_score.h"

/* 5 x 4, 16 bits, sample = 1000 + 300 * (5 y + x). */
static struct radiograph picture(unsigned bits)
{
    struct radiograph r = {.width = 5, .height = 4, .channels = 1, .bits = bits, .sample = NEW(20, uint16_t), .orientation = 1, .format = "png"};
    for (size_t i = 0; i < 20; i++)
        r.sample[i] = (uint16_t)(bits == 16 ? 1000 + 300 * i : 40 + 3 * i);
    return r;
}

static void sides_are_cut_down_to_whole_pixels(void **state)
{
    (void)state;
    struct pixel_box b;
    assert_true(crop_box(&b, &(struct box){.left = 1.9, .top = 0.2, .right = 3.99, .bottom = 4}, 5, 4));
    assert_true(b.left == 1 && b.top == 0 && b.right == 3 && b.bottom == 4);
    assert_false(crop_box(&b, &(struct box){.left = 1.2, .right = 1.8, .bottom = 4}, 5, 4));
    assert_true(crop_box(&b, &(struct box){.left = -3, .top = -3, .right = 9, .bottom = 9}, 5, 4));
    assert_true(b.left == 0 && b.top == 0 && b.right == 5 && b.bottom == 4);
}

static void intensity_is_settled_before_the_cut(void **state)
{
    (void)state;
    struct radiograph r = picture(16), part;
    uint8_t whole[20];
    struct status st;
    intensity_to_8bit(whole, &r);
    assert_int_equal(crop_settle(&r, INTENSITY_MINMAX, &st), STATUS_OK);
    crop_cut(&part, &r, (struct pixel_box){1, 2, 4, 4});
    assert_true(part.width == 3 && part.height == 2);
    for (size_t y = 0; y < 2; y++)
        for (size_t x = 0; x < 3; x++)
            assert_int_equal(part.sample[y * 3 + x], whole[(y + 2) * 5 + x + 1]);
    /* and shown as it is: no min-max of the part's own */
    struct preprocess p = {.width = 3, .height = 2, .rescale = 1, .std = {1, 1, 1}};
    float pixel[18];
    assert_int_equal(tensor_from_shown(pixel, &part, &p, &st), STATUS_OK);
    for (size_t i = 0; i < 18; i++)
        assert_true(pixel[i] == (float)part.sample[i % 6]);
    radiograph_free(&part);
    radiograph_free(&r);
}

static void stored_means_the_files_own_bits(void **state)
{
    (void)state;
    struct radiograph deep = picture(16), r = picture(8);
    struct status st;
    assert_int_equal(crop_settle(&deep, INTENSITY_STORED, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "16 bits"));
    assert_int_equal(crop_settle(&r, INTENSITY_STORED, &st), STATUS_OK);
    assert_int_equal(r.sample[7], 40 + 21);
    radiograph_free(&deep);
    radiograph_free(&r);
}

/* Two regions and the whole image: outputs 1, 2, 3 and their sum have their largest in different regions. */
static void peaks_and_decisions_follow_the_published_rule(void **state)
{
    (void)state;
    double p[3 * GROUPS_LABELS];
    struct region_peak peak[N_REGION_SCORES];
    static const double of[3][3] = {{0.30, 0.05, 0.05}, {0.10, 0.20, 0.30}, {0.30, 0.00, 0.25}};
    for (size_t i = 0; i < 3 * GROUPS_LABELS; i++)
        p[i] = NAN;
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 3; k++)
            p[i * GROUPS_LABELS + 1 + k] = of[i][k];
    region_peaks(peak, p, 0, 3);
    assert_true(peak[1].value == 0.30 && peak[1].region == 0); /* the first of equals */
    assert_true(peak[2].value == 0.20 && peak[2].region == 1);
    assert_true(peak[3].value == 0.30 && peak[3].region == 1);
    double sum = of[1][0] + of[1][1] + of[1][2];
    assert_true(peak[SCORE_TUMOUR].value == sum && peak[SCORE_TUMOUR].region == 1); /* not the sum of the maxima */
    assert_true(isnan(peak[0].value) && isnan(peak[GROUPS_LABELS - 1].value));
    assert_int_equal(region_decide(peak, 0.5, 0.5), DECIDED_BENIGN);
    assert_int_equal(region_decide(peak, 0.5, 0.30), DECIDED_MALIGNANT); /* at the threshold */
    assert_int_equal(region_decide(peak, sum, 0.1), DECIDED_NORMAL);     /* not above it */
    assert_int_equal(region_decide(peak, NAN, 0.1), NOT_DECIDED);
    p[1] = NAN;
    region_peaks(peak, p, 0, 1);
    assert_int_equal(region_decide(peak, 0.5, 0.5), NOT_DECIDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sides_are_cut_down_to_whole_pixels),
        cmocka_unit_test(intensity_is_settled_before_the_cut),
        cmocka_unit_test(stored_means_the_files_own_bits),
        cmocka_unit_test(peaks_and_decisions_follow_the_published_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
