/* models/: every checkpoint folder against transformers' outputs, every odd
 * safetensors file against the official verdict, and the full-size ViT-L whose
 * weights are generated.  Tolerance: models/README.md. */
#include "golden/golden.h"

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/npy.h"
#include "encoder/encoder.h"
#include "encoder/safetensors.h"

#define TOLERANCE 5e-6 /* of max(1, largest reference) */
#define ANGLE 1e-11    /* 1 - cosine */

static json_t *load_json(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    json_t *json = json_load_file(path, 0, NULL);
    free(path);
    return json;
}

/* ---- the error of one quantity over all pictures ---- */

struct error {
    double largest, allowed; /* of |difference|, and the limit that held for it */
    double angle;
    bool bad;
};

static void compare(struct error *e, const float *got, const struct npy *reference, size_t from, size_t n)
{
    double top = 1, largest = 0, dot = 0, a = 0, b = 0;
    for (size_t i = 0; i < n; i++) {
        double x = (double)got[i], y = npy_value(reference, from + i), difference = fabs(x - y);
        top = fmax(top, fabs(y));
        if (!(difference <= largest)) {
            largest = difference; /* NaN sticks: no later comparison with it holds but this one */
        }
        dot += x * y;
        a += x * x;
        b += y * y;
    }
    double angle = n > 1 ? 1 - dot / sqrt(a * b) : 0;
    e->bad = e->bad || !(largest <= TOLERANCE * top) || !(angle <= ANGLE);
    if (!(largest / top <= (e->allowed > 0 ? e->largest / e->allowed : -1))) {
        e->largest = largest;
        e->allowed = top;
    }
    e->angle = fmax(e->angle, angle);
}

/* ---- one checkpoint ---- */

struct quantity {
    const char *name;
    struct npy reference;
    bool present;
    struct error error;
};

enum { TOKENS, CLS, MEAN, CLS_MEAN, LOGITS, HIDDEN, N_QUANTITIES };
static const char *const quantity_names[] = {"last_hidden_state", "cls",    "mean_patch",
                                             "cls_mean",          "logits", "hidden_states_img0"};

static void join_text(char *to, size_t size, const char *text)
{
    size_t used = strlen(to);
    snprintf(to + used, size - used, "%s%s", used ? ", " : "", text);
}

/* Reads the references there are; names of files that nothing here compares go to `others`. */
static bool read_references(struct quantity *q, const char *folder, const json_t *expected, char *others, size_t size)
{
    const char *key;
    json_t *value;
    char *sub = path_join(folder, "expected");
    bool fine = true;
    for (size_t i = 0; i < N_QUANTITIES; i++) {
        q[i] = (struct quantity){.name = quantity_names[i]};
    }
    json_object_foreach(json_object_get(expected, "files"), key, value) {
        size_t i = 0;
        while (i < N_QUANTITIES && strcmp(quantity_names[i], key) != 0) {
            i++;
        }
        if (i == N_QUANTITIES) {
            join_text(others, size, key);
            continue;
        }
        char *file = mem_printf("%s/%s.npy", sub, key);
        q[i].present = npy_read(&q[i].reference, file, NULL) == STATUS_OK;
        fine = fine && q[i].present;
        free(file);
    }
    free(sub);
    return fine;
}

static float *read_pixels(const char *models, const char *image, const char *tag, size_t side)
{
    char *path = mem_printf("%s/images/%s.%s.pixel.npy", models, image, tag);
    struct npy array = {0};
    float *pixels = NULL;
    if (npy_read(&array, path, NULL) == STATUS_OK && array.n == 3 * side * side) {
        pixels = npy_floats(&array);
    }
    npy_free(&array);
    free(path);
    return pixels;
}

/* Row `picture` of a reference [pictures, ...]; marks it bad if the sizes do not meet. */
static void compare_row(struct quantity *q, const float *got, size_t picture, size_t n_pictures, size_t n)
{
    if (!q->present) {
        return;
    }
    if (q->reference.n != n_pictures * n) {
        q->error.bad = true;
        q->error.largest = NAN;
        return;
    }
    compare(&q->error, got, &q->reference, picture * n, n);
}

