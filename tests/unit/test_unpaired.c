/* Differences of independent figures, shares of cases, standardised differences: published examples, brute force, undefined cases. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "interval/share.h"
#include "interval/unpaired.h"
#include "metric/proportion.h"
#include "metric/standardised.h"

/* Newcombe 1998, Stat Med 17:873, table II, method 10. */
static void newcombes_examples(void **state)
{
    (void)state;
    static const struct {
        uint64_t a, m, b, n;
        double low, high;
    } CASES[] = {{56, 70, 48, 80, 0.0524, 0.3339}, {9, 10, 3, 10, 0.1705, 0.8090}, {6, 7, 2, 7, 0.0582, 0.8062},      {5, 56, 0, 29, -0.0381, 0.1926},
                 {0, 10, 0, 20, -0.1611, 0.2775},  {0, 10, 0, 10, -0.2775, 0.2775}, {10, 10, 0, 20, 0.6791, 1.0000}, {10, 10, 0, 10, 0.6075, 1.0000}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        double a = (double)CASES[i].a / (double)CASES[i].m, b = (double)CASES[i].b / (double)CASES[i].n;
        struct limits l = unpaired_limits(a, proportion_wilson(CASES[i].a, CASES[i].m, 0.95), b, proportion_wilson(CASES[i].b, CASES[i].n, 0.95));
        assert_true(fabs(l.low - CASES[i].low) < 6e-5 && fabs(l.high - CASES[i].high) < 6e-5);
    }
}

/* With symmetric limits of a normal figure it is the difference's own. */
static void normal_limits_add_in_squares(void **state)
{
    (void)state;
    struct limits l = unpaired_limits(5, (struct limits){2, 8}, 1, (struct limits){-3, 5});
    assert_true(fabs(l.low - (4 - 5)) < 1e-15 && fabs(l.high - (4 + 5)) < 1e-15);
    struct limits back = unpaired_limits(1, (struct limits){-3, 5}, 5, (struct limits){2, 8});
    assert_true(fabs(l.low + back.high) < 1e-15 && fabs(l.high + back.low) < 1e-15);
    l = unpaired_limits(1, (struct limits){0, NAN}, 0, (struct limits){0, 1});
    assert_true(isnan(l.low) && isnan(l.high));
    l = unpaired_limits(NAN, (struct limits){0, 1}, 0, (struct limits){0, 1});
    assert_true(isnan(l.low) && isnan(l.high));
    l = unpaired_limits(0.1, (struct limits){0.2, 0.3}, 0, (struct limits){0, 0}); /* below its own limits */
    assert_true(fabs(l.low - 0.1) < 1e-15 && fabs(l.high - 0.3) < 1e-15);
}

/* How often the interval holds the true difference of two skewed proportions. */
static void it_covers(void **state)
{
    (void)state;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 5);
    size_t held = 0, runs = 20000;
    for (size_t r = 0; r < runs; r++) {
        unsigned a = gsl_ran_binomial(rng, 0.9, 40), b = gsl_ran_binomial(rng, 0.8, 90);
        struct limits l = unpaired_limits(a / 40., proportion_wilson(a, 40, 0.95), b / 90., proportion_wilson(b, 90, 0.95));
        held += l.low <= 0.1 && 0.1 <= l.high;
    }
    gsl_rng_free(rng);
    double share = (double)held / (double)runs;
    assert_true(share > 0.94 && share < 0.97);
}

