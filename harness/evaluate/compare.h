/* Models of one or several results folders against each other, from what the folders
 * hold (splits/, predictions/, provenance.json, readouts.csv): compare.csv and ranks.csv.
 *
 * The family of hypotheses is the one that the study declared (compare: in study/study.h) or, of several
 * folders, the first one's; all tasks of a protocol are one family.  Test rows must be the same samples with the same labels and
 * the same grouping into patients in every folder, else STATUS_DATA says which is not.  Seed, replicates and level are the first folder's,
 * so that replicates are the study's own.  With fewer than two models nothing is compared, and files of an earlier run are removed. */
#ifndef EVALUATE_COMPARE_H
#define EVALUATE_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "evaluate/compare_source.h"

struct compare_options {
    char *const *directory; /* [n_directories] */
    size_t n_directories;
    const char *output;
    struct compare_family family; /* what is not NULL stands in place of the declared */
    int n_threads;
    bool quiet;
};

struct compare_outcome { /* of one protocol's family */
    char *family;
    size_t hypotheses, tested, significant; /* declared; that could be tested; at the level after Holm's correction */
    double alpha;
};

struct compare_summary {
    struct compare_outcome *outcome;
    size_t n;
};

int compare_write(const struct compare_options *o, struct compare_summary *summary, struct status *st) MUST_CHECK;
void compare_summary_free(struct compare_summary *s);

#endif
