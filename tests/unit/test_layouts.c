/* The public datasets' layouts in small, with their traps, through the shipped task files. */
#include "unit/cohort_scratch.h"
#include "unit/workbook.h"

#include "cohort/published.h"

/* A scene on one of the shipped tasks; files are written before scene_choose. */
static void shipped_begin(struct scene *s, const char *task)
{
    struct status st;
    *s = (struct scene){.directory = scratch_new()};
    s->study = (struct study){.seed = 2025, .test_fraction = 0.25, .n_folds = 2};
    s->source.data = s->directory;
    char *path = mem_printf("tasks/%s.yaml", task);
    if (task_load(&s->source.task, path, &st))
        fail_msg("%s", st.text);
    free(path);
}

static void shipped_load(struct scene *s)
{
    struct status st;
    if (task_choose_layout(s->source.task, s->directory, &st) || scene_load(s, &st))
        fail_msg("%s", st.text);
}

static const struct sample *sample_of(const struct scene *s, const char *id)
{
    for (size_t i = 0; i < s->cohort.n; i++)
        if (!strcmp(s->cohort.sample[i].id, id))
            return &s->cohort.sample[i];
    fail_msg("no sample '%s'", id);
    return NULL;
}

/* No header, labels and patients in the paths, which begin with the archive's name; companion files of macOS. */
static void test_mura(void **state)
{
    (void)state;
    static const char train[] = "MURA-v1.1/train/XR_WRIST/patient00007/study1_positive/image1.png\n"
                                "MURA-v1.1/train/XR_WRIST/patient00007/study1_positive/image2.png\n"
                                "MURA-v1.1/train/XR_WRIST/patient00007/study2_negative/image1.png\n"
                                "MURA-v1.1/train/XR_ELBOW/patient00007/study1_negative/image1.png\n"
                                "MURA-v1.1/train/XR_ELBOW/patient00007/study1_negative/._image1.png\n";
    static const char valid[] = "MURA-v1.1/valid/XR_HAND/patient11185/study1_positive/image1.png\n";
    for (int around = 0; around < 2; around++) {
        struct scene s;
        const char *prefix = around ? "MURA-v1.1/" : "";
        shipped_begin(&s, "mura");
        scratch_text(s.directory, around ? "MURA-v1.1/train_image_paths.csv" : "train_image_paths.csv", train);
        scratch_text(s.directory, around ? "MURA-v1.1/valid_image_paths.csv" : "valid_image_paths.csv", valid);
        shipped_load(&s);
        const struct cohort *c = &s.cohort;
        assert_int_equal(c->n, 5);
        assert_int_equal(c->n_rows, 6);
        assert_int_equal(found(c, FINDING_INFO, "layout", "", around ? "'the folder around MURA-v1.1'" : "'the folder MURA-v1.1'"), 1);
        assert_int_equal(found(c, FINDING_EXCLUDED, "appledouble", NULL, NULL), 1);
        char *id = mem_printf("%strain/XR_WRIST/patient00007/study1_positive/image2.png", prefix);
        const struct sample *a = sample_of(&s, id);
        free(id);
        assert_int_equal(a->label, 1);
        assert_int_equal(a->line, 2); /* the first line is a row */
        assert_int_equal(a->order, 1);
        assert_string_equal(a->patient, "patient00007");
        assert_string_equal(a->exam, "XR_WRIST/patient00007/study1");
        assert_string_equal(a->site, "XR_WRIST");
        assert_int_equal(a->partition, PARTITION_DEVELOPMENT);
        id = mem_printf("%strain/XR_ELBOW/patient00007/study1_negative/image1.png", prefix);
        const struct sample *b = sample_of(&s, id);
        free(id);
        assert_int_equal(b->label, 0);
        assert_string_equal(b->exam, "XR_ELBOW/patient00007/study1"); /* a number of its own in every part */
        id = mem_printf("%svalid/XR_HAND/patient11185/study1_positive/image1.png", prefix);
        assert_int_equal(sample_of(&s, id)->partition, PARTITION_TEST);
        assert_int_equal(sample_of(&s, id)->order, 4);
        free(id);
        assert_true(c->has_exams && c->has_sites && c->has_patients && c->has_partitions);
        scene_end(&s);
    }
}

