#include "metric/diagnostic.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#include "metric/confusion.h"

/* exp(log value -+ z se): with an empty cell se is infinite, and inf - inf is the NaN of a limit that does not exist. */
static struct diagnostic on_log_scale(double value, double variance, double level)
{
    double half = gsl_cdf_ugaussian_Pinv((1 + level) / 2) * sqrt(variance);
    return (struct diagnostic){value, {exp(log(value) - half), exp(log(value) + half)}};
}

struct diagnostic diagnostic_lr_positive(const uint64_t *count, double level)
{
    double fp = (double)count[1], tp = (double)count[3];
    double negative = (double)count[0] + fp, positive = (double)count[2] + tp;
    return on_log_scale((tp / positive) / (fp / negative), 1 / tp - 1 / positive + 1 / fp - 1 / negative, level);
}

struct diagnostic diagnostic_lr_negative(const uint64_t *count, double level)
{
    double tn = (double)count[0], fn = (double)count[2];
    double negative = tn + (double)count[1], positive = fn + (double)count[3];
    return on_log_scale((fn / positive) / (tn / negative), 1 / fn - 1 / positive + 1 / tn - 1 / negative, level);
}

struct diagnostic diagnostic_odds_ratio(const uint64_t *count, double level)
{
    double tn = (double)count[0], fp = (double)count[1], fn = (double)count[2], tp = (double)count[3];
    return on_log_scale(tp * tn / (fp * fn), 1 / tn + 1 / fp + 1 / fn + 1 / tp, level);
}

struct diagnostic diagnostic_youden(const uint64_t *count, double level)
{
    struct limits sensitivity = proportion_clopper_pearson(count[3], count[2] + count[3], level);
    struct limits specificity = proportion_clopper_pearson(count[0], count[0] + count[1], level);
    return (struct diagnostic){confusion_sensitivity(count) + confusion_specificity(count) - 1,
                               {sensitivity.low + specificity.low - 1, sensitivity.high + specificity.high - 1}};
}
