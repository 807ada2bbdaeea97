/* A cohort beside what its dataset's publication counts. */
#ifndef COHORT_PUBLISHED_H
#define COHORT_PUBLISHED_H

#include "cohort/cohort.h"

/* Adds a warning `published_count` for every count of the task that differs from the cohort's: images, patients, images
 * of each class.  Units must be numbered.  Nothing is published: nothing happens. */
void published_compare(struct cohort *c);

#endif
