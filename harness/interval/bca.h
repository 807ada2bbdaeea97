/* The bias-corrected and accelerated bootstrap interval.
 * Efron 1987, JASA 82:171; with the acceleration of several independent strata,
 * each left out of in turn while the others stay whole (Davison & Hinkley 1997,
 * section 5.3, as scipy computes it). */
#ifndef INTERVAL_BCA_H
#define INTERVAL_BCA_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct bca {
    double share;        /* of replicates below the estimate, those equal to it (1e-12) counting half */
    double bias;         /* z0, the normal quantile of share */
    double acceleration; /* NaN if the leave-one-out values are all the same */
    double tail[2];      /* the shares at which the replicates are read */
};

/* value[i * stride], i < n: replicates, NaN left out and counted.  jackknife[u * stride], u < n_units:
 * leave-one-patient-out values; stratum[n_units] in 0 .. n_strata-1, NULL: one stratum.  detail may be NULL.
 * STATUS_UNDEFINED, limits NaN, if fewer than two replicates are left, all lie on one side of the
 * estimate, or the leave-one-out values do not vary or are undefined: use another interval there. */
int interval_bca(double *low, double *high, size_t *n_undefined, struct bca *detail, double estimate,
                 const double *value, size_t stride, size_t n, const double *jackknife, const uint32_t *stratum,
                 size_t n_units, size_t n_strata, double level, struct status *st) MUST_CHECK;

#endif
