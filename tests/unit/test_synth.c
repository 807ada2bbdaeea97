/* The synthetic benchmark: same bytes whatever the threads, labels in their
 * shares, files that readers accept, nothing trampled on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>

#pragma GCC diagnostic ignored "-Wunused-function" /* reported at the end of this file */
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#include <stb_image.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/rng.h"
#include "base/table.h"
#include "synth/draw.h"
#include "synth/grey_png.h"
#include "synth/synth.h"
#include "synth/tiny_checkpoint.h"

static char *new_directory(void)
{
    const char *base = getenv("TMPDIR");
    char *path = mem_printf("%s/test_synth.XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(path));
    return path;
}

static void remove_tree(char *path)
{
    struct file_list list;
    struct status st = {0};
    assert_int_equal(file_list_directory(&list, path, &st), STATUS_OK);
    for (size_t i = 0; i < list.n; i++) {
        char *inner = path_join(path, list.name[i]);
        if (file_is_directory(inner)) {
            remove_tree(inner);
        } else {
            unlink(inner);
            free(inner);
        }
    }
    file_list_free(&list);
    rmdir(path);
    free(path);
}

static unsigned char *bytes_of(const char *directory, const char *name, size_t *size)
{
    unsigned char *data;
    struct status st = {0};
    char *path = path_join(directory, name);
    assert_int_equal(file_read(&data, size, path, 0, &st), STATUS_OK);
    free(path);
    return data;
}

static bool same_file(const char *a, const char *b, const char *name)
{
    size_t n, m;
    unsigned char *x = bytes_of(a, name, &n), *y = bytes_of(b, name, &m);
    bool same = n == m && memcmp(x, y, n) == 0;
    free(x);
    free(y);
    return same;
}

static char *make(size_t n_patients, size_t width, size_t height, uint64_t seed, int n_threads)
{
    struct synth_options o;
    struct status st = {0};
    synth_defaults(&o);
    o.n_patients = n_patients;
    o.width = width;
    o.height = height;
    o.seed = seed;
    char *directory = new_directory();
    if (synth_write(directory, &o, n_threads, &st))
        fail_msg("%s", st.text);
    return directory;
}

static void read_cohort(struct table *t, const char *directory)
{
    struct status st = {0};
    char *path = path_join(directory, "cohort.csv");
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

static size_t number(const struct table *t, size_t row, const char *name)
{
    size_t value;
    assert_true(number_parse_size(cell(t, row, name), &value));
    return value;
}

static void test_same_bytes_for_any_threads(void **state)
{
    (void)state;
    char *one = make(6, 96, 112, 2025, 1), *four = make(6, 96, 112, 2025, 4), *other = make(6, 96, 112, 2026, 2);
    char *more = make(9, 96, 112, 2025, 3);
    struct table t;
    read_cohort(&t, one);
    assert_true(same_file(one, four, "cohort.csv"));
    assert_true(same_file(one, four, "README.txt"));
    assert_true(same_file(one, four, "tiny-random-vit/model.safetensors"));
    assert_false(same_file(one, other, "cohort.csv"));
    assert_false(same_file(one, other, "tiny-random-vit/model.safetensors"));
    for (size_t i = 0; i < t.n_rows; i++) {
        assert_true(same_file(one, four, cell(&t, i, "image")));
        assert_true(same_file(one, more, cell(&t, i, "image"))); /* a patient does not depend on the cohort's size */
    }
    table_free(&t);
    remove_tree(one);
    remove_tree(four);
    remove_tree(other);
    remove_tree(more);
}

static void test_images_decode(void **state)
{
    (void)state;
    char *directory = make(8, 72, 88, 2025, 2);
    struct table t;
    read_cohort(&t, directory);
    size_t n_deep = 0;
    for (size_t i = 0; i < t.n_rows; i++) {
        size_t size;
        unsigned char *png = bytes_of(directory, cell(&t, i, "image"), &size);
        int width, height, channels;
        stbi_us *pixel = stbi_load_16_from_memory(png, (int)size, &width, &height, &channels, 0);
        assert_non_null(pixel);
        assert_int_equal(width, 72);
        assert_int_equal(height, 88);
        assert_int_equal(channels, 1);
        n_deep += stbi_is_16_bit_from_memory(png, (int)size) != 0;
        unsigned low = 65535, high = 0;
        for (size_t k = 0; k < 72 * 88; k++) {
            low = pixel[k] < low ? pixel[k] : low;
            high = pixel[k] > high ? pixel[k] : high;
        }
        assert_true(high > low + 500);
        stbi_image_free(pixel);
        free(png);
    }
    assert_in_range(n_deep, 1, t.n_rows - 1);
    size_t size;
    unsigned char *readme = bytes_of(directory, "README.txt", &size);
    assert_non_null(strstr((char *)readme, "SYNTHETIC"));
    free(readme);
    table_free(&t);
    remove_tree(directory);
}

/* 300 patients of tiny pictures: shares within about four standard errors. */
static void test_labels(void **state)
{
    (void)state;
    enum { N = 300 };
    char *directory = make(N, 32, 32, 7, 4);
    struct table t;
    read_cohort(&t, directory);
    size_t n_fractured = 0, n_lateral = 0, n_b = 0, grade[SYNTH_GRADES] = {0}, n_patients = 0;
    bool shown = false;
    double age_sum = 0;
    for (size_t i = 0; i < t.n_rows; i++) {
        bool first = i == 0 || strcmp(cell(&t, i, "patient"), cell(&t, i - 1, "patient")) != 0;
        if (first) {
            assert_true(i == 0 || strcmp(cell(&t, i, "patient"), cell(&t, i - 1, "patient")) > 0); /* rows of a patient together */
            n_fractured += shown;
            shown = false;
            n_patients++;
            assert_in_range(number(&t, i, "joint_space"), 0, SYNTH_GRADES - 1);
            grade[number(&t, i, "joint_space")]++;
            assert_in_range(number(&t, i, "age"), SYNTH_AGE_MIN, SYNTH_AGE_MAX);
            age_sum += (double)number(&t, i, "age");
            assert_true(strcmp(cell(&t, i, "site"), "A") == 0 || strcmp(cell(&t, i, "site"), "B") == 0);
            assert_true(strcmp(cell(&t, i, "sex"), "F") == 0 || strcmp(cell(&t, i, "sex"), "M") == 0);
            n_b += cell(&t, i, "site")[0] == 'B';
        } else {
            static const char *const shared[] = {"site", "sex", "joint_space", "age"};
            for (size_t k = 0; k < 4; k++)
                assert_string_equal(cell(&t, i, shared[k]), cell(&t, i - 1, shared[k]));
        }
        assert_in_range(number(&t, i, "fracture"), 0, 1);
        shown |= number(&t, i, "fracture") == 1;
        n_lateral += strcmp(cell(&t, i, "view"), "lateral") == 0;
        assert_true(strcmp(cell(&t, i, "view"), "lateral") == 0 || strcmp(cell(&t, i, "view"), "frontal") == 0);
    }
    n_fractured += shown;
    assert_int_equal(n_patients, N);
    assert_in_range(t.n_rows, 2 * N - 60, 2 * N + 60);
    assert_in_range(n_fractured, 72, 138); /* 105 +- 33 */
    assert_in_range(n_b, 86, 154);
    assert_in_range(n_lateral, t.n_rows / 4, 3 * t.n_rows / 4);
    static const double share[SYNTH_GRADES] = {0.40, 0.18, 0.25, 0.12, 0.05};
    for (size_t k = 0; k < SYNTH_GRADES; k++)
        assert_true(fabs((double)grade[k] / N - share[k]) < 4 * sqrt(share[k] * (1 - share[k]) / N));
    assert_true(fabs(age_sum / N - 126) < 4 * 59 / sqrt(N));
    table_free(&t);
    remove_tree(directory);
}

static void test_nothing_is_trampled_on(void **state)
{
    (void)state;
    struct synth_options o;
    struct status st = {0};
    synth_defaults(&o);
    o.n_patients = 2;
    o.width = o.height = 48;
    char *directory = new_directory();
    char *stranger = path_join(directory, "mine.txt"), *table = path_join(directory, "cohort.csv"), *readme = path_join(directory, "README.txt");
    FILE *f = fopen(stranger, "w");
    assert_non_null(f);
    fputs("mine", f);
    fclose(f);
    assert_int_equal(synth_write(directory, &o, 2, &st), STATUS_OK);
    assert_true(file_exists(stranger));

    struct stat before, after;
    assert_int_equal(stat(table, &before), 0);
    assert_int_equal(synth_write(directory, &o, 1, &st), STATUS_OK); /* again: nothing to do */
    assert_int_equal(stat(table, &after), 0);
    assert_true(before.st_ino == after.st_ino);

    assert_int_equal(unlink(table), 0); /* an interrupted run is finished */
    assert_int_equal(synth_write(directory, &o, 1, &st), STATUS_OK);
    assert_true(file_exists(table));

    o.seed++;
    assert_int_equal(synth_write(directory, &o, 1, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "README.txt"));

    o.seed--;
    f = fopen(table, "a");
    assert_non_null(f);
    fputs("edited\n", f);
    fclose(f);
    assert_int_equal(synth_write(directory, &o, 1, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "cohort.csv"));
    size_t size;
    unsigned char *kept = bytes_of(directory, "cohort.csv", &size);
    assert_string_equal(kept + size - 7, "edited\n");
    free(kept);

    assert_int_equal(synth_write(stranger, &o, 1, &st), STATUS_IO); /* a file where the directory should be */
    o.n_patients = 0;
    assert_int_equal(synth_write(directory, &o, 1, &st), STATUS_USAGE);
    o.n_patients = 2;
    o.width = 31;
    assert_int_equal(synth_write(directory, &o, 1, &st), STATUS_USAGE);
    free(readme);
    free(table);
    free(stranger);
    remove_tree(directory);
}

static void test_png_keeps_every_value(void **state)
{
    (void)state;
    enum { W = 257, H = 259 };
    static uint16_t pixel[W * H];
    for (unsigned bits = 8; bits <= 16; bits += 8) {
        for (size_t i = 0; i < W * H; i++)
            pixel[i] = (uint16_t)((i * 2654435761u >> 5) & (bits == 8 ? 0xff : 0xffff));
        size_t size;
        unsigned char *png = grey_png_encode(&size, pixel, W, H, bits);
        int width, height, channels;
        stbi_us *deep = stbi_load_16_from_memory(png, (int)size, &width, &height, &channels, 0);
        assert_non_null(deep);
        assert_int_equal(width, W);
        assert_int_equal(height, H);
        assert_int_equal(stbi_is_16_bit_from_memory(png, (int)size) != 0, bits == 16);
        for (size_t i = 0; i < W * H; i++)
            assert_int_equal(deep[i], bits == 16 ? pixel[i] : pixel[i] * 257);
        stbi_image_free(deep);
        free(png);
    }
}

/* Labels show where they should: a narrow joint is brighter in its middle, a fracture changes its own bone only. */
static void test_picture_follows_labels(void **state)
{
    (void)state;
    enum { W = 144, H = 176 };
    static struct draw_anatomy anatomy = {.size = 1, .shaft = 1, .condyle = 1, .cortex = 1, .density = 1, .flesh = 1};
    struct draw_scene normal = {.anatomy = &anatomy, .severity = 0.01, .maturity = 210, .in_upper_bone = false, .distance = 58, .lean = 1,
                                .zoom = 1, .exposure = 1, .gamma = 1.3, .fog = 0.03, .half_width = 90, .half_height = 100, .marker_x = 60,
                                .marker_y = -80};
    struct draw_scene worn = normal, broken = normal;
    worn.narrowing = 3.5;
    broken.severity = 0.95;
    static float a[W * H], b[W * H], c[W * H];
    gsl_rng *rng = rng_stream_new();
    draw_radiograph(a, W, H, &normal, rng);
    draw_radiograph(b, W, H, &worn, rng);
    draw_radiograph(c, W, H, &broken, rng);
    gsl_rng_free(rng);
    double joint_a = 0, joint_b = 0, top = 0, bottom = 0;
    for (size_t y = 0; y < H; y++)
        for (size_t x = 0; x < W; x++) {
            size_t i = y * W + x;
            assert_true(a[i] >= 0 && a[i] <= 1);
            if (y >= 85 && y < 91 && x >= 52 && x < 64) {
                joint_a += (double)a[i];
                joint_b += (double)b[i];
            }
            *(y < H / 2 - 25 ? &top : &bottom) += fabs((double)c[i] - (double)a[i]);
        }
    assert_true(joint_b > joint_a + 5); /* 72 pixels */
    assert_true(bottom > 50 && top < bottom / 100);
}

static size_t offset_of(const json_t *entry, size_t k)
{
    const json_t *value = json_array_get(json_object_get(entry, "data_offsets"), k);
    assert_true(json_is_integer(value));
    return (size_t)json_integer_value(value);
}

static const json_t *entry_of(const json_t *header, const char *name, size_t n_dims, const size_t *shape)
{
    const json_t *entry = json_object_get(header, name), *dims = json_object_get(entry, "shape");
    if (!entry)
        fail_msg("no tensor %s", name);
    assert_int_equal(json_array_size(dims), n_dims);
    for (size_t k = 0; k < n_dims; k++)
        assert_int_equal(json_integer_value(json_array_get(dims, k)), shape[k]);
    return entry;
}

static void test_checkpoint(void **state)
{
    (void)state;
    char *directory = new_directory();
    struct status st = {0};
    assert_int_equal(tiny_checkpoint_write(directory, 1, &st), STATUS_OK);
    size_t size;
    unsigned char *file = bytes_of(directory, "model.safetensors", &size);
    assert_true(size > 8);
    uint64_t n = 0;
    for (size_t i = 0; i < 8; i++)
        n |= (uint64_t)file[i] << (8 * i);
    assert_true(n < size - 8);
    assert_int_equal(n % 8, 0);
    json_error_t error;
    json_t *header = json_loadb((char *)file + 8, n, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(header);
    const unsigned char *data = file + 8 + n;
    size_t data_size = size - 8 - n, covered = 0;
    const char *name;
    json_t *entry;
    /* Each tensor as long as its shape says; together they cover the data, none twice. */
    unsigned char *seen = NEW0(data_size, unsigned char);
    json_object_foreach(header, name, entry) {
        if (strcmp(name, "__metadata__") == 0)
            continue;
        assert_string_equal(json_string_value(json_object_get(entry, "dtype")), "F32");
        size_t begin = offset_of(entry, 0), end = offset_of(entry, 1), bytes = 4, k;
        json_t *dim;
        json_array_foreach(json_object_get(entry, "shape"), k, dim) bytes *= (size_t)json_integer_value(dim);
        assert_true(begin <= end && end <= data_size);
        assert_int_equal(end - begin, bytes);
        for (k = begin; k < end; k++)
            assert_int_equal(seen[k]++, 0);
        covered += bytes;
    }
    assert_int_equal(covered, data_size);
    free(seen);
    json_t *metadata = json_object_get(header, "__metadata__");
    assert_string_equal(json_string_value(json_object_get(metadata, "format")), "pt");
    assert_non_null(strstr(json_string_value(json_object_get(metadata, "note")), "random"));

    const json_t *table = entry_of(header, "vit.embeddings.position_embeddings", 3, (size_t[]){1, 197, 64});
    float row[64];
    memcpy(row, data + offset_of(table, 0), sizeof row);
    for (size_t i = 0; i < 64; i++)
        assert_true(row[i] == 0);
    memcpy(row, data + offset_of(table, 0) + 2 * sizeof row, sizeof row); /* second patch: column 1, row 0 */
    assert_true(row[0] == (float)sin(1) && row[16] == (float)cos(1) && row[32] == 0 && row[48] == 1);
    entry_of(header, "vit.embeddings.cls_token", 3, (size_t[]){1, 1, 64});
    entry_of(header, "vit.embeddings.patch_embeddings.projection.weight", 4, (size_t[]){64, 3, 16, 16});
    entry_of(header, "vit.encoder.layer.3.attention.attention.query.weight", 2, (size_t[]){64, 64});
    entry_of(header, "vit.encoder.layer.3.attention.output.dense.bias", 1, (size_t[]){64});
    entry_of(header, "vit.encoder.layer.0.intermediate.dense.weight", 2, (size_t[]){256, 64});
    entry_of(header, "vit.encoder.layer.0.output.dense.weight", 2, (size_t[]){64, 256});
    const json_t *norm = entry_of(header, "vit.layernorm.weight", 1, (size_t[]){64});
    memcpy(row, data + offset_of(norm, 0), sizeof row);
    for (size_t i = 0; i < 64; i++)
        assert_true(row[i] == 1);
    entry_of(header, "decoder.decoder_pos_embed", 3, (size_t[]){1, 197, 32});
    entry_of(header, "decoder.decoder_pred.weight", 2, (size_t[]){768, 32});
    entry_of(header, "decoder.decoder_layers.1.layernorm_after.bias", 1, (size_t[]){32});
    json_decref(header);
    free(file);

    unsigned char *text = bytes_of(directory, "config.json", &size);
    json_t *config = json_loadb((char *)text, size, JSON_REJECT_DUPLICATES, &error);
    assert_string_equal(json_string_value(json_object_get(config, "model_type")), "vit_mae");
    assert_int_equal(json_integer_value(json_object_get(config, "hidden_size")), 64);
    assert_int_equal(json_integer_value(json_object_get(config, "num_hidden_layers")), 4);
    assert_non_null(json_object_get(config, "skelex_eval_note"));
    json_decref(config);
    free(text);
    text = bytes_of(directory, "preprocessor_config.json", &size);
    config = json_loadb((char *)text, size, JSON_REJECT_DUPLICATES, &error);
    assert_true(json_real_value(json_object_get(config, "rescale_factor")) == 0.00392156862745098);
    json_decref(config);
    free(text);
    remove_tree(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bytes_for_any_threads),
        cmocka_unit_test(test_images_decode),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_nothing_is_trampled_on),
        cmocka_unit_test(test_png_keeps_every_value),
        cmocka_unit_test(test_picture_follows_labels),
        cmocka_unit_test(test_checkpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