static void test_fracatlas(void **state)
{
    (void)state;
    struct scene s;
    shipped_begin(&s, "fracatlas");
    scratch_text(s.directory, "dataset.csv", "image_id,hand,leg,hip,shoulder,mixed,hardware,multiscan,fractured,fracture_count,frontal,lateral,oblique\n"
                                             "a.jpg,0,1,0,0,0,0,1,0,0,1,1,0\nb.jpg,1,0,0,0,0,1,0,1,2,1,0,0\nc.jpg,1,0,0,0,0,1,0,1,2,1,0,0\n");
    scratch_png(s.directory, "images/Non_fractured/a.jpg", 1);
    scratch_png(s.directory, "images/Fractured/b.jpg", 2);
    scratch_png(s.directory, "images/all_images/c.jpg", 3);
    shipped_load(&s);
    assert_int_equal(sample_of(&s, "images/Non_fractured/a.jpg")->label, 0);
    assert_int_equal(sample_of(&s, "images/Fractured/b.jpg")->label, 1);
    assert_string_equal(sample_of(&s, "images/all_images/c.jpg")->covariate[5], "1"); /* hardware */
    assert_int_equal(s.cohort.n, 3);
    scene_end(&s);
}

#define GRAZ "\xef\xbb\xbf" "filestem,patient_id,study_number,timehash,gender,age,laterality,projection,initial_exam,ao_classification,cast," \
             "diagnosis_uncertain,osteopenia,fracture_visible,metal,pixel_spacing,device_manufacturer\r\n"                                   \
             "f1,1,1,9,M,14.1,L,1,1,23r-M/2.1  ,,,,1,,0.144,Siemens\r\n"                                                                    \
             "f2,1,1,9,M,14.1,L,2,1,,,1,,1,,0.144,Siemens\r\n"                                                                              \
             "f3,2,1,9,O,8,R,1,1,\"23r-E/2.1, 23u-E/7\",,,,1,1,0.144,Agfa\r\n"                                                              \
             "f4,3,1,9,F,8,R,1,1,,,,,,,0.144,Siemens\r\n"

static void test_grazpedwri(void **state)
{
    (void)state;
    struct scene s;
    shipped_begin(&s, "pediatricfx");
    scratch_text(s.directory, "dataset.csv", GRAZ);
    scratch_png(s.directory, "images_part3/f1.png", 1);
    scratch_png(s.directory, "folder_structure/yolov5/images/f3.png", 1);
    scratch_png(s.directory, "f4.png", 1);
    shipped_load(&s);
    assert_int_equal(s.cohort.n, 3);
    assert_int_equal(s.cohort.n_rows, 4);
    assert_int_equal(sample_of(&s, "images_part3/f1.png")->label, 1);
    assert_int_equal(sample_of(&s, "folder_structure/yolov5/images/f3.png")->label, 1);
    assert_int_equal(sample_of(&s, "f4.png")->label, 0); /* empty is no */
    assert_string_equal(sample_of(&s, "f4.png")->patient, "3");
    assert_int_equal(sample_of(&s, "f4.png")->order, 2);
    assert_int_equal(found(&s.cohort, FINDING_EXCLUDED, "rule", NULL, "diagnosis_uncertain is '1'"), 1);
    scene_end(&s);
    shipped_begin(&s, "pediatricfx_implant");
    scratch_text(s.directory, "dataset.csv", GRAZ);
    shipped_load(&s);
    assert_int_equal(s.cohort.n, 4);
    assert_int_equal(sample_of(&s, "images_part1/f3.png")->label, 1); /* behind the quoted comma; no file: the first pattern */
    assert_int_equal(sample_of(&s, "images_part1/f1.png")->label, 0);
    scene_end(&s);
    shipped_begin(&s, "pediatricfx_ao");
    scratch_text(s.directory, "dataset.csv", GRAZ);
    shipped_load(&s);
    assert_int_equal(s.cohort.n, 1);
    assert_string_equal(s.source.task->classes[s.cohort.sample[0].label].name, "23r-M/2.1"); /* blanks behind it dropped */
    assert_int_equal(found(&s.cohort, FINDING_EXCLUDED, "other_class", NULL, "'23r-E/2.1, 23u-E/7'"), 1);
    assert_int_equal(found(&s.cohort, FINDING_EXCLUDED, "other_class", NULL, NULL), 2);
    assert_int_equal(findings_count(&s.cohort.findings, FINDING_ERROR), 0);
    scene_end(&s);
}

