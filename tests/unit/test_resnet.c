/* resnet on tiny checkpoints made here: against convolutions done directly in
 * double with their batch norms unfolded, at odd sizes; bf16 against fp32; the
 * same bytes from every thread and from a team; and refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <omp.h>

#include "encoder/encoder.h"
#include "fake_checkpoint.h"
#include "scratch.h"

static const struct fake_resnet bottleneck = {"resnet.", true, false, false, 8, 3, {2, 1, 2}, {16, 24, 16}};
static const struct fake_resnet basic = {"", false, false, false, 6, 3, {1, 2, 1}, {6, 10, 12}};
static const struct fake_resnet first = {"resnet.", false, true, false, 8, 2, {1, 2}, {8, 12}};
static const struct fake_resnet early = {"", true, true, true, 8, 2, {2, 1}, {8, 16}};

static void put(const char *folder, const struct fake_resnet *r, const struct fake *f, const char *more)
{
    char *config = path_join(folder, "config.json"), *weights = path_join(folder, "model.safetensors");
    assert_true(fake_write_resnet_config(config, r, more));
    assert_true(fake_write(f, weights, 1));
    free(config);
    free(weights);
}

static void make(struct fake *f, const struct fake_resnet *r)
{
    *f = (struct fake){.n = 0};
    fake_add_resnet(f, r);
}

static struct encoder *open_good_in(const char *folder, size_t height, size_t width, enum encoder_precision precision)
{
    const struct encoder_options options = {.precision = precision};
    struct encoder *e;
    struct status st = {0};
    if (encoder_open_with(&e, folder, &options, &st) != STATUS_OK || encoder_set_input(e, height, width, &st) != STATUS_OK) {
        fail_msg("%s", st.text);
    }
    return e;
}

static struct encoder *open_good(const char *folder, size_t height, size_t width)
{
    return open_good_in(folder, height, width, ENCODER_FP32);
}

static float *make_pixels(size_t n, size_t salt)
{
    float *pixels = NEW(n, float);
    for (size_t i = 0; i < n; i++) {
        pixels[i] = (float)((i * 2654435761u + salt * 40503u) % 1009) * 0.004f - 2.0f;
    }
    return pixels;
}

/* ---- the same straight from the definition ---- */

struct image {
    double *value; /* [c, h, w] */
    size_t c, h, w;
};

static double *values_of(struct fake *f, const char *prefix, const char *name, const char *part)
{
    char *full = mem_printf("%s%s.%s", prefix, name, part);
    const struct fake_tensor *t = fake_find(f, full);
    assert_non_null(t);
    float *values = NEW(fake_count(t), float);
    double *out = NEW(fake_count(t), double);
    fake_values(values, t, 1);
    for (size_t i = 0; i < fake_count(t); i++) {
        out[i] = (double)values[i];
    }
    free(values);
    free(full);
    return out;
}

/* Convolution, then batch norm, then ReLU if asked; frees x if `eat`. */
static struct image layer(struct fake *f, const char *prefix, const char *name, struct image x, size_t c, size_t k, size_t stride,
                          bool relu, bool eat)
{
    long pad = (long)k / 2;
    struct image y = {NULL, c, (x.h + 2 * (k / 2) - k) / stride + 1, (x.w + 2 * (k / 2) - k) / stride + 1};
    double *weight = values_of(f, prefix, name, "convolution.weight"), *gamma = values_of(f, prefix, name, "normalization.weight"),
           *beta = values_of(f, prefix, name, "normalization.bias"), *mean = values_of(f, prefix, name, "normalization.running_mean"),
           *variance = values_of(f, prefix, name, "normalization.running_var");
    y.value = NEW(y.c * y.h * y.w, double);
    for (size_t o = 0; o < y.c * y.h * y.w; o++) {
        size_t channel = o / (y.h * y.w);
        long top = (long)(o / y.w % y.h * stride) - pad, left = (long)(o % y.w * stride) - pad;
        double sum = 0;
        for (size_t i = 0; i < x.c * k * k; i++) {
            long row = top + (long)(i / k % k), column = left + (long)(i % k);
            if (row >= 0 && row < (long)x.h && column >= 0 && column < (long)x.w) {
                sum += weight[channel * x.c * k * k + i] * x.value[(i / (k * k) * x.h + (size_t)row) * x.w + (size_t)column];
            }
        }
        sum = (sum - mean[channel]) / sqrt(variance[channel] + 1e-5) * gamma[channel] + beta[channel];
        y.value[o] = relu && sum < 0 ? 0 : sum;
    }
    free(weight);
    free(gamma);
    free(beta);
    free(mean);
    free(variance);
    if (eat) {
        free(x.value);
    }
    return y;
}

