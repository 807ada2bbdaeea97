#include "metric/panel_list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const double PANEL_NET_BENEFIT_AT[PANEL_NET_BENEFITS] = {0.1, 0.2, 0.3, 0.5};

static void add(struct panel_list *l, char *name, enum panel_figure figure, size_t class, double parameter)
{
    l->metric = mem_grow(l->metric, l->n, &l->capacity, sizeof *l->metric);
    l->metric[l->n++] = (struct panel_metric){.name = name, .figure = figure, .class = class, .parameter = parameter};
}

static void add_plain(struct panel_list *l, const char *name, enum panel_figure figure)
{
    add(l, mem_strdup(name), figure, 1, NAN);
}

static void add_at_threshold(struct panel_list *l, const char *name, enum panel_figure figure)
{
    add(l, mem_printf("%s_at_threshold", name), figure, 1, NAN);
    l->metric[l->n - 1].at_threshold = true;
}

static void add_for_classes(struct panel_list *l, const char *name, enum panel_figure figure, size_t first, size_t n_classes,
                            const char *const *class_name)
{
    for (size_t k = first; k < n_classes; k++)
        add(l, class_name ? mem_printf("%s_%s", name, class_name[k]) : mem_printf("%s_%zu", name, k), figure, k, NAN);
}

static void add_calibration(struct panel_list *l)
{
    add_plain(l, "brier", FIGURE_BRIER);
    add_plain(l, "log_loss", FIGURE_LOG_LOSS);
    add_plain(l, "ece", FIGURE_ECE);
    add_plain(l, "ece_equal_count", FIGURE_ECE_EQUAL_COUNT);
}

static void list_binary(struct panel_list *l, bool threshold, bool full)
{
    static const double fixed[] = {0.8, 0.9, 0.95};
    add_plain(l, "auroc", FIGURE_AUROC);
    add_plain(l, "average_precision", FIGURE_AVERAGE_PRECISION);
    add_plain(l, "accuracy", FIGURE_ACCURACY);
    add_plain(l, "balanced_accuracy", FIGURE_BALANCED_ACCURACY);
    add_plain(l, "f1", FIGURE_F1);
    add_plain(l, "mcc", FIGURE_MCC);
    add_plain(l, "kappa", FIGURE_KAPPA);
    add_plain(l, "sensitivity", FIGURE_SENSITIVITY);
    add_plain(l, "specificity", FIGURE_SPECIFICITY);
    if (full) {
        add_plain(l, "ppv", FIGURE_PPV);
        add_plain(l, "npv", FIGURE_NPV);
    }
    if (threshold) {
        add_at_threshold(l, "balanced_accuracy", FIGURE_BALANCED_ACCURACY);
        add_at_threshold(l, "f1", FIGURE_F1);
        add_at_threshold(l, "kappa", FIGURE_KAPPA);
        add_at_threshold(l, "sensitivity", FIGURE_SENSITIVITY);
        add_at_threshold(l, "specificity", FIGURE_SPECIFICITY);
    }
    if (threshold && full) {
        add_at_threshold(l, "accuracy", FIGURE_ACCURACY);
        add_at_threshold(l, "mcc", FIGURE_MCC);
        add_at_threshold(l, "ppv", FIGURE_PPV);
        add_at_threshold(l, "npv", FIGURE_NPV);
    }
    if (!full)
        return;
    add(l, mem_strdup("auroc_partial_fpr_0.1"), FIGURE_PARTIAL_AREA, 1, 0.1);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        add(l, mem_printf("sensitivity_at_specificity_%g_on_test", fixed[i]), FIGURE_SENSITIVITY_AT, 1, fixed[i]);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        add(l, mem_printf("specificity_at_sensitivity_%g_on_test", fixed[i]), FIGURE_SPECIFICITY_AT, 1, fixed[i]);
    add_plain(l, "youden_on_test", FIGURE_YOUDEN);
    add_calibration(l);
    add_plain(l, "brier_skill", FIGURE_BRIER_SKILL);
    for (size_t i = 0; i < PANEL_NET_BENEFITS; i++)
        add(l, mem_printf("net_benefit_%g", PANEL_NET_BENEFIT_AT[i]), FIGURE_NET_BENEFIT, i, PANEL_NET_BENEFIT_AT[i]);
}

