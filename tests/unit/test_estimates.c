/* Which interval a figure gets, and that it is the one its name says. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_randist.h>

#include "base/memory.h"
#include "base/rng.h"
#include "interval/bca.h"
#include "interval/calibration_interval.h"
#include "interval/clustered.h"
#include "interval/delong.h"
#include "interval/estimates.h"
#include "interval/newcombe.h"
#include "interval/percentile.h"
#include "metric/icc.h"
#include "metric/kappa.h"
#include "metric/regression.h"

enum { N = 240, REPLICATES = 400, PER_PATIENT = 3 };

struct sample {
    int32_t label[N];
    double target[N], score[N], grade[N * 3];
    uint32_t single[N], patient[N], none[N];
};

/* The last seventh is positive; patients hold three images of one label. */
static void draw(struct sample *s)
{
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 3, "test_estimates", 0);
    for (size_t i = 0; i < N; i++) {
        s->patient[i] = (uint32_t)(i / PER_PATIENT);
        s->single[i] = (uint32_t)i;
        s->label[i] = s->patient[i] % 3 == 0;
        s->score[i] = 1 / (1 + exp(1.2 - 1.6 * s->label[i] - gsl_ran_ugaussian(rng)));
        s->target[i] = 100 * gsl_rng_uniform(rng);
        double sum = 0;
        for (size_t k = 0; k < 3; k++)
            sum += s->grade[i * 3 + k] = gsl_rng_uniform(rng) + 0.5 * (s->patient[i] % 3 == k);
        for (size_t k = 0; k < 3; k++)
            s->grade[i * 3 + k] /= sum;
    }
    gsl_rng_free(rng);
}

static struct estimates_request request(const struct sample *s, const uint32_t *unit, size_t n_units)
{
    return (struct estimates_request){
        .panel = {.kind = KIND_BINARY, .n_classes = 2, .n = N, .label = s->label, .score = s->score, .threshold = 0.4, .full = true},
        .plan = {.n = N, .unit = unit, .n_units = n_units, .replicates = REPLICATES, .seed = 2025, .stream = "t"},
        .level = 0.9, .by_patient = true, .n_threads = 2};
}

static struct estimates estimates_of(const struct estimates_request *r)
{
    struct estimates f;
    struct status st;
    if (estimates_compute(&f, r, &st))
        fail_msg("%s", st.text);
    for (size_t i = 0; i < f.n; i++) /* what holds of every figure */
        if (isnan(f.item[i].value) ? !*f.item[i].reason || *f.item[i].method : !*f.item[i].method || !(f.item[i].low <= f.item[i].high || *f.item[i].reason))
            fail_msg("%s: %g [%g, %g], '%s', '%s'", f.item[i].metric, f.item[i].value, f.item[i].low, f.item[i].high, f.item[i].method, f.item[i].reason);
    return f;
}

static void expect(const struct estimates *f, const char *metric, const char *method, double low, double high)
{
    const struct estimate *one = estimates_find(f, metric);
    assert_non_null(one);
    assert_string_equal(one->method, method);
    if (!(fabs(one->low - low) < 1e-12 && fabs(one->high - high) < 1e-12))
        fail_msg("%s: %.17g to %.17g, not %.17g to %.17g", metric, one->low, one->high, low, high);
}

static void test_areas(void **state)
{
    (void)state;
    struct sample s;
    struct delong d;
    draw(&s);
    struct estimates_request r = request(&s, s.single, N);
    assert_int_equal(delong_new(&d, s.label, s.score, N, NULL), STATUS_OK);
    struct limits l = area_logit(d.area, delong_variance(&d), 0.9);
    struct estimates f = estimates_of(&r);
    expect(&f, "auroc", "logit DeLong", l.low, l.high);
    assert_int_equal(estimates_find(&f, "auroc")->replicates, 0);
    estimates_free(&f);
    r.patients_cut = true;
    r.by_patient = false;
    f = estimates_of(&r);
    expect(&f, "auroc", "logit DeLong by image", l.low, l.high);
    estimates_free(&f);
    /* 80 patients, 27 of them positive: too few for Obuchowski's */
    r = request(&s, s.patient, N / PER_PATIENT);
    l = newcombe_method5(d.area, 27, 53, 0.9);
    f = estimates_of(&r);
    expect(&f, "auroc", "Newcombe method 5 by patient", l.low, l.high);
    estimates_free(&f);
    /* two images a patient: 40 and more */
    for (size_t i = 0; i < N; i++)
        s.patient[i] = (uint32_t)(i / 2);
    l = area_logit(d.area, clustered_variance(&d, s.patient, N / 2), 0.9);
    r = request(&s, s.patient, N / 2);
    f = estimates_of(&r);
    expect(&f, "auroc", "logit Obuchowski by patient", l.low, l.high);
    estimates_free(&f);
    /* the classes parted: an area of 1 */
    for (size_t i = 0; i < N; i++)
        s.score[i] = s.label[i] ? 0.9 : 0.1;
    r = request(&s, s.single, N);
    f = estimates_of(&r);
    l = newcombe_method5(1, 81, 159, 0.9);
    expect(&f, "auroc", "Newcombe method 5", l.low, 1);
    estimates_free(&f);
    delong_free(&d);
}

