/* subgroups.csv: figures of the groups of a test part, a row each, and for each
 * column and metric a row of the test whether the groups differ (group empty). */
#ifndef REPORT_SUBGROUP_ROWS_H
#define REPORT_SUBGROUP_ROWS_H

#include "report/results.h"

struct subgroup_row {
    struct metric_row figure;      /* of a test: value and interval NaN, method the test's */
    const char *column, *group;    /* group "": a test, or a column that the task lacks */
    size_t n_positive;             /* of class 1; SIZE_MAX: the task is not binary */
    double statistic, df, p;       /* of a test */
};

extern const char SUBGROUP_ROWS_HEADER[];

int subgroup_rows_open(struct outfile *out, const char *directory, struct status *st) MUST_CHECK;
void subgroup_rows_figure(struct outfile *out, const struct subgroup_row *row);
void subgroup_rows_test(struct outfile *out, const struct subgroup_row *row);

#endif
