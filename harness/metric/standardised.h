/* Standardised differences between two groups: how far apart they are, whatever
 * their sizes.  Austin 2009, Stat Med 28:3083; of several levels Yang & Dalton 2012, SAS Global
 * Forum 335.  An absolute value below 0.1 is commonly called balanced.
 *
 * 0 where both groups are equal, NaN where they differ and neither varies, or an input is NaN. */
#ifndef METRIC_STANDARDISED_H
#define METRIC_STANDARDISED_H

#include <stddef.h>

/* (a - b) / sqrt((sd_a^2 + sd_b^2) / 2) */
double standardised_means(double mean_a, double sd_a, double mean_b, double sd_b);
/* The same of shares, with p (1 - p) as variance. */
double standardised_shares(double share_a, double share_b);
/* Of a variable with k >= 2 levels whose shares add up to 1 in either group: sqrt(t' S^-1 t), t the differences of all levels
 * but the last and S the mean of both covariances; never negative.  Levels absent from both are left out. */
double standardised_levels(const double *share_a, const double *share_b, size_t k);

#endif
