/* What the protocols' cells share: the rows a probe is given, what its figures
 * are computed of, and the lines of predictions/<task>.csv. */
#ifndef EVALUATE_CELL_ROWS_H
#define EVALUATE_CELL_ROWS_H

#include "evaluate/cell.h"
#include "interval/bootstrap.h"
#include "interval/estimates.h"

struct cell_rows { /* what the probe is given */
    float *x, *x_test;
    int32_t *label;
    double *target;
};

/* Development and test rows of x[cohort n, d]. */
void cell_gather(struct cell_rows *rows, const struct cell_task *t, const float *x, size_t d);
void cell_rows_free(struct cell_rows *rows);

/* The test part's images, or its examinations. */
struct scored {
    const char *exams; /* "" or " exams": ends the partition's name */
    size_t n;
    const int32_t *label;
    const double *target;
    const uint32_t *unit;
    /* of examinations */
    const struct exams *of;
    int32_t *own_label;
    double *own_target, *own_score;
    uint32_t *own_unit;
    uint32_t *own_draw, *own_stratum; /* of scored_plan */
};
void scored_images(struct scored *s, const struct cell_task *t);
void scored_exams(struct scored *s, const struct cell_task *t);
/* Scores [n, n_out] from those of the images, [n_test, n_out]; good until the next call. */
const double *scored_set(struct scored *s, const double *score, size_t n_out);
void scored_free(struct scored *s);

/* How the part is resampled: the same for every cell of a task, so that replicates are paired; borrows from both, good until the
 * next call.  Drawn are patients, or images (cluster: image), within classes as the study says (stratify). */
void scored_plan(struct bootstrap_plan *plan, const struct cell_task *t, struct scored *s);

/* New array, names borrowed. */
const char **cell_class_names(const struct task *task);

/* Every metric of scores[n_test, n_out] on the part, with its interval (interval/estimates.h). */
int cell_estimates(struct estimates *estimates, const struct cell_task *t, struct scored *part, const double *score, size_t n_out, double threshold,
                   struct status *st) MUST_CHECK;
/* The same as rows of `partition`; h (may be NULL) gets the headline's.  threshold: NaN if there is none. */
int cell_score(struct headline *h, const struct cell_task *t, const struct cell_name *name, struct scored *part, const char *partition,
               const double *score, size_t n_out, double threshold, struct status *st) MUST_CHECK;

/* One image's line; fold from 0, -1: none; score[n_out]. */
void cell_write_prediction(const struct cell_task *t, const struct cell_name *name, const struct sample *s, const char *partition, int fold,
                           const double *score, size_t n_out);

/* The single row of a cell that could not be computed. */
void cell_write_nothing(const struct cell_task *t, const struct cell_name *name, const char *metric, const char *reason);

#endif
