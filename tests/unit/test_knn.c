/* k-NN against a twin that measures every pair in plain loops, at the edges of the blocks, with ties, duplicates and
 * zero vectors; votes by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/rng.h"
#include "probe/knn.h"

struct pair {
    long double distance;
    uint32_t index;
};

static int by_distance(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;
    return a->distance < b->distance ? -1 : a->distance > b->distance ? 1 : (a->index > b->index) - (a->index < b->index);
}

/* All rows, nearest first, measured in long double. */
static void twin(struct pair *pair, enum knn_metric metric, const float *train, size_t n, const float *query, size_t d)
{
    for (size_t t = 0; t < n; t++) {
        long double dot = 0, a = 0, b = 0, square = 0;
        for (size_t j = 0; j < d; j++) {
            long double u = query[j], v = train[t * d + j];
            dot += u * v;
            a += u * u;
            b += v * v;
            square += (u - v) * (u - v);
        }
        long double cosine = a > 0 && b > 0 ? dot / (sqrtl(a) * sqrtl(b)) : 0;
        pair[t] = (struct pair){metric == KNN_COSINE ? fminl(fmaxl(1 - cosine, 0), 2) : sqrtl(square), (uint32_t)t};
    }
    qsort(pair, n, sizeof *pair, by_distance);
}

static float *draw(size_t n, size_t d, uint64_t stream)
{
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 6, "test_knn", stream);
    float *x = NEW(n * d, float);
    for (size_t i = 0; i < n * d; i++)
        x[i] = (float)(2 * gsl_rng_uniform(rng) - 0.8);
    gsl_rng_free(rng);
    return x;
}

static void check_against_twin(const float *train, size_t n, const float *query, size_t m, size_t d, size_t k, bool exact_order)
{
    uint32_t *neighbour = NEW(m * k, uint32_t);
    double *distance = NEW(m * k, double);
    struct pair *pair = NEW(n, struct pair);
    for (enum knn_metric metric = KNN_COSINE; metric <= KNN_EUCLIDEAN; metric++) {
        assert_int_equal(knn_neighbours(neighbour, distance, k, metric, train, n, query, m, d, 1, NULL), 0);
        for (size_t q = 0; q < m; q++) {
            twin(pair, metric, train, n, query + q * d, d);
            for (size_t j = 0; j < k; j++) {
                if (exact_order)
                    assert_int_equal(neighbour[q * k + j], pair[j].index);
                assert_true(fabsl(distance[q * k + j] - pair[j].distance) < 1e-13L);
                if (j > 0)
                    assert_true(distance[q * k + j] > distance[q * k + j - 1] ||
                                (distance[q * k + j] >= distance[q * k + j - 1] && neighbour[q * k + j] > neighbour[q * k + j - 1]));
            }
        }
    }
    free(pair);
    free(distance);
    free(neighbour);
}

static void test_block_edges(void **state)
{
    (void)state;
    const size_t ms[] = {1, 63, 127, 128, 129, 256, 257}, ns[] = {511, 512, 1025};
    for (size_t i = 0; i < 7; i++) {
        float *train = draw(100, 13, i), *query = draw(ms[i], 13, 10 + i);
        check_against_twin(train, 100, query, ms[i], 13, 7, true);
        free(train);
        free(query);
    }
    for (size_t i = 0; i < 3; i++) {
        float *train = draw(ns[i], 3, 20 + i), *query = draw(4, 3, 30 + i);
        check_against_twin(train, ns[i], query, 4, 3, 20, true);
        memcpy(query, train + (ns[i] - 1) * 3, 3 * sizeof *query); /* the last row must be seen */
        check_against_twin(train, ns[i], query, 1, 3, 1, true);
        free(train);
        free(query);
    }
}

static void test_all_neighbours(void **state)
{
    (void)state;
    for (size_t d = 1; d <= 9; d += 4) {
        float *train = draw(30, d, 40 + d), *query = draw(5, d, 50 + d);
        check_against_twin(train, 30, query, 5, d, 30, d > 1); /* one column: all cosines are 1 or -1 but for rounding */
        check_against_twin(train, 1, query, 5, d, 1, true);
        free(train);
        free(query);
    }
}

