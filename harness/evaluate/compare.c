#include "evaluate/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/progress.h"
#include "evaluate/cell.h"
#include "evaluate/compare_ranks.h"
#include "evaluate/compare_set.h"
#include "interval/adjust.h"
#include "report/compare_rows.h"
#include "report/results.h"

struct conduct {
    const struct compare_options *o;
    struct compare_set set;
    char *study;             /* names of all, joined by '+' */
    char **task;             /* [n_tasks] of all folders, in the order met */
    size_t n_tasks;
    size_t *source;          /* [n_tasks] the first task that shares pictures with it, itself if none does */
    char ***picture;         /* [n_tasks] kept for that, [n_pictures] */
    size_t *n_pictures;
    char **protocol;         /* [n_protocols] as met */
    size_t n_protocols;
    double **skill;          /* [n_protocols] of [n_tasks, n_models] */
    struct compare_row *row;
    size_t n_rows, capacity;
    struct progress progress;
};

/* ---- what there is to compare ---- */

static size_t find_text(char *const *list, size_t n, const char *text)
{
    size_t i = 0;
    while (i < n && strcmp(list[i], text) != 0)
        i++;
    return i;
}

static void list_tasks(struct conduct *c)
{
    size_t most = 0;
    for (size_t s = 0; s < c->set.n_sources; s++)
        most += c->set.source[s].n_tasks;
    c->task = NEW0(most, char *);
    for (size_t s = 0; s < c->set.n_sources; s++)
        for (size_t t = 0; t < c->set.source[s].n_tasks; t++) {
            const struct compare_source_task *task = &c->set.source[s].task[t];
            if (find_text(c->task, c->n_tasks, task->name) < c->n_tasks)
                continue;
            c->task[c->n_tasks++] = mem_strdup(task->name);
        }
    c->source = NEW0(c->n_tasks, size_t);
    c->picture = NEW0(c->n_tasks, char **);
    c->n_pictures = NEW0(c->n_tasks, size_t);
}

static void join_studies(struct conduct *c)
{
    c->study = mem_strdup(c->set.source[0].study);
    for (size_t s = 1; s < c->set.n_sources; s++) {
        size_t before = 0;
        while (before < s && strcmp(c->set.source[before].study, c->set.source[s].study) != 0)
            before++;
        if (before < s)
            continue;
        char *longer = mem_printf("%s+%s", c->study, c->set.source[s].study);
        free(c->study);
        c->study = longer;
    }
}

static size_t protocol_number(struct conduct *c, const char *protocol)
{
    size_t i = find_text(c->protocol, c->n_protocols, protocol);
    if (i < c->n_protocols)
        return i;
    c->protocol = mem_realloc(c->protocol, i + 1, sizeof *c->protocol);
    c->skill = mem_realloc(c->skill, i + 1, sizeof *c->skill);
    c->protocol[i] = mem_strdup(protocol);
    c->skill[i] = NEW(c->n_tasks * c->set.n_models, double);
    for (size_t k = 0; k < c->n_tasks * c->set.n_models; k++)
        c->skill[i][k] = NAN;
    c->n_protocols++;
    return i;
}

static char *family_name(const struct conduct *c, const char *protocol)
{
    const struct compare_set *s = &c->set;
    char *pairs = s->reference < s->n_models ? mem_printf("each model against %s", s->model[s->reference].label) : mem_strdup("all pairs of models");
    char *name = mem_printf("%s; %s; probe %s; %s%s; %s", protocol, s->family.metric ? s->family.metric : "headline metric", s->family.probe,
                            s->family.readout ? "readout " : "chosen readout", s->family.readout ? s->family.readout : "", pairs);
    free(pairs);
    return name;
}

/* ---- one task by one protocol ---- */

struct arena { /* of its models */
    struct contest contest;
    uint32_t *stratum, *own_plan;
    struct compare_entry *entry;  /* [n_models] */
    struct contender *contender;  /* [n_models] */
};

