/* Metrics against scikit-learn, statsmodels, scipy and R: sections b and d.
 *
 * Every key of a case's expected files is asked of this code by its name; the
 * name says which class, share or label set is meant.  Keys this code has no
 * figure for are named in a line of their own.  zero_division: where scikit-learn
 * writes 0 for a figure that does not exist (a class neither true nor predicted,
 * the MCC of constant predictions) ours is NaN, and or_zero() says so aloud. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/table.h"
#include "golden/golden_case.h"
#include "interval/marginal.h"
#include "metric/auroc.h"
#include "metric/confusion.h"
#include "metric/curve.h"
#include "metric/diagnostic.h"
#include "metric/fleiss.h"
#include "metric/kappa.h"
#include "metric/panel.h"
#include "metric/precision.h"
#include "metric/proportion.h"
#include "metric/top_k.h"

/* ---- one case: its files, its tally ---- */

struct data {
    char *path;      /* the case's folder */
    struct table table;
    bool has_table;  /* data.csv is there */
    size_t n;        /* rows of data.csv */
    size_t n_classes;
    int32_t *label, *prediction;
    double *score;   /* [n] or [n, n_classes] */
    double *weight;
    uint64_t *count; /* [n_classes, n_classes] */
};

static bool read_side_table(struct table *t, const struct data *d, const char *name)
{
    return case_table(t, d->path, name);
}

static void check(struct tally *t, const char *name, double ours, double theirs)
{
    tally_check(t, name, ours, theirs, TOLERANCE);
}

/* p0, p1, ... side by side */
static void read_probabilities(struct data *d)
{
    char name[32] = "p0";
    for (d->n_classes = 0; table_has(&d->table, name); snprintf(name, sizeof name, "p%zu", d->n_classes))
        d->n_classes++;
    if (d->n_classes == 0)
        return;
    d->score = NEW(d->n * d->n_classes, double);
    for (size_t k = 0; k < d->n_classes; k++) {
        snprintf(name, sizeof name, "p%zu", k);
        double *p = case_column(&d->table, name);
        for (size_t i = 0; i < d->n; i++)
            d->score[i * d->n_classes + k] = p[i];
        free(p);
    }
}

static void data_open(struct data *d, const char *directory)
{
    *d = (struct data){.path = mem_strdup(directory)};
    d->has_table = read_side_table(&d->table, d, "data.csv");
    if (!d->has_table)
        return;
    d->n = d->table.n_rows;
    d->label = case_labels(&d->table, "label");
    d->prediction = case_labels(&d->table, "pred");
    d->weight = case_column(&d->table, "weight");
    d->score = case_column(&d->table, "score");
    if (!d->score)
        d->score = case_column(&d->table, "prob");
    if (!d->score)
        read_probabilities(d);
}

static void data_close(struct data *d)
{
    if (d->has_table)
        table_free(&d->table);
    free(d->path);
    free(d->label);
    free(d->prediction);
    free(d->score);
    free(d->weight);
    free(d->count);
}

static bool key_class(const char *key, const char *prefix, size_t n_classes, size_t *class)
{
    double number;
    const char *rest;
    if (!key_number(key, prefix, &number, &rest) || *rest || number >= (double)n_classes)
        return false;
    *class = (size_t)number;
    return true;
}

static bool is(const char *key, const char *name)
{
    return strcmp(key, name) == 0;
}

static double or_zero(double value)
{
    return isnan(value) ? 0 : value;
}

/* ---- b_auroc ---- */

static bool operating_key(double *value, const struct operating_point *p, double main_figure, const char *rest)
{
    if (!*rest)
        *value = main_figure;
    else if (is(rest, "_threshold"))
        *value = p->threshold;
    else if (is(rest, "_tp"))
        *value = p->true_positive;
    else if (is(rest, "_fp"))
        *value = p->false_positive;
    else
        return false;
    return true;
}

static bool panel_key(double *value, const struct data *d, enum task_kind kind, const char *name)
{
    struct panel *p;
    if (panel_new(&p, &(struct panel_input){.kind = kind, .n_classes = kind == KIND_BINARY ? 2 : d->n_classes, .n = d->n,
        .label = d->label, .score = d->score, .threshold = NAN}, NULL))
        return false;
    double *all = NEW(panel_n_metrics(p), double);
    struct panel_scratch *s = panel_scratch_new(p);
    panel_compute(p, s, NULL, all, NULL);
    size_t i = panel_metric_find(p, name);
    bool found = i < panel_n_metrics(p);
    if (found)
        *value = all[i];
    panel_scratch_free(s);
    free(all);
    panel_free(p);
    return found;
}

