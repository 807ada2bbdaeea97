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
 * A full panel has besides,
 * binary: ppv, npv; accuracy, mcc, ppv, npv `_at_threshold`; auroc_partial_fpr_0.1 (McClish); what the
 *   test's own ROC curve offers, and therefore called so: sensitivity_at_specificity_S_on_test,
 *   specificity_at_sensitivity_S_on_test, youden_on_test (a replicate chooses anew);
 *   brier, log_loss, ece (of P(1), 15 bins of equal width), ece_equal_count (15), brier_skill, net_benefit_T.
 * multiclass, ordinal: auroc_weighted, auroc_ovo_macro, auroc_ovo_weighted, auroc_class_C,
 *   average_precision_macro (all NaN if a class is absent), f1_weighted, mcc, sensitivity_class_C, specificity_class_C,
 *   brier (sum over classes), log_loss, ece and ece_equal_count (of the predicted class), ece_class (mean over
 *   the classes' columns); ordinal: within_one_grade, auroc_at_least_C (the classes from C on against those below).
 * regression: spearman, ccc, icc_2_1, bias (prediction - target), bland_altman_low, bland_altman_high (bias -+
 *   1.96 SD), share_within_D where a distance is given.
 * Figures of probabilities are NaN where a score lies outside [0, 1].
 *
 * All sorting happens in panel_new; a call to panel_compute is O(n) per class (one-vs-one: per pair).
 * Counts are whole numbers, and regression sums run in the order of (target,
 * prediction): a sample of weight 3 gives bit for bit what three rows give
 * (figures of probabilities: but for rounding), and
 * the order of the rows changes nothing.  A panel is read-only once made: threads
 * share it, each with a scratch of its own. */
#ifndef METRIC_PANEL_H
#define METRIC_PANEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "metric/kind.h"
#include "metric/panel_list.h"

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
    bool full;
    const char *const *class_name; /* [n_classes], of metric names and reasons; NULL: numbers.  Of a full panel */
    double within;                 /* distance of share_within_D; 0: none.  Of a full panel */
};

/* Nothing is kept of the arrays.  STATUS_DATA: a label out of range, a score or target that is no number. */
int panel_new(struct panel **p, const struct panel_input *in, struct status *st) MUST_CHECK;
void panel_free(struct panel *p);

size_t panel_n(const struct panel *p);
size_t panel_n_metrics(const struct panel *p);
const struct panel_metric *panel_metric(const struct panel *p, size_t i);
const char *panel_metric_name(const struct panel *p, size_t i);
/* Position of a metric; panel_n_metrics(p) if the panel has none of that name. */
size_t panel_metric_find(const struct panel *p, const char *name);

/* Keep this metric alone: later calls compute no other, to the same bits.  Of a panel that is not full. */
void panel_keep_only(struct panel *p, size_t i);

/* What an area's metric ranks: hit[n] in {0, 1} by score[n].  n and labels as panel_new accepted them. */
void panel_area_of(int32_t *hit, double *score, const struct panel_input *in, const struct panel_metric *m);

struct panel_scratch *panel_scratch_new(const struct panel *p);
void panel_scratch_free(struct panel_scratch *s);

/* weight[n]: how often each sample counts (NULL: once each).  value[n_metrics], NaN where
 * undefined.  reason[n_metrics], or NULL: NULL for a defined value, else why it is not, or what a mean over classes
 * leaves out; good until the scratch is used again or freed. */
void panel_compute(const struct panel *p, struct panel_scratch *s, const uint32_t *weight, double *value,
                   const char **reason);

/* Of the last panel_compute: the confusion matrix [n_classes, n_classes] of a metric, and a share's k of n. */
const uint64_t *panel_counts(const struct panel_scratch *s, const struct panel_metric *m);
/* Does sample i count in the share's n? */
bool panel_in_share(const struct panel_input *in, const struct panel_metric *m, size_t i);
/* Does every score lie in [0, 1]? */
bool panel_has_probabilities(const struct panel *p);
void panel_share(uint64_t *k, uint64_t *n, const struct panel *p, const struct panel_scratch *s, const struct panel_metric *m);

#endif
