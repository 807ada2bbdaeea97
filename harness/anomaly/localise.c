#include "anomaly/localise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/outfile.h"
#include "image/tensor.h"
#include "interval/bootstrap.h"
#include "interval/percentile.h"

enum { ERROR_MAP, CENTRE, GRADIENT, MADE_MAPS };
static const char *const names[LOCALISE_MAPS] = {"error", "centre", "gradient", "error - centre", "error - gradient"};
#define LEVEL 0.95

const char *localise_map_name(size_t map)
{
    return names[map];
}

struct material {
    const struct heatmap *h;
    size_t *picture, n;              /* pictures with a map */
    uint32_t *unit;                  /* [n] its patient, in the order met */
    size_t n_units;
    size_t n_pixels;
    float *map[MADE_MAPS];           /* [n, n_pixels] */
    struct localisation_image *image; /* [n] */
};

/* ---- regions ---- */

/* Pixels first .. last whose centres lie in from .. to; `least`: the nearest one if there is none. */
static bool span(size_t *first, size_t *last, double from, double to, size_t n, bool least)
{
    if (to <= 0 || from >= (double)n)
        return false;
    double a = ceil(fmax(from, 0) - 0.5), b = ceil(fmin(to, (double)n) - 0.5) - 1;
    if (b < a && !least)
        return false;
    if (b < a)
        a = b = floor(fmin(fmax((from + to) / 2, 0), (double)n - 0.5));
    *first = (size_t)a;
    *last = (size_t)b;
    return true;
}

/* Pixels of the encoder's picture that the part left .. right, top .. bottom of the radiograph holds; `least`: the nearest one if there is none. */
static void add_part(uint32_t *pixel, size_t *n, const struct tensor_frame *f, const struct mae_info *info, struct map_box b, bool least)
{
    size_t x0, x1, y0, y1;
    if (!span(&x0, &x1, b.left * f->scale_x - f->left, b.right * f->scale_x - f->left, info->width, least) ||
        !span(&y0, &y1, b.top * f->scale_y - f->top, b.bottom * f->scale_y - f->top, info->height, least))
        return;
    for (size_t y = y0; y <= y1; y++)
        for (size_t x = x0; x <= x1; x++)
            pixel[(*n)++] = (uint32_t)(y * info->width + x);
}

static struct map_box run_box(const struct run *r)
{
    return (struct map_box){r->first, r->y, r->end, r->y + 1.0};
}

static void mark(struct localisation_image *image, const struct heatmap *h, const struct heatmap_picture *p)
{
    struct tensor_frame f = tensor_frame(p->width, p->height, h->preprocess);
    struct localisation_region *region = NEW(p->n_boxes + 1, struct localisation_region);
    for (size_t i = 0; i < p->n_boxes; i++) {
        const struct outline *o = p->outline ? &p->outline[i] : NULL;
        uint32_t *pixel = NEW(h->info.width * h->info.height, uint32_t); /* runs lie apart: each pixel comes once */
        size_t n = 0;
        for (size_t k = 0; o && k < o->n; k++)
            add_part(pixel, &n, &f, &h->info, run_box(&o->run[k]), false);
        if (n == 0)
            add_part(pixel, &n, &f, &h->info, o && o->n ? run_box(&o->run[o->n / 2]) : p->box[i], true);
        if (n > 0)
            region[image->n_regions++] = (struct localisation_region){mem_realloc(pixel, n, sizeof *pixel), n};
        else
            free(pixel);
    }
    image->region = region;
}

/* ---- maps that know nothing ---- */

static void centre_map(float *map, const struct mae_info *info)
{
    for (size_t y = 0; y < info->height; y++)
        for (size_t x = 0; x < info->width; x++) {
            double u = ((double)x + 0.5) / (double)info->width - 0.5, v = ((double)y + 0.5) / (double)info->height - 0.5;
            map[y * info->width + x] = (float)(1 - 2 * (u * u + v * v));
        }
}

