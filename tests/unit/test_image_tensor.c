/* Min-max, preprocessor_config.json, resize and crop geometry, normalisation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "image/intensity.h"
#include "image/tensor.h"

static struct radiograph picture(uint16_t *sample, size_t width, size_t height, size_t channels)
{
    return (struct radiograph){.width = width, .height = height, .channels = channels, .bits = 16, .sample = sample};
}

static void min_max_truncates(void **state)
{
    (void)state;
    uint16_t sample[] = {1000, 1001, 1002, 1003, 1255, 1510};
    uint8_t out[6];
    struct radiograph r = picture(sample, 6, 1, 1);
    intensity_to_8bit(out, &r);
    const uint8_t expected[] = {0, 0, 1, 1, 127, 255};
    assert_memory_equal(out, expected, 6);
}

/* Every level of pictures 0..hi, against the three float32 roundings written out. */
static void min_max_is_the_float_rule(void **state)
{
    (void)state;
    static uint16_t sample[65536];
    static uint8_t out[65536];
    size_t otherwise = 0;
    for (size_t i = 0; i < 65536; i++)
        sample[i] = (uint16_t)i;
    for (unsigned hi = 2; hi < 65536; hi += hi / 7 + 1) {
        struct radiograph r = picture(sample, hi + 1, 1, 1);
        intensity_to_8bit(out, &r);
        for (unsigned v = 0; v <= hi; v++) {
            const volatile float share = (float)v / (float)hi;
            const volatile float level = share * 255.0f;
            assert_int_equal(out[v], (int)level);
            const volatile float factor = 255.0f / (float)hi, at_once = (float)v * factor;
            otherwise += (int)at_once != out[v];
        }
    }
    assert_true(otherwise > 0); /* one multiplication gives other levels now and then, or this shows nothing */
}

static void min_max_is_joint_over_channels(void **state)
{
    (void)state;
    uint16_t sample[] = {0, 50, 100, 25, 50, 75};
    uint8_t out[6];
    struct radiograph r = picture(sample, 2, 1, 3);
    intensity_to_8bit(out, &r);
    const uint8_t expected[] = {0, 127, 255, 63, 127, 191};
    assert_memory_equal(out, expected, 6);
}

static void a_constant_gives_zeros(void **state)
{
    (void)state;
    uint16_t sample[] = {65535, 65535};
    uint8_t out[2] = {9, 9};
    struct radiograph r = picture(sample, 2, 1, 1);
    intensity_to_8bit(out, &r);
    assert_int_equal(out[0] + out[1], 0);
}

static int parse(struct preprocess *p, const char *text, struct status *st)
{
    *st = (struct status){0};
    return preprocess_parse(p, "checkpoint/preprocessor_config.json", text, strlen(text), st);
}

static void accepted_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *described;
    } cases[] = {
        {"{\"feature_extractor_type\": \"ViTFeatureExtractor\", \"size\": 96, \"image_mean\": [0.485, 0.456, 0.406],"
         " \"image_std\": [0.229, 0.224, 0.225], \"resample\": 2}",
         "resize 96x96 bilinear; crop none; size 96x96;"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"size\": {\"height\": 64, \"width\": 80}, \"resample\": 3,"
         " \"do_convert_rgb\": null}",
         "resize 80x64 bicubic; crop none; size 80x64;"},
        {"{\"image_processor_type\": \"ViTImageProcessorFast\"}", "resize 224x224 bilinear; crop none;"},
        {"{\"image_processor_type\": \"BitImageProcessor\", \"size\": {\"shortest_edge\": 256}, \"crop_size\": 224}",
         "resize shortest 256 bicubic; crop 224x224; size 224x224;"},
        {"{\"image_processor_type\": \"BitImageProcessor\", \"size\": {\"height\": 30, \"width\": 40},"
         " \"do_center_crop\": false}",
         "resize 40x30 bicubic; crop none; size 40x30;"},
        {"{\"feature_extractor_type\": \"ConvNextFeatureExtractor\", \"size\": 224, \"crop_pct\": 0.875, \"resample\": 3}",
         "resize shortest 256 bicubic; crop 224x224;"},
        {"{\"image_processor_type\": \"ConvNextImageProcessor\", \"size\": {\"shortest_edge\": 384}, \"resample\": 2}",
         "resize 384x384 bilinear; crop none;"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"do_normalize\": false, \"do_rescale\": false}",
         "rescale 1; mean 0,0,0; std 1,1,1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct preprocess p;
        struct status st;
        assert_int_equal(parse(&p, cases[i].text, &st), STATUS_OK);
        char *text = preprocess_describe(&p);
        if (!strstr(text, cases[i].described))
            fail_msg("'%s' lacks '%s'", text, cases[i].described);
        free(text);
    }
}