static bool binary_key(double *value, const struct data *d, const struct curve *c, const char *key)
{
    struct status st;
    struct auroc_count count;
    double x;
    const char *rest;
    if (is(key, "n"))
        *value = (double)d->n;
    else if (is(key, "n_pos") || is(key, "n_neg")) {
        size_t positive = 0;
        for (size_t i = 0; i < d->n; i++)
            positive += d->label[i] == 1;
        *value = (double)(is(key, "n_pos") ? positive : d->n - positive);
    } else if (is(key, "prevalence"))
        *value = c->n_positive / (c->n_positive + c->n_negative);
    else if (is(key, "auroc"))
        return (d->weight ? auroc_binary_weighted(value, d->label, d->score, d->weight, d->n, &st)
                          : auroc_binary(value, d->label, d->score, d->n, &st)) == STATUS_OK;
    else if (is(key, "mann_whitney_2U") || is(key, "auroc_from_2U")) {
        if (auroc_binary_count(&count, d->label, d->score, d->n, &st))
            return false;
        *value = is(key, "auroc_from_2U") ? auroc_from_count(&count) : (double)count.twice_u;
    } else if (is(key, "average_precision")) {
        *value = curve_average_precision(c);
        double ranked;
        if (!d->weight && (average_precision(&ranked, d->label, d->score, d->n, &st) ||
                           !golden_close(ranked, *value, TOLERANCE)))
            *value = NAN; /* our two ways must agree */
    } else if (is(key, "pr_curve_trapezoid_area"))
        *value = curve_precision_recall_area(c);
    else if (key_number(key, "pauc_mcclish_fpr", &x, &rest) && !*rest)
        *value = curve_partial_area(c, x);
    else if (key_number(key, "sens_at_spec_", &x, &rest)) {
        struct operating_point p = curve_at_specificity(c, x);
        return operating_key(value, &p, p.sensitivity, rest);
    } else if (key_number(key, "spec_at_sens_", &x, &rest)) {
        struct operating_point p = curve_at_sensitivity(c, x);
        return operating_key(value, &p, p.specificity, rest);
    } else if (!strncmp(key, "youden_", 7)) {
        struct operating_point p = curve_youden(c);
        return operating_key(value, &p, p.sensitivity + p.specificity - 1, is(key, "youden_J") ? "" : key + 6);
    } else if (is(key, "official_compute_metrics_AUROC"))
        return panel_key(value, d, KIND_BINARY, "auroc");
    else if (is(key, "official_compute_metrics_BACC"))
        return panel_key(value, d, KIND_BINARY, "balanced_accuracy");
    else if (is(key, "official_compute_metrics_F1"))
        return panel_key(value, d, KIND_BINARY, "f1");
    else
        return false;
    return true;
}

/* An undefined figure is NaN with STATUS_UNDEFINED, never with another code. */
static bool undefined_or(int code)
{
    return code == STATUS_OK || code == STATUS_UNDEFINED;
}

