/* The encoder as a whole on small checkpoints made here: against a naive ViT in
 * double, the same bytes however the weights are stored and however many
 * threads run, and a refusal that names its reason for everything contradictory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <omp.h>

#include "base/file.h"
#include "base/safetensors.h"
#include "encoder/encoder.h"
#include "encoder_folder.h"
#include "naive_vit.h"

static const struct fake_vit small = {.prefix = "vit.", .width = 24, .layers = 2, .heads = 3, .intermediate = 40, .patch = 8, .image = 26, .qkv_bias = true}; /* 26 px: the last two are cut off, as the convolution does */

/* ---- against the naive ViT ---- */

static void check_against_naive(const struct fake_vit *v, double eps, double (*activation)(double), const char *more)
{
    char *folder = make_checkpoint(v, "vit");
    put_config(folder, v, "vit", more);
    struct encoder *e = open_good(folder);
    struct encoder_workspace *w = encoder_workspace_new(e);
    size_t n = 3 * v->image * v->image, D = v->width, T = encoder_info(e)->tokens;
    float *pixels = NEW(n, float), *out = NEW(encoder_output_width(e), float);
    struct fake f = {0};
    fake_add_vit(&f, v);
    fill_pixels(pixels, n, 3);
    encoder_workspace_trace(e, w);
    assert_int_equal(encoder_forward(e, w, pixels, out, NULL), STATUS_OK);
    double *x = naive_stream(&f, v, pixels, eps, activation, NULL), *y = norm(&f, v->prefix, "layernorm", x, T, D, eps);
    assert_int_equal(encoder_n_readouts(e), 3);
    for (size_t j = 0; j < D; j++) {
        double mean = 0;
        for (size_t t = 1; t < T; t++) {
            mean += y[t * D + j] / (double)(T - 1);
        }
        assert_true(fabs((double)out[j] - y[j]) < 4e-6);
        assert_true(fabs((double)out[D + j] - x[j]) < 4e-6 * 4);
        assert_true(fabs((double)out[2 * D + j] - mean) < 4e-6);
    }
    for (size_t i = 0; i < T * D; i++) {
        assert_true(fabs((double)encoder_tokens(e, w)[i] - y[i]) < 8e-6);
        assert_true(fabs((double)encoder_hidden_state(e, w, v->layers)[i] - x[i]) < 2e-5);
    }
    free(x);
    free(y);
    fake_free(&f);
    free(pixels);
    free(out);
    encoder_workspace_free(w);
    encoder_close(e);
    remove_folder(folder);
}

static void forward_agrees_with_a_naive_vit(void **state)
{
    (void)state;
    struct fake_vit v = small;
    check_against_naive(&v, 1e-12, naive_gelu, "");
    v.qkv_bias = false;
    v.prefix = "";
    check_against_naive(&v, 0.01, naive_gelu, ", \"layer_norm_eps\": 0.01");
    v.heads = 1;
    v.width = 17; /* no multiple of a vector */
    check_against_naive(&v, 1e-12, naive_gelu, "");
}

static double naive_gelu_new(double x)
{
    return 0.5 * x * (1 + tanh(sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)));
}

static double naive_quick_gelu(double x)
{
    return x / (1 + exp(-1.702 * x));
}

static double naive_silu(double x)
{
    return x / (1 + exp(-x));
}

static double naive_relu(double x)
{
    return fmax(x, 0);
}

static void hidden_act_is_what_the_config_says(void **state)
{
    (void)state;
    check_against_naive(&small, 1e-12, naive_gelu_new, ", \"hidden_act\": \"gelu_new\"");
    check_against_naive(&small, 1e-12, naive_gelu_new, ", \"hidden_act\": \"gelu_pytorch_tanh\"");
    check_against_naive(&small, 1e-12, naive_quick_gelu, ", \"hidden_act\": \"quick_gelu\"");
    check_against_naive(&small, 1e-12, naive_silu, ", \"hidden_act\": \"silu\"");
    check_against_naive(&small, 1e-12, naive_relu, ", \"hidden_act\": \"relu\"");
}

