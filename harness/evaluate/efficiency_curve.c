#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "evaluate/efficiency.h"
#include "interval/percentile.h"
#include "report/curve_rows.h"
#include "split/nested.h"

/* A cell's curve, kept until all are there to be compared. */
struct efficiency_curve {
    struct cell_name name; /* texts of the study, which outlives it */
    const char *metric;
    bool less_is_better;
    double *mean;          /* [n_fractions]; NaN where a draw is undefined: a mean over some of them would flatter */
};

static bool is_whole(double fraction)
{
    return fraction >= 100;
}

bool efficiency_wanted(const struct study *study, enum study_protocol protocol)
{
    return study->n_fractions && protocol != PROTOCOL_OFFICIAL;
}

size_t efficiency_steps(const struct study *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_fractions; i++)
        n += is_whole(s->fraction[i]) ? 0 : s->draws;
    return n;
}

int efficiency_begin(struct efficiency *e, const struct study *study, struct status *st)
{
    *e = (struct efficiency){.study = study};
    if (!study->n_fractions)
        return STATUS_OK;
    int code = curve_rows_open(&e->rows, study->output, st);
    return code ? code : reach_rows_open(&e->reach, study->output, st);
}

/* ---- the fits ---- */

struct job {
    size_t draw, n_patients;
    struct efficiency_value value;
    struct status status;
};

/* Largest first, so that threads end together; each job fills its own slot. */
static int run_jobs(struct job *job, size_t n_jobs, const struct efficiency_draws *e, const struct cell_task *t, enum study_probe probe, const float *x,
                    size_t d, struct progress *progress, struct status *st)
{
    const struct partitions *p = t->partitions;
    float *x_test = NEW(p->n_test * d, float);
    for (size_t i = 0; i < p->n_test; i++)
        memcpy(x_test + i * d, x + p->test[i] * d, d * sizeof *x);
    blas_use_one_thread();
#pragma omp parallel for schedule(dynamic, 1) num_threads(t->n_threads)
    for (size_t i = 0; i < n_jobs; i++) {
        struct job *j = &job[n_jobs - 1 - i];
        if (interrupt_requested())
            continue;
        j->status.code = efficiency_draw(&j->value, e, t, probe, x, x_test, d, j->draw, j->n_patients, &j->status);
        progress_step(progress, 1);
    }
    free(x_test);
    if (interrupt_requested())
        return status_set(st, STATUS_INTERRUPTED, "stopped between two draws; the reports of an earlier run are unchanged");
    for (size_t i = 0; i < n_jobs; i++)
        if (job[i].status.code)
            return status_set(st, job[i].status.code, "label efficiency, draw %zu of %zu patients: %s", job[i].draw + 1, job[i].n_patients,
                              job[i].status.text);
    return STATUS_OK;
}

/* ---- the rows ---- */

/* Why draws are undefined: the reason of the first, and of how many. */
static void say_undefined(char *text, size_t size, const struct efficiency_value *first, size_t n_undefined, size_t n)
{
    (void)snprintf(text, size, "%zu of %zu draws undefined, the first: %.150s", n_undefined, n, first->why);
}

static void write_draws(struct efficiency *e, struct curve_row *row, const struct job *job, size_t n, double *mean)
{
    const struct study *s = e->study;
    const struct efficiency_value *undefined = NULL;
    double *value = NEW(n, double), sum = 0;
    char why[256] = "";
    for (size_t i = 0; i < n; i++) {
        const struct efficiency_value *v = &job[i].value;
        row->draw = job[i].draw;
        row->n_images = v->n_images;
        row->n_patients = v->n_patients;
        row->value = value[i] = v->value;
        row->parameter = v->parameter;
        row->choice = isnan(v->parameter) ? "" : v->n_folds ? "folds" : "fixed";
        row->reason = v->why;
        curve_rows_draw(&e->rows, row);
        row->undefined_draws += isnan(v->value) ? 1 : 0;
        if (isnan(v->value) && !undefined)
            undefined = v;
        if (!isnan(v->value))
            sum += v->value;
    }
    size_t n_defined = n - row->undefined_draws, ignored;
    struct status none = {0};
    row->draws = n;
    row->value = n_defined ? sum / (double)n_defined : NAN;
    if (interval_percentile(&row->low, &row->high, &ignored, value, 1, n, s->level, &none) == STATUS_OK)
        row->interval = "percentiles over draws of training patients";
    if (undefined)
        say_undefined(why, sizeof why, undefined, row->undefined_draws, n);
    row->reason = why;
    curve_rows_mean(&e->rows, row);
    *mean = undefined ? NAN : row->value;
    free(value);
}

