/* The store: what is damaged is not believed, what was committed survives a kill, processes may share it. */
#include "unit/scratch.h"

#include <lmdb.h>
#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "embed/store.h"

#define N 64

static struct store_key key_of(unsigned i, unsigned encoder)
{
    struct store_key key;
    memset(&key, 0, sizeof key);
    memcpy(key.image, &i, sizeof i);
    memcpy(key.fingerprint, &encoder, sizeof encoder);
    return key;
}

static void fill(float value[N], unsigned i)
{
    for (unsigned k = 0; k < N; k++)
        value[k] = (float)(i * 1000 + k) / 7;
}

static struct store *must_open(const char *directory, bool read_only)
{
    struct store *store;
    struct status st;
    if (store_open(&store, directory, read_only, &st))
        fail_msg("%s", st.text);
    return store;
}

static int put(struct store *store, unsigned i, unsigned encoder, struct status *st)
{
    float value[N];
    struct store_record record = {.key = key_of(i, encoder), .value = value, .n = N};
    fill(value, i);
    return store_put(store, &record, 1, st);
}

/* 1: there and whole, 0: not there; damage is counted. */
static int get(const struct store *store, unsigned i, unsigned encoder, size_t *damaged)
{
    struct store_key key = key_of(i, encoder);
    float value[N], expected[N];
    struct status st;
    bool there;
    if (store_get(&there, value, N, store, &key, damaged, &st))
        fail_msg("%s", st.text);
    fill(expected, i);
    if (there)
        assert_memory_equal(value, expected, sizeof value);
    return there;
}

static void test_put_and_get(void **state)
{
    (void)state;
    char *directory = scratch_new(), *inner = path_join(directory, "made/store");
    struct store *store = must_open(inner, false);
    struct status st;
    size_t damaged = 0;
    float value[3] = {NAN, -0.0f, INFINITY}, back[3];
    struct store_record two[2] = {{key_of(5, 1), value, 3}, {key_of(5, 2), value, 3}};
    bool there;
    assert_int_equal(put(store, 1, 1, &st), STATUS_OK);
    assert_int_equal(put(store, 1, 1, &st), STATUS_OK); /* again: the same */
    assert_int_equal(store_put(store, two, 2, &st), STATUS_OK);
    assert_int_equal(store_put(store, NULL, 0, &st), STATUS_OK);
    store_close(store);
    store = must_open(inner, true);
    assert_int_equal(get(store, 1, 1, &damaged), 1);
    assert_int_equal(get(store, 1, 2, &damaged), 0);
    assert_int_equal(get(store, 2, 1, NULL), 0);
    assert_int_equal(store_get(&there, back, 3, store, &two[1].key, &damaged, &st), STATUS_OK);
    assert_true(there);
    assert_memory_equal(back, value, sizeof value); /* bytes, NaN and -0 too */
    assert_int_equal(damaged, 0);
    assert_int_equal(store_get(&there, value, 2, store, &two[1].key, &damaged, &st), STATUS_OK); /* of another length */
    assert_false(there);
    assert_int_equal(damaged, 1);
    assert_int_equal(put(store, 3, 1, &st), STATUS_IO); /* read only */
    assert_text(st.text, inner);
    store_close(store);
    store_close(NULL);
    free(inner);
    scratch_remove(directory);
}

static void test_nothing_to_open(void **state)
{
    (void)state;
    struct store *store;
    struct status st;
    char *directory = scratch_new(), *missing = path_join(directory, "none"), *file = scratch_write(directory, "file", "x", 1);
    char *junk = path_join(directory, "junk"), *zeros = mem_calloc(1, 8192);
    assert_int_equal(store_open(&store, missing, true, &st), STATUS_IO);
    assert_text(st.text, "none");
    assert_null(store);
    assert_false(file_exists(missing)); /* reading makes nothing */
    assert_int_equal(store_open(&store, file, false, &st), STATUS_IO);
    assert_null(store);
    free(scratch_write(directory, "junk/data.mdb", zeros, 8192));
    assert_int_equal(store_open(&store, junk, false, &st), STATUS_IO);
    assert_text(st.text, "junk");
    assert_null(store);
    free(missing);
    free(file);
    free(junk);
    free(zeros);
    scratch_remove(directory);
}