static void pooler_is_a_readout_where_the_file_holds_one(void **state)
{
    (void)state;
    struct fake_vit v = small;
    v.prefix = "";
    size_t D = v.width;
    char *folder = make_checkpoint(&v, "vit");
    struct fake f = {0};
    fake_add_vit(&f, &v);
    fake_add_linear(&f, "", "pooler.dense", D, D, true);
    put_weights(folder, &f);
    struct encoder *e = open_good(folder);
    assert_int_equal(encoder_n_readouts(e), 4);
    assert_string_equal(encoder_readout_name(e, 3), "pooler");
    float *out = run_once(e);
    double *cls = NEW(D, double);
    for (size_t i = 0; i < D; i++) {
        cls[i] = (double)out[i];
    }
    double *due = linear(&f, "", "pooler.dense", cls, 1, D, D);
    for (size_t i = 0; i < D; i++) {
        assert_true(fabs(tanh(due[i]) - (double)out[3 * D + i]) < 1e-6);
    }
    encoder_close(e);
    put_config(folder, &v, "vit", ", \"pooler_act\": \"relu\"");
    refused(folder, "pooler_act 'relu' is not built");
    free(cls);
    free(due);
    free(out);
    fake_free(&f);
    remove_folder(folder);
}

static void region_guided_probabilities_are_grouped(void **state)
{
    (void)state;
    static const size_t groups[][2] = {{1, 5}, {5, 34}, {34, 37}};
    char *folder = make_checkpoint(&small, "vit");
    struct fake f = {0};
    fake_add_vit(&f, &small);
    fake_add_linear(&f, "", "classifier", 38, small.width, true);
    put_weights(folder, &f);
    struct encoder *e = open_good(folder);
    struct encoder_workspace *w = encoder_workspace_new(e);
    float *pixels = NEW(3 * 26 * 26, float), out[72], logits[38], p[38];
    fill_pixels(pixels, 3 * 26 * 26, 1);
    assert_int_equal(encoder_forward(e, w, pixels, out, NULL), STATUS_OK);
    assert_int_equal(encoder_logits(e, w, logits, NULL), STATUS_OK);
    assert_int_equal(encoder_probabilities(e, w, p, NULL), STATUS_OK);
    float again[38];
    assert_int_equal(encoder_classify_groups(e, out, again, NULL), STATUS_OK);
    assert_memory_equal(again, p, sizeof p);
    for (size_t i = 0; i < 38; i += 37) {
        assert_true(fabs((double)p[i] - 1 / (1 + exp(-(double)logits[i]))) < 1e-7);
    }
    for (size_t g = 0; g < 3; g++) {
        double sum = 0;
        for (size_t i = groups[g][0]; i < groups[g][1]; i++) {
            sum += (double)p[i];
            assert_true(fabs(log((double)p[i] / (double)p[groups[g][0]]) - (double)(logits[i] - logits[groups[g][0]])) < 1e-5);
        }
        assert_true(fabs(sum - 1) < 1e-6);
    }
    encoder_workspace_free(w);
    encoder_close(e);
    fake_drop(&f, "classifier.weight"); /* another head */
    fake_drop(&f, "classifier.bias");
    fake_add_linear(&f, "", "classifier", 5, small.width, true);
    put_weights(folder, &f);
    e = open_good(folder);
    w = encoder_workspace_new(e);
    assert_int_equal(encoder_forward(e, w, pixels, out, NULL), STATUS_OK);
    assert_int_equal(encoder_probabilities(e, w, p, NULL), STATUS_DATA);
    encoder_workspace_free(w);
    encoder_close(e);
    free(pixels);
    fake_free(&f);
    remove_folder(folder);
}

