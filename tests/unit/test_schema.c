/* The tables of report/schema.h: every column of every file has a meaning, every meaning a file, no name stands twice; the columns are those
 * that the writers write. */
#include "unit/scratch.h"

#include "evaluate/casemix.h"
#include "evaluate/external_rows.h"
#include "evaluate/readouts.h"
#include "evaluate/shift.h"
#include "report/compare_rows.h"
#include "report/curve_rows.h"
#include "report/main_table.h"
#include "report/paper_table.h"
#include "report/reporting.h"
#include "report/results.h"
#include "report/schema.h"
#include "report/subgroup_rows.h"

static bool has_column(const struct schema_file *file, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = file->columns; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (!strncmp(at, name, length) && (at[length] == ',' || at[length] == '\0'))
            return true;
    return false;
}

static void test_columns_and_meanings(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SCHEMA_FILES; i++)
        for (const char *at = SCHEMA_FILES[i].columns; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
            char *name = mem_strndup(at, strcspn(at, ","));
            bool known = false;
            for (size_t k = 0; k < N_SCHEMA_COLUMNS && !known; k++)
                known = !strcmp(SCHEMA_COLUMNS[k].name, name) && *SCHEMA_COLUMNS[k].meaning;
            if (!known)
                fail_msg("%s: column '%s' has no meaning", SCHEMA_FILES[i].name, name);
            free(name);
        }
    for (size_t k = 0; k < N_SCHEMA_COLUMNS; k++) {
        bool used = false;
        for (size_t i = 0; i < N_SCHEMA_FILES && !used; i++)
            used = has_column(&SCHEMA_FILES[i], SCHEMA_COLUMNS[k].name);
        if (!used)
            fail_msg("no file has a column '%s'", SCHEMA_COLUMNS[k].name);
        for (size_t j = 0; j < k; j++)
            assert_string_not_equal(SCHEMA_COLUMNS[j].name, SCHEMA_COLUMNS[k].name);
    }
}

static void test_headers(void **state)
{
    (void)state;
    const struct {
        const char *file, *header;
    } written[] = {{"metrics.csv", RESULTS_METRICS_HEADER}, {"path.csv", RESULTS_PATH_HEADER},     {"audit.csv", RESULTS_AUDIT_HEADER},
                   {"cohort.csv", RESULTS_COHORT_HEADER},   {"compare.csv", COMPARE_ROWS_HEADER},  {"ranks.csv", RANK_ROWS_HEADER},
                   {"subgroups.csv", SUBGROUP_ROWS_HEADER}, {"external.csv", EXTERNAL_HEADER},     {"casemix.csv", CASEMIX_HEADER},
                   {"shift.csv", SHIFT_HEADER},             {"readouts.csv", READOUTS_HEADER},     {"reporting.csv", REPORTING_HEADER},
                   {"main_table.csv", MAIN_TABLE_HEADER},   {"paper_table.csv", PAPER_TABLE_HEADER}, {"efficiency.csv", CURVE_ROWS_HEADER},
                   {"efficiency_reach.csv", REACH_ROWS_HEADER}};
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        const struct schema_file *file = schema_of_path(written[i].file);
        assert_non_null(file);
        assert_string_equal(file->columns, written[i].header);
    }
}

static void test_paths(void **state)
{
    (void)state;
    assert_string_equal(schema_of_path("a/b/splits/knee.csv")->name, "splits/TASK.csv");
    assert_string_equal(schema_of_path("predictions/x.csv")->name, "predictions/TASK.csv");
    assert_string_equal(schema_of_path("out/figures/roc.a.b.csv")->name, "figures/roc.TASK.csv");
    assert_string_equal(schema_of_path("embedding.age.csv")->name, "embedding.TASK.csv");
    assert_null(schema_of_path("out/metrics.txt"));
    assert_null(schema_of_path("other/knee.csv"));
    assert_null(schema_of_path(""));
    assert_string_equal(schema_column("score_KL 0-1")->name, "score_*");
    assert_string_equal(schema_column("max_class_12_box")->name, "max_class_*");
    assert_string_equal(schema_column("score")->name, "score");
    assert_null(schema_column("no such column"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_columns_and_meanings), cmocka_unit_test(test_headers), cmocka_unit_test(test_paths)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
