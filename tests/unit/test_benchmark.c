/* The benchmark of seven data sets: same bytes for any threads, the layouts'
 * traps byte by byte, pictures that our own readers decode, nothing trampled
 * on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/table.h"
#include "image/radiograph.h"
#include "scratch.h"
#include "synth/benchmark.h"
#include "synth/benchmark_plan.h"
#include "synth/jpeg_file.h"
#include "synth/workbook.h"

#define SCALE 0.05
static char *made; /* one benchmark, for all tests that only look */

static char *make(uint64_t seed, int n_threads)
{
    struct benchmark_options o = {.seed = seed, .scale = SCALE};
    struct benchmark_size size;
    struct status st = {0};
    char *directory = scratch_new();
    if (benchmark_write(directory, &o, n_threads, &size, &st))
        fail_msg("%s", st.text);
    assert_true(size.n_images > 150 && size.n_bytes > 1000000 && size.n_traps > 30);
    return directory;
}

static unsigned char *bytes_of(const char *name, size_t *size)
{
    unsigned char *data;
    struct status st = {0};
    char *path = path_join(made, name);
    if (file_read(&data, size, path, 0, &st))
        fail_msg("%s", st.text);
    free(path);
    return data;
}

static void read_table(struct table *t, const char *name)
{
    struct status st = {0};
    char *path = path_join(made, name);
    if (table_read(t, path, &st))
        fail_msg("%s", st.text);
    free(path);
}

static const char *cell(const struct table *t, size_t row, const char *name)
{
    size_t column;
    struct status st = {0};
    assert_int_equal(table_column(t, name, &column, &st), STATUS_OK);
    return table_cell(t, row, column);
}

/* Digest of all names and bytes below a folder, in order of name. */
static void digest_tree(uint8_t digest[DIGEST_BYTES], const char *directory)
{
    struct file_list list;
    struct status st = {0};
    assert_int_equal(file_list_directory(&list, directory, &st), STATUS_OK);
    for (size_t i = 0; i < list.n; i++) {
        uint8_t part[2 * DIGEST_BYTES + DIGEST_BYTES] = {0};
        char *path = path_join(directory, list.name[i]);
        memcpy(part, digest, DIGEST_BYTES);
        digest_bytes(part + DIGEST_BYTES, list.name[i], strlen(list.name[i]));
        if (file_is_directory(path))
            digest_tree(part + 2 * DIGEST_BYTES, path);
        else
            assert_int_equal(digest_file(part + 2 * DIGEST_BYTES, path, &st), STATUS_OK);
        digest_bytes(digest, part, sizeof part);
        free(path);
    }
    file_list_free(&list);
}

static void test_same_bytes_for_any_threads(void **state)
{
    (void)state;
    uint8_t one[DIGEST_BYTES] = {0}, two[DIGEST_BYTES] = {0}, other[DIGEST_BYTES] = {0};
    char *b = make(2025, 2), *c = make(2026, 2);
    digest_tree(one, made); /* made by one thread */
    digest_tree(two, b);
    digest_tree(other, c);
    assert_memory_equal(one, two, DIGEST_BYTES);
    assert_memory_not_equal(one, other, DIGEST_BYTES);
    scratch_remove(b);
    scratch_remove(c);
}