static void arena_make(struct arena *a, const struct conduct *c, const struct test_rows *t, const struct test_part *p, const char *metric)
{
    const struct compare_source *s = &c->set.source[0];
    *a = (struct arena){.entry = NEW0(c->set.n_models, struct compare_entry), .contender = NEW0(c->set.n_models, struct contender)};
    if (t->kind != KIND_REGRESSION) { /* a patient's stratum is the largest class of its images, as in evaluate/cell.c */
        a->stratum = NEW0(p->n_units, uint32_t);
        for (size_t i = 0; i < p->n; i++)
            if ((uint32_t)p->label[i] > a->stratum[p->unit[i]])
                a->stratum[p->unit[i]] = (uint32_t)p->label[i];
    }
    a->contest = (struct contest){.in = {.kind = t->kind, .n_classes = t->n_classes, .n = p->n, .label = p->label, .target = p->target, .threshold = NAN,
                                         .class_name = (const char *const *)t->class_name},
                                  .metric = metric, .level = s->level, .n_threads = c->o->n_threads,
                                  .plan = {.n = p->n, .unit = p->unit, .n_units = p->n_units, .stratum = a->stratum,
                                           .n_strata = t->n_classes ? t->n_classes : 1, .replicates = s->replicates, .seed = s->seed, .stream = t->task}};
    bootstrap_plan_choose(&a->contest.plan, &a->own_plan, p->label, s->cluster, s->stratify);
}

static void arena_free(struct arena *a, size_t n_models)
{
    for (size_t m = 0; m < n_models; m++) {
        compare_entry_free(&a->entry[m]);
        contender_free(&a->contender[m]);
    }
    free(a->entry);
    free(a->contender);
    free(a->stratum);
    free(a->own_plan);
}

static int score_models(struct arena *a, struct conduct *c, const struct test_rows *rows, const char *protocol, double *skill, struct status *st)
{
    int code = STATUS_OK;
    for (size_t m = 0; m < c->set.n_models && !code; m++) {
        code = compare_set_find(&a->entry[m], &c->set, m, rows, protocol, st);
        if (code)
            break;
        if (a->entry[m].reason)
            contender_none(&a->contender[m], a->entry[m].reason);
        else
            code = contender_new(&a->contender[m], &a->contest, a->entry[m].set, a->entry[m].n_sets, st);
        skill[m] = compare_skill(a->contest.metric, a->contender[m].value, &a->contest.in);
    }
    return code;
}

static const char *interval_words(const struct contest *c, bool patients)
{
    if (patients)
        return c->plan.stratum ? "paired percentile bootstrap by patient stratified by class" : "paired percentile bootstrap by patient";
    return c->plan.stratum ? "paired percentile bootstrap by image stratified by class" : "paired percentile bootstrap by image";
}

static const char *test_words(enum contest_test test, bool patients)
{
    static const char *const name[] = {[TEST_NONE] = "", [TEST_DELONG] = "DeLong paired", [TEST_MCNEMAR] = "McNemar exact"};
    return test == TEST_PERMUTATION ? patients ? "permutation by patient" : "permutation by image" : name[test];
}

static struct compare_side side_of(const struct conduct *c, const struct arena *a, size_t m)
{
    return (struct compare_side){mem_strdup(c->set.model[m].label), mem_strdup(a->entry[m].readout), mem_strdup(c->set.family.probe), a->contender[m].value};
}

/* What limits a comparison of two models, each of its own folder; "" if nothing does. */
static char *caveat(const struct conduct *c, const struct test_rows *rows, const char *protocol, size_t first, size_t second)
{
    const struct test_part *of[] = {compare_part(&rows[c->set.model[first].source], protocol), compare_part(&rows[c->set.model[second].source], protocol)};
    size_t n = 0;
    bool exams = false;
    for (size_t i = 0; i < 2; i++) {
        n = of[i] && of[i]->n_seen > n ? of[i]->n_seen : n;
        exams |= of[i] && of[i]->has_exams;
    }
    const char *second_half = exams ? "by image: examinations are not compared" : "";
    return n ? mem_printf("%zu of the test pictures stand in the development part too%s%s", n, exams ? "; " : "", second_half) : mem_strdup(second_half);
}

