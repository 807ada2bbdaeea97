/* external: saved probes on another cohort; and the external cohorts that a study names. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "cmd/answer.h"
#include "cmd/closing.h"
#include "cmd/command.h"
#include "cmd/wrap.h"
#include "evaluate/carried.h"
#include "evaluate/external.h"
#include "evaluate/overlap.h"

#define WIDE 25 /* "-0.041 (-0.160 to 0.080)" */

/* "0.741 (0.625 to 0.855)" */
static void print_value(const char *metric, double value, double low, double high, size_t width)
{
    char figure[CLOSING_WIDE], interval[CLOSING_WIDE];
    closing_value(figure, metric, value);
    closing_interval(interval, metric, low, high);
    char *text = isnan(value) ? mem_strdup("NA") : mem_printf("%s (%s)", figure, interval);
    wrap_pad(stdout, text, width);
    free(text);
}

/* A line of names, below it internal, external and difference. */
static void print_figures(const struct pipeline *p, const struct carried_list *list)
{
    printf("\n%s (external)\n    %-*s%-*s%s\n", p->study.name, WIDE, "internal", WIDE, "external", "difference");
    for (size_t i = 0; i < list->n; i++) {
        const struct carried *a = &list->item[i];
        const struct saved_probe *s = &a->probe;
        const struct beside *b = &a->headline;
        const char *metric = cell_headline_metric(s->kind);
        char fold[32] = "";
        if (s->fold)
            (void)snprintf(fold, sizeof fold, ", fold %zu", s->fold);
        wrap_print(stdout, 0, 4, "  %s, %s%s: %s of %s, %s, %s", p->study.tasks[a->task].task->name, s->protocol, fold, metric, s->model, s->readout, s->probe);
        printf("    ");
        print_value(metric, b->internal, b->internal_low, b->internal_high, WIDE);
        print_value(metric, b->external, b->external_low, b->external_high, WIDE);
        print_value(metric, b->difference, b->difference_low, b->difference_high, 0);
        putchar('\n');
    }
    wrap_print(stdout, 0, 2, "reports in %s: external.csv, casemix.csv, shift.csv, predictions_external/, provenance_external.json", p->study.output);
}

static void add_value(json_t *figure, const char *name, double value, double low, double high)
{
    json_t *v = json_object();
    json_object_set_new(v, "value", answer_number(value));
    json_object_set_new(v, "low", answer_number(low));
    json_object_set_new(v, "high", answer_number(high));
    json_object_set_new(figure, name, v);
}

/* "external": one of a cohort with the figures of its probes, behind those there. */
static void answer_external(json_t *answer, const struct pipeline *p, const struct carried_list *list)
{
    json_t *all = json_object_get(answer, "external"), *cohort = json_object(), *figures = json_array();
    if (!all)
        json_object_set_new(answer, "external", all = json_array());
    for (size_t i = 0; i < list->n; i++) {
        const struct carried *a = &list->item[i];
        const struct saved_probe *s = &a->probe;
        const struct beside *b = &a->headline;
        json_t *figure = json_object();
        const struct {
            const char *key, *text;
        } name[] = {{"task", p->study.tasks[a->task].task->name}, {"protocol", s->protocol}, {"model", s->model}, {"readout", s->readout},
                    {"probe", s->probe}, {"metric", cell_headline_metric(s->kind)}};
        for (size_t k = 0; k < sizeof name / sizeof *name; k++)
            json_object_set_new(figure, name[k].key, answer_text(name[k].text));
        json_object_set_new(figure, "fold", s->fold ? answer_count(s->fold) : json_null());
        add_value(figure, "internal", b->internal, b->internal_low, b->internal_high);
        add_value(figure, "external", b->external, b->external_low, b->external_high);
        add_value(figure, "difference", b->difference, b->difference_low, b->difference_high);
        json_array_append_new(figures, figure);
    }
    json_object_set_new(cohort, "cohort", answer_text(p->study.name));
    json_object_set_new(cohort, "output", answer_text(p->study.output));
    json_object_set_new(cohort, "figures", figures);
    json_array_append_new(all, cohort);
}

/* What is left once the probes are read and the cohort is prepared and judged, with its models there. */
static int validate(struct pipeline *p, struct carried_list *list, const struct invocation *in, bool decode_only, struct status *st)
{
    int code = carried_match_models(list, p, st);
    if (!code)
        code = pipeline_extract(p, decode_only, st);
    if (!code)
        code = pipeline_external(p, list, st);
    if (!code && in->answer)
        answer_external(in->answer, p, list);
    else if (!code)
        print_figures(p, list);
    return code;
}

static int judge_overlap(struct pipeline *p, const struct carried_list *list, bool quiet, struct status *st)
{
    carried_find_overlap(list, p);
    int code = pipeline_write_audit(p, st);
    return code ? code : command_judge_audit(p, quiet, st);
}

