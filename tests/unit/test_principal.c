/* Components of points that lie in a plane, and the identities of any. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "metric/principal.h"

enum { N = 60, D = 7 };

static double noise(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return (double)(*x >> 11) / 9007199254740992.0 - 0.5;
}

static void test_scores(void **state)
{
    (void)state;
    static float x[N * D];
    double score[2 * N], share[2];
    uint64_t seed = 88172645463325252ULL;
    struct status st = {0};
    for (size_t i = 0; i < N; i++) {
        double a = noise(&seed), b = noise(&seed);
        for (size_t c = 0; c < D; c++)
            x[i * D + c] = (float)(c == D - 1 ? 3 : 100 * a * (double)(c + 1) + (c % 2 ? 40 * b : -10 * b) + noise(&seed) + 1000); /* the last is constant */
    }
    assert_int_equal(principal_two(score, share, x, N, D, &st), STATUS_OK);
    assert_true(share[0] > share[1] && share[1] > 0 && share[0] + share[1] > 0.9 && share[0] + share[1] <= 1 + 1e-12);
    /* variance of the scores is their share of the number of columns that vary; both are uncorrelated and centred */
    double m[2] = {0}, s[3] = {0};
    for (size_t i = 0; i < N; i++) {
        m[0] += score[2 * i];
        m[1] += score[2 * i + 1];
        s[0] += score[2 * i] * score[2 * i];
        s[1] += score[2 * i + 1] * score[2 * i + 1];
        s[2] += score[2 * i] * score[2 * i + 1];
    }
    assert_true(fabs(m[0]) < 1e-6 && fabs(m[1]) < 1e-6 && fabs(s[2]) < 1e-6);
    for (size_t k = 0; k < 2; k++)
        assert_true(fabs(s[k] / (N - 1) - share[k] * (D - 1)) < 1e-9);
    /* twice the same bytes */
    double again[2 * N], share_again[2];
    assert_int_equal(principal_two(again, share_again, x, N, D, &st), STATUS_OK);
    assert_memory_equal(score, again, sizeof score);
}

static void test_undefined(void **state)
{
    (void)state;
    const float x[] = {1, 2, 1, 2, 1, 2};
    double score[6], share[2];
    struct status st = {0};
    assert_int_equal(principal_two(score, share, x, 3, 2, &st), STATUS_UNDEFINED);
    assert_true(isnan(score[0]) && isnan(share[0]));
    assert_int_equal(principal_two(score, share, x, 2, 2, &st), STATUS_UNDEFINED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_scores), cmocka_unit_test(test_undefined)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