static void put_cell(char **rows, const char *text, bool number)
{
    char *longer = *text == '\0' ? mem_printf("%s<x:c/>", *rows)
                   : number      ? mem_printf("%s<x:c><x:v>%s</x:v></x:c>", *rows, text)
                                 : mem_printf("%s<x:c t=\"str\"><x:v>%s</x:v></x:c>", *rows, text);
    free(*rows);
    *rows = longer;
}

/* A line "a,b,c" per row, as cells; numbers as numbers but for the header. */
static char *rows_of(const char *const *line, size_t n)
{
    char *rows = mem_strdup("");
    for (size_t i = 0; i < n; i++) {
        char *opened = mem_printf("%s<x:row>", rows), *copy = mem_strdup(line[i]), *rest = copy, *cell;
        free(rows);
        rows = opened;
        while ((cell = strsep(&rest, ",")))
            put_cell(&rows, cell, i > 0 && strspn(cell, "0123456789") == strlen(cell));
        char *closed = mem_printf("%s</x:row>", rows);
        free(rows);
        free(copy);
        rows = closed;
    }
    return rows;
}

#define LONG_BONES ",center,age,gender,hand,ulna,radius,humerus,foot,tibia,fibula,femur,hip bone,"
#define TUMOURS                                                                                                              \
    ",tumor,benign,malignant,osteochondroma,multiple osteochondromas,simple bone cyst,giant cell tumor,osteofibroma,"       \
    "synovial osteochondroma,other bt,osteosarcoma,other mt,upper limb,"

static void btxrd(const char *task, bool public_dialect, struct scene *s)
{
    static const char *const authors[] = {
        "Original Name,image_id" LONG_BONES "ankle,knee,hip,wrist,elbow,shoulder" TUMOURS "lower limbs,pelvis,frontal,lateral,oblique",
        "x,IMG1.jpeg,1,12,M,0,0,0,0,0,0,0,0,,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0",
        "y,IMG2.jpeg,2,13,F,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,1,0,1,0,0,0,0,1,0,0,0,0,1,0,1,0,0",
        "z,IMG3.jpeg,3,14,F,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,1,0,1,0,0,0,0,0,0,0,1,0,0,1,0,1,0,0",
        "z,IMG4.jpeg,1,15,F,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,1,0,0,0,0,0,0,0,0,0,0,0,1,0,1,0,0",
        "z,IMG5.jpeg,1,16,F,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,1,0,0,0,1,0,0,0,0,0,0,0,1,0,1,0,0",
    };
    char *line[6];
    for (size_t i = 0; i < 6; i++) /* the public one has no original name */
        line[i] = mem_strdup(public_dialect ? strchr(authors[i], ',') + 1 : authors[i]);
    if (public_dialect) {
        free(line[0]);
        line[0] = mem_strdup("image_id" LONG_BONES "ankle-joint,knee-joint,hip-joint,wrist-joint,elbow-joint,shoulder-joint" TUMOURS
                             "lower limb,pelvis,frontal,lateral,oblique");
    }
    char *rows = rows_of((const char *const *)line, 6);
    shipped_begin(s, task);
    free(workbook_of(s->directory, "dataset.xlsx", rows, ""));
    free(rows);
    for (size_t i = 0; i < 6; i++)
        free(line[i]);
    shipped_load(s);
}

