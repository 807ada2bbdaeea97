/* What figures need and metrics.csv has not, from predictions/ alone, as CSV
 * beside the figures:
 *
 *   figures/roc.TASK.csv, precision_recall.TASK.csv, decision.TASK.csv   curves with pointwise bootstrap bands (evaluate/bands.h); of several
 *                               classes each against the rest; decision curves of two classes only
 *   figures/calibration.TASK.csv   ten bins of equal width of P(positive), or of the largest probability; Wilson interval of the observed share
 *   figures/confusion.TASK.csv     counts, shares of the true class with their Wilson intervals
 *   figures/bland_altman.TASK.csv   of regressions: a row an image (evenly chosen, at most 1,000), then bias and limits with their intervals
 *
 * Of each task and protocol that the main table shows, its first probe, and each model's shown readout. */
#ifndef EVALUATE_FIGURE_DATA_H
#define EVALUATE_FIGURE_DATA_H

#include "base/status.h"
#include "report/main_table.h"

#define FIGURE_DATA_REPLICATES 1000

/* Tasks without predictions/TASK.csv are left out. */
int figure_data_write(const struct main_table *t, int n_threads, struct status *st) MUST_CHECK;

/* "roc" and so on, in the order of the list above. */
enum figure_data_file { DATA_ROC, DATA_PRECISION_RECALL, DATA_DECISION, DATA_CALIBRATION, DATA_CONFUSION, DATA_BLAND_ALTMAN, N_DATA_FILES };
extern const char *const FIGURE_DATA_NAME[N_DATA_FILES], *const FIGURE_DATA_HEADER[N_DATA_FILES];

#endif
