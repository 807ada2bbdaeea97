/* Weights taken and released, and the digest beside it: same values, same digest, and no pages left behind. */
#include <fcntl.h>
#include <math.h>

#include "encoder/checkpoint.h"
#include "encoder_folder.h"

static const struct fake_vit shape = {.prefix = "vit.", .width = 64, .layers = 3, .heads = 4, .intermediate = 256, .patch = 8, .image = 32, .qkv_bias = true};

static void must_open(struct checkpoint *c, const char *path)
{
    struct status st = {0};
    if (checkpoint_open(c, path, &st))
        fail_msg("%s", st.text);
}

/* Pages of a map that this process has in memory: bit 63 of each entry of its page table. */
static size_t present(const struct file_map *map)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = (map->size + page - 1) / page, found = 0;
    int fd = open("/proc/self/pagemap", O_RDONLY);
    uint64_t *entry = NEW(n, uint64_t);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, entry, n * sizeof *entry, (off_t)((uintptr_t)map->data / page * sizeof *entry)), n * sizeof *entry);
    close(fd);
    for (size_t i = 0; i < n; i++)
        found += entry[i] >> 63;
    free(entry);
    return found;
}

static void test_released_and_taken_again(void **state)
{
    (void)state;
    static const char *const dtype[] = {"F32", "F16", "BF16", "F32"};
    const size_t dims[2] = {256, 64};
    static const char name[] = "vit.encoder.layer.1.intermediate.dense.weight", *other = "vit.encoder.layer.2.intermediate.dense.weight";
    float *first = NULL;
    for (size_t k = 0; k < 4; k++) {
        char *folder = make_folder();
        struct fake f = {0};
        struct checkpoint c;
        struct status st = {0};
        const float *w, *o;
        fake_add_vit(&f, &shape);
        for (size_t i = 0; i < f.n; i++)
            f.tensor[i].dtype = dtype[k];
        put_config(folder, &shape, "vit", "");
        put_part(folder, "model.safetensors", &f, 0, f.n, k == 3); /* the last: float32 at odd places */
        must_open(&c, folder);
        checkpoint_release(&c, name); /* not taken: nothing happens */
        checkpoint_release(&c, "no such");
        assert_int_equal(checkpoint_weight(&w, &c, name, dims, 2, &st), STATUS_OK);
        assert_int_equal(checkpoint_weight(&o, &c, other, dims, 2, &st), STATUS_OK);
        struct checkpoint_entry *e = checkpoint_find(&c, name);
        assert_true((e->copy != NULL) == (k > 0));
        if (!first) {
            first = NEW(256 * 64, float);
            memcpy(first, w, 256 * 64 * sizeof *first);
        }
        for (int again = 0; again < 3; again++) {
            assert_memory_equal(w, first, 256 * 64 * sizeof *first);
            checkpoint_release(&c, name);
            assert_true(!e->copy && !e->values && !e->held);
            assert_memory_not_equal(o, first, 256 * 64 * sizeof *first); /* the other one is still there */
            assert_int_equal(checkpoint_weight(&w, &c, name, dims, 2, &st), STATUS_OK);
        }
        assert_int_equal(c.n_used, 2); /* each counts once */
        assert_int_equal(c.n_values, 2 * 256 * 64);
        checkpoint_close(&c);
        fake_free(&f);
        remove_folder(folder);
    }
    free(first);
}

/* "part0", "part1", ... are blocks of rows of one tensor. */
static char *quarters(const struct checkpoint_names *names, const char *name, size_t *part, size_t *n_parts)
{
    *part = (size_t)(name[4] - '0');
    *n_parts = 4;
    return mem_strdup(names->prefix);
}

static void test_parts_of_one_tensor(void **state)
{
    (void)state;
    char *folder = make_folder();
    struct fake f = {0};
    struct checkpoint c;
    struct status st = {0};
    const float *q, *k;
    const size_t dims[2] = {64, 64};
    const struct checkpoint_names names = {quarters, "vit.encoder.layer.1.intermediate.dense.weight"};
    fake_add_vit(&f, &shape);
    fake_find(&f, names.prefix)->dtype = "F16";
    put_config(folder, &shape, "vit", "");
    put_weights(folder, &f);
    must_open(&c, folder);
    c.names = &names;
    assert_int_equal(checkpoint_weight(&q, &c, "part0", dims, 2, &st), STATUS_OK);
    assert_int_equal(checkpoint_weight(&k, &c, "part3", dims, 2, &st), STATUS_OK);
    assert_ptr_equal(k, q + 3 * 64 * 64);
    float *expected = NEW(64 * 64, float);
    memcpy(expected, k, 64 * 64 * sizeof *expected);
    struct checkpoint_entry *e = checkpoint_find(&c, "part0");
    checkpoint_release(&c, "part0");
    checkpoint_release(&c, "part0");
    assert_non_null(e->copy); /* part3 is still held */
    assert_memory_equal(k, expected, 64 * 64 * sizeof *expected);
    checkpoint_release(&c, "part3");
    assert_null(e->copy);
    assert_int_equal(checkpoint_weight(&k, &c, "part3", dims, 2, &st), STATUS_OK);
    assert_memory_equal(k, expected, 64 * 64 * sizeof *expected);
    assert_int_equal(c.n_values, 2 * 64 * 64);
    free(expected);
    checkpoint_close(&c);
    fake_free(&f);
    remove_folder(folder);
}

