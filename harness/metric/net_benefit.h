/* Net benefit of treating whoever's probability reaches a threshold:
 * TP/n - FP/n x t / (1 - t).  Vickers & Elkin 2006, Med Decis Making 26:565.
 *
 * label[n] in {0, 1}; prob[n]; weight[n]: how often each sample counts, NULL: once
 * each; 0 <= threshold < 1 (asserted).  NaN for n = 0.  Treating nobody has net benefit 0. */
#ifndef METRIC_NET_BENEFIT_H
#define METRIC_NET_BENEFIT_H

#include <stddef.h>
#include <stdint.h>

/* prob >= threshold is treated. */
double net_benefit(const int32_t *label, const double *prob, const uint32_t *weight, size_t n, double threshold);
double net_benefit_treat_all(const int32_t *label, const uint32_t *weight, size_t n, double threshold);

#endif
