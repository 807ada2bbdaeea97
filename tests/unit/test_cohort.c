/* From tables and folders to samples: nothing is dropped in silence, order of rows does not show. */
#include "unit/cohort_scratch.h"

#define BINARY "name: t\nkind: binary\nclasses: [{name: \"no, none\", values: [\"0\"]}, {name: \"yes \\\"x\\\"\", values: [\"1\", \"a,b\"]}]\n"
#define TABLE "cohort: {table: cohort.csv}\n"

static void test_table(void **state)
{
    (void)state;
    struct scene s;
    struct status st;
    scene_begin(&s, BINARY TABLE);
    scratch_text(s.directory, "cohort.csv", "\xef\xbb\xbfimage,label,patient,site,partition\r\nb.png,1,P2,S1,train\r\n\"a,1.png\",\"a,b\",P1,,test\r\n"
                                            "c.png,0.0,,S2,\r\nd.png,0,P1,S1,exclude\r\n");
    if (scene_load(&s, &st))
        fail_msg("%s", st.text);
    const struct cohort *c = &s.cohort;
    assert_int_equal(c->n, 3);
    assert_int_equal(c->n_rows, 4);
    assert_string_equal(c->sample[0].id, "a,1.png");
    assert_int_equal(c->sample[0].label, 1);
    assert_int_equal(c->sample[0].line, 3);
    assert_int_equal(c->sample[0].partition, PARTITION_TEST);
    assert_null(c->sample[0].site);
    assert_string_equal(c->sample[1].patient, "P2");
    assert_null(c->sample[2].patient);
    assert_int_equal(c->sample[2].partition, PARTITION_NONE);
    assert_true(c->has_patients && c->has_sites && c->has_partitions);
    assert_int_equal(found(c, FINDING_EXCLUDED, "partition", "d.png", NULL), 1);
    scene_end(&s);
}

static void test_bad_labels(void **state)
{
    (void)state;
    for (int skip_them = 0; skip_them < 2; skip_them++) {
        struct scene s;
        struct status st;
        enum severity severity = skip_them ? FINDING_EXCLUDED : FINDING_ERROR;
        scene_begin(&s, BINARY TABLE);
        s.study.skip_bad_labels = skip_them;
        scratch_text(s.directory, "cohort.csv", "image,label\na.png,0\nb.png,2\nc.png,\nd.png,nan\ne.png,O\n");
        assert_int_equal(scene_load(&s, &st), STATUS_OK);
        assert_int_equal(s.cohort.n, 1);
        assert_int_equal(s.cohort.n_rows, 5);
        assert_int_equal(found(&s.cohort, severity, "label", NULL, NULL), 4);
        assert_int_equal(found(&s.cohort, severity, "label", "e.png", "label 'O' belongs to no class"), 1);
        scene_end(&s);
        scene_begin(&s, "name: t\nkind: regression\n" TABLE);
        s.study.skip_bad_labels = skip_them;
        scratch_text(s.directory, "cohort.csv", "image,label\na.png,12.5\nb.png,NaN\nc.png,nan\nd.png,inf\ne.png,\nf.png,1O\ng.png,0x10\nh.png,\"1,5\"\n");
        assert_int_equal(scene_load(&s, &st), STATUS_OK);
        assert_int_equal(s.cohort.n, 1);
        assert_true(s.cohort.sample[0].target == 12.5);
        assert_int_equal(found(&s.cohort, severity, "label", NULL, "is not a number"), 7);
        scene_end(&s);
    }
}

static void test_tables_refused(void **state)
{
    (void)state;
    static const struct {
        const char *task, *text, *says;
    } bad[] = {
        {BINARY TABLE, "image,lable\na.png,1\n", "task 't'"},
        {BINARY TABLE, "image,lable\na.png,1\n", "cohort.csv:1: no column 'label'; there are: image, lable"},
        {BINARY TABLE, "img,label\na.png,1\n", "no column 'image'"},
        {BINARY TABLE, "image,label\na.png,1,2\n", "cohort.csv:2: 3 fields"},
        {BINARY TABLE, "image,label,label\na.png,1,1\n", "appears twice"},
        {BINARY TABLE, "", "empty"},
        {BINARY "cohort: {table: cohort.csv, patient: subject}\n", "image,label\na.png,1\n", "no column 'subject'"},
        {BINARY "cohort: {table: cohort.csv, image: [\"{id}.png\"]}\n", "image,label\na.png,1\n", "no column 'id'"},
        {BINARY "cohort: {table: cohort.csv, image: [\"{image\"]}\n", "image,label\na.png,1\n", "'{' without '}'"},
        {BINARY "cohort: {table: cohort.csv, exclude: [{column: x, values: [\"1\"]}]}\n", "image,label\na.png,1\n", "no column 'x'"},
        {BINARY "cohort: {table: gone.csv}\n", "", "gone.csv"},
        {BINARY "cohort: {folders: [{path: gone}]}\n", "", "gone"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct scene s;
        struct status st = {0};
        scene_begin(&s, bad[i].task);
        scratch_text(s.directory, "cohort.csv", bad[i].text);
        if (!scene_load(&s, &st))
            fail_msg("case %zu was taken", i);
        assert_text(st.text, bad[i].says);
        scene_end(&s);
    }
}

static void test_header_only(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, BINARY TABLE);
    scratch_text(s.directory, "cohort.csv", "image,label\n");
    scene_audit(&s);
    assert_int_equal(s.cohort.n, 0);
    assert_int_equal(found(&s.cohort, FINDING_ERROR, "empty", "", "0 rows seen"), 1);
    scene_end(&s);
}