static void refused_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {"", "preprocessor_config.json:1:"},
        {"[1]", "not a JSON object"},
        {"{\"size\": 224}", "'image_processor_type' is missing"},
        {"{\"image_processor_type\": \"CLIPImageProcessor\"}", "image_processor_type 'CLIPImageProcessor' is not supported"},
        {"{\"image_processor_type\": \"ViTImageProcessorX\"}", "not supported"},
        {"{\"image_processor_type\": 3}", "not supported"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"feature_extractor_type\": \"BitFeatureExtractor\"}",
         "contradicts"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"size\": {\"shortest_edge\": 224}}", "shortest_edge"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"size\": 0}", "'size'"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"size\": {\"height\": 4}}", "'size'"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"size\": 1e3}", "'size'"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"do_center_crop\": true}", "do_center_crop"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"do_pad\": true}", "'do_pad'"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"do_resize\": 1}", "'do_resize'"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"resample\": 6}", "'resample'"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"image_mean\": [0.5]}", "'image_mean'"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"image_std\": [0.5, 0, 0.5]}", "'image_std'"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"image_mean\": [1e300, 0, 0]}", "'image_mean'"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"rescale_factor\": -1}", "'rescale_factor'"},
        {"{\"image_processor_type\": \"ConvNextImageProcessor\", \"size\": 224}", "'resample' is missing"},
        {"{\"image_processor_type\": \"ConvNextImageProcessor\", \"size\": 224, \"resample\": 3, \"crop_pct\": 0}", "crop_pct"},
        {"{\"image_processor_type\": \"BitImageProcessor\", \"crop_size\": {\"shortest_edge\": 3}}", "crop_size"},
        {"{\"image_processor_type\": \"BitImageProcessor\", \"do_center_crop\": false}", "do_center_crop"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct preprocess p;
        struct status st;
        if (parse(&p, cases[i].text, &st) != STATUS_DATA)
            fail_msg("accepted: %s", cases[i].text);
        if (!strstr(st.text, cases[i].reason) || !strstr(st.text, "checkpoint/preprocessor_config.json"))
            fail_msg("'%s' lacks '%s'", st.text, cases[i].reason);
    }
}

static void no_file_means_the_default(void **state)
{
    (void)state;
    struct preprocess a, b;
    struct status st = {0};
    assert_int_equal(preprocess_read(&a, "/nonexistent", 96, &st), STATUS_OK);
    preprocess_default(&b, 96);
    char *text_a = preprocess_describe(&a), *text_b = preprocess_describe(&b);
    assert_string_equal(text_a, text_b);
    assert_string_equal(text_a, "minmax-8bit-1; resize 96x96 bilinear; crop none; size 96x96; rescale 0.00392156862745098; "
                                "mean 0.48500001430511475,0.4560000002384186,0.4059999883174896; "
                                "std 0.2290000021457672,0.2240000069141388,0.22499999403953552");
    free(text_a);
    free(text_b);
}

