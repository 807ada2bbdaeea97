/* The report files: columns as README lists them, rows as wide as the header, NA and quotes as promised. */
#include "unit/scratch.h"

#include <math.h>

#include "base/table.h"
#include "evaluate/cell.h"
#include "report/results.h"

/* The columns README gives for a file: what stands in the second pair of backticks of its line; NULL if it has none. */
static char *documented(const char *section, const char *file)
{
    char *quoted = mem_printf("`%s`", file);
    const char *at = strstr(section, quoted), *begin = at ? strchr(at + strlen(quoted), '`') : NULL;
    const char *end = begin ? strchr(begin + 1, '`') : NULL, *line_end = at ? strchr(at, '\n') : NULL;
    free(quoted);
    return end && (!line_end || end < line_end) ? mem_strndup(begin + 1, (size_t)(end - begin) - 1) : NULL;
}

static void test_readme(void **state)
{
    (void)state;
    const char *path = getenv("README") ? getenv("README") : "README.md";
    unsigned char *data;
    size_t size;
    struct status st;
    if (!file_exists(path) || file_read(&data, &size, path, 0, &st)) {
        print_message("skipped: no file '%s'\n", path);
        skip();
    }
    char *section = strstr((char *)data, "\n## Report files");
    if (!section) {
        free(data);
        print_message("skipped: '%s' has no section `## Report files`\n", path);
        skip();
    }
    char *end = strstr(section + 1, "\n## ");
    if (end)
        *end = '\0';
    static const char task_text[] = "name: t\nkind: regression\ncohort: {table: a.csv}\n";
    struct task *task;
    assert_int_equal(task_parse(&task, "t.yaml", (const unsigned char *)task_text, sizeof task_text - 1, &st), STATUS_OK);
    char *predictions = cell_predictions_header(task);
    const struct {
        const char *file, *header;
    } files[] = {{"metrics.csv", RESULTS_METRICS_HEADER}, {"path.csv", RESULTS_PATH_HEADER},       {"audit.csv", RESULTS_AUDIT_HEADER},
                 {"cohort.csv", RESULTS_COHORT_HEADER},   {"splits/TASK.csv", RESULTS_SPLITS_HEADER}, {"predictions/TASK.csv", predictions}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *columns = documented(section, files[i].file);
        if (!columns)
            fail_msg("'%s' says nothing of %s", path, files[i].file);
        assert_string_equal(columns, files[i].header);
        free(columns);
    }
    free(predictions);
    task_free(task);
    free(data);
}

static void check_cells(const struct table *t, size_t row, const char *const *expected)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (strcmp(table_cell(t, row, i), expected[i]) != 0)
            fail_msg("row %zu, column %s: '%s', not '%s'", row, t->header[i], table_cell(t, row, i), expected[i]);
}

static void read_back(struct table *t, const char *directory, const char *name)
{
    struct status st;
    char *path = path_join(directory, name);
    if (table_read(t, path, &st))
        fail_msg("%s", st.text);
    free(path);
}

