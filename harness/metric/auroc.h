/* Area under the ROC curve: P(s+ > s-) + P(s+ = s-)/2, by mid-ranks, O(n log n).
 * Hanley & McNeil 1982, Radiology 143:29; the averages over classes are those of
 * Hand & Till 2001, Mach Learn 45:171 (one-vs-one) and of one-vs-rest.
 *
 * label[n] are class numbers (0/1, or 0 .. n_classes-1); a higher score means more
 * positive; prob is [n, n_classes], row-major.  2U is counted in integers and
 * divided once, so equal data give equal bits whatever their order.
 * A class that is absent makes the area NaN and STATUS_UNDEFINED with a sentence
 * naming it, never 0.5; n = 0 likewise.  A NaN score is STATUS_DATA. */
#ifndef METRIC_AUROC_H
#define METRIC_AUROC_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "metric/ranking.h"

enum auroc_average {
    AUROC_MACRO,    /* every class (pair) counts the same */
    AUROC_WEIGHTED, /* by the samples of the class (of the pair) */
    AUROC_MICRO     /* all n * n_classes decisions in one ranking; one-vs-rest only */
};

/* label[n] in {0, 1}. */
int auroc_binary_count(struct auroc_count *count, const int32_t *label, const double *score, size_t n,
                       struct status *st) MUST_CHECK;
int auroc_binary(double *area, const int32_t *label, const double *score, size_t n, struct status *st) MUST_CHECK;

/* Samples count weight[n] >= 0 times; those of weight 0 do not count. */
int auroc_binary_weighted(double *area, const int32_t *label, const double *score, const double *weight, size_t n,
                          struct status *st) MUST_CHECK;

/* Class `class` against the rest, by column `class` of prob. */
int auroc_class(double *area, size_t class, const int32_t *label, const double *prob, size_t n, size_t n_classes,
                struct status *st) MUST_CHECK;

int auroc_ovr(double *area, enum auroc_average average, const int32_t *label, const double *prob, size_t n,
              size_t n_classes, struct status *st) MUST_CHECK;
/* Mean over unordered pairs of classes; a pair's area is the mean of its two one-sided areas on its samples. */
int auroc_ovo(double *area, enum auroc_average average, const int32_t *label, const double *prob, size_t n,
              size_t n_classes, struct status *st) MUST_CHECK;

/* The mean over all classes; STATUS_UNDEFINED if one of them is absent. */
int auroc_macro_ovr(double *area, const int32_t *label, const double *prob, size_t n, size_t n_classes,
                    struct status *st) MUST_CHECK;
/* The mean over the n_defined classes that have positives and negatives; to be reported under a name of its own. */
int auroc_macro_ovr_defined(double *area, size_t *n_defined, const int32_t *label, const double *prob, size_t n,
                            size_t n_classes, struct status *st) MUST_CHECK;

#endif
