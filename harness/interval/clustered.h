/* The variance of the AUROC when samples come in clusters (images of a patient),
 * from sums of DeLong's placements over each cluster.
 * Obuchowski 1997, Biometrics 53:567.  With one sample a cluster it is DeLong's.
 *
 * unit[n] in 0 .. n_units-1: the cluster of each sample.  NaN with fewer than two
 * clusters that hold a positive, or a negative. */
#ifndef INTERVAL_CLUSTERED_H
#define INTERVAL_CLUSTERED_H

#include <stddef.h>
#include <stdint.h>

#include "interval/delong.h"

struct clusters {
    size_t with_positive, with_negative, n; /* clusters that hold any of each; that hold a sample */
};

struct clusters clusters_count(const struct delong *d, const uint32_t *unit, size_t n_units);
double clustered_variance(const struct delong *d, const uint32_t *unit, size_t n_units);
double clustered_difference_variance(const struct delong *a, const struct delong *b, const uint32_t *unit,
                                     size_t n_units);
/* Two scores of the same samples; normal; errors as delong_paired. */
int clustered_paired(struct area_test *t, const struct delong *a, const struct delong *b, const uint32_t *unit,
                     size_t n_units, double level, struct status *st) MUST_CHECK;

#endif
