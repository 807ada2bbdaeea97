/* Nearly equal pictures of a cohort: perceptual hashes of which at most NEAR_BITS of 255 bits differ, by comparing all pairs.
 *
 * The limit was measured.  Of the 3,078,921 pairs of the 2,482 knee radiographs, which are all alike and hold no copies, the
 * nearest pair differs in 38 bits.  310 of these knees and 223 pictures of FracAtlas, halved, saved again as JPEG of quality 50, made
 * darker (0.7 v + 5) or given a gamma of 0.8, differ from themselves in at most 20.  Mirrored, turned and cropped copies are not
 * found.  Pairs of equal pixels are duplicates and not named here. */
#ifndef COHORT_NEAR_H
#define COHORT_NEAR_H

#include "cohort/cohort.h"
#include "cohort/survey.h"
#include "study/study.h"

#define NEAR_BITS 24

/* Adds a row for every picture that has a near duplicate, naming the nearest; pictures joined by such pairs share a group.
 * note: within a unit; warning: between units, and under another code between given partitions. */
void near_duplicates(struct cohort *c, bool given, const struct survey *survey);

#endif