static void test_metric_rows(void **state)
{
    (void)state;
    char *directory = scratch_new(), *deep = path_join(directory, "made/here");
    struct outfile out;
    struct status st;
    struct table t;
    struct metric_row row = {.cell = {"s", "t", "grouped", "m", "cls", "linear", "skelex", "fp32"}, .partition = "test", .metric = "auroc", .n = 10, .n_patients = 7, .value = 0.1 + 0.2,
                             .low = 0.25, .high = 0.5, .level = 0.95, .method = "percentile bootstrap by patient", .replicates = 2000,
                             .undefined_replicates = 3, .reason = ""};
    assert_int_equal(results_open_metrics(&out, deep, &st), STATUS_OK);
    results_write_metric(&out, &row);
    row.low = row.high = NAN;
    row.reason = "too few, \"defined\" replicates";
    results_write_metric(&out, &row);
    row.value = NAN;
    row.method = "";
    row.reason = "one class\nis absent";
    row.cell.model = "a,b";
    results_write_metric(&out, &row);
    row = (struct metric_row){.cell = row.cell, .partition = "test", .metric = "auroc_sd", .n = 10, .n_patients = 7, .value = 0.25,
                              .method = "population SD of 5 folds", .reason = "no interval"};
    row.cell.protocol = "official";
    results_write_metric(&out, &row);
    assert_int_equal(outfile_commit(&out, &st), STATUS_OK);
    read_back(&t, deep, "metrics.csv");
    assert_int_equal(t.n_rows, 4);
    static const char *const expected[4][20] = {
        {"s", "t", "grouped", "m", "cls", "linear", "skelex", "fp32", "test", "auroc", "10", "7", "0.30000000000000004", "0.25", "0.5", "0.95", "percentile bootstrap by patient", "2000", "3", ""},
        {"s", "t", "grouped", "m", "cls", "linear", "skelex", "fp32", "test", "auroc", "10", "7", "0.30000000000000004", "NA", "NA", "0.95", "percentile bootstrap by patient", "2000", "3",
         "too few, \"defined\" replicates"},
        {"s", "t", "grouped", "a,b", "cls", "linear", "skelex", "fp32", "test", "auroc", "10", "7", "NA", "", "", "", "", "", "", "one class\nis absent"},
        {"s", "t", "official", "a,b", "cls", "linear", "skelex", "fp32", "test", "auroc_sd", "10", "7", "0.25", "", "", "", "population SD of 5 folds", "", "", "no interval"}};
    assert_int_equal(t.n_columns, 20);
    for (size_t i = 0; i < 4; i++)
        check_cells(&t, i, expected[i]);
    table_free(&t);
    free(deep);
    scratch_remove(directory);
}

static void test_path_rows(void **state)
{
    (void)state;
    char *directory = scratch_new();
    struct outfile out;
    struct status st;
    struct table t;
    struct path_row row = {.cell = {"s", "t", "grouped", "m", "cls", "linear", "skelex", "fp32"}, .criterion = "auroc", .parameter = "C", .value = 1e-6, .fold = -1, .score = NAN,
                           .chosen = 1, .edge = 0};
    assert_int_equal(results_open_path(&out, directory, &st), STATUS_OK);
    results_write_path(&out, &row);
    row.fold = 0;
    row.score = 0.75;
    row.chosen = row.edge = -1;
    results_write_path(&out, &row);
    row.fold = 1;
    row.chosen = row.edge = 1;
    results_write_path(&out, &row);
    assert_int_equal(outfile_commit(&out, &st), STATUS_OK);
    read_back(&t, directory, "path.csv");
    static const char *const expected[3][15] = {{"s", "t", "grouped", "m", "cls", "linear", "skelex", "fp32", "auroc", "C", "1e-06", "mean", "NA", "1", "0"},
                                                {"s", "t", "grouped", "m", "cls", "linear", "skelex", "fp32", "auroc", "C", "1e-06", "1", "0.75", "", ""},
                                                {"s", "t", "grouped", "m", "cls", "linear", "skelex", "fp32", "auroc", "C", "1e-06", "2", "0.75", "1", "1"}};
    assert_int_equal(t.n_columns, 15);
    for (size_t i = 0; i < 3; i++)
        check_cells(&t, i, expected[i]);
    table_free(&t);
    scratch_remove(directory);
}

static void test_headers_are_tables(void **state)
{
    (void)state;
    const char *const header[] = {RESULTS_METRICS_HEADER, RESULTS_PATH_HEADER, RESULTS_AUDIT_HEADER, RESULTS_COHORT_HEADER, RESULTS_SPLITS_HEADER};
    for (size_t i = 0; i < sizeof header / sizeof *header; i++) {
        struct table t;
        struct status st;
        if (table_parse(&t, "header", (const unsigned char *)header[i], strlen(header[i]), &st)) /* refuses repeated names */
            fail_msg("%s", st.text);
        table_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_readme), cmocka_unit_test(test_metric_rows), cmocka_unit_test(test_path_rows),
                                       cmocka_unit_test(test_headers_are_tables)};
    return cmocka_run_group_tests_name("results", tests, NULL, NULL);
}
