/* Models over tasks: skills, ranks and signed ranks as ranks.csv has them, against small cases by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/table.h"
#include "evaluate/compare_ranks.h"
#include "report/compare_rows.h"
#include "scratch.h"

static void skills(void **state)
{
    (void)state;
    double target[5] = {1, 2, 3, 4, 10}; /* median 3: mean distance 11/5; mean 4: SD sqrt(50/5) */
    int32_t label[4] = {0, 0, 1, 3};     /* median 1/2: mean distance 1 */
    struct panel_input in = {.kind = KIND_REGRESSION, .n = 5, .target = target}, grade = {.kind = KIND_ORDINAL, .n_classes = 4, .n = 4, .label = label};
    assert_true(fabs(compare_skill("mae", 1.1, &in) - 0.5) < 1e-15);
    assert_true(fabs(compare_skill("rmse", sqrt(10) / 4, &in) - 0.75) < 1e-15);
    assert_true(fabs(compare_skill("mae_grade", 0.25, &grade) - 0.75) < 1e-15);
    assert_true(fabs(compare_skill("auroc", 0.75, &grade) - 0.5) < 1e-15 && compare_skill("kappa_quadratic", 0.3, &grade) == 0.3);
    assert_true(isnan(compare_skill("auroc", NAN, &grade)));
    target[0] = target[1] = target[3] = target[4] = 3;
    assert_true(isnan(compare_skill("mae", 0.1, &in)));
}

struct got {
    struct table t;
    size_t column[15];
};

static void write_and_read(struct got *g, const struct compare_ranks *r)
{
    static const char *const name[] = {"study", "protocol", "family", "basis", "statistic", "model_a", "model_b", "n", "n_models", "value", "p", "p_holm", "method",
                                       "warning", "reason"};
    char *folder = scratch_new(), *path = path_join(folder, "ranks.csv");
    struct outfile out;
    struct status st;
    assert_int_equal(rank_rows_open(&out, folder, &st), STATUS_OK);
    compare_ranks_write(&out, r);
    assert_int_equal(outfile_commit(&out, &st), STATUS_OK);
    assert_int_equal(table_read(&g->t, path, &st), STATUS_OK);
    for (size_t c = 0; c < 15; c++)
        assert_int_equal(table_column(&g->t, name[c], &g->column[c], &st), STATUS_OK);
    free(path);
    scratch_remove(folder);
}

static const char *cell(const struct got *g, const char *basis, const char *statistic, const char *a, const char *b, size_t column)
{
    const char *const want[] = {basis, statistic, a, b};
    for (size_t i = 0; i < g->t.n_rows; i++) {
        bool same = true;
        for (size_t c = 0; c < 4; c++)
            same &= !strcmp(table_cell(&g->t, i, g->column[3 + c]), want[c]);
        if (same)
            return table_cell(&g->t, i, g->column[column]);
    }
    fail_msg("no row %s %s %s %s", basis, statistic, a, b);
    return "";
}

enum { OF_N = 7, OF_VALUE = 9, OF_P, OF_HOLM, OF_METHOD, OF_WARNING, OF_REASON };

static double number(const struct got *g, const char *basis, const char *statistic, const char *a, const char *b, size_t column)
{
    double value = NAN;
    const char *text = cell(g, basis, statistic, a, b, column);
    assert_true(!strcmp(text, "NA") || number_parse_double(text, &value));
    return value;
}

static char *const MODEL[] = {"x", "y", "z"};
static char *const TASK[] = {"t1", "t2", "t3", "t4", "t5", "t6", "t7"};

/* Seven tasks; t1 and t2 share pictures; t7 lacks a figure. */
static const double SKILL[7 * 3] = {0.9, 0.8, 0.1, 0.7, 0.5, 0.6, 0.6, 0.5, 0.4, 0.8, 0.7, 0.2, 0.5, 0.45, 0.4, 0.3, 0.35, 0.1, 0.9, NAN, 0.2};
static const size_t SOURCE[7] = {0, 0, 2, 3, 4, 5, 6};

