/* What the neighbours say; see knn.h. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/knn.h"

/* weight[k] of one row's neighbours, up to a common factor. */
static void votes(double *weight, const double *distance, size_t k, enum knn_metric metric, enum knn_vote vote)
{
    double nothing = metric == KNN_COSINE ? 1e-12 : 0;
    bool at_zero = distance[0] <= nothing;
    for (size_t j = 0; j < k; j++)
        if (vote == KNN_UNIFORM)
            weight[j] = 1;
        else if (vote == KNN_SOFTMAX) /* relative to the nearest, so that nothing overflows */
            weight[j] = exp((distance[0] - distance[j]) / KNN_TEMPERATURE);
        else
            weight[j] = at_zero ? distance[j] <= nothing : 1 / distance[j];
}

/* Divided by the sum of the classes' votes, so that neighbours of one class give exactly 1: rows that agree tie in a ranking. */
void knn_classify(double *prob, const uint32_t *neighbour, const double *distance, size_t stride, size_t m, size_t k, enum knn_metric metric,
                  enum knn_vote vote, const int32_t *label, size_t n_classes)
{
    double *weight = NEW(k, double);
    memset(prob, 0, m * n_classes * sizeof *prob);
    for (size_t i = 0; i < m; i++) {
        double *row = prob + i * n_classes, sum = 0;
        votes(weight, distance + i * stride, k, metric, vote);
        for (size_t j = 0; j < k; j++)
            row[(size_t)label[neighbour[i * stride + j]]] += weight[j];
        for (size_t c = 0; c < n_classes; c++)
            sum += row[c];
        for (size_t c = 0; c < n_classes; c++)
            row[c] /= sum;
    }
    free(weight);
}

void knn_regress(double *prediction, const uint32_t *neighbour, const double *distance, size_t stride, size_t m, size_t k,
                 enum knn_metric metric, enum knn_vote vote, const double *target)
{
    double *weight = NEW(k, double);
    for (size_t i = 0; i < m; i++) {
        double total = 0, sum = 0;
        votes(weight, distance + i * stride, k, metric, vote);
        for (size_t j = 0; j < k; j++) {
            sum += weight[j] * target[neighbour[i * stride + j]];
            total += weight[j];
        }
        prediction[i] = sum / total;
    }
    free(weight);
}
