/* L2-regularised logistic regression, binary and multinomial, to the true optimum.
 *
 *     objective(W, b) = C * sum_i weight_i * loss_i + |W|^2 / 2,   b free
 *
 * (scikit-learn's LogisticRegression).  Two classes: one row, loss of a sigmoid,
 * score of class 1.  More: softmax with a row for each class, intercepts that sum
 * to 0.  x[n, d] is standardised by the caller (the optimum does not ask for it,
 * the penalty does).
 *
 * Method: inexact Newton (Dembo, Eisenstat & Steihaug 1982) with conjugate gradients,
 * preconditioned by the Cholesky factors of each class's own block of an earlier
 * Hessian on the path, rebuilt when that has become dear; the path is walked from
 * small C up, each optimum the start of the next.  d > n is solved in the n
 * dimensions of the row space (thin QR), where the optimum lies.  Stops on the
 * Newton decrement g'H^-1 g <= 1e-20 * objective, and is refused when the gradient is
 * not below 1e-8 of that at W = 0 for that C.  Single-threaded, allocates per call; calls
 * may run side by side.
 *
 * Classes without a (weighted) row cannot be fitted, as their intercept would run
 * to minus infinity: that is what they get, with coefficients 0, so that their
 * probability is exactly 0; the others are fitted as a softmax among themselves.
 * Fewer than two classes with rows, or n = 0: STATUS_UNDEFINED.  A feature or weight that is
 * not finite: STATUS_DATA naming the row (from 0).  Separable data have an optimum, as C is
 * finite. */
#ifndef PROBE_LOGISTIC_H
#define PROBE_LOGISTIC_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct logistic {
    size_t rows;       /* 1 for two classes, else n_classes */
    size_t d;
    double *coef;      /* [rows, d], owned */
    double *intercept; /* [rows], owned */
    double objective;
    double gradient;          /* largest |component| of the objective's gradient, divided by C */
    double gradient_relative; /* the same divided by its value at W = 0 with the best intercepts */
    size_t iterations;        /* Newton steps */
    size_t products;          /* Hessian products of the conjugate gradients */
};

/* fit[n_c] for C[n_c] > 0, in any order; label[n] in 0 .. n_classes-1; weight[n] >= 0 or NULL.
 * On failure every fit is freed and zeroed. */
int logistic_fit_path(struct logistic *fit, const double *C, size_t n_c, const double *x, size_t n, size_t d,
                      const int32_t *label, size_t n_classes, const double *weight, struct status *st) MUST_CHECK;

/* weight[i] = n / (K * n_k): all K classes that have rows count the same. */
void logistic_balanced_weights(double *weight, const int32_t *label, size_t n, size_t n_classes);

/* prob[m] = P(class 1) for one row, else prob[m, rows]. */
void logistic_predict(double *prob, const struct logistic *fit, const double *x, size_t m);

void logistic_free(struct logistic *fit);

#endif
