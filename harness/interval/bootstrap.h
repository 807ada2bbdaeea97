/* The bootstrap: resampling of patients, with all images of a patient.
 *
 * A replicate is a weight per sample (how often its patient was drawn); the
 * metrics are computed from the weights, nothing is copied or sorted again.
 * Within each stratum as many patients are drawn, with replacement, as it has.
 * Efron & Tibshirani 1993; by patients: Field & Welsh 2007, JRSS B 69:369.
 *
 * The draws belong to (seed, stream, replicate): stream is the task's name, so a
 * replicate draws the same patients for every model and metric and differences
 * are paired; threads and their number change nothing. */
#ifndef INTERVAL_BOOTSTRAP_H
#define INTERVAL_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "metric/interval_choice.h"
#include "metric/panel.h"

struct bootstrap_plan {
    size_t n;
    const uint32_t *unit;    /* [n] patient of each sample, 0 .. n_units-1 */
    size_t n_units;
    const uint32_t *stratum; /* [n_units] stratum of each patient, 0 .. n_strata-1; NULL: plain */
    size_t n_strata;
    size_t replicates;
    uint64_t seed;
    const char *stream;      /* the task's name */
};

/* Of a plan by patients, with strata by class or none: as a study chooses.  cluster image: each sample is its own unit and its
 * stratum is label[i] (looked at where the plan has strata); stratify auto: strata stay where one of them has fewer than
 * STRATIFY_BELOW units, so that a draw might lose it.  *own: what the plan then borrows, to be freed with free(); NULL: nothing. */
void bootstrap_plan_choose(struct bootstrap_plan *plan, uint32_t **own, const int32_t *label, enum bootstrap_cluster cluster,
                           enum bootstrap_stratify stratify);

/* weight[i] = unit_count[unit[i]] */
void bootstrap_spread(uint32_t *weight, const uint32_t *unit_count, const struct bootstrap_plan *plan);

/* Draw one replicate: unit_count[n_units] how often each patient, weight[n] how often each sample. */
void bootstrap_weights(uint32_t *weight, uint32_t *unit_count, const struct bootstrap_plan *plan, size_t replicate);

/* value[replicates, n_metrics], NaN where undefined.  STATUS_DATA if a unit or stratum is out of
 * range, STATUS_UNDEFINED if there is nothing to draw from. */
int bootstrap_panel(double *value, const struct bootstrap_plan *plan, const struct panel *p, int n_threads,
                    struct status *st) MUST_CHECK;

/* AUROC alone (label 1 positive), value[replicates]: the same bits as the panel's, without its other metrics.
 * STATUS_DATA also for a NaN score. */
int bootstrap_auroc(double *value, const struct bootstrap_plan *plan, const int32_t *label, const double *score,
                    int n_threads, struct status *st) MUST_CHECK;

/* Leave each patient out in turn: value[n_units, n_metrics].  Errors as bootstrap_panel. */
int bootstrap_jackknife(double *value, const struct bootstrap_plan *plan, const struct panel *p, int n_threads,
                        struct status *st) MUST_CHECK;

#endif
