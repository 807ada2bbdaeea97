#include "probe/lbfgs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define ARMIJO 1e-4
#define FLAT 1e-5

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void add_scaled(double *to, double scale, const double *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += scale * from[i];
}

void lbfgs_begin(struct lbfgs *l, const double *start, size_t n, double first_step)
{
    *l = (struct lbfgs){.n = n, .first_step = first_step};
    l->x = NEW(n, double);
    l->gradient = NEW(n, double);
    l->trial = NEW(n, double);
    l->direction = NEW(n, double);
    l->s = NEW(LBFGS_MEMORY * n, double);
    l->y = NEW(LBFGS_MEMORY * n, double);
    memcpy(l->x, start, n * sizeof *start);
    memcpy(l->trial, start, n * sizeof *start);
}

void lbfgs_free(struct lbfgs *l)
{
    free(l->x);
    free(l->gradient);
    free(l->trial);
    free(l->direction);
    free(l->s);
    free(l->y);
    *l = (struct lbfgs){0};
}

/* direction = -H g */
static void choose_direction(struct lbfgs *l)
{
    double alpha[LBFGS_MEMORY], *d = l->direction;
    size_t n = l->n;
    for (size_t i = 0; i < n; i++)
        d[i] = -l->gradient[i];
    for (size_t back = 1; back <= l->n_pairs; back++) {
        size_t k = (l->next + LBFGS_MEMORY - back) % LBFGS_MEMORY;
        alpha[k] = l->rho[k] * dot(l->s + k * n, d, n);
        add_scaled(d, -alpha[k], l->y + k * n, n);
    }
    double scale = l->first_step / sqrt(dot(l->gradient, l->gradient, n));
    if (l->n_pairs) {
        size_t last = (l->next + LBFGS_MEMORY - 1) % LBFGS_MEMORY;
        scale = 1 / (l->rho[last] * dot(l->y + last * n, l->y + last * n, n));
    }
    for (size_t i = 0; i < n; i++)
        d[i] *= scale;
    for (size_t back = l->n_pairs; back >= 1; back--) {
        size_t k = (l->next + LBFGS_MEMORY - back) % LBFGS_MEMORY;
        add_scaled(d, alpha[k] - l->rho[k] * dot(l->y + k * n, d, n), l->s + k * n, n);
    }
    l->slope = dot(l->gradient, d, n);
}

static void try_step(struct lbfgs *l, double step)
{
    l->step = step;
    for (size_t i = 0; i < l->n; i++)
        l->trial[i] = l->x[i] + step * l->direction[i];
}

static void next_line(struct lbfgs *l)
{
    double size = sqrt(dot(l->x, l->x, l->n));
    if (sqrt(dot(l->gradient, l->gradient, l->n)) <= FLAT * (size > 1 ? size : 1)) {
        l->done = true;
        return;
    }
    choose_direction(l);
    l->cuts = 0;
    try_step(l, 1);
}

static void keep_pair(struct lbfgs *l, const double *gradient)
{
    double *s = l->s + l->next * l->n, *y = l->y + l->next * l->n;
    for (size_t i = 0; i < l->n; i++) {
        s[i] = l->trial[i] - l->x[i];
        y[i] = gradient[i] - l->gradient[i];
    }
    double curvature = dot(s, y, l->n);
    if (!(curvature > 1e-10 * dot(y, y, l->n)))
        return;
    l->rho[l->next] = 1 / curvature;
    l->next = (l->next + 1) % LBFGS_MEMORY;
    l->n_pairs += l->n_pairs < LBFGS_MEMORY;
}

bool lbfgs_tell(struct lbfgs *l, double f, const double *gradient)
{
    if (l->began && !(isfinite(f) && f <= l->f + ARMIJO * l->step * l->slope)) {
        /* The parabola through what is known, but never less than a tenth nor more than half of the step. */
        double bend = f - l->f - l->step * l->slope, to = isfinite(f) ? -l->slope * l->step * l->step / (2 * bend) : 0;
        double least = 0.1 * l->step, most = 0.5 * l->step;
        if (++l->cuts > LBFGS_MOST_CUTS)
            l->done = true;
        else
            try_step(l, to < least ? least : to > most ? most : to);
        return false;
    }
    if (l->began)
        keep_pair(l, gradient);
    l->began = true;
    l->f = f;
    memcpy(l->x, l->trial, l->n * sizeof *l->x);
    memcpy(l->gradient, gradient, l->n * sizeof *gradient);
    next_line(l);
    return true;
}
