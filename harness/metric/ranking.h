/* One sort of one column of scores, and what a pass down it counts.  The sample
 * and each of its bootstrap replicates are the same pass with other weights:
 * O(n), whole numbers, so a sample of weight 3 gives the bits of three rows. */
#ifndef METRIC_RANKING_H
#define METRIC_RANKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ranking {
    size_t n;
    uint32_t *entry; /* [n] highest score first: position << 2 | positive << 1 | last of its tie */
};

/* 2U, the positives P and the negatives N: AUROC = 2U / (2 P N). */
struct auroc_count {
    uint64_t twice_u, n_positive, n_negative;
};

/* Of the entry at place i. */
static inline uint32_t ranking_position(const struct ranking *r, size_t i)
{
    return r->entry[i] >> 2;
}

static inline bool ranking_is_positive(const struct ranking *r, size_t i)
{
    return r->entry[i] >> 1 & 1;
}

static inline bool ranking_ends_tie(const struct ranking *r, size_t i)
{
    return r->entry[i] & 1;
}

/* Positive are the samples whose label is `positive`; score[i * stride], no NaN; n <= ORDER_MAX. */
void ranking_new(struct ranking *r, const int32_t *label, int32_t positive, const double *score, size_t stride,
                 size_t n);
void ranking_free(struct ranking *r);

/* Each sample is from now on known by its unit: ranking_count's weight is then one a unit (a patient), and no
 * weights of samples need be spread out first. */
void ranking_by_unit(struct ranking *r, const uint32_t *unit);

/* weight[n]: how often each sample counts; NULL: once each.  Exact while P * N < 2^63. */
struct auroc_count ranking_count(const struct ranking *r, const uint32_t *weight);

double auroc_from_count(const struct auroc_count *count); /* NaN if P or N is 0 */

/* Sum of (recall gained) x precision over the distinct scores; NaN without positives. */
double ranking_average_precision(const struct ranking *r, const uint32_t *weight);

#endif
