/* One cell of a study: a task, a protocol, a model's readout and a probe.
 * Protocols grouped and given: the probe is chosen and fitted on the development
 * part, the test part is scored once, every metric gets its patient-clustered
 * bootstrap interval.  Protocol official: cell_official.h.  All rows are written,
 * and where the data name examinations a second set of them, of examinations.
 *
 * The replicates of a task are the same for every cell (stream = task name). */
#ifndef EVALUATE_CELL_H
#define EVALUATE_CELL_H

#include <stdio.h>

#include "base/outfile.h"
#include "base/status.h"
#include "cohort/cohort.h"
#include "evaluate/exams.h"
#include "evaluate/partitions.h"
#include "probe/select.h"
#include "report/results.h"
#include "study/study.h"

struct keeper;

/* What all cells of a task and protocol share. */
struct cell_task {
    const struct study *study;
    const struct cohort *cohort;
    const struct partitions *partitions;
    enum study_protocol protocol;
    struct exams development_exams, test_exams; /* empty where nothing names examinations */
    /* of the test part */
    uint32_t *unit;     /* [n_test] patient, 0 .. n_units-1 */
    size_t n_units;
    uint32_t *stratum;  /* [n_units] largest class of the patient; NULL for a regression */
    size_t n_strata;
    int32_t *label;     /* [n_test] */
    double *target;     /* [n_test] */
    int n_threads;
    /* where rows go; borrowed */
    struct outfile *metrics, *path, *predictions;
    struct outfile *subgroups; /* NULL: not asked for */
    struct keeper *keeper; /* of the probes; NULL: none are kept */
};

/* What an attentive probe took. */
struct cell_cost {
    size_t n_fits, n_passes, images_read;
    uint64_t bytes_read; /* of tokens */
    double seconds;      /* of training and scoring: the only figure that differs between two runs */
};

/* The figure a cell is known by, for the table at the end. */
struct headline {
    char *task, *model, *readout, *probe;
    const char *protocol;
    const char *metric;
    double value, low, high;
    double validation; /* mean over the folds of the criterion, which has the metric's name, at the chosen hyper-parameter */
    double sd; /* official: of value, the mean, over the folds; else NaN */
    double parameter;
    const char *parameter_name;
    bool edge;
    struct cell_cost cost; /* of an attentive probe; else zeros */
};

/* "auroc", "auroc_macro", "kappa_quadratic", "mae" (the only one where less is better). */
const char *cell_headline_metric(enum task_kind kind);

void cell_task_make(struct cell_task *t, const struct study *study, const struct cohort *cohort, const struct partitions *partitions,
                    enum study_protocol protocol);
/* Where the cohort has examinations; errors as exams_make. */
int cell_task_add_exams(struct cell_task *t, struct status *st) MUST_CHECK;
void cell_task_free(struct cell_task *t);

/* x[cohort n, d] features of every sample.  A probe that cannot be fitted is an NA row with its reason, not a failure. */
int cell_evaluate(struct headline *headline, const struct cell_task *t, const struct study_model *model, const char *readout,
                  enum study_probe probe, const float *x, size_t d, struct status *st) MUST_CHECK;
void headline_free(struct headline *h);

enum linear_form cell_linear_form(enum study_probe probe);

/* For cells of other kinds: the headline without its figures, and what the rows are called. */
void cell_begin(struct headline *h, struct cell_name *name, const struct cell_task *t, const struct study_model *model, const char *readout,
                enum study_probe probe, const char *parameter);
/* Predictions, note and figures of what was chosen. */
int cell_finish(struct headline *h, const struct cell_task *t, const struct cell_name *name, const struct probe_result *r, struct status *st) MUST_CHECK;
/* code, and st in the words of this cell; one that could not be fitted is an NA row and no failure. */
int cell_end(const struct headline *h, const struct cell_task *t, const struct cell_name *name, int code, struct status *st);

/* Header line of predictions/<task>.csv (new string): score columns carry the class names. */
char *cell_predictions_header(const struct task *task);

#endif
