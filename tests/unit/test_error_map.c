/* Masks, the masked pass and error maps on a small checkpoint made here: the
 * schedules' counts, the pass against the unmasked encoder and a naive one in
 * double, maps against their definition, the same bytes for any batch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "anomaly/colour_map.h"
#include "anomaly/error_map.h"
#include "encoder/mae.h"
#include "encoder_folder.h"
#include "naive_vit.h"

static const struct fake_vit small = {.prefix = "vit.", .width = 24, .layers = 2, .heads = 3, .intermediate = 40, .patch = 8, .image = 40, .qkv_bias = true};
static const struct fake_vit decoder = {.prefix = "decoder.", .width = 16, .layers = 1, .heads = 2, .intermediate = 28, .patch = 8, .image = 40, .qkv_bias = true};
#define L 25
#define VALUES (3 * 64)
#define PIXELS (3 * 40 * 40)
static const char config[] = ", \"decoder_hidden_size\": 16, \"decoder_num_hidden_layers\": 1, \"decoder_num_attention_heads\": 2, "
                             "\"decoder_intermediate_size\": 28, \"mask_ratio\": 0.6";

/* The decoder's tensors: a ViT's layers under other names. */
static void add_decoder(struct fake *f)
{
    struct fake blocks = {0};
    size_t D = decoder.width, last = VALUES;
    fake_add_vit(&blocks, &decoder);
    for (size_t i = 0; i < blocks.n; i++) {
        const char *layer = strstr(blocks.tensor[i].name, "encoder.layer.");
        if (layer)
            fake_add(f, mem_printf("decoder.decoder_layers.%s", layer + strlen("encoder.layer.")), blocks.tensor[i].n_dims, blocks.tensor[i].shape);
    }
    fake_free(&blocks);
    fake_add(f, mem_strdup("decoder.mask_token"), 3, (size_t[]){1, 1, D});
    fake_add(f, mem_strdup("decoder.decoder_pos_embed"), 3, (size_t[]){1, 1 + L, D});
    fake_add_linear(f, "decoder.", "decoder_embed", D, small.width, true);
    fake_add_norm(f, "decoder.", "decoder_norm", D);
    fake_add_linear(f, "decoder.", "decoder_pred", last, D, true);
}

static char *make_mae(struct fake *f, const char *more)
{
    char *folder = make_folder(), *all = mem_printf("%s%s", config, more);
    fake_add_vit(f, &small);
    add_decoder(f);
    put_config(folder, &small, "vit_mae", all);
    put_weights(folder, f);
    free(all);
    return folder;
}

static struct encoder *open_mae(const char *folder)
{
    struct encoder *e;
    struct status st = {0};
    if (encoder_open_with(&e, folder, &(struct encoder_options){.decoder = true}, &st))
        fail_msg("%s", st.text);
    return e;
}

static struct preprocess plain(void)
{
    struct preprocess p;
    preprocess_default(&p, small.image);
    return p;
}

/* ---- masks ---- */

static void keep_is_truncated_as_the_reference_does_it(void **state)
{
    (void)state;
    assert_int_equal(mae_keep(196, 0.75), 49);
    assert_int_equal(mae_keep(64, 0.4), 38);
    assert_int_equal(mae_keep(64, 0.6), 25);
    assert_int_equal(mae_keep(100, 0.9), 9);
    assert_int_equal(mae_keep(7, 0), 7);
    assert_int_equal(mae_keep(7, 1), 0);
}

static void order_is_stable_and_mask_is_its_tail(void **state)
{
    (void)state;
    const float noise[6] = {0.5f, 0.25f, 0.5f, 0.0f, 0.25f, 0.75f};
    const uint32_t due[6] = {3, 1, 4, 0, 2, 5};
    uint32_t order[6];
    uint8_t masked[6];
    mae_order(order, noise, 6);
    assert_memory_equal(order, due, sizeof due);
    mae_mask(masked, order, 6, 2);
    assert_memory_equal(masked, ((const uint8_t[6]){1, 0, 1, 0, 1, 1}), 6);
    mae_mask(masked, order, 6, 6);
    assert_memory_equal(masked, ((const uint8_t[6]){0}), 6);
    mae_mask(masked, order, 6, 0);
    assert_memory_equal(masked, ((const uint8_t[6]){1, 1, 1, 1, 1, 1}), 6);
}

