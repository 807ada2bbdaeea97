/* All metrics of one cell (a model, a task, a set of predictions) in one call:
 * for the sample, and again for each bootstrap replicate.
 *
 * binary: auroc, average_precision, accuracy, balanced_accuracy, f1, mcc, kappa,
 *   sensitivity, specificity with P > 0.5 called positive (strictly, as the
 *   published script does); and where a threshold chosen on validation is given,
 *   balanced_accuracy, f1, kappa, sensitivity, specificity `_at_threshold`, with
 *   score >= threshold called positive.
 * multiclass: auroc_macro (NaN if any class cannot be ranked, the class is named),
 *   auroc_macro_defined (over the classes that can), accuracy, balanced_accuracy,
 *   f1_macro, kappa; the prediction is the largest score, ties the lowest class.
 * ordinal: as multiclass, and kappa_linear, kappa_quadratic, mae_grade.
 * regression: mae, rmse, r2, pearson.
 *
 * All sorting happens in panel_new; a call to panel_compute is O(n) per class.
 * Counts are whole numbers, and regression sums run in the order of (target,
 * prediction): a sample of weight 3 gives bit for bit what three rows give, and
 * the order of the rows changes nothing.  A panel is read-only once made: threads
 * share it, each with a scratch of its own. */
#ifndef METRIC_PANEL_H
#define METRIC_PANEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "metric/kind.h"

struct panel;
struct panel_scratch;

struct panel_input {
    enum task_kind kind;
    size_t n_classes;              /* 2 for binary, not looked at for regression */
    size_t n;
    const int32_t *label;          /* [n]; NULL for regression */
    const double *target;          /* [n] for regression; else NULL */
    const double *score;           /* [n] (binary: P(1); regression: the prediction) or [n, n_classes] */
    double threshold;              /* chosen on validation; NaN: none.  Binary alone looks at it */
};

/* Nothing is kept of the arrays.  STATUS_DATA: a label out of range, a score or target that is no number. */
int panel_new(struct panel **p, const struct panel_input *in, struct status *st) MUST_CHECK;
void panel_free(struct panel *p);

size_t panel_n(const struct panel *p);
size_t panel_n_metrics(const struct panel *p);
const char *panel_metric_name(const struct panel *p, size_t i);
/* Position of a metric; panel_n_metrics(p) if the panel has none of that name. */
size_t panel_metric_find(const struct panel *p, const char *name);

struct panel_scratch *panel_scratch_new(const struct panel *p);
void panel_scratch_free(struct panel_scratch *s);

/* weight[n]: how often each sample counts (NULL: once each).  value[n_metrics], NaN where
 * undefined.  reason[n_metrics], or NULL: NULL for a defined value, else why it is not, good
 * until the scratch is used again or freed. */
void panel_compute(const struct panel *p, struct panel_scratch *s, const uint32_t *weight, double *value,
                   const char **reason);

#endif
