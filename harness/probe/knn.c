#include "probe/knn.h"

#include <assert.h>
#include <cblas.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define QUERIES 64   /* rows of a block of similarities ... */
#define COLUMNS 4096 /* ... and training rows of a product, so that the block stays in cache while it is made */

/* More than any summation order can move a similarity of unit vectors, or a squared distance relative to the norms. */
#define ROUNDING 1e-11

struct space {
    enum knn_metric metric;
    size_t n, m, d;
    double *train, *query;           /* copies in double */
    double *train_norm, *query_norm; /* cosine: length; euclidean: its square */
};

struct candidate {
    double distance;
    uint32_t index;
};

/* Four running sums: the same order for every pair. */
static double dot_ordered(const double *a, const double *b, size_t d)
{
    double sum[4] = {0};
    size_t j = 0;
    for (; j + 4 <= d; j += 4)
        for (size_t l = 0; l < 4; l++)
            sum[l] += a[j + l] * b[j + l];
    for (; j < d; j++)
        sum[0] += a[j] * b[j];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static double squared_difference(const double *a, const double *b, size_t d)
{
    double sum[4] = {0};
    size_t j = 0;
    for (; j + 4 <= d; j += 4)
        for (size_t l = 0; l < 4; l++)
            sum[l] += (a[j + l] - b[j + l]) * (a[j + l] - b[j + l]);
    for (; j < d; j++)
        sum[0] += (a[j] - b[j]) * (a[j] - b[j]);
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static double distance_exact(const struct space *s, size_t q, size_t t)
{
    const double *a = s->query + q * s->d, *b = s->train + t * s->d;
    if (s->metric == KNN_EUCLIDEAN)
        return sqrt(squared_difference(a, b, s->d));
    double lengths = s->query_norm[q] * s->train_norm[t];
    double cosine = lengths > 0 ? dot_ordered(a, b, s->d) / lengths : 0;
    return fmin(fmax(1 - cosine, 0), 2);
}

static double *to_double(const float *x, size_t n)
{
    double *out = mem_aligned(n ? n : 1, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = x[i];
    return out;
}

static double *norms(const double *x, size_t n, size_t d, enum knn_metric metric)
{
    double *out = NEW(n, double);
    for (size_t i = 0; i < n; i++) {
        double square = dot_ordered(x + i * d, x + i * d, d);
        out[i] = metric == KNN_COSINE ? sqrt(square) : square;
    }
    return out;
}

/* closeness[b, n]: something that grows as the distance falls. */
static void closeness_of_block(double *closeness, const struct space *s, size_t begin, size_t b)
{
    for (size_t t = 0; t < s->n; t += COLUMNS) {
        size_t width = s->n - t < COLUMNS ? s->n - t : COLUMNS;
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)b, (int)width, (int)s->d, 1, s->query + begin * s->d, (int)s->d,
                    s->train + t * s->d, (int)s->d, 0, closeness + t, (int)s->n);
    }
    for (size_t i = 0; i < b; i++)
        for (size_t t = 0; t < s->n; t++) {
            double *c = &closeness[i * s->n + t];
            if (s->metric == KNN_EUCLIDEAN)
                *c = 2 * *c - s->train_norm[t] - s->query_norm[begin + i];
            else
                *c = s->train_norm[t] > 0 && s->query_norm[begin + i] > 0 ? *c / (s->train_norm[t] * s->query_norm[begin + i]) : 0;
        }
}

/* The k-th largest of value[n], by a heap of the k largest seen; heap[k] is scratch. */
static double kth_largest(const double *value, size_t n, size_t k, double *heap)
{
    size_t filled = 0;
    for (size_t i = 0; i < n; i++) {
        double v = value[i];
        size_t at;
        if (filled < k) { /* sift up: heap[0] is the smallest kept */
            at = filled++;
            while (at > 0 && heap[(at - 1) / 2] > v) {
                heap[at] = heap[(at - 1) / 2];
                at = (at - 1) / 2;
            }
        } else if (v > heap[0]) { /* sift down */
            at = 0;
            for (size_t child; (child = 2 * at + 1) < k; at = child) {
                if (child + 1 < k && heap[child + 1] < heap[child])
                    child++;
                if (heap[child] >= v)
                    break;
                heap[at] = heap[child];
            }
        } else {
            continue;
        }
        heap[at] = v;
    }
    return heap[0];
}

static int by_distance(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->distance < y->distance || x->distance > y->distance)
        return x->distance < y->distance ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int check_finite(const float *x, size_t n, size_t d, const char *what, struct status *st)
{
    for (size_t i = 0; i < n * d; i++)
        if (!isfinite(x[i]))
            return status_set(st, STATUS_DATA, "nearest neighbours: feature %zu of %s row %zu is not finite", i % d, what, i / d);
    return STATUS_OK;
}

int knn_neighbours(uint32_t *neighbour, double *distance, size_t k, enum knn_metric metric, const float *train, size_t n, const float *query,
                   size_t m, size_t d, struct status *st)
{
    assert(k >= 1 && k <= n && n <= UINT32_MAX);
    int code = check_finite(train, n, d, "training", st);
    if (!code)
        code = check_finite(query, m, d, "query", st);
    if (code)
        return code;
    struct space s = {.metric = metric, .n = n, .m = m, .d = d, .train = to_double(train, n * d), .query = to_double(query, m * d)};
    s.train_norm = norms(s.train, n, d, metric);
    s.query_norm = norms(s.query, m, d, metric);
    double largest = 0;
    for (size_t t = 0; t < n; t++)
        largest = fmax(largest, s.train_norm[t]);
    double *closeness = NEW(QUERIES * n, double), *heap = NEW(k, double);
    struct candidate *candidate = NEW(n, struct candidate);
    for (size_t begin = 0; begin < m; begin += QUERIES) {
        size_t b = m - begin < QUERIES ? m - begin : QUERIES;
        closeness_of_block(closeness, &s, begin, b);
        for (size_t i = 0; i < b; i++) {
            const double *row = closeness + i * n;
            double slack = ROUNDING * (metric == KNN_COSINE ? 1 : largest + s.query_norm[begin + i]);
            double least = kth_largest(row, n, k, heap) - slack;
            size_t found = 0;
            for (size_t t = 0; t < n; t++)
                if (row[t] >= least)
                    candidate[found++] = (struct candidate){distance_exact(&s, begin + i, t), (uint32_t)t};
            qsort(candidate, found, sizeof *candidate, by_distance);
            for (size_t j = 0; j < k; j++) {
                neighbour[(begin + i) * k + j] = candidate[j].index;
                distance[(begin + i) * k + j] = candidate[j].distance;
            }
        }
    }
    free(candidate);
    free(heap);
    free(closeness);
    free(s.train);
    free(s.query);
    free(s.train_norm);
    free(s.query_norm);
    return STATUS_OK;
}

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