static void test_repeated_and_partition_words(void **state)
{
    (void)state;
    struct scene s;
    struct status st;
    scene_begin(&s, BINARY TABLE);
    scratch_text(s.directory, "cohort.csv", "image,label,partition\na.png,1,val\nb.png,0,Train\na.png,0,training\nc.png,1,testing\n");
    assert_int_equal(scene_load(&s, &st), STATUS_OK);
    assert_int_equal(found(&s.cohort, FINDING_ERROR, "repeated", "a.png", "line 2"), 1);
    assert_int_equal(found(&s.cohort, FINDING_ERROR, "partition", "b.png", "partition 'Train'"), 1);
    assert_int_equal(s.cohort.n, 3);
    scene_end(&s);
}

static void test_exclusion_rule_and_patterns(void **state)
{
    (void)state;
    struct scene s;
    struct status st;
    scene_begin(&s, BINARY "cohort: {table: cohort.csv, label: y, patient: p, image: [\"x/{id}.png\", \"y/{id}.png\"], "
                           "exclude: [{column: unsure, values: [\"1\", \"?\"]}]}\n");
    scratch_png(s.directory, "y/2.png", 1);
    scratch_text(s.directory, "cohort.csv", "id,y,p,unsure\n1,0,A,0\n2,1,A,0\n3,1,B,?\n4,1,B,1\n5,1,B,1.0\n");
    assert_int_equal(scene_load(&s, &st), STATUS_OK);
    assert_int_equal(s.cohort.n, 2);
    assert_int_equal(s.cohort.n_rows, 5);
    assert_string_equal(s.cohort.sample[0].id, "x/1.png"); /* nowhere: the first pattern */
    assert_string_equal(s.cohort.sample[1].id, "y/2.png");
    assert_int_equal(found(&s.cohort, FINDING_EXCLUDED, "rule", NULL, "unsure is '"), 3); /* 1.0 is 1 */
    scene_end(&s);
}

static void test_folders(void **state)
{
    (void)state;
    struct scene s;
    struct status st;
    scene_begin(&s, BINARY "cohort:\n  folders: [{path: train, partition: train}, {path: test, partition: test}]\n  patient_pattern: \"^([0-9]*)\"\n");
    scratch_png(s.directory, "train/0/12L.png", 1);
    scratch_png(s.directory, "train/1/12R.PNG", 2);
    scratch_png(s.directory, "train/1/xL.png", 3); /* the group may be empty: nobody is named */
    scratch_png(s.directory, "train/1/yL.png", 4);
    scratch_png(s.directory, "test/a,b/13L.png", 5);
    scratch_text(s.directory, "train/1/notes.txt", "x");
    scratch_text(s.directory, "train/1/.DS_Store", "x");
    scratch_text(s.directory, "train/readme", "x");
    scratch_png(s.directory, "train/2/14L.png", 6);
    if (scene_load(&s, &st))
        fail_msg("%s", st.text);
    const struct cohort *c = &s.cohort;
    assert_int_equal(c->n, 5);
    assert_string_equal(c->sample[0].id, "test/a,b/13L.png");
    assert_int_equal(c->sample[0].partition, PARTITION_TEST);
    assert_string_equal(c->sample[1].patient, "12");
    assert_string_equal(c->sample[2].patient, "12");
    assert_null(c->sample[3].patient);
    assert_null(c->sample[4].patient);
    assert_int_equal(found(c, FINDING_INFO, "ignored", "train/1/notes.txt", NULL), 1);
    assert_int_equal(found(c, FINDING_INFO, "ignored", "readme", NULL), 1);
    assert_int_equal(found(c, FINDING_ERROR, "label", "2", NULL), 1);
    scene_end(&s);
}

