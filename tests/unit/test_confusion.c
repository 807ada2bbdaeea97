/* The confusion matrix: worked examples, identities, empty margins. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "metric/confusion.h"
#include "metric/kappa.h"
#include "metric/proportion.h"

static void close_to(double a, double b)
{
    assert_true(fabs(a - b) < 1e-12);
}

/* tn 50, fp 10, fn 5, tp 35: worked by hand. */
static void test_binary_by_hand(void **state)
{
    (void)state;
    const uint64_t c[4] = {50, 10, 5, 35};
    close_to(confusion_accuracy(c, 2), 0.85);
    close_to(confusion_sensitivity(c), 35.0 / 40);
    close_to(confusion_specificity(c), 50.0 / 60);
    close_to(confusion_class_specificity(c, 2, 1), 50.0 / 60);
    close_to(confusion_ppv(c), 35.0 / 45);
    close_to(confusion_npv(c), 50.0 / 55);
    close_to(confusion_balanced_accuracy(c, 2), (35.0 / 40 + 50.0 / 60) / 2);
    close_to(confusion_f1_binary(c), 70.0 / 85);
    close_to(confusion_f1_macro(c, 2), (70.0 / 85 + 100.0 / 115) / 2);
    close_to(confusion_mcc(c, 2), (35.0 * 50 - 10.0 * 5) / sqrt(45.0 * 40 * 60 * 55));
    double expected = (60.0 * 55 + 40.0 * 45) / 10000;
    close_to(confusion_kappa(c, 2, KAPPA_PLAIN), (0.85 - expected) / (1 - expected));
    close_to(confusion_kappa(c, 2, KAPPA_QUADRATIC), confusion_kappa(c, 2, KAPPA_PLAIN)); /* two classes: one distance */
}

static void test_kappa_identities(void **state)
{
    (void)state;
    const uint64_t c[9] = {20, 5, 1, 4, 15, 6, 2, 3, 30};
    uint64_t t[9], r[9];
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++) {
            t[j * 3 + i] = c[i * 3 + j];
            r[(2 - i) * 3 + 2 - j] = c[i * 3 + j];
        }
    for (enum kappa_weights w = KAPPA_PLAIN; w <= KAPPA_QUADRATIC; w++) {
        close_to(confusion_kappa(c, 3, w), confusion_kappa(t, 3, w)); /* symmetric in the two raters */
        close_to(confusion_kappa(c, 3, w), confusion_kappa(r, 3, w)); /* and in the direction of the scale */
    }
    const uint64_t worked[9] = {5, 1, 2, 0, 4, 1, 1, 0, 6}; /* rows 8 5 7, columns 6 5 9, n 20 */
    close_to(confusion_kappa(worked, 3, KAPPA_PLAIN), 1 - 5 / 13.2);
    close_to(confusion_kappa(worked, 3, KAPPA_LINEAR), 1 - 8 / 18.9);
    close_to(confusion_kappa(worked, 3, KAPPA_QUADRATIC), 1 - 14 / 30.3);
    const uint64_t diagonal[9] = {4, 0, 0, 0, 5, 0, 0, 0, 6};
    close_to(confusion_kappa(diagonal, 3, KAPPA_LINEAR), 1);
    close_to(confusion_mcc(diagonal, 3), 1);
    const uint64_t chance[4] = {4, 4, 4, 4};
    close_to(confusion_kappa(chance, 2, KAPPA_PLAIN), 0);
    close_to(confusion_mcc(chance, 2), 0);
}

/* A grade that nobody has: the scale keeps its place for it, the present labels do not. */
static void test_absent_grade(void **state)
{
    (void)state;
    const uint64_t c[9] = {8, 0, 2, 0, 0, 0, 1, 0, 9};
    uint64_t present[9];
    assert_int_equal(confusion_present(present, c, 3), 2);
    assert_true(present[0] == 8 && present[1] == 2 && present[2] == 1 && present[3] == 9);
    close_to(confusion_balanced_accuracy(c, 3), (0.8 + 0.9) / 2);
    close_to(confusion_mean_distance(c, 3), 6.0 / 20);
    close_to(confusion_mean_distance(present, 2), 3.0 / 20);
    close_to(confusion_within_one(c, 3), 17.0 / 20);
    const uint64_t gap[9] = {8, 1, 2, 0, 0, 0, 1, 0, 9}; /* predicted once, never true */
    close_to(confusion_balanced_accuracy(gap, 3), (8.0 / 11 + 0.9) / 2);
    close_to(confusion_f1_macro(gap, 3), (16.0 / 20 + 0 + 18.0 / 21) / 3);
    close_to(confusion_f1_weighted(gap, 3), (16.0 / 20 * (double)confusion_support(gap, 3, 0) + 18.0 / 21 * (double)confusion_support(gap, 3, 2)) /
                                                (double)confusion_total(gap, 3));
}