/* Points of a small grid: distances tie exactly and the lower row wins; small integers leave no rounding to euclidean. */
static void test_ties_go_to_the_lower_row(void **state)
{
    (void)state;
    enum { N = 300, D = 3, M = 20, K = 40 };
    float *train = draw(N, D, 60), *query = draw(M, D, 61);
    for (size_t i = 0; i < N * D; i++)
        train[i] = roundf(2 * train[i]);
    for (size_t i = 0; i < M * D; i++)
        query[i] = roundf(2 * query[i]);
    uint32_t neighbour[M * K];
    double distance[M * K];
    struct pair pair[N];
    assert_int_equal(knn_neighbours(neighbour, distance, K, KNN_EUCLIDEAN, train, N, query, M, D, 1, NULL), 0);
    for (size_t q = 0; q < M; q++) {
        twin(pair, KNN_EUCLIDEAN, train, N, query + q * D, D);
        for (size_t j = 0; j < K; j++)
            assert_int_equal(neighbour[q * K + j], pair[j].index);
    }
    free(train);
    free(query);
}

/* Equal rows are equally far, to the last bit, wherever they stand; with wide rows and large values. */
static void test_duplicates(void **state)
{
    (void)state;
    enum { N = 90, D = 101, M = 6 };
    float *train = draw(N, D, 70), *query = draw(M, D, 71);
    for (size_t i = 0; i < N; i++)
        memcpy(train + i * D, train + i % 10 * D, D * sizeof *train);
    for (size_t i = 0; i < D; i++)
        query[i] = train[4 * D + i];
    uint32_t neighbour[M * N];
    double distance[M * N];
    for (enum knn_metric metric = KNN_COSINE; metric <= KNN_EUCLIDEAN; metric++) {
        assert_int_equal(knn_neighbours(neighbour, distance, 25, metric, train, N, query, M, D, 1, NULL), 0);
        for (size_t q = 0; q < M; q++)
            for (size_t j = 0; j < 25; j++) {
                size_t i = q * 25 + j;
                assert_int_equal(neighbour[i], neighbour[q * 25 + j / 9 * 9] + 10 * (j % 9));
                assert_true(distance[i] == distance[q * 25 + j / 9 * 9]);
            }
        assert_int_equal(neighbour[0], 4);
        assert_true(metric == KNN_COSINE ? distance[0] < 1e-12 : distance[0] == 0);
    }
    free(train);
    free(query);
}

static void test_large_offset(void **state)
{
    (void)state;
    enum { N = 200, D = 64, M = 5 };
    float *train = draw(N, D, 72), *query = draw(M, D, 73); /* euclidean by 2ab - a^2 - b^2 alone would lose these */
    for (size_t i = 0; i < N * D; i++)
        train[i] += 3000;
    for (size_t i = 0; i < M * D; i++)
        query[i] += 3000;
    uint32_t neighbour[M * 10];
    double distance[M * 10];
    struct pair pair[N];
    assert_int_equal(knn_neighbours(neighbour, distance, 10, KNN_EUCLIDEAN, train, N, query, M, D, 1, NULL), 0);
    for (size_t q = 0; q < M; q++) {
        twin(pair, KNN_EUCLIDEAN, train, N, query + q * D, D);
        for (size_t j = 0; j < 10; j++) {
            assert_int_equal(neighbour[q * 10 + j], pair[j].index);
            assert_true(fabsl(distance[q * 10 + j] - pair[j].distance) < 1e-12L);
        }
    }
    free(train);
    free(query);
}

/* Similarities that all but tie: the block product may be off by more than they are apart, the order must not be.
 * The first half varies around one row, the other half lies anywhere, so that no shift makes the rows small. */
static void test_near_ties(void **state)
{
    (void)state;
    enum { N = 400, D = 256, M = 8, K = 30 };
    float *train = draw(N, D, 74), *query = draw(M, D, 75);
    memcpy(query, train, D * sizeof *query);
    for (size_t i = 1; i < N / 2; i++) {
        memcpy(train + i * D, train, D * sizeof *train);
        train[i * D + i % D] += (float)(1 + i % 5) * 1e-6f * train[i * D + i % D]; /* a few ulp of one feature */
    }
    for (size_t j = 0; j < D; j++)
        query[j] += 0.5f * query[D + j];
    check_against_twin(train, N, query, 1, D, K, true);
    free(train);
    free(query);
}

