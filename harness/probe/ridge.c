#include "probe/ridge.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/lapack.h"
#include "probe/ridge_gram.h"

struct decomposition { /* of the centred, weighted rows: left[n, r] diag(s) right[r, d] */
    size_t r;
    double *left, *s, *right;
};

static void decomposition_free(struct decomposition *u)
{
    free(u->left);
    free(u->s);
    free(u->right);
}

/* LAPACK sees the row-major [n, d] as a column-major [d, n]: its left vectors are our right ones. */
static int decompose(struct decomposition *u, double *rows, size_t n, size_t d, struct status *st)
{
    int m = (int)d, columns = (int)n, lwork = -1, info = 0;
    u->r = n < d ? n : d;
    int r = (int)u->r;
    u->left = NEW(n * u->r, double);
    u->s = NEW(u->r, double);
    u->right = NEW(u->r * d, double);
    int *iwork = NEW(8 * u->r, int);
    double ask;
    dgesdd_("S", &m, &columns, rows, &m, u->s, u->right, &m, u->left, &r, &ask, &lwork, iwork, &info, 1);
    lwork = (int)ask;
    double *work = NEW((size_t)lwork, double);
    dgesdd_("S", &m, &columns, rows, &m, u->s, u->right, &m, u->left, &r, work, &lwork, iwork, &info, 1);
    free(work);
    free(iwork);
    return info ? status_set(st, STATUS_INTERNAL, "ridge: the singular value decomposition did not converge (%d)", info) : STATUS_OK;
}

static int check_input(const double *x, const double *y, size_t n_targets, const double *weight, size_t n, size_t d, struct status *st)
{
    if (n == 0)
        return status_set(st, STATUS_UNDEFINED, "ridge regression needs rows");
    for (size_t i = 0; i < n; i++) {
        int usable = !weight || (weight[i] > 0 && isfinite(weight[i]));
        for (size_t t = 0; t < n_targets; t++)
            usable = usable && isfinite(y[i * n_targets + t]);
        if (!usable)
            return status_set(st, STATUS_DATA, "ridge: the target or weight of row %zu is not usable", i);
        for (size_t j = 0; j < d; j++)
            if (!isfinite(x[i * d + j]))
                return status_set(st, STATUS_DATA, "ridge: feature %zu of row %zu is %g", j, i, x[i * d + j]);
    }
    return STATUS_OK;
}

/* Takes the direction of the mean, root / sqrt(total), out of the left vectors.  Rows are centred, so that it has no part
 * in those with s > 0; it lies somewhere among those with s = 0, of which n <= d always has some. */
static void remove_mean_direction(struct decomposition *u, const double *root, double total, size_t n)
{
    double *along = NEW0(u->r, double);
    cblas_dgemv(CblasRowMajor, CblasTrans, (int)n, (int)u->r, 1 / total, u->left, (int)u->r, root, 1, 0, along, 1);
    cblas_dger(CblasRowMajor, (int)n, (int)u->r, -1, root, 1, along, 1, u->left, (int)u->r);
    free(along);
}

/* Squared leave-one-out errors at one alpha; y[n] centred and weighted, z = left'y.  Residual and 1 - leverage are summed
 * from what the penalty leaves over, alpha / (s^2 + alpha): taken as differences from y and 1 they lose their digits
 * where d >= n and alpha is small.  With r = n nothing lies outside the left vectors and the mean. */
static void leave_one_out(double *loo, const struct decomposition *u, const double *y, const double *z, const double *root, double total, size_t n,
                          double alpha)
{
    for (size_t i = 0; i < n; i++) {
        double inside = root[i] * root[i] / total, projected = 0, room = 0, residual = 0;
        for (size_t j = 0; j < u->r; j++) {
            double left_over = alpha / (u->s[j] * u->s[j] + alpha), v = u->left[i * u->r + j];
            inside += v * v;
            projected += v * z[j];
            room += v * v * left_over;
            residual += v * left_over * z[j];
        }
        if (u->r < n) {
            room += 1 - inside;
            residual += y[i] - projected;
        }
        loo[i] = residual / room * (residual / room);
    }
}

