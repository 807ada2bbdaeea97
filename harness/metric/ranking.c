#include "metric/ranking.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "metric/order.h"

#define POSITIVE 2u
#define LAST_OF_TIE 1u

void ranking_new(struct ranking *r, const int32_t *label, int32_t positive, const double *score, size_t stride,
                 size_t n)
{
    r->n = n;
    r->entry = NEW(n, uint32_t);
    order_descending(r->entry, score, stride, n);
    for (size_t i = 0; i < n; i++) {
        uint32_t position = r->entry[i];
        bool last = i + 1 == n || score[r->entry[i + 1] * stride] != score[position * stride];
        r->entry[i] = position << 2 | (label[position] == positive ? POSITIVE : 0) | (last ? LAST_OF_TIE : 0);
    }
}

void ranking_free(struct ranking *r)
{
    free(r->entry);
    *r = (struct ranking){0};
}

void ranking_by_unit(struct ranking *r, const uint32_t *unit)
{
    for (size_t i = 0; i < r->n; i++)
        r->entry[i] = unit[r->entry[i] >> 2] << 2 | (r->entry[i] & (POSITIVE | LAST_OF_TIE));
}

struct auroc_count ranking_count(const struct ranking *r, const uint32_t *weight)
{
    uint64_t twice_u = 0, positive = 0, all = 0;   /* so far, the tie at hand included */
    uint64_t positive_above = 0, all_above = 0;    /* above that tie */
    for (size_t i = 0; i < r->n; i++) {
        uint32_t entry = r->entry[i];
        uint64_t w = weight ? weight[entry >> 2] : 1;
        all += w;
        positive += w & -(uint64_t)((entry & POSITIVE) / POSITIVE); /* labels are random: no branch to guess */
        if (!(entry & LAST_OF_TIE))
            continue;
        uint64_t tied_negative = (all - all_above) - (positive - positive_above);
        twice_u += tied_negative * (positive_above + positive); /* 2 x those above + 1 x those tied */
        positive_above = positive;
        all_above = all;
    }
    return (struct auroc_count){twice_u, positive, all - positive};
}

double auroc_from_count(const struct auroc_count *count)
{
    if (count->n_positive == 0 || count->n_negative == 0)
        return NAN;
    return (double)count->twice_u / (2.0 * (double)count->n_positive * (double)count->n_negative);
}

double ranking_average_precision(const struct ranking *r, const uint32_t *weight)
{
    uint64_t positive = 0, all = 0, positive_above = 0;
    double sum = 0;
    for (size_t i = 0; i < r->n; i++) {
        uint32_t entry = r->entry[i];
        uint64_t w = weight ? weight[entry >> 2] : 1;
        all += w;
        positive += w & -(uint64_t)((entry & POSITIVE) / POSITIVE);
        if (!(entry & LAST_OF_TIE) || all == 0)
            continue;
        sum += (double)(positive - positive_above) * ((double)positive / (double)all); /* adds 0 without positives */
        positive_above = positive;
    }
    return positive ? sum / (double)positive : NAN;
}
