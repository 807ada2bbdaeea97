/* The search: bounds from products of floats, then distances in double; see knn.h.
 *
 * The products are of parts: rows (cosine: of length 1) less a centre, times a power of
 * two.  Distances do not feel the shift, and the rounding of float shrinks with what is
 * left.  For the parts a of a query and b of a training row
 *
 *     -distance^2 = 2 ab - b^2 - a^2,   wrong by at most  A (a^2 + b^2) + E_a + E_b
 *
 * with A = d u / (1 - d u) for the product's sum in any order (Higham 2002, 3.1) and some
 * roundings of float more: of the parts, and of the arithmetic of bounds.  E_a, E_b: what
 * double lost in making the parts, and what fell below float's range.  A row whose upper
 * bound lies below the k-th largest lower bound is none of the k. */
#include "probe/knn.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoder/product.h"
#include "probe/knn_exact.h"

#define QUERIES 128 /* a thread's; their products with ... */
#define ROWS 512    /* ... so many training rows are looked through while the cache holds them */
#define CHUNK 32    /* products that are compared at once */
#define CENTRE_ROWS 1024

#define UNIT_ROUNDOFF 0x1p-24 /* of float */
#define UNIT_DOUBLE 0x1p-53
#define TINY 0x1p-149 /* float's least number */

struct bound {
    double square; /* squared length of the part */
    double loss;   /* E above */
};

struct space {
    enum knn_metric metric;
    size_t n, m, d, k;
    const float *train, *query;
    double *train_norm, *query_norm; /* lengths */
    double *centre, centre_length, shrink;
    double roundings; /* A above */
    size_t n_blocks;
    struct product *block; /* parts of ROWS training rows each */
    float *high;           /* [n] 2 ab - high is the upper bound but for what the query adds */
    float *width;          /* [n] upper less lower bound, likewise */
};

/* A row that may be one of the k. */
struct candidate {
    float upper;
    uint32_t index;
};

struct neighbour {
    double distance;
    uint32_t index;
};

/* The candidates of a query. */
struct list {
    struct candidate *item;
    size_t n, capacity;
    float least;  /* what an upper bound must reach */
    double slack; /* 2 (A a^2 + E_a) */
};

/* Memory of one thread. */
struct scratch {
    float *part;    /* [QUERIES, d] */
    float *product; /* [QUERIES, ROWS] */
    struct list list[QUERIES];
    double *lower;
    struct neighbour *found;
    size_t n_lower, n_found;
    struct product_scratch *of_product;
};

/* ---- the parts ---- */

/* What a row is multiplied by before the centre is taken off. */
static double factor(const struct space *s, double norm)
{
    return s->metric == KNN_COSINE && norm > 0 ? 1 / norm : 1;
}

/* A mean of some rows, each over its length, so that no row pulls the centre far from the rest. */
static void find_centre(struct space *s)
{
    size_t used = s->n < CENTRE_ROWS ? s->n : CENTRE_ROWS;
    double total = 0, square = 0;
    for (size_t u = 0; u < used; u++) {
        size_t i = u * s->n / used;
        if (!(s->train_norm[i] > 0))
            continue;
        double by = 1 / s->train_norm[i];
        total += s->metric == KNN_COSINE ? 1 : by;
        for (size_t j = 0; j < s->d; j++)
            s->centre[j] += (double)s->train[i * s->d + j] * by;
    }
    for (size_t j = 0; j < s->d && total > 0; j++) {
        s->centre[j] /= total;
        square += s->centre[j] * s->centre[j];
    }
    s->centre_length = sqrt(square);
}

static double longest(const double *norm, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, norm[i]);
    return most;
}

/* Parts reach up to 2^60: their products stay within float, and so do those of parts 2^-60 times as long. */
static void find_scale(struct space *s)
{
    double most = s->metric == KNN_COSINE ? 1 : fmax(longest(s->train_norm, s->n), longest(s->query_norm, s->m));
    int exponent = 0;
    frexp(most + s->centre_length, &exponent);
    s->shrink = ldexp(1, 60 - exponent);
}

