/* The bootstrap: draws, strata, threads, limits, coverage. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_randist.h>

#include "base/memory.h"
#include "base/rng.h"
#include "interval/bca.h"
#include "interval/bootstrap.h"
#include "interval/percentile.h"

enum { N = 120, UNITS = 50, MOST = 16 };

struct cohort {
    int32_t label[N];
    double score[N];
    uint32_t unit[N], stratum[UNITS];
    struct bootstrap_plan plan;
};

/* Patients with one to four images; the stratum is "any positive image". */
static void draw(struct cohort *c, uint64_t seed)
{
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, seed, "test_bootstrap", 0);
    memset(c->stratum, 0, sizeof c->stratum);
    for (size_t i = 0; i < N; i++) {
        c->unit[i] = (uint32_t)(i < UNITS ? i : gsl_rng_uniform_int(rng, UNITS));
        c->label[i] = c->unit[i] % 5 == 0;
        c->score[i] = floor(20 * gsl_rng_uniform(rng)) / 20 + 0.3 * c->label[i];
        c->stratum[c->unit[i]] = (uint32_t)c->label[i];
    }
    gsl_rng_free(rng);
    c->plan = (struct bootstrap_plan){N, c->unit, UNITS, c->stratum, 2, 500, 2025, "a task"};
}

static struct panel *binary_panel(const int32_t *label, const double *score, size_t n)
{
    struct panel *p;
    assert_int_equal(panel_new(&p, &(struct panel_input){.kind = KIND_BINARY, .n_classes = 2, .n = n, .label = label, .score = score,
        .threshold = 0.7}, NULL), STATUS_OK);
    return p;
}

static void test_draws(void **state)
{
    (void)state;
    struct cohort c;
    uint32_t weight[N], count[UNITS], again[UNITS];
    draw(&c, 1);
    for (size_t b = 0; b < 50; b++) {
        bootstrap_weights(weight, count, &c.plan, b);
        size_t total[2] = {0, 0}, size[2] = {0, 0};
        for (size_t u = 0; u < UNITS; u++) {
            total[c.stratum[u]] += count[u];
            size[c.stratum[u]]++;
        }
        assert_true(total[0] == size[0] && total[1] == size[1]); /* each stratum keeps its size */
        for (size_t i = 0; i < N; i++)
            assert_int_equal(weight[i], count[c.unit[i]]); /* a patient's images go together */
    }
    struct bootstrap_plan other = c.plan; /* the same task, another stage of the program: the same patients */
    bootstrap_weights(weight, again, &other, 49);
    assert_memory_equal(count, again, sizeof count);
    other.stream = "another task";
    bootstrap_weights(weight, again, &other, 49);
    assert_memory_not_equal(count, again, sizeof count);
    other = c.plan;
    other.seed++;
    bootstrap_weights(weight, again, &other, 49);
    assert_memory_not_equal(count, again, sizeof count);
    other = c.plan;
    other.stratum = NULL;
    bootstrap_weights(weight, again, &other, 3);
    size_t total = 0;
    for (size_t u = 0; u < UNITS; u++)
        total += again[u];
    assert_int_equal(total, UNITS);
}

/* Every patient is drawn equally often: chi-squared over 20,000 replicates of 7 patients. */
static void test_draws_are_uniform(void **state)
{
    (void)state;
    enum { U = 7, B = 20000 };
    const uint32_t unit[U] = {0, 1, 2, 3, 4, 5, 6};
    const struct bootstrap_plan plan = {U, unit, U, NULL, 0, B, 1, "uniform"};
    uint32_t weight[U], count[U];
    double total[U] = {0}, chi = 0;
    for (size_t b = 0; b < B; b++) {
        bootstrap_weights(weight, count, &plan, b);
        for (size_t u = 0; u < U; u++)
            total[u] += count[u];
    }
    for (size_t u = 0; u < U; u++)
        chi += (total[u] - B) * (total[u] - B) / B;
    assert_true(chi < 22.5); /* 0.999 quantile of chi-squared with 6 degrees */
    assert_true(chi > 0.38); /* and not suspiciously even */
}