static struct image pool(struct image x)
{
    struct image y = {NULL, x.c, (x.h + 2 - 3) / 2 + 1, (x.w + 2 - 3) / 2 + 1};
    y.value = NEW(y.c * y.h * y.w, double);
    for (size_t o = 0; o < y.c * y.h * y.w; o++) {
        double top = -INFINITY;
        for (long i = 0; i < 9; i++) {
            long row = (long)(o / y.w % y.h) * 2 - 1 + i / 3, column = (long)(o % y.w) * 2 - 1 + i % 3;
            if (row >= 0 && row < (long)x.h && column >= 0 && column < (long)x.w) {
                top = fmax(top, x.value[(o / (y.h * y.w) * x.h + (size_t)row) * x.w + (size_t)column]);
            }
        }
        y.value[o] = top;
    }
    free(x.value);
    return y;
}

static struct image block(struct fake *f, const struct fake_resnet *r, const char *prefix, struct image x, size_t out, size_t stride)
{
    struct image y, skip = x;
    if (r->bottleneck) {
        y = layer(f, prefix, "layer.0", x, out / 4, 1, r->in_bottleneck ? stride : 1, true, false);
        y = layer(f, prefix, "layer.1", y, out / 4, 3, r->in_bottleneck ? 1 : stride, true, true);
        y = layer(f, prefix, "layer.2", y, out, 1, 1, false, true);
    } else {
        y = layer(f, prefix, "layer.0", x, out, 3, stride, true, false);
        y = layer(f, prefix, "layer.1", y, out, 3, 1, false, true);
    }
    if (x.c != out || stride != 1) {
        skip = layer(f, prefix, "shortcut", x, out, 1, stride, false, true);
    }
    assert_true(skip.h == y.h && skip.w == y.w);
    for (size_t i = 0; i < y.c * y.h * y.w; i++) {
        y.value[i] = fmax(0, y.value[i] + skip.value[i]);
    }
    free(skip.value);
    return y;
}

static void compare(const float *got, const double *due, size_t n, double *worst)
{
    double top = 0, error = 0;
    for (size_t i = 0; i < n; i++) {
        top = fmax(top, fabs(due[i]));
        error = fmax(error, fabs((double)got[i] - due[i]));
        assert_true(isfinite(got[i]));
    }
    assert_true(top > 0);
    *worst = fmax(*worst, error / top);
}

