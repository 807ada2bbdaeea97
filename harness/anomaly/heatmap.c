#include "anomaly/heatmap.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/npy.h"
#include "base/outfile.h"
#include "base/progress.h"
#include "image/tensor.h"

#define FORMAT "error map 1" /* another number, another fingerprint: what was made before is made again */

static const char *const FOLDERS[] = {"maps", "overlays", "panels"};

/* ---- names ---- */

static char *file_of(const struct heatmap *h, const char *folder, const struct heatmap_picture *p, const char *ending)
{
    return mem_printf("%s/%s/%s.%s", h->options.output, folder, p->name, ending);
}

static int by_name(const void *a, const void *b)
{
    const struct heatmap_picture *const *p = a, *const *q = b;
    return strcmp((*p)->name, (*q)->name);
}

static int refuse_same_names(const struct heatmap *h, struct status *st)
{
    const struct heatmap_picture **sorted = NEW(h->n + 1, const struct heatmap_picture *);
    int code = STATUS_OK;
    for (size_t i = 0; i < h->n; i++)
        sorted[i] = &h->picture[i];
    qsort(sorted, h->n, sizeof *sorted, by_name);
    for (size_t i = 1; i < h->n && !code; i++)
        if (!strcmp(sorted[i - 1]->name, sorted[i]->name))
            code = status_set(st, STATUS_USAGE, "'%s' and '%s' would both be '%s' in '%s': give them in two runs with two folders",
                              sorted[i - 1]->path, sorted[i]->path, sorted[i]->name, h->options.output);
    free(sorted);
    return code;
}

static int make_fingerprint(struct heatmap *h, struct status *st)
{
    const struct error_map_settings *s = &h->options.settings;
    uint8_t weights[DIGEST_BYTES], digest[DIGEST_BYTES];
    char hex[DIGEST_HEX];
    int code = encoder_digest(weights, h->e, st);
    if (code)
        return code;
    char *pictures = preprocess_describe(h->preprocess);
    char *text = mem_printf("%s, weights %s, %s, %s, passes %zu, mask ratio %a, seed %u, schedule %d, absolute %d, noise %a", FORMAT,
                            digest_hex(hex, weights), encoder_arithmetic(h->e), pictures, s->passes, s->mask_ratio, s->seed, (int)s->schedule,
                            s->absolute, ERROR_MAP_NOISE);
    digest_bytes(digest, text, strlen(text));
    h->fingerprint = mem_strdup(digest_hex(hex, digest));
    free(text);
    free(pictures);
    return STATUS_OK;
}

int heatmap_init(struct heatmap *h, const struct encoder *e, const struct preprocess *p, const struct heatmap_options *o, const char *const *path,
                 const struct map_box *const *box, const size_t *n_boxes, size_t n, struct status *st)
{
    *h = (struct heatmap){.e = e, .preprocess = p, .options = *o, .n = n};
    h->picture = NEW0(n + 1, struct heatmap_picture);
    for (size_t i = 0; i < n; i++)
        h->picture[i] = (struct heatmap_picture){.path = path[i], .name = path_stem(path[i]), .box = box ? box[i] : NULL,
                                                 .n_boxes = box ? n_boxes[i] : 0};
    int code = error_map_check(&h->info, e, &o->settings, st);
    for (size_t i = 0; i < n && !code; i++)
        if (!file_exists(path[i]))
            code = status_set(st, STATUS_IO, "no picture '%s'", path[i]);
    if (!code)
        code = refuse_same_names(h, st);
    if (!code)
        code = make_fingerprint(h, st);
    for (size_t i = 0; i < sizeof FOLDERS / sizeof *FOLDERS && !code; i++) {
        char *folder = path_join(o->output, FOLDERS[i]);
        code = file_make_directories(folder, st);
        free(folder);
    }
    colour_map_make(&h->colours);
    return code;
}

void heatmap_free(struct heatmap *h)
{
    for (size_t i = 0; h->picture && i < h->n; i++) {
        free(h->picture[i].name);
        free(h->picture[i].reason);
        error_map_free(&h->picture[i].map);
    }
    free(h->picture);
    free(h->fingerprint);
    *h = (struct heatmap){.n = 0};
}

