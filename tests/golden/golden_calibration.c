/* Calibration against scikit-learn, R's glm, rms and the formulas of the set's
 * README: section e. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "base/file.h"
#include "base/memory.h"
#include "golden/golden_case.h"
#include "metric/auroc.h"
#include "metric/calibration.h"
#include "metric/goodness.h"
#include "metric/recalibration.h"

struct data {
    size_t n, n_classes; /* n_classes 0: binary */
    int32_t *label;
    double *prob;        /* [n] or [n, n_classes] */
    double *confidence;  /* of the top label */
    int32_t *hit;
};

static bool kind_named(enum calibration_bins *kind, const char *text, const char **rest)
{
    static const char *const names[] = {"uniform_", "quantile_", "equal_count_"};
    for (int i = 0; i < 3; i++) {
        *rest = key_after(text, names[i]);
        if (*rest) {
            *kind = (enum calibration_bins)i;
            return true;
        }
    }
    return false;
}

/* ece_uniform_15, rms_ce_quantile_10, ece_toplabel_uniform_15, ece_classwise_uniform_10, ... */
static bool bin_key(double *value, const struct data *d, const char *key)
{
    const char *rest = key_after(key, "ece_"), *form = "ece";
    if (!rest && (rest = key_after(key, "mce_")))
        form = "mce";
    if (!rest && (rest = key_after(key, "rms_ce_")))
        form = "rms";
    if (!rest)
        return false;
    const char *top = key_after(rest, "toplabel_"), *classwise = key_after(rest, "classwise_");
    enum calibration_bins kind;
    if (!kind_named(&kind, top ? top : classwise ? classwise : rest, &rest))
        return false;
    char *end;
    size_t bins = strtoul(rest, &end, 10);
    if (*end || bins == 0 || (!top && !classwise && d->n_classes) || (classwise && !d->n_classes))
        return false;
    if (classwise) {
        *value = calibration_class_error(kind, bins, d->label, d->prob, NULL, d->n, d->n_classes);
        return form[0] == 'e';
    }
    struct calibration_error e = top ? calibration_error(kind, bins, d->hit, d->confidence, NULL, d->n)
                                     : calibration_error(kind, bins, d->label, d->prob, NULL, d->n);
    *value = form[0] == 'e' ? e.expected : form[0] == 'm' ? e.maximum : e.root_mean_square;
    return true;
}

static bool hosmer_key(double *value, const struct data *d, const char *key)
{
    const char *rest = key_after(key, "hosmer_lemeshow_g");
    if (!rest)
        return false;
    char *end;
    size_t groups = strtoul(rest, &end, 10);
    struct hosmer_lemeshow h;
    struct status st;
    if (groups == 0 || hosmer_lemeshow(&h, groups, d->label, d->prob, d->n, &st))
        return false;
    const struct named_value list[] = {{"_chisq", h.chi2}, {"_df", h.df}, {"_p", h.p}, {"_groups", (double)h.groups}};
    return key_find(value, end, list, sizeof list / sizeof *list);
}

static bool classes_figure(double *value, const void *data, const char *key)
{
    const struct data *d = data;
    const struct named_value list[] = {
        {"n", (double)d->n},
        {"classes", (double)d->n_classes},
        {"brier_multiclass_sum", calibration_brier_classes(d->label, d->prob, NULL, d->n, d->n_classes)},
        {"log_loss", calibration_log_loss_classes(d->label, d->prob, NULL, d->n, d->n_classes)},
    };
    return key_find(value, key, list, sizeof list / sizeof *list) || bin_key(value, d, key);
}

/* rms counts pairs of probabilities cut to whole 5000ths. */
static double area_as_rms(const struct data *d)
{
    struct status st;
    double area, *coarse = NEW(d->n, double);
    for (size_t i = 0; i < d->n; i++)
        coarse[i] = floor(5000 * d->prob[i]);
    if (auroc_binary(&area, d->label, coarse, d->n, &st))
        area = NAN;
    free(coarse);
    return area;
}

