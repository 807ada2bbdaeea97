#include "metric/panel.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "metric/confusion.h"
#include "metric/order.h"
#include "metric/ranking.h"
#include "metric/regression.h"

enum metric {
    AUROC,
    AVERAGE_PRECISION,
    AUROC_MEAN,
    AUROC_MEAN_DEFINED,
    ACCURACY,
    BALANCED_ACCURACY,
    F1,
    F1_MACRO,
    MCC,
    KAPPA,
    KAPPA_L,
    KAPPA_Q,
    MEAN_DISTANCE,
    SENSITIVITY,
    SPECIFICITY,
    MAE,
    RMSE,
    R2,
    PEARSON
};

struct entry {
    const char *name;
    enum metric metric;
    bool at_threshold;
};

static const struct entry binary[] = {
    {"auroc", AUROC, false},
    {"average_precision", AVERAGE_PRECISION, false},
    {"accuracy", ACCURACY, false},
    {"balanced_accuracy", BALANCED_ACCURACY, false},
    {"f1", F1, false},
    {"mcc", MCC, false},
    {"kappa", KAPPA, false},
    {"sensitivity", SENSITIVITY, false},
    {"specificity", SPECIFICITY, false},
    /* from here on only where there is a threshold */
    {"balanced_accuracy_at_threshold", BALANCED_ACCURACY, true},
    {"f1_at_threshold", F1, true},
    {"kappa_at_threshold", KAPPA, true},
    {"sensitivity_at_threshold", SENSITIVITY, true},
    {"specificity_at_threshold", SPECIFICITY, true},
};
enum { N_BINARY = 14, N_BINARY_PLAIN = 9, N_ORDINAL = 9, N_MULTICLASS = 6, N_REGRESSION = 4 };

static const struct entry ordinal[] = {
    {"auroc_macro", AUROC_MEAN, false},
    {"auroc_macro_defined", AUROC_MEAN_DEFINED, false},
    {"accuracy", ACCURACY, false},
    {"balanced_accuracy", BALANCED_ACCURACY, false},
    {"f1_macro", F1_MACRO, false},
    {"kappa", KAPPA, false},
    /* from here on only where the classes have an order */
    {"kappa_linear", KAPPA_L, false},
    {"kappa_quadratic", KAPPA_Q, false},
    {"mae_grade", MEAN_DISTANCE, false},
};

static const struct entry regression[] = {
    {"mae", MAE, false},
    {"rmse", RMSE, false},
    {"r2", R2, false},
    {"pearson", PEARSON, false},
};

_Static_assert(sizeof binary / sizeof *binary == N_BINARY, "binary");
_Static_assert(sizeof ordinal / sizeof *ordinal == N_ORDINAL, "ordinal");
_Static_assert(sizeof regression / sizeof *regression == N_REGRESSION, "regression");

struct panel {
    enum task_kind kind;
    size_t n, n_classes;
    const struct entry *entry;
    size_t n_metrics;
    size_t n_rankings;       /* 1 for binary, n_classes for more, 0 for regression */
    struct ranking *ranking; /* [n_rankings] */
    uint32_t *cell;          /* [n] label * n_classes + prediction */
    uint32_t *threshold_cell; /* [n] the same with score >= threshold; NULL if there is none */
    uint32_t *order;         /* [n] regression: rows by (target, prediction); the next two follow it */
    double *target, *prediction;
};

enum { REASON = 64 };

struct panel_scratch {
    uint64_t *count, *threshold_count; /* [n_classes, n_classes] */
    struct auroc_count *area;          /* [n_rankings] */
    uint32_t *weight;                  /* [n] regression: in the panel's order */
    char reason[REASON];               /* the one that names a class */
};

size_t panel_n(const struct panel *p)
{
    return p->n;
}

size_t panel_n_metrics(const struct panel *p)
{
    return p->n_metrics;
}

const char *panel_metric_name(const struct panel *p, size_t i)
{
    assert(i < p->n_metrics);
    return p->entry[i].name;
}

size_t panel_metric_find(const struct panel *p, const char *name)
{
    size_t i = 0;
    while (i < p->n_metrics && strcmp(p->entry[i].name, name) != 0)
        i++;
    return i;
}

struct row {
    double target, prediction;
    uint32_t position;
};

static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    if (a->target != b->target)
        return a->target < b->target ? -1 : 1;
    if (a->prediction != b->prediction)
        return a->prediction < b->prediction ? -1 : 1;
    return a->position < b->position ? -1 : a->position > b->position;
}

