#include "metric/auroc.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "metric/order.h"

/* Positive are the samples labelled `positive`; scores lie `stride` apart. */
static struct auroc_count count_pairs(const int32_t *label, int32_t positive, const double *score, size_t stride,
                                      size_t n)
{
    struct ranking ranking;
    ranking_new(&ranking, label, positive, score, stride, n);
    struct auroc_count count = ranking_count(&ranking, NULL);
    ranking_free(&ranking);
    return count;
}

static int check_scores(const double *score, size_t n, size_t n_columns, struct status *st)
{
    if (n > ORDER_MAX / n_columns)
        return status_set(st, STATUS_DATA, "AUROC: %zu samples are more than can be ranked", n);
    size_t bad = order_first_nan(score, n * n_columns);
    if (bad < n * n_columns)
        return status_set(st, STATUS_DATA, "AUROC: the score of sample %zu is not a number", bad / n_columns);
    return STATUS_OK;
}

int auroc_binary_count(struct auroc_count *count, const int32_t *label, const double *score, size_t n,
                       struct status *st)
{
    *count = (struct auroc_count){0};
    int code = check_scores(score, n, 1, st);
    if (code)
        return code;
    *count = count_pairs(label, 1, score, 1, n);
    if (count->n_positive == 0 || count->n_negative == 0)
        return status_set(st, STATUS_UNDEFINED, "AUROC: no sample of class %d among %zu", count->n_positive ? 0 : 1, n);
    return STATUS_OK;
}

int auroc_binary(double *area, const int32_t *label, const double *score, size_t n, struct status *st)
{
    struct auroc_count count;
    int code = auroc_binary_count(&count, label, score, n, st);
    *area = auroc_from_count(&count);
    return code;
}

int auroc_binary_weighted(double *area, const int32_t *label, const double *score, const double *weight, size_t n,
                          struct status *st)
{
    *area = NAN;
    int code = check_scores(score, n, 1, st);
    if (code)
        return code;
    uint32_t *order = NEW(n, uint32_t);
    order_descending(order, score, 1, n);
    double positive = 0, negative = 0, u = 0;
    for (size_t i = 0; i < n;) {
        double value = score[order[i]], tied_positive = 0, tied_negative = 0;
        for (; i < n && score[order[i]] == value; i++) {
            assert(weight[order[i]] >= 0);
            if (label[order[i]] == 1)
                tied_positive += weight[order[i]];
            else
                tied_negative += weight[order[i]];
        }
        u += tied_negative * (positive + tied_positive / 2);
        positive += tied_positive;
        negative += tied_negative;
    }
    free(order);
    if (!(positive > 0) || !(negative > 0))
        return status_set(st, STATUS_UNDEFINED, "AUROC: no weight on class %d among %zu samples", positive > 0 ? 0 : 1, n);
    *area = u / (positive * negative);
    return STATUS_OK;
}

static struct auroc_count count_class(size_t class, const int32_t *label, const double *prob, size_t n,
                                      size_t n_classes)
{
    return count_pairs(label, (int32_t)class, prob + class, n_classes, n);
}

static int class_undefined(size_t class, const struct auroc_count *count, size_t n, struct status *st)
{
    return status_set(st, STATUS_UNDEFINED, "AUROC: no sample %s class %zu among %zu",
                      count->n_positive ? "outside" : "of", class, n);
}

int auroc_class(double *area, size_t class, const int32_t *label, const double *prob, size_t n, size_t n_classes,
                struct status *st)
{
    assert(class < n_classes);
    *area = NAN;
    int code = check_scores(prob, n, n_classes, st);
    if (code)
        return code;
    struct auroc_count count = count_class(class, label, prob, n, n_classes);
    *area = auroc_from_count(&count);
    return isnan(*area) ? class_undefined(class, &count, n, st) : STATUS_OK;
}

/* One ranking of all cells of prob: positive where the column is the sample's class. */
static double micro_area(const int32_t *label, const double *prob, size_t n, size_t n_classes)
{
    int32_t *hit = NEW(n * n_classes, int32_t);
    for (size_t i = 0; i < n * n_classes; i++)
        hit[i] = label[i / n_classes] == (int32_t)(i % n_classes);
    struct auroc_count count = count_pairs(hit, 1, prob, 1, n * n_classes);
    free(hit);
    return auroc_from_count(&count);
}

