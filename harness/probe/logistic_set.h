/* Logistic problems that share their rows and are solved side by side: the folds of
 * one cohort, at a few values of C.  (Internal to logistic*.c.)
 *
 * Each problem p minimises, over theta = (W, b),
 *
 *     sum_i weight_p[i] * loss_i + sum_j ridge_p[j] * |W_j|^2 / (2 C)
 *
 * that is scikit-learn's objective divided by C.  A fold's rows are those with weight;
 * its own standardisation is a change of scale of the columns, which ridge_p carries
 * (the intercept is free, so a shift of a column changes nothing).  So one walk over the
 * rows serves all problems and classes, each a column of two matrix products.
 *
 * Vectors of parameters are [problem][row of theta][d + 1], the intercept last; of
 * samples [problem][n][row of theta].  The standardised rows are kept once in float32; for
 * passes in double they are made on the way, a block at a time.  Sums run over
 * chunks of rows that depend on n alone and are added in their order: the same bytes for
 * any number of threads.
 *
 * Scores, losses and gradients are double.  Hessian products and the preconditioner are
 * float32: they decide how fast the optimum is reached, the gradient where it lies.  Where
 * a float32 step does not help, the products of that C are done in double. */
#ifndef PROBE_LOGISTIC_SET_H
#define PROBE_LOGISTIC_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "probe/logistic.h"

#define LOGISTIC_SPAN 5 /* points of the path of which the next is made, at most */

struct logistic_rows {
    size_t n, d;
    const double *z;    /* [n, d] as they are, or NULL: */
    const float *x;     /* [n, d], of which (x - mean) * inverse is used */
    const double *mean, *inverse; /* [d] */
};

struct logistic_problem { /* a fold at one C */
    double *weight; /* [n] >= 0; 0: not a row of this fold.  These three are the fold's, shared by its problems. */
    double *ridge;  /* [d] > 0 */
    bool *absent;   /* [rows] classes without weight: kept at probability 0 */
    double C;
    double start_gradient;    /* largest component at W = 0 */
    double loss, value;       /* at theta; value = objective / C */
    double steepest;          /* largest |component| of the gradient */
    double decrement;         /* of the step before, relative to value */
    size_t iterations, products;
};

/* All folds at one C; several go through the rows together (logistic_path.c). */
struct logistic_front {
    size_t place; /* of its C in the path */
    size_t steps;
    size_t *active; /* [n_folds] problems that are not at their optimum */
    size_t n_active;
    bool exact;   /* Hessian products in double */
};

struct logistic_set {
    struct logistic_rows rows;
    const int32_t *label; /* [n] */
    size_t n_classes;
    size_t K;             /* rows of theta: 1 for two classes, else n_classes */
    size_t order;         /* d + 1 */
    bool leaps;           /* fronts leap over every second C */
    size_t n_folds, n_fronts, n_problems; /* the third is the product of the others: problem[front * n_folds + fold] */
    struct logistic_problem *problem;
    struct logistic_front *front;
    int n_threads;

    double *theta, *gradient, *step, *direction, *product, *residual, *solved;
    double *score, *prob, *step_score;

    float *z;                       /* [n, stride] */
    size_t n_chunks, block, stride; /* thin.h */
    double *partial; /* [n_chunks, n_problems * K, stride], or of float */
    bool exact;      /* Hessian products in double too, in this step */

    size_t n_blocks;  /* n_folds: each has its own Hessian blocks, or 1: all share the mean of theirs */
    float *factor;    /* [n_fronts, n_blocks, K, order, order]: above the diagonal Hessian blocks, on and below it Cholesky factors */
    float *diagonal;  /* [n_blocks, K, order] of the Hessian blocks */
    size_t since_refresh, last_solve; /* passes since factor was rebuilt; of the last step */

    size_t n_past; /* optima kept for the starts of the next: that at place p of the path in slot p % n_past */
    size_t past_place[LOGISTIC_SPAN]; /* whose it is, or none's */
    double *past_theta, *past_score; /* [n_past, n_folds] */
};

/* Copies nothing of rows and label; problem[fold].weight is filled by the caller, ridge is 1 and absent false. */
void logistic_set_init(struct logistic_set *s, const struct logistic_rows *rows, const int32_t *label, size_t n_classes, size_t n_folds,
                       int n_threads);
