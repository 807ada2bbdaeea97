/* DINOv2 on small checkpoints made here: against the naive ViT in double, its
 * registers, its inputs of other sizes, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "encoder/encoder.h"
#include "encoder_folder.h"
#include "naive_vit.h"

#define EPS 1e-6
#define RATIO_2 ", \"mlp_ratio\": 2"

static const struct fake_vit small = {
    .prefix = "dinov2.", .width = 24, .layers = 2, .heads = 3, .intermediate = 48, .patch = 7, .image = 28, .qkv_bias = true, .dinov2 = true};

/* The folder of such a model, with a classifier of 5 labels. */
static char *make_dinov2(struct fake *f, const struct fake_vit *v, const char *more)
{
    char *folder = make_folder();
    fake_add_vit(f, v);
    fake_add_linear(f, "", "classifier", 5, 2 * v->width, true);
    put_config(folder, v, v->registers ? "dinov2_with_registers" : "dinov2", more);
    put_weights(folder, f);
    return folder;
}

/* A picture of height by width, all readouts, all tokens and the classifier. */
static void check_against_naive(const struct fake_vit *v, const char *more, size_t height, size_t width)
{
    struct fake f = {0};
    char *folder = make_dinov2(&f, v, more);
    struct encoder *e = open_good(folder);
    struct status st;
    size_t D = v->width, n = 3 * height * width, n_positions;
    assert_int_equal(encoder_set_input(e, height, width, &st), STATUS_OK);
    struct encoder_workspace *w = encoder_workspace_new(e);
    float *pixels = NEW(n, float), *out = NEW(encoder_output_width(e), float), logits[5];
    fill_pixels(pixels, n, 3);
    assert_int_equal(encoder_forward(e, w, pixels, out, &st), STATUS_OK);
    assert_int_equal(encoder_logits(e, w, logits, &st), STATUS_OK);

    const float *positions = encoder_positions(e, &n_positions);
    struct naive_grid grid = {.rows = height / v->patch, .columns = width / v->patch, .height = height, .width = width};
    size_t first = 1 + v->registers, n_patches = grid.rows * grid.columns, T = first + n_patches;
    double *table = NEW(n_positions, double), *both = NEW0(2 * D, double);
    assert_int_equal(n_positions, (1 + n_patches) * D);
    assert_int_equal(encoder_info(e)->tokens, T);
    assert_int_equal(encoder_info(e)->first_patch, first);
    for (size_t i = 0; i < n_positions; i++) {
        table[i] = (double)positions[i];
    }
    grid.positions = table;
    double *x = naive_stream(&f, v, pixels, EPS, naive_gelu, &grid), *y = norm(&f, v->prefix, "layernorm", x, T, D, EPS);
    for (size_t j = 0; j < D; j++) {
        both[j] = y[j];
        for (size_t t = first; t < T; t++) {
            both[D + j] += y[t * D + j] / (double)n_patches;
        }
        assert_true(fabs((double)out[j] - y[j]) < 4e-6);
        assert_true(fabs((double)out[D + j] - x[j]) < 2e-5);
        assert_true(fabs((double)out[2 * D + j] - both[D + j]) < 4e-6);
    }
    for (size_t i = 0; i < T * D; i++) {
        assert_true(fabs((double)encoder_tokens(e, w)[i] - y[i]) < 8e-6);
    }
    check_batch(e);
    double *due = linear(&f, "", "classifier", both, 1, 5, 2 * D);
    for (size_t i = 0; i < 5; i++) {
        assert_true(fabs(due[i] - (double)logits[i]) < 4e-6);
    }
    free(due);
    free(x);
    free(y);
    free(both);
    free(table);
    free(pixels);
    free(out);
    encoder_workspace_free(w);
    encoder_close(e);
    fake_free(&f);
    remove_folder(folder);
}

static void forward_agrees_with_a_naive_dinov2(void **state)
{
    (void)state;
    struct fake_vit v = small;
    check_against_naive(&v, RATIO_2, 28, 28);
    check_against_naive(&v, RATIO_2, 21, 38); /* neither square nor whole patches */
    v.prefix = "";
    v.gated = true;
    v.intermediate = 32; /* 24 * 2 * 2 / 3 */
    check_against_naive(&v, RATIO_2 ", \"use_swiglu_ffn\": true", 28, 28);
    v.intermediate = 64; /* the default ratio, 4 */
    v.qkv_bias = false;
    check_against_naive(&v, ", \"use_swiglu_ffn\": true", 14, 28);
}

static void registers_stand_behind_cls_and_outside_the_mean(void **state)
{
    (void)state;
    struct fake_vit v = small;
    v.registers = 3;
    v.prefix = "dinov2_with_registers.";
    check_against_naive(&v, RATIO_2 ", \"num_register_tokens\": 3", 28, 28);
    v.prefix = "";
    v.registers = 4; /* the default */
    check_against_naive(&v, RATIO_2, 42, 21);
}

