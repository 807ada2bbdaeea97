/* Does an external cohort hold pictures or patients of the development's?  Both parts of the latter count: with the
 * development part it leaks, with its test part the two columns are no independent samples. */
#ifndef EVALUATE_OVERLAP_H
#define EVALUATE_OVERLAP_H

#include "cohort/cohort.h"
#include "cohort/survey.h"

/* Findings of `external`, overlap_image (equal pixels, or bytes where not decoded) and overlap_patient (equal names), errors or what
 * `study`, which is external's, accepts.  survey NULL: no picture was read. */
void overlap_audit(struct cohort *external, const struct study *study, const struct survey *survey, const struct cohort *development,
                   const struct survey *development_survey);

#endif
