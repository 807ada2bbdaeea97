/* k nearest neighbours, exact.
 *
 * A block of queries is compared with all training rows in one matrix product of
 * floats; what lies within its rounding of the k-th best, by a bound that holds for
 * any order of summation, is then measured again in double, each pair summed in the
 * same fixed order, and sorted by (distance, training row): equal training rows tie
 * exactly and the lower index wins.  Never more than a block of products in memory.
 *
 * cosine: distance 1 - cos, clipped to [0, 2]; a zero vector has cosine 0 with all.
 * euclidean: the root of the sum of squared differences. */
#ifndef PROBE_KNN_H
#define PROBE_KNN_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum knn_metric { KNN_COSINE, KNN_EUCLIDEAN };

enum knn_vote {
    KNN_UNIFORM,  /* one vote each */
    KNN_DISTANCE, /* 1 / distance; where a distance is 0 (cosine: <= 1e-12) only those vote, equally */
    KNN_SOFTMAX   /* exp(cos / 0.07), normalised: Caron et al. 2021; cosine only */
};

#define KNN_TEMPERATURE 0.07

/* neighbour[m, k], distance[m, k]: the k nearest of train[n, d] for each row of query[m, d], nearest first.
 * 1 <= k <= n.  STATUS_DATA for a feature that is not finite. */
int knn_neighbours(uint32_t *neighbour, double *distance, size_t k, enum knn_metric metric, const float *train, size_t n, const float *query,
                   size_t m, size_t d, struct status *st) MUST_CHECK;

/* prob[m, n_classes] from the first k of `stride` neighbours a row. */
void knn_classify(double *prob, const uint32_t *neighbour, const double *distance, size_t stride, size_t m, size_t k, enum knn_metric metric,
                  enum knn_vote vote, const int32_t *label, size_t n_classes);
/* prediction[m]: weighted mean of the neighbours' targets. */
void knn_regress(double *prediction, const uint32_t *neighbour, const double *distance, size_t stride, size_t m, size_t k,
                 enum knn_metric metric, enum knn_vote vote, const double *target);

#endif
