/* Two models on the same rows: intervals and tests against doing every step by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/rng.h"
#include "interval/contest.h"
#include "interval/delong.h"
#include "interval/mcnemar.h"
#include "interval/permutation.h"
#include "metric/auroc.h"

enum { N = 80, UNITS = 30, K = 3, B = 400, FOLDS = 5 };

struct world {
    int32_t label[N];
    double target[N], a[FOLDS][N * K], b[FOLDS][N * K];
    uint32_t unit[N], own[N];
};

static void world_make(struct world *w, int32_t n_labels)
{
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 4, "test_contest", 0);
    for (size_t i = 0; i < N; i++) {
        w->label[i] = (int32_t)gsl_rng_uniform_int(rng, (unsigned long)n_labels);
        w->target[i] = 10 * gsl_rng_uniform(rng);
        w->unit[i] = (uint32_t)(i * UNITS / N);
        w->own[i] = (uint32_t)i;
        for (size_t f = 0; f < FOLDS; f++)
            for (size_t k = 0; k < K; k++) {
                w->a[f][i * K + k] = gsl_rng_uniform(rng) + 0.4 * (w->label[i] == (int32_t)k || (n_labels == 2 && w->label[i] == 1));
                w->b[f][i * K + k] = floor(10 * gsl_rng_uniform(rng)) / 10;
            }
    }
    gsl_rng_free(rng);
}

static struct contest contest(const struct world *w, enum task_kind kind, const char *metric, bool clustered)
{
    bool regression = kind == KIND_REGRESSION;
    return (struct contest){.in = {.kind = kind, .n_classes = kind == KIND_BINARY ? 2 : K, .n = N, .label = regression ? NULL : w->label,
                                   .target = regression ? w->target : NULL, .threshold = NAN},
                            .metric = metric, .level = 0.9, .n_threads = 2,
                            .plan = {.n = N, .unit = clustered ? w->unit : w->own, .n_units = clustered ? UNITS : N, .replicates = B, .seed = 9, .stream = "t"}};
}

static double metric_of(enum task_kind kind, const char *metric, const int32_t *label, const double *target, const double *score, size_t n)
{
    struct panel *p;
    struct panel_input in = {.kind = kind, .n_classes = kind == KIND_BINARY ? 2 : K, .n = n, .label = kind == KIND_REGRESSION ? NULL : label,
                             .target = kind == KIND_REGRESSION ? target : NULL, .score = score, .threshold = NAN};
    double value[32];
    assert_int_equal(panel_new(&p, &in, NULL), STATUS_OK);
    struct panel_scratch *s = panel_scratch_new(p);
    panel_compute(p, s, NULL, value, NULL);
    double found = value[panel_metric_find(p, metric)];
    panel_scratch_free(s);
    panel_free(p);
    return found;
}

/* The metric of the rows of one replicate, written out one below the other. */
static double resampled(const struct contest *c, const struct world *w, const double *score, const uint32_t *weight, size_t columns)
{
    int32_t *label = NEW(4 * N, int32_t);
    double *target = NEW(4 * N, double), *rows = NEW(4 * N * columns, double), value;
    size_t n = 0;
    for (size_t i = 0; i < N; i++)
        for (uint32_t k = 0; k < weight[i]; k++) {
            assert_true(n < 4 * N);
            label[n] = w->label[i];
            target[n] = w->target[i];
            memcpy(rows + n++ * columns, score + i * columns, columns * sizeof *rows);
        }
    value = metric_of(c->in.kind, c->metric, label, target, rows, n);
    free(label);
    free(target);
    free(rows);
    return value;
}

