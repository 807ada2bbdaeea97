/* The probes at the sizes of a study.  Logistic regression: 20,000 x 1,024, one C and
 * the default path of 45, two and five classes.  k-NN: 36,000 training rows against
 * 4,000 queries of 1,024 features, against a twin that measures every pair in plain
 * loops and sorts them all; rounds are interleaved, medians count, and both must name
 * the same neighbours.
 *
 *     bench_probe [--full]    without it rows are a quarter (k-NN: both sides), said in each line */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/rng.h"
#include "probe/knn.h"
#include "probe/logistic.h"
#include "probe/standardise.h"
#include "timing.h"

enum { D = 1024, N_PATH = 45, K = 20, ROUNDS = 3, QUERIES_NAIVE = 40 };

/* Features that share 40 factors, as an encoder's do; classes differ along five of them. */
static void draw(float *x, int32_t *label, size_t n, size_t n_classes, uint64_t stream)
{
    enum { FACTORS = 40 };
    gsl_rng *rng = rng_stream_new();
    float *loading = NEW(FACTORS * D, float);
    rng_stream_set(rng, 1, "bench_probe_loading", 0);
    for (size_t j = 0; j < FACTORS * D; j++)
        loading[j] = (float)(gsl_rng_uniform(rng) - 0.5);
    rng_stream_set(rng, 1, "bench_probe", stream);
    for (size_t i = 0; i < n; i++) {
        double factor[FACTORS];
        label[i] = (int32_t)gsl_rng_uniform_int(rng, n_classes);
        for (size_t f = 0; f < FACTORS; f++)
            factor[f] = 3 * (gsl_rng_uniform(rng) - 0.5) + (f < 5 ? 0.5 * (f % n_classes == (size_t)label[i]) : 0);
        for (size_t j = 0; j < D; j++)
            x[i * D + j] = (float)(gsl_rng_uniform(rng) - 0.5);
        for (size_t f = 0; f < FACTORS; f++)
            for (size_t j = 0; j < D; j++)
                x[i * D + j] += (float)factor[f] * loading[f * D + j];
    }
    free(loading);
    gsl_rng_free(rng);
}

static double time_path(size_t n, size_t n_classes, const double *C, size_t n_c, size_t *steps, size_t *products)
{
    float *x = NEW(n * D, float);
    int32_t *label = NEW(n, int32_t);
    draw(x, label, n, n_classes, n_classes);
    double begin = now(), *z = NEW(n * D, double);
    struct scaler scaler;
    struct logistic *fit = NEW0(n_c, struct logistic);
    struct status st;
    scaler_fit(&scaler, x, n, D);
    scaler_apply(z, &scaler, x, n);
    if (logistic_fit_path(fit, C, n_c, z, n, D, label, n_classes, NULL, &st))
        printf("%s\n", st.text);
    double seconds = now() - begin;
    *steps = *products = 0;
    for (size_t c = 0; c < n_c; c++) {
        *steps += fit[c].iterations;
        *products += fit[c].products;
        logistic_free(&fit[c]);
    }
    scaler_free(&scaler);
    free(fit);
    free(z);
    free(label);
    free(x);
    return seconds;
}

static void bench_logistic(size_t n, size_t n_classes, bool whole)
{
    double path[N_PATH], one = 1, seconds[ROUNDS];
    size_t steps, products;
    for (size_t c = 0; c < N_PATH; c++)
        path[c] = pow(10, -6 + 11 * (double)c / (N_PATH - 1));
    for (size_t r = 0; r < ROUNDS; r++)
        seconds[r] = time_path(n, n_classes, &one, 1, &steps, &products);
    printf("logistic %zu x %d, %zu classes, C = 1:       %7.2f s (%zu Newton steps, %zu products; scaler included)%s\n", n, D, n_classes,
           median(seconds, ROUNDS), steps, products, whole ? "" : " [a quarter of the rows]");
    double once = time_path(n, n_classes, path, N_PATH, &steps, &products);
    printf("logistic %zu x %d, %zu classes, 45 values:   %7.2f s (%zu Newton steps, %zu products)%s\n", n, D, n_classes, once, steps, products,
           whole ? "" : " [a quarter of the rows]");
}

struct pair {
    double distance;
    uint32_t index;
};

static int by_distance(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;
    return a->distance < b->distance ? -1 : a->distance > b->distance ? 1 : (a->index > b->index) - (a->index < b->index);
}

static void neighbours_naive(uint32_t *neighbour, const float *train, size_t n, const float *query, size_t m)
{
    struct pair *pair = NEW(n, struct pair);
    for (size_t q = 0; q < m; q++) {
        for (size_t t = 0; t < n; t++) {
            double dot = 0, a = 0, b = 0;
            for (size_t j = 0; j < D; j++) {
                double u = query[q * D + j], v = train[t * D + j];
                dot += u * v;
                a += u * u;
                b += v * v;
            }
            pair[t] = (struct pair){1 - dot / sqrt(a * b), (uint32_t)t};
        }
        qsort(pair, n, sizeof *pair, by_distance);
        for (size_t j = 0; j < K; j++)
            neighbour[q * K + j] = pair[j].index;
    }
    free(pair);
}

static void bench_knn(size_t n, size_t m, bool whole)
{
    float *train = NEW(n * D, float), *query = NEW(m * D, float);
    int32_t *label = NEW(n > m ? n : m, int32_t);
    uint32_t *ours = NEW(m * K, uint32_t), *naive = NEW(QUERIES_NAIVE * K, uint32_t);
    double *distance = NEW(m * K, double), seconds[ROUNDS], seconds_naive[ROUNDS], ratio[ROUNDS];
    struct status st;
    bool equal = true;
    draw(train, label, n, 2, 11);
    draw(query, label, m, 2, 12);
    for (size_t r = 0; r < ROUNDS; r++) {
        double begin = now();
        if (knn_neighbours(ours, distance, K, KNN_COSINE, train, n, query, m, D, 2, &st))
            printf("%s\n", st.text);
        seconds[r] = now() - begin;
        begin = now();
        neighbours_naive(naive, train, n, query, QUERIES_NAIVE);
        seconds_naive[r] = (now() - begin) * (double)m / QUERIES_NAIVE;
        ratio[r] = seconds_naive[r] / seconds[r];
        equal = equal && !memcmp(ours, naive, QUERIES_NAIVE * K * sizeof *naive);
    }
    printf("k-NN %zu x %zu x %d, k = %d, two threads:     %7.2f s; pair by pair %.1f s (from %d queries), %.1f times; neighbours %s%s\n", n, m, D, K,
           median(seconds, ROUNDS), median(seconds_naive, ROUNDS), QUERIES_NAIVE, median(ratio, ROUNDS), equal ? "equal" : "DIFFER",
           whole ? "" : " [a quarter of the rows]");
    free(distance);
    free(naive);
    free(ours);
    free(label);
    free(query);
    free(train);
}

int main(int argc, char **argv)
{
    bool full = argc > 1 && !strcmp(argv[1], "--full");
    size_t share = full ? 1 : 4;
    blas_use_one_thread();
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%s\n", blas_description());
    bench_logistic(20000 / share, 2, full);
    bench_logistic(20000 / share, 5, full);
    bench_knn(36000 / share, 4000 / share, full);
    return 0;
}
