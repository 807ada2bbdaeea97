/* Measured figures: a value a round, printed and written as CSV by their
 * median, least and most. */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

#define MAX_ROUNDS 64

struct figure {
    const char *what; /* rate, peak, share, ratio, memory, start */
    const char *who;  /* ours, pytorch, ... */
    const char *precision;
    size_t threads, batch, images; /* 0: does not apply */
    const char *unit;
    double value[MAX_ROUNDS]; /* NaN: not measured in that round */
};

struct figures {
    struct figure *item;
    size_t n, capacity;
    size_t layers; /* of the model, written in every row */
};

/* The figure of this description, made (all NaN) if it is not there.  Texts are kept, not copied.  The pointer holds until
 * the next figure is made. */
struct figure *figures_of(struct figures *f, const char *what, const char *who, const char *precision, size_t threads, size_t batch,
                          size_t images, const char *unit);
void figures_free(struct figures *f);

size_t figure_rounds(const struct figure *f); /* rounds that have a value */
double figure_median(const struct figure *f); /* NaN without one; likewise below */
double figure_low(const struct figure *f);
double figure_high(const struct figure *f);

/* to[round] = a[round] / b[round] * scale. */
void figure_divide(struct figure *to, const struct figure *a, const struct figure *b, double scale);

/* Column names, then a row a figure that has a value. */
int figures_write(const struct figures *f, const char *path, struct status *st) MUST_CHECK;

#endif