/* Every planted trap: what the audit should say is true of the file. */
static void test_every_trap_is_there(void **state)
{
    (void)state;
    struct table t;
    read_table(&t, "TRAPS.csv");
    size_t n_missing = 0, n_unreadable = 0, n_inverted = 0, n_apple = 0, n_exif = 0, n_same = 0, n_deep = 0;
    for (size_t i = 0; i < t.n_rows; i++) {
        const char *expect = cell(&t, i, "expect"), *file = cell(&t, i, "file"), *trap = cell(&t, i, "trap");
        char *path = path_join(made, file);
        struct radiograph r;
        struct status st = {0};
        if (!strcmp(expect, "missing")) {
            n_missing++;
            assert_false(file_exists(path));
        } else if (!strcmp(expect, "unreadable")) {
            size_t size;
            unsigned char *data = bytes_of(file, &size);
            n_unreadable++;
            assert_int_equal(radiograph_decode(&r, data, size, &st), STATUS_DATA);
            free(data);
        } else if (!strcmp(expect, "inverted")) { /* air around the limb is bright */
            size_t size;
            unsigned char *data = bytes_of(file, &size);
            n_inverted++;
            assert_int_equal(radiograph_decode(&r, data, size, &st), STATUS_OK);
            assert_true(r.sample[r.width * (r.height / 2) + 1] > 128);
            radiograph_free(&r);
            free(data);
        } else if (!strncmp(trap, "AppleDouble", 11)) {
            size_t size;
            unsigned char *data = bytes_of(file, &size);
            n_apple++;
            assert_non_null(strstr(file, "/._image1.png"));
            assert_memory_equal(data, "\0\x05\x16\x07", 4);
            free(data);
        } else if (!strcmp(trap, "EXIF orientation")) {
            size_t size;
            unsigned char *data = bytes_of(file, &size);
            n_exif++;
            assert_int_equal(radiograph_decode(&r, data, size, &st), STATUS_OK);
            assert_int_equal(r.orientation, n_exif == 1 || n_exif == 4 || n_exif == 6 ? 6 : n_exif == 2 || n_exif == 7 ? 8 : n_exif == 3 ? 3 : 1);
            radiograph_free(&r);
            free(data);
        } else if (!strcmp(expect, "duplicate") || !strcmp(expect, "contradiction")) {
            n_same++;
            assert_true(file_exists(path));
        } else if (!strcmp(trap, "a comma inside quotes")) {
            n_deep++;
        }
        free(path);
    }
    assert_int_equal(n_missing, 3); /* MURA, FracAtlas, GRAZPEDWRI-DX */
    assert_int_equal(n_unreadable, 2);
    assert_int_equal(n_inverted, 9);
    assert_true(n_apple >= 1);
    assert_int_equal(n_exif, 8);
    assert_int_equal(n_same, 10);
    assert_int_equal(n_deep, 3);
    table_free(&t);
}

/* TRAPS.csv names original and copy one behind the other. */
static void test_copies_are_equal(void **state)
{
    (void)state;
    struct table t;
    read_table(&t, "TRAPS.csv");
    size_t n = 0;
    for (size_t i = 0; i + 1 < t.n_rows; i++) {
        const char *expect = cell(&t, i, "expect");
        if (strcmp(expect, "duplicate") && strcmp(expect, "contradiction"))
            continue;
        uint8_t digest[2][DIGEST_BYTES];
        for (size_t k = 0; k < 2; k++) {
            struct status st = {0};
            char *path = path_join(made, cell(&t, i + k, "file"));
            assert_int_equal(digest_file(digest[k], path, &st), STATUS_OK);
            free(path);
        }
        assert_memory_equal(digest[0], digest[1], DIGEST_BYTES);
        assert_string_not_equal(cell(&t, i, "file"), cell(&t, i + 1, "file"));
        n++;
        i++;
    }
    assert_int_equal(n, 5);
    table_free(&t);
}

static void test_grazpedwri(void **state)
{
    (void)state;
    size_t size, n_blank = 0, n_quoted = 0, n_uncertain = 0, n_other = 0, n_deep = 0;
    unsigned char *raw = bytes_of("GRAZPEDWRI-DX/dataset.csv", &size);
    assert_memory_equal(raw, "\xef\xbb\xbf" "filestem,", 12);
    for (size_t i = 1; i < size; i++)
        if (raw[i] == '\n')
            assert_int_equal(raw[i - 1], '\r');
    for (const char *at = (const char *)raw; (at = strstr(at, "\"23r-E/2.1, 23u-E/7\"")); at++)
        n_quoted++;
    assert_int_equal(n_quoted, 3);
    free(raw);
    struct table t;
    read_table(&t, "GRAZPEDWRI-DX/dataset.csv");
    assert_int_equal(t.n_columns, 17);
    for (size_t i = 0; i < t.n_rows; i++) {
        const char *code = cell(&t, i, "ao_classification"), *flag[] = {cell(&t, i, "fracture_visible"), cell(&t, i, "metal")};
        n_blank += *code && code[strlen(code) - 1] == ' ';
        n_uncertain += !strcmp(cell(&t, i, "diagnosis_uncertain"), "1");
        n_other += !strcmp(cell(&t, i, "gender"), "O");
        for (size_t k = 0; k < 2; k++)
            assert_true(!*flag[k] || !strcmp(flag[k], "1"));
        for (unsigned part = 1; part <= 4; part++) {
            char *name = mem_printf("GRAZPEDWRI-DX/images_part%u/%s.png", part, cell(&t, i, "filestem")), *path = path_join(made, name);
            if (file_exists(path)) {
                unsigned char *png = bytes_of(name, &size);
                assert_memory_equal(png + 12, "IHDR", 4);
                assert_int_equal(png[24], 16); /* bits */
                assert_int_equal(png[25], 0);  /* grey */
                n_deep++;
                free(png);
            }
            free(path);
            free(name);
        }
    }
    assert_int_equal(n_deep, t.n_rows - 1); /* one is missing */
    assert_true(n_uncertain >= 2 && n_other == 2);
    (void)n_blank; /* at this scale there may be none */
    table_free(&t);
}

