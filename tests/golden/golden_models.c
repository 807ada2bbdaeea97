/* models/: every checkpoint folder against transformers' outputs, every odd
 * safetensors file against the official verdict, and the full-size ViT-L whose
 * weights are generated.  Tolerance: models/README.md. */
#include "golden/golden.h"
#include "golden/golden_mae.h"
#include "golden/hash_weights.h"

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/npy.h"
#include "base/safetensors.h"
#include "encoder/encoder.h"
#include "image/preprocess.h"
#include "image/radiograph.h"
#include "image/tensor.h"

#define TOLERANCE 5e-6        /* of max(1, largest reference of the row) */
#define CONVOLUTION 2e-6      /* of the largest reference of the array: encoders without tokens */
#define PROBABILITY 2e-6      /* absolute */
#define ANGLE 1e-11           /* 1 - cosine */

static json_t *load_json(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    json_t *json = json_load_file(path, 0, NULL);
    free(path);
    return json;
}

/* ---- the error of one quantity over all pictures ---- */

struct error {
    double largest, allowed; /* of |difference|, and the reference size that it is measured by */
    double angle;
    bool bad;
};

struct limit {
    double tolerance, floor; /* |difference| <= tolerance * max(floor, largest reference) */
};

static void compare(struct error *e, const float *got, const struct npy *reference, size_t from, size_t n, struct limit limit)
{
    double top = limit.floor, largest = 0, dot = 0, a = 0, b = 0;
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
    e->bad = e->bad || !(largest <= limit.tolerance * top) || !(angle <= ANGLE);
    if (!(largest / top <= (e->allowed > 0 ? e->largest / e->allowed : -1))) {
        e->largest = largest;
        e->allowed = top;
    }
    e->angle = fmax(e->angle, angle);
}

static void join_text(char *to, size_t size, const char *text)
{
    size_t used = strlen(to);
    snprintf(to + used, size - used, "%s%s", used ? ", " : "", text);
}

/* ---- what the files of expected/ hold ---- */

enum kind { TOKENS, CLS, MEAN, CLS_MEAN, POOLER, LOGITS, PROBABILITIES, HIDDEN, POSITIONS, STAGE };
static const struct {
    const char *name;
    enum kind kind;
} kinds[] = {
    {"last_hidden_state", TOKENS}, {"cls", CLS},
    {"mean_patch", MEAN},          {"cls_mean", CLS_MEAN},
    {"pooler", POOLER},            {"logits", LOGITS},
    {"probs38", PROBABILITIES},    {"hidden_states_img0", HIDDEN},
    {"pos_embed_used", POSITIONS}, {"pos_embed", POSITIONS},
};

/* One run each: as it stands, with the older interpolation, on a picture that is not square. */
enum variant { PLAIN, OLD_RULE, NONSQUARE, N_VARIANTS };
#define OLD_SUFFIX "_old_rule"
#define NONSQUARE_PREFIX "nonsquare_"

struct quantity {
    char *name;
    enum kind kind;
    enum variant variant;
    size_t stage; /* of STAGE */
    struct npy reference;
    double top; /* largest magnitude in it */
    struct error error;
};

/* false if nothing here compares such a file. */
static bool parse_key(struct quantity *q, const char *key)
{
    char stem[128];
    size_t n;
    int end = 0;
    q->variant = PLAIN;
    if (strncmp(key, NONSQUARE_PREFIX, strlen(NONSQUARE_PREFIX)) == 0) {
        q->variant = NONSQUARE;
        key += strlen(NONSQUARE_PREFIX);
    }
    snprintf(stem, sizeof stem, "%s", key);
    n = strlen(stem);
    if (n > strlen(OLD_SUFFIX) && strcmp(stem + n - strlen(OLD_SUFFIX), OLD_SUFFIX) == 0) {
        q->variant = OLD_RULE;
        stem[n - strlen(OLD_SUFFIX)] = '\0';
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, stem) == 0) {
            q->kind = kinds[i].kind;
            return true;
        }
    }
    if (sscanf(stem, "stage%zu_img0%n", &q->stage, &end) == 1 && end > 0 && stem[end] == '\0') {
        q->kind = STAGE;
        return true;
    }
    return false;
}

