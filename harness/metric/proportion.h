/* Intervals for a proportion, k of n independent samples.
 * Brown, Cai & DasGupta 2001, Stat Sci 16:101.  Wilson is the one for tables;
 * Clopper-Pearson where coverage must never fall below the level.
 * n = 0: both limits NaN.  level in (0, 1). */
#ifndef METRIC_PROPORTION_H
#define METRIC_PROPORTION_H

#include <stdint.h>

struct limits {
    double low, high;
};

struct limits proportion_wilson(uint64_t k, uint64_t n, double level);
/* Newcombe 1998, Stat Med 17:857, method 4. */
struct limits proportion_wilson_corrected(uint64_t k, uint64_t n, double level);
struct limits proportion_clopper_pearson(uint64_t k, uint64_t n, double level);
struct limits proportion_agresti_coull(uint64_t k, uint64_t n, double level); /* cut to [0, 1] */
struct limits proportion_jeffreys(uint64_t k, uint64_t n, double level);
struct limits proportion_wald(uint64_t k, uint64_t n, double level);          /* cut to [0, 1] */

#endif
