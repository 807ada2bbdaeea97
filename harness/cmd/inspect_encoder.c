#include "cmd/inspect_encoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "cmd/answer.h"
#include "cmd/reference.h"
#include "encoder/encoder.h"
#include "image/preprocess.h"
#include "image/radiograph.h"
#include "image/tensor.h"

static int print_checkpoint(const char *path, const struct encoder *e, const struct preprocess *p, struct status *st)
{
    const struct encoder_info *i = encoder_info(e);
    uint8_t digest[DIGEST_BYTES];
    char hex[DIGEST_HEX];
    size_t n_unused;
    int code = encoder_digest(digest, e, st);
    if (code)
        return code;
    const char *const *unused = encoder_unused(e, &n_unused);
    char *model = encoder_describe(e), *pictures = preprocess_describe(p);
    printf("checkpoint     %s\narchitecture   %s\n", path, model);
    if (i->assumed)
        printf("assumed        %s\n", i->assumed);
    printf("pictures       %zux%zu", i->input_width, i->input_height);
    if (i->tokens)
        printf(", patch %zu, %zu tokens, %zu layers, %zu heads", i->patch, i->tokens, i->layers, i->heads);
    else
        printf(", %zu stages, no tokens", i->layers);
    printf("\npreprocessing  %s\n", pictures);
    printf("%s     epsilon %g\n", i->tokens ? "layer norm" : "batch norm", i->eps);
    printf("parameters     %llu of the encoder\ntensors        %zu in the file, %zu used, %zu not used\n", (unsigned long long)i->n_parameters,
           i->n_tensors, i->n_used, n_unused);
    if (i->n_labels)
        printf("classifier     %zu labels (not used for embeddings)\n", i->n_labels);
    for (size_t r = 0; r < encoder_n_readouts(e); r++)
        printf("%-14s %s, %zu floats\n", r ? "" : "readouts", encoder_readout_name(e, r), encoder_readout_width(e, r));
    printf("sha256         %s\n", digest_hex(hex, digest));
    for (size_t u = 0; u < n_unused && u < 5; u++)
        printf("%-14s %s\n", u ? "" : "not used", unused[u]);
    if (n_unused > 5)
        printf("%-14s ... and %zu more\n", "", n_unused - 5);
    free(model);
    free(pictures);
    return STATUS_OK;
}

static int answer_checkpoint(json_t *answer, const struct encoder *e, const struct preprocess *p, struct status *st)
{
    const struct encoder_info *i = encoder_info(e);
    uint8_t digest[DIGEST_BYTES];
    char hex[DIGEST_HEX];
    size_t n_unused;
    int code = encoder_digest(digest, e, st);
    if (code)
        return code;
    (void)encoder_unused(e, &n_unused);
    char *model = encoder_describe(e), *pictures = preprocess_describe(p);
    json_t *readouts = json_array();
    for (size_t r = 0; r < encoder_n_readouts(e); r++) {
        json_t *readout = json_object();
        json_object_set_new(readout, "name", answer_text(encoder_readout_name(e, r)));
        json_object_set_new(readout, "floats", answer_count(encoder_readout_width(e, r)));
        json_array_append_new(readouts, readout);
    }
    json_object_set_new(answer, "is", json_string("checkpoint"));
    json_object_set_new(answer, "architecture", answer_text(model));
    json_object_set_new(answer, "assumed", answer_text(i->assumed));
    json_object_set_new(answer, "width", answer_count(i->input_width));
    json_object_set_new(answer, "height", answer_count(i->input_height));
    json_object_set_new(answer, "layers", answer_count(i->layers));
    json_object_set_new(answer, "tokens", answer_count(i->tokens));
    json_object_set_new(answer, "preprocessing", answer_text(pictures));
    json_object_set_new(answer, "parameters", answer_count((size_t)i->n_parameters));
    json_object_set_new(answer, "tensors", answer_count(i->n_tensors));
    json_object_set_new(answer, "tensors_used", answer_count(i->n_used));
    json_object_set_new(answer, "tensors_not_used", answer_count(n_unused));
    json_object_set_new(answer, "readouts", readouts);
    json_object_set_new(answer, "sha256", answer_text(digest_hex(hex, digest)));
    free(model);
    free(pictures);
    return STATUS_OK;
}

/* ---- one picture ---- */

struct summary {
    double mean, norm, low, high;
};

static struct summary summarise(const float *x, size_t n)
{
    struct summary s = {.low = INFINITY, .high = -INFINITY};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double v = (double)x[i];
        sum += v;
        squares += v * v;
        s.low = fmin(s.low, v);
        s.high = fmax(s.high, v);
    }
    s.mean = sum / (double)n;
    s.norm = sqrt(squares);
    return s;
}

