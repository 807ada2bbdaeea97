#include "interval/calibration_interval.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "metric/inverse.h"
#include "metric/recalibration.h"

struct fit {
    const int32_t *label;
    const double *prob;
    const uint32_t *unit;
    size_t n, n_units;
    double intercept, slope;
    bool free_slope;
};

/* Variances {intercept, slope} by the sandwich; *groups: units that hold a sample. */
static void sandwich(double *variance, size_t *groups, const struct fit *f)
{
    double *score = NEW0(2 * f->n_units, double), bread[3] = {0, 0, 0}, meat[3] = {0, 0, 0};
    bool *held = NEW0(f->n_units, bool);
    *groups = 0;
    for (size_t i = 0; i < f->n; i++) {
        double x = log(f->prob[i] / (1 - f->prob[i])), q = recalibration_apply(f->intercept, f->slope, f->prob[i]);
        double rest = (f->label[i] == 1) - q, spread = q * (1 - q);
        if (!f->free_slope)
            x = 0;
        score[2 * f->unit[i]] += rest;
        score[2 * f->unit[i] + 1] += rest * x;
        bread[0] += spread;
        bread[1] += spread * x;
        bread[2] += spread * x * x;
        *groups += !held[f->unit[i]];
        held[f->unit[i]] = true;
    }
    for (size_t u = 0; u < f->n_units; u++) {
        meat[0] += score[2 * u] * score[2 * u];
        meat[1] += score[2 * u] * score[2 * u + 1];
        meat[2] += score[2 * u + 1] * score[2 * u + 1];
    }
    double correction = (double)*groups / ((double)*groups - 1);
    if (f->free_slope) { /* rows of the inverse information, {c, -b} and {-b, a}, over its determinant */
        double a = bread[0], b = bread[1], c = bread[2], square = pow(a * c - b * b, 2);
        variance[0] = correction * (c * c * meat[0] - 2 * b * c * meat[1] + b * b * meat[2]) / square;
        variance[1] = correction * (b * b * meat[0] - 2 * a * b * meat[1] + a * a * meat[2]) / square;
    } else {
        variance[0] = correction * meat[0] / (bread[0] * bread[0]);
        variance[1] = NAN;
    }
    free(held);
    free(score);
}

static struct limits about(double value, double se, double quantile)
{
    return (struct limits){value - quantile * se, value + quantile * se};
}

void calibration_limits(struct calibration_limits *figure, const int32_t *label, const double *prob, const uint32_t *unit, size_t n,
                        size_t n_units, double level)
{
    struct recalibration r;
    struct status st = {0};
    double large, large_se, normal = gsl_cdf_ugaussian_Pinv((1 + level) / 2), variance[2];
    size_t groups;
    for (size_t i = 0; i < N_CALIBRATION_FIGURES; i++)
        figure[i] = (struct calibration_limits){.value = NAN, .limits = {NAN, NAN}};
    if (recalibration_fit(&r, label, prob, NULL, n, &st) == STATUS_OK) {
        double slope_se = r.slope_se, intercept_se = r.intercept_se, quantile = normal;
        if (unit) {
            sandwich(variance, &groups, &(struct fit){label, prob, unit, n, n_units, r.intercept, r.slope, true});
            intercept_se = sqrt(variance[0]);
            slope_se = sqrt(variance[1]);
            quantile = groups > 1 ? inverse_t((1 + level) / 2, (double)groups - 1) : NAN;
        }
        figure[CALIBRATION_SLOPE] = (struct calibration_limits){.value = r.slope, .limits = about(r.slope, slope_se, quantile)};
        figure[CALIBRATION_INTERCEPT] = (struct calibration_limits){.value = r.intercept, .limits = about(r.intercept, intercept_se, quantile)};
    } else {
        figure[CALIBRATION_SLOPE].why = figure[CALIBRATION_INTERCEPT].why = st;
    }
    if (recalibration_in_the_large(&large, &large_se, label, prob, NULL, n, &st) == STATUS_OK) {
        double quantile = normal;
        if (unit) {
            sandwich(variance, &groups, &(struct fit){label, prob, unit, n, n_units, large, 1, false});
            large_se = sqrt(variance[0]);
            quantile = groups > 1 ? inverse_t((1 + level) / 2, (double)groups - 1) : NAN;
        }
        figure[CALIBRATION_IN_THE_LARGE] = (struct calibration_limits){.value = large, .limits = about(large, large_se, quantile)};
    } else {
        figure[CALIBRATION_IN_THE_LARGE].why = st;
    }
}
