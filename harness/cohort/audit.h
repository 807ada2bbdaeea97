/* What must be known about a cohort before a number is computed from it:
 * leaks between partitions, copies and near copies, contradicting labels, inverted
 * grey scales, rates that differ between parts, classes that cannot be evaluated.
 * Every row concerned is named, rows that belong together share a group.  Only looks; exclusions happened before (cohort_attach). */
#ifndef COHORT_AUDIT_H
#define COHORT_AUDIT_H

#include "cohort/cohort.h"
#include "cohort/survey.h"
#include "study/study.h"

/* Adds findings to the cohort.  Units must be numbered.  Without a survey (NULL) nothing is said of image files. */
void audit_cohort(struct cohort *c, const struct study *study, const struct survey *survey);

/* Errors and warnings that the study lets pass become accepted.  Again after whatever adds findings later. */
void audit_accept(struct cohort *c, const struct study *study);

/* How many images and units each class has in development (0), test (1) and altogether (2). */
struct audit_count {
    size_t images[3], units[3];
};
/* count[max(1, n_classes)] */
void audit_counts(struct audit_count *count, const struct cohort *c);

#endif
