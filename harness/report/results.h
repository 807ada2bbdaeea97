/* The report CSVs: one line a figure, written whole or not at all.  Columns are
 * listed once, here and in results.c, and checked by a test against what is
 * written.  Empty cells mean "does not apply"; NA means "cannot be computed",
 * and `reason` says why.
 *
 *   metrics.csv      a metric of a cell on a partition, with its interval
 *   path.csv         validation score of every hyper-parameter value, per fold and mean
 *   audit.csv        what the audit found
 *   cohort.csv       images and patients per task, class and partition
 *   splits/<task>.csv       where each image went
 *   predictions/<task>.csv  what each probe said of each image */
#ifndef REPORT_RESULTS_H
#define REPORT_RESULTS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/outfile.h"
#include "base/status.h"

/* A cell of a study: what a row belongs to.  All texts borrowed. */
struct cell_name {
    const char *study, *task, *protocol, *model, *readout, *probe;
    const char *preprocess, *precision; /* of an encoder: "checkpoint" or "skelex", "fp32" or "bf16"; "" for a baseline */
};

struct metric_row {
    struct cell_name cell;
    const char *partition; /* "test", "test fold 1", "validation"; of examinations "test exams", ... */
    const char *metric;
    size_t n, n_patients;
    double value, low, high; /* NaN: NA */
    double level;            /* of the interval; NaN: none */
    const char *method;      /* of the interval, or of a mean or SD over folds, which has level 0 and no interval; "" if there is none */
    size_t replicates, undefined_replicates; /* replicates 0: the interval has none, and both cells are empty */
    const char *reason;      /* why value or interval is NA, or what limits the value; "" otherwise */
};

struct path_row {
    struct cell_name cell;
    const char *criterion, *parameter;
    double value;
    int fold;          /* -1: the mean over folds */
    double score;
    int chosen, edge;  /* of the rows chosen among: the mean, or each fold's own (official); -1: does not apply */
};

/* Open DIR/name, write the header line. */
int results_open_metrics(struct outfile *out, const char *directory, struct status *st) MUST_CHECK;
void results_write_metric(struct outfile *out, const struct metric_row *row);
int results_open_path(struct outfile *out, const char *directory, struct status *st) MUST_CHECK;
void results_write_path(struct outfile *out, const struct path_row *row);

/* Parts of a row for files of other columns: the cell's names, each with a comma behind it; value to undefined_replicates likewise. */
void results_write_cell(FILE *f, const struct cell_name *c);
void results_write_interval(FILE *f, const struct metric_row *r);

/* Open DIR/sub/name with the given header; sub may be "". */
int results_open(struct outfile *out, const char *directory, const char *sub, const char *name, const char *header, struct status *st) MUST_CHECK;

/* A file of an earlier run that this one does not write: it must not stand beside new figures. */
int results_remove(const char *directory, const char *name, struct status *st) MUST_CHECK;

extern const char RESULTS_METRICS_HEADER[], RESULTS_PATH_HEADER[], RESULTS_AUDIT_HEADER[], RESULTS_COHORT_HEADER[], RESULTS_SPLITS_HEADER[];

#endif
