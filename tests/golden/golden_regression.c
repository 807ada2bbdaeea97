/* Regression, correlation, concordance and intraclass correlation against scipy,
 * scikit-learn, epiR, psych and psy: section f. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "golden/golden_case.h"
#include "metric/correlation.h"
#include "metric/icc.h"
#include "metric/regression.h"

struct data {
    size_t n, n_raters;
    double *target, *predicted; /* NULL where the case holds ratings alone */
    double *rating;             /* [n, n_raters] */
    struct icc icc[ICC_N_FORMS];
    double tolerance;
};

static bool is(const char *key, const char *name)
{
    return strcmp(key, name) == 0;
}

/* The t quantile of scipy 1.10.1 is itself off by up to 1e-9 of its value: at 39 degrees 0.975 it
 * gives 2.0226909117; integration and two routes through GSL give 2.0226909200. */
static double tolerance_of(const void *data, const char *key)
{
    const struct data *d = data;
    return key_after(key, "ba_") && strstr(key, "_ci95_") ? fmax(d->tolerance, 1e-8) : d->tolerance;
}

/* icc2k_ci95_low and the like */
static bool icc_key(double *value, const struct data *d, const char *key)
{
    static const char *const names[ICC_N_FORMS] = {"icc1", "icc2", "icc3", "icc1k", "icc2k", "icc3k"};
    if (is(key, "psy_icc_agreement") || is(key, "psy_icc_consistency")) {
        *value = d->icc[is(key, "psy_icc_agreement") ? ICC_TWO : ICC_THREE].icc;
        return true;
    }
    for (size_t i = ICC_N_FORMS; i-- > 0;) { /* the longer names first */
        const char *rest = key_after(key, names[i]);
        if (!rest)
            continue;
        const struct icc *f = &d->icc[i];
        const struct named_value list[] = {{"", f->icc}, {"_F", f->f}, {"_df1", f->df1}, {"_df2", f->df2},
                                           {"_p", f->p}, {"_ci95_low", f->low}, {"_ci95_high", f->high}};
        return key_find(value, rest, list, sizeof list / sizeof *list);
    }
    return false;
}

/* Ours is NaN where a target is 0; scikit-learn divides by the smallest step of a double instead. */
static double mape_as_sklearn(const double *target, const double *predicted, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += fabs(predicted[i] - target[i]) / fmax(fabs(target[i]), DBL_EPSILON);
    return sum / (double)n;
}

