/* casemix.csv: who is in the development, in its test part and in the external cohort.
 *
 * One row a figure: counts; shares of classes (of images, and of patients by their largest class), of sites and of every level of a covariate; means
 * and standard deviations (n - 1) of numeric covariates, of a regression's target, and of what pictures are (pictures.csv).  A covariate that one of
 * the data sets lacks is NA there.  It is numeric where every cell that is not empty is a number and there are more than six different
 * ones; empty cells are the level "(missing)", or the row missing_share.
 *
 * standardised_difference: external less development (metric/standardised.h); on the row of measure "levels" that of all
 * levels together, which has no sign. */
#ifndef EVALUATE_CASEMIX_H
#define EVALUATE_CASEMIX_H

#include "base/outfile.h"
#include "base/status.h"
#include "evaluate/origin.h"
#include "evaluate/pipeline.h"
#include "probe/saved.h"

extern const char CASEMIX_HEADER[];

/* Of one development and the external cohort of task `number`; development: the study's name. */
void casemix_rows_write(struct outfile *out, const struct pipeline *p, size_t number, const struct origin *o, const char *development);

#endif
