/* The table of a publication, made from the rows of metrics.csv alone: task x
 * model, protocols side by side.
 *
 *   paper_table.csv, paper_table.md, paper_table.tex
 *
 * A row is a task, a partition (test, or test exams), a model, a readout, a probe and
 * a metric, as metrics.csv lists them: nothing is picked by its test score.
 * `official`: mean and population SD over five folds that share one test set (no
 * interval).  `grouped`, `given`: value and its interval.  A protocol without such a
 * row: an empty cell.  NA: a footnote with the reason.
 *
 * Published figures stand in a column of their own, on the first row of their task
 * and metric, with model and setting; they are other people's, of other
 * splits and mostly of fine-tuned models, and enter no computation. */
#ifndef REPORT_PAPER_TABLE_H
#define REPORT_PAPER_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "base/status.h"
#include "base/table.h"

enum paper_protocol { PAPER_OFFICIAL, PAPER_GROUPED, PAPER_GIVEN, N_PAPER_PROTOCOLS };

struct paper_figure { /* texts borrowed, "" if not said */
    const char *metric, *model, *setting, *source;
    double value;
};

struct paper_task { /* what is shown of a task; borrowed */
    const char *name;
    const char *const *metric; /* [n_metrics] names in metrics.csv, in the order of the table's rows */
    size_t n_metrics;
    struct paper_figure *figure;
    size_t n_figures;
};

/* One protocol of a row; texts of the table read, "" if the protocol has no such row. */
struct paper_cell {
    const char *value, *low, *high, *sd; /* numbers as metrics.csv has them, or "NA", or "" */
    const char *n, *n_patients, *reason;
};

struct paper_row {
    const char *task, *partition, *model, *readout, *probe, *preprocess, *precision, *metric;
    struct paper_cell cell[N_PAPER_PROTOCOLS];
    char *published; /* owned; "" if none stands here */
};

struct paper_table {
    struct table source;
    struct paper_row *row;
    size_t n;
};

/* metrics.csv at `path`.  STATUS_DATA for columns it lacks, or a row that is there twice. */
int paper_table_read(struct paper_table *t, const char *path, const struct paper_task *task, size_t n_tasks, struct status *st) MUST_CHECK;
void paper_table_free(struct paper_table *t);

/* All three files in `directory`, or none changed. */
int paper_table_write(const struct paper_table *t, const char *directory, struct status *st) MUST_CHECK;

/* The forms, for paper_table_write and tests. */
void paper_write_csv(FILE *f, const struct paper_table *t);
void paper_write_markdown(FILE *f, const struct paper_table *t);
void paper_write_latex(FILE *f, const struct paper_table *t);

const char *paper_protocol_name(enum paper_protocol protocol);
extern const char PAPER_TABLE_HEADER[];

#endif
