/* Likelihood ratios, odds ratio and Youden's index of a 2 x 2 table, with intervals.
 *
 * count as in metric/confusion.h with n_classes = 2: {TN, FP, FN, TP}.  Ratios are
 * infinite where only their denominator is 0 and NaN for 0/0; their limits are those
 * of the logarithm (Simel et al. 1991, J Clin Epidemiol 44:763; Woolf 1955 for the odds
 * ratio), and NaN where an empty cell leaves none.  Youden's limits are the sums of
 * the Clopper-Pearson limits of both parts, which is wide. */
#ifndef METRIC_DIAGNOSTIC_H
#define METRIC_DIAGNOSTIC_H

#include <stdint.h>

#include "metric/proportion.h"

struct diagnostic {
    double value;
    struct limits limits;
};

struct diagnostic diagnostic_lr_positive(const uint64_t *count, double level); /* sensitivity / (1 - specificity) */
struct diagnostic diagnostic_lr_negative(const uint64_t *count, double level); /* (1 - sensitivity) / specificity */
struct diagnostic diagnostic_odds_ratio(const uint64_t *count, double level);  /* TP TN / (FP FN) */
struct diagnostic diagnostic_youden(const uint64_t *count, double level);      /* sensitivity + specificity - 1 */

#endif