/* Attention knows places only through the table: patches that change places together with their rows leave the class token alone. */
static void moving_patches_with_their_positions_leaves_cls_alone(void **state)
{
    (void)state;
    struct fake_vit v = small;
    v.image = 24;
    size_t D = v.width, S = v.image, p = v.patch, G = S / p;
    char *folder = make_checkpoint(&v, "vit"), *moved = make_checkpoint(&v, "vit");
    char *path = path_join(moved, "model.safetensors");
    struct encoder *e = open_good(folder);
    size_t n_positions;
    const float *table = encoder_positions(e, &n_positions);
    float *turned = NEW(n_positions, float), *pixels = NEW(3 * S * S, float), *turned_pixels = NEW(3 * S * S, float);
    memcpy(turned, table, D * sizeof *turned);
    fill_pixels(pixels, 3 * S * S, 5);
    for (size_t n = 0; n < G * G; n++) {
        size_t to = (n + 4) % (G * G);
        memcpy(turned + (1 + to) * D, table + (1 + n) * D, D * sizeof *turned);
        for (size_t i = 0; i < 3 * p * p; i++) {
            size_t c = i / (p * p), y = i / p % p, x = i % p;
            turned_pixels[(c * S + to / G * p + y) * S + to % G * p + x] = pixels[(c * S + n / G * p + y) * S + n % G * p + x];
        }
    }
    struct safetensors s; /* where the table's bytes lie in the file */
    struct status st;
    assert_int_equal(safetensors_open(&s, path, &st), STATUS_OK);
    long at = -1;
    for (size_t i = 0; i < s.n; i++) {
        if (strcmp(s.tensor[i].name, "vit.embeddings.position_embeddings") == 0) {
            at = (long)(s.tensor[i].data - s.map.data);
        }
    }
    safetensors_close(&s);
    assert_true(at > 0);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(turned, sizeof *turned, n_positions, file), n_positions);
    assert_int_equal(fclose(file), 0);

    struct encoder *other = open_good(moved);
    struct encoder_workspace *w[2] = {encoder_workspace_new(e), encoder_workspace_new(other)};
    float *out[3];
    for (int i = 0; i < 3; i++) {
        out[i] = NEW(3 * D, float);
        assert_int_equal(encoder_forward(i ? other : e, w[i > 0], i == 1 ? turned_pixels : pixels, out[i], &st), STATUS_OK);
    }
    double largest = 0, control = 0;
    for (size_t i = 0; i < 3 * D; i++) {
        largest = fmax(largest, fabs((double)(out[0][i] - out[1][i])));
        control = fmax(control, fabs((double)(out[0][i] - out[2][i])));
    }
    assert_true(largest < 4e-6);
    assert_true(control > 1e-3); /* the picture alone, or the table alone, does matter */
    for (int i = 0; i < 3; i++) {
        free(out[i]);
    }
    encoder_workspace_free(w[0]);
    encoder_workspace_free(w[1]);
    encoder_close(e);
    encoder_close(other);
    free(turned);
    free(pixels);
    free(turned_pixels);
    free(path);
    remove_folder(folder);
    remove_folder(moved);
}

/* There are no batches: each picture runs alone.  What could still leak from one to the next is the workspace. */
static void a_used_workspace_gives_the_same_bytes(void **state)
{
    (void)state;
    char *folder = make_checkpoint(&small, "vit");
    struct encoder *e = open_good(folder);
    struct encoder_workspace *w = encoder_workspace_new(e);
    size_t n = 3 * small.image * small.image;
    float *pixels = NEW(2 * n, float), out[3][72];
    fill_pixels(pixels, n, 1);
    fill_pixels(pixels + n, n, 2);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(encoder_forward(e, w, pixels + i % 2 * n, out[i], NULL), STATUS_OK);
    }
    assert_memory_equal(out[0], out[2], sizeof out[0]);
    assert_memory_not_equal(out[0], out[1], sizeof out[0]);
    free(pixels);
    encoder_workspace_free(w);
    encoder_close(e);
    remove_folder(folder);
}

static void vit_takes_its_own_size_alone(void **state)
{
    (void)state;
    char *folder = make_checkpoint(&small, "vit");
    struct encoder *e = open_good(folder);
    struct status st = {0};
    assert_int_equal(encoder_info(e)->input_height, 26);
    assert_int_equal(encoder_set_input(e, 26, 26, &st), STATUS_OK);
    assert_int_equal(encoder_set_input(e, 26, 34, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "26x26 (its image_size), not 34x26"));
    encoder_close(e);
    assert_int_equal(encoder_open_with(&e, folder, &(struct encoder_options){.old_interpolation = true}, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "old_interpolation"));
    remove_folder(folder);
}