/* Squared differences to the right and lower neighbour, averaged over a window of a patch's width, from sums over rectangles. */
static void gradient_map(float *map, const uint8_t *rgb, const struct mae_info *info)
{
    size_t w = info->width, h = info->height, half = info->patch / 2;
    double *sum = NEW0((w + 1) * (h + 1), double);
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            double energy = 0;
            for (size_t c = 0; c < 3; c++) {
                double here = rgb[3 * (y * w + x) + c];
                double right = x + 1 < w ? rgb[3 * (y * w + x + 1) + c] - here : 0, below = y + 1 < h ? rgb[3 * ((y + 1) * w + x) + c] - here : 0;
                energy += right * right + below * below; /* whole numbers: their sums are exact, and flat is 0 */
            }
            sum[(y + 1) * (w + 1) + x + 1] = energy + sum[y * (w + 1) + x + 1] + sum[(y + 1) * (w + 1) + x] - sum[y * (w + 1) + x];
        }
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            size_t x0 = x > half ? x - half : 0, y0 = y > half ? y - half : 0, x1 = x + half + 1 < w ? x + half + 1 : w, y1 = y + half + 1 < h ? y + half + 1 : h;
            double all = sum[y1 * (w + 1) + x1] - sum[y0 * (w + 1) + x1] - sum[y1 * (w + 1) + x0] + sum[y0 * (w + 1) + x0];
            map[y * w + x] = (float)(all / (3 * 255.0 * 255.0 * (double)((x1 - x0) * (y1 - y0))));
        }
    free(sum);
}

static int make_maps(struct material *m, size_t i, struct status *st)
{
    const struct heatmap *h = m->h;
    const char *path = h->picture[m->picture[i]].path;
    float *map = NULL;
    struct radiograph r = {0};
    uint8_t *rgb = NEW(3 * m->n_pixels, uint8_t);
    int code = heatmap_read_map(&map, h, m->picture[i], st);
    if (!code)
        code = heatmap_decode(&r, NULL, path, st);
    if (!code && (code = tensor_bytes(rgb, &r, h->preprocess, st)))
        code = status_context(st, "'%s'", path);
    if (!code) {
        memcpy(m->map[ERROR_MAP] + i * m->n_pixels, map, m->n_pixels * sizeof *map);
        centre_map(m->map[CENTRE] + i * m->n_pixels, &h->info);
        gradient_map(m->map[GRADIENT] + i * m->n_pixels, rgb, &h->info);
    }
    radiograph_free(&r);
    free(rgb);
    free(map);
    return code;
}

/* ---- replicates ---- */

static const char *patient_of(const struct heatmap_picture *p)
{
    return p->patient ? p->patient : p->name;
}

/* The number of picture i's patient, a new one if no picture before is theirs. */
static uint32_t unit_of(struct material *m, size_t i)
{
    const struct heatmap_picture *p = &m->h->picture[m->picture[i]];
    for (size_t k = 0; p->patient && k < i; k++)
        if (!strcmp(patient_of(p), patient_of(&m->h->picture[m->picture[k]])))
            return m->unit[k];
    return (uint32_t)m->n_units++;
}

/* value[replicates, MADE_MAPS, metrics] */
static void draw_replicates(double *value, struct localisation *const *scores, const struct material *m)
{
    const struct heatmap *h = m->h;
    size_t n = m->n;
    const struct bootstrap_plan plan = {.n = n, .unit = m->unit, .n_units = m->n_units, .replicates = LOCALISE_REPLICATES,
                                        .seed = h->options.settings.seed, .stream = "localisation"};
#pragma omp parallel num_threads(h->options.n_threads)
    {
        uint32_t *weight = NEW(n, uint32_t), *count = NEW(m->n_units, uint32_t);
#pragma omp for schedule(static)
        for (size_t b = 0; b < LOCALISE_REPLICATES; b++) {
            bootstrap_weights(weight, count, &plan, b);
            for (size_t k = 0; k < MADE_MAPS; k++)
                localisation_weighted(scores[k], weight, value + (b * MADE_MAPS + k) * LOCALISATION_METRICS);
        }
        free(weight);
        free(count);
    }
}

static void summarise(struct localise *l, struct localisation *const *scores, const double *value)
{
    double *replicate = NEW(LOCALISE_REPLICATES, double);
    for (size_t map = 0; map < LOCALISE_MAPS; map++)
        for (size_t metric = 0; metric < LOCALISATION_METRICS; metric++) {
            struct localise_figure *f = &l->figure[map][metric];
            size_t minus = map < MADE_MAPS ? MADE_MAPS : map - MADE_MAPS + CENTRE;
            f->value = localisation_values(scores[map < MADE_MAPS ? map : ERROR_MAP])[metric];
            if (minus < MADE_MAPS)
                f->value -= localisation_values(scores[minus])[metric];
            for (size_t b = 0; b < LOCALISE_REPLICATES; b++) {
                const double *of = value + b * MADE_MAPS * LOCALISATION_METRICS + metric;
                replicate[b] = of[(map < MADE_MAPS ? map : ERROR_MAP) * LOCALISATION_METRICS] - (minus < MADE_MAPS ? of[minus * LOCALISATION_METRICS] : 0);
            }
            f->low = f->high = NAN;
            if (!isnan(f->value) && interval_percentile(&f->low, &f->high, &f->undefined, replicate, 1, LOCALISE_REPLICATES, LEVEL, NULL) != STATUS_OK)
                f->low = f->high = NAN;
        }
    free(replicate);
}

