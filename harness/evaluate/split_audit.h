/* What only the split that will be used can tell: classes that a fold lacks, patients whose images part. */
#ifndef EVALUATE_SPLIT_AUDIT_H
#define EVALUATE_SPLIT_AUDIT_H

#include "cohort/cohort.h"
#include "evaluate/partitions.h"

/* fold_class: a row a class and fold whose validation part lacks it (the probe then leaves the fold out, or the class).
 * leak_patient, as a warning: units on both sides of a split that does not keep them together; one row with their number.
 * A given split's own patients are the cohort's audit, which names their rows. */
void split_audit(struct cohort *c, const struct partitions *p, const char *protocol);

#endif
