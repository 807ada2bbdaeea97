/* The statistics of a whole study: every figure with its interval (interval/estimates.h, as
 * metrics.csv has them) of 12 tasks and 6 models, B = 10,000, BCa, two threads.
 * Test parts of about the published tasks' sizes and kinds, one to three images a patient; scores are drawn.
 * --quick: B = 100, percentile. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>

#include "base/memory.h"
#include "base/rng.h"
#include "interval/estimates.h"
#include "timing.h"

enum { MODELS = 6, THREADS = 2 };

static const struct {
    const char *name;
    enum task_kind kind;
    size_t n, n_classes;
} tasks[] = {
    {"mura", KIND_BINARY, 3197, 2},         {"fracatlas", KIND_BINARY, 408, 2},       {"fracatlas implant", KIND_BINARY, 408, 2},
    {"wrist fracture", KIND_BINARY, 2033, 2}, {"wrist implant", KIND_BINARY, 2033, 2}, {"wrist AO", KIND_MULTICLASS, 2033, 5},
    {"bone tumour", KIND_BINARY, 375, 2},   {"tumour grade", KIND_MULTICLASS, 375, 3}, {"tumour subtype", KIND_MULTICLASS, 188, 9},
    {"knee osteoarthritis", KIND_ORDINAL, 1656, 5}, {"pes planus", KIND_BINARY, 84, 2}, {"bone age", KIND_REGRESSION, 1425, 0},
};
enum { TASKS = sizeof tasks / sizeof *tasks };

static double one_cell(size_t task, size_t model, size_t replicates, bool bca)
{
    size_t n = tasks[task].n, k = tasks[task].n_classes, columns = k > 2 ? k : 1, n_units = 0;
    int32_t *label = NEW(n, int32_t);
    double *target = NEW(n, double), *score = NEW(n * columns, double);
    uint32_t *unit = NEW(n, uint32_t);
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, task, "bench_statistics", model);
    for (size_t i = 0, left = 0; i < n; i++) {
        if (!left--) {
            left = gsl_rng_uniform_int(rng, 3);
            n_units++;
        }
        unit[i] = (uint32_t)(n_units - 1);
        label[i] = (int32_t)(k ? n_units % k : 0);
        target[i] = 200 * gsl_rng_uniform(rng);
        double sum = 0;
        for (size_t c = 0; c < columns; c++)
            sum += score[i * columns + c] = exp(gsl_ran_ugaussian(rng) + (columns > 1 && (size_t)label[i] == c));
        for (size_t c = 0; c < columns; c++)
            score[i * columns + c] = columns > 1 ? score[i * columns + c] / sum : k ? 1 / (1 + exp(gsl_ran_ugaussian(rng) - label[i])) : target[i] + 10 * sum;
    }
    struct estimates_request r = {
        .panel = {.kind = tasks[task].kind, .n_classes = k, .n = n, .label = k ? label : NULL, .target = k ? NULL : target, .score = score, .threshold = 0.4,
                  .full = true, .within = 12},
        .plan = {.n = n, .unit = unit, .n_units = n_units, .replicates = replicates, .seed = 2025, .stream = tasks[task].name},
        .level = 0.95, .bootstrap = bca ? BOOTSTRAP_BCA : BOOTSTRAP_PERCENTILE, .by_patient = true, .n_threads = THREADS};
    struct estimates e;
    struct status st;
    double begin = now();
    if (estimates_compute(&e, &r, &st)) {
        fprintf(stderr, "bench_statistics: %s\n", st.text);
        exit(1);
    }
    double seconds = now() - begin;
    estimates_free(&e);
    gsl_rng_free(rng);
    free(unit);
    free(score);
    free(target);
    free(label);
    return seconds;
}

int main(int argc, char **argv)
{
    bool quick = argc == 2 && !strcmp(argv[1], "--quick");
    if (argc > 1 && !quick) {
        fputs("usage: bench_statistics [--quick]\n", stderr);
        return 2;
    }
    gsl_set_error_handler_off();
    size_t replicates = quick ? 100 : 10000;
    double total = 0;
    printf("statistics of %d tasks and %d models, B = %zu, %s, %d threads\n", TASKS, MODELS, replicates, quick ? "percentile" : "BCa", THREADS);
    for (size_t t = 0; t < TASKS; t++) {
        double seconds = 0;
        for (size_t m = 0; m < MODELS; m++)
            seconds += one_cell(t, m, replicates, !quick);
        printf("  %-20s %5zu images  %8.2f s\n", tasks[t].name, tasks[t].n, seconds);
        total += seconds;
    }
    printf("  all                               %8.1f s\n", total);
    return 0;
}
