/* What only many pictures tell: near copies, inverted scales, rates that drift, folds and shortcuts; and the cache of signatures. */
#include <math.h>

#include "unit/cohort_scratch.h"

#include "cohort/drift.h"
#include "cohort/near.h"
#include "evaluate/partitions.h"
#include "evaluate/shortcut.h"
#include "evaluate/split_audit.h"

#define BINARY "name: t\nkind: binary\nclasses: [{name: \"0\"}, {name: \"1\"}]\n"
#define AGE "name: t\nkind: regression\n"
#define TABLE "cohort: {table: cohort.csv}\n"

static uint32_t mix(uint32_t h)
{
    h = (h ^ h >> 15) * 2246822519u;
    h = (h ^ h >> 13) * 3266489917u;
    return h ^ h >> 16;
}

/* A blotchy picture with a bright middle, 32 x 32 cells of `scale` pixels, levels times `gain`; inverted on request. */
static void picture(const struct scene *s, const char *name, unsigned seed, unsigned scale, double gain, bool inverted)
{
    size_t side = 32 * (size_t)scale, size;
    uint16_t *pixel = NEW(side * side, uint16_t);
    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++) {
            size_t cx = x / scale, cy = y / scale;
            bool middle = cx >= 8 && cx < 24;
            double v = gain * ((middle ? 120 : 20) + mix(seed * 7919u + (uint32_t)(cy * 32 + cx)) % 100);
            pixel[y * side + x] = (uint16_t)(inverted ? 255 - v : v);
        }
    unsigned char *png = grey_png_encode(&size, pixel, side, side, 8);
    free(scratch_write(s->directory, name, png, size));
    free(png);
    free(pixel);
}

static void many(const struct scene *s, unsigned n)
{
    for (unsigned i = 1; i <= n; i++) {
        char name[20];
        (void)snprintf(name, sizeof name, "%03u.png", i);
        picture(s, name, i, 1, 1, false);
    }
}

/* Rows 001.png .. n with a label of the caller's, and what else stands behind it. */
static void table(const struct scene *s, const char *header, unsigned n, const char *more, void (*cells)(FILE *f, unsigned i))
{
    char *path = path_join(s->directory, "cohort.csv");
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "%s\n", header);
    for (unsigned i = 1; i <= n; i++) {
        fprintf(f, "%03u.png,", i);
        cells(f, i);
        fputc('\n', f);
    }
    fputs(more, f);
    assert_int_equal(fclose(f), 0);
    free(path);
}

static void alternate(FILE *f, unsigned i)
{
    fprintf(f, "%u,P%u,%s", i % 2, i, i % 3 ? "train" : "test");
}

static void test_near_rows(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, BINARY TABLE);
    many(&s, 12);
    picture(&s, "big.png", 1, 3, 0.8, false);  /* 001 larger and darker, on the other side */
    picture(&s, "dim.png", 2, 1, 0.7, false);  /* 002 darker, on its own side, another label */
    picture(&s, "own.png", 4, 2, 1, false);    /* 004 larger, the same patient */
    table(&s, "image,label,patient,partition", 12, "big.png,1,X,test\ndim.png,1,Y,train\nown.png,0,P4,train\n", alternate);
    s.study.protocol[0] = PROTOCOL_GIVEN;
    s.study.n_protocols = 1;
    scene_audit(&s);
    const struct cohort *c = &s.cohort;
    assert_int_equal(found(c, FINDING_WARNING, "leak_near_duplicate", "big.png", "nearly equal to '001.png'"), 1);
    assert_int_equal(found(c, FINDING_WARNING, "leak_near_duplicate", "001.png", "'big.png'"), 1);
    assert_int_equal(found(c, FINDING_WARNING, "leak_near_duplicate", NULL, NULL), 2);
    assert_int_equal(found(c, FINDING_WARNING, "near_duplicate", "dim.png", "of another patient or unit, and with another label"), 1);
    assert_int_equal(found(c, FINDING_WARNING, "near_duplicate", NULL, NULL), 2);
    assert_int_equal(found(c, FINDING_INFO, "near_duplicate", "own.png", "of the same unit"), 1);
    assert_int_equal(found(c, FINDING_INFO, "near_duplicate", NULL, NULL), 2);
    assert_int_equal(c->findings.n_groups, 3);
    s.study.protocol[0] = PROTOCOL_GROUPED;
    s.study.n_protocols = 1; /* no side is given then */
    scene_audit(&s);
    assert_int_equal(found(c, FINDING_WARNING, "near_duplicate", NULL, NULL), 4);
    scene_end(&s);
}

