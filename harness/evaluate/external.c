#include "evaluate/external.h"

#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/memory.h"
#include "evaluate/casemix.h"
#include "evaluate/cell_rows.h"
#include "evaluate/external_rows.h"
#include "evaluate/provenance.h"
#include "evaluate/shift.h"
#include "report/results.h"

struct reports { /* put in place together */
    struct outfile external, casemix, shift, *predictions;
};

/* What the probes of one task share. */
struct external_task {
    const struct cohort *cohort;
    struct partitions all;  /* every image is to be scored */
    size_t *picture;
    struct cell_task cell;
    struct outfile *predictions;
};

static int task_begin(struct external_task *t, struct pipeline *p, size_t number, struct outfile *predictions, struct status *st)
{
    const struct cohort *c = &p->cohort[number];
    *t = (struct external_task){.cohort = c, .picture = NEW(c->n, size_t), .predictions = predictions};
    t->all = (struct partitions){.test = NEW(c->n, size_t), .n_test = c->n};
    for (size_t i = 0; i < c->n; i++) {
        t->all.test[i] = i;
        t->picture[i] = c->sample[i].picture;
    }
    cell_task_make(&t->cell, &p->study, c, &t->all, PROTOCOL_GROUPED);
    t->cell.n_threads = p->options.n_threads;
    t->cell.predictions = predictions;
    int code = cell_task_add_exams(&t->cell, st);
    if (code)
        return code;
    char *name = mem_printf("%s.csv", c->source->task->name), *header = cell_predictions_header(c->source->task);
    code = results_open(predictions, p->study.output, "predictions_external", name, header, st);
    free(header);
    free(name);
    return code;
}

static void task_end(struct external_task *t)
{
    cell_task_free(&t->cell);
    partitions_free(&t->all);
    free(t->picture);
}

/* The development's own test part as a cell's task, with the resampling of the study in hand. */
static int internal_task(struct cell_task *t, const struct pipeline *p, const struct origin *o, struct status *st)
{
    cell_task_make(t, &p->study, &o->cohort, &o->parts, o->protocol_number);
    t->n_threads = p->options.n_threads;
    return cell_task_add_exams(t, st);
}

/* Have the embeddings been compared for an earlier probe? */
static bool is_compared(const struct carried_list *list, size_t i)
{
    const struct carried *a = &list->item[i];
    for (size_t k = 0; k < i; k++) {
        const struct carried *b = &list->item[k];
        if (b->origin == a->origin && b->task == a->task && b->model == a->model && !strcmp(b->probe.readout, a->probe.readout))
            return true;
    }
    return false;
}

static bool is_described(const struct carried_list *list, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (list->item[k].origin == list->item[i].origin && list->item[k].task == list->item[i].task)
            return true;
    return false;
}

static int score_with(struct carried_list *list, size_t number, struct pipeline *p, struct external_task *t, struct reports *reports, struct status *st)
{
    struct carried *a = &list->item[number];
    struct origin *o = &list->origin[a->origin];
    const struct saved_probe *s = &a->probe;
    size_t n_out = saved_probe_n_out(s), n = t->cohort->n;
    struct cell_name name = {p->study.name, t->cohort->source->task->name, s->protocol, s->model, s->readout, s->probe, s->preprocess, s->precision};
    struct cell_task internal = {0};
    float *x = NEW(n * s->d, float);
    double *score = NEW(n * n_out, double), *own = NEW(o->parts.n_test * n_out, double);
    int code = extract_read(x, p->store, &p->featurizer[a->model], s->readout, &p->survey, t->picture, n, st);
    if (!code)
        code = saved_probe_predict(score, s, x, n, st);
    if (!code)
        code = origin_scores(own, o, s, a->path, st);
    if (!code)
        code = internal_task(&internal, p, o, st);
    for (size_t i = 0; i < n && !code; i++)
        cell_write_prediction(&t->cell, &name, &t->cohort->sample[i], "external", (int)s->fold - 1, score + i * n_out, n_out);
    if (!code)
        code = external_rows_write(&reports->external, a, &internal, own, &t->cell, score, st);
    if (!code && !is_described(list, number))
        casemix_rows_write(&reports->casemix, p, a->task, o, s->study);
    if (!code && !is_compared(list, number))
        code = shift_rows_write(&reports->shift, a, o, &internal, &t->cell, p, x, s->d, st);
    cell_task_free(&internal);
    free(own);
    free(score);
    free(x);
    return code ? status_context(st, "'%s'", a->path) : STATUS_OK;
}

/* What the audit let pass, where it would otherwise be a silent assumption of every row. */
static void write_accepted(struct outfile *out, const struct pipeline *p)
{
    for (size_t t = 0; t < p->study.n_tasks; t++)
        for (size_t i = 0; i < N_AUDIT_CODES; i++) {
            const struct cohort *c = &p->cohort[t];
            size_t n = findings_count_code(&c->findings, FINDING_ACCEPTED, AUDIT_CODES[i].name);
            if (n)
                external_rows_write_accepted(out, &p->study, c, AUDIT_CODES[i].name, AUDIT_CODES[i].meaning, n);
        }
}

static int write_task(struct pipeline *p, size_t number, struct carried_list *list, struct reports *reports, struct status *st)
{
    struct external_task t;
    int code = task_begin(&t, p, number, &reports->predictions[number], st);
    for (size_t i = 0; i < list->n && !code; i++) {
        if (list->item[i].task == number)
            code = score_with(list, i, p, &t, reports, st);
        if (!code && interrupt_requested())
            code = status_set(st, STATUS_INTERRUPTED, "stopped between two probes; the reports of an earlier run are unchanged");
    }
    task_end(&t);
    return code;
}

static int write_provenance(const struct pipeline *p, const struct carried_list *list, struct status *st)
{
    struct provenance_probe *probe = NEW(list->n, struct provenance_probe);
    for (size_t i = 0; i < list->n; i++) {
        const struct carried *a = &list->item[i];
        probe[i] = (struct provenance_probe){a->path, a->probe.study, a->probe.task, p->study.tasks[a->task].task->name, p->study.models[a->model].name,
                                             a->probe.record};
    }
    int code = provenance_write_external(p, probe, list->n, st);
    free(probe);
    return code;
}

int pipeline_external(struct pipeline *p, struct carried_list *list, struct status *st)
{
    struct reports reports = {.predictions = NEW0(p->study.n_tasks, struct outfile)};
    int code = results_open(&reports.external, p->study.output, "", "external.csv", EXTERNAL_HEADER, st);
    if (!code)
        code = results_open(&reports.casemix, p->study.output, "", "casemix.csv", CASEMIX_HEADER, st);
    if (!code)
        code = results_open(&reports.shift, p->study.output, "", "shift.csv", SHIFT_HEADER, st);
    if (!code)
        write_accepted(&reports.external, p);
    for (size_t t = 0; t < p->study.n_tasks && !code; t++)
        code = write_task(p, t, list, &reports, st);
    for (size_t t = 0; t < p->study.n_tasks && !code; t++)
        code = outfile_commit(&reports.predictions[t], st);
    if (!code)
        code = outfile_commit(&reports.casemix, st);
    if (!code)
        code = outfile_commit(&reports.shift, st);
    if (!code)
        code = outfile_commit(&reports.external, st);
    if (!code)
        code = write_provenance(p, list, st);
    for (size_t t = 0; t < p->study.n_tasks; t++)
        outfile_discard(&reports.predictions[t]);
    free(reports.predictions);
    outfile_discard(&reports.external);
    outfile_discard(&reports.casemix);
    outfile_discard(&reports.shift);
    return code;
}