static void even_schedule_masks_every_patch_equally_often(void **state)
{
    (void)state;
    static const size_t shapes[][2] = {{196, 49}, {25, 10}, {25, 7}, {25, 24}, {25, 1}, {144, 36}, {30, 20}, {2, 1}};
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        size_t n = shapes[k][0], keep = shapes[k][1], round = mask_schedule_round(n, keep);
        struct mask_schedule s;
        uint32_t order[256], count[256] = {0};
        bool any_differ = false;
        uint32_t first[256];
        mask_schedule_init(&s, MASKS_EVEN, 7, n, keep);
        for (size_t pass = 1; pass <= 3 * round; pass++) {
            uint8_t there[256] = {0}, masked[256];
            mask_schedule_next(&s, order);
            for (size_t i = 0; i < n; i++)
                there[order[i]]++;
            for (size_t i = 0; i < n; i++)
                assert_int_equal(there[i], 1); /* a permutation */
            mae_mask(masked, order, n, keep);
            uint32_t least = UINT32_MAX, most = 0;
            for (size_t i = 0; i < n; i++) {
                count[i] += masked[i];
                least = count[i] < least ? count[i] : least;
                most = count[i] > most ? count[i] : most;
            }
            assert_true(most - least <= 1);
            if (pass % round == 0) {
                assert_int_equal(least, most);
                assert_int_equal(least, pass * (n - keep) / n);
            }
            if (pass == 1)
                memcpy(first, order, sizeof first);
            else
                any_differ |= memcmp(first, order, n * sizeof *first) != 0;
        }
        assert_true(any_differ);
        mask_schedule_free(&s);
    }
}

static void schedules_belong_to_the_seed(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        uint32_t order[3][196];
        for (uint32_t i = 0; i < 3; i++) {
            struct mask_schedule s;
            mask_schedule_init(&s, (enum mask_schedule_kind)kind, i / 2, 196, 49);
            mask_schedule_next(&s, order[i]);
            mask_schedule_free(&s);
        }
        assert_memory_equal(order[0], order[1], sizeof order[0]);
        assert_memory_not_equal(order[0], order[2], sizeof order[0]);
    }
}

/* ---- the pass ---- */

static void all_patches_seen_is_the_unmasked_encoder(void **state)
{
    (void)state;
    struct fake f = {0};
    char *folder = make_mae(&f, "");
    struct encoder *e = open_mae(folder);
    struct encoder_workspace *whole = encoder_workspace_new(e);
    struct mae_workspace *w = mae_workspace_new(e, L, 1, 1);
    float pixels[PIXELS], *out = NEW(encoder_output_width(e), float);
    uint32_t order[L];
    fill_pixels(pixels, PIXELS, 3);
    for (uint32_t i = 0; i < L; i++)
        order[i] = i;
    assert_int_equal(encoder_forward(e, whole, pixels, out, NULL), STATUS_OK);
    mae_set_picture(w, pixels);
    mae_encode(w, order, 1);
    assert_memory_equal(mae_latent(w, 0), encoder_tokens(e, whole), (1 + L) * small.width * sizeof(float));
    mae_workspace_free(w);
    encoder_workspace_free(whole);
    encoder_close(e);
    free(out);
    fake_free(&f);
    remove_folder(folder);
}