static void test_polarity_rows(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, BINARY TABLE);
    many(&s, 30);
    picture(&s, "007.png", 7, 1, 1, true);
    picture(&s, "021.png", 21, 1, 1, true);
    table(&s, "image,label,patient,partition", 30, "", alternate);
    scene_audit(&s);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "inverted", "007.png", "probably inverted"), 1);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "inverted", "021.png", NULL), 1);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "inverted", NULL, NULL), 2);
    table(&s, "image,label,patient,partition", 12, "", alternate); /* too few to tell */
    scene_audit(&s);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "inverted", NULL, NULL), 0);
    scene_end(&s);
}

/* R 4.2: fisher.test(matrix(c(3, 1, 1, 3), 2)) 0.4857143; (10, 0, 2, 8) 0.0007144; by hand: 1/C(8,4), twice.
 * chisq.test(matrix(c(30, 70, 50, 50), 2), correct = FALSE): X2 = 25/3. */
static void test_table_tests(void **state)
{
    (void)state;
    assert_float_equal(drift_test((const size_t[]){3, 1}, (const size_t[]){4, 4}), 34.0 / 70, 1e-12);
    assert_float_equal(drift_test((const size_t[]){4, 0}, (const size_t[]){4, 4}), 2.0 / 70, 1e-12);
    assert_float_equal(drift_test((const size_t[]){30, 50}, (const size_t[]){100, 100}), erfc(sqrt(25.0 / 3 / 2)), 1e-12);
    assert_true(drift_test((const size_t[]){0, 0}, (const size_t[]){9, 9}) == 1);
    assert_true(drift_test((const size_t[]){9, 9}, (const size_t[]){9, 9}) == 1);
    assert_true(drift_test((const size_t[]){2, 0}, (const size_t[]){5, 0}) == 1);
}

static void by_site(FILE *f, unsigned i)
{
    unsigned site = i % 3; /* at site 2 nearly all are positive */
    fprintf(f, "%u,P%u,,S%u", site == 2 ? i % 30 != 2 : i / 3 % 2, i, site);
}

static void by_side(FILE *f, unsigned i)
{
    fprintf(f, "%u,P%u,%s,", i <= 60 ? i % 10 == 0 : i % 2, i, i <= 60 ? "train" : "test");
}

static void ages(FILE *f, unsigned i)
{
    fprintf(f, "%u,P%u,%s,", 100 + i * 37 % 40 + (i > 60 ? 30 : 0), i, i <= 60 ? "train" : "test");
}

static void one_patient(FILE *f, unsigned i)
{
    fprintf(f, "%u,%s%u,%s,", i <= 60 ? i % 2 : i <= 110 || i % 2, i > 60 && i <= 110 ? "Q" : "P", i > 60 && i <= 110 ? 1 : i, i <= 60 ? "train" : "test");
}

static void test_drift_rows(void **state)
{
    (void)state;
    struct scene s;
    const char *header = "image,label,patient,partition,site";
    scene_begin(&s, BINARY TABLE);
    many(&s, 120);
    table(&s, header, 120, "", by_site);
    scene_audit(&s);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "drift", "", "of 40 units in site 'S2'"), 1);
    table(&s, header, 120, "", by_side);
    scene_audit(&s);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "drift", "", "class '1' is 10.0 % of 60 units in development and 50.0 % of 60 in test"), 1);
    table(&s, header, 120, "", one_patient); /* fifty positive views of one patient are one */
    scene_audit(&s);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "drift", NULL, NULL), 0);
    scene_end(&s);
    scene_begin(&s, AGE TABLE);
    many(&s, 120);
    table(&s, header, 120, "", ages);
    scene_audit(&s);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "drift", "", "mean target"), 1);
    scene_end(&s);
}