static void info_and_readouts_say_what_is_there(void **state)
{
    (void)state;
    char *folder = make_folder();
    struct fake f = {0};
    fake_add_vit(&f, &small);
    fake_add_linear(&f, "", "classifier", 5, small.width, true);
    fake_add_linear(&f, "", "pooler.dense", small.width, small.width, true);
    fake_add(&f, mem_strdup("decoder.mask_token"), 3, (size_t[]){1, 1, 7});
    put_config(folder, &small, "vit_mae", "");
    put_weights(folder, &f);
    struct encoder *e = open_good(folder);
    const struct encoder_info *info = encoder_info(e);
    assert_string_equal(info->architecture, "vit_mae");
    assert_int_equal(info->tokens, 10);
    assert_int_equal(info->n_labels, 5);
    assert_int_equal(info->n_tensors, f.n);
    assert_int_equal(info->n_used, f.n - 3);
    assert_true(info->eps == 1e-12);
    size_t D = 24, I = 40, n;
    assert_int_equal(info->n_parameters, D + 10 * D + D * 192 + D + 2 * (4 * (D * D + D) + 2 * D * I + I + D + 4 * D) + 2 * D);
    const char *const *unused = encoder_unused(e, &n);
    assert_int_equal(n, 3);
    assert_string_equal(unused[0], "decoder.mask_token");
    assert_string_equal(unused[1], "pooler.dense.bias");
    assert_string_equal(encoder_readout_name(e, 0), "cls");
    assert_string_equal(encoder_readout_name(e, 1), "cls_pre");
    assert_string_equal(encoder_readout_name(e, 2), "mean");
    assert_int_equal(encoder_output_width(e), 3 * D);
    assert_true(encoder_knows("vit") && encoder_knows("dinov2") && !encoder_knows("convnext"));
    float *out = run_once(e), logits[5];
    struct encoder_workspace *w = encoder_workspace_new(e);
    float *pixels = NEW(3 * 26 * 26, float);
    fill_pixels(pixels, 3 * 26 * 26, 1);
    assert_int_equal(encoder_forward(e, w, pixels, out, NULL), STATUS_OK);
    assert_int_equal(encoder_logits(e, w, logits, NULL), STATUS_OK);
    double *cls = NEW(D, double);
    for (size_t i = 0; i < D; i++) {
        cls[i] = (double)out[i];
    }
    double *due = linear(&f, "", "classifier", cls, 1, 5, D);
    for (size_t i = 0; i < 5; i++) {
        assert_true(fabs(due[i] - (double)logits[i]) < 1e-6);
    }
    free(cls);
    free(due);
    free(out);
    free(pixels);
    encoder_workspace_free(w);
    encoder_close(e);
    fake_free(&f);
    remove_folder(folder);
}

static void bytes_do_not_depend_on_how_weights_are_stored(void **state)
{
    (void)state;
    char *folder = make_checkpoint(&small, "vit");
    float *due = run_path(folder);
    size_t bytes = 3 * small.width * sizeof *due;
    struct fake f = {0};
    fake_add_vit(&f, &small);
    float *out;

    for (size_t i = 0; i < f.n; i++) { /* mixed dtypes, and data that begins at an odd address */
        f.tensor[i].dtype = i % 3 == 0 ? "F32" : i % 3 == 1 ? "F16" : "BF16";
    }
    for (int odd = 0; odd < 2; odd++) {
        put_part(folder, "model.safetensors", &f, 0, f.n, odd);
        out = run_path(folder);
        assert_memory_equal(out, due, bytes);
        free(out);
    }
    char *weights = path_join(folder, "model.safetensors"); /* the file with the config.json beside it */
    out = run_path(weights);
    assert_memory_equal(out, due, bytes);
    free(out);

    unlink(weights); /* two shards */
    put_part(folder, "a.safetensors", &f, 0, 10, false);
    put_part(folder, "b.safetensors", &f, 10, f.n, false);
    char *index = NULL;
    size_t length;
    FILE *text = open_memstream(&index, &length);
    fputs("{\"metadata\": {\"total_size\": 1}, \"weight_map\": {", text);
    for (size_t i = 0; i < f.n; i++) {
        fprintf(text, "%s\"%s\": \"%s.safetensors\"", i ? ", " : "", f.tensor[i].name, i < 10 ? "a" : "b");
    }
    fputs("}}", text);
    fclose(text);
    put_text(folder, "model.safetensors.index.json", index);
    out = run_path(folder);
    assert_memory_equal(out, due, bytes);
    free(out);
    free(index);
    free(weights);
    free(due);
    fake_free(&f);
    remove_folder(folder);
}