/* The whole pass in double, from the tensors' names: encoder on what is seen, decoder on everything. */
static double *naive_blocks(struct fake *f, const char *layers, const struct fake_vit *v, double *x, size_t T)
{
    size_t D = v->width, I = v->intermediate;
    for (size_t i = 0; i < v->layers; i++) {
        char *layer = mem_printf("%s%zu.", layers, i);
        double *h = norm(f, layer, "layernorm_before", x, T, D, 1e-12);
        double *q = linear(f, layer, "attention.attention.query", h, T, D, D), *k = linear(f, layer, "attention.attention.key", h, T, D, D);
        double *value = linear(f, layer, "attention.attention.value", h, T, D, D), *context = attention(q, k, value, T, D, v->heads);
        add_to(x, linear(f, layer, "attention.output.dense", context, T, D, D), T * D);
        free(h);
        h = norm(f, layer, "layernorm_after", x, T, D, 1e-12);
        double *up = linear(f, layer, "intermediate.dense", h, T, I, D);
        for (size_t j = 0; j < T * I; j++)
            up[j] = naive_gelu(up[j]);
        add_to(x, linear(f, layer, "output.dense", up, T, D, I), T * D);
        free(h);
        free(q);
        free(k);
        free(value);
        free(context);
        free(up);
        free(layer);
    }
    return x;
}

static double *naive_pass(struct fake *f, const float *pixels, const uint32_t *order, size_t keep)
{
    struct fake_vit bare = small;
    bare.layers = 0;
    size_t D = small.width, E = decoder.width;
    double *tokens = naive_stream(f, &bare, pixels, 1e-12, naive_gelu, NULL), *x = NEW((1 + keep) * D, double);
    memcpy(x, tokens, D * sizeof *x);
    for (size_t k = 0; k < keep; k++)
        memcpy(x + (1 + k) * D, tokens + (1 + order[k]) * D, D * sizeof *x);
    naive_blocks(f, "vit.encoder.layer.", &small, x, 1 + keep);
    double *latent = norm(f, "vit.", "layernorm", x, 1 + keep, D, 1e-12), *embedded = linear(f, "decoder.", "decoder_embed", latent, 1 + keep, E, D);
    double *token = values_of(f, "", "decoder.mask_token"), *positions = values_of(f, "", "decoder.decoder_pos_embed"), *y = NEW((1 + L) * E, double);
    memcpy(y, embedded, E * sizeof *y);
    for (size_t k = 0; k < L; k++)
        memcpy(y + (1 + order[k]) * E, k < keep ? embedded + (1 + k) * E : token, E * sizeof *y);
    add_to(y, positions, (1 + L) * E);
    naive_blocks(f, "decoder.decoder_layers.", &decoder, y, 1 + L);
    double *z = norm(f, "decoder.", "decoder_norm", y, 1 + L, E, 1e-12), *out = linear(f, "decoder.", "decoder_pred", z + E, L, VALUES, E);
    free(tokens);
    free(x);
    free(latent);
    free(embedded);
    free(token);
    free(y);
    free(z);
    return out;
}

static void pass_agrees_with_a_naive_one_and_with_its_batch(void **state)
{
    (void)state;
    struct fake f = {0};
    char *folder = make_mae(&f, "");
    struct encoder *e = open_mae(folder);
    float pixels[PIXELS], *prediction = NEW(3 * L * VALUES, float), *one = NEW(L * VALUES, float);
    uint32_t order[3 * L];
    fill_pixels(pixels, PIXELS, 4);
    for (size_t keep = 0; keep <= L; keep += 5) {
        struct mask_schedule s;
        struct mae_workspace *w = mae_workspace_new(e, keep, 3, 2), *single = mae_workspace_new(e, keep, 1, 1);
        mask_schedule_init(&s, MASKS_OFFICIAL, 5, L, keep);
        for (size_t i = 0; i < 3; i++)
            mask_schedule_next(&s, order + i * L);
        mask_schedule_free(&s);
        mae_set_picture(w, pixels);
        mae_encode(w, order, 3);
        mae_decode(w, prediction);
        mae_set_picture(single, pixels);
        for (size_t i = 0; i < 3; i++) {
            double *due = naive_pass(&f, pixels, order + i * L, keep);
            mae_encode(single, order + i * L, 1);
            mae_decode(single, one);
            assert_memory_equal(one, prediction + i * L * VALUES, L * VALUES * sizeof *one);
            for (size_t k = 0; k < L * VALUES; k++)
                assert_true(fabs(due[k] - (double)one[k]) < 4e-6);
            free(due);
        }
        mae_workspace_free(w);
        mae_workspace_free(single);
    }
    free(prediction);
    free(one);
    encoder_close(e);
    fake_free(&f);
    remove_folder(folder);
}

