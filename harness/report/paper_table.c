#include "report/paper_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"

/* Columns of metrics.csv that are read. */
enum column { C_TASK, C_PROTOCOL, C_MODEL, C_READOUT, C_PROBE, C_PREPROCESS, C_PRECISION, C_PARTITION, C_METRIC, C_N, C_N_PATIENTS, C_VALUE, C_LOW, C_HIGH, C_REASON, N_COLUMNS };
static const char *const COLUMN[] = {"task", "protocol", "model", "readout", "probe", "preprocess", "precision", "partition", "metric",
                                     "n", "n_patients", "value", "low", "high", "reason"};

static const char *const PROTOCOL[] = {[PAPER_OFFICIAL] = "official", [PAPER_GROUPED] = "grouped", [PAPER_GIVEN] = "given"};

const char *paper_protocol_name(enum paper_protocol protocol)
{
    return PROTOCOL[protocol];
}

static bool same_row(const struct paper_row *a, const struct paper_row *b)
{
    return !strcmp(a->task, b->task) && !strcmp(a->partition, b->partition) && !strcmp(a->model, b->model) && !strcmp(a->readout, b->readout) &&
           !strcmp(a->probe, b->probe) && !strcmp(a->preprocess, b->preprocess) && !strcmp(a->precision, b->precision) && !strcmp(a->metric, b->metric);
}

/* What one task takes from the file, of one metric and partition, in the file's order. */
struct reading {
    struct paper_table *table;
    size_t column[N_COLUMNS];
    size_t capacity, first; /* rows of the present task, metric and partition begin at first */
};

static const char *cell(const struct reading *r, size_t i, enum column c)
{
    return table_cell(&r->table->source, i, r->column[c]);
}

static int protocol_of(const struct reading *r, size_t i)
{
    const char *name = cell(r, i, C_PROTOCOL);
    for (int p = 0; p < N_PAPER_PROTOCOLS; p++)
        if (!strcmp(name, PROTOCOL[p]))
            return p;
    return -1;
}

static struct paper_row *row_for(struct reading *r, size_t i, const char *metric)
{
    struct paper_table *t = r->table;
    struct paper_row row = {.task = cell(r, i, C_TASK), .partition = cell(r, i, C_PARTITION), .model = cell(r, i, C_MODEL), .readout = cell(r, i, C_READOUT),
                            .probe = cell(r, i, C_PROBE), .preprocess = cell(r, i, C_PREPROCESS), .precision = cell(r, i, C_PRECISION), .metric = metric};
    for (size_t k = r->first; k < t->n; k++)
        if (same_row(&t->row[k], &row))
            return &t->row[k];
    for (int p = 0; p < N_PAPER_PROTOCOLS; p++)
        row.cell[p] = (struct paper_cell){"", "", "", "", "", "", ""};
    row.published = mem_strdup("");
    t->row = mem_grow(t->row, t->n, &r->capacity, sizeof *t->row);
    t->row[t->n] = row;
    return &t->row[t->n++];
}

static int take(struct reading *r, size_t i, const char *metric, bool is_sd, struct status *st)
{
    int p = protocol_of(r, i);
    if (p < 0)
        return STATUS_OK;
    struct paper_cell *c = &row_for(r, i, metric)->cell[p];
    const char *value = cell(r, i, C_VALUE);
    if (*(is_sd ? c->sd : c->value))
        return status_set(st, STATUS_DATA, "'%s' has %s of task '%s', model '%s', %s, %s, protocol %s twice (line %zu)", r->table->source.path,
                          cell(r, i, C_METRIC), cell(r, i, C_TASK), cell(r, i, C_MODEL), cell(r, i, C_READOUT), cell(r, i, C_PROBE), PROTOCOL[p],
                          r->table->source.line[i]);
    if (is_sd) {
        c->sd = value;
        return STATUS_OK;
    }
    c->value = value;
    c->low = cell(r, i, C_LOW);
    c->high = cell(r, i, C_HIGH);
    c->n = cell(r, i, C_N);
    c->n_patients = cell(r, i, C_N_PATIENTS);
    c->reason = cell(r, i, C_REASON);
    return STATUS_OK;
}

static int take_metric(struct reading *r, const struct paper_task *task, const char *partition, const char *metric, struct status *st)
{
    char *sd = mem_printf("%s_sd", metric);
    int code = STATUS_OK;
    r->first = r->table->n;
    for (size_t i = 0; i < r->table->source.n_rows && !code; i++) {
        if (strcmp(cell(r, i, C_TASK), task->name) != 0 || strcmp(cell(r, i, C_PARTITION), partition) != 0)
            continue;
        bool is_sd = !strcmp(cell(r, i, C_METRIC), sd);
        if (is_sd || !strcmp(cell(r, i, C_METRIC), metric))
            code = take(r, i, metric, is_sd, st);
    }
    free(sd);
    return code;
}

/* "0.953 auroc (SKELEX; fine-tuned, own split; source)" behind what stands there. */
static void publish(struct paper_row *row, const struct paper_figure *f)
{
    char number[NUMBER_TEXT];
    char *text = mem_printf("%s%s%s %s (%s%s%s%s%s)", row->published, *row->published ? "; " : "", number_format(number, f->value), f->metric, f->model,
                            *f->model && *f->setting ? "; " : "", f->setting, *f->source && (*f->model || *f->setting) ? "; " : "", f->source);
    free(row->published);
    row->published = text;
}

/* Each figure on the first row of its metric; on the task's first row if the table does not show that metric. */
static void publish_all(struct paper_table *t, size_t first, const struct paper_task *task)
{
    for (size_t k = 0; k < task->n_figures && first < t->n; k++) {
        size_t at = first;
        while (at < t->n && strcmp(t->row[at].metric, task->figure[k].metric) != 0)
            at++;
        publish(&t->row[at < t->n ? at : first], &task->figure[k]);
    }
}

int paper_table_read(struct paper_table *t, const char *path, const struct paper_task *task, size_t n_tasks, struct status *st)
{
    static const char *const partition[] = {"test", "test exams"};
    struct reading r = {.table = t};
    *t = (struct paper_table){0};
    int code = table_read(&t->source, path, st);
    if (code)
        return code;
    for (int c = 0; c < N_COLUMNS && !code; c++)
        code = table_column(&t->source, COLUMN[c], &r.column[c], st);
    for (size_t k = 0; k < n_tasks && !code; k++) {
        size_t first = t->n;
        for (size_t p = 0; p < 2 && !code; p++)
            for (size_t m = 0; m < task[k].n_metrics && !code; m++)
                code = take_metric(&r, &task[k], partition[p], task[k].metric[m], st);
        publish_all(t, first, &task[k]);
    }
    if (code)
        paper_table_free(t);
    return code;
}

void paper_table_free(struct paper_table *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->row[i].published);
    free(t->row);
    table_free(&t->source);
    *t = (struct paper_table){0};
}
