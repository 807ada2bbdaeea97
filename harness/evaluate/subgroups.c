#include "evaluate/subgroups.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "interval/equality.h"
#include "interval/estimates.h"
#include "report/subgroup_rows.h"

#define MISSING "(missing)"

/* Which samples must be there for a figure to be one worth testing. */
enum needs { NEEDS_ANY, NEEDS_POSITIVES, NEEDS_NEGATIVES, NEEDS_BOTH };

struct told { /* a metric of subgroups.csv */
    const char *name;
    enum equality_scale scale;
    enum needs needs;
};
static const struct told TOLD[][6] = {
    [KIND_BINARY] = {{"auroc", EQUALITY_LOGIT, NEEDS_BOTH},
                     {"average_precision", EQUALITY_LOGIT, NEEDS_BOTH},
                     {"sensitivity_at_threshold", EQUALITY_LOGIT, NEEDS_POSITIVES},
                     {"specificity_at_threshold", EQUALITY_LOGIT, NEEDS_NEGATIVES},
                     {"balanced_accuracy_at_threshold", EQUALITY_LOGIT, NEEDS_BOTH}},
    [KIND_MULTICLASS] = {{"auroc_macro", EQUALITY_LOGIT, NEEDS_ANY}, {"balanced_accuracy", EQUALITY_LOGIT, NEEDS_ANY}},
    [KIND_ORDINAL] = {{"kappa_quadratic", EQUALITY_PLAIN, NEEDS_ANY}, {"mae_grade", EQUALITY_LOG, NEEDS_ANY}},
    [KIND_REGRESSION] = {{"mae", EQUALITY_LOG, NEEDS_ANY}, {"bias", EQUALITY_PLAIN, NEEDS_ANY}}};
static const char *const SCALE_NAME[] = {[EQUALITY_PLAIN] = "plain", [EQUALITY_LOGIT] = "logit", [EQUALITY_LOG] = "log"};

struct group {
    char *name;
    double order; /* of bands and of numbers; else NaN, which sorts by name behind them */
    size_t n, n_patients, n_positive, patients[2]; /* patients that hold a sample of class 0, of class 1 */
    int32_t *label;
    double *target, *score;
    uint32_t *unit;
    struct estimates estimates;
};

struct division { /* of a part by one column */
    struct group *group; /* [n] those with a name, in order; then perhaps MISSING */
    size_t n, capacity;
    size_t *of; /* [part n] */
};

static const struct sample *sample_of(const struct cell_task *t, const struct scored *part, size_t i)
{
    return &t->cohort->sample[t->partitions->test[part->of ? part->of->first[i] : i]];
}

/* ---- who is in which group ---- */

static double order_of(const struct subgroup *rule, const char *cell)
{
    double value;
    if (!number_parse_double(cell, &value))
        return NAN;
    size_t b = 0;
    while (b < rule->n_bands && value >= rule->band[b])
        b++;
    return rule->n_bands ? (double)b : value;
}

static int compare_groups(const void *left, const void *right)
{
    const struct group *a = left, *b = right;
    bool missing[2] = {!strcmp(a->name, MISSING), !strcmp(b->name, MISSING)};
    if (missing[0] != missing[1])
        return missing[0] ? 1 : -1;
    if (isnan(a->order) != isnan(b->order))
        return isnan(a->order) ? 1 : -1;
    if (!isnan(a->order) && a->order != b->order)
        return a->order < b->order ? -1 : 1;
    return strcmp(a->name, b->name);
}

static size_t find(const struct division *d, const char *name)
{
    size_t g = 0;
    while (g < d->n && strcmp(d->group[g].name, name) != 0)
        g++;
    return g;
}

static void divide(struct division *d, const struct cell_task *t, const struct scored *part, size_t rule_number)
{
    const struct subgroup *rule = &t->cohort->source->task->subgroups.item[rule_number];
    char **name = NEW(part->n, char *);
    *d = (struct division){.of = NEW(part->n, size_t)};
    for (size_t i = 0; i < part->n; i++) {
        const char *cell = sample_of(t, part, i)->group[rule_number];
        char *own = subgroup_name(rule, cell);
        name[i] = own ? own : mem_strdup(MISSING);
        if (find(d, name[i]) < d->n)
            continue;
        d->group = mem_grow(d->group, d->n, &d->capacity, sizeof *d->group);
        d->group[d->n++] = (struct group){.name = mem_strdup(name[i]), .order = own ? order_of(rule, cell) : NAN};
    }
    if (d->n)
        qsort(d->group, d->n, sizeof *d->group, compare_groups);
    for (size_t i = 0; i < part->n; i++) {
        d->of[i] = find(d, name[i]);
        d->group[d->of[i]].n++;
        free(name[i]);
    }
    free(name);
}