static void test_shares(void **state)
{
    (void)state;
    struct sample s;
    draw(&s);
    uint64_t reached = 0;
    for (size_t i = 0; i < N; i++)
        reached += s.label[i] && s.score[i] >= 0.4;
    struct estimates_request r = request(&s, s.single, N);
    struct estimates f = estimates_of(&r);
    struct limits l = proportion_wilson(reached, 81, 0.9);
    expect(&f, "sensitivity_at_threshold", "Wilson", l.low, l.high);
    estimates_free(&f);
    r.proportion = PROPORTION_CLOPPER_PEARSON;
    f = estimates_of(&r);
    l = proportion_clopper_pearson(reached, 81, 0.9);
    expect(&f, "sensitivity_at_threshold", "Clopper-Pearson", l.low, l.high);
    estimates_free(&f);
    r = request(&s, s.patient, N / PER_PATIENT);
    f = estimates_of(&r);
    const struct estimate *one = estimates_find(&f, "sensitivity_at_threshold");
    assert_string_equal(one->method, "percentile bootstrap by patient");
    assert_int_equal(one->replicates, REPLICATES);
    assert_true(one->high - one->low > 0.05);
    estimates_free(&f);
    /* every positive found: no replicate differs, and 27 patients hold positives */
    for (size_t i = 0; i < N; i++)
        s.score[i] = s.label[i] ? 0.6 : s.score[i];
    f = estimates_of(&r);
    l = proportion_wilson(27, 27, 0.9);
    expect(&f, "sensitivity_at_threshold", "Wilson by patient", l.low, l.high);
    estimates_free(&f);
}

static double *replicates_of(const struct estimates_request *r, struct panel **p)
{
    assert_int_equal(panel_new(p, &r->panel, NULL), STATUS_OK);
    double *value = NEW(r->plan.replicates * panel_n_metrics(*p), double);
    assert_int_equal(bootstrap_panel(value, &r->plan, *p, 1, NULL), STATUS_OK);
    return value;
}

static void test_bootstraps(void **state)
{
    (void)state;
    struct sample s;
    draw(&s);
    struct estimates_request r = request(&s, s.patient, N / PER_PATIENT);
    struct panel *p;
    double *value = replicates_of(&r, &p), low, high;
    size_t m = panel_metric_find(p, "f1"), n = panel_n_metrics(p), undefined;
    struct estimates f = estimates_of(&r);
    assert_int_equal(interval_percentile(&low, &high, &undefined, value + m, n, REPLICATES, 0.9, NULL), STATUS_OK);
    expect(&f, "f1", "percentile bootstrap by patient", low, high);
    double estimate = estimates_find(&f, "f1")->value;
    estimates_free(&f);
    r.bootstrap = BOOTSTRAP_BASIC;
    f = estimates_of(&r);
    expect(&f, "f1", "basic bootstrap by patient", 2 * estimate - high, 2 * estimate - low);
    estimates_free(&f);
    r.bootstrap = BOOTSTRAP_BCA;
    r.by_patient = false;
    f = estimates_of(&r);
    double *leave_out = NEW(r.plan.n_units * n, double);
    assert_int_equal(bootstrap_jackknife(leave_out, &r.plan, p, 1, NULL), STATUS_OK);
    assert_int_equal(interval_bca(&low, &high, &undefined, NULL, estimate, value + m, n, REPLICATES, leave_out + m, NULL, r.plan.n_units, 1, 0.9, NULL), STATUS_OK);
    expect(&f, "f1", "BCa bootstrap by image", low, high);
    estimates_free(&f);
    free(leave_out);
    free(value);
    panel_free(p);
}