struct golden_case {
    const char *models, *name, *folder;
    const char *tag;
    const json_t *images;
    struct quantity *q;
    size_t n_q;
    struct npy nonsquare; /* the picture of that variant; n 0: none */
    bool masked;          /* there are references of the masked pass */
    char others[1024];    /* files that nothing here compares */
};

static bool read_references(struct golden_case *c, const json_t *expected)
{
    const json_t *files = json_object_get(expected, "files");
    const char *key;
    json_t *value;
    bool fine = true;
    c->q = NEW0(json_object_size(files) + 1, struct quantity);
    json_object_foreach((json_t *)(uintptr_t)files, key, value) {
        char *file = mem_printf("%s/expected/%s.npy", c->folder, key);
        struct quantity q = {0};
        if (strcmp(key, NONSQUARE_PREFIX "pixel") == 0) {
            fine = npy_read(&c->nonsquare, file, NULL) == STATUS_OK && fine;
        } else if (golden_mae_reads(key)) {
            c->masked = true;
        } else if (!parse_key(&q, key)) {
            join_text(c->others, sizeof c->others, key);
        } else if (npy_read(&q.reference, file, NULL) == STATUS_OK) {
            for (size_t i = 0; i < q.reference.n; i++) {
                q.top = fmax(q.top, fabs(npy_value(&q.reference, i)));
            }
            q.name = mem_strdup(key);
            c->q[c->n_q++] = q;
        } else {
            fine = false;
        }
        free(file);
    }
    return fine;
}

static void free_case(struct golden_case *c)
{
    for (size_t i = 0; i < c->n_q; i++) {
        free(c->q[i].name);
        npy_free(&c->q[i].reference);
    }
    free(c->q);
    npy_free(&c->nonsquare);
}

/* ---- one picture against the references ---- */

/* Readout by name in `out`; NULL if the encoder lacks it. */
static const float *find_readout(const struct encoder *e, const float *out, const char *name, size_t *width)
{
    for (size_t i = 0; i < encoder_n_readouts(e); out += encoder_readout_width(e, i++)) {
        if (strcmp(encoder_readout_name(e, i), name) == 0) {
            *width = encoder_readout_width(e, i);
            return out;
        }
    }
    return NULL;
}

/* The encoder's own [*n] values for one file; copied to `scratch` where they do not lie together.  NULL: it has none. */
static const float *values_of(const struct quantity *q, const struct encoder *e, const struct encoder_workspace *w, const float *out,
                              float *scratch, size_t k, size_t *n)
{
    const struct encoder_info *info = encoder_info(e);
    const float *part;
    switch (q->kind) {
    case TOKENS:
        *n = encoder_hidden_size(e, info->layers);
        return info->tokens ? encoder_tokens(e, w) : encoder_hidden_state(e, w, info->layers);
    case CLS:
        return find_readout(e, out, "cls", n);
    case MEAN:
        return find_readout(e, out, "mean", n);
    case CLS_MEAN:
        *n = 2 * info->width;
        for (size_t i = 0, width; i < 2; i++) {
            part = find_readout(e, out, i ? "mean" : "cls", &width);
            if (!part) {
                return NULL;
            }
            memcpy(scratch + i * info->width, part, info->width * sizeof *scratch);
        }
        return scratch;
    case POOLER: /* an encoder without tokens has the pooled map for its first readout */
        part = find_readout(e, out, "pooler", n);
        return part || info->tokens ? part : find_readout(e, out, encoder_readout_name(e, 0), n);
    case LOGITS:
        *n = info->n_labels;
        return encoder_logits(e, w, scratch, NULL) == STATUS_OK ? scratch : NULL;
    case PROBABILITIES:
        *n = info->n_labels;
        return encoder_probabilities(e, w, scratch, NULL) == STATUS_OK ? scratch : NULL;
    case POSITIONS:
        return encoder_positions(e, n);
    case HIDDEN:
        *n = encoder_hidden_size(e, k);
        return encoder_hidden_state(e, w, k);
    case STAGE:
        *n = q->stage <= info->layers ? encoder_hidden_size(e, q->stage) : 0;
        return *n ? encoder_hidden_state(e, w, q->stage) : NULL;
    }
    return NULL;
}

