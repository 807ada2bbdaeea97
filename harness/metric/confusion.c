#include "metric/confusion.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

void confusion_count(uint64_t *count, size_t n_classes, const int32_t *label, const int32_t *prediction,
                     const uint32_t *weight, size_t n)
{
    memset(count, 0, n_classes * n_classes * sizeof *count);
    for (size_t i = 0; i < n; i++) {
        assert(label[i] >= 0 && (size_t)label[i] < n_classes);
        assert(prediction[i] >= 0 && (size_t)prediction[i] < n_classes);
        count[(size_t)label[i] * n_classes + (size_t)prediction[i]] += weight ? weight[i] : 1;
    }
}

uint64_t confusion_total(const uint64_t *count, size_t n_classes)
{
    uint64_t total = 0;
    for (size_t i = 0; i < n_classes * n_classes; i++)
        total += count[i];
    return total;
}

uint64_t confusion_support(const uint64_t *count, size_t n_classes, size_t class)
{
    uint64_t sum = 0;
    for (size_t j = 0; j < n_classes; j++)
        sum += count[class * n_classes + j];
    return sum;
}

uint64_t confusion_predicted(const uint64_t *count, size_t n_classes, size_t class)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n_classes; i++)
        sum += count[i * n_classes + class];
    return sum;
}

size_t confusion_present(uint64_t *out, const uint64_t *count, size_t n_classes)
{
    size_t m = 0, cell = 0;
    for (size_t k = 0; k < n_classes; k++)
        m += confusion_support(count, n_classes, k) || confusion_predicted(count, n_classes, k);
    for (size_t i = 0; i < n_classes; i++) {
        if (!confusion_support(count, n_classes, i) && !confusion_predicted(count, n_classes, i))
            continue;
        for (size_t j = 0; j < n_classes; j++)
            if (confusion_support(count, n_classes, j) || confusion_predicted(count, n_classes, j))
                out[cell++] = count[i * n_classes + j];
    }
    assert(cell == m * m);
    return m;
}

int32_t confusion_argmax(const double *row, size_t n)
{
    size_t best = 0;
    for (size_t k = 1; k < n; k++)
        if (row[k] > row[best])
            best = k;
    return (int32_t)best;
}

static uint64_t hits(const uint64_t *count, size_t n_classes)
{
    uint64_t sum = 0;
    for (size_t k = 0; k < n_classes; k++)
        sum += count[k * n_classes + k];
    return sum;
}

double confusion_recall(const uint64_t *count, size_t n_classes, size_t class)
{
    return ratio((double)count[class * n_classes + class], (double)confusion_support(count, n_classes, class));
}

double confusion_precision(const uint64_t *count, size_t n_classes, size_t class)
{
    return ratio((double)count[class * n_classes + class], (double)confusion_predicted(count, n_classes, class));
}

double confusion_f1(const uint64_t *count, size_t n_classes, size_t class)
{
    uint64_t margins = confusion_support(count, n_classes, class) + confusion_predicted(count, n_classes, class);
    return ratio(2.0 * (double)count[class * n_classes + class], (double)margins);
}

double confusion_class_specificity(const uint64_t *count, size_t n_classes, size_t class)
{
    uint64_t total = confusion_total(count, n_classes), support = confusion_support(count, n_classes, class);
    uint64_t false_positive = confusion_predicted(count, n_classes, class) - count[class * n_classes + class];
    return ratio((double)(total - support - false_positive), (double)(total - support));
}

double confusion_accuracy(const uint64_t *count, size_t n_classes)
{
    return ratio((double)hits(count, n_classes), (double)confusion_total(count, n_classes));
}

double confusion_balanced_accuracy(const uint64_t *count, size_t n_classes)
{
    double sum = 0, present = 0;
    for (size_t k = 0; k < n_classes; k++) {
        double recall = confusion_recall(count, n_classes, k);
        if (isnan(recall))
            continue;
        sum += recall;
        present++;
    }
    return ratio(sum, present);
}

