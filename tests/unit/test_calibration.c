/* Calibration, agreement and inverses: identities, undefined cases. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <gsl/gsl_cdf.h>

#include "metric/calibration.h"
#include "metric/correlation.h"
#include "metric/diagnostic.h"
#include "metric/fleiss.h"
#include "metric/goodness.h"
#include "metric/icc.h"
#include "metric/inverse.h"
#include "metric/net_benefit.h"
#include "metric/recalibration.h"
#include "metric/top_k.h"

static const int32_t label[8] = {0, 1, 0, 1, 1, 0, 1, 0};
static const double prob[8] = {0.1, 0.9, 0.4, 0.35, 0.8, 0.5, 0.6, 0.2};

/* A sample of weight w is w rows, bit for bit. */
static void weights_are_rows(void **state)
{
    (void)state;
    const uint32_t weight[8] = {2, 0, 1, 3, 1, 1, 2, 1};
    int32_t rows[11];
    double p[11];
    size_t m = 0;
    for (size_t i = 0; i < 8; i++)
        for (uint32_t w = 0; w < weight[i]; w++) {
            rows[m] = label[i];
            p[m++] = prob[i];
        }
    assert_int_equal(m, 11);
    assert_true(calibration_brier(label, prob, weight, 8) == calibration_brier(rows, p, NULL, 11));
    assert_true(calibration_log_loss(label, prob, weight, 8) == calibration_log_loss(rows, p, NULL, 11));
    assert_true(net_benefit(label, prob, weight, 8, 0.3) == net_benefit(rows, p, NULL, 11, 0.3));
    for (int kind = BINS_UNIFORM; kind <= BINS_EQUAL_COUNT; kind++) {
        struct calibration_error a = calibration_error((enum calibration_bins)kind, 4, label, prob, weight, 8);
        struct calibration_error b = calibration_error((enum calibration_bins)kind, 4, rows, p, NULL, 11);
        assert_true(a.expected == b.expected && a.maximum == b.maximum);
    }
    struct recalibration r, s;
    assert_int_equal(recalibration_fit(&r, label, prob, weight, 8, NULL), STATUS_OK);
    assert_int_equal(recalibration_fit(&s, rows, p, NULL, 11, NULL), STATUS_OK);
    assert_true(fabs(r.slope - s.slope) < 1e-12 && fabs(r.intercept_se - s.intercept_se) < 1e-12);
}

/* Probabilities that hardly differ: logits of a hundred-thousandth of those of `prob`, about -0.9, have a hundred thousand times its slope. */
static void nearly_constant_probabilities(void **state)
{
    (void)state;
    struct recalibration r, s;
    double close[8], shift = 1e-5;
    for (size_t i = 0; i < 8; i++)
        close[i] = recalibration_apply(-0.9, shift, prob[i]);
    assert_int_equal(recalibration_fit(&r, label, prob, NULL, 8, NULL), STATUS_OK);
    assert_int_equal(recalibration_fit(&s, label, close, NULL, 8, NULL), STATUS_OK);
    assert_true(fabs(s.slope * shift / r.slope - 1) < 1e-9);
    assert_true(fabs(s.intercept - 0.9 * s.slope - r.intercept) < 1e-6 * fabs(s.intercept));
    assert_true(fabs(s.slope_se * shift / r.slope_se - 1) < 1e-9);
}

/* After recalibration the slope is 1 and the intercept 0; the mean probability is the prevalence. */
static void recalibration_undoes_itself(void **state)
{
    (void)state;
    struct recalibration r, again;
    double better[8], mean = 0, large, se;
    assert_int_equal(recalibration_fit(&r, label, prob, NULL, 8, NULL), STATUS_OK);
    for (size_t i = 0; i < 8; i++) {
        better[i] = recalibration_apply(r.intercept, r.slope, prob[i]);
        mean += better[i] / 8;
    }
    assert_true(fabs(mean - 0.5) < 1e-12);
    assert_int_equal(recalibration_fit(&again, label, better, NULL, 8, NULL), STATUS_OK);
    assert_true(fabs(again.slope - 1) < 1e-10 && fabs(again.intercept) < 1e-10);
    assert_int_equal(recalibration_in_the_large(&large, &se, label, better, NULL, 8, NULL), STATUS_OK);
    assert_true(fabs(large) < 1e-12 && se > 0);
}