static void grey_stands_in_three_channels_normalised(void **state)
{
    (void)state;
    uint16_t sample[] = {0, 51, 102, 255};
    struct radiograph r = picture(sample, 2, 2, 1);
    struct preprocess p;
    struct status st = {0};
    uint8_t bytes[12];
    float out[12];
    preprocess_default(&p, 2);
    assert_int_equal(tensor_bytes(bytes, &r, &p, &st), STATUS_OK);
    assert_int_equal(tensor_from_radiograph(out, &r, &p, &st), STATUS_OK);
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(bytes[3 * i + c], sample[i]);
            const float scaled = (float)(sample[i] * 0.00392156862745098);
            assert_true(out[4 * c + i] == (scaled - p.mean[c]) / p.std[c]);
        }
}

/* Colour planes come out plane by plane, and each has its own mean. */
static void colours_keep_their_order(void **state)
{
    (void)state;
    uint16_t sample[] = {0, 10, 255};
    struct radiograph r = picture(sample, 1, 1, 3);
    struct preprocess p;
    struct status st = {0};
    float out[3];
    preprocess_default(&p, 1);
    assert_int_equal(tensor_from_radiograph(out, &r, &p, &st), STATUS_OK);
    assert_true(out[0] < out[1] && out[1] < out[2]);
    assert_true(out[0] == (0.0f - p.mean[0]) / p.std[0]);
}

/* 5 x 2, no resize, crop 3 x 4: columns 1..3, a line of zeros above and below. */
static void a_crop_takes_the_middle_and_pads(void **state)
{
    (void)state;
    uint16_t sample[] = {0, 20, 40, 60, 80, 100, 120, 140, 160, 255};
    struct radiograph r = picture(sample, 5, 2, 1);
    struct preprocess p = {.width = 3, .height = 4, .crop_width = 3, .crop_height = 4, .rescale = 1, .std = {1, 1, 1}};
    struct status st = {0};
    uint8_t out[36];
    const uint8_t expected[] = {0, 0, 0, 20, 40, 60, 120, 140, 160, 0, 0, 0};
    assert_int_equal(tensor_bytes(out, &r, &p, &st), STATUS_OK);
    for (size_t i = 0; i < 12; i++)
        assert_int_equal(out[3 * i], expected[i]);
}

/* Shorter side 2 of a 4 x 8 picture gives 2 x 4; the crop of 2 x 2 its middle lines. */
static void the_shorter_side_rules(void **state)
{
    (void)state;
    uint16_t sample[32];
    for (size_t i = 0; i < 32; i++)
        sample[i] = (uint16_t)(i / 8 * 85); /* bands of two lines: 0, 85, 170, 255 */
    struct radiograph r = picture(sample, 4, 8, 1);
    struct preprocess p = {.width = 2, .height = 2, .do_resize = true, .filter = RESAMPLE_BOX, .shortest_edge = 2,
                           .crop_width = 2, .crop_height = 2, .rescale = 1, .std = {1, 1, 1}};
    struct status st = {0};
    uint8_t out[12];
    assert_int_equal(tensor_bytes(out, &r, &p, &st), STATUS_OK);
    assert_int_equal(out[0], 85);
    assert_int_equal(out[6], 170);
}

static void nothing_resizes_is_refused(void **state)
{
    (void)state;
    uint16_t sample[] = {0, 1};
    struct radiograph r = picture(sample, 2, 1, 1);
    struct preprocess p;
    struct status st = {0};
    uint8_t out[12];
    preprocess_default(&p, 2);
    p.do_resize = false;
    assert_int_equal(tensor_bytes(out, &r, &p, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "2 x 1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(min_max_truncates),
        cmocka_unit_test(min_max_is_the_float_rule),
        cmocka_unit_test(min_max_is_joint_over_channels),
        cmocka_unit_test(a_constant_gives_zeros),
        cmocka_unit_test(accepted_files),
        cmocka_unit_test(refused_files),
        cmocka_unit_test(no_file_means_the_default),
        cmocka_unit_test(grey_stands_in_three_channels_normalised),
        cmocka_unit_test(colours_keep_their_order),
        cmocka_unit_test(a_crop_takes_the_middle_and_pads),
        cmocka_unit_test(the_shorter_side_rules),
        cmocka_unit_test(nothing_resizes_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
