/* Do the labels' rates differ between the given partitions, or between sites?
 *
 * Counted by unit: a unit counts in a part once, in the largest class of its images there (regression: their mean), so that a
 * patient's many views are no evidence of their own.
 *   classes     each class against the rest, inside the part against outside it: Fisher's exact test, two-sided, where an
 *               expected count is below 5, else chi-square without correction.  Of two classes only the second is tested.
 *   regression  means inside and outside: Welch's t.
 * All tests of a task are adjusted together by Holm's method.  Named: p < DRIFT_LEVEL, and a difference that matters: rates
 * at least 5 points apart or one twice the other; means at least 0.2 pooled standard deviations apart.  A part or rest of fewer than
 * two units is not tested. */
#ifndef COHORT_DRIFT_H
#define COHORT_DRIFT_H

#include "cohort/cohort.h"

#define DRIFT_LEVEL 0.01

void drift_audit(struct cohort *c);

/* Two-sided p of a table of two rows of n[2], of which k[2] have the property. */
double drift_test(const size_t k[2], const size_t n[2]);

#endif
