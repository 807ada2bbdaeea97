/* predictions/<task>.csv read back: the test part of one cell as arrays, for
 * what is drawn from predictions alone. */
#ifndef EVALUATE_SCORED_TABLE_H
#define EVALUATE_SCORED_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/table.h"

struct scored_table {
    struct table table;
    size_t n_classes;         /* 0: regression */
    const char **class_name;  /* [n_classes] of the columns score_CLASS; borrowed of the table */
    size_t first_score;       /* column */
};

struct scored_cell {
    size_t n;
    size_t *row;        /* [n] of the table */
    int32_t *label;     /* [n] class; regression: 0 */
    double *target;     /* [n] regression; else the label */
    double *score;      /* [n, n_classes]; regression: [n] prediction */
    int32_t *prediction; /* [n] class; regression: 0 */
    uint32_t *unit;     /* [n] patient, 0 .. n_units-1; a row that names nobody is its own */
    size_t n_units;
    bool patients_named;
};

/* STATUS_DATA, naming the line, for a label that is no class or a score that is no number. */
int scored_table_read(struct scored_table *t, const char *path, struct status *st) MUST_CHECK;
void scored_table_free(struct scored_table *t);

/* Rows of partition "test"; n = 0 if there are none (a cell that could not be fitted). */
int scored_cell_take(struct scored_cell *c, const struct scored_table *t, const char *protocol, const char *model, const char *readout, const char *probe,
                     struct status *st) MUST_CHECK;
void scored_cell_free(struct scored_cell *c);

#endif
