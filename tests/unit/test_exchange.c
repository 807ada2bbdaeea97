/* Panels cut down to one metric, and exchange of two models' scores against doing it by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/rng.h"
#include "interval/exchange.h"

enum { N = 60, UNITS = 25, K = 3, SETS = 2 };

struct world {
    int32_t label[N];
    double target[N], a[SETS][N * K], b[SETS][N * K];
    uint32_t unit[N];
};

/* Scores with ties; of classes they need not sum to 1. */
static void world_make(struct world *w, int32_t n_labels)
{
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 11, "test_exchange", 0);
    for (size_t i = 0; i < N; i++) {
        w->label[i] = (int32_t)gsl_rng_uniform_int(rng, (unsigned long)n_labels);
        w->target[i] = 10 * gsl_rng_uniform(rng);
        w->unit[i] = (uint32_t)(i % UNITS);
        for (size_t s = 0; s < SETS; s++)
            for (size_t k = 0; k < K; k++) {
                w->a[s][i * K + k] = floor(10 * gsl_rng_uniform(rng)) / 20 + 0.3 * (w->label[i] == (int32_t)k);
                w->b[s][i * K + k] = floor(20 * gsl_rng_uniform(rng)) / 25;
            }
    }
    gsl_rng_free(rng);
}

static struct panel_input input(const struct world *w, enum task_kind kind)
{
    bool regression = kind == KIND_REGRESSION;
    return (struct panel_input){.kind = kind, .n_classes = kind == KIND_BINARY ? 2 : K, .n = N, .label = regression ? NULL : w->label,
                                .target = regression ? w->target : NULL, .threshold = NAN};
}

static double metric_of(struct panel_input in, const double *score, const char *metric)
{
    struct panel *p;
    in.score = score;
    assert_int_equal(panel_new(&p, &in, NULL), STATUS_OK);
    struct panel_scratch *s = panel_scratch_new(p);
    double value[32];
    panel_compute(p, s, NULL, value, NULL);
    double found = value[panel_metric_find(p, metric)];
    panel_scratch_free(s);
    panel_free(p);
    return found;
}

/* Mid-ranks of a column, by counting. */
static void rank_column(double *rank, const double *score, size_t stride)
{
    for (size_t i = 0; i < N; i++) {
        double below = 0;
        for (size_t j = 0; j < N; j++)
            below += score[j * stride] < score[i * stride] ? 1 : score[j * stride] == score[i * stride] ? 0.5 : 0;
        rank[i * stride] = below;
    }
}

static double by_hand(const struct world *w, enum task_kind kind, const char *metric, const uint8_t *flip)
{
    size_t columns = kind == KIND_BINARY || kind == KIND_REGRESSION ? 1 : K;
    bool ranks = strstr(metric, "auroc") || strstr(metric, "precision");
    double sum = 0;
    for (size_t s = 0; s < SETS; s++) {
        double from[2][N * K], to[2][N * K];
        memcpy(from[0], w->a[s], sizeof from[0]);
        memcpy(from[1], w->b[s], sizeof from[1]);
        for (size_t c = 0; ranks && c < columns; c++) {
            rank_column(from[0] + c, w->a[s] + c, columns);
            rank_column(from[1] + c, w->b[s] + c, columns);
        }
        for (size_t i = 0; i < N; i++)
            for (size_t m = 0; m < 2; m++)
                memcpy(to[m] + i * columns, from[m ^ flip[w->unit[i]]] + i * columns, columns * sizeof(double));
        sum += metric_of(input(w, kind), to[0], metric) - metric_of(input(w, kind), to[1], metric);
    }
    return sum / SETS;
}

static void check_kind(enum task_kind kind)
{
    struct world w;
    world_make(&w, kind == KIND_BINARY ? 2 : K);
    const double *a[SETS] = {w.a[0], w.a[1]}, *b[SETS] = {w.b[0], w.b[1]};
    struct panel_input in = input(&w, kind);
    struct panel *p;
    in.score = w.a[0];
    assert_int_equal(panel_new(&p, &in, NULL), STATUS_OK);
    assert_true(panel_n_metrics(p) > 0);
    for (size_t m = 0; m < panel_n_metrics(p); m++) {
        const char *metric = panel_metric_name(p, m);
        struct exchange *x;
        uint8_t flip[UNITS] = {0};
        assert_true(panel_metric_exists(metric));
        assert_int_equal(exchange_new(&x, &in, metric, a, b, SETS, w.unit, UNITS, NULL), STATUS_OK);
        assert_true(exchange_difference(x, NULL) == exchange_difference(x, flip));
        for (size_t r = 0; r < 5; r++) {
            assert_true(fabs(exchange_difference(x, flip) - by_hand(&w, kind, metric, flip)) < 1e-13);
            permutation_draw(flip, UNITS, 3, "test", r);
        }
        struct permutation_test one = exchange_test(x, 200, 2025, "t", 1), eight = exchange_test(x, 200, 2025, "t", 8);
        assert_memory_equal(&one, &eight, sizeof one);
        assert_true(one.replicates == 200 && one.p == ((double)one.at_least + 1) / 201 && one.p < 1);
        exchange_free(x);
    }
    panel_free(p);
}

