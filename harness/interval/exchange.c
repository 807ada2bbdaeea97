#include "interval/exchange.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "metric/order.h"

struct exchange {
    size_t n, n_sets, n_units;
    const uint32_t *unit;
    struct panel **panel; /* [n_sets] rows 0 .. n-1: a's; n .. 2n-1: b's */
};

/* rank[i * stride]: mid-rank of score[i * stride], ascending with the score; whole numbers (twice the rank). */
static void mid_ranks(double *rank, const double *score, size_t stride, size_t n)
{
    uint32_t *order = NEW(n, uint32_t);
    order_descending(order, score, stride, n);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && score[order[end] * stride] == score[order[i] * stride]; end++)
            ;
        for (size_t j = i; j < end; j++)
            rank[order[j] * stride] = (double)(2 * n) - (double)(i + end);
    }
    free(order);
}

static void copy_scores(double *to, const double *score, size_t n, size_t columns, bool ranks)
{
    for (size_t c = 0; ranks && c < columns; c++)
        mid_ranks(to + c, score + c, columns, n);
    if (!ranks)
        memcpy(to, score, n * columns * sizeof *to);
}

int exchange_new(struct exchange **out, const struct panel_input *in, const char *metric, const double *const *a, const double *const *b,
                 size_t n_sets, const uint32_t *unit, size_t n_units, struct status *st)
{
    size_t n = in->n, columns = in->kind == KIND_BINARY || in->kind == KIND_REGRESSION ? 1 : in->n_classes;
    bool ranks = panel_metric_is_of_order(metric);
    struct exchange *x = NEW0(1, struct exchange);
    int32_t *label = NEW(2 * n, int32_t);
    double *target = NEW(2 * n, double), *score = NEW(2 * n * columns, double);
    int code = STATUS_OK;
    *x = (struct exchange){.n = n, .n_sets = n_sets, .n_units = n_units, .unit = unit, .panel = NEW0(n_sets, struct panel *)};
    for (size_t i = 0; i < 2 * n; i++) {
        label[i] = in->label ? in->label[i % n] : 0;
        target[i] = in->target ? in->target[i % n] : 0;
    }
    for (size_t i = 0; i < n && !code; i++)
        if (unit[i] >= n_units)
            code = status_set(st, STATUS_DATA, "permutation: sample %zu belongs to patient %u of %zu", i, unit[i], n_units);
    for (size_t s = 0; s < n_sets && !code; s++) {
        if (order_first_nan(a[s], n * columns) < n * columns || order_first_nan(b[s], n * columns) < n * columns) {
            code = status_set(st, STATUS_DATA, "permutation: a score is not a number");
            break;
        }
        copy_scores(score, a[s], n, columns, ranks);
        copy_scores(score + n * columns, b[s], n, columns, ranks);
        struct panel_input both = *in;
        both.n = 2 * n;
        both.label = in->label ? label : NULL;
        both.target = in->target ? target : NULL;
        both.score = score;
        code = panel_new(&x->panel[s], &both, st);
        if (code)
            break;
        size_t m = panel_metric_find(x->panel[s], metric);
        if (m == panel_n_metrics(x->panel[s]))
            code = status_set(st, STATUS_UNDEFINED, "permutation: this kind of task has no metric %s", metric);
        else
            panel_keep_only(x->panel[s], m);
    }
    free(score);
    free(target);
    free(label);
    if (code) {
        exchange_free(x);
        x = NULL;
    }
    *out = x;
    return code;
}

void exchange_free(struct exchange *x)
{
    if (!x)
        return;
    for (size_t s = 0; s < x->n_sets; s++)
        panel_free(x->panel[s]);
    free(x->panel);
    free(x);
}

struct workspace {
    struct panel_scratch **scratch; /* [n_sets] */
    uint32_t *weight;               /* [2n] */
};

static void workspace_new(struct workspace *w, const struct exchange *x)
{
    w->scratch = NEW(x->n_sets, struct panel_scratch *);
    w->weight = NEW(2 * x->n, uint32_t);
    for (size_t s = 0; s < x->n_sets; s++)
        w->scratch[s] = panel_scratch_new(x->panel[s]);
}

static void workspace_free(struct workspace *w, const struct exchange *x)
{
    for (size_t s = 0; s < x->n_sets; s++)
        panel_scratch_free(w->scratch[s]);
    free(w->scratch);
    free(w->weight);
}

/* Sum over the fits of the model that has rows a where flip is `keep`, rows b elsewhere. */
static double total(const struct exchange *x, struct workspace *w, const uint8_t *flip, uint8_t keep)
{
    double sum = 0, value;
    for (size_t i = 0; i < x->n; i++) {
        uint32_t of_a = (flip ? flip[x->unit[i]] : 0) == keep;
        w->weight[i] = of_a;
        w->weight[x->n + i] = 1 - of_a;
    }
    for (size_t s = 0; s < x->n_sets; s++) {
        panel_compute(x->panel[s], w->scratch[s], w->weight, &value, NULL);
        sum += value;
    }
    return sum;
}

static double difference(const struct exchange *x, struct workspace *w, const uint8_t *flip)
{
    double a = total(x, w, flip, 0);
    return (a - total(x, w, flip, 1)) / (double)x->n_sets;
}

double exchange_difference(const struct exchange *x, const uint8_t *flip)
{
    struct workspace w;
    workspace_new(&w, x);
    double value = difference(x, &w, flip);
    workspace_free(&w, x);
    return value;
}

struct permutation_test exchange_test(const struct exchange *x, size_t replicates, uint64_t seed, const char *stream, int n_threads)
{
    double *value = NEW(replicates, double);
#pragma omp parallel num_threads(n_threads > 0 ? n_threads : 1)
    {
        struct workspace w;
        gsl_rng *rng = rng_stream_new();
        uint8_t *flip = NEW(x->n_units, uint8_t);
        workspace_new(&w, x);
#pragma omp for schedule(static)
        for (size_t b = 0; b < replicates; b++) {
            permutation_draw(flip, x->n_units, seed, stream, b);
            value[b] = difference(x, &w, flip);
        }
        workspace_free(&w, x);
        free(flip);
        gsl_rng_free(rng);
    }
    struct permutation_test t = permutation_judge(exchange_difference(x, NULL), value, replicates);
    free(value);
    return t;
}