static bool classes_key(double *value, const struct data *d, const char *key)
{
    static const struct {
        const char *key;
        int (*function)(double *, enum auroc_average, const int32_t *, const double *, size_t, size_t, struct status *);
        enum auroc_average average;
    } averages[] = {
        {"auroc_macro_ovr", auroc_ovr, AUROC_MACRO},
        {"auroc_weighted_ovr", auroc_ovr, AUROC_WEIGHTED},
        {"auroc_micro_ovr", auroc_ovr, AUROC_MICRO},
        {"auroc_macro_ovo", auroc_ovo, AUROC_MACRO},
        {"auroc_weighted_ovo", auroc_ovo, AUROC_WEIGHTED},
        {"ap_macro", average_precision_ovr, AUROC_MACRO},
        {"ap_weighted", average_precision_ovr, AUROC_WEIGHTED},
        {"ap_micro", average_precision_ovr, AUROC_MICRO},
    };
    struct status st;
    size_t class;
    double k;
    const char *rest;
    for (size_t i = 0; i < sizeof averages / sizeof *averages; i++)
        if (is(key, averages[i].key))
            return averages[i].function(value, averages[i].average, d->label, d->score, d->n, d->n_classes, &st) == STATUS_OK;
    if (is(key, "n"))
        *value = (double)d->n;
    else if (is(key, "classes"))
        *value = (double)d->n_classes;
    else if (key_class(key, "auroc_class", d->n_classes, &class))
        return undefined_or(auroc_class(value, class, d->label, d->score, d->n, d->n_classes, &st));
    else if (key_class(key, "ap_class", d->n_classes, &class))
        return undefined_or(average_precision_class(value, class, d->label, d->score, d->n, d->n_classes, &st));
    else if (key_class(key, "support_class", d->n_classes, &class)) {
        *value = 0;
        for (size_t i = 0; i < d->n; i++)
            *value += d->label[i] == (int32_t)class;
    } else if (is(key, "sklearn_raised_ValueError"))
        *value = auroc_macro_ovr(value, d->label, d->score, d->n, d->n_classes, &st) == STATUS_UNDEFINED;
    else if (is(key, "official_compute_metrics_AUROC"))
        return panel_key(value, d, KIND_MULTICLASS, "auroc_macro_defined");
    else if (is(key, "official_compute_metrics_BACC"))
        return panel_key(value, d, KIND_MULTICLASS, "balanced_accuracy");
    else if (is(key, "official_compute_metrics_F1"))
        return panel_key(value, d, KIND_MULTICLASS, "f1_macro");
    else if (key_number(key, "top", &k, &rest) && !*rest) {
        *value = top_k_accuracy(d->label, d->score, NULL, d->n, d->n_classes, (size_t)k, k > 1 ? TOP_K_HIGH : TOP_K_LOW);
        double accuracy;
        if (k == 1 && (!panel_key(&accuracy, d, KIND_MULTICLASS, "accuracy") || !golden_close(*value, accuracy, TOLERANCE)))
            *value = NAN; /* our two ways must agree */
    }
    else
        return false;
    return true;
}

/* Row by row: two or three columns of a stored curve, +inf first (ROC) or last (PR). */
static void check_curve_file(struct tally *t, const struct data *d, const struct curve *c, const char *file)
{
    struct table stored;
    if (!read_side_table(&stored, d, file))
        return;
    bool pr = table_has(&stored, "precision");
    double *x = case_column(&stored, pr ? "recall" : "fpr"), *y = case_column(&stored, pr ? "precision" : "tpr");
    double *threshold = case_column(&stored, "threshold");
    bool corners = strstr(file, "corners") != NULL;
    size_t row = 0;
    for (size_t j = 0; j < c->n; j++) {
        size_t i = pr ? c->n - 1 - j : j;
        if (corners && !curve_is_corner(c, i))
            continue;
        if (row < stored.n_rows) {
            double tpr = c->true_positive[i] / c->n_positive, fpr = c->false_positive[i] / c->n_negative;
            check(t, file, threshold[row], c->threshold[i]);
            check(t, file, pr ? tpr : fpr, x[row]);
            check(t, file, pr ? curve_precision(c, i) : tpr, y[row]);
        }
        row++;
    }
    char name[64];
    snprintf(name, sizeof name, "%s rows", file);
    check(t, name, (double)row, (double)stored.n_rows);
    free(x);
    free(y);
    free(threshold);
    table_free(&stored);
}

/* ---- d_agreement ---- */

