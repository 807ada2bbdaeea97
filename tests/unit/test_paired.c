/* Tests of paired models, adjusted p values, ranks, permutations. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "interval/adjust.h"
#include "interval/difference.h"
#include "interval/mcnemar.h"
#include "interval/permutation.h"
#include "interval/ranks.h"
#include "interval/signed_rank.h"
#include "interval/studentized_range.h"
#include "metric/auroc.h"

static void adjusted_ascend_and_keep_nan(void **state)
{
    (void)state;
    double p[5] = {0.04, NAN, 0.01, 0.03, 1}, out[5], four[4] = {0.04, 0.01, 0.03, 1}, of_four[4];
    for (int m = ADJUST_BONFERRONI; m <= ADJUST_HOLM_SIDAK; m++) {
        adjust_p(out, (enum adjust_method)m, p, 5);
        adjust_p(of_four, (enum adjust_method)m, four, 4);
        assert_true(isnan(out[1]) && out[2] <= out[3] && out[3] <= out[0] && out[0] <= out[4] && out[4] <= 1);
        assert_true(out[0] == of_four[0] && out[2] == of_four[1]); /* the NaN is not in the family */
        assert_true(out[2] >= p[2]);
    }
    adjust_p(out, ADJUST_HOLM, p, 5);
    assert_true(fabs(out[2] - 0.04) < 1e-15 && fabs(out[3] - 0.09) < 1e-15 && fabs(out[0] - 0.09) < 1e-15);
}

static void identical_models(void **state)
{
    (void)state;
    uint8_t right[6] = {1, 0, 1, 1, 0, 1}, table[12];
    struct mcnemar m = mcnemar_test(right, right, 6);
    assert_true(m.exact_p == 1 && m.mid_p == 1 && isnan(m.chi2) && isnan(m.corrected_p));
    double q, p, value[3] = {0.7, 0.8, 0.9}, score[6] = {1, 5, 2, 4, 3, 6};
    int32_t label[6] = {0, 1, 0, 0, 1, 1};
    for (size_t i = 0; i < 12; i++)
        table[i] = right[i / 2];
    assert_int_equal(cochran_q(&q, &p, table, 6, 2, NULL), STATUS_UNDEFINED);
    assert_true(isnan(q) && isnan(p));
    struct difference d;
    assert_int_equal(difference_bootstrap(&d, 0, value, 1, value, 1, 3, 0.95, NULL), STATUS_OK);
    assert_true(d.p == 1 && d.low == 0 && d.high == 0);
    struct swap *s;
    assert_int_equal(swap_new(&s, label, score, score, NULL, 6, 0, NULL), STATUS_OK);
    struct permutation_test t = swap_test(s, 99, 1, "test", 1);
    assert_true(t.observed == 0 && t.p == 1 && t.at_least == 99);
    swap_free(s);
    double zero[3] = {0, 0, 0};
    struct signed_rank r;
    assert_int_equal(signed_rank_test(&r, ZEROS_DROPPED, zero, 3, NULL), STATUS_UNDEFINED);
    assert_true(isnan(r.normal_p));
}

