#include "probe/logistic.h"

#include <assert.h>
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/logistic_set.h"
#include "probe/row_space.h"

/* ---- what is refused ---- */

static int check_C(const double *C, size_t n_c, struct status *st)
{
    for (size_t c = 0; c < n_c; c++)
        if (!(C[c] > 0 && isfinite(C[c])))
            return status_set(st, STATUS_USAGE, "logistic regression: C = %g is not a positive number", C[c]);
    return STATUS_OK;
}

static int check_weight(const double *weight, size_t n, struct status *st)
{
    for (size_t i = 0; weight && i < n; i++)
        if (!(weight[i] >= 0 && isfinite(weight[i])))
            return status_set(st, STATUS_DATA, "logistic regression: weight %g of row %zu is not a number >= 0", weight[i], i);
    return STATUS_OK;
}

static int refuse_feature(size_t row, size_t feature, double value, struct status *st)
{
    return status_set(st, STATUS_DATA, "logistic regression: feature %zu of row %zu is %g", feature, row, value);
}

/* How many classes have a row with weight. */
static size_t count_present(const int32_t *label, const double *weight, size_t n, size_t n_classes)
{
    size_t n_present = 0;
    bool *present = NEW0(n_classes, bool);
    for (size_t i = 0; i < n; i++) {
        assert(label[i] >= 0 && (size_t)label[i] < n_classes);
        if (weight[i] > 0 && !present[label[i]]) {
            present[label[i]] = true;
            n_present++;
        }
    }
    free(present);
    return n_present;
}

static int refuse_one_class(size_t n, size_t n_present, struct status *st)
{
    return status_set(st, STATUS_UNDEFINED, "logistic regression needs rows of two classes; the %zu given hold %zu", n, n_present);
}

static void free_fits(struct logistic *fit, size_t n)
{
    for (size_t i = 0; i < n; i++)
        logistic_free(&fit[i]);
}

/* ---- one problem on rows that are standardised ---- */

/* Everything is checked. */
static int fit_rows(struct logistic *fit, const double *C, size_t n_c, const double *x, size_t n, size_t d, const int32_t *label, size_t n_classes,
                    const double *weight, struct status *st)
{
    struct logistic_rows rows = {.n = n, .d = d, .z = x};
    struct row_space space = {0};
    double *z = NULL;
    if (d > n) {
        z = NEW(n * n, double);
        row_space_fit(&space, z, x, n, d);
        rows = (struct logistic_rows){.n = n, .d = n, .z = z};
    }
    struct logistic_set set;
    logistic_set_init(&set, &rows, label, n_classes, 1, 1);
    memcpy(set.problem[0].weight, weight, n * sizeof *weight);
    int code = logistic_walk_path(fit, &set, C, n_c, st);
    for (size_t c = 0; c < n_c && !code && z; c++) {
        double *coef = NEW(fit[c].rows * d, double);
        for (size_t k = 0; k < fit[c].rows; k++)
            row_space_expand(coef + k * d, fit[c].coef + k * n, &space);
        free(fit[c].coef);
        fit[c].coef = coef;
        fit[c].d = d;
    }
    logistic_set_free(&set);
    row_space_free(&space);
    free(z);
    return code;
}

int logistic_fit_path(struct logistic *fit, const double *C, size_t n_c, const double *x, size_t n, size_t d, const int32_t *label,
                      size_t n_classes, const double *weight, struct status *st)
{
    assert(n_classes >= 2);
    memset(fit, 0, n_c * sizeof *fit);
    int code = check_C(C, n_c, st);
    if (!code)
        code = check_weight(weight, n, st);
    for (size_t i = 0; i < n * d && !code; i++)
        if (!isfinite(x[i]))
            code = refuse_feature(i / d, i % d, x[i], st);
    double *weights = NEW(n + 1, double);
    for (size_t i = 0; i < n; i++)
        weights[i] = weight ? weight[i] : 1;
    size_t n_present = code ? 0 : count_present(label, weights, n, n_classes);
    if (!code && n_present < 2)
        code = refuse_one_class(n, n_present, st);
    if (!code)
        code = fit_rows(fit, C, n_c, x, n, d, label, n_classes, weights, st);
    free(weights);
    if (code)
        free_fits(fit, n_c);
    return code;
}

/* ---- folds ---- */

