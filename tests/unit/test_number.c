/* Strict numbers, shortest decimals; status sentences, digests, streams. */
#include "unit/scratch.h"

#include <errno.h>
#include <float.h>
#include <math.h>

#include "base/digest.h"
#include "base/number.h"
#include "base/rng.h"
#include "base/status.h"

static void test_doubles(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0}, {"-0", 0}, {"1", 1}, {"+1.5", 1.5}, {".5", .5}, {"5.", 5}, {"1e5", 1e5}, {"-1E-3", -1e-3}, {"1e-400", 0},
                {"007", 7}, {"1.7976931348623157e308", DBL_MAX}};
    static const char *const bad[] = {"", " ", " 1", "1 ", "1O", "1,5", "0x10", "0X1P3", "1e", "e5", ".", "-", "+", "--1", "1_000",
                                      "nan", "NaN", "-nan", "inf", "-inf", "infinity", "1e400", "1\n", "1\t", "½", "１", "1d5", "NA"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        double v = -77;
        assert_true(number_parse_double(good[i].text, &v));
        assert_true(v == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double v = -77;
        if (number_parse_double(bad[i], &v))
            fail_msg("'%s' was taken for %g", bad[i], v);
        assert_true(v == -77); /* left alone */
    }
    double v;
    assert_true(number_parse_double_any("nan", &v) && isnan(v));
    assert_true(number_parse_double_any("-inf", &v) && v < -DBL_MAX);
    assert_true(number_parse_double_any("+inf", &v) && v > DBL_MAX);
    assert_false(number_parse_double_any("-nan", &v));
    assert_false(number_parse_double_any("infinite", &v));
}

static void test_integers(void **state)
{
    (void)state;
    int64_t i = 0;
    size_t n = 0;
    assert_true(number_parse_int("-9223372036854775808", &i) && i == INT64_MIN);
    assert_false(number_parse_int("9223372036854775808", &i));
    assert_true(number_parse_size("08", &n) && n == 8); /* decimal, not octal */
    static const char *const bad[] = {"", "-1", "1.0", "1e3", "1O", " 1", "1 ", "0x1", "-", "99999999999999999999", "1k"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        if (number_parse_size(bad[k], &n))
            fail_msg("'%s' was taken for %zu", bad[k], n);
}

static void test_format_reads_back(void **state)
{
    (void)state;
    char text[NUMBER_TEXT];
    uint64_t bits = 1;
    assert_string_equal(number_format(text, 0.1), "0.1");
    assert_string_equal(number_format(text, 2025), "2025");
    assert_string_equal(number_format(text, NAN), "NA");
    assert_string_equal(number_format(text, -INFINITY), "-inf");
    assert_true(strlen(number_format(text, -DBL_MIN * DBL_EPSILON)) < NUMBER_TEXT);
    for (int i = 0; i < 100000; i++) {
        double v, back;
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        memcpy(&v, &bits, sizeof v);
        if (!isfinite(v))
            continue;
        assert_true(number_parse_double(number_format(text, v), &back));
        assert_memory_equal(&v, &back, sizeof v); /* -0 too */
    }
}

static void test_status(void **state)
{
    (void)state;
    struct status st;
    char longer[2 * STATUS_TEXT];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(status_set(&st, STATUS_DATA, "%s", longer), STATUS_DATA);
    assert_int_equal(strlen(st.text), STATUS_TEXT - 1);
    errno = ENOENT;
    assert_int_equal(status_errno(&st, STATUS_IO, "%s", longer), STATUS_IO);
    assert_int_equal(strlen(st.text), STATUS_TEXT - 1);
    errno = ENOENT;
    (void)status_errno(&st, STATUS_IO, "cannot open 'a'");
    assert_string_equal(st.text, "cannot open 'a': No such file or directory");
    assert_int_equal(status_context(&st, "task '%s'", "t"), STATUS_IO);
    assert_string_equal(st.text, "task 't': cannot open 'a': No such file or directory");
    assert_int_equal(status_set(NULL, STATUS_DATA, "nobody listens"), STATUS_DATA);
    assert_int_equal(status_context(NULL, "nobody"), STATUS_INTERNAL);
}

static void test_digests(void **state)
{
    (void)state;
    uint8_t digest[DIGEST_BYTES], again[DIGEST_BYTES];
    char hex[DIGEST_HEX];
    struct status st;
    digest_bytes(digest, "abc", 3); /* FIPS 180-2, appendix B.1 */
    assert_string_equal(digest_hex(hex, digest), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_bytes(digest, NULL, 0);
    assert_string_equal(digest_hex(hex, digest), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    char *directory = scratch_new(), *path = scratch_write(directory, "empty", "", 0);
    assert_int_equal(digest_file(again, path, &st), STATUS_OK);
    assert_memory_equal(digest, again, DIGEST_BYTES);
    assert_int_equal(digest_file(again, directory, &st), STATUS_IO);
    assert_text(st.text, "not a regular file");
    assert_true(digest_checksum("", 0) == 0x2d06800538d394c2u); /* XXH3's published value for no input */
    free(path);
    scratch_remove(directory);
}

static void test_streams_belong_to_their_name(void **state)
{
    (void)state;
    gsl_rng *a = rng_stream_new(), *b = rng_stream_new();
    rng_stream_set(a, 2025, "task", 7);
    rng_stream_set(b, 1, "other", 0);
    (void)gsl_rng_get(b);
    rng_stream_set(b, 2025, "task", 7);
    for (int i = 0; i < 1000; i++)
        assert_true(gsl_rng_get(a) == gsl_rng_get(b));
    static const struct {
        uint64_t seed;
        const char *name;
        uint64_t index;
    } other[] = {{2026, "task", 7}, {2025, "tas", 7}, {2025, "task", 8}, {2025, "", 7}};
    for (size_t i = 0; i < 4; i++) {
        rng_stream_set(a, 2025, "task", 7);
        rng_stream_set(b, other[i].seed, other[i].name, other[i].index);
        size_t same = 0;
        for (int k = 0; k < 100; k++)
            same += gsl_rng_get(a) == gsl_rng_get(b);
        assert_true(same < 3);
    }
    gsl_rng_free(a);
    gsl_rng_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_doubles), cmocka_unit_test(test_integers), cmocka_unit_test(test_format_reads_back),
                                       cmocka_unit_test(test_status),  cmocka_unit_test(test_digests),  cmocka_unit_test(test_streams_belong_to_their_name)};
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