/* Every hidden state and the readout; the largest error as a share of the largest value. */
static double error_against_twin(const struct fake_resnet *r, size_t height, size_t width)
{
    struct fake f;
    struct status st = {0};
    double worst = 0;
    char *folder = scratch_new();
    make(&f, r);
    put(folder, r, &f, "");
    struct encoder *e = open_good(folder, height, width);
    struct encoder_workspace *w = encoder_workspace_new(e);
    float *pixels = make_pixels(3 * height * width, 1), *out = NEW(encoder_output_width(e), float);
    encoder_workspace_trace(e, w);
    assert_int_equal(encoder_forward(e, w, pixels, out, &st), STATUS_OK);

    struct image x = {NEW(3 * height * width, double), 3, height, width};
    for (size_t i = 0; i < 3 * height * width; i++) {
        x.value[i] = (double)pixels[i];
    }
    x = pool(layer(&f, r->prefix, "embedder.embedder", x, r->embedding, 7, 2, true, true));
    for (size_t stage = 0; stage <= r->n_stages; stage++) {
        for (size_t i = 0; stage > 0 && i < r->depth[stage - 1]; i++) {
            char *prefix = mem_printf("%sencoder.stages.%zu.layers.%zu.", r->prefix, stage - 1, i);
            x = block(&f, r, prefix, x, r->channels[stage - 1], i == 0 && (stage > 1 || r->first) ? 2 : 1);
            free(prefix);
        }
        assert_int_equal(encoder_hidden_size(e, stage), x.c * x.h * x.w);
        compare(encoder_hidden_state(e, w, stage), x.value, x.c * x.h * x.w, &worst);
    }
    double *pooled = NEW0(x.c, double);
    for (size_t i = 0; i < x.c * x.h * x.w; i++) {
        pooled[i / (x.h * x.w)] += x.value[i] / (double)(x.h * x.w);
    }
    assert_int_equal(encoder_output_width(e), x.c);
    compare(out, pooled, x.c, &worst);

    free(pooled);
    free(x.value);
    free(pixels);
    free(out);
    encoder_workspace_free(w);
    encoder_close(e);
    fake_free(&f);
    scratch_remove(folder);
    return worst;
}

static void equals_direct_convolution(void **state)
{
    static const struct fake_resnet *const nets[] = {&bottleneck, &basic, &first, &early};
    static const size_t sizes[][2] = {{64, 64}, {61, 37}, {33, 70}, {5, 3}, {1, 1}, {2, 9}};
    double worst = 0;
    (void)state;
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
            worst = fmax(worst, error_against_twin(nets[i], sizes[j][0], sizes[j][1]));
        }
    }
    print_message("# largest error %.2g of the largest value\n", worst);
    assert_true(worst < 2e-6);
}

/* Many groups of rows, sums over several chunks of the depth, slices that end inside a tap. */
static void equals_direct_convolution_in_parts(void **state)
{
    static const struct fake_resnet wide = {"", false, false, false, 64, 1, {1}, {64}}, deep = {"", false, false, false, 8, 2, {1, 1}, {8, 150}};
    (void)state;
    assert_true(error_against_twin(&wide, 150, 190) < 2e-6);
    assert_true(error_against_twin(&deep, 61, 75) < 2e-6);
}

/* Close to fp32 in every hidden state and readout, and not fp32 itself. */
static void bf16_is_close(void **state)
{
    static const struct fake_resnet *const nets[] = {&bottleneck, &basic, &first, &early};
    (void)state;
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        struct fake f;
        struct status st = {0};
        char *folder = scratch_new();
        struct encoder *e[2];
        struct encoder_workspace *w[2];
        float *pixels = make_pixels(3 * 61 * 37, 4), *out[2];
        make(&f, nets[i]);
        put(folder, nets[i], &f, "");
        for (size_t j = 0; j < 2; j++) {
            e[j] = open_good_in(folder, 61, 37, j ? ENCODER_BF16 : ENCODER_FP32);
            w[j] = encoder_workspace_new(e[j]);
            out[j] = NEW(encoder_output_width(e[j]), float);
            encoder_workspace_trace(e[j], w[j]);
            assert_int_equal(encoder_forward(e[j], w[j], pixels, out[j], &st), STATUS_OK);
        }
        for (size_t k = 0; k <= nets[i]->n_stages + 1; k++) {
            bool readout = k > nets[i]->n_stages;
            size_t n = readout ? encoder_output_width(e[0]) : encoder_hidden_size(e[0], k);
            const float *a = readout ? out[0] : encoder_hidden_state(e[0], w[0], k);
            const float *b = readout ? out[1] : encoder_hidden_state(e[1], w[1], k);
            double aa = 0, bb = 0, ab = 0;
            for (size_t j = 0; j < n; j++) {
                aa += (double)a[j] * (double)a[j];
                bb += (double)b[j] * (double)b[j];
                ab += (double)a[j] * (double)b[j];
            }
            assert_true(1 - ab / sqrt(aa * bb) <= 1e-4);
            assert_memory_not_equal(a, b, n * sizeof *a);
        }
        for (size_t j = 0; j < 2; j++) {
            free(out[j]);
            encoder_workspace_free(w[j]);
            encoder_close(e[j]);
        }
        free(pixels);
        fake_free(&f);
        scratch_remove(folder);
    }
}

