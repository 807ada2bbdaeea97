/* What only the embeddings can tell the page, written when a study is evaluated:
 *
 *   worst.csv             of each model the test images it was most wrong about (role `case`: least probability of the true class,
 *                         and a wrong prediction; of a regression the largest error), each followed by the training images
 *                         most like it by cosine in the same features (role `neighbour`)
 *   embedding.TASK.csv    two principal components of at most 400 test images, evenly chosen (metric/principal.h)
 *
 * Of the cells that the main table shows, first probe, protocols grouped and given. */
#ifndef EVALUATE_GALLERY_H
#define EVALUATE_GALLERY_H

#include "base/status.h"
#include "evaluate/pipeline.h"

/* After metrics.csv and predictions/ are in their places. */
int gallery_write(const struct pipeline *p, struct status *st) MUST_CHECK;

extern const char GALLERY_WORST_HEADER[], GALLERY_EMBEDDING_HEADER[];

#endif
