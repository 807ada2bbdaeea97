/* AUROC replicates alone: the panel's bits, whatever the strata and threads. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "interval/bootstrap.h"

enum { N = 90, UNITS = 30, B = 300 };

static void equals_the_panel(void **state)
{
    (void)state;
    int32_t label[N];
    double score[N], ours[B], eight[B];
    uint32_t unit[N], stratum[UNITS] = {0};
    struct panel *panel;
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 4, "test_bootstrap_auroc", 0);
    for (size_t i = 0; i < N; i++) {
        unit[i] = (uint32_t)gsl_rng_uniform_int(rng, UNITS);
        label[i] = (int32_t)(unit[i] < 2); /* few positives: some replicates have none */
        score[i] = floor(20 * gsl_rng_uniform(rng));
        stratum[unit[i]] |= label[i] == 1;
    }
    gsl_rng_free(rng);
    assert_int_equal(panel_new(&panel, &(struct panel_input){.kind = KIND_BINARY, .n_classes = 2, .n = N, .label = label, .score = score,
        .threshold = NAN}, NULL), STATUS_OK);
    size_t m = panel_n_metrics(panel), at = panel_metric_find(panel, "auroc"), undefined = 0;
    double *all = calloc(B * m, sizeof *all);
    for (size_t stratified = 0; stratified < 2; stratified++) {
        struct bootstrap_plan plan = {N, unit, UNITS, stratified ? stratum : NULL, 2, B, 2025, "test"};
        assert_int_equal(bootstrap_panel(all, &plan, panel, 2, NULL), STATUS_OK);
        assert_int_equal(bootstrap_auroc(ours, &plan, label, score, 1, NULL), STATUS_OK);
        assert_int_equal(bootstrap_auroc(eight, &plan, label, score, 8, NULL), STATUS_OK);
        for (size_t b = 0; b < B; b++) {
            assert_true(ours[b] == all[b * m + at] || (isnan(ours[b]) && isnan(all[b * m + at])));
            assert_true(ours[b] == eight[b] || isnan(ours[b]));
            undefined += isnan(ours[b]) ? 1 : 0;
        }
    }
    assert_true(undefined > 0);
    score[3] = NAN;
    struct bootstrap_plan plan = {N, unit, UNITS, NULL, 0, B, 2025, "test"};
    assert_int_equal(bootstrap_auroc(ours, &plan, label, score, 1, NULL), STATUS_DATA);
    free(all);
    panel_free(panel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_the_panel)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
