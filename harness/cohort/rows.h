/* From rows of tables or files in folders to samples: what both ways share. */
#ifndef COHORT_ROWS_H
#define COHORT_ROWS_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "cohort/cohort.h"

/* A pattern of the task: its first group, in the file name or, if the pattern holds a '/', in the whole id. */
struct rows_pattern {
    regex_t expression;
    bool there, whole_path;
};

struct rows {
    struct cohort *cohort;
    const struct task *task;
    const char *data;
    bool skip_bad_labels;
    size_t capacity;
    struct rows_pattern patient, exam, site, label;
};

struct row { /* texts are borrowed, "" where nothing is said; id is taken over */
    char *id;
    const char *label, *patient, *exam, *site, *partition;
    const char **covariate; /* [task->cohort.n_covariates], or NULL */
    const char **group;     /* [task->subgroups.n], or NULL */
    size_t line;            /* of the table; 0 for folders */
};

/* An error, or an exclusion if the study allows it. */
enum severity rows_policy(bool skip);
void rows_add(struct rows *r, struct row row);

/* Every row of the task's tables, in order. */
int rows_from_tables(struct rows *r, struct status *st) MUST_CHECK;
/* Every picture in the task's folders. */
int rows_from_folders(struct rows *r, struct status *st) MUST_CHECK;

void rows_begin(struct rows *r, struct cohort *c, const struct study *study, const struct study_task *task);
void rows_end(struct rows *r);

#endif
