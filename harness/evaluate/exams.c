#include "evaluate/exams.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct view {
    const char *exam;
    size_t row;
};

static int by_exam(const void *a, const void *b)
{
    const struct view *x = a, *y = b;
    int order = strcmp(x->exam, y->exam);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* first_of[row]: the first view of the row's examination. */
static int find_first_views(size_t *first_of, const struct cohort *c, const size_t *sample, size_t n_rows, struct status *st)
{
    struct view *view = NEW(n_rows, struct view);
    size_t n = 0;
    int code = STATUS_OK;
    for (size_t row = 0; row < n_rows; row++) {
        first_of[row] = row;
        if (c->sample[sample[row]].exam)
            view[n++] = (struct view){c->sample[sample[row]].exam, row};
    }
    if (n)
        qsort(view, n, sizeof *view, by_exam);
    for (size_t i = 1; i < n && !code; i++) {
        if (strcmp(view[i].exam, view[i - 1].exam) != 0)
            continue;
        size_t row = view[i].row, first = first_of[view[i - 1].row];
        const struct sample *a = &c->sample[sample[first]], *b = &c->sample[sample[row]];
        first_of[row] = first;
        if (a->label != b->label || a->target < b->target || a->target > b->target)
            code = status_set(st, STATUS_DATA, "examination '%s': its views '%s' and '%s' have different labels", a->exam, a->id, b->id);
        else if (a->unit != b->unit)
            code = status_set(st, STATUS_DATA, "examination '%s': its views '%s' and '%s' are of different patients", a->exam, a->id, b->id);
    }
    free(view);
    return code;
}

int exams_make(struct exams *e, const struct cohort *c, const size_t *sample, size_t n_rows, struct status *st)
{
    *e = (struct exams){.n_rows = n_rows, .of_row = NEW(n_rows, uint32_t), .first = NEW(n_rows, size_t), .n_views = NEW0(n_rows, uint32_t)};
    size_t *first_of = NEW(n_rows, size_t);
    int code = find_first_views(first_of, c, sample, n_rows, st);
    for (size_t row = 0; row < n_rows && !code; row++) {
        if (first_of[row] == row) {
            e->first[e->n] = row;
            e->of_row[row] = (uint32_t)e->n++;
        } else {
            e->of_row[row] = e->of_row[first_of[row]];
        }
        e->n_views[e->of_row[row]]++;
    }
    free(first_of);
    if (code) {
        exams_free(e);
        return status_context(st, "task '%s'", c->source->task->name);
    }
    return STATUS_OK;
}

void exams_free(struct exams *e)
{
    free(e->of_row);
    free(e->first);
    free(e->n_views);
    *e = (struct exams){0};
}

void exams_mean(double *mean, const struct exams *e, const double *score, size_t n_out)
{
    for (size_t i = 0; i < e->n * n_out; i++)
        mean[i] = 0;
    for (size_t row = 0; row < e->n_rows; row++)
        for (size_t k = 0; k < n_out; k++)
            mean[e->of_row[row] * n_out + k] += score[row * n_out + k];
    for (size_t i = 0; i < e->n * n_out; i++)
        mean[i] /= e->n_views[i / n_out];
}
