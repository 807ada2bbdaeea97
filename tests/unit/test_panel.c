/* The panel: its metrics are those of the single functions; weights are rows, to the bit. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/rng.h"
#include "metric/auroc.h"
#include "metric/calibration.h"
#include "metric/confusion.h"
#include "metric/curve.h"
#include "metric/icc.h"
#include "metric/net_benefit.h"
#include "metric/panel.h"
#include "metric/precision.h"
#include "metric/regression.h"

enum { N = 200, MOST = 64 };
static const size_t K = 4;

struct data {
    size_t n;
    enum task_kind kind;
    size_t columns;
    int32_t *label;
    double *target, *score;
};

static struct data data_new(enum task_kind kind, size_t n)
{
    size_t columns = kind == KIND_MULTICLASS || kind == KIND_ORDINAL ? K : 1;
    return (struct data){n, kind, columns, NEW(n, int32_t), NEW(n, double), NEW(n * columns, double)};
}

static void data_free(struct data *d)
{
    free(d->label);
    free(d->target);
    free(d->score);
}

static struct data draw(enum task_kind kind)
{
    struct data d = data_new(kind, N);
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 7, "test_panel", (uint64_t)kind);
    for (size_t i = 0; i < N; i++) {
        d.label[i] = (int32_t)gsl_rng_uniform_int(rng, kind == KIND_BINARY ? 2 : K);
        d.target[i] = 100 * gsl_rng_uniform(rng);
        for (size_t k = 0; k < d.columns; k++)
            d.score[i * d.columns + k] = kind == KIND_REGRESSION ? d.target[i] + 9 * gsl_rng_uniform(rng)
                                       : kind == KIND_BINARY
                                           ? floor(20 * (0.8 * gsl_rng_uniform(rng) + 0.2 * d.label[i])) / 20
                                           : gsl_rng_uniform(rng) + 0.5 * (d.label[i] == (int32_t)k);
        for (size_t k = 0; d.columns > 1 && k < d.columns; k++) /* some of them equal; none above 1 */
            d.score[i * d.columns + k] = floor(20 * d.score[i * d.columns + k] / 1.5) / 20;
    }
    gsl_rng_free(rng);
    return d;
}

static void copy_row(struct data *to, size_t j, const struct data *from, size_t i)
{
    to->label[j] = from->label[i];
    to->target[j] = from->target[i];
    memcpy(to->score + j * to->columns, from->score + i * from->columns, from->columns * sizeof(double));
}

static const char *const letters[] = {"a", "b", "c", "d"};
static enum panel_figure figure[MOST]; /* of the last compute */

static size_t compute(double *value, const char **reason, const struct data *d, const uint32_t *weight, bool full)
{
    static char kept[MOST][200];
    struct panel *p;
    struct status st = {0};
    struct panel_input in = {.kind = d->kind, .n_classes = d->kind == KIND_BINARY ? 2 : d->columns, .n = d->n, .label = d->label, .target = d->target,
                             .score = d->score, .threshold = d->kind == KIND_BINARY ? 0.35 : NAN, .full = full, .within = 5,
                             .class_name = full ? letters : NULL};
    assert_int_equal(panel_new(&p, &in, &st), STATUS_OK);
    struct panel_scratch *s = panel_scratch_new(p);
    size_t n = panel_n_metrics(p);
    assert_true(n <= MOST);
    panel_compute(p, s, weight, value, reason);
    for (size_t i = 0; i < n; i++) {
        figure[i] = panel_metric(p, i)->figure;
        if (reason && reason[i]) { /* a scratch owns it */
            strncpy(kept[i], reason[i], sizeof kept[i] - 1);
            reason[i] = kept[i];
        }
    }
    panel_scratch_free(s);
    panel_free(p);
    return n;
}

/* Equal bits; of the figures of probabilities but for rounding. */
static void assert_same(const double *a, const double *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (figure[i] >= FIGURE_BRIER && figure[i] < FIGURE_MAE ? !(fabs(a[i] - b[i]) < 1e-12) : memcmp(&a[i], &b[i], sizeof *a))
            fail_msg("metric %zu: %.17g and %.17g", i, a[i], b[i]);
}

