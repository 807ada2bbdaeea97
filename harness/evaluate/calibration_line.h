/* Calibration in the large, intercept and slope of a cohort's scores, with bootstrap intervals by patient.
 *
 * binary: of logit P(1), metric/recalibration.h.  regression: of target on prediction; in the large: mean target less mean prediction.
 * Scores that were recalibrated by intercept a and slope b need no new fit: their slope is slope / b, their intercept
 * intercept - a slope / b, in every replicate. */
#ifndef EVALUATE_CALIBRATION_LINE_H
#define EVALUATE_CALIBRATION_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "interval/bootstrap.h"
#include "metric/kind.h"

enum calibration_figure { CALIBRATION_IN_THE_LARGE, CALIBRATION_INTERCEPT, CALIBRATION_SLOPE, N_CALIBRATION_FIGURES };

struct calibration_line {
    size_t replicates;
    double value[N_CALIBRATION_FIGURES];
    double *replicate;                            /* [replicates, N_CALIBRATION_FIGURES] */
    struct status reason[N_CALIBRATION_FIGURES]; /* why a value is NaN */
};

const char *calibration_figure_name(enum calibration_figure figure);

/* Of plan->n samples: label (binary) or target (regression), score. */
void calibration_line_fit(struct calibration_line *c, enum task_kind kind, const int32_t *label, const double *target, const double *score,
                          const struct bootstrap_plan *plan, int n_threads);
/* The same of scores recalibrated by intercept and slope, given as `score`; base: of the scores before. */
void calibration_line_recalibrated(struct calibration_line *c, const struct calibration_line *base, enum task_kind kind, const int32_t *label,
                                   const double *target, const double *score, double intercept, double slope, const struct bootstrap_plan *plan,
                                   int n_threads);
void calibration_line_free(struct calibration_line *c);

#endif