static void test_btxrd(void **state)
{
    (void)state;
    for (int dialect = 0; dialect < 2; dialect++) {
        struct scene s;
        btxrd("btxrd", dialect, &s);
        assert_int_equal(s.cohort.n, 5);
        assert_int_equal(sample_of(&s, "images/IMG1.jpeg")->label, 0);
        assert_int_equal(sample_of(&s, "images/IMG3.jpeg")->label, 1);
        assert_string_equal(sample_of(&s, "images/IMG3.jpeg")->site, "3");
        assert_int_equal(sample_of(&s, "images/IMG3.jpeg")->partition, PARTITION_TEST);
        assert_int_equal(sample_of(&s, "images/IMG1.jpeg")->partition, PARTITION_DEVELOPMENT);
        assert_string_equal(sample_of(&s, "images/IMG3.jpeg")->covariate[0], "14");
        assert_string_equal(sample_of(&s, "images/IMG3.jpeg")->covariate[11], "1"); /* ankle */
        assert_string_equal(sample_of(&s, "images/IMG1.jpeg")->covariate[18], "0"); /* lower limb */
        assert_string_equal(sample_of(&s, "images/IMG2.jpeg")->covariate[18], "1");
        scene_end(&s);
        btxrd("btxrd_mb", dialect, &s);
        assert_int_equal(s.cohort.n, 4);
        assert_int_equal(sample_of(&s, "images/IMG2.jpeg")->label, 0);
        assert_int_equal(sample_of(&s, "images/IMG3.jpeg")->label, 1);
        assert_int_equal(found(&s.cohort, FINDING_EXCLUDED, "rule", "images/IMG1.jpeg", "tumor is '0'"), 1);
        scene_end(&s);
        btxrd("btxrd_subtype", dialect, &s);
        assert_int_equal(s.cohort.n, 2);
        assert_string_equal(s.source.task->classes[sample_of(&s, "images/IMG3.jpeg")->label].name, "osteosarcoma");
        assert_string_equal(s.source.task->classes[sample_of(&s, "images/IMG5.jpeg")->label].name, "simple bone cyst");
        assert_int_equal(found(&s.cohort, FINDING_EXCLUDED, "two_labels", "images/IMG2.jpeg", "'osteochondroma' and 'synovial osteochondroma'"), 1);
        assert_int_equal(found(&s.cohort, FINDING_ERROR, "label", "images/IMG4.jpeg", "no label column is marked"), 1);
        scene_end(&s);
    }
}

static void test_boneage(void **state)
{
    (void)state;
    struct scene s;
    shipped_begin(&s, "boneage");
    scratch_text(s.directory, "boneage-training-dataset.csv", "id,boneage,male\n1378,12,False\n1377,180,False\n1379,94,True\n");
    scratch_png(s.directory, "boneage-training-dataset/1377.png", 1);
    scratch_png(s.directory, "boneage-training-dataset/boneage-training-dataset/1378.png", 2);
    shipped_load(&s);
    const struct sample *a = sample_of(&s, "boneage-training-dataset/boneage-training-dataset/1378.png");
    assert_true(a->target == 12 && a->order == 0);
    assert_string_equal(a->covariate[0], "False");
    assert_true(sample_of(&s, "boneage-training-dataset/1377.png")->order == 1);
    assert_true(sample_of(&s, "boneage-training-dataset/1379.png")->target == 94);
    scene_end(&s);
}

static void test_kneeoa(void **state)
{
    (void)state;
    struct scene s;
    shipped_begin(&s, "kneeoa");
    scratch_png(s.directory, "val/0/9000001L.png", 1);
    scratch_png(s.directory, "test/4/9000002R.png", 2);
    scratch_png(s.directory, "test/1/9000002L.png", 3);
    scratch_png(s.directory, "auto_test/1/9000002_1.png", 4);
    shipped_load(&s);
    assert_int_equal(s.cohort.n, 3);
    assert_string_equal(sample_of(&s, "test/4/9000002R.png")->patient, "9000002");
    assert_int_equal(sample_of(&s, "test/4/9000002R.png")->label, 4);
    assert_int_equal(sample_of(&s, "test/1/9000002L.png")->order, 0);
    assert_int_equal(sample_of(&s, "val/0/9000001L.png")->partition, PARTITION_DEVELOPMENT);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "absent", "train", NULL), 1);
    scene_end(&s);
}

