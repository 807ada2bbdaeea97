/* p values of a family of hypotheses, adjusted for their number.
 *
 * adjusted[n] from p[n] in [0, 1]; a NaN (a test that could not be made) stays NaN and
 * does not count in the family.  Adjusted values are at most 1, and ascend with p.
 * Holm 1979, Scand J Stat 6:65 (claims); Benjamini & Hochberg 1995, JRSS B 57:289
 * (screening); Hochberg 1988; Benjamini & Yekutieli 2001; Sidak 1967. */
#ifndef INTERVAL_ADJUST_H
#define INTERVAL_ADJUST_H

#include <stddef.h>

enum adjust_method {
    ADJUST_BONFERRONI,
    ADJUST_HOLM,
    ADJUST_HOCHBERG,
    ADJUST_BH,
    ADJUST_BY,
    ADJUST_SIDAK,
    ADJUST_HOLM_SIDAK
};

void adjust_p(double *adjusted, enum adjust_method method, const double *p, size_t n);

#endif
