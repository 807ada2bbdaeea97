/* Are a figure's values equal in k groups?  Wald's test of the k - 1 contrasts with the
 * covariance of joint bootstrap replicates: (C t)' (C S C')^-1 (C t), chi-squared with k - 1 degrees of
 * freedom.  Groups that share no patient have no covariance but for chance, and the test is then
 * Cochran's Q of a meta-analysis (Higgins & Thompson 2002, Stat Med 21:1539), the test of interaction of
 * Altman & Bland 2003, BMJ 326:219; with the covariance it also holds where patients lie in several groups
 * (views, devices).  Contrasts as DeLong et al. 1988, Biometrics 44:837.  Permuting groups instead would
 * test that nothing at all differs between them, prevalence and spectrum included.
 *
 * Made on a scale on which errors are nearer to normal: the logit of an area or a share, the
 * logarithm of an error.  Covariances come from the replicates on the plain scale, divided by the derivative's
 * inverse at the estimates, so that a replicate at the end of a scale does no harm. */
#ifndef INTERVAL_EQUALITY_H
#define INTERVAL_EQUALITY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum equality_scale { EQUALITY_PLAIN, EQUALITY_LOGIT, EQUALITY_LOG };

struct equality {
    size_t groups; /* that entered */
    double statistic, df, p;
};

/* Can the group enter: its estimate lies inside the scale, and its defined replicates vary? */
bool equality_can_enter(double estimate, const double *replicate, size_t n, enum equality_scale scale);

/* estimate[k], replicate[k] each [n], drawn jointly (the same patients in replicate b of every group); all can enter.
 * STATUS_UNDEFINED, NaN, with fewer than two groups, or a covariance that is singular or unknown. */
int equality_test(struct equality *e, const double *estimate, const double *const *replicate, size_t k, size_t n, enum equality_scale scale,
                  struct status *st) MUST_CHECK;

#endif