static void test_threads(void **state)
{
    (void)state;
    struct cohort c;
    draw(&c, 2);
    struct panel *p = binary_panel(c.label, c.score, N);
    size_t m = panel_n_metrics(p), bytes = c.plan.replicates * m * sizeof(double);
    double *one = NEW(c.plan.replicates * m, double), *eight = NEW(c.plan.replicates * m, double);
    assert_int_equal(bootstrap_panel(one, &c.plan, p, 1, NULL), STATUS_OK);
    assert_int_equal(bootstrap_panel(eight, &c.plan, p, 8, NULL), STATUS_OK);
    assert_memory_equal(one, eight, bytes);
    assert_int_equal(bootstrap_jackknife(one, &c.plan, p, 1, NULL), STATUS_OK);
    assert_int_equal(bootstrap_jackknife(eight, &c.plan, p, 8, NULL), STATUS_OK);
    assert_memory_equal(one, eight, UNITS * m * sizeof(double));
    free(one);
    free(eight);
    panel_free(p);
}

static void test_limits(void **state)
{
    (void)state;
    struct cohort c;
    draw(&c, 3);
    struct panel *p = binary_panel(c.label, c.score, N);
    size_t m = panel_n_metrics(p), undefined;
    double *value = NEW(c.plan.replicates * m, double), *jackknife = NEW(UNITS * m, double), estimate[MOST], low, high;
    struct panel_scratch *s = panel_scratch_new(p);
    panel_compute(p, s, NULL, estimate, NULL);
    assert_int_equal(bootstrap_panel(value, &c.plan, p, 2, NULL), STATUS_OK);
    assert_int_equal(bootstrap_jackknife(jackknife, &c.plan, p, 2, NULL), STATUS_OK);
    for (size_t i = 0; i < m; i++) {
        assert_int_equal(interval_percentile(&low, &high, &undefined, value + i, m, c.plan.replicates, 0.95, NULL), STATUS_OK);
        assert_true(low <= estimate[i] && estimate[i] <= high && low < high);
        assert_int_equal(undefined, 0); /* strata keep both classes in */
        double narrow_low, narrow_high;
        assert_int_equal(interval_percentile(&narrow_low, &narrow_high, &undefined, value + i, m, c.plan.replicates, 0.5, NULL), STATUS_OK);
        assert_true(low < narrow_low && narrow_low <= narrow_high && narrow_high < high);
        assert_int_equal(interval_bca(&low, &high, &undefined, NULL, estimate[i], value + i, m, c.plan.replicates,
                                      jackknife + i, c.stratum, UNITS, 2, 0.95, NULL), STATUS_OK);
        assert_true(low < estimate[i] && estimate[i] < high);
    }
    panel_scratch_free(s);
    panel_free(p);
    free(value);
    free(jackknife);
}

static void test_percentile_edges(void **state)
{
    (void)state;
    const double value[6] = {NAN, 2, 1, NAN, 4, 3}, one[3] = {NAN, 5, NAN}, same[3] = {1, 1, 1};
    double low, high;
    size_t undefined;
    struct status st = {0};
    assert_int_equal(interval_percentile(&low, &high, &undefined, value, 1, 6, 0.5, &st), STATUS_OK);
    assert_true(low == 1.75 && high == 3.25 && undefined == 2);
    assert_int_equal(interval_percentile(&low, &high, &undefined, one, 1, 3, 0.95, &st), STATUS_UNDEFINED);
    assert_true(isnan(low) && isnan(high) && undefined == 2);
    assert_int_equal(interval_percentile(&low, &high, &undefined, one, 1, 0, 0.95, &st), STATUS_UNDEFINED);
    assert_int_equal(interval_percentile(&low, &high, &undefined, same, 1, 3, 0.95, &st), STATUS_OK);
    assert_true(low == 1 && high == 1);
    assert_int_equal(interval_basic(&low, &high, &undefined, 2, value, 1, 6, 0.5, &st), STATUS_OK);
    assert_true(low == 0.75 && high == 2.25);
    assert_int_equal(interval_bca(&low, &high, &undefined, NULL, 1, same, 1, 3, same, NULL, 3, 1, 0.95, &st), STATUS_UNDEFINED);
    assert_true(isnan(low) && isnan(high));
}

static void test_refusals(void **state)
{
    (void)state;
    struct cohort c;
    struct status st = {0};
    double value[MOST];
    draw(&c, 4);
    struct panel *p = binary_panel(c.label, c.score, N), *empty = binary_panel(c.label, c.score, 0);
    struct bootstrap_plan plan = c.plan;
    plan.n = 0;
    assert_int_equal(bootstrap_panel(value, &plan, empty, 1, &st), STATUS_UNDEFINED);
    plan = c.plan;
    c.unit[9] = UNITS;
    assert_int_equal(bootstrap_panel(value, &plan, p, 1, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "sample 9"));
    c.unit[9] = 9;
    c.stratum[4] = 2;
    assert_int_equal(bootstrap_panel(value, &plan, p, 1, &st), STATUS_DATA);
    panel_free(p);
    panel_free(empty);
}

