#include "evaluate/bands.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "interval/percentile.h"
#include "metric/order.h"

double bands_x(size_t point)
{
    return (double)point / 100;
}

/* One walk down the scores.  weight NULL: once each.  false, and nothing written, if a class is absent. */
static bool curves(double *value, const uint32_t *order, const int32_t *positive, const double *score, size_t stride, const uint32_t *weight, size_t n)
{
    double *roc = value + BANDS_ROC * BANDS_POINTS, *precision = value + BANDS_PRECISION * BANDS_POINTS, *benefit = value + BANDS_BENEFIT * BANDS_POINTS;
    uint64_t p = 0, total = 0, tp = 0, fp = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t w = weight ? weight[i] : 1;
        p += positive[i] ? w : 0;
        total += w;
    }
    uint64_t negatives = total - p;
    if (!p || !negatives)
        return false;
    size_t at_roc = 0, at_recall = 1;
    long at_threshold = BANDS_POINTS - 2; /* from the highest down */
    precision[0] = benefit[BANDS_POINTS - 1] = NAN;
    for (size_t k = 0; k <= n;) {
        double here = k < n ? score[order[k] * stride] : -INFINITY;
        /* treated are those with a score of at least the threshold: what has been passed so far */
        for (; at_threshold >= 0 && bands_x((size_t)at_threshold) > here; at_threshold--) {
            double x = bands_x((size_t)at_threshold);
            benefit[at_threshold] = (double)tp / (double)total - (double)fp / (double)total * x / (1 - x);
        }
        if (k == n)
            break;
        uint64_t tp_before = tp;
        while (k < n && score[order[k] * stride] == here) {
            uint64_t w = weight ? weight[order[k]] : 1;
            *(positive[order[k]] ? &tp : &fp) += w;
            k++;
        }
        /* rates that this group oversteps keep the sensitivity before it */
        for (; at_roc < BANDS_POINTS && (double)fp * 100 > (double)at_roc * (double)negatives; at_roc++)
            roc[at_roc] = (double)tp_before / (double)p;
        for (; at_recall < BANDS_POINTS && (double)tp * 100 >= (double)at_recall * (double)p; at_recall++)
            precision[at_recall] = (double)tp / (double)(tp + fp);
    }
    for (; at_roc < BANDS_POINTS; at_roc++)
        roc[at_roc] = 1;
    return true;
}

int bands_compute(struct bands *b, const int32_t *positive, const double *score, size_t stride, const struct bootstrap_plan *plan, double level,
                  struct status *st)
{
    enum { WIDTH = N_BANDS_CURVES * BANDS_POINTS };
    size_t n = plan->n;
    *b = (struct bands){0};
    for (size_t i = 0; i < n; i++)
        b->n_positive += positive[i] != 0;
    if (!b->n_positive || b->n_positive == n)
        return status_set(st, STATUS_UNDEFINED, "only one of the two classes is there");
    uint32_t *order = NEW(n, uint32_t), *weight = NEW(n, uint32_t), *unit_count = NEW(plan->n_units, uint32_t);
    double *replicate = NEW(plan->replicates * WIDTH, double);
    order_descending(order, score, stride, n);
    (void)curves(&b->value[0][0], order, positive, score, stride, NULL, n);
    for (size_t r = 0; r < plan->replicates; r++) {
        bootstrap_weights(weight, unit_count, plan, r);
        if (curves(replicate + r * WIDTH, order, positive, score, stride, weight, n))
            continue;
        b->undefined++;
        for (size_t k = 0; k < WIDTH; k++)
            replicate[r * WIDTH + k] = NAN;
    }
    for (size_t k = 0; k < WIDTH; k++) {
        size_t undefined;
        struct status ignored = {0};
        if (isnan((&b->value[0][0])[k]) ||
            interval_percentile(&(&b->low[0][0])[k], &(&b->high[0][0])[k], &undefined, replicate + k, WIDTH, plan->replicates, level, &ignored))
            (&b->low[0][0])[k] = (&b->high[0][0])[k] = NAN;
    }
    free(replicate);
    free(unit_count);
    free(weight);
    free(order);
    return STATUS_OK;
}