static bool binary_figure(double *value, const void *data, const char *key)
{
    const struct data *d = data;
    struct recalibration r;
    struct status st;
    double large, large_se, z, p, events = 0, mean = 0, area = area_as_rms(d);
    int code = recalibration_fit(&r, d->label, d->prob, NULL, d->n, &st);
    int code_large = recalibration_in_the_large(&large, &large_se, d->label, d->prob, NULL, d->n, &st);
    if ((code && code != STATUS_UNDEFINED) || (code_large && code_large != STATUS_UNDEFINED))
        return false;
    spiegelhalter(&z, &p, d->label, d->prob, d->n);
    for (size_t i = 0; i < d->n; i++) {
        events += d->label[i] == 1;
        mean += d->prob[i];
    }
    double half = gsl_cdf_ugaussian_Pinv(0.975) * r.slope_se;
    const struct named_value list[] = {
        {"n", (double)d->n},
        {"events", events},
        {"prevalence", events / (double)d->n},
        {"mean_prob", mean / (double)d->n},
        {"brier", calibration_brier(d->label, d->prob, NULL, d->n)},
        {"rms_Brier", calibration_brier(d->label, d->prob, NULL, d->n)},
        {"brier_skill", calibration_brier_skill(d->label, d->prob, NULL, d->n)},
        {"log_loss", calibration_log_loss(d->label, d->prob, NULL, d->n)},
        {"calib_intercept", r.intercept},
        {"calib_slope", r.slope},
        {"calib_intercept_se", r.intercept_se},
        {"calib_slope_se", r.slope_se},
        {"calib_slope_ci95_low", r.slope - half},
        {"calib_slope_ci95_high", r.slope + half},
        {"calib_null_llf", r.null_log_likelihood},
        {"calib_llf", r.log_likelihood},
        {"calib_in_the_large", large},
        {"calib_in_the_large_se", large_se},
        {"glm_intercept", r.intercept},
        {"glm_slope", r.slope},
        {"glm_in_the_large", large},
        {"spiegelhalter_z", z},
        {"rms_S_z", z},
        {"rms_S_p", p},
        {"rms_CROC", area},
        {"rms_Dxy", 2 * (area - 0.5)},
    };
    return key_find(value, key, list, sizeof list / sizeof *list) || bin_key(value, d, key) || hosmer_key(value, d, key);
}

/* bins_<kind>_<n>.csv: the bins that hold anything. */
static void check_bins(struct tally *t, const struct data *d, const char *directory, const char *file)
{
    struct table stored;
    const char *rest = key_after(file, "bins_");
    enum calibration_bins kind;
    if (!rest || !kind_named(&kind, rest, &rest) || !case_table(&stored, directory, file)) {
        tally_unknown(t, file);
        return;
    }
    size_t n_bins = strtoul(rest, NULL, 10), row = 0;
    struct calibration_bin *bin = NEW(n_bins, struct calibration_bin);
    calibration_fill(bin, n_bins, kind, d->label, d->prob, NULL, d->n);
    double *number = case_column(&stored, "bin"), *low = case_column(&stored, "edge_low"), *high = case_column(&stored, "edge_high");
    double *count = case_column(&stored, "count"), *prob = case_column(&stored, "mean_prob"), *label = case_column(&stored, "mean_label");
    bool whole = number && low && high && count && prob && label;
    bool with_empty = whole && stored.n_rows == n_bins;
    for (size_t b = 0; whole && b < n_bins; b++) {
        if (!(bin[b].count > 0) && !with_empty)
            continue;
        if (row < stored.n_rows) {
            tally_check(t, file, (double)b, number[row], 0);
            tally_check(t, file, bin[b].edge_low, low[row], TOLERANCE);
            tally_check(t, file, bin[b].edge_high, high[row], TOLERANCE);
            tally_check(t, file, bin[b].count, count[row], 0);
            if (bin[b].count > 0) {
                tally_check(t, file, bin[b].mean_prob, prob[row], TOLERANCE);
                tally_check(t, file, bin[b].mean_label, label[row], TOLERANCE);
            }
        }
        row++;
    }
    tally_check(t, file, whole ? (double)row : -1, (double)stored.n_rows, 0);
    free(number);
    free(low);
    free(high);
    free(count);
    free(prob);
    free(label);
    free(bin);
    table_free(&stored);
}

static void read_classes(struct data *d, const struct table *table)
{
    char name[32] = "p0";
    while (table_has(table, name))
        snprintf(name, sizeof name, "p%zu", ++d->n_classes);
    d->prob = NEW(d->n * d->n_classes, double);
    for (size_t k = 0; k < d->n_classes; k++) {
        snprintf(name, sizeof name, "p%zu", k);
        double *column = case_column(table, name);
        for (size_t i = 0; i < d->n; i++)
            d->prob[i * d->n_classes + k] = column[i];
        free(column);
    }
}

static void run(struct tally *t, const char *directory)
{
    struct table table;
    if (!case_table(&table, directory, "data.csv"))
        return;
    struct data d = {.n = table.n_rows, .label = case_labels(&table, "label"), .prob = case_column(&table, "prob")};
    if (!d.prob)
        read_classes(&d, &table);
    d.confidence = NEW(d.n, double);
    d.hit = NEW(d.n, int32_t);
    if (d.label && d.n_classes)
        calibration_top_label(d.confidence, d.hit, d.label, d.prob, d.n, d.n_classes);
    else if (d.label)
        calibration_top_label_binary(d.confidence, d.hit, d.label, d.prob, d.n);
    if (d.label) {
        case_keys(t, directory, "expected.csv", &d, d.n_classes ? classes_figure : binary_figure, NULL);
        case_keys(t, directory, "expected_R.csv", &d, d.n_classes ? classes_figure : binary_figure, NULL);
        struct file_list files = {0};
        if (file_list_directory(&files, directory, NULL) == STATUS_OK)
            for (size_t i = 0; i < files.n; i++)
                if (key_after(files.name[i], "bins_"))
                    check_bins(t, &d, directory, files.name[i]);
        file_list_free(&files);
    }
    free(d.confidence);
    free(d.hit);
    free(d.label);
    free(d.prob);
    table_free(&table);
}

void golden_calibration(const char *stats)
{
    case_walk(stats, "e_calibration", run);
}
