/* timm's and open_clip's configurations of pictures, and their pictures against Pillow's. */
#include "unit/scratch.h"

#include "image/preprocess.h"
#include "image/tensor.h"

static void check(const char *text, const char *described)
{
    struct preprocess p;
    struct status st;
    if (preprocess_parse(&p, "config.json", text, strlen(text), &st))
        fail_msg("%s", st.text);
    char *words = preprocess_describe(&p);
    assert_text(words, described);
    free(words);
}

#define TIMM(more) "{\"architecture\": \"vit_base_patch16_224\", \"pretrained_cfg\": {" more "}}"
#define CLIP(more) "{\"model_cfg\": {\"embed_dim\": 512, \"vision_cfg\": {\"image_size\": 224}}, \"preprocess_cfg\": {" more "}}"

static void accepted_files(void **state)
{
    (void)state;
    check(TIMM(""), "resize shortest 256 bicubic; crop 224x224 to even; size 224x224; rescale 0.00392156862745098; mean 0.48500001430511475,");
    check(TIMM("\"crop_pct\": 0.9, \"interpolation\": \"bilinear\", \"mean\": [0.5, 0.5, 0.5], \"std\": [0.5, 0.5, 0.25], "
               "\"input_size\": [3, 384, 384], \"crop_mode\": \"center\""),
          "resize shortest 426 bilinear; crop 384x384 to even; size 384x384; rescale 0.00392156862745098; mean 0.5,0.5,0.5; std 0.5,0.5,0.25");
    check("{\"architecture\": \"vit_base_patch16_224\", \"crop_pct\": 1.0, \"input_size\": [3, 96, 96]}", "resize shortest 96 bicubic; crop 96x96 to even;");
    check("{\"model_type\": \"timm_wrapper\", \"architecture\": \"vit_base_patch16_224\", \"pretrained_cfg\": {\"crop_pct\": 1}}",
          "resize shortest 224 bicubic");
    check(CLIP("\"mean\": [0.48145466, 0.4578275, 0.40821073], \"std\": [0.26862954, 0.26130258, 0.27577711]"),
          "resize shortest 224 bicubic; crop 224x224 to even; size 224x224; rescale 0.00392156862745098; mean 0.4814546");
    check(CLIP(""), "mean 0.4814546");
    check(CLIP("\"resize_mode\": \"shortest\", \"interpolation\": \"bilinear\", \"size\": [224, 224]"), "resize shortest 224 bilinear;");
    check(CLIP("\"resize_mode\": \"squash\", \"interpolation\": \"random\""), "resize 224x224 bicubic; crop none;");
}

static void refused_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {TIMM("\"crop_mode\": \"squash\""), "'crop_mode' is not 'center'"},
        {TIMM("\"crop_mode\": \"border\""), "'crop_mode'"},
        {TIMM("\"interpolation\": \"random\""), "'interpolation'"},
        {TIMM("\"crop_pct\": 1.1"), "'crop_pct'"},
        {TIMM("\"crop_pct\": 0"), "'crop_pct'"},
        {TIMM("\"input_size\": [3, 224, 225]"), "'input_size'"},
        {TIMM("\"input_size\": [1, 224, 224]"), "'input_size'"},
        {TIMM("\"input_size\": []"), "'input_size'"},
        {TIMM("\"std\": [0, 1, 1]"), "'std' is not positive"},
        {TIMM("\"mean\": 0.5"), "'mean'"},
        {CLIP("\"resize_mode\": \"longest\""), "'resize_mode'"},
        {CLIP("\"size\": 336"), "contradicts"},
        {CLIP("\"interpolation\": 3"), "'interpolation'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct preprocess p;
        struct status st;
        if (preprocess_parse(&p, "config.json", cases[i].text, strlen(cases[i].text), &st) != STATUS_DATA)
            fail_msg("accepted: %s", cases[i].text);
        assert_text(st.text, cases[i].reason);
        assert_text(st.text, "config.json");
    }
}