/* ---- what is there already ---- */

/* What the figures belong to: fingerprint, picture, and the boxes that were drawn. */
static char *key_of(const struct heatmap *h, const struct heatmap_picture *p, const uint8_t image[DIGEST_BYTES])
{
    char hex[DIGEST_HEX];
    return mem_printf("%s %s %016llx", h->fingerprint, digest_hex(hex, image),
                      (unsigned long long)digest_checksum(p->box, p->n_boxes * sizeof *p->box));
}

static json_t *real_or_null(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static double real_of(const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static int write_bytes(const char *path, const void *data, size_t size, struct status *st)
{
    struct outfile out;
    int code = outfile_open(&out, path, st);
    if (code)
        return code;
    if (fwrite(data, 1, size, out.stream) != size)
        code = status_errno(st, STATUS_IO, "cannot write '%s'", path);
    if (!code)
        code = outfile_commit(&out, st);
    outfile_discard(&out);
    return code;
}

static int write_figures(const struct heatmap *h, const struct heatmap_picture *p, const char *key, struct status *st)
{
    const struct error_map *m = &p->map;
    json_t *json = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "made_from", key, "width", (json_int_t)p->width,
                             "height", (json_int_t)p->height, "passes", (json_int_t)m->passes, "hits_least", (json_int_t)m->hits_least,
                             "hits_most", (json_int_t)m->hits_most, "hits_mean", real_or_null(m->hits_mean), "mean", real_or_null(m->mean), "maximum",
                             real_or_null(m->maximum), "p99", real_or_null(m->p99), "standard_error", real_or_null(m->standard_error), "noise_share",
                             real_or_null(m->noise_share), "png_white", real_or_null(p->png_white));
    char *text = json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(17)), *path = file_of(h, "maps", p, "json");
    int code = write_bytes(path, text, strlen(text), st);
    free(path);
    free(text);
    json_decref(json);
    return code;
}