static void test_magnitudes(void **state)
{
    (void)state;
    enum { N = 120, D = 20, M = 4 };
    float *train = draw(N, D, 76), *query = draw(M, D, 77);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < D; j++)
            train[i * D + j] *= powf(10, (float)(i % 41) - 20); /* lengths from 1e-20 to 1e20; squares leave float's range */
    uint32_t neighbour[M * 15];
    double distance[M * 15];
    struct pair pair[N];
    assert_int_equal(knn_neighbours(neighbour, distance, 15, KNN_COSINE, train, N, query, M, D, 1, NULL), 0);
    for (size_t q = 0; q < M; q++) {
        twin(pair, KNN_COSINE, train, N, query + q * D, D);
        for (size_t j = 0; j < 15; j++)
            assert_int_equal(neighbour[q * 15 + j], pair[j].index);
    }
    free(train);
    free(query);
}

static void test_zero_vectors(void **state)
{
    (void)state;
    const float train[] = {0, 0, 1, 0, -1, 0, 0, 1, 0, 0}, query[] = {0, 0, 2, 0};
    uint32_t neighbour[10];
    double distance[10];
    assert_int_equal(knn_neighbours(neighbour, distance, 5, KNN_COSINE, train, 5, query, 2, 2, 1, NULL), 0);
    const uint32_t expected[] = {0, 1, 2, 3, 4, 1, 0, 3, 4, 2};
    const double far[] = {1, 1, 1, 1, 1, 0, 1, 1, 1, 2};
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(neighbour[i], expected[i]);
        assert_true(distance[i] == far[i]);
    }
    const float slanted[] = {0, 0, 1, 3, -9, -9}; /* a cosine of 0.3 is nearer than the 0 of a zero vector */
    assert_int_equal(knn_neighbours(neighbour, distance, 1, KNN_COSINE, slanted, 3, query + 2, 1, 2, 1, NULL), 0);
    assert_int_equal(neighbour[0], 1);
    const float turned[] = {0, 0, -5, -1, 1, 3, 1, 3}; /* to a zero vector all are equally far, another one too: the first win */
    assert_int_equal(knn_neighbours(neighbour, distance, 2, KNN_COSINE, turned, 4, query, 1, 2, 1, NULL), 0);
    assert_true(neighbour[0] == 0 && neighbour[1] == 1 && distance[1] == 1);
}

static void test_votes_by_hand(void **state)
{
    (void)state;
    const uint32_t neighbour[] = {2, 0, 1, 1, 3, 0};
    const double distance[] = {0.1, 0.2, 0.4, 0, 1e-13, 0.5}, target[] = {10, 20, 40, 80};
    const int32_t label[] = {0, 1, 1, 2};
    double prob[6], value[2];
    knn_classify(prob, neighbour, distance, 3, 2, 3, KNN_COSINE, KNN_UNIFORM, label, 3);
    assert_true(prob[0] == 1.0 / 3 && prob[1] == 2.0 / 3 && prob[2] == 0 && prob[3] == 1.0 / 3 && prob[5] == 1.0 / 3);
    knn_classify(prob, neighbour, distance, 3, 2, 3, KNN_COSINE, KNN_DISTANCE, label, 3);
    assert_true(fabs(prob[0] - 5 / 17.5) < 1e-15 && fabs(prob[1] - 12.5 / 17.5) < 1e-15);
    assert_true(prob[3] == 0 && prob[4] == 0.5 && prob[5] == 0.5); /* cosine: 1e-13 is 0 */
    knn_classify(prob, neighbour, distance, 3, 2, 3, KNN_EUCLIDEAN, KNN_DISTANCE, label, 3);
    assert_true(prob[4] == 1 && prob[5] == 0); /* euclidean: only 0 is */
    knn_classify(prob, neighbour, distance, 3, 2, 3, KNN_COSINE, KNN_SOFTMAX, label, 3);
    double e[3] = {exp(0.9 / 0.07), exp(0.8 / 0.07), exp(0.6 / 0.07)};
    assert_true(fabs(prob[0] - e[1] / (e[0] + e[1] + e[2])) < 1e-14);
    knn_classify(prob, neighbour, distance, 3, 2, 1, KNN_COSINE, KNN_SOFTMAX, label, 3); /* the first of a stride of 3 */
    assert_true(prob[1] == 1 && prob[4] == 1);
    knn_regress(value, neighbour, distance, 3, 2, 3, KNN_COSINE, KNN_DISTANCE, target);
    assert_true(fabs(value[0] - (10 * 40 + 5 * 10 + 2.5 * 20) / 17.5) < 1e-13 && value[1] == 50);
    knn_regress(value, neighbour, distance, 3, 2, 2, KNN_COSINE, KNN_UNIFORM, target);
    assert_true(value[0] == 25 && value[1] == 50);
}

