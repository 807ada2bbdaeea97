/* What the 38-output head says of every region, of every image, and what follows from it.
 *
 * Image: the maximum over its regions of each output, and of the sum of the tumour head's first three, with the region it came
 * from; the first of equals.  NaN where the head does not answer.  (compute_max_values of External_validation.py; there an image
 * without any box is not scored and counts as 0, here it has its whole image.)
 * Decision: tumour if that sum > threshold_tumour; malignant if tumour and the maximum of output 1 >= threshold_malignant. */
#ifndef REGION_REGION_SCORE_H
#define REGION_REGION_SCORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "embed/featurizer.h"
#include "embed/store.h"
#include "probe/multihead.h"
#include "region/region_set.h"
#include "region/region_split.h"

enum { SCORE_TUMOUR = GROUPS_LABELS, N_REGION_SCORES }; /* the outputs, then the sum of 1, 2 and 3 */

struct region_peak {
    double value;
    size_t region;
};

enum region_decision { DECIDED_NORMAL, DECIDED_BENIGN, DECIDED_MALIGNANT, NOT_DECIDED = -1 };

struct region_scores {
    bool probe;                /* fitted; else the checkpoint's own classifier */
    double *p;                 /* [n_regions, GROUPS_LABELS]; of the development part by a fit that its fold had no part in */
    struct region_peak *peak;  /* [n images, N_REGION_SCORES] */
    struct region_peak *whole; /* the same of the whole image alone */
    struct multihead_head head[N_GROUP_HEADS]; /* of a probe */
    double threshold_tumour, threshold_malignant;
    struct status no_threshold; /* STATUS_UNDEFINED: none could be chosen, and why; there is no decision then */
    int32_t *decision;         /* [n images] enum region_decision */
};

/* The readout of the model for which the study asks first. */
int region_score(struct region_scores *r, const struct region_set *s, const struct region_split *split, const struct study *study, const struct featurizer *f,
                 const struct store *store, const struct survey *survey, int n_threads, struct status *st) MUST_CHECK;
void region_scores_free(struct region_scores *r);

/* Will a probe be fitted for this model?  STATUS_DATA: the study insists on a checkpoint's head that is not there. */
int region_wants_probe(bool *probe, const struct study *study, const struct featurizer *f, struct status *st) MUST_CHECK;

/* peak[N_REGION_SCORES] over regions first .. first + n - 1 of p[., GROUPS_LABELS]. */
void region_peaks(struct region_peak *peak, const double *p, size_t first, size_t n);
enum region_decision region_decide(const struct region_peak *peak, double threshold_tumour, double threshold_malignant);

#endif