/* true if a whole map of the same making is there; fills the figures. */
static bool resume(struct heatmap_picture *p, const struct heatmap *h, const char *key)
{
    char *path = file_of(h, "maps", p, "json");
    json_t *json = file_exists(path) ? json_load_file(path, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const char *made_from = json_string_value(json_object_get(json, "made_from"));
    bool same = made_from && !strcmp(made_from, key);
    for (size_t i = 0; i < sizeof FOLDERS / sizeof *FOLDERS && same; i++) {
        char *picture = file_of(h, FOLDERS[i], p, "png");
        same = file_exists(picture);
        free(picture);
    }
    struct npy array;
    char *map = file_of(h, "maps", p, "npy");
    if (same && (same = npy_read(&array, map, NULL) == STATUS_OK)) {
        same = array.n == h->info.height * h->info.width;
        npy_free(&array);
    }
    free(map);
    if (same) {
        p->width = (size_t)json_integer_value(json_object_get(json, "width"));
        p->height = (size_t)json_integer_value(json_object_get(json, "height"));
        p->map = (struct error_map){.height = h->info.height,
                                    .width = h->info.width,
                                    .n_patches = h->info.n_patches,
                                    .passes = (size_t)json_integer_value(json_object_get(json, "passes")),
                                    .hits_least = (uint32_t)json_integer_value(json_object_get(json, "hits_least")),
                                    .hits_most = (uint32_t)json_integer_value(json_object_get(json, "hits_most")),
                                    .hits_mean = real_of(json, "hits_mean"),
                                    .mean = real_of(json, "mean"),
                                    .maximum = real_of(json, "maximum"),
                                    .p99 = real_of(json, "p99"),
                                    .standard_error = real_of(json, "standard_error"),
                                    .noise_share = real_of(json, "noise_share")};
        p->png_white = real_of(json, "png_white");
    }
    json_decref(json);
    free(path);
    return same;
}

/* ---- one picture ---- */

int heatmap_decode(struct radiograph *r, uint8_t *digest, const char *path, struct status *st)
{
    struct file_map file;
    int code = file_map(&file, path, st);
    if (code)
        return code;
    if (digest)
        digest_bytes(digest, file.data, file.size);
    code = radiograph_decode(r, file.data, file.size, st);
    file_unmap(&file);
    return code ? status_context(st, "'%s'", path) : STATUS_OK;
}

static int write_png(const struct heatmap *h, const struct heatmap_picture *p, const char *folder, unsigned char *file, size_t size, struct status *st)
{
    char *path = file_of(h, folder, p, "png");
    int code = write_bytes(path, file, size, st);
    free(path);
    free(file);
    return code;
}

static int write_map(struct heatmap_picture *p, const struct heatmap *h, const struct radiograph *r, const float *pixels, const char *key,
                     struct status *st)
{
    const struct error_map *m = &p->map;
    char *path = file_of(h, "maps", p, "npy"), *figures = file_of(h, "maps", p, "json");
    unsigned char *file;
    size_t size;
    bool stays = remove(figures) && errno != ENOENT; /* what vouches for an earlier map goes before the map does */
    int code = stays ? status_errno(st, STATUS_IO, "cannot remove '%s'", figures) : STATUS_OK;
    free(figures);
    if (code) {
        free(path);
        return code;
    }
    code = npy_write_float(path, m->value, (size_t[]){m->height, m->width}, 2, st);
    free(path);
    if (code)
        return code;
    file = map_picture_grey(&size, &p->png_white, m);
    if ((code = write_png(h, p, "maps", file, size, st)))
        return code;
    if ((code = map_picture_overlay(&file, &size, m, r, h->preprocess, p->box, p->n_boxes, &h->colours, st)) ||
        (code = write_png(h, p, "overlays", file, size, st)))
        return code;
    float *level = NEW(3 * m->height * m->width, float);
    error_map_levels(level, pixels, h->preprocess, m->height * m->width);
    file = map_picture_panels(&size, m, &h->info, level);
    free(level);
    code = write_png(h, p, "panels", file, size, st);
    return code ? code : write_figures(h, p, key, st);
}

/* The arrays are on disk; the figures stay. */
static void drop_arrays(struct error_map *m)
{
    struct error_map figures = *m;
    figures.value = figures.reconstruction = NULL;
    figures.masked = NULL;
    figures.hits = NULL;
    error_map_free(m);
    *m = figures;
}

static int do_picture(struct heatmap_picture *p, const struct heatmap *h, struct error_map_worker *w, struct status *st)
{
    struct radiograph r;
    uint8_t image[DIGEST_BYTES];
    int code = heatmap_decode(&r, image, p->path, st);
    if (code)
        return code;
    char *key = key_of(h, p, image);
    float *pixels = NULL;
    p->width = r.width;
    p->height = r.height;
    p->resumed = resume(p, h, key);
    if (!p->resumed) {
        pixels = NEW(3 * h->info.height * h->info.width, float);
        code = tensor_from_radiograph(pixels, &r, h->preprocess, st);
        if (!code)
            code = error_map_compute(&p->map, w, pixels, st);
        if (code)
            code = status_context(st, "'%s'", p->path);
        else
            code = write_map(p, h, &r, pixels, key, st);
        drop_arrays(&p->map);
    }
    p->done = !code;
    radiograph_free(&r);
    free(pixels);
    free(key);
    return code;
}

/* ---- all of them ---- */

static void field(FILE *f, double value)
{
    fputc(',', f);
    csv_number(f, value);
}

static int write_table(const struct heatmap *h, struct status *st)
{
    const struct error_map_settings *s = &h->options.settings;
    char *path = path_join(h->options.output, "error_maps.csv");
    struct outfile out;
    int code = outfile_open(&out, path, st);
    free(path);
    if (code)
        return code;
    FILE *f = out.stream;
    fputs("image,name,width,height,error,schedule,mask_ratio,seed,passes,hits_least,hits_mean,hits_most,mean,maximum,p99,standard_error,"
          "noise_share,png_white,reason\n", f);
    for (size_t i = 0; i < h->n; i++) {
        const struct heatmap_picture *p = &h->picture[i];
        const struct error_map *m = &p->map;
        csv_field(f, p->path);
        fputc(',', f);
        csv_field(f, p->name);
        if (p->done) {
            fprintf(f, ",%zu,%zu,%s,%s", p->width, p->height, s->absolute ? "absolute" : "squared", s->schedule == MASKS_EVEN ? "even" : "official");
            field(f, s->mask_ratio);
            fprintf(f, ",%u,%zu,%u", s->seed, m->passes, m->hits_least);
            field(f, m->hits_mean);
            fprintf(f, ",%u", m->hits_most);
            const double figure[] = {m->mean, m->maximum, m->p99, m->standard_error, m->noise_share, p->png_white};
            for (size_t k = 0; k < sizeof figure / sizeof *figure; k++)
                field(f, figure[k]);
            fputs(isnan(m->standard_error) ? ",a patch was masked less than twice: no standard error\n" : ",\n", f);
        } else {
            fputs(",NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,", f);
            csv_field(f, p->reason ? p->reason : "");
            fputc('\n', f);
        }
    }
    code = outfile_commit(&out, st);
    outfile_discard(&out);
    return code;
}

static int judge(const struct heatmap *h, struct status *st)
{
    size_t bad = 0;
    const char *first = NULL;
    for (size_t i = 0; i < h->n; i++)
        if (h->picture[i].reason) {
            first = first ? first : h->picture[i].reason;
            bad++;
        }
    return bad ? status_set(st, STATUS_DATA, "%zu of %zu pictures have no map (error_maps.csv says why); the first: %s", bad, h->n, first) : STATUS_OK;
}

int heatmap_run(struct heatmap *h, struct status *st)
{
    int outer = h->n >= (size_t)h->options.n_threads ? h->options.n_threads : 1, team = outer == 1 ? h->options.n_threads : 1, failed = STATUS_OK;
    double began = clock_seconds();
    struct progress progress;
    progress_begin(&progress, "heatmap", "images", h->n, h->options.quiet);
#pragma omp parallel num_threads(outer) if (outer > 1)
    {
        struct error_map_worker *w = error_map_worker_new(h->e, h->preprocess, &h->options.settings, team);
#pragma omp for schedule(dynamic, 1)
        for (size_t i = 0; i < h->n; i++) {
            struct status mine = {0};
            if (__atomic_load_n(&failed, __ATOMIC_RELAXED) || interrupt_requested())
                continue;
            int code = do_picture(&h->picture[i], h, w, &mine);
            if (code == STATUS_DATA) {
                h->picture[i].reason = mem_strdup(mine.text);
            } else if (code) {
#pragma omp critical(heatmap)
                if (!failed) {
                    int said = status_set(st, code, "%s", mine.text);
                    __atomic_store_n(&failed, said, __ATOMIC_RELAXED);
                }
            }
            progress_step(&progress, 1);
        }
        error_map_worker_free(w);
    }
    progress_end(&progress);
    h->wall_s = clock_seconds() - began;
    if (failed)
        return failed;
    size_t done = 0;
    for (size_t i = 0; i < h->n; i++)
        done += h->picture[i].done || h->picture[i].reason;
    if (done < h->n)
        return status_set(st, STATUS_INTERRUPTED, "stopped after %zu of %zu pictures; the same command goes on from here", done, h->n);
    int code = write_table(h, st);
    return code ? code : judge(h, st);
}

int heatmap_read_map(float **value, const struct heatmap *h, size_t i, struct status *st)
{
    char *path = file_of(h, "maps", &h->picture[i], "npy");
    struct npy array;
    int code = npy_read(&array, path, st);
    if (!code && array.n != h->info.height * h->info.width)
        code = status_set(st, STATUS_DATA, "'%s' is no map of %zux%zu", path, h->info.width, h->info.height);
    *value = code ? NULL : npy_floats(&array);
    npy_free(&array);
    free(path);
    return code;
}
