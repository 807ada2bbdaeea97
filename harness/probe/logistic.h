/* L2-regularised logistic regression, binary and multinomial, to the true optimum.
 *
 *     objective(W, b) = C * sum_i weight_i * loss_i + |W|^2 / 2,   b free
 *
 * (scikit-learn's LogisticRegression).  Two classes: one row, loss of a sigmoid,
 * score of class 1.  More: softmax with a row for each class, intercepts that sum
 * to 0.
 *
 * Method: inexact Newton (Dembo, Eisenstat & Steihaug 1982) with preconditioned conjugate
 * gradients; the path is walked from small C up, each C begun at the least objective in the span
 * of the points before it.  The folds of a cohort and (with many rows) up to five values of C go
 * in step: a walk over the rows serves them and all classes as the columns of two matrix products,
 * and one Cholesky factor a class and C, of the mean of the folds' Hessian blocks, preconditions
 * them; the blocks are rebuilt when they have become dear.  d > n is
 * solved in the n dimensions of the row space (thin QR), where the optimum lies.  Stops on
 * the Newton decrement g'H^-1 g <= 1e-20 * objective, and is refused when the gradient is
 * not below 1e-8 of that at W = 0 for that C.  The same bytes for any number of threads;
 * calls may run side by side.
 *
 * Classes without a (weighted) row cannot be fitted, as their intercept would run
 * to minus infinity: that is what they get, with coefficients 0, so that their
 * probability is exactly 0; the others are fitted as a softmax among themselves.
 * Fewer than two classes with rows, or n = 0: STATUS_UNDEFINED.  A feature or weight that is
 * not finite: STATUS_DATA naming the row (from 0).  Separable data have an optimum, as C is
 * finite. */
#ifndef PROBE_LOGISTIC_H
#define PROBE_LOGISTIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "probe/standardise.h"

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

/* fit[n_c] for C[n_c] > 0, in any order; label[n] in 0 .. n_classes-1; weight[n] >= 0 or NULL.  x[n, d] is standardised by
 * the caller (the optimum does not ask for it, the penalty does).  Single-threaded.  On failure every fit is freed and zeroed. */
int logistic_fit_path(struct logistic *fit, const double *C, size_t n_c, const double *x, size_t n, size_t d,
                      const int32_t *label, size_t n_classes, const double *weight, struct status *st) MUST_CHECK;

/* A cohort's rows, and the folds fitted on them. */
struct logistic_folds {
    const float *x;        /* [n, d] as they are */
    size_t n, d;
    const int32_t *label;  /* [n] */
    size_t n_classes;
    const double *weight;  /* [n] >= 0, or NULL */
    bool balanced;         /* times logistic_balanced_weights of the fold's training rows */
    const uint32_t *fold;  /* [n]: fit f sees the rows of the other folds; NULL: the one fit sees all */
    size_t n_folds;
    int n_threads;
};

/* fit[n_folds, n_c], each on features standardised by scaler[n_folds], which is fitted on its own training rows.  left_out[n_folds]: STATUS_OK,
 * or STATUS_UNDEFINED and why (one class): its fits and scaler are zero.  On failure all are freed and zeroed. */
int logistic_fit_folds(struct logistic *fit, struct scaler *scaler, struct status *left_out, const struct logistic_folds *folds, const double *C,
                       size_t n_c, struct status *st) MUST_CHECK;

/* weight[i] = n / (K * n_k): all K classes that have rows count the same. */
void logistic_balanced_weights(double *weight, const int32_t *label, size_t n, size_t n_classes);

/* prob[m] = P(class 1) for one row, else prob[m, rows]. */
void logistic_predict(double *prob, const struct logistic *fit, const double *x, size_t m);

void logistic_free(struct logistic *fit);

#endif
