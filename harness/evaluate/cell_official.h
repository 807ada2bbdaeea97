/* A cell by protocol official: each of the five folds chooses its own
 * hyper-parameter on its validation images, its model scores the one test set,
 * and what is reported is the mean and the population SD (divisor 5) of every
 * metric over the folds.
 *
 *   partition "test fold 1" .. 5: the metrics of one fold's model
 *   partition "test", metric M: their mean; metric M_sd: their SD
 *
 * No row has an interval: the five scores share one test set, so that their SD
 * says how much the training images matter and not how much the test images do.
 * A metric undefined in one fold has no mean, and the row names the fold.
 * What the published script calls its AUROC is `auroc`, or for several classes
 * `auroc_macro_defined`. */
#ifndef EVALUATE_CELL_OFFICIAL_H
#define EVALUATE_CELL_OFFICIAL_H

#include "evaluate/cell.h"
#include "probe/select.h"

/* STATUS_UNDEFINED, and nothing written, if no fold's probe can be fitted. */
int cell_official(struct headline *h, const struct cell_task *t, const struct cell_name *name, enum study_probe probe,
                  const struct probe_task *problem, struct status *st) MUST_CHECK;

/* The same of folds that were fitted elsewhere: all rows but those of path.csv. */
int cell_official_finish(struct headline *h, const struct cell_task *t, const struct cell_name *name, const struct probe_folds *r,
                         struct status *st) MUST_CHECK;

/* Mean and population SD of value[n], n >= 1; NaN if one is NaN. */
void official_summary(double *mean, double *sd, const double *value, size_t n);

#endif
