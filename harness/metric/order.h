/* Sorting by score, once, for everything that walks down a ranking. */
#ifndef METRIC_ORDER_H
#define METRIC_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORDER_MAX UINT32_MAX /* samples that an order can hold */

/* order[n]: positions of value[i * stride], the largest first, equal values by
 * ascending position (-0 equals +0).  n <= ORDER_MAX, no NaN. */
void order_descending(uint32_t *order, const double *value, size_t stride, size_t n);

/* Position of the first NaN of value[i * stride]; n if there is none. */
size_t order_first_nan(const double *value, size_t stride, size_t n);

#endif
