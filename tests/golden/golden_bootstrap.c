/* The bootstrap against scipy: section g.
 *
 * The stored resamples are turned into counts per unit and go the program's way:
 * counts -> weights -> panel -> replicates -> limits.  Which metric a case holds
 * is not written down in it; all metrics of the panel are computed and the one
 * whose replicates lie nearest is taken, and named in the line. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/npy.h"
#include "base/number.h"
#include "base/table.h"
#include "golden/golden_case.h"
#include "interval/bca.h"
#include "interval/bootstrap.h"
#include "interval/clustered.h"
#include "interval/percentile.h"
#include "metric/panel.h"
#include "metric/quantile.h"
#include "metric/regression.h"

static void check(struct tally *t, const char *name, double ours, double theirs)
{
    tally_check(t, name, ours, theirs, TOLERANCE);
}

/* ---- a case ---- */

/* What is computed from one set of weights: the metrics of a panel; of two panels, the differences;
 * of a bare column, its mean. */
struct statistic {
    struct panel *panel[2]; /* [1] only for a difference */
    double *zero, *mean_of; /* a bare column and as many zeros */
};

struct sampling {
    struct bootstrap_plan plan;
    uint32_t *unit, *stratum;
    size_t n_strata;      /* 1 when plain */
    struct npy draws[16]; /* [n_strata], in the order of the jackknife file */
    uint32_t **member;    /* [n_strata] units of each stratum, ascending */
    size_t *n_members;
};

static size_t statistic_size(const struct statistic *s)
{
    return s->panel[0] ? panel_n_metrics(s->panel[0]) : 1;
}

static const char *statistic_name(const struct statistic *s, size_t i)
{
    return s->panel[0] ? panel_metric_name(s->panel[0], i) : "mean";
}

static void statistic_compute(double *value, const struct statistic *s, const uint32_t *weight, size_t n)
{
    if (!s->panel[0]) {
        *value = regression_bias(s->zero, s->mean_of, weight, n);
        return;
    }
    size_t m = panel_n_metrics(s->panel[0]);
    double *other = NEW(m, double);
    for (size_t j = 0; j < 2 && s->panel[j]; j++) {
        struct panel_scratch *scratch = panel_scratch_new(s->panel[j]);
        panel_compute(s->panel[j], scratch, weight, j ? other : value, NULL);
        panel_scratch_free(scratch);
        for (size_t i = 0; j && i < m; i++)
            value[i] -= other[i];
    }
    free(other);
}

/* The columns say which metrics can be meant. */
static bool statistic_new(struct statistic *s, const struct table *data, int32_t **labels)
{
    *s = (struct statistic){0};
    size_t n = data->n_rows;
    double *label = case_column(data, "label"), *pred = case_column(data, "pred");
    double *truth = case_column(data, "y_true"), *predicted = case_column(data, "y_pred");
    double *score[2] = {case_column(data, "score"), NULL};
    if (!score[0]) {
        score[0] = case_column(data, "score_a");
        score[1] = case_column(data, "score_b");
    }
    *labels = NULL;
    if (label) {
        *labels = NEW(n, int32_t);
        for (size_t i = 0; i < n; i++)
            (*labels)[i] = label[i] >= 0 && label[i] < 1000 ? (int32_t)label[i] : 0;
    }
    bool made = false;
    struct status st;
    if (label && score[0]) {
        made = true;
        for (size_t j = 0; j < 2 && score[j]; j++)
            made = made && !panel_new(&s->panel[j], &(struct panel_input){.kind = KIND_BINARY, .n_classes = 2, .n = n, .label = *labels,
                .score = score[j], .threshold = NAN}, &st);
    } else if (label && pred) {
        size_t k = 2;
        for (size_t i = 0; i < n; i++) {
            k = label[i] + 1 > (double)k ? (size_t)label[i] + 1 : k;
            k = pred[i] + 1 > (double)k ? (size_t)pred[i] + 1 : k;
        }
        double *hot = NEW0(n * k, double);
        for (size_t i = 0; i < n; i++)
            hot[i * k + (size_t)pred[i]] = 1;
        made = !panel_new(&s->panel[0], &(struct panel_input){.kind = KIND_ORDINAL, .n_classes = k, .n = n, .label = *labels,
            .score = hot, .threshold = NAN}, &st);
        free(hot);
    } else if (truth && predicted) {
        made = !panel_new(&s->panel[0], &(struct panel_input){.kind = KIND_REGRESSION, .n = n, .target = truth, .score = predicted,
            .threshold = NAN}, &st);
    } else if (data->n_columns == 1) {
        s->mean_of = case_column(data, data->header[0]);
        s->zero = NEW0(n, double);
        made = true;
    }
    free(label);
    free(pred);
    free(truth);
    free(predicted);
    free(score[0]);
    free(score[1]);
    return made;
}