static void compare_quantity(struct quantity *q, const struct encoder *e, const struct encoder_workspace *w, const float *out, float *scratch,
                             size_t picture, size_t n_pictures)
{
    const struct encoder_info *info = encoder_info(e);
    bool once = q->kind == HIDDEN || q->kind == STAGE || q->kind == POSITIONS;
    size_t n_rows = q->kind == HIDDEN ? info->layers + 1 : once ? 1 : n_pictures;
    struct limit limit = {TOLERANCE, 1};
    if (q->kind == PROBABILITIES) {
        limit = (struct limit){PROBABILITY, 1};
    } else if (info->tokens == 0) {
        limit = (struct limit){CONVOLUTION, q->top};
    }
    if (once && picture > 0) {
        return;
    }
    for (size_t k = 0; k < (q->kind == HIDDEN ? n_rows : 1); k++) {
        size_t n = 0, row = q->kind == HIDDEN ? k : once ? 0 : picture;
        const float *got = values_of(q, e, w, out, scratch, k, &n);
        if (got && q->kind == STAGE && q->reference.n < n && q->reference.n > 0) {
            n = q->reference.n; /* the set may keep the first channels alone */
        }
        if (!got || n == 0 || q->reference.n != n_rows * n) {
            q->error.bad = true;
            q->error.largest = NAN;
        } else {
            compare(&q->error, got, &q->reference, row * n, n, limit);
        }
    }
}

/* ---- a run over the pictures ---- */

/* [3, *height, *width]; NULL if there is no such array. */
static float *pixels_of(const struct npy *array, size_t *height, size_t *width)
{
    if (array->n_dims < 3 || array->shape[array->n_dims - 3] != 3) {
        return NULL;
    }
    *height = array->shape[array->n_dims - 2];
    *width = array->shape[array->n_dims - 1];
    return array->n == 3 * *height * *width ? npy_floats(array) : NULL;
}

static float *read_pixels(const char *models, const char *image, const char *tag, size_t *height, size_t *width, struct status *st)
{
    char *path = mem_printf("%s/images/%s.%s.pixel.npy", models, image, tag);
    struct npy array = {0};
    float *pixels = NULL;
    if (npy_read(&array, path, st) == STATUS_OK && !(pixels = pixels_of(&array, height, width))) {
        status_set(st, STATUS_DATA, "'%s' is no picture [3, height, width]", path);
    }
    npy_free(&array);
    free(path);
    return pixels;
}

/* The picture's file, decoded and brought to the checkpoint's size as its preprocessor_config.json says. */
static float *decode_pixels(const char *models, const char *image, const char *folder, size_t side, size_t *height, size_t *width,
                            struct status *st)
{
    char *path = mem_printf("%s/images/%s.png", models, image);
    struct file_map map = {0};
    struct radiograph r = {0};
    struct preprocess p;
    float *pixels = NULL;
    if (preprocess_read(&p, folder, side, st) == STATUS_OK && file_map(&map, path, st) == STATUS_OK &&
        radiograph_decode(&r, map.data, map.size, st) == STATUS_OK) {
        *height = p.height;
        *width = p.width;
        pixels = NEW(3 * p.height * p.width, float);
        if (tensor_from_radiograph(pixels, &r, &p, st) != STATUS_OK) {
            free(pixels);
            pixels = NULL;
        }
    }
    radiograph_free(&r);
    file_unmap(&map);
    free(path);
    return pixels;
}

static void report(const char *name, const struct golden_case *c, enum variant variant, const char *detail)
{
    char text[1024] = "";
    bool bad = false;
    for (size_t i = 0; i < c->n_q; i++) {
        const struct quantity *q = &c->q[i];
        if (q->variant == variant) {
            char *one = mem_printf("%s %.1e of %.3g, 1-cos %.0e%s", q->name, q->error.largest, q->error.allowed, q->error.angle,
                                   q->error.bad ? " BAD" : "");
            join_text(text, sizeof text, one);
            free(one);
            bad = bad || q->error.bad;
        }
    }
    if (bad || !*text) {
        golden_fail(name, "%s: %s", detail, *text ? text : "nothing to compare with");
    } else {
        golden_pass(name, "%s: %s", detail, text);
    }
}