/* macro, weighted or micro mean of a figure per class, 0 where it does not exist */
static bool class_average(double *value, const struct data *d, const char *key)
{
    static const struct {
        const char *name;
        double (*function)(const uint64_t *, size_t, size_t);
    } figures[] = {{"precision_", confusion_precision}, {"recall_", confusion_recall}, {"f1_", confusion_f1}};
    for (size_t f = 0; f < 3; f++) {
        size_t length = strlen(figures[f].name);
        if (strncmp(key, figures[f].name, length) != 0)
            continue;
        const char *average = key + length;
        bool all = strstr(average, "_all_labels") != NULL, macro = !strncmp(average, "macro", 5);
        if (is(average, "micro")) {
            *value = confusion_accuracy(d->count, d->n_classes);
            return true;
        }
        if (!macro && strncmp(average, "weighted", 8) != 0)
            return false;
        double sum = 0, total = 0;
        for (size_t k = 0; k < d->n_classes; k++) {
            double support = (double)confusion_support(d->count, d->n_classes, k);
            if (!all && support == 0 && confusion_predicted(d->count, d->n_classes, k) == 0)
                continue;
            double weight = macro ? 1 : support;
            sum += weight * or_zero(figures[f].function(d->count, d->n_classes, k));
            total += weight;
        }
        *value = sum / total;
        if (is(key, "f1_macro") && !golden_close(*value, confusion_f1_macro(d->count, d->n_classes), TOLERANCE))
            *value = NAN; /* our own macro F1 must agree */
        if (strncmp(key, "f1_weighted", 11) == 0 && !golden_close(*value, confusion_f1_weighted(d->count, d->n_classes), TOLERANCE))
            *value = NAN;
        return true;
    }
    return false;
}

static bool kappa_key(double *value, const struct data *d, const char *key)
{
    static const struct {
        const char *name;
        enum kappa_weights weights;
    } kinds[] = {{"kappa_unweighted", KAPPA_PLAIN}, {"kappa_linear", KAPPA_LINEAR}, {"kappa_quadratic", KAPPA_QUADRATIC},
                 {"vcd_unweighted", KAPPA_PLAIN}, {"vcd_linear", KAPPA_LINEAR}, {"vcd_quadratic", KAPPA_QUADRATIC},
                 {"psych_unweighted", KAPPA_PLAIN}, {"psych_quadratic", KAPPA_QUADRATIC}};
    if (is(key, "kappa_max")) {
        *value = kappa_estimate(d->count, d->n_classes, KAPPA_PLAIN, 0.95).maximum;
        return true;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t length = strlen(kinds[i].name);
        if (strncmp(key, kinds[i].name, length) != 0)
            continue;
        const char *rest = key + length;
        if (!*rest && *key == 'k') { /* scikit-learn: labels present, re-numbered */
            uint64_t *present = NEW(d->n_classes * d->n_classes, uint64_t);
            size_t k = confusion_present(present, d->count, d->n_classes);
            *value = confusion_kappa(present, k, kinds[i].weights);
            free(present);
            return true;
        }
        struct kappa kappa = kappa_estimate(d->count, d->n_classes, kinds[i].weights, 0.95);
        const struct {
            const char *rest;
            double value;
        } figures[] = {{"", kappa.kappa}, {"_all_labels", kappa.kappa}, {"_statsmodels", kappa.kappa},
                       {"_ase", kappa.se}, {"_ci95_low", kappa.low}, {"_ci95_high", kappa.high},
                       {"_ase0", kappa.se_null}, {"_z", kappa.z}, {"_p_two_sided", kappa.p}};
        for (size_t j = 0; j < sizeof figures / sizeof *figures; j++)
            if (is(rest, figures[j].rest)) {
                *value = figures[j].value;
                return true;
            }
        return false;
    }
    return false;
}

typedef struct limits proportion_function(uint64_t, uint64_t, double);

/* R corrects by min(1/2, |k - n/2|): nothing where k is half of n. */
static struct limits wilson_corrected_as_r(uint64_t k, uint64_t n, double level)
{
    return 2 * k == n ? proportion_wilson(k, n, level) : proportion_wilson_corrected(k, n, level);
}

static proportion_function *proportion_named(const char *name)
{
    static const struct {
        const char *name;
        proportion_function *function;
    } methods[] = {{"wilson", proportion_wilson},     {"clopper_pearson", proportion_clopper_pearson},
                   {"agresti_coull", proportion_agresti_coull}, {"jeffreys", proportion_jeffreys},
                   {"wald", proportion_wald},         {"binom_test", proportion_clopper_pearson},
                   {"prop_test_wilson", proportion_wilson}, {"prop_test_wilson_cc", wilson_corrected_as_r}};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (is(name, methods[i].name))
            return methods[i].function;
    return NULL;
}

