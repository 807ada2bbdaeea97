/* Examinations: several views with one label, scored by the mean of their
 * scores, as MURA's studies are.  A sample of which nothing names an
 * examination is one by itself. */
#ifndef EVALUATE_EXAMS_H
#define EVALUATE_EXAMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "cohort/cohort.h"

struct exams {
    size_t n;
    size_t n_rows;
    uint32_t *of_row; /* [n_rows] 0 .. n-1, numbered by first view */
    size_t *first;    /* [n] row of its first view */
    uint32_t *n_views; /* [n] */
};

/* Of the samples listed: sample[n_rows], ascending.  STATUS_DATA if the views of an examination differ in label or target,
 * or belong to different patients. */
int exams_make(struct exams *e, const struct cohort *cohort, const size_t *sample, size_t n_rows, struct status *st) MUST_CHECK;
void exams_free(struct exams *e);

/* mean[n, n_out] of score[n_rows, n_out]; views are added in their order.  NaN if one of them is. */
void exams_mean(double *mean, const struct exams *e, const double *score, size_t n_out);

#endif
