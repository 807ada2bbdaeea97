#include "metric/localisation.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "metric/ranking.h"

#define K LOCALISATION_LEVELS

static const char *const names[LOCALISATION_METRICS] = {
    [LOCALISATION_PIXEL_AUROC] = "pixel_auroc", [LOCALISATION_PIXEL_PRECISION] = "pixel_average_precision",
    [LOCALISATION_PRO] = "pro",                 [LOCALISATION_POINTING] = "pointing",
    [LOCALISATION_IOU_BEST] = "iou_best",       [LOCALISATION_IOU_FIXED] = "iou_fixed",
    [LOCALISATION_IMAGE_AUROC] = "image_auroc", [LOCALISATION_REGION_SHARE] = "region_share",
};

const char *localisation_metric_name(enum localisation_metric metric)
{
    return names[metric];
}

/* What an image adds at each level, from the highest values down. */
struct levels {
    uint32_t outside[K];
    uint32_t *inside; /* [K]; NULL without regions, as are the next two */
    double *gain;     /* [K] sum over regions of the share of the region at this level */
    double *iou;      /* [K] of everything down to this level */
};

struct localisation {
    size_t n, n_levels;
    struct levels *levels;   /* [n] */
    uint32_t *n_regions;     /* [n] */
    double *pointing, *share, *fixed; /* [n] of images with regions */
    struct ranking image_ranking;
    double value[LOCALISATION_METRICS];
    double best, fixed_threshold[2];
};

/* ---- all pixels in one order ---- */

struct pixel {
    uint32_t key, place; /* place: image * n_pixels + position */
};

/* Ascending keys are descending values, -0 as +0. */
static uint32_t key_of(float value)
{
    uint32_t bits;
    value += 0.0f;
    memcpy(&bits, &value, sizeof bits);
    return ~(bits & 0x80000000u ? ~bits : bits | 0x80000000u);
}

static float value_of(uint32_t key)
{
    uint32_t bits = ~key;
    float value;
    bits = bits & 0x80000000u ? bits & 0x7fffffffu : ~bits;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* By key, equal keys by place: radix of 16 bits, whose two passes take a tenth of qsort's time on millions of pixels. */
static void sort_pixels(struct pixel *pixel, size_t n)
{
    struct pixel *other = NEW(n, struct pixel);
    size_t *start = NEW((size_t)1 << 16, size_t);
    for (unsigned shift = 0; shift < 32; shift += 16) {
        memset(start, 0, sizeof *start << 16);
        for (size_t i = 0; i < n; i++)
            start[pixel[i].key >> shift & 0xffffu]++;
        for (size_t k = 0, sum = 0; k < (size_t)1 << 16; k++) {
            size_t count = start[k];
            start[k] = sum;
            sum += count;
        }
        for (size_t i = 0; i < n; i++)
            other[start[pixel[i].key >> shift & 0xffffu]++] = pixel[i];
        struct pixel *swap = pixel;
        pixel = other;
        other = swap;
    }
    free(other); /* two passes: the caller's array again holds the result */
    free(start);
}

/* ---- curves, from the highest threshold down ---- */

struct curve_sums {
    double inside, outside, gain; /* everything there is */
    double tp, fp, overlap;       /* so far */
    double twice_u, precision, area;
};

/* One threshold lower: so much more is called positive. */
static void lower(struct curve_sums *c, double inside, double outside, double gain)
{
    double tp = c->tp + inside, fp = c->fp + outside, overlap = c->overlap + gain, limit = LOCALISATION_PRO_LIMIT * c->outside;
    c->twice_u += outside * (c->tp + tp);
    if (inside > 0)
        c->precision += inside * (tp / (tp + fp));
    if (c->fp < limit && outside > 0) {
        double to = fp < limit ? fp : limit, there = c->overlap + gain * (to - c->fp) / outside;
        c->area += (to - c->fp) * (c->overlap + there) / 2;
    }
    c->tp = tp;
    c->fp = fp;
    c->overlap = overlap;
}

/* gain in regions, whose number it is to be divided by. */
static void read_curve(double *value, const struct curve_sums *c)
{
    bool both = c->inside > 0 && c->outside > 0;
    value[LOCALISATION_PIXEL_AUROC] = both ? c->twice_u / (2 * c->inside * c->outside) : NAN;
    value[LOCALISATION_PIXEL_PRECISION] = c->inside > 0 ? c->precision / c->inside : NAN;
    value[LOCALISATION_PRO] = both ? c->area / (LOCALISATION_PRO_LIMIT * c->outside * c->gain) : NAN;
}

/* ---- making ---- */

struct making {
    struct localisation *l;
    const struct localisation_image *image;
    size_t n, n_pixels;
    struct pixel *pixel;     /* [n * n_pixels] sorted */
    double **gain;           /* [n][n_pixels]: 0 outside regions; NULL without any */
    size_t *area;            /* [n] pixels in regions */
    size_t n_marked[2];      /* images with regions of each half */
};

static void mark_regions(struct making *m)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct localisation_image *image = &m->image[i];
        m->l->n_regions[i] = (uint32_t)image->n_regions;
        if (!image->n_regions)
            continue;
        m->n_marked[image->half & 1]++;
        m->gain[i] = NEW0(m->n_pixels, double);
        for (size_t r = 0; r < image->n_regions; r++)
            for (size_t k = 0; k < image->region[r].n; k++) {
                double *gain = &m->gain[i][image->region[r].pixel[k]];
                m->area[i] += *gain <= 0;
                *gain += 1 / (double)image->region[r].n;
            }
    }
}