static void test_pesplanus(void **state)
{
    (void)state;
    struct scene s;
    shipped_begin(&s, "pesplanus");
    scratch_text(s.directory, "train/_classes.csv", "filename, Notpesplanus, Pesplanus\n1L_JPG.rf.aa.jpg, 0, 1\n1L_JPG.rf.bb.jpg, 0, 1\n2R_JPG.rf.cc.jpg, 1, 0\n"
                                                    "3R_JPG.rf.dd.jpg, 1, 1\n");
    scratch_text(s.directory, "valid/_classes.csv", "filename, Notpesplanus, Pesplanus\n");
    scratch_text(s.directory, "test/_classes.csv", "filename, Notpesplanus, Pesplanus\n4R_JPG.rf.ee.jpg, 1, 0\n");
    shipped_load(&s);
    assert_int_equal(s.cohort.n, 4);
    assert_string_equal(sample_of(&s, "train/1L_JPG.rf.aa.jpg")->patient, sample_of(&s, "train/1L_JPG.rf.bb.jpg")->patient);
    assert_int_equal(sample_of(&s, "train/1L_JPG.rf.aa.jpg")->label, 1);
    assert_int_equal(sample_of(&s, "train/2R_JPG.rf.cc.jpg")->label, 0);
    assert_int_equal(sample_of(&s, "test/4R_JPG.rf.ee.jpg")->partition, PARTITION_TEST);
    assert_int_equal(found(&s.cohort, FINDING_EXCLUDED, "two_labels", "train/3R_JPG.rf.dd.jpg", NULL), 1);
    scene_end(&s);
    shipped_begin(&s, "pesplanus");
    scratch_png(s.directory, "Pesplanus Dataset/pesplanus-1/deep/a.jpg", 1);
    scratch_png(s.directory, "Pesplanus Dataset/pesplanus-0/b.jpg", 2);
    scratch_png(s.directory, "pesplanus-1.jpg", 3); /* a file of that name is in no such folder */
    scratch_text(s.directory, "Pesplanus Dataset/readme.txt", "x");
    shipped_load(&s);
    assert_int_equal(s.cohort.n, 3);
    assert_int_equal(sample_of(&s, "Pesplanus Dataset/pesplanus-1/deep/a.jpg")->label, 1);
    assert_int_equal(sample_of(&s, "Pesplanus Dataset/pesplanus-0/b.jpg")->label, 0);
    assert_int_equal(sample_of(&s, "pesplanus-1.jpg")->label, 0);
    assert_int_equal(found(&s.cohort, FINDING_INFO, "layout", "", "'class folders'"), 1);
    assert_int_equal(found(&s.cohort, FINDING_INFO, "ignored", NULL, NULL), 1);
    scene_end(&s);
}

static void test_no_layout(void **state)
{
    (void)state;
    struct scene s;
    struct status st;
    shipped_begin(&s, "mura");
    scratch_text(s.directory, "train_image_paths.csv", "x\n");
    assert_int_equal(task_choose_layout(s.source.task, s.directory, &st), STATUS_DATA);
    assert_text(st.text, "'the folder MURA-v1.1' lacks 'valid_image_paths.csv', 'the folder around MURA-v1.1' lacks 'MURA-v1.1/train_image_paths.csv'");
    scene_end(&s);
}

static void test_published(void **state)
{
    (void)state;
    struct scene s;
    static const char task[] = "name: t\nkind: binary\nclasses: [{name: a}, {name: b}]\ncohort: {table: t.csv}\n"
                               "counts: {images: 3, patients: 2, classes: [2, 2], source: a paper}\n"
                               "published: [{metric: auroc, value: 0.953, model: M, setting: fine-tuned, source: a paper}]\n";
    scene_begin(&s, task);
    assert_true(s.source.task->published[0].value == 0.953);
    scratch_text(s.directory, "t.csv", "image,label,patient\n1.png,a,P\n2.png,b,P\n3.png,b,Q\n");
    struct status st;
    assert_int_equal(scene_load(&s, &st), STATUS_OK);
    cohort_number_units(&s.cohort, NULL);
    published_compare(&s.cohort);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "published_count", NULL, NULL), 1);
    assert_int_equal(found(&s.cohort, FINDING_WARNING, "published_count", "", "1 images of class a, published are 2 (a paper)"), 1);
    scene_end(&s);
}

