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
#include "metric/confusion.h"
#include "metric/panel.h"

enum { N = 200, MOST = 32 };
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

static size_t compute(double *value, const char **reason, const struct data *d, const uint32_t *weight)
{
    static char kept[MOST][64];
    struct panel *p;
    struct status st = {0};
    size_t n_classes = d->kind == KIND_BINARY ? 2 : d->columns;
    int code = panel_new(&p, &(struct panel_input){.kind = d->kind, .n_classes = n_classes, .n = d->n, .label = d->label,
        .target = d->target, .score = d->score, .threshold = d->kind == KIND_BINARY ? 0.35 : NAN}, &st);
    assert_int_equal(code, STATUS_OK);
    struct panel_scratch *s = panel_scratch_new(p);
    panel_compute(p, s, weight, value, reason);
    size_t n = panel_n_metrics(p);
    for (size_t i = 0; reason && i < n; i++)
        if (reason[i]) { /* a scratch owns it */
            strncpy(kept[i], reason[i], sizeof kept[i] - 1);
            reason[i] = kept[i];
        }
    panel_scratch_free(s);
    panel_free(p);
    return n;
}

static const enum task_kind kinds[4] = {KIND_BINARY, KIND_MULTICLASS, KIND_ORDINAL, KIND_REGRESSION};

static void test_weights_are_rows(void **state)
{
    (void)state;
    for (size_t t = 0; t < 4; t++) {
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
        size_t n = compute(by_weight, NULL, &d, weight);
        compute(by_row, NULL, &rows, NULL);
        assert_memory_equal(by_weight, by_row, n * sizeof(double));
        data_free(&d);
        data_free(&rows);
    }
}

static void test_order_of_rows(void **state)
{
    (void)state;
    for (size_t t = 0; t < 4; t++) {
        struct data d = draw(kinds[t]), other = data_new(kinds[t], N);
        for (size_t i = 0; i < N; i++)
            copy_row(&other, i, &d, (i * 77 + 5) % N);
        double a[MOST], b[MOST];
        const char *reason[MOST];
        size_t n = compute(a, reason, &d, NULL);
        compute(b, NULL, &other, NULL);
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
        .label = d->label, .target = d->target, .score = d->score, .threshold = threshold}, NULL), STATUS_OK);
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

static void test_reasons(void **state)
{
    (void)state;
    double value[MOST];
    const char *reason[MOST];
    struct data d = draw(KIND_BINARY);
    for (size_t i = 0; i < N; i++)
        d.label[i] = 0;
    compute(value, reason, &d, NULL);
    assert_true(isnan(value[0]));
    assert_string_equal(reason[0], "no sample of class 1");
    d.n = 0;
    size_t n = compute(value, reason, &d, NULL);
    for (size_t i = 0; i < n; i++) {
        assert_true(isnan(value[i]));
        assert_string_equal(reason[i], "no sample");
    }
    data_free(&d);

    d = draw(KIND_MULTICLASS);
    for (size_t i = 0; i < N; i++)
        d.label[i] = d.label[i] == 3 ? 1 : d.label[i];
    compute(value, reason, &d, NULL);
    assert_true(isnan(value[0]) && !isnan(value[1]));
    assert_string_equal(reason[0], "no sample of class 3");
    assert_null(reason[1]);
    data_free(&d);

    d = draw(KIND_REGRESSION);
    for (size_t i = 0; i < N; i++)
        d.target[i] = 0.1;
    compute(value, reason, &d, NULL);
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
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
