#include "metric/top_k.h"

#include <assert.h>

double top_k_accuracy(const int32_t *label, const double *prob, const uint32_t *weight, size_t n, size_t n_classes,
                      size_t k, enum top_k_ties ties)
{
    double hits = 0, total = 0;
    for (size_t i = 0; i < n; i++) {
        assert(label[i] >= 0 && (size_t)label[i] < n_classes);
        const double *row = prob + i * n_classes;
        size_t own = (size_t)label[i], before = 0;
        for (size_t j = 0; j < n_classes; j++)
            before += row[j] > row[own] || (row[j] == row[own] && (ties == TOP_K_LOW ? j < own : j > own));
        double w = weight ? (double)weight[i] : 1;
        hits += before < k ? w : 0;
        total += w;
    }
    return hits / total;
}
