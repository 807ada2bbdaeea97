#include "interval/bootstrap.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "metric/order.h"
#include "metric/ranking.h"

/* The patients of each stratum, ascending: of stratum s, unit[start[s]] to unit[start[s + 1] - 1]. */
struct strata {
    size_t n;
    size_t *start;  /* [n + 1] */
    uint32_t *unit; /* [n_units] */
};

static void strata_new(struct strata *s, const struct bootstrap_plan *plan)
{
    s->n = plan->stratum ? plan->n_strata : 1;
    s->start = NEW0(s->n + 2, size_t);
    s->unit = NEW(plan->n_units, uint32_t);
    /* A counting sort; start is filled one place ahead, and the second pass moves it into place. */
    for (size_t u = 0; u < plan->n_units; u++)
        s->start[(plan->stratum ? plan->stratum[u] : 0) + 2]++;
    for (size_t k = 2; k < s->n + 2; k++)
        s->start[k] += s->start[k - 1];
    for (size_t u = 0; u < plan->n_units; u++)
        s->unit[s->start[(plan->stratum ? plan->stratum[u] : 0) + 1]++] = (uint32_t)u;
}

static void strata_free(struct strata *s)
{
    free(s->start);
    free(s->unit);
}

/* Whole number below `limit`, every one equally likely: the high half of word x limit, refusing
 * the few low halves that would favour some.  Lemire 2019, ACM TOMACS 29:3.  One word as a rule,
 * where gsl_rng_uniform_int divides for each. */
static uint32_t draw_below(struct rng_words *rng, uint32_t limit)
{
    uint64_t product = (uint64_t)rng_word(rng) * limit;
    if ((uint32_t)product < limit) {
        uint32_t refuse = -limit % limit;
        while ((uint32_t)product < refuse)
            product = (uint64_t)rng_word(rng) * limit;
    }
    return (uint32_t)(product >> 32);
}

/* Has some stratum so few units that a draw might lose it? */
static bool has_rare_stratum(const struct bootstrap_plan *plan)
{
    size_t *count = NEW0(plan->n_strata, size_t);
    bool rare = false;
    for (size_t u = 0; u < plan->n_units; u++)
        count[plan->stratum[u]]++;
    for (size_t k = 0; k < plan->n_strata; k++)
        rare |= count[k] > 0 && count[k] < STRATIFY_BELOW;
    free(count);
    return rare;
}

void bootstrap_plan_choose(struct bootstrap_plan *plan, uint32_t **own, const int32_t *label, enum bootstrap_cluster cluster,
                           enum bootstrap_stratify stratify)
{
    *own = NULL;
    if (cluster == CLUSTER_IMAGE) {
        uint32_t *unit = NEW(2 * plan->n, uint32_t), *stratum = unit + plan->n;
        for (size_t i = 0; i < plan->n; i++) {
            unit[i] = (uint32_t)i;
            stratum[i] = plan->stratum ? (uint32_t)label[i] : 0;
        }
        *own = unit;
        plan->unit = unit;
        plan->n_units = plan->n;
        plan->stratum = plan->stratum ? stratum : NULL;
    }
    if (stratify == STRATIFY_NONE || (stratify == STRATIFY_AUTO && plan->stratum && !has_rare_stratum(plan)))
        plan->stratum = NULL;
}

void bootstrap_spread(uint32_t *weight, const uint32_t *unit_count, const struct bootstrap_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++)
        weight[i] = unit_count[plan->unit[i]];
}

static void draw_units(uint32_t *unit_count, const struct bootstrap_plan *plan, const struct strata *strata,
                       size_t replicate)
{
    struct rng_words rng;
    rng_words_set(&rng, plan->seed, plan->stream, replicate);
    memset(unit_count, 0, plan->n_units * sizeof *unit_count);
    for (size_t k = 0; k < strata->n; k++) {
        const uint32_t *unit = strata->unit + strata->start[k];
        size_t n = strata->start[k + 1] - strata->start[k];
        for (size_t i = 0; i < n; i++)
            unit_count[unit[draw_below(&rng, (uint32_t)n)]]++;
    }
}

static void draw_replicate(uint32_t *weight, uint32_t *unit_count, const struct bootstrap_plan *plan,
                           const struct strata *strata, size_t replicate)
{
    draw_units(unit_count, plan, strata, replicate);
    bootstrap_spread(weight, unit_count, plan);
}

void bootstrap_weights(uint32_t *weight, uint32_t *unit_count, const struct bootstrap_plan *plan, size_t replicate)
{
    struct strata strata;
    strata_new(&strata, plan);
    draw_replicate(weight, unit_count, plan, &strata, replicate);
    strata_free(&strata);
}

