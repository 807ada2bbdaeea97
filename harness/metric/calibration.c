#include "metric/calibration.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "metric/confusion.h"
#include "metric/order.h"
#include "metric/quantile.h"

static uint32_t times(const uint32_t *weight, size_t i)
{
    return weight ? weight[i] : 1;
}

double calibration_brier(const int32_t *label, const double *prob, const uint32_t *weight, size_t n)
{
    double sum = 0, total = 0;
    for (size_t i = 0; i < n; i++) {
        double gap = prob[i] - (label[i] == 1);
        assert(prob[i] >= 0 && prob[i] <= 1);
        for (uint32_t w = times(weight, i); w > 0; w--) {
            sum += gap * gap;
            total++;
        }
    }
    return sum / total;
}

double calibration_brier_skill(const int32_t *label, const double *prob, const uint32_t *weight, size_t n)
{
    double positive = 0, total = 0;
    for (size_t i = 0; i < n; i++) {
        positive += label[i] == 1 ? times(weight, i) : 0;
        total += times(weight, i);
    }
    if (!(positive > 0) || positive >= total)
        return NAN;
    double prevalence = positive / total;
    return 1 - calibration_brier(label, prob, weight, n) / (prevalence * (1 - prevalence));
}

double calibration_brier_classes(const int32_t *label, const double *prob, const uint32_t *weight, size_t n,
                                 size_t n_classes)
{
    double sum = 0, total = 0;
    for (size_t i = 0; i < n; i++) {
        double row = 0;
        for (size_t k = 0; k < n_classes; k++) {
            double gap = prob[i * n_classes + k] - (label[i] == (int32_t)k);
            row += gap * gap;
        }
        for (uint32_t w = times(weight, i); w > 0; w--) {
            sum += row;
            total++;
        }
    }
    return sum / total;
}

static double cut(double p)
{
    return fmin(1 - DBL_EPSILON, fmax(DBL_EPSILON, p));
}

double calibration_log_loss(const int32_t *label, const double *prob, const uint32_t *weight, size_t n)
{
    double sum = 0, total = 0;
    for (size_t i = 0; i < n; i++) {
        double loss = -log(label[i] == 1 ? cut(prob[i]) : cut(1 - prob[i]));
        for (uint32_t w = times(weight, i); w > 0; w--) {
            sum += loss;
            total++;
        }
    }
    return sum / total;
}

double calibration_log_loss_classes(const int32_t *label, const double *prob, const uint32_t *weight, size_t n,
                                    size_t n_classes)
{
    double sum = 0, total = 0;
    for (size_t i = 0; i < n; i++) {
        assert(label[i] >= 0 && (size_t)label[i] < n_classes);
        double whole = 0;
        for (size_t k = 0; k < n_classes; k++)
            whole += cut(prob[i * n_classes + k]);
        double loss = -log(cut(prob[i * n_classes + (size_t)label[i]]) / whole);
        for (uint32_t w = times(weight, i); w > 0; w--) {
            sum += loss;
            total++;
        }
    }
    return sum / total;
}

/* ---- bins ---- */

static void add(struct calibration_bin *bin, int32_t hit, double prob, uint32_t w)
{
    for (; w > 0; w--) {
        bin->count++;
        bin->mean_prob += prob; /* a sum until `finish` */
        bin->mean_label += hit == 1;
    }
}

static void finish(struct calibration_bin *bin, size_t n_bins)
{
    for (size_t b = 0; b < n_bins; b++) {
        bin[b].mean_prob /= bin[b].count; /* 0 / 0 = NaN when empty */
        bin[b].mean_label /= bin[b].count;
    }
}

