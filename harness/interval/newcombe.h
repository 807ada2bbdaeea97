/* Intervals for an AUROC that need no data but the area and the class counts.
 * P, N >= 1 samples of each class, area in [0, 1] (NaN: everything NaN). */
#ifndef INTERVAL_NEWCOMBE_H
#define INTERVAL_NEWCOMBE_H

#include "metric/proportion.h"

/* Newcombe 2006, Stat Med 25:559, method 5: the areas t with |area - t| <= z sqrt(V(t)),
 * V(t) = t (1 - t) [1 + m (1 - t)/(2 - t) + m t/(1 + t)] / (P N), m = (P + N)/2 - 1.
 * For few positives and areas near 1, where DeLong and the bootstrap collapse; independent samples. */
struct limits newcombe_method5(double area, double n_positive, double n_negative, double level);

/* Standard error of Hanley & McNeil 1982, Radiology 143:29. */
double hanley_mcneil_se(double area, double n_positive, double n_negative);

#endif
