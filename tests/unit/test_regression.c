/* Regression metrics: a worked example, identities, offsets, constants. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "metric/regression.h"

static const double target[5] = {1, 2, 3, 4, 5}, prediction[5] = {1.5, 2, 2, 5, 6};

static void close_to(double a, double b)
{
    assert_true(fabs(a - b) < 1e-12);
}

static void test_by_hand(void **state)
{
    (void)state; /* errors 0.5 0 -1 1 1 */
    close_to(regression_mae(target, prediction, NULL, 5), 0.7);
    close_to(regression_mse(target, prediction, NULL, 5), 3.25 / 5);
    close_to(regression_rmse(target, prediction, NULL, 5), sqrt(3.25 / 5));
    close_to(regression_bias(target, prediction, NULL, 5), 0.3);
    close_to(regression_r2(target, prediction, NULL, 5), 1 - 3.25 / 10);
    close_to(regression_max_error(target, prediction, 5), 1);
    close_to(regression_median_absolute_error(target, prediction, 5), 1);
    close_to(regression_share_within(target, prediction, NULL, 5, 0.5), 0.4);
    close_to(regression_spearman(target, prediction, 5), 9.5 / sqrt(10 * 9.5)); /* ranks 1 2.5 2.5 4 5 */
    close_to(regression_kendall_tau_b(target, prediction, 5), 9 / sqrt(10 * 9.0));
    struct bland_altman b = regression_bland_altman(target, prediction, 5, 0.95);
    close_to(b.bias, 0.3);
    close_to(b.sd, sqrt((3.25 - 5 * 0.09) / 4));
    close_to(b.high - b.low, 2 * 1.96 * b.sd);
    close_to(b.share_inside, 1);
}

static void test_identities(void **state)
{
    (void)state;
    double shifted_t[5], shifted_p[5], line[5];
    for (size_t i = 0; i < 5; i++) {
        shifted_t[i] = target[i] + 1e6;
        shifted_p[i] = prediction[i] + 1e6;
        line[i] = 3 - 2 * target[i];
    }
    assert_true(fabs(regression_pearson(target, prediction, NULL, 5) - regression_pearson(shifted_t, shifted_p, NULL, 5)) < 1e-9);
    assert_true(fabs(regression_r2(target, prediction, NULL, 5) - regression_r2(shifted_t, shifted_p, NULL, 5)) < 1e-9);
    close_to(regression_pearson(target, line, NULL, 5), -1);
    close_to(regression_spearman(target, line, 5), -1);
    close_to(regression_kendall_tau_b(target, line, 5), -1);
    assert_true(regression_r2(target, target, NULL, 5) == 1 && regression_mae(target, target, NULL, 5) == 0);
    close_to(regression_concordance(target, target, 5), 1);
}

static void test_weights_are_rows(void **state)
{
    (void)state;
    const uint32_t weight[5] = {2, 0, 1, 3, 1};
    double t[7], p[7];
    size_t n = 0;
    for (size_t i = 0; i < 5; i++)
        for (uint32_t w = weight[i]; w > 0; w--) {
            t[n] = target[i] + 0.1;
            p[n++] = prediction[i] / 3;
        }
    double tt[5], pp[5];
    for (size_t i = 0; i < 5; i++) {
        tt[i] = target[i] + 0.1;
        pp[i] = prediction[i] / 3;
    }
    assert_true(regression_mae(t, p, NULL, n) == regression_mae(tt, pp, weight, 5));
    assert_true(regression_rmse(t, p, NULL, n) == regression_rmse(tt, pp, weight, 5));
    assert_true(regression_r2(t, p, NULL, n) == regression_r2(tt, pp, weight, 5));
    assert_true(regression_pearson(t, p, NULL, n) == regression_pearson(tt, pp, weight, 5));
    assert_true(regression_share_within(t, p, NULL, n, 1) == regression_share_within(tt, pp, weight, 5, 1));
}

static void test_undefined(void **state)
{
    (void)state;
    const double constant[5] = {0.1, 0.1, 0.1, 0.1, 0.1};
    assert_true(isnan(regression_mae(target, prediction, NULL, 0)));
    assert_true(isnan(regression_rmse(target, prediction, NULL, 0)));
    assert_true(isnan(regression_r2(target, prediction, NULL, 0)));
    assert_true(isnan(regression_pearson(target, prediction, NULL, 0)));
    assert_true(isnan(regression_spearman(target, prediction, 0)));
    assert_true(isnan(regression_median_absolute_error(target, prediction, 0)));
    assert_true(isnan(regression_concordance(target, prediction, 0)));
    assert_true(isnan(regression_bland_altman(target, prediction, 1, 0.95).bias));
    assert_true(isnan(regression_r2(constant, prediction, NULL, 5)));
    assert_true(isnan(regression_pearson(target, constant, NULL, 5)));
    assert_true(isnan(regression_r2(target, prediction, NULL, 1)));
    assert_true(!isnan(regression_r2(target, constant, NULL, 5)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_identities),
        cmocka_unit_test(test_weights_are_rows),
        cmocka_unit_test(test_undefined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
