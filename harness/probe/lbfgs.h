/* Limited-memory BFGS that is told, not called: whoever computes the objective keeps the
 * loop, so that many problems can share one pass over their data.
 *
 *     lbfgs_begin(&l, start, n, step);
 *     while (!l.done) {  compute f and gradient g[n] at l.trial;  lbfgs_tell(&l, f, g);  }
 *
 * l.x is the best point so far.  Two-loop recursion over the last LBFGS_MEMORY pairs (Nocedal
 * 1980, Math. Comp. 35:773), first matrix y's/y'y; steps are halved or less until the
 * objective falls by 1e-4 of what the slope promises (Armijo), a pair without positive
 * curvature is left out.  All sums in index order.  Done when |g| <= 1e-5 max(1, |x|), or after
 * LBFGS_MOST_CUTS steps of one line that did not help: as far as the objective's digits go.
 * A trial whose objective is not finite is too far and cut like any other. */
#ifndef PROBE_LBFGS_H
#define PROBE_LBFGS_H

#include <stdbool.h>
#include <stddef.h>

#define LBFGS_MEMORY 10
#define LBFGS_MOST_CUTS 8

struct lbfgs {
    size_t n;
    double *x, *gradient, *trial, *direction; /* [n], owned */
    double f;                                 /* at x; meaningless before the first lbfgs_tell */
    double step;                              /* trial = x + step * direction */
    bool done, began;
    /* private */
    double *s, *y;      /* [LBFGS_MEMORY, n] */
    double rho[LBFGS_MEMORY];
    size_t n_pairs, next; /* pairs kept, and where the next one goes */
    double slope, first_step;
    unsigned cuts;
};

/* first_step: length of the first step, before anything is known of the curvature; start[n] is copied. */
void lbfgs_begin(struct lbfgs *l, const double *start, size_t n, double first_step);
/* f and gradient[n] at l->trial.  True if the trial became l->x. */
bool lbfgs_tell(struct lbfgs *l, double f, const double *gradient);
void lbfgs_free(struct lbfgs *l);

#endif
