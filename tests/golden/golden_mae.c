/* The masked autoencoder's pass and the published error map against the
 * reference's own numbers, given its noise.  Tolerances: models/README.md. */
#include "golden/golden_mae.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "anomaly/error_map.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/npy.h"
#include "encoder/mae.h"
#include "golden/golden.h"
#include "image/preprocess.h"

#define TOLERANCE 5e-6 /* of max(1, largest reference) */
#define ANGLE 1e-11    /* 1 - cosine */
#define MAP 1e-6       /* absolute, of the error map */
#define RELATIVE 1e-6  /* of losses and mean errors */
#define PATCHES "decoder_logits_patches_"

static const char *const known[] = {"noise", "ids_shuffle", "ids_restore", "mask", "latent", "mae_encoder_hidden_img0", "mae_decoder_hidden_img0",
                                    "decoder_logits", "reconstruction", "patch_mse", "hotspot_noise", "hotspot_hits", "hotspot_err_l2",
                                    "hotspot_err_l1", "hotspot_base"};

bool golden_mae_reads(const char *key)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(known[i], key))
            return true;
    return !strncmp(key, PATCHES, strlen(PATCHES));
}

/* One checkpoint's run: what was compared, in words, and whether all of it agreed. */
struct run {
    const char *models, *folder;
    const json_t *expected;
    struct encoder *e;
    struct mae_info info;
    struct preprocess preprocess;
    char said[2048];
    bool bad;
};

__attribute__((format(printf, 3, 4))) static void say(struct run *r, bool bad, const char *format, ...)
{
    size_t used = strlen(r->said);
    va_list arguments;
    va_start(arguments, format);
    if (used && used + 2 < sizeof r->said)
        used += (size_t)snprintf(r->said + used, sizeof r->said - used, ", ");
    vsnprintf(r->said + used, sizeof r->said - used, format, arguments);
    va_end(arguments);
    if (bad) {
        used = strlen(r->said);
        snprintf(r->said + used, sizeof r->said - used, " BAD");
        r->bad = true;
    }
}

/* false, without a word, if there is no such file. */
static bool read(struct npy *array, const struct run *r, const char *key)
{
    char *path = mem_printf("%s/expected/%s.npy", r->folder, key), *flat = mem_printf("%s/%s.npy", r->folder, key);
    struct status st;
    *array = (struct npy){0};
    bool fine = npy_read(array, file_exists(path) ? path : flat, &st) == STATUS_OK;
    free(path);
    free(flat);
    return fine;
}

/* n values of a reference from `from` on; the errors of several rows are joined by the caller's single call per file. */
struct difference {
    double largest, top, angle;
};

static struct difference differ(const float *got, const struct npy *reference, size_t from, size_t n)
{
    struct difference d = {0};
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++) {
        double x = (double)got[i], y = npy_value(reference, from + i), difference = fabs(x - y);
        if (!(difference <= d.largest))
            d.largest = difference;
        d.top = fmax(d.top, fabs(y));
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    d.angle = 1 - ab / sqrt(aa * bb);
    return d;
}

static void compare(struct run *r, const char *key, const float *got, size_t from, size_t n, bool last, struct difference *worst)
{
    struct npy reference;
    if (!read(&reference, r, key))
        return;
    if (from + n > reference.n) {
        say(r, true, "%s has %zu values, not %zu", key, reference.n, from + n);
    } else {
        struct difference d = differ(got, &reference, from, n);
        worst->largest = d.largest <= worst->largest ? worst->largest : d.largest;
        worst->top = fmax(worst->top, d.top);
        worst->angle = d.angle <= worst->angle ? worst->angle : d.angle;
        if (last)
            say(r, !(worst->largest <= TOLERANCE * fmax(1, worst->top)) || !(worst->angle <= ANGLE) || from + n != reference.n, "%s %.1e of %.3g", key,
                worst->largest, worst->top);
    }
    npy_free(&reference);
}

