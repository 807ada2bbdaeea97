#include "metric/order.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

struct keyed { /* value and position side by side: the sort stays in the cache */
    double value;
    uint32_t position;
};

static int compare_descending(const void *left, const void *right)
{
    const struct keyed *a = left, *b = right;
    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    return a->position > b->position ? -1 : a->position < b->position;
}

void order_descending(uint32_t *order, const double *value, size_t stride, size_t n)
{
    assert(n <= ORDER_MAX);
    struct keyed *keyed = NEW(n, struct keyed);
    for (size_t i = 0; i < n; i++)
        keyed[i] = (struct keyed){value[i * stride], (uint32_t)i};
    qsort(keyed, n, sizeof *keyed, compare_descending);
    for (size_t i = 0; i < n; i++)
        order[i] = keyed[i].position;
    free(keyed);
}

size_t order_first_nan(const double *value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isnan(value[i]))
            return i;
    return n;
}
