/* OpenBLAS on one thread: parallelism is ours, over images, folds and
 * replicates, and a product's bits must not depend on who else is computing.
 * Every entry that uses BLAS from several threads calls this first, on one thread. */
#ifndef BASE_BLAS_H
#define BASE_BLAS_H

void blas_use_one_thread(void);

/* OpenBLAS's own description: version, build, the kernels it chose for this processor. */
const char *blas_description(void);

#endif