/* Whole numbers, which are equal or not. */
static void compare_numbers(struct run *r, const char *key, const double *got, size_t from, size_t n)
{
    struct npy reference;
    if (!read(&reference, r, key))
        return;
    size_t wrong = from + n > reference.n;
    for (size_t i = 0; i < n && !wrong; i++)
        wrong += got[i] != npy_value(&reference, from + i);
    if (wrong || from == 0)
        say(r, wrong > 0, "%s %s", key, wrong ? "differs" : "equal");
    npy_free(&reference);
}

static bool relative(double got, double due)
{
    return fabs(got - due) <= RELATIVE * fabs(due);
}

static float *read_pixels(const struct run *r, const char *image)
{
    const char *tag = json_string_value(json_object_get(r->expected, "image_tag"));
    char *path = mem_printf("%s/images/%s.%s.pixel.npy", r->models, image ? image : "", tag ? tag : "");
    struct npy array = {0};
    struct status st;
    float *pixels = NULL;
    if (!npy_read(&array, path, &st) && array.n == 3 * r->info.height * r->info.width)
        pixels = npy_floats(&array);
    npy_free(&array);
    free(path);
    return pixels;
}

/* ---- one masked pass ---- */

static void compare_loss(struct run *r, size_t i, size_t n_images, const float *prediction, const float *pixels, const uint8_t *masked,
                         double sum[2])
{
    static const char *const keys[2] = {"loss_norm_pix_off", "loss_norm_pix_on"};
    const struct mae_info *info = &r->info;
    float *target = NEW(info->n_patches * info->patch_values, float);
    double *error = NEW(info->n_patches, double);
    for (int norm = 0; norm < 2; norm++) {
        mae_patchify(target, pixels, info);
        if (norm)
            mae_normalise_patches(target, info);
        mae_patch_errors(error, prediction, target, info);
        double loss = mae_loss(error, masked, info->n_patches); /* every mask hides as many patches: the mean of means is the batch's */
        sum[norm] += loss / (double)n_images;
        const json_t *due = json_array_get(json_array_get(json_object_get(r->expected, "loss_per_image_off_on"), i), (size_t)norm);
        if (due && !relative(loss, json_number_value(due)))
            say(r, true, "loss of picture %zu, norm_pix_loss %d: %.9g, not %.9g", i, norm, loss, json_number_value(due));
        if (!norm) {
            float *mse = NEW(info->n_patches, float);
            struct difference d = {0};
            for (size_t k = 0; k < info->n_patches; k++)
                mse[k] = (float)error[k];
            compare(r, "patch_mse", mse, i * info->n_patches, info->n_patches, i + 1 == n_images, &d);
            free(mse);
        }
        if (i + 1 < n_images)
            continue;
        due = json_object_get(r->expected, keys[norm]);
        if (due)
            say(r, !relative(sum[norm], json_number_value(due)), "%s %.7g", keys[norm], sum[norm]);
        else
            say(r, true, "no %s", keys[norm]);
        due = json_object_get(r->expected, "loss_as_configured");
        if (due && norm == (int)info->norm_pix_loss)
            say(r, !relative(sum[norm], json_number_value(due)), "loss as configured");
    }
    free(target);
    free(error);
}

/* "decoder_logits_patches_0_to_195_step_13": some rows of the prediction. */
static void compare_some_patches(struct run *r, const float *prediction)
{
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(r->expected, "files"), key, value) {
        size_t from, to, step, n = r->info.patch_values, row = 0;
        struct difference worst = {0};
        if (sscanf(key, PATCHES "%zu_to_%zu_step_%zu", &from, &to, &step) != 3)
            continue;
        for (size_t k = from; k <= to && k < r->info.n_patches && step; k += step, row++)
            compare(r, key, prediction + k * n, row * n, n, k + step > to, &worst);
    }
}

