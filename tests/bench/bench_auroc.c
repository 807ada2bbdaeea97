/* Bootstrap and DeLong's interval of an AUROC against what a script would call:
 * a scikit-learn resampling loop, pROC's ci.auc (auroc_peer.py, .R).
 * n = 4,000 images of patients with 1 to 3 images, B = 10,000, one thread; DeLong for
 * 40,000 samples.  Peers run fewer replicates and are scaled; rounds are interleaved, the
 * median and its range count; all must find the same area.  --quick: fewer of everything. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auroc_peer.h"
#include "base/memory.h"
#include "base/rng.h"
#include "interval/bootstrap.h"
#include "interval/clustered.h"
#include "interval/delong.h"
#include "interval/percentile.h"
#include "metric/auroc.h"
#include "timing.h"

enum { N = 4000, N_LARGE = 40000, MAX_ROUNDS = 9, N_WAYS = 5 };
enum way { OURS, SKLEARN, PROC, DELONG_LARGE, PROC_DELONG };

struct sample {
    int32_t label[N_LARGE];
    double score[N_LARGE];
    uint32_t unit[N_LARGE];
    size_t n, n_units;
};

static void draw(struct sample *s, size_t n)
{
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 1, "bench_auroc", n);
    s->n = n;
    s->n_units = 0;
    for (size_t i = 0, left = 0; i < n; i++) {
        if (left == 0) {
            left = 1 + gsl_rng_uniform_int(rng, 3);
            s->n_units++;
        }
        left--;
        s->unit[i] = (uint32_t)(s->n_units - 1);
        s->label[i] = s->unit[i] % 3 == 0;
        s->score[i] = gsl_rng_uniform(rng) + 0.3 * s->label[i];
    }
    gsl_rng_free(rng);
}

/* One sort, B weighted passes, percentile limits: seconds. */
static double bootstrap(const struct sample *s, size_t replicates, double *area)
{
    double begin = now(), low, high, *value = NEW(replicates, double);
    struct bootstrap_plan plan = {s->n, s->unit, s->n_units, NULL, 0, replicates, 2025, "bench"};
    struct status st;
    size_t undefined;
    if (bootstrap_auroc(value, &plan, s->label, s->score, 1, &st) || auroc_binary(area, s->label, s->score, s->n, &st))
        *area = NAN;
    if (interval_percentile(&low, &high, &undefined, value, 1, replicates, 0.95, &st) || !(low < *area && *area < high))
        *area = NAN;
    free(value);
    return now() - begin;
}

static double delong(const struct sample *s, double *area)
{
    double begin = now();
    struct delong d;
    struct status st;
    *area = NAN;
    if (delong_new(&d, s->label, s->score, s->n, &st) == STATUS_OK) {
        struct limits l = area_logit(d.area, delong_variance(&d), 0.95), c = area_logit(d.area, clustered_variance(&d, s->unit, s->n_units), 0.95);
        *area = l.low < d.area && c.low < d.area ? d.area : NAN;
    }
    delong_free(&d);
    return now() - begin;
}

static void tell(const char *what, double *seconds, size_t rounds, double ours)
{
    if (isnan(seconds[0]))
        return;
    double middle = median(seconds, rounds); /* sorts */
    printf("  %-52s %10.4f s  (%.4f to %.4f)", what, middle, seconds[0], seconds[rounds - 1]);
    if (ours > 0)
        printf("   %.1f times as long", middle / ours);
    putchar('\n');
}

int main(int argc, char **argv)
{
    bool quick = argc == 2 && !strcmp(argv[1], "--quick");
    if (argc > 1 && !quick) {
        fputs("usage: bench_auroc [--quick]\n", stderr);
        return 2;
    }
    static struct sample s, large;
    size_t rounds = quick ? 1 : 5, b = 10000, b_python = quick ? 20 : 500, b_r = quick ? 20 : 200;
    double seconds[N_WAYS][MAX_ROUNDS], area[N_WAYS];
    bool same = true;
    struct auroc_peer python, r, r_large;
    draw(&s, N);
    draw(&large, N_LARGE);
    auroc_peer_start(&python, "/usr/bin/python3", "auroc_peer.py", s.label, s.unit, s.score, N);
    auroc_peer_start(&r, "Rscript", "auroc_peer.R", s.label, s.unit, s.score, N);
    auroc_peer_start(&r_large, "Rscript", "auroc_peer.R", large.label, large.unit, large.score, N_LARGE);
    for (size_t round = 0; round < rounds; round++) {
        seconds[OURS][round] = bootstrap(&s, b, &area[OURS]);
        seconds[DELONG_LARGE][round] = delong(&large, &area[DELONG_LARGE]);
        seconds[SKLEARN][round] = auroc_peer_time(&python, "bootstrap", b_python, &area[SKLEARN]) * (double)b / (double)b_python;
        seconds[PROC][round] = auroc_peer_time(&r, "bootstrap", b_r, &area[PROC]) * (double)b / (double)b_r;
        seconds[PROC_DELONG][round] = auroc_peer_time(&r_large, "delong", 1, &area[PROC_DELONG]);
        same = same && !isnan(area[OURS]) && !isnan(area[DELONG_LARGE]) && (isnan(seconds[SKLEARN][round]) || fabs(area[SKLEARN] - area[OURS]) < 1e-12) &&
               (isnan(seconds[PROC][round]) || fabs(area[PROC] - area[OURS]) < 1e-12) &&
               (isnan(seconds[PROC_DELONG][round]) || fabs(area[PROC_DELONG] - area[DELONG_LARGE]) < 1e-12);
    }
    auroc_peer_stop(&python);
    auroc_peer_stop(&r);
    auroc_peer_stop(&r_large);
    if (!same) {
        fputs("bench_auroc: the areas differ\n", stderr);
        return 1;
    }
    double ours = median(seconds[OURS], rounds), fast = median(seconds[DELONG_LARGE], rounds);
    printf("AUROC, n = %d images of %zu patients, B = %zu, one thread; median (least to most) of %zu interleaved rounds\n", N, s.n_units, b, rounds);
    tell("bootstrap by patient, ours", seconds[OURS], rounds, 0);
    tell("bootstrap by patient, a loop over scikit-learn", seconds[SKLEARN], rounds, ours);
    tell("bootstrap by image, pROC's ci.auc", seconds[PROC], rounds, ours);
    tell("DeLong and Obuchowski, 40,000 samples, ours", seconds[DELONG_LARGE], rounds, 0);
    tell("DeLong, 40,000 samples, pROC", seconds[PROC_DELONG], rounds, fast);
    printf("  peers: %s; %s\n", python.name, r.name);
    return 0;
}