static void statistic_free(struct statistic *s)
{
    panel_free(s->panel[0]);
    panel_free(s->panel[1]);
    free(s->zero);
    free(s->mean_of);
}

static bool read_draws(struct npy *draws, const char *directory, const char *name)
{
    char *path = path_join(directory, name);
    bool read = file_exists(path) && npy_read(draws, path, NULL) == STATUS_OK && draws->n_dims == 2;
    free(path);
    return read;
}

/* Files of draws decide: whole, by patient, by class (the highest class first when there are two,
 * ascending otherwise: the order of the jackknife), by positive and negative patients. */
static bool sampling_new(struct sampling *s, const char *directory, const struct table *data, const int32_t *label)
{
    size_t n = data->n_rows;
    *s = (struct sampling){.unit = NEW(n, uint32_t)};
    double *patient = case_column(data, "patient");
    size_t n_units = 0;
    for (size_t i = 0; i < n; i++) {
        s->unit[i] = (uint32_t)(patient && patient[i] >= 0 && patient[i] < 1e6 ? patient[i] : (double)i);
        n_units = s->unit[i] >= n_units ? s->unit[i] + 1 : n_units;
    }
    free(patient);
    s->stratum = NEW0(n_units, uint32_t);
    bool stratified = false;
    if (read_draws(&s->draws[0], directory, "resamples.npy") ||
        read_draws(&s->draws[0], directory, "resamples_patients.npy")) {
        s->n_strata = 1;
    } else if (label && read_draws(&s->draws[0], directory, "resamples_positive_patients.npy")) {
        if (!read_draws(&s->draws[1], directory, "resamples_negative_patients.npy"))
            return false;
        s->n_strata = 2;
        stratified = true;
        for (size_t u = 0; u < n_units; u++)
            s->stratum[u] = 1;
        for (size_t i = 0; i < n; i++)
            if (label[i] == 1)
                s->stratum[s->unit[i]] = 0; /* positive patients: any positive image */
    } else if (label) {
        char name[64] = "resamples_class0.npy";
        while (s->n_strata < 16 && read_draws(&s->draws[s->n_strata], directory, name))
            snprintf(name, sizeof name, "resamples_class%zu.npy", ++s->n_strata);
        if (s->n_strata == 0)
            return false;
        stratified = true;
        bool reversed = s->n_strata == 2;
        if (reversed) {
            struct npy swap = s->draws[0];
            s->draws[0] = s->draws[1];
            s->draws[1] = swap;
        }
        for (size_t i = 0; i < n; i++) {
            if ((size_t)label[i] >= s->n_strata)
                return false;
            s->stratum[s->unit[i]] = (uint32_t)(reversed ? 1 - label[i] : label[i]);
        }
    } else {
        return false;
    }
    s->member = NEW0(s->n_strata, uint32_t *);
    s->n_members = NEW0(s->n_strata, size_t);
    for (size_t k = 0; k < s->n_strata; k++) {
        s->member[k] = NEW(n_units, uint32_t);
        for (size_t u = 0; u < n_units; u++)
            if (s->stratum[u] == k)
                s->member[k][s->n_members[k]++] = (uint32_t)u;
        if (s->draws[k].shape[0] != s->draws[0].shape[0] || s->draws[k].shape[1] != s->n_members[k])
            return false;
    }
    s->plan = (struct bootstrap_plan){n, s->unit, n_units, stratified ? s->stratum : NULL,
                                      s->n_strata, s->draws[0].shape[0], 0, "golden"};
    return true;
}

static void sampling_free(struct sampling *s)
{
    for (size_t k = 0; k < s->n_strata; k++) {
        npy_free(&s->draws[k]);
        if (s->member)
            free(s->member[k]);
    }
    free(s->member);
    free(s->n_members);
    free(s->unit);
    free(s->stratum);
}

