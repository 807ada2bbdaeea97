/* NumPy's .npy, format 1.0 to 3.0, C order, little-endian: what tests compare
 * with and what users take their embeddings away in.  Source: numpy
 * lib/format documentation, NEP 1. */
#ifndef BASE_NPY_H
#define BASE_NPY_H

#include <stddef.h>
#include <stdint.h>

#include "base/outfile.h"
#include "base/status.h"

#define NPY_MAX_DIMS 8

struct npy {
    char kind;        /* 'f', 'i', 'u', 'b' */
    size_t item;      /* bytes of one element */
    size_t n_dims;
    size_t shape[NPY_MAX_DIMS];
    size_t n;         /* product of shape; 1 for a scalar */
    unsigned char *data; /* owned, n * item bytes */
};

int npy_read(struct npy *array, const char *path, struct status *st) MUST_CHECK;
void npy_free(struct npy *array);
double npy_value(const struct npy *array, size_t i); /* element i, whatever its type */
float *npy_floats(const struct npy *array);          /* new array of n floats */
double *npy_doubles(const struct npy *array);        /* new array of n doubles */

/* Open `path` and write the header for elements of `type` ("<f4", "<f2"); the caller writes the data and commits. */
int npy_begin(struct outfile *out, const char *path, const char *type, const size_t *shape, size_t n_dims, struct status *st) MUST_CHECK;

/* Write shape[n_dims] of float32, atomically (temporary, then rename). */
int npy_write_float(const char *path, const float *data, const size_t *shape, size_t n_dims, struct status *st) MUST_CHECK;

#endif
