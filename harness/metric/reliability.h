/* Calibration of a sample and, from one sort, of its bootstrap replicates: the
 * figures of metric/calibration.h, each from one O(n) pass over weights.
 *
 * prob[n] in [0, 1] is what was said, hit[n] in {0, 1} whether it came true; loss[n, RELIABILITY_LOSSES]
 * are figures of each sample whose mean is asked for (Brier, log loss).  Samples are
 * kept in ascending (prob, hit, losses), so that the order of the rows changes no bit; a
 * sample of weight 3 gives what three rows give but for rounding (1e-12).
 *
 * In bins of equal count, samples of equal probability that a cut divides are shared
 * evenly between both sides, where calibration_fill goes by their position: the same without such ties. */
#ifndef METRIC_RELIABILITY_H
#define METRIC_RELIABILITY_H

#include <stddef.h>
#include <stdint.h>

#define RELIABILITY_LOSSES 2
#define RELIABILITY_BINS 15

struct reliability {
    size_t n;
    uint32_t *position; /* [n] of each in the sample */
    double *prob, *loss; /* [n], [n, RELIABILITY_LOSSES] */
    uint8_t *hit;
    size_t bin_end[RELIABILITY_BINS]; /* equal width, closed on the right: one past the last sample of each */
};

struct reliability_figures { /* all NaN without weight */
    double loss[RELIABILITY_LOSSES];
    double equal_width, equal_count; /* expected calibration errors, RELIABILITY_BINS bins */
};

/* prob[i * stride]; loss NULL: none. */
void reliability_new(struct reliability *r, const double *prob, size_t stride, const uint8_t *hit, const double *loss, size_t n);
void reliability_free(struct reliability *r); /* a zeroed one is fine */

/* weight[n] by position; NULL: once each. */
struct reliability_figures reliability_compute(const struct reliability *r, const uint32_t *weight);
/* The equal-width error alone. */
double reliability_equal_width(const struct reliability *r, const uint32_t *weight);

#endif