static void undefined(void **state)
{
    (void)state;
    struct recalibration r;
    struct status st;
    double large, se, z, p, sure[8] = {0, 1, 0, 1, 1, 0, 1, 0}, apart[8] = {0.1, 0.9, 0.2, 0.8, 0.7, 0.3, 0.6, 0.4}, same[8];
    int32_t ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    for (size_t i = 0; i < 8; i++)
        same[i] = 0.3;
    assert_int_equal(recalibration_fit(&r, label, sure, NULL, 8, &st), STATUS_UNDEFINED);
    assert_true(isnan(r.slope) && isnan(r.slope_se));
    assert_int_equal(recalibration_fit(&r, label, apart, NULL, 8, &st), STATUS_UNDEFINED);
    assert_non_null(strstr(st.text, "separate the classes"));
    assert_int_equal(recalibration_fit(&r, label, same, NULL, 8, &st), STATUS_UNDEFINED);
    assert_int_equal(recalibration_fit(&r, ones, prob, NULL, 8, &st), STATUS_UNDEFINED);
    assert_int_equal(recalibration_in_the_large(&large, &se, ones, prob, NULL, 8, &st), STATUS_UNDEFINED);
    assert_true(isnan(large) && isnan(se));
    assert_true(isnan(calibration_brier(label, prob, NULL, 0)) && isnan(calibration_brier_skill(ones, prob, NULL, 8)));
    assert_true(isnan(calibration_error(BINS_UNIFORM, 15, label, prob, NULL, 0).expected));
    assert_true(isnan(net_benefit(label, prob, NULL, 0, 0.5)) && isnan(top_k_accuracy(label, prob, NULL, 0, 2, 1, TOP_K_LOW)));
    spiegelhalter(&z, &p, label, sure, 8);
    assert_true(isnan(z) && isnan(p));
    struct hosmer_lemeshow h;
    assert_int_equal(hosmer_lemeshow(&h, 10, label, same, 8, &st), STATUS_UNDEFINED);
    assert_true(isnan(h.p));
    struct icc form[ICC_N_FORMS];
    double equal[6] = {1, 1, 2, 2, 3, 3};
    assert_int_equal(icc_estimate(form, equal, 3, 2, 0.95, &st), STATUS_UNDEFINED);
    assert_int_equal(icc_estimate(form, equal, 1, 2, 0.95, &st), STATUS_UNDEFINED);
    assert_true(isnan(form[ICC_TWO].icc));
    assert_true(isnan(correlation_pearson(same, prob, 8, 0.95).r) && isnan(correlation_concordance(same, prob, 8, 0.95).ccc));
    assert_true(isnan(paired_t_test(prob, prob, 8).t) && isnan(correlation_line(same, prob, 8).slope));
    double fleiss, randolph;
    uint64_t raters, agreed[4] = {3, 0, 3, 0}, uneven[4] = {3, 0, 1, 1};
    assert_int_equal(fleiss_kappa(&fleiss, &randolph, &raters, agreed, 2, 2, &st), STATUS_UNDEFINED);
    assert_true(isnan(fleiss) && randolph == 1);
    assert_int_equal(fleiss_kappa(&fleiss, &randolph, &raters, uneven, 2, 2, &st), STATUS_DATA);
    uint64_t empty[4] = {0, 0, 3, 4};
    assert_true(isnan(diagnostic_lr_positive(empty, 0.95).value) && isnan(diagnostic_youden(empty, 0.95).value));
}

static void bins_hold_their_edges(void **state)
{
    (void)state;
    int32_t hit[4] = {1, 0, 1, 0};
    double at[4] = {0, 0.5, 0.50000001, 1};
    struct calibration_bin bin[2];
    calibration_fill(bin, 2, BINS_UNIFORM, hit, at, NULL, 4);
    assert_true(bin[0].count == 2 && bin[1].count == 2 && bin[0].mean_label == 0.5);
}

/* Distribution functions at their inverses, where GSL's own inverse fails too. */
static void inverses(void **state)
{
    (void)state;
    for (double a = 0.5; a < 3000; a *= 3.1)
        for (double b = 0.5; b < 3000; b *= 2.7) {
            assert_true(fabs(gsl_cdf_beta_P(inverse_beta(0.025, a, b), a, b) - 0.025) < 1e-12);
            assert_true(fabs(gsl_cdf_beta_Q(inverse_beta(0.975, a, b), a, b) - 0.025) < 1e-12);
        }
    assert_true(fabs(inverse_beta(0.025, 484, 17) - 0.94855323170835437) < 1e-12);
    for (double df = 1; df < 1e5; df *= 3)
        assert_true(fabs(gsl_cdf_tdist_Q(inverse_t(0.975, df), df) - 0.025) < 1e-13 && fabs(inverse_t(0.025, df) / inverse_t(0.975, df) + 1) < 1e-12);
    assert_true(isinf(inverse_f(0.975, 29, 3.5e-4)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_rows), cmocka_unit_test(recalibration_undoes_itself), cmocka_unit_test(nearly_constant_probabilities), cmocka_unit_test(undefined),
        cmocka_unit_test(bins_hold_their_edges), cmocka_unit_test(inverses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
