/* How often a 95 % interval of the AUROC holds the true one.
 *
 * Binormal scores, independent images or patients with 1 to 5 images each and an
 * intra-patient correlation of 0.7 (label by patient; or some patients with both).
 * Each cell: RUNS samples (--runs N), each with B = 1,000 replicates (--replicates N).
 * A table on standard output, and the same as CSV with --csv FILE.  Columns: share of
 * samples whose interval holds the truth; an undefined interval (NaN) counts as one that does not.
 * "rule" is the one that tables print: interval/area_interval.h. */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <omp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/rng.h"
#include "interval/area_interval.h"
#include "interval/bca.h"
#include "interval/bootstrap.h"
#include "interval/clustered.h"
#include "interval/delong.h"
#include "interval/newcombe.h"
#include "interval/percentile.h"
#include "metric/ranking.h"
#include "timing.h"

enum way { PERCENTILE, BCA, IMAGE_PERCENTILE, DELONG, LOGIT_DELONG, METHOD5, OBUCHOWSKI_WALD, OBUCHOWSKI_LOGIT, METHOD5_PATIENTS, RULE, N_WAYS };
static const char *const way_name[N_WAYS] = {"percentile", "bca", "image_percentile", "delong", "logit_delong", "newcombe5",
                                             "obuchowski", "obuchowski_logit", "newcombe5_patients", "rule"};

struct cell {
    double area;
    size_t positive, negative; /* samples; with clusters: patients */
    bool clustered, mixed;     /* mixed: images of one patient have labels of their own */
};
static const struct cell cells[] = {
    {.70, 5, 15, false, false},    {.85, 5, 45, false, false},   {.85, 10, 90, false, false}, {.85, 30, 70, false, false},
    {.85, 50, 60, false, false},   {.95, 5, 15, false, false},   {.95, 10, 20, false, false}, {.95, 20, 180, false, false},
    {.95, 50, 450, false, false},  {.85, 16, 24, true, false},   {.85, 40, 60, true, false},  {.85, 160, 240, true, false},
    {.95, 16, 24, true, false},    {.95, 40, 60, true, false},   {.85, 40, 60, true, true},   {.85, 10, 90, true, false},
};

struct sample {
    size_t n, n_units;
    int32_t *label;
    double *score;
    uint32_t *unit;
};

enum { MAX_IMAGES = 5 };
#define CORRELATION 0.7

/* A patient's images share a part of their score whose variance is CORRELATION. */
static void draw(struct sample *s, const struct cell *c, gsl_rng *rng)
{
    double shift = sqrt(2) * gsl_cdf_ugaussian_Pinv(c->area);
    s->n = 0;
    s->n_units = c->positive + c->negative;
    for (size_t u = 0; u < s->n_units; u++) {
        size_t images = c->clustered ? 1 + gsl_rng_uniform_int(rng, MAX_IMAGES) : 1;
        double common = gsl_ran_ugaussian(rng);
        for (size_t i = 0; i < images; i++) {
            int32_t label = u < c->positive;
            if (c->mixed && i % 2)
                label = !label;
            double own = gsl_ran_ugaussian(rng);
            s->label[s->n] = label;
            s->unit[s->n] = (uint32_t)u;
            s->score[s->n++] = label * shift + (c->clustered ? sqrt(CORRELATION) * common + sqrt(1 - CORRELATION) * own : own);
        }
    }
}

/* area[replicates] of resamples of whole units, and leave_out[n_units]. */
static void resample(double *area, double *leave_out, const struct sample *s, bool by_image, const uint32_t *stratum,
                     size_t replicates, uint64_t seed)
{
    uint32_t *each = NEW(s->n, uint32_t), *weight = NEW(s->n, uint32_t), *count = NEW(s->n, uint32_t);
    struct ranking ranking;
    for (size_t i = 0; i < s->n; i++)
        each[i] = by_image ? (uint32_t)i : s->unit[i];
    struct bootstrap_plan plan = {s->n, each, by_image ? s->n : s->n_units, by_image ? NULL : stratum, 2, replicates, seed, "coverage"};
    ranking_new(&ranking, s->label, 1, s->score, 1, s->n);
    for (size_t b = 0; b < replicates; b++) {
        bootstrap_weights(weight, count, &plan, b);
        struct auroc_count c = ranking_count(&ranking, weight);
        area[b] = auroc_from_count(&c);
    }
    for (size_t u = 0; leave_out && u < plan.n_units; u++) {
        for (size_t i = 0; i < s->n; i++)
            weight[i] = each[i] != u;
        struct auroc_count c = ranking_count(&ranking, weight);
        leave_out[u] = auroc_from_count(&c);
    }
    ranking_free(&ranking);
    free(count);
    free(weight);
    free(each);
}

static bool holds(struct limits l, double area)
{
    return l.low <= area && area <= l.high;
}

