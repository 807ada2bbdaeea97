/* .npy: what we write reads back, what is damaged is refused. */
#include "unit/scratch.h"

#include <math.h>

#include "base/npy.h"

static int read_bytes(struct npy *a, const void *data, size_t size, struct status *st)
{
    char *directory = scratch_new(), *path = scratch_write(directory, "a.npy", data, size);
    int code = npy_read(a, path, st);
    free(path);
    scratch_remove(directory);
    return code;
}

static size_t npy_bytes(char *out, const char *header, size_t n_data)
{
    size_t n = strlen(header);
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (char)(n & 255);
    out[9] = (char)(n >> 8);
    memcpy(out + 10, header, n);
    for (size_t i = 0; i < n_data; i++)
        out[10 + n + i] = (char)i;
    return 10 + n + n_data;
}

static void test_round_trip(void **state)
{
    (void)state;
    static const size_t shapes[][3] = {{3, 4, 0}, {12, 0, 0}, {2, 3, 2}, {0, 5, 0}, {1, 1, 1}};
    static const size_t dims[] = {2, 1, 3, 2, 3};
    float x[12];
    for (size_t i = 0; i < 12; i++)
        x[i] = (float)i / 3 - 1;
    x[5] = NAN;
    x[6] = -INFINITY;
    char *directory = scratch_new(), *path = path_join(directory, "a.npy");
    for (size_t s = 0; s < 5; s++) {
        struct npy a;
        struct status st;
        if (npy_write_float(path, x, shapes[s], dims[s], &st) || npy_read(&a, path, &st))
            fail_msg("%s", st.text);
        assert_int_equal(a.n_dims, dims[s]);
        size_t n = 1;
        for (size_t d = 0; d < dims[s]; d++) {
            assert_int_equal(a.shape[d], shapes[s][d]);
            n *= shapes[s][d];
        }
        assert_int_equal(a.n, n);
        if (n)
            assert_memory_equal(a.data, x, n * sizeof *x);
        npy_free(&a);
        npy_free(&a);
        unsigned char *bytes;
        size_t size;
        assert_int_equal(file_read(&bytes, &size, path, 0, &st), STATUS_OK);
        assert_int_equal((size - n * sizeof *x) % 64, 0); /* as the format asks */
        assert_int_equal(bytes[size - n * sizeof *x - 1], '\n');
        free(bytes);
    }
    free(path);
    scratch_remove(directory);
}

static void test_types(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        size_t item;
        double second; /* of the bytes 0, 1, 2, ... */
    } t[] = {{"|u1", 1, 1}, {"|i1", 1, 1}, {"|b1", 1, 1}, {"<u2", 2, 0x0302}, {"<i4", 4, 0x07060504}, {"<u8", 8, 1084818905618843912.0}, {"<i2", 2, 0x0302}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        char bytes[300], header[200];
        struct npy a;
        struct status st;
        (void)snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (2,), }\n", t[i].type);
        if (read_bytes(&a, bytes, npy_bytes(bytes, header, 2 * t[i].item), &st))
            fail_msg("%s", st.text);
        assert_true(npy_value(&a, 1) == t[i].second);
        double *doubles = npy_doubles(&a);
        float *floats = npy_floats(&a);
        assert_true(doubles[1] == t[i].second && floats[1] == (float)t[i].second);
        free(doubles);
        free(floats);
        npy_free(&a);
    }
}

static void test_scalar(void **state)
{
    (void)state;
    char bytes[300];
    struct npy a;
    struct status st;
    assert_int_equal(read_bytes(&a, bytes, npy_bytes(bytes, "{'descr': '<f4', 'fortran_order': False, 'shape': (), }", 4), &st), STATUS_OK);
    assert_int_equal(a.n, 1);
    assert_int_equal(a.n_dims, 0);
    npy_free(&a);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{}",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }",
        "{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<f3', 'fortran_order': False, 'shape': (4,), }",
        "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 2, }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387906,), }", /* times 4 is 8 */
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,), }",
        "{'descr': '",
        "{'shape': (2,), 'fortran_order': False, 'descr'",
    };
    char bytes[600];
    struct npy a;
    struct status st;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (read_bytes(&a, bytes, npy_bytes(bytes, bad[i], 8), &st) != STATUS_DATA)
            fail_msg("case %zu was taken", i);
    size_t n = npy_bytes(bytes, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8);
    for (size_t cut = 0; cut < n; cut++) /* at every byte */
        assert_int_equal(read_bytes(&a, bytes, cut, &st), STATUS_DATA);
    assert_int_equal(read_bytes(&a, bytes, n + 1, &st), STATUS_DATA);
    bytes[6] = 2; /* version 2: the length has four bytes, and is too long now */
    assert_int_equal(read_bytes(&a, bytes, n, &st), STATUS_DATA);
    npy_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_types), cmocka_unit_test(test_scalar),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests_name("npy", tests, NULL, NULL);
}