/* Training rows of fold f. */
static size_t training_rows(size_t *row, const struct logistic_folds *t, size_t f)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++)
        if (!t->fold || t->fold[i] != f)
            row[n++] = i;
    return n;
}

/* weight[n] of rows row[n]. */
static void training_weights(double *weight, const struct logistic_folds *t, const size_t *row, size_t n)
{
    int32_t *label = NEW(n + 1, int32_t);
    for (size_t i = 0; i < n; i++) {
        label[i] = t->label[row[i]];
        weight[i] = 1;
    }
    if (t->balanced)
        logistic_balanced_weights(weight, label, n, t->n_classes);
    for (size_t i = 0; i < n && t->weight; i++)
        weight[i] *= t->weight[row[i]];
    free(label);
}

static size_t present_classes(const struct logistic_folds *t, const size_t *row, size_t n)
{
    double *weight = NEW(n + 1, double);
    int32_t *label = NEW(n + 1, int32_t);
    training_weights(weight, t, row, n);
    for (size_t i = 0; i < n; i++)
        label[i] = t->label[row[i]];
    size_t n_present = count_present(label, weight, n, t->n_classes);
    free(label);
    free(weight);
    return n_present;
}

/* Can the fold be solved in the features that all folds share?  Not with fewer rows than features, nor where a column is
 * constant in its rows or of quite another size there than in all (an outlier among the rows it does not see). */
static bool goes_along(const struct scaler *own, const struct scaler *all, size_t n)
{
    bool along = n >= all->d;
    for (size_t j = 0; j < all->d; j++) {
        double ratio = own->scale[j] / all->scale[j];
        along = along && ratio > 1.0 / 64 && ratio < 64 && !(own->scale[j] == 1 && all->scale[j] != 1);
    }
    return along;
}

/* A fold for itself. */
static int fit_alone(struct logistic *fit, const struct scaler *scaler, const struct logistic_folds *t, size_t f, const double *C, size_t n_c,
                     struct status *st)
{
    size_t *row = NEW(t->n + 1, size_t), n = training_rows(row, t, f);
    double *weight = NEW(n + 1, double), *z = NEW(n * t->d, double);
    int32_t *label = NEW(n + 1, int32_t);
    training_weights(weight, t, row, n);
    for (size_t i = 0; i < n; i++)
        label[i] = t->label[row[i]];
    scaler_apply_rows(z, scaler, t->x, row, n);
    int code = fit_rows(fit, C, n_c, z, n, t->d, label, t->n_classes, weight, st);
    free(label);
    free(z);
    free(weight);
    free(row);
    return code;
}

/* From the features that all folds share, (x - mean) / scale of `all`, to those of the fold's own scaler. */
static void to_own_features(struct logistic *f, const struct scaler *own, const struct scaler *all)
{
    for (size_t k = 0; k < f->rows; k++) {
        double shift = 0;
        for (size_t j = 0; j < f->d; j++) {
            double *w = &f->coef[k * f->d + j];
            shift += *w * (own->mean[j] - all->mean[j]) / all->scale[j];
            *w *= own->scale[j] / all->scale[j];
        }
        f->intercept[k] += shift;
    }
}

/* Folds member[n_members], which have rows of two classes, side by side. */
static int fit_together(struct logistic *fit, const struct scaler *scaler, const struct scaler *all, const struct logistic_folds *t,
                        const size_t *member, size_t n_members, const double *C, size_t n_c, struct status *st)
{
    double *inverse = NEW(t->d, double), *weight = NEW(t->n, double);
    for (size_t j = 0; j < t->d; j++)
        inverse[j] = 1 / all->scale[j];
    struct logistic_rows rows = {.n = t->n, .d = t->d, .x = t->x, .mean = all->mean, .inverse = inverse};
    struct logistic_set set;
    struct logistic *own = NEW0(n_members * n_c, struct logistic);
    logistic_set_init(&set, &rows, t->label, t->n_classes, n_members, t->n_threads);
    size_t *row = NEW(t->n, size_t);
    for (size_t m = 0; m < n_members; m++) {
        size_t f = member[m], n = training_rows(row, t, f);
        training_weights(weight, t, row, n);
        for (size_t i = 0; i < n; i++)
            set.problem[m].weight[row[i]] = weight[i];
        for (size_t j = 0; j < t->d; j++) {
            double ratio = scaler[f].scale[j] / all->scale[j];
            set.problem[m].ridge[j] = ratio * ratio;
        }
    }
    int code = logistic_walk_path(own, &set, C, n_c, st);
    for (size_t m = 0; m < n_members; m++)
        for (size_t c = 0; c < n_c; c++) {
            if (!code)
                to_own_features(&own[m * n_c + c], &scaler[member[m]], all);
            fit[member[m] * n_c + c] = own[m * n_c + c]; /* on failure the caller frees them */
        }
    free(row);
    logistic_set_free(&set);
    free(own);
    free(weight);
    free(inverse);
    return code;
}

