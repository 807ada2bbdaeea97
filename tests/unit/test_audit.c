/* What must be found before a number is computed: leaks, copies, contradictions, empty classes. */
#include "unit/cohort_scratch.h"

#define BINARY "name: t\nkind: binary\nclasses: [{name: \"0\"}, {name: \"1\"}]\n"
#define GRADES "name: t\nkind: ordinal\nclasses: [{name: \"0\"}, {name: \"1\"}, {name: \"2\"}]\n"
#define TABLE "cohort: {table: cohort.csv}\n"

/* Pictures 01.png .. n.png, all different but for copy_of[i]. */
static void pictures(const struct scene *s, unsigned n)
{
    for (unsigned i = 1; i <= n; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%02u.png", i);
        scratch_png(s->directory, name, i);
    }
}

static void copy(const struct scene *s, const char *name, unsigned shade)
{
    scratch_png(s->directory, name, shade);
}

/* Of the only finding of this code about the sample. */
static size_t group_of(const struct cohort *c, const char *check, const char *sample)
{
    for (size_t i = 0; i < c->findings.n; i++)
        if (!strcmp(c->findings.item[i].check, check) && !strcmp(c->findings.item[i].sample, sample))
            return c->findings.item[i].group;
    return SIZE_MAX;
}

static void test_clean_cohort(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, BINARY TABLE);
    pictures(&s, 6);
    scratch_text(s.directory, "cohort.csv", "image,label,patient\n01.png,0,A\n02.png,1,B\n03.png,0,C\n04.png,1,D\n05.png,0,A\n06.png,1,D\n");
    scene_audit(&s);
    assert_int_equal(findings_count(&s.cohort.findings, FINDING_ERROR), 0);
    assert_int_equal(s.cohort.n_units, 4);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "class", "", "2 patients only"), 2);
    struct audit_count count[2];
    audit_counts(count, &s.cohort);
    assert_int_equal(count[0].images[2], 3);
    assert_int_equal(count[0].units[2], 2);
    assert_int_equal(count[1].units[2], 2);
    assert_int_equal(count[1].images[0] + count[1].images[1], 0);
    scene_end(&s);
}

static void test_copies(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, BINARY TABLE);
    pictures(&s, 6);
    copy(&s, "copy_same.png", 1);       /* of patient A: harmless */
    copy(&s, "copy_other.png", 2);      /* of patient B, listed as C's */
    copy(&s, "copy_label.png", 4);      /* other label, same patient */
    copy(&s, "copy_nobody.png", 5);     /* without a patient */
    scratch_text(s.directory, "cohort.csv",
                 "image,label,patient\n01.png,0,A\n02.png,1,B\n03.png,0,C\n04.png,1,D\n05.png,0,E\n06.png,1,F\n"
                 "copy_same.png,0,A\ncopy_other.png,1,C\ncopy_label.png,0,D\ncopy_nobody.png,0,\n");
    scene_audit(&s);
    const struct cohort *c = &s.cohort;
    assert_int_equal(found(c, FINDING_INFO, "duplicate", "copy_same.png", "the same file as '01.png'"), 1);
    assert_int_equal(found(c, FINDING_INFO, "duplicate", "01.png", "copy_same.png"), 1); /* both rows are named */
    assert_int_equal(group_of(c, "duplicate", "01.png"), group_of(c, "duplicate", "copy_same.png"));
    assert_int_not_equal(group_of(c, "duplicate", "01.png"), group_of(c, "duplicate", "02.png"));
    assert_int_equal(found(c, FINDING_WARNING, "duplicate_patient", "copy_other.png", "'02.png', which is of another patient"), 1);
    assert_int_equal(found(c, FINDING_WARNING, "duplicate_patient", NULL, NULL), 2);
    assert_int_equal(found(c, FINDING_ERROR, "contradiction", "copy_label.png", "'04.png', which has another label"), 1);
    assert_int_equal(found(c, FINDING_INFO, "duplicate", "copy_nobody.png", "05.png"), 1);
    assert_int_equal(c->n_units, 5); /* A, B with C, D, E with the copy that names nobody, F */
    assert_int_equal(found(c, FINDING_WARNING, "patients", "copy_nobody.png", "no patient is named"), 1);
    assert_int_equal(found(c, FINDING_ERROR, "contradiction", NULL, NULL), 2); /* the copy and what it copies */
    scene_end(&s);
}

