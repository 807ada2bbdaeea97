/* The LAPACK routines the probes need, as OpenBLAS exports them (Debian's
 * OpenBLAS has no LAPACKE).  Column-major, 32-bit integers, and the hidden
 * string lengths of the Fortran interface at the end. */
#ifndef PROBE_LAPACK_H
#define PROBE_LAPACK_H

#include <stddef.h>

/* Cholesky; info > 0: not positive definite. */
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t);
void spotrf_(const char *uplo, const int *n, float *a, const int *lda, int *info, size_t);

/* Thin singular value decomposition (jobz "S"): a = u diag(s) vt, s descending; iwork[8 min(m, n)]. */
void dgesdd_(const char *jobz, const int *m, const int *n, double *a, const int *lda, double *s, double *u, const int *ldu,
             double *vt, const int *ldvt, double *work, const int *lwork, int *iwork, int *info, size_t);

/* Householder QR, and products with its Q. */
void dgeqrf_(const int *m, const int *n, double *a, const int *lda, double *tau, double *work, const int *lwork,
             int *info);
void dormqr_(const char *side, const char *trans, const int *m, const int *n, const int *k, const double *a,
             const int *lda, const double *tau, double *c, const int *ldc, double *work, const int *lwork, int *info,
             size_t, size_t);

/* Eigenvalues, ascending in w, and (jobz "V") eigenvectors, which replace the symmetric a column by column. */
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
             const int *lwork, int *iwork, const int *liwork, int *info, size_t, size_t);

#endif
