/* Protocol official on the study's own way: a task and a table in, scikit-learn's indices out (the reference sets under
 * $GOLDEN, where they are there), whatever names the images have; and the mean and SD of its folds. */
#include "unit/cohort_scratch.h"

#include <math.h>

#include "base/number.h"
#include "base/table.h"
#include "evaluate/cell_official.h"
#include "evaluate/partitions.h"

/* ---- the reference sets ---- */

struct reference {
    char *directory;
    struct table samples, trainval;
    size_t n;
    bool has_label, has_patient, quirk;
};

static bool read_table(struct table *t, const char *directory, const char *name)
{
    struct status st;
    char *path = path_join(directory, name);
    bool there = file_exists(path);
    *t = (struct table){0};
    if (there && table_read(t, path, &st))
        fail_msg("%s", st.text);
    free(path);
    return there;
}

static int64_t cell(const struct table *t, size_t row, const char *column)
{
    size_t c;
    int64_t value = -1;
    struct status st;
    if (table_column(t, column, &c, &st))
        fail_msg("%s", st.text);
    assert_true(number_parse_int(table_cell(t, row, c), &value));
    return value;
}

static const char *patient_of(const struct reference *r, size_t row)
{
    size_t c;
    struct status st;
    assert_int_equal(table_column(&r->samples, "patient_id", &c, &st), STATUS_OK);
    return table_cell(&r->samples, row, c);
}

/* A task whose classes are the labels that occur, ascending; others, that have no rows, where these are fewer than three. */
static char *task_of(const struct reference *r, const char *order)
{
    char *text = NULL;
    size_t size;
    bool seen[64] = {false};
    FILE *f = open_memstream(&text, &size);
    fprintf(f, "name: t\nkind: %s\n", r->has_label ? "multiclass" : "regression");
    for (size_t i = 0; r->has_label && i < r->n; i++) {
        int64_t label = cell(&r->samples, i, "label") + 32;
        assert_in_range(label, 0, 63);
        seen[label] = true;
    }
    size_t n = 0;
    for (int k = 0; k < 64; k++)
        if (seen[k])
            fprintf(f, "%s{name: \"%d\"}", n++ ? ", " : "classes: [", k - 32);
    for (size_t others = n; n && others < 3; others++)
        fprintf(f, ", {name: other%zu}", others);
    fprintf(f, "%scohort: {table: cohort.csv}\nofficial: {order: %s%s}\n", n ? "]\n" : "", order, r->quirk ? ", split: image, quirk: pesplanus" : "");
    fclose(f);
    return text;
}

/* Images named so that they sort as the rows do, or not at all as they do. */
static size_t name_of(size_t row, bool sorted)
{
    return sorted ? row : row * 7919 % 1000003;
}

/* Row i of the reference is the cohort's row i; or where its order is that of names, some other. */
static void write_cohort(const struct reference *r, const char *directory, bool sorted)
{
    char *text = NULL;
    size_t size, stride = sorted ? 7919 : 1;
    FILE *f = open_memstream(&text, &size);
    fprintf(f, "image,label%s\n", r->has_patient ? ",patient" : "");
    for (size_t i = 0; i < r->n; i++) {
        size_t row = i * stride % r->n;
        fprintf(f, "%07zu_%zu.png,%ld", name_of(row, sorted), row, r->has_label ? (long)cell(&r->samples, row, "label") : (long)(row * 37 % 101));
        if (r->has_patient)
            fprintf(f, ",%s", patient_of(r, row));
        fputc('\n', f);
    }
    fclose(f);
    scratch_text(directory, "cohort.csv", text);
    free(text);
}

static void number_pictures(struct scene *s)
{
    s->survey = (struct survey){.picture = NEW0(s->cohort.n, struct picture), .n = s->cohort.n};
    for (size_t i = 0; i < s->cohort.n; i++) {
        s->cohort.sample[i].picture = i;
        digest_bytes(s->survey.picture[i].digest, &i, sizeof i);
    }
    cohort_number_units(&s->cohort, &s->survey);
    survey_free(&s->survey);
}