static void patches_and_pictures_are_inverse(void **state)
{
    (void)state;
    struct fake f = {0};
    char *folder = make_mae(&f, ", \"norm_pix_loss\": true");
    struct encoder *e = open_mae(folder);
    struct mae_info info;
    float pixels[PIXELS], back[PIXELS], patches[L * VALUES], target[L * VALUES];
    double error[L];
    uint8_t masked[L] = {0};
    assert_int_equal(mae_info(&info, e, NULL), STATUS_OK);
    assert_true(info.norm_pix_loss && info.n_patches == L && info.patch_values == VALUES && info.mask_ratio == 0.6);
    fill_pixels(pixels, PIXELS, 1);
    mae_patchify(patches, pixels, &info);
    mae_unpatchify(back, patches, &info);
    assert_memory_equal(pixels, back, sizeof pixels);
    assert_true(patches[1] == pixels[40 * 40] && patches[3] == pixels[1] && patches[24] == pixels[40]); /* channel, column, row */
    memcpy(target, patches, sizeof target);
    mae_patch_errors(error, patches, target, &info);
    assert_true(isnan(mae_loss(error, masked, L))); /* nothing masked: no loss */
    masked[3] = 1;
    assert_true(mae_loss(error, masked, L) == 0);
    mae_normalise_patches(target, &info);
    for (size_t k = 0; k < L; k++) {
        double mean = 0, squares = 0;
        for (size_t i = 0; i < VALUES; i++) {
            mean += (double)target[k * VALUES + i] / VALUES;
            squares += (double)target[k * VALUES + i] * (double)target[k * VALUES + i];
        }
        assert_true(fabs(mean) < 1e-6 && fabs(squares / (VALUES - 1) - 1) < 1e-4);
    }
    encoder_close(e);
    fake_free(&f);
    remove_folder(folder);
}

/* ---- maps ---- */

static void map_is_the_mean_over_the_passes_that_masked(void **state)
{
    (void)state;
    struct fake f = {0};
    char *folder = make_mae(&f, "");
    struct encoder *e = open_mae(folder);
    struct preprocess p = plain();
    struct mae_info info;
    float pixels[PIXELS], level[PIXELS], made[PIXELS], *prediction = NEW(L * VALUES, float);
    fill_pixels(pixels, PIXELS, 9);
    for (size_t batch = 1; batch < 6; batch += 2) {
        struct error_map_settings s = {.passes = 5, .mask_ratio = 0.6, .seed = 11, .batch = batch};
        struct error_map map;
        double sum[1600] = {0}, hits[1600] = {0}, mean = 0;
        assert_int_equal(error_map_check(&info, e, &s, NULL), STATUS_OK);
        struct error_map_worker *w = error_map_worker_new(e, &p, &s, 1);
        assert_int_equal(error_map_compute(&map, w, pixels, NULL), STATUS_OK);
        size_t keep = mae_keep(L, 0.6);
        struct mae_workspace *mae = mae_workspace_new(e, keep, 1, 1);
        struct mask_schedule schedule;
        mask_schedule_init(&schedule, MASKS_OFFICIAL, 11, L, keep);
        mae_set_picture(mae, pixels);
        error_map_levels(level, pixels, &p, 1600);
        for (size_t pass = 0; pass < 5; pass++) {
            uint32_t order[L];
            uint8_t masked[L];
            mask_schedule_next(&schedule, order);
            mae_mask(masked, order, L, keep);
            mae_encode(mae, order, 1);
            mae_decode(mae, prediction);
            mae_unpatchify(made, prediction, &info);
            error_map_levels(made, made, &p, 1600);
            for (size_t i = 0; i < 1600; i++)
                for (size_t c = 0; c < 3 && masked[i / 40 / 8 * 5 + i % 40 / 8]; c++) {
                    sum[i] += pow((double)made[c * 1600 + i] - (double)level[c * 1600 + i], 2) / 3;
                    hits[i] += c == 0;
                }
        }
        mask_schedule_free(&schedule);
        mae_workspace_free(mae);
        for (size_t i = 0; i < 1600; i++) {
            double due = hits[i] > 0 ? sum[i] / hits[i] : 0;
            assert_true(fabs((double)map.value[i] - due) < 1e-7);
            assert_true((double)map.hits[i / 40 / 8 * 5 + i % 40 / 8] == hits[i]);
            mean += due / 1600;
        }
        assert_true(map.passes == 5 && fabs(map.mean - mean) < 1e-7 && map.p99 <= map.maximum && map.mean <= map.p99);
        error_map_worker_free(w);
        error_map_free(&map);
    }
    free(prediction);
    encoder_close(e);
    fake_free(&f);
    remove_folder(folder);
}

