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
 *   official:                        # protocol official: how the published script split this dataset
 *     split: patient                 # image | patient: what its test set is drawn from (default: patient where one is named)
 *     folds: stratified              # stratified | plain (default: stratified; a regression has none but plain)
 *     order: table                   # table | sorted: in which order it met the rows (default: table, for folders sorted)
 *     quirk: none                    # none | pesplanus (split/official.h)
 *     note: text                     # what is not known of it, for the report rows
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

enum official_split { OFFICIAL_SPLIT_DEFAULT, OFFICIAL_SPLIT_IMAGE, OFFICIAL_SPLIT_PATIENT };
enum official_folds { OFFICIAL_FOLDS_STRATIFIED, OFFICIAL_FOLDS_PLAIN };
enum official_order { OFFICIAL_ORDER_TABLE, OFFICIAL_ORDER_SORTED };
enum official_quirk { OFFICIAL_QUIRK_NONE, OFFICIAL_QUIRK_PESPLANUS };

struct task_official { /* the texts as loaded become the choices after them */
    char *split_text, *folds_text, *order_text, *quirk_text;
    char *note; /* NULL: none */
    enum official_split split;
    enum official_folds folds;
    enum official_order order;
    enum official_quirk quirk;
};

struct task { /* as loaded; kind_text becomes kind */
    char *name, *title, *kind_text, *unit;
    struct task_class *classes;
    unsigned n_classes;
    struct task_cohort cohort;
    struct task_official official;
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
