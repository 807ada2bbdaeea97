/* The probes of a study's cells, kept under OUTPUT/probes for other cohorts
 * (probe/saved.h): TASK.PROTOCOL.MODEL.READOUT.PROBE.{safetensors,json}, of
 * protocol official ....foldN.  They wait under temporary names and are put in
 * their places together with the other reports. */
#ifndef EVALUATE_KEEP_H
#define EVALUATE_KEEP_H

#include "base/outfile.h"
#include "base/status.h"
#include "cohort/survey.h"
#include "embed/featurizer.h"
#include "evaluate/cell.h"
#include "probe/select.h"

struct keeper {
    char *directory;             /* owned */
    struct outfile *file;        /* [n] finished */
    size_t n, capacity;
    const struct survey *survey; /* borrowed */
    const struct featurizer *featurizer; /* of the cell in hand; borrowed */
};

int keeper_begin(struct keeper *k, const char *output, const struct survey *survey, struct status *st) MUST_CHECK;

/* What a cell is asked to keep: linear probes, k-NN only where the study says save_probes: all. */
bool keeper_wants(const struct cell_task *t, enum study_probe probe);

/* One probe of a cell: fold from 0, or -1 for the one fitted on all development rows.  The three models as select.h leaves them;
 * thresholds NaN: none.  Nothing is kept of what is given. */
struct keep_fit {
    const struct scaler *scaler;
    const struct logistic *logistic;
    const struct ridge *ridge;
    const struct ordinal *ordinal;
    double parameter, threshold, threshold_exams;
    int fold;
    const double *validation; /* [n_development, n_out] out-of-fold predictions, NaN in folds left out: what recalibration is fitted on; NULL: none */
    const double *test;       /* [n_test, n_out] */
};
int keeper_add(struct keeper *k, const struct cell_task *t, const struct cell_name *name, enum study_probe probe, const struct probe_task *problem,
               const struct keep_fit *fit, struct status *st) MUST_CHECK;

int keeper_commit(struct keeper *k, struct status *st) MUST_CHECK;
void keeper_discard(struct keeper *k); /* also after a commit */

#endif
