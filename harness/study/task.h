/* A task: what is asked of which dataset, as written in one YAML file.
 *
 *   name: kneeoa
 *   title: Kellgren-Lawrence grade
 *   kind: ordinal                    # binary | multiclass | ordinal | regression
 *   classes:                         # in label order; a label cell must equal one of `values` (default: the name)
 *     - {name: "0"}
 *     - {name: "1", values: ["1", "1.0"]}
 *   unit: months                     # regression
 *   cohort:
 *     table: dataset.csv             # one row an image ...
 *     image: ["images/{image_id}"]   # patterns of columns; the first file that exists is taken (default "{image}")
 *     label: fractured               # column (default: label)
 *     patient: patient_id            # column (default: patient, if there)
 *     site: site                     # column (default: site, if there)
 *     partition: split               # column (default: partition, if there)
 *     exclude: [{column: uncertain, values: ["1"]}]
 *     folders: [{path: test, partition: test}]   # ... or: each folder holds one folder per label value
 *     patient_pattern: "^([0-9]{7})" # POSIX extended; its first group in the file name is the patient
 *   licence, home, citation, note: text for the report
 *
 * Paths are relative to the study's `data` for this task, else to the task file. */
#ifndef STUDY_TASK_H
#define STUDY_TASK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "metric/kind.h"

struct task_class {
    char *name;
    char **values;
    unsigned n_values;
};

struct task_exclusion {
    char *column;
    char **values;
    unsigned n_values;
};

struct task_folder {
    char *path;
    char *partition; /* NULL: none given */
};

struct task_cohort {
    char *table;
    char **image;
    unsigned n_image;
    char *label, *patient, *site, *partition, *patient_pattern;
    struct task_exclusion *exclude;
    unsigned n_exclude;
    struct task_folder *folders;
    unsigned n_folders;
};

struct task { /* as loaded; kind_text becomes kind */
    char *name, *title, *kind_text, *unit;
    struct task_class *classes;
    unsigned n_classes;
    struct task_cohort cohort;
    char *licence, *home, *citation, *note;
    /* set by task_load */
    unsigned kind; /* enum task_kind */
};

/* Loads and checks one file; the result is freed with task_free. */
int task_load(struct task **task, const char *path, struct status *st) MUST_CHECK;
int task_parse(struct task **task, const char *path, const unsigned char *text, size_t size, struct status *st) MUST_CHECK;
void task_free(struct task *task);

const char *task_kind_name(enum task_kind kind);

/* Equal as text, or as numbers: programs that know missing values write 1 as "1.0". */
bool task_same_cell(const char *a, const char *b);
/* Class of a label cell, or -1. */
int task_class_of(const struct task *task, const char *cell);

#endif