static void test_given_leaks(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, BINARY TABLE);
    s.study.protocol[0] = PROTOCOL_GIVEN;
    pictures(&s, 7);
    copy(&s, "copy.png", 3);
    scratch_text(s.directory, "cohort.csv",
                 "image,label,patient,partition\n01.png,0,A,train\n02.png,1,B,train\n03.png,0,C,val\n04.png,1,D,test\n05.png,0,E,test\n"
                 "06.png,1,A,test\n07.png,0,F,\ncopy.png,0,G,test\n");
    scene_audit(&s);
    const struct cohort *c = &s.cohort;
    assert_int_equal(found(c, FINDING_ERROR, "leak_patient", "06.png", "patient 'A' is in development and in test; this image is in test"), 1);
    assert_int_equal(found(c, FINDING_ERROR, "leak_patient", "01.png", "this image is in development"), 1);
    assert_int_equal(found(c, FINDING_ERROR, "leak_duplicate", "copy.png", "'03.png', which stands in the other partition"), 1);
    assert_int_equal(found(c, FINDING_ERROR, "partition", "07.png", "no partition is given"), 1);
    assert_int_equal(findings_count(&c->findings, FINDING_ERROR), 5);
    struct audit_count count[2];
    audit_counts(count, c);
    assert_int_equal(count[0].images[0], 2);
    assert_int_equal(count[0].images[1], 2);
    assert_int_equal(count[0].images[2], 5); /* and one without a partition */
    assert_int_equal(count[1].units[2], 3);
    s.study.protocol[0] = PROTOCOL_GROUPED; /* partitions do not matter then */
    scene_audit(&s);
    assert_int_equal(found(c, FINDING_ERROR, "leak_patient", NULL, NULL) + found(c, FINDING_ERROR, "leak_duplicate", NULL, NULL), 0);
    scene_end(&s);
}

static void test_many_without_a_partition(void **state)
{
    (void)state;
    struct scene s;
    char text[4096] = "image,label,partition\n";
    scene_begin(&s, BINARY TABLE);
    s.study.protocol[0] = PROTOCOL_GIVEN;
    pictures(&s, 30);
    for (unsigned i = 1; i <= 30; i++) {
        char row[40];
        (void)snprintf(row, sizeof row, "%02u.png,%u,\n", i, i % 2);
        strcat(text, row);
    }
    scratch_text(s.directory, "cohort.csv", text);
    scene_audit(&s);
    assert_int_equal(found(&s.cohort, FINDING_ERROR, "partition", NULL, "no partition is given"), 30);
    scene_end(&s);
}

static void test_one_sided_partition(void **state)
{
    (void)state;
    static const char *const task[] = {BINARY TABLE, GRADES TABLE, ("name: t\nkind: regression\n" TABLE)};
    for (size_t t = 0; t < 3; t++)
        for (int side = 0; side < 2; side++) {
            struct scene s;
            char text[1000] = "image,label,partition\n";
            scene_begin(&s, task[t]);
            s.study.protocol[0] = PROTOCOL_GIVEN;
            pictures(&s, 9);
            for (unsigned i = 1; i <= 9; i++) {
                char row[40];
                (void)snprintf(row, sizeof row, "%02u.png,%u,%s\n", i, i % (t == 0 ? 2 : 3), side ? "test" : "train");
                strcat(text, row);
            }
            scratch_text(s.directory, "cohort.csv", text);
            scene_audit(&s);
            assert_int_equal(found(&s.cohort, FINDING_ERROR, "partition", "", side ? "no image is given to development" : "no image is given to test"), 1);
            scene_end(&s);
        }
}

static void test_classes(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, GRADES TABLE);
    pictures(&s, 6);
    scratch_text(s.directory, "cohort.csv", "image,label,partition\n01.png,0,train\n02.png,1,train\n03.png,0,test\n04.png,1,train\n05.png,0,test\n06.png,1,train\n");
    scene_audit(&s);
    assert_int_equal(found(&s.cohort, FINDING_ERROR, "class", "", "class '2' has no image in the cohort"), 1);
    s.study.protocol[0] = PROTOCOL_GIVEN;
    scene_audit(&s);
    assert_int_equal(found(&s.cohort, FINDING_ERROR, "class", "", "class '2' has no image in development"), 1);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "class", "", "class '1' has no image in test"), 1);
    s.study.n_folds = 4;
    scene_audit(&s);
    assert_int_equal(found(&s.cohort, FINDING_ERROR, "few", "", "6 patients"), 1);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "patients", "", "nothing names the patient"), 1);
    scene_end(&s);
}

static void test_regression_copies(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "name: t\nkind: regression\n" TABLE);
    pictures(&s, 5);
    copy(&s, "copy.png", 1);
    scratch_text(s.directory, "cohort.csv", "image,label\n01.png,1.5\n02.png,2\n03.png,3\n04.png,4\n05.png,5\ncopy.png,1.25\n");
    scene_audit(&s);
    assert_int_equal(found(&s.cohort, FINDING_ERROR, "contradiction", "copy.png", NULL), 1);
    assert_int_equal(s.cohort.n_units, 5);
    scene_end(&s);
}