/* Neighbours of one class are that class for certain, whatever their weights: such rows must tie in a ranking. */
static void test_one_class_is_exactly_1(void **state)
{
    (void)state;
    enum { M = 200, K = 7 };
    uint32_t neighbour[M * K];
    double distance[M * K], prob[M * 2];
    const int32_t label[] = {1};
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 6, "test_knn_one", 0);
    for (size_t i = 0; i < M * K; i++) {
        neighbour[i] = 0;
        distance[i] = (i % K ? distance[i - 1] : 0.01) + 0.1 * gsl_rng_uniform(rng);
    }
    for (enum knn_vote vote = KNN_UNIFORM; vote <= KNN_SOFTMAX; vote++) {
        knn_classify(prob, neighbour, distance, K, M, K, KNN_COSINE, vote, label, 2);
        for (size_t i = 0; i < M; i++)
            assert_true(prob[2 * i] == 0 && prob[2 * i + 1] == 1);
    }
    gsl_rng_free(rng);
}

static void test_not_finite(void **state)
{
    (void)state;
    float *train = draw(20, 3, 80), *query = draw(5, 3, 81);
    uint32_t neighbour[5];
    double distance[5];
    struct status st;
    query[4] = NAN;
    assert_int_equal(knn_neighbours(neighbour, distance, 1, KNN_COSINE, train, 20, query, 5, 3, 1, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "query row 1"));
    train[30] = INFINITY;
    assert_int_equal(knn_neighbours(neighbour, distance, 1, KNN_COSINE, train, 20, query, 5, 3, 1, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "training row 10"));
    free(train);
    free(query);
}

/* More neighbours than rows, no features, one row, no queries. */
static void test_edges_of_size(void **state)
{
    (void)state;
    const float train[] = {3, 4, 1, 1}, query[] = {6, 8};
    uint32_t neighbour[2] = {7, 7};
    double distance[2] = {7, 7};
    struct status st;
    assert_int_equal(knn_neighbours(neighbour, distance, 3, KNN_COSINE, train, 2, query, 1, 2, 1, &st), STATUS_UNDEFINED);
    assert_non_null(strstr(st.text, "3 of 2 training rows"));
    assert_int_equal(knn_neighbours(neighbour, distance, 1, KNN_COSINE, train, 0, query, 1, 2, 1, &st), STATUS_UNDEFINED);
    assert_int_equal(knn_neighbours(neighbour, distance, 1, KNN_COSINE, train, 2, query, 1, 0, 1, &st), STATUS_UNDEFINED);
    assert_int_equal(knn_neighbours(neighbour, distance, 1, KNN_COSINE, train, 2, query, 0, 2, 4, &st), STATUS_OK);
    assert_true(neighbour[0] == 7 && distance[0] == 7);
    assert_int_equal(knn_neighbours(neighbour, distance, 1, KNN_COSINE, train, 1, query, 1, 2, 4, &st), STATUS_OK);
    assert_true(neighbour[0] == 0 && distance[0] == 0);
    assert_int_equal(knn_neighbours(neighbour, distance, 1, KNN_EUCLIDEAN, train, 1, query, 1, 2, 4, &st), STATUS_OK);
    assert_true(neighbour[0] == 0 && distance[0] == 5);
}