/* One positive patient of five: replicates without it are left out and counted; and BCa has no jackknife. */
static void test_undefined_replicates(void **state)
{
    (void)state;
    struct sample s;
    draw(&s);
    uint32_t unit[5] = {0, 1, 2, 3, 4};
    struct estimates_request r = request(&s, unit, 5);
    r.panel.n = r.plan.n = 5;
    int32_t label[5] = {1, 0, 0, 0, 0};
    double score[5] = {0.7, 0.8, 0.1, 0.3, 0.9};
    r.panel.label = label;
    r.panel.score = score;
    r.bootstrap = BOOTSTRAP_BCA;
    struct estimates f = estimates_of(&r);
    const struct estimate *one = estimates_find(&f, "average_precision");
    assert_true(one->undefined > REPLICATES / 5 && one->undefined < REPLICATES / 2); /* (4/5)^5 = 0.33 */
    assert_string_equal(one->method, "percentile bootstrap by patient");
    assert_non_null(strstr(one->reason, "percentile limits instead"));
    assert_non_null(strstr(one->reason, "which are left out"));
    estimates_free(&f);
    uint32_t stratum[5] = {1, 0, 0, 0, 0};
    r.plan.stratum = stratum;
    r.plan.n_strata = 2;
    f = estimates_of(&r);
    one = estimates_find(&f, "average_precision");
    assert_int_equal(one->undefined, 0);
    estimates_free(&f);
}

static void test_no_variation(void **state)
{
    (void)state;
    struct sample s;
    draw(&s);
    for (size_t i = 0; i < N; i++)
        s.score[i] = 0.25; /* identical scores: nobody is called positive */
    struct estimates_request r = request(&s, s.patient, N / PER_PATIENT);
    struct estimates f = estimates_of(&r);
    const struct estimate *kappa = estimates_find(&f, "kappa"), *area = estimates_find(&f, "auroc"), *slope = estimates_find(&f, "calibration_slope");
    assert_true(kappa->value == 0 && isnan(kappa->low) && isnan(kappa->high));
    assert_string_equal(kappa->reason, "every replicate gives the same value, so there is no interval");
    assert_true(area->value == 0.5 && area->low < 0.45 && area->high > 0.55); /* DeLong's variance is 0: method 5 */
    assert_true(isnan(slope->value) && strstr(slope->reason, "all probabilities are equal"));
    assert_true(estimates_find(&f, "calibration_in_the_large")->value > 0);
    estimates_free(&f);
    /* one class: areas are NA with the reason, what exists is given */
    memset(s.label, 0, sizeof s.label);
    f = estimates_of(&r);
    area = estimates_find(&f, "auroc");
    assert_true(isnan(area->value) && isnan(area->low));
    assert_string_equal(area->reason, "no sample of class 1");
    assert_string_equal(estimates_find(&f, "sensitivity")->reason, "no sample of class 1");
    assert_true(estimates_find(&f, "specificity")->value == 1);
    estimates_free(&f);
    /* a NaN among the scores is refused, not computed with */
    s.score[7] = NAN;
    struct status st;
    assert_int_equal(estimates_compute(&f, &r, &st), STATUS_DATA);
    estimates_free(&f);
}

static void test_single_patient(void **state)
{
    (void)state;
    struct sample s;
    draw(&s);
    for (size_t i = 0; i < N; i++)
        s.label[i] = i % 4 == 0;
    memset(s.none, 0, sizeof s.none);
    struct estimates_request r = request(&s, s.none, 1);
    r.bootstrap = BOOTSTRAP_BCA;
    struct estimates f = estimates_of(&r);
    const struct estimate *f1 = estimates_find(&f, "f1"), *slope = estimates_find(&f, "calibration_slope"), *accuracy = estimates_find(&f, "accuracy");
    assert_true(!isnan(f1->value) && isnan(f1->low) && *f1->reason);
    assert_true(!isnan(slope->value) && isnan(slope->low) && *slope->reason);
    assert_true(!isnan(accuracy->value) && isnan(accuracy->low) && *accuracy->reason);
    estimates_free(&f);
}

static void test_agreement(void **state)
{
    (void)state;
    struct sample s;
    draw(&s);
    int32_t grade[N], called[N];
    uint64_t count[9];
    for (size_t i = 0; i < N; i++) {
        grade[i] = (int32_t)(s.patient[i] % 3);
        called[i] = confusion_argmax(s.grade + i * 3, 3);
    }
    confusion_count(count, 3, grade, called, NULL, N);
    struct estimates_request r = request(&s, s.single, N);
    r.panel = (struct panel_input){.kind = KIND_ORDINAL, .n_classes = 3, .n = N, .label = grade, .score = s.grade, .threshold = NAN, .full = true};
    struct estimates f = estimates_of(&r);
    struct kappa k = kappa_estimate(count, 3, KAPPA_QUADRATIC, 0.9);
    expect(&f, "kappa_quadratic", "asymptotic (Fleiss, Cohen & Everitt)", k.low, k.high);
    assert_string_equal(estimates_find(&f, "mae_grade")->method, "percentile bootstrap by patient");
    struct limits l = proportion_wilson(N - count[2] - count[6], N, 0.9);
    expect(&f, "within_one_grade", "Wilson", l.low, l.high);
    estimates_free(&f);
    r.plan.unit = s.patient;
    r.plan.n_units = N / PER_PATIENT;
    f = estimates_of(&r);
    assert_string_equal(estimates_find(&f, "kappa_quadratic")->method, "percentile bootstrap by patient");
    estimates_free(&f);
    r.plan.unit = s.single;
    r.plan.n_units = N;
    for (size_t i = 0; i < N; i++)
        grade[i] = grade[i] == 2 ? 1 : grade[i]; /* an empty margin */
    f = estimates_of(&r);
    assert_string_equal(estimates_find(&f, "kappa_quadratic")->method, "percentile bootstrap by patient");
    estimates_free(&f);
}

