/* The interval of a share of cases: Wilson's where every case is a patient of its own,
 * else the percentile bootstrap over patients; and where all cases agree, so that no replicate differs,
 * Wilson's of the patients, none of whom (or all of whom) showed it. */
#ifndef INTERVAL_SHARE_H
#define INTERVAL_SHARE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "metric/proportion.h"

struct share {
    size_t n, n_hit, n_units; /* units: those that hold a case */
    double value;             /* NaN for n = 0 */
    struct limits limits;
    const char *method;
    size_t replicates;        /* of the bootstrap; 0 for Wilson's */
};

/* hit[n] in {0, 1}; unit[n] in 0 .. n_units-1.  Draws belong to (seed, stream, replicate).  STATUS_UNDEFINED for n = 0, STATUS_DATA for a unit
 * out of range. */
int share_interval(struct share *s, const uint8_t *hit, const uint32_t *unit, size_t n, size_t n_units, size_t replicates, uint64_t seed,
                   const char *stream, double level, struct status *st) MUST_CHECK;

#endif