static void bytes_do_not_depend_on_threads(void **state)
{
    (void)state;
    enum { N = 24 };
    struct fake_vit v = {.prefix = "", .width = 64, .layers = 2, .heads = 4, .intermediate = 128, .patch = 8, .image = 40, .qkv_bias = true};
    char *folder = make_checkpoint(&v, "vit");
    struct encoder *e = open_good(folder);
    size_t n = 3 * v.image * v.image, width = encoder_output_width(e);
    float *pixels = NEW(N * n, float), *out[2] = {NEW(N * width, float), NEW(N * width, float)};
    for (size_t i = 0; i < N; i++) {
        fill_pixels(pixels + i * n, n, i);
    }
    for (int k = 0; k < 2; k++) {
        int failures[N] = {0};
#pragma omp parallel num_threads(k ? 8 : 1)
        {
            struct encoder_workspace *w = encoder_workspace_new(e);
#pragma omp for schedule(dynamic)
            for (size_t i = 0; i < N; i++) {
                struct status st;
                failures[i] = encoder_forward(e, w, pixels + i * n, out[k] + i * width, &st);
            }
            encoder_workspace_free(w);
        }
        for (size_t i = 0; i < N; i++) {
            assert_int_equal(failures[i], STATUS_OK);
        }
    }
    assert_memory_equal(out[0], out[1], N * width * sizeof(float));
    assert_memory_not_equal(out[0], out[0] + width, width * sizeof(float));
    free(pixels);
    free(out[0]);
    free(out[1]);
    encoder_close(e);
    remove_folder(folder);
}

static void pixels_that_are_not_finite_are_reported(void **state)
{
    (void)state;
    char *folder = make_checkpoint(&small, "vit");
    struct encoder *e = open_good(folder);
    struct encoder_workspace *w = encoder_workspace_new(e);
    float *pixels = NEW0(3 * 26 * 26, float), out[72];
    struct status st = {0};
    assert_int_equal(encoder_forward(e, w, pixels, out, &st), STATUS_OK);
    assert_int_equal(encoder_logits(e, w, out, &st), STATUS_DATA);
    pixels[5] = NAN;
    assert_int_equal(encoder_forward(e, w, pixels, out, &st), STATUS_DATA);
    pixels[5] = INFINITY;
    assert_int_equal(encoder_forward(e, w, pixels, out, &st), STATUS_DATA);
    free(pixels);
    encoder_workspace_free(w);
    encoder_close(e);
    remove_folder(folder);
}

/* ---- refusals ---- */