/* A picture saved anew, in another file of equal pixels, is a copy; its unit is shared. */
static void test_copies_by_pixels(void **state)
{
    (void)state;
    struct scene s;
    static const uint8_t grey[4] = {3, 90, 160, 255};
    char pnm[64] = "P5\n2 2\n255\n", rgb[64] = "P6\n2 2\n255\n", commented[64] = "P5\n# saved anew\n2 2\n255\n";
    size_t n = strlen(pnm), n_commented = strlen(commented);
    memcpy(pnm + n, grey, 4);
    memcpy(commented + n_commented, grey, 4);
    for (size_t i = 0; i < 12; i++)
        rgb[n + i] = (char)grey[i / 3];
    scene_begin(&s, BINARY TABLE);
    pictures(&s, 4);
    free(scratch_write(s.directory, "grey.pgm", pnm, n + 4));
    free(scratch_write(s.directory, "rgb.ppm", rgb, n + 12));
    free(scratch_write(s.directory, "anew.pgm", commented, n_commented + 4));
    scratch_text(s.directory, "cohort.csv", "image,label\n01.png,0\n02.png,1\n03.png,0\n04.png,1\ngrey.pgm,0\nrgb.ppm,1\nanew.pgm,0\n");
    scene_audit(&s);
    const struct cohort *c = &s.cohort;
    assert_int_equal(found(c, FINDING_INFO, "duplicate", NULL, "the same picture in another file"), 3);
    assert_int_equal(found(c, FINDING_ERROR, "contradiction", "rgb.ppm", "which has another label (3 in all)"), 1);
    assert_int_equal(found(c, FINDING_ERROR, "contradiction", NULL, NULL), 3);
    assert_int_equal(c->n_units, 5);
    s.study.accept[audit_code_find("contradiction")] = true;
    scene_audit(&s);
    assert_int_equal(found(c, FINDING_ERROR, "contradiction", NULL, NULL), 0);
    assert_int_equal(found(c, FINDING_ACCEPTED, "contradiction", NULL, NULL), 3);
    assert_int_equal(findings_count(&c->findings, FINDING_ERROR), 0);
    scene_end(&s);
}

static void test_leaks_let_pass(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, BINARY TABLE);
    s.study.protocol[0] = PROTOCOL_GIVEN;
    s.study.n_protocols = 1;
    s.study.allow_leaks = true;
    pictures(&s, 5);
    scratch_text(s.directory, "cohort.csv", "image,label,patient,partition\n01.png,0,A,train\n02.png,1,B,train\n03.png,0,A,test\n04.png,1,C,test\n05.png,1,D,test\n");
    scene_audit(&s);
    assert_int_equal(found(&s.cohort, FINDING_ACCEPTED, "leak_patient", NULL, NULL), 2);
    assert_int_equal(findings_count(&s.cohort.findings, FINDING_ERROR), 0);
    scene_end(&s);
}

/* A picture that its header promises and its data do not hold, and one that is not there: rows are left out, and stop the run or are accepted. */
static void test_broken_and_missing(void **state)
{
    (void)state;
    for (int accepted = 0; accepted < 2; accepted++) {
        struct scene s;
        scene_begin(&s, BINARY TABLE);
        s.study.accept[audit_code_find("missing")] = s.study.accept[audit_code_find("unreadable")] = accepted;
        pictures(&s, 4);
        scratch_text(s.directory, "short.pgm", "P5\n20 20\n255\nx");
        scratch_text(s.directory, "cohort.csv", "image,label\n01.png,0\n02.png,1\n03.png,0\n04.png,1\nshort.pgm,0\ngone.png,1\n");
        scene_audit(&s);
        enum severity severity = accepted ? FINDING_ACCEPTED : FINDING_ERROR;
        assert_int_equal(found(&s.cohort, severity, "unreadable", "short.pgm", NULL), 1);
        assert_int_equal(found(&s.cohort, severity, "missing", "gone.png", NULL), 1);
        assert_int_equal(findings_count(&s.cohort.findings, FINDING_ERROR), accepted ? 0 : 2);
        assert_int_equal(s.cohort.n, 4);
        scene_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_clean_cohort), cmocka_unit_test(test_copies), cmocka_unit_test(test_given_leaks),
                                       cmocka_unit_test(test_many_without_a_partition), cmocka_unit_test(test_one_sided_partition),
                                       cmocka_unit_test(test_classes),      cmocka_unit_test(test_regression_copies),
                                       cmocka_unit_test(test_copies_by_pixels), cmocka_unit_test(test_leaks_let_pass),
                                       cmocka_unit_test(test_broken_and_missing)};
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
