/* Sums over a pair of rows in double: sixteen running sums, added up in one fixed
 * order, so that equal rows give equal bits wherever they stand and whatever
 * instructions the processor has. */
#ifndef PROBE_KNN_EXACT_H
#define PROBE_KNN_EXACT_H

#include <stddef.h>

double knn_dot(const float *a, const float *b, size_t d);
/* sum of (a[j] - b[j])^2 */
double knn_squared_difference(const float *a, const float *b, size_t d);

#endif
