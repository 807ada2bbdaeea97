/* Comparisons of models against scipy, statsmodels and R: section h.  The columns of
 * a case's data and its files of draws say which comparison it holds. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/npy.h"
#include "golden/golden_case.h"
#include "interval/adjust.h"
#include "interval/bootstrap.h"
#include "interval/difference.h"
#include "interval/mcnemar.h"
#include "interval/permutation.h"
#include "interval/ranks.h"
#include "interval/signed_rank.h"
#include "interval/studentized_range.h"
#include "metric/correlation.h"
#include "metric/ranking.h"

#define R_TUKEY 1e-7 /* R's ptukey and qtukey are no better (the set's README) */

static bool is(const char *key, const char *name)
{
    return strcmp(key, name) == 0;
}

static bool read_draws(struct npy *draws, const char *directory, const char *file)
{
    char *path = path_join(directory, file);
    bool read = file_exists(path) && npy_read(draws, path, NULL) == STATUS_OK && draws->n_dims == 2;
    free(path);
    return read;
}

/* ---- adjust_*: a table whose columns are methods ---- */

static void run_adjust(struct tally *t, const struct table *table)
{
    static const char *const names[] = {"bonferroni", "holm", "hochberg", "bh", "by", "sidak", "holm_sidak"};
    size_t n = table->n_rows;
    double *p = case_column(table, "p"), *ours = NEW(n, double);
    for (size_t c = 0; c < table->n_columns; c++) {
        size_t m = 0;
        while (m < sizeof names / sizeof *names && !is(table->header[c], names[m]))
            m++;
        if (is(table->header[c], "p"))
            continue;
        if (m == sizeof names / sizeof *names) {
            tally_unknown(t, table->header[c]);
            continue;
        }
        double *theirs = case_column(table, table->header[c]);
        adjust_p(ours, (enum adjust_method)m, p, n);
        for (size_t i = 0; i < n; i++)
            tally_check(t, names[m], ours[i], theirs[i], TOLERANCE);
        free(theirs);
    }
    free(ours);
    free(p);
}

/* ---- mcnemar_*: label, pred_a, pred_b ---- */

static bool mcnemar_figure(double *value, const void *data, const char *key)
{
    const struct mcnemar *m = data;
    double b = (double)m->only_a, c = (double)m->only_b;
    /* statsmodels corrects (|b - c| - 1)^2 even where b = c, which gives 1/(b + c) for no difference at all. */
    double statsmodels = m->only_a == m->only_b ? 1 / (b + c) : m->corrected;
    const struct named_value list[] = {
        {"both_right", (double)m->both_right},
        {"only_a_right", b},
        {"only_b_right", c},
        {"both_wrong", (double)m->both_wrong},
        {"exact_statistic", fmin(b, c)},
        {"exact_p", m->exact_p},
        {"binom_exact_p", m->exact_p},
        {"mid_p", m->mid_p},
        {"chi2_uncorrected", m->chi2},
        {"chi2_uncorrected_p", m->chi2_p},
        {"mcnemar_uncorrected", m->chi2},
        {"mcnemar_uncorrected_p", m->chi2_p},
        {"chi2_corrected", statsmodels},
        {"chi2_corrected_p", gsl_cdf_chisq_Q(statsmodels, 1)},
        {"mcnemar_corrected", m->corrected},
        {"mcnemar_corrected_p", m->corrected_p},
    };
    return key_find(value, key, list, sizeof list / sizeof *list);
}

static void run_mcnemar(struct tally *t, const char *directory, const struct table *table)
{
    size_t n = table->n_rows;
    int32_t *label = case_labels(table, "label"), *a = case_labels(table, "pred_a"), *b = case_labels(table, "pred_b");
    uint8_t *right_a = NEW(n, uint8_t), *right_b = NEW(n, uint8_t);
    for (size_t i = 0; i < n; i++) {
        right_a[i] = a[i] == label[i];
        right_b[i] = b[i] == label[i];
    }
    struct mcnemar m = mcnemar_test(right_a, right_b, n);
    case_keys(t, directory, "expected.csv", &m, mcnemar_figure, NULL);
    case_keys(t, directory, "expected_R.csv", &m, mcnemar_figure, NULL);
    free(right_a);
    free(right_b);
    free(label);
    free(a);
    free(b);
}

/* ---- cochran_q: right0, right1, ... ---- */