static int add_row(struct conduct *c, const struct arena *a, const struct test_rows *rows, const struct test_rows *t, const char *protocol, size_t first,
                   size_t second, bool patients, struct status *st)
{
    const struct contender *x = &a->contender[first], *y = &a->contender[second];
    struct contest_result r;
    int code = contest_pair(&r, &a->contest, x, y, st);
    if (code)
        return code;
    double sign = panel_metric_is_error(a->contest.metric) ? -1 : 1;
    bool defined = !isnan(r.difference.estimate);
    char *reason = defined ? caveat(c, rows, protocol, first, second)
                   : x->reason && y->reason && strcmp(x->reason, y->reason) != 0 ? mem_printf("%s; %s", x->reason, y->reason)
                                                                                 : mem_strdup(x->reason ? x->reason : y->reason);
    c->row = mem_grow(c->row, c->n_rows, &c->capacity, sizeof *c->row);
    c->row[c->n_rows++] = (struct compare_row){
        .study = mem_strdup(c->study), .task = mem_strdup(t->task), .protocol = mem_strdup(protocol), .metric = mem_strdup(a->contest.metric), .partition = "test",
        .a = side_of(c, a, first), .b = side_of(c, a, second), .n = a->contest.in.n, .n_patients = compare_part(t, protocol)->n_units,
        .difference = r.difference.estimate, .low = r.difference.low, .high = r.difference.high, .level = a->contest.level,
        .method = interval_words(&a->contest, patients), .replicates = a->contest.plan.replicates, .undefined_replicates = r.difference.undefined,
        .better = !defined ? 0 : sign * r.difference.estimate > 0 ? 1 : sign * r.difference.estimate < 0 ? -1 : 0, .test = test_words(r.test, patients),
        .p = r.p, .p_holm = NAN, .p_bh = NAN, .family = family_name(c, protocol), .reason = reason};
    return STATUS_OK;
}

/* The model in place of the reference stands first, so that differences are model less reference. */
static int compare_part_of_task(struct conduct *c, const struct test_rows *rows, size_t task, const struct test_rows *t, const char *protocol, struct status *st)
{
    const struct compare_set *s = &c->set;
    const char *metric = s->family.metric ? s->family.metric : cell_headline_metric(t->kind);
    size_t number = protocol_number(c, protocol);
    double *skill = c->skill[number] + task * s->n_models;
    bool patients = s->source[0].cluster == CLUSTER_PATIENT;
    struct arena a;
    for (size_t i = 0; i < s->source[0].n_tasks; i++)
        if (!strcmp(s->source[0].task[i].name, t->task))
            patients &= s->source[0].task[i].patients_named;
    arena_make(&a, c, t, compare_part(t, protocol), metric);
    int code = score_models(&a, c, rows, protocol, skill, st);
    for (size_t i = 0; i < s->n_models && !code; i++)
        for (size_t j = i + 1; j < s->n_models && !code; j++) {
            if (!compare_set_declares(s, i, j))
                continue;
            bool turned = i == s->reference;
            code = add_row(c, &a, rows, t, protocol, turned ? j : i, turned ? i : j, patients, st);
            if (!code && interrupt_requested())
                code = status_set(st, STATUS_INTERRUPTED, "stopped while models were compared; compare.csv was not written");
        }
    arena_free(&a, s->n_models);
    return code ? status_context(st, "task '%s', protocol %s", t->task, protocol) : STATUS_OK;
}

/* ---- one task ---- */