static int write_table(const struct localise *l, const struct heatmap *h, struct status *st)
{
    char *path = path_join(h->options.output, "localisation.csv");
    struct outfile out;
    int code = outfile_open(&out, path, st);
    free(path);
    if (code)
        return code;
    fputs("map,metric,n,n_with_regions,n_regions,value,low,high,level,method,replicates,undefined_replicates,n_patients,regions,reason\n", out.stream);
    for (size_t map = 0; map < LOCALISE_MAPS; map++)
        for (size_t metric = 0; metric < LOCALISATION_METRICS; metric++) {
            const struct localise_figure *f = &l->figure[map][metric];
            if (map >= MADE_MAPS && metric == LOCALISATION_REGION_SHARE)
                continue;
            fprintf(out.stream, "%s,%s,%zu,%zu,%zu,", names[map], localisation_metric_name((enum localisation_metric)metric), l->n_images, l->n_marked,
                    l->n_regions);
            csv_number(out.stream, f->value);
            fputc(',', out.stream);
            csv_number(out.stream, f->low);
            fputc(',', out.stream);
            csv_number(out.stream, f->high);
            fprintf(out.stream, ",%g,percentile bootstrap by %s,%d,%zu,", LEVEL, l->n_patients ? "patient" : "image", LOCALISE_REPLICATES, f->undefined);
            if (l->n_patients)
                fprintf(out.stream, "%zu", l->n_patients);
            fprintf(out.stream, ",%s,%s\n", l->masks ? "masks" : "boxes", isnan(f->value) ? "needs images with and without regions or regions in both halves" : "");
        }
    code = outfile_commit(&out, st);
    outfile_discard(&out);
    return code;
}

int localise_run(struct localise *l, const struct heatmap *h, struct status *st)
{
    struct material m = {.h = h, .n_pixels = h->info.width * h->info.height};
    struct localisation *scores[MADE_MAPS] = {NULL};
    int code = STATUS_OK;
    *l = (struct localise){.n_images = 0};
    m.picture = NEW(h->n + 1, size_t);
    m.unit = NEW(h->n + 1, uint32_t);
    m.image = NEW0(h->n + 1, struct localisation_image);
    for (size_t i = 0; i < h->n; i++)
        if (h->picture[i].done)
            m.picture[m.n++] = i;
    for (size_t k = 0; k < MADE_MAPS; k++)
        m.map[k] = NEW(m.n * m.n_pixels + 1, float);
    for (size_t i = 0; i < m.n && !code; i++) {
        const struct heatmap_picture *p = &h->picture[m.picture[i]];
        code = make_maps(&m, i, st);
        mark(&m.image[i], h, p);
        m.image[i].half = (unsigned)(digest_checksum(patient_of(p), strlen(patient_of(p))) & 1);
        m.unit[i] = unit_of(&m, i);
        l->masks |= p->outline != NULL;
        if (p->patient)
            l->n_patients = m.n_units;
        l->n_marked += m.image[i].n_regions > 0;
        l->n_regions += m.image[i].n_regions;
    }
    l->n_images = m.n;
    if (!code && l->n_regions == 0)
        code = status_set(st, STATUS_DATA, "none of the %zu pictures has a box: do the file names of pictures and boxes agree?", m.n);
    for (size_t k = 0; k < MADE_MAPS && !code; k++) {
        for (size_t i = 0; i < m.n; i++)
            m.image[i].map = m.map[k] + i * m.n_pixels;
        code = localisation_new(&scores[k], m.image, m.n, m.n_pixels, st);
    }
    if (!code) {
        double *value = NEW((size_t)LOCALISE_REPLICATES * MADE_MAPS * LOCALISATION_METRICS, double);
        draw_replicates(value, scores, &m);
        summarise(l, scores, value);
        free(value);
        code = write_table(l, h, st);
    }
    for (size_t i = 0; i < m.n; i++) {
        for (size_t r = 0; r < m.image[i].n_regions; r++)
            free((void *)(uintptr_t)m.image[i].region[r].pixel);
        free((void *)(uintptr_t)m.image[i].region);
    }
    for (size_t k = 0; k < MADE_MAPS; k++) {
        localisation_free(scores[k]);
        free(m.map[k]);
    }
    free(m.image);
    free(m.unit);
    free(m.picture);
    return code;
}
