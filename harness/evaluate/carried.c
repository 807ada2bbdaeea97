#include "evaluate/carried.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "evaluate/overlap.h"

/* ---- the probes ---- */

static int add_probe(struct carried_list *list, char *path, bool named, struct status *st)
{
    struct carried a = {.path = path, .named = named};
    int code = saved_probe_read(&a.probe, path, st);
    for (size_t i = 0; i < list->n && !code; i++)
        if (!memcmp(list->item[i].probe.record, a.probe.record, DIGEST_BYTES))
            code = status_set(st, STATUS_USAGE, "'%s' and '%s' are the same probe", list->item[i].path, path);
    if (code) {
        saved_probe_free(&a.probe);
        free(path);
        return code;
    }
    list->item = mem_grow(list->item, list->n, &list->capacity, sizeof *list->item);
    list->item[list->n++] = a;
    return STATUS_OK;
}

int carried_read(struct carried_list *list, const char *path, struct status *st)
{
    if (!file_is_directory(path))
        return add_probe(list, mem_strdup(path), true, st);
    struct file_list names;
    size_t before = list->n;
    int code = file_list_directory(&names, path, st);
    if (code)
        return code;
    for (size_t i = 0; i < names.n && !code; i++) {
        size_t n = strlen(names.name[i]);
        if (n > 5 && !strcmp(names.name[i] + n - 5, ".json"))
            code = add_probe(list, path_join(path, names.name[i]), false, st);
    }
    file_list_free(&names);
    if (!code && list->n == before)
        return status_set(st, STATUS_DATA, "no saved probe (.json) in the folder '%s'", path);
    return code;
}

static void drop_probe(struct carried *a)
{
    saved_probe_free(&a->probe);
    free(a->path);
}

void carried_free(struct carried_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        drop_probe(&list->item[i]);
    for (size_t i = 0; i < list->n_origins; i++)
        origin_close(&list->origin[i]);
    free(list->origin);
    free(list->item);
    *list = (struct carried_list){0};
}

/* ---- which task, which model ---- */

static int compare_classes(const struct carried *a, const struct task *t, struct status *st)
{
    const struct saved_probe *p = &a->probe;
    if (p->kind != (enum task_kind)t->kind)
        return status_set(st, STATUS_DATA, "'%s' was made for a %s task, and '%s' is %s", a->path, task_kind_name(p->kind), t->name,
                          task_kind_name((enum task_kind)t->kind));
    if (p->n_classes != t->n_classes)
        return status_set(st, STATUS_DATA, "'%s' tells %zu classes apart, and task '%s' has %u", a->path, p->n_classes, t->name, t->n_classes);
    for (size_t k = 0; k < p->n_classes; k++)
        if (strcmp(p->class_name[k], t->classes[k].name) != 0)
            return status_set(st, STATUS_DATA, "'%s': its class %zu is '%s', and that of task '%s' is '%s'", a->path, k + 1, p->class_name[k], t->name,
                              t->classes[k].name);
    if (strcmp(p->unit, t->unit ? t->unit : "") != 0)
        return status_set(st, STATUS_DATA, "'%s' predicts in the unit '%s', and the target of task '%s' is in '%s'", a->path, p->unit, t->name,
                          t->unit ? t->unit : "");
    return STATUS_OK;
}

/* Would a reader of the reports take one for the other? */
static bool rows_collide(const struct carried *a, const struct carried *b)
{
    const struct saved_probe *p = &a->probe, *q = &b->probe;
    return a->task == b->task && p->fold == q->fold && !strcmp(p->protocol, q->protocol) && !strcmp(p->model, q->model) && !strcmp(p->readout, q->readout) &&
           !strcmp(p->probe, q->probe) && !strcmp(p->preprocess, q->preprocess) && !strcmp(p->precision, q->precision);
}

/* The task that asks for the probe; n_tasks if none does. */
static size_t task_for(const struct saved_probe *p, const struct study *study)
{
    size_t t = 0;
    while (t < study->n_tasks && strcmp(study->tasks[t].of ? study->tasks[t].of : study->tasks[t].task->name, p->task) != 0)
        t++;
    return t;
}

int carried_match_tasks(struct carried_list *list, const struct study *study, struct status *st)
{
    size_t kept = 0, *n_probes = NEW0(study->n_tasks, size_t);
    int code = STATUS_OK;
    for (size_t i = 0; i < list->n && !code; i++) {
        struct carried *a = &list->item[i];
        a->task = task_for(&a->probe, study);
        if (a->task == study->n_tasks && a->named)
            code = status_set(st, STATUS_DATA, "'%s' is of the task '%s', which is the name (or `of`) of no task of '%s'", a->path, a->probe.task, study->path);
        else if (a->task < study->n_tasks)
            code = compare_classes(a, study->tasks[a->task].task, st);
        for (size_t other = 0; other < i && !code && a->task < study->n_tasks; other++)
            if (rows_collide(a, &list->item[other]))
                code = status_set(st, STATUS_DATA, "'%s' and '%s' would score task '%s' under the same name: carry them one at a time", list->item[other].path,
                                  a->path, study->tasks[a->task].task->name);
        if (a->task < study->n_tasks)
            n_probes[a->task]++;
    }
    for (size_t i = 0; i < list->n && !code; i++)
        if (list->item[i].task == study->n_tasks)
            drop_probe(&list->item[i]);
        else
            list->item[kept++] = list->item[i];
    if (!code)
        list->n = kept;
    for (size_t t = 0; t < study->n_tasks && !code; t++)
        if (!n_probes[t])
            code = status_set(st, STATUS_DATA, "no probe is of task '%s' of '%s'; `of` says whose probes it gets", study->tasks[t].task->name, study->path);
    free(n_probes);
    return code;
}

