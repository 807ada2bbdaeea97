/* Curves on the grid against the functions that know the whole curve, and by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "evaluate/bands.h"
#include "metric/curve.h"
#include "metric/net_benefit.h"

enum { N = 300 };

struct sample {
    int32_t label[N];
    double score[N];
    uint32_t unit[N], stratum[N];
};

/* Scores in steps of 1/40, so that many are equal; two images a patient. */
static void fill(struct sample *s)
{
    uint64_t x = 88172645463325252ULL;
    for (size_t i = 0; i < N; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        s->unit[i] = (uint32_t)(i / 2);
        s->label[i] = i / 2 % 3 == 0;
        s->stratum[i / 2] = (uint32_t)s->label[i];
        s->score[i] = floor(((double)(x >> 11) / 9007199254740992.0 * 0.8 + 0.2 * s->label[i]) * 40) / 40;
    }
}

static struct bootstrap_plan plan_of(const struct sample *s, size_t replicates)
{
    return (struct bootstrap_plan){.n = N, .unit = s->unit, .n_units = N / 2, .stratum = s->stratum, .n_strata = 2, .replicates = replicates, .seed = 7, .stream = "t"};
}

static void test_against_the_whole_curve(void **state)
{
    (void)state;
    static struct sample s;
    static struct bands b;
    struct curve c;
    struct status st = {0};
    fill(&s);
    struct bootstrap_plan plan = plan_of(&s, 200);
    assert_int_equal(bands_compute(&b, s.label, s.score, 1, &plan, 0.95, &st), STATUS_OK);
    assert_int_equal(curve_new(&c, s.label, s.score, NULL, N, &st), STATUS_OK);
    for (size_t i = 0; i < BANDS_POINTS; i++) {
        double most = 0, precision = NAN;
        for (size_t k = 0; k < c.n; k++) {
            if (c.false_positive[k] * 100 <= (double)i * c.n_negative)
                most = c.true_positive[k] / c.n_positive;
            if (isnan(precision) && k > 0 && c.true_positive[k] * 100 >= (double)i * c.n_positive)
                precision = curve_precision(&c, k);
        }
        assert_true(b.value[BANDS_ROC][i] == most);
        if (i > 0)
            assert_true(b.value[BANDS_PRECISION][i] == precision);
        if (i < 100)
            assert_true(fabs(b.value[BANDS_BENEFIT][i] - net_benefit(s.label, s.score, NULL, N, bands_x(i))) < 1e-12);
        for (int k = 0; k < N_BANDS_CURVES; k++)
            assert_true(isnan(b.value[k][i]) || b.low[k][i] <= b.high[k][i]);
    }
    assert_true(isnan(b.value[BANDS_PRECISION][0]) && isnan(b.value[BANDS_BENEFIT][100]));
    assert_true(b.low[BANDS_ROC][50] < b.value[BANDS_ROC][50] && b.value[BANDS_ROC][50] < b.high[BANDS_ROC][50]);
    assert_int_equal(b.n_positive, 100);
    assert_int_equal(b.undefined, 0);
    curve_free(&c);
}

static void test_by_hand(void **state)
{
    (void)state;
    const int32_t label[] = {1, 0, 1, 0};
    const double score[] = {0.9, 0, 0.8, 0, 0.7, 0, 0.3, 0}; /* stride 2 */
    const uint32_t unit[] = {0, 1, 2, 3};
    struct bootstrap_plan plan = {.n = 4, .unit = unit, .n_units = 4, .replicates = 50, .seed = 1, .stream = "t"};
    static struct bands b;
    struct status st = {0};
    assert_int_equal(bands_compute(&b, label, score, 2, &plan, 0.95, &st), STATUS_OK);
    assert_true(b.value[BANDS_ROC][0] == 0.5 && b.value[BANDS_ROC][49] == 0.5 && b.value[BANDS_ROC][50] == 1 && b.value[BANDS_ROC][100] == 1);
    assert_true(b.value[BANDS_PRECISION][50] == 1 && fabs(b.value[BANDS_PRECISION][51] - 2.0 / 3) < 1e-15);
    assert_true(fabs(b.value[BANDS_BENEFIT][50] - 0.25) < 1e-15); /* 2/4 - 1/4 */
    assert_true(fabs(b.value[BANDS_BENEFIT][95]) < 1e-15);        /* nobody */
    assert_true(b.undefined > 0);                                 /* four images drawn at will lose a class now and then */
}

static void test_one_class(void **state)
{
    (void)state;
    const int32_t label[] = {1, 1};
    const double score[] = {0.1, 0.2};
    const uint32_t unit[] = {0, 1};
    struct bootstrap_plan plan = {.n = 2, .unit = unit, .n_units = 2, .replicates = 5, .seed = 1, .stream = "t"};
    static struct bands b;
    struct status st = {0};
    assert_int_equal(bands_compute(&b, label, score, 1, &plan, 0.95, &st), STATUS_UNDEFINED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_the_whole_curve), cmocka_unit_test(test_by_hand), cmocka_unit_test(test_one_class)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