static void gather(struct group *g, size_t number, const struct division *d, const struct scored *part, const struct bootstrap_plan *plan,
                   const double *score, size_t n_out, size_t n_patients)
{
    bool *held = NEW0(3 * n_patients, bool); /* any sample, one of class 0, one of class 1 */
    size_t m = 0;
    g->label = NEW(g->n, int32_t);
    g->target = NEW(g->n, double);
    g->unit = NEW(g->n, uint32_t);
    g->score = NEW(g->n * n_out, double);
    for (size_t i = 0; i < part->n; i++) {
        if (d->of[i] != number)
            continue;
        size_t u = part->unit[i], positive = part->label[i] == 1;
        g->label[m] = part->label[i];
        g->target[m] = part->target[i];
        g->unit[m] = plan->unit[i];
        memcpy(g->score + m * n_out, score + i * n_out, n_out * sizeof *score);
        m++;
        g->n_positive += positive;
        g->n_patients += !held[u];
        g->patients[positive] += !held[(1 + positive) * n_patients + u];
        held[u] = held[(1 + positive) * n_patients + u] = true;
    }
    free(held);
}

static void division_free(struct division *d)
{
    for (size_t g = 0; g < d->n; g++) {
        free(d->group[g].name);
        free(d->group[g].label);
        free(d->group[g].target);
        free(d->group[g].score);
        free(d->group[g].unit);
        estimates_free(&d->group[g].estimates);
    }
    free(d->group);
    free(d->of);
}

/* ---- rows ---- */

static struct subgroup_row row_of(const struct cell_task *t, const struct cell_name *name, const char *partition, size_t rule)
{
    return (struct subgroup_row){.figure = {.cell = *name, .partition = partition, .metric = "", .level = t->study->level, .method = "", .reason = "",
                                            .value = NAN, .low = NAN, .high = NAN},
                                 .column = t->cohort->source->task->subgroups.item[rule].column, .group = "", .n_positive = SIZE_MAX,
                                 .statistic = NAN, .df = NAN, .p = NAN};
}

static void write_group(const struct cell_task *t, struct subgroup_row row, const struct group *g, const struct told *told)
{
    bool binary = t->cohort->source->task->kind == KIND_BINARY;
    const struct estimate *e = estimates_find(&g->estimates, told->name);
    if (!e) /* no threshold was found */
        return;
    row.group = g->name;
    row.n_positive = binary ? g->n_positive : SIZE_MAX;
    row.figure.metric = told->name;
    row.figure.n = g->n;
    row.figure.n_patients = g->n_patients;
    row.figure.value = e->value;
    row.figure.low = e->low;
    row.figure.high = e->high;
    row.figure.method = e->method;
    row.figure.replicates = e->replicates;
    row.figure.undefined_replicates = e->undefined;
    row.figure.reason = e->reason;
    subgroup_rows_figure(t->subgroups, &row);
}

static bool holds_enough(const struct group *g, enum needs needs)
{
    bool negatives = g->patients[0] >= SUBGROUP_PATIENTS, positives = g->patients[1] >= SUBGROUP_PATIENTS;
    switch (needs) {
    case NEEDS_BOTH: return negatives && positives;
    case NEEDS_POSITIVES: return positives;
    case NEEDS_NEGATIVES: return negatives;
    default: return g->n_patients >= SUBGROUP_PATIENTS;
    }
}

static void append(char **list, const char *separator, const char *name)
{
    char *longer = mem_printf("%s%s'%s'", *list, **list ? separator : "", name);
    free(*list);
    *list = longer;
}