static void compare_hidden(struct run *r, struct mae_workspace *w, size_t keep)
{
    size_t layers = encoder_info(r->e)->layers, width = encoder_info(r->e)->width, n = (1 + keep) * width;
    struct difference worst = {0};
    for (size_t k = 0; k <= layers; k++)
        compare(r, "mae_encoder_hidden_img0", mae_encoder_hidden(w, k), k * n, n, k == layers, &worst);
    worst = (struct difference){0};
    n = (1 + r->info.n_patches) * r->info.decoder_width;
    for (size_t k = 0; k <= r->info.decoder_layers; k++)
        compare(r, "mae_decoder_hidden_img0", mae_decoder_hidden(w, k), k * n, n, k == r->info.decoder_layers, &worst);
}

static void compare_mask(struct run *r, const uint32_t *order, const uint8_t *masked, size_t i)
{
    size_t L = r->info.n_patches;
    double *number = NEW(L, double);
    for (size_t k = 0; k < L; k++)
        number[k] = order[k];
    compare_numbers(r, "ids_shuffle", number, i * L, L);
    for (size_t k = 0; k < L; k++)
        number[order[k]] = (double)k;
    compare_numbers(r, "ids_restore", number, i * L, L);
    for (size_t k = 0; k < L; k++)
        number[k] = masked[k];
    compare_numbers(r, "mask", number, i * L, L);
    free(number);
}

/* Every picture with its row of the noise; the last also as one batch with itself, which must give the same bytes. */
static void run_passes(struct run *r, const struct npy *noise)
{
    const struct mae_info *info = &r->info;
    size_t L = info->n_patches, keep = mae_keep(L, info->mask_ratio), values = L * info->patch_values, n_images = noise->n / L;
    const json_t *images = json_object_get(r->expected, "mae_images");
    struct mae_workspace *w = mae_workspace_new(r->e, keep, 1, 1), *batch = mae_workspace_new(r->e, keep, 2, 2);
    uint32_t *order = NEW(2 * L, uint32_t);
    uint8_t *masked = NEW(L, uint8_t);
    float *prediction = NEW(values, float), *both = NEW(2 * values, float), *picture = NEW(3 * info->height * info->width, float), *draw = npy_floats(noise);
    struct difference logits = {0}, latent = {0};
    double loss[2] = {0, 0};
    mae_workspace_trace(w);
    for (size_t i = 0; i < n_images; i++) {
        const char *image = images ? json_string_value(json_array_get(images, i)) : json_string_value(json_object_get(r->expected, "image"));
        float *pixels = read_pixels(r, image);
        if (!pixels) {
            say(r, true, "picture %zu cannot be read", i);
            break;
        }
        mae_order(order, draw + i * L, L);
        mae_mask(masked, order, L, keep);
        compare_mask(r, order, masked, i);
        mae_set_picture(w, pixels);
        mae_encode(w, order, 1);
        mae_decode(w, prediction);
        bool last = i + 1 == n_images;
        size_t n = (1 + keep) * encoder_info(r->e)->width;
        compare(r, "latent", mae_latent(w, 0), i * n, n, last, &latent);
        compare(r, "decoder_logits", prediction, i * values, values, last, &logits);
        if (i == 0) {
            struct difference d = {0};
            compare_hidden(r, w, keep);
            compare_some_patches(r, prediction);
            mae_unpatchify(picture, prediction, info);
            compare(r, "reconstruction", picture, 0, 3 * info->height * info->width, true, &d);
        }
        compare_loss(r, i, n_images, prediction, pixels, masked, loss);
        if (last) {
            memcpy(order + L, order, L * sizeof *order);
            mae_set_picture(batch, pixels);
            mae_encode(batch, order, 2);
            mae_decode(batch, both);
            bool same = !memcmp(both, prediction, values * sizeof *both) && !memcmp(both + values, prediction, values * sizeof *both);
            say(r, !same, "a batch of two on two threads gives %s bytes", same ? "the same" : "other");
        }
        free(pixels);
    }
    mae_workspace_free(w);
    mae_workspace_free(batch);
    free(order);
    free(masked);
    free(prediction);
    free(both);
    free(picture);
    free(draw);
}

/* ---- the published error map ---- */

