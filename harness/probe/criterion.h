/* What a hyper-parameter is chosen by.
 *
 * AUROC (binary; macro one-vs-rest over the classes that the rows allow), quadratic-weighted
 * kappa of the largest probability (ordinal), mean absolute error (regression; the only one
 * where less is better). */
#ifndef PROBE_CRITERION_H
#define PROBE_CRITERION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metric/kind.h"

/* "auroc", "auroc_macro", "kappa_quadratic", "mae" */
const char *criterion_name(enum task_kind kind);
/* Of prediction[n] (binary: P(1); regression) or prediction[n, n_classes]; NaN where the rows leave it undefined. */
double criterion_value(enum task_kind kind, size_t n_classes, const int32_t *label, const double *target, const double *prediction, size_t n);
bool criterion_better(double a, double b, enum task_kind kind);

#endif
