/* readouts.csv: which of a model's readouts validation chooses.
 *
 * One row a cell, of models with several readouts: the mean of the criterion over the
 * validation folds at the cell's own hyper-parameter (protocol official: at each fold's),
 * and whether it is the best of the readouts that the same model was read by in the same
 * task, protocol and probe; ties go to the readout that the study lists first.  The test
 * part plays no role: its figure stands beside for whoever reads the chosen row.  Chosen by
 * this rule, that row's interval is what it would be had the study listed this readout
 * alone. */
#ifndef EVALUATE_READOUTS_H
#define EVALUATE_READOUTS_H

#include <stddef.h>

#include "base/status.h"
#include "evaluate/cell.h"

extern const char READOUTS_HEADER[];

/* Nothing is written, and an earlier run's file is removed, where no model has several readouts. */
int readouts_write(const struct headline *headline, size_t n, const char *study, const char *directory, struct status *st) MUST_CHECK;

#endif
