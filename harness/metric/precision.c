#include "metric/precision.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "metric/order.h"
#include "metric/ranking.h"

static int check_scores(const double *score, size_t n, size_t n_columns, struct status *st)
{
    if (n > ORDER_MAX / n_columns)
        return status_set(st, STATUS_DATA, "average precision: %zu samples are more than can be ranked", n);
    size_t bad = order_first_nan(score, n * n_columns);
    if (bad < n * n_columns)
        return status_set(st, STATUS_DATA, "average precision: the score of sample %zu is not a number", bad / n_columns);
    return STATUS_OK;
}

static int one_column(double *value, size_t class, const int32_t *label, const double *score, size_t stride, size_t n,
                      struct status *st)
{
    struct ranking ranking;
    ranking_new(&ranking, label, (int32_t)class, score, stride, n);
    *value = ranking_average_precision(&ranking, NULL);
    ranking_free(&ranking);
    if (isnan(*value))
        return status_set(st, STATUS_UNDEFINED, "average precision: no sample of class %zu among %zu", class, n);
    return STATUS_OK;
}

int average_precision(double *value, const int32_t *label, const double *score, size_t n, struct status *st)
{
    *value = NAN;
    int code = check_scores(score, n, 1, st);
    return code ? code : one_column(value, 1, label, score, 1, n, st);
}

int average_precision_class(double *value, size_t class, const int32_t *label, const double *prob, size_t n,
                            size_t n_classes, struct status *st)
{
    *value = NAN;
    int code = check_scores(prob, n, n_classes, st);
    return code ? code : one_column(value, class, label, prob + class, n_classes, n, st);
}

int average_precision_ovr(double *value, enum auroc_average average, const int32_t *label, const double *prob,
                          size_t n, size_t n_classes, struct status *st)
{
    *value = NAN;
    int code = check_scores(prob, n, n_classes, st);
    if (code)
        return code;
    double sum = 0, total = 0;
    for (size_t k = 0; k < n_classes; k++) {
        double one;
        code = one_column(&one, k, label, prob + k, n_classes, n, st);
        if (code)
            return code;
        size_t support = 0;
        for (size_t i = 0; i < n; i++)
            support += label[i] == (int32_t)k;
        double weight = average == AUROC_WEIGHTED ? (double)support : 1;
        sum += weight * one;
        total += weight;
    }
    *value = sum / total;
    if (average == AUROC_MICRO) {
        int32_t *hit = NEW(n * n_classes, int32_t);
        for (size_t i = 0; i < n * n_classes; i++)
            hit[i] = label[i / n_classes] == (int32_t)(i % n_classes);
        code = one_column(value, 1, hit, prob, 1, n * n_classes, st);
        free(hit);
    }
    return code;
}