static void list_classes(struct panel_list *l, bool ordinal, size_t n_classes, const char *const *class_name, bool full)
{
    add_plain(l, "auroc_macro", FIGURE_AUROC_MACRO);
    add_plain(l, "auroc_macro_defined", FIGURE_AUROC_MACRO_DEFINED);
    add_plain(l, "accuracy", FIGURE_ACCURACY);
    add_plain(l, "balanced_accuracy", FIGURE_BALANCED_ACCURACY);
    add_plain(l, "f1_macro", FIGURE_F1_MACRO);
    add_plain(l, "kappa", FIGURE_KAPPA);
    if (ordinal) {
        add_plain(l, "kappa_linear", FIGURE_KAPPA_LINEAR);
        add_plain(l, "kappa_quadratic", FIGURE_KAPPA_QUADRATIC);
        add_plain(l, "mae_grade", FIGURE_MAE_GRADE);
    }
    if (!full)
        return;
    if (ordinal) {
        add_plain(l, "within_one_grade", FIGURE_WITHIN_ONE);
        add_for_classes(l, "auroc_at_least", FIGURE_AUROC_AT_LEAST, 1, n_classes, class_name);
    }
    add_plain(l, "auroc_weighted", FIGURE_AUROC_WEIGHTED);
    add_plain(l, "auroc_ovo_macro", FIGURE_OVO_MACRO);
    add_plain(l, "auroc_ovo_weighted", FIGURE_OVO_WEIGHTED);
    add_for_classes(l, "auroc_class", FIGURE_AUROC_CLASS, 0, n_classes, class_name);
    add_plain(l, "average_precision_macro", FIGURE_AVERAGE_PRECISION_MACRO);
    add_plain(l, "f1_weighted", FIGURE_F1_WEIGHTED);
    add_plain(l, "mcc", FIGURE_MCC);
    add_for_classes(l, "sensitivity_class", FIGURE_SENSITIVITY, 0, n_classes, class_name);
    add_for_classes(l, "specificity_class", FIGURE_SPECIFICITY, 0, n_classes, class_name);
    add_calibration(l);
    add_plain(l, "ece_class", FIGURE_ECE_CLASS);
}

static void list_regression(struct panel_list *l, double within, bool full)
{
    add_plain(l, "mae", FIGURE_MAE);
    add_plain(l, "rmse", FIGURE_RMSE);
    add_plain(l, "r2", FIGURE_R2);
    add_plain(l, "pearson", FIGURE_PEARSON);
    if (!full)
        return;
    add_plain(l, "spearman", FIGURE_SPEARMAN);
    add_plain(l, "ccc", FIGURE_CCC);
    add_plain(l, "icc_2_1", FIGURE_ICC);
    add_plain(l, "bias", FIGURE_BIAS);
    add_plain(l, "bland_altman_low", FIGURE_LIMIT_LOW);
    add_plain(l, "bland_altman_high", FIGURE_LIMIT_HIGH);
    if (!isnan(within))
        add(l, mem_printf("share_within_%g", within), FIGURE_SHARE_WITHIN, 1, within);
}

void panel_list_make(struct panel_list *l, enum task_kind kind, size_t n_classes, const char *const *class_name, bool threshold,
                     double within, bool full)
{
    *l = (struct panel_list){0};
    if (kind == KIND_BINARY)
        list_binary(l, threshold, full);
    else if (kind == KIND_REGRESSION)
        list_regression(l, within, full);
    else
        list_classes(l, kind == KIND_ORDINAL, n_classes, class_name, full);
}

void panel_list_free(struct panel_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->metric[i].name);
    free(l->metric);
    *l = (struct panel_list){0};
}

/* false: no kind has it. */
static bool find_figure(enum panel_figure *figure, const char *name)
{
    bool found = false;
    for (int kind = KIND_BINARY; kind <= KIND_REGRESSION && !found; kind++) {
        struct panel_list l = {0};
        panel_list_make(&l, (enum task_kind)kind, kind == KIND_REGRESSION ? 0 : 2, NULL, false, NAN, false);
        for (size_t i = 0; i < l.n && !found; i++) {
            found = !strcmp(l.metric[i].name, name);
            *figure = l.metric[i].figure;
        }
        panel_list_free(&l);
    }
    return found;
}

bool panel_metric_exists(const char *name)
{
    enum panel_figure figure;
    return find_figure(&figure, name);
}

bool panel_metric_is_of_order(const char *name)
{
    enum panel_figure figure;
    return find_figure(&figure, name) && (figure <= FIGURE_AUROC_AT_LEAST || (figure >= FIGURE_AVERAGE_PRECISION && figure <= FIGURE_YOUDEN));
}

bool panel_metric_is_error(const char *name)
{
    enum panel_figure figure;
    return find_figure(&figure, name) && (figure == FIGURE_MAE || figure == FIGURE_RMSE || figure == FIGURE_MAE_GRADE);
}
