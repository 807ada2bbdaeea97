/* A fitted probe's answers to new rows.
 *
 * One row at a time: what is said of a row then depends on the probe and the row
 * alone, bit for bit, whatever rows are asked about with it (a matrix product may
 * round a row differently when it has more neighbours).  So a study's own test
 * rows, and the same rows in another cohort later, get equal bytes. */
#ifndef PROBE_APPLY_H
#define PROBE_APPLY_H

#include <stddef.h>

#include "probe/logistic.h"
#include "probe/ordinal.h"
#include "probe/ridge.h"
#include "probe/standardise.h"

/* As logistic_predict of the standardised rows x[m, d]. */
void probe_apply_logistic(double *prob, const struct scaler *scaler, const struct logistic *fit, const float *x, size_t m);
void probe_apply_ordinal(double *prob, const struct scaler *scaler, const struct ordinal *fit, const float *x, size_t m);
void probe_apply_ridge(double *prediction, const struct scaler *scaler, const struct ridge *fit, const float *x, size_t m);

#endif
