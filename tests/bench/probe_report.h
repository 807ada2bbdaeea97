/* The probe bench's figures: a value a round of what was measured at which size, written as CSV by their median, least and
 * most. */
#ifndef BENCH_PROBE_REPORT_H
#define BENCH_PROBE_REPORT_H

#include <stddef.h>

#include "base/status.h"
#include "figures.h"

struct probe_size { /* 0: does not apply */
    size_t n, d, queries, classes, folds, grid, threads;
};

struct probe_figure {
    struct probe_size size;
    char *who;            /* owned */
    struct figure figure; /* its what, unit and values; the rest is unused */
};

struct probe_report {
    struct probe_figure *item;
    size_t n, capacity;
};

/* Sets the value of a round, below MAX_ROUNDS; the figure is made if it is not there.  `who` is copied, `what` and `unit`
 * are kept. */
void probe_record(struct probe_report *r, size_t round, const char *what, const char *who, const struct probe_size *size, const char *unit,
                  double value);
/* Over rounds; NaN where there is no such figure. */
double probe_median(const struct probe_report *r, const char *what, const char *who, const struct probe_size *size);
void probe_report_free(struct probe_report *r);

/* Column names, then a row a figure that has a value. */
int probe_report_write(const struct probe_report *r, const char *path, struct status *st) MUST_CHECK;

#endif