static bool figure(double *value, const void *data, const char *key)
{
    const struct data *d = data;
    const double *t = d->target, *p = d->predicted;
    size_t n = d->n;
    double distance;
    const char *rest;
    if (icc_key(value, d, key))
        return true;
    if (!t || !p)
        return false;
    if (key_number(key, "share_within_", &distance, &rest) && !*rest) {
        *value = regression_share_within(t, p, NULL, n, distance);
        return true;
    }
    struct bland_altman b = regression_bland_altman(t, p, n, 0.95);
    struct correlation r = correlation_pearson(t, p, n, 0.95), rho = correlation_spearman(t, p, n);
    struct concordance c = correlation_concordance(t, p, n, 0.95);
    struct line line = correlation_line(t, p, n);
    struct paired_t paired = paired_t_test(t, p, n);
    double mape = regression_mape(t, p, n);
    const struct named_value list[] = {
        {"n", (double)n},
        {"mae", regression_mae(t, p, NULL, n)},
        {"mse", regression_mse(t, p, NULL, n)},
        {"rmse", regression_rmse(t, p, NULL, n)},
        {"medae", regression_median_absolute_error(t, p, n)},
        {"max_error", regression_max_error(t, p, n)},
        {"r2", regression_r2(t, p, NULL, n)},
        {"explained_variance", regression_explained_variance(t, p, n)},
        {"mape", isnan(mape) ? mape_as_sklearn(t, p, n) : mape},
        {"pearson", r.r},
        {"pearson_p", r.p},
        {"pearson_t", r.t},
        {"pearson_fisher_ci95_low", r.low},
        {"pearson_fisher_ci95_high", r.high},
        {"pearson_ci95_low", r.low},
        {"pearson_ci95_high", r.high},
        {"spearman", rho.r},
        {"spearman_p_t_approx", rho.p},
        {"kendall_tau_b", regression_kendall_tau_b(t, p, n)},
        {"kendall", regression_kendall_tau_b(t, p, n)},
        {"ccc_population_moments", regression_concordance(t, p, n)},
        {"ccc", c.ccc},
        {"ccc_z_ci95_low", c.z_low},
        {"ccc_z_ci95_high", c.z_high},
        {"ccc_asymptotic_ci95_low", c.low},
        {"ccc_asymptotic_ci95_high", c.high},
        {"ccc_scale_shift", c.scale_shift},
        {"ccc_location_shift", c.location_shift},
        {"ccc_C_b", c.accuracy},
        {"ols_pred_on_true_slope", line.slope},
        {"ols_pred_on_true_intercept", line.intercept},
        {"paired_t", paired.t},
        {"paired_t_p", paired.p},
        {"ba_bias", b.bias},
        {"ba_sd", b.sd},
        {"ba_loa_low_1.96", b.low},
        {"ba_loa_high_1.96", b.high},
        {"ba_loa_se", b.limit_se},
        {"ba_share_inside", b.share_inside},
        {"ba_bias_ci95_low", b.bias_ci[0]},
        {"ba_bias_ci95_high", b.bias_ci[1]},
        {"ba_loa_low_ci95_low", b.low_ci[0]},
        {"ba_loa_low_ci95_high", b.low_ci[1]},
        {"ba_loa_high_ci95_low", b.high_ci[0]},
        {"ba_loa_high_ci95_high", b.high_ci[1]},
    };
    return key_find(value, key, list, sizeof list / sizeof *list);
}

/* The target and the prediction are two raters; or rater0, rater1, ... are columns. */
static void read_ratings(struct data *d, const struct table *table)
{
    char name[32] = "rater0";
    while (table_has(table, name))
        snprintf(name, sizeof name, "rater%zu", ++d->n_raters);
    bool pair = d->n_raters == 0 && d->target && d->predicted;
    if (pair)
        d->n_raters = 2;
    d->rating = NEW(d->n * d->n_raters, double);
    for (size_t j = 0; j < d->n_raters; j++) {
        snprintf(name, sizeof name, "rater%zu", j);
        double *column = pair ? NULL : case_column(table, name);
        for (size_t i = 0; i < d->n; i++)
            d->rating[i * d->n_raters + j] = pair ? (j ? d->predicted : d->target)[i] : column[i];
        free(column);
    }
}

static void run(struct tally *t, const char *directory)
{
    struct table table;
    struct status st;
    if (!case_table(&table, directory, "data.csv"))
        return;
    struct data d = {.n = table.n_rows, .target = case_column(&table, "y_true"), .predicted = case_column(&table, "y_pred")};
    read_ratings(&d, &table);
    int code = icc_estimate(d.icc, d.rating, d.n, d.n_raters, 0.95, &st);
    if (code != STATUS_OK && code != STATUS_UNDEFINED)
        tally_wrong(t, st.text);
    /* A common offset far larger than the spread costs digits: the README says 1e-8 there. */
    const double *first = d.target ? d.target : NULL;
    d.tolerance = TOLERANCE;
    if (first && d.n > 1) {
        struct regression_moments m = regression_moments(first, first, NULL, d.n);
        if (fabs(m.mean_target) / sqrt(m.ss_target / m.n) > 1e4)
            d.tolerance = 1e-8;
    }
    case_keys(t, directory, "expected.csv", &d, figure, tolerance_of);
    case_keys(t, directory, "expected_R.csv", &d, figure, tolerance_of);
    free(d.rating);
    free(d.target);
    free(d.predicted);
    table_free(&table);
}

void golden_regression(const char *stats)
{
    case_walk(stats, "f_regression", run);
}