/* value[B, m] from the stored positions. */
static double *replay(const struct sampling *s, const struct statistic *statistic)
{
    size_t m = statistic_size(statistic), b_total = s->plan.replicates;
    double *value = NEW(b_total * m, double);
    uint32_t *unit_count = NEW(s->plan.n_units, uint32_t), *weight = NEW(s->plan.n, uint32_t);
    for (size_t b = 0; b < b_total; b++) {
        memset(unit_count, 0, s->plan.n_units * sizeof *unit_count);
        for (size_t k = 0; k < s->n_strata; k++)
            for (size_t j = 0; j < s->n_members[k]; j++) {
                double position = npy_value(&s->draws[k], b * s->n_members[k] + j);
                if (position >= 0 && position < (double)s->n_members[k])
                    unit_count[s->member[k][(size_t)position]]++;
            }
        bootstrap_spread(weight, unit_count, &s->plan);
        statistic_compute(value + b * m, statistic, weight, s->plan.n);
    }
    free(weight);
    free(unit_count);
    return value;
}

/* value[n_units, m]; through bootstrap_jackknife where the statistic is one panel. */
static double *leave_one_out(const struct sampling *s, const struct statistic *statistic)
{
    size_t m = statistic_size(statistic);
    double *value = NEW(s->plan.n_units * m, double);
    if (statistic->panel[0] && !statistic->panel[1] &&
        bootstrap_jackknife(value, &s->plan, statistic->panel[0], 2, NULL) == STATUS_OK)
        return value;
    uint32_t *weight = NEW(s->plan.n, uint32_t);
    for (size_t u = 0; u < s->plan.n_units; u++) {
        for (size_t i = 0; i < s->plan.n; i++)
            weight[i] = s->unit[i] != u;
        statistic_compute(value + u * m, statistic, weight, s->plan.n);
    }
    free(weight);
    return value;
}

/* The metric whose replicates lie nearest to the stored ones. */
static size_t choose_metric(const double *value, size_t m, const double *stored, size_t n)
{
    size_t best = 0;
    double least = INFINITY;
    for (size_t i = 0; i < m; i++) {
        double sum = 0;
        for (size_t b = 0; b < n; b++) {
            double a = value[b * m + i];
            sum += isnan(a) && isnan(stored[b]) ? 0 : isnan(a) || isnan(stored[b]) ? 1 : fmin(1, fabs(a - stored[b]));
        }
        if (sum < least) {
            least = sum;
            best = i;
        }
    }
    return best;
}

/* percentile_0.95_low and the like; bca_0.9_alpha1 */
static bool level_key(const char *key, const char *prefix, double *level, const char **rest)
{
    size_t length = strlen(prefix);
    if (strncmp(key, prefix, length) != 0 || key[length] < '0' || key[length] > '9')
        return false;
    char *end;
    *level = strtod(key + length, &end);
    *rest = end;
    return *level > 0 && *level < 1;
}

struct replicates {
    const double *value, *jackknife;
    size_t stride, n;
    double estimate;
    const struct sampling *sampling;
};

static bool replicate_key(double *ours, const struct replicates *r, const char *key)
{
    const struct sampling *s = r->sampling;
    double level = 0.95, low, high;
    const char *rest;
    size_t undefined;
    struct bca bca;
    struct status st;
    bool side;
    if (level_key(key, "percentile_", &level, &rest)) {
        if (interval_percentile(&low, &high, &undefined, r->value, r->stride, r->n, level, &st))
            return false;
        side = strcmp(rest, "_low") != 0;
    } else if (level_key(key, "basic_", &level, &rest)) {
        if (interval_basic(&low, &high, &undefined, r->estimate, r->value, r->stride, r->n, level, &st))
            return false;
        side = strcmp(rest, "_low") != 0;
    } else {
        bool at_level = level_key(key, "bca_", &level, &rest);
        int code = interval_bca(&low, &high, &undefined, &bca, r->estimate, r->value, r->stride, r->n, r->jackknife,
                                s->plan.stratum, s->plan.n_units, s->n_strata, level, &st);
        if (code && code != STATUS_UNDEFINED)
            return false;
        side = at_level && strcmp(rest, "_low") != 0;
        if (!strcmp(key, "B"))
            *ours = (double)r->n;
        else if (!strcmp(key, "undefined"))
            *ours = (double)undefined;
        else if (!strcmp(key, "patients"))
            *ours = (double)s->plan.n_units;
        else if (!strcmp(key, "positive_patients") && s->plan.stratum)
            *ours = (double)s->n_members[0];
        else if (!strcmp(key, "theta_hat"))
            *ours = r->estimate;
        else if (!strcmp(key, "standard_error"))
            *ours = interval_standard_error(r->value, r->stride, r->n);
        else if (!strcmp(key, "bca_z0"))
            *ours = bca.bias;
        else if (!strcmp(key, "bca_acceleration"))
            *ours = bca.acceleration;
        else if (!strcmp(key, "share_below_plus_half_equal"))
            *ours = bca.share;
        else if (at_level && (!strcmp(rest, "_alpha1") || !strcmp(rest, "_alpha2")))
            *ours = bca.tail[rest[6] == '2'];
        else if (at_level && (!strcmp(rest, "_low") || !strcmp(rest, "_high")))
            *ours = side ? high : low;
        else
            return false;
        return true;
    }
    *ours = side ? high : low;
    return !strcmp(rest, "_low") || !strcmp(rest, "_high");
}

