#include "interval/ranks.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "interval/studentized_range.h"

/* rank[k] of one task, 1 the largest; adds the sum of t^3 - t over its ties. */
static void rank_row(double *rank, const double *score, size_t k, double *ties)
{
    for (size_t i = 0; i < k; i++) {
        double above = 0, equal = 0;
        for (size_t j = 0; j < k; j++) {
            above += score[j] > score[i];
            equal += score[j] == score[i];
        }
        rank[i] = above + (equal + 1) / 2;
        *ties += equal * equal - 1; /* each of the t members of a tie adds t^2 - 1 */
    }
}

static double sum_ranks(double *sum, const double *score, size_t n_tasks, size_t n_models)
{
    double ties = 0, *rank = NEW(n_models, double);
    for (size_t j = 0; j < n_models; j++)
        sum[j] = 0;
    for (size_t i = 0; i < n_tasks; i++) {
        rank_row(rank, score + i * n_models, n_models, &ties);
        for (size_t j = 0; j < n_models; j++)
            sum[j] += rank[j];
    }
    free(rank);
    return ties;
}

int ranks_mean(double *mean_rank, const double *score, size_t n_tasks, size_t n_models, struct status *st)
{
    for (size_t j = 0; j < n_models; j++)
        mean_rank[j] = NAN;
    if (n_tasks < 1 || n_models < 2)
        return status_set(st, STATUS_UNDEFINED, "ranks: %zu tasks and %zu models", n_tasks, n_models);
    sum_ranks(mean_rank, score, n_tasks, n_models);
    for (size_t j = 0; j < n_models; j++)
        mean_rank[j] /= (double)n_tasks;
    return STATUS_OK;
}

int ranks_friedman(struct friedman *f, const double *score, size_t n_tasks, size_t n_models, struct status *st)
{
    *f = (struct friedman){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    if (n_tasks < 2 || n_models < 2)
        return status_set(st, STATUS_UNDEFINED, "Friedman's test: %zu tasks and %zu models", n_tasks, n_models);
    double n = (double)n_tasks, k = (double)n_models, spread = 0, *sum = NEW(n_models, double);
    double ties = sum_ranks(sum, score, n_tasks, n_models);
    for (size_t j = 0; j < n_models; j++) {
        double gap = sum[j] - n * (k + 1) / 2; /* halves: exact */
        spread += gap * gap;
    }
    free(sum);
    double untied = n * k * (k * k - 1) - ties; /* whole */
    if (!(untied > 0))
        return status_set(st, STATUS_UNDEFINED, "Friedman's test: all %zu models tie in every task", n_models);
    f->chi2_plain = 12 * spread / (n * k * (k + 1));
    f->chi2 = 12 * (k - 1) * spread / untied;
    f->chi2_p = gsl_cdf_chisq_Q(f->chi2, k - 1);
    f->concordance = f->chi2 / (n * (k - 1));
    f->f_df1 = k - 1;
    f->f_df2 = (k - 1) * (n - 1);
    f->f = (n - 1) * f->chi2_plain / (n * (k - 1) - f->chi2_plain);
    f->f_p = isinf(f->f) ? 0 : gsl_cdf_fdist_Q(f->f, f->f_df1, f->f_df2);
    return STATUS_OK;
}

static double rank_se(size_t n_tasks, size_t n_models)
{
    double n = (double)n_tasks, k = (double)n_models;
    return sqrt(k * (k + 1) / (6 * n));
}

double nemenyi_critical_difference(double alpha, size_t n_tasks, size_t n_models)
{
    return studentized_range_quantile(alpha, n_models) / sqrt(2) * rank_se(n_tasks, n_models);
}

double nemenyi_p(double rank_difference, size_t n_tasks, size_t n_models)
{
    return studentized_range_tail(fabs(rank_difference) / rank_se(n_tasks, n_models) * sqrt(2), n_models);
}

struct win_tie_loss ranks_win_tie_loss(const double *score, size_t n_tasks, size_t n_models, size_t a, size_t b,
                                       double margin)
{
    struct win_tie_loss w = {0, 0, 0};
    for (size_t i = 0; i < n_tasks; i++) {
        double gap = score[i * n_models + a] - score[i * n_models + b];
        w.tie += fabs(gap) <= margin;
        w.win += gap > margin;
        w.loss += gap < -margin;
    }
    return w;
}