/* sensitivity_wilson_low and the like: figure, method, side */
static bool proportion_key(double *value, const struct data *d, const char *key)
{
    if (d->n_classes != 2)
        return false;
    const struct {
        const char *name;
        uint64_t hit, of;
    } figures[] = {{"sensitivity_", d->count[3], d->count[2] + d->count[3]},
                   {"specificity_", d->count[0], d->count[0] + d->count[1]},
                   {"ppv_", d->count[3], d->count[1] + d->count[3]},
                   {"npv_", d->count[0], d->count[0] + d->count[2]}};
    const char *side = strrchr(key, '_');
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        size_t length = strlen(figures[i].name);
        if (strncmp(key, figures[i].name, length) != 0 || side < key + length)
            continue;
        char *method = mem_strndup(key + length, (size_t)(side - key) - length);
        proportion_function *function = proportion_named(method);
        free(method);
        if (!function || (!is(side, "_low") && !is(side, "_high")))
            return false;
        struct limits limits = function(figures[i].hit, figures[i].of, 0.95);
        *value = is(side, "_low") ? limits.low : limits.high;
        return true;
    }
    return false;
}

static bool limits_key(double *value, struct limits limits, const char *rest)
{
    if (!is(rest, "_low") && !is(rest, "_high"))
        return false;
    *value = is(rest, "_low") ? limits.low : limits.high;
    return true;
}

/* epiR's epi.tests: shares with Clopper-Pearson limits, ratios with those of their logarithm. */
static bool test_table_key(double *value, const struct data *d, const char *key)
{
    const char *name = key_after(key, "epi_tests_");
    if (!name || d->n_classes != 2)
        return false;
    const uint64_t *c = d->count;
    const struct {
        const char *name;
        uint64_t hit, of;
    } shares[] = {{"se", c[3], c[2] + c[3]}, {"sp", c[0], c[0] + c[1]}, {"pv.pos", c[3], c[1] + c[3]},
                  {"pv.neg", c[0], c[0] + c[2]}, {"diag.ac", c[0] + c[3], confusion_total(c, 2)}};
    const struct {
        const char *name;
        struct diagnostic (*function)(const uint64_t *, double);
    } ratios[] = {{"lr.pos", diagnostic_lr_positive}, {"lr.neg", diagnostic_lr_negative},
                  {"diag.or", diagnostic_odds_ratio}, {"youden", diagnostic_youden}};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        const char *rest = key_after(name, shares[i].name);
        if (rest && limits_key(value, proportion_clopper_pearson(shares[i].hit, shares[i].of, 0.95), rest))
            return true;
    }
    for (size_t i = 0; i < sizeof ratios / sizeof *ratios; i++) {
        const char *rest = key_after(name, ratios[i].name);
        if (!rest)
            continue;
        struct diagnostic ratio = ratios[i].function(c, 0.95);
        *value = ratio.value;
        return !*rest || limits_key(value, ratio.limits, rest);
    }
    return false;
}

static bool marginal_key(double *value, const struct data *d, const char *key)
{
    struct chi2_test bowker = bowker_test(d->count, d->n_classes), margins;
    struct status st;
    if (!undefined_or(stuart_maxwell_test(&margins, d->count, d->n_classes, &st)))
        return false;
    const struct named_value list[] = {{"bowker_statistic", bowker.statistic}, {"bowker_p", bowker.p},
                                       {"bowker_df", bowker.df}, {"stuart_maxwell_statistic", margins.statistic},
                                       {"stuart_maxwell_p", margins.p}};
    return key_find(value, key, list, sizeof list / sizeof *list);
}

