/* The choice of a cell's hyper-parameter, on validation rows alone.
 *
 * Protocols `grouped` and `given` (probe_select_*): the hyper-parameter is chosen by the mean over
 * validation folds, the probe fitted once more on all development rows, the test
 * rows scored once.
 * Protocol `official` (probe_fold_*): each fold chooses for itself on its own
 * validation rows, and the model fitted on its training rows scores the test rows,
 * which all folds share; nothing is fitted again.
 *
 * Criterion: AUROC (binary; macro one-vs-rest over the classes the fold's
 * validation part allows), quadratic-weighted kappa of the largest probability
 * (ordinal), mean absolute error (regression; the only one where less is better).
 * Ties go to the stronger smoothing: smaller C, larger alpha, larger k.
 *
 * The scaler and the probe of a fold see its training rows only.  A fold whose
 * training rows have one class, or whose validation rows leave the criterion
 * undefined, is left out of every mean and named in `note`; STATUS_UNDEFINED if no
 * fold is left.  Folds run in parallel; the result does not depend on n_threads.
 *
 * Without folds (n_folds 0) nothing is chosen: the grid must hold the one value to
 * fit with, and score and validation are NaN. */
#ifndef PROBE_SELECT_H
#define PROBE_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "metric/kind.h"
#include "probe/knn.h"
#include "probe/logistic.h"
#include "probe/ordinal.h"
#include "probe/ridge.h"
#include "probe/standardise.h"

/* Of a linear probe of classes. */
enum linear_form {
    LINEAR_PLAIN,    /* logistic regression, binary or multinomial */
    LINEAR_BALANCED, /* the same with logistic_balanced_weights */
    LINEAR_ORDINAL   /* cumulative logit (probe/ordinal.h) */
};

struct probe_task {
    enum task_kind kind;
    enum linear_form form;
    const float *x;        /* [n, d] development rows */
    size_t n, d;
    const int32_t *label;  /* [n], classes */
    const double *target;  /* [n], regression */
    size_t n_classes;
    const uint32_t *fold;  /* [n] fold in which the row is validated */
    size_t n_folds;        /* 0: no choice, see above */
    const float *x_test;   /* [n_test, d] */
    size_t n_test;
};

struct probe_result {
    size_t n_out;        /* 1 for binary (P(1)) and regression, else n_classes */
    size_t n_grid;
    double *grid;        /* ascending */
    double *score;       /* [n_grid] mean over the usable folds */
    double *fold_score;  /* [n_folds, n_grid]; NaN in folds left out */
    size_t chosen;       /* index into grid */
    bool at_edge;        /* chosen is the first or last of several values */
    double *validation;  /* [n, n_out] out-of-fold predictions at the chosen value; NaN in folds left out */
    double *test;        /* [n_test, n_out], each row by itself (probe/apply.h) */
    struct scaler scaler;      /* what was fitted on all rows at the chosen value, owned; zeroed for k-NN, whose rows are the caller's ... */
    struct logistic logistic;  /* ... and but for the one that the kind has */
    struct ridge ridge;
    struct ordinal ordinal;
    const char *criterion; /* "auroc", "auroc_macro", "kappa_quadratic", "mae" */
    char note[512];
};

/* grid NULL: C = 45 values from 1e-6 to 1e5, or alpha = 45 values from 1e-4 to 1e7, evenly on the log scale. */
int probe_select_linear(struct probe_result *r, const struct probe_task *t, const double *grid, size_t n_grid, int n_threads,
                        struct status *st) MUST_CHECK;
/* Cosine neighbours.  grid NULL: k = 1, 5, 10, 20, 50, 100, 200; values beyond the smallest training part are dropped. */
int probe_select_knn(struct probe_result *r, const struct probe_task *t, enum knn_vote vote, const double *grid, size_t n_grid,
                     int n_threads, struct status *st) MUST_CHECK;
void probe_result_free(struct probe_result *r);

struct probe_folds {
    size_t n_out, n_grid, n_folds; /* n_out and grid as in probe_result */
    double *grid;
    double *score;       /* [n_folds, n_grid] on the fold's validation rows; NaN in folds left out */
    size_t *chosen;      /* [n_folds] index into grid */
    bool *at_edge;       /* [n_folds] */
    double *validation;  /* [n, n_out] each row by its own fold's model; NaN in folds left out */
    double *test;        /* [n_folds, n_test, n_out]; NaN in folds left out */
    struct scaler *scaler;     /* [n_folds] each fold's model, as in probe_result; zeroed in folds left out */
    struct logistic *logistic;
    struct ridge *ridge;
    struct ordinal *ordinal;
    struct status *left_out; /* [n_folds] STATUS_OK, or STATUS_UNDEFINED and why the fold was left out */
    const char *criterion;
};

/* STATUS_UNDEFINED if every fold was left out. */
int probe_folds_linear(struct probe_folds *r, const struct probe_task *t, const double *grid, size_t n_grid, int n_threads,
                       struct status *st) MUST_CHECK;
int probe_folds_knn(struct probe_folds *r, const struct probe_task *t, enum knn_vote vote, const double *grid, size_t n_grid,
                    int n_threads, struct status *st) MUST_CHECK;
void probe_folds_free(struct probe_folds *r);

#endif