static void test_undefined(void **state)
{
    (void)state;
    const uint64_t empty[4] = {0}, negatives[4] = {9, 0, 0, 0}, missed[4] = {5, 0, 3, 0};
    assert_true(isnan(confusion_accuracy(empty, 2)));
    assert_true(isnan(confusion_balanced_accuracy(empty, 2)));
    assert_true(isnan(confusion_f1_macro(empty, 2)));
    assert_true(isnan(confusion_mcc(empty, 2)));
    assert_true(isnan(confusion_kappa(empty, 2, KAPPA_LINEAR)));
    assert_true(isnan(confusion_mean_distance(empty, 2)));
    assert_true(isnan(confusion_within_one(empty, 2)));
    assert_true(isnan(confusion_sensitivity(negatives)));
    assert_true(isnan(confusion_f1_binary(negatives)));
    assert_true(isnan(confusion_kappa(negatives, 2, KAPPA_PLAIN)));
    assert_true(isnan(confusion_mcc(missed, 2)));
    assert_true(isnan(confusion_ppv(missed)));
    assert_true(confusion_sensitivity(missed) == 0 && confusion_f1_binary(missed) == 0);
    assert_true(confusion_kappa(missed, 2, KAPPA_PLAIN) == 0);
}

static void test_counting(void **state)
{
    (void)state;
    const int32_t label[5] = {0, 1, 2, 2, 1}, prediction[5] = {0, 2, 2, 0, 1};
    const uint32_t weight[5] = {1, 0, 3, 2, 1};
    const double row[4] = {0.2, 0.4, 0.4, 0.1};
    uint64_t c[9];
    confusion_count(c, 3, label, prediction, NULL, 5);
    assert_int_equal(confusion_total(c, 3), 5);
    assert_int_equal(c[1 * 3 + 2], 1);
    confusion_count(c, 3, label, prediction, weight, 5);
    assert_int_equal(confusion_total(c, 3), 7);
    assert_int_equal(confusion_support(c, 3, 2), 5);
    assert_int_equal(confusion_predicted(c, 3, 0), 3);
    assert_int_equal(c[1 * 3 + 2], 0);
    confusion_count(c, 3, label, prediction, NULL, 0);
    assert_int_equal(confusion_total(c, 3), 0);
    assert_int_equal(confusion_argmax(row, 4), 1);
}

static void test_kappa_error(void **state)
{
    (void)state;
    const uint64_t c[9] = {20, 5, 1, 4, 15, 6, 2, 3, 30}, empty[9] = {0}, diagonal[9] = {4, 0, 0, 0, 5, 0, 0, 0, 6};
    struct kappa k = kappa_estimate(c, 3, KAPPA_LINEAR, 0.95), narrow = kappa_estimate(c, 3, KAPPA_LINEAR, 0.5);
    close_to(k.kappa, confusion_kappa(c, 3, KAPPA_LINEAR));
    close_to((k.low + k.high) / 2, k.kappa);
    assert_true(k.low < narrow.low && narrow.high < k.high && k.p < 1e-6 && k.maximum <= 1);
    uint64_t hundredfold[9];
    for (size_t i = 0; i < 9; i++)
        hundredfold[i] = 100 * c[i];
    close_to(kappa_estimate(hundredfold, 3, KAPPA_LINEAR, 0.95).se * 10, k.se); /* falls with the root of n */
    close_to(kappa_estimate(diagonal, 3, KAPPA_PLAIN, 0.95).se, 0);
    assert_true(isnan(kappa_estimate(empty, 3, KAPPA_PLAIN, 0.95).kappa));
}

static void test_proportions(void **state)
{
    (void)state;
    struct limits (*const methods[])(uint64_t, uint64_t, double) = {
        proportion_wilson, proportion_clopper_pearson, proportion_agresti_coull, proportion_jeffreys, proportion_wald};
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        assert_true(isnan(methods[m](0, 0, 0.95).low) && isnan(methods[m](0, 0, 0.95).high));
        for (uint64_t n = 1; n < 40; n += 3)
            for (uint64_t k = 0; k <= n; k++) {
                struct limits a = methods[m](k, n, 0.95), b = methods[m](n - k, n, 0.95);
                close_to(a.low, 1 - b.high); /* failures mirror successes */
                assert_true(a.low >= 0 && a.high <= 1 && a.low <= a.high);
            }
    }
    close_to(proportion_clopper_pearson(0, 10, 0.95).high, 1 - pow(0.025, 0.1));
    close_to(proportion_wilson(10, 10, 0.95).high, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binary_by_hand), cmocka_unit_test(test_kappa_identities),
        cmocka_unit_test(test_absent_grade),   cmocka_unit_test(test_undefined),
        cmocka_unit_test(test_counting),       cmocka_unit_test(test_kappa_error),
        cmocka_unit_test(test_proportions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