/* coef[n_alpha, d], loo[n_alpha, n] or NULL, from the singular value decomposition. */
static void solve_decomposed(double *coef, double *loo, const struct decomposition *u, const struct ridge_rows *rows, const double *target,
                             const double *alpha, size_t n_alpha)
{
    size_t n = rows->n, d = rows->d;
    double *z = NEW(u->r, double), *scaled = NEW(u->r, double);
    cblas_dgemv(CblasRowMajor, CblasTrans, (int)n, (int)u->r, 1, u->left, (int)u->r, target, 1, 0, z, 1);
    for (size_t a = 0; a < n_alpha; a++) {
        for (size_t j = 0; j < u->r; j++)
            scaled[j] = z[j] * u->s[j] / (u->s[j] * u->s[j] + alpha[a]);
        cblas_dgemv(CblasRowMajor, CblasTrans, (int)u->r, (int)d, 1, u->right, (int)d, scaled, 1, 0, coef + a * d, 1);
        if (loo)
            leave_one_out(loo + a * n, u, target, z, rows->root, rows->total, n, alpha[a]);
    }
    free(scaled);
    free(z);
}

/* rows from x and weight; x_mean[d]. */
static void centre(struct ridge_rows *rows, double *x_mean, const double *x, const double *weight, size_t n, size_t d)
{
    *rows = (struct ridge_rows){.n = n, .d = d, .x = NEW(n * d, double), .root = NEW(n, double)};
    for (size_t i = 0; i < n; i++) {
        double w = weight ? weight[i] : 1;
        rows->root[i] = sqrt(w);
        rows->total += w;
        cblas_daxpy((int)d, w, x + i * d, 1, x_mean, 1);
    }
    cblas_dscal((int)d, 1 / rows->total, x_mean, 1);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            rows->x[i * d + j] = rows->root[i] * (x[i * d + j] - x_mean[j]);
}

int ridge_fit_targets(struct ridge *fit, double *loo, const double *alpha, size_t n_alpha, const double *x, size_t n, size_t d, const double *y,
                      size_t n_targets, const double *weight, struct status *st)
{
    for (size_t k = 0; k < n_targets * n_alpha; k++)
        fit[k] = (struct ridge){0};
    int code = check_input(x, y, n_targets, weight, n, d, st);
    if (code || n_alpha == 0)
        return code;
    struct decomposition u = {0};
    struct ridge_gram gram;
    struct ridge_rows rows;
    double *x_mean = NEW0(d, double), *target = NEW(n, double), *coef = NEW(n_alpha * d, double);
    centre(&rows, x_mean, x, weight, n, d);
    int by_gram = ridge_gram_make(&gram, &rows, alpha, n_alpha, loo != NULL);
    if (!by_gram)
        code = decompose(&u, rows.x, n, d, st);
    if (code)
        goto done;
    if (!by_gram)
        remove_mean_direction(&u, rows.root, rows.total, n);
    for (size_t t = 0; t < n_targets; t++) {
        double mean = 0, *errors = loo ? loo + t * n_alpha * n : NULL;
        for (size_t i = 0; i < n; i++)
            mean += (weight ? weight[i] : 1) * y[i * n_targets + t];
        mean /= rows.total;
        for (size_t i = 0; i < n; i++)
            target[i] = rows.root[i] * (y[i * n_targets + t] - mean);
        if (by_gram)
            ridge_gram_solve(coef, errors, &gram, &rows, target);
        else
            solve_decomposed(coef, errors, &u, &rows, target, alpha, n_alpha);
        for (size_t a = 0; a < n_alpha; a++) {
            struct ridge *f = &fit[t * n_alpha + a];
            *f = (struct ridge){.d = d, .coef = NEW(d, double)};
            memcpy(f->coef, coef + a * d, d * sizeof *coef);
            f->intercept = mean - cblas_ddot((int)d, x_mean, 1, f->coef, 1);
        }
    }
done:
    ridge_gram_free(&gram);
    decomposition_free(&u);
    free(rows.x);
    free(rows.root);
    free(coef);
    free(target);
    free(x_mean);
    return code;
}

int ridge_fit_path(struct ridge *fit, double *loo, const double *alpha, size_t n_alpha, const double *x, size_t n, size_t d, const double *y,
                   const double *weight, struct status *st)
{
    return ridge_fit_targets(fit, loo, alpha, n_alpha, x, n, d, y, 1, weight, st);
}

void ridge_predict(double *prediction, const struct ridge *fit, const double *x, size_t m)
{
    for (size_t i = 0; i < m; i++)
        prediction[i] = fit->intercept + cblas_ddot((int)fit->d, x + i * fit->d, 1, fit->coef, 1);
}

void ridge_free(struct ridge *fit)
{
    free(fit->coef);
    *fit = (struct ridge){0};
}