static void shares(void **state)
{
    (void)state;
    struct share s;
    struct status st;
    uint8_t hit[40] = {0};
    uint32_t own[40], pair[40];
    for (uint32_t i = 0; i < 40; i++) {
        own[i] = 2 * i; /* numbers may have gaps */
        pair[i] = i / 2;
        hit[i] = i < 6;
    }
    assert_int_equal(share_interval(&s, hit, own, 40, 80, 500, 1, "x", 0.95, &st), STATUS_OK);
    struct limits w = proportion_wilson(6, 40, 0.95);
    assert_true(s.value == 6 / 40. && s.limits.low == w.low && s.limits.high == w.high && s.replicates == 0);
    assert_string_equal(s.method, "Wilson");
    assert_int_equal(share_interval(&s, hit, pair, 40, 20, 2000, 1, "x", 0.95, &st), STATUS_OK);
    assert_string_equal(s.method, "percentile bootstrap by patient");
    assert_int_equal(s.n_units, 20);
    /* both images of a patient agree: the width is that of 3 of 20, not of 6 of 40 */
    struct limits of_20 = proportion_wilson(3, 20, 0.95);
    assert_true(s.limits.high - s.limits.low > 1.25 * (w.high - w.low));
    assert_true(fabs((s.limits.high - s.limits.low) / (of_20.high - of_20.low) - 1) < 0.2);
    struct share again;
    assert_int_equal(share_interval(&again, hit, pair, 40, 20, 2000, 1, "x", 0.95, &st), STATUS_OK);
    assert_true(again.limits.low == s.limits.low && again.limits.high == s.limits.high);
    memset(hit, 0, sizeof hit);
    assert_int_equal(share_interval(&s, hit, pair, 40, 20, 500, 1, "x", 0.95, &st), STATUS_OK);
    w = proportion_wilson(0, 20, 0.95);
    assert_true(s.value == 0 && s.limits.low == w.low && s.limits.high == w.high && w.high > 0.1);
    memset(hit, 1, sizeof hit);
    assert_int_equal(share_interval(&s, hit, pair, 40, 20, 500, 1, "x", 0.95, &st), STATUS_OK);
    w = proportion_wilson(20, 20, 0.95);
    assert_true(s.limits.low == w.low && s.limits.high == w.high);
    assert_int_equal(share_interval(&s, hit, pair, 0, 20, 500, 1, "x", 0.95, &st), STATUS_UNDEFINED);
    assert_true(isnan(s.value) && isnan(s.limits.low));
    assert_int_equal(share_interval(&s, hit, pair, 40, 19, 500, 1, "x", 0.95, &st), STATUS_DATA);
}

static void standardised(void **state)
{
    (void)state;
    assert_true(fabs(standardised_means(3, 1, 1, 3) - 2 / sqrt(5)) < 1e-15);
    assert_true(standardised_means(3, 0, 3, 0) == 0 && isnan(standardised_means(3, 0, 2, 0)) && isnan(standardised_means(NAN, 1, 2, 1)));
    assert_true(fabs(standardised_shares(0.5, 0.25) - 0.25 / sqrt((0.25 + 0.1875) / 2)) < 1e-15);
    assert_true(standardised_shares(0, 0) == 0 && isnan(standardised_shares(1, 0)));
    /* two levels: the same as one share */
    double a[4] = {0.5, 0.5}, b[4] = {0.25, 0.75};
    assert_true(fabs(standardised_levels(a, b, 2) - fabs(standardised_shares(0.5, 0.25))) < 1e-14);
    /* three, by the inverse written out; and the order of the levels does not count, nor one that is in neither */
    double p[4] = {0.2, 0.3, 0, 0.5}, q[4] = {0.4, 0.35, 0, 0.25};
    double s11 = (p[0] * (1 - p[0]) + q[0] * (1 - q[0])) / 2, s22 = (p[1] * (1 - p[1]) + q[1] * (1 - q[1])) / 2, s12 = -(p[0] * p[1] + q[0] * q[1]) / 2;
    double u = p[0] - q[0], v = p[1] - q[1], brute = sqrt((u * u * s22 - 2 * u * v * s12 + v * v * s11) / (s11 * s22 - s12 * s12));
    assert_true(fabs(standardised_levels(p, q, 4) - brute) < 1e-13);
    double r[3] = {0.5, 0.2, 0.3}, t[3] = {0.25, 0.4, 0.35};
    assert_true(fabs(standardised_levels(r, t, 3) - brute) < 1e-13);
    assert_true(standardised_levels(p, p, 4) == 0);
    double one[2] = {1, 0}, other[2] = {0, 1};
    assert_true(isnan(standardised_levels(one, other, 2)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(newcombes_examples), cmocka_unit_test(normal_limits_add_in_squares), cmocka_unit_test(it_covers),
                                       cmocka_unit_test(shares), cmocka_unit_test(standardised)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