static void contradictory_configs_are_refused(void **state)
{
    (void)state;
    char *folder = make_checkpoint(&small, "vit");
    static const struct {
        const char *type, *more, *word;
    } cases[] = {
        {"vit", ", \"hidden_act\": \"mish\"", "hidden_act 'mish' is not built; gelu, gelu_new"},
        {"vit", ", \"hidden_act\": 3", "hidden_act"},
        {"vit", ", \"num_channels\": 1", "num_channels is 1"},
        {"vit", ", \"layer_norm_eps\": -1", "layer_norm_eps is -1"},
        {"vit", ", \"layer_norm_eps\": \"small\"", "layer_norm_eps"},
        {"dinov2", "", "lacks tensor 'dinov2.embeddings.cls_token'"},
        {"convnext", "", "architecture 'convnext' is not built; vit, vit_mae, dinov2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_config(folder, &small, cases[i].type, cases[i].more);
        refused(folder, cases[i].word);
    }
    struct fake_vit v = small;
    v.width = 48;
    put_config(folder, &v, "vit", "");
    refused(folder, "[1,1,24], config.json asks for [1,1,48]");
    v = small, v.heads = 5;
    put_config(folder, &v, "vit", "");
    refused(folder, "hidden_size 24 cannot be shared among num_attention_heads 5");
    v = small, v.layers = 1;
    put_config(folder, &v, "vit", "");
    refused(folder, "encoder.layer.1.");
    v = small, v.layers = 3;
    put_config(folder, &v, "vit", "");
    refused(folder, "lacks tensor 'vit.encoder.layer.2.");
    v = small, v.intermediate = 41;
    put_config(folder, &v, "vit", "");
    refused(folder, "[40,24], config.json asks for [41,24]");
    v = small, v.image = 34;
    put_config(folder, &v, "vit", "");
    refused(folder, "[1,10,24], config.json asks for [1,17,24]");
    v = small, v.qkv_bias = false;
    put_config(folder, &v, "vit", "");
    refused(folder, "qkv_bias is false");
    v = small, v.width = 1000000;
    put_config(folder, &v, "vit", "");
    refused(folder, "hidden_size is 1000000, it must lie in 1 .. 16384");
    v = small, v.image = 4096, v.patch = 1;
    put_config(folder, &v, "vit", "");
    refused(folder, "16777217 tokens");
    put_text(folder, "config.json", "{}");
    refused(folder, "no model_type");
    put_text(folder, "config.json", "[]");
    refused(folder, "no JSON object");
    put_text(folder, "config.json", "{\"model_type\": \"vit\",}");
    refused(folder, "line 1");
    put_text(folder, "config.json", "{\"model_type\": \"vit\", \"hidden_size\": 24.5}");
    refused(folder, "hidden_size must be a whole number");
    remove_folder(folder);
}

static void broken_weights_are_refused(void **state)
{
    (void)state;
    static const char name[] = "vit.encoder.layer.1.output.dense.weight";
    char *folder = make_checkpoint(&small, "vit");
    struct fake f = {0};
    fake_add_vit(&f, &small);
    struct fake_tensor *t = fake_find(&f, name);
    static const float pokes[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        t->poked = true;
        t->poke = pokes[i];
        put_weights(folder, &f);
        refused(folder, "at place 959 of 960");
    }
    t->dtype = "BF16";
    put_weights(folder, &f);
    refused(folder, name);
    t->poked = false;
    t->dtype = "I32";
    put_weights(folder, &f);
    refused(folder, "stored as I32");
    t->dtype = "F32";
    t->n_dims = 1;
    put_weights(folder, &f);
    refused(folder, "has shape [24], config.json asks for [24,40]");
    fake_drop(&f, name);
    put_weights(folder, &f);
    refused(folder, "lacks tensor 'vit.encoder.layer.1.output.dense.weight'");
    fake_add(&f, mem_strdup("embeddings.cls_token"), 1, (size_t[]){1});
    put_weights(folder, &f);
    refused(folder, "two encoders");
    fake_free(&f);
    put_weights(folder, &f);
    refused(folder, "vit.embeddings.cls_token");
    remove_folder(folder);
}

/* The container allows a name twice when both entries agree; weights do not. */
static void a_tensor_twice_is_refused(void **state)
{
    (void)state;
    static const char header[] = "{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                                 "\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}x"; /* x: the data */
    char *folder = make_folder(), *weights = path_join(folder, "model.safetensors");
    uint64_t length = sizeof header - 2;
    FILE *file = fopen(weights, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(&length, sizeof length, 1, file), 1);
    assert_int_equal(fwrite(header, 1, sizeof header - 1, file), sizeof header - 1);
    assert_int_equal(fclose(file), 0);
    put_config(folder, &small, "vit", "");
    refused(folder, "holds tensor 'w' twice");
    free(weights);
    remove_folder(folder);
}

static void incomplete_folders_are_refused(void **state)
{
    (void)state;
    char *folder = make_folder();
    refused("/nonexistent/checkpoint", "does not exist");
    refused(folder, "no config.json");
    put_config(folder, &small, "vit", "");
    refused(folder, "neither model.safetensors");
    put_text(folder, "pytorch_model.bin", "x");
    refused(folder, "convert it");
    char *pickle = path_join(folder, "pytorch_model.bin");
    refused(pickle, "neither a checkpoint folder");
    free(pickle);
    remove_folder(folder);
}