/* By counting and by ranking the exchanged ranks anew. */
static void swaps_equal_a_new_ranking(void **state)
{
    (void)state;
    enum { N = 50, UNITS = 20 };
    int32_t label[N];
    double a[N], b[N], ranks[2][N];
    uint32_t unit[N];
    uint8_t flip[UNITS];
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 5, "test_paired", 0);
    for (size_t i = 0; i < N; i++) {
        label[i] = i % 3 == 0;
        unit[i] = (uint32_t)(i % UNITS);
        a[i] = floor(12 * gsl_rng_uniform(rng)) + label[i];
        b[i] = gsl_rng_uniform(rng);
    }
    gsl_rng_free(rng);
    struct swap *s;
    assert_int_equal(swap_new(&s, label, a, b, unit, N, UNITS, NULL), STATUS_OK);
    uint32_t *tally = calloc(swap_tally_size(s), sizeof *tally);
    for (size_t i = 0; i < N; i++) {
        ranks[0][i] = ranks[1][i] = 0;
        for (size_t j = 0; j < N; j++) {
            ranks[0][i] += a[j] < a[i] ? 1 : a[j] == a[i] ? 0.5 : 0;
            ranks[1][i] += b[j] < b[i] ? 1 : b[j] == b[i] ? 0.5 : 0;
        }
    }
    for (size_t r = 0; r < 10; r++) {
        double x[N], y[N], area[2];
        permutation_draw(flip, UNITS, 1, "test", r);
        for (size_t i = 0; i < N; i++) {
            x[i] = ranks[flip[unit[i]]][i];
            y[i] = ranks[!flip[unit[i]]][i];
        }
        assert_int_equal(auroc_binary(&area[0], label, x, N, NULL), STATUS_OK);
        assert_int_equal(auroc_binary(&area[1], label, y, N, NULL), STATUS_OK);
        assert_true(fabs(swap_difference(s, flip, tally) - (area[0] - area[1])) < 1e-15);
    }
    struct permutation_test one = swap_test(s, 500, 2025, "t", 1), eight = swap_test(s, 500, 2025, "t", 8);
    assert_memory_equal(&one, &eight, sizeof one);
    free(tally);
    swap_free(s);
}

static void signs_and_ranks(void **state)
{
    (void)state;
    double d[5] = {1, 2, 3, 4, 5};
    struct permutation_test t = sign_flip_exact(d, 5);
    assert_true(t.p == 2.0 / 32 && t.p_greater == 1.0 / 32);
    struct signed_rank r;
    assert_int_equal(signed_rank_test(&r, ZEROS_DROPPED, d, 5, NULL), STATUS_OK);
    assert_true(r.positive == 15 && r.negative == 0 && fabs(r.exact_p - 2.0 / 32) < 1e-15);
    double one_below[5] = {1, 2, -3, 4, 5}; /* at most 3: {}, 1, 2, 3, 1 + 2 */
    assert_int_equal(signed_rank_test(&r, ZEROS_DROPPED, one_below, 5, NULL), STATUS_OK);
    assert_true(r.statistic == 3 && fabs(r.exact_p - 10.0 / 32) < 1e-15);
    double score[6] = {0.9, 0.8, 0.7, 0.6, 0.5, 0.4}, mean[3]; /* two tasks that rank alike */
    struct friedman f;
    assert_int_equal(ranks_mean(mean, score, 2, 3, NULL), STATUS_OK);
    assert_true(mean[0] == 1 && mean[1] == 2 && mean[2] == 3);
    assert_int_equal(ranks_friedman(&f, score, 2, 3, NULL), STATUS_OK);
    assert_true(fabs(f.concordance - 1) < 1e-15 && f.f_p == 0);
    double tied[4] = {1, 1, 2, 2};
    assert_int_equal(ranks_friedman(&f, tied, 2, 2, NULL), STATUS_UNDEFINED);
    assert_true(isnan(f.chi2));
    assert_int_equal(ranks_win_tie_loss(score, 2, 3, 0, 1, 0).win, 2);
    /* The range of two normals is sqrt(2) times a half-normal. */
    for (double q = 0.5; q < 6; q += 0.5)
        assert_true(fabs(studentized_range_cdf(q, 2) - erf(q / 2)) < 1e-13);
    assert_true(fabs(studentized_range_tail(studentized_range_quantile(0.05, 7), 7) - 0.05) < 1e-12);
}

static void heterogeneity(void **state)
{
    (void)state;
    double e[4] = {0.7, 0.7, NAN, 0.9}, se[4] = {0.1, 0.1, 0.1, 0};
    struct heterogeneity h;
    assert_int_equal(heterogeneity_test(&h, e, se, 4, NULL), STATUS_OK);
    assert_true(h.groups == 2 && h.q < 1e-25 && h.p > 0.999 && h.i2 == 0);
    assert_int_equal(heterogeneity_test(&h, e + 1, se + 1, 3, NULL), STATUS_UNDEFINED);
    assert_true(isnan(h.q));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adjusted_ascend_and_keep_nan), cmocka_unit_test(identical_models),
        cmocka_unit_test(swaps_equal_a_new_ranking), cmocka_unit_test(signs_and_ranks), cmocka_unit_test(heterogeneity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
