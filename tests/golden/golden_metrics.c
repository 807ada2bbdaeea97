/* Metrics against scikit-learn, statsmodels, scipy and R: sections b, d and f.
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
#include "golden/golden.h"
#include "metric/auroc.h"
#include "metric/confusion.h"
#include "metric/curve.h"
#include "metric/kappa.h"
#include "metric/panel.h"
#include "metric/precision.h"
#include "metric/proportion.h"
#include "metric/regression.h"

#define TOLERANCE 1e-9
#define LINE 1600

/* ---- one case: its files, its tally ---- */

struct data {
    char *path;      /* the case's folder */
    struct table table;
    bool has_table;  /* data.csv is there */
    size_t n;        /* rows of data.csv */
    size_t n_classes;
    int32_t *label, *prediction;
    double *score;   /* [n] or [n, n_classes] */
    double *weight, *target, *predicted;
    uint64_t *count; /* [n_classes, n_classes] */
};

struct tally {
    size_t n_checked, n_wrong;
    double worst, tolerance;
    char wrong[LINE], unknown[LINE];
};

static void append(char *line, const char *text)
{
    size_t used = strlen(line);
    snprintf(line + used, LINE - used, "%s%s", used ? " " : "", text);
}

/* The t quantile of the reference (scipy 1.10.1) is itself off by up to 1e-9 of its value: at 39
 * degrees 0.975 it gives 2.0226909117; integration and two routes through GSL give 2.0226909200. */
static double tolerance_of(const struct tally *t, const char *name)
{
    return !strncmp(name, "ba_", 3) && strstr(name, "_ci95_") ? fmax(t->tolerance, 1e-8) : t->tolerance;
}

static void check(struct tally *t, const char *name, double ours, double theirs)
{
    t->n_checked++;
    double error = fabs(ours - theirs) / fmax(1, fabs(theirs));
    if (error > t->worst) /* false for NaN and for inf - inf */
        t->worst = error;
    if (!golden_close(ours, theirs, tolerance_of(t, name))) {
        char text[200];
        snprintf(text, sizeof text, "%s=%.17g(%.17g)", name, ours, theirs);
        append(t->wrong, text);
        t->n_wrong++;
    }
}

static double *column(const struct table *t, const char *name)
{
    size_t c;
    if (table_column(t, name, &c, NULL))
        return NULL;
    double *value = NEW(t->n_rows, double);
    for (size_t i = 0; i < t->n_rows; i++)
        if (!number_parse_double_any(table_cell(t, i, c), &value[i]))
            value[i] = NAN; /* no reference holds one here, so that the case then fails */
    return value;
}

static int32_t *labels(const struct table *t, const char *name)
{
    double *value = column(t, name);
    if (!value)
        return NULL;
    int32_t *label = NEW(t->n_rows, int32_t);
    for (size_t i = 0; i < t->n_rows; i++)
        label[i] = value[i] >= 0 && value[i] < 1000 ? (int32_t)value[i] : 0;
    free(value);
    return label;
}

static bool read_side_table(struct table *t, const struct data *d, const char *name)
{
    char *path = path_join(d->path, name);
    bool read = file_exists(path) && table_read(t, path, NULL) == STATUS_OK;
    free(path);
    return read;
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
        double *p = column(&d->table, name);
        for (size_t i = 0; i < d->n; i++)
            d->score[i * d->n_classes + k] = p[i];
        free(p);
    }
}

static void data_open(struct data *d, const char *section, const char *name)
{
    *d = (struct data){.path = path_join(section, name)};
    d->has_table = read_side_table(&d->table, d, "data.csv");
    if (!d->has_table)
        return;
    d->n = d->table.n_rows;
    d->label = labels(&d->table, "label");
    d->prediction = labels(&d->table, "pred");
    d->weight = column(&d->table, "weight");
    d->target = column(&d->table, "y_true");
    d->predicted = column(&d->table, "y_pred");
    d->score = column(&d->table, "score");
    if (!d->score)
        d->score = column(&d->table, "prob");
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
    free(d->target);
    free(d->predicted);
    free(d->count);
}

