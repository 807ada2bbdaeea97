/* AUROC of bootstrap replicates by weights over one sort, against a twin that
 * gathers and sorts each replicate anew (as a resampling loop in a script does).
 * 4,000 images of patients with 1 to 3 images, 10,000 replicates; rounds are
 * interleaved, the median counts; both must give the same bits. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "interval/bootstrap.h"
#include "metric/auroc.h"
#include "metric/ranking.h"
#include "timing.h"

enum { N = 4000, B = 10000, B_NAIVE = 500, ROUNDS = 5, N_WAYS = 4 };

struct sample {
    int32_t label[N];
    double score[N];
    uint32_t unit[N];
    struct bootstrap_plan plan;
};

static void draw(struct sample *s)
{
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 1, "bench_bootstrap", 0);
    uint32_t unit = 0;
    for (size_t i = 0, left = 0; i < N; i++) {
        if (left == 0) {
            left = 1 + gsl_rng_uniform_int(rng, 3);
            unit += i > 0;
        }
        left--;
        s->unit[i] = unit;
        s->label[i] = unit % 3 == 0;
        s->score[i] = gsl_rng_uniform(rng) + 0.3 * s->label[i];
    }
    gsl_rng_free(rng);
    s->plan = (struct bootstrap_plan){N, s->unit, unit + 1, NULL, 0, B, 2025, "bench"};
}

/* AUROC alone, from the weights. */
static void by_weights(double *value, const struct sample *s, size_t replicates)
{
    struct ranking ranking;
    ranking_new(&ranking, s->label, 1, s->score, 1, N);
    uint32_t *weight = NEW(N, uint32_t), *count = NEW(s->plan.n_units, uint32_t);
    for (size_t b = 0; b < replicates; b++) {
        bootstrap_weights(weight, count, &s->plan, b);
        struct auroc_count area = ranking_count(&ranking, weight);
        value[b] = auroc_from_count(&area);
    }
    free(count);
    free(weight);
    ranking_free(&ranking);
}

/* The twin: the drawn rows are copied out and ranked from the start. */
static void by_sorting(double *value, const struct sample *s, size_t replicates)
{
    uint32_t *weight = NEW(N, uint32_t), *count = NEW(s->plan.n_units, uint32_t);
    size_t capacity = 4 * N;
    int32_t *label = NEW(capacity, int32_t);
    double *score = NEW(capacity, double);
    for (size_t b = 0; b < replicates; b++) {
        bootstrap_weights(weight, count, &s->plan, b);
        size_t n = 0;
        for (size_t i = 0; i < N; i++)
            for (uint32_t w = weight[i]; w > 0 && n < capacity; w--) {
                label[n] = s->label[i];
                score[n++] = s->score[i];
            }
        if (auroc_binary(&value[b], label, score, n, NULL))
            value[b] = NAN;
    }
    free(score);
    free(label);
    free(count);
    free(weight);
}

int main(void)
{
    static struct sample s;
    draw(&s);
    struct panel *panel;
    struct status st;
    if (panel_new(&panel, &(struct panel_input){.kind = KIND_BINARY, .n_classes = 2, .n = N, .label = s.label, .score = s.score,
        .threshold = NAN}, &st)) {
        fprintf(stderr, "%s\n", st.text);
        return 1;
    }
    double *weights = NEW(B, double), *sorted = NEW(B_NAIVE, double);
    double *all = NEW(B * panel_n_metrics(panel), double), seconds[N_WAYS][ROUNDS];
    for (size_t round = 0; round < ROUNDS; round++) {
        double start = now();
        by_weights(weights, &s, B);
        seconds[0][round] = now() - start;
        start = now();
        by_sorting(sorted, &s, B_NAIVE);
        seconds[1][round] = (now() - start) * B / B_NAIVE;
        for (int threads = 1; threads <= 2; threads++) {
            start = now();
            if (bootstrap_panel(all, &s.plan, panel, threads, &st)) {
                fprintf(stderr, "%s\n", st.text);
                return 1;
            }
            seconds[1 + threads][round] = now() - start;
        }
    }
    if (memcmp(weights, sorted, B_NAIVE * sizeof *sorted) != 0) {
        fprintf(stderr, "bench_bootstrap: the two ways differ\n");
        return 1;
    }
    double ours = median(seconds[0], ROUNDS), naive = median(seconds[1], ROUNDS);
    double one = median(seconds[2], ROUNDS), two = median(seconds[3], ROUNDS);
    printf("bootstrap: n = %d images, %zu patients, B = %d, median of %d interleaved rounds\n", N, s.plan.n_units, B, ROUNDS);
    printf("  AUROC by weights over one sort      %8.3f s\n", ours);
    printf("  AUROC, every replicate sorted anew  %8.3f s (from %d replicates)   %.1f times as long\n", naive, B_NAIVE, naive / ours);
    printf("  all %zu metrics, 1 thread            %8.3f s\n", panel_n_metrics(panel), one);
    printf("  all %zu metrics, 2 threads           %8.3f s   %.2f times as fast\n", panel_n_metrics(panel), two, one / two);
    free(all);
    free(sorted);
    free(weights);
    panel_free(panel);
    return 0;
}
