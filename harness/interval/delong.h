/* DeLong's variance of the AUROC, and tests of two AUROCs, for independent samples.
 * DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837; placements from one sort,
 * O(n log n), as Sun & Xu 2014, IEEE Signal Process Lett 21:1389.
 *
 * label[n] in {0, 1}; a higher score means more positive; ties count half.  Placements
 * are whole numbers (twice the samples of the other class below, plus those tied),
 * and so are their deviations: a variance that is 0 comes out as 0, and equal data
 * give equal bits.  Samples are taken as independent; several images of a patient are
 * not (interval/clustered.h). */
#ifndef INTERVAL_DELONG_H
#define INTERVAL_DELONG_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "metric/proportion.h"

struct delong {
    size_t n, n_positive, n_negative;
    double area;
    int64_t *deviation; /* [n] of a positive: (placement - mean) x 2 P N; of a negative likewise */
    uint8_t *positive;  /* [n] */
};

/* STATUS_UNDEFINED if a class is absent (n = 0 too), STATUS_DATA for a NaN score or P N >= 2^31 x 2^31. */
int delong_new(struct delong *d, const int32_t *label, const double *score, size_t n, struct status *st) MUST_CHECK;
void delong_free(struct delong *d); /* a zeroed one is fine */

/* NaN with fewer than two samples of a class. */
double delong_variance(const struct delong *d);
/* Of two scores of the same samples (asserted: same n, same labels). */
double delong_covariance(const struct delong *a, const struct delong *b);
double delong_difference_variance(const struct delong *a, const struct delong *b);

struct area_test {
    double difference, variance;
    double statistic, df; /* df: INFINITY for a normal one */
    double p, p_greater;  /* two-sided; of the alternative that the first is larger */
    struct limits limits; /* of the difference, at the level asked for */
};

/* z = difference / its standard error.  Equal placements: z = 0, p = 1.  STATUS_UNDEFINED, statistic NaN, where
 * the variance is NaN, or 0 although the areas differ. */
int delong_paired(struct area_test *t, const struct delong *a, const struct delong *b, double level, struct status *st)
    MUST_CHECK;
/* Different samples: Student's t with Satterthwaite's degrees of freedom from all cases of each, as pROC has it. */
int delong_unpaired(struct area_test *t, const struct delong *a, const struct delong *b, double level,
                    struct status *st) MUST_CHECK;
/* From a difference and its variance alone (df INFINITY: normal): what both are made of. */
int area_test_from(struct area_test *t, double difference, double variance, double df, double level, struct status *st)
    MUST_CHECK;

/* Limits of an area from any variance of it. */
struct limits area_wald(double area, double variance, double level);  /* not cut to [0, 1] */
struct limits area_logit(double area, double variance, double level); /* NaN for an area of 0 or 1 */

#endif