static struct bound make_part(float *part, const struct space *s, const float *x, double norm)
{
    double by = factor(s, norm), length = s->metric == KNN_COSINE ? norm > 0 : norm, d = (double)s->d;
    for (size_t j = 0; j < s->d; j++)
        part[j] = (float)(((double)x[j] * by - s->centre[j]) * s->shrink);
    /* cosine: the length's own sum is rounded too */
    double lost = UNIT_DOUBLE * (s->metric == KNN_COSINE ? d + 8 : 4) * (length + s->centre_length) * s->shrink + sqrt(d) * TINY;
    return (struct bound){.square = knn_dot(part, part, s->d), .loss = 32 * lost * lost / UNIT_ROUNDOFF};
}

static void pack_block(struct space *s, size_t block, float *part)
{
    size_t begin = block * ROWS, rows = s->n - begin < ROWS ? s->n - begin : ROWS;
    for (size_t t = begin; t < begin + rows; t++) {
        struct bound b = make_part(part + (t - begin) * s->d, s, s->train + t * s->d, s->train_norm[t]);
        if (s->metric == KNN_COSINE && !(s->train_norm[t] > 0))
            b.square += s->shrink * s->shrink; /* cosine 0 with all: unit vectors would be that much farther apart */
        s->high[t] = (float)((1 - s->roundings) * b.square - b.loss);
        s->width[t] = (float)(2 * (s->roundings * b.square + b.loss) * (1 + 4 * UNIT_ROUNDOFF));
    }
    product_pack(&s->block[block], &(struct product_part){part, rows}, 1, s->d, ENCODER_FP32);
}

/* norm[n]; the first row that holds a value that is not finite, or n.  Squares of floats do not leave double. */
static size_t find_norms(double *norm, const float *x, size_t n, size_t d, int n_threads)
{
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (size_t i = 0; i < n; i++)
        norm[i] = sqrt(knn_dot(x + i * d, x + i * d, d));
    size_t i = 0;
    while (i < n && isfinite(norm[i]))
        i++;
    return i;
}

static int norms(double *norm, const float *x, size_t n, size_t d, const char *what, int n_threads, struct status *st)
{
    size_t i = find_norms(norm, x, n, d, n_threads);
    for (size_t j = 0; i < n && j < d; j++)
        if (!isfinite(x[i * d + j]))
            return status_set(st, STATUS_DATA, "nearest neighbours: feature %zu of %s row %zu is not finite", j, what, i);
    return STATUS_OK;
}

static void prepare(struct space *s, int n_threads)
{
    double d = (double)s->d;
    s->roundings = d * UNIT_ROUNDOFF / (1 - d * UNIT_ROUNDOFF) + 32 * UNIT_ROUNDOFF;
    s->centre = NEW0(s->d, double);
    find_centre(s);
    find_scale(s);
    s->n_blocks = (s->n + ROWS - 1) / ROWS;
    s->block = NEW0(s->n_blocks, struct product);
    s->high = NEW(s->n, float);
    s->width = NEW(s->n, float);
#pragma omp parallel num_threads(n_threads)
    {
        float *part = mem_aligned(ROWS * s->d, sizeof *part);
#pragma omp for schedule(dynamic)
        for (size_t b = 0; b < s->n_blocks; b++)
            pack_block(s, b, part);
        free(part);
    }
}

/* ---- the candidates ---- */

static void swap(double *a, double *b)
{
    double c = *a;
    *a = *b;
    *b = c;
}

/* The k-th largest of value[n], 1 <= k <= n, which is reordered: quickselect (Hoare 1961), the pivot a median of three. */
static double kth_largest(double *value, size_t n, size_t k)
{
    size_t low = 0, high = n - 1, at = k - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (value[middle] > value[low])
            swap(&value[middle], &value[low]);
        if (value[high] > value[low])
            swap(&value[high], &value[low]);
        if (value[high] > value[middle])
            swap(&value[high], &value[middle]);
        double pivot = value[middle];
        size_t i = low, j = high;
        for (;;) {
            while (value[i] > pivot)
                i++;
            while (value[j] < pivot)
                j--;
            if (i >= j)
                break;
            swap(&value[i++], &value[j--]);
        }
        if (at <= j)
            high = j;
        else
            low = j + 1;
    }
    return value[at];
}