int cmd_external(const struct invocation *in, struct status *st)
{
    struct carried_list list = {0};
    struct pipeline_options options;
    struct pipeline p = {0};
    int code = command_pipeline_options(&options, in, st);
    options.external = true;
    for (size_t i = 0; i + 1 < in->n_arguments && !code; i++)
        code = carried_read(&list, in->argument[i], st);
    if (!code)
        code = pipeline_prepare(&p, in->argument[in->n_arguments - 1], &options, st);
    if (!code) {
        code = carried_match_tasks(&list, &p.study, st);
        if (!code)
            code = carried_open_origins(&list, &p.study, st);
        if (!code)
            code = judge_overlap(&p, &list, in->quiet, st);
        if (!code)
            code = pipeline_open_models(&p, st);
        if (!code)
            code = validate(&p, &list, in, false, st);
        pipeline_free(&p);
    }
    carried_free(&list);
    return code;
}

/* ---- cohorts that a study names ---- */

void command_externals_free(struct external_cohorts *e)
{
    for (size_t i = 0; i < e->n; i++)
        pipeline_free(&e->item[i]);
    free(e->item);
    *e = (struct external_cohorts){0};
}

/* The i-th cohort as a study, with the places that the development has. */
static int take_study(struct study *cohort, const struct pipeline *p, size_t i, struct status *st)
{
    struct study again; /* tasks are taken out of it, and the one in hand has still to be written */
    int code = study_load(&again, p->study.path, st);
    if (code)
        return code;
    free(again.output);
    free(again.store);
    again.output = mem_strdup(p->study.output);
    again.store = mem_strdup(p->study.store);
    study_take_external(cohort, &again, i);
    study_free(&again);
    return STATUS_OK;
}

/* Against the development's cohorts, before anything is computed. */
static void find_overlap(struct pipeline *cohort, const struct pipeline *p)
{
    for (size_t t = 0; t < cohort->study.n_tasks; t++) {
        const struct study_task *task = &cohort->study.tasks[t];
        for (size_t d = 0; d < p->study.n_tasks; d++)
            if (!strcmp(p->study.tasks[d].task->name, task->of ? task->of : task->task->name))
                overlap_audit(&cohort->cohort[t], &cohort->study, p->options.metadata_only ? NULL : &cohort->survey, &p->cohort[d], &p->survey);
    }
}

int command_externals_prepare(struct external_cohorts *e, const struct pipeline *p, const struct invocation *in, struct status *st)
{
    struct pipeline_options options = p->options;
    int code = STATUS_OK;
    options.output = options.store = NULL;
    options.external = true;
    e->item = NEW0(p->study.n_external, struct pipeline);
    for (size_t i = 0; i < p->study.n_external && !code; i++) {
        struct study study;
        code = take_study(&study, p, i, st);
        if (!code)
            code = pipeline_prepare_study(&e->item[i], &study, &options, st);
        if (code)
            break;
        e->n++;
        find_overlap(&e->item[i], p);
        code = pipeline_write_audit(&e->item[i], st);
        if (!code && !in->quiet)
            fprintf(stderr, "external cohort %s\n", e->item[i].study.name);
        if (!code)
            code = command_judge_audit(&e->item[i], in->quiet, st);
        if (code)
            code = status_context(st, "external cohort '%s'", p->study.external[i].name);
    }
    if (code)
        command_externals_free(e);
    return code;
}

int command_externals_extract(struct external_cohorts *e, struct pipeline *p, struct status *st)
{
    int code = STATUS_OK;
    pipeline_close_store(p);
    for (size_t i = 0; i < e->n && !code; i++) {
        pipeline_borrow_models(&e->item[i], p);
        code = pipeline_extract(&e->item[i], false, st);
        pipeline_close_store(&e->item[i]);
    }
    return code;
}

int command_externals_evaluate(struct external_cohorts *e, struct pipeline *p, const struct invocation *in, bool decode_only, struct status *st)
{
    int code = STATUS_OK;
    pipeline_close_store(p);
    for (size_t i = 0; i < e->n && !code; i++) {
        struct pipeline *cohort = &e->item[i];
        struct carried_list list = {0};
        char *probes = path_join(p->study.output, "probes");
        pipeline_borrow_models(cohort, p);
        code = carried_read(&list, probes, st);
        if (!code)
            code = carried_match_tasks(&list, &cohort->study, st);
        if (!code)
            code = carried_open_origins(&list, &cohort->study, st);
        if (!code)
            code = validate(cohort, &list, in, decode_only, st);
        pipeline_close_store(cohort);
        carried_free(&list);
        free(probes);
        if (code)
            code = status_context(st, "external cohort '%s'", cohort->study.name);
    }
    return code;
}
