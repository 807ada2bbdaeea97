#include "anomaly/error_map.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "encoder/kernels.h"
#include "metric/quantile.h"

struct error_map_worker {
    struct mae_info info;
    struct preprocess preprocess;
    struct error_map_settings settings;
    size_t keep;
    struct mae_workspace *mae;
    float *prediction;    /* [batch, L, patch_values] */
    float *level;         /* [3, height, width] of the picture */
    float *pixels;        /* [3, height, width] of a reconstruction */
    double *sum, *squares; /* [height, width] over the passes that masked the pixel */
    uint32_t *order;      /* [batch, L] */
    uint8_t *masked;      /* [L] */
};

void error_map_free(struct error_map *map)
{
    free(map->value);
    free(map->reconstruction);
    free(map->masked);
    free(map->hits);
    *map = (struct error_map){.passes = 0};
}

int error_map_check(struct mae_info *info, const struct encoder *e, const struct error_map_settings *s, struct status *st)
{
    int code = mae_info(info, e, st);
    if (code)
        return code;
    size_t keep = mae_keep(info->n_patches, s->mask_ratio);
    if (keep == 0 || keep == info->n_patches)
        return status_set(st, STATUS_USAGE, "a mask ratio of %g leaves %s of %zu patches %s", s->mask_ratio, keep ? "none" : "all",
                          info->n_patches, "masked");
    if (s->passes == 0 && s->schedule != MASKS_EVEN)
        return status_set(st, STATUS_USAGE, "the number of passes is chosen by the map's standard error only with the even schedule");
    return STATUS_OK;
}

struct error_map_worker *error_map_worker_new(const struct encoder *e, const struct preprocess *p, const struct error_map_settings *s, int team)
{
    struct error_map_worker *w = NEW0(1, struct error_map_worker);
    int code = mae_info(&w->info, e, NULL);
    assert(code == STATUS_OK && s->batch > 0);
    (void)code;
    w->preprocess = *p;
    w->settings = *s;
    w->keep = mae_keep(w->info.n_patches, s->mask_ratio);
    w->mae = mae_workspace_new(e, w->keep, s->batch, team);
    size_t n = w->info.height * w->info.width;
    w->prediction = NEW(s->batch * w->info.n_patches * w->info.patch_values, float);
    w->level = NEW(3 * n, float);
    w->pixels = NEW(3 * n, float);
    w->sum = NEW(n, double);
    w->squares = NEW(n, double);
    w->order = NEW(s->batch * w->info.n_patches, uint32_t);
    w->masked = NEW(w->info.n_patches, uint8_t);
    return w;
}

void error_map_worker_free(struct error_map_worker *w)
{
    if (w) {
        mae_workspace_free(w->mae);
        free(w->prediction);
        free(w->level);
        free(w->pixels);
        free(w->sum);
        free(w->squares);
        free(w->order);
        free(w->masked);
        free(w);
    }
}

void error_map_levels(float *level, const float *pixels, const struct preprocess *p, size_t n_pixels)
{
    for (size_t c = 0; c < 3; c++)
        for (size_t i = c * n_pixels; i < (c + 1) * n_pixels; i++) {
            const float scaled = pixels[i] * p->std[c], value = scaled + p->mean[c];
            level[i] = value < 0 ? 0 : value > 1 ? 1 : value;
        }
}

/* ---- one picture ---- */

static void begin(struct error_map *map, struct error_map_worker *w, const float *pixels)
{
    const struct mae_info *info = &w->info;
    size_t n = info->height * info->width;
    *map = (struct error_map){.height = info->height, .width = info->width, .n_patches = info->n_patches};
    map->value = NEW0(n, float);
    map->reconstruction = NEW(3 * n, float);
    map->masked = NEW(info->n_patches, uint8_t);
    map->hits = NEW0(info->n_patches, uint32_t);
    memset(w->sum, 0, n * sizeof *w->sum);
    memset(w->squares, 0, n * sizeof *w->squares);
    error_map_levels(w->level, pixels, &w->preprocess, n);
    double began = clock_seconds();
    mae_set_picture(w->mae, pixels);
    map->encoder_s += clock_seconds() - began;
}

/* Error of the masked pixels of one pass, whose reconstruction is in w->pixels as grey levels. */
static void add_pass(struct error_map *map, struct error_map_worker *w)
{
    const struct mae_info *info = &w->info;
    size_t p = info->patch, width = info->width, plane = info->height * width;
    for (size_t k = 0; k < info->n_patches; k++) {
        if (!w->masked[k])
            continue;
        map->hits[k]++;
        for (size_t i = 0; i < p * p; i++) {
            size_t at = (k / info->columns * p + i / p) * width + k % info->columns * p + i % p;
            double error = 0;
            for (size_t c = 0; c < 3; c++) {
                double difference = (double)w->pixels[c * plane + at] - (double)w->level[c * plane + at];
                error += w->settings.absolute ? fabs(difference) : difference * difference;
            }
            error /= 3;
            w->sum[at] += error;
            w->squares[at] += error * error;
        }
    }
    map->passes++;
}