static const enum task_kind kinds[4] = {KIND_BINARY, KIND_MULTICLASS, KIND_ORDINAL, KIND_REGRESSION};

static void test_weights_are_rows(void **state)
{
    (void)state;
    for (size_t t = 0; t < 4; t++)
        for (int full = 0; full < 2; full++) {
            struct data d = draw(kinds[t]), rows = data_new(kinds[t], 3 * N);
            uint32_t weight[N];
            for (size_t i = 0; i < N; i++)
                weight[i] = (uint32_t)(i * 2654435761u >> 8) % 4 % 3;
            rows.n = 0;
            for (uint32_t round = 0; round < 3; round++) /* copies lie far apart, and backwards */
                for (size_t i = N; i-- > 0;)
                    if (weight[i] > round)
                        copy_row(&rows, rows.n++, &d, i);
            double by_weight[MOST], by_row[MOST];
            size_t n = compute(by_weight, NULL, &d, weight, full);
            compute(by_row, NULL, &rows, NULL, full);
            assert_same(by_weight, by_row, n);
            data_free(&d);
            data_free(&rows);
        }
}

static void test_order_of_rows(void **state)
{
    (void)state;
    for (size_t t = 0; t < 4; t++)
        for (int full = 0; full < 2; full++) {
            struct data d = draw(kinds[t]), other = data_new(kinds[t], N);
            for (size_t i = 0; i < N; i++)
                copy_row(&other, i, &d, (i * 77 + 5) % N);
            double a[MOST], b[MOST];
            const char *reason[MOST];
            size_t n = compute(a, reason, &d, NULL, full);
            compute(b, NULL, &other, NULL, full);
            assert_memory_equal(a, b, n * sizeof(double));
            for (size_t i = 0; i < n; i++)
                assert_true(!isnan(a[i]) && !reason[i]);
            data_free(&d);
            data_free(&other);
        }
}

static double value_of(const struct data *d, double threshold, const char *name)
{
    struct panel *p;
    double value[MOST];
    assert_int_equal(panel_new(&p, &(struct panel_input){.kind = d->kind, .n_classes = d->kind == KIND_BINARY ? 2 : d->columns, .n = d->n,
        .label = d->label, .target = d->target, .score = d->score, .threshold = threshold, .full = true,
        .class_name = letters, .within = 5}, NULL), STATUS_OK);
    struct panel_scratch *s = panel_scratch_new(p);
    panel_compute(p, s, NULL, value, NULL);
    size_t i = panel_metric_find(p, name);
    double v = i < panel_n_metrics(p) ? value[i] : INFINITY;
    panel_scratch_free(s);
    panel_free(p);
    return v;
}

static void test_same_as_single_functions(void **state)
{
    (void)state;
    struct data d = draw(KIND_BINARY);
    double area;
    assert_int_equal(auroc_binary(&area, d.label, d.score, N, NULL), STATUS_OK);
    assert_true(value_of(&d, NAN, "auroc") == area);
    int32_t strict[N], reached[N];
    uint64_t count[16];
    for (size_t i = 0; i < N; i++) {
        strict[i] = d.score[i] > 0.5;
        reached[i] = d.score[i] >= 0.5;
    }
    confusion_count(count, 2, d.label, strict, NULL, N);
    assert_true(value_of(&d, NAN, "f1") == confusion_f1_binary(count));
    double plain = value_of(&d, NAN, "sensitivity");
    assert_true(plain == confusion_sensitivity(count));
    confusion_count(count, 2, d.label, reached, NULL, N);
    double at = value_of(&d, 0.5, "sensitivity_at_threshold");
    assert_true(at == confusion_sensitivity(count));
    assert_true(at > plain); /* scores of exactly 0.5 count there and not here */
    assert_true(isinf(value_of(&d, NAN, "f1_at_threshold"))); /* no threshold, no such metric */
    data_free(&d);

    d = draw(KIND_ORDINAL);
    assert_int_equal(auroc_macro_ovr(&area, d.label, d.score, N, K, NULL), STATUS_OK);
    assert_true(value_of(&d, NAN, "auroc_macro") == area);
    for (size_t i = 0; i < N; i++)
        strict[i] = confusion_argmax(d.score + i * K, K);
    confusion_count(count, K, d.label, strict, NULL, N);
    assert_true(value_of(&d, NAN, "kappa_quadratic") == confusion_kappa(count, K, KAPPA_QUADRATIC));
    assert_true(value_of(&d, NAN, "mae_grade") == confusion_mean_distance(count, K));
    d.kind = KIND_MULTICLASS;
    assert_true(isinf(value_of(&d, NAN, "kappa_quadratic")));
    data_free(&d);
}

