/* The choice of an attentive probe's penalty and passes, on validation rows alone, as
 * select.h does it for the others: same criteria, same folds left out and notes, one refit on all development rows.
 *
 * Grid: C times passes over the tokens (attentive_train.h).  After 0 passes a model is the linear
 * probe on the mean token, at its optimum (logistic.h, ridge.h); training begins there with
 * random queries.  So validation says whether attention is worth having; where it is not, mean
 * pooling is chosen.  Ties go to the smaller C, then to fewer passes.
 *
 * All folds and C are trained at once; every pass reads all development tokens from the source.
 * Memory: n width floats of mean tokens; for each of the n_folds n_C models some 28 times its n_queries
 * width (1 + n_out) parameters in double and its predictions; per thread one image's tokens and the models' sums.
 * None of it grows with images times tokens: 110 MB beside the tokens for 2,000 images of 196 x 1,024, two classes, five
 * folds, which took 186 s on two Zen 3 cores that others used too.  Time grows with images, passes, queries and models alike.
 * Grades are classes without order here: softmax, chosen by their kappa. */
#ifndef PROBE_ATTENTIVE_SELECT_H
#define PROBE_ATTENTIVE_SELECT_H

#include "probe/attentive.h"
#include "probe/select.h"

#define ATTENTIVE_QUERIES 4

struct attentive_options { /* zeros: the defaults */
    size_t n_queries;     /* 4 */
    const double *C;      /* ascending; NULL: 1e-5, 1e-4, ... 100 */
    size_t n_c;
    const size_t *passes; /* ascending, each once; NULL: 0, 5, 10, 20, 40 */
    size_t n_passes;
    uint64_t seed;        /* of the queries at the start */
};

struct attentive_cost {
    size_t n_fits;        /* models trained */
    size_t n_passes;      /* readings to train, over all fits at once; the refit's on top */
    size_t images_read;   /* times a picture's tokens were asked of a source */
};

/* r->grid[n_grid] is C, ascending; passes[n_grid] beside it, ascending within each C.
 * test: tokens of the test part; its labels are not asked for. */
int attentive_select(struct probe_result *r, size_t **passes, struct attentive_cost *cost, const struct attentive_task *t, size_t n_folds,
                     const struct attentive_source *test, const struct attentive_options *options, int n_threads, struct status *st) MUST_CHECK;
/* Each fold for itself, as probe_folds_linear. */
int attentive_folds(struct probe_folds *r, size_t **passes, struct attentive_cost *cost, const struct attentive_task *t, size_t n_folds,
                    const struct attentive_source *test, const struct attentive_options *options, int n_threads, struct status *st) MUST_CHECK;

#endif
