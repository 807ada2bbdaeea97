/* What the probe bench measures of ours: synthetic features, the logistic path over all
 * folds, in this process or in one of its own, and the rate of OpenBLAS's products. */
#ifndef BENCH_PROBE_WORK_H
#define BENCH_PROBE_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe_report.h"

/* x[n, d]: features that share 40 factors, as an encoder's do; label[n] < n_classes moves five of them.  The factors'
 * loadings depend on d alone. */
void work_draw(float *x, int32_t *label, size_t n, size_t d, size_t n_classes, uint64_t stream);
/* value[n] from 1e-6 to 1e5, evenly in logarithms; n > 1. */
void work_grid(double *value, size_t n);
/* The grid's index of sampled cell c of n_cells > 1: both ends, and evenly between. */
size_t work_cell(size_t c, size_t n_cells, size_t grid);

bool work_write(const char *folder, const char *name, const void *data, size_t bytes);
bool work_read(const char *folder, const char *name, void *data, size_t bytes); /* of exactly this size */

struct work_run {
    double seconds, mb;          /* of the whole fit, standardising included; the process's peak (0: not asked for) */
    size_t iterations, products; /* summed over folds and grid */
    double worst_gradient;       /* relative */
};

/* Draws, fits and forgets; folds are row modulo n_folds. */
int work_logistic(struct work_run *run, const struct probe_size *size, struct status *st) MUST_CHECK;
/* The same in a process of its own, on folder's features.f32, labels.i32 and folds.u32; leaves fold 0's optima of the
 * sampled cells in folder's ours.f64: a cell's objective, then its rows of coefficients, each with its intercept. */
bool work_logistic_apart(struct work_run *run, const struct probe_size *size, const char *folder, size_t n_cells);
/* What main calls for --child N D CLASSES FOLDS GRID THREADS FOLDER CELLS; returns the exit status. */
int work_child(char **arguments);

/* FLOP/s of a square product of this order by OpenBLAS on its own threads, the best of three. */
double work_gemm(size_t order, size_t threads, bool in_double);

#endif
