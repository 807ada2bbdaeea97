/* compare.csv and ranks.csv: which model is better than which.
 *
 *   compare.csv  two models on one task, by one metric, on the same test rows: the difference a less b with its interval from paired
 *                replicates, a test of no difference, and its p corrected over the family of hypotheses that the row names
 *   ranks.csv    all models over all tasks: mean ranks, Friedman's test and Nemenyi's critical difference, signed-rank tests of pairs
 *
 * Cells: NA, with a reason, where a figure cannot be computed; empty where a column does not apply. */
#ifndef REPORT_COMPARE_ROWS_H
#define REPORT_COMPARE_ROWS_H

#include <stddef.h>

#include "base/outfile.h"
#include "base/status.h"

struct compare_side {
    char *model, *readout, *probe;
    double value;
};

struct compare_row { /* all texts owned by the row */
    char *study, *task, *protocol, *metric;
    const char *partition;
    struct compare_side a, b;
    size_t n, n_patients;
    double difference, low, high, level;
    const char *method;      /* of the interval */
    size_t replicates, undefined_replicates;
    int better;              /* 1: a, -1: b, by the values alone; 0: neither, or not known */
    const char *test;        /* "" if none could be made */
    double p, p_holm, p_bh;
    char *family;
    size_t family_size;      /* hypotheses of the family that could be tested */
    char *reason;
};

int compare_rows_open(struct outfile *out, const char *directory, struct status *st) MUST_CHECK;
void compare_rows_write(struct outfile *out, const struct compare_row *row);
void compare_row_free(struct compare_row *row);

struct rank_row { /* texts borrowed */
    const char *study, *protocol, *family;
    const char *basis;       /* "tasks": each counts once; "sources": tasks that share images are averaged first */
    const char *statistic;   /* mean_rank, friedman_chi2, iman_davenport_f, kendall_w, critical_difference, nemenyi, signed_rank, wins, ties, losses */
    const char *model_a, *model_b; /* "" where the figure is of all */
    size_t n_units, n_models; /* tasks or sources that entered; models */
    double value, p, p_holm; /* NaN: NA */
    int has_p, has_holm;     /* else their cells are empty */
    const char *method, *warning, *reason;
};

int rank_rows_open(struct outfile *out, const char *directory, struct status *st) MUST_CHECK;
void rank_rows_write(struct outfile *out, const struct rank_row *row);

extern const char COMPARE_ROWS_HEADER[], RANK_ROWS_HEADER[];

#endif
