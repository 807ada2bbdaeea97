#include "evaluate/apply.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "evaluate/cell_rows.h"
#include "evaluate/provenance.h"
#include "report/results.h"

/* ---- the probes ---- */

static int add_probe(struct applied_list *list, char *path, struct status *st)
{
    struct applied a = {.path = path};
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

int applied_read(struct applied_list *list, const char *path, struct status *st)
{
    if (!file_is_directory(path))
        return add_probe(list, mem_strdup(path), st);
    struct file_list names;
    size_t before = list->n;
    int code = file_list_directory(&names, path, st);
    if (code)
        return code;
    for (size_t i = 0; i < names.n && !code; i++) {
        size_t n = strlen(names.name[i]);
        if (n > 5 && !strcmp(names.name[i] + n - 5, ".json"))
            code = add_probe(list, path_join(path, names.name[i]), st);
    }
    file_list_free(&names);
    if (!code && list->n == before)
        return status_set(st, STATUS_DATA, "no saved probe (.json) in the folder '%s'", path);
    return code;
}

void applied_free(struct applied_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        saved_probe_free(&list->item[i].probe);
        headline_free(&list->item[i].headline);
        free(list->item[i].path);
    }
    free(list->item);
    *list = (struct applied_list){0};
}

/* ---- which task, which model ---- */

static int compare_classes(const struct applied *a, const struct task *t, struct status *st)
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
static bool rows_collide(const struct applied *a, const struct applied *b)
{
    const struct saved_probe *p = &a->probe, *q = &b->probe;
    return a->task == b->task && p->fold == q->fold && !strcmp(p->protocol, q->protocol) && !strcmp(p->model, q->model) && !strcmp(p->readout, q->readout) &&
           !strcmp(p->probe, q->probe) && !strcmp(p->preprocess, q->preprocess) && !strcmp(p->precision, q->precision);
}

int applied_match_tasks(struct applied_list *list, const struct study *study, struct status *st)
{
    int code = STATUS_OK;
    for (size_t i = 0; i < list->n && !code; i++) {
        struct applied *a = &list->item[i];
        size_t t = 0;
        while (t < study->n_tasks && strcmp(study->tasks[t].task->name, a->probe.task) != 0)
            t++;
        if (t == study->n_tasks && study->n_tasks == 1)
            t = 0;
        if (t == study->n_tasks)
            return status_set(st, STATUS_DATA, "'%s' is of the task '%s'; '%s' has several tasks, and none of that name", a->path, a->probe.task,
                              study->path);
        a->task = t;
        code = compare_classes(a, study->tasks[t].task, st);
        for (size_t other = 0; other < i && !code; other++)
            if (rows_collide(a, &list->item[other]))
                code = status_set(st, STATUS_DATA, "'%s' and '%s' would score task '%s' under the same name: apply them one at a time", list->item[other].path,
                                  a->path, study->tasks[t].task->name);
    }
    return code;
}

static int compare_features(const struct applied *a, const struct featurizer *f, struct status *st)
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

