/* Probes and k-NN against scikit-learn: sections i (logistic, ridge, the whole way
 * through the official split) and j (k-NN).
 *
 * What a case is, its files tell: C.csv a logistic path, alphas.csv a ridge path,
 * X.npy a study to be split, X_train.npy alone neighbours.  Tolerances: objective
 * 1e-9 relative and probabilities 1e-7, as the set's own notes ask.  Its coefficients
 * are stated to a gradient below 1e-13, which flat directions at large C turn into
 * more: ours lie within 4e-10 of them (measured).  An error e along a direction that only
 * the penalty holds costs e^2 / 2C of the objective, so that the objective's own 1e-20
 * allows 1e-7 at C = 1e4: that is asked, and probabilities decide.  All else 1e-9. */
#include <cblas.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/npy.h"
#include "base/number.h"
#include "base/table.h"
#include "golden/golden.h"
#include "metric/auroc.h"
#include "metric/confusion.h"
#include "metric/regression.h"
#include "probe/knn.h"
#include "probe/logistic.h"
#include "probe/ridge.h"
#include "probe/standardise.h"
#include "split/official.h"

#define LINE 1600
#define N_CLASSES_MAX 1000

enum measure { OBJECTIVE, PROBABILITY, COEFFICIENT, FIGURE, N_MEASURES };

static const struct {
    const char *name;
    double tolerance;
} measures[N_MEASURES] = {{"objective", 1e-9}, {"probabilities", 1e-7}, {"coefficients", 1e-7}, {"figures", 1e-9}};

struct tally {
    size_t n_checked[N_MEASURES], n_wrong, n_near_ties;
    double worst[N_MEASURES];
    char wrong[LINE], unknown[LINE], theirs[LINE]; /* theirs: keys that describe the reference's own solvers */
};

