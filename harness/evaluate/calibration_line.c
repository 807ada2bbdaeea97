#include "evaluate/calibration_line.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/rng.h"
#include "metric/recalibration.h"

const char *calibration_figure_name(enum calibration_figure figure)
{
    static const char *const name[N_CALIBRATION_FIGURES] = {"calibration_in_the_large", "calibration_intercept", "calibration_slope"};
    return name[figure];
}

struct data {
    enum task_kind kind;
    const int32_t *label;
    const double *target, *score;
    size_t n;
    bool large_only;
};

static void fit_regression(double value[N_CALIBRATION_FIGURES], struct status *reason, const struct data *d, const uint32_t *weight)
{
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (size_t i = 0; i < d->n; i++) {
        double w = weight ? weight[i] : 1;
        n += w;
        x += w * d->score[i];
        y += w * d->target[i];
    }
    x /= n;
    y /= n;
    for (size_t i = 0; i < d->n; i++) {
        double w = weight ? weight[i] : 1, dx = d->score[i] - x;
        xx += w * dx * dx;
        xy += w * dx * (d->target[i] - y);
    }
    value[CALIBRATION_IN_THE_LARGE] = y - x;
    value[CALIBRATION_SLOPE] = xx > 0 ? xy / xx : NAN;
    value[CALIBRATION_INTERCEPT] = xx > 0 ? y - xy / xx * x : NAN;
    for (int k = CALIBRATION_INTERCEPT; reason && k < N_CALIBRATION_FIGURES && !(xx > 0); k++)
        status_set(&reason[k], STATUS_UNDEFINED, "the predictions are constant");
}

/* reason[N_CALIBRATION_FIGURES], or NULL */
static void fit(double value[N_CALIBRATION_FIGURES], struct status *reason, const struct data *d, const uint32_t *weight)
{
    if (d->kind == KIND_REGRESSION) {
        fit_regression(value, reason, d, weight);
        return;
    }
    double se;
    struct recalibration line = {.intercept = NAN, .slope = NAN};
    struct status st = {0};
    if (recalibration_in_the_large(&value[CALIBRATION_IN_THE_LARGE], &se, d->label, d->score, weight, d->n, &st) && reason)
        reason[CALIBRATION_IN_THE_LARGE] = st;
    if (d->large_only)
        return;
    if (recalibration_fit(&line, d->label, d->score, weight, d->n, &st) && reason)
        reason[CALIBRATION_INTERCEPT] = reason[CALIBRATION_SLOPE] = st;
    value[CALIBRATION_INTERCEPT] = line.intercept;
    value[CALIBRATION_SLOPE] = line.slope;
}

static void fit_all(struct calibration_line *c, const struct data *d, const struct bootstrap_plan *plan, int n_threads)
{
    fit(c->value, c->reason, d, NULL);
#pragma omp parallel num_threads(n_threads > 0 ? n_threads : 1)
    {
        gsl_rng *rng = rng_stream_new();
        uint32_t *weight = NEW(plan->n, uint32_t), *unit_count = NEW(plan->n_units, uint32_t);
#pragma omp for schedule(static)
        for (size_t b = 0; b < plan->replicates; b++) {
            bootstrap_weights(weight, unit_count, plan, b, rng);
            fit(c->replicate + b * N_CALIBRATION_FIGURES, NULL, d, weight);
        }
        free(unit_count);
        free(weight);
        gsl_rng_free(rng);
    }
}

void calibration_line_fit(struct calibration_line *c, enum task_kind kind, const int32_t *label, const double *target, const double *score,
                          const struct bootstrap_plan *plan, int n_threads)
{
    const struct data d = {kind, label, target, score, plan->n, false};
    *c = (struct calibration_line){.replicates = plan->replicates, .replicate = NEW(plan->replicates * N_CALIBRATION_FIGURES, double)};
    fit_all(c, &d, plan, n_threads);
}

void calibration_line_recalibrated(struct calibration_line *c, const struct calibration_line *base, enum task_kind kind, const int32_t *label,
                                   const double *target, const double *score, double intercept, double slope, const struct bootstrap_plan *plan,
                                   int n_threads)
{
    const struct data d = {kind, label, target, score, plan->n, true};
    *c = (struct calibration_line){.replicates = plan->replicates, .replicate = NEW(plan->replicates * N_CALIBRATION_FIGURES, double)};
    fit_all(c, &d, plan, n_threads);
    for (int k = CALIBRATION_INTERCEPT; k < N_CALIBRATION_FIGURES; k++)
        c->reason[k] = base->reason[k];
    for (size_t b = 0; b <= base->replicates; b++) { /* the last: the sample itself */
        double *to = b < base->replicates ? c->replicate + b * N_CALIBRATION_FIGURES : c->value;
        const double *from = b < base->replicates ? base->replicate + b * N_CALIBRATION_FIGURES : base->value;
        to[CALIBRATION_SLOPE] = slope < 0 || slope > 0 ? from[CALIBRATION_SLOPE] / slope : NAN;
        to[CALIBRATION_INTERCEPT] = from[CALIBRATION_INTERCEPT] - intercept * to[CALIBRATION_SLOPE];
    }
}

void calibration_line_free(struct calibration_line *c)
{
    free(c->replicate);
    *c = (struct calibration_line){0};
}
