/* Label efficiency: how well a cell does when only a share of the training
 * patients is labelled.
 *
 * The patients of the development part (images, where none are named) are drawn by
 * split/nested.h: draw i at 5 % lies inside draw i at 10 %, and every model, readout
 * and probe of a task gets the same draws.  For each the probe is chosen and fitted
 * anew from the draw alone, and scored on the one test part by the headline metric
 * of the task's kind.
 *
 * Choice inside a draw: folds disjoint by patient and stratified as those of the
 * whole part, as many as the study names but no more than the class with the fewest
 * patients has; the grid is the study's.  Where that class has one patient, or no fold
 * can be validated on, nothing is chosen: C = 1, alpha = 1, k = 5 (or every image, if
 * fewer), which no data suggested.  The choice on the whole part is never used for less.
 * A draw that lacks a class the development part has is NA.
 *
 * At 100 % there is one draw, the whole part: its figure is the cell's in metrics.csv.
 *
 * Of protocols grouped and given; by image, also where examinations are named. */
#ifndef EVALUATE_EFFICIENCY_H
#define EVALUATE_EFFICIENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/outfile.h"
#include "base/progress.h"
#include "base/status.h"
#include "evaluate/cell.h"

/* The draws of a task. */
struct efficiency_draws {
    uint32_t *unit;       /* [n_development] patient, 0 .. n_units-1, in the order of the cohort's numbers */
    size_t n_units;
    uint32_t *rank;       /* [draws, n_units] place of the patient in the draw: the first m are a draw of m */
};

void efficiency_draws_make(struct efficiency_draws *e, const struct cell_task *t);
void efficiency_draws_free(struct efficiency_draws *e);

struct efficiency_value {
    double value;         /* NaN: why says why */
    size_t n_images, n_patients;
    size_t n_folds;       /* chosen among; 0: fixed */
    double parameter;     /* NaN with value, if nothing was fitted */
    char why[200];
};

/* One fit: the first n_patients of a draw.  x[cohort n, d]; x_test[n_test, d] the test part's rows of it. */
int efficiency_draw(struct efficiency_value *v, const struct efficiency_draws *e, const struct cell_task *t, enum study_probe probe, const float *x,
                    const float *x_test, size_t d, size_t draw, size_t n_patients, struct status *st) MUST_CHECK;

/* The curves of a study and the two files they go to. */
struct efficiency {
    const struct study *study; /* borrowed */
    struct outfile rows, reach;
    struct efficiency_curve *curve;
    size_t n_curves, capacity;
};

/* The study asks for it, and the protocol has one development part: not official, whose five folds each fit a model. */
bool efficiency_wanted(const struct study *study, enum study_protocol protocol);

/* Progress steps a cell takes: its fits below 100 %. */
size_t efficiency_steps(const struct study *study);

/* Opens the files in the study's output; nothing is done anywhere if the study asks for no fractions. */
int efficiency_begin(struct efficiency *e, const struct study *study, struct status *st) MUST_CHECK;
/* All draws of a cell, t->n_threads at a time; `full` is what cell_evaluate gave.  STATUS_INTERRUPTED between two fits. */
int efficiency_cell(struct efficiency *e, const struct efficiency_draws *draws, const struct cell_task *t, const struct study_model *model,
                    const char *readout, enum study_probe probe, const float *x, size_t d, const struct headline *full, struct progress *progress,
                    struct status *st) MUST_CHECK;
/* Compares the curves, puts both files in place. */
int efficiency_commit(struct efficiency *e, struct status *st) MUST_CHECK;
void efficiency_discard(struct efficiency *e); /* also after a commit */

#endif
