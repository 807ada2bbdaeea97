/* The table that goes into a paper: a row a task (and probe), a column a model,
 * each figure with its interval; from the CSVs of a results folder alone.
 *
 *   main_table.csv   one line a figure, for forest plots and for reading
 *   main_table.md, main_table.tex (booktabs)   ready to paste
 *
 * Shown is each task's headline metric on its test part (and on its examinations),
 * under every protocol with intervals; `official` (mean and SD of folds that share a
 * test set) only where the study has no other.  Of a model with several readouts the
 * one that validation chose (readouts.csv); nothing is picked by its test score.
 *
 * Best is the best figure of its row, ties have none.  It is bold only where
 * compare.csv has it significantly better, after correction, than every other model
 * of the row.  No compare.csv: nothing is bold. */
#ifndef REPORT_MAIN_TABLE_H
#define REPORT_MAIN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/status.h"
#include "report/folder.h"

struct main_cell {
    size_t row;    /* of metrics.csv; SIZE_MAX: the model has no such figure */
    size_t sd_row; /* official: of its SD; SIZE_MAX: none */
    bool best, bold;
};

struct main_row { /* texts borrowed of the folder */
    const char *task, *protocol, *partition, *metric, *probe;
    struct main_cell *cell; /* [n_models] */
};

struct main_table {
    const struct folder *folder;
    bool *shows_protocol, *shown; /* [rows of metrics.csv] of a protocol that is shown; and of the readout that is */
    const char **model; /* [n_models] in the order of metrics.csv */
    size_t n_models;
    struct main_row *row;
    size_t n;
};

void main_table_make(struct main_table *t, const struct folder *f);
void main_table_free(struct main_table *t);

/* The metric a task is known by: "auroc", "auroc_macro", "kappa_quadratic" or "mae"; "" for a task without any. */
const char *main_table_metric(const struct folder *f, const char *task);
bool main_table_less_is_better(const char *metric);
/* The readout that a model is shown by: chosen on validation, or its only one; "" if it has no row. */
const char *main_table_readout(const struct folder *f, const char *task, const char *protocol, const char *model, const char *probe);

/* All three files, or none changed. */
int main_table_write(const struct main_table *t, struct status *st) MUST_CHECK;
void main_table_write_csv(FILE *f, const struct main_table *t);
void main_table_write_markdown(FILE *f, const struct main_table *t);
void main_table_write_latex(FILE *f, const struct main_table *t);
extern const char MAIN_TABLE_HEADER[];

#endif