/* How many of the inner edges lie below p: the bin that p lies in. */
static size_t find(const struct calibration_bin *bin, size_t n_bins, double p)
{
    size_t low = 0, high = n_bins - 1; /* bin[low - 1].edge_high < p <= bin[high].edge_high, the last without a limit */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (bin[middle].edge_high < p)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void cut_uniform(struct calibration_bin *bin, size_t n_bins)
{
    double step = 1 / (double)n_bins;
    for (size_t b = 0; b < n_bins; b++) {
        bin[b].edge_low = (double)b * step;
        bin[b].edge_high = b + 1 == n_bins ? 1 : (double)(b + 1) * step;
    }
}

/* The values that count, as often as they count. */
static double *expand(size_t *m, const double *prob, const uint32_t *weight, size_t n)
{
    *m = 0;
    for (size_t i = 0; i < n; i++)
        *m += times(weight, i);
    double *value = NEW(*m, double);
    for (size_t i = 0, at = 0; i < n; i++)
        for (uint32_t w = times(weight, i); w > 0; w--)
            value[at++] = prob[i];
    return value;
}

/* numpy's percentile of linspace(0, 1) * 100: the roundings are part of it, since edges fall on data. */
static void cut_at_quantiles(struct calibration_bin *bin, size_t n_bins, const double *prob, const uint32_t *weight,
                             size_t n)
{
    size_t m, unused;
    double *value = expand(&m, prob, weight, n), *sorted = quantile_sort(&unused, value, 1, m);
    double step = 1 / (double)n_bins, edge = m ? sorted[0] : NAN;
    for (size_t b = 0; b < n_bins; b++) {
        double q = (b + 1 == n_bins ? 1 : (double)(b + 1) * step) * 100;
        bin[b].edge_low = edge;
        edge = m ? quantile_linear(sorted, m, q / 100) : NAN;
        bin[b].edge_high = edge;
    }
    free(sorted);
    free(value);
}

static void fill_equal_count(struct calibration_bin *bin, size_t n_bins, const int32_t *hit, const double *prob,
                             const uint32_t *weight, size_t n)
{
    uint32_t *order = NEW(n, uint32_t); /* largest first, equal ones by descending position: walked backwards below */
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        m += times(weight, i);
    order_descending(order, prob, 1, n);
    for (size_t at = 0, b = 0, i = n; i-- > 0;)
        for (uint32_t w = times(weight, order[i]); w > 0; w--, at++) {
            size_t end = (b + 1) * (m / n_bins) + (b < m % n_bins ? b + 1 : m % n_bins);
            while (at >= end) {
                b++;
                end = (b + 1) * (m / n_bins) + (b < m % n_bins ? b + 1 : m % n_bins);
            }
            if (!(bin[b].count > 0))
                bin[b].edge_low = prob[order[i]];
            bin[b].edge_high = prob[order[i]];
            add(&bin[b], hit[order[i]], prob[order[i]], 1);
        }
    free(order);
}

void calibration_fill(struct calibration_bin *bin, size_t n_bins, enum calibration_bins kind, const int32_t *hit,
                      const double *prob, const uint32_t *weight, size_t n)
{
    assert(n_bins > 0);
    for (size_t b = 0; b < n_bins; b++)
        bin[b] = (struct calibration_bin){NAN, NAN, 0, 0, 0};
    if (kind == BINS_EQUAL_COUNT) {
        fill_equal_count(bin, n_bins, hit, prob, weight, n);
    } else {
        if (kind == BINS_UNIFORM)
            cut_uniform(bin, n_bins);
        else
            cut_at_quantiles(bin, n_bins, prob, weight, n);
        for (size_t i = 0; i < n; i++)
            add(&bin[find(bin, n_bins, prob[i])], hit[i], prob[i], times(weight, i));
    }
    finish(bin, n_bins);
}

struct calibration_error calibration_summary(const struct calibration_bin *bin, size_t n_bins)
{
    double total = 0;
    for (size_t b = 0; b < n_bins; b++)
        total += bin[b].count;
    if (!(total > 0))
        return (struct calibration_error){NAN, NAN, NAN};
    struct calibration_error e = {0, 0, 0};
    for (size_t b = 0; b < n_bins; b++) {
        if (!(bin[b].count > 0))
            continue;
        double gap = fabs(bin[b].mean_prob - bin[b].mean_label), share = bin[b].count / total;
        e.expected += share * gap;
        e.maximum = fmax(e.maximum, gap);
        e.root_mean_square += share * gap * gap;
    }
    e.root_mean_square = sqrt(e.root_mean_square);
    return e;
}

struct calibration_error calibration_error(enum calibration_bins kind, size_t n_bins, const int32_t *hit,
                                           const double *prob, const uint32_t *weight, size_t n)
{
    struct calibration_bin *bin = NEW(n_bins, struct calibration_bin);
    calibration_fill(bin, n_bins, kind, hit, prob, weight, n);
    struct calibration_error e = calibration_summary(bin, n_bins);
    free(bin);
    return e;
}

void calibration_top_label(double *confidence, int32_t *hit, const int32_t *label, const double *prob, size_t n,
                           size_t n_classes)
{
    for (size_t i = 0; i < n; i++) {
        int32_t top = confusion_argmax(prob + i * n_classes, n_classes);
        confidence[i] = prob[i * n_classes + (size_t)top];
        hit[i] = label[i] == top;
    }
}

void calibration_top_label_binary(double *confidence, int32_t *hit, const int32_t *label, const double *prob, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double both[2] = {1 - prob[i], prob[i]};
        int32_t top = confusion_argmax(both, 2);
        confidence[i] = both[top];
        hit[i] = label[i] == top;
    }
}

double calibration_class_error(enum calibration_bins kind, size_t n_bins, const int32_t *label, const double *prob,
                               const uint32_t *weight, size_t n, size_t n_classes)
{
    double *column = NEW(n, double), sum = 0;
    int32_t *hit = NEW(n, int32_t);
    for (size_t k = 0; k < n_classes; k++) {
        for (size_t i = 0; i < n; i++) {
            column[i] = prob[i * n_classes + k];
            hit[i] = label[i] == (int32_t)k;
        }
        sum += calibration_error(kind, n_bins, hit, column, weight, n).expected;
    }
    free(hit);
    free(column);
    return sum / (double)n_classes;
}
