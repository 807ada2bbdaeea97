/* Cumulative-logit (proportional odds) regression with L2, to the true optimum.
 *
 *     P(y <= k | x) = sigmoid(threshold_k - x w),   threshold_0 < ... < threshold_{n_classes-2}
 *     objective(w, threshold) = C * sum_i weight_i * -log P(y_i | x_i) + |w|^2 / 2
 *
 * McCullagh 1980, J R Stat Soc B 42:109; the thresholds are free, C is scikit-learn's.  A
 * larger x w means a higher class.  x[n, d] is standardised by the caller.  Two classes are
 * binary logistic regression with intercept -threshold_0.
 *
 * With a > b the thresholds about a row's class less its score,
 *
 *     sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - e^(b - a)),
 *
 * so that its logarithm is a sum of two softplus and one term that all rows of a class share:
 * nothing cancels, however far in a tail, the convexity in (w, threshold) is plain to see
 * (Pratt 1981, J Am Stat Assoc 76:103), and a threshold that nears its neighbour meets a
 * barrier, so that line search keeps them in order.
 *
 * There is one optimum for each C, also of separable data: the penalty bounds w, each
 * threshold has rows on both sides that it cannot leave, and no interval that has rows can
 * close.  A class without (weighted) rows only takes from its neighbours: at the optimum its
 * interval is closed and its probability exactly 0; thresholds on its two sides are equal, or
 * infinite where no class with rows lies beyond.
 *
 * Method: as logistic.h: inexact Newton with conjugate gradients, preconditioned by the
 * Cholesky factor of an earlier Hessian on the path (thresholds included), from small C up;
 * d > n in the n dimensions of the row space.  Stops on the Newton decrement, and is refused
 * when the gradient is not below 1e-8 of that at w = 0 for that C.  Single-threaded, allocates
 * per call; calls may run side by side.
 *
 * Fewer than two classes with rows, or n = 0: STATUS_UNDEFINED.  A feature or weight that is
 * not finite: STATUS_DATA naming the row (from 0).  C not a positive number: STATUS_USAGE. */
#ifndef PROBE_ORDINAL_H
#define PROBE_ORDINAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct ordinal {
    size_t d, n_classes;
    double *coef;      /* [d], owned */
    double *threshold; /* [n_classes - 1] ascending, owned; neighbours equal about a class without rows */
    double objective;
    double gradient;          /* largest |component| of the objective's gradient, divided by C */
    double gradient_relative; /* the same divided by its value at w = 0 with the best thresholds */
    size_t iterations;        /* Newton steps */
    size_t products;          /* Hessian products of the conjugate gradients */
};

/* fit[n_c] for C[n_c] > 0, in any order; label[n] in 0 .. n_classes-1, n_classes >= 2; weight[n] >= 0 or NULL.
 * On failure every fit is freed and zeroed. */
int ordinal_fit_path(struct ordinal *fit, const double *C, size_t n_c, const double *x, size_t n, size_t d,
                     const int32_t *label, size_t n_classes, const double *weight, struct status *st) MUST_CHECK;

/* prob[m, n_classes] for x[m, d]; each to full relative precision, so that a row's sum is 1 to rounding. */
void ordinal_predict(double *prob, const struct ordinal *fit, const double *x, size_t m);

void ordinal_free(struct ordinal *fit);

#endif