static void run_variant(struct golden_case *c, enum variant variant, bool from_png)
{
    static const char *const suffix[] = {[PLAIN] = "", [OLD_RULE] = " old interpolation", [NONSQUARE] = " non-square"};
    char *name = mem_printf("%s%s%s", c->name, suffix[variant], from_png ? " from the PNG" : ""), detail[128];
    size_t n_pictures = variant == NONSQUARE ? 1 : json_array_size(c->images);
    struct encoder_options options = {.old_interpolation = variant == OLD_RULE};
    struct encoder *e = NULL;
    struct encoder_workspace *w = NULL;
    struct status st = {0};
    float *pixels = NULL, *out = NULL, *scratch = NULL;
    for (size_t i = 0; i < c->n_q; i++) {
        c->q[i].error = (struct error){0};
    }
    if (encoder_open_with(&e, c->folder, &options, &st) != STATUS_OK) {
        goto failed;
    }
    const struct encoder_info *info = encoder_info(e);
    out = NEW(encoder_output_width(e), float);
    scratch = NEW(2 * info->width + info->n_labels, float);
    for (size_t i = 0; i < n_pictures; i++) {
        const char *image = json_string_value(json_array_get(c->images, i));
        size_t height = 0, width = 0;
        free(pixels);
        if (variant == NONSQUARE) {
            pixels = pixels_of(&c->nonsquare, &height, &width);
        } else if (image) {
            pixels = from_png ? decode_pixels(c->models, image, c->folder, info->input_height, &height, &width, &st)
                              : read_pixels(c->models, image, c->tag, &height, &width, &st);
        }
        if (!pixels) {
            goto failed;
        }
        if (!w) {
            if (encoder_set_input(e, height, width, &st) != STATUS_OK) {
                goto failed;
            }
            w = encoder_workspace_new(e);
            encoder_workspace_trace(e, w);
        }
        if (height != info->input_height || width != info->input_width) {
            status_set(&st, STATUS_DATA, "the pictures differ in size");
            goto failed;
        }
        if (encoder_forward(e, w, pixels, out, &st) != STATUS_OK) {
            goto failed;
        }
        for (size_t k = 0; k < c->n_q; k++) {
            if (c->q[k].variant == variant) {
                compare_quantity(&c->q[k], e, w, out, scratch, i, n_pictures);
            }
        }
    }
    snprintf(detail, sizeof detail, "%zu pictures of %zux%zu, %zu of %zu tensors", n_pictures, info->input_width, info->input_height,
             info->n_used, info->n_tensors);
    report(name, c, variant, detail);
    goto done;
failed:
    golden_fail(name, "%s", *st.text ? st.text : "its picture cannot be read");
done:
    free(pixels);
    free(out);
    free(scratch);
    encoder_workspace_free(w);
    encoder_close(e);
    free(name);
}

/* ---- the weights alone ---- */

/* What comes out for picture 0, all readouts; NULL with the reason. */
static float *run_first(struct golden_case *c, struct encoder *e, struct status *st)
{
    const char *image = json_string_value(json_array_get(c->images, 0));
    size_t height, width;
    float *pixels = image ? read_pixels(c->models, image, c->tag, &height, &width, st) : NULL, *out = NULL;
    if (pixels && encoder_set_input(e, height, width, st) == STATUS_OK) {
        struct encoder_workspace *w = encoder_workspace_new(e);
        out = NEW(encoder_output_width(e), float);
        if (encoder_forward(e, w, pixels, out, st) != STATUS_OK) {
            free(out);
            out = NULL;
        }
        encoder_workspace_free(w);
    }
    free(pixels);
    return out;
}