static bool cochran_figure(double *value, const void *data, const char *key)
{
    const double *q = data; /* statistic, p, df */
    const struct named_value list[] = {{"statistic", q[0]}, {"p", q[1]}, {"df", q[2]}};
    return key_find(value, key, list, 3);
}

static void run_cochran(struct tally *t, const char *directory, const struct table *table)
{
    size_t n = table->n_rows, k = table->n_columns;
    uint8_t *right = NEW(n * k, uint8_t);
    for (size_t j = 0; j < k; j++) {
        double *column = case_column(table, table->header[j]);
        for (size_t i = 0; i < n; i++)
            right[i * k + j] = column[i] > 0.5;
        free(column);
    }
    double q[3] = {NAN, NAN, (double)(k - 1)};
    struct status st;
    if (cochran_q(&q[0], &q[1], right, n, k, &st))
        tally_wrong(t, st.text);
    case_keys(t, directory, "expected.csv", q, cochran_figure, NULL);
    free(right);
}

/* ---- tables of tasks by models: model0, model1, ... ---- */

struct tasks {
    size_t n, k;
    double *score, *mean_rank;
    struct friedman friedman;
    double *p[2]; /* [k, k] normal Wilcoxon p adjusted by Holm and by Benjamini-Hochberg over all pairs */
};

static struct signed_rank pair_test(const struct tasks *d, size_t i, size_t j, enum zeros zeros)
{
    struct signed_rank s;
    struct status st;
    double *difference = NEW(d->n, double);
    for (size_t r = 0; r < d->n; r++)
        difference[r] = d->score[r * d->k + i] - d->score[r * d->k + j];
    int code = signed_rank_test(&s, zeros, difference, d->n, &st); /* undefined: all NaN, which the comparison then shows */
    free(difference);
    (void)code;
    return s;
}

static void adjust_pairs(struct tasks *d)
{
    size_t m = 0, pairs = d->k * (d->k - 1) / 2;
    double *p = NEW(pairs, double), *adjusted = NEW(pairs, double);
    for (size_t i = 0; i < d->k; i++)
        for (size_t j = i + 1; j < d->k; j++)
            p[m++] = pair_test(d, i, j, ZEROS_DROPPED).normal_p;
    for (int method = 0; method < 2; method++) {
        d->p[method] = NEW0(d->k * d->k, double);
        adjust_p(adjusted, method ? ADJUST_BH : ADJUST_HOLM, p, pairs);
        m = 0;
        for (size_t i = 0; i < d->k; i++)
            for (size_t j = i + 1; j < d->k; j++)
                d->p[method][i * d->k + j] = adjusted[m++];
    }
    free(adjusted);
    free(p);
}

/* stem_i_j */
static bool pair_figure(double *value, const struct tasks *d, const char *key)
{
    const char *last = strrchr(key, '_'), *before = last;
    while (before > key && *--before != '_')
        ;
    size_t i, j, stem = (size_t)(before - key);
    char rest;
    if (!last || stem == 0 || sscanf(before, "_%zu_%zu%c", &i, &j, &rest) != 2 || i >= d->k || j >= d->k)
        return false;
    char *name = mem_strndup(key, stem);
    struct signed_rank w = pair_test(d, i, j, ZEROS_DROPPED), pratt = pair_test(d, i, j, ZEROS_RANKED);
    const struct named_value list[] = {
        {"nemenyi_p", nemenyi_p(d->mean_rank[i] - d->mean_rank[j], d->n, d->k)},
        {"wilcoxon_wilcox_stat", w.statistic},
        {"wilcoxon_wilcox_normal_p", w.normal_p},
        {"wilcoxon_pratt_stat", pratt.statistic},
        {"wilcoxon_pratt_normal_p", pratt.normal_p},
        {"wilcoxon_exact_p", w.exact_p},
        {"wilcox_V", w.positive},
        {"wilcox_normal_p", w.normal_p},
        {"wilcox_exact_p", w.exact_p},
        {"wilcoxon_normal_p_holm", d->p[0][i * d->k + j]},
        {"wilcoxon_normal_p_fdr_bh", d->p[1][i * d->k + j]},
    };
    bool known = key_find(value, name, list, sizeof list / sizeof *list);
    free(name);
    return known;
}

