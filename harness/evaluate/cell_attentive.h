/* A cell whose probe is attentive: the patch tokens of a model, read from the store picture by
 * picture in every pass and never held together.  Rows as of any other cell; path.csv has a row
 * for every C and number of passes, its parameter "C (20 passes)".
 *
 * What it took stands in metrics.csv (partition validation, metric token_passes: readings of the
 * development tokens by which all models were trained, their bytes in the row's reason), and with its seconds in
 * provenance.json. */
#ifndef EVALUATE_CELL_ATTENTIVE_H
#define EVALUATE_CELL_ATTENTIVE_H

#include "cohort/survey.h"
#include "embed/featurizer.h"
#include "embed/store.h"
#include "evaluate/cell.h"

/* As cell_evaluate.  The featurizer keeps tokens. */
int cell_attentive(struct headline *h, const struct cell_task *t, const struct featurizer *f, const struct store *store, const struct survey *survey,
                   struct status *st) MUST_CHECK;

#endif
