/* The confusion matrix and what is computed from it.
 *
 * count[n_classes, n_classes], row-major, row = truth, column = prediction, exact
 * integers; labels and predictions are 0 .. n_classes-1 (asserted).  Every figure
 * is a pure function of the counts and NaN where its denominator is 0 (so for
 * n = 0 always): nothing undefined is called 0.  scikit-learn says 0 in some of
 * these places (zero_division, the MCC of constant predictions).
 * Binary figures take class 1 as positive and n_classes = 2. */
#ifndef METRIC_CONFUSION_H
#define METRIC_CONFUSION_H

#include <stddef.h>
#include <stdint.h>

enum kappa_weights {
    KAPPA_PLAIN,    /* every disagreement counts 1 */
    KAPPA_LINEAR,   /* |i - j| */
    KAPPA_QUADRATIC /* (i - j)^2 */
};

/* weight[n]: how often a sample counts; NULL: once each.  count is overwritten. */
void confusion_count(uint64_t *count, size_t n_classes, const int32_t *label, const int32_t *prediction,
                     const uint32_t *weight, size_t n);

/* The matrix of those labels only that occur in truth or prediction; out holds n_classes^2.  Returns how many. */
size_t confusion_present(uint64_t *out, const uint64_t *count, size_t n_classes);

/* Column with the largest value of row[n]; ties go to the lowest class. */
int32_t confusion_argmax(const double *row, size_t n);

uint64_t confusion_total(const uint64_t *count, size_t n_classes);
uint64_t confusion_support(const uint64_t *count, size_t n_classes, size_t class);   /* row sum */
uint64_t confusion_predicted(const uint64_t *count, size_t n_classes, size_t class); /* column sum */

/* One class against the rest. */
double confusion_recall(const uint64_t *count, size_t n_classes, size_t class);
double confusion_precision(const uint64_t *count, size_t n_classes, size_t class);
double confusion_f1(const uint64_t *count, size_t n_classes, size_t class); /* 2tp / (2tp + fp + fn) */
double confusion_class_specificity(const uint64_t *count, size_t n_classes, size_t class);

double confusion_accuracy(const uint64_t *count, size_t n_classes);
double confusion_balanced_accuracy(const uint64_t *count, size_t n_classes); /* classes absent in truth left out */
/* Rescaled so that guessing one class is 0 and perfection 1; NaN if the truth holds fewer than two classes. */
double confusion_balanced_accuracy_adjusted(const uint64_t *count, size_t n_classes);
double confusion_f1_macro(const uint64_t *count, size_t n_classes); /* over labels in truth or prediction */
double confusion_f1_weighted(const uint64_t *count, size_t n_classes); /* by how many samples each class has */
double confusion_mcc(const uint64_t *count, size_t n_classes);      /* Gorodkin 2004 for more than two classes */
/* Cohen 1960, 1968, on the scale 0 .. n_classes-1, absent grades included; scikit-learn
 * re-numbers the labels present: pass confusion_present's matrix for its figure. */
double confusion_kappa(const uint64_t *count, size_t n_classes, enum kappa_weights weights);
double confusion_mean_distance(const uint64_t *count, size_t n_classes); /* mean |grade - predicted grade| */
double confusion_within_one(const uint64_t *count, size_t n_classes);    /* share with distance <= 1 */

/* n_classes = 2 */
double confusion_sensitivity(const uint64_t *count);
double confusion_specificity(const uint64_t *count);
double confusion_ppv(const uint64_t *count);
double confusion_npv(const uint64_t *count);
double confusion_f1_binary(const uint64_t *count);

#endif
