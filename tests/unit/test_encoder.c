/* The encoder as a whole on small checkpoints made here: against a naive ViT in
 * double, the same bytes however the weights are stored and however many
 * threads run, and a refusal that names its reason for everything contradictory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <omp.h>
#include <unistd.h>

#include "base/file.h"
#include "encoder/encoder.h"
#include "fake_checkpoint.h"

static const struct fake_vit small = {"vit.", 24, 2, 3, 40, 8, 26, true}; /* 26 px: the last two are cut off, as the convolution does */

/* ---- folders ---- */

static char *make_folder(void)
{
    const char *base = getenv("TMPDIR");
    char *folder = mem_printf("%s/test_encoder.XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static void remove_folder(char *folder)
{
    struct file_list list;
    assert_int_equal(file_list_directory(&list, folder, NULL), STATUS_OK);
    for (size_t i = 0; i < list.n; i++) {
        char *path = path_join(folder, list.name[i]);
        unlink(path);
        free(path);
    }
    file_list_free(&list);
    rmdir(folder);
    free(folder);
}

static void put_text(const char *folder, const char *name, const char *text)
{
    char *path = path_join(folder, name);
    assert_true(fake_write_text(path, text));
    free(path);
}

static void put_config(const char *folder, const struct fake_vit *v, const char *type, const char *more)
{
    char *path = path_join(folder, "config.json");
    assert_true(fake_write_config(path, v, type, more));
    free(path);
}

static void put_part(const char *folder, const char *name, const struct fake *f, size_t from, size_t to, bool odd)
{
    char *path = path_join(folder, name);
    assert_true(fake_write_part(f, from, to, path, 1, odd));
    free(path);
}

static void put_weights(const char *folder, const struct fake *f)
{
    put_part(folder, "model.safetensors", f, 0, f->n, false);
}

static char *make_checkpoint(const struct fake_vit *v, const char *type)
{
    char *folder = make_folder();
    struct fake f = {0};
    fake_add_vit(&f, v);
    put_config(folder, v, type, "");
    put_weights(folder, &f);
    fake_free(&f);
    return folder;
}

static struct encoder *open_good(const char *path)
{
    struct encoder *e;
    struct status st = {0};
    if (encoder_open(&e, path, &st) != STATUS_OK) {
        fail_msg("%s", st.text);
    }
    return e;
}

static void fill_pixels(float *pixels, size_t n, size_t salt)
{
    for (size_t i = 0; i < n; i++) {
        pixels[i] = (float)((i * 2654435761u + salt * 40503u) % 1009) * 0.004f - 2.0f;
    }
}

static float *run_once(const struct encoder *e)
{
    const struct encoder_info *info = encoder_info(e);
    size_t n = 3 * info->image_size * info->image_size;
    float *pixels = NEW(n, float), *out = NEW(encoder_output_width(e), float);
    struct encoder_workspace *w = encoder_workspace_new(e);
    struct status st = {0};
    fill_pixels(pixels, n, 1);
    if (encoder_forward(e, w, pixels, out, &st) != STATUS_OK) {
        fail_msg("%s", st.text);
    }
    encoder_workspace_free(w);
    free(pixels);
    return out;
}

static float *run_path(const char *path)
{
    struct encoder *e = open_good(path);
    float *out = run_once(e);
    encoder_close(e);
    return out;
}

/* ---- a naive ViT in double, straight from the tensors' names ---- */

static double *values_of(struct fake *f, const char *prefix, const char *name)
{
    char *full = mem_printf("%s%s", prefix, name);
    const struct fake_tensor *t = fake_find(f, full);
    double *out = NULL;
    if (t) {
        float *values = NEW(fake_count(t), float);
        fake_values(values, t, 1);
        out = NEW(fake_count(t), double);
        for (size_t i = 0; i < fake_count(t); i++) {
            out[i] = (double)values[i];
        }
        free(values);
    }
    free(full);
    return out;
}

static double *linear(struct fake *f, const char *prefix, const char *name, const double *x, size_t n, size_t n_out, size_t n_in)
{
    char *weight_name = mem_printf("%s.weight", name), *bias_name = mem_printf("%s.bias", name);
    double *weight = values_of(f, prefix, weight_name), *bias = values_of(f, prefix, bias_name), *y = NEW(n * n_out, double);
    for (size_t i = 0; i < n; i++) {
        for (size_t o = 0; o < n_out; o++) {
            double sum = bias ? bias[o] : 0;
            for (size_t k = 0; k < n_in; k++) {
                sum += x[i * n_in + k] * weight[o * n_in + k];
            }
            y[i * n_out + o] = sum;
        }
    }
    free(weight);
    free(bias);
    free(weight_name);
    free(bias_name);
    return y;
}

static double *norm(struct fake *f, const char *prefix, const char *name, const double *x, size_t n, size_t D, double eps)
{
    char *weight_name = mem_printf("%s.weight", name), *bias_name = mem_printf("%s.bias", name);
    double *weight = values_of(f, prefix, weight_name), *bias = values_of(f, prefix, bias_name), *y = NEW(n * D, double);
    for (size_t i = 0; i < n; i++) {
        double mean = 0, variance = 0;
        for (size_t j = 0; j < D; j++) {
            mean += x[i * D + j] / (double)D;
        }
        for (size_t j = 0; j < D; j++) {
            variance += (x[i * D + j] - mean) * (x[i * D + j] - mean) / (double)D;
        }
        for (size_t j = 0; j < D; j++) {
            y[i * D + j] = (x[i * D + j] - mean) / sqrt(variance + eps) * weight[j] + bias[j];
        }
    }
    free(weight);
    free(bias);
    free(weight_name);
    free(bias_name);
    return y;
}

static void add_to(double *x, double *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] += y[i];
    }
    free(y);
}

