/* Subgroups: names of cells, refusals of the key, and the test whether groups differ. */
#include "unit/scratch.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>
#include <math.h>

#include "base/rng.h"
#include "interval/difference.h"
#include "interval/equality.h"
#include "study/task.h"

static char *directory;

static struct task *parse(const char *subgroups, struct status *st)
{
    struct task *task;
    char *text = mem_printf("name: t\nkind: regression\ncohort: {table: a.csv}\nsubgroups: %s\n", subgroups);
    char *path = scratch_write(directory, "t.yaml", text, strlen(text));
    if (task_load(&task, path, st))
        task = NULL;
    free(path);
    free(text);
    return task;
}

static void test_names(void **state)
{
    (void)state;
    struct status st;
    struct task *task = parse("[{column: sex}, {column: age, bands: [20, 40.5]}]", &st);
    assert_non_null(task);
    assert_int_equal(task->subgroups.n, 2);
    assert_true(task->subgroups.item[0].required);
    static const struct {
        size_t rule;
        const char *cell, *name;
    } cases[] = {{0, "F", "F"},      {0, "1.0", "1"},          {0, "1", "1"},     {0, "", NULL},          {0, "NA", NULL}, {0, NULL, NULL},
                 {1, "19.99", "below 20"}, {1, "20", "20 to below 40.5"}, {1, "40.5", "40.5 and above"}, {1, "old", NULL}, {1, "nan", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *name = subgroup_name(&task->subgroups.item[cases[i].rule], cases[i].cell);
        if (cases[i].name)
            assert_string_equal(name, cases[i].name);
        else
            assert_null(name);
        free(name);
    }
    task_free(task);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } cases[] = {{"[{column: a}, {column: a}]", "t.yaml:4: subgroups: column 'a' is listed twice"},
                 {"[{column: a, bands: [3, 2]}]", "t.yaml:4: subgroups: bands must ascend"},
                 {"[{column: a, bands: [3, 3]}]", "t.yaml:4: subgroups: bands must ascend"},
                 {"[{column: a, bands: [3O]}]", "t.yaml:4: subgroups/0/bands/0 is '3O'"},
                 {"[{colum: a}]", "unknown key 'colum'"},
                 {"[{bands: [1]}]", "column"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct status st = {0};
        assert_null(parse(cases[i].text, &st));
        if (!strstr(st.text, cases[i].said))
            fail_msg("'%s', not '%s'", st.text, cases[i].said);
    }
}

enum { REPLICATES = 4000 };

/* Groups drawn apart: Cochran's Q with the replicates' own standard errors, but for the chance covariance. */
static void test_is_cochrans_q(void **state)
{
    (void)state;
    const double estimate[3] = {0.7, 0.8, 0.9}, se[3] = {0.03, 0.04, 0.02};
    double *replicate[3];
    gsl_rng *rng = rng_stream_new();
    for (size_t g = 0; g < 3; g++) {
        rng_stream_set(rng, 5, "test_subgroup", g);
        replicate[g] = NEW(REPLICATES, double);
        for (size_t b = 0; b < REPLICATES; b++)
            replicate[g][b] = estimate[g] + se[g] * gsl_ran_ugaussian(rng);
        assert_true(equality_can_enter(estimate[g], replicate[g], REPLICATES, EQUALITY_LOGIT));
    }
    const double *const each[3] = {replicate[0], replicate[1], replicate[2]};
    const double *const turned[3] = {replicate[2], replicate[0], replicate[1]};
    const double turned_estimate[3] = {0.9, 0.7, 0.8};
    struct equality plain, logit, other;
    struct heterogeneity q;
    assert_int_equal(equality_test(&plain, estimate, each, 3, REPLICATES, EQUALITY_PLAIN, NULL), STATUS_OK);
    assert_int_equal(heterogeneity_test(&q, estimate, se, 3, NULL), STATUS_OK);
    assert_true(plain.df == 2 && fabs(plain.statistic / q.q - 1) < 0.06);
    double logits[3], logit_se[3];
    for (size_t g = 0; g < 3; g++) {
        logits[g] = log(estimate[g] / (1 - estimate[g]));
        logit_se[g] = se[g] / (estimate[g] * (1 - estimate[g]));
    }
    assert_int_equal(equality_test(&logit, estimate, each, 3, REPLICATES, EQUALITY_LOGIT, NULL), STATUS_OK);
    assert_int_equal(heterogeneity_test(&q, logits, logit_se, 3, NULL), STATUS_OK);
    assert_true(fabs(logit.statistic / q.q - 1) < 0.06);
    assert_int_equal(equality_test(&other, turned_estimate, turned, 3, REPLICATES, EQUALITY_LOGIT, NULL), STATUS_OK);
    assert_true(fabs(other.statistic - logit.statistic) < 1e-9 * logit.statistic); /* which group is the last does not matter */
    /* Two that share all their patients: the error of the difference alone counts. */
    for (size_t b = 0; b < REPLICATES; b++)
        replicate[1][b] = replicate[0][b] + 0.1 + 0.01 * (replicate[2][b] - 0.9) / 0.02;
    assert_int_equal(equality_test(&plain, estimate, each, 2, REPLICATES, EQUALITY_PLAIN, NULL), STATUS_OK);
    assert_true(fabs(plain.statistic / 100 - 1) < 0.06 && plain.df == 1); /* (0.1 / 0.01)^2 */
    memcpy(replicate[1], replicate[0], REPLICATES * sizeof(double));
    struct status st;
    assert_int_equal(equality_test(&plain, estimate, each, 2, REPLICATES, EQUALITY_PLAIN, &st), STATUS_UNDEFINED);
    assert_true(isnan(plain.p));
    assert_int_equal(equality_test(&plain, estimate, each, 1, REPLICATES, EQUALITY_PLAIN, &st), STATUS_UNDEFINED);
    for (size_t b = 0; b < REPLICATES; b++)
        replicate[1][b] = 0.5;
    assert_false(equality_can_enter(0.5, replicate[1], REPLICATES, EQUALITY_PLAIN));
    assert_false(equality_can_enter(1, replicate[0], REPLICATES, EQUALITY_LOGIT));
    assert_false(equality_can_enter(NAN, replicate[0], REPLICATES, EQUALITY_PLAIN));
    for (size_t g = 0; g < 3; g++)
        free(replicate[g]);
    gsl_rng_free(rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_refusals), cmocka_unit_test(test_is_cochrans_q)};
    gsl_set_error_handler_off(); /* as main does */
    directory = scratch_new();
    int failed = cmocka_run_group_tests_name("subgroup", tests, NULL, NULL);
    scratch_remove(directory);
    return failed;
}
