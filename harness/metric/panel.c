#include "metric/panel.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "metric/confusion.h"
#include "metric/panel_data.h"

size_t panel_n(const struct panel *p)
{
    return p->n;
}

size_t panel_n_metrics(const struct panel *p)
{
    return p->list.n;
}

const struct panel_metric *panel_metric(const struct panel *p, size_t i)
{
    assert(i < p->list.n);
    return &p->list.metric[i];
}

const char *panel_metric_name(const struct panel *p, size_t i)
{
    return panel_metric(p, i)->name;
}

size_t panel_metric_find(const struct panel *p, const char *name)
{
    size_t i = 0;
    while (i < p->list.n && strcmp(p->list.metric[i].name, name) != 0)
        i++;
    return i;
}

/* ---- what all metrics share ---- */

static void count_binary(const struct panel *p, struct panel_scratch *s, const uint32_t *weight)
{
    uint64_t cell[PANEL_BINARY_CELLS] = {0};
    for (size_t i = 0; i < p->n; i++)
        cell[p->cell[i]] += weight ? weight[i] : 1;
    memset(s->count, 0, 4 * sizeof *s->count);
    memset(s->threshold_count, 0, 4 * sizeof *s->threshold_count);
    memset(s->net, 0, sizeof s->net);
    for (uint32_t label = 0; label < 2; label++)
        for (uint32_t strict = 0; strict < 2; strict++)
            for (uint32_t reached = 0; reached < 2; reached++)
                for (size_t bucket = 0; bucket < PANEL_BUCKETS; bucket++) {
                    uint64_t w = cell[panel_binary_cell(label, strict, reached, bucket)];
                    s->count[label * 2 + strict] += w;
                    s->threshold_count[label * 2 + reached] += w;
                    s->net[bucket][label] += w;
                }
}

static void count_classes(const struct panel *p, struct panel_scratch *s, const uint32_t *weight)
{
    memset(s->count, 0, p->n_classes * p->n_classes * sizeof *s->count);
    for (size_t i = 0; i < p->n; i++)
        s->count[p->cell[i]] += weight ? weight[i] : 1;
}

static void sweep_classes(const struct panel *p, struct panel_scratch *s, const uint32_t *weight)
{
    size_t k = p->n_classes;
    if (p->cell && p->kind == KIND_BINARY)
        count_binary(p, s, weight);
    else if (p->cell)
        count_classes(p, s, weight);
    for (size_t c = 0; c < p->n_columns; c++)
        s->area[c] = ranking_count(&p->ranking[c], weight);
    s->n = p->cell ? confusion_total(s->count, k) : s->area[0].n_positive + s->area[0].n_negative;
    for (size_t c = 1; p->at_least && c < k; c++)
        s->at_least[c] = ranking_count(&p->at_least[c], weight);
    for (size_t i = 0; p->pair && i < k * k; i++)
        if (i / k != i % k)
            s->pair[i] = ranking_count(&p->pair[i], weight);
    if (!p->full)
        return;
    if (p->kind == KIND_BINARY)
        s->has_curve = curve_of_ranking(&s->curve, &p->ranking[0], weight);
    s->said = (struct reliability_figures){{NAN, NAN}, NAN, NAN};
    s->class_error = p->class_said ? 0 : NAN;
    if (p->probabilities)
        s->said = reliability_compute(&p->said, weight);
    for (size_t c = 0; p->class_said && c < k; c++)
        s->class_error += reliability_equal_width(&p->class_said[c], weight) / (double)k;
}

static void sweep_regression(const struct panel *p, struct panel_scratch *s, const uint32_t *weight)
{
    s->n = 0;
    for (size_t i = 0; i < p->n; i++) {
        s->weight[i] = weight ? weight[p->order[i]] : 1;
        s->n += s->weight[i];
    }
    if (!p->full)
        return;
    s->moments = regression_moments(p->target, p->prediction, s->weight, p->n);
    s->error_sd = regression_error_sd(p->target, p->prediction, s->weight, p->n);
}

/* ---- means over classes ---- */

static bool lacks_class(const struct panel *p, const struct panel_scratch *s)
{
    for (size_t k = 0; k < p->n_columns; k++)
        if (s->area[k].n_positive == 0 || s->area[k].n_negative == 0)
            return true;
    return false;
}

/* Over the classes that can be ranked. */
static double mean_area(const struct panel *p, const struct panel_scratch *s, bool by_size)
{
    double sum = 0, total = 0;
    for (size_t k = 0; k < p->n_columns; k++) {
        double area = auroc_from_count(&s->area[k]), w = by_size ? (double)s->area[k].n_positive : 1;
        if (isnan(area))
            continue;
        sum += w * area;
        total += w;
    }
    return total > 0 ? sum / total : NAN;
}

