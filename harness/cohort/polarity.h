/* Inverted grey scales, told from the cohort itself.
 *
 * A picture is named when its middle is darker than its left and right edges (contrast < 0, image/signature.h) and this
 * contrast lies more than POLARITY_LIMIT robust standard deviations (1.4826 times the median absolute deviation) below the
 * cohort's median.  At least POLARITY_LEAST decoded pictures, else nothing is said.  A cohort of which half is inverted has no
 * such median, and is not caught.  Names and labels play no part. */
#ifndef COHORT_POLARITY_H
#define COHORT_POLARITY_H

#include "cohort/cohort.h"
#include "cohort/survey.h"

#define POLARITY_LIMIT 5.0
#define POLARITY_LEAST 20

void polarity_audit(struct cohort *c, const struct survey *survey);

#endif