static void print_layers(const struct encoder *e, const struct encoder_workspace *w)
{
    const struct encoder_info *info = encoder_info(e);
    printf("%-14s %14s %14s %14s", info->tokens ? "layer" : "stage", "mean", "norm", "max |value|");
    printf(info->tokens ? " %14s\n" : "\n", "norm, token 0");
    for (size_t k = 0; k <= info->layers; k++) {
        const float *x = encoder_hidden_state(e, w, k);
        struct summary s = summarise(x, encoder_hidden_size(e, k));
        printf("%-14zu %14.7g %14.7g %14.7g", k, s.mean, s.norm, fmax(-s.low, s.high));
        if (info->tokens)
            printf(" %14.7g", summarise(x, info->width).norm);
        printf("\n");
    }
}

static void print_readouts(const struct encoder *e, const float *out)
{
    for (size_t r = 0; r < encoder_n_readouts(e); r++) {
        size_t n = encoder_readout_width(e, r);
        struct summary s = summarise(out, n);
        printf("%-14s norm %.7g, min %.7g, max %.7g; begins", encoder_readout_name(e, r), s.norm, s.low, s.high);
        for (size_t i = 0; i < n && i < 6; i++)
            printf(" %.7g", (double)out[i]);
        printf("\n");
        out += n;
    }
}

static int read_pixels(float *pixels, const char *path, const struct preprocess *p, struct status *st)
{
    struct file_map map;
    struct radiograph r;
    int code = file_map(&map, path, st);
    if (code)
        return code;
    code = radiograph_decode(&r, map.data, map.size, st);
    if (!code) {
        printf("image          %s: %s, %zux%zu, %zu channel%s of %u bits\n", path, r.format, r.width, r.height, r.channels,
               r.channels > 1 ? "s" : "", r.bits);
        code = tensor_from_radiograph(pixels, &r, p, st);
        radiograph_free(&r);
    }
    file_unmap(&map);
    return code ? status_context(st, "'%s'", path) : STATUS_OK;
}

static int inspect_picture(const struct invocation *in, const struct encoder *e, const struct preprocess *p, struct status *st)
{
    const char *reference = in->value[OPTION_REFERENCE];
    size_t n = 3 * p->height * p->width;
    float *pixels = NEW(n, float), *out = NEW(encoder_output_width(e), float);
    struct encoder_workspace *w = encoder_workspace_new(e);
    encoder_workspace_trace(e, w);
    encoder_workspace_share(e, w, in->n_threads);
    int code = read_pixels(pixels, in->value[OPTION_IMAGE], p, st);
    if (!code)
        code = encoder_forward(e, w, pixels, out, st);
    if (!code) {
        struct summary s = summarise(pixels, n);
        printf("pixels         [3, %zu, %zu], mean %.7g, min %.7g, max %.7g\n", p->height, p->width, s.mean, s.low, s.high);
        if (in->value[OPTION_LAYERS])
            print_layers(e, w);
        print_readouts(e, out);
        if (reference)
            code = reference_compare(reference, in->value[OPTION_READOUT], &(struct trial){e, w, p->height, p->width, pixels, out}, st);
    }
    encoder_workspace_free(w);
    free(pixels);
    free(out);
    return code;
}

static int read_precision(enum encoder_precision *precision, const char *name, struct status *st)
{
    char known[64] = "";
    if (!name || encoder_precision_parse(precision, name))
        return STATUS_OK;
    for (size_t i = 0, used = 0; i < ENCODER_N_PRECISIONS && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", encoder_precision_name((enum encoder_precision)i));
    return status_set(st, STATUS_USAGE, "--precision is '%s'; expected one of: %s", name, known);
}

int inspect_encoder(const struct invocation *in, struct status *st)
{
    const char *path = in->argument[0];
    struct encoder *e;
    struct preprocess p;
    if (!in->value[OPTION_IMAGE] && (in->value[OPTION_LAYERS] || in->value[OPTION_REFERENCE]))
        return status_set(st, STATUS_USAGE, "%s needs --image FILE", in->value[OPTION_LAYERS] ? "--layers" : "--reference");
    if (!in->value[OPTION_REFERENCE] && in->value[OPTION_READOUT])
        return status_set(st, STATUS_USAGE, "--readout says what --reference holds: give that too");
    if (in->answer && in->value[OPTION_IMAGE])
        return status_set(st, STATUS_USAGE, "--json does not go with --image: what a picture comes to is printed for people, `export` writes it as .npy");
    struct encoder_options options = {.digest = true};
    int code = read_precision(&options.precision, in->value[OPTION_PRECISION], st);
    if (!code)
        code = encoder_open_with(&e, path, &options, st);
    if (code)
        return code;
    char *directory = file_is_directory(path) ? mem_strdup(path) : path_directory(path);
    code = preprocess_read(&p, directory, encoder_info(e)->input_height, st);
    if (!code && (code = encoder_set_input(e, p.height, p.width, st)))
        code = status_context(st, "'%s': pictures as preprocessor_config.json wants them", path);
    if (!code)
        code = in->answer ? answer_checkpoint(in->answer, e, &p, st) : print_checkpoint(path, e, &p, st);
    if (!code && in->value[OPTION_IMAGE])
        code = inspect_picture(in, e, &p, st);
    free(directory);
    encoder_close(e);
    return code;
}