static void every_metric_of_classes(void **state)
{
    (void)state;
    check_kind(KIND_BINARY);
    check_kind(KIND_MULTICLASS);
    check_kind(KIND_ORDINAL);
}

static void every_metric_of_a_regression(void **state)
{
    (void)state;
    check_kind(KIND_REGRESSION);
}

static void auroc_is_the_swap_of_ranks(void **state)
{
    (void)state;
    struct world w;
    world_make(&w, 2);
    const double *a = w.a[0], *b = w.b[0];
    struct panel_input in = input(&w, KIND_BINARY);
    struct exchange *x;
    struct swap *s;
    assert_int_equal(exchange_new(&x, &in, "auroc", &a, &b, 1, w.unit, UNITS, NULL), STATUS_OK);
    assert_int_equal(swap_new(&s, w.label, a, b, w.unit, N, UNITS, NULL), STATUS_OK);
    struct permutation_test mine = exchange_test(x, 500, 7, "t", 2), theirs = swap_test(s, 500, 7, "t", 2);
    assert_true(mine.p == theirs.p && mine.at_least == theirs.at_least && fabs(mine.observed - theirs.observed) < 1e-15);
    swap_free(s);
    exchange_free(x);
}

static void a_model_against_itself(void **state)
{
    (void)state;
    struct world w;
    world_make(&w, 2);
    const double *a = w.a[0];
    static const char *const metric[] = {"auroc", "average_precision", "accuracy", "kappa"};
    for (size_t m = 0; m < 4; m++) {
        struct panel_input in = input(&w, KIND_BINARY);
        struct exchange *x;
        assert_int_equal(exchange_new(&x, &in, metric[m], &a, &a, 1, w.unit, UNITS, NULL), STATUS_OK);
        struct permutation_test t = exchange_test(x, 99, 1, "t", 1);
        assert_true(t.observed == 0 && t.p == 1 && t.at_least == 99);
        exchange_free(x);
    }
    struct panel_input in = input(&w, KIND_BINARY);
    struct exchange *x;
    struct status st;
    assert_int_equal(exchange_new(&x, &in, "mae", &a, &a, 1, w.unit, UNITS, &st), STATUS_UNDEFINED);
    assert_null(x);
    w.a[0][3] = NAN;
    assert_int_equal(exchange_new(&x, &in, "auroc", &a, &a, 1, w.unit, UNITS, &st), STATUS_DATA);
    w.a[0][3] = 0;
    w.unit[5] = UNITS;
    assert_int_equal(exchange_new(&x, &in, "auroc", &a, &a, 1, w.unit, UNITS, &st), STATUS_DATA);
}

/* A panel that keeps one metric gives the bits it gave among the others, whatever the weights. */
static void one_metric_alone(void **state)
{
    (void)state;
    for (int kind = KIND_BINARY; kind <= KIND_REGRESSION; kind++) {
        struct world w;
        world_make(&w, kind == KIND_BINARY ? 2 : K);
        struct panel_input in = input(&w, (enum task_kind)kind);
        struct panel *whole, *part;
        uint32_t weight[N];
        double all[32], one;
        const char *reason[32], *why;
        in.score = w.a[0];
        in.threshold = 0.4;
        for (size_t i = 0; i < N; i++)
            weight[i] = (uint32_t)(i * 7 % 4);
        assert_int_equal(panel_new(&whole, &in, NULL), STATUS_OK);
        struct panel_scratch *s = panel_scratch_new(whole);
        for (size_t m = 0; m < panel_n_metrics(whole); m++) {
            assert_int_equal(panel_new(&part, &in, NULL), STATUS_OK);
            panel_keep_only(part, m);
            struct panel_scratch *t = panel_scratch_new(part);
            assert_int_equal(panel_n_metrics(part), 1);
            assert_string_equal(panel_metric_name(part, 0), panel_metric_name(whole, m));
            for (int weighted = 0; weighted < 2; weighted++) {
                panel_compute(whole, s, weighted ? weight : NULL, all, reason);
                panel_compute(part, t, weighted ? weight : NULL, &one, &why);
                assert_memory_equal(&one, &all[m], sizeof one);
            }
            memset(weight, 0, sizeof weight); /* undefined, and why, too */
            panel_compute(whole, s, weight, all, reason);
            panel_compute(part, t, weight, &one, &why);
            assert_true(isnan(all[m]) == isnan(one) && (!why || !strcmp(why, reason[m])));
            for (size_t i = 0; i < N; i++)
                weight[i] = (uint32_t)(i * 7 % 4);
            panel_scratch_free(t);
            panel_free(part);
        }
        panel_scratch_free(s);
        panel_free(whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_metric_of_classes),    cmocka_unit_test(every_metric_of_a_regression),
        cmocka_unit_test(auroc_is_the_swap_of_ranks), cmocka_unit_test(a_model_against_itself),
        cmocka_unit_test(one_metric_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
