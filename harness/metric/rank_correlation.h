/* Spearman's correlation of a sample and of its bootstrap replicates from one sort of
 * each column: mid-ranks are cumulated weights, O(n).  Ties get the mean rank. */
#ifndef METRIC_RANK_CORRELATION_H
#define METRIC_RANK_CORRELATION_H

#include <stddef.h>
#include <stdint.h>

struct rank_correlation {
    size_t n;
    uint32_t *entry[2]; /* [n] ascending: position << 1 | last of its tie */
};

/* a[n], b[n] finite; n <= ORDER_MAX. */
void rank_correlation_new(struct rank_correlation *r, const double *a, const double *b, size_t n);
void rank_correlation_free(struct rank_correlation *r); /* a zeroed one is fine */

/* weight[n]: how often each sample counts; NULL: once each.  rank[2 n] is room.  NaN where a column is constant. */
double rank_correlation_compute(const struct rank_correlation *r, const uint32_t *weight, double *rank);

#endif