static void compare(const struct reference *r, bool sorted)
{
    struct scene s;
    struct partitions p;
    struct status st;
    char *task = task_of(r, sorted ? "sorted" : "table");
    scene_begin(&s, task);
    free(task);
    s.study.n_folds = 3; /* no matter */
    write_cohort(r, s.directory, sorted);
    if (scene_load(&s, &st))
        fail_msg("%s: %s", r->directory, st.text);
    number_pictures(&s);
    if (partitions_make(&p, &s.cohort, &s.study, PROTOCOL_OFFICIAL, &st))
        fail_msg("%s: %s", r->directory, st.text);
    int64_t *expected = NEW(r->n, int64_t); /* fold; -1: test */
    for (size_t i = 0; i < r->n; i++)
        expected[i] = -1;
    for (size_t i = 0; i < r->trainval.n_rows; i++)
        expected[cell(&r->trainval, i, "index")] = cell(&r->trainval, i, "fold");
    assert_int_equal(p.n_folds, 5);
    assert_int_equal(p.n_development, r->trainval.n_rows);
    assert_int_equal(p.n_test, r->n - r->trainval.n_rows);
    for (size_t i = 0; i < p.n_development; i++) {
        size_t row = strtoul(strchr(s.cohort.sample[p.development[i]].id, '_') + 1, NULL, 10);
        assert_true(i == 0 || p.development[i] > p.development[i - 1]);
        if (expected[row] != (int64_t)p.fold[i])
            fail_msg("%s, %s: row %zu validates in fold %u, not %ld", r->directory, sorted ? "sorted" : "table", row, p.fold[i], (long)expected[row]);
    }
    for (size_t i = 0; i < p.n_test; i++) {
        size_t row = strtoul(strchr(s.cohort.sample[p.test[i]].id, '_') + 1, NULL, 10);
        assert_true(i == 0 || p.test[i] > p.test[i - 1]);
        assert_int_equal(expected[row], -1);
    }
    free(expected);
    partitions_free(&p);
    scene_end(&s);
}

/* Folds of a reference set; false where it has none. */
static bool compare_set(const char *directory, const char *folds, bool quirk)
{
    struct reference r = {.directory = (char *)directory, .quirk = quirk};
    struct table test;
    bool there = read_table(&r.trainval, directory, folds);
    if (!there)
        return false;
    if (read_table(&r.samples, directory, "samples.csv")) {
        r.n = r.samples.n_rows;
        r.has_label = table_has(&r.samples, "label");
        r.has_patient = table_has(&r.samples, "patient_id");
    } else { /* only how many */
        assert_true(read_table(&test, directory, "pipeline_test.csv"));
        r.n = r.trainval.n_rows + test.n_rows;
        table_free(&test);
    }
    compare(&r, false);
    compare(&r, true);
    table_free(&r.samples);
    table_free(&r.trainval);
    return true;
}

static void compare_section(const char *section, size_t least)
{
    const char *golden = getenv("GOLDEN") ? getenv("GOLDEN") : "../shared/golden";
    char *stats = path_join(golden, "stats"), *folder = path_join(stats, section);
    struct file_list cases;
    struct status st;
    size_t n = 0;
    free(stats);
    if (!file_is_directory(folder) || file_list_directory(&cases, folder, &st)) {
        print_message("skipped: no reference sets at '%s'\n", folder);
        free(folder);
        skip();
    }
    for (size_t i = 0; i < cases.n; i++) {
        char *directory = path_join(folder, cases.name[i]);
        /* A study's classes are 0 and 1 whatever they are called, the script's labels 1 and 2 here: it then takes a patient's
         * first label, not its largest.  None of the tasks is like that. */
        if (strcmp(cases.name[i], "labels_1_2") != 0)
            n += compare_set(directory, "pipeline_trainval.csv", false);
        (void)compare_set(directory, "pipeline_pesplanus_trainval.csv", true);
        free(directory);
    }
    if (n < least)
        fail_msg("only %zu sets with folds in '%s'", n, folder);
    file_list_free(&cases);
    free(folder);
}

static void test_by_image(void **state)
{
    (void)state;
    compare_section("a_splits", 20);
}

static void test_by_patient(void **state)
{
    (void)state;
    compare_section("a_groups", 9);
}

/* ---- the task's rules ---- */

#define TASK "name: t\nkind: binary\nclasses: [{name: \"0\"}, {name: \"1\"}]\ncohort: {table: cohort.csv}\n"
#define PLACED "a.yaml:5: "

