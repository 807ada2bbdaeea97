/* Correlation and concordance with their errors, the line of best fit, and the
 * paired t test of the bias.  target[n] and prediction[n] as in metric/regression.h;
 * what does not exist is NaN (each with its own conditions below). */
#ifndef METRIC_CORRELATION_H
#define METRIC_CORRELATION_H

#include <stddef.h>

struct correlation {
    double r;
    double t, p;      /* of r = 0, n - 2 degrees of freedom, two-sided; n >= 3; r = -1, 1: t infinite, p 0 */
    double low, high; /* Fisher's z at the level asked for; n >= 4 */
};
struct correlation correlation_pearson(const double *target, const double *prediction, size_t n, double level);
/* p by the t approximation; limits NaN. */
struct correlation correlation_spearman(const double *target, const double *prediction, size_t n);

struct line {
    double slope, intercept; /* prediction on target, least squares; NaN for a constant target */
};
struct line correlation_line(const double *target, const double *prediction, size_t n);

struct paired_t {
    double t, df, p; /* of mean(b - a) = 0, two-sided; NaN for n < 2 and where b - a is constant */
};
struct paired_t paired_t_test(const double *a, const double *b, size_t n);

struct concordance { /* Lin 1989, Biometrics 45:255 (variance as corrected 2000, 56:324); moments divided by n */
    double ccc;
    double precision, accuracy;           /* Pearson's r; C_b = ccc / r */
    double scale_shift, location_shift;   /* SD(prediction) / SD(target); bias over the root of the SDs' product */
    double low, high, z_low, z_high;      /* on its own scale; by Fisher's z; n >= 3 */
};
/* All NaN where r is undefined. */
struct concordance correlation_concordance(const double *target, const double *prediction, size_t n, double level);

#endif