/* Replicates without a class are NaN, and counted. */
static void test_lost_class(void **state)
{
    (void)state;
    const int32_t label[6] = {1, 0, 0, 0, 0, 0};
    const double score[6] = {0.9, 0.1, 0.2, 0.3, 0.4, 0.5};
    const uint32_t unit[6] = {0, 1, 2, 3, 4, 5};
    const struct bootstrap_plan plan = {6, unit, 6, NULL, 0, 2000, 1, "rare"};
    struct panel *p = binary_panel(label, score, 6);
    size_t m = panel_n_metrics(p), undefined;
    double *value = NEW(2000 * m, double), low, high;
    assert_int_equal(bootstrap_panel(value, &plan, p, 2, NULL), STATUS_OK);
    assert_int_equal(interval_percentile(&low, &high, &undefined, value, m, 2000, 0.95, NULL), STATUS_OK);
    double share = (double)undefined / 2000; /* (5/6)^6 + (1/6)^6 = 0.335 */
    assert_true(fabs(share - 0.335) < 0.04);
    assert_true(low == 1 && high == 1);
    free(value);
    panel_free(p);
}

/* Binormal scores, true AUROC 0.8, 60 patients of two images: the 95 % interval covers about
 * as often as theory has it for this size; drawing single images instead covers less. */
static void test_coverage(void **state)
{
    (void)state;
    enum { RUNS = 250, U = 60, M = 2 * U, B = 200 };
    const double distance = 1.1902; /* sqrt(2) times the normal quantile of 0.8 */
    uint32_t patient[M], image[M];
    int32_t label[M];
    double score[M];
    for (uint32_t i = 0; i < M; i++) {
        patient[i] = i / 2;
        image[i] = i;
        label[i] = patient[i] % 2 == 0;
    }
    double covered[2] = {0, 0};
    gsl_rng *rng = rng_stream_new();
    for (size_t run = 0; run < RUNS; run++) {
        rng_stream_set(rng, 11, "coverage", run);
        for (size_t u = 0; u < U; u++) {
            double shared = gsl_ran_gaussian(rng, sqrt(0.8));
            for (size_t j = 2 * u; j < 2 * u + 2; j++)
                score[j] = distance * label[j] + shared + gsl_ran_gaussian(rng, sqrt(0.2));
        }
        struct panel *p = binary_panel(label, score, M);
        size_t m = panel_n_metrics(p), undefined;
        double *value = NEW(B * m, double), low, high;
        for (int by_image = 0; by_image < 2; by_image++) {
            const struct bootstrap_plan plan = {M, by_image ? image : patient, by_image ? M : U, NULL, 0, B, run, "coverage"};
            assert_int_equal(bootstrap_panel(value, &plan, p, 2, NULL), STATUS_OK);
            assert_int_equal(interval_percentile(&low, &high, &undefined, value, m, B, 0.95, NULL), STATUS_OK);
            covered[by_image] += low <= 0.8 && 0.8 <= high;
        }
        free(value);
        panel_free(p);
    }
    gsl_rng_free(rng);
    print_message("coverage of the 95 %% interval: by patient %.3f, by image %.3f\n", covered[0] / RUNS, covered[1] / RUNS);
    assert_true(covered[0] > RUNS * 0.90 && covered[0] < RUNS * 0.98);
    assert_true(covered[1] < RUNS * 0.90);
}

static void words_are_those_of_gsl(void **state)
{
    (void)state;
    gsl_rng *rng = rng_stream_new();
    struct rng_words words;
    for (uint64_t seed = 0; seed < 20; seed++) {
        rng_stream_set(rng, seed, "words", seed * seed);
        rng_words_set(&words, seed, "words", seed * seed);
        for (size_t i = 0; i < 2000; i++)
            assert_int_equal(rng_word(&words), gsl_rng_get(rng));
    }
    gsl_rng_free(rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_those_of_gsl),
        cmocka_unit_test(test_draws),            cmocka_unit_test(test_draws_are_uniform),
        cmocka_unit_test(test_threads),          cmocka_unit_test(test_limits),
        cmocka_unit_test(test_percentile_edges), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_lost_class),       cmocka_unit_test(test_coverage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
