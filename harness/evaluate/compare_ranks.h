/* ranks.csv: the models of a study over its tasks.
 *
 * A task's figure enters as a skill, 0 for chance or the best constant and 1 for no error, so that
 * tasks known by different metrics stand on one scale: 2 A - 1 of an AUROC; 1 - x / x0 of an error, x0 that of
 * the best constant on the same test rows; other metrics as they are.  Ranks do not depend on it; signed ranks and
 * means within a source do.
 *
 * basis tasks: every task counts once.  Tasks that share pictures are not independent, which their rows say.
 * basis sources: the skills of tasks that share a picture (found by the pictures' digests) are averaged first.
 * A task in which some model has no figure is left out, and named.  p of Friedman's and Nemenyi's tests needs three models and
 * five tasks: below, mean ranks stand alone and the tests are NA. */
#ifndef EVALUATE_COMPARE_RANKS_H
#define EVALUATE_COMPARE_RANKS_H

#include <stddef.h>

#include "base/outfile.h"
#include "metric/panel.h"

struct compare_ranks {
    const char *study, *protocol, *family;
    char *const *model;       /* [n_models] */
    size_t n_models, reference; /* reference n_models: all pairs */
    char *const *task;        /* [n_tasks] */
    size_t n_tasks;
    const double *skill;      /* [n_tasks, n_models], NaN: none */
    const size_t *source;     /* [n_tasks] equal where tasks share pictures */
    double alpha;
};

#define RANKS_TASKS 5
#define RANKS_MODELS 3

double compare_skill(const char *metric, double value, const struct panel_input *samples);
void compare_ranks_write(struct outfile *out, const struct compare_ranks *r);

#endif