static bool agreement_key(double *value, const struct data *d, const char *key)
{
    const uint64_t *c = d->count;
    size_t k = d->n_classes, class;
    bool two = k == 2;
    if (is(key, "n"))
        *value = (double)confusion_total(c, k);
    else if (is(key, "classes"))
        *value = (double)k;
    else if (is(key, "labels_present")) {
        uint64_t *present = NEW(k * k, uint64_t);
        *value = (double)confusion_present(present, c, k);
        free(present);
    } else if (is(key, "accuracy"))
        *value = confusion_accuracy(c, k);
    else if (is(key, "balanced_accuracy"))
        *value = confusion_balanced_accuracy(c, k);
    else if (is(key, "balanced_accuracy_adjusted")) {
        *value = confusion_balanced_accuracy_adjusted(c, k);
        if (isnan(*value)) /* one class: scikit-learn divides by 1 - 1 */
            *value = confusion_balanced_accuracy(c, k) < 1 ? -INFINITY : NAN;
    } else if (is(key, "mcc"))
        *value = or_zero(confusion_mcc(c, k));
    else if (is(key, "mean_absolute_grade_error"))
        *value = confusion_mean_distance(c, k);
    else if (is(key, "within_one_grade"))
        *value = confusion_within_one(c, k);
    else if (key_class(key, "precision_class", k, &class))
        *value = or_zero(confusion_precision(c, k, class));
    else if (key_class(key, "recall_class", k, &class))
        *value = or_zero(confusion_recall(c, k, class));
    else if (key_class(key, "f1_class", k, &class))
        *value = or_zero(confusion_f1(c, k, class));
    else if (key_class(key, "support_class", k, &class))
        *value = (double)confusion_support(c, k, class);
    else if (key_class(key, "specificity_class", k, &class))
        *value = confusion_class_specificity(c, k, class);
    else if (two && (is(key, "tn") || is(key, "fp") || is(key, "fn") || is(key, "tp")))
        *value = (double)c[(*key == 't') ? (key[1] == 'p' ? 3 : 0) : (key[1] == 'p' ? 1 : 2)];
    else if (two && is(key, "f1_binary"))
        *value = or_zero(confusion_f1_binary(c));
    else if (two && (is(key, "npv") || is(key, "epi_tests_pv.neg")))
        *value = confusion_npv(c);
    else if (two && is(key, "epi_tests_pv.pos"))
        *value = confusion_ppv(c);
    else if (two && is(key, "epi_tests_se"))
        *value = confusion_sensitivity(c);
    else if (two && is(key, "epi_tests_sp"))
        *value = confusion_specificity(c);
    else if (two && is(key, "epi_tests_diag.ac"))
        *value = confusion_accuracy(c, 2);
    else
        return class_average(value, d, key) || kappa_key(value, d, key) || proportion_key(value, d, key) ||
               test_table_key(value, d, key) || marginal_key(value, d, key);
    return true;
}

/* Counts from the stored matrix; false if the samples, where they are stored too, count otherwise. */
static bool read_counts(struct data *d, const struct table *stored)
{
    size_t k = stored->n_columns;
    if (stored->n_rows != k)
        return false;
    d->n_classes = k;
    d->count = NEW(k * k, uint64_t);
    for (size_t i = 0; i < k * k; i++) {
        size_t v;
        if (!number_parse_size(table_cell(stored, i / k, i % k), &v))
            return false;
        d->count[i] = v;
    }
    if (!d->label || !d->prediction)
        return true;
    for (size_t i = 0; i < d->n; i++)
        if ((size_t)d->label[i] >= k || (size_t)d->prediction[i] >= k)
            return false;
    uint64_t *counted = NEW(k * k, uint64_t);
    confusion_count(counted, k, d->label, d->prediction, NULL, d->n);
    bool same = memcmp(counted, d->count, k * k * sizeof *counted) == 0;
    free(counted);
    return same;
}

/* A grid: n, k, level, then <method>_low and <method>_high. */
static bool check_proportion_grid(struct tally *t, const struct data *d)
{
    struct table grid;
    if (!read_side_table(&grid, d, "expected.csv"))
        return false;
    double *n = case_column(&grid, "n"), *k = case_column(&grid, "k"), *level = case_column(&grid, "level");
    bool is_grid = n && k && level;
    for (size_t c = 0; is_grid && c < grid.n_columns; c++) {
        const char *side = strrchr(grid.header[c], '_');
        if (!side || (!is(side, "_low") && !is(side, "_high")))
            continue;
        char *method = mem_strndup(grid.header[c], (size_t)(side - grid.header[c]));
        proportion_function *function = proportion_named(method);
        free(method);
        if (!function) {
            tally_unknown(t, grid.header[c]);
            continue;
        }
        double *theirs = case_column(&grid, grid.header[c]);
        for (size_t i = 0; i < grid.n_rows; i++) {
            struct limits ours = function((uint64_t)k[i], (uint64_t)n[i], level[i]);
            check(t, grid.header[c], is(side, "_low") ? ours.low : ours.high, theirs[i]);
        }
        free(theirs);
    }
    free(n);
    free(k);
    free(level);
    table_free(&grid);
    return is_grid;
}

