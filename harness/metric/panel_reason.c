/* Why a metric is undefined, in words, and which class a mean goes without. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "metric/confusion.h"
#include "metric/panel_data.h"

__attribute__((format(printf, 2, 3))) static const char *say(char *buffer, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vsnprintf(buffer, PANEL_REASON, format, list);
    va_end(list);
    return buffer;
}

/* Class that has no samples, or nothing but samples; the first of them. */
static const char *name_class(char *buffer, const char *before, const struct panel *p, const struct panel_scratch *s)
{
    for (size_t k = 0; k < p->n_columns; k++)
        if (!s->area[k].n_positive || !s->area[k].n_negative)
            return say(buffer, "%sno sample %s class %.80s", before, s->area[k].n_positive ? "outside" : "of", p->class_name[k]);
    return NULL;
}

static const char *one_class(char *buffer, const struct panel *p, bool lacks_positives, size_t class)
{
    if (p->kind == KIND_BINARY)
        return say(buffer, "no sample of class %.80s", p->class_name[lacks_positives]);
    return say(buffer, "no sample %s class %.80s", lacks_positives ? "of" : "outside", p->class_name[class]);
}

static const char *undefined(const struct panel *p, struct panel_scratch *s, const struct panel_metric *m, char *buffer)
{
    size_t k = p->n_classes;
    switch (m->figure) {
    case FIGURE_AUROC:
    case FIGURE_PARTIAL_AREA:
    case FIGURE_SENSITIVITY_AT:
    case FIGURE_SPECIFICITY_AT:
    case FIGURE_YOUDEN: return one_class(buffer, p, s->area[0].n_positive == 0, 1);
    case FIGURE_AUROC_CLASS: return one_class(buffer, p, s->area[m->class].n_positive == 0, m->class);
    case FIGURE_AUROC_AT_LEAST:
        return say(buffer, "no sample of class %.70s or %s", p->class_name[m->class - (s->at_least[m->class].n_positive > 0)],
                   s->at_least[m->class].n_positive > 0 ? "below" : "above");
    case FIGURE_AVERAGE_PRECISION: return one_class(buffer, p, true, 1);
    case FIGURE_AUROC_MACRO:
    case FIGURE_AUROC_WEIGHTED:
    case FIGURE_OVO_MACRO:
    case FIGURE_OVO_WEIGHTED:
    case FIGURE_AVERAGE_PRECISION_MACRO: return name_class(buffer, "", p, s);
    case FIGURE_AUROC_MACRO_DEFINED: return "no class has samples both of it and outside it";
    case FIGURE_SENSITIVITY: return one_class(buffer, p, true, m->class);
    case FIGURE_SPECIFICITY: return p->kind == KIND_BINARY ? one_class(buffer, p, false, 0) : one_class(buffer, p, false, m->class);
    case FIGURE_PPV: return say(buffer, "no sample is called class %.80s", p->class_name[1]);
    case FIGURE_NPV: return say(buffer, "no sample is called class %.80s", p->class_name[0]);
    case FIGURE_F1: return say(buffer, "no sample of class %.80s in truth or prediction", p->class_name[1]);
    case FIGURE_MCC: return "all labels, or all predictions, are of one class";
    case FIGURE_KAPPA:
    case FIGURE_KAPPA_LINEAR:
    case FIGURE_KAPPA_QUADRATIC: return "all labels and predictions are of one class";
    case FIGURE_BRIER:
    case FIGURE_LOG_LOSS:
    case FIGURE_ECE:
    case FIGURE_ECE_EQUAL_COUNT:
    case FIGURE_ECE_CLASS:
    case FIGURE_NET_BENEFIT: return "a score lies outside [0, 1] and is no probability";
    case FIGURE_BRIER_SKILL:
        return p->probabilities ? one_class(buffer, p, confusion_support(s->count, k, 1) == 0, 1) : "a score lies outside [0, 1] and is no probability";
    case FIGURE_R2: return "the target is constant";
    case FIGURE_PEARSON:
    case FIGURE_SPEARMAN: return "the target or the prediction is constant";
    case FIGURE_CCC: return "target and prediction are the same constant";
    case FIGURE_ICC: return s->n < 2 ? "fewer than two samples" : "the predictions differ from the target by nothing, or by a constant";
    case FIGURE_LIMIT_LOW:
    case FIGURE_LIMIT_HIGH: return "fewer than two samples";
    default: return "no sample";
    }
}

const char *panel_reason(const struct panel *p, struct panel_scratch *s, size_t metric, double value)
{
    const struct panel_metric *m = &p->list.metric[metric];
    char *buffer = s->reason[metric];
    if (isnan(value))
        return s->n == 0 ? "no sample" : undefined(p, s, m, buffer);
    if (m->figure == FIGURE_AUROC_MACRO_DEFINED)
        return name_class(buffer, "mean of the classes that can be ranked: ", p, s);
    if ((m->figure == FIGURE_BALANCED_ACCURACY || m->figure == FIGURE_F1_MACRO))
        for (size_t k = 0; k < p->n_classes; k++)
            if (confusion_support(s->count, p->n_classes, k) == 0)
                return say(buffer, "no sample of class %.80s: %s", p->class_name[k],
                           m->figure == FIGURE_F1_MACRO && confusion_predicted(s->count, p->n_classes, k) ? "it counts as 0 in the mean"
                                                                                                         : "it is left out of the mean");
    return NULL;
}
