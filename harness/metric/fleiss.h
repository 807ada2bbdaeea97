/* Agreement of several raters: Fleiss 1971, Psychol Bull 76:378, and with chance
 * fixed at 1/K, Randolph 2005 (free-marginal kappa).
 *
 * count[n_subjects, n_categories]: how many raters put the subject there; every
 * subject has the same number, at least 2 (else STATUS_DATA).  STATUS_UNDEFINED, kappa
 * NaN, for n = 0 and for Fleiss where all ratings are of one category. */
#ifndef METRIC_FLEISS_H
#define METRIC_FLEISS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

int fleiss_kappa(double *fleiss, double *randolph, uint64_t *n_raters, const uint64_t *count, size_t n_subjects,
                 size_t n_categories, struct status *st) MUST_CHECK;

#endif