static void by_hand(void **state)
{
    (void)state;
    struct compare_ranks r = {.study = "s", .protocol = "grouped", .family = "f", .model = MODEL, .n_models = 3, .reference = 3, .task = TASK, .n_tasks = 7,
                              .skill = SKILL, .source = SOURCE, .alpha = 0.05};
    struct got g;
    write_and_read(&g, &r);
    /* Ranks of x: 1 1 1 1 1 2; y: 2 3 2 2 2 1; z: 3 2 3 3 3 3. */
    assert_true(fabs(number(&g, "tasks", "mean_rank", "x", "", OF_VALUE) - 7.0 / 6) < 1e-15);
    assert_true(fabs(number(&g, "tasks", "mean_rank", "y", "", OF_VALUE) - 12.0 / 6) < 1e-15);
    assert_true(fabs(number(&g, "tasks", "mean_rank", "z", "", OF_VALUE) - 17.0 / 6) < 1e-15);
    /* 12 / (n k (k + 1)) sum R^2 - 3 n (k + 1) */
    double chi2 = 12.0 / (6 * 3 * 4) * (49 + 144 + 289) - 3 * 6 * 4;
    assert_true(fabs(number(&g, "tasks", "friedman_chi2", "", "", OF_VALUE) - chi2) < 1e-12);
    assert_true(fabs(number(&g, "tasks", "friedman_chi2", "", "", OF_P) - exp(-chi2 / 2)) < 1e-12); /* two degrees of freedom */
    assert_true(fabs(number(&g, "tasks", "critical_difference", "", "", OF_VALUE) - 2.343701 * sqrt(12.0 / 36)) < 1e-5); /* Demsar's table: q of 3 models */
    assert_true(fabs(number(&g, "tasks", "nemenyi", "x", "z", OF_VALUE) + 10.0 / 6) < 1e-15);
    assert_true(number(&g, "tasks", "nemenyi", "x", "z", OF_P) < 0.05 && number(&g, "tasks", "nemenyi", "x", "y", OF_P) > 0.05);
    assert_true(number(&g, "tasks", "wins", "x", "y", OF_VALUE) == 5 && number(&g, "tasks", "losses", "x", "y", OF_VALUE) == 1);
    assert_string_equal(cell(&g, "tasks", "mean_rank", "x", "", OF_N), "6");
    assert_string_equal(cell(&g, "tasks", "mean_rank", "x", "", OF_WARNING), "tasks that share pictures are not independent: t1, t2");
    assert_string_equal(cell(&g, "tasks", "mean_rank", "x", "", OF_REASON), "left out for a model without a figure: t7");
    assert_string_equal(cell(&g, "tasks", "mean_rank", "x", "", OF_P), "");
    /* x against z: 0.8 0.1 0.2 0.6 0.1 0.2, all above: 2 of the 64 patterns of signs. */
    assert_true(fabs(number(&g, "tasks", "signed_rank", "x", "z", OF_P) - 2.0 / 64) < 1e-15);
    assert_string_equal(cell(&g, "tasks", "signed_rank", "x", "z", OF_METHOD), "Wilcoxon exact with ties");
    assert_true(fabs(number(&g, "tasks", "signed_rank", "x", "z", OF_HOLM) - 6.0 / 64) < 1e-15);
    /* Of sources: t1 and t2 as one with means 0.8, 0.65, 0.35. */
    assert_string_equal(cell(&g, "sources", "mean_rank", "x", "", OF_N), "5");
    assert_string_equal(cell(&g, "sources", "mean_rank", "x", "", OF_WARNING), "");
    assert_true(fabs(number(&g, "sources", "mean_rank", "y", "", OF_VALUE) - 9.0 / 5) < 1e-15);
    assert_true(fabs(number(&g, "sources", "signed_rank", "x", "z", OF_P) - 2.0 / 32) < 1e-15);
    table_free(&g.t);
}

static void too_few(void **state)
{
    (void)state;
    struct compare_ranks r = {.study = "s", .protocol = "grouped", .family = "f", .model = MODEL, .n_models = 3, .reference = 1, .task = TASK, .n_tasks = 4,
                              .skill = SKILL, .source = SOURCE, .alpha = 0.05};
    struct got g;
    write_and_read(&g, &r);
    assert_true(isnan(number(&g, "tasks", "friedman_chi2", "", "", OF_P)) && isnan(number(&g, "tasks", "nemenyi", "x", "y", OF_P)));
    assert_string_equal(cell(&g, "tasks", "friedman_chi2", "", "", OF_REASON), "4 tasks and 3 models; the test needs 5 and 3");
    assert_string_equal(cell(&g, "sources", "critical_difference", "", "", OF_REASON), "3 sources and 3 models; the test needs 5 and 3");
    assert_true(number(&g, "tasks", "mean_rank", "x", "", OF_VALUE) == 1);
    assert_true(number(&g, "tasks", "losses", "z", "y", OF_VALUE) == 3); /* the reference stands second, and no pair lacks it */
    for (size_t i = 0; i < g.t.n_rows; i++)
        assert_true(strcmp(table_cell(&g.t, i, g.column[4]), "signed_rank") != 0 || !strcmp(table_cell(&g.t, i, g.column[6]), "y"));
    table_free(&g.t);
    double same[6] = {0.5, 0.5, 0.6, 0.6, 0.7, 0.7};
    r = (struct compare_ranks){.study = "s", .protocol = "grouped", .family = "f", .model = MODEL, .n_models = 2, .reference = 2, .task = TASK, .n_tasks = 3,
                               .skill = same, .source = SOURCE + 2, .alpha = 0.05};
    write_and_read(&g, &r);
    assert_true(isnan(number(&g, "tasks", "signed_rank", "x", "y", OF_P)));
    assert_non_null(strstr(cell(&g, "tasks", "signed_rank", "x", "y", OF_REASON), "all 3 differences are 0"));
    assert_true(number(&g, "tasks", "ties", "x", "y", OF_VALUE) == 3 && number(&g, "tasks", "mean_rank", "x", "", OF_VALUE) == 1.5);
    table_free(&g.t);
}

/* Differences 0.3 and 0.1 of one source are 0.2, less than the -0.3 of another: it has rank 3 of 3, and would not were they added. */
static void a_source_is_a_mean(void **state)
{
    (void)state;
    static const double skill[8] = {0.3, 0, 0.1, 0, 0, 0.3, 0.05, 0};
    struct compare_ranks r = {.study = "s", .protocol = "grouped", .family = "f", .model = MODEL, .n_models = 2, .reference = 2, .task = TASK, .n_tasks = 4,
                              .skill = skill, .source = SOURCE, .alpha = 0.05};
    struct got g;
    write_and_read(&g, &r);
    assert_true(number(&g, "sources", "signed_rank", "x", "y", OF_VALUE) == 3 && number(&g, "sources", "signed_rank", "x", "y", OF_P) == 1);
    assert_true(number(&g, "sources", "wins", "x", "y", OF_VALUE) == 2);
    table_free(&g.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(skills), cmocka_unit_test(by_hand), cmocka_unit_test(too_few), cmocka_unit_test(a_source_is_a_mean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