static bool tasks_figure(double *value, const void *data, const char *key)
{
    const struct tasks *d = data;
    const struct friedman *f = &d->friedman;
    double x;
    const char *rest;
    if (key_number(key, "mean_rank_model", &x, &rest) && !*rest && x < (double)d->k) {
        *value = d->mean_rank[(size_t)x];
        return true;
    }
    if (key_number(key, "nemenyi_q_alpha", &x, &rest) && !*rest) {
        *value = studentized_range_quantile(x, d->k) / sqrt(2);
        return true;
    }
    if (key_number(key, "nemenyi_cd_alpha", &x, &rest) && !*rest) {
        *value = nemenyi_critical_difference(x, d->n, d->k);
        return true;
    }
    const struct named_value list[] = {
        {"tasks", (double)d->n},
        {"models", (double)d->k},
        {"friedman", f->chi2},
        {"friedman_p", f->chi2_p},
        {"friedman_chi2_tie_corrected", f->chi2},
        {"friedman_chi2_no_tie_correction", f->chi2_plain},
        {"iman_davenport_F_no_tie_correction", f->f},
        {"iman_davenport_p", f->f_p},
        {"kendall_W_tie_corrected", f->concordance},
        {"published_friedman_chi2", f->chi2_plain},
        {"published_F", f->f},
        {"published_cd_0.05", nemenyi_critical_difference(0.05, d->n, d->k)},
    };
    return key_find(value, key, list, sizeof list / sizeof *list) || pair_figure(value, d, key);
}

static bool tukey_of_r(double *value, const void *data, const char *key)
{
    const struct tasks *d = data;
    if (is(key, "q05") || is(key, "q10")) {
        *value = studentized_range_quantile(is(key, "q05") ? 0.05 : 0.1, d->k) / sqrt(2);
        return true;
    }
    return tasks_figure(value, data, key);
}

/* Demsar prints two decimals of his statistics. */
static double published_tolerance(const void *data, const char *key)
{
    (void)data;
    return key_after(key, "published_") ? 0.005 : TOLERANCE;
}

static double tukey_tolerance(const void *data, const char *key)
{
    (void)data;
    return key_after(key, "nemenyi_") || is(key, "q05") || is(key, "q10") ? R_TUKEY : TOLERANCE;
}

/* Keys whose value is no number: "published_mean_ranks,3.143 2.000 ..." to three decimals. */
static void check_published_ranks(struct tally *t, const struct tasks *d, const char *directory)
{
    char *path = path_join(directory, "expected.csv");
    struct golden_keys *keys = golden_keys_read(path);
    const char *text = keys ? golden_key_text(keys, "published_mean_ranks") : NULL;
    free(path);
    for (size_t j = 0; text && j < d->k; j++) {
        char *end;
        double theirs = strtod(text, &end);
        tally_check(t, "published_mean_ranks", d->mean_rank[j], end == text ? NAN : theirs, 0.0005);
        text = end;
    }
    golden_keys_free(keys);
}

static void run_tasks(struct tally *t, const char *directory, const struct table *table)
{
    struct tasks d = {.n = table->n_rows, .k = table->n_columns};
    struct status st;
    d.score = NEW(d.n * d.k, double);
    d.mean_rank = NEW(d.k, double);
    for (size_t j = 0; j < d.k; j++) {
        double *column = case_column(table, table->header[j]);
        for (size_t i = 0; i < d.n; i++)
            d.score[i * d.k + j] = column[i];
        free(column);
    }
    if (ranks_mean(d.mean_rank, d.score, d.n, d.k, &st) || ranks_friedman(&d.friedman, d.score, d.n, d.k, &st)) {
        tally_wrong(t, st.text);
    } else {
        adjust_pairs(&d);
        case_keys(t, directory, "expected.csv", &d, tasks_figure, published_tolerance);
        case_keys(t, directory, "expected_R.csv", &d, tukey_of_r, tukey_tolerance);
        char *word = strstr(t->unknown, "published_mean_ranks"); /* no number: checked as a list */
        if (word) {
            check_published_ranks(t, &d, directory);
            memmove(word, word + strlen("published_mean_ranks"), strlen(word + strlen("published_mean_ranks")) + 1);
            if (strspn(t->unknown, " ") == strlen(t->unknown))
                t->unknown[0] = 0;
        }
    }
    free(d.p[0]);
    free(d.p[1]);
    free(d.mean_rank);
    free(d.score);
}

/* ---- signflip_*: a, b and flips.npy ---- */

struct flips {
    size_t n;
    struct permutation_test random, exact;
    struct signed_rank rank;
    struct paired_t paired;
};