int logistic_fit_folds(struct logistic *fit, struct scaler *scaler, struct status *left_out, const struct logistic_folds *t, const double *C,
                       size_t n_c, struct status *st)
{
    assert(t->n_classes >= 2 && (t->fold || t->n_folds == 1));
    memset(fit, 0, t->n_folds * n_c * sizeof *fit);
    memset(scaler, 0, t->n_folds * sizeof *scaler);
    memset(left_out, 0, t->n_folds * sizeof *left_out);
    int code = check_C(C, n_c, st);
    if (!code)
        code = check_weight(t->weight, t->n, st);
    for (size_t i = 0; i < t->n && !code; i++)
        for (size_t j = 0; j < t->d && !code; j++)
            if (!isfinite(t->x[i * t->d + j]))
                code = refuse_feature(i, j, (double)t->x[i * t->d + j], st);
    size_t n_members = 0, n_alone = 0, *member = NEW(t->n_folds, size_t), *alone = NEW(t->n_folds, size_t), *row = NEW(t->n + 1, size_t);
    struct scaler all = {0};
    if (!code && t->n)
        scaler_fit(&all, t->x, t->n, t->d);
    for (size_t f = 0; f < t->n_folds && !code; f++) {
        size_t n = training_rows(row, t, f), n_present = present_classes(t, row, n);
        if (n_present < 2) {
            left_out[f].code = refuse_one_class(n, n_present, &left_out[f]);
            continue;
        }
        scaler_fit_rows(&scaler[f], t->x, row, n, t->d);
        if (goes_along(&scaler[f], &all, n))
            member[n_members++] = f;
        else
            alone[n_alone++] = f;
    }
    if (!code && n_members)
        code = fit_together(fit, scaler, &all, t, member, n_members, C, n_c, st);
    struct status *why = NEW0(t->n_folds, struct status);
#pragma omp parallel for schedule(dynamic, 1) num_threads(t->n_threads)
    for (size_t w = 0; w < (code ? 0 : n_alone); w++) {
        size_t f = alone[w];
        why[f].code = fit_alone(fit + f * n_c, &scaler[f], t, f, C, n_c, &why[f]);
    }
    for (size_t f = 0; f < t->n_folds && !code; f++)
        if (why[f].code)
            code = status_set(st, why[f].code, "%s", why[f].text);
    scaler_free(&all);
    free(why);
    free(row);
    free(alone);
    free(member);
    if (code) {
        free_fits(fit, t->n_folds * n_c);
        for (size_t f = 0; f < t->n_folds; f++)
            scaler_free(&scaler[f]);
    }
    return code;
}

/* ---- weights and predictions ---- */

void logistic_balanced_weights(double *weight, const int32_t *label, size_t n, size_t n_classes)
{
    size_t n_present = 0, *count = NEW0(n_classes, size_t);
    for (size_t i = 0; i < n; i++)
        n_present += count[label[i]]++ == 0;
    for (size_t i = 0; i < n; i++)
        weight[i] = (double)n / ((double)n_present * (double)count[label[i]]);
    free(count);
}

void logistic_predict(double *prob, const struct logistic *fit, const double *x, size_t m)
{
    if (m == 0)
        return;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)fit->rows, (int)fit->d, 1, x, (int)fit->d,
                fit->coef, (int)fit->d, 0, prob, (int)fit->rows);
    for (size_t i = 0; i < m; i++) {
        double *row = prob + i * fit->rows;
        for (size_t k = 0; k < fit->rows; k++)
            row[k] += fit->intercept[k];
        if (fit->rows == 1)
            row[0] = logistic_sigmoid(row[0]);
        else
            (void)logistic_softmax(row, row, fit->rows, 0, NULL);
    }
}

void logistic_free(struct logistic *fit)
{
    free(fit->coef);
    free(fit->intercept);
    *fit = (struct logistic){0};
}