int auroc_ovr(double *area, enum auroc_average average, const int32_t *label, const double *prob, size_t n,
              size_t n_classes, struct status *st)
{
    *area = NAN;
    assert(n_classes >= 2);
    int code = check_scores(prob, n, n_classes, st);
    if (code)
        return code;
    double sum = 0, total = 0;
    for (size_t k = 0; k < n_classes; k++) {
        struct auroc_count count = count_class(k, label, prob, n, n_classes);
        double one = auroc_from_count(&count);
        if (isnan(one))
            return class_undefined(k, &count, n, st);
        double weight = average == AUROC_WEIGHTED ? (double)count.n_positive : 1;
        sum += weight * one;
        total += weight;
    }
    *area = average == AUROC_MICRO ? micro_area(label, prob, n, n_classes) : sum / total;
    return STATUS_OK;
}

int auroc_macro_ovr(double *area, const int32_t *label, const double *prob, size_t n, size_t n_classes,
                    struct status *st)
{
    return auroc_ovr(area, AUROC_MACRO, label, prob, n, n_classes, st);
}

int auroc_macro_ovr_defined(double *area, size_t *n_defined, const int32_t *label, const double *prob, size_t n,
                            size_t n_classes, struct status *st)
{
    *area = NAN;
    *n_defined = 0;
    int code = check_scores(prob, n, n_classes, st);
    if (code)
        return code;
    double sum = 0;
    for (size_t k = 0; k < n_classes; k++) {
        struct auroc_count count = count_class(k, label, prob, n, n_classes);
        double one = auroc_from_count(&count);
        if (isnan(one))
            continue;
        sum += one;
        ++*n_defined;
    }
    if (*n_defined == 0)
        return status_set(st, STATUS_UNDEFINED, "AUROC: no class has both positives and negatives among %zu samples", n);
    *area = sum / (double)*n_defined;
    return STATUS_OK;
}

static bool has_class(size_t class, const int32_t *label, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (label[i] == (int32_t)class)
            return true;
    return false;
}

/* Mean of the two one-sided areas of classes a and b on their own samples; gather and hit hold n. */
static double pair_area(size_t a, size_t b, const int32_t *label, const double *prob, size_t n, size_t n_classes,
                        double *gather, int32_t *hit, size_t *n_pair)
{
    double sum = 0;
    size_t side[2] = {a, b};
    for (size_t s = 0; s < 2; s++) {
        size_t m = 0;
        for (size_t i = 0; i < n; i++) {
            if (label[i] != (int32_t)a && label[i] != (int32_t)b)
                continue;
            gather[m] = prob[i * n_classes + side[s]];
            hit[m++] = label[i] == (int32_t)side[s];
        }
        struct auroc_count count = count_pairs(hit, 1, gather, 1, m);
        sum += auroc_from_count(&count);
        *n_pair = m;
    }
    return sum / 2;
}

int auroc_ovo(double *area, enum auroc_average average, const int32_t *label, const double *prob, size_t n,
              size_t n_classes, struct status *st)
{
    assert(average != AUROC_MICRO && n_classes >= 2);
    *area = NAN;
    int code = check_scores(prob, n, n_classes, st);
    if (code)
        return code;
    double *gather = NEW(n, double);
    int32_t *hit = NEW(n, int32_t);
    double sum = 0, total = 0;
    for (size_t a = 0; a < n_classes && !code; a++) {
        for (size_t b = a + 1; b < n_classes && !code; b++) {
            size_t n_pair;
            double one = pair_area(a, b, label, prob, n, n_classes, gather, hit, &n_pair);
            if (isnan(one))
                code = status_set(st, STATUS_UNDEFINED, "AUROC: no sample of class %zu among %zu",
                                  has_class(a, label, n) ? b : a, n);
            double weight = average == AUROC_WEIGHTED ? (double)n_pair : 1;
            sum += weight * one;
            total += weight;
        }
    }
    if (!code)
        *area = sum / total;
    free(hit);
    free(gather);
    return code;
}
