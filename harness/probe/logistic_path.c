/* The path of a grid of C, from the strongest penalty to the weakest, as a column of fronts:
 * the folds at one C.  A front begins where the one before it stands after its first Newton
 * step, which is already closer to that one's optimum than the next optimum is; so a few fronts
 * march through the rows together, each a step behind the next, and share every walk. */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/logistic_set.h"

#define NEWTON_MAX 200
#define DECREMENT_DONE 1e-20     /* of the objective: an excess that no double of the objective can show */
#define DECREMENT_ROUNDING 1e-15 /* below this a decrement that no longer falls is rounding */
#define GRADIENT_WANTED 1e-8
#define FORCING_FLOAT 1e-4       /* what float32 products can give a step */
#define FORCING_DOUBLE 1e-8

struct path {
    struct logistic_set *s;
    struct logistic *fit;      /* [n_folds, n_c] */
    const double *C;           /* [n_c] */
    size_t *order, n_c, next;  /* ranks of C, smallest first; the place of the next front */
    size_t newest;             /* front that began last, open or not */
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
        logistic_centre(s, p, of_theta(s, s->theta, p));
        keep(&w->fit[f * w->n_c + w->order[s->front[front].place]], s, p);
    }
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
        bool stuck = r->exact && relative < DECREMENT_ROUNDING && relative > q->decrement / 4;
        if ((!(relative > DECREMENT_DONE) && flat) || stuck || r->steps == NEWTON_MAX)
            continue;
        if (r->steps > 2 && relative > q->decrement / 10)
            r->exact = true;
        q->decrement = relative;
        q->iterations++;
        w->rho[p] = decrement;
        w->forcing[p] = fmin(0.1, fmax(sqrt(relative), r->exact ? FORCING_DOUBLE : FORCING_FLOAT));
        r->active[kept++] = p;
    }
    r->n_active = kept;
    return kept ? STATUS_OK : finish(w, front, st);
}

/* A front at the path's next C, from where the newest stands: another C changes the penalty alone. */
static int begin(struct path *w, size_t front, struct status *st)
{
    struct logistic_set *s = w->s;
    size_t size = s->K * s->order, n_scores = s->K * s->rows.n;
    struct logistic_front *r = &s->front[front];
    *r = (struct logistic_front){.place = w->next++, .active = r->active, .n_active = s->n_folds};
    for (size_t f = 0; f < s->n_folds; f++) {
        size_t p = front * s->n_folds + f, from = w->newest * s->n_folds + f;
        struct logistic_problem *q = &s->problem[p];
        double before = s->problem[from].C;
        r->active[f] = p;
        if (p != from) {
            *q = s->problem[from];
            memcpy(of_theta(s, s->theta, p), of_theta(s, s->theta, from), size * sizeof(double));
            memcpy(of_theta(s, s->gradient, p), of_theta(s, s->gradient, from), size * sizeof(double));
            memcpy(of_rows(s, s->score, p), of_rows(s, s->score, from), n_scores * sizeof(double));
            memcpy(of_rows(s, s->prob, p), of_rows(s, s->prob, from), n_scores * sizeof(double));
        }
        q->C = C_of(w, front);
        q->decrement = INFINITY;
        q->iterations = q->products = 0;
        q->value = q->loss + logistic_penalty(s, p, 0);
        double *gradient = of_theta(s, s->gradient, p), *theta = of_theta(s, s->theta, p);
        for (size_t j = 0; j < size; j++)
            if (j % s->order < s->rows.d)
                gradient[j] += q->ridge[j % s->order] * theta[j] * (1 / q->C - 1 / before);
    }
    logistic_copy_blocks(s, front, w->newest);
    w->newest = front;
    int code = logistic_factor(s, front, C_of(w, front), st);
    if (code)
        return code;
    logistic_precondition(s, s->gradient, r->active, r->n_active);
    return judge(w, front, st);
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
    logistic_refresh(s, w->newest);
    for (size_t front = 0; front < s->n_fronts && !code; front++) {
        if (!s->front[front].n_active && front != w->newest)
            continue;
        logistic_copy_blocks(s, front, w->newest);
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
    int code = STATUS_OK;
    for (size_t n_active = 0; !code;) {
        if (n_active) {
            logistic_pass(s, PASS_GRADIENT, active, n_active);
            code = refresh(w, st);
            if (!code)
                logistic_precondition(s, s->gradient, active, n_active);
        }
        for (size_t front = 0; front < s->n_fronts && !code; front++)
            if (s->front[front].n_active)
                code = judge(w, front, st);
        for (size_t front = 0; front < s->n_fronts && !code; front++) {
            const struct logistic_front *newest = &s->front[w->newest];
            bool ready = !newest->n_active || newest->steps > 0;
            if (w->next < w->n_c && ready && !s->front[front].n_active)
                code = begin(w, front, st);
        }
        n_active = gather(active, s);
        if (code || (!n_active && w->next == w->n_c))
            break;
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
    return code;
}

int logistic_walk_path(struct logistic *fit, struct logistic_set *s, const double *C, size_t n_c, struct status *st)
{
    size_t *active = NEW(s->n_problems, size_t);
    struct path w = {.s = s, .fit = fit, .C = C, .order = NEW(n_c + 1, size_t), .n_c = n_c, .rho = NEW0(s->n_problems, double),
                     .forcing = NEW0(s->n_problems, double)};
    sort_ascending(w.order, C, n_c);
    logistic_start(s);
    logistic_first_blocks(s);
    int code = walk(&w, active, st);
    free(w.forcing);
    free(w.rho);
    free(w.order);
    free(active);
    return code;
}
