/* Models on the same test rows by one metric: each one's value and replicates, then any
 * two of them against each other.
 *
 * The interval of a difference is that of paired replicates: replicate r draws the same patients for
 * every model, and it is the study's own draw (interval/bootstrap.h).  The test of no difference is
 *   AUROC of independent images         DeLong's paired test
 *   accuracy of independent images      McNemar's exact test
 *   all else, and wherever a unit has several images or a model several fits
 *                                       permutation: units exchanged between the models, p = (b + 1)/(B + 1)
 * and permutation where DeLong's variance is 0 or undefined.  Two equal models: difference 0, interval 0 to 0, p = 1. */
#ifndef INTERVAL_CONTEST_H
#define INTERVAL_CONTEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "interval/bootstrap.h"
#include "interval/difference.h"
#include "metric/panel.h"

struct contest {
    struct panel_input in; /* samples; its score is not looked at */
    const char *metric;
    struct bootstrap_plan plan;
    double level;
    int n_threads;
};

struct contender {
    const double *const *set; /* [n_sets] scores as the panel takes them: one refit, or the folds of protocol official */
    size_t n_sets;
    double value;             /* of the metric, mean over the fits; NaN: reason says why */
    double *replicate;        /* [plan.replicates]; NULL where value is NaN */
    char *reason;             /* NULL where value is defined */
};

/* Borrows set.  STATUS_DATA for a score that is no number; an undefined value is none. */
int contender_new(struct contender *m, const struct contest *c, const double *const *set, size_t n_sets, struct status *st) MUST_CHECK;
/* One without figures, and why. */
void contender_none(struct contender *m, const char *reason);
void contender_free(struct contender *m);

enum contest_test { TEST_NONE, TEST_DELONG, TEST_MCNEMAR, TEST_PERMUTATION };

struct contest_result {
    struct difference difference; /* a less b, limits, replicates; its own p is not used */
    enum contest_test test;
    double p;                     /* two-sided; NaN with TEST_NONE */
};

/* Both contenders of c.  Where a value is NaN all figures are, and no test is made. */
int contest_pair(struct contest_result *r, const struct contest *c, const struct contender *a, const struct contender *b, struct status *st) MUST_CHECK;

#endif
