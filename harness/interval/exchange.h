/* Permutation test of two models by any metric of the panel: where the null
 * hypothesis holds, it does not matter whose scores a patient's images were given.  In each
 * of B relabellings the two models' scores of a random half of the units are exchanged,
 * whole units at a time.  p = (b + 1)/(B + 1), draws as interval/permutation.h: those of
 * replicate b are the same for every pair of models.
 *
 * Metrics of order (AUROCs, average precision) exchange mid-ranks, since two models' scores need not
 * lie on one scale (Venkatraman & Begg 1996, Biometrika 83:835); of an AUROC it is the test of
 * swap_test.  All others exchange the scores themselves.
 *
 * Both models' rows are sorted once, together: a relabelling is a weight of 0 or 1 on
 * each of 2 n rows, and a pass of O(n). */
#ifndef INTERVAL_EXCHANGE_H
#define INTERVAL_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "interval/permutation.h"
#include "metric/panel.h"

struct exchange;

/* in: the samples, as the panel takes them; its score is not looked at.  a[n_sets], b[n_sets]: scores, as the panel takes them,
 * of the models' fits (the folds of protocol official; else one), whose metrics are averaged and whose units are exchanged
 * together.  unit[n] in 0 .. n_units-1, borrowed.  STATUS_DATA as panel_new; STATUS_UNDEFINED if the kind of task has no such metric. */
int exchange_new(struct exchange **x, const struct panel_input *in, const char *metric, const double *const *a, const double *const *b,
                 size_t n_sets, const uint32_t *unit, size_t n_units, struct status *st) MUST_CHECK;
void exchange_free(struct exchange *x);

/* The metric of a less that of b once the units with flip 1 have changed hands (NULL: as seen); NaN where either is undefined. */
double exchange_difference(const struct exchange *x, const uint8_t *flip);

struct permutation_test exchange_test(const struct exchange *x, size_t replicates, uint64_t seed, const char *stream, int n_threads);

#endif
