#include "evaluate/recalibrate.h"

#include <math.h>

#include "metric/recalibration.h"

static struct saved_recalibration fit_line(const double *target, const double *prediction, size_t n, struct status *why)
{
    struct saved_recalibration r = {NAN, NAN, NAN};
    double x = 0, y = 0, xx = 0, xy = 0;
    if (!n) {
        status_set(why, STATUS_UNDEFINED, "no sample");
        return r;
    }
    for (size_t i = 0; i < n; i++) {
        x += prediction[i] / (double)n;
        y += target[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        xx += (prediction[i] - x) * (prediction[i] - x);
        xy += (prediction[i] - x) * (target[i] - y);
    }
    r.in_the_large = y - x;
    if (xx > 0) {
        r.slope = xy / xx;
        r.intercept = y - r.slope * x;
    } else {
        status_set(why, STATUS_UNDEFINED, "recalibration: all predictions are equal, so there is no slope");
    }
    return r;
}

struct saved_recalibration recalibrate_fit(enum task_kind kind, const int32_t *label, const double *target, const double *score, size_t n,
                                           struct status *why)
{
    struct saved_recalibration r = {NAN, NAN, NAN};
    struct recalibration fit;
    double se;
    if (why)
        *why = (struct status){0};
    if (kind == KIND_REGRESSION)
        return fit_line(target, score, n, why);
    if (kind != KIND_BINARY) {
        status_set(why, STATUS_UNDEFINED, "recalibration is of two classes or a regression");
        return r;
    }
    if (recalibration_in_the_large(&r.in_the_large, &se, label, score, NULL, n, why))
        return r;
    if (!recalibration_fit(&fit, label, score, NULL, n, why)) {
        r.intercept = fit.intercept;
        r.slope = fit.slope;
    }
    return r;
}

void recalibrate_apply(double *out, enum task_kind kind, double intercept, double slope, const double *score, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = kind == KIND_REGRESSION ? intercept + slope * score[i] : recalibration_apply(intercept, slope, score[i]);
}
