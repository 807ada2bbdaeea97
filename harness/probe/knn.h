/* k nearest neighbours, exact.
 *
 * A block of queries is multiplied with the training rows, a block of them at a time, in
 * float32, and each query keeps the rows that may be among its k nearest by bounds that
 * hold for any order of summation (never n x n numbers, nor m x n).  Those few are measured
 * again in double, each pair summed in the same fixed order, and sorted by (distance,
 * training row): equal training rows tie exactly and the lower index wins.  The same
 * bytes for any number of threads and any processor.  Memory: the training rows once
 * more, and about 2 MB a thread.
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
 * Every smaller k is in its first columns.  k >= 1, d < 2^20.  STATUS_DATA for a feature that is not finite, naming the row
 * (from 0); STATUS_UNDEFINED for k > n or d = 0. */
int knn_neighbours(uint32_t *neighbour, double *distance, size_t k, enum knn_metric metric, const float *train, size_t n, const float *query,
                   size_t m, size_t d, int n_threads, struct status *st) MUST_CHECK;

/* prob[m, n_classes] from the first k of `stride` neighbours a row. */
void knn_classify(double *prob, const uint32_t *neighbour, const double *distance, size_t stride, size_t m, size_t k, enum knn_metric metric,
                  enum knn_vote vote, const int32_t *label, size_t n_classes);
/* prediction[m]: weighted mean of the neighbours' targets. */
void knn_regress(double *prediction, const uint32_t *neighbour, const double *distance, size_t stride, size_t m, size_t k,
                 enum knn_metric metric, enum knn_vote vote, const double *target);

#endif