/* ---- where they come from ---- */

static int open_origin(struct carried_list *list, struct carried *a, const struct study *study, struct status *st)
{
    char *results = origin_results(a->path);
    size_t i = 0;
    int code = STATUS_OK;
    while (i < list->n_origins && (strcmp(list->origin[i].results, results) != 0 || strcmp(list->origin[i].task.name, a->probe.task) != 0 ||
                                   strcmp(list->origin[i].protocol, a->probe.protocol) != 0))
        i++;
    if (i == list->n_origins) {
        list->origin = mem_grow(list->origin, list->n_origins, &list->origin_capacity, sizeof *list->origin);
        code = origin_open(&list->origin[i], results, &a->probe, study->tasks[a->task].task, st);
        list->n_origins += !code;
    }
    a->origin = i;
    free(results);
    return code;
}

int carried_open_origins(struct carried_list *list, const struct study *study, struct status *st)
{
    int code = STATUS_OK;
    for (size_t i = 0; i < list->n && !code; i++)
        code = open_origin(list, &list->item[i], study, st);
    for (size_t i = 0; i < list->n_origins && !code; i++) /* they may have moved while the list grew */
        origin_settle(&list->origin[i]);
    for (size_t i = 0; i < list->n && !code; i++)
        code = origin_check(&list->origin[list->item[i].origin], &list->item[i].probe, list->item[i].path, st);
    return code;
}

void carried_find_overlap(const struct carried_list *list, struct pipeline *p)
{
    for (size_t o = 0; o < list->n_origins; o++)
        for (size_t t = 0; t < p->study.n_tasks; t++) {
            bool carried = false, before = false;
            for (size_t i = 0; i < list->n; i++) {
                const struct carried *a = &list->item[i];
                carried |= a->origin == o && a->task == t;
                /* protocols divide one and the same cohort */
                before |= a->origin < o && a->task == t && !strcmp(list->origin[a->origin].results, list->origin[o].results) &&
                          !strcmp(list->origin[a->origin].task.name, list->origin[o].task.name);
            }
            if (carried && !before)
                overlap_audit(&p->cohort[t], &p->study, &p->survey, &list->origin[o].cohort, &list->origin[o].survey);
        }
}

/* ---- which model ---- */

static int compare_features(const struct carried *a, const struct featurizer *f, struct status *st)
{
    const struct saved_probe *p = &a->probe;
    const char *preprocess = study_preprocess_name(f->model), *precision = study_precision_name(f->model);
    size_t width;
    if (strcmp(p->preprocess, preprocess) != 0)
        return status_set(st, STATUS_DATA, "'%s': its pictures were prepared as '%s', and those of model '%s' are as '%s'", a->path, p->preprocess,
                          f->model->name, preprocess);
    if (strcmp(p->precision, precision) != 0)
        return status_set(st, STATUS_DATA, "'%s': its encoder computed in '%s', and model '%s' computes in '%s'", a->path, p->precision, f->model->name,
                          precision);
    if (memcmp(p->fingerprint, f->fingerprint, DIGEST_BYTES) != 0)
        return status_set(st, STATUS_DATA, "'%s': model '%s' computes other features than it was made with: %.200s; it was made with: %.200s", a->path,
                          f->model->name, f->words, p->features);
    int code = featurizer_readout_width(&width, f, p->readout, st);
    if (code)
        return status_context(st, "'%s'", a->path);
    if (width != p->d)
        return status_set(st, STATUS_DATA, "'%s' takes %zu features, and readout %s of model '%s' has %zu", a->path, p->d, p->readout, f->model->name, width);
    return STATUS_OK;
}

int carried_match_models(struct carried_list *list, const struct pipeline *p, struct status *st)
{
    int code = STATUS_OK;
    const struct study *s = &p->study;
    for (size_t i = 0; i < list->n && !code; i++) {
        struct carried *a = &list->item[i];
        size_t m = 0, n_equal = 0, equal = 0;
        while (m < s->n_models && strcmp(s->models[m].name, a->probe.model) != 0)
            m++;
        for (size_t k = 0; k < s->n_models; k++)
            if (!memcmp(p->featurizer[k].fingerprint, a->probe.fingerprint, DIGEST_BYTES)) {
                n_equal++;
                equal = k;
            }
        if (m == s->n_models && n_equal == 1)
            m = equal;
        if (m == s->n_models)
            return status_set(st, STATUS_DATA, "'%s' was made with model '%s'; '%s' has no model of that name, and %s computes its features (%.200s)",
                              a->path, a->probe.model, s->path, n_equal ? "more than one" : "none", a->probe.features);
        a->model = m;
        code = compare_features(a, &p->featurizer[m], st);
    }
    return code;
}

