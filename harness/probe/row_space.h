/* Orthonormal basis of the row space of x[n, d], d >= n.
 *
 * x' = Q R (Householder), so that x = z Q' with z = R' [n, n], lower triangular: a
 * problem whose penalty is |w|^2 has its optimum at w = Q v, and v is found from z with
 * the same penalty |v|^2.  x is finite; rows may be equal or zero. */
#ifndef PROBE_ROW_SPACE_H
#define PROBE_ROW_SPACE_H

#include <stddef.h>

struct row_space {
    double *qr, *tau; /* LAPACK's form of Q, owned */
    int n, d;
};

/* z[n, n] */
void row_space_fit(struct row_space *space, double *z, const double *x, size_t n, size_t d);

/* wide[d] = Q narrow[n] */
void row_space_expand(double *wide, const double *narrow, const struct row_space *space);

void row_space_free(struct row_space *space);

#endif