static double iou(size_t tp, size_t fp, size_t area)
{
    return (double)tp / (double)(area + fp);
}

/* One walk down all pixels: exact curves, and the thresholds at which the mean intersection over union is largest: of all
 * images, and of each half. */
static void walk(struct making *m)
{
    struct localisation *l = m->l;
    struct curve_sums c = {0};
    size_t total = m->n * m->n_pixels, *tp = NEW0(m->n, size_t), *fp = NEW0(m->n, size_t);
    double sum[2] = {0, 0}, top[3] = {-1, -1, -1}, threshold[3] = {NAN, NAN, NAN};
    for (size_t i = 0; i < m->n; i++) {
        c.inside += (double)m->area[i];
        c.gain += l->n_regions[i];
    }
    c.outside = (double)total - c.inside;
    for (size_t from = 0, to; from < total; from = to) {
        double inside = 0, outside = 0, gain = 0;
        for (to = from; to < total && m->pixel[to].key == m->pixel[from].key; to++) {
            size_t i = m->pixel[to].place / m->n_pixels;
            double here = m->gain[i] ? m->gain[i][m->pixel[to].place % m->n_pixels] : 0;
            inside += here > 0;
            outside += !(here > 0);
            gain += here;
            if (!m->gain[i])
                continue;
            double before = iou(tp[i], fp[i], m->area[i]);
            tp[i] += here > 0;
            fp[i] += !(here > 0);
            sum[m->image[i].half & 1] += iou(tp[i], fp[i], m->area[i]) - before;
        }
        lower(&c, inside, outside, gain);
        const double now[3] = {sum[0], sum[1], sum[0] + sum[1]};
        for (int k = 0; k < 3; k++)
            if (now[k] > top[k]) {
                top[k] = now[k];
                threshold[k] = (double)value_of(m->pixel[from].key);
            }
    }
    read_curve(l->value, &c);
    size_t marked = m->n_marked[0] + m->n_marked[1];
    l->best = marked ? threshold[2] : NAN;
    for (int half = 0; half < 2; half++)
        l->fixed_threshold[half] = m->n_marked[half] ? threshold[half] : NAN;
    free(tp);
    free(fp);
}

static double iou_at(const struct making *m, size_t i, double threshold)
{
    size_t tp = 0, fp = 0;
    for (size_t k = 0; k < m->n_pixels; k++)
        if ((double)m->image[i].map[k] >= threshold) {
            tp += m->gain[i][k] > 0;
            fp += !(m->gain[i][k] > 0);
        }
    return iou(tp, fp, m->area[i]);
}

static double pointing(const struct making *m, size_t i)
{
    const float *map = m->image[i].map;
    size_t ties = 0, hits = 0;
    float top = map[0];
    for (size_t k = 1; k < m->n_pixels; k++)
        top = map[k] > top ? map[k] : top;
    for (size_t k = 0; k < m->n_pixels; k++)
        if (map[k] >= top) {
            ties++;
            hits += m->gain[i][k] > 0;
        }
    return (double)hits / (double)ties;
}