static void test_tasks_refused(void **state)
{
    (void)state;
#define HEAD "name: t\nkind: binary\nclasses: [{name: a}, {name: b}]\n"
    static const struct {
        const char *text, *says;
    } bad[] = {
        {HEAD "cohort: {table: x}\nlayouts: [{name: l, table: x}]\n", "either `cohort` or `layouts`"},
        {HEAD "layouts: [{table: x}]\n", "a layout needs a `name`"},
        {HEAD "cohort: {table: x, tables: [{path: y}]}\n", "cohort needs one of"},
        {HEAD "cohort: {table: x, label_columns: [a, c]}\n", "label column 'c' belongs to no class"},
        {HEAD "cohort: {table: x, label: a, label_columns: [a, b]}\n", "one is enough"},
        {HEAD "cohort: {table: x, exam_pattern: \"[0-9]\"}\n", "exam_pattern '[0-9]' has no group"},
        {HEAD "cohort: {table: x, other_labels: drop}\n", "expected one of: fail, exclude"},
        {HEAD "cohort: {tables: [{path: x, optional: maybe}]}\n", "optional is 'maybe'"},
        {HEAD "cohort: {folders: [{path: x}], covariates: [y]}\n", "here are folders"},
        {HEAD "cohort: {table: x, partition_values: [{name: test, values: [\"1\"]}]}\n", "`partition` names none"},
        {HEAD "cohort: {table: x}\ncounts: {images: 1O, source: s}\n", "counts/images is '1O'"},
        {HEAD "cohort: {table: x}\ncounts: {classes: [1], source: s}\n", "counts of 1 classes, the task has 2"},
        {HEAD "cohort: {table: x}\npublished: [{metric: m, value: high, model: m, setting: s, source: s}]\n", "published/0/value is 'high'"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct task *task;
        struct status st;
        if (!task_parse(&task, "t.yaml", (const unsigned char *)bad[i].text, strlen(bad[i].text), &st))
            fail_msg("case %zu was taken", i);
        assert_text(st.text, "t.yaml");
        assert_text(st.text, bad[i].says);
    }
}

static void test_tables_refused(void **state)
{
    (void)state;
    static const struct {
        const char *cohort, *says;
    } bad[] = {
        {"{tables: [{path: one.csv}, {path: two.csv}]}", "two.csv:1: no column 'label'; there are: image, kind"},
        {"{tables: [{path: two.csv, columns: [image]}]}", "two.csv:1: 2 fields where the header has 1"},
        {"{table: one.csv, covariates: [\"c|d\"]}", "one.csv:1: no column 'c|d'"},
        {"{table: one.csv, image: [\"{x#y}\"]}", "no column 'x'"},
        {"{table: one.csv, label_columns: [a, b]}", "no column 'a'"},
        {"{tables: [{path: one.csv}, {path: gone.csv}]}", "gone.csv"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct scene s;
        struct status st = {0};
        char *task = mem_printf(HEAD "cohort: %s\n", bad[i].cohort);
        scene_begin(&s, task);
        scratch_text(s.directory, "one.csv", "image,label\n1.png,a\n");
        scratch_text(s.directory, "two.csv", "image,kind\n1.png,a\n");
        if (!scene_load(&s, &st))
            fail_msg("case %zu was taken", i);
        assert_text(st.text, bad[i].says);
        scene_end(&s);
        free(task);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mura),     cmocka_unit_test(test_fracatlas), cmocka_unit_test(test_grazpedwri), cmocka_unit_test(test_btxrd),
        cmocka_unit_test(test_boneage),  cmocka_unit_test(test_kneeoa),    cmocka_unit_test(test_pesplanus),  cmocka_unit_test(test_no_layout),
        cmocka_unit_test(test_published), cmocka_unit_test(test_tasks_refused), cmocka_unit_test(test_tables_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