static int ascending(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

/* value, limits and undefined replicates against writing every replicate out. */
static void check_bootstrap(enum task_kind kind, const char *metric, size_t n_sets)
{
    struct world w;
    world_make(&w, kind == KIND_BINARY ? 2 : K);
    struct contest c = contest(&w, kind, metric, true);
    size_t columns = kind == KIND_BINARY || kind == KIND_REGRESSION ? 1 : K, defined = 0;
    const double *a[FOLDS], *b[FOLDS];
    double difference[B], value = 0;
    for (size_t f = 0; f < n_sets; f++) {
        a[f] = w.a[f];
        b[f] = w.b[f];
        value += (metric_of(kind, metric, w.label, w.target, a[f], N) - metric_of(kind, metric, w.label, w.target, b[f], N)) / (double)n_sets;
    }
    struct contender x, y;
    struct contest_result r;
    assert_int_equal(contender_new(&x, &c, a, n_sets, NULL), STATUS_OK);
    assert_int_equal(contender_new(&y, &c, b, n_sets, NULL), STATUS_OK);
    assert_int_equal(contest_pair(&r, &c, &x, &y, NULL), STATUS_OK);
    uint32_t weight[N], count[UNITS];
    for (size_t k = 0; k < B; k++) {
        double d = 0;
        bootstrap_weights(weight, count, &c.plan, k);
        for (size_t f = 0; f < n_sets; f++)
            d += (resampled(&c, &w, a[f], weight, columns) - resampled(&c, &w, b[f], weight, columns)) / (double)n_sets;
        if (!isnan(d))
            difference[defined++] = d;
    }
    qsort(difference, defined, sizeof *difference, ascending);
    double at = 0.05 * (double)(defined - 1), low = difference[(size_t)at] + (at - floor(at)) * (difference[(size_t)at + 1] - difference[(size_t)at]);
    assert_true(fabs(r.difference.estimate - value) < 1e-13);
    assert_true(r.difference.undefined == B - defined);
    assert_true(fabs(r.difference.low - low) < 1e-12);
    assert_true(r.difference.low < r.difference.high && r.test == TEST_PERMUTATION && r.p > 0 && r.p <= 1);
    contender_free(&x);
    contender_free(&y);
}

static void limits_are_those_of_replicates_written_out(void **state)
{
    (void)state;
    check_bootstrap(KIND_BINARY, "auroc", 1);
    check_bootstrap(KIND_BINARY, "average_precision", 1);
    check_bootstrap(KIND_BINARY, "accuracy", FOLDS);
    check_bootstrap(KIND_MULTICLASS, "auroc_macro", 1);
    check_bootstrap(KIND_ORDINAL, "kappa_quadratic", FOLDS);
    check_bootstrap(KIND_REGRESSION, "mae", 1);
}

static void p_of(struct contest_result *r, const struct contest *c, const double *a, const double *b)
{
    struct contender x, y;
    assert_int_equal(contender_new(&x, c, &a, 1, NULL), STATUS_OK);
    assert_int_equal(contender_new(&y, c, &b, 1, NULL), STATUS_OK);
    assert_int_equal(contest_pair(r, c, &x, &y, NULL), STATUS_OK);
    contender_free(&x);
    contender_free(&y);
}

static void which_test_is_made(void **state)
{
    (void)state;
    struct world w;
    struct contest_result r, one;
    world_make(&w, 2);
    struct contest c = contest(&w, KIND_BINARY, "auroc", false);
    struct delong x, y;
    struct area_test t;
    p_of(&r, &c, w.a[0], w.b[0]);
    assert_int_equal(delong_new(&x, w.label, w.a[0], N, NULL), STATUS_OK);
    assert_int_equal(delong_new(&y, w.label, w.b[0], N, NULL), STATUS_OK);
    assert_int_equal(delong_paired(&t, &x, &y, 0.9, NULL), STATUS_OK);
    assert_true(r.test == TEST_DELONG && r.p == t.p && r.p < 0.2);
    delong_free(&x);
    delong_free(&y);

    c.metric = "accuracy";
    uint8_t right[2][N];
    for (size_t i = 0; i < N; i++) {
        right[0][i] = (w.a[0][i] > 0.5) == w.label[i];
        right[1][i] = (w.b[0][i] > 0.5) == w.label[i];
    }
    p_of(&r, &c, w.a[0], w.b[0]);
    assert_true(r.test == TEST_MCNEMAR && r.p == mcnemar_test(right[0], right[1], N).exact_p);
    assert_true(fabs(r.difference.estimate - (double)((long)mcnemar_test(right[0], right[1], N).only_a - (long)mcnemar_test(right[0], right[1], N).only_b) / N) < 1e-15);

    c = contest(&w, KIND_BINARY, "auroc", true);
    p_of(&r, &c, w.a[0], w.b[0]);
    assert_true(r.test == TEST_PERMUTATION);
    c.n_threads = 1;
    p_of(&one, &c, w.a[0], w.b[0]);
    assert_memory_equal(&one, &r, sizeof one);

    /* Areas of 1 and 0.5 without any spread: DeLong has no variance to judge by, relabelling has. */
    double sure[N], blind[N] = {0};
    for (size_t i = 0; i < N; i++)
        sure[i] = w.label[i];
    c = contest(&w, KIND_BINARY, "auroc", false);
    p_of(&r, &c, sure, blind);
    assert_true(r.test == TEST_PERMUTATION && r.p == 1.0 / (B + 1) && r.difference.estimate == 0.5);
}

/* Signs by hand: |error| of a model a patient at a time. */
static void permutation_of_errors_by_hand(void **state)
{
    (void)state;
    struct world w;
    struct contest_result r;
    world_make(&w, K);
    struct contest c = contest(&w, KIND_REGRESSION, "mae", true);
    double seen = 0, gap[UNITS] = {0};
    size_t as_far = 0;
    for (size_t i = 0; i < N; i++) {
        double d = (fabs(w.a[0][i] - w.target[i]) - fabs(w.b[0][i] - w.target[i])) / N;
        gap[w.unit[i]] += d;
        seen += d;
    }
    for (size_t k = 0; k < B; k++) {
        uint8_t flip[UNITS];
        double sum = 0;
        permutation_draw(flip, UNITS, 9, "t", k);
        for (size_t u = 0; u < UNITS; u++)
            sum += flip[u] ? -gap[u] : gap[u];
        as_far += fabs(sum) >= fabs(seen) - 1e-12;
    }
    p_of(&r, &c, w.a[0], w.b[0]);
    assert_true(fabs(r.difference.estimate - seen) < 1e-13);
    assert_true(fabs(r.p - ((double)as_far + 1) / (B + 1)) < 1e-15);
}

static void a_model_against_itself(void **state)
{
    (void)state;
    static const struct {
        enum task_kind kind;
        const char *metric;
    } of[] = {{KIND_BINARY, "auroc"}, {KIND_BINARY, "accuracy"}, {KIND_BINARY, "f1"}, {KIND_MULTICLASS, "auroc_macro"}, {KIND_ORDINAL, "kappa_quadratic"},
              {KIND_REGRESSION, "mae"}, {KIND_REGRESSION, "rmse"}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        for (int clustered = 0; clustered < 2; clustered++) {
            struct world w;
            struct contest_result r;
            world_make(&w, of[i].kind == KIND_BINARY ? 2 : K);
            struct contest c = contest(&w, of[i].kind, of[i].metric, clustered);
            double *copy = NEW(N * K, double);
            memcpy(copy, w.a[0], N * K * sizeof *copy);
            p_of(&r, &c, w.a[0], copy);
            assert_true(r.difference.estimate == 0 && r.difference.low == 0 && r.difference.high == 0 && r.p == 1);
            free(copy);
        }
}

static void what_is_undefined_says_why(void **state)
{
    (void)state;
    struct world w;
    struct contest_result r;
    struct contender x, y;
    world_make(&w, 2);
    const double *a = w.a[0];
    memset(w.label, 0, sizeof w.label);
    struct contest c = contest(&w, KIND_BINARY, "auroc", true);
    assert_int_equal(contender_new(&x, &c, &a, 1, NULL), STATUS_OK);
    assert_true(isnan(x.value));
    assert_string_equal(x.reason, "no sample of class 1");
    contender_none(&y, "not there");
    assert_int_equal(contest_pair(&r, &c, &x, &y, NULL), STATUS_OK);
    assert_true(isnan(r.difference.estimate) && isnan(r.difference.low) && isnan(r.p) && r.test == TEST_NONE);
    contender_free(&x);
    contender_free(&y);
    c.metric = "mae";
    assert_int_equal(contender_new(&x, &c, &a, 1, NULL), STATUS_OK);
    assert_non_null(strstr(x.reason, "no metric mae"));
    contender_free(&x);
    w.a[0][7] = NAN;
    c.metric = "auroc";
    struct status st;
    assert_int_equal(contender_new(&x, &c, &a, 1, &st), STATUS_DATA);
    contender_free(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_those_of_replicates_written_out), cmocka_unit_test(which_test_is_made),
        cmocka_unit_test(permutation_of_errors_by_hand),              cmocka_unit_test(a_model_against_itself),
        cmocka_unit_test(what_is_undefined_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