/* Which file of a folder is read. */
static void the_folder_says_which(void **state)
{
    (void)state;
    char *folder = scratch_new();
    struct preprocess p;
    struct status st;
    scratch_text(folder, "config.json", "{\"model_type\": \"vit\", \"crop_pct\": 7}");
    assert_int_equal(preprocess_read(&p, folder, 96, &st), STATUS_OK);
    assert_true(p.width == 96 && p.crop_width == 0 && p.filter == RESAMPLE_BILINEAR); /* transformers' config says nothing of pictures */
    scratch_text(folder, "config.json", TIMM("\"input_size\": [3, 32, 32]"));
    assert_int_equal(preprocess_read(&p, folder, 96, &st), STATUS_OK);
    assert_true(p.width == 32 && p.shortest_edge == 36);
    scratch_text(folder, "open_clip_config.json", CLIP(""));
    assert_int_equal(preprocess_read(&p, folder, 96, &st), STATUS_OK);
    assert_true(p.width == 224 && p.shortest_edge == 224);
    scratch_text(folder, "model.safetensors", ""); /* then config.json is of these weights */
    assert_int_equal(preprocess_read(&p, folder, 96, &st), STATUS_OK);
    assert_int_equal(p.width, 32);
    scratch_text(folder, "preprocessor_config.json", "{\"image_processor_type\": \"ViTImageProcessor\", \"size\": 48}");
    assert_int_equal(preprocess_read(&p, folder, 96, &st), STATUS_OK);
    assert_int_equal(p.width, 48);
    scratch_remove(folder);
}

/* numpy 1.24, Pillow 9.4; level is the min-max of v[i] = (7 i i + 13 i) mod 256, 12 wide and 17 high, as uint8:
 *   edge = floor(8 / 0.7) or 8; im = level.resize((edge, int(edge * 17 / 12)), BICUBIC)
 *   top = int(round((im.height - 8) / 2.0)), left alike; im.crop((left, top, left + 8, top + 8))
 * round is Python's, to even.  Margins are 3 and 7 columns and lines, then 0 and 3: 2, 4, 0 and 2 are cut where half
 * rounded down would cut 1, 3, 0 and 1.  The third is level.resize((8, 8), BICUBIC). */
static const uint8_t timm_picture[64] = {
    150, 154, 129, 172, 72, 169, 197, 197, 113, 177, 126, 70, 126, 92, 133, 48,
    141, 99, 54, 14, 36, 23, 54, 77, 120, 47, 88, 89, 118, 25, 149, 167,
    110, 167, 208, 134, 76, 190, 101, 170, 112, 198, 155, 128, 134, 92, 146, 176,
    131, 80, 121, 146, 126, 30, 180, 125, 102, 73, 124, 240, 161, 145, 210, 175};
static const uint8_t clip_picture[64] = {
    76, 130, 173, 99, 118, 124, 157, 129, 134, 136, 153, 145, 107, 150, 174, 112,
    112, 150, 133, 51, 60, 50, 67, 115, 139, 121, 75, 87, 92, 60, 145, 129,
    149, 94, 185, 183, 102, 150, 141, 166, 80, 122, 120, 119, 146, 61, 167, 148,
    121, 143, 76, 166, 191, 152, 200, 117, 69, 181, 78, 90, 139, 197, 155, 79};
static const uint8_t squashed_picture[64] = {
    83, 57, 163, 199, 156, 169, 87, 139, 119, 125, 168, 117, 120, 153, 123, 114,
    115, 137, 162, 130, 106, 138, 164, 115, 124, 144, 102, 53, 67, 42, 93, 122,
    145, 100, 144, 156, 101, 123, 147, 149, 95, 115, 123, 138, 151, 82, 170, 153,
    105, 169, 76, 137, 173, 176, 183, 93, 74, 174, 95, 51, 106, 227, 186, 102};

static void pictures_are_pillow_s(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const uint8_t *expected;
    } cases[] = {
        {TIMM("\"input_size\": [3, 8, 8], \"crop_pct\": 0.7"), timm_picture},
        {"{\"model_cfg\": {\"vision_cfg\": {\"image_size\": 8}}, \"preprocess_cfg\": {}}", clip_picture},
        {"{\"model_cfg\": {\"vision_cfg\": {\"image_size\": 8}}, \"preprocess_cfg\": {\"resize_mode\": \"squash\"}}", squashed_picture},
    };
    uint16_t sample[12 * 17];
    for (unsigned i = 0; i < 12 * 17; i++)
        sample[i] = (uint16_t)((i * i * 7 + i * 13) % 256);
    struct radiograph r = {.width = 12, .height = 17, .channels = 1, .bits = 8, .sample = sample};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct preprocess p;
        struct status st;
        uint8_t out[3 * 64];
        if (preprocess_parse(&p, "config.json", cases[k].text, strlen(cases[k].text), &st) || tensor_bytes(out, &r, &p, &st))
            fail_msg("%s", st.text);
        for (size_t i = 0; i < 64; i++)
            if (out[3 * i] != cases[k].expected[i])
                fail_msg("case %zu, pixel %zu: %d, Pillow has %d", k, i, out[3 * i], cases[k].expected[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(accepted_files), cmocka_unit_test(refused_files), cmocka_unit_test(the_folder_says_which),
                                       cmocka_unit_test(pictures_are_pillow_s)};
    return cmocka_run_group_tests_name("image_timm", tests, NULL, NULL);
}