/* n passes, in batches. */
static int run_passes(struct error_map *map, struct error_map_worker *w, const uint32_t *order, size_t n, struct status *st)
{
    const struct mae_info *info = &w->info;
    size_t L = info->n_patches, values = L * info->patch_values, plane = info->height * info->width;
    for (size_t first = 0; first < n; first += w->settings.batch) {
        size_t many = n - first < w->settings.batch ? n - first : w->settings.batch;
        double began = clock_seconds();
        mae_encode(w->mae, order + first * L, many);
        double between = clock_seconds();
        mae_decode(w->mae, w->prediction);
        map->encoder_s += between - began;
        map->decoder_s += clock_seconds() - between;
        size_t bad = kernel_find_non_finite(w->prediction, many * values);
        if (bad < many * values)
            return status_set(st, STATUS_DATA, "the decoder's output %zu of pass %zu is %f", bad % values, map->passes + bad / values + 1,
                              (double)w->prediction[bad]);
        for (size_t i = 0; i < many; i++) {
            mae_unpatchify(w->pixels, w->prediction + i * values, info);
            error_map_levels(w->pixels, w->pixels, &w->preprocess, plane);
            mae_mask(w->masked, order + (first + i) * L, L, w->keep);
            if (map->passes == 0) {
                memcpy(map->reconstruction, w->pixels, 3 * plane * sizeof *w->pixels);
                memcpy(map->masked, w->masked, L);
            }
            add_pass(map, w);
        }
    }
    return STATUS_OK;
}

/* Standard error and its share, from the sums so far. */
static void judge(struct error_map *map, const struct error_map_worker *w)
{
    const struct mae_info *info = &w->info;
    size_t p = info->patch, n = info->n_patches * p * p;
    double noise = 0, mean = 0, squares = 0;
    map->standard_error = map->noise_share = NAN;
    for (size_t k = 0; k < info->n_patches; k++) {
        if (map->hits[k] < 2)
            return;
        double hits = map->hits[k];
        for (size_t i = 0; i < p * p; i++) {
            size_t at = (k / info->columns * p + i / p) * info->width + k % info->columns * p + i % p;
            double value = w->sum[at] / hits;
            noise += fmax(0, w->squares[at] / hits - value * value) / (hits - 1); /* s^2 / hits */
            mean += value;
            squares += value * value;
        }
    }
    double variance = squares / (double)n - mean / (double)n * (mean / (double)n);
    map->standard_error = sqrt(noise / (double)n);
    if (variance > 0)
        map->noise_share = noise / (double)n / variance;
}

static void finish(struct error_map *map, const struct error_map_worker *w)
{
    const struct mae_info *info = &w->info;
    size_t n = info->height * info->width, sum_hits = 0;
    judge(map, w);
    for (size_t y = 0; y < info->rows * info->patch; y++)
        for (size_t x = 0; x < info->columns * info->patch; x++) {
            uint32_t hits = map->hits[y / info->patch * info->columns + x / info->patch];
            if (hits)
                map->value[y * info->width + x] = (float)(w->sum[y * info->width + x] / hits);
        }
    map->hits_least = map->hits_most = map->hits[0];
    for (size_t k = 0; k < info->n_patches; k++) {
        map->hits_least = map->hits[k] < map->hits_least ? map->hits[k] : map->hits_least;
        map->hits_most = map->hits[k] > map->hits_most ? map->hits[k] : map->hits_most;
        sum_hits += map->hits[k];
    }
    map->hits_mean = (double)sum_hits / (double)info->n_patches;
    double *value = NEW(n, double), sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += value[i] = (double)map->value[i];
    size_t n_defined;
    double *sorted = quantile_sort(&n_defined, value, 1, n);
    map->mean = sum / (double)n;
    map->maximum = sorted[n_defined - 1];
    map->p99 = quantile_linear(sorted, n_defined, 0.99);
    free(sorted);
    free(value);
}

int error_map_compute_masks(struct error_map *map, struct error_map_worker *w, const float *pixels, const uint32_t *order, size_t n,
                            struct status *st)
{
    begin(map, w, pixels);
    int code = run_passes(map, w, order, n, st);
    if (code)
        error_map_free(map);
    else
        finish(map, w);
    return code;
}

/* Passes until the next look at the standard error: whole rounds of the schedule where they are short. */
static size_t step_of(const struct error_map_worker *w)
{
    size_t round = mask_schedule_round(w->info.n_patches, w->keep);
    return round <= ERROR_MAP_LEAST ? round : ERROR_MAP_LEAST;
}

int error_map_compute(struct error_map *map, struct error_map_worker *w, const float *pixels, struct status *st)
{
    const struct error_map_settings *s = &w->settings;
    struct mask_schedule schedule;
    size_t L = w->info.n_patches, step = step_of(w), until = s->passes ? s->passes : ERROR_MAP_MOST;
    int code = STATUS_OK;
    mask_schedule_init(&schedule, s->schedule, s->seed, L, w->keep);
    begin(map, w, pixels);
    while (!code && map->passes < until) {
        /* Never beyond the next look: the passes made are those that count. */
        size_t many = s->passes ? until - map->passes : step - map->passes % step;
        many = many < s->batch ? many : s->batch;
        for (size_t i = 0; i < many; i++)
            mask_schedule_next(&schedule, w->order + i * L);
        code = run_passes(map, w, w->order, many, st);
        if (!code && s->passes == 0 && map->passes >= ERROR_MAP_LEAST && map->passes % step == 0) {
            judge(map, w);
            if (!(map->noise_share > ERROR_MAP_NOISE) && !isnan(map->standard_error))
                break; /* a flat map has no share: more passes would not change it */
        }
    }
    mask_schedule_free(&schedule);
    if (code)
        error_map_free(map);
    else
        finish(map, w);
    return code;
}
