#include "probe/knn.h"

#include <assert.h>
#include <cblas.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define QUERIES 256  /* rows of a block of products: enough to pay for OpenBLAS's packing of the training rows ... */
#define COLUMNS 4096 /* ... of which so many go into a product */

#define UNIT_ROUNDOFF 0x1p-24 /* of float */

struct space {
    enum knn_metric metric;
    size_t n, m, d;
    const float *train, *query;
    double *train_norm, *query_norm; /* lengths */
    /* What the products are made of: rows (cosine: of length 1) less the mean training row, over the longest of them, in
     * float.  Distances between rows do not feel the shift, and the rounding of float shrinks with what is left. */
    float *train_part, *query_part;
    double *train_square; /* [n] squared lengths of the parts */
    double *mean, longest;
};

struct candidate {
    double distance;
    uint32_t index;
};

/* Four running sums: the same order for every pair. */
static double dot_ordered(const float *a, const float *b, size_t d)
{
    double sum[4] = {0};
    size_t j = 0;
    for (; j + 4 <= d; j += 4)
        for (size_t l = 0; l < 4; l++)
            sum[l] += (double)a[j + l] * (double)b[j + l];
    for (; j < d; j++)
        sum[0] += (double)a[j] * (double)b[j];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static double squared_difference(const float *a, const float *b, size_t d)
{
    double sum[4] = {0};
    size_t j = 0;
    for (; j + 4 <= d; j += 4)
        for (size_t l = 0; l < 4; l++) {
            double gap = (double)a[j + l] - (double)b[j + l];
            sum[l] += gap * gap;
        }
    for (; j < d; j++) {
        double gap = (double)a[j] - (double)b[j];
        sum[0] += gap * gap;
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static double distance_exact(const struct space *s, size_t q, size_t t)
{
    const float *a = s->query + q * s->d, *b = s->train + t * s->d;
    if (s->metric == KNN_EUCLIDEAN)
        return sqrt(squared_difference(a, b, s->d));
    double lengths = s->query_norm[q] * s->train_norm[t];
    double cosine = lengths > 0 ? dot_ordered(a, b, s->d) / lengths : 0;
    return fmin(fmax(1 - cosine, 0), 2);
}

static double *norms(const float *x, size_t n, size_t d)
{
    double *out = NEW(n, double);
    for (size_t i = 0; i < n; i++)
        out[i] = sqrt(dot_ordered(x + i * d, x + i * d, d));
    return out;
}

/* What a row is multiplied by before the mean is taken off. */
static double factor(const struct space *s, double norm)
{
    return s->metric == KNN_COSINE && norm > 0 ? 1 / norm : 1;
}

static double longest_part(const struct space *s, const float *x, const double *norm, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        double square = 0, by = factor(s, norm[i]);
        for (size_t j = 0; j < s->d; j++) {
            double gap = (double)x[i * s->d + j] * by - s->mean[j];
            square += gap * gap;
        }
        most = fmax(most, sqrt(square));
    }
    return most;
}

static float *parts(const struct space *s, const float *x, const double *norm, size_t n)
{
    float *part = mem_aligned(n * s->d + 1, sizeof *part);
    double shrink = 1 / s->longest;
    for (size_t i = 0; i < n; i++) {
        double by = factor(s, norm[i]);
        for (size_t j = 0; j < s->d; j++)
            part[i * s->d + j] = (float)(((double)x[i * s->d + j] * by - s->mean[j]) * shrink);
    }
    return part;
}

static void space_init(struct space *s, enum knn_metric metric, const float *train, size_t n, const float *query, size_t m, size_t d)
{
    *s = (struct space){.metric = metric, .n = n, .m = m, .d = d, .train = train, .query = query};
    s->train_norm = norms(train, n, d);
    s->query_norm = norms(query, m, d);
    s->mean = NEW0(d, double);
    for (size_t i = 0; i < n; i++) {
        double by = factor(s, s->train_norm[i]);
        for (size_t j = 0; j < d; j++)
            s->mean[j] += (double)train[i * d + j] * by;
    }
    for (size_t j = 0; j < d; j++)
        s->mean[j] /= (double)n;
    s->longest = fmax(longest_part(s, train, s->train_norm, n), longest_part(s, query, s->query_norm, m));
    if (!(s->longest > 1e-150)) /* nothing but zeros: a float is never nearer to another than 1e-45 */
        s->longest = 1;
    s->train_part = parts(s, train, s->train_norm, n);
    s->query_part = parts(s, query, s->query_norm, m);
    s->train_square = NEW(n, double);
    for (size_t t = 0; t < n; t++)
        s->train_square[t] = dot_ordered(s->train_part + t * d, s->train_part + t * d, d);
}

static void space_free(struct space *s)
{
    free(s->train_norm);
    free(s->query_norm);
    free(s->mean);
    free(s->train_part);
    free(s->query_part);
    free(s->train_square);
}

/* product[b, n] of the parts of queries begin .. begin + b. */
static void product_of_block(float *product, const struct space *s, size_t begin, size_t b)
{
    for (size_t t = 0; t < s->n; t += COLUMNS) {
        size_t width = s->n - t < COLUMNS ? s->n - t : COLUMNS;
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)b, (int)width, (int)s->d, 1, s->query_part + begin * s->d, (int)s->d,
                    s->train_part + t * s->d, (int)s->d, 0, product + t, (int)s->n);
    }
}

/* closeness[n]: minus the squared distance of the parts, which grows as the distance falls.  Returns more than rounding can
 * move the difference of two of them: d + 1 float roundings a product and a few to make the parts (Higham 2002, 3.1). */
static double closeness_of_query(double *closeness, const struct space *s, const float *product, size_t q)
{
    double square = dot_ordered(s->query_part + q * s->d, s->query_part + q * s->d, s->d), largest = square;
    bool null = s->metric == KNN_COSINE && !(s->query_norm[q] > 0);
    for (size_t t = 0; t < s->n; t++) {
        closeness[t] = 2 * (double)product[t] - s->train_square[t] - square;
        if (s->metric == KNN_COSINE && (null || !(s->train_norm[t] > 0)))
            closeness[t] = -2 / (s->longest * s->longest); /* cosine 0 with all: unit vectors would be this far apart */
        largest = fmax(largest, s->train_square[t]);
    }
    return 4 * ((double)s->d + 16) * UNIT_ROUNDOFF * (square + largest);
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
    struct space s;
    space_init(&s, metric, train, n, query, m, d);
    float *product = NEW(QUERIES * n, float);
    double *closeness = NEW(n, double), *heap = NEW(k, double);
    struct candidate *candidate = NEW(n, struct candidate);
    for (size_t begin = 0; begin < m; begin += QUERIES) {
        size_t b = m - begin < QUERIES ? m - begin : QUERIES;
        product_of_block(product, &s, begin, b);
        for (size_t q = begin; q < begin + b; q++) {
            double slack = closeness_of_query(closeness, &s, product + (q - begin) * n, q);
            double least = kth_largest(closeness, n, k, heap) - slack;
            size_t found = 0;
            for (size_t t = 0; t < n; t++)
                if (closeness[t] >= least)
                    candidate[found++] = (struct candidate){distance_exact(&s, q, t), (uint32_t)t};
            qsort(candidate, found, sizeof *candidate, by_distance);
            for (size_t j = 0; j < k; j++) {
                neighbour[q * k + j] = candidate[j].index;
                distance[q * k + j] = candidate[j].distance;
            }
        }
    }
    free(candidate);
    free(heap);
    free(closeness);
    free(product);
    space_free(&s);
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
