/* Share of samples whose class is among the k largest of their row. */
#ifndef METRIC_TOP_K_H
#define METRIC_TOP_K_H

#include <stddef.h>
#include <stdint.h>

enum top_k_ties {
    TOP_K_LOW,  /* equal values: the lower class first; k = 1 is then confusion_argmax */
    TOP_K_HIGH  /* the higher class first, as scikit-learn's top_k_accuracy_score */
};

/* label[n] in 0 .. n_classes-1, prob[n, n_classes].  weight[n]: how often each sample counts, NULL: once each.  NaN for n = 0. */
double top_k_accuracy(const int32_t *label, const double *prob, const uint32_t *weight, size_t n, size_t n_classes,
                      size_t k, enum top_k_ties ties);

#endif
