/* Which images of a region study are trained on and which are scored, by the study's protocol: grouped, or given by the tasks.
 * Patients stay together; the test part and the folds are stratified by what is known of the image: the tumour head's label, else the
 * fracture's, else whether it is abnormal or has an implant.  STATUS_DATA: protocol official, no image to test on, a given
 * partition that says nothing of an image. */
#ifndef REGION_REGION_SPLIT_H
#define REGION_REGION_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "region/region_set.h"

struct region_split {
    uint8_t *is_test;  /* [n images] */
    uint32_t *fold;    /* [n images], of the development part */
    size_t n_test, n_development, n_folds;
};

/* folds: a probe will be fitted, or a threshold chosen on the development part. */
int region_split_make(struct region_split *p, const struct region_set *s, const struct study *study, bool folds, struct status *st) MUST_CHECK;
void region_split_free(struct region_split *p);

#endif