static void compare_picture(struct quantity *q, const struct encoder *e, const struct encoder_workspace *w, const float *out,
                            size_t picture, size_t n_pictures)
{
    const struct encoder_info *info = encoder_info(e);
    size_t D = info->width;
    float *both = NEW(2 * D, float);
    for (size_t i = 0, at = 0; i < encoder_n_readouts(e); at += encoder_readout_width(e, i++)) {
        if (strcmp(encoder_readout_name(e, i), "cls") == 0) {
            memcpy(both, out + at, D * sizeof *both);
        } else if (strcmp(encoder_readout_name(e, i), "mean") == 0) {
            memcpy(both + D, out + at, D * sizeof *both);
        }
    }
    compare_row(&q[CLS], both, picture, n_pictures, D);
    compare_row(&q[MEAN], both + D, picture, n_pictures, D);
    compare_row(&q[CLS_MEAN], both, picture, n_pictures, 2 * D);
    compare_row(&q[TOKENS], encoder_tokens(e, w), picture, n_pictures, info->tokens * D);
    if (q[LOGITS].present) {
        float *logits = NEW(info->n_labels + 1, float);
        if (encoder_logits(e, w, logits, NULL) == STATUS_OK) {
            compare_row(&q[LOGITS], logits, picture, n_pictures, info->n_labels);
        } else {
            q[LOGITS].error.bad = true;
        }
        free(logits);
    }
    if (picture == 0) {
        for (size_t k = 0; k <= info->layers; k++) {
            compare_row(&q[HIDDEN], encoder_hidden_state(e, w, k), k, info->layers + 1, info->tokens * D);
        }
    }
    free(both);
}

static void report(const char *name, const struct quantity *q, const char *detail)
{
    char text[1024] = "";
    bool bad = false;
    for (size_t i = 0; i < N_QUANTITIES; i++) {
        if (q[i].present) {
            char *one = mem_printf("%s %.1e of %.3g, 1-cos %.0e%s", q[i].name, q[i].error.largest, q[i].error.allowed, q[i].error.angle,
                                   q[i].error.bad ? " BAD" : "");
            join_text(text, sizeof text, one);
            free(one);
            bad = bad || q[i].error.bad;
        }
    }
    if (bad || !*text) {
        golden_fail(name, "%s: %s", detail, *text ? text : "nothing to compare with");
    } else {
        golden_pass(name, "%s: %s", detail, text);
    }
}

static void run_checkpoint(const char *models, const char *name, const char *folder, const json_t *expected)
{
    struct quantity q[N_QUANTITIES];
    struct encoder *e = NULL;
    struct encoder_workspace *w = NULL;
    struct status st = {0};
    float *out = NULL;
    char others[1024] = "", detail[128];
    const char *tag = json_string_value(json_object_get(expected, "image_tag"));
    const json_t *images = json_object_get(expected, "images");
    size_t n_pictures = json_array_size(images);

    bool fine = read_references(q, folder, expected, others, sizeof others);
    if (!fine || !tag || n_pictures == 0) {
        golden_fail(name, "its expected outputs cannot be read");
        goto done;
    }
    if (encoder_open(&e, folder, &st) != STATUS_OK) {
        golden_fail(name, "%s", st.text);
        goto done;
    }
    w = encoder_workspace_new(e);
    encoder_workspace_trace(e, w);
    out = NEW(encoder_output_width(e), float);
    for (size_t i = 0; i < n_pictures; i++) {
        const char *image = json_string_value(json_array_get(images, i));
        float *pixels = image ? read_pixels(models, image, tag, encoder_info(e)->image_size) : NULL;
        if (!pixels) {
            golden_fail(name, "no picture '%s.%s.pixel.npy' of side %zu", image ? image : "?", tag, encoder_info(e)->image_size);
            goto done;
        }
        int code = encoder_forward(e, w, pixels, out, &st);
        free(pixels);
        if (code != STATUS_OK) {
            golden_fail(name, "%s", st.text);
            goto done;
        }
        compare_picture(q, e, w, out, i, n_pictures);
    }
    snprintf(detail, sizeof detail, "%zu pictures, %zu of %zu tensors", n_pictures, encoder_info(e)->n_used, encoder_info(e)->n_tensors);
    report(name, q, detail);
    if (*others) {
        golden_skip(name, "not built yet: %s", others);
    }
done:
    for (size_t i = 0; i < N_QUANTITIES; i++) {
        npy_free(&q[i].reference);
    }
    free(out);
    encoder_workspace_free(w);
    encoder_close(e);
}