static void classifier_is_linear_on_pooled(void **state)
{
    struct fake f;
    struct status st = {0};
    char *folder = scratch_new();
    float logits[5], out[16];
    (void)state;
    make(&f, &bottleneck);
    fake_add_linear(&f, "", "classifier.1", 5, 16, true);
    put(folder, &bottleneck, &f, "");
    struct encoder *e = open_good(folder, 40, 40);
    struct encoder_workspace *w = encoder_workspace_new(e);
    float *pixels = make_pixels(3 * 40 * 40, 2);
    assert_int_equal(encoder_info(e)->n_labels, 5);
    assert_string_equal(encoder_readout_name(e, 0), "pooled");
    assert_int_equal(encoder_n_readouts(e), 1);
    assert_null(encoder_tokens(e, w));
    assert_int_equal(encoder_forward(e, w, pixels, out, &st), STATUS_OK);
    assert_int_equal(encoder_logits(e, w, logits, &st), STATUS_OK);
    double *weight = values_of(&f, "", "classifier.1", "weight"), *bias = values_of(&f, "", "classifier.1", "bias");
    for (size_t i = 0; i < 5; i++) {
        double sum = bias[i];
        for (size_t j = 0; j < 16; j++) {
            sum += weight[i * 16 + j] * (double)out[j];
        }
        assert_true(fabs(sum - (double)logits[i]) < 1e-5);
    }
    size_t n_unused;
    encoder_unused(e, &n_unused);
    assert_int_equal(n_unused, 0);
    free(weight);
    free(bias);
    free(pixels);
    encoder_workspace_free(w);
    encoder_close(e);
    fake_free(&f);
    scratch_remove(folder);
}

static void bytes_do_not_depend_on_threads(void **state)
{
    enum { N = 8, D = 16 };
    struct fake f;
    char *folder = scratch_new();
    float alone[N * D], together[N * D];
    float *pixels[N];
    int failures[N] = {0};
    struct status st = {0};
    (void)state;
    make(&f, &bottleneck);
    put(folder, &bottleneck, &f, "");
    struct encoder *e = open_good(folder, 97, 131);
    struct encoder_workspace *one = encoder_workspace_new(e);
    for (size_t i = 0; i < N; i++) {
        pixels[i] = make_pixels(3 * 97 * 131, i);
        assert_int_equal(encoder_forward(e, one, pixels[i], alone + i * D, &st), STATUS_OK);
    }
#pragma omp parallel num_threads(4)
    {
        struct encoder_workspace *w = encoder_workspace_new(e);
#pragma omp for schedule(static, 1)
        for (size_t i = 0; i < N; i++) {
            failures[i] = encoder_forward(e, w, pixels[i], together + i * D, NULL);
        }
        encoder_workspace_free(w);
    }
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(failures[i], STATUS_OK);
        free(pixels[i]);
    }
    assert_memory_equal(alone, together, sizeof alone);
    encoder_workspace_free(one);
    encoder_close(e);
    fake_free(&f);
    scratch_remove(folder);
}

