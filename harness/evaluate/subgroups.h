/* A cell's figures within the groups of its test part (study/subgroup.h), for subgroups.csv.
 *
 *   binary      auroc, average_precision; sensitivity, specificity, balanced_accuracy at the threshold from validation
 *   multiclass  auroc_macro, balanced_accuracy
 *   ordinal     kappa_quadratic, mae_grade
 *   regression  mae, bias
 *
 * Intervals as in metrics.csv (interval/estimates.h); what is resampled are the patients of the whole part, so that
 * replicates are paired between groups.  For each column and metric a test whether the groups differ
 * (interval/equality.h), of the groups in which at least SUBGROUP_PATIENTS patients hold the figure's samples (of a
 * binary task: of either class, but for sensitivity and specificity, which have one); the row names those left out.
 * Samples whose cell says nothing are a group of their own, "(missing)", which is not tested.
 * Several columns and models are many tests: p is not adjusted here. */
#ifndef EVALUATE_SUBGROUPS_H
#define EVALUATE_SUBGROUPS_H

#include "evaluate/cell_rows.h"

#define SUBGROUP_PATIENTS 10

/* score[part n, n_out] as scored_set gave it; nothing where t->subgroups is NULL or the task has none. */
int subgroups_score(const struct cell_task *t, const struct cell_name *name, struct scored *part, const char *partition, const double *score,
                    size_t n_out, double threshold, struct status *st) MUST_CHECK;

#endif
