/* The difference of two figures from independent samples, from each one's own limits
 * (MOVER): a - b lies in
 *     a - b - sqrt((a - low_a)^2 + (high_b - b)^2)  to  a - b + sqrt((high_a - a)^2 + (b - low_b)^2).
 * With Wilson's limits of two proportions it is Newcombe 1998, Stat Med 17:873, method 10;
 * of any figures Zou & Donner 2008, Stat Med 27:1693.  What each figure's interval does well, near 0 and 1 or for
 * clustered data, the difference's then does too, and the two columns of a table explain the third.
 *
 * Limits may be infinite.  NaN in, NaN out.  A figure outside its own limits (an upward-biased
 * one, as ECE) counts as lying on the nearer of them. */
#ifndef INTERVAL_UNPAIRED_H
#define INTERVAL_UNPAIRED_H

#include "metric/proportion.h"

struct limits unpaired_limits(double a, struct limits of_a, double b, struct limits of_b);

#endif