/* n: samples of what is resampled. */
static int check_plan(const struct bootstrap_plan *plan, size_t n, struct status *st)
{
    if (plan->n != n)
        return status_set(st, STATUS_INTERNAL, "bootstrap: %zu samples in the plan, %zu in the panel", plan->n, n);
    if (plan->n == 0 || plan->n_units == 0)
        return status_set(st, STATUS_UNDEFINED, "bootstrap: no sample to draw from");
    if (plan->n_units > UINT32_MAX)
        return status_set(st, STATUS_DATA, "bootstrap: %zu patients are more than can be drawn from", plan->n_units);
    for (size_t i = 0; i < plan->n; i++)
        if (plan->unit[i] >= plan->n_units)
            return status_set(st, STATUS_DATA, "bootstrap: sample %zu belongs to patient %u of %zu", i, plan->unit[i],
                              plan->n_units);
    for (size_t u = 0; plan->stratum && u < plan->n_units; u++)
        if (plan->stratum[u] >= plan->n_strata)
            return status_set(st, STATUS_DATA, "bootstrap: patient %zu belongs to stratum %u of %zu", u,
                              plan->stratum[u], plan->n_strata);
    return STATUS_OK;
}

int bootstrap_panel(double *value, const struct bootstrap_plan *plan, const struct panel *p, int n_threads,
                    struct status *st)
{
    int code = check_plan(plan, panel_n(p), st);
    if (code)
        return code;
    struct strata strata;
    strata_new(&strata, plan);
    size_t n_metrics = panel_n_metrics(p);
#pragma omp parallel num_threads(n_threads > 0 ? n_threads : 1)
    {
        struct panel_scratch *scratch = panel_scratch_new(p);
        uint32_t *weight = NEW(plan->n, uint32_t), *unit_count = NEW(plan->n_units, uint32_t);
#pragma omp for schedule(static)
        for (size_t b = 0; b < plan->replicates; b++) {
            draw_replicate(weight, unit_count, plan, &strata, b);
            panel_compute(p, scratch, weight, value + b * n_metrics, NULL);
        }
        free(unit_count);
        free(weight);
        panel_scratch_free(scratch);
    }
    strata_free(&strata);
    return STATUS_OK;
}

int bootstrap_auroc(double *value, const struct bootstrap_plan *plan, const int32_t *label, const double *score,
                    int n_threads, struct status *st)
{
    size_t bad = order_first_nan(score, plan->n);
    int code = check_plan(plan, plan->n, st);
    if (!code && bad < plan->n)
        code = status_set(st, STATUS_DATA, "bootstrap: the score of sample %zu is not a number", bad);
    if (!code && (plan->n > ORDER_MAX || plan->n_units > ORDER_MAX))
        code = status_set(st, STATUS_DATA, "bootstrap: %zu samples are more than can be ranked", plan->n);
    if (code)
        return code;
    struct strata strata;
    struct ranking ranking;
    strata_new(&strata, plan);
    ranking_new(&ranking, label, 1, score, 1, plan->n);
    ranking_by_unit(&ranking, plan->unit);
#pragma omp parallel num_threads(n_threads > 0 ? n_threads : 1)
    {
        uint32_t *unit_count = NEW(plan->n_units, uint32_t);
#pragma omp for schedule(static)
        for (size_t b = 0; b < plan->replicates; b++) {
            draw_units(unit_count, plan, &strata, b);
            struct auroc_count count = ranking_count(&ranking, unit_count);
            value[b] = auroc_from_count(&count);
        }
        free(unit_count);
    }
    ranking_free(&ranking);
    strata_free(&strata);
    return STATUS_OK;
}

int bootstrap_jackknife(double *value, const struct bootstrap_plan *plan, const struct panel *p, int n_threads,
                        struct status *st)
{
    int code = check_plan(plan, panel_n(p), st);
    if (code)
        return code;
    size_t n_metrics = panel_n_metrics(p);
#pragma omp parallel num_threads(n_threads > 0 ? n_threads : 1)
    {
        struct panel_scratch *scratch = panel_scratch_new(p);
        uint32_t *weight = NEW(plan->n, uint32_t);
#pragma omp for schedule(static)
        for (size_t u = 0; u < plan->n_units; u++) {
            for (size_t i = 0; i < plan->n; i++)
                weight[i] = plan->unit[i] != u;
            panel_compute(p, scratch, weight, value + u * n_metrics, NULL);
        }
        free(weight);
        panel_scratch_free(scratch);
    }
    return STATUS_OK;
}
