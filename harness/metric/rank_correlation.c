#include "metric/rank_correlation.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "metric/order.h"
#include "metric/regression.h"

void rank_correlation_new(struct rank_correlation *r, const double *a, const double *b, size_t n)
{
    r->n = n;
    for (size_t side = 0; side < 2; side++) {
        const double *value = side ? b : a;
        uint32_t *order = NEW(n, uint32_t);
        order_descending(order, value, 1, n);
        r->entry[side] = NEW(n, uint32_t);
        for (size_t i = 0; i < n; i++) {
            uint32_t position = order[n - 1 - i];
            bool last = i + 1 == n || value[order[n - 2 - i]] != value[position];
            r->entry[side][i] = position << 1 | last;
        }
        free(order);
    }
}

void rank_correlation_free(struct rank_correlation *r)
{
    free(r->entry[0]);
    free(r->entry[1]);
    *r = (struct rank_correlation){0};
}

double rank_correlation_compute(const struct rank_correlation *r, const uint32_t *weight, double *rank)
{
    for (size_t side = 0; side < 2; side++) {
        uint64_t below = 0, all = 0;
        for (size_t i = 0, begin = 0; i < r->n; i++) {
            all += weight ? weight[r->entry[side][i] >> 1] : 1;
            if (!(r->entry[side][i] & 1))
                continue;
            double middle = (double)(below + all + 1) / 2;
            for (; begin <= i; begin++)
                rank[side * r->n + (r->entry[side][begin] >> 1)] = middle;
            below = all;
        }
    }
    return regression_pearson(rank, rank + r->n, weight, r->n);
}
