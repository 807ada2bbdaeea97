/* Trains many attentive probes at once: folds and penalties share every reading of the tokens
 * and its matrix products.
 *
 * Each model is walked by L-BFGS (lbfgs.h) over the whole of its images; a pass is one reading, at
 * which every model that is not done has one trial point judged.  The objective is not
 * convex: where a walk ends depends on its start, which is the caller's and drawn from a seed.  So the
 * number of passes is a choice like C, and what a model says is kept at several.
 * Everything is summed in one order: the same bytes for any n_threads. */
#ifndef PROBE_ATTENTIVE_TRAIN_H
#define PROBE_ATTENTIVE_TRAIN_H

#include "probe/attentive.h"

struct attentive_fit {
    struct attentive_model model; /* its parameter is the start, [n_parameters] */
    double *kept;       /* [n_stops, n_parameters], NULL: not wanted */
    double *prediction; /* [n_stops, n, n_out] of the left-out images; the others' are not touched; NULL: not wanted */
    double objective;   /* out: at the last stop */
    size_t steps;       /* out: passes whose trial point was taken */
    bool done;          /* out: nothing more to gain before the last stop */
};

/* stop[n_stops]: passes after which models are kept, ascending from 1 up.  *n_passes: readings made, fewer than the last
 * stop if every walk was done.  STATUS_INTERRUPTED between two passes; otherwise errors are the source's. */
int attentive_train(struct attentive_fit *fit, size_t n_fits, const struct attentive_task *t, const size_t *stop, size_t n_stops, size_t *n_passes,
                    int n_threads, struct status *st) MUST_CHECK;

/* Q[n_queries, width] of a start: normal with the given SD, from the stream (seed, "attentive"). */
void attentive_draw_queries(double *query, const struct attentive_shape *shape, double sd, uint64_t seed);

#endif