static bool share_picture(char *const *a, size_t n_a, char *const *b, size_t n_b)
{
    for (size_t i = 0, j = 0; i < n_a && j < n_b;) {
        int order = strcmp(a[i], b[j]);
        if (order == 0)
            return true;
        if (order < 0)
            i++;
        else
            j++;
    }
    return false;
}

/* Takes the pictures over, and joins the task with those before that share one. */
static void find_source(struct conduct *c, size_t task, struct test_rows *t)
{
    c->picture[task] = t->picture;
    c->n_pictures[task] = t->n_pictures;
    t->picture = NULL;
    t->n_pictures = 0;
    c->source[task] = task;
    for (size_t k = 0; k < task; k++) {
        if (!share_picture(c->picture[k], c->n_pictures[k], c->picture[task], c->n_pictures[task]))
            continue;
        size_t from = c->source[k], to = c->source[task], least = from < to ? from : to;
        for (size_t i = 0; i <= task; i++)
            if (c->source[i] == from || c->source[i] == to)
                c->source[i] = least;
    }
}

static int compare_task(struct conduct *c, size_t task, struct status *st)
{
    const struct compare_set *s = &c->set;
    struct test_rows *rows = NEW0(s->n_sources, struct test_rows), *first = NULL;
    const char *protocol[64];
    size_t of[64], n = 0;
    int code = STATUS_OK;
    for (size_t i = 0; i < s->n_sources && !code; i++)
        for (size_t k = 0; k < s->source[i].n_tasks && !code; k++)
            if (!strcmp(s->source[i].task[k].name, c->task[task]))
                code = test_rows_read(&rows[i], s->source[i].directory, c->task[task], s->source[i].task[k].kind, st);
    for (size_t i = 0; i < s->n_sources && !code; i++) {
        first = !first && rows[i].task ? &rows[i] : first;
        for (size_t p = 0; p < rows[i].n_parts && !code; p++) {
            size_t known = 0;
            while (known < n && strcmp(protocol[known], rows[i].part[p].protocol) != 0)
                known++;
            if (known < n) {
                code = compare_parts_agree(&rows[of[known]], &rows[i], protocol[known], s->source[of[known]].directory, s->source[i].directory, st);
            } else if (n < sizeof of / sizeof *of) {
                protocol[n] = rows[i].part[p].protocol;
                of[n++] = i;
            }
        }
    }
    for (size_t p = 0; p < n && !code; p++)
        code = compare_part_of_task(c, rows, task, &rows[of[p]], protocol[p], st);
    if (!code && first)
        find_source(c, task, first);
    for (size_t i = 0; i < s->n_sources; i++)
        test_rows_free(&rows[i]);
    free(rows);
    return code;
}

/* ---- families, and what is written ---- */

/* Holm and Benjamini-Hochberg over each protocol's rows. */
static void correct(struct conduct *c, struct compare_summary *summary)
{
    double *p = NEW(c->n_rows, double), *holm = NEW(c->n_rows, double), *bh = NEW(c->n_rows, double);
    summary->outcome = NEW0(c->n_protocols, struct compare_outcome);
    for (size_t f = 0; f < c->n_protocols; f++) {
        struct compare_outcome *o = &summary->outcome[summary->n++];
        *o = (struct compare_outcome){.family = family_name(c, c->protocol[f]), .alpha = 1 - c->set.source[0].level};
        for (size_t i = 0; i < c->n_rows; i++)
            p[i] = strcmp(c->row[i].family, o->family) == 0 ? c->row[i].p : NAN;
        adjust_p(holm, ADJUST_HOLM, p, c->n_rows);
        adjust_p(bh, ADJUST_BH, p, c->n_rows);
        for (size_t i = 0; i < c->n_rows; i++)
            o->tested += isnan(p[i]) ? 0 : 1;
        for (size_t i = 0; i < c->n_rows; i++) {
            struct compare_row *r = &c->row[i];
            if (strcmp(r->family, o->family) != 0)
                continue;
            o->hypotheses++;
            r->family_size = o->tested;
            r->p_holm = holm[i];
            r->p_bh = bh[i];
            o->significant += holm[i] < o->alpha ? 1 : 0;
            if (!strncmp(r->test, "permutation", 11) && r->p < 1.5 / ((double)r->replicates + 1) && r->p_holm >= o->alpha) {
                char *before = r->reason;
                r->reason = mem_printf("%s%sno relabelling of %zu was as far from 0: p can be no smaller with as many replicates", before, *before ? "; " : "",
                                       r->replicates);
                free(before);
            }
        }
    }
    free(p);
    free(holm);
    free(bh);
}

