/* A task: what is asked of which dataset, as written in one YAML file.
 *
 *   name: kneeoa
 *   title: Kellgren-Lawrence grade
 *   kind: ordinal                    # binary | multiclass | ordinal | regression
 *   classes:                         # in label order; a label cell must equal one of `values` (default: the name)
 *     - {name: "0"}
 *     - {name: "1", values: ["1", "1.0"]}
 *   unit: months                     # regression
 *   cohort:                          # one way to find the samples, or `layouts`: a list of such, of which the first that is there is taken
 *     name: as downloaded            # of a layout, for reports
 *     table: dataset.csv             # one row an image; CSV, or the first sheet of an .xlsx workbook ...
 *     tables: [{path: train.csv, partition: train, columns: [path], optional: true}]   # ... or several, in this order;
 *                                    # `columns` names those of a file without a header
 *     image: ["images/{image_id}"]   # patterns of columns; the first file that exists is taken (default "{image}");
 *                                    # {x#PREFIX} leaves PREFIX out where the cell begins with it, {.} is the table's folder
 *     label: fractured               # column (default: label)
 *     label_columns: [cyst, tumour]  # or 0/1 columns, one for each label value: the name of the marked one is the label; a row
 *                                    # that marks two is left out by that rule (two_labels)
 *     label_pattern: "_(positive|negative)/"   # or from the path; "" where it does not match
 *     other_labels: exclude          # fail (default) | exclude: a label of no class leaves the row out by that rule (other_class)
 *     patient: patient_id            # column (default: patient, if there)
 *     exam: study_id                 # column: examination, whose views share a label and whose scores are averaged
 *     site: site                     # column (default: site, if there)
 *     partition: split               # column (default: partition, if there)
 *     partition_values: [{name: test, values: ["2", "3"]}]   # what its cells mean, where they are not train, val, test, ...
 *     covariates: [male]             # columns that go along into splits/
 *     exclude: [{column: uncertain, values: ["1"]}]
 *     folders: [{path: test, partition: test, optional: true}]   # ... or: each folder holds one folder per label value;
 *                                    # with label_pattern: any pictures at any depth
 *     patient_pattern: "^([0-9]{7})" # POSIX extended; its first group in the file name (if it holds a '/': in the image's path)
 *     exam_pattern, site_pattern     # is the patient, the examination, the site
 *     A column may be given as "a|b": the first that is there.  What is `optional` may be missing, and then a warning says so.
 *   published: [{metric: auroc, value: 0.9, model: X, setting: "fine-tuned, image-level split", source: "doi ..."}]
 *   counts: {images: 4083, patients: 100, classes: [3366, 717], source: "doi ..."}   # published; `check` names differences
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
    char *optional_text;
    bool optional;
};

struct task_table {
    char *path;
    char *partition; /* NULL: none given, or by column */
    char **columns;  /* names for a file without a header */
    unsigned n_columns;
    char *optional_text;
    bool optional;
};

struct task_cohort {
    char *name; /* of a layout */
    char *table;
    struct task_table *tables; /* either this or `table` */
    unsigned n_tables;
    char **image;
    unsigned n_image;
    char *label, *patient, *site, *partition, *patient_pattern;
    char *exam, *exam_pattern, *site_pattern, *label_pattern; /* columns; patterns on the path */
    char **label_columns;
    unsigned n_label_columns;
    struct task_class *partition_values;
    unsigned n_partition_values;
    char **covariates;
    unsigned n_covariates;
    char *other_labels_text;
    bool exclude_other_labels;
    struct task_exclusion *exclude;
    unsigned n_exclude;
    struct task_folder *folders;
    unsigned n_folders;
};

struct task_published { /* a figure of the literature, to stand beside ours in a column of its own */
    char *metric, *model, *setting, *source;
    char *value_text;
    double value;
};

struct task_counts { /* what the publication counts; 0: not said */
    char *images_text, *patients_text, **class_text, *source;
    unsigned n_classes; /* 0, or the task's, in label order */
    size_t images, patients;
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
    struct task_cohort cohort;   /* with layouts: a shallow copy of the one that task_choose_layout found */
    struct task_cohort *layouts; /* alternatives, best first */
    unsigned n_layouts;
    struct task_official official;
    struct task_published *published;
    unsigned n_published;
    struct task_counts *counts; /* NULL: none published */
    char *licence, *home, *citation, *note;
    /* set by task_load */
    unsigned kind; /* enum task_kind */
    bool chosen; /* cohort is one of the layouts */
    size_t *class_images; /* [counts->n_classes] */
};

/* Loads and checks one file; the result is freed with task_free. */
int task_load(struct task **task, const char *path, struct status *st) MUST_CHECK;
int task_parse(struct task **task, const char *path, const unsigned char *text, size_t size, struct status *st) MUST_CHECK;
void task_free(struct task *task);

/* Of a task with layouts: take the first whose tables and folders are under `data`; else STATUS_DATA says what each lacks.
 * Of any other: nothing. */
int task_choose_layout(struct task *task, const char *data, struct status *st) MUST_CHECK;

const char *task_kind_name(enum task_kind kind);

/* Equal as text, or as numbers: programs that know missing values write 1 as "1.0". */
bool task_same_cell(const char *a, const char *b);
/* Calls the classes name[n_classes], in their order; label cells mean what they meant.  STATUS_DATA for a name that is empty or given twice. */
int task_rename_classes(struct task *task, char *const *name, struct status *st) MUST_CHECK;
/* Class of a label cell, or -1. */
int task_class_of(const struct task *task, const char *cell);

#endif
