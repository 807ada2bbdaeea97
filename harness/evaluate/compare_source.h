/* What a results folder says of the study that made it, as far as comparing its models goes:
 * provenance.json (seed, replicates, kinds of tasks, the declared family of hypotheses) and readouts.csv. */
#ifndef EVALUATE_COMPARE_SOURCE_H
#define EVALUATE_COMPARE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/table.h"
#include "metric/interval_choice.h"
#include "metric/kind.h"

struct compare_family { /* NULL: the default of study/study.h, as are "all pairs", "headline" and "chosen" */
    const char *reference, *metric, *probe, *readout;
};

struct compare_source_task {
    char *name;
    enum task_kind kind;
    bool patients_named;
};

struct compare_source {
    char *directory, *study;
    uint64_t seed;
    size_t replicates;
    double level;
    enum bootstrap_cluster cluster;
    enum bootstrap_stratify stratify;
    struct compare_family family; /* its probe is always named */
    struct compare_source_task *task;
    size_t n_tasks;
    char **model; /* [n_models] as the study lists them */
    size_t n_models;
    bool has_readouts;
    struct table readouts; /* readouts.csv, if there */
    size_t column[6];
};

/* STATUS_IO without provenance.json; STATUS_DATA if it is none of ours, or of a version that did not say enough. */
int compare_source_read(struct compare_source *s, const char *directory, struct status *st) MUST_CHECK;
void compare_source_free(struct compare_source *s);

/* The readout that validation chose; NULL: readouts.csv has no row of this cell, or (*listed) none of its rows is chosen. */
const char *compare_source_chosen(const struct compare_source *s, const char *task, const char *protocol, const char *model, const char *probe, bool *listed);

#endif
