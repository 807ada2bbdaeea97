/* Agreement of real predictions with a real target, and correlation.
 *
 * target[n], prediction[n] finite; weight[n]: how often each sample counts, NULL:
 * once each.  A sample of weight 3 is added three times, so the bits are those of
 * three adjacent rows.  Sums in double, two passes (mean first), so a large common
 * offset costs no digits.  What does not exist is NaN: everything for n = 0, R2 of
 * a constant target, a correlation with a constant. */
#ifndef METRIC_REGRESSION_H
#define METRIC_REGRESSION_H

#include <stddef.h>
#include <stdint.h>

struct regression_moments { /* means, and sums of squares and products about them */
    double n, mean_target, mean_prediction;
    double ss_target, ss_prediction, ss_product;
};

struct bland_altman { /* of prediction - target; Bland & Altman 1986, Lancet i:307 */
    double bias, sd;      /* SD with n - 1 */
    double low, high;     /* bias -+ 1.96 SD */
    double bias_ci[2], low_ci[2], high_ci[2]; /* Student t */
    double limit_se;      /* SD sqrt(1/n + 1.96^2 / (2 (n - 1))) */
    double share_inside;
};

struct regression_moments regression_moments(const double *target, const double *prediction, const uint32_t *weight,
                                             size_t n);

double regression_mae(const double *target, const double *prediction, const uint32_t *weight, size_t n);
double regression_mse(const double *target, const double *prediction, const uint32_t *weight, size_t n);
double regression_rmse(const double *target, const double *prediction, const uint32_t *weight, size_t n);
double regression_bias(const double *target, const double *prediction, const uint32_t *weight, size_t n);
/* SD (n - 1) of prediction - target; NaN for n < 2. */
double regression_error_sd(const double *target, const double *prediction, const uint32_t *weight, size_t n);
double regression_r2(const double *target, const double *prediction, const uint32_t *weight, size_t n);
double regression_pearson(const double *target, const double *prediction, const uint32_t *weight, size_t n);
/* Share of samples with |prediction - target| <= distance. */
double regression_share_within(const double *target, const double *prediction, const uint32_t *weight, size_t n,
                               double distance);

/* Over the samples themselves, once each. */
double regression_spearman(const double *target, const double *prediction, size_t n); /* Pearson of mid-ranks */
double regression_kendall_tau_b(const double *target, const double *prediction, size_t n); /* O(n^2) */
double regression_median_absolute_error(const double *target, const double *prediction, size_t n);
double regression_max_error(const double *target, const double *prediction, size_t n);
double regression_explained_variance(const double *target, const double *prediction, size_t n);
double regression_mape(const double *target, const double *prediction, size_t n); /* NaN if a target is 0 */
/* Lin 1989, Biometrics 45:255; moments divided by n. */
double regression_concordance(const double *target, const double *prediction, size_t n);
/* n >= 2, else all NaN.  level of the intervals; the limits themselves are bias -+ 1.96 SD. */
struct bland_altman regression_bland_altman(const double *target, const double *prediction, size_t n, double level);

/* From moments alone, as replicates need them.  The ICC is the (2,1) of metric/icc.h for two raters.  NaN where nothing
 * varies, and for the ICC with fewer than two samples or a perfect agreement of which no F ratio exists. */
double moments_concordance(const struct regression_moments *m);
double moments_icc_agreement(const struct regression_moments *m);

#endif