static double *attention(const double *q, const double *k, const double *v, size_t T, size_t D, size_t heads)
{
    double *out = NEW0(T * D, double), *score = NEW(T, double);
    size_t width = D / heads;
    for (size_t h = 0; h < heads; h++) {
        for (size_t i = 0; i < T; i++) {
            double sum = 0;
            for (size_t j = 0; j < T; j++) {
                double dot = 0;
                for (size_t c = h * width; c < (h + 1) * width; c++) {
                    dot += q[i * D + c] * k[j * D + c];
                }
                sum += score[j] = exp(dot / sqrt((double)width));
            }
            for (size_t j = 0; j < T; j++) {
                for (size_t c = h * width; c < (h + 1) * width; c++) {
                    out[i * D + c] += score[j] / sum * v[j * D + c];
                }
            }
        }
    }
    free(score);
    return out;
}

/* [T, D] before the final norm. */
static double *naive_stream(struct fake *f, const struct fake_vit *v, const float *pixels, double eps)
{
    size_t D = v->width, p = v->patch, G = v->image / p, T = G * G + 1, S = v->image;
    double *patches = NEW((T - 1) * 3 * p * p, double), *x = values_of(f, v->prefix, "embeddings.position_embeddings");
    for (size_t n = 0, at = 0; n < G * G; n++) {
        for (size_t c = 0; c < 3; c++) {
            for (size_t i = 0; i < p * p; i++) {
                patches[at++] = (double)pixels[(c * S + n / G * p + i / p) * S + n % G * p + i % p];
            }
        }
    }
    add_to(x, values_of(f, v->prefix, "embeddings.cls_token"), D);
    add_to(x + D, linear(f, v->prefix, "embeddings.patch_embeddings.projection", patches, T - 1, D, 3 * p * p), (T - 1) * D);
    free(patches);
    for (size_t i = 0; i < v->layers; i++) {
        char *layer = mem_printf("%sencoder.layer.%zu.", v->prefix, i);
        double *h = norm(f, layer, "layernorm_before", x, T, D, eps);
        double *q = linear(f, layer, "attention.attention.query", h, T, D, D);
        double *k = linear(f, layer, "attention.attention.key", h, T, D, D);
        double *value = linear(f, layer, "attention.attention.value", h, T, D, D);
        double *context = attention(q, k, value, T, D, v->heads);
        add_to(x, linear(f, layer, "attention.output.dense", context, T, D, D), T * D);
        free(h);
        h = norm(f, layer, "layernorm_after", x, T, D, eps);
        double *up = linear(f, layer, "intermediate.dense", h, T, v->intermediate, D);
        for (size_t j = 0; j < T * v->intermediate; j++) {
            up[j] = 0.5 * up[j] * (1 + erf(up[j] / sqrt(2.0)));
        }
        add_to(x, linear(f, layer, "output.dense", up, T, D, v->intermediate), T * D);
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

static void check_against_naive(const struct fake_vit *v, double eps, const char *more)
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
    double *x = naive_stream(&f, v, pixels, eps), *y = norm(&f, v->prefix, "layernorm", x, T, D, eps);
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
    check_against_naive(&v, 1e-12, "");
    v.qkv_bias = false;
    v.prefix = "";
    check_against_naive(&v, 0.01, ", \"layer_norm_eps\": 0.01");
    v.heads = 1;
    v.width = 17; /* no multiple of a vector */
    check_against_naive(&v, 1e-12, "");
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
    struct fake_vit v = {"", 64, 2, 4, 128, 8, 40, true};
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

static void refused(const char *path, const char *word)
{
    struct encoder *e;
    struct status st = {0};
    int code = encoder_open(&e, path, &st);
    assert_int_not_equal(code, STATUS_OK);
    assert_null(e);
    assert_int_equal(code, st.code);
    if (!strstr(st.text, word)) {
        fail_msg("'%s' does not hold '%s'", st.text, word);
    }
}

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

static void a_lone_file_is_read_when_its_size_is_published(void **state)
{
    (void)state;
    struct fake_vit v = {"vit.", 192, 12, 3, 8, 16, 32, true};
    char *folder = make_checkpoint(&v, "vit"), *weights = path_join(folder, "model.safetensors"), *config = path_join(folder, "config.json");
    float *due = run_path(folder);
    unlink(config);
    float *out = run_path(weights);
    assert_memory_equal(out, due, 3 * v.width * sizeof *due);
    free(out);
    free(due);
    struct fake f = {0};
    fake_add_vit(&f, &small);
    put_weights(folder, &f);
    refused(weights, "config.json beside it"); /* 24 wide: how many heads nobody knows */
    fake_free(&f);
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
        cmocka_unit_test(info_and_readouts_say_what_is_there),
        cmocka_unit_test(bytes_do_not_depend_on_how_weights_are_stored),
        cmocka_unit_test(bytes_do_not_depend_on_threads),
        cmocka_unit_test(pixels_that_are_not_finite_are_reported),
        cmocka_unit_test(contradictory_configs_are_refused),
        cmocka_unit_test(broken_weights_are_refused),
        cmocka_unit_test(a_tensor_twice_is_refused),
        cmocka_unit_test(incomplete_folders_are_refused),
        cmocka_unit_test(bad_indexes_are_refused),
        cmocka_unit_test(a_lone_file_is_read_when_its_size_is_published),
        cmocka_unit_test(digest_tells_weights_and_meaning_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
