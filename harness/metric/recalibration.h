/* Logistic recalibration: the label regressed on logit(p) by maximum likelihood.
 * Cox 1958, Biometrika 45:562; Steyerberg et al. 2010, Epidemiology 21:128.
 *
 * slope 1 and intercept 0: calibrated.  A slope below 1: probabilities too extreme.
 * In the large: the intercept with the slope held at 1 (above 0: too low).
 * Standard errors come from the information at the optimum.
 *
 * label[n] in {0, 1}; prob[n] in [0, 1]; weight[n]: how often each sample counts,
 * NULL: once each.  STATUS_UNDEFINED, figures NaN, if a class is absent, a probability
 * is 0 or 1 (no logit), and for the slope if all probabilities are equal or separate
 * the classes (the optimum lies at infinity). */
#ifndef METRIC_RECALIBRATION_H
#define METRIC_RECALIBRATION_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct recalibration {
    double intercept, slope, intercept_se, slope_se;
    double log_likelihood, null_log_likelihood; /* at the optimum; with an intercept alone */
};

int recalibration_fit(struct recalibration *r, const int32_t *label, const double *prob, const uint32_t *weight,
                      size_t n, struct status *st) MUST_CHECK;
int recalibration_in_the_large(double *intercept, double *se, const int32_t *label, const double *prob,
                               const uint32_t *weight, size_t n, struct status *st) MUST_CHECK;

/* P(1) after recalibration; 0 and 1 stay what they are. */
double recalibration_apply(double intercept, double slope, double prob);

#endif
