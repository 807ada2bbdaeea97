#include "interval/adjust.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"

struct ranked {
    double p;
    size_t position;
};

static int compare(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->p != b->p)
        return a->p < b->p ? -1 : 1;
    return a->position < b->position ? -1 : a->position > b->position;
}

/* 1 - (1 - p)^times without loss for small p */
static double sidak(double p, double times)
{
    return p >= 1 ? 1 : -expm1(times * log1p(-p));
}

/* What the rank-th smallest of m (from 1) is alone, before the values are made to ascend. */
static double alone(enum adjust_method method, double p, double rank, double m, double harmonic)
{
    switch (method) {
    case ADJUST_BONFERRONI:
        return p * m;
    case ADJUST_HOLM:
    case ADJUST_HOCHBERG:
        return p * (m - rank + 1);
    case ADJUST_BH:
        return p * m / rank;
    case ADJUST_BY:
        return p * m / rank * harmonic;
    case ADJUST_SIDAK:
        return sidak(p, m);
    case ADJUST_HOLM_SIDAK:
        return sidak(p, m - rank + 1);
    }
    return NAN;
}

void adjust_p(double *adjusted, enum adjust_method method, const double *p, size_t n)
{
    struct ranked *r = NEW(n, struct ranked);
    size_t m = 0;
    double harmonic = 0, bound;
    for (size_t i = 0; i < n; i++) {
        adjusted[i] = NAN;
        if (!isnan(p[i]))
            r[m++] = (struct ranked){p[i], i};
    }
    qsort(r, m, sizeof *r, compare);
    for (size_t i = 1; i <= m; i++)
        harmonic += 1 / (double)i;
    bool step_up = method == ADJUST_HOCHBERG || method == ADJUST_BH || method == ADJUST_BY;
    bound = step_up ? 1 : 0;
    for (size_t i = 0; i < m; i++) {
        size_t at = step_up ? m - 1 - i : i; /* step-up: minima from the largest down; step-down: maxima upwards */
        double value = alone(method, r[at].p, (double)(at + 1), (double)m, harmonic);
        bound = step_up ? fmin(bound, value) : fmin(1, fmax(bound, value));
        adjusted[r[at].position] = bound;
    }
    free(r);
}
