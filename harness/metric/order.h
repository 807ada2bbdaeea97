/* Sorting by score, once, for everything that walks down a ranking. */
#ifndef METRIC_ORDER_H
#define METRIC_ORDER_H

#include <stddef.h>
#include <stdint.h>

#define ORDER_MAX (UINT32_MAX >> 2) /* samples that an order can hold; the ranking packs two flags beside them */

/* order[n]: positions of value[i * stride], the largest first, equal values by
 * descending position: the order in which scikit-learn adds up sample weights, whose last bits
 * decide which points of a weighted ROC are corners.  -0 equals +0.  n <= ORDER_MAX, no NaN. */
void order_descending(uint32_t *order, const double *value, size_t stride, size_t n);

/* Position of the first NaN of value[n]; n if there is none. */
size_t order_first_nan(const double *value, size_t n);

#endif
