#include "evaluate/compare_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* ---- models ---- */

static bool same_name_elsewhere(const struct compare_set *s, size_t i)
{
    for (size_t j = 0; j < s->n_models; j++)
        if (j != i && !strcmp(s->model[i].name, s->model[j].name))
            return true;
    return false;
}

static bool same_study_elsewhere(const struct compare_set *s, size_t source)
{
    for (size_t j = 0; j < s->n_sources; j++)
        if (j != source && !strcmp(s->source[source].study, s->source[j].study))
            return true;
    return false;
}

static void name_models(struct compare_set *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_sources; i++)
        n += s->source[i].n_models;
    s->model = NEW0(n, struct compare_model);
    for (size_t i = 0; i < s->n_sources; i++)
        for (size_t m = 0; m < s->source[i].n_models; m++)
            s->model[s->n_models++] = (struct compare_model){.source = i, .name = s->source[i].model[m]};
    for (size_t i = 0; i < n; i++) {
        struct compare_model *m = &s->model[i];
        const struct compare_source *source = &s->source[m->source];
        m->label = !same_name_elsewhere(s, i)               ? mem_strdup(m->name)
                   : same_study_elsewhere(s, m->source) ? mem_printf("%s (%s)", m->name, source->directory)
                                                        : mem_printf("%s (%s)", m->name, source->study);
    }
}

/* By its label, or by its name where only one has it. */
static int find_reference(struct compare_set *s, struct status *st)
{
    s->reference = s->n_models;
    size_t found = 0;
    if (!s->family.reference)
        return STATUS_OK;
    for (size_t i = 0; i < s->n_models; i++)
        if (!strcmp(s->family.reference, s->model[i].label) || !strcmp(s->family.reference, s->model[i].name)) {
            s->reference = i;
            found++;
        }
    if (found == 1)
        return STATUS_OK;
    char *list = mem_strdup("");
    for (size_t i = 0; i < s->n_models; i++) {
        char *longer = mem_printf("%s%s'%s'", list, i ? ", " : "", s->model[i].label);
        free(list);
        list = longer;
    }
    int code = status_set(st, STATUS_DATA, "the reference '%s' is %s model; there are: %s", s->family.reference, found ? "more than one" : "no", list);
    free(list);
    return code;
}

static const char *declared(const char *override, const char *declaration, const char *fallback)
{
    const char *name = override ? override : declaration;
    return name && strcmp(name, fallback) != 0 ? name : NULL;
}

int compare_set_make(struct compare_set *s, char *const *directory, size_t n, const struct compare_family *override, struct status *st)
{
    int code = STATUS_OK;
    *s = (struct compare_set){.source = NEW0(n, struct compare_source)};
    for (size_t i = 0; i < n && !code; i++) {
        for (size_t j = 0; j < i && !code; j++)
            if (!strcmp(directory[i], directory[j]))
                code = status_set(st, STATUS_USAGE, "the folder '%s' is given twice", directory[i]);
        if (!code)
            code = compare_source_read(&s->source[i], directory[i], st);
        s->n_sources += !code;
    }
    if (!code) {
        s->family = s->source[0].family;
        s->family.reference = declared(override->reference, s->family.reference, "all pairs");
        s->family.metric = declared(override->metric, s->family.metric, "headline");
        s->family.probe = declared(override->probe, s->family.probe, "");
        s->family.readout = declared(override->readout, s->family.readout, "chosen");
        name_models(s);
        code = find_reference(s, st);
    }
    if (code)
        compare_set_free(s);
    return code;
}

void compare_set_free(struct compare_set *s)
{
    for (size_t i = 0; i < s->n_sources; i++)
        compare_source_free(&s->source[i]);
    for (size_t i = 0; i < s->n_models; i++)
        free(s->model[i].label);
    free(s->source);
    free(s->model);
    *s = (struct compare_set){0};
}

bool compare_set_declares(const struct compare_set *s, size_t a, size_t b)
{
    return s->reference == s->n_models || a == s->reference || b == s->reference;
}

/* ---- their scores ---- */

const struct test_part *compare_part(const struct test_rows *t, const char *protocol)
{
    for (size_t i = 0; i < t->n_parts; i++)
        if (!strcmp(t->part[i].protocol, protocol))
            return &t->part[i];
    return NULL;
}

static bool is_of(const struct test_rows *t, const struct test_scores *s, const char *protocol, const char *model, const char *probe)
{
    return !strcmp(t->part[s->part].protocol, protocol) && !strcmp(s->model, model) && !strcmp(s->probe, probe);
}

/* Readouts that the probe was fitted on: how many, the first, and whether the one wanted is among them. */
static size_t list_readouts(const char **first, bool *has, const struct test_rows *t, const char *protocol, const char *model, const char *probe, const char *want)
{
    size_t n = 0;
    *first = NULL;
    *has = false;
    for (size_t i = 0; i < t->n_scores; i++) {
        const struct test_scores *s = &t->scores[i];
        if (!is_of(t, s, protocol, model, probe))
            continue;
        bool again = false;
        for (size_t j = 0; j < i && !again; j++)
            again = is_of(t, &t->scores[j], protocol, model, probe) && !strcmp(s->readout, t->scores[j].readout);
        n += !again;
        if (!*first)
            *first = s->readout;
        *has |= want && !strcmp(s->readout, want);
    }
    return n;
}