static void append_once(char *line, const char *text)
{
    size_t used = strlen(line), length = strlen(text);
    for (const char *at = line; (at = strstr(at, text)); at++)
        if ((at == line || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return;
    snprintf(line + used, LINE - used, "%s%s", used ? " " : "", text);
}

static void check(struct tally *t, enum measure m, const char *name, double ours, double theirs)
{
    double scale = m == OBJECTIVE ? fmax(fabs(theirs), DBL_MIN) : fmax(1, fabs(theirs)), error = fabs(ours - theirs) / scale;
    bool alike = ours == theirs || (isnan(ours) && isnan(theirs)) || error <= measures[m].tolerance;
    t->n_checked[m]++;
    if (ours != theirs && error > t->worst[m])
        t->worst[m] = error;
    if (!alike && t->n_wrong++ < 8) {
        char text[160];
        snprintf(text, sizeof text, "%s=%.17g(%.17g)", name, ours, theirs);
        append_once(t->wrong, text);
    }
}

static void wrong(struct tally *t, const char *text)
{
    t->n_wrong++;
    append_once(t->wrong, text);
}

/* ---- files ---- */

static bool read_array(struct npy *a, const char *directory, const char *name)
{
    char *path = path_join(directory, name);
    bool read = file_exists(path) && npy_read(a, path, NULL) == STATUS_OK;
    free(path);
    return read;
}

/* ours[n] against a stored array, whose last dimension of 1 may stand or not. */
static void check_array(struct tally *t, enum measure m, const char *directory, const char *name, const double *ours, size_t n)
{
    struct npy a;
    if (!read_array(&a, directory, name)) {
        append_once(t->unknown, name);
        return;
    }
    if (a.n != n)
        wrong(t, name);
    for (size_t i = 0; i < n && a.n == n; i++)
        check(t, m, name, ours[i], npy_value(&a, i));
    npy_free(&a);
}

/* Column of a table as numbers; NULL if the table or the column is not there. */
static double *read_column(const char *directory, const char *file, const char *name, size_t *n)
{
    struct table t;
    char *path = path_join(directory, file);
    double *value = NULL;
    size_t c;
    if (file_exists(path) && table_read(&t, path, NULL) == STATUS_OK) {
        if (!table_column(&t, name, &c, NULL)) {
            *n = t.n_rows;
            value = NEW(t.n_rows + 1, double);
            for (size_t i = 0; i < t.n_rows; i++)
                if (!number_parse_double_any(table_cell(&t, i, c), &value[i]))
                    value[i] = NAN;
        }
        table_free(&t);
    }
    free(path);
    return value;
}

static bool has_file(const char *directory, const char *name)
{
    char *path = path_join(directory, name);
    bool has = file_exists(path);
    free(path);
    return has;
}

/* Rows with their labels or targets. */
struct rows {
    float *x; /* [n, d] */
    size_t n, d;
    int32_t *label;
    double *y, *weight;
    size_t n_classes; /* 1 + the largest label; 0 without labels */
};

static void rows_free(struct rows *r)
{
    free(r->x);
    free(r->label);
    free(r->y);
    free(r->weight);
}

static bool rows_read(struct rows *r, const char *directory, const char *x_name, const char *y_name)
{
    struct npy x;
    *r = (struct rows){0};
    if (!read_array(&x, directory, x_name))
        return false;
    bool good = x.n_dims == 2 && x.shape[0] > 0 && x.shape[1] > 0 && x.shape[1] < 1000000;
    if (good) {
        r->n = x.shape[0];
        r->d = x.shape[1];
        r->x = npy_floats(&x);
    }
    npy_free(&x);
    size_t n = r->n;
    double *label = read_column(directory, y_name, "label", &n);
    good = good && n == r->n;
    r->label = label ? NEW0(n + 1, int32_t) : NULL;
    for (size_t i = 0; label && i < n; i++) {
        good = good && label[i] >= 0 && label[i] < N_CLASSES_MAX;
        r->label[i] = good ? (int32_t)label[i] : 0;
        r->n_classes = (size_t)r->label[i] >= r->n_classes ? (size_t)r->label[i] + 1 : r->n_classes;
    }
    free(label);
    n = r->n;
    r->y = read_column(directory, y_name, "y", &n);
    good = good && n == r->n;
    r->weight = read_column(directory, y_name, "weight", &n);
    return good && n == r->n;
}

static double *standardised(const struct scaler *scaler, const float *x, size_t n)
{
    double *z = NEW(n * scaler->d, double);
    scaler_apply(z, scaler, x, n);
    return z;
}

static void check_scaler(struct tally *t, const char *directory, const struct scaler *scaler)
{
    double *both = NEW(2 * scaler->d, double);
    memcpy(both, scaler->mean, scaler->d * sizeof *both);
    memcpy(both + scaler->d, scaler->scale, scaler->d * sizeof *both);
    check_array(t, FIGURE, directory, "scaler.npy", both, 2 * scaler->d);
    free(both);
}

/* "C0.1_objective" with prefix "C": position of the grid value meant (keys round it) and what follows it. */
static bool grid_key(const char *key, const char *prefix, const double *grid, size_t n_grid, size_t *g, const char **rest)
{
    size_t length = strlen(prefix);
    char *end = NULL;
    if (strncmp(key, prefix, length) || !key[length])
        return false;
    double value = strtod(key + length, &end);
    if (end == key + length || *end != '_')
        return false;
    *g = 0;
    for (size_t i = 1; i < n_grid; i++)
        if (fabs(grid[i] - value) < fabs(grid[*g] - value))
            *g = i;
    *rest = end + 1;
    return n_grid > 0 && fabs(grid[*g] - value) <= 1e-5 * fabs(value);
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* ---- figures of predicted probabilities: prob[n] of class 1, or prob[n, rows] ---- */

static double log_loss(const double *prob, size_t rows, const int32_t *label, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double p = rows > 1 ? prob[i * rows + (size_t)label[i]] : label[i] ? prob[i] : 1 - prob[i];
        sum -= log(fmin(fmax(p, DBL_EPSILON), 1 - DBL_EPSILON)); /* scikit-learn cuts at eps */
    }
    return sum / (double)n;
}

static double area(const double *prob, size_t rows, const int32_t *label, size_t n)
{
    double value = NAN;
    int code = rows > 1 ? auroc_macro_ovr(&value, label, prob, n, rows, NULL) : auroc_binary(&value, label, prob, n, NULL);
    return code ? NAN : value;
}

/* The range in which one class's area lies when scores nearer than 1e-12 may be in either order. */
static void area_range(double *low, double *high, const double *score, size_t stride, const int32_t *label, int32_t class, size_t n)
{
    double sure = 0, open = 0, pairs = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (label[i] == class && label[j] != class) {
                double gap = score[i * stride] - score[j * stride];
                pairs++;
                sure += gap > 1e-12;
                open += fabs(gap) <= 1e-12;
            }
    *low = sure / pairs;
    *high = (sure + open) / pairs;
}

/* Neighbours' votes are equal in truth and apart by rounding more often than not (a duplicate at a distance of 0 or of
 * 2e-16), so that their area hangs on the last bit: such an area must lie where those pairs alone can take it. */
static void check_vote_area(struct tally *t, const char *key, const double *prob, size_t rows, const int32_t *label, size_t n, double value)
{
    double ours = area(prob, rows, label, n), low = 0, high = 0;
    for (size_t c = 0; c < rows; c++) {
        double l, h;
        area_range(&l, &h, prob + c, rows, label, rows > 1 ? (int32_t)c : 1, n);
        low += l / (double)rows;
        high += h / (double)rows;
    }
    if (golden_close(ours, value, measures[FIGURE].tolerance) || !(value > low - 1e-9 && value < high + 1e-9))
        check(t, FIGURE, key, ours, value);
    else
        t->n_near_ties++;
}

/* count[k, k], to be freed. */
static uint64_t *decisions(const double *prob, size_t rows, const int32_t *label, size_t n)
{
    size_t k = rows > 1 ? rows : 2;
    uint64_t *count = NEW(k * k, uint64_t);
    int32_t *decided = NEW(n, int32_t);
    for (size_t i = 0; i < n; i++)
        decided[i] = rows > 1 ? confusion_argmax(prob + i * rows, rows) : prob[i] > 0.5;
    confusion_count(count, k, label, decided, NULL, n);
    free(decided);
    return count;
}

enum decision_figure { ACCURACY, BALANCED_ACCURACY, F1 };

static double decided(enum decision_figure figure, const double *prob, size_t rows, const int32_t *label, size_t n)
{
    uint64_t *count = decisions(prob, rows, label, n);
    size_t k = rows > 1 ? rows : 2;
    double value = figure == ACCURACY ? confusion_accuracy(count, k)
                   : figure == BALANCED_ACCURACY ? confusion_balanced_accuracy(count, k)
                   : k == 2 ? confusion_f1_binary(count) : confusion_f1_macro(count, k);
    free(count);
    return value;
}

/* ---- i: logistic ---- */

static double sum_of_squares(const double *v, size_t n)
{
    return cblas_ddot((int)n, v, 1, v, 1);
}

static void check_logistic_key(struct tally *t, const struct golden_keys *keys, size_t i, const double *C, size_t n_c,
                               const struct logistic *fit, const double *prob, const struct rows *train, const struct rows *test)
{
    const char *key = golden_key_name(keys, i), *rest;
    double value;
    size_t g;
    if (!strcmp(key, "class_weight"))
        return; /* decides the weights */
    if (!golden_key(keys, key, &value)) {
        append_once(t->unknown, key);
    } else if (!strcmp(key, "n_train")) {
        check(t, FIGURE, key, (double)train->n, value);
    } else if (!strcmp(key, "n_test")) {
        check(t, FIGURE, key, (double)test->n, value);
    } else if (!strcmp(key, "d")) {
        check(t, FIGURE, key, (double)train->d, value);
    } else if (!strcmp(key, "classes")) {
        check(t, FIGURE, key, fit->rows == 1 ? 2 : (double)fit->rows, value);
    } else if (!strcmp(key, "sample_weight")) {
        check(t, FIGURE, key, train->weight != NULL, value);
    } else if (!grid_key(key, "C", C, n_c, &g, &rest)) {
        append_once(t->unknown, key);
    } else {
        const struct logistic *f = &fit[g];
        const double *p = prob + g * test->n * f->rows;
        if (!strcmp(rest, "objective"))
            check(t, OBJECTIVE, key, f->objective / C[g], value);
        else if (!strcmp(rest, "objective_times_C"))
            check(t, OBJECTIVE, key, f->objective, value);
        else if (!strcmp(rest, "coef_sq_norm"))
            check(t, COEFFICIENT, key, sum_of_squares(f->coef, f->rows * f->d), value);
        else if (!strcmp(rest, "test_auroc") || !strcmp(rest, "test_auroc_macro_ovr"))
            check(t, FIGURE, key, area(p, f->rows, test->label, test->n), value);
        else if (!strcmp(rest, "test_logloss"))
            check(t, PROBABILITY, key, log_loss(p, f->rows, test->label, test->n), value);
        else if (!strcmp(rest, "test_accuracy"))
            check(t, FIGURE, key, decided(ACCURACY, p, f->rows, test->label, test->n), value);
        else if (!strcmp(rest, "grad_inf") || starts_with(rest, "sklearn_"))
            append_once(t->theirs, rest);
        else
            append_once(t->unknown, rest);
    }
}

static void check_logistic_fits(struct tally *t, const char *directory, const struct logistic *fit, size_t n_c, const double *prob,
                                size_t n_test)
{
    size_t rows = fit->rows, d = fit->d;
    double *coef = NEW(n_c * rows * d, double), *intercept = NEW(n_c * rows, double);
    for (size_t c = 0; c < n_c; c++) {
        memcpy(coef + c * rows * d, fit[c].coef, rows * d * sizeof *coef);
        memcpy(intercept + c * rows, fit[c].intercept, rows * sizeof *intercept);
    }
    check_array(t, COEFFICIENT, directory, "coef.npy", coef, n_c * rows * d);
    check_array(t, COEFFICIENT, directory, "intercept.npy", intercept, n_c * rows);
    check_array(t, PROBABILITY, directory, "prob.npy", prob, n_c * n_test * rows);
    free(coef);
    free(intercept);
}

static void run_logistic(struct tally *t, const char *directory, const struct golden_keys *keys, const struct rows *train,
                         const struct rows *test)
{
    size_t n_c, n_classes = train->n_classes > test->n_classes ? train->n_classes : test->n_classes;
    double *C = read_column(directory, "C.csv", "C", &n_c), *weight = NEW(train->n, double);
    const char *class_weight = golden_key_text(keys, "class_weight");
    bool balanced = class_weight && !strcmp(class_weight, "balanced");
    struct status st;
    if (!C || !train->label || !test->label) {
        append_once(t->unknown, "(no C or no labels)");
        free(C);
        free(weight);
        return;
    }
    if (class_weight && !balanced && strcmp(class_weight, "none"))
        append_once(t->unknown, "class_weight");
    n_classes = n_classes < 2 ? 2 : n_classes;
    logistic_balanced_weights(weight, train->label, train->n, n_classes);
    for (size_t i = 0; i < train->n; i++)
        weight[i] = (balanced ? weight[i] : 1) * (train->weight ? train->weight[i] : 1);

    struct scaler scaler;
    scaler_fit(&scaler, train->x, train->n, train->d);
    check_scaler(t, directory, &scaler);
    double *z = standardised(&scaler, train->x, train->n), *z_test = standardised(&scaler, test->x, test->n), *prob = NULL;
    struct logistic *fit = NEW0(n_c, struct logistic);
    if (logistic_fit_path(fit, C, n_c, z, train->n, train->d, train->label, n_classes, weight, &st)) {
        wrong(t, st.text);
    } else if (n_c) {
        prob = NEW(n_c * test->n * fit->rows, double);
        for (size_t c = 0; c < n_c; c++)
            logistic_predict(prob + c * test->n * fit->rows, &fit[c], z_test, test->n);
        check_logistic_fits(t, directory, fit, n_c, prob, test->n);
        for (size_t i = 0; i < golden_keys_count(keys); i++)
            check_logistic_key(t, keys, i, C, n_c, fit, prob, train, test);
    }
    for (size_t c = 0; c < n_c; c++)
        logistic_free(&fit[c]);
    free(fit);
    free(prob);
    free(z_test);
    free(z);
    scaler_free(&scaler);
    free(weight);
    free(C);
}

/* ---- i: ridge ---- */

struct ridge_figures {
    double objective, train_mae, coef_sq_norm, loo_mse;
};

static struct ridge_figures ridge_figures(const struct ridge *fit, const double *loo, double alpha, const double *z, const struct rows *train)
{
    struct ridge_figures f = {.coef_sq_norm = sum_of_squares(fit->coef, fit->d)};
    double *fitted = NEW(train->n, double);
    ridge_predict(fitted, fit, z, train->n);
    f.train_mae = regression_mae(train->y, fitted, NULL, train->n);
    for (size_t i = 0; i < train->n; i++) {
        double residual = train->y[i] - fitted[i];
        f.objective += (train->weight ? train->weight[i] : 1) * residual * residual;
        f.loo_mse += loo[i] / (double)train->n;
    }
    f.objective += alpha * f.coef_sq_norm;
    free(fitted);
    return f;
}

static void check_ridge_key(struct tally *t, const struct golden_keys *keys, size_t i, const double *alpha, size_t n_alpha,
                            const struct ridge_figures *f, const struct rows *train)
{
    const char *key = golden_key_name(keys, i), *rest;
    size_t g, best = 0;
    double value;
    for (size_t a = 1; a < n_alpha; a++)
        if (f[a].loo_mse < f[best].loo_mse)
            best = a;
    if (!golden_key(keys, key, &value))
        append_once(t->unknown, key);
    else if (!strcmp(key, "n_train"))
        check(t, FIGURE, key, (double)train->n, value);
    else if (!strcmp(key, "d"))
        check(t, FIGURE, key, (double)train->d, value);
    else if (!strcmp(key, "sample_weight"))
        check(t, FIGURE, key, train->weight != NULL, value);
    else if (!strcmp(key, "ridgecv_best_alpha"))
        check(t, FIGURE, key, alpha[best], value);
    else if (!strcmp(key, "ridgecv_best_mse"))
        check(t, FIGURE, key, f[best].loo_mse, value);
    else if (!grid_key(key, "alpha", alpha, n_alpha, &g, &rest))
        append_once(t->unknown, key);
    else if (!strcmp(rest, "objective"))
        check(t, OBJECTIVE, key, f[g].objective, value);
    else if (!strcmp(rest, "train_mae"))
        check(t, FIGURE, key, f[g].train_mae, value);
    else if (!strcmp(rest, "coef_sq_norm"))
        check(t, FIGURE, key, f[g].coef_sq_norm, value);
    else if (!strcmp(rest, "loo_mse"))
        check(t, FIGURE, key, f[g].loo_mse, value);
    else
        append_once(t->unknown, rest);
}

static void run_ridge(struct tally *t, const char *directory, const struct golden_keys *keys, const struct rows *train,
                      const struct rows *test)
{
    size_t n_alpha, n = train->n, d = train->d;
    double *alpha = read_column(directory, "alphas.csv", "alpha", &n_alpha);
    struct status st;
    if (!alpha || !train->y) {
        append_once(t->unknown, "(no alpha or no y)");
        free(alpha);
        return;
    }
    struct scaler scaler;
    scaler_fit(&scaler, train->x, n, d);
    check_scaler(t, directory, &scaler);
    double *z = standardised(&scaler, train->x, n), *z_test = standardised(&scaler, test->x, test->n);
    struct ridge *fit = NEW0(n_alpha, struct ridge);
    struct ridge_figures *figures = NEW0(n_alpha, struct ridge_figures);
    double *loo = NEW(n_alpha * n, double), *pred = NEW(n_alpha * test->n, double);
    double *coef = NEW(n_alpha * d, double), *intercept = NEW(n_alpha, double);
    if (ridge_fit_path(fit, loo, alpha, n_alpha, z, n, d, train->y, train->weight, &st)) {
        wrong(t, st.text);
    } else {
        for (size_t a = 0; a < n_alpha; a++) {
            memcpy(coef + a * d, fit[a].coef, d * sizeof *coef);
            intercept[a] = fit[a].intercept;
            ridge_predict(pred + a * test->n, &fit[a], z_test, test->n);
            figures[a] = ridge_figures(&fit[a], loo + a * n, alpha[a], z, train);
        }
        check_array(t, FIGURE, directory, "coef.npy", coef, n_alpha * d);
        check_array(t, FIGURE, directory, "intercept.npy", intercept, n_alpha);
        check_array(t, FIGURE, directory, "pred.npy", pred, n_alpha * test->n);
        check_array(t, FIGURE, directory, "loo_squared_errors.npy", loo, n_alpha * n);
        for (size_t i = 0; i < golden_keys_count(keys); i++)
            check_ridge_key(t, keys, i, alpha, n_alpha, figures, train);
    }
    for (size_t a = 0; a < n_alpha; a++)
        ridge_free(&fit[a]);
    free(fit);
    free(figures);
    free(loo);
    free(pred);
    free(coef);
    free(intercept);
    free(z_test);
    free(z);
    scaler_free(&scaler);
    free(alpha);
}

/* ---- i: the whole way ---- */

struct part { /* some rows of a study, standardised */
    size_t n;
    double *z, *y;
    int32_t *label;
};

static struct part part_take(const struct rows *all, const struct scaler *scaler, const size_t *row, size_t n)
{
    struct part p = {n, NEW(n * all->d, double), NEW0(n, double), NEW0(n, int32_t)};
    scaler_apply_rows(p.z, scaler, all->x, row, n);
    for (size_t i = 0; i < n; i++) {
        p.y[i] = all->y ? all->y[row[i]] : 0;
        p.label[i] = all->label ? all->label[row[i]] : 0;
    }
    return p;
}

static void part_free(struct part *p)
{
    free(p->z);
    free(p->y);
    free(p->label);
}

/* One column of one row of expected.csv; `part` is 0 train, 1 validation, 2 test. */
static void check_study_cell(struct tally *t, const char *name, double value, const struct part *part, const struct logistic *logistic,
                             const struct ridge *ridge)
{
    static const char *const prefix[] = {"train_", "val_", "test_"}, *const size[] = {"n_train", "n_val", "n_test"};
    if (!strcmp(name, "fold") || !strcmp(name, "C") || !strcmp(name, "alpha"))
        return;
    for (size_t j = 0; j < 3; j++) {
        if (!strcmp(name, size[j])) {
            check(t, FIGURE, name, (double)part[j].n, value);
            return;
        }
        if (!starts_with(name, prefix[j]))
            continue;
        const char *metric = name + strlen(prefix[j]);
        size_t n = part[j].n, rows = logistic ? logistic->rows : 1;
        const int32_t *label = part[j].label;
        double *p = NEW(n * rows, double), ours = 0;
        enum measure measure = FIGURE;
        bool known = true;
        if (logistic)
            logistic_predict(p, logistic, part[j].z, n);
        else
            ridge_predict(p, ridge, part[j].z, n);
        if (ridge && !strcmp(metric, "mae")) {
            ours = regression_mae(part[j].y, p, NULL, n);
        } else if (ridge && !strcmp(metric, "rmse")) {
            ours = regression_rmse(part[j].y, p, NULL, n);
        } else if (logistic && !strcmp(metric, "auroc")) {
            ours = area(p, rows, label, n);
        } else if (logistic && !strcmp(metric, "logloss")) {
            ours = log_loss(p, rows, label, n);
            measure = PROBABILITY;
        } else if (logistic && !strcmp(metric, "accuracy")) {
            ours = decided(ACCURACY, p, rows, label, n);
        } else if (logistic && !strcmp(metric, "bacc")) {
            ours = decided(BALANCED_ACCURACY, p, rows, label, n);
        } else if (logistic && !strcmp(metric, "f1")) {
            ours = decided(F1, p, rows, label, n);
        } else {
            known = false;
        }
        free(p);
        if (known)
            check(t, measure, name, ours, value);
        else
            append_once(t->unknown, name);
        return;
    }
    append_once(t->unknown, name);
}

/* A row of expected.csv: fold f, one value of the hyper-parameter. */
static void check_study_row(struct tally *t, const struct table *expected, size_t r, const struct rows *all, const size_t *train,
                            const uint32_t *fold, size_t n_train, const size_t *test, size_t n_test)
{
    size_t n_row[3] = {0}, *row[3], f_column, g_column;
    const char *name = all->label ? "C" : "alpha";
    double f, g;
    struct status st;
    if (table_column(expected, "fold", &f_column, NULL) || table_column(expected, name, &g_column, NULL) ||
        !number_parse_double(table_cell(expected, r, f_column), &f) || !number_parse_double(table_cell(expected, r, g_column), &g)) {
        append_once(t->unknown, "(no fold or no hyper-parameter)");
        return;
    }
    for (size_t j = 0; j < 3; j++)
        row[j] = NEW(all->n, size_t);
    for (size_t i = 0; i < n_train; i++) {
        size_t j = fold[i] == (uint32_t)f;
        row[j][n_row[j]++] = train[i];
    }
    for (size_t i = 0; i < n_test; i++)
        row[2][n_row[2]++] = test[i];
    struct scaler scaler;
    struct part part[3];
    scaler_fit_rows(&scaler, all->x, row[0], n_row[0], all->d);
    for (size_t j = 0; j < 3; j++)
        part[j] = part_take(all, &scaler, row[j], n_row[j]);
    struct logistic logistic = {0};
    struct ridge ridge = {0};
    int code = all->label ? logistic_fit_path(&logistic, &g, 1, part[0].z, part[0].n, all->d, part[0].label, all->n_classes, NULL, &st)
                          : ridge_fit_path(&ridge, NULL, &g, 1, part[0].z, part[0].n, all->d, part[0].y, NULL, &st);
    if (code)
        wrong(t, st.text);
    for (size_t c = 0; c < expected->n_columns && !code; c++) {
        double value;
        if (number_parse_double_any(table_cell(expected, r, c), &value))
            check_study_cell(t, expected->header[c], value, part, all->label ? &logistic : NULL, all->label ? NULL : &ridge);
        else
            append_once(t->unknown, expected->header[c]);
    }
    logistic_free(&logistic);
    ridge_free(&ridge);
    scaler_free(&scaler);
    for (size_t j = 0; j < 3; j++) {
        part_free(&part[j]);
        free(row[j]);
    }
}

static void run_study(struct tally *t, const char *directory, const struct rows *all)
{
    size_t n_train, n_test, *train = NEW(all->n, size_t), *test = NEW(all->n, size_t);
    uint32_t *fold = NEW(all->n, uint32_t);
    struct table expected = {0};
    struct status st;
    char *path = path_join(directory, "expected.csv");
    if (!all->label && !all->y)
        append_once(t->unknown, "(neither label nor y in y.csv)");
    else if (table_read(&expected, path, &st) ||
             official_test_split(train, &n_train, test, &n_test, all->label, NULL, all->n, 0, OFFICIAL_FRACTION, OFFICIAL_SEED, &st) ||
             official_folds(fold, all->label, train, n_train, OFFICIAL_FOLDS, OFFICIAL_SEED, &st))
        wrong(t, st.text);
    else
        for (size_t r = 0; r < expected.n_rows; r++)
            check_study_row(t, &expected, r, all, train, fold, n_train, test, n_test);
    table_free(&expected);
    free(path);
    free(fold);
    free(test);
    free(train);
}

/* ---- j: k-NN ---- */

static const struct {
    const char *name;
    enum knn_metric metric;
} knn_metrics[] = {{"cosine", KNN_COSINE}, {"euclidean", KNN_EUCLIDEAN}};

static const struct {
    const char *name;
    enum knn_vote vote;
} knn_votes[] = {{"uniform", KNN_UNIFORM}, {"distance", KNN_DISTANCE}, {"dino", KNN_SOFTMAX}};

struct neighbours {
    size_t stride; /* how many are kept for a query */
    uint32_t *index;
    double *distance;
};

static bool neighbours_find(struct tally *t, struct neighbours *nb, size_t k, enum knn_metric metric, const struct rows *train,
                            const struct rows *test)
{
    struct status st;
    *nb = (struct neighbours){k, NEW(test->n * k, uint32_t), NEW(test->n * k, double)};
    if (!knn_neighbours(nb->index, nb->distance, k, metric, train->x, train->n, test->x, test->n, train->d, 1, &st))
        return true;
    wrong(t, st.text);
    return false;
}

static void neighbours_free(struct neighbours *nb)
{
    free(nb->index);
    free(nb->distance);
}

/* neighbours_<metric>.npy, which must be equal, and distances_<metric>.npy. */
static void check_neighbours(struct tally *t, const char *directory, const char *metric, const struct neighbours *nb, size_t m)
{
    struct npy index = {0}, distance = {0};
    char name[64];
    snprintf(name, sizeof name, "neighbours_%s.npy", metric);
    if (read_array(&index, directory, name)) {
        size_t width = index.n_dims == 2 ? index.shape[1] : 0;
        if (index.n_dims != 2 || index.shape[0] != m || width > nb->stride)
            wrong(t, name);
        else
            for (size_t i = 0; i < index.n; i++)
                check(t, FIGURE, name, nb->index[i / width * nb->stride + i % width], npy_value(&index, i));
        npy_free(&index);
    }
    snprintf(name, sizeof name, "distances_%s.npy", metric);
    if (read_array(&distance, directory, name)) {
        size_t width = distance.n_dims == 2 ? distance.shape[1] : 0;
        if (distance.n_dims != 2 || distance.shape[0] != m || width > nb->stride)
            wrong(t, name);
        else
            for (size_t i = 0; i < distance.n; i++)
                check(t, FIGURE, name, nb->distance[i / width * nb->stride + i % width], npy_value(&distance, i));
        npy_free(&distance);
    }
}

/* Neighbours to find: all that the tables ask for. */
static size_t neighbours_wanted(const char *directory, const double *k, size_t n_k, size_t n)
{
    size_t most = 1;
    for (size_t i = 0; i < n_k; i++)
        most = k[i] > (double)most ? (size_t)k[i] : most;
    for (size_t j = 0; j < 2; j++) {
        char name[64];
        struct npy a;
        snprintf(name, sizeof name, "neighbours_%s.npy", knn_metrics[j].name);
        if (read_array(&a, directory, name)) {
            most = a.n_dims == 2 && a.shape[1] > most ? a.shape[1] : most;
            npy_free(&a);
        }
    }
    return most < n ? most : n;
}

static void check_votes(struct tally *t, const char *directory, const struct golden_keys *keys, size_t v, size_t j,
                        const struct neighbours *nb, const double *k, size_t n_k, const struct rows *train, const struct rows *test,
                        size_t n_classes, bool *seen)
{
    size_t m = test->n;
    double *prob = NEW(n_k * m * n_classes, double), *positive = NEW(m, double), value;
    char name[96];
    for (size_t i = 0; i < n_k; i++) {
        double *p = prob + i * m * n_classes;
        knn_classify(p, nb->index, nb->distance, nb->stride, m, (size_t)k[i], knn_metrics[j].metric, knn_votes[v].vote, train->label,
                     n_classes);
        for (size_t q = 0; q < golden_keys_count(keys); q++) {
            const char *key = golden_key_name(keys, q);
            snprintf(name, sizeof name, "%s_%s_k%.0f_", knn_metrics[j].name, knn_votes[v].name, k[i]);
            if (!starts_with(key, name) || !golden_key(keys, key, &value) || !test->label)
                continue;
            const char *figure = key + strlen(name);
            seen[q] = true;
            if (!strcmp(figure, "accuracy")) {
                uint64_t *count = decisions(p, n_classes, test->label, m);
                check(t, FIGURE, key, confusion_accuracy(count, n_classes), value);
                free(count);
            } else if (!strcmp(figure, "auroc") && n_classes == 2) {
                cblas_dcopy((int)m, p + 1, 2, positive, 1);
                check_vote_area(t, key, positive, 1, test->label, m, value);
            } else if (!strcmp(figure, "auroc")) {
                check_vote_area(t, key, p, n_classes, test->label, m, value);
            } else {
                seen[q] = false;
            }
        }
    }
    snprintf(name, sizeof name, "prob_%s_%s.npy", knn_metrics[j].name, knn_votes[v].name);
    if (has_file(directory, name))
        check_array(t, PROBABILITY, directory, name, prob, n_k * m * n_classes);
    free(positive);
    free(prob);
}

static void run_knn_classes(struct tally *t, const char *directory, const struct golden_keys *keys, const struct rows *train,
                            const struct rows *test)
{
    size_t n_k, n_classes = train->n_classes > test->n_classes ? train->n_classes : test->n_classes;
    double *k = read_column(directory, "k.csv", "k", &n_k), value;
    bool *seen = NEW0(golden_keys_count(keys) + 1, bool), good = k && train->label;
    for (size_t i = 0; good && i < n_k; i++)
        good = k[i] >= 1 && k[i] <= (double)train->n;
    if (!good)
        append_once(t->unknown, "(no labels, or a k that does not fit)");
    n_classes = golden_key(keys, "classes", &value) && value > (double)n_classes && value < N_CLASSES_MAX ? (size_t)value : n_classes;
    for (size_t j = 0; j < 2 && good; j++) {
        struct neighbours nb;
        if (neighbours_find(t, &nb, neighbours_wanted(directory, k, n_k, train->n), knn_metrics[j].metric, train, test)) {
            check_neighbours(t, directory, knn_metrics[j].name, &nb, test->n);
            for (size_t v = 0; v < 3; v++)
                if (knn_metrics[j].metric == KNN_COSINE || knn_votes[v].vote != KNN_SOFTMAX)
                    check_votes(t, directory, keys, v, j, &nb, k, n_k, train, test, n_classes, seen);
        }
        neighbours_free(&nb);
    }
    for (size_t q = 0; q < golden_keys_count(keys) && good; q++) {
        const char *key = golden_key_name(keys, q);
        if (!golden_key(keys, key, &value))
            append_once(t->unknown, key);
        else if (!strcmp(key, "n_train"))
            check(t, FIGURE, key, (double)train->n, value);
        else if (!strcmp(key, "n_test"))
            check(t, FIGURE, key, (double)test->n, value);
        else if (!strcmp(key, "d"))
            check(t, FIGURE, key, (double)train->d, value);
        else if (!strcmp(key, "classes"))
            check(t, FIGURE, key, (double)n_classes, value);
        else if (!seen[q])
            append_once(t->unknown, key);
    }
    free(seen);
    free(k);
}

/* expected.csv: a column <metric>_<vote>_k<k> of predictions for each way. */
static void run_knn_regression(struct tally *t, const char *directory, const struct rows *train, const struct rows *test)
{
    struct table expected = {0};
    char *path = path_join(directory, "expected.csv");
    if (table_read(&expected, path, NULL) || expected.n_rows != test->n || !train->y)
        append_once(t->unknown, "(expected.csv is not a table of predictions, or no y)");
    else
        for (size_t c = 0; c < expected.n_columns; c++) {
            bool known = false;
            for (size_t way = 0; way < 6 && !known; way++) {
                size_t j = way / 3, v = way % 3, k = 0;
                char name[64];
                snprintf(name, sizeof name, "%s_%s_k", knn_metrics[j].name, knn_votes[v].name);
                known = starts_with(expected.header[c], name) && number_parse_size(expected.header[c] + strlen(name), &k) && k >= 1 &&
                        k <= train->n;
                struct neighbours nb;
                if (!known)
                    continue;
                if (neighbours_find(t, &nb, k, knn_metrics[j].metric, train, test)) {
                    double *ours = NEW(test->n, double), value;
                    knn_regress(ours, nb.index, nb.distance, k, test->n, k, knn_metrics[j].metric, knn_votes[v].vote, train->y);
                    for (size_t i = 0; i < test->n; i++)
                        check(t, FIGURE, expected.header[c], ours[i],
                              number_parse_double_any(table_cell(&expected, i, c), &value) ? value : NAN);
                    free(ours);
                }
                neighbours_free(&nb);
            }
            if (!known)
                append_once(t->unknown, expected.header[c]);
        }
    table_free(&expected);
    free(path);
}

/* ---- cases ---- */

static void run_case(struct tally *t, const char *directory)
{
    struct rows train = {0}, test = {0};
    char *path = path_join(directory, "expected.csv");
    struct golden_keys *keys = golden_keys_read(path);
    bool pair = has_file(directory, "X_train.npy") && has_file(directory, "X_test.npy");
    if (!keys) {
        append_once(t->unknown, "(no expected.csv)");
    } else if (pair && (!rows_read(&train, directory, "X_train.npy", "y_train.csv") ||
                        !rows_read(&test, directory, "X_test.npy", "y_test.csv") || train.d != test.d)) {
        wrong(t, "(features and labels do not fit together)");
    } else if (pair && has_file(directory, "C.csv")) {
        run_logistic(t, directory, keys, &train, &test);
    } else if (pair && has_file(directory, "alphas.csv")) {
        run_ridge(t, directory, keys, &train, &test);
    } else if (pair && has_file(directory, "k.csv")) {
        run_knn_classes(t, directory, keys, &train, &test);
    } else if (pair) {
        run_knn_regression(t, directory, &train, &test);
    } else if (rows_read(&train, directory, "X.npy", "y.csv")) {
        run_study(t, directory, &train);
    } else {
        append_once(t->unknown, "(neither X.npy nor X_train.npy and X_test.npy)");
    }
    golden_keys_free(keys);
    free(path);
    rows_free(&train);
    rows_free(&test);
}

static void report(const char *name, const struct tally *t)
{
    char errors[400] = "", ties[120] = "";
    size_t n_checked = 0, used = 0;
    for (size_t m = 0; m < N_MEASURES; m++) {
        n_checked += t->n_checked[m];
        if (t->n_checked[m])
            used += (size_t)snprintf(errors + used, sizeof errors - used, ", %s %.1e", measures[m].name, t->worst[m]);
    }
    if (t->n_near_ties)
        snprintf(ties, sizeof ties, "; %zu areas hang on ties that only rounding breaks, and lie in their range", t->n_near_ties);
    if (t->n_wrong)
        golden_fail(name, "%zu of %zu numbers differ: ours(theirs) %s", t->n_wrong, n_checked, t->wrong);
    else if (n_checked)
        golden_pass(name, "%zu numbers; largest error%s%s%s%s", n_checked, errors + 1, ties,
                    t->theirs[0] ? "; about the reference's solvers, not ours: " : "", t->theirs);
    if (t->unknown[0])
        golden_skip(name, "no figure of ours for: %s", t->unknown);
    else if (!t->n_wrong && !n_checked)
        golden_skip(name, "nothing to compare");
}

static void walk(const char *stats, const char *section)
{
    char *folder = path_join(stats, section);
    struct file_list cases = {0};
    struct status st;
    if (!file_is_directory(folder))
        golden_skip(section, "no such folder");
    else if (file_list_directory(&cases, folder, &st))
        golden_fail(section, "%s", st.text);
    for (size_t i = 0; i < cases.n; i++) {
        struct tally t = {0};
        char *directory = path_join(folder, cases.name[i]), *name = path_join(section, cases.name[i]);
        if (file_is_directory(directory)) {
            run_case(&t, directory);
            report(name, &t);
        }
        free(name);
        free(directory);
    }
    file_list_free(&cases);
    free(folder);
}

void golden_probes(const char *stats)
{
    blas_use_one_thread();
    walk(stats, "i_probe");
    walk(stats, "j_knn");
}
