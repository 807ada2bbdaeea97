/* external.csv: every figure of a carried probe on its study's own test part and on
 * the external cohort, side by side, and their difference.
 *
 * recalibration  "" the scores as they are; then of two classes and regressions the figures that a recalibration moves:
 *   "development in the large", "development slope": frozen with the probe;
 *   "external in the large (optimistic)", "external slope (optimistic)": what could be had at best; fitted and judged on the
 *   same rows, and therefore without an internal column and without a difference.
 * partition      "test", "test fold N" of a fold's own model; "test exams" where both data sets name examinations
 * figures        those of metrics.csv, by the same functions and rule, thresholds carried, but for what the test part's own ROC curve
 *   offers (..._on_test); threshold and recalibration_*: what was carried
 * difference     external - internal, limits from both intervals (interval/unpaired.h): the cohorts are independent samples.
 *   None of ECE, whose bias depends on the number of samples */
#ifndef EVALUATE_EXTERNAL_ROWS_H
#define EVALUATE_EXTERNAL_ROWS_H

#include "base/outfile.h"
#include "base/status.h"
#include "evaluate/carried.h"
#include "evaluate/cell.h"

extern const char EXTERNAL_HEADER[];

/* internal_score, external_score: [n_test, n_out] of the two cell tasks' test parts.  Sets a->headline. */
int external_rows_write(struct outfile *out, struct carried *a, const struct cell_task *internal, const double *internal_score,
                        const struct cell_task *external, const double *external_score, struct status *st) MUST_CHECK;

/* A row of partition "audit": how many rows of the cohort the study let pass. */
void external_rows_write_accepted(struct outfile *out, const struct study *study, const struct cohort *c, const char *code, const char *meaning, size_t n);

#endif
