/* The analytic interval of an AUROC that a table prints, chosen by what the sample
 * holds (tests/bench/bench_coverage.c shows what each covers):
 *
 * units are all single samples: logit DeLong; by units: Obuchowski's variance on the
 *   logit scale.  Both collapse for few cases and near 1, so instead
 * Newcombe's method 5, with the units that hold each class as its counts, where the
 *   rarer class is held by fewer than 30 units, the area is above 0.95 (or below 0.05), or
 *   the other is undefined. */
#ifndef INTERVAL_AREA_INTERVAL_H
#define INTERVAL_AREA_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

#include "interval/delong.h"

enum area_method { AREA_LOGIT_DELONG, AREA_LOGIT_OBUCHOWSKI, AREA_METHOD5, AREA_METHOD5_UNITS, AREA_N_METHODS };

/* unit[n] in 0 .. n_units-1 (NULL: each sample its own).  Always defined once delong_new succeeded. */
struct limits area_interval(enum area_method *method, const struct delong *d, const uint32_t *unit, size_t n_units,
                            double level);
#endif