static double pair_area(const struct panel *p, const struct panel_scratch *s, bool by_size)
{
    double sum = 0, total = 0;
    size_t k = p->n_classes;
    for (size_t a = 0; a < k; a++)
        for (size_t b = a + 1; b < k; b++) {
            const struct auroc_count *count = &s->pair[a * k + b];
            double w = by_size ? (double)(count->n_positive + count->n_negative) : 1;
            sum += w * (auroc_from_count(count) + auroc_from_count(&s->pair[b * k + a])) / 2;
            total += w;
        }
    return sum / total;
}

static double mean_precision(const struct panel *p, const uint32_t *weight)
{
    double sum = 0;
    for (size_t k = 0; k < p->n_columns; k++)
        sum += ranking_average_precision(&p->ranking[k], weight);
    return sum / (double)p->n_columns;
}

/* ---- one metric ---- */

static double net_benefit_at(const struct panel_scratch *s, size_t which)
{
    uint64_t reach[2] = {0, 0};
    double threshold = PANEL_NET_BENEFIT_AT[which];
    for (size_t bucket = which + 1; bucket < PANEL_BUCKETS; bucket++)
        for (size_t label = 0; label < 2; label++)
            reach[label] += s->net[bucket][label];
    return ((double)reach[1] - (double)reach[0] * (threshold / (1 - threshold))) / (double)s->n;
}

static double of_counts(const struct panel *p, const struct panel_scratch *s, const struct panel_metric *m)
{
    const uint64_t *count = panel_counts(s, m);
    size_t k = p->n_classes;
    switch (m->figure) {
    case FIGURE_ACCURACY: return confusion_accuracy(count, k);
    case FIGURE_SENSITIVITY: return confusion_recall(count, k, m->class);
    case FIGURE_SPECIFICITY: return confusion_class_specificity(count, k, m->class);
    case FIGURE_PPV: return confusion_ppv(count);
    case FIGURE_NPV: return confusion_npv(count);
    case FIGURE_WITHIN_ONE: return confusion_within_one(count, k);
    case FIGURE_KAPPA: return confusion_kappa(count, k, KAPPA_PLAIN);
    case FIGURE_KAPPA_LINEAR: return confusion_kappa(count, k, KAPPA_LINEAR);
    case FIGURE_KAPPA_QUADRATIC: return confusion_kappa(count, k, KAPPA_QUADRATIC);
    case FIGURE_BALANCED_ACCURACY: return confusion_balanced_accuracy(count, k);
    case FIGURE_F1: return confusion_f1_binary(count);
    case FIGURE_F1_MACRO: return confusion_f1_macro(count, k);
    case FIGURE_F1_WEIGHTED: return confusion_f1_weighted(count, k);
    case FIGURE_MCC: return confusion_mcc(count, k);
    case FIGURE_MAE_GRADE: return confusion_mean_distance(count, k);
    default: return NAN;
    }
}

static double of_ranks(const struct panel *p, const struct panel_scratch *s, const struct panel_metric *m, const uint32_t *weight)
{
    switch (m->figure) {
    case FIGURE_AUROC: return auroc_from_count(&s->area[0]);
    case FIGURE_AUROC_CLASS: return auroc_from_count(&s->area[m->class]);
    case FIGURE_AUROC_AT_LEAST: return auroc_from_count(&s->at_least[m->class]);
    case FIGURE_AVERAGE_PRECISION: return ranking_average_precision(&p->ranking[0], weight);
    case FIGURE_AVERAGE_PRECISION_MACRO: return mean_precision(p, weight);
    case FIGURE_AUROC_MACRO: return lacks_class(p, s) ? NAN : mean_area(p, s, false);
    case FIGURE_AUROC_MACRO_DEFINED: return mean_area(p, s, false);
    case FIGURE_AUROC_WEIGHTED: return lacks_class(p, s) ? NAN : mean_area(p, s, true);
    case FIGURE_OVO_MACRO: return pair_area(p, s, false);
    case FIGURE_OVO_WEIGHTED: return pair_area(p, s, true);
    case FIGURE_PARTIAL_AREA: return s->has_curve ? curve_partial_area(&s->curve, m->parameter) : NAN;
    case FIGURE_SENSITIVITY_AT: return s->has_curve ? curve_at_specificity(&s->curve, m->parameter).sensitivity : NAN;
    case FIGURE_SPECIFICITY_AT: return s->has_curve ? curve_at_sensitivity(&s->curve, m->parameter).specificity : NAN;
    case FIGURE_YOUDEN: {
        struct operating_point best = {0};
        if (s->has_curve)
            best = curve_youden(&s->curve);
        return s->has_curve ? best.sensitivity + best.specificity - 1 : NAN;
    }
    default: return NAN;
    }
}