/* "prefix<number>rest" -> number and rest */
static bool key_number(const char *key, const char *prefix, double *number, const char **rest)
{
    size_t length = strlen(prefix);
    if (strncmp(key, prefix, length) != 0 || !strchr("0123456789", key[length]))
        return false;
    char *end;
    *number = strtod(key + length, &end);
    *rest = end;
    return true;
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
    if (panel_new(&p, kind, kind == KIND_BINARY ? 2 : d->n_classes, d->n, d->label, NULL, d->score, NAN, NULL))
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
    else if (is(key, "top1"))
        return panel_key(value, d, KIND_MULTICLASS, "accuracy");
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
    double *x = column(&stored, pr ? "recall" : "fpr"), *y = column(&stored, pr ? "precision" : "tpr");
    double *threshold = column(&stored, "threshold");
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

static proportion_function *proportion_named(const char *name)
{
    static const struct {
        const char *name;
        proportion_function *function;
    } methods[] = {{"wilson", proportion_wilson},     {"clopper_pearson", proportion_clopper_pearson},
                   {"agresti_coull", proportion_agresti_coull}, {"jeffreys", proportion_jeffreys},
                   {"wald", proportion_wald},         {"binom_test", proportion_clopper_pearson},
                   {"prop_test_wilson", proportion_wilson}};
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
    else if (is(key, "mcc"))
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
        return class_average(value, d, key) || kappa_key(value, d, key) || proportion_key(value, d, key);
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
    double *n = column(&grid, "n"), *k = column(&grid, "k"), *level = column(&grid, "level");
    bool is_grid = n && k && level;
    for (size_t c = 0; is_grid && c < grid.n_columns; c++) {
        const char *side = strrchr(grid.header[c], '_');
        if (!side || (!is(side, "_low") && !is(side, "_high")))
            continue;
        char *method = mem_strndup(grid.header[c], (size_t)(side - grid.header[c]));
        proportion_function *function = proportion_named(method);
        free(method);
        if (!function) {
            append(t->unknown, grid.header[c]);
            continue;
        }
        double *theirs = column(&grid, grid.header[c]);
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

/* ---- f_regression ---- */

static bool regression_key(double *value, const struct data *d, const char *key)
{
    const double *t = d->target, *p = d->predicted;
    size_t n = d->n;
    struct bland_altman b = regression_bland_altman(t, p, n);
    const struct {
        const char *name;
        double value;
    } limits[] = {{"ba_bias", b.bias}, {"ba_sd", b.sd}, {"ba_loa_low_1.96", b.low}, {"ba_loa_high_1.96", b.high},
                  {"ba_loa_se", b.limit_se}, {"ba_share_inside", b.share_inside},
                  {"ba_bias_ci95_low", b.bias_ci[0]}, {"ba_bias_ci95_high", b.bias_ci[1]},
                  {"ba_loa_low_ci95_low", b.low_ci[0]}, {"ba_loa_low_ci95_high", b.low_ci[1]},
                  {"ba_loa_high_ci95_low", b.high_ci[0]}, {"ba_loa_high_ci95_high", b.high_ci[1]}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (is(key, limits[i].name)) {
            *value = limits[i].value;
            return true;
        }
    double distance;
    const char *rest;
    if (is(key, "n"))
        *value = (double)n;
    else if (is(key, "mae"))
        *value = regression_mae(t, p, NULL, n);
    else if (is(key, "mse"))
        *value = regression_mse(t, p, NULL, n);
    else if (is(key, "rmse"))
        *value = regression_rmse(t, p, NULL, n);
    else if (is(key, "medae"))
        *value = regression_median_absolute_error(t, p, n);
    else if (is(key, "max_error"))
        *value = regression_max_error(t, p, n);
    else if (is(key, "r2"))
        *value = regression_r2(t, p, NULL, n);
    else if (is(key, "explained_variance"))
        *value = regression_explained_variance(t, p, n);
    else if (is(key, "mape")) {
        *value = regression_mape(t, p, n);
        return !isnan(*value); /* a target of 0: scikit-learn divides by the smallest double instead */
    } else if (is(key, "pearson"))
        *value = regression_pearson(t, p, NULL, n);
    else if (is(key, "spearman"))
        *value = regression_spearman(t, p, n);
    else if (is(key, "kendall_tau_b") || is(key, "kendall"))
        *value = regression_kendall_tau_b(t, p, n);
    else if (is(key, "ccc_population_moments") || is(key, "ccc"))
        *value = regression_concordance(t, p, n);
    else if (key_number(key, "share_within_", &distance, &rest) && !*rest)
        *value = regression_share_within(t, p, NULL, n, distance);
    else
        return false;
    return true;
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
            append(t->unknown, key);
            continue;
        }
        bool known = section == 'd' ? agreement_key(&ours, d, key)
                   : section == 'f' ? d->target && d->predicted && regression_key(&ours, d, key)
                   : d->n_classes   ? classes_key(&ours, d, key)
                                    : binary_key(&ours, d, c, key);
        if (known)
            check(t, key, ours, theirs);
        else
            append(t->unknown, key);
    }
    golden_keys_free(keys);
}

static void report(const char *section, const char *name, const struct tally *t)
{
    char full[256];
    snprintf(full, sizeof full, "%s/%s", section, name);
    if (t->n_wrong)
        golden_fail(full, "%zu of %zu figures differ: ours(theirs) %s", t->n_wrong, t->n_checked, t->wrong);
    else if (t->n_checked)
        golden_pass(full, "%zu figures, largest error %.1e", t->n_checked, t->worst);
    if (t->unknown[0])
        golden_skip(full, "no figure of ours for: %s", t->unknown);
    else if (!t->n_checked)
        golden_skip(full, "nothing in it that this code knows");
}

static void run_auroc(struct tally *t, struct data *d)
{
    struct curve c = {0};
    struct status st;
    if (!d->label || !d->score)
        return;
    if (d->n_classes == 0 && curve_new(&c, d->label, d->score, d->weight, d->n, &st)) {
        t->n_wrong++;
        append(t->wrong, st.text);
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
    } else if (!check_proportion_grid(t, d)) {
        check_keys(t, d, NULL, "expected.csv", 'd');
    }
}

static void run_regression(struct tally *t, struct data *d)
{
    double offset = 0; /* a common offset far larger than the spread costs digits: the README says 1e-8 there */
    if (d->target && d->n > 1) {
        struct regression_moments m = regression_moments(d->target, d->predicted ? d->predicted : d->target, NULL, d->n);
        offset = fabs(m.mean_target) / sqrt(m.ss_target / m.n);
    }
    if (offset > 1e4)
        t->tolerance = 1e-8;
    check_keys(t, d, NULL, "expected.csv", 'f');
    check_keys(t, d, NULL, "expected_R.csv", 'f');
}

static void walk(const char *stats, const char *section, void (*run)(struct tally *, struct data *))
{
    char *directory = path_join(stats, section);
    struct file_list cases = {0};
    struct status st;
    if (!file_is_directory(directory)) {
        golden_skip(section, "no such folder");
    } else if (file_list_directory(&cases, directory, &st)) {
        golden_fail(section, "%s", st.text);
    }
    for (size_t i = 0; i < cases.n; i++) {
        struct tally t = {.tolerance = TOLERANCE};
        struct data d = {0};
        if (run) {
            data_open(&d, directory, cases.name[i]);
            run(&t, &d);
            data_close(&d);
            report(section, cases.name[i], &t);
        } else {
            char full[256];
            snprintf(full, sizeof full, "%s/%s", section, cases.name[i]);
            golden_skip(full, "not built yet");
        }
    }
    file_list_free(&cases);
    free(directory);
}

void golden_metrics(const char *stats)
{
    walk(stats, "b_auroc", run_auroc);
    walk(stats, "c_delong", NULL);
    walk(stats, "d_agreement", run_agreement);
    walk(stats, "e_calibration", NULL);
    walk(stats, "f_regression", run_regression);
    walk(stats, "h_paired", NULL);
}