static int prepare_regression(struct panel *p, const double *target, const double *score, struct status *st)
{
    for (size_t i = 0; i < p->n; i++)
        if (!isfinite(target[i]) || !isfinite(score[i]))
            return status_set(st, STATUS_DATA, "the %s of sample %zu is not a finite number",
                              isfinite(target[i]) ? "prediction" : "target", i);
    struct row *row = NEW(p->n, struct row);
    for (size_t i = 0; i < p->n; i++)
        row[i] = (struct row){target[i], score[i], (uint32_t)i};
    qsort(row, p->n, sizeof *row, compare_rows);
    p->order = NEW(p->n, uint32_t);
    p->target = NEW(p->n, double);
    p->prediction = NEW(p->n, double);
    for (size_t i = 0; i < p->n; i++) {
        p->order[i] = row[i].position;
        p->target[i] = row[i].target;
        p->prediction[i] = row[i].prediction;
    }
    free(row);
    return STATUS_OK;
}

static int prepare_classes(struct panel *p, const int32_t *label, const double *score, double threshold,
                           struct status *st)
{
    size_t k = p->n_classes, columns = p->kind == KIND_BINARY ? 1 : k;
    for (size_t i = 0; i < p->n; i++)
        if (label[i] < 0 || (size_t)label[i] >= k)
            return status_set(st, STATUS_DATA, "sample %zu has class %d, but classes are 0 to %zu", i, label[i], k - 1);
    size_t bad = order_first_nan(score, p->n * columns);
    if (bad < p->n * columns)
        return status_set(st, STATUS_DATA, "the score of sample %zu is not a number", bad / columns);

    p->cell = NEW(p->n, uint32_t);
    for (size_t i = 0; i < p->n; i++) {
        int32_t prediction = columns == 1 ? score[i] > 0.5 : confusion_argmax(score + i * k, k);
        p->cell[i] = (uint32_t)((size_t)label[i] * k + (size_t)prediction);
    }
    if (p->kind == KIND_BINARY && !isnan(threshold)) {
        p->threshold_cell = NEW(p->n, uint32_t);
        for (size_t i = 0; i < p->n; i++)
            p->threshold_cell[i] = (uint32_t)label[i] * 2 + (score[i] >= threshold);
    }
    p->n_rankings = columns;
    p->ranking = NEW0(columns, struct ranking);
    for (size_t c = 0; c < columns; c++)
        ranking_new(&p->ranking[c], label, columns == 1 ? 1 : (int32_t)c, score + c, columns, p->n);
    return STATUS_OK;
}

int panel_new(struct panel **p, const struct panel_input *in, struct status *st)
{
    enum task_kind kind = in->kind;
    *p = NULL;
    assert(kind == KIND_REGRESSION || (kind == KIND_BINARY ? in->n_classes == 2 : in->n_classes >= 2 && in->n_classes < UINT16_MAX));
    if (in->n > ORDER_MAX)
        return status_set(st, STATUS_DATA, "%zu samples are more than can be ranked", in->n);
    struct panel *new = NEW0(1, struct panel);
    new->kind = kind;
    new->n = in->n;
    int code;
    if (kind == KIND_REGRESSION) {
        new->entry = regression;
        new->n_metrics = N_REGRESSION;
        code = prepare_regression(new, in->target, in->score, st);
    } else {
        new->n_classes = in->n_classes;
        new->entry = kind == KIND_BINARY ? binary : ordinal;
        new->n_metrics = kind == KIND_MULTICLASS  ? N_MULTICLASS
                       : kind == KIND_ORDINAL     ? N_ORDINAL
                       : isnan(in->threshold)     ? N_BINARY_PLAIN
                                                  : N_BINARY;
        code = prepare_classes(new, in->label, in->score, in->threshold, st);
    }
    if (code) {
        panel_free(new);
        return code;
    }
    *p = new;
    return STATUS_OK;
}

void panel_free(struct panel *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n_rankings; i++)
        ranking_free(&p->ranking[i]);
    free(p->ranking);
    free(p->cell);
    free(p->threshold_cell);
    free(p->order);
    free(p->target);
    free(p->prediction);
    free(p);
}

struct panel_scratch *panel_scratch_new(const struct panel *p)
{
    struct panel_scratch *s = NEW0(1, struct panel_scratch);
    s->count = NEW0(p->n_classes * p->n_classes, uint64_t);
    s->threshold_count = NEW0(p->n_classes * p->n_classes, uint64_t);
    s->area = NEW0(p->n_rankings, struct auroc_count);
    s->weight = NEW(p->kind == KIND_REGRESSION ? p->n : 0, uint32_t);
    return s;
}

void panel_scratch_free(struct panel_scratch *s)
{
    if (!s)
        return;
    free(s->count);
    free(s->threshold_count);
    free(s->area);
    free(s->weight);
    free(s);
}

static void count_cells(uint64_t *count, size_t n_cells, const uint32_t *cell, const uint32_t *weight, size_t n)
{
    memset(count, 0, n_cells * sizeof *count);
    for (size_t i = 0; i < n; i++)
        count[cell[i]] += weight ? weight[i] : 1;
}

static double mean_defined_area(const struct panel *p, const struct panel_scratch *s)
{
    double sum = 0, defined = 0;
    for (size_t k = 0; k < p->n_rankings; k++) {
        double area = auroc_from_count(&s->area[k]);
        if (isnan(area))
            continue;
        sum += area;
        defined++;
    }
    return defined > 0 ? sum / defined : NAN;
}