/* A team that shares one picture gives the bytes of one thread. */
static void bytes_do_not_depend_on_the_team(void **state)
{
    struct fake f;
    char *folder = scratch_new();
    float *pixels = make_pixels(3 * 97 * 131, 5), out[2][16];
    (void)state;
    make(&f, &bottleneck);
    put(folder, &bottleneck, &f, "");
    for (size_t precision = 0; precision < ENCODER_N_PRECISIONS; precision++) {
        struct encoder *e = open_good_in(folder, 97, 131, (enum encoder_precision)precision);
        struct encoder_workspace *w = encoder_workspace_new(e);
        assert_int_equal(encoder_forward(e, w, pixels, out[0], NULL), STATUS_OK);
        encoder_workspace_share(e, w, 3);
        assert_int_equal(encoder_forward(e, w, pixels, out[1], NULL), STATUS_OK);
        assert_memory_equal(out[0], out[1], sizeof out[0]);
        encoder_workspace_free(w);
        encoder_close(e);
    }
    free(pixels);
    fake_free(&f);
    scratch_remove(folder);
}

static void prefix_does_not_matter(void **state)
{
    struct fake_resnet bare = first;
    float out[2][12];
    (void)state;
    bare.prefix = "";
    for (size_t i = 0; i < 2; i++) {
        struct fake f;
        char *folder = scratch_new();
        make(&f, i ? &bare : &first);
        for (size_t j = 0; i && j < f.n; j++) { /* values go by the name: write the same ones */
            char *prefixed = mem_printf("resnet.%s", f.tensor[j].name);
            free(f.tensor[j].name);
            f.tensor[j].name = prefixed;
        }
        put(folder, i ? &bare : &first, &f, "");
        if (i) { /* and take the prefix out of the header, keeping its length */
            char *path = path_join(folder, "model.safetensors");
            FILE *file = fopen(path, "r+b");
            assert_non_null(file);
            uint64_t n;
            assert_int_equal(fread(&n, sizeof n, 1, file), 1);
            char *header = NEW0(n + 1, char);
            assert_int_equal(fread(header, 1, n, file), n);
            for (char *at = header; (at = strstr(at, "\"resnet.")) != NULL;) {
                memcpy(at, "       \"", 8);
            }
            assert_int_equal(fseek(file, sizeof n, SEEK_SET), 0);
            assert_int_equal(fwrite(header, 1, n, file), n);
            assert_int_equal(fclose(file), 0);
            free(header);
            free(path);
        }
        struct encoder *e = open_good(folder, 30, 30);
        struct encoder_workspace *w = encoder_workspace_new(e);
        float *pixels = make_pixels(3 * 30 * 30, 3);
        assert_int_equal(encoder_forward(e, w, pixels, out[i], NULL), STATUS_OK);
        free(pixels);
        encoder_workspace_free(w);
        encoder_close(e);
        fake_free(&f);
        scratch_remove(folder);
    }
    assert_memory_equal(out[0], out[1], sizeof out[0]);
}

/* ---- refusals ---- */

struct refusal {
    const char *more;             /* for config.json */
    const char *drop, *add, *poke; /* tensors; the poked one's last value becomes `value` */
    float value;
    const char *words;
};