static void bad_indexes_are_refused(void **state)
{
    (void)state;
    char *folder = make_folder();
    struct fake f = {0};
    fake_add(&f, mem_strdup("w"), 1, (size_t[]){2});
    fake_add(&f, mem_strdup("v"), 1, (size_t[]){2});
    put_config(folder, &small, "vit", "");
    put_part(folder, "a.safetensors", &f, 0, 1, false);
    put_part(folder, "b.safetensors", &f, 1, 2, false);
    static const struct {
        const char *map, *word;
    } cases[] = {
        {"{\"w\": \"../a.safetensors\"}", "no file name"},
        {"{\"w\": \"/a.safetensors\"}", "no file name"},
        {"{\"w\": \"x\\\\a.safetensors\"}", "no file name"},
        {"{\"w\": \"..\"}", "no file name"},
        {"{\"w\": \"\"}", "no file name"},
        {"{\"w\": 3}", "no file name"},
        {"{\"w\": \"a.safetensors\\u0000\"}", ""},
        {"{\"w\": \"pytorch_model-1.bin\"}", "no .safetensors file"},
        {"{\"w\": \"c.safetensors\"}", "c.safetensors"},
        {"{\"w\": \"b.safetensors\", \"v\": \"b.safetensors\"}", "puts tensor 'w' into 'b.safetensors'"},
        {"{\"w\": \"a.safetensors\", \"v\": \"a.safetensors\"}", "puts tensor 'v' into 'a.safetensors'"},
        {"{\"w\": \"a.safetensors\", \"w\": \"b.safetensors\"}", "duplicate"},
        {"{}", "no weight_map"},
        {"[]", "no weight_map"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = mem_printf("{\"weight_map\": %s}", cases[i].map);
        put_text(folder, "model.safetensors.index.json", text);
        refused(folder, cases[i].word);
        free(text);
    }
    put_part(folder, "b.safetensors", &f, 0, 2, false);
    put_text(folder, "model.safetensors.index.json", "{\"weight_map\": {\"w\": \"a.safetensors\", \"v\": \"b.safetensors\"}}");
    refused(folder, "both in 'a.safetensors' and in 'b.safetensors'");
    fake_free(&f);
    remove_folder(folder);
}

/* Both ways of opening give the same bytes; `options` for the file alone. */
static void check_lone(const struct fake_vit *v, const struct encoder_options *options, const char *assumed)
{
    char *folder = make_folder(), *weights = path_join(folder, "model.safetensors"), *config = path_join(folder, "config.json");
    struct fake f = {0};
    struct encoder *e;
    struct status st = {0};
    uint8_t digest[2][DIGEST_BYTES];
    fake_add_vit(&f, v);
    fake_add_linear(&f, "", "classifier", 38, v->width, true);
    put_weights(folder, &f);
    put_config(folder, v, "vit", "");
    e = open_good(folder);
    assert_null(encoder_info(e)->assumed);
    float *due = run_once(e);
    assert_int_equal(encoder_digest(digest[0], e, NULL), STATUS_OK);
    encoder_close(e);
    unlink(config);
    if (encoder_open_with(&e, weights, options, &st) != STATUS_OK) {
        fail_msg("%s", st.text);
    }
    assert_int_equal(encoder_info(e)->n_labels, 38);
    assert_non_null(strstr(encoder_info(e)->assumed, assumed));
    float *out = run_once(e);
    assert_int_equal(encoder_digest(digest[1], e, NULL), STATUS_OK);
    assert_memory_equal(out, due, 3 * v->width * sizeof *due);
    assert_memory_equal(digest[0], digest[1], DIGEST_BYTES);
    encoder_close(e);
    free(out);
    free(due);
    fake_free(&f);
    free(weights);
    free(config);
    remove_folder(folder);
}

static void a_lone_file_equals_its_folder(void **state)
{
    (void)state;
    struct fake_vit v = {.prefix = "vit.", .width = 192, .layers = 2, .heads = 3, .intermediate = 8, .patch = 16, .image = 32, .qkv_bias = true};
    check_lone(&v, &(struct encoder_options){.architecture = NULL}, "64 columns a head");
    check_lone(&v, &(struct encoder_options){.architecture = "vit"}, "64 columns a head");
    v.qkv_bias = false;
    v.heads = 4;
    check_lone(&v, &(struct encoder_options){.heads = 4}, "layer_norm_eps");
    v = (struct fake_vit){.prefix = "", .width = 1280, .layers = 1, .heads = 16, .intermediate = 8, .patch = 8, .image = 8, .qkv_bias = true};
    check_lone(&v, &(struct encoder_options){.architecture = NULL}, "16 heads"); /* ViT-H */
}

static void refused_with(const char *path, const struct encoder_options *options, const char *word)
{
    struct encoder *e;
    struct status st = {0};
    assert_int_equal(encoder_open_with(&e, path, options, &st), STATUS_DATA);
    assert_null(e);
    if (!strstr(st.text, word)) {
        fail_msg("'%s' does not hold '%s'", st.text, word);
    }
}

static void options_that_contradict_the_files_are_refused(void **state)
{
    (void)state;
    char *folder = make_checkpoint(&small, "vit"), *weights = path_join(folder, "model.safetensors"), *config = path_join(folder, "config.json");
    refused_with(folder, &(struct encoder_options){.architecture = "vit_mae"}, "model_type is 'vit', but architecture 'vit_mae' was asked for");
    refused_with(folder, &(struct encoder_options){.architecture = "convnext"}, "architecture 'convnext' is not built");
    refused_with(folder, &(struct encoder_options){.heads = 4}, "3 heads, but 4 were asked for");
    unlink(config);
    refused(weights, "config.json beside it"); /* 24 wide: how many heads nobody knows */
    refused_with(weights, &(struct encoder_options){.architecture = "dinov2"}, "config.json beside it");
    refused_with(weights, &(struct encoder_options){.heads = 5}, "hidden_size 24 cannot be shared among num_attention_heads 5");
    struct fake f = {0};
    put_weights(folder, &f);
    refused(weights, "config.json beside it");
    free(weights);
    free(config);
    remove_folder(folder);
}

static void digest_tells_weights_and_meaning_apart(void **state)
{
    (void)state;
    char *folder = make_checkpoint(&small, "vit");
    struct fake f = {0};
    uint8_t digest[4][DIGEST_BYTES];
    for (int i = 0; i < 4; i++) {
        if (i == 1) {
            put_config(folder, &small, "vit", ",\n\n \"id2label\": {\"0\": \"a\"}"); /* not the encoder's business */
        } else if (i == 2) {
            put_config(folder, &small, "vit", ", \"layer_norm_eps\": 1e-6");
        } else if (i == 3) {
            put_config(folder, &small, "vit", "");
            fake_add_vit(&f, &small);
            f.tensor[0].poked = true;
            f.tensor[0].poke = 0.3f;
            put_weights(folder, &f);
        }
        struct encoder *e = open_good(folder);
        assert_int_equal(encoder_digest(digest[i], e, NULL), STATUS_OK);
        encoder_close(e);
    }
    assert_memory_equal(digest[0], digest[1], DIGEST_BYTES);
    assert_memory_not_equal(digest[0], digest[2], DIGEST_BYTES);
    assert_memory_not_equal(digest[0], digest[3], DIGEST_BYTES);
    fake_free(&f);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_agrees_with_a_naive_vit),
        cmocka_unit_test(hidden_act_is_what_the_config_says),
        cmocka_unit_test(pooler_is_a_readout_where_the_file_holds_one),
        cmocka_unit_test(region_guided_probabilities_are_grouped),
        cmocka_unit_test(moving_patches_with_their_positions_leaves_cls_alone),
        cmocka_unit_test(a_used_workspace_gives_the_same_bytes),
        cmocka_unit_test(vit_takes_its_own_size_alone),
        cmocka_unit_test(info_and_readouts_say_what_is_there),
        cmocka_unit_test(bytes_do_not_depend_on_how_weights_are_stored),
        cmocka_unit_test(bytes_do_not_depend_on_threads),
        cmocka_unit_test(pixels_that_are_not_finite_are_reported),
        cmocka_unit_test(contradictory_configs_are_refused),
        cmocka_unit_test(broken_weights_are_refused),
        cmocka_unit_test(a_tensor_twice_is_refused),
        cmocka_unit_test(incomplete_folders_are_refused),
        cmocka_unit_test(bad_indexes_are_refused),
        cmocka_unit_test(a_lone_file_equals_its_folder),
        cmocka_unit_test(options_that_contradict_the_files_are_refused),
        cmocka_unit_test(digest_tells_weights_and_meaning_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