/* Leave-one-out values lie stratum by stratum, each in the order of its units. */
static void check_jackknife(struct tally *t, const char *directory, const struct replicates *r)
{
    struct table stored;
    if (!case_table(&stored, directory, "jackknife.csv"))
        return;
    const struct sampling *s = r->sampling;
    double *stratum = case_column(&stored, "sample"), *left_out = case_column(&stored, "left_out"), *theta = case_column(&stored, "theta");
    for (size_t i = 0; stratum && left_out && theta && i < stored.n_rows; i++) {
        size_t k = (size_t)stratum[i], j = (size_t)left_out[i];
        bool known = k < s->n_strata && j < s->n_members[k];
        check(t, "jackknife", known ? r->jackknife[s->member[k][j] * r->stride] : NAN, theta[i]);
    }
    free(stratum);
    free(left_out);
    free(theta);
    table_free(&stored);
}

static void run_replay(struct tally *t, const char *directory, const struct table *data, const struct sampling *s,
                       const struct statistic *statistic, char *metric, size_t metric_size)
{
    struct table stored;
    if (!case_table(&stored, directory, "distribution.csv")) {
        tally_unknown(t, "(no distribution.csv)");
        return;
    }
    size_t m = statistic_size(statistic);
    double *theta = case_column(&stored, stored.header[stored.n_columns - 1]);
    double *value = replay(s, statistic), *jackknife = leave_one_out(s, statistic), *estimate = NEW(m, double);
    statistic_compute(estimate, statistic, NULL, data->n_rows);
    check(t, "rows of distribution.csv", (double)s->plan.replicates, (double)stored.n_rows);
    if (s->plan.replicates == stored.n_rows) {
        size_t chosen = choose_metric(value, m, theta, stored.n_rows);
        snprintf(metric, metric_size, "%s", statistic_name(statistic, chosen));
        struct replicates r = {value + chosen, jackknife + chosen, m, stored.n_rows, estimate[chosen], s};
        for (size_t b = 0; b < r.n; b++)
            check(t, "replicate", r.value[b * m], theta[b]);
        check_jackknife(t, directory, &r);
        char *path = path_join(directory, "expected.csv");
        struct golden_keys *keys = golden_keys_read(path);
        free(path);
        for (size_t i = 0; keys && i < golden_keys_count(keys); i++) {
            const char *key = golden_key_name(keys, i);
            double ours = NAN, theirs;
            if (!strcmp(key, "images"))
                check(t, key, (double)data->n_rows, golden_key(keys, key, &theirs) ? theirs : NAN);
            else if (!strcmp(key, "replicates_equal_to_theta_hat")) {
                size_t equal = 0;
                for (size_t b = 0; b < r.n; b++)
                    equal += fabs(r.value[b * m] - r.estimate) <= 1e-12;
                check(t, key, (double)equal, golden_key(keys, key, &theirs) ? theirs : NAN);
            } else if (golden_key(keys, key, &theirs) && replicate_key(&ours, &r, key))
                check(t, key, ours, theirs);
            else
                tally_unknown(t, key);
        }
        golden_keys_free(keys);
    }
    free(estimate);
    free(jackknife);
    free(value);
    free(theta);
    table_free(&stored);
}

/* Rows n, q (in per cent), percentile; the values of size n lie in values_<n>.csv. */
static bool run_percentile_rule(struct tally *t, const char *directory)
{
    struct table rule;
    if (!case_table(&rule, directory, "expected.csv"))
        return false;
    double *n = case_column(&rule, "n"), *q = case_column(&rule, "q"), *percentile = case_column(&rule, "percentile");
    bool is_rule = n && q && percentile;
    for (size_t i = 0; is_rule && i < rule.n_rows; i++) {
        char name[64];
        struct table values;
        snprintf(name, sizeof name, "values_%.0f.csv", n[i]);
        double ours = NAN;
        if (case_table(&values, directory, name)) {
            double *v = case_column(&values, values.header[0]);
            size_t n_defined;
            double *sorted = quantile_sort(&n_defined, v, 1, values.n_rows);
            ours = quantile_linear(sorted, n_defined, q[i] / 100);
            free(sorted);
            free(v);
            table_free(&values);
        }
        check(t, name, ours, percentile[i]);
    }
    free(n);
    free(q);
    free(percentile);
    table_free(&rule);
    return is_rule;
}