static bool flips_figure(double *value, const void *data, const char *key)
{
    const struct flips *d = data;
    const struct named_value list[] = {
        {"n", (double)d->n},
        {"B", (double)d->random.replicates},
        {"mean_difference", d->random.observed},
        {"count_abs_ge", (double)d->random.at_least},
        {"p_two_sided_plus1", d->random.p},
        {"count_ge", (double)d->random.at_least_greater},
        {"p_greater_plus1", d->random.p_greater},
        {"exact_p_two_sided_scipy", d->exact.p},
        {"exact_p_greater_scipy", d->exact.p_greater},
        {"exact_null_size", (double)d->exact.replicates},
        {"wilcoxon_normal_stat", d->rank.statistic},
        {"wilcoxon_normal_p", d->rank.normal_p},
        {"wilcoxon_normal_corrected_p", d->rank.corrected_p},
        {"wilcox_V", d->rank.positive},
        {"wilcox_corrected_p", d->rank.corrected_p},
        {"paired_t", d->paired.t},
        {"paired_t_p", d->paired.p},
        {"t_p", d->paired.p},
    };
    return key_find(value, key, list, sizeof list / sizeof *list);
}

static void run_flips(struct tally *t, const char *directory, const struct table *table, const struct npy *draws)
{
    size_t n = table->n_rows, b_total = draws->shape[0];
    double *a = case_column(table, "a"), *b = case_column(table, "b"), *difference = NEW(n, double), *value = NEW(b_total, double);
    uint8_t *flip = NEW(n, uint8_t);
    struct status st;
    for (size_t i = 0; i < n; i++)
        difference[i] = a[i] - b[i];
    for (size_t r = 0; r < b_total; r++) {
        for (size_t i = 0; i < n; i++)
            flip[i] = npy_value(draws, r * n + i) > 0.5;
        value[r] = sign_flip_mean(difference, flip, n);
    }
    struct flips d = {.n = n, .random = permutation_judge(sign_flip_mean(difference, NULL, n), value, b_total)};
    if (n <= 20)
        d.exact = sign_flip_exact(difference, n);
    if (signed_rank_test(&d.rank, ZEROS_DROPPED, difference, n, &st))
        tally_wrong(t, st.text);
    d.paired = paired_t_test(b, a, n);
    case_keys(t, directory, "expected.csv", &d, flips_figure, NULL);
    case_keys(t, directory, "expected_R.csv", &d, flips_figure, NULL);
    free(flip);
    free(value);
    free(difference);
    free(a);
    free(b);
}

/* ---- auroc_swap_*: label, score_a, score_b [, patient], swaps.npy, resamples.npy ---- */

struct swaps {
    double auc[2];
    size_t units;
    struct permutation_test test;
    struct difference boot;
};

static bool swaps_figure(double *value, const void *data, const char *key)
{
    const struct swaps *d = data;
    const struct named_value list[] = {
        {"auc_a", d->auc[0]},
        {"auc_b", d->auc[1]},
        {"difference", d->test.observed},
        {"B", (double)d->test.replicates},
        {"units", (double)d->units},
        {"count_abs_ge", (double)d->test.at_least},
        {"p_two_sided_plus1", d->test.p},
        {"count_ge", (double)d->test.at_least_greater},
        {"p_greater_plus1", d->test.p_greater},
        {"boot_undefined", (double)d->boot.undefined},
        {"boot_le0", (double)d->boot.at_most_zero},
        {"boot_ge0", (double)d->boot.at_least_zero},
        {"boot_p_two_sided_plus1", d->boot.p},
        {"boot_ci95_low", d->boot.low},
        {"boot_ci95_high", d->boot.high},
        {"boot_se", d->boot.se},
    };
    return key_find(value, key, list, sizeof list / sizeof *list);
}

static void check_distribution(struct tally *t, const char *directory, const char *file, const double *ours, size_t n)
{
    struct table stored;
    if (!case_table(&stored, directory, file)) {
        tally_unknown(t, file);
        return;
    }
    double *theirs = case_column(&stored, stored.header[stored.n_columns - 1]);
    tally_check(t, file, (double)n, (double)stored.n_rows, 0);
    for (size_t i = 0; i < n && i < stored.n_rows; i++)
        tally_check(t, file, ours[i], theirs[i], TOLERANCE);
    free(theirs);
    table_free(&stored);
}