/* hit[N_WAYS] of one sample; width[N_WAYS] of its intervals. */
static void run_one(bool *hit, double *width, const struct cell *c, size_t index, size_t replicates)
{
    size_t capacity = (c->positive + c->negative) * MAX_IMAGES, undefined;
    struct sample s = {.label = NEW(capacity, int32_t), .score = NEW(capacity, double), .unit = NEW(capacity, uint32_t)};
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 2025, "coverage sample", index);
    draw(&s, c, rng);
    double *area = NEW(replicates, double), *leave_out = NEW(s.n_units, double);
    uint32_t *stratum = NEW(s.n_units, uint32_t);
    struct limits limits[N_WAYS];
    struct delong d;
    struct status st;
    for (size_t w = 0; w < N_WAYS; w++)
        limits[w] = (struct limits){NAN, NAN};
    for (size_t u = 0; u < s.n_units; u++)
        stratum[u] = u < c->positive;
    if (delong_new(&d, s.label, s.score, s.n, &st) == STATUS_OK) {
        resample(area, leave_out, &s, false, stratum, replicates, index);
        if (interval_percentile(&limits[PERCENTILE].low, &limits[PERCENTILE].high, &undefined, area, 1, replicates, 0.95, &st) ||
            interval_bca(&limits[BCA].low, &limits[BCA].high, &undefined, NULL, d.area, area, 1, replicates, leave_out, stratum, s.n_units, 2,
                         0.95, &st))
            limits[BCA] = limits[PERCENTILE]; /* as STATISTICS says: BCa undefined, percentile reported */
        if (c->clustered) {
            resample(area, NULL, &s, true, NULL, replicates, index);
            if (interval_percentile(&limits[IMAGE_PERCENTILE].low, &limits[IMAGE_PERCENTILE].high, &undefined, area, 1, replicates, 0.95, &st))
                limits[IMAGE_PERCENTILE] = (struct limits){NAN, NAN};
        }
        struct clusters k = clusters_count(&d, s.unit, s.n_units);
        double variance = delong_variance(&d), clustered = clustered_variance(&d, s.unit, s.n_units);
        limits[DELONG] = area_wald(d.area, variance, 0.95);
        limits[LOGIT_DELONG] = area_logit(d.area, variance, 0.95);
        limits[METHOD5] = newcombe_method5(d.area, (double)d.n_positive, (double)d.n_negative, 0.95);
        limits[OBUCHOWSKI_WALD] = area_wald(d.area, clustered, 0.95);
        limits[OBUCHOWSKI_LOGIT] = area_logit(d.area, clustered, 0.95);
        limits[METHOD5_PATIENTS] = newcombe_method5(d.area, (double)k.with_positive, (double)k.with_negative, 0.95);
        enum area_method method;
        limits[RULE] = area_interval(&method, &d, s.unit, s.n_units, 0.95);
    }
    for (size_t w = 0; w < N_WAYS; w++) {
        hit[w] = holds(limits[w], c->area);
        width[w] = limits[w].high - limits[w].low;
    }
    delong_free(&d);
    gsl_rng_free(rng);
    free(stratum);
    free(leave_out);
    free(area);
    free(s.label);
    free(s.score);
    free(s.unit);
}

static int usage(void)
{
    fputs("usage: bench_coverage [--runs N] [--replicates N] [--csv FILE]\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    size_t runs = 1000, replicates = 500;
    const char *csv = NULL;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && !strcmp(argv[i], "--csv"))
            csv = argv[i + 1];
        else if (!(i + 1 < argc && ((!strcmp(argv[i], "--runs") && number_parse_size(argv[i + 1], &runs) && runs > 0) ||
                                    (!strcmp(argv[i], "--replicates") && number_parse_size(argv[i + 1], &replicates) && replicates > 1))))
            return usage();
    }
    FILE *out = csv ? fopen(csv, "w") : NULL;
    if (csv && !out) {
        perror(csv);
        return 4;
    }
    double start = now();
    if (out)
        fputs("area,positive,negative,unit,labels,method,coverage,mean_width,runs,replicates\n", out);
    printf("coverage of 95 %% intervals, %zu samples a row, %zu replicates; standard error %.3f\n%-24s", runs, replicates, sqrt(0.95 * 0.05 / (double)runs), "");
    for (size_t w = 0; w < N_WAYS; w++)
        printf(" %18s", way_name[w]);
    putchar('\n');
    for (size_t c = 0; c < sizeof cells / sizeof *cells; c++) {
        bool *hit = NEW(runs * N_WAYS, bool);
        double *width = NEW(runs * N_WAYS, double);
#pragma omp parallel for schedule(dynamic)
        for (size_t r = 0; r < runs; r++)
            run_one(hit + r * N_WAYS, width + r * N_WAYS, &cells[c], r, replicates);
        const char *unit = cells[c].clustered ? "patients" : "images", *labels = cells[c].mixed ? "mixed" : "by unit";
        printf("%.2f %3zu/%-3zu %-8s %-5s", cells[c].area, cells[c].positive, cells[c].negative, unit, cells[c].mixed ? "mixed" : "");
        for (size_t w = 0; w < N_WAYS; w++) {
            double hits = 0, sum = 0, defined = 0;
            for (size_t r = 0; r < runs; r++) {
                hits += hit[r * N_WAYS + w];
                if (!isnan(width[r * N_WAYS + w])) {
                    sum += width[r * N_WAYS + w];
                    defined++;
                }
            }
            if (w == IMAGE_PERCENTILE && !cells[c].clustered) {
                printf(" %18s", "-");
                continue;
            }
            printf(" %18.3f", hits / (double)runs);
            if (out)
                fprintf(out, "%.2f,%zu,%zu,%s,%s,%s,%.4f,%.4f,%zu,%zu\n", cells[c].area, cells[c].positive, cells[c].negative, unit, labels,
                        way_name[w], hits / (double)runs, defined > 0 ? sum / defined : NAN, runs, replicates);
        }
        putchar('\n');
        fflush(stdout);
        free(width);
        free(hit);
    }
    printf("%.0f s\n", now() - start);
    if (out && fclose(out)) {
        perror(csv);
        return 4;
    }
    return 0;
}
