#include "probe/ridge.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/lapack.h"

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

static int check_input(const double *x, const double *y, const double *weight, size_t n, size_t d, struct status *st)
{
    if (n == 0)
        return status_set(st, STATUS_UNDEFINED, "ridge regression needs rows");
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(y[i]) || (weight && !(weight[i] > 0 && isfinite(weight[i]))))
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

int ridge_fit_path(struct ridge *fit, double *loo, const double *alpha, size_t n_alpha, const double *x, size_t n, size_t d, const double *y,
                   const double *weight, struct status *st)
{
    for (size_t a = 0; a < n_alpha; a++)
        fit[a] = (struct ridge){0};
    int code = check_input(x, y, weight, n, d, st);
    if (code)
        return code;
    struct decomposition u = {0};
    double total = 0, y_mean = 0;
    double *root = NEW(n, double), *x_mean = NEW0(d, double), *rows = NEW(n * d, double), *target = NEW(n, double), *z = NULL;
    for (size_t i = 0; i < n; i++) {
        double w = weight ? weight[i] : 1;
        root[i] = sqrt(w);
        total += w;
        y_mean += w * y[i];
        cblas_daxpy((int)d, w, x + i * d, 1, x_mean, 1);
    }
    y_mean /= total;
    cblas_dscal((int)d, 1 / total, x_mean, 1);
    for (size_t i = 0; i < n; i++) {
        target[i] = root[i] * (y[i] - y_mean);
        for (size_t j = 0; j < d; j++)
            rows[i * d + j] = root[i] * (x[i * d + j] - x_mean[j]);
    }
    code = decompose(&u, rows, n, d, st);
    if (code)
        goto done;
    remove_mean_direction(&u, root, total, n);
    z = NEW0(u.r, double);
    double *scaled = NEW(u.r, double);
    cblas_dgemv(CblasRowMajor, CblasTrans, (int)n, (int)u.r, 1, u.left, (int)u.r, target, 1, 0, z, 1);
    for (size_t a = 0; a < n_alpha; a++) {
        for (size_t j = 0; j < u.r; j++)
            scaled[j] = z[j] * u.s[j] / (u.s[j] * u.s[j] + alpha[a]);
        fit[a] = (struct ridge){.d = d, .coef = NEW(d, double)};
        cblas_dgemv(CblasRowMajor, CblasTrans, (int)u.r, (int)d, 1, u.right, (int)d, scaled, 1, 0, fit[a].coef, 1);
        fit[a].intercept = y_mean - cblas_ddot((int)d, x_mean, 1, fit[a].coef, 1);
        if (loo)
            leave_one_out(loo + a * n, &u, target, z, root, total, n, alpha[a]);
    }
    free(scaled);
done:
    decomposition_free(&u);
    free(z);
    free(target);
    free(rows);
    free(x_mean);
    free(root);
    return code;
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
