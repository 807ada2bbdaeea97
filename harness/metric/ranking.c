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

struct auroc_count ranking_count(const struct ranking *r, const uint32_t *weight)
{
    struct auroc_count count = {0};
    uint64_t tied[2] = {0, 0}; /* negatives, positives */
    for (size_t i = 0; i < r->n; i++) {
        uint32_t entry = r->entry[i];
        tied[(entry & POSITIVE) / POSITIVE] += weight ? weight[entry >> 2] : 1;
        if (!(entry & LAST_OF_TIE))
            continue;
        count.twice_u += tied[0] * (2 * count.n_positive + tied[1]);
        count.n_positive += tied[1];
        count.n_negative += tied[0];
        tied[0] = tied[1] = 0;
    }
    return count;
}

double auroc_from_count(const struct auroc_count *count)
{
    if (count->n_positive == 0 || count->n_negative == 0)
        return NAN;
    return (double)count->twice_u / (2.0 * (double)count->n_positive * (double)count->n_negative);
}

double ranking_average_precision(const struct ranking *r, const uint32_t *weight)
{
    uint64_t positive = 0, all = 0, tied = 0;
    double sum = 0;
    for (size_t i = 0; i < r->n; i++) {
        uint32_t entry = r->entry[i];
        uint64_t w = weight ? weight[entry >> 2] : 1;
        all += w;
        if (entry & POSITIVE)
            tied += w;
        if (!(entry & LAST_OF_TIE) || tied == 0)
            continue; /* a threshold without positives gains no recall */
        positive += tied;
        sum += (double)tied * ((double)positive / (double)all);
        tied = 0;
    }
    return positive ? sum / (double)positive : NAN;
}
