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
    assert_int_equal(found(c, FINDING_INFO, "duplicate", "copy_same.png", "01.png"), 1);
    assert_int_equal(found(c, FINDING_WARNING, "duplicate", "copy_other.png", "patient 'B' as '02.png' and to 'C'"), 1);
    assert_int_equal(found(c, FINDING_WARNING, "contradiction", "copy_label.png", "04.png"), 1);
    assert_int_equal(found(c, FINDING_INFO, "duplicate", "copy_nobody.png", "05.png"), 1);
    assert_int_equal(c->n_units, 5); /* A, B with C, D, E with the copy that names nobody, F */
    assert_int_equal(found(c, FINDING_WARNING, "patients", "copy_nobody.png", "no patient is named"), 1);
    assert_int_equal(found(c, FINDING_WARNING, "contradiction", NULL, NULL), 1);
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
    assert_int_equal(found(c, FINDING_ERROR, "leak", "06.png", "patient 'A' is in development and in test"), 1);
    assert_int_equal(found(c, FINDING_ERROR, "leak", "copy.png", "stands in the other partition as '03.png'"), 1);
    assert_int_equal(found(c, FINDING_ERROR, "partition", "07.png", "no partition is given"), 1);
    assert_int_equal(findings_count(&c->findings, FINDING_ERROR), 3);
    struct audit_count count[2];
    audit_counts(count, c);
    assert_int_equal(count[0].images[0], 2);
    assert_int_equal(count[0].images[1], 2);
    assert_int_equal(count[0].images[2], 5); /* and one without a partition */
    assert_int_equal(count[1].units[2], 3);
    s.study.protocol[0] = PROTOCOL_GROUPED; /* partitions do not matter then */
    scene_audit(&s);
    assert_int_equal(found(c, FINDING_ERROR, "leak", NULL, NULL), 0);
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
    assert_int_equal(found(&s.cohort, FINDING_ERROR, "partition", NULL, "no partition is given"), 20);
    assert_int_equal(found(&s.cohort, FINDING_ERROR, "partition", "", "30 images have no partition"), 1);
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
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "contradiction", "copy.png", NULL), 1);
    assert_int_equal(s.cohort.n_units, 5);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_clean_cohort), cmocka_unit_test(test_copies), cmocka_unit_test(test_given_leaks),
                                       cmocka_unit_test(test_many_without_a_partition), cmocka_unit_test(test_one_sided_partition),
                                       cmocka_unit_test(test_classes),      cmocka_unit_test(test_regression_copies)};
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