static double of_probabilities(const struct panel *p, const struct panel_scratch *s, const struct panel_metric *m)
{
    if (!p->probabilities)
        return NAN;
    switch (m->figure) {
    case FIGURE_BRIER: return s->said.loss[0];
    case FIGURE_LOG_LOSS: return s->said.loss[1];
    case FIGURE_ECE: return s->said.equal_width;
    case FIGURE_ECE_EQUAL_COUNT: return s->said.equal_count;
    case FIGURE_ECE_CLASS: return s->class_error;
    case FIGURE_NET_BENEFIT: return net_benefit_at(s, m->class);
    default: { /* Brier skill */
        double prevalence = (double)confusion_support(s->count, 2, 1) / (double)s->n;
        return prevalence > 0 && prevalence < 1 ? 1 - s->said.loss[0] / (prevalence * (1 - prevalence)) : NAN;
    }
    }
}

static double of_regression(const struct panel *p, const struct panel_scratch *s, const struct panel_metric *m)
{
    switch (m->figure) {
    case FIGURE_MAE: return regression_mae(p->target, p->prediction, s->weight, p->n);
    case FIGURE_RMSE: return regression_rmse(p->target, p->prediction, s->weight, p->n);
    case FIGURE_R2: return regression_r2(p->target, p->prediction, s->weight, p->n);
    case FIGURE_PEARSON: return regression_pearson(p->target, p->prediction, s->weight, p->n);
    case FIGURE_SPEARMAN: return rank_correlation_compute(&p->ranks, s->weight, s->rank);
    case FIGURE_CCC: return moments_concordance(&s->moments);
    case FIGURE_ICC: return moments_icc_agreement(&s->moments);
    case FIGURE_BIAS: return regression_bias(p->target, p->prediction, s->weight, p->n);
    case FIGURE_LIMIT_LOW: return regression_bias(p->target, p->prediction, s->weight, p->n) - 1.96 * s->error_sd;
    case FIGURE_LIMIT_HIGH: return regression_bias(p->target, p->prediction, s->weight, p->n) + 1.96 * s->error_sd;
    default: return regression_share_within(p->target, p->prediction, s->weight, p->n, m->parameter);
    }
}

static double compute_one(const struct panel *p, const struct panel_scratch *s, const struct panel_metric *m, const uint32_t *weight)
{
    if (p->kind == KIND_REGRESSION)
        return of_regression(p, s, m);
    if (s->n == 0)
        return NAN;
    if (m->figure >= FIGURE_BRIER)
        return of_probabilities(p, s, m);
    if (m->figure >= FIGURE_AVERAGE_PRECISION || m->figure <= FIGURE_AUROC_AT_LEAST)
        return of_ranks(p, s, m, weight);
    return of_counts(p, s, m);
}

void panel_compute(const struct panel *p, struct panel_scratch *s, const uint32_t *weight, double *value,
                   const char **reason)
{
    if (p->kind == KIND_REGRESSION)
        sweep_regression(p, s, weight);
    else
        sweep_classes(p, s, weight);
    for (size_t i = 0; i < p->list.n; i++) {
        value[i] = compute_one(p, s, &p->list.metric[i], weight);
        if (reason)
            reason[i] = panel_reason(p, s, i, value[i]);
    }
}

/* ---- what lies behind a value ---- */

const uint64_t *panel_counts(const struct panel_scratch *s, const struct panel_metric *m)
{
    return m->at_threshold ? s->threshold_count : s->count;
}

void panel_share(uint64_t *k, uint64_t *n, const struct panel *p, const struct panel_scratch *s, const struct panel_metric *m)
{
    const uint64_t *count = panel_counts(s, m);
    size_t c = p->n_classes;
    double value = compute_one(p, s, m, NULL);
    *n = s->n;
    if (m->figure == FIGURE_SENSITIVITY)
        *n = confusion_support(count, c, m->class);
    else if (m->figure == FIGURE_SPECIFICITY)
        *n = s->n - confusion_support(count, c, m->class);
    else if (m->figure == FIGURE_PPV || m->figure == FIGURE_NPV)
        *n = confusion_predicted(count, c, m->figure == FIGURE_PPV);
    *k = *n ? (uint64_t)llround(value * (double)*n) : 0; /* the value is k / n rounded once */
}

bool panel_in_share(const struct panel_input *in, const struct panel_metric *m, size_t i)
{
    bool called = in->kind == KIND_BINARY && (m->at_threshold ? in->score[i] >= in->threshold : in->score[i] > 0.5);
    switch (m->figure) {
    case FIGURE_SENSITIVITY: return in->label[i] == (int32_t)m->class;
    case FIGURE_SPECIFICITY: return in->label[i] != (int32_t)m->class;
    case FIGURE_PPV: return called;
    case FIGURE_NPV: return !called;
    default: return true;
    }
}

bool panel_has_probabilities(const struct panel *p)
{
    return p->probabilities;
}