/* Without contrast (std 0) every prediction and every picture is the same grey: nothing to get wrong. */
static void where_both_agree_the_map_is_zero(void **state)
{
    (void)state;
    struct fake f = {0};
    char *folder = make_mae(&f, "");
    struct encoder *e = open_mae(folder);
    struct preprocess p = plain();
    float pixels[PIXELS];
    fill_pixels(pixels, PIXELS, 6);
    p.std[0] = p.std[1] = p.std[2] = 0;
    struct error_map_settings s = {.passes = 0, .mask_ratio = 0.6, .seed = 1, .batch = 4, .schedule = MASKS_EVEN};
    struct error_map_worker *w = error_map_worker_new(e, &p, &s, 1);
    struct error_map map;
    assert_int_equal(error_map_compute(&map, w, pixels, NULL), STATUS_OK);
    for (size_t i = 0; i < 1600; i++)
        assert_true(map.value[i] == 0);
    assert_true(map.mean == 0 && map.maximum == 0 && map.standard_error == 0 && isnan(map.noise_share));
    assert_int_equal(map.hits_least, map.hits_most);
    assert_true(map.passes >= ERROR_MAP_LEAST && map.passes < ERROR_MAP_MOST); /* a flat map stops at the first look */
    error_map_free(&map);
    error_map_worker_free(w);
    encoder_close(e);
    fake_free(&f);
    remove_folder(folder);
}

static void passes_are_added_until_the_noise_is_small(void **state)
{
    (void)state;
    struct fake f = {0};
    char *folder = make_mae(&f, "");
    struct encoder *e = open_mae(folder);
    struct preprocess p = plain();
    float pixels[PIXELS];
    fill_pixels(pixels, PIXELS, 2);
    struct error_map_settings s = {.passes = 0, .mask_ratio = 0.6, .seed = 3, .batch = 3, .schedule = MASKS_EVEN};
    struct error_map chosen, given;
    struct error_map_worker *w = error_map_worker_new(e, &p, &s, 1);
    assert_int_equal(error_map_compute(&chosen, w, pixels, NULL), STATUS_OK);
    error_map_worker_free(w);
    assert_true(chosen.noise_share <= ERROR_MAP_NOISE && chosen.hits_least == chosen.hits_most);
    s.passes = chosen.passes; /* the same number, told: the same map */
    s.batch = 8;
    w = error_map_worker_new(e, &p, &s, 2);
    assert_int_equal(error_map_compute(&given, w, pixels, NULL), STATUS_OK);
    error_map_worker_free(w);
    assert_memory_equal(chosen.value, given.value, 1600 * sizeof(float));
    assert_true(chosen.standard_error == given.standard_error);
    error_map_free(&chosen);
    error_map_free(&given);
    encoder_close(e);
    fake_free(&f);
    remove_folder(folder);
}

/* ---- refusals ---- */

