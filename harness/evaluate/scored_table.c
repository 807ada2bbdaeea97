#include "evaluate/scored_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"

static const char SCORE[] = "score_";

int scored_table_read(struct scored_table *t, const char *path, struct status *st)
{
    *t = (struct scored_table){0};
    int code = table_read(&t->table, path, st);
    if (code)
        return code;
    t->class_name = NEW(t->table.n_columns, const char *);
    t->first_score = t->table.n_columns;
    for (size_t k = 0; k < t->table.n_columns; k++)
        if (!strncmp(t->table.header[k], SCORE, sizeof SCORE - 1)) {
            if (!t->n_classes)
                t->first_score = k;
            t->class_name[t->n_classes++] = t->table.header[k] + sizeof SCORE - 1;
        }
    return STATUS_OK;
}

void scored_table_free(struct scored_table *t)
{
    table_free(&t->table);
    free(t->class_name);
    *t = (struct scored_table){0};
}

static int class_of(int32_t *class, const struct scored_table *t, size_t row, const char *name, struct status *st)
{
    for (size_t k = 0; k < t->n_classes; k++)
        if (!strcmp(t->class_name[k], name)) {
            *class = (int32_t)k;
            return STATUS_OK;
        }
    return status_set(st, STATUS_DATA, "%s:%zu: '%s' is no class of the columns %s...", t->table.path, t->table.line[row], name, SCORE);
}

static int number_of(double *value, const struct scored_table *t, size_t row, size_t column, struct status *st)
{
    if (number_parse_double(table_cell(&t->table, row, column), value))
        return STATUS_OK;
    return status_set(st, STATUS_DATA, "%s:%zu: column %s is '%s', no number", t->table.path, t->table.line[row], t->table.header[column],
                      table_cell(&t->table, row, column));
}

struct named {
    const char *name;
    size_t i;
};

static int by_name(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->i > y->i) - (x->i < y->i);
}

/* Patients by name; numbers depend on the names alone. */
static void number_units(struct scored_cell *c, const struct scored_table *t, size_t column)
{
    struct named *list = NEW(c->n + 1, struct named);
    for (size_t i = 0; i < c->n; i++)
        list[i] = (struct named){table_cell(&t->table, c->row[i], column), i};
    qsort(list, c->n, sizeof *list, by_name);
    for (size_t k = 0; k < c->n; k++) {
        bool same = k > 0 && *list[k].name && !strcmp(list[k].name, list[k - 1].name);
        c->patients_named |= *list[k].name != '\0';
        c->unit[list[k].i] = (uint32_t)(same ? c->n_units - 1 : c->n_units++);
    }
    free(list);
}

int scored_cell_take(struct scored_cell *c, const struct scored_table *t, const char *protocol, const char *model, const char *readout, const char *probe,
                     struct status *st)
{
    static const char *const name[] = {"partition", "protocol", "model", "readout", "probe", "patient", "label", "prediction"};
    const char *const wanted[] = {"test", protocol, model, readout, probe};
    size_t column[8], width = t->n_classes ? t->n_classes : 1;
    int code = STATUS_OK;
    *c = (struct scored_cell){0};
    for (size_t k = 0; k < 8 && !code; k++)
        code = table_column(&t->table, name[k], &column[k], st);
    if (code)
        return code;
    c->row = NEW(t->table.n_rows + 1, size_t);
    for (size_t i = 0; i < t->table.n_rows; i++) {
        bool match = true;
        for (size_t k = 0; k < 5 && match; k++)
            match = !strcmp(table_cell(&t->table, i, column[k]), wanted[k]);
        if (match)
            c->row[c->n++] = i;
    }
    c->label = NEW0(c->n + 1, int32_t);
    c->prediction = NEW0(c->n + 1, int32_t);
    c->target = NEW0(c->n + 1, double);
    c->score = NEW0(c->n * width + 1, double);
    c->unit = NEW0(c->n + 1, uint32_t);
    for (size_t i = 0; i < c->n && !code; i++) {
        const char *label = table_cell(&t->table, c->row[i], column[6]);
        if (!t->n_classes) {
            code = number_of(&c->target[i], t, c->row[i], column[6], st);
            if (!code)
                code = number_of(&c->score[i], t, c->row[i], column[7], st);
            continue;
        }
        code = class_of(&c->label[i], t, c->row[i], label, st);
        if (!code)
            code = class_of(&c->prediction[i], t, c->row[i], table_cell(&t->table, c->row[i], column[7]), st);
        for (size_t k = 0; k < t->n_classes && !code; k++)
            code = number_of(&c->score[i * width + k], t, c->row[i], t->first_score + k, st);
        c->target[i] = c->label[i];
    }
    if (code)
        scored_cell_free(c);
    else
        number_units(c, t, column[5]);
    return code;
}

void scored_cell_free(struct scored_cell *c)
{
    free(c->row);
    free(c->label);
    free(c->prediction);
    free(c->target);
    free(c->score);
    free(c->unit);
    *c = (struct scored_cell){0};
}