static void run_swaps(struct tally *t, const char *directory, const struct table *table, const struct npy *swaps,
                      const struct npy *resamples)
{
    size_t n = table->n_rows, b_total = swaps->shape[0];
    struct swaps d = {.units = swaps->shape[1]};
    int32_t *label = case_labels(table, "label"), *patient = case_labels(table, "patient");
    double *score[2] = {case_column(table, "score_a"), case_column(table, "score_b")};
    uint32_t *unit = NEW(n, uint32_t), *weight = NEW(n, uint32_t), *count = NEW(d.units, uint32_t);
    uint8_t *flip = NEW(d.units, uint8_t);
    double *swapped = NEW(b_total, double), *area = NEW(2 * b_total, double), *gap = NEW(b_total, double);
    struct swap *s;
    struct status st;
    for (size_t i = 0; i < n; i++)
        unit[i] = patient ? (uint32_t)patient[i] : (uint32_t)i;
    if (resamples->shape[0] != b_total || resamples->shape[1] != d.units || swap_new(&s, label, score[0], score[1], unit, n, d.units, &st)) {
        tally_wrong(t, "(units of the draws are not those of the data)");
        goto out;
    }
    uint32_t *tally = NEW(swap_tally_size(s), uint32_t);
    for (size_t b = 0; b < b_total; b++) {
        for (size_t u = 0; u < d.units; u++)
            flip[u] = npy_value(swaps, b * d.units + u) > 0.5;
        swapped[b] = swap_difference(s, flip, tally);
    }
    d.test = permutation_judge(swap_difference(s, NULL, tally), swapped, b_total);
    free(tally);
    swap_free(s);
    struct bootstrap_plan plan = {n, unit, d.units, NULL, 0, b_total, 0, "golden"};
    for (size_t m = 0; m < 2; m++) {
        struct ranking ranking;
        ranking_new(&ranking, label, 1, score[m], 1, n);
        struct auroc_count c = ranking_count(&ranking, NULL);
        d.auc[m] = auroc_from_count(&c);
        for (size_t b = 0; b < b_total; b++) {
            memset(count, 0, d.units * sizeof *count);
            for (size_t u = 0; u < d.units; u++)
                count[(size_t)npy_value(resamples, b * d.units + u)]++;
            bootstrap_spread(weight, count, &plan);
            c = ranking_count(&ranking, weight);
            area[m * b_total + b] = auroc_from_count(&c);
        }
        ranking_free(&ranking);
    }
    for (size_t b = 0; b < b_total; b++)
        gap[b] = area[b] - area[b_total + b];
    if (difference_bootstrap(&d.boot, d.auc[0] - d.auc[1], area, 1, area + b_total, 1, b_total, 0.95, &st))
        tally_wrong(t, st.text);
    case_keys(t, directory, "expected.csv", &d, swaps_figure, NULL);
    check_distribution(t, directory, "swap_distribution.csv", swapped, b_total);
    check_distribution(t, directory, "boot_distribution.csv", gap, b_total);
out:
    free(gap);
    free(area);
    free(swapped);
    free(flip);
    free(count);
    free(weight);
    free(unit);
    free(patient);
    free(label);
    free(score[0]);
    free(score[1]);
}

static void run(struct tally *t, const char *directory)
{
    struct table table;
    struct npy draws = {0}, resamples = {0};
    if (!case_table(&table, directory, "data.csv")) {
        if (case_table(&table, directory, "expected.csv")) {
            if (table_has(&table, "p"))
                run_adjust(t, &table);
            table_free(&table);
        }
        return;
    }
    if (table_has(&table, "pred_a") && table_has(&table, "pred_b") && table_has(&table, "label"))
        run_mcnemar(t, directory, &table);
    else if (table_has(&table, "right0"))
        run_cochran(t, directory, &table);
    else if (table_has(&table, "model0"))
        run_tasks(t, directory, &table);
    else if (table_has(&table, "a") && table_has(&table, "b") && read_draws(&draws, directory, "flips.npy") && draws.shape[1] == table.n_rows)
        run_flips(t, directory, &table, &draws);
    else if (table_has(&table, "score_a") && read_draws(&draws, directory, "swaps.npy") && read_draws(&resamples, directory, "resamples.npy"))
        run_swaps(t, directory, &table, &draws, &resamples);
    npy_free(&draws);
    npy_free(&resamples);
    table_free(&table);
}

void golden_paired(const char *stats)
{
    case_walk(stats, "h_paired", run);
}