/* Do the groups differ?  One row. */
static void write_test(const struct cell_task *t, struct subgroup_row row, const struct division *d, const struct told *told)
{
    size_t n = t->study->replicates, k = 0;
    double *estimate = NEW(d->n, double);
    const double **replicate = NEW(d->n, const double *);
    char *left_out = mem_strdup(""), *method = mem_printf("Wald test of equality with bootstrap covariance on the %s scale", SCALE_NAME[told->scale]);
    row.n_positive = t->cohort->source->task->kind == KIND_BINARY ? 0 : SIZE_MAX;
    for (size_t g = 0; g < d->n; g++) {
        const struct group *own = &d->group[g];
        const struct estimate *e = estimates_find(&own->estimates, told->name);
        size_t m = e ? (size_t)(e - own->estimates.item) : 0;
        double *column = NEW(n, double);
        for (size_t b = 0; e && b < n; b++)
            column[b] = own->estimates.replicate[b * own->estimates.n_panel + m];
        if (!e || !strcmp(own->name, MISSING) || !holds_enough(own, told->needs) || !equality_can_enter(e->value, column, n, told->scale)) {
            append(&left_out, ", ", own->name);
            free(column);
            continue;
        }
        estimate[k] = e->value;
        replicate[k++] = column;
        row.figure.n += own->n;
        row.figure.n_patients += own->n_patients;
        if (row.n_positive != SIZE_MAX)
            row.n_positive += own->n_positive;
    }
    struct equality test;
    struct status why = {0};
    int code = equality_test(&test, estimate, replicate, k, n, told->scale, &why);
    char *reason = mem_printf("%s%s%s%s", code ? why.text : "", code && *left_out ? "; " : "",
                              *left_out ? "not tested, for few patients, no value or no variation: " : "", left_out);
    row.figure.metric = told->name;
    row.figure.method = method;
    row.figure.replicates = code ? 0 : n;
    row.figure.reason = reason;
    row.statistic = test.statistic;
    row.df = test.df;
    row.p = test.p;
    subgroup_rows_test(t->subgroups, &row);
    for (size_t g = 0; g < k; g++)
        free((double *)(uintptr_t)replicate[g]);
    free(reason);
    free(method);
    free(left_out);
    free(replicate);
    free(estimate);
}

/* ---- one column ---- */

static bool column_is_there(const struct cell_task *t, size_t rule)
{
    for (size_t i = 0; i < t->cohort->n; i++)
        if (t->cohort->sample[i].group[rule])
            return true;
    return false;
}

static int score_column(const struct cell_task *t, const struct cell_name *name, struct scored *part, const char *partition, const double *score,
                        size_t n_out, double threshold, size_t rule, struct status *st)
{
    const struct task *task = t->cohort->source->task;
    const struct told *told = TOLD[task->kind];
    struct subgroup_row row = row_of(t, name, partition, rule);
    if (!column_is_there(t, rule)) {
        row.figure.reason = "the task has no such column, or nothing in it";
        subgroup_rows_test(t->subgroups, &row);
        return STATUS_OK;
    }
    struct division d;
    int code = STATUS_OK;
    divide(&d, t, part, rule);
    for (size_t g = 0; g < d.n && !code; g++) {
        struct group *own = &d.group[g];
        struct estimates_request request;
        cell_request(&request, t, part, score, threshold);
        gather(own, g, &d, part, &request.plan, score, n_out, t->n_units);
        request.panel.full = task->kind == KIND_REGRESSION;
        request.panel.n = request.plan.n = own->n;
        request.panel.label = request.panel.label ? own->label : NULL;
        request.panel.target = request.panel.target ? own->target : NULL;
        request.panel.score = own->score;
        request.plan.unit = own->unit;
        request.keep_replicates = true;
        code = estimates_compute(&own->estimates, &request, st);
        cell_request_free(&request);
    }
    for (const struct told *m = told; m->name && !code; m++) {
        for (size_t g = 0; g < d.n; g++)
            write_group(t, row, &d.group[g], m);
        if (d.n && estimates_find(&d.group[0].estimates, m->name))
            write_test(t, row, &d, m);
    }
    division_free(&d);
    return code;
}

int subgroups_score(const struct cell_task *t, const struct cell_name *name, struct scored *part, const char *partition, const double *score,
                    size_t n_out, double threshold, struct status *st)
{
    size_t n = t->cohort->source->task->subgroups.n;
    int code = STATUS_OK;
    for (size_t rule = 0; t->subgroups && rule < n && !code; rule++)
        code = score_column(t, name, part, partition, score, n_out, threshold, rule, st);
    return code;
}
