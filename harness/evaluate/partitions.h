/* Who is trained on and who is tested on, for one task: by the study's protocol. */
#ifndef EVALUATE_PARTITIONS_H
#define EVALUATE_PARTITIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "cohort/cohort.h"
#include "study/study.h"

struct partitions {
    size_t *development; /* [n_development] samples, ascending */
    size_t n_development;
    size_t *test;        /* [n_test] samples, ascending */
    size_t n_test;
    uint32_t *fold;      /* [n_development] */
    size_t n_folds;
};

/* grouped: a stratified share of the patients is the test set.  given: the dataset's own partitions.  Both: folds of the
 * development part are disjoint by patient and stratified by class, or by tenths of a regression target.
 * official: the published script's test set and folds, index for index, from the rows in sample.order, as task.official
 * says; folds are of images, and the study's test_fraction and folds do not count (split/official.h). */
int partitions_make(struct partitions *p, const struct cohort *cohort, const struct study *study, enum study_protocol protocol,
                    struct status *st) MUST_CHECK;
/* A development part is known by its images' bytes, labels and folds, in the cohort's order. */
void partitions_digest(uint8_t digest[DIGEST_BYTES], const struct partitions *p, const struct cohort *cohort, const struct survey *survey);
void partitions_free(struct partitions *p);

#endif
