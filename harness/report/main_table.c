#include "report/main_table.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "report/verdict.h"

static const char *m(const struct folder *f, size_t row, const char *column)
{
    return folder_cell(f, FOLDER_METRICS, row, column);
}

static bool is(const struct folder *f, size_t row, const char *column, const char *text)
{
    return !strcmp(m(f, row, column), text);
}

bool main_table_less_is_better(const char *metric)
{
    return !strncmp(metric, "mae", 3) || !strncmp(metric, "rmse", 4) || !strncmp(metric, "brier", 5) || !strncmp(metric, "log_loss", 8) ||
           !strncmp(metric, "ece", 3);
}

const char *main_table_metric(const struct folder *f, const char *task)
{
    /* A grade has auroc_macro too, and is known by its kappa. */
    static const char *const known[] = {"kappa_quadratic", "auroc_macro", "auroc", "mae"};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        for (size_t i = 0; i < f->table[FOLDER_METRICS].n_rows; i++)
            if (is(f, i, "metric", known[k]) && is(f, i, "task", task) && !strncmp(m(f, i, "partition"), "test", 4))
                return known[k];
    return "";
}

static bool shows_protocol(const struct folder *f, const char *task, const char *protocol)
{
    if (strcmp(protocol, "official") != 0)
        return *protocol != '\0';
    for (size_t i = 0; i < f->table[FOLDER_METRICS].n_rows; i++)
        if (is(f, i, "task", task) && *m(f, i, "protocol") && !is(f, i, "protocol", "official"))
            return false;
    return true;
}

const char *main_table_readout(const struct folder *f, const char *task, const char *protocol, const char *model, const char *probe)
{
    const struct table *r = &f->table[FOLDER_READOUTS], *metrics = &f->table[FOLDER_METRICS];
    for (size_t i = 0; i < r->n_rows; i++)
        if (folder_is(f, FOLDER_READOUTS, i, "task", task) && folder_is(f, FOLDER_READOUTS, i, "protocol", protocol) &&
            folder_is(f, FOLDER_READOUTS, i, "model", model) && folder_is(f, FOLDER_READOUTS, i, "probe", probe) &&
            folder_is(f, FOLDER_READOUTS, i, "chosen", "1"))
            return folder_cell(f, FOLDER_READOUTS, i, "readout");
    for (size_t i = 0; i < metrics->n_rows; i++)
        if (is(f, i, "task", task) && is(f, i, "protocol", protocol) && is(f, i, "model", model) && is(f, i, "probe", probe))
            return m(f, i, "readout");
    return "";
}

/* A cell's rows stand together, so that nearly every row is answered by the one before. */
static void find_shown(struct main_table *t)
{
    static const char *const group[] = {"task", "protocol", "model", "probe", "readout"};
    const struct folder *f = t->folder;
    size_t n = f->table[FOLDER_METRICS].n_rows;
    t->shown = NEW0(n + 1, bool);
    t->shows_protocol = NEW0(n + 1, bool);
    for (size_t i = 0; i < n; i++) {
        bool same = i > 0;
        for (size_t k = 0; same && k < sizeof group / sizeof *group; k++)
            same = !strcmp(m(f, i, group[k]), m(f, i - 1, group[k]));
        t->shows_protocol[i] = same ? t->shows_protocol[i - 1] : shows_protocol(f, m(f, i, "task"), m(f, i, "protocol"));
        t->shown[i] = same ? t->shown[i - 1]
                           : t->shows_protocol[i] && is(f, i, "readout", main_table_readout(f, m(f, i, "task"), m(f, i, "protocol"), m(f, i, "model"), m(f, i, "probe")));
    }
}

/* ---- rows ---- */

static struct main_row *row_for(struct main_table *t, size_t *capacity, size_t first, size_t i, const char *metric)
{
    const struct folder *f = t->folder;
    for (size_t k = first; k < t->n; k++)
        if (is(f, i, "protocol", t->row[k].protocol) && is(f, i, "partition", t->row[k].partition) && is(f, i, "probe", t->row[k].probe))
            return &t->row[k];
    struct main_row row = {m(f, i, "task"), m(f, i, "protocol"), m(f, i, "partition"), metric, m(f, i, "probe"), NEW(t->n_models, struct main_cell)};
    for (size_t k = 0; k < t->n_models; k++)
        row.cell[k] = (struct main_cell){SIZE_MAX, SIZE_MAX, false, false};
    t->row = mem_grow(t->row, t->n, capacity, sizeof *t->row);
    t->row[t->n] = row;
    return &t->row[t->n++];
}

static void take_task(struct main_table *t, size_t *capacity, const char *task)
{
    const struct folder *f = t->folder;
    const char *metric = main_table_metric(f, task);
    char *sd = mem_printf("%s_sd", metric);
    size_t first = t->n;
    for (size_t i = 0; *metric && i < f->table[FOLDER_METRICS].n_rows; i++) {
        bool is_sd = is(f, i, "metric", sd);
        if (!is(f, i, "task", task) || (!is_sd && !is(f, i, "metric", metric)) || (!is(f, i, "partition", "test") && !is(f, i, "partition", "test exams")) ||
            !t->shows_protocol[i])
            continue;
        size_t k = 0;
        while (strcmp(t->model[k], m(f, i, "model")) != 0)
            k++;
        struct main_row *r = row_for(t, capacity, first, i, metric); /* also by a readout that is not shown: rows in the file's order */
        if (t->shown[i])
            *(is_sd ? &r->cell[k].sd_row : &r->cell[k].row) = i;
    }
    free(sd);
}

/* ---- the best ---- */

static double value_of(const struct folder *f, size_t row)
{
    double x;
    return row != SIZE_MAX && number_parse_double(m(f, row, "value"), &x) ? x : (double)NAN;
}

static void mark_best(struct main_table *t, struct main_row *r)
{
    size_t best = SIZE_MAX;
    bool tie = false, less = main_table_less_is_better(r->metric), beats = true, has_rival = false;
    double most = NAN;
    for (size_t k = 0; k < t->n_models; k++) {
        double x = value_of(t->folder, r->cell[k].row);
        if (isnan(x))
            continue;
        if (best != SIZE_MAX && x == most) {
            tie = true;
        } else if (best == SIZE_MAX || (less ? x < most : x > most)) {
            best = k;
            most = x;
            tie = false;
        }
    }
    if (best == SIZE_MAX || tie)
        return;
    r->cell[best].best = true;
    for (size_t k = 0; k < t->n_models; k++) {
        if (k == best || r->cell[k].row == SIZE_MAX)
            continue;
        has_rival = true;
        beats = beats && verdict_better(t->folder, r->cell[best].row, r->cell[k].row);
    }
    r->cell[best].bold = has_rival && beats;
}

void main_table_make(struct main_table *t, const struct folder *f)
{
    size_t n_tasks, capacity = 0;
    const char **task = folder_distinct(&n_tasks, f, FOLDER_METRICS, "task");
    *t = (struct main_table){.folder = f};
    find_shown(t);
    t->model = folder_distinct(&t->n_models, f, FOLDER_METRICS, "model");
    for (size_t i = 0; i < n_tasks; i++)
        take_task(t, &capacity, task[i]);
    for (size_t i = 0; i < t->n; i++)
        mark_best(t, &t->row[i]);
    free(task);
}

void main_table_free(struct main_table *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->row[i].cell);
    free(t->row);
    free(t->shown);
    free(t->shows_protocol);
    free(t->model);
    *t = (struct main_table){0};
}