static void test_regression_limits(void **state)
{
    (void)state;
    struct sample s;
    draw(&s);
    for (size_t i = 0; i < N; i++)
        s.score[i] = s.target[i] + 20 * s.score[i];
    struct estimates_request r = request(&s, s.single, N);
    r.panel = (struct panel_input){.kind = KIND_REGRESSION, .n = N, .target = s.target, .score = s.score, .threshold = NAN, .full = true, .within = 10};
    struct estimates f = estimates_of(&r);
    struct bland_altman b = regression_bland_altman(s.target, s.score, N, 0.9);
    expect(&f, "bias", "Student t (Bland & Altman)", b.bias_ci[0], b.bias_ci[1]);
    expect(&f, "bland_altman_low", "Student t (Bland & Altman)", b.low_ci[0], b.low_ci[1]);
    expect(&f, "bland_altman_high", "Student t (Bland & Altman)", b.high_ci[0], b.high_ci[1]);
    double rating[2 * N];
    struct icc form[ICC_N_FORMS];
    for (size_t i = 0; i < N; i++) {
        rating[2 * i] = s.target[i];
        rating[2 * i + 1] = s.score[i];
    }
    assert_int_equal(icc_estimate(form, rating, N, 2, 0.9, NULL), STATUS_OK);
    expect(&f, "icc_2_1", "F (McGraw & Wong)", form[ICC_TWO].low, form[ICC_TWO].high);
    assert_string_equal(estimates_find(&f, "share_within_10")->method, "Wilson");
    estimates_free(&f);
    r.plan.unit = s.patient;
    r.plan.n_units = N / PER_PATIENT;
    f = estimates_of(&r);
    for (const char *const *name = (const char *const[]){"bias", "bland_altman_low", "icc_2_1", "share_within_10", "mae", NULL}; *name; name++)
        assert_string_equal(estimates_find(&f, *name)->method, "percentile bootstrap by patient");
    estimates_free(&f);
}

/* Against statsmodels 0.13.5: GLM(label, [1, logit(prob)], Binomial).fit(cov_type="cluster"), limits by t with 4 - 1 degrees of freedom. */
static void test_calibration(void **state)
{
    (void)state;
    static const int32_t label[12] = {1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 0};
    static const double prob[12] = {0.9, 0.2, 0.4, 0.6, 0.7, 0.8, 0.3, 0.1, 0.35, 0.55, 0.45, 0.15};
    static const uint32_t unit[12] = {0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3};
    struct calibration_limits c[N_CALIBRATION_FIGURES];
    calibration_limits(c, label, prob, unit, 12, 4, 0.95);
    static const double expected[N_CALIBRATION_FIGURES][3] = {
        [CALIBRATION_SLOPE] = {1.3982791296584822, -0.3149921361170043, 3.1115503954339685},
        [CALIBRATION_INTERCEPT] = {-0.20057306212626125, -1.4221767019135103, 1.0210305776609876},
        [CALIBRATION_IN_THE_LARGE] = {-0.22440980395804108, -1.1185156647714947, 0.6696960568554124}};
    for (size_t i = 0; i < N_CALIBRATION_FIGURES; i++)
        assert_true(fabs(c[i].value - expected[i][0]) < 1e-9 && fabs(c[i].limits.low - expected[i][1]) < 1e-9 &&
                    fabs(c[i].limits.high - expected[i][2]) < 1e-9);
    /* one image a patient and no patients at all: the same estimate, the information's error */
    calibration_limits(c, label, prob, NULL, 12, 0, 0.95);
    assert_true(fabs(c[CALIBRATION_SLOPE].value - 1.3982791296584822) < 1e-9 && fabs(c[CALIBRATION_SLOPE].limits.low + 0.22995143295143805) < 1e-9 &&
                fabs(c[CALIBRATION_SLOPE].limits.high - 3.0265096922684025) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_areas),        cmocka_unit_test(test_shares),         cmocka_unit_test(test_bootstraps),
        cmocka_unit_test(test_undefined_replicates), cmocka_unit_test(test_no_variation), cmocka_unit_test(test_single_patient),
        cmocka_unit_test(test_agreement),    cmocka_unit_test(test_regression_limits), cmocka_unit_test(test_calibration),
    };
    return cmocka_run_group_tests_name("estimates", tests, NULL, NULL);
}