/* The folder's model.safetensors in a folder without config.json gives the same bytes, when told the number of heads. */
static void check_lone_file(struct golden_case *c)
{
    char *name = mem_printf("%s without config.json", c->name), *weights = path_join(c->folder, "model.safetensors");
    char *whole_path = realpath(weights, NULL), folder[] = "/tmp/golden_lone.XXXXXX", *link = NULL, *says[2] = {NULL, NULL};
    struct encoder *e[2] = {NULL, NULL};
    struct status st = {0};
    float *out[2] = {NULL, NULL};
    if (!file_exists(weights) || !mkdtemp(folder)) {
        free(weights);
        free(whole_path);
        free(name);
        return;
    }
    link = path_join(folder, "model.safetensors");
    struct encoder_options options = {0};
    bool open = encoder_open(&e[0], c->folder, &st) == STATUS_OK;
    if (open) {
        options = (struct encoder_options){.architecture = encoder_info(e[0])->architecture, .heads = encoder_info(e[0])->heads};
        open = symlink(whole_path, link) == 0 && encoder_open_with(&e[1], link, &options, &st) == STATUS_OK;
    }
    if (!open) {
        if (e[0] && encoder_info(e[0])->tokens == 0 && st.code == STATUS_DATA) {
            golden_pass(name, "refused: %s", st.text); /* a convolutional network's shapes do not tell its strides */
        } else {
            golden_fail(name, "%s", st.text);
        }
        goto done;
    }
    for (int i = 0; i < 2; i++) {
        says[i] = encoder_describe(e[i]);
    }
    if (strcmp(says[0], says[1]) != 0) {
        golden_pass(name, "its config.json says what no tensor does, and the descriptions differ: %s, not %s", says[0], says[1]);
        goto done;
    }
    for (int i = 0; i < 2; i++) {
        out[i] = run_first(c, e[i], &st);
    }
    if (!out[0] || !out[1]) {
        golden_fail(name, "%s", st.text);
    } else if (memcmp(out[0], out[1], encoder_output_width(e[0]) * sizeof **out) != 0) {
        golden_fail(name, "other numbers than with it");
    } else {
        golden_pass(name, "the same bytes, told %zu heads", options.heads);
    }
done:
    unlink(link);
    rmdir(folder);
    for (int i = 0; i < 2; i++) {
        free(out[i]);
        free(says[i]);
        encoder_close(e[i]);
    }
    free(link);
    free(whole_path);
    free(weights);
    free(name);
}

/* ---- bfloat16 ---- */

#define BF16_LIMIT 1e-4 /* of 1 - cosine with float32, which the references check; eight bits a factor leave 1e-5 or so */

static double cosine_distance(const float *a, const float *b, size_t n)
{
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return aa == 0 && bb == 0 ? 0 : 1 - ab / sqrt(aa * bb);
}

/* Every readout of every picture in both precisions, and all tokens together; the worst distance, or NAN with the reason. */
static double bf16_distance(struct golden_case *c, struct encoder *e[2], struct status *st)
{
    struct encoder_workspace *w[2] = {NULL, NULL};
    size_t n = encoder_output_width(e[0]), height, width;
    float *out[2] = {NEW(n, float), NEW(n, float)};
    double worst = 0;
    for (size_t i = 0; i < json_array_size(c->images) && !isnan(worst); i++) {
        float *pixels = read_pixels(c->models, json_string_value(json_array_get(c->images, i)), c->tag, &height, &width, st);
        for (int k = 0; k < 2; k++) {
            if (!pixels || (!w[k] && encoder_set_input(e[k], height, width, st) != STATUS_OK)) {
                worst = NAN;
                break;
            }
            w[k] = w[k] ? w[k] : encoder_workspace_new(e[k]);
            if (encoder_forward(e[k], w[k], pixels, out[k], st) != STATUS_OK) {
                worst = NAN;
                break;
            }
        }
        free(pixels);
        if (isnan(worst)) {
            break;
        }
        for (size_t r = 0, at = 0; r < encoder_n_readouts(e[0]); at += encoder_readout_width(e[0], r++)) {
            worst = fmax(worst, cosine_distance(out[0] + at, out[1] + at, encoder_readout_width(e[0], r)));
        }
        const struct encoder_info *info = encoder_info(e[0]);
        for (size_t t = 0; t < info->tokens; t++) {
            worst = fmax(worst, cosine_distance(encoder_tokens(e[0], w[0]) + t * info->width, encoder_tokens(e[1], w[1]) + t * info->width, info->width));
        }
    }
    for (int k = 0; k < 2; k++) {
        encoder_workspace_free(w[k]);
        free(out[k]);
    }
    return worst;
}