/* Drops what cannot be among the k, and raises what the next must reach. */
static void list_tighten(struct list *l, const struct space *s, struct scratch *scratch)
{
    if (l->n < s->k)
        return;
    while (scratch->n_lower < l->n)
        scratch->lower = mem_grow(scratch->lower, scratch->n_lower, &scratch->n_lower, sizeof *scratch->lower);
    for (size_t i = 0; i < l->n; i++)
        scratch->lower[i] = (double)l->item[i].upper - (double)s->width[l->item[i].index];
    double least = kth_largest(scratch->lower, l->n, s->k) - l->slack;
    l->least = nextafterf((float)least, -INFINITY);
    size_t kept = 0;
    for (size_t i = 0; i < l->n; i++)
        if (l->item[i].upper >= l->least)
            l->item[kept++] = l->item[i];
    l->n = kept;
}

static void list_add(struct list *l, float upper, size_t index, const struct space *s, struct scratch *scratch)
{
    if (l->n == l->capacity) {
        list_tighten(l, s, scratch);
        if (l->n > l->capacity / 2) /* many ties: else each of them would sort the list again */
            l->item = mem_realloc(l->item, l->capacity *= 2, sizeof *l->item);
        if (upper < l->least)
            return;
    }
    l->item[l->n++] = (struct candidate){upper, (uint32_t)index};
}

/* Training rows begin .. begin + n. */
static void list_scan(struct list *l, const float *product, size_t begin, size_t n, const struct space *s, struct scratch *scratch)
{
    const float *high = s->high + begin;
    for (size_t c = 0; c < n; c += CHUNK) {
        size_t end = c + CHUNK;
        if (end <= n) {
            float least = l->least;
            int any = 0;
            for (size_t j = 0; j < CHUNK; j++)
                any |= 2 * product[c + j] - high[c + j] >= least;
            if (!any)
                continue;
        } else {
            end = n;
        }
        for (size_t j = c; j < end; j++) {
            float upper = 2 * product[j] - high[j];
            if (upper >= l->least)
                list_add(l, upper, begin + j, s, scratch);
        }
    }
}

/* ---- the neighbours ---- */

static double distance_exact(const struct space *s, size_t q, size_t t)
{
    const float *a = s->query + q * s->d, *b = s->train + t * s->d;
    if (s->metric == KNN_EUCLIDEAN)
        return sqrt(knn_squared_difference(a, b, s->d));
    double lengths = s->query_norm[q] * s->train_norm[t];
    double cosine = lengths > 0 ? knn_dot(a, b, s->d) / lengths : 0;
    return fmin(fmax(1 - cosine, 0), 2);
}