/* The readout to take, or NULL and e->reason. */
static int choose_readout(struct compare_entry *e, const struct compare_source *source, const struct test_rows *t, const char *protocol, const char *model,
                          const struct compare_family *family, struct status *st)
{
    bool listed, has;
    const char *only, *chosen = compare_source_chosen(source, t->task, protocol, model, family->probe, &listed);
    const char *want = family->readout ? family->readout : chosen;
    size_t n = list_readouts(&only, &has, t, protocol, model, family->probe, want);
    if (n == 0)
        e->reason = mem_printf("%s: no test predictions of probe %s", model, family->probe);
    else if (has)
        e->readout = want;
    else if (n == 1 && !chosen && !listed) /* a baseline's features: nothing to choose */
        e->readout = only;
    else if (family->readout)
        e->reason = mem_printf("%s: has no readout %s", model, family->readout);
    else if (listed)
        e->reason = mem_printf("%s: validation chose no readout", model);
    else
        return status_set(st, STATUS_DATA, "%s/readouts.csv does not say which of the readouts of model '%s' validation chose in task '%s'; name one (readout)",
                          source->directory, model, t->task);
    return STATUS_OK;
}

int compare_set_find(struct compare_entry *e, const struct compare_set *s, size_t model, const struct test_rows *rows, const char *protocol, struct status *st)
{
    const struct compare_model *m = &s->model[model];
    const struct test_rows *t = &rows[m->source];
    *e = (struct compare_entry){.readout = ""};
    if (!t->task || !compare_part(t, protocol)) {
        e->reason = mem_printf("%s: '%s' does not hold the task", m->label, s->source[m->source].directory);
        return STATUS_OK;
    }
    int code = choose_readout(e, &s->source[m->source], t, protocol, m->name, &s->family, st);
    if (code || e->reason)
        return code;
    size_t n_fits = 1; /* or the folds, of which each model must have all: means of different folds are not compared */
    for (size_t i = 0; i < t->n_scores; i++)
        if (!strcmp(t->part[t->scores[i].part].protocol, protocol) && t->scores[i].fold > n_fits)
            n_fits = t->scores[i].fold;
    e->set = NEW(t->n_scores, const double *);
    for (size_t i = 0; i < t->n_scores; i++) /* the folds in the file's order, which is theirs */
        if (is_of(t, &t->scores[i], protocol, m->name, s->family.probe) && !strcmp(t->scores[i].readout, e->readout))
            e->set[e->n_sets++] = t->scores[i].score;
    if (e->n_sets == n_fits)
        return STATUS_OK;
    e->reason = mem_printf("%s: %zu of %zu folds have predictions", m->label, e->n_sets, n_fits);
    e->n_sets = 0;
    return STATUS_OK;
}

void compare_entry_free(struct compare_entry *e)
{
    free(e->set);
    free(e->reason);
    *e = (struct compare_entry){0};
}

/* ---- the same test rows ---- */

int compare_parts_agree(const struct test_rows *a, const struct test_rows *b, const char *protocol, const char *directory_a, const char *directory_b, struct status *st)
{
    const struct test_part *p = compare_part(a, protocol), *q = compare_part(b, protocol);
    if (a->kind != b->kind || a->n_classes != b->n_classes)
        return status_set(st, STATUS_DATA, "task '%s': '%s' and '%s' are of different kinds or classes", a->task, directory_a, directory_b);
    for (size_t k = 0; k < a->n_classes; k++)
        if (strcmp(a->class_name[k], b->class_name[k]) != 0)
            return status_set(st, STATUS_DATA, "task '%s': class %zu is '%s' in '%s' and '%s' in '%s'", a->task, k, a->class_name[k], directory_a, b->class_name[k],
                              directory_b);
    for (size_t i = 0; i < p->n && i < q->n; i++) {
        if (strcmp(p->sample[i], q->sample[i]) != 0)
            return status_set(st, STATUS_DATA, "task '%s', protocol %s: test rows differ: '%s' holds sample '%s' where '%s' holds '%s'", a->task, protocol, directory_a,
                              p->sample[i], directory_b, q->sample[i]);
        if (strcmp(p->label_text[i], q->label_text[i]) != 0)
            return status_set(st, STATUS_DATA, "task '%s', protocol %s: sample '%s' is labelled '%s' in '%s' and '%s' in '%s'", a->task, protocol, p->sample[i],
                              p->label_text[i], directory_a, q->label_text[i], directory_b);
        if (p->unit[i] != q->unit[i])
            return status_set(st, STATUS_DATA, "task '%s', protocol %s: sample '%s' belongs to another patient in '%s' than in '%s'", a->task, protocol, p->sample[i],
                              directory_a, directory_b);
    }
    if (p->n != q->n)
        return status_set(st, STATUS_DATA, "task '%s', protocol %s: %zu test rows in '%s', %zu in '%s'", a->task, protocol, p->n, directory_a, q->n, directory_b);
    return STATUS_OK;
}