/* ---- the walk ---- */

static void check_keys(struct tally *t, const struct data *d, const struct curve *c, const char *file, char section)
{
    char *path = path_join(d->path, file);
    struct golden_keys *keys = file_exists(path) ? golden_keys_read(path) : NULL;
    free(path);
    for (size_t i = 0; keys && i < golden_keys_count(keys); i++) {
        const char *key = golden_key_name(keys, i);
        double theirs, ours = NAN;
        if (!golden_key(keys, key, &theirs)) {
            tally_unknown(t, key);
            continue;
        }
        bool known = section == 'd' ? agreement_key(&ours, d, key)
                   : d->n_classes   ? classes_key(&ours, d, key)
                                    : binary_key(&ours, d, c, key);
        if (known)
            check(t, key, ours, theirs);
        else
            tally_unknown(t, key);
    }
    golden_keys_free(keys);
}

static void run_auroc(struct tally *t, struct data *d)
{
    struct curve c = {0};
    struct status st;
    if (!d->label || !d->score)
        return;
    if (d->n_classes == 0 && curve_new(&c, d->label, d->score, d->weight, d->n, &st)) {
        tally_wrong(t, st.text);
        return;
    }
    check_keys(t, d, &c, "expected.csv", 'b');
    if (d->n_classes == 0) {
        check_curve_file(t, d, &c, "roc_all.csv");
        check_curve_file(t, d, &c, "roc_corners.csv");
        check_curve_file(t, d, &c, "pr.csv");
    }
    curve_free(&c);
}

/* data.csv: cat0, cat1, ...: raters that put the subject there. */
static bool check_raters(struct tally *t, const struct data *d)
{
    size_t k = d->has_table ? d->table.n_columns : 0, n = d->n;
    if (k == 0 || strncmp(d->table.header[0], "cat", 3) != 0)
        return false;
    uint64_t *count = NEW(n * k, uint64_t), raters;
    for (size_t j = 0; j < k; j++) {
        double *column = case_column(&d->table, d->table.header[j]);
        for (size_t i = 0; i < n; i++)
            count[i * k + j] = (uint64_t)column[i];
        free(column);
    }
    double fleiss, randolph;
    struct status st;
    if (fleiss_kappa(&fleiss, &randolph, &raters, count, n, k, &st))
        tally_wrong(t, st.text);
    free(count);
    const struct named_value list[] = {{"raters", (double)raters}, {"fleiss_kappa", fleiss}, {"randolph_kappa", randolph},
                                       {"subjects", (double)n}, {"n", (double)n}, {"categories", (double)k}};
    char *path = path_join(d->path, "expected.csv");
    struct golden_keys *keys = golden_keys_read(path);
    free(path);
    for (size_t i = 0; keys && i < golden_keys_count(keys); i++) {
        double ours = NAN, theirs;
        const char *key = golden_key_name(keys, i);
        if (golden_key(keys, key, &theirs) && key_find(&ours, key, list, sizeof list / sizeof *list))
            check(t, key, ours, theirs);
        else
            tally_unknown(t, key);
    }
    golden_keys_free(keys);
    return true;
}

static void run_agreement(struct tally *t, struct data *d)
{
    struct table stored;
    if (read_side_table(&stored, d, "confusion.csv")) {
        bool same = read_counts(d, &stored);
        table_free(&stored);
        check(t, "confusion.csv", same, 1);
        if (same) {
            check_keys(t, d, NULL, "expected.csv", 'd');
            check_keys(t, d, NULL, "expected_R.csv", 'd');
        }
    } else if (!check_raters(t, d) && !check_proportion_grid(t, d)) {
        check_keys(t, d, NULL, "expected.csv", 'd');
    }
}

static void run_case(struct tally *t, const char *directory, void (*run)(struct tally *, struct data *))
{
    struct data d = {0};
    data_open(&d, directory);
    run(t, &d);
    data_close(&d);
}

static void auroc_case(struct tally *t, const char *directory)
{
    run_case(t, directory, run_auroc);
}

static void agreement_case(struct tally *t, const char *directory)
{
    run_case(t, directory, run_agreement);
}

void golden_metrics(const char *stats)
{
    case_walk(stats, "b_auroc", auroc_case);
    case_walk(stats, "d_agreement", agreement_case);
}