static void check_bf16(struct golden_case *c)
{
    char *name = mem_printf("%s in bf16", c->name);
    struct encoder *e[2] = {NULL, NULL};
    struct status st = {0};
    double worst = NAN;
    if (encoder_open(&e[0], c->folder, &st) == STATUS_OK &&
        encoder_open_with(&e[1], c->folder, &(struct encoder_options){.precision = ENCODER_BF16}, &st) == STATUS_OK) {
        worst = bf16_distance(c, e, &st);
    }
    if (isnan(worst)) {
        golden_fail(name, "%s", *st.text ? st.text : "its picture cannot be read");
    } else if (worst == 0) {
        golden_fail(name, "the same bytes as fp32");
    } else if (worst > BF16_LIMIT) {
        golden_fail(name, "1-cos with fp32 is %.1e, more than %.0e", worst, BF16_LIMIT);
    } else {
        golden_pass(name, "1-cos with fp32 %.1e (limit %.0e) over readouts and tokens", worst, BF16_LIMIT);
    }
    encoder_close(e[0]);
    encoder_close(e[1]);
    free(name);
}

/* ---- one checkpoint ---- */

static void run_checkpoint(const char *models, const char *name, const char *folder, const json_t *expected)
{
    struct golden_case c = {.models = models, .name = name, .folder = folder};
    bool has[N_VARIANTS] = {[PLAIN] = true};
    c.tag = json_string_value(json_object_get(expected, "image_tag"));
    c.images = json_object_get(expected, "images");
    if (!read_references(&c, expected) || !c.tag || json_array_size(c.images) == 0) {
        golden_fail(name, "its expected outputs cannot be read");
        goto done;
    }
    for (size_t i = 0; i < c.n_q; i++) {
        has[c.q[i].variant] = true;
    }
    for (enum variant v = PLAIN; v < N_VARIANTS; v++) {
        if (has[v]) {
            run_variant(&c, v, false);
        }
        if (has[v] && v != NONSQUARE) {
            run_variant(&c, v, true);
        }
    }
    check_lone_file(&c);
    check_bf16(&c);
    if (c.masked) {
        golden_mae(models, name, folder, folder, expected);
    }
    if (*c.others) {
        golden_skip(name, "not built yet: %s", c.others);
    }
done:
    free_case(&c);
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
    bool bad = false, masked = false;

    if (!hex || !weights_are(checkpoint, hex, &st) || encoder_open(&e, checkpoint, &st) != STATUS_OK) {
        golden_fail(name, "%s", hex ? st.text : "expected.json has no data_sha256");
        goto done;
    }
    const struct encoder_info *info = encoder_info(e);
    size_t D = info->width;
    size_t height = 0, width = 0;
    pixels = image && tag ? read_pixels(models, image, tag, &height, &width, &st) : NULL;
    if (pixels && encoder_set_input(e, height, width, &st) != STATUS_OK) {
        golden_fail(name, "%s", st.text);
        goto done;
    }
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
        if (kind == N_GENERATED && golden_mae_reads(key)) {
            masked = true;
            continue;
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
                got = find_readout(e, out, "mean", &width);
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
            compare(&error, got, &reference, row * D, D, (struct limit){TOLERANCE, 1});
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
    if (masked) {
        golden_mae(models, name, checkpoint, folder, expected);
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
    /* Weights made before (by gen_hash_weights.py) save their making here. */
    const char *given = getenv("GOLDEN_VITL"), *base = getenv("TMPDIR");
    const char *kind = json_string_value(json_object_get(expected, "kind"));
    if (given && *given) {
        run_generated(models, name, folder, expected, given);
        return;
    }
    char *checkpoint = mem_printf("%s/golden_weights.XXXXXX", base ? base : "/tmp");
    struct status st = {0};
    if (!mkdtemp(checkpoint)) {
        golden_skip(name, "no folder '%s' to make its weights in", checkpoint);
    } else {
        if (hash_weights_write(checkpoint, kind ? kind : "vitl", (uint64_t)json_integer_value(json_object_get(expected, "seed")), &st))
            golden_skip(name, "its weights cannot be made: %s", st.text);
        else
            run_generated(models, name, folder, expected, checkpoint);
        hash_weights_remove(checkpoint);
    }
    free(checkpoint);
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
    } else if (!golden_torch_rand(folder, name)) {
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