/* Of the split the study would use. */
static void audit_split_of(struct scene *s)
{
    struct partitions p;
    struct status st;
    scene_audit(s);
    if (partitions_make(&p, &s->cohort, &s->study, s->study.protocol[0], &st))
        fail_msg("%s", st.text);
    split_audit(&s->cohort, &p, "grouped");
    if (shortcut_audit(&s->cohort, &p, &s->survey, 2, &st))
        fail_msg("%s", st.text);
    partitions_free(&p);
}

static void rare(FILE *f, unsigned i)
{
    fprintf(f, "%d,P%u,,", i % 30 == 0, i);
}

static void by_size(FILE *f, unsigned i)
{
    fprintf(f, "%u,P%u,,", i > 60, i);
}

static void size_as_age(FILE *f, unsigned i)
{
    fprintf(f, "%u,P%u,,", (i > 60 ? 50 : 0) + i % 7, i);
}

static void test_folds_and_shortcuts(void **state)
{
    (void)state;
    struct scene s;
    const char *header = "image,label,patient,partition,site";
    scene_begin(&s, BINARY TABLE);
    many(&s, 120);
    s.study.n_folds = 5;
    table(&s, header, 120, "", rare); /* four positives for five folds and a test part */
    audit_split_of(&s);
    assert_int_not_equal(found(&s.cohort, FINDING_WARNING, "fold_class", "", "class '1' has no image in validation fold"), 0);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "fold_class", "", "class '0'"), 0);
    assert_int_equal(found(&s.cohort, FINDING_INFO, "shortcut", "", "no AUROC"), 0); /* rows of folds left out are not scored */
    assert_int_equal(found(&s.cohort, FINDING_INFO, "shortcut", "", "AUROC") + found(&s.cohort, FINDING_WARNING, "shortcut", "", "AUROC"), 1);
    table(&s, "image,label,patient,partition", 120, "", alternate);
    audit_split_of(&s);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "fold_class", NULL, NULL), 0);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "shortcut", NULL, NULL), 0);
    assert_int_equal(found(&s.cohort, FINDING_INFO, "shortcut", "", "AUROC"), 1);
    for (unsigned i = 61; i <= 120; i++) { /* the positives come larger */
        char name[20];
        (void)snprintf(name, sizeof name, "%03u.png", i);
        picture(&s, name, i, 2, 1, false);
    }
    table(&s, header, 120, "", by_size);
    audit_split_of(&s);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "shortcut", "", "AUROC 1.000"), 1);
    /* a split by image: both halves of a patient */
    struct partitions p = {.development = NEW(60, size_t), .n_development = 60, .test = NEW(60, size_t), .n_test = 60, .fold = NEW0(60, uint32_t), .n_folds = 1};
    for (size_t i = 0; i < 60; i++) {
        p.development[i] = 2 * i;
        p.test[i] = 2 * i + 1;
    }
    s.cohort.sample[1].unit = s.cohort.sample[0].unit;
    split_audit(&s.cohort, &p, "official");
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "leak_patient", "", "1 of the 60 patients or units in test are in development too"), 1);
    partitions_free(&p);
    task_free(s.source.task);
    struct status st;
    if (task_parse(&s.source.task, "t.yaml", (const unsigned char *)(AGE TABLE), strlen(AGE TABLE), &st))
        fail_msg("%s", st.text);
    table(&s, header, 120, "", size_as_age);
    audit_split_of(&s);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "shortcut", "", "R2 0.99"), 1);
    table(&s, header, 60, "", size_as_age); /* of one size: nothing to tell from */
    audit_split_of(&s);
    assert_int_equal(found(&s.cohort, FINDING_INFO, "shortcut", "", "R2"), 1);
    scene_end(&s);
}