static void refuses(void **state)
{
    static const struct refusal table[] = {
        {", \"hidden_act\": \"gelu\"", NULL, NULL, NULL, 0, "hidden_act 'gelu'"},
        {", \"num_channels\": 1", NULL, NULL, NULL, 0, "num_channels is 1"},
        {"", "encoder.stages.1.layers.1.layer.0.convolution.weight", NULL, NULL, 0, "lacks tensor 'encoder.stages.1.layers.1.layer.0.conv"},
        {"", "encoder.stages.1.layers.0.shortcut.normalization.bias", NULL, NULL, 0, "lacks tensor"},
        {"", "embedder.embedder.convolution.weight", NULL, NULL, 0, "lacks tensor 'resnet.embedder"},
        {"", NULL, "encoder.stages.0.layers.1.layer.0.convolution.weight", NULL, 0, "has no place"},
        {"", NULL, "resnet.embedder.embedder.convolution.weight", NULL, 0, "two encoders"},
        {"", NULL, NULL, "embedder.embedder.normalization.running_var", -0.5f, "holds -0.5 at place 5"},
        {"", NULL, NULL, "embedder.embedder.normalization.running_mean", NAN, "nan"},
        {"", NULL, NULL, "embedder.embedder.convolution.weight", 3.4e38f, "range of float32"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct fake f;
        struct encoder *e;
        struct status st = {0};
        char *folder = scratch_new();
        make(&f, &basic);
        if (table[i].drop) {
            fake_drop(&f, table[i].drop);
        }
        if (table[i].add) {
            fake_add(&f, mem_strdup(table[i].add), 1, (size_t[]){3});
        }
        if (table[i].poke) {
            struct fake_tensor *t = fake_find(&f, table[i].poke);
            t->poked = true;
            t->poke = table[i].value;
            if (table[i].value > 1e38f) { /* with a variance below 1 the product overflows */
                struct fake_tensor *v = fake_find(&f, "embedder.embedder.normalization.running_var");
                v->poked = true;
                v->poke = 0.01f;
            }
        }
        put(folder, &basic, &f, table[i].more);
        assert_int_equal(encoder_open(&e, folder, &st), STATUS_DATA);
        assert_text(st.text, table[i].words);
        fake_free(&f);
        scratch_remove(folder);
    }
}

static void refuses_configurations(void **state)
{
    static const char *const table[][2] = {
        {"\"hidden_sizes\": [6, 10]", "hidden_sizes has 2 entries, depths 4"},
        {"\"hidden_sizes\": 6", "must be a list"},
        {"\"hidden_sizes\": [6, 10, 12.5]", "entry 2 of hidden_sizes"},
        {"\"depths\": [1, 2, 0]", "entry 2 of depths"},
        {"\"depths\": []", "list of 1 to"},
        {"\"hidden_sizes\": [6, 10, 12, 3]", "a bottleneck needs at least 4"},
        {"\"layer_type\": \"both\"", "'bottleneck' or 'basic'"},
        {"\"embedding_size\": 7", "has shape [6,3,7,7], config.json asks for [7,3,7,7]"},
        {"\"downsample_in_bottleneck\": 1", "must be true or false"},
    };
    struct fake f;
    char *folder = scratch_new();
    (void)state;
    make(&f, &basic);
    put(folder, &basic, &f, "");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct encoder *e;
        struct status st = {0};
        char *text = mem_printf("{\"model_type\": \"resnet\", %s}", table[i][0]);
        scratch_text(folder, "config.json", text);
        assert_int_equal(encoder_open(&e, folder, &st), STATUS_DATA);
        assert_text(st.text, table[i][1]);
        free(text);
    }
    fake_free(&f);
    scratch_remove(folder);
}

static void refuses_sizes(void **state)
{
    struct fake f;
    struct status st = {0};
    char *folder = scratch_new();
    (void)state;
    make(&f, &basic);
    put(folder, &basic, &f, "");
    struct encoder *e = open_good(folder, 224, 224);
    assert_int_equal(encoder_set_input(e, 0, 224, &st), STATUS_DATA);
    assert_int_equal(encoder_set_input(e, 224, 5000, &st), STATUS_DATA);
    assert_text(st.text, "5000x224");
    encoder_close(e);
    fake_free(&f);
    scratch_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_direct_convolution),
        cmocka_unit_test(equals_direct_convolution_in_parts),
        cmocka_unit_test(bf16_is_close),
        cmocka_unit_test(classifier_is_linear_on_pooled),
        cmocka_unit_test(bytes_do_not_depend_on_threads),
        cmocka_unit_test(bytes_do_not_depend_on_the_team),
        cmocka_unit_test(prefix_does_not_matter),
        cmocka_unit_test(refuses),
        cmocka_unit_test(refuses_configurations),
        cmocka_unit_test(refuses_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
