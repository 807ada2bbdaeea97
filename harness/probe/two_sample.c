#include "probe/two_sample.h"

#include <stdlib.h>

#include "base/memory.h"
#include "probe/apply.h"
#include "probe/logistic.h"

struct ranked {
    double value;
    size_t row;
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

/* (mid-rank - 1/2) / rows, within each fold. */
static void rank_within_folds(double *score, const uint32_t *fold, size_t n, size_t n_folds)
{
    struct ranked *ranked = NEW(n, struct ranked);
    for (size_t f = 0; f < n_folds; f++) {
        size_t m = 0;
        for (size_t i = 0; i < n; i++)
            if (fold[i] == f)
                ranked[m++] = (struct ranked){score[i], i};
        if (m)
            qsort(ranked, m, sizeof *ranked, by_value);
        for (size_t from = 0, to; from < m; from = to) {
            for (to = from + 1; to < m && !by_value(&ranked[from], &ranked[to]);)
                to++;
            for (size_t k = from; k < to; k++)
                score[ranked[k].row] = (double)(from + to) / (2 * (double)m);
        }
    }
    free(ranked);
}

int two_sample_scores(double *score, const float *x, const int32_t *second, const uint32_t *fold, size_t n, size_t n_folds, size_t d,
                      int n_threads, struct status *st)
{
    const double C = TWO_SAMPLE_C;
    struct logistic *fit = NEW0(n_folds, struct logistic);
    struct scaler *scaler = NEW0(n_folds, struct scaler);
    struct status *left_out = NEW0(n_folds, struct status);
    const struct logistic_folds folds = {.x = x, .n = n, .d = d, .label = second, .n_classes = 2, .fold = fold, .n_folds = n_folds, .n_threads = n_threads};
    int code = logistic_fit_folds(fit, scaler, left_out, &folds, &C, 1, st);
    for (size_t f = 0; f < n_folds && !code; f++)
        if (left_out[f].code)
            code = status_set(st, left_out[f].code, "without fold %zu: %s", f + 1, left_out[f].text);
    for (size_t i = 0; i < n && !code; i++)
        probe_apply_logistic(&score[i], &scaler[fold[i]], &fit[fold[i]], x + i * d, 1);
    if (!code)
        rank_within_folds(score, fold, n, n_folds);
    for (size_t f = 0; f < n_folds; f++) {
        logistic_free(&fit[f]);
        scaler_free(&scaler[f]);
    }
    free(left_out);
    free(scaler);
    free(fit);
    return code;
}