static void test_rules(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {{TASK "official: {split: patients}\n", PLACED "official/split is 'patients'; expected one of: image, patient"},
               {TASK "official: {folds: grouped}\n", PLACED "official/folds is 'grouped'; expected one of: stratified, plain"},
               {TASK "official: {order: disk}\n", PLACED "official/order is 'disk'; expected one of: table, sorted"},
               {TASK "official: {quirk: mura}\n", PLACED "official/quirk is 'mura'; expected one of: none, pesplanus"},
               {TASK "official: {quirk: pesplanus, split: patient}\n", PLACED "the quirk of pes planus"},
               {TASK "official: {quirk: pesplanus, folds: plain}\n", PLACED "the quirk of pes planus"},
               {TASK "official: {seed: 1}\n", PLACED "unknown key 'seed'; expected one of: split, folds, order, quirk, note"},
               {"name: t\nkind: regression\ncohort: {table: cohort.csv}\nofficial: {folds: stratified}\n", "a.yaml:4: a regression has no classes"}};
    struct task *task;
    struct status st;
    char *directory = scratch_new(); /* lines are looked up in the file */
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *path = scratch_write(directory, "a.yaml", bad[i].text, strlen(bad[i].text));
        if (task_load(&task, path, &st) == STATUS_OK)
            fail_msg("taken: %s", bad[i].text);
        assert_text(st.text, bad[i].says);
        free(path);
    }
    static const char plain[] = TASK, said[] = TASK "official: {split: image, folds: plain, order: sorted, note: never published}\n";
    assert_int_equal(task_parse(&task, "a.yaml", (const unsigned char *)plain, sizeof plain - 1, &st), STATUS_OK);
    assert_true(task->official.split == OFFICIAL_SPLIT_DEFAULT && task->official.folds == OFFICIAL_FOLDS_STRATIFIED &&
                task->official.order == OFFICIAL_ORDER_TABLE && task->official.quirk == OFFICIAL_QUIRK_NONE && !task->official.note);
    task_free(task);
    assert_int_equal(task_parse(&task, "a.yaml", (const unsigned char *)said, sizeof said - 1, &st), STATUS_OK);
    assert_true(task->official.split == OFFICIAL_SPLIT_IMAGE && task->official.folds == OFFICIAL_FOLDS_PLAIN &&
                task->official.order == OFFICIAL_ORDER_SORTED);
    assert_string_equal(task->official.note, "never published");
    task_free(task);
    scratch_remove(directory);
}

/* By patient where one is named, unless the task says images. */
static void test_unit_of_the_test_set(void **state)
{
    (void)state;
    static const char *const task[] = {TASK, TASK "official: {split: patient}\n", TASK "official: {split: image}\n"};
    for (size_t k = 0; k < 3; k++) {
        struct scene s;
        struct partitions p;
        struct status st;
        char text[8192] = "image,label,patient\n";
        scene_begin(&s, task[k]);
        for (int i = 0; i < 200; i++)
            (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%03d.png,%d,P%02d\n", i, i % 3 == 0, i / 4);
        scratch_text(s.directory, "cohort.csv", text);
        assert_int_equal(scene_load(&s, &st), STATUS_OK);
        number_pictures(&s);
        assert_int_equal(partitions_make(&p, &s.cohort, &s.study, PROTOCOL_OFFICIAL, &st), STATUS_OK);
        size_t on_both = 0;
        for (size_t i = 0; i < p.n_test; i++)
            for (size_t j = 0; j < p.n_development; j++)
                on_both += s.cohort.sample[p.test[i]].unit == s.cohort.sample[p.development[j]].unit;
        assert_int_equal(p.n_test, 20);
        assert_true((on_both > 0) == (k == 2));
        partitions_free(&p);
        for (size_t i = 0; i < s.cohort.n; i++) {
            free(s.cohort.sample[i].patient);
            s.cohort.sample[i].patient = NULL;
        }
        s.cohort.has_patients = false;
        int code = partitions_make(&p, &s.cohort, &s.study, PROTOCOL_OFFICIAL, &st);
        assert_int_equal(code, k == 1 ? STATUS_DATA : STATUS_OK);
        if (code)
            assert_text(st.text, "nothing names the patient");
        partitions_free(&p);
        scene_end(&s);
    }
}

static void test_summary(void **state)
{
    (void)state;
    double mean, sd;
    official_summary(&mean, &sd, (const double[]){2, 4, 4, 4, 5, 5, 7, 9}, 8);
    assert_true(mean == 5 && sd == 2);
    official_summary(&mean, &sd, (const double[]){0.25, 0.25, 0.25}, 3);
    assert_true(mean == 0.25 && sd == 0);
    official_summary(&mean, &sd, (const double[]){1, NAN, 1}, 3);
    assert_true(isnan(mean) && isnan(sd));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_image), cmocka_unit_test(test_by_patient), cmocka_unit_test(test_rules),
                                       cmocka_unit_test(test_unit_of_the_test_set), cmocka_unit_test(test_summary)};
    return cmocka_run_group_tests_name("official", tests, NULL, NULL);
}
