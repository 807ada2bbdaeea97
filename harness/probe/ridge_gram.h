/* Ridge from the eigenvectors of a Gram matrix: X'X [d, d] where n > d, else X X' [n, n].
 *
 * X holds the centred, weighted rows; q, the direction of their mean, has no part in them (q'X = 0).  Forming and
 * decomposing the product costs a tenth and less of X's singular value decomposition, but what comes out is exact for
 * a matrix E away, |E| about GRAM_NOISE s_max^2, so that a direction of length s keeps |E| / (s^2 + alpha) of error
 * where the decomposition of X keeps eps s_max / s.  Two things are done about it:
 *
 *   Coefficients are refined: the residual is taken from X itself, and each step multiplies the error by
 *   delta = |E| / (s_min^2 + alpha) (Bjorck 1987, Linear Algebra Appl. 88/89:31).  As many steps are made as bring
 *   delta^steps below 1e-13; more than 4 and the Gram matrix is not trusted.
 *
 *   1 - leverage cannot be refined.  Its relative error is at most delta where n <= d, and
 *   |E| max_j s_j^2 / (s_j^2 + alpha)^2 / (1 - leverage) where n > d: directions without length (constant columns,
 *   columns equal to each other) have hardly any part in it.  Above 1e-10 for any row and alpha: not trusted.
 *
 * Nothing is cut off: a direction counted as zero whose s^2 is merely small against |E| would be an error of its own.
 * Same bytes for any number of callers' threads. */
#ifndef PROBE_RIDGE_GRAM_H
#define PROBE_RIDGE_GRAM_H

#include <stddef.h>

struct ridge_rows {
    size_t n, d;
    double *x;    /* [n, d] root_i (x_i - mean), owned by the caller */
    double *root; /* [n] square roots of the weights: the direction of the mean, not of length 1 */
    double total; /* sum of the weights, the square of its length */
};

struct ridge_gram {
    size_t r;         /* min(n, d) */
    size_t n_alpha;
    int steps;        /* solutions, the first and its refinements; 0: not trusted */
    const double *alpha; /* [n_alpha], borrowed */
    double *vectors;  /* [r, r], a row each; q taken out of each where n <= d */
    double *inverse;  /* [n_alpha, r], 1 / (s_j^2 + alpha) */
    double *room;     /* [n_alpha, n], 1 - leverage, the intercept's included; NULL if not asked for */
};

/* False: the Gram matrix would cost digits, or LAPACK failed.  To be freed in either case. */
int ridge_gram_make(struct ridge_gram *g, const struct ridge_rows *rows, const double *alpha, size_t n_alpha, int want_room);

/* coef[n_alpha, d] for target[n], centred and weighted; loo[n_alpha, n] squared leave-one-out errors, or NULL. */
void ridge_gram_solve(double *coef, double *loo, const struct ridge_gram *g, const struct ridge_rows *rows, const double *target);

void ridge_gram_free(struct ridge_gram *g);

#endif