static int by_distance(const void *a, const void *b)
{
    const struct neighbour *x = a, *y = b;
    if (x->distance < y->distance || x->distance > y->distance)
        return x->distance < y->distance ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static void list_finish(struct list *l, uint32_t *neighbour, double *distance, size_t q, const struct space *s, struct scratch *scratch)
{
    list_tighten(l, s, scratch);
    while (scratch->n_found < l->n)
        scratch->found = mem_grow(scratch->found, scratch->n_found, &scratch->n_found, sizeof *scratch->found);
    struct neighbour *found = scratch->found;
    for (size_t i = 0; i < l->n; i++)
        found[i] = (struct neighbour){distance_exact(s, q, l->item[i].index), l->item[i].index};
    qsort(found, l->n, sizeof *found, by_distance);
    for (size_t j = 0; j < s->k; j++) {
        neighbour[q * s->k + j] = found[j].index;
        distance[q * s->k + j] = found[j].distance;
    }
}

static void search_queries(uint32_t *neighbour, double *distance, const struct space *s, size_t begin, size_t b, struct scratch *scratch)
{
    double beyond = 2 * (double)s->d * TINY; /* what a product loses below float's range */
    if (s->metric == KNN_COSINE)             /* what double loses of a cosine */
        beyond += 4 * ((double)s->d + 8) * UNIT_DOUBLE * s->shrink * s->shrink;
    for (size_t i = 0; i < b; i++) {
        struct bound bound = make_part(scratch->part + i * s->d, s, s->query + (begin + i) * s->d, s->query_norm[begin + i]);
        struct list *l = &scratch->list[i];
        l->n = 0;
        l->least = -INFINITY;
        l->slack = 2 * (s->roundings * bound.square + bound.loss + beyond);
    }
    for (size_t block = 0; block < s->n_blocks; block++) {
        const struct product *p = &s->block[block];
        struct product_rows rows = {.x = scratch->part, .stride = s->d};
        product_run(scratch->product, p->n_out, p, &rows, b, &(struct product_end){.bias = NULL}, scratch->of_product);
        for (size_t i = 0; i < b; i++)
            if (s->metric == KNN_EUCLIDEAN || s->query_norm[begin + i] > 0)
                list_scan(&scratch->list[i], scratch->product + i * p->n_out, block * ROWS, p->n_out, s, scratch);
    }
    for (size_t i = 0; i < b; i++) {
        size_t q = begin + i;
        if (s->metric == KNN_EUCLIDEAN || s->query_norm[q] > 0) {
            list_finish(&scratch->list[i], neighbour, distance, q, s, scratch);
            continue;
        }
        for (size_t j = 0; j < s->k; j++) { /* a zero vector is equally far from all */
            neighbour[q * s->k + j] = (uint32_t)j;
            distance[q * s->k + j] = 1;
        }
    }
}

static struct scratch *scratch_new(const struct space *s)
{
    struct scratch *scratch = NEW0(1, struct scratch);
    scratch->part = mem_aligned(QUERIES * s->d, sizeof *scratch->part);
    scratch->product = mem_aligned(QUERIES * ROWS, sizeof *scratch->product);
    scratch->of_product = product_scratch_new(1);
    for (size_t i = 0; i < QUERIES; i++) {
        struct list *l = &scratch->list[i];
        l->capacity = 4 * s->k < 256 ? 256 : 4 * s->k;
        if (l->capacity > s->n)
            l->capacity = s->n;
        l->item = NEW(l->capacity, struct candidate);
    }
    return scratch;
}

static void scratch_free(struct scratch *scratch)
{
    for (size_t i = 0; i < QUERIES; i++)
        free(scratch->list[i].item);
    product_scratch_free(scratch->of_product);
    free(scratch->found);
    free(scratch->lower);
    free(scratch->product);
    free(scratch->part);
    free(scratch);
}

static void search(uint32_t *neighbour, double *distance, const struct space *s, int n_threads)
{
    size_t share = (s->m + (size_t)n_threads - 1) / (size_t)n_threads, queries = share < QUERIES ? share : QUERIES;
#pragma omp parallel num_threads(n_threads)
    {
        struct scratch *scratch = scratch_new(s);
#pragma omp for schedule(dynamic)
        for (size_t begin = 0; begin < s->m; begin += queries)
            search_queries(neighbour, distance, s, begin, s->m - begin < queries ? s->m - begin : queries, scratch);
        scratch_free(scratch);
    }
}

int knn_neighbours(uint32_t *neighbour, double *distance, size_t k, enum knn_metric metric, const float *train, size_t n, const float *query,
                   size_t m, size_t d, int n_threads, struct status *st)
{
    assert(k >= 1 && n <= UINT32_MAX && d < (size_t)1 << 20);
    if (k > n || d == 0)
        return status_set(st, STATUS_UNDEFINED, "nearest neighbours: %zu of %zu training rows of %zu features", k, n, d);
    if (n_threads < 1)
        n_threads = 1;
    struct space s = {.metric = metric, .n = n, .m = m, .d = d, .k = k, .train = train, .query = query};
    s.train_norm = NEW(n, double);
    s.query_norm = NEW(m, double);
    int code = norms(s.train_norm, train, n, d, "training", n_threads, st);
    if (!code)
        code = norms(s.query_norm, query, m, d, "query", n_threads, st);
    if (!code && m > 0) {
        prepare(&s, n_threads);
        search(neighbour, distance, &s, n_threads);
    }
    for (size_t b = 0; b < s.n_blocks; b++)
        product_free(&s.block[b]);
    free(s.block);
    free(s.high);
    free(s.width);
    free(s.centre);
    free(s.train_norm);
    free(s.query_norm);
    return code;
}