static void write_whole(struct efficiency *e, struct curve_row *row, const struct cell_task *t, const struct efficiency_draws *draws,
                        const struct headline *full, double *mean)
{
    row->n_images = t->partitions->n_development;
    row->n_patients = draws->n_units;
    row->value = *mean = full->value;
    row->parameter = full->parameter;
    row->choice = isnan(full->parameter) ? "" : "folds";
    row->reason = isnan(full->value) ? "undefined on the whole part: metrics.csv says why" : "";
    curve_rows_draw(&e->rows, row);
    row->draws = 1;
    row->undefined_draws = isnan(full->value) ? (size_t)1 : 0;
    row->low = full->low;
    row->high = full->high;
    if (!isnan(full->low))
        row->interval = "bootstrap of the test part (metrics.csv)";
    curve_rows_mean(&e->rows, row);
}

int efficiency_cell(struct efficiency *e, const struct efficiency_draws *draws, const struct cell_task *t, const struct study_model *model,
                    const char *readout, enum study_probe probe, const float *x, size_t d, const struct headline *full, struct progress *progress,
                    struct status *st)
{
    const struct study *s = e->study;
    const struct task *task = t->cohort->source->task;
    size_t n_jobs = efficiency_steps(s), n = 0;
    if (!s->n_fractions)
        return STATUS_OK;
    struct cell_name name = {s->name, task->name, study_protocol_name(t->protocol), model->name, readout, study_probe_name(probe), study_preprocess_name(model),
                             study_precision_name(model)};
    struct efficiency_curve curve = {.name = name, .metric = full->metric,
                                     .less_is_better = task->kind == KIND_REGRESSION, .mean = NEW(s->n_fractions, double)};
    struct job *job = NEW0(n_jobs, struct job);
    for (size_t f = 0; f < s->n_fractions; f++)
        for (size_t i = 0; i < s->draws && !is_whole(s->fraction[f]); i++)
            job[n++] = (struct job){.draw = i, .n_patients = nested_size(s->fraction[f], draws->n_units)};
    int code = run_jobs(job, n, draws, t, probe, x, d, progress, st);
    for (size_t f = 0; f < s->n_fractions && !code; f++) {
        struct curve_row row = {.cell = name, .metric = curve.metric, .fraction = s->fraction[f], .interval = "", .reason = ""};
        if (is_whole(s->fraction[f]))
            write_whole(e, &row, t, draws, full, &curve.mean[f]);
        else
            write_draws(e, &row, job + f * s->draws, s->draws, &curve.mean[f]);
    }
    free(job);
    if (code) {
        free(curve.mean);
        return status_context(st, "task '%s', model '%s', %s, %s", task->name, model->name, readout, name.probe);
    }
    e->curve = mem_grow(e->curve, e->n_curves, &e->capacity, sizeof *e->curve);
    e->curve[e->n_curves++] = curve;
    return STATUS_OK;
}

/* ---- how few labels reach another's figure ---- */

static void write_reach(struct efficiency *e, const struct efficiency_curve *c, const struct efficiency_curve *other)
{
    const struct study *s = e->study;
    struct reach_row row = {.cell = c->name, .metric = c->metric, .fraction = NAN, .value = NAN,
                            .reference_model = other->name.model, .reference_readout = other->name.readout,
                            .reference_value = other->mean[s->n_fractions - 1], .reason = ""};
    for (size_t f = 0; f < s->n_fractions && isnan(row.fraction); f++)
        if (c->less_is_better ? c->mean[f] <= row.reference_value : c->mean[f] >= row.reference_value) { /* false for NaN */
            row.fraction = s->fraction[f];
            row.value = c->mean[f];
        }
    if (isnan(row.reference_value))
        row.reason = "the reference has no figure";
    else if (isnan(row.fraction))
        row.reason = "no fraction at which every draw is defined has such a mean";
    reach_rows_write(&e->reach, &row);
}

static bool comparable(const struct efficiency_curve *a, const struct efficiency_curve *b)
{
    return a != b && !strcmp(a->name.task, b->name.task) && !strcmp(a->name.protocol, b->name.protocol) && !strcmp(a->name.probe, b->name.probe);
}

int efficiency_commit(struct efficiency *e, struct status *st)
{
    const struct study *s = e->study;
    if (!s->n_fractions)
        return STATUS_OK;
    if (is_whole(s->fraction[s->n_fractions - 1]))
        for (size_t a = 0; a < e->n_curves; a++)
            for (size_t b = 0; b < e->n_curves; b++)
                if (comparable(&e->curve[a], &e->curve[b]))
                    write_reach(e, &e->curve[a], &e->curve[b]);
    int code = outfile_commit(&e->rows, st);
    return code ? code : outfile_commit(&e->reach, st);
}

void efficiency_discard(struct efficiency *e)
{
    for (size_t i = 0; i < e->n_curves; i++)
        free(e->curve[i].mean);
    free(e->curve);
    outfile_discard(&e->rows);
    outfile_discard(&e->reach);
    *e = (struct efficiency){0};
}
