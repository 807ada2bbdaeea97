/* What a results folder holds of a task's test part: who is in it (splits/TASK.csv)
 * and what each model said of them (predictions/TASK.csv, its rows of partition test).
 * Development rows are passed over and never kept. */
#ifndef REPORT_TEST_ROWS_H
#define REPORT_TEST_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "metric/kind.h"

struct test_part { /* by one protocol */
    char *protocol;
    size_t n, n_units;
    char **sample;      /* [n] in the file's order */
    char **label_text;  /* [n] as the file has it */
    uint32_t *unit;     /* [n] 0 .. n_units-1, in the order of the study's own numbers: what is resampled as one */
    int32_t *label;     /* [n] class; NULL for a regression */
    double *target;     /* [n]; NULL for classes */
    size_t n_seen;      /* rows whose picture, by its SHA-256, stands in the development part too */
    bool has_exams;     /* rows name examinations */
};

struct test_scores { /* of one fit */
    size_t part;
    char *model, *readout, *probe;
    size_t fold;        /* from 1; 0: the one refit */
    size_t n;           /* read so far; in the end the part's */
    double *score;      /* [n, n_out] as the panel takes them */
};

struct test_rows {
    char *task;
    enum task_kind kind;
    size_t n_classes, n_out;
    char **class_name;  /* [n_classes] */
    struct test_part *part;
    size_t n_parts;
    struct test_scores *scores;
    size_t n_scores;
    char **picture;     /* [n_pictures] SHA-256 of every picture of the task, ascending, each once */
    size_t n_pictures;
};

/* STATUS_IO where one of the files is not there; STATUS_DATA where they do not belong together (other samples, other labels, a
 * part of the rows), a number is none, or the classes do not suit the kind. */
int test_rows_read(struct test_rows *t, const char *directory, const char *task, enum task_kind kind, struct status *st) MUST_CHECK;
void test_rows_free(struct test_rows *t);

#endif