void logistic_set_free(struct logistic_set *s);

/* Where a problem's part of a vector of parameters or samples begins. */
static inline double *of_theta(const struct logistic_set *s, double *vector, size_t p)
{
    return vector + p * s->K * s->order;
}

static inline double *of_rows(const struct logistic_set *s, double *vector, size_t p)
{
    return vector + p * s->K * s->rows.n;
}

/* ---- one walk over the rows for the problems active[n_active] (logistic_pass.c) ---- */

enum logistic_pass {
    PASS_STEP,     /* step_score = [z 1] (theta + step) - score */
    PASS_GRADIENT, /* gradient, of prob and theta */
    PASS_HESSIAN   /* product = Hessian direction */
};
void logistic_copy_rows(struct logistic_set *s); /* z */
void logistic_pass(struct logistic_set *s, enum logistic_pass kind, const size_t *active, size_t n_active);

/* loss[a] of problem active[a] at score + t[a] * step_score, sum of weight times loss; fills prob. */
void logistic_losses(double *loss, struct logistic_set *s, const double *t, const size_t *active, size_t n_active);

/* 1 where row k of theta speaks of the label, else 0. */
static inline double logistic_target(size_t K, size_t k, int32_t label)
{
    return K == 1 ? label == 1 : label == (int32_t)k;
}

/* prob[K] from score[K]; returns the row's loss. */
double logistic_row_loss(double *prob, const double *score, size_t K, size_t label, const bool *absent);
/* prob[K] from score[K]; returns -log prob[mine], to full precision also where that is tiny.  absent may be NULL. */
double logistic_softmax(double *prob, const double *score, size_t K, size_t mine, const bool *absent);
double logistic_sigmoid(double score);

/* Adding one vector to every class's row changes no probability; the optimum is where the rows that are there sum to 0. */
void logistic_centre(const struct logistic_set *s, size_t p, double *vector);

/* ---- the preconditioner, one for all problems of a front (logistic_precondition.c) ---- */

/* Hessian blocks of each class, the mean over the folds, at W = 0, for front 0; and at the front's prob. */
void logistic_first_blocks(struct logistic_set *s);
void logistic_refresh(struct logistic_set *s, size_t front);
void logistic_copy_blocks(struct logistic_set *s, size_t to, size_t from);
/* Cholesky factors of the front's blocks + penalty at C. */
int logistic_factor(struct logistic_set *s, size_t front, double C, struct status *st) MUST_CHECK;
/* solved = M^-1 vector, for the active problems; those of a front follow each other. */
void logistic_precondition(struct logistic_set *s, const double *vector, const size_t *active, size_t n_active);

/* ---- steps (logistic_newton.c) ---- */

/* Front 0: theta = 0 but for the intercepts that give each class its share; fills score, prob, loss, gradient and start_gradient. */
void logistic_start(struct logistic_set *s);
/* sum_j ridge_j |W_j|^2 / (2 C) at theta + t * step. */
double logistic_penalty(const struct logistic_set *s, size_t p, double t);
/* step: Hessian step = -gradient for the active problems, each until its preconditioned residual has fallen by forcing[p].
 * solved holds M^-1 gradient on entry, and rho[p] = gradient' M^-1 gradient. */
void logistic_newton_steps(struct logistic_set *s, const size_t *active, size_t n_active, const double *rho, const double *forcing);
/* Steps as long as the objective allows; theta, score, prob, loss and value move on. */
void logistic_line_search(struct logistic_set *s, const size_t *active, size_t n_active);

/* ---- where a front starts (logistic_span.c) ---- */

/* theta, score, prob, loss and value of the front, whose C is set: the least objective, at that C, in the span of m <= LOGISTIC_SPAN
 * points, the newest first; theta[j] and score[j] are those of all folds. */
void logistic_span_start(struct logistic_set *s, size_t front, const double *const *theta, const double *const *score, size_t m);

/* ---- the path (logistic_path.c) ---- */

/* fit[fold * n_c + c] for C[n_c], any order. */
int logistic_walk_path(struct logistic *fit, struct logistic_set *s, const double *C, size_t n_c, struct status *st) MUST_CHECK;

#endif