/* Spoil the stored value of (i, 1) behind the store's back: flip the bit, or keep only `length` bytes of it. */
static void spoil(const char *directory, unsigned i, size_t byte, size_t length)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi table;
    struct store_key key = key_of(i, 1);
    MDB_val k = {sizeof key, &key}, v;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 4), 0);
    assert_int_equal(mdb_env_open(env, directory, 0, 0666), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "embeddings", 0, &table), 0);
    assert_int_equal(mdb_get(txn, table, &k, &v), 0);
    char *copy = mem_alloc(v.mv_size, 1);
    memcpy(copy, v.mv_data, v.mv_size);
    if (byte < v.mv_size)
        copy[byte] = (char)(copy[byte] ^ 4);
    v.mv_size = length < v.mv_size ? length : v.mv_size;
    v.mv_data = copy;
    assert_int_equal(mdb_put(txn, table, &k, &v, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    free(copy);
}

static void test_damage_is_not_believed(void **state)
{
    (void)state;
    static const struct {
        size_t byte, length;
    } harm[] = {{0, 1000}, {5, 1000}, {9, 1000}, {16, 1000}, {100, 1000}, {16 + 4 * N - 1, 1000}, {1000, 16 + 4 * N - 4}, {1000, 16}, {1000, 15}, {1000, 0}};
    char *directory = scratch_new();
    struct status st;
    for (unsigned i = 0; i < sizeof harm / sizeof *harm; i++) {
        struct store *store = must_open(directory, false);
        size_t damaged = 0;
        assert_int_equal(put(store, i, 1, &st), STATUS_OK);
        store_close(store);
        spoil(directory, i, harm[i].byte, harm[i].length);
        store = must_open(directory, false);
        if (get(store, i, 1, &damaged) || damaged != 1)
            fail_msg("harm %u was not seen", i);
        assert_int_equal(put(store, i, 1, &st), STATUS_OK); /* repaired */
        assert_int_equal(get(store, i, 1, &damaged), 1);
        assert_int_equal(damaged, 1);
        store_close(store);
    }
    scratch_remove(directory);
}

static void visit(void *context, const char *words, const uint8_t fingerprint[DIGEST_BYTES], size_t n_images, size_t n_floats)
{
    char **text = context;
    char *longer = mem_printf("%s[%s %u: %zu x %zu]", *text, words, fingerprint[0], n_images, n_floats);
    free(*text);
    *text = longer;
}

static void test_list(void **state)
{
    (void)state;
    char *directory = scratch_new(), *text = mem_strdup("");
    struct store *store = must_open(directory, false);
    struct status st;
    assert_int_equal(store_list(store, visit, &text, &st), STATUS_OK);
    assert_string_equal(text, "");
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(put(store, i, 1 + i % 2, &st), STATUS_OK);
    struct store_key one = key_of(0, 1), two = key_of(0, 2), three = key_of(0, 3);
    assert_int_equal(store_describe(store, one.fingerprint, "first", &st), STATUS_OK);
    assert_int_equal(store_describe(store, two.fingerprint, "other", &st), STATUS_OK);
    assert_int_equal(store_describe(store, two.fingerprint, "second", &st), STATUS_OK);
    assert_int_equal(store_describe(store, three.fingerprint, "unused", &st), STATUS_OK);
    assert_int_equal(store_list(store, visit, &text, &st), STATUS_OK);
    assert_string_equal(text, "[first 1: 3 x 64][second 2: 2 x 64][unused 3: 0 x 0]");
    store_close(store);
    free(text);
    scratch_remove(directory);
}

static void write_many(const char *directory, unsigned first, unsigned step, unsigned n)
{
    struct store *store;
    struct status st;
    if (store_open(&store, directory, false, &st))
        _exit(1);
    for (unsigned i = 0; i < n; i++)
        if (put(store, first + i * step, 1, &st))
            _exit(2);
    store_close(store);
    _exit(0);
}

static void test_two_processes(void **state)
{
    (void)state;
    enum { EACH = 150 };
    char *directory = scratch_new();
    pid_t child[3];
    for (unsigned p = 0; p < 3; p++) {
        child[p] = fork();
        if (child[p] == 0)
            write_many(directory, p, 3, EACH);
    }
    for (unsigned p = 0; p < 3; p++) {
        int how;
        assert_int_equal(waitpid(child[p], &how, 0), child[p]);
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    }
    struct store *store = must_open(directory, true);
    size_t damaged = 0;
    for (unsigned i = 0; i < 3 * EACH; i++)
        assert_int_equal(get(store, i, 1, &damaged), 1);
    assert_int_equal(damaged, 0);
    store_close(store);
    scratch_remove(directory);
}

/* Killed at some moment of writing, again and again: everything whose put returned is there, all is whole, writing goes on. */
static void test_killed_while_writing(void **state)
{
    (void)state;
    char *directory = scratch_new();
    unsigned next = 0;
    for (unsigned turn = 0; turn < 12; turn++) {
        int channel[2];
        assert_int_equal(pipe(channel), 0);
        pid_t child = fork();
        if (child == 0) {
            struct store *store;
            struct status st;
            if (store_open(&store, directory, false, &st))
                _exit(1);
            for (unsigned i = next;; i++) {
                if (put(store, i, 1, &st) || write(channel[1], &i, sizeof i) != sizeof i)
                    _exit(2);
            }
        }
        close(channel[1]);
        unsigned last = next, told;
        for (unsigned k = 0; k < 3 + turn; k++)
            if (read(channel[0], &told, sizeof told) == sizeof told)
                last = told;
        struct timespec pause = {0, (long)turn * 137000};
        nanosleep(&pause, NULL);
        kill(child, SIGKILL);
        while (read(channel[0], &told, sizeof told) == sizeof told)
            last = told;
        close(channel[0]);
        int how;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFSIGNALED(how));
        struct store *store = must_open(directory, false);
        size_t damaged = 0;
        for (unsigned i = 0; i <= last; i++)
            assert_int_equal(get(store, i, 1, &damaged), 1);
        (void)get(store, last + 1, 1, &damaged); /* there or not, never half */
        assert_int_equal(damaged, 0);
        store_close(store);
        next = last + 1;
    }
    assert_true(next >= 12 * 3);
    scratch_remove(directory);
}