static void bad_decoders_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *more, *drop, *word;
    } bad[] = {
        {", \"decoder_num_hidden_layers\": 0", NULL, "decoder_num_hidden_layers is 0"},
        {"", "decoder.mask_token", "holds no decoder"},
        {"", "decoder.decoder_pred.bias", "decoder.decoder_pred.bias"},
        {"", "decoder.decoder_layers.0.output.dense.weight", "decoder.decoder_layers.0.output.dense.weight"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fake f = {0};
        struct encoder *e;
        struct status st = {0};
        char *folder = make_mae(&f, "");
        if (bad[i].drop) {
            fake_drop(&f, bad[i].drop);
            put_weights(folder, &f);
        } else {
            put_config(folder, &small, "vit_mae", bad[i].more);
        }
        assert_int_equal(encoder_open_with(&e, folder, &(struct encoder_options){.decoder = true}, &st), STATUS_DATA);
        if (!strstr(st.text, bad[i].word))
            fail_msg("'%s' does not hold '%s'", st.text, bad[i].word);
        fake_free(&f);
        remove_folder(folder);
    }
}

static void settings_that_do_not_go_are_refused(void **state)
{
    (void)state;
    struct fake f = {0};
    char *folder = make_mae(&f, "");
    struct encoder *e = open_mae(folder), *without = open_good(folder);
    struct mae_info info;
    struct error_map_settings s = {.passes = 4, .mask_ratio = 0.99, .batch = 1};
    assert_int_equal(error_map_check(&info, e, &s, NULL), STATUS_USAGE);
    s.mask_ratio = 0.01; /* keeps 24 of 25 */
    assert_int_equal(error_map_check(&info, e, &s, NULL), STATUS_OK);
    s.mask_ratio = 0;
    assert_int_equal(error_map_check(&info, e, &s, NULL), STATUS_USAGE);
    s = (struct error_map_settings){.passes = 0, .mask_ratio = 0.5, .batch = 1, .schedule = MASKS_OFFICIAL};
    assert_int_equal(error_map_check(&info, e, &s, NULL), STATUS_USAGE);
    s.schedule = MASKS_EVEN;
    assert_int_equal(error_map_check(&info, e, &s, NULL), STATUS_OK);
    assert_int_equal(error_map_check(&info, without, &s, NULL), STATUS_DATA);
    encoder_close(e);
    encoder_close(without);
    fake_free(&f);
    remove_folder(folder);
}

/* ---- colours ---- */

static double lightness(const uint8_t *rgb)
{
    double linear[3];
    for (int k = 0; k < 3; k++) {
        double x = rgb[k] / 255.0;
        linear[k] = x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4);
    }
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]; /* luminance rises with it */
}

static void colours_grow_lighter_all_the_way(void **state)
{
    (void)state;
    struct colour_map map;
    colour_map_make(&map);
    for (int i = 1; i < COLOUR_MAP_STEPS; i++) {
        assert_true(lightness(map.rgb[i]) > lightness(map.rgb[i - 1]) - 1e-3);
        for (int k = 0; k < 3; k++)
            assert_true(abs(map.rgb[i][k] - map.rgb[i - 1][k]) <= 6); /* no seam */
    }
    assert_true(lightness(map.rgb[0]) < 0.02 && lightness(map.rgb[COLOUR_MAP_STEPS - 1]) > 0.7);
    assert_ptr_equal(colour_map_at(&map, -1), map.rgb[0]);
    assert_ptr_equal(colour_map_at(&map, 2), map.rgb[COLOUR_MAP_STEPS - 1]);
    assert_ptr_equal(colour_map_at(&map, NAN), map.rgb[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keep_is_truncated_as_the_reference_does_it),
        cmocka_unit_test(order_is_stable_and_mask_is_its_tail),
        cmocka_unit_test(even_schedule_masks_every_patch_equally_often),
        cmocka_unit_test(schedules_belong_to_the_seed),
        cmocka_unit_test(all_patches_seen_is_the_unmasked_encoder),
        cmocka_unit_test(pass_agrees_with_a_naive_one_and_with_its_batch),
        cmocka_unit_test(patches_and_pictures_are_inverse),
        cmocka_unit_test(map_is_the_mean_over_the_passes_that_masked),
        cmocka_unit_test(where_both_agree_the_map_is_zero),
        cmocka_unit_test(passes_are_added_until_the_noise_is_small),
        cmocka_unit_test(bad_decoders_are_refused),
        cmocka_unit_test(settings_that_do_not_go_are_refused),
        cmocka_unit_test(colours_grow_lighter_all_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