static void test_mura(void **state)
{
    (void)state;
    size_t size, n = 0, n_there = 0;
    unsigned char *text = bytes_of("MURA-v1.1/train_image_paths.csv", &size);
    assert_memory_equal(text, "MURA-v1.1/train/XR_", 19); /* no header */
    char *rest = NULL;
    for (char *line = strtok_r((char *)text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest), n++) {
        char *path = path_join(made, line);
        if (file_exists(path)) {
            unsigned char *png = bytes_of(line, &size);
            struct radiograph r;
            struct status st = {0};
            assert_int_equal(png[25], 2); /* RGB */
            assert_int_equal(radiograph_decode(&r, png, size, &st), STATUS_OK);
            assert_int_equal(r.channels, 3);
            for (size_t i = 0; i < r.width * r.height; i++)
                assert_true(r.sample[3 * i] == r.sample[3 * i + 1] && r.sample[3 * i] == r.sample[3 * i + 2]);
            radiograph_free(&r);
            free(png);
            n_there++;
        }
        free(path);
    }
    assert_true(n > 8 && n_there == n - 1);
    free(text);
    text = bytes_of("MURA-v1.1/valid_labeled_studies.csv", &size);
    rest = NULL;
    for (char *line = strtok_r((char *)text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        bool positive = strstr(line, "_positive/,1") != NULL;
        assert_true(positive || strstr(line, "_negative/,0"));
    }
    free(text);
}

static void test_tables_and_their_pictures(void **state)
{
    (void)state;
    struct table t;
    size_t size;
    read_table(&t, "boneage/boneage-training-dataset.csv");
    for (size_t i = 0; i < t.n_rows; i++) {
        char *name = mem_printf("boneage/boneage-training-dataset/boneage-training-dataset/%s.png", cell(&t, i, "id"));
        free(bytes_of(name, &size));
        free(name);
        assert_true(!strcmp(cell(&t, i, "male"), "True") || !strcmp(cell(&t, i, "male"), "False"));
    }
    table_free(&t);
    read_table(&t, "FracAtlas/dataset.csv");
    size_t n_there = 0, n_decoded = 0;
    for (size_t i = 0; i < t.n_rows; i++) {
        char *name = mem_printf("FracAtlas/images/%s/%s", cell(&t, i, "fractured")[0] == '1' ? "Fractured" : "Non_fractured",
                                cell(&t, i, "image_id"));
        char *path = path_join(made, name);
        if (file_exists(path)) {
            struct radiograph r;
            struct status st = {0};
            unsigned char *data = bytes_of(name, &size);
            n_there++;
            if (!radiograph_decode(&r, data, size, &st)) {
                n_decoded++;
                radiograph_free(&r);
            }
            free(data);
        }
        free(path);
        free(name);
    }
    assert_int_equal(n_there, t.n_rows - 1);
    assert_int_equal(n_decoded, n_there - 2);
    table_free(&t);
    unsigned char *xlsx = bytes_of("BTXRD/dataset.xlsx", &size);
    assert_memory_equal(xlsx, "PK\3\4", 4);
    free(xlsx);
}

/* A mark in the upright picture's upper left corner is there again once the orientation is applied. */
static void test_orientation_gives_the_upright_picture(void **state)
{
    (void)state;
    static const int orientation[] = {1, 3, 6, 8};
    struct radiograph upright = {0};
    for (size_t k = 0; k < 4; k++) {
        gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
        struct picture p;
        picture_plan(&p, "test", 1, 1, 64, 96, rng);
        gsl_rng_free(rng);
        p.format = PICTURE_JPEG_GREY;
        p.quality = 98;
        p.orientation = orientation[k];
        unsigned char *file;
        size_t size;
        struct radiograph r;
        struct status st = {0};
        assert_int_equal(picture_encode(&file, &size, &p, 7, &st), STATUS_OK);
        assert_int_equal(radiograph_decode(&r, file, size, &st), STATUS_OK);
        assert_int_equal(r.orientation, orientation[k]);
        assert_int_equal(r.width, 64);
        assert_int_equal(r.height, 96);
        if (k == 0) {
            upright = r;
        } else {
            for (size_t i = 0; i < 64 * 96; i++)
                assert_true(abs((int)r.sample[i] - (int)upright.sample[i]) < 12);
            radiograph_free(&r);
        }
        free(file);
    }
    radiograph_free(&upright);
}

static void test_jpeg_keeps_the_picture(void **state)
{
    (void)state;
    enum { W = 50, H = 37 };
    static uint8_t grey[W * H];
    for (size_t y = 0; y < H; y++)
        for (size_t x = 0; x < W; x++)
            grey[y * W + x] = (uint8_t)(3 * x + 2 * y);
    for (unsigned way = 0; way < 4; way++) {
        struct jpeg_file how = {95, way & 1, way & 2, 0};
        unsigned char *file;
        size_t size;
        struct radiograph r;
        struct status st = {0};
        assert_int_equal(jpeg_file_encode(&file, &size, grey, W, H, &how, &st), STATUS_OK);
        assert_int_equal(memmem(file, size, "\xff\xc2", 2) != NULL, way / 2); /* SOF2: progressive */
        assert_int_equal(radiograph_decode(&r, file, size, &st), STATUS_OK);
        assert_int_equal(r.channels, way & 1 ? 3 : 1);
        for (size_t i = 0; i < W * H; i++)
            assert_true(abs((int)r.sample[i * r.channels] - (int)grey[i]) <= 6);
        radiograph_free(&r);
        free(file);
    }
}

/* Same cells, same bytes, whenever they are written. */
static void test_workbook_does_not_know_the_time(void **state)
{
    (void)state;
    struct workbook_cell cell[] = {{.text = (char *)(uintptr_t)"age"}, {.has_number = true, .number = 12}, {0}, {.text = (char *)(uintptr_t)"12"}};
    unsigned char *a, *b;
    size_t n, m;
    struct status st = {0};
    assert_int_equal(workbook_encode(&a, &n, cell, 2, 2, &st), STATUS_OK);
    sleep(2); /* a zip's clock has steps of two seconds */
    assert_int_equal(workbook_encode(&b, &m, cell, 2, 2, &st), STATUS_OK);
    assert_int_equal(n, m);
    assert_memory_equal(a, b, n);
    free(a);
    free(b);
}

static void test_nothing_is_trampled_on(void **state)
{
    (void)state;
    struct benchmark_options o = {.seed = 2025, .scale = SCALE};
    struct status st = {0};
    char *directory = made, *table = path_join(directory, "FracAtlas/dataset.csv");
    struct stat before, after;
    assert_int_equal(stat(table, &before), 0);
    assert_int_equal(benchmark_write(directory, &o, 2, NULL, &st), STATUS_OK); /* again: nothing to do */
    assert_int_equal(stat(table, &after), 0);
    assert_true(before.st_ino == after.st_ino);
    assert_int_equal(unlink(table), 0); /* an interrupted run is finished */
    assert_int_equal(benchmark_write(directory, &o, 2, NULL, &st), STATUS_OK);
    FILE *f = fopen(table, "a");
    assert_non_null(f);
    fputs("edited\n", f);
    fclose(f);
    assert_int_equal(benchmark_write(directory, &o, 2, NULL, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "FracAtlas/dataset.csv"));
    o.seed++;
    assert_int_equal(benchmark_write(directory, &o, 2, NULL, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "README.txt"));
    o.scale = 0.01;
    assert_int_equal(benchmark_write(directory, &o, 2, NULL, &st), STATUS_USAGE);
    free(table);
}

static int set_up(void **state)
{
    (void)state;
    made = make(2025, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(made);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bytes_for_any_threads),
        cmocka_unit_test(test_every_trap_is_there),
        cmocka_unit_test(test_copies_are_equal),
        cmocka_unit_test(test_grazpedwri),
        cmocka_unit_test(test_mura),
        cmocka_unit_test(test_tables_and_their_pictures),
        cmocka_unit_test(test_orientation_gives_the_upright_picture),
        cmocka_unit_test(test_jpeg_keeps_the_picture),
        cmocka_unit_test(test_workbook_does_not_know_the_time),
        cmocka_unit_test(test_nothing_is_trampled_on), /* last: it edits what the others read */
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