static int write_compare(const struct conduct *c, struct status *st)
{
    struct outfile out;
    int code = compare_rows_open(&out, c->o->output, st);
    if (code)
        return code;
    for (size_t i = 0; i < c->n_rows; i++)
        compare_rows_write(&out, &c->row[i]);
    return outfile_commit(&out, st);
}

static int write_ranks(const struct conduct *c, struct status *st)
{
    struct outfile out;
    int code = rank_rows_open(&out, c->o->output, st);
    if (code)
        return code;
    char **label = NEW(c->set.n_models, char *);
    for (size_t m = 0; m < c->set.n_models; m++)
        label[m] = c->set.model[m].label;
    for (size_t f = 0; f < c->n_protocols; f++) {
        char *family = family_name(c, c->protocol[f]);
        struct compare_ranks ranks = {.study = c->study, .protocol = c->protocol[f], .family = family, .model = label, .n_models = c->set.n_models,
                                      .reference = c->set.reference, .task = c->task, .n_tasks = c->n_tasks, .skill = c->skill[f], .source = c->source,
                                      .alpha = 1 - c->set.source[0].level};
        compare_ranks_write(&out, &ranks);
        free(family);
    }
    free(label);
    return outfile_commit(&out, st);
}

static void conduct_free(struct conduct *c)
{
    for (size_t t = 0; t < c->n_tasks; t++) {
        for (size_t i = 0; i < c->n_pictures[t]; i++)
            free(c->picture[t][i]);
        free(c->picture[t]);
        free(c->task[t]);
    }
    for (size_t i = 0; i < c->n_protocols; i++) {
        free(c->protocol[i]);
        free(c->skill[i]);
    }
    for (size_t i = 0; i < c->n_rows; i++)
        compare_row_free(&c->row[i]);
    free(c->row);
    free(c->skill);
    free(c->protocol);
    free(c->picture);
    free(c->n_pictures);
    free(c->source);
    free(c->task);
    free(c->study);
    compare_set_free(&c->set);
}

int compare_write(const struct compare_options *o, struct compare_summary *summary, struct status *st)
{
    struct conduct c = {.o = o};
    *summary = (struct compare_summary){0};
    int code = compare_set_make(&c.set, o->directory, o->n_directories, &o->family, st);
    if (!code)
        code = results_remove(o->output, "compare.csv", st);
    if (!code)
        code = results_remove(o->output, "ranks.csv", st);
    if (!code && c.set.n_models >= 2) {
        list_tasks(&c);
        join_studies(&c);
        progress_begin(&c.progress, "compare", "tasks", c.n_tasks, o->quiet);
        for (size_t t = 0; t < c.n_tasks && !code; t++) {
            code = compare_task(&c, t, st);
            progress_step(&c.progress, 1);
        }
        if (!code) {
            progress_end(&c.progress);
            correct(&c, summary);
            code = write_compare(&c, st);
        }
        if (!code)
            code = write_ranks(&c, st);
    }
    conduct_free(&c);
    if (code)
        compare_summary_free(summary);
    return code;
}

void compare_summary_free(struct compare_summary *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->outcome[i].family);
    free(s->outcome);
    *s = (struct compare_summary){0};
}