static void positions_follow_the_input(void **state)
{
    (void)state;
    struct fake f = {0};
    char *folder = make_dinov2(&f, &small, RATIO_2);
    struct status st = {0};
    struct encoder *e = open_good(folder), *old;
    double *table = values_of(&f, small.prefix, "embeddings.position_embeddings");
    size_t n, sizes[][2] = {{28, 28}, {34, 34}, {28, 21}, {28, 28}};
    uint8_t digest[4][DIGEST_BYTES];
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(encoder_set_input(e, sizes[i][0], sizes[i][1], &st), STATUS_OK);
        const float *used = encoder_positions(e, &n);
        bool native = i != 2; /* 34 px make the same 4 x 4 patches */
        assert_int_equal(n, (native ? 17 : 13) * small.width);
        for (size_t j = 0; j < n; j++) {
            assert_true(!native || (double)used[j] == table[j]);
        }
        assert_int_equal(encoder_digest(digest[i], e, &st), STATUS_OK);
    }
    assert_memory_equal(digest[0], digest[3], DIGEST_BYTES);
    assert_memory_not_equal(digest[0], digest[1], DIGEST_BYTES);
    assert_memory_not_equal(digest[0], digest[2], DIGEST_BYTES);

    assert_int_equal(encoder_open_with(&old, folder, &(struct encoder_options){.old_interpolation = true}, &st), STATUS_OK);
    assert_int_equal(encoder_set_input(old, 28, 34, &st), STATUS_OK); /* the same 4 x 4, but not square: the reference interpolates */
    assert_true((double)encoder_positions(old, &n)[small.width] != table[small.width]);
    assert_int_equal(encoder_set_input(old, 34, 34, &st), STATUS_OK);
    assert_true((double)encoder_positions(old, &n)[small.width] == table[small.width]);
    assert_int_equal(encoder_set_input(old, 28, 21, &st), STATUS_OK);
    assert_int_equal(encoder_set_input(e, 28, 21, &st), STATUS_OK);
    const float *now = encoder_positions(e, &n), *before = encoder_positions(old, &n); /* n is set before it is used */
    assert_memory_not_equal(now, before, n * sizeof(float));
    assert_int_equal(encoder_digest(digest[0], e, &st), STATUS_OK);
    assert_int_equal(encoder_digest(digest[1], old, &st), STATUS_OK);
    assert_memory_not_equal(digest[0], digest[1], DIGEST_BYTES);
    assert_int_equal(encoder_set_input(e, 6, 28, &st), STATUS_DATA);
    assert_int_equal(encoder_set_input(e, 5000, 28, &st), STATUS_DATA);
    encoder_close(old);
    encoder_close(e);
    free(table);
    fake_free(&f);
    remove_folder(folder);
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    struct fake f = {0};
    struct fake_vit v = small;
    v.registers = 4;
    char *folder = make_dinov2(&f, &v, RATIO_2);
    struct encoder *e;
    struct status st = {0};
    put_config(folder, &v, "dinov2", RATIO_2);
    refused(folder, "dinov2.embeddings.register_tokens', for which");
    put_config(folder, &v, "dinov2_with_registers", RATIO_2 ", \"num_register_tokens\": 5");
    refused(folder, "[1,4,24], config.json asks for [1,5,24]");
    put_config(folder, &v, "dinov2_with_registers", "");
    refused(folder, "[48,24], config.json asks for [96,24]");
    put_config(folder, &v, "dinov2_with_registers", RATIO_2 ", \"use_swiglu_ffn\": true");
    refused(folder, "lacks tensor 'dinov2.encoder.layer.0.mlp.weights_in.weight'");
    put_config(folder, &v, "dinov2_with_registers", RATIO_2 ", \"hidden_act\": \"tanh\"");
    refused(folder, "hidden_act 'tanh'");
    put_config(folder, &v, "dinov2_with_registers", RATIO_2);
    assert_int_equal(encoder_open_with(&e, folder, &(struct encoder_options){.old_interpolation = true}, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "old_interpolation"));
    put_text(folder, "config.json", "{\"model_type\": \"dinov2\", \"hidden_size\": 24, \"num_attention_heads\": 3}");
    refused(folder, "no patch_size");
    put_text(folder, "config.json", "{\"model_type\": \"dinov2\", \"patch_size\": 14, \"mlp_ratio\": 60, \"hidden_size\": 12288}");
    refused(folder, "737280 columns");
    fake_drop(&f, "dinov2.encoder.layer.1.layer_scale2.lambda1");
    put_weights(folder, &f);
    put_config(folder, &v, "dinov2_with_registers", RATIO_2);
    refused(folder, "lacks tensor 'dinov2.encoder.layer.1.layer_scale2.lambda1'");
    fake_free(&f);
    remove_folder(folder);
}

/* Weights alone tell registers, gates and the mask token nobody needs. */
static void a_lone_file_equals_its_folder(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        struct fake f = {0};
        struct fake_vit v = small;
        v.width = 128;
        v.heads = 2;
        v.intermediate = 256;
        v.registers = k == 1 ? 2 : 0;
        v.gated = k == 2;
        if (v.gated) {
            v.intermediate = 344; /* (128 * 4 * 2 / 3 + 7) / 8 * 8 */
        }
        char *folder = make_dinov2(&f, &v, v.registers ? RATIO_2 ", \"num_register_tokens\": 2" : v.gated ? ", \"use_swiglu_ffn\": true" : RATIO_2);
        fake_add(&f, mem_strdup("dinov2.embeddings.mask_token"), 2, (size_t[]){1, v.width});
        put_weights(folder, &f);
        float *due = run_path(folder);
        char *weights = path_join(folder, "model.safetensors"), *config = path_join(folder, "config.json");
        unlink(config);
        struct encoder *e = open_good(weights);
        size_t n;
        assert_string_equal(encoder_info(e)->architecture, v.registers ? "dinov2_with_registers" : "dinov2");
        assert_string_equal(encoder_unused(e, &n)[0], "dinov2.embeddings.mask_token");
        assert_int_equal(n, 1);
        float *out = run_once(e);
        assert_memory_equal(out, due, 3 * v.width * sizeof *due);
        encoder_close(e);
        free(out);
        free(due);
        free(weights);
        free(config);
        fake_free(&f);
        remove_folder(folder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_agrees_with_a_naive_dinov2),
        cmocka_unit_test(registers_stand_behind_cls_and_outside_the_mean),
        cmocka_unit_test(positions_follow_the_input),
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(a_lone_file_equals_its_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