double confusion_balanced_accuracy_adjusted(const uint64_t *count, size_t n_classes)
{
    double present = 0;
    for (size_t k = 0; k < n_classes; k++)
        present += confusion_support(count, n_classes, k) > 0;
    if (present < 2)
        return NAN;
    return (confusion_balanced_accuracy(count, n_classes) - 1 / present) / (1 - 1 / present);
}

double confusion_f1_macro(const uint64_t *count, size_t n_classes)
{
    double sum = 0, present = 0;
    for (size_t k = 0; k < n_classes; k++) {
        double f1 = confusion_f1(count, n_classes, k);
        if (isnan(f1))
            continue;
        sum += f1;
        present++;
    }
    return ratio(sum, present);
}

double confusion_f1_weighted(const uint64_t *count, size_t n_classes)
{
    double sum = 0;
    for (size_t k = 0; k < n_classes; k++) {
        double support = (double)confusion_support(count, n_classes, k);
        sum += support > 0 ? support * confusion_f1(count, n_classes, k) : 0;
    }
    return ratio(sum, (double)confusion_total(count, n_classes));
}

double confusion_mcc(const uint64_t *count, size_t n_classes)
{
    double n = (double)confusion_total(count, n_classes), joint = 0, truth = 0, predicted = 0;
    for (size_t k = 0; k < n_classes; k++) {
        double t = (double)confusion_support(count, n_classes, k);
        double p = (double)confusion_predicted(count, n_classes, k);
        joint += t * p;
        truth += t * t;
        predicted += p * p;
    }
    return ratio((double)hits(count, n_classes) * n - joint, sqrt((n * n - predicted) * (n * n - truth)));
}

static double disagreement(size_t i, size_t j, enum kappa_weights weights)
{
    double d = i > j ? (double)(i - j) : (double)(j - i);
    return weights == KAPPA_PLAIN ? (double)(i != j) : weights == KAPPA_LINEAR ? d : d * d;
}

double confusion_kappa(const uint64_t *count, size_t n_classes, enum kappa_weights weights)
{
    double observed = 0, expected = 0; /* whole numbers, exact below 2^53; expected is n times too large */
    for (size_t i = 0; i < n_classes; i++) {
        double truth = (double)confusion_support(count, n_classes, i);
        for (size_t j = 0; j < n_classes; j++) {
            double w = disagreement(i, j, weights);
            observed += w * (double)count[i * n_classes + j];
            expected += w * truth * (double)confusion_predicted(count, n_classes, j);
        }
    }
    return 1 - ratio(observed * (double)confusion_total(count, n_classes), expected);
}

double confusion_mean_distance(const uint64_t *count, size_t n_classes)
{
    double sum = 0;
    for (size_t i = 0; i < n_classes; i++)
        for (size_t j = 0; j < n_classes; j++)
            sum += disagreement(i, j, KAPPA_LINEAR) * (double)count[i * n_classes + j];
    return ratio(sum, (double)confusion_total(count, n_classes));
}

double confusion_within_one(const uint64_t *count, size_t n_classes)
{
    uint64_t near = 0;
    for (size_t i = 0; i < n_classes; i++)
        for (size_t j = 0; j < n_classes; j++)
            if (i <= j + 1 && j <= i + 1)
                near += count[i * n_classes + j];
    return ratio((double)near, (double)confusion_total(count, n_classes));
}

double confusion_sensitivity(const uint64_t *count)
{
    return confusion_recall(count, 2, 1);
}

double confusion_specificity(const uint64_t *count)
{
    return confusion_recall(count, 2, 0);
}

double confusion_ppv(const uint64_t *count)
{
    return confusion_precision(count, 2, 1);
}

double confusion_npv(const uint64_t *count)
{
    return confusion_precision(count, 2, 0);
}

double confusion_f1_binary(const uint64_t *count)
{
    return confusion_f1(count, 2, 1);
}
