/* One task's samples: which images, with which label, of which patient, site
 * and given partition, from a table or from folders.
 *
 * Order: by sample id (the image as the dataset names it), byte-wise, so that
 * neither the order of rows nor of files on disk shows in any result. */
#ifndef COHORT_COHORT_H
#define COHORT_COHORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"
#include "cohort/findings.h"
#include "cohort/survey.h"
#include "study/study.h"

enum partition { PARTITION_NONE, PARTITION_DEVELOPMENT, PARTITION_TEST };

struct sample {
    char *id;         /* image, relative to the task's data folder */
    char *path;       /* to open it */
    char *patient;    /* NULL if nothing names one */
    char *site;       /* NULL if nothing names one */
    char *exam;       /* examination whose views share a label and whose scores are averaged (a MURA study); NULL if nothing names one */
    char **covariate; /* [task->cohort.n_covariates] cells as written; NULL if the task names none */
    char **group;     /* [task->subgroups.n] cells of the subgroups' columns, NULL where the table has none; NULL if the task has no subgroups */
    size_t order;     /* rank among the cohort's rows as the official code would have met them */
    int32_t label;    /* class; 0 for a regression */
    double target;    /* regression; else the label */
    enum partition partition; /* as given by the dataset */
    size_t line;      /* of the table; 0 for folders */
    size_t picture;   /* in the survey */
    uint32_t unit;    /* 0 .. n_units-1: what is never split and what is resampled */
};

struct cohort {
    const struct study_task *source; /* borrowed */
    struct sample *sample;           /* [n], by id */
    size_t n;
    size_t n_rows;                   /* rows or files seen, before any exclusion */
    size_t n_units;
    bool has_patients, has_sites, has_partitions, has_exams;
    struct findings findings;
};

/* Rows with an unusable label, or whose partition is unknown, become findings: errors, or exclusions if the study says so.
 * A task with layouts must have chosen one (task_choose_layout). */
int cohort_load(struct cohort *c, const struct study *study, const struct study_task *task, struct status *st) MUST_CHECK;
void cohort_free(struct cohort *c);

/* After the survey: tie samples to pictures, leave out (or complain of) missing and unreadable ones. */
void cohort_attach(struct cohort *c, const struct study *study, const struct survey *survey);

/* Number the units: the patient where one is named, else all images of equal bytes.  Units that share
 * a picture (equal pixels, where they were decoded) are one, so that its copies cannot part.  Call after the last exclusion.
 * Without a survey (NULL) an image is known by its id. */
void cohort_number_units(struct cohort *c, const struct survey *survey);

/* "id,patient,site" as CSV fields, and the label as its class's name or the target. */
void cohort_write_sample(FILE *stream, const struct sample *s);
void cohort_write_label(FILE *stream, const struct cohort *c, const struct sample *s);

/* Drop the samples marked true; the rest keep their order. */
void cohort_drop(struct cohort *c, const bool *drop);

#endif
