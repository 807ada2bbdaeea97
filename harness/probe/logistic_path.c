/* The path of a grid of C, from the strongest penalty to the weakest, as a column of fronts:
 * the folds at one C.  A front begins once the one before it has made a Newton step, in the
 * span of the last points of the path (logistic_span.c); so a few fronts march through the
 * rows together, each a step behind the next, and share every walk.  Where a front has few
 * columns, walks cost what reading the rows costs: then the foremost leaps over every second
 * C, which the next one takes, between neighbours on both sides. */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/logistic_set.h"

#define NEWTON_MAX 200
#define REACH 8                  /* places from which a point still helps */
#define DECREMENT_DONE 1e-20     /* of the objective: an excess that no double of the objective can show */
#define DECREMENT_ROUNDING 1e-15 /* below this a decrement that no longer falls is rounding */
#define GRADIENT_WANTED 1e-8
#define ENOUGH 0.3               /* of DECREMENT_DONE's root: further than this no step need go */
#define FORCING_FLOAT 1e-4       /* what float32 products can give a step */
#define FORCING_DOUBLE 1e-8

struct path {
    struct logistic_set *s;
    struct logistic *fit;      /* [n_folds, n_c] */
    const double *C;           /* [n_c] */
    size_t *order, n_c;        /* which C has a place in the path, smallest first */
    size_t *turn, next;        /* [n_c] places in the order in which they begin */
    size_t foremost;           /* front at the largest C so far, open or not */
    double *rho, *forcing;     /* [n_problems] */
};

