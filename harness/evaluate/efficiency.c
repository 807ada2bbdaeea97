#include "evaluate/efficiency.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "metric/panel.h"
#include "probe/select.h"
#include "split/grouped.h"
#include "split/nested.h"

#define DRAWN_BINS 10 /* of a regression target, as evaluate/partitions.c has it */

/* ---- who is drawn ---- */

void efficiency_draws_make(struct efficiency_draws *e, const struct cell_task *t)
{
    const struct partitions *p = t->partitions;
    const struct cohort *c = t->cohort;
    const struct task *task = c->source->task;
    bool regression = task->kind == KIND_REGRESSION;
    uint32_t *number = NEW(c->n_units, uint32_t);
    *e = (struct efficiency_draws){.unit = NEW(p->n_development, uint32_t)};
    memset(number, 0xff, c->n_units * sizeof *number);
    for (size_t i = 0; i < p->n_development; i++)
        number[c->sample[p->development[i]].unit] = 0;
    for (size_t u = 0; u < c->n_units; u++)
        if (number[u] == 0)
            number[u] = (uint32_t)e->n_units++;
    uint32_t *stratum = NEW0(e->n_units, uint32_t); /* a patient's class is the largest among its images, as in every split */
    for (size_t i = 0; i < p->n_development; i++) {
        const struct sample *s = &c->sample[p->development[i]];
        uint32_t u = e->unit[i] = number[s->unit];
        if ((uint32_t)s->label > stratum[u])
            stratum[u] = (uint32_t)s->label;
    }
    size_t draws = t->study->draws;
    size_t *order = NEW(e->n_units, size_t);
    char *stream = mem_printf("label efficiency of %s", task->name);
    e->rank = NEW(draws * e->n_units, uint32_t);
    for (size_t draw = 0; draw < draws; draw++) {
        nested_order(order, e->n_units, regression ? NULL : stratum, task->n_classes, t->study->seed, stream, draw);
        for (size_t i = 0; i < e->n_units; i++)
            e->rank[draw * e->n_units + order[i]] = (uint32_t)i;
    }
    free(stream);
    free(order);
    free(stratum);
    free(number);
}

void efficiency_draws_free(struct efficiency_draws *e)
{
    free(e->unit);
    free(e->rank);
    *e = (struct efficiency_draws){0};
}

/* ---- one fit ---- */

/* The rows of a draw, in the order of the development part. */
struct drawn {
    size_t n, d;
    float *x;
    int32_t *label;
    double *target;
    uint32_t *unit, *fold;
    size_t n_folds;
};

static void drawn_make(struct drawn *w, const struct efficiency_draws *e, const struct cell_task *t, const float *x, size_t d, size_t draw,
                       size_t n_patients)
{
    const struct partitions *p = t->partitions;
    const uint32_t *rank = e->rank + draw * e->n_units;
    size_t n = 0;
    for (size_t i = 0; i < p->n_development; i++)
        n += rank[e->unit[i]] < n_patients;
    *w = (struct drawn){.d = d, .x = NEW(n * d, float), .label = NEW(n, int32_t), .target = NEW(n, double), .unit = NEW(n, uint32_t), .fold = NEW(n, uint32_t)};
    for (size_t i = 0; i < p->n_development; i++) {
        if (rank[e->unit[i]] >= n_patients)
            continue;
        const struct sample *s = &t->cohort->sample[p->development[i]];
        memcpy(w->x + w->n * d, x + p->development[i] * d, d * sizeof *x);
        w->label[w->n] = s->label;
        w->target[w->n] = s->target;
        w->fold[w->n] = p->fold[i];
        w->unit[w->n++] = e->unit[i];
    }
}

static void drawn_free(struct drawn *w)
{
    free(w->x);
    free(w->label);
    free(w->target);
    free(w->unit);
    free(w->fold);
}

/* Patients with an image of the class. */
static size_t patients_of(const struct drawn *w, int32_t label, bool *seen, size_t n_units)
{
    size_t n = 0;
    memset(seen, 0, n_units * sizeof *seen);
    for (size_t i = 0; i < w->n; i++)
        if (w->label[i] == label && !seen[w->unit[i]]) {
            seen[w->unit[i]] = true;
            n++;
        }
    return n;
}

/* Patients of the smallest class; 0, and the class, if the draw lacks one that the development part has. */
static size_t smallest_class(size_t *lacking, const struct drawn *w, const struct cell_task *t, size_t n_units, size_t n_patients)
{
    const struct task *task = t->cohort->source->task;
    const struct partitions *p = t->partitions;
    if (task->kind == KIND_REGRESSION)
        return n_patients;
    size_t smallest = n_patients;
    bool *seen = NEW(n_units, bool), *there = NEW0(task->n_classes, bool);
    for (size_t i = 0; i < p->n_development; i++)
        there[t->cohort->sample[p->development[i]].label] = true;
    for (size_t k = 0; k < task->n_classes && smallest; k++) {
        size_t n = there[k] ? patients_of(w, (int32_t)k, seen, n_units) : smallest;
        *lacking = k;
        smallest = n < smallest ? n : smallest;
    }
    free(seen);
    free(there);
    return smallest;
}