/* A weight that is not finite is refused however often it is asked for. */
static void test_not_finite(void **state)
{
    (void)state;
    static const char name[] = "vit.encoder.layer.0.output.dense.weight", *const dtype[] = {"F32", "BF16"};
    for (size_t i = 0; i < 2; i++) {
        char *folder = make_folder();
        struct fake f = {0};
        struct checkpoint c;
        struct status st = {0};
        const float *w;
        fake_add_vit(&f, &shape);
        struct fake_tensor *t = fake_find(&f, name);
        t->dtype = dtype[i];
        t->poked = true;
        t->poke = NAN;
        put_config(folder, &shape, "vit", "");
        put_weights(folder, &f);
        must_open(&c, folder);
        for (int again = 0; again < 2; again++) {
            assert_int_equal(checkpoint_weight(&w, &c, name, (size_t[]){64, 256}, 2, &st), STATUS_DATA);
            assert_non_null(strstr(st.text, "holds "));
            checkpoint_release(&c, name);
        }
        checkpoint_close(&c);
        fake_free(&f);
        remove_folder(folder);
    }
}

/* In shards, so large that pages count: nothing of them stays, neither behind the digest nor behind a release. */
static void test_digest_and_pages(void **state)
{
    (void)state;
    const struct fake_vit large = {.prefix = "vit.", .width = 256, .layers = 3, .heads = 4, .intermediate = 1024, .patch = 8, .image = 32, .qkv_bias = true};
    static const char name[] = "vit.encoder.layer.1.intermediate.dense.weight";
    char *folder = make_folder();
    struct fake f = {0};
    struct checkpoint c;
    struct status st = {0};
    struct encoder *e;
    uint8_t of_file[2][DIGEST_BYTES], both[DIGEST_BYTES], got[DIGEST_BYTES], plain[DIGEST_BYTES], beside[DIGEST_BYTES];
    bool stop = true;
    const float *w;
    fake_add_vit(&f, &large);
    put_config(folder, &large, "vit", "");
    put_part(folder, "a.safetensors", &f, 0, f.n / 2, false);
    put_part(folder, "b.safetensors", &f, f.n / 2, f.n, true);
    char *map = NULL, *path[2] = {path_join(folder, "a.safetensors"), path_join(folder, "b.safetensors")};
    size_t length;
    FILE *text = open_memstream(&map, &length);
    fputs("{\"weight_map\": {", text);
    for (size_t i = 0; i < f.n; i++)
        fprintf(text, "%s\"%s\": \"%s\"", i ? ", " : "", f.tensor[i].name, i < f.n / 2 ? "a.safetensors" : "b.safetensors");
    fputs("}}", text);
    fclose(text);
    put_text(folder, "model.safetensors.index.json", map);
    for (size_t i = 0; i < 2; i++) { /* the definition, from the bytes */
        unsigned char *data;
        size_t size;
        assert_int_equal(file_read(&data, &size, path[i], 0, &st), STATUS_OK);
        digest_bytes(of_file[i], data, size);
        free(data);
        assert_int_equal(digest_file(got, path[i], &st), STATUS_OK);
        assert_memory_equal(got, of_file[i], DIGEST_BYTES);
    }
    digest_bytes(both, of_file, sizeof of_file);

    must_open(&c, folder);
    assert_true(checkpoint_digest(got, &c, NULL));
    assert_memory_equal(got, both, DIGEST_BYTES);
    assert_false(checkpoint_digest(got, &c, &stop));
    for (size_t i = 0; i < 2; i++)
        assert_true(present(&c.shard[i].map) <= 1); /* the part page at the end */
    size_t shard = checkpoint_find(&c, name)->shard;
    assert_int_equal(checkpoint_weight(&w, &c, name, (size_t[]){1024, 256}, 2, &st), STATUS_OK);
    assert_true(present(&c.shard[shard].map) >= 1024 * 256 * 4 / 65536);
    checkpoint_release(&c, name);
    assert_true(present(&c.shard[shard].map) <= 64); /* what the kernel mapped around its ends */
    checkpoint_close(&c);

    for (int again = 0; again < 20; again++) { /* in the second thread: at the end, in the middle, never asked for */
        if (encoder_open_with(&e, folder, &(struct encoder_options){.digest = again > 0}, &st))
            fail_msg("%s", st.text);
        if (again % 3 != 2) {
            assert_int_equal(encoder_digest(again ? beside : plain, e, &st), STATUS_OK);
            assert_int_equal(encoder_digest(got, e, &st), STATUS_OK);
            assert_memory_equal(got, plain, DIGEST_BYTES);
            if (again)
                assert_memory_equal(beside, plain, DIGEST_BYTES);
        }
        encoder_close(e);
    }
    assert_int_not_equal(encoder_open_with(&e, folder, &(struct encoder_options){.digest = true, .heads = 5}, &st), STATUS_OK); /* while it runs */
    assert_null(e);
    for (size_t i = 0; i < 2; i++)
        free(path[i]);
    free(map);
    fake_free(&f);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_released_and_taken_again), cmocka_unit_test(test_parts_of_one_tensor),
                                       cmocka_unit_test(test_not_finite), cmocka_unit_test(test_digest_and_pages)};
    return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
