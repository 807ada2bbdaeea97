/* Models over tasks by ranks.  Friedman 1937, JASA 32:675; Iman & Davenport 1980,
 * Commun Stat A 9:571; Nemenyi 1963; as laid out by Demsar 2006, JMLR 7:1.
 *
 * score[n_tasks, n_models], row-major, higher is better (negate errors), no NaN: a task that
 * any model lacks has to be left out by the caller, who says so.  Rank 1 is the best;
 * ties get the mean rank.  Tasks are taken as independent: tasks that share images are not. */
#ifndef INTERVAL_RANKS_H
#define INTERVAL_RANKS_H

#include <stddef.h>

#include "base/status.h"

struct friedman {
    double chi2, chi2_p;           /* corrected for ties, n_models - 1 degrees of freedom */
    double chi2_plain;             /* not corrected, which Iman & Davenport's F starts from */
    double f, f_df1, f_df2, f_p;   /* infinite, p 0, where all tasks rank alike */
    double concordance;            /* Kendall's W, corrected for ties */
};

/* mean_rank[n_models]; STATUS_UNDEFINED, NaN, for fewer than 1 task or 2 models. */
int ranks_mean(double *mean_rank, const double *score, size_t n_tasks, size_t n_models, struct status *st) MUST_CHECK;
/* STATUS_UNDEFINED, NaN, for fewer than two tasks or models, or where every task ties all its models. */
int ranks_friedman(struct friedman *f, const double *score, size_t n_tasks, size_t n_models, struct status *st) MUST_CHECK;

/* Mean ranks that lie at least this far apart differ at level alpha. */
double nemenyi_critical_difference(double alpha, size_t n_tasks, size_t n_models);
/* p of a difference between two mean ranks. */
double nemenyi_p(double rank_difference, size_t n_tasks, size_t n_models);

/* Of the tasks, those where model a's score is higher than b's, equal (within `margin`), lower. */
struct win_tie_loss {
    size_t win, tie, loss;
};
struct win_tie_loss ranks_win_tie_loss(const double *score, size_t n_tasks, size_t n_models, size_t a, size_t b,
                                       double margin);

#endif
