/* Quantiles of the beta, F and t distributions, by bisection of their distribution
 * functions to the last bits.  GSL's own inverses give NaN in places (beta, 0.025, a = 484,
 * b = 17) and fail for small degrees of freedom.  share in (0, 1); parameters above 0. */
#ifndef METRIC_INVERSE_H
#define METRIC_INVERSE_H

double inverse_beta(double share, double a, double b);
double inverse_f(double share, double df1, double df2); /* INFINITY or 0 where it lies beyond exp(-+700) */
double inverse_t(double share, double df);

#endif