static void check_checkpoint(const char *models, const json_t *index, const char *name, const char *folder)
{
    json_t *config = load_json(folder, "config.json");
    char *sub = path_join(folder, "expected");
    json_t *expected = load_json(sub, "expected.json");
    const char *type = json_string_value(json_object_get(config, "model_type"));
    const json_t *entry = json_object_get(index, name);
    if (!type) {
        golden_fail(name, "config.json has no model_type");
    } else if (!encoder_knows(type)) {
        golden_skip(name, "architecture '%s' is not built yet", type);
    } else if (!expected) {
        golden_fail(name, "expected/expected.json cannot be read");
    } else {
        static const char *const from_index[] = {"image_tag", "images"};
        for (size_t i = 0; i < 2; i++) { /* where expected.json does not say, INDEX.json does */
            if (!json_object_get(expected, from_index[i]) && json_object_get(entry, from_index[i])) {
                json_object_set(expected, from_index[i], json_object_get(entry, from_index[i]));
            }
        }
        run_checkpoint(models, name, folder, expected);
    }
    json_decref(config);
    json_decref(expected);
    free(sub);
}

/* ---- odd files ---- */

static void check_odd(const char *name, const char *folder, const json_t *verdicts)
{
    const char *file;
    json_t *verdict;
    json_object_foreach((json_t *)(uintptr_t)verdicts, file, verdict) {
        const char *official = json_string_value(json_object_get(verdict, "official"));
        const char *why = json_string_value(json_object_get(verdict, "detail"));
        char *path = mem_printf("%s/%s.safetensors", folder, file);
        char *label = mem_printf("%s/%s", name, file);
        struct safetensors s;
        struct status st = {0};
        char count[64] = "";
        int code = safetensors_open(&s, path, &st);
        bool accepted = code == STATUS_OK;
        if (accepted) {
            snprintf(count, sizeof count, "%zu tensors", s.n);
            safetensors_close(&s);
        }
        if (!official || code == STATUS_IO) {
            golden_fail(label, "%s", official ? st.text : "no verdict");
        } else if (accepted != (strcmp(official, "accept") == 0)) {
            golden_fail(label, "official %s (%s), here: %s", official, why ? why : "", accepted ? count : st.text);
        } else if (accepted && why && strstr(why, "tensors") && strcmp(why, count) != 0) {
            golden_fail(label, "official %s, here %s", why, count);
        } else {
            golden_pass(label, "%s", accepted ? count : st.text);
        }
        free(path);
        free(label);
    }
}

/* ---- the generated ViT-L ---- */

/* The array of expected outputs, sized [n_rows, width]; n_rows 0: as many as there are. */
static bool read_rows(struct npy *array, const char *folder, const char *name, size_t *n_rows, size_t width)
{
    char *path = mem_printf("%s/%s.npy", folder, name);
    bool fine = npy_read(array, path, NULL) == STATUS_OK && array->n % width == 0 && (*n_rows == 0 || array->n == *n_rows * width);
    *n_rows = fine ? array->n / width : 0;
    free(path);
    return fine;
}

static bool weights_are(const char *checkpoint, const char *hex, struct status *st)
{
    char *path = path_join(checkpoint, "model.safetensors");
    struct safetensors s;
    uint8_t digest[DIGEST_BYTES];
    char text[DIGEST_HEX];
    int code = safetensors_open(&s, path, st);
    if (code == STATUS_OK) {
        digest_bytes(digest, s.data, s.data_size);
        if (strcmp(digest_hex(text, digest), hex) != 0) {
            code = status_set(st, STATUS_DATA, "'%s' has other weights: SHA-256 %s, not %s", path, text, hex);
        }
        safetensors_close(&s);
    }
    free(path);
    return code == STATUS_OK;
}