/* The map and its mean: of squared (l2) or of absolute (l1) differences. */
static void compare_errors(struct run *r, const struct error_map *map, const char *kind)
{
    char *key = mem_printf("hotspot_err_%s", kind), *mean = mem_printf("mean_err_%s", kind);
    const json_t *due = json_object_get(json_object_get(r->expected, "hotspot"), mean);
    size_t n = map->height * map->width;
    struct npy reference;
    if (read(&reference, r, key)) {
        struct difference d = differ(map->value, &reference, 0, n < reference.n ? n : reference.n);
        say(r, !(d.largest <= MAP) || n != reference.n, "%s %.1e of %.3g", key, d.largest, d.top);
        npy_free(&reference);
    }
    if (due)
        say(r, !relative(map->mean, json_number_value(due)), "%s %.8g", mean, map->mean);
    free(key);
    free(mean);
}

static void compare_map(struct run *r, const struct error_map *map, const float *pixels)
{
    size_t n = map->height * map->width;
    double *number = NEW(3 * n, double);
    for (size_t k = 0; k < map->n_patches; k++)
        number[k] = map->hits[k];
    compare_numbers(r, "hotspot_hits", number, 0, map->n_patches);
    float *level = NEW(3 * n, float);
    error_map_levels(level, pixels, &r->preprocess, n);
    for (size_t i = 0; i < 3 * n; i++) /* the script's base picture: channels last, truncated */
        number[i] = (double)(uint8_t)(level[i % 3 * n + i / 3] * 255.0f);
    compare_numbers(r, "hotspot_base", number, 0, 3 * n);
    free(level);
    free(number);
}

static void run_hotspot(struct run *r, const struct npy *noise)
{
    size_t L = r->info.n_patches, n = noise->n / L;
    const char *image = json_string_value(json_object_get(json_object_get(r->expected, "hotspot"), "image"));
    float *pixels = read_pixels(r, image), *draw = npy_floats(noise);
    uint32_t *order = NEW(n * L, uint32_t);
    for (size_t i = 1; i < n; i++) /* the first row belongs to a pass whose result the script drops */
        mae_order(order + (i - 1) * L, draw + i * L, L);
    for (int absolute = 0; absolute < 2; absolute++) {
        struct error_map_settings s = {.passes = n - 1, .mask_ratio = r->info.mask_ratio, .batch = 4, .absolute = absolute};
        struct error_map_worker *w = error_map_worker_new(r->e, &r->preprocess, &s, 1);
        struct error_map map;
        struct status st = {0};
        if (!pixels || error_map_compute_masks(&map, w, pixels, order, n - 1, &st)) {
            say(r, true, "hotspot: %s", *st.text ? st.text : "its picture cannot be read");
        } else {
            compare_errors(r, &map, absolute ? "l1" : "l2");
            if (!absolute)
                compare_map(r, &map, pixels);
            error_map_free(&map);
        }
        error_map_worker_free(w);
    }
    free(pixels);
    free(draw);
    free(order);
}

/* The checkpoint's own preprocessing, whose mean and standard deviation the error map needs; the default where it has none. */
void golden_mae(const char *models, const char *name, const char *checkpoint, const char *folder, const json_t *expected)
{
    struct run r = {.models = models, .folder = folder, .expected = expected};
    char *label = mem_printf("%s masked", name);
    struct npy noise, hotspot;
    struct status st = {0};
    bool has_noise = read(&noise, &r, "noise"), has_hotspot = read(&hotspot, &r, "hotspot_noise");
    if (encoder_open_with(&r.e, checkpoint, &(struct encoder_options){.decoder = true}, &st) || mae_info(&r.info, r.e, &st) ||
        preprocess_read(&r.preprocess, checkpoint, r.info.height, &st)) {
        golden_fail(label, "%s", st.text);
    } else {
        if (has_noise)
            run_passes(&r, &noise);
        if (has_hotspot)
            run_hotspot(&r, &hotspot);
        if (r.bad || !*r.said)
            golden_fail(label, "%s", *r.said ? r.said : "nothing to compare with");
        else
            golden_pass(label, "%s", r.said);
    }
    npy_free(&noise);
    npy_free(&hotspot);
    encoder_close(r.e);
    free(label);
}