int applied_match_models(struct applied_list *list, const struct pipeline *p, struct status *st)
{
    int code = STATUS_OK;
    const struct study *s = &p->study;
    for (size_t i = 0; i < list->n && !code; i++) {
        struct applied *a = &list->item[i];
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

/* ---- scoring ---- */

/* Every image of the cohort is to be scored. */
static void take_all(struct partitions *all, const struct cohort *c)
{
    *all = (struct partitions){.test = NEW(c->n, size_t), .n_test = c->n};
    for (size_t i = 0; i < c->n; i++)
        all->test[i] = i;
}

static int write_figures(struct applied *a, const struct cell_task *t, const struct cell_name *name, const double *score, struct status *st)
{
    const struct saved_probe *p = &a->probe;
    int code = STATUS_OK;
    for (int exams = 0; exams < (t->cohort->has_exams ? 2 : 1) && !code; exams++) {
        struct scored part;
        if (exams)
            scored_exams(&part, t);
        else
            scored_images(&part, t);
        char *partition = p->fold ? mem_printf("external%s fold %zu", part.exams, p->fold) : mem_printf("external%s", part.exams);
        double threshold = exams ? p->threshold_exams : p->threshold;
        code = cell_score(exams ? NULL : &a->headline, t, name, &part, partition, score, saved_probe_n_out(p), threshold, st);
        free(partition);
        scored_free(&part);
    }
    return code;
}

static int score_with(struct applied *a, const struct pipeline *p, const struct cell_task *t, const size_t *picture, struct status *st)
{
    const struct saved_probe *s = &a->probe;
    const struct featurizer *f = &p->featurizer[a->model];
    size_t n_out = saved_probe_n_out(s), n = t->cohort->n;
    struct cell_name name = {p->study.name, t->cohort->source->task->name, s->protocol, s->model, s->readout, s->probe, s->preprocess, s->precision};
    a->headline = (struct headline){.task = mem_strdup(name.task), .model = mem_strdup(s->model), .readout = mem_strdup(s->readout),
                                    .probe = mem_strdup(s->probe), .protocol = s->protocol, .metric = cell_headline_metric(s->kind), .value = NAN,
                                    .low = NAN, .high = NAN, .sd = NAN, .parameter = s->parameter, .parameter_name = saved_parameter_name(s->form)};
    float *x = NEW(n * s->d, float);
    double *score = NEW(n * n_out, double);
    int code = extract_read(x, p->store, f, s->readout, &p->survey, picture, n, st);
    if (!code)
        code = saved_probe_predict(score, s, x, n, st);
    for (size_t i = 0; i < n && !code; i++)
        cell_write_prediction(t, &name, &t->cohort->sample[i], "external", (int)s->fold - 1, score + i * n_out, n_out);
    if (!code)
        code = write_figures(a, t, &name, score, st);
    free(score);
    free(x);
    return code ? status_context(st, "'%s'", a->path) : STATUS_OK;
}

/* All probes of one task. */
static int apply_to_task(struct pipeline *p, size_t number, struct applied_list *list, struct outfile *metrics, struct outfile *predictions,
                         struct status *st)
{
    const struct cohort *c = &p->cohort[number];
    struct partitions all;
    struct cell_task t;
    char *name = mem_printf("%s.csv", c->source->task->name), *header = cell_predictions_header(c->source->task);
    size_t *picture = NEW(c->n, size_t);
    for (size_t i = 0; i < c->n; i++)
        picture[i] = c->sample[i].picture;
    take_all(&all, c);
    cell_task_make(&t, &p->study, c, &all, PROTOCOL_GROUPED);
    t.n_threads = p->options.n_threads;
    t.metrics = metrics;
    t.predictions = predictions;
    int code = cell_task_add_exams(&t, st);
    if (!code)
        code = results_open(predictions, p->study.output, "predictions_external", name, header, st);
    for (size_t i = 0; i < list->n && !code; i++) {
        if (list->item[i].task == number)
            code = score_with(&list->item[i], p, &t, picture, st);
        if (!code && interrupt_requested())
            code = status_set(st, STATUS_INTERRUPTED, "stopped between two probes; the reports of an earlier run are unchanged");
    }
    cell_task_free(&t);
    partitions_free(&all);
    free(picture);
    free(header);
    free(name);
    return code;
}

static int write_provenance(const struct pipeline *p, const struct applied_list *list, struct status *st)
{
    struct provenance_probe *probe = NEW(list->n, struct provenance_probe);
    for (size_t i = 0; i < list->n; i++) {
        const struct applied *a = &list->item[i];
        probe[i] = (struct provenance_probe){a->path, a->probe.study, a->probe.task, p->study.tasks[a->task].task->name, p->study.models[a->model].name,
                                             a->probe.record};
    }
    int code = provenance_write_external(p, probe, list->n, st);
    free(probe);
    return code;
}

int pipeline_apply(struct pipeline *p, struct applied_list *list, struct status *st)
{
    struct outfile metrics = {0}, *predictions = NEW0(p->study.n_tasks, struct outfile);
    int code = results_open(&metrics, p->study.output, "", "metrics_external.csv", RESULTS_METRICS_HEADER, st);
    for (size_t t = 0; t < p->study.n_tasks && !code; t++) {
        bool asked = false;
        for (size_t i = 0; i < list->n; i++)
            asked |= list->item[i].task == t;
        if (asked)
            code = apply_to_task(p, t, list, &metrics, &predictions[t], st);
    }
    for (size_t t = 0; t < p->study.n_tasks && !code; t++)
        if (predictions[t].path)
            code = outfile_commit(&predictions[t], st);
    if (!code)
        code = outfile_commit(&metrics, st);
    if (!code)
        code = write_provenance(p, list, st);
    for (size_t t = 0; t < p->study.n_tasks; t++)
        outfile_discard(&predictions[t]);
    free(predictions);
    outfile_discard(&metrics);
    return code;
}