static struct survey survey_of(const struct scene *s, const char *cache, int n_threads, size_t *n_decoded)
{
    struct survey survey;
    struct status st;
    char *path[20];
    for (unsigned i = 0; i < 20; i++) {
        char name[20];
        (void)snprintf(name, sizeof name, "%03u.png", i + 1);
        path[i] = path_join(s->directory, name);
    }
    if (survey_make(&survey, (const char *const *)path, 20, n_threads, true, &st) || survey_decode(&survey, cache, n_threads, true, n_decoded, &st))
        fail_msg("%s", st.text);
    for (unsigned i = 0; i < 20; i++)
        free(path[i]);
    return survey;
}

static void assert_same_signatures(struct survey *a, struct survey *b)
{
    for (size_t i = 0; i < 20; i++) {
        assert_true(a->picture[i].decoded && b->picture[i].decoded);
        assert_memory_equal(&a->picture[i].signature, &b->picture[i].signature, sizeof(struct signature));
    }
    survey_free(b);
}

static void test_cache(void **state)
{
    (void)state;
    struct scene s;
    struct status st;
    size_t n, size, again_size;
    unsigned char *text, *again;
    scene_begin(&s, BINARY TABLE);
    many(&s, 20);
    char *cache = path_join(s.directory, "deep/store/signatures.bin"), *nowhere = path_join(s.directory, "001.png/x");
    struct survey first = survey_of(&s, cache, 1, &n), other;
    assert_int_equal(n, 20);
    assert_int_equal(file_read(&text, &size, cache, 0, &st), STATUS_OK);
    other = survey_of(&s, cache, 2, &n);
    assert_int_equal(n, 0);
    assert_same_signatures(&first, &other);
    assert_int_equal(remove(cache), 0);
    other = survey_of(&s, cache, 4, &n); /* the same file whoever decoded what */
    assert_int_equal(n, 20);
    assert_same_signatures(&first, &other);
    assert_int_equal(file_read(&again, &again_size, cache, 0, &st), STATUS_OK);
    assert_int_equal(size, again_size);
    assert_memory_equal(text, again, size);
    free(again);
    for (size_t at = 0; at < size; at += size / 9) { /* damage anywhere is noticed, and mended */
        text[at] ^= 4;
        free(scratch_write(s.directory, "deep/store/signatures.bin", text, size));
        text[at] ^= 4;
        other = survey_of(&s, cache, 2, &n);
        assert_int_equal(n, 20);
        assert_same_signatures(&first, &other);
    }
    free(scratch_write(s.directory, "deep/store/signatures.bin", text, size - 1));
    other = survey_of(&s, cache, 2, &n);
    assert_int_equal(n, 20);
    assert_same_signatures(&first, &other);
    picture(&s, "005.png", 500, 1, 1, false); /* changed: its bytes are new, so is its signature */
    other = survey_of(&s, cache, 2, &n);
    assert_int_equal(n, 1);
    assert_memory_not_equal(other.picture[4].signature.pixels, first.picture[4].signature.pixels, DIGEST_BYTES);
    survey_free(&other);
    picture(&s, "005.png", 5, 1, 1, false); /* as before: the cache has not forgotten */
    other = survey_of(&s, cache, 2, &n);
    assert_int_equal(n, 0);
    assert_same_signatures(&first, &other);
    other = survey_of(&s, nowhere, 2, &n); /* cannot be written: done without */
    assert_int_equal(n, 20);
    assert_same_signatures(&first, &other);
    survey_free(&first);
    free(text);
    free(cache);
    free(nowhere);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_near_rows),   cmocka_unit_test(test_polarity_rows), cmocka_unit_test(test_table_tests),
                                       cmocka_unit_test(test_drift_rows),  cmocka_unit_test(test_folds_and_shortcuts),
                                       cmocka_unit_test(test_cache)};
    return cmocka_run_group_tests_name("survey and split audits", tests, NULL, NULL);
}
