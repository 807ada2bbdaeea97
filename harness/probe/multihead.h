/* Several questions on the same embeddings, of which a row may know some answers only: the region-guided head without fine-tuning.
 *
 *     sum over heads h of  C_h * sum over rows i that know h of loss_h(W_h z_i + b_h, y_ih)  +  |W_h|^2 / 2
 *
 * with the sigmoid's loss for a head of one output and the softmax's for one of several.  The published training sums the mean
 * masked losses of its heads (MultiLabelLoss); with the encoder frozen no two heads share a weight, the sum falls apart, and each
 * head is brought to its own optimum as a logistic regression (probe/logistic.h), on features standardised over the rows that know
 * it, with its own C, chosen by AUROC on the validation folds (probe/select.h); a weight of a head is nothing but its C.
 *
 * Rows that know nothing of a head count nowhere in it, but are scored.  A softmax output without a training row is 0; a head that
 * cannot be fitted (fewer than two classes with rows, or no usable fold) is left out: its outputs are NaN and `left_out` says why.
 * The same bytes for any number of threads. */
#ifndef PROBE_MULTIHEAD_H
#define PROBE_MULTIHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define MULTIHEAD_UNKNOWN (-1)

struct multihead_task {
    const float *x;       /* [n, d] development rows */
    size_t n, d;
    const size_t *width;  /* [n_heads] outputs; 1: a sigmoid */
    size_t n_heads;
    const int32_t *label; /* [n, n_heads]: 0 or 1 of a sigmoid, the output of a softmax from 0, or MULTIHEAD_UNKNOWN */
    const uint32_t *fold; /* [n], patients apart */
    size_t n_folds;
    const float *x_test;  /* [n_test, d] */
    size_t n_test;
};

struct multihead_head {
    struct status left_out; /* STATUS_OK, or STATUS_UNDEFINED and why */
    size_t n_rows;          /* that know it */
    double C, score;        /* chosen, with its mean over the folds */
    bool at_edge;           /* of the grid */
    const char *criterion;
};

struct multihead {
    size_t n_heads, n_outputs;
    struct multihead_head *head; /* [n_heads] */
    double *validation;          /* [n, n_outputs] each row by a fit that its fold had no part in; NaN where that fold could not be fitted */
    double *test;                /* [n_test, n_outputs] by the fit on all rows */
};

/* C[n_c]; NULL: the linear probe's grid. */
int multihead_fit(struct multihead *m, const struct multihead_task *t, const double *C, size_t n_c, int n_threads, struct status *st) MUST_CHECK;
void multihead_free(struct multihead *m);

#endif
