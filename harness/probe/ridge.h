/* Ridge regression over a grid of penalties, in closed form.
 *
 *     sum_i weight_i * (y_i - x_i w - b)^2 + alpha * |w|^2,   b free
 *
 * The eigenvectors of the Gram matrix of the centred (and weighted) rows, n x n or d x d, serve every alpha
 * (ridge_gram.h: refined against the rows, and guarded); where its squared condition would cost digits the whole grid is
 * served by one thin singular value decomposition: w = V diag(s / (s^2 + alpha)) U'y.  Coefficients of the two ways differ
 * by 1e-14 at 20,000 x 1,024 (45 alphas from 1e-4 on: 1.2 s against 9 s on one core).
 * Leave-one-out errors are exact: e_i = r_i / (1 - h_ii), the intercept's leverage
 * included (Golub, Heath & Wahba 1979, Technometrics 21:215).  They hold 9 digits, but for n <= d with rows (nearly) equal
 * to each other: the other rows' errors are then as far off as the system's condition says, some 20 eps s_max^2 / alpha
 * (s_max the length of the longest direction), whichever of the two ways is taken.  x[n, d] is standardised
 * by the caller.  STATUS_UNDEFINED for n = 0, STATUS_DATA for a value that is not finite. */
#ifndef PROBE_RIDGE_H
#define PROBE_RIDGE_H

#include <stddef.h>

#include "base/status.h"

struct ridge {
    size_t d;
    double *coef; /* [d], owned */
    double intercept;
};

/* fit[n_alpha] for alpha[n_alpha] > 0.  weight[n] > 0 or NULL.  loo[n_alpha, n], may be NULL: squared leave-one-out
 * errors, weighted rows carrying their weight.  On failure every fit is freed and zeroed. */
int ridge_fit_path(struct ridge *fit, double *loo, const double *alpha, size_t n_alpha, const double *x, size_t n, size_t d, const double *y,
                   const double *weight, struct status *st) MUST_CHECK;

/* The same for several targets y[n, n_targets] over the same rows and penalties, at the cost of little more than one:
 * fit[n_targets, n_alpha], loo[n_targets, n_alpha, n].  Each target's answer has the bytes ridge_fit_path gives. */
int ridge_fit_targets(struct ridge *fit, double *loo, const double *alpha, size_t n_alpha, const double *x, size_t n, size_t d, const double *y,
                      size_t n_targets, const double *weight, struct status *st) MUST_CHECK;

/* prediction[m] */
void ridge_predict(double *prediction, const struct ridge *fit, const double *x, size_t m);

void ridge_free(struct ridge *fit);

#endif
