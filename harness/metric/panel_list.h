/* Which metrics a panel holds, by kind of task: names, and what each is a figure of.
 * What the names mean stands in metric/panel.h. */
#ifndef METRIC_PANEL_LIST_H
#define METRIC_PANEL_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "metric/kind.h"

enum panel_figure {
    /* areas under a ROC curve, of one against the rest */
    FIGURE_AUROC,          /* class 1 */
    FIGURE_AUROC_CLASS,    /* class `class` by its column */
    FIGURE_AUROC_AT_LEAST, /* classes >= `class` by the sum of their columns */
    /* shares of samples */
    FIGURE_ACCURACY,
    FIGURE_SENSITIVITY,    /* of class `class` */
    FIGURE_SPECIFICITY,
    FIGURE_PPV,
    FIGURE_NPV,
    FIGURE_WITHIN_ONE,
    FIGURE_SHARE_WITHIN,
    /* of the confusion matrix */
    FIGURE_KAPPA,
    FIGURE_KAPPA_LINEAR,
    FIGURE_KAPPA_QUADRATIC,
    FIGURE_BALANCED_ACCURACY,
    FIGURE_F1,
    FIGURE_F1_MACRO,
    FIGURE_F1_WEIGHTED,
    FIGURE_MCC,
    FIGURE_MAE_GRADE,
    /* of rankings */
    FIGURE_AVERAGE_PRECISION, /* class `class` */
    FIGURE_AVERAGE_PRECISION_MACRO,
    FIGURE_AUROC_MACRO,
    FIGURE_AUROC_MACRO_DEFINED,
    FIGURE_AUROC_WEIGHTED,
    FIGURE_OVO_MACRO,
    FIGURE_OVO_WEIGHTED,
    FIGURE_PARTIAL_AREA,            /* false positive rate <= parameter, McClish */
    FIGURE_SENSITIVITY_AT,          /* specificity parameter */
    FIGURE_SPECIFICITY_AT,          /* sensitivity parameter */
    FIGURE_YOUDEN,
    /* of probabilities */
    FIGURE_BRIER,
    FIGURE_BRIER_SKILL,
    FIGURE_LOG_LOSS,
    FIGURE_ECE,
    FIGURE_ECE_EQUAL_COUNT,
    FIGURE_ECE_CLASS,
    FIGURE_NET_BENEFIT, /* at threshold probability parameter */
    /* of a regression */
    FIGURE_MAE,
    FIGURE_RMSE,
    FIGURE_R2,
    FIGURE_PEARSON,
    FIGURE_SPEARMAN,
    FIGURE_CCC,
    FIGURE_ICC,
    FIGURE_BIAS,
    FIGURE_LIMIT_LOW,
    FIGURE_LIMIT_HIGH
};

enum { PANEL_NET_BENEFITS = 4 };
extern const double PANEL_NET_BENEFIT_AT[PANEL_NET_BENEFITS]; /* ascending */

struct panel_metric {
    char *name;
    enum panel_figure figure;
    bool at_threshold; /* of the confusion matrix at the threshold from validation */
    size_t class;
    double parameter;
};

struct panel_list {
    struct panel_metric *metric; /* [n] */
    size_t n, capacity;
};

/* full: also what a table asks for beyond the published script's figures.  class_name[n_classes], NULL: numbers. */
void panel_list_make(struct panel_list *l, enum task_kind kind, size_t n_classes, const char *const *class_name, bool threshold,
                     double within, bool full);
void panel_list_free(struct panel_list *l);

/* Is it a metric of a panel that is not full, of some kind of task? */
bool panel_metric_exists(const char *name);
/* Of those: does it depend on the order of the scores alone (of each class's)?  AUROCs, average precision. */
bool panel_metric_is_of_order(const char *name);
/* Of those: is less better? */
bool panel_metric_is_error(const char *name);

#endif
