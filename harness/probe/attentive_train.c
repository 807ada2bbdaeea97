#include "probe/attentive_train.h"

#include <gsl/gsl_randist.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/memory.h"
#include "base/rng.h"
#include "probe/lbfgs.h"

#define FIRST_STEP 0.1 /* length, where |W| and |Q| are of the order of 1 */

void attentive_draw_queries(double *query, const struct attentive_shape *shape, double sd, uint64_t seed)
{
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, seed, "attentive", 0);
    for (size_t i = 0; i < shape->n_queries * shape->width; i++)
        query[i] = gsl_ran_gaussian_ziggurat(rng, sd);
    gsl_rng_free(rng);
}

struct walk {
    struct lbfgs step;
    double *trial; /* [n, n_out] what the trial point says, and what the best point so far said */
    double *best;
};

struct workshop {
    struct attentive_fit *fit;
    struct walk *walk;
    size_t n_fits;
    const struct attentive_task *task;
    size_t *active; /* [n_active] */
    size_t n_active;
};

static void begin(struct workshop *w)
{
    for (size_t f = 0; f < w->n_fits; f++) {
        struct attentive_fit *fit = &w->fit[f];
        struct walk *walk = &w->walk[f];
        size_t n_said = fit->prediction ? w->task->source.n * fit->model.shape.n_out : 0;
        lbfgs_begin(&walk->step, fit->model.parameter, attentive_n_parameters(&fit->model.shape), FIRST_STEP);
        walk->trial = NEW0(n_said, double);
        walk->best = NEW0(n_said, double);
        fit->steps = 0;
    }
}

static int one_pass(struct workshop *w, int n_threads, struct status *st)
{
    struct attentive_model *model = NEW(w->n_active, struct attentive_model);
    struct attentive_out *out = NEW(w->n_active, struct attentive_out);
    for (size_t a = 0; a < w->n_active; a++) {
        size_t f = w->active[a];
        model[a] = w->fit[f].model;
        model[a].parameter = w->walk[f].step.trial;
        out[a] = (struct attentive_out){.gradient = NEW(w->walk[f].step.n, double), .prediction = w->fit[f].prediction ? w->walk[f].trial : NULL};
    }
    int code = attentive_pass(out, model, w->n_active, w->task, n_threads, st);
    size_t left = 0;
    for (size_t a = 0; a < w->n_active; a++) {
        struct walk *walk = &w->walk[w->active[a]];
        if (!code && lbfgs_tell(&walk->step, out[a].objective, out[a].gradient)) {
            double *said = walk->trial;
            walk->trial = walk->best;
            walk->best = said;
            w->fit[w->active[a]].steps++;
        }
        if (!walk->step.done)
            w->active[left++] = w->active[a];
        free(out[a].gradient);
    }
    w->n_active = left;
    free(model);
    free(out);
    return code;
}

/* What every model is and says now, as what it is and says at this stop. */
static void keep(struct workshop *w, size_t stop)
{
    size_t n = w->task->source.n;
    for (size_t f = 0; f < w->n_fits; f++) {
        struct attentive_fit *fit = &w->fit[f];
        const struct walk *walk = &w->walk[f];
        size_t n_out = fit->model.shape.n_out;
        if (fit->kept)
            memcpy(fit->kept + stop * walk->step.n, walk->step.x, walk->step.n * sizeof(double));
        for (size_t i = 0; i < n && fit->prediction; i++)
            if (w->task->fold && w->task->fold[i] == fit->model.left_out)
                memcpy(fit->prediction + (stop * n + i) * n_out, walk->best + i * n_out, n_out * sizeof(double));
        fit->objective = walk->step.f;
        fit->done = walk->step.done;
    }
}

int attentive_train(struct attentive_fit *fit, size_t n_fits, const struct attentive_task *t, const size_t *stop, size_t n_stops, size_t *n_passes,
                    int n_threads, struct status *st)
{
    struct workshop w = {.fit = fit, .walk = NEW0(n_fits, struct walk), .n_fits = n_fits, .task = t, .active = NEW(n_fits, size_t), .n_active = n_fits};
    int code = STATUS_OK;
    begin(&w);
    for (size_t f = 0; f < n_fits; f++)
        w.active[f] = f;
    *n_passes = 0;
    for (size_t s = 0; s < n_stops && !code; s++) {
        while (*n_passes < stop[s] && w.n_active && !code) {
            code = one_pass(&w, n_threads, st);
            ++*n_passes;
            if (!code && interrupt_requested())
                code = status_set(st, STATUS_INTERRUPTED, "stopped while an attentive probe was trained; the reports of an earlier run are unchanged");
        }
        if (!code)
            keep(&w, s);
    }
    for (size_t f = 0; f < n_fits; f++) {
        lbfgs_free(&w.walk[f].step);
        free(w.walk[f].trial);
        free(w.walk[f].best);
    }
    free(w.walk);
    free(w.active);
    return code;
}