static void near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-12 * fmax(1, fabs(b))))
        fail_msg("%.17g, not %.17g", a, b);
}

/* Figures of a full panel against the functions that the reference figures are checked with. */
static void test_full_binary(void **state)
{
    (void)state;
    struct data d = draw(KIND_BINARY);
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 8, "test_panel", 0);
    for (size_t i = 0; i < N; i++) /* no ties, of which bins of equal count make something else */
        d.score[i] = (d.score[i] * 9 + gsl_rng_uniform(rng)) / 10;
    gsl_rng_free(rng);
    struct curve c;
    assert_int_equal(curve_new(&c, d.label, d.score, NULL, N, NULL), STATUS_OK);
    near(value_of(&d, NAN, "auroc_partial_fpr_0.1"), curve_partial_area(&c, 0.1));
    near(value_of(&d, NAN, "sensitivity_at_specificity_0.9_on_test"), curve_at_specificity(&c, 0.9).sensitivity);
    near(value_of(&d, NAN, "specificity_at_sensitivity_0.95_on_test"), curve_at_sensitivity(&c, 0.95).specificity);
    struct operating_point best = curve_youden(&c);
    near(value_of(&d, NAN, "youden_on_test"), best.sensitivity + best.specificity - 1);
    near(value_of(&d, NAN, "brier"), calibration_brier(d.label, d.score, NULL, N));
    near(value_of(&d, NAN, "brier_skill"), calibration_brier_skill(d.label, d.score, NULL, N));
    near(value_of(&d, NAN, "log_loss"), calibration_log_loss(d.label, d.score, NULL, N));
    near(value_of(&d, NAN, "ece"), calibration_error(BINS_UNIFORM, 15, d.label, d.score, NULL, N).expected);
    near(value_of(&d, NAN, "ece_equal_count"), calibration_error(BINS_EQUAL_COUNT, 15, d.label, d.score, NULL, N).expected);
    near(value_of(&d, NAN, "net_benefit_0.1"), net_benefit(d.label, d.score, NULL, N, 0.1));
    near(value_of(&d, NAN, "net_benefit_0.5"), net_benefit(d.label, d.score, NULL, N, 0.5));
    int32_t called[N];
    uint64_t count[4];
    for (size_t i = 0; i < N; i++)
        called[i] = d.score[i] >= 0.4;
    confusion_count(count, 2, d.label, called, NULL, N);
    near(value_of(&d, 0.4, "ppv_at_threshold"), confusion_ppv(count));
    near(value_of(&d, 0.4, "npv_at_threshold"), confusion_npv(count));
    near(value_of(&d, 0.4, "mcc_at_threshold"), confusion_mcc(count, 2));
    curve_free(&c);
    d.score[3] = 1.5;
    assert_true(isnan(value_of(&d, NAN, "brier")) && isnan(value_of(&d, NAN, "net_benefit_0.1")) && !isnan(value_of(&d, NAN, "auroc")));
    data_free(&d);
}