/* Missing, a folder, an empty file, junk, cut short, unreadable by permission: a reason each. */
static void bad_pictures(bool skip_bad, bool skip_missing)
{
    struct scene s;
    scene_begin(&s, BINARY TABLE);
    s.study.skip_bad_images = skip_bad;
    s.study.skip_missing_images = skip_missing;
    scratch_png(s.directory, "ok1.png", 1);
    scratch_png(s.directory, "ok2.png", 2);
    scratch_png(s.directory, "folder.png/inside.png", 2);
    scratch_text(s.directory, "empty.png", "");
    scratch_text(s.directory, "junk.png", "not a picture");
    scratch_png(s.directory, "locked.png", 3);
    unsigned char *data;
    size_t size;
    struct status st;
    char *path = path_join(s.directory, "ok1.png"), *locked = path_join(s.directory, "locked.png");
    assert_int_equal(file_read(&data, &size, path, 0, &st), STATUS_OK);
    free(scratch_write(s.directory, "cut.png", data, size / 2));
    free(data);
    free(path);
    assert_int_equal(chmod(locked, 0), 0);
    free(locked);
    scratch_text(s.directory, "cohort.csv",
                 "image,label\nok1.png,0\nok2.png,1\nfolder.png,1\nempty.png,0\njunk.png,1\ncut.png,0\ngone.png,1\nlocked.png,1\n,0\n");
    scene_audit(&s);
    const struct cohort *c = &s.cohort;
    enum severity bad = skip_bad ? FINDING_EXCLUDED : FINDING_ERROR, missing = skip_missing ? FINDING_EXCLUDED : FINDING_ERROR;
    static const char *const unreadable[] = {"folder.png", "empty.png", "junk.png", "cut.png", ""};
    for (size_t i = 0; i < sizeof unreadable / sizeof *unreadable; i++)
        if (found(c, bad, "unreadable", unreadable[i], NULL) != 1)
            fail_msg("'%s' has no finding", unreadable[i]);
    assert_int_equal(found(c, bad, "unreadable", "folder.png", "not a regular file"), 1);
    assert_int_equal(found(c, missing, "missing", "gone.png", "no such file"), 1);
    if (geteuid() == 0) {
        print_message("skipped in part: root reads files of any permission\n");
        assert_int_equal(c->n, 3);
    } else {
        assert_int_equal(found(c, bad, "unreadable", "locked.png", "Permission denied"), 1);
        assert_int_equal(c->n, 2);
    }
    assert_string_equal(c->sample[c->n - 2].id, "ok1.png");
    assert_int_equal(c->n_rows, 9);
    scene_end(&s);
}

static void test_bad_pictures(void **state)
{
    (void)state;
    bad_pictures(false, false);
    bad_pictures(true, false);
    bad_pictures(true, true);
}

/* Rows in any order give the same samples and the same units. */
static void test_order_of_rows(void **state)
{
    (void)state;
    static const char *const row[] = {"i3.png,1,P2", "i1.png,0,", "i2.png,1,P10", "i5.png,0,P2", "i4.png,0,", "i6.png,1,"};
    struct scene s;
    uint32_t unit[6];
    scene_begin(&s, BINARY TABLE);
    for (unsigned i = 1; i <= 6; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "i%u.png", i);
        scratch_png(s.directory, name, i == 4 ? 1 : i); /* 4 is a copy of 1 */
    }
    for (size_t turn = 0; turn < 6; turn++) {
        char text[400] = "image,label,patient\n";
        for (size_t i = 0; i < 6; i++) {
            strcat(text, row[(i * 5 + turn) % 6]);
            strcat(text, "\n");
        }
        scratch_text(s.directory, "cohort.csv", text);
        scene_audit(&s);
        assert_int_equal(s.cohort.n_units, 4); /* P10, P2, the two copies, i6 */
        for (size_t i = 0; i < 6; i++) {
            assert_int_equal(s.cohort.sample[i].id[1], '1' + (int)i);
            if (turn)
                assert_int_equal(s.cohort.sample[i].unit, unit[i]);
            unit[i] = s.cohort.sample[i].unit;
        }
        assert_int_equal(unit[0], unit[3]);
        assert_int_equal(unit[2], unit[4]);
        assert_int_equal(unit[1], 0);
        assert_int_equal(unit[2], 1);
    }
    scene_end(&s);
}

static void test_survey_of_nothing(void **state)
{
    (void)state;
    struct survey survey;
    struct status st;
    assert_int_equal(survey_make(&survey, NULL, 0, 2, true, &st), STATUS_OK);
    assert_int_equal(survey.n, 0);
    survey_free(&survey);
    survey_free(&survey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table),          cmocka_unit_test(test_bad_labels),
                                       cmocka_unit_test(test_tables_refused), cmocka_unit_test(test_header_only),
                                       cmocka_unit_test(test_repeated_and_partition_words), cmocka_unit_test(test_exclusion_rule_and_patterns),
                                       cmocka_unit_test(test_folders),        cmocka_unit_test(test_bad_pictures),
                                       cmocka_unit_test(test_order_of_rows),  cmocka_unit_test(test_survey_of_nothing)};
    return cmocka_run_group_tests_name("cohort", tests, NULL, NULL);
}
