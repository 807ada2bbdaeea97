#include "metric/curve.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "metric/order.h"

int curve_new(struct curve *c, const int32_t *label, const double *score, const double *weight, size_t n,
              struct status *st)
{
    *c = (struct curve){0};
    if (n > ORDER_MAX)
        return status_set(st, STATUS_DATA, "curve: %zu samples are more than can be ranked", n);
    size_t bad = order_first_nan(score, n);
    if (bad < n)
        return status_set(st, STATUS_DATA, "curve: the score of sample %zu is not a number", bad);
    c->threshold = NEW(n + 1, double);
    c->true_positive = NEW(n + 1, double);
    c->false_positive = NEW(n + 1, double);
    uint32_t *order = NEW(n, uint32_t);
    order_descending(order, score, 1, n);
    double positive = 0, negative = 0;
    size_t points = 0;
    c->threshold[points] = INFINITY;
    c->true_positive[points] = c->false_positive[points] = 0;
    for (size_t i = 0; i < n; i++) {
        double w = weight ? weight[order[i]] : 1;
        if (!(w > 0))
            continue;
        if (points == 0 || score[order[i]] != c->threshold[points])
            points++;
        if (label[order[i]] == 1)
            positive += w;
        else
            negative += w;
        c->threshold[points] = score[order[i]];
        c->true_positive[points] = positive;
        c->false_positive[points] = negative;
    }
    free(order);
    c->n = points + 1;
    c->n_positive = positive;
    c->n_negative = negative;
    if (!(positive > 0) || !(negative > 0)) {
        curve_free(c);
        return status_set(st, STATUS_UNDEFINED, "curve: no sample of class %d among %zu", positive > 0 ? 0 : 1, n);
    }
    return STATUS_OK;
}

struct curve curve_room(size_t n)
{
    return (struct curve){.true_positive = NEW(n + 1, double), .false_positive = NEW(n + 1, double)};
}

bool curve_of_ranking(struct curve *c, const struct ranking *r, const uint32_t *weight)
{
    uint64_t positive = 0, all = 0;
    size_t points = 0;
    c->true_positive[0] = c->false_positive[0] = 0;
    for (size_t i = 0; i < r->n; i++) {
        uint64_t w = weight ? weight[ranking_position(r, i)] : 1;
        all += w;
        positive += ranking_is_positive(r, i) ? w : 0;
        if (!ranking_ends_tie(r, i))
            continue;
        /* Ties of weight 0 repeat a point, which no figure minds: cheaper than a branch. */
        points++;
        c->true_positive[points] = (double)positive;
        c->false_positive[points] = (double)(all - positive);
    }
    c->n = points + 1;
    c->n_positive = (double)positive;
    c->n_negative = (double)(all - positive);
    return positive > 0 && positive < all;
}

void curve_free(struct curve *c)
{
    free(c->threshold);
    free(c->true_positive);
    free(c->false_positive);
    *c = (struct curve){0};
}

double curve_area(const struct curve *c)
{
    double u = 0;
    for (size_t i = 1; i < c->n; i++)
        u += (c->false_positive[i] - c->false_positive[i - 1]) * (c->true_positive[i] + c->true_positive[i - 1]) / 2;
    return u / (c->n_positive * c->n_negative);
}

double curve_area_below(const struct curve *c, double max_fpr)
{
    assert(max_fpr > 0 && max_fpr <= 1);
    double area = 0;
    for (size_t i = 1; i < c->n; i++) {
        double x0 = c->false_positive[i - 1] / c->n_negative, y0 = c->true_positive[i - 1] / c->n_positive;
        double x1 = c->false_positive[i] / c->n_negative, y1 = c->true_positive[i] / c->n_positive;
        if (x1 > max_fpr) {
            if (x0 < max_fpr)
                area += (max_fpr - x0) * (y0 + (y1 - y0) * (max_fpr - x0) / (x1 - x0) + y0) / 2;
            break;
        }
        area += (x1 - x0) * (y0 + y1) / 2;
    }
    return area;
}

double curve_partial_area(const struct curve *c, double max_fpr)
{
    double area = curve_area_below(c, max_fpr), chance = max_fpr * max_fpr / 2;
    return (1 + (area - chance) / (max_fpr - chance)) / 2;
}

double curve_precision(const struct curve *c, size_t i)
{
    return i == 0 ? 1 : c->true_positive[i] / (c->true_positive[i] + c->false_positive[i]);
}

double curve_average_precision(const struct curve *c)
{
    double sum = 0;
    for (size_t i = 1; i < c->n; i++)
        sum += (c->true_positive[i] - c->true_positive[i - 1]) * curve_precision(c, i);
    return sum / c->n_positive;
}

double curve_precision_recall_area(const struct curve *c)
{
    double sum = 0;
    for (size_t i = 1; i < c->n; i++)
        sum += (c->true_positive[i] - c->true_positive[i - 1]) * (curve_precision(c, i) + curve_precision(c, i - 1)) / 2;
    return sum / c->n_positive;
}

bool curve_is_corner(const struct curve *c, size_t i)
{
    if (i <= 1 || i + 1 == c->n) /* scikit-learn looks for corners before it puts the point at +inf in front */
        return true;
    const double *t = c->true_positive + i, *f = c->false_positive + i;
    return t[1] - t[0] != t[0] - t[-1] || f[1] - f[0] != f[0] - f[-1];
}

static struct operating_point point(const struct curve *c, size_t i)
{
    return (struct operating_point){c->threshold ? c->threshold[i] : NAN, c->true_positive[i], c->false_positive[i],
                                    c->true_positive[i] / c->n_positive, 1 - c->false_positive[i] / c->n_negative};
}

struct operating_point curve_youden(const struct curve *c)
{
    size_t best = 0;
    double height = 0;
    for (size_t i = 1; i < c->n; i++) {
        double h = c->true_positive[i] * c->n_negative - c->false_positive[i] * c->n_positive;
        if (h > height) {
            height = h;
            best = i;
        }
    }
    return point(c, best);
}

/* share * whole, where a product that is whole but for the rounding of the share (0.95 * 20) is whole. */
static double at_least(double share, double whole)
{
    double product = share * whole, near = nearbyint(product);
    return fabs(product - near) <= 1e-12 * whole ? near : product;
}

struct operating_point curve_at_specificity(const struct curve *c, double specificity)
{
    double true_negative = at_least(specificity, c->n_negative);
    size_t best = 0; /* TP and FP grow together: the last TP gained within the limit is the largest, first reached */
    for (size_t i = 1; i < c->n && c->n_negative - c->false_positive[i] >= true_negative; i++)
        if (c->true_positive[i] > c->true_positive[best])
            best = i;
    return point(c, best);
}

struct operating_point curve_at_sensitivity(const struct curve *c, double sensitivity)
{
    double needed = at_least(sensitivity, c->n_positive);
    size_t best = 0;
    while (best + 1 < c->n && c->true_positive[best] < needed)
        best++;
    while (best + 1 < c->n && c->false_positive[best + 1] == c->false_positive[best])
        best++;
    return point(c, best);
}