static void test_full_classes(void **state)
{
    (void)state;
    struct data d = draw(KIND_ORDINAL);
    double area, precision;
    assert_int_equal(auroc_ovr(&area, AUROC_WEIGHTED, d.label, d.score, N, K, NULL), STATUS_OK);
    near(value_of(&d, NAN, "auroc_weighted"), area);
    assert_int_equal(auroc_ovo(&area, AUROC_MACRO, d.label, d.score, N, K, NULL), STATUS_OK);
    near(value_of(&d, NAN, "auroc_ovo_macro"), area);
    assert_int_equal(auroc_ovo(&area, AUROC_WEIGHTED, d.label, d.score, N, K, NULL), STATUS_OK);
    near(value_of(&d, NAN, "auroc_ovo_weighted"), area);
    assert_int_equal(auroc_class(&area, 2, d.label, d.score, N, K, NULL), STATUS_OK);
    near(value_of(&d, NAN, "auroc_class_c"), area);
    assert_int_equal(average_precision_ovr(&precision, AUROC_MACRO, d.label, d.score, N, K, NULL), STATUS_OK);
    near(value_of(&d, NAN, "average_precision_macro"), precision);
    int32_t high[N];
    double sum[N];
    for (size_t i = 0; i < N; i++) {
        high[i] = d.label[i] >= 2;
        sum[i] = d.score[i * K + 2] + d.score[i * K + 3];
    }
    assert_int_equal(auroc_binary(&area, high, sum, N, NULL), STATUS_OK);
    near(value_of(&d, NAN, "auroc_at_least_c"), area);
    near(value_of(&d, NAN, "brier"), calibration_brier_classes(d.label, d.score, NULL, N, K));
    near(value_of(&d, NAN, "log_loss"), calibration_log_loss_classes(d.label, d.score, NULL, N, K));
    near(value_of(&d, NAN, "ece_class"), calibration_class_error(BINS_UNIFORM, 15, d.label, d.score, NULL, N, K));
    calibration_top_label(sum, high, d.label, d.score, N, K);
    near(value_of(&d, NAN, "ece"), calibration_error(BINS_UNIFORM, 15, high, sum, NULL, N).expected);
    int32_t called[N];
    uint64_t count[16];
    for (size_t i = 0; i < N; i++)
        called[i] = confusion_argmax(d.score + i * K, K);
    confusion_count(count, K, d.label, called, NULL, N);
    near(value_of(&d, NAN, "sensitivity_class_b"), confusion_recall(count, K, 1));
    near(value_of(&d, NAN, "specificity_class_b"), confusion_class_specificity(count, K, 1));
    near(value_of(&d, NAN, "within_one_grade"), confusion_within_one(count, K));
    d.kind = KIND_MULTICLASS;
    assert_true(isinf(value_of(&d, NAN, "auroc_at_least_c")));
    for (size_t i = 0; i < N; i++)
        d.label[i] = d.label[i] == 3 ? 1 : d.label[i];
    assert_true(isnan(value_of(&d, NAN, "auroc_ovo_macro")) && isnan(value_of(&d, NAN, "auroc_weighted")) &&
                isnan(value_of(&d, NAN, "average_precision_macro")) && isnan(value_of(&d, NAN, "auroc_class_d")));
    double value[MOST];
    const char *reason[MOST];
    size_t n = compute(value, reason, &d, NULL, true), named = 0;
    for (size_t i = 0; i < n; i++)
        named += isnan(value[i]) && !strcmp(reason[i], "no sample of class d");
    assert_int_equal(named, 7); /* macro, weighted, two one-vs-one, its own, precision, sensitivity of d */
    data_free(&d);
}

static void test_full_regression(void **state)
{
    (void)state;
    struct data d = draw(KIND_REGRESSION);
    for (size_t i = 0; i < N; i += 3)
        d.target[i] = floor(d.target[i]); /* ties */
    near(value_of(&d, NAN, "spearman"), regression_spearman(d.target, d.score, N));
    near(value_of(&d, NAN, "ccc"), regression_concordance(d.target, d.score, N));
    struct bland_altman b = regression_bland_altman(d.target, d.score, N, 0.95);
    near(value_of(&d, NAN, "bias"), b.bias);
    near(value_of(&d, NAN, "bland_altman_low"), b.low);
    near(value_of(&d, NAN, "bland_altman_high"), b.high);
    near(value_of(&d, NAN, "share_within_5"), regression_share_within(d.target, d.score, NULL, N, 5));
    double rating[2 * N];
    struct icc form[ICC_N_FORMS];
    for (size_t i = 0; i < N; i++) {
        rating[2 * i] = d.target[i];
        rating[2 * i + 1] = d.score[i];
    }
    assert_int_equal(icc_estimate(form, rating, N, 2, 0.95, NULL), STATUS_OK);
    near(value_of(&d, NAN, "icc_2_1"), form[ICC_TWO].icc);
    data_free(&d);
}