static double mean_area(const struct panel *p, const struct panel_scratch *s)
{
    for (size_t k = 0; k < p->n_rankings; k++)
        if (s->area[k].n_positive == 0 || s->area[k].n_negative == 0)
            return NAN;
    return mean_defined_area(p, s);
}

static double compute_one(const struct panel *p, const struct panel_scratch *s, const struct entry *e,
                          const uint32_t *weight)
{
    const uint64_t *count = e->at_threshold ? s->threshold_count : s->count;
    switch (e->metric) {
    case AUROC: return auroc_from_count(&s->area[0]);
    case AVERAGE_PRECISION: return ranking_average_precision(&p->ranking[0], weight);
    case AUROC_MEAN: return mean_area(p, s);
    case AUROC_MEAN_DEFINED: return mean_defined_area(p, s);
    case ACCURACY: return confusion_accuracy(count, p->n_classes);
    case BALANCED_ACCURACY: return confusion_balanced_accuracy(count, p->n_classes);
    case F1: return confusion_f1_binary(count);
    case F1_MACRO: return confusion_f1_macro(count, p->n_classes);
    case MCC: return confusion_mcc(count, p->n_classes);
    case KAPPA: return confusion_kappa(count, p->n_classes, KAPPA_PLAIN);
    case KAPPA_L: return confusion_kappa(count, p->n_classes, KAPPA_LINEAR);
    case KAPPA_Q: return confusion_kappa(count, p->n_classes, KAPPA_QUADRATIC);
    case MEAN_DISTANCE: return confusion_mean_distance(count, p->n_classes);
    case SENSITIVITY: return confusion_sensitivity(count);
    case SPECIFICITY: return confusion_specificity(count);
    case MAE: return regression_mae(p->target, p->prediction, weight, p->n);
    case RMSE: return regression_rmse(p->target, p->prediction, weight, p->n);
    case R2: return regression_r2(p->target, p->prediction, weight, p->n);
    case PEARSON: return regression_pearson(p->target, p->prediction, weight, p->n);
    }
    return NAN;
}

static uint64_t n_counted(const struct panel *p, const uint32_t *weight)
{
    uint64_t total = 0;
    for (size_t i = 0; i < p->n; i++)
        total += weight ? weight[i] : 1;
    return total;
}

/* Class that has no positives, or nothing but positives; the first of them. */
static const char *name_class(const struct panel *p, const struct panel_scratch *s, char *buffer)
{
    for (size_t k = 0; k < p->n_rankings; k++) {
        if (s->area[k].n_positive && s->area[k].n_negative)
            continue;
        snprintf(buffer, REASON, "no sample %s class %zu", s->area[k].n_positive ? "outside" : "of", k);
        return buffer;
    }
    return "no class can be ranked";
}

/* Why an undefined value is so. */
static const char *explain(const struct panel *p, const struct panel_scratch *s, enum metric metric,
                           const uint32_t *weight, char *buffer)
{
    if (n_counted(p, weight) == 0)
        return "no sample";
    switch (metric) {
    case AUROC: return s->area[0].n_positive ? "no sample of class 0" : "no sample of class 1";
    case AVERAGE_PRECISION: return "no sample of class 1";
    case AUROC_MEAN: return name_class(p, s, buffer);
    case AUROC_MEAN_DEFINED: return "no class has samples both of it and outside it";
    case F1: return "no sample of class 1 in truth or prediction";
    case MCC: return "all labels, or all predictions, are of one class";
    case KAPPA:
    case KAPPA_L:
    case KAPPA_Q: return "all labels and predictions are of one class";
    case SENSITIVITY: return "no sample of class 1";
    case SPECIFICITY: return "no sample of class 0";
    case R2: return "the target is constant";
    case PEARSON: return "the target or the prediction is constant";
    default: return "no sample";
    }
}

void panel_compute(const struct panel *p, struct panel_scratch *s, const uint32_t *weight, double *value,
                   const char **reason)
{
    if (p->kind == KIND_REGRESSION) {
        for (size_t i = 0; i < p->n; i++)
            s->weight[i] = weight ? weight[p->order[i]] : 1;
        weight = s->weight;
    } else {
        size_t n_cells = p->n_classes * p->n_classes;
        count_cells(s->count, n_cells, p->cell, weight, p->n);
        if (p->threshold_cell)
            count_cells(s->threshold_count, n_cells, p->threshold_cell, weight, p->n);
        for (size_t k = 0; k < p->n_rankings; k++)
            s->area[k] = ranking_count(&p->ranking[k], weight);
    }
    for (size_t i = 0; i < p->n_metrics; i++) {
        value[i] = compute_one(p, s, &p->entry[i], weight);
        if (reason)
            reason[i] = isnan(value[i]) ? explain(p, s, p->entry[i].metric, weight, s->reason) : NULL;
    }
}