/* Folds of the draw, w->n_folds of them, from `most` down to 2, or none. */
static void fold_draw(struct drawn *w, const struct cell_task *t, size_t n_units, size_t n_patients, size_t most)
{
    struct status ignored;
    int32_t *stratum = NEW(w->n, int32_t);
    for (w->n_folds = most; w->n_folds >= 2; w->n_folds--) {
        if (t->cohort->source->task->kind == KIND_REGRESSION) {
            size_t bins = n_patients / (4 * w->n_folds);
            grouped_strata_of_target(stratum, w->target, w->n, bins < 1 ? 1 : bins > DRAWN_BINS ? DRAWN_BINS : bins);
        } else {
            memcpy(stratum, w->label, w->n * sizeof *stratum);
        }
        if (grouped_folds(w->fold, w->unit, w->n, n_units, stratum, w->n_folds, (uint32_t)t->study->seed, &ignored) == STATUS_OK)
            break;
    }
    if (w->n_folds < 2)
        w->n_folds = 0;
    free(stratum);
}

static int fit(struct probe_result *r, const struct drawn *w, const struct cell_task *t, enum study_probe probe, const float *x_test, struct status *st)
{
    const struct task *task = t->cohort->source->task;
    bool regression = task->kind == KIND_REGRESSION;
    struct probe_task problem = {.kind = (enum task_kind)task->kind, .form = cell_linear_form(probe), .x = w->x, .n = w->n, .d = w->d, .label = regression ? NULL : w->label,
                                 .target = regression ? w->target : NULL, .n_classes = task->n_classes, .fold = w->fold, .n_folds = w->n_folds,
                                 .x_test = x_test, .n_test = t->partitions->n_test};
    double fixed = study_probe_is_linear(probe) ? 1 : w->n < 5 ? (double)w->n : 5;
    const double *grid = w->n_folds ? NULL : &fixed;
    if (study_probe_is_linear(probe))
        return probe_select_linear(r, &problem, grid, grid ? 1 : 0, 1, st);
    return probe_select_knn(r, &problem, probe == PROBE_KNN ? KNN_SOFTMAX : KNN_UNIFORM, grid, grid ? 1 : 0, 1, st);
}

/* The headline metric of the test part, computed as metrics.csv has it. */
static int score(struct efficiency_value *v, const struct cell_task *t, const double *prediction, struct status *st)
{
    const struct task *task = t->cohort->source->task;
    bool regression = task->kind == KIND_REGRESSION;
    struct panel *panel = NULL;
    int code = panel_new(&panel, &(struct panel_input){.kind = (enum task_kind)task->kind, .n_classes = task->n_classes,
        .n = t->partitions->n_test, .label = regression ? NULL : t->label, .target = regression ? t->target : NULL, .score = prediction, .threshold = NAN}, st);
    if (code)
        return code;
    size_t n_metrics = panel_n_metrics(panel), m = panel_metric_find(panel, cell_headline_metric((enum task_kind)task->kind));
    double *value = NEW(n_metrics, double);
    const char **reason = NEW0(n_metrics, const char *);
    struct panel_scratch *scratch = panel_scratch_new(panel);
    panel_compute(panel, scratch, NULL, value, reason);
    v->value = value[m];
    if (reason[m])
        (void)snprintf(v->why, sizeof v->why, "%s", reason[m]);
    panel_scratch_free(scratch);
    free(reason);
    free(value);
    panel_free(panel);
    return STATUS_OK;
}

int efficiency_draw(struct efficiency_value *v, const struct efficiency_draws *e, const struct cell_task *t, enum study_probe probe, const float *x,
                    const float *x_test, size_t d, size_t draw, size_t n_patients, struct status *st)
{
    struct drawn w;
    struct probe_result r = {0};
    struct status why = {0};
    size_t lacking = 0;
    drawn_make(&w, e, t, x, d, draw, n_patients);
    *v = (struct efficiency_value){.value = NAN, .parameter = NAN, .n_images = w.n, .n_patients = n_patients};
    size_t smallest = smallest_class(&lacking, &w, t, e->n_units, n_patients), most = t->partitions->n_folds;
    int code = STATUS_OK;
    if (smallest == 0) {
        (void)snprintf(v->why, sizeof v->why, "the draw has no image of class '%.100s'", t->cohort->source->task->classes[lacking].name);
        goto done;
    }
    if (n_patients == e->n_units)
        w.n_folds = t->partitions->n_folds; /* the whole part has its folds */
    else
        fold_draw(&w, t, e->n_units, n_patients, smallest < most ? smallest : most);
    code = fit(&r, &w, t, probe, x_test, &why);
    if (code == STATUS_UNDEFINED && w.n_folds && n_patients < e->n_units) { /* no fold to validate on */
        w.n_folds = 0;
        code = fit(&r, &w, t, probe, x_test, &why);
    }
    v->n_folds = w.n_folds;
    if (!code) {
        v->parameter = r.grid[r.chosen];
        code = score(v, t, r.test, st);
    } else if (code == STATUS_UNDEFINED) {
        (void)snprintf(v->why, sizeof v->why, "%.*s", (int)sizeof v->why - 1, why.text);
        code = STATUS_OK;
    } else {
        code = status_set(st, code, "%s", why.text);
    }
done:
    probe_result_free(&r);
    drawn_free(&w);
    return code;
}