/* The same bytes for any number of threads and either way of adding up, on rows of which many tie. */
static void test_threads(void **state)
{
    (void)state;
    enum { N = 1300, D = 37, M = 300, K = 50 };
    float *train = draw(N, D, 90), *query = draw(M, D, 91);
    for (size_t i = 400; i < 900; i++)
        memcpy(train + i * D, train + i % 7 * D, D * sizeof *train);
    uint32_t *one = NEW(M * K, uint32_t), *many = NEW(M * K, uint32_t);
    double *distance_one = NEW(M * K, double), *distance_many = NEW(M * K, double);
    for (enum knn_metric metric = KNN_COSINE; metric <= KNN_EUCLIDEAN; metric++) {
        assert_int_equal(knn_neighbours(one, distance_one, K, metric, train, N, query, M, D, 1, NULL), 0);
        for (int threads = 2; threads <= 8; threads += 3) {
            assert_int_equal(knn_neighbours(many, distance_many, K, metric, train, N, query, M, D, threads, NULL), 0);
            assert_memory_equal(one, many, M * K * sizeof *one);
            assert_memory_equal(distance_one, distance_many, M * K * sizeof *distance_one);
        }
    }
    check_against_twin(train, N, query, 20, D, K, true);
    free(distance_many);
    free(distance_one);
    free(many);
    free(one);
    free(query);
    free(train);
}

/* Rows of 1e-5 to 1e25, and one at the end of float, under the Euclidean distance: what is small beside the largest row is still told apart. */
static void test_scales(void **state)
{
    (void)state;
    enum { N = 700, D = 24, M = 12, K = 40 };
    float *train = draw(N, D, 92), *query = draw(M, D, 93);
    for (size_t i = 0; i < N; i += 10)
        for (size_t j = 0; j < D; j++)
            train[i * D + j] *= powf(10, (float)(i % 31) - 5);
    train[5 * D] = 3e38f;
    uint32_t neighbour[M * K];
    double distance[M * K];
    struct pair pair[N];
    assert_int_equal(knn_neighbours(neighbour, distance, K, KNN_EUCLIDEAN, train, N, query, M, D, 2, NULL), 0);
    for (size_t q = 0; q < M; q++) {
        twin(pair, KNN_EUCLIDEAN, train, N, query + q * D, D);
        for (size_t j = 0; j < K; j++) {
            assert_int_equal(neighbour[q * K + j], pair[j].index);
            assert_true(fabsl(distance[q * K + j] - pair[j].distance) <= 1e-14L * pair[j].distance);
        }
    }
    const float far[] = {-3e38f, 3e38f}, from[] = {3e38f, -3e38f}; /* a distance beyond float */
    assert_int_equal(knn_neighbours(neighbour, distance, 1, KNN_EUCLIDEAN, far, 1, from, 1, 2, 1, NULL), 0);
    assert_true(fabs(distance[0] / (6e38 * sqrt(2)) - 1) < 1e-6);
    free(query);
    free(train);
}

/* The training rows in ascending and descending order of nearness, and all alike: every list overflows, or none. */
static void test_order_of_rows(void **state)
{
    (void)state;
    enum { N = 3000, D = 8, K = 90 };
    float *train = draw(N, D, 94), query[D];
    for (size_t j = 0; j < D; j++)
        query[j] = 1;
    for (int way = 0; way < 3; way++) {
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < D; j++)
                train[i * D + j] = j ? 1 : way == 2 ? 1.5f : 1 + 1e-3f * (float)(way ? i : N - i);
        check_against_twin(train, N, query, 1, D, K, true);
    }
    free(train);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_edges),
        cmocka_unit_test(test_all_neighbours),
        cmocka_unit_test(test_ties_go_to_the_lower_row),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_large_offset),
        cmocka_unit_test(test_near_ties),
        cmocka_unit_test(test_magnitudes),
        cmocka_unit_test(test_zero_vectors),
        cmocka_unit_test(test_votes_by_hand),
        cmocka_unit_test(test_one_class_is_exactly_1),
        cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_edges_of_size),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_scales),
        cmocka_unit_test(test_order_of_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
