/* External validation: what a study has kept, on a cohort it has never seen.  Nothing is fitted or
 * chosen there; what was carried has the digests of its development.
 *
 *   external.csv                     internal test and external side by side (evaluate/external_rows.h)
 *   casemix.csv                      who is in either cohort (evaluate/casemix.h)
 *   shift.csv                        how far the embeddings lie apart (evaluate/shift.h)
 *   predictions_external/TASK.csv    columns of predictions/, partition "external"
 *   provenance_external.json         the probes with their digests */
#ifndef EVALUATE_EXTERNAL_H
#define EVALUATE_EXTERNAL_H

#include "base/status.h"
#include "evaluate/carried.h"
#include "evaluate/pipeline.h"

/* The store is filled; tasks, origins and models are matched.  What is undefined there is NA with a reason. */
int pipeline_external(struct pipeline *p, struct carried_list *list, struct status *st) MUST_CHECK;

#endif