static void run_generated(const char *models, const char *name, const char *folder, const json_t *expected, const char *checkpoint)
{
    enum { G_CLS, G_MEAN, G_LAYERS, G_TOKENS, N_GENERATED };
    static const char *const known[] = {"cls", "mean_patch", "cls_per_layer", "tokens_"};
    const char *tag = json_string_value(json_object_get(expected, "image_tag"));
    const char *image = json_string_value(json_object_get(expected, "image"));
    const char *hex = json_string_value(json_object_get(expected, "data_sha256"));
    struct encoder *e = NULL;
    struct encoder_workspace *w = NULL;
    struct status st = {0};
    float *pixels = NULL, *out = NULL;
    char text[1024] = "", others[512] = "";
    bool bad = false;

    if (!hex || !weights_are(checkpoint, hex, &st) || encoder_open(&e, checkpoint, &st) != STATUS_OK) {
        golden_fail(name, "%s", hex ? st.text : "expected.json has no data_sha256");
        goto done;
    }
    const struct encoder_info *info = encoder_info(e);
    size_t D = info->width;
    pixels = image && tag ? read_pixels(models, image, tag, info->image_size) : NULL;
    w = encoder_workspace_new(e);
    encoder_workspace_trace(e, w);
    out = NEW(encoder_output_width(e), float);
    if (!pixels || encoder_forward(e, w, pixels, out, &st) != STATUS_OK) {
        golden_fail(name, "%s", pixels ? st.text : "its picture cannot be read");
        goto done;
    }
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(expected, "files"), key, value) {
        struct npy reference = {0};
        struct error error = {0};
        size_t kind = 0;
        while (kind < N_GENERATED && (kind == G_TOKENS ? strncmp(key, known[kind], strlen(known[kind])) : strcmp(key, known[kind])) != 0) {
            kind++;
        }
        if (kind == N_GENERATED) {
            join_text(others, sizeof others, key);
            continue;
        }
        size_t n_rows = kind == G_LAYERS ? info->layers + 1 : kind == G_TOKENS ? 0 : 1;
        bool fine = read_rows(&reference, folder, key, &n_rows, D);
        const char *number = key + strlen("tokens"); /* "_1_17_196": the rows of the last hidden state */
        for (size_t row = 0; row < n_rows && fine; row++) {
            const float *got = NULL;
            if (kind == G_CLS) {
                got = encoder_tokens(e, w);
            } else if (kind == G_MEAN) {
                got = out;
                for (size_t i = 0; i < encoder_n_readouts(e) && strcmp(encoder_readout_name(e, i), "mean") != 0; i++) {
                    got += encoder_readout_width(e, i);
                }
            } else if (kind == G_LAYERS) {
                got = encoder_hidden_state(e, w, row);
            } else {
                char *end;
                unsigned long token = *number == '_' ? strtoul(number + 1, &end, 10) : info->tokens;
                fine = token < info->tokens;
                if (!fine) {
                    break;
                }
                number = end;
                got = encoder_tokens(e, w) + token * D;
            }
            compare(&error, got, &reference, row * D, D);
        }
        char *one = mem_printf("%s %.1e of %.3g, 1-cos %.0e%s", key, error.largest, error.allowed, error.angle,
                               !fine || error.bad ? " BAD" : "");
        join_text(text, sizeof text, one);
        bad = bad || !fine || error.bad;
        free(one);
        npy_free(&reference);
    }
    if (bad || !*text) {
        golden_fail(name, "%s", *text ? text : "nothing to compare with");
    } else {
        golden_pass(name, "%zu of %zu tensors: %s", info->n_used, info->n_tensors, text);
    }
    if (*others) {
        golden_skip(name, "not built yet: %s", others);
    }
done:
    free(pixels);
    free(out);
    encoder_workspace_free(w);
    encoder_close(e);
}

static void check_generated(const char *models, const char *name, const char *folder, const json_t *expected)
{
    const char *checkpoint = getenv("GOLDEN_VITL");
    if (checkpoint && *checkpoint) {
        run_generated(models, name, folder, expected, checkpoint);
    } else {
        const char *kind = json_string_value(json_object_get(expected, "kind"));
        golden_skip(name, "needs its weights: python3 gen_hash_weights.py DIR %lld %s, then GOLDEN_VITL=DIR",
                    (long long)json_integer_value(json_object_get(expected, "seed")), kind ? kind : "vitl");
    }
}

/* ---- the walk ---- */

static void check_folder(const char *models, const json_t *index, const char *name)
{
    char *folder = path_join(models, name);
    char *config = path_join(folder, "config.json");
    json_t *verdicts = load_json(folder, "verdicts.json");
    json_t *expected = load_json(folder, "expected.json");
    json_t *images = load_json(folder, "images.json");
    if (!file_is_directory(folder) || images) {
        /* a file beside the folders, or the pictures, which golden_model_images checks */
    } else if (file_exists(config)) {
        check_checkpoint(models, index, name, folder);
    } else if (verdicts) {
        check_odd(name, folder, verdicts);
    } else if (json_object_get(expected, "data_sha256")) {
        check_generated(models, name, folder, expected);
    } else {
        golden_skip(name, "nothing built yet reads this folder");
    }
    json_decref(verdicts);
    json_decref(expected);
    json_decref(images);
    free(config);
    free(folder);
}

void golden_models(const char *directory)
{
    struct file_list list = {0};
    if (!file_is_directory(directory) || file_list_directory(&list, directory, NULL) != STATUS_OK) {
        golden_skip("models", "no folder '%s'", directory);
        return;
    }
    json_t *index = load_json(directory, "INDEX.json");
    for (size_t i = 0; i < list.n; i++) {
        check_folder(directory, index, list.name[i]);
    }
    json_decref(index);
    file_list_free(&list);
}