/* Readers that were killed leave their places: another process must find some, however many there were. */
static void test_killed_readers(void **state)
{
    (void)state;
    char *directory = scratch_new();
    struct status st;
    struct store *store = must_open(directory, false); /* holds the lock file's table */
    assert_int_equal(put(store, 1, 1, &st), STATUS_OK);
    store_close(store);
    int hold[2];
    assert_int_equal(pipe(hold), 0);
    pid_t keeper = fork(); /* keeps the store open, so that the table is never made anew */
    if (keeper == 0) {
        struct store *own;
        char byte;
        if (store_open(&own, directory, true, &st))
            _exit(1);
        close(hold[1]);
        ssize_t got = read(hold[0], &byte, 1);
        (void)got;
        _exit(0);
    }
    close(hold[0]);
    for (unsigned i = 0; i < 140; i++) {
        pid_t child = fork();
        if (child == 0) {
            MDB_env *env;
            MDB_txn *txn;
            if (mdb_env_create(&env) || mdb_env_open(env, directory, MDB_RDONLY | MDB_NOTLS, 0666) || mdb_txn_begin(env, NULL, MDB_RDONLY, &txn))
                _exit(1);
            raise(SIGKILL);
        }
        int how;
        assert_int_equal(waitpid(child, &how, 0), child);
        if (i % 50 == 49) {
            store = must_open(directory, true);
            assert_int_equal(get(store, 1, 1, NULL), 1);
            store_close(store);
        } else if (i < 50) {
            assert_true(WIFSIGNALED(how));
        }
    }
    store = must_open(directory, true);
    assert_int_equal(get(store, 1, 1, NULL), 1);
    store_close(store);
    close(hold[1]);
    waitpid(keeper, NULL, 0);
    scratch_remove(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_put_and_get),   cmocka_unit_test(test_nothing_to_open),
                                       cmocka_unit_test(test_damage_is_not_believed), cmocka_unit_test(test_list),
                                       cmocka_unit_test(test_two_processes), cmocka_unit_test(test_killed_while_writing),
                                       cmocka_unit_test(test_killed_readers)};
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