/* Ranks of C, smallest first; few enough for insertion. */
static void sort_ascending(size_t *order, const double *C, size_t n_c)
{
    for (size_t i = 0; i < n_c; i++) {
        size_t j = i;
        for (; j > 0 && C[order[j - 1]] > C[i]; j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
}

static double C_of(const struct path *w, size_t front)
{
    return w->C[w->order[w->s->front[front].place]];
}

/* What is known of problem p at its C, in the set's own features. */
static void keep(struct logistic *f, const struct logistic_set *s, size_t p)
{
    const struct logistic_problem *q = &s->problem[p];
    const double *theta = of_theta(s, s->theta, p);
    size_t d = s->rows.d;
    *f = (struct logistic){.rows = s->K, .d = d, .coef = NEW(s->K * d, double), .intercept = NEW(s->K, double), .objective = q->C * q->value,
                           .gradient = q->steepest, .gradient_relative = q->steepest / q->start_gradient, .iterations = q->iterations,
                           .products = q->products};
    for (size_t k = 0; k < s->K; k++) {
        memcpy(f->coef + k * d, theta + k * s->order, d * sizeof *theta);
        f->intercept[k] = q->absent[k] ? -INFINITY : theta[k * s->order + d];
    }
}

/* The front's optima are reached, or as near as they came. */
static int finish(struct path *w, size_t front, struct status *st)
{
    struct logistic_set *s = w->s;
    for (size_t f = 0; f < s->n_folds; f++) {
        size_t p = front * s->n_folds + f;
        const struct logistic_problem *q = &s->problem[p];
        if (!(q->steepest / q->start_gradient < GRADIENT_WANTED) && q->steepest > 1e-12)
            return status_set(st, STATUS_INTERNAL,
                              "logistic regression did not reach the optimum at C = %g: relative gradient %.2g after %zu Newton steps", q->C,
                              q->steepest / q->start_gradient, q->iterations);
        logistic_centre(s, p, of_theta(s, s->theta, p)); /* no probability changes: scores stay as they are */
        keep(&w->fit[f * w->n_c + w->order[s->front[front].place]], s, p);
    }
    size_t slot = s->front[front].place % s->n_past, size = s->n_folds * s->K * s->order, n_scores = s->n_folds * s->K * s->rows.n;
    s->past_place[slot] = s->front[front].place;
    memcpy(s->past_theta + slot * size, s->theta + front * size, size * sizeof(double));
    memcpy(s->past_score + slot * n_scores, s->score + front * n_scores, n_scores * sizeof(double));
    return STATUS_OK;
}

/* Which of the front's problems go on, from gradient and solved = M^-1 gradient; finishes the front where none does. */
static int judge(struct path *w, size_t front, struct status *st)
{
    struct logistic_set *s = w->s;
    struct logistic_front *r = &s->front[front];
    size_t size = s->K * s->order, kept = 0;
    for (size_t a = 0; a < r->n_active; a++) {
        size_t p = r->active[a];
        struct logistic_problem *q = &s->problem[p];
        const double *gradient = of_theta(s, s->gradient, p);
        double decrement = cblas_ddot((int)size, gradient, 1, of_theta(s, s->solved, p), 1), relative = decrement / q->value;
        q->steepest = fabs(gradient[cblas_idamax((int)size, gradient, 1)]);
        bool flat = q->steepest < GRADIENT_WANTED / 10 * q->start_gradient || q->steepest < 1e-13;
        bool stuck = r->exact && relative < DECREMENT_ROUNDING &&
                     (relative > q->decrement / 4 || (relative > q->decrement / 100 && q->steepest < GRADIENT_WANTED * q->start_gradient));
        bool done = r->steps > 0 && !(relative > DECREMENT_DONE) && flat; /* a step also gives theta scores of its own */
        if (done || stuck || r->steps == NEWTON_MAX)
            continue;
        if (r->steps > 2 && relative > q->decrement / 10)
            r->exact = true;
        q->decrement = relative;
        q->iterations++;
        w->rho[p] = decrement;
        double enough = ENOUGH * sqrt(DECREMENT_DONE / relative);
        w->forcing[p] = fmin(0.1, fmax(fmax(sqrt(relative), enough), r->exact ? FORCING_DOUBLE : FORCING_FLOAT));
        r->active[kept++] = p;
    }
    r->n_active = kept;
    return kept ? STATUS_OK : finish(w, front, st);
}

/* Turns: each place after the one before, or 0, 2, 1, 4, 3, ... */
static void take_turns(size_t *turn, size_t n_c, bool leap)
{
    for (size_t i = 0; i < n_c; i++)
        turn[i] = !leap || i == 0 || (i == n_c - 1 && i % 2) ? i : i % 2 ? i + 1 : i - 1;
}

/* The known points closest to a place, closest first: of open fronts where they stand. */
static size_t gather_points(const double **theta, const double **score, const struct path *w, size_t place)
{
    struct logistic_set *s = w->s;
    size_t m = 0, size = s->n_folds * s->K * s->order, n_scores = s->n_folds * s->K * s->rows.n;
    for (size_t distance = 1; distance <= REACH && m < s->n_past; distance++)
        for (int side = 0; side < 2 && m < s->n_past; side++) {
            size_t at = side ? place - distance : place + distance, slot = at % s->n_past;
            if ((side && distance > place) || at >= w->n_c)
                continue;
            bool known = s->past_place[slot] == at;
            theta[m] = s->past_theta + slot * size;
            score[m] = s->past_score + slot * n_scores;
            for (size_t f = 0; f < s->n_fronts; f++)
                if (s->front[f].n_active && s->front[f].place == at && s->front[f].steps > 0) {
                    theta[m] = s->theta + f * size;
                    score[m] = s->score + f * n_scores;
                    known = true;
                }
            m += known;
        }
    return m;
}

/* A front at the path's next C. */
static int begin(struct path *w, size_t front, struct status *st)
{
    struct logistic_set *s = w->s;
    struct logistic_front *r = &s->front[front];
    const double *theta[LOGISTIC_SPAN], *score[LOGISTIC_SPAN];
    size_t place = w->turn[w->next++], m = gather_points(theta, score, w, place);
    *r = (struct logistic_front){.place = place, .active = r->active, .n_active = s->n_folds};
    for (size_t f = 0; f < s->n_folds; f++) {
        size_t p = front * s->n_folds + f;
        struct logistic_problem *q = &s->problem[p];
        *q = s->problem[w->foremost * s->n_folds + f];
        r->active[f] = p;
        q->C = C_of(w, front);
        q->decrement = INFINITY;
        q->iterations = q->products = 0;
        q->value = q->loss + logistic_penalty(s, p, 0);
    }
    if (m)
        logistic_span_start(s, front, theta, score, m);
    logistic_copy_blocks(s, front, w->foremost);
    if (place == 0 || place > s->front[w->foremost].place)
        w->foremost = front;
    return logistic_factor(s, front, C_of(w, front), st);
}

/* Rebuilding the blocks costs about as much as this many passes for all folds (measured). */
static size_t refresh_price(const struct logistic_set *s)
{
    return 2 + s->n_blocks * s->rows.d / (8 + 8 * s->n_folds);
}

/* New Hessian blocks for all fronts, of the one that is furthest on, once the old have become dear. */
static int refresh(struct path *w, struct status *st)
{
    struct logistic_set *s = w->s;
    int code = STATUS_OK;
    if (s->last_solve <= 8 || s->since_refresh <= refresh_price(s))
        return code;
    logistic_refresh(s, w->foremost);
    for (size_t front = 0; front < s->n_fronts && !code; front++) {
        if (!s->front[front].n_active && front != w->foremost)
            continue;
        logistic_copy_blocks(s, front, w->foremost);
        code = logistic_factor(s, front, C_of(w, front), st);
    }
    return code;
}

/* active[n_problems]: all that go on, front by front. */
static size_t gather(size_t *active, const struct logistic_set *s)
{
    size_t n = 0;
    for (size_t front = 0; front < s->n_fronts; front++) {
        memcpy(active + n, s->front[front].active, s->front[front].n_active * sizeof *active);
        n += s->front[front].n_active;
    }
    return n;
}

static int walk(struct path *w, size_t *active, struct status *st)
{
    struct logistic_set *s = w->s;
    for (;;) {
        int code = STATUS_OK;
        for (size_t front = 0; front < s->n_fronts && !code; front++) {
            const struct logistic_front *foremost = &s->front[w->foremost];
            if (w->next < w->n_c && !s->front[front].n_active && (!foremost->n_active || foremost->steps > 0))
                code = begin(w, front, st);
        }
        size_t n_active = gather(active, s);
        if (code || !n_active)
            return code;
        logistic_pass(s, PASS_GRADIENT, active, n_active);
        code = refresh(w, st);
        if (!code)
            logistic_precondition(s, s->gradient, active, n_active);
        for (size_t front = 0; front < s->n_fronts && !code; front++)
            if (s->front[front].n_active)
                code = judge(w, front, st);
        if (code)
            return code;
        n_active = gather(active, s);
        if (!n_active)
            continue;
        s->exact = false;
        for (size_t front = 0; front < s->n_fronts; front++) {
            s->exact = s->exact || (s->front[front].n_active && s->front[front].exact);
            s->front[front].steps++;
        }
        logistic_newton_steps(s, active, n_active, w->rho, w->forcing);
        logistic_line_search(s, active, n_active);
    }
}

int logistic_walk_path(struct logistic *fit, struct logistic_set *s, const double *C, size_t n_c, struct status *st)
{
    size_t *active = NEW(s->n_problems, size_t);
    struct path w = {.s = s, .fit = fit, .C = C, .order = NEW(n_c + 1, size_t), .n_c = n_c,
                     .turn = NEW(n_c + 1, size_t), .rho = NEW0(s->n_problems, double),
                     .forcing = NEW0(s->n_problems, double)};
    sort_ascending(w.order, C, n_c);
    take_turns(w.turn, n_c, s->leaps);
    for (size_t i = 0; i < s->n_past; i++)
        s->past_place[i] = n_c;
    logistic_start(s);
    logistic_first_blocks(s);
    int code = walk(&w, active, st);
    free(w.forcing);
    free(w.rho);
    free(w.turn);
    free(w.order);
    free(active);
    return code;
}