/* Equal scores, one sample: what exists is given, what does not has a reason. */
static void test_little_data(void **state)
{
    (void)state;
    for (size_t t = 0; t < 4; t++) {
        struct data d = draw(kinds[t]);
        double value[MOST];
        const char *reason[MOST];
        for (size_t i = 1; i < N; i++)
            memcpy(d.score + i * d.columns, d.score, d.columns * sizeof(double));
        size_t n = compute(value, reason, &d, NULL, true);
        for (size_t i = 0; i < n; i++) {
            assert_true(!isnan(value[i]) || reason[i]);
            assert_true(!isinf(value[i]));
            if (figure[i] <= FIGURE_AUROC_AT_LEAST)
                assert_true(value[i] == 0.5);
        }
        d.n = 1;
        compute(value, reason, &d, NULL, true);
        for (size_t i = 0; i < n; i++)
            assert_true(!isnan(value[i]) || reason[i]);
        data_free(&d);
    }
}

static void test_reasons(void **state)
{
    (void)state;
    double value[MOST];
    const char *reason[MOST];
    struct data d = draw(KIND_BINARY);
    for (size_t i = 0; i < N; i++)
        d.label[i] = 0;
    compute(value, reason, &d, NULL, false);
    assert_true(isnan(value[0]));
    assert_string_equal(reason[0], "no sample of class 1");
    d.n = 0;
    size_t n = compute(value, reason, &d, NULL, false);
    for (size_t i = 0; i < n; i++) {
        assert_true(isnan(value[i]));
        assert_string_equal(reason[i], "no sample");
    }
    data_free(&d);

    d = draw(KIND_MULTICLASS);
    for (size_t i = 0; i < N; i++)
        d.label[i] = d.label[i] == 3 ? 1 : d.label[i];
    compute(value, reason, &d, NULL, false);
    assert_true(isnan(value[0]) && !isnan(value[1]));
    assert_string_equal(reason[0], "no sample of class 3");
    assert_string_equal(reason[1], "mean of the classes that can be ranked: no sample of class 3");
    assert_string_equal(reason[3], "no sample of class 3: it is left out of the mean");
    data_free(&d);

    d = draw(KIND_REGRESSION);
    for (size_t i = 0; i < N; i++)
        d.target[i] = 0.1;
    compute(value, reason, &d, NULL, false);
    assert_true(!isnan(value[0]) && isnan(value[2]) && isnan(value[3]));
    assert_string_equal(reason[2], "the target is constant");
    data_free(&d);
}

static void test_refusals(void **state)
{
    (void)state;
    struct panel *p = NULL;
    struct status st = {0};
    struct data d = draw(KIND_BINARY);
    d.label[17] = 2;
    assert_int_equal(panel_new(&p, &(struct panel_input){.kind = d.kind, .n_classes = 2, .n = N, .label = d.label, .score = d.score,
        .threshold = NAN}, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "sample 17"));
    assert_null(p);
    d.label[17] = 1;
    d.score[5] = NAN;
    assert_int_equal(panel_new(&p, &(struct panel_input){.kind = d.kind, .n_classes = 2, .n = N, .label = d.label, .score = d.score,
        .threshold = NAN}, &st), STATUS_DATA);
    assert_int_equal(panel_new(&p, &(struct panel_input){.kind = KIND_REGRESSION, .n = N, .target = d.target, .score = d.score,
        .threshold = NAN}, &st), STATUS_DATA);
    assert_null(p);
    panel_free(p);
    data_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_are_rows),         cmocka_unit_test(test_order_of_rows),
        cmocka_unit_test(test_same_as_single_functions), cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_refusals),                 cmocka_unit_test(test_full_binary),
        cmocka_unit_test(test_full_classes),             cmocka_unit_test(test_full_regression),
        cmocka_unit_test(test_little_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