/* What belongs to one image: its pointing, its intersections at the sample's thresholds. */
static void single_images(struct making *m)
{
    struct localisation *l = m->l;
    double best = 0, fixed = 0, points = 0, share = 0;
    size_t marked = m->n_marked[0] + m->n_marked[1];
    for (size_t i = 0; i < m->n; i++) {
        if (!m->gain[i])
            continue;
        l->pointing[i] = pointing(m, i);
        l->share[i] = (double)m->area[i] / (double)m->n_pixels;
        l->fixed[i] = iou_at(m, i, l->fixed_threshold[!(m->image[i].half & 1)]);
        best += iou_at(m, i, l->best);
        fixed += l->fixed[i];
        points += l->pointing[i];
        share += l->share[i];
    }
    l->value[LOCALISATION_IOU_BEST] = marked ? best / (double)marked : NAN;
    l->value[LOCALISATION_IOU_FIXED] = m->n_marked[0] && m->n_marked[1] ? fixed / (double)marked : NAN;
    l->value[LOCALISATION_POINTING] = marked ? points / (double)marked : NAN;
    l->value[LOCALISATION_REGION_SHARE] = marked ? share / (double)marked : NAN;
}

static void rank_images(struct making *m)
{
    struct localisation *l = m->l;
    double *mean = NEW0(m->n, double);
    int32_t *label = NEW(m->n, int32_t);
    for (size_t i = 0; i < m->n; i++) {
        for (size_t k = 0; k < m->n_pixels; k++)
            mean[i] += (double)m->image[i].map[k];
        label[i] = m->gain[i] != NULL;
    }
    ranking_new(&l->image_ranking, label, 1, mean, 1, m->n);
    struct auroc_count count = ranking_count(&l->image_ranking, NULL);
    l->value[LOCALISATION_IMAGE_AUROC] = auroc_from_count(&count);
    free(mean);
    free(label);
}

/* Levels of about equal numbers of pixels; equal values stay together. */
static void make_levels(struct making *m)
{
    struct localisation *l = m->l;
    size_t total = m->n * m->n_pixels, level = 0;
    for (size_t i = 0; i < m->n; i++)
        if (m->gain[i]) {
            l->levels[i].inside = NEW0(K, uint32_t);
            l->levels[i].gain = NEW0(K, double);
            l->levels[i].iou = NEW0(K, double);
        }
    size_t distinct = 1;
    for (size_t i = 1; i < total; i++)
        distinct += m->pixel[i].key != m->pixel[i - 1].key;
    for (size_t i = 0, done = 0; i < total; i++) {
        bool new_value = i > 0 && m->pixel[i].key != m->pixel[i - 1].key;
        /* As many levels as values, or a new one wherever the share of the levels so far is used up. */
        if (new_value && level + 1 < K && (distinct <= K || (i - done) * (K - level) >= total - done)) {
            level++;
            done = i;
        }
        size_t image = m->pixel[i].place / m->n_pixels;
        double gain = m->gain[image] ? m->gain[image][m->pixel[i].place % m->n_pixels] : 0;
        if (gain > 0) {
            l->levels[image].inside[level]++;
            l->levels[image].gain[level] += gain;
        } else {
            l->levels[image].outside[level]++;
        }
    }
    l->n_levels = level + 1;
    for (size_t i = 0; i < m->n; i++)
        for (size_t k = 0, tp = 0, fp = 0; m->gain[i] && k < l->n_levels; k++) {
            tp += l->levels[i].inside[k];
            fp += l->levels[i].outside[k];
            l->levels[i].iou[k] = iou(tp, fp, m->area[i]);
        }
}

static int check(const struct localisation_image *image, size_t n, size_t n_pixels, struct status *st)
{
    if (n == 0 || n_pixels == 0)
        return status_set(st, STATUS_UNDEFINED, "localisation: no image");
    if (n_pixels > UINT32_MAX / n)
        return status_set(st, STATUS_DATA, "localisation: %zu maps of %zu pixels are more than can be ranked at once", n, n_pixels);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n_pixels; k++)
            if (isnan(image[i].map[k]))
                return status_set(st, STATUS_DATA, "localisation: pixel %zu of map %zu is not a number", k, i);
    return STATUS_OK;
}

