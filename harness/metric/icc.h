/* Intraclass correlations, the six forms of Shrout & Fleiss 1979, Psychol Bull 86:420,
 * with the limits of McGraw & Wong 1996, Psychol Methods 1:30.
 *
 * rating[n_subjects, n_raters], row-major, complete, finite.  Sums in two passes, so
 * a large common offset costs few digits. */
#ifndef METRIC_ICC_H
#define METRIC_ICC_H

#include <stddef.h>

#include "base/status.h"

enum icc_form {
    ICC_ONE,      /* (1,1): every subject has raters of its own */
    ICC_TWO,      /* (2,1): the same raters, a sample of raters; absolute agreement */
    ICC_THREE,    /* (3,1): the same raters, these ones; consistency */
    ICC_ONE_K,    /* (1,k), (2,k), (3,k): of the mean of the raters */
    ICC_TWO_K,
    ICC_THREE_K,
    ICC_N_FORMS
};

struct icc {
    double icc, f, df1, df2, p;
    double low, high; /* NaN where the quantile they need is not finite: (2,1) far below 0 */
};

/* form[ICC_N_FORMS].  STATUS_UNDEFINED, all NaN, with fewer than two subjects or raters, or where nothing varies
 * within subjects but for the raters' means (the F ratio has no denominator). */
int icc_estimate(struct icc *form, const double *rating, size_t n_subjects, size_t n_raters, double level,
                 struct status *st) MUST_CHECK;

#endif
