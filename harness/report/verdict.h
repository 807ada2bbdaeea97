/* What compare.csv says of two figures of metrics.csv. */
#ifndef REPORT_VERDICT_H
#define REPORT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "report/folder.h"

/* Is row i of compare.csv a difference that stands after Holm's correction, at the study's level? */
bool verdict_significant(const struct folder *f, size_t i);
/* Is row a's figure (of metrics.csv) significantly better than row b's after correction?  false where they were not compared. */
bool verdict_better(const struct folder *f, size_t a, size_t b);

#endif