int localisation_new(struct localisation **out, const struct localisation_image *image, size_t n, size_t n_pixels, struct status *st)
{
    *out = NULL;
    int code = check(image, n, n_pixels, st);
    if (code)
        return code;
    struct localisation *l = *out = NEW0(1, struct localisation);
    l->n = n;
    l->levels = NEW0(n, struct levels);
    l->n_regions = NEW0(n, uint32_t);
    l->pointing = NEW0(n, double);
    l->share = NEW0(n, double);
    l->fixed = NEW0(n, double);
    struct making m = {.l = l, .image = image, .n = n, .n_pixels = n_pixels};
    m.pixel = NEW(n * n_pixels, struct pixel);
    m.gain = NEW0(n, double *);
    m.area = NEW0(n, size_t);
    mark_regions(&m);
    for (size_t i = 0; i < n * n_pixels; i++)
        m.pixel[i] = (struct pixel){key_of(image[i / n_pixels].map[i % n_pixels]), (uint32_t)i};
    sort_pixels(m.pixel, n * n_pixels);
    walk(&m);
    single_images(&m);
    rank_images(&m);
    make_levels(&m);
    for (size_t i = 0; i < n; i++)
        free(m.gain[i]);
    free(m.gain);
    free(m.area);
    free(m.pixel);
    return STATUS_OK;
}

void localisation_free(struct localisation *l)
{
    for (size_t i = 0; l && i < l->n; i++) {
        free(l->levels[i].inside);
        free(l->levels[i].gain);
        free(l->levels[i].iou);
    }
    if (l) {
        ranking_free(&l->image_ranking);
        free(l->levels);
        free(l->n_regions);
        free(l->pointing);
        free(l->share);
        free(l->fixed);
        free(l);
    }
}

const double *localisation_values(const struct localisation *l)
{
    return l->value;
}

void localisation_thresholds(const struct localisation *l, double *best, double fixed[2])
{
    *best = l->best;
    fixed[0] = l->fixed_threshold[0];
    fixed[1] = l->fixed_threshold[1];
}

void localisation_weighted(const struct localisation *l, const uint32_t *weight, double *value)
{
    double inside[K] = {0}, outside[K] = {0}, gain[K] = {0}, union_share[K] = {0}, points = 0, share = 0, fixed = 0, marked = 0;
    struct curve_sums c = {0};
    for (size_t i = 0; i < l->n; i++) {
        const struct levels *level = &l->levels[i];
        double w = weight[i];
        if (weight[i] == 0)
            continue;
        for (size_t k = 0; k < l->n_levels; k++)
            outside[k] += w * level->outside[k];
        if (!level->inside)
            continue;
        for (size_t k = 0; k < l->n_levels; k++) {
            inside[k] += w * level->inside[k];
            gain[k] += w * level->gain[k];
            union_share[k] += w * level->iou[k];
        }
        c.gain += w * l->n_regions[i];
        points += w * l->pointing[i];
        share += w * l->share[i];
        fixed += w * l->fixed[i];
        marked += w;
    }
    double best = 0;
    for (size_t k = 0; k < l->n_levels; k++) {
        c.inside += inside[k];
        c.outside += outside[k];
        best = union_share[k] > best ? union_share[k] : best;
    }
    for (size_t k = 0; k < l->n_levels; k++)
        lower(&c, inside[k], outside[k], gain[k]);
    read_curve(value, &c);
    value[LOCALISATION_IOU_BEST] = marked > 0 ? best / marked : NAN;
    value[LOCALISATION_IOU_FIXED] = marked > 0 && !isnan(l->value[LOCALISATION_IOU_FIXED]) ? fixed / marked : NAN;
    value[LOCALISATION_POINTING] = marked > 0 ? points / marked : NAN;
    value[LOCALISATION_REGION_SHARE] = marked > 0 ? share / marked : NAN;
    struct auroc_count count = ranking_count(&l->image_ranking, weight);
    value[LOCALISATION_IMAGE_AUROC] = auroc_from_count(&count);
}
