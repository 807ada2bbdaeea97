/* Every figure of a scored part with its interval, the interval chosen by the rule
 * below and named (interval by interval: tests/bench/bench_coverage.c shows what they cover).
 *
 *   areas (auroc, auroc_class_C, auroc_at_least_C)   interval/area_interval.h: logit DeLong, by patient Obuchowski's
 *                                  variance on the logit scale; Newcombe's method 5 for few cases and areas near the end
 *   shares of samples (accuracy, sensitivity, ...)   independent: Wilson, or Clopper-Pearson on request;
 *                                  by patient: the bootstrap, and where all its replicates are equal (a share of 0 or 1)
 *                                  Wilson's (or Clopper-Pearson's) with the patients that hold such samples as their number
 *   kappas                         independent, more than 100 samples and no empty margin: Fleiss, Cohen & Everitt's
 *                                  error, cut to [-1, 1]; else the bootstrap
 *   icc_2_1                        independent: McGraw & Wong's F; else the bootstrap
 *   bias, Bland-Altman limits      independent: Student t; else the bootstrap
 *   calibration slope, intercept, in the large (binary)   interval/calibration_interval.h
 *   all others                     the bootstrap
 *
 * Independent: every unit (patient) holds one sample.  The bootstrap is BCa, percentile or
 * basic, as asked; where BCa is undefined the row holds percentile limits and says why.  Replicates in
 * which a figure is undefined are left out and counted; more than 1 % of them, and the row says so.
 * Where every replicate gives the same value there is no interval: NA with that reason, never a width of 0.
 * An undefined figure has no interval and the reason. */
#ifndef INTERVAL_ESTIMATES_H
#define INTERVAL_ESTIMATES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "interval/bootstrap.h"
#include "metric/interval_choice.h"
#include "metric/panel.h"

struct estimate {
    char *metric;
    double value, low, high; /* NaN: undefined */
    char *method;            /* of the interval; "" where there is none */
    size_t replicates, undefined; /* 0 of an analytic interval */
    char *reason;            /* "" if there is nothing to say */
};

struct estimates {
    struct estimate *item; /* [n] those of the panel in its order, then the calibration's */
    size_t n;
};

struct estimates_request {
    struct panel_input panel;
    struct bootstrap_plan plan; /* of the same samples */
    double level;
    enum bootstrap_method bootstrap;
    enum proportion_method proportion;
    bool by_patient;   /* units are patients: how the methods call them; else images */
    bool patients_cut; /* the images of a patient are taken as units of their own: said of analytic intervals too */
    int n_threads;
};

/* Errors as panel_new and bootstrap_panel. */
int estimates_compute(struct estimates *f, const struct estimates_request *r, struct status *st) MUST_CHECK;
void estimates_free(struct estimates *f); /* a zeroed one is fine */
/* NULL if there is none of that name. */
const struct estimate *estimates_find(const struct estimates *f, const char *metric);

#endif