struct formula {
    const struct delong *delong;
    struct clusters clusters;
    double variance;
};

static bool formula_figure(double *value, const void *data, const char *key)
{
    const struct formula *f = data;
    struct limits wald = area_wald(f->delong->area, f->variance, 0.95), logit = area_logit(f->delong->area, f->variance, 0.95);
    const struct named_value list[] = {
        {"auroc", f->delong->area},
        {"patients_with_positive_images", (double)f->clusters.with_positive},
        {"patients_with_negative_images", (double)f->clusters.with_negative},
        {"obuchowski_variance", f->variance},
        {"obuchowski_se", sqrt(f->variance)},
        {"wald_ci95_low", wald.low},
        {"wald_ci95_high", wald.high},
        {"logit_ci95_low", logit.low},
        {"logit_ci95_high", logit.high},
        {"image_level_delong_variance", delong_variance(f->delong)},
    };
    return key_find(value, key, list, sizeof list / sizeof *list);
}

/* expected_formula.csv: Obuchowski's variance of the AUROC by patients. */
static void run_formula(struct tally *t, const char *directory, const struct table *data, const struct sampling *s,
                        const int32_t *label)
{
    char *path = path_join(directory, "expected_formula.csv");
    bool there = file_exists(path);
    free(path);
    if (!there)
        return;
    double *score = case_column(data, "score");
    struct delong delong = {0};
    struct status st;
    if (label && score && s->unit && !delong_new(&delong, label, score, data->n_rows, &st)) {
        struct formula f = {&delong, clusters_count(&delong, s->unit, s->plan.n_units),
                            clustered_variance(&delong, s->unit, s->plan.n_units)};
        case_keys(t, directory, "expected_formula.csv", &f, formula_figure, NULL);
    } else {
        tally_unknown(t, "expected_formula.csv");
    }
    delong_free(&delong);
    free(score);
}

static void run_case(struct tally *t, const char *directory, char *metric, size_t metric_size)
{
    struct table data;
    if (!case_table(&data, directory, "data.csv")) {
        if (!run_percentile_rule(t, directory))
            tally_unknown(t, "(neither data.csv nor a table of percentiles)");
        return;
    }
    struct statistic statistic;
    struct sampling sampling = {0};
    int32_t *label;
    if (!statistic_new(&statistic, &data, &label))
        tally_unknown(t, "(columns of data.csv not known)");
    else if (!sampling_new(&sampling, directory, &data, label))
        tally_unknown(t, "(files of draws not known, or not of the size of their strata)");
    else
        run_replay(t, directory, &data, &sampling, &statistic, metric, metric_size);
    run_formula(t, directory, &data, &sampling, label);
    sampling_free(&sampling);
    statistic_free(&statistic);
    free(label);
    table_free(&data);
}

void golden_bootstrap(const char *stats)
{
    char *section = path_join(stats, "g_bootstrap");
    struct file_list cases = {0};
    struct status st;
    if (!file_is_directory(section))
        golden_skip("g_bootstrap", "no such folder");
    else if (file_list_directory(&cases, section, &st))
        golden_fail("g_bootstrap", "%s", st.text);
    for (size_t i = 0; i < cases.n; i++) {
        struct tally t = {0};
        char full[256], metric[64] = "percentiles";
        char *directory = path_join(section, cases.name[i]);
        run_case(&t, directory, metric, sizeof metric);
        snprintf(full, sizeof full, "g_bootstrap/%s", cases.name[i]);
        if (t.n_wrong)
            golden_fail(full, "%s: %zu of %zu figures differ: ours(theirs) %s", metric, t.n_wrong, t.n_checked, t.wrong);
        else if (t.n_checked)
            golden_pass(full, "%s: %zu figures, largest error %.1e", metric, t.n_checked, t.worst);
        if (t.unknown[0])
            golden_skip(full, "no figure of ours for: %s", t.unknown);
        free(directory);
    }
    file_list_free(&cases);
    free(section);
}
