#include "study/task.h"

#include <regex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/manifest.h"
#include "base/memory.h"
#include "base/number.h"

/* Class labels are stored in 32 bits, but nobody reads a table of more classes than this. */
#define MAX_CLASSES 1000

#define TEXT(key, type, member) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, CYAML_UNLIMITED)
#define OPTIONAL_TEXT(key, type, member) \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 1, CYAML_UNLIMITED)

static const cyaml_schema_value_t value_text = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, CYAML_UNLIMITED)};

static const cyaml_schema_field_t class_fields[] = {
    TEXT("name", struct task_class, name),
    CYAML_FIELD_SEQUENCE_COUNT("values", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct task_class, values, n_values, &value_text, 1,
                               CYAML_UNLIMITED),
    CYAML_FIELD_END};
static const cyaml_schema_value_t class_value = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct task_class, class_fields)};

static const cyaml_schema_field_t exclusion_fields[] = {
    TEXT("column", struct task_exclusion, column),
    CYAML_FIELD_SEQUENCE_COUNT("values", CYAML_FLAG_POINTER, struct task_exclusion, values, n_values, &value_text, 1, CYAML_UNLIMITED),
    CYAML_FIELD_END};
static const cyaml_schema_value_t exclusion_value = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct task_exclusion, exclusion_fields)};

static const cyaml_schema_field_t folder_fields[] = {TEXT("path", struct task_folder, path),
                                                     OPTIONAL_TEXT("partition", struct task_folder, partition),
                                                     OPTIONAL_TEXT("optional", struct task_folder, optional_text), CYAML_FIELD_END};
static const cyaml_schema_value_t folder_value = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct task_folder, folder_fields)};

#define TEXTS(key, type, member, count, most) \
    CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, count, &value_text, 1, most)

static const cyaml_schema_field_t table_fields[] = {TEXT("path", struct task_table, path),
                                                    OPTIONAL_TEXT("partition", struct task_table, partition),
                                                    TEXTS("columns", struct task_table, columns, n_columns, 1000),
                                                    OPTIONAL_TEXT("optional", struct task_table, optional_text), CYAML_FIELD_END};
static const cyaml_schema_value_t table_value = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct task_table, table_fields)};

static const cyaml_schema_field_t cohort_fields[] = {
    OPTIONAL_TEXT("name", struct task_cohort, name),
    CYAML_FIELD_SEQUENCE_COUNT("tables", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct task_cohort, tables, n_tables, &table_value, 1, 64),
    OPTIONAL_TEXT("exam", struct task_cohort, exam),
    OPTIONAL_TEXT("exam_pattern", struct task_cohort, exam_pattern),
    OPTIONAL_TEXT("site_pattern", struct task_cohort, site_pattern),
    OPTIONAL_TEXT("label_pattern", struct task_cohort, label_pattern),
    TEXTS("label_columns", struct task_cohort, label_columns, n_label_columns, MAX_CLASSES),
    OPTIONAL_TEXT("other_labels", struct task_cohort, other_labels_text),
    CYAML_FIELD_SEQUENCE_COUNT("partition_values", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct task_cohort, partition_values,
                               n_partition_values, &class_value, 1, 16),
    TEXTS("covariates", struct task_cohort, covariates, n_covariates, 256),
    OPTIONAL_TEXT("table", struct task_cohort, table),
    CYAML_FIELD_SEQUENCE_COUNT("image", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct task_cohort, image, n_image, &value_text, 1, 64),
    OPTIONAL_TEXT("label", struct task_cohort, label),
    OPTIONAL_TEXT("patient", struct task_cohort, patient),
    OPTIONAL_TEXT("site", struct task_cohort, site),
    OPTIONAL_TEXT("partition", struct task_cohort, partition),
    OPTIONAL_TEXT("patient_pattern", struct task_cohort, patient_pattern),
    CYAML_FIELD_SEQUENCE_COUNT("exclude", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct task_cohort, exclude, n_exclude,
                               &exclusion_value, 1, 64),
    CYAML_FIELD_SEQUENCE_COUNT("folders", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct task_cohort, folders, n_folders, &folder_value,
                               1, 1000),
    CYAML_FIELD_END};

static const cyaml_schema_value_t layout_value = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct task_cohort, cohort_fields)};

static const cyaml_schema_field_t published_fields[] = {
    TEXT("metric", struct task_published, metric),
    TEXT("value", struct task_published, value_text),
    TEXT("model", struct task_published, model),
    TEXT("setting", struct task_published, setting),
    TEXT("source", struct task_published, source),
    CYAML_FIELD_END};
static const cyaml_schema_value_t published_value = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct task_published, published_fields)};

static const cyaml_schema_field_t counts_fields[] = {
    OPTIONAL_TEXT("images", struct task_counts, images_text), OPTIONAL_TEXT("patients", struct task_counts, patients_text),
    TEXTS("classes", struct task_counts, class_text, n_classes, MAX_CLASSES), TEXT("source", struct task_counts, source), CYAML_FIELD_END};

static const cyaml_schema_field_t official_fields[] = {OPTIONAL_TEXT("split", struct task_official, split_text),
                                                       OPTIONAL_TEXT("folds", struct task_official, folds_text),
                                                       OPTIONAL_TEXT("order", struct task_official, order_text),
                                                       OPTIONAL_TEXT("quirk", struct task_official, quirk_text),
                                                       OPTIONAL_TEXT("note", struct task_official, note), CYAML_FIELD_END};

static const cyaml_schema_field_t task_fields[] = {
    TEXT("name", struct task, name),
    OPTIONAL_TEXT("title", struct task, title),
    TEXT("kind", struct task, kind_text),
    OPTIONAL_TEXT("unit", struct task, unit),
    CYAML_FIELD_SEQUENCE_COUNT("classes", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct task, classes, n_classes, &class_value, 2,
                               MAX_CLASSES),
    CYAML_FIELD_MAPPING("cohort", CYAML_FLAG_OPTIONAL, struct task, cohort, cohort_fields),
    CYAML_FIELD_SEQUENCE_COUNT("layouts", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct task, layouts, n_layouts, &layout_value, 1, 16),
    CYAML_FIELD_SEQUENCE_COUNT("published", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct task, published, n_published, &published_value, 1,
                               1000),
    CYAML_FIELD_MAPPING_PTR("counts", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct task, counts, counts_fields),
    CYAML_FIELD_MAPPING("official", CYAML_FLAG_OPTIONAL, struct task, official, official_fields),
    OPTIONAL_TEXT("licence", struct task, licence),
    OPTIONAL_TEXT("home", struct task, home),
    OPTIONAL_TEXT("citation", struct task, citation),
    OPTIONAL_TEXT("note", struct task, note),
    CYAML_FIELD_END};
static const cyaml_schema_value_t task_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct task, task_fields)};

static const char *const KINDS[] = {[KIND_BINARY] = "binary", [KIND_MULTICLASS] = "multiclass", [KIND_ORDINAL] = "ordinal",
                                    [KIND_REGRESSION] = "regression", NULL};

const char *task_kind_name(enum task_kind kind)
{
    return KINDS[kind];
}

/* The name becomes a file name in the results. */
static int check_name(const struct task *t, const char *path, struct status *st)
{
    if (strspn(t->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") != strlen(t->name) || t->name[0] == '.')
        return status_set(st, STATUS_DATA, "%s:%zu: name '%s' may hold only letters, digits, '_', '-' and '.'", path,
                          manifest_line(path, "name"), t->name);
    return STATUS_OK;
}

static int check_classes(const struct task *t, const char *path, struct status *st)
{
    if (t->kind == KIND_REGRESSION) {
        if (t->n_classes)
            return status_set(st, STATUS_DATA, "%s:%zu: a regression has no classes", path, manifest_line(path, "classes"));
        return STATUS_OK;
    }
    if (t->n_classes < 2)
        return status_set(st, STATUS_DATA, "%s:%zu: kind %s needs `classes`, at least two, in label order", path,
                          manifest_line(path, "kind"), t->kind_text);
    if (t->kind == KIND_BINARY && t->n_classes != 2)
        return status_set(st, STATUS_DATA, "%s:%zu: kind binary has two classes, here are %u", path, manifest_line(path, "classes"),
                          t->n_classes);
    for (unsigned c = 0; c < t->n_classes; c++) {
        for (unsigned other = 0; other < c; other++)
            if (!strcmp(t->classes[other].name, t->classes[c].name))
                return status_set(st, STATUS_DATA, "%s:%zu: two classes are called '%s'", path, manifest_line(path, "classes"),
                                  t->classes[c].name);
        for (unsigned v = 0; v < (t->classes[c].n_values ? t->classes[c].n_values : 1); v++) {
            const char *value = t->classes[c].n_values ? t->classes[c].values[v] : t->classes[c].name;
            if (task_class_of(t, value) != (int)c)
                return status_set(st, STATUS_DATA, "%s:%zu: label value '%s' belongs to class '%s' and to class '%s'", path,
                                  manifest_line(path, "classes"), value, t->classes[task_class_of(t, value)].name, t->classes[c].name);
        }
    }
    if (t->kind != KIND_BINARY && t->n_classes == 2)
        return status_set(st, STATUS_DATA, "%s:%zu: two classes are of kind binary; kind %s needs three or more", path, manifest_line(path, "classes"),
                          t->kind_text);
    return STATUS_OK;
}

/* Where a key of the cohort stands in the file: "cohort/KEY" or "layouts/2/KEY". */
static size_t line_of(const struct task *t, const struct task_cohort *c, const char *path, const char *key)
{
    char keys[96];
    if (c == &t->cohort)
        (void)snprintf(keys, sizeof keys, "cohort%s%s", *key ? "/" : "", key);
    else
        (void)snprintf(keys, sizeof keys, "layouts/%zu%s%s", (size_t)(c - t->layouts), *key ? "/" : "", key);
    return manifest_line(path, keys);
}

static int check_pattern(const struct task *t, const struct task_cohort *c, const char *path, const char *key, const char *text, struct status *st)
{
    regex_t pattern;
    char why[200];
    if (!text)
        return STATUS_OK;
    int error = regcomp(&pattern, text, REG_EXTENDED);
    if (error) {
        regerror(error, &pattern, why, sizeof why);
        return status_set(st, STATUS_DATA, "%s:%zu: %s '%s': %s", path, line_of(t, c, path, key), key, text, why);
    }
    size_t groups = pattern.re_nsub;
    regfree(&pattern);
    if (groups < 1)
        return status_set(st, STATUS_DATA, "%s:%zu: %s '%s' has no group in parentheses", path, line_of(t, c, path, key), key, text);
    return STATUS_OK;
}

static int yes_or_no(bool *value, const char *text, const char *path, size_t line, struct status *st)
{
    *value = text && !strcmp(text, "true");
    if (!text || *value || !strcmp(text, "false"))
        return STATUS_OK;
    return status_set(st, STATUS_DATA, "%s:%zu: optional is '%s'; expected one of: true, false", path, line, text);
}

/* One way to find the samples: what contradicts itself is refused, texts become what they say. */
static int check_cohort(struct task *t, struct task_cohort *c, const char *path, struct status *st)
{
    size_t line = line_of(t, c, path, "");
    bool tables = c->table || c->n_tables;
    if ((c->table && c->n_tables) || tables == (c->n_folders > 0))
        return status_set(st, STATUS_DATA, "%s:%zu: cohort needs one of `table` (a CSV or .xlsx), `tables` and `folders` (a folder per class)", path,
                          line);
    if (c->n_folders && (c->n_image || c->label || c->n_label_columns || c->patient || c->exam || c->site || c->partition || c->n_exclude ||
                         c->n_covariates || c->n_partition_values))
        return status_set(st, STATUS_DATA,
                          "%s:%zu: image, label, label_columns, patient, exam, site, partition, covariates and exclude name columns of a table; here "
                          "are folders",
                          path, line);
    if ((c->n_folders || c->label_pattern || c->n_label_columns) && t->kind == KIND_REGRESSION)
        return status_set(st, STATUS_DATA, "%s:%zu: a regression takes its labels from a column, not from folder names, paths or marks", path, line);
    if ((c->label != NULL) + (c->label_pattern != NULL) + (c->n_label_columns > 0) > 1)
        return status_set(st, STATUS_DATA, "%s:%zu: label, label_pattern and label_columns are three ways to say the same; one is enough", path, line);
    if (c->n_partition_values && !c->partition)
        return status_set(st, STATUS_DATA, "%s:%zu: partition_values says what the cells of a column mean; `partition` names none", path, line);
    for (unsigned i = 0; i < c->n_label_columns; i++)
        if (task_class_of(t, c->label_columns[i]) < 0)
            return status_set(st, STATUS_DATA, "%s:%zu: label column '%s' belongs to no class of the task", path, line_of(t, c, path, "label_columns"),
                              c->label_columns[i]);
    if (c->other_labels_text && strcmp(c->other_labels_text, "fail") != 0 && strcmp(c->other_labels_text, "exclude") != 0)
        return status_set(st, STATUS_DATA, "%s:%zu: other_labels is '%s'; expected one of: fail, exclude", path, line_of(t, c, path, "other_labels"),
                          c->other_labels_text);
    c->exclude_other_labels = c->other_labels_text && !strcmp(c->other_labels_text, "exclude");
    int code = STATUS_OK;
    for (unsigned i = 0; i < c->n_tables && !code; i++)
        code = yes_or_no(&c->tables[i].optional, c->tables[i].optional_text, path, line_of(t, c, path, "tables"), st);
    for (unsigned i = 0; i < c->n_folders && !code; i++)
        code = yes_or_no(&c->folders[i].optional, c->folders[i].optional_text, path, line_of(t, c, path, "folders"), st);
    const struct {
        const char *key, *text;
    } pattern[] = {{"patient_pattern", c->patient_pattern}, {"exam_pattern", c->exam_pattern}, {"site_pattern", c->site_pattern},
                   {"label_pattern", c->label_pattern}};
    for (size_t i = 0; i < sizeof pattern / sizeof *pattern && !code; i++)
        code = check_pattern(t, c, path, pattern[i].key, pattern[i].text, st);
    return code;
}

static int check_cohorts(struct task *t, const char *path, struct status *st)
{
    static const struct task_cohort none;
    bool cohort = memcmp(&t->cohort, &none, sizeof none) != 0;
    if (cohort && t->n_layouts)
        return status_set(st, STATUS_DATA, "%s:%zu: a task has either `cohort` or `layouts`, a list of cohorts", path, manifest_line(path, "layouts"));
    int code = t->n_layouts ? STATUS_OK : check_cohort(t, &t->cohort, path, st);
    for (unsigned i = 0; i < t->n_layouts && !code; i++) {
        if (!t->layouts[i].name)
            return status_set(st, STATUS_DATA, "%s:%zu: a layout needs a `name`, which the reports give", path, line_of(t, &t->layouts[i], path, ""));
        code = check_cohort(t, &t->layouts[i], path, st);
    }
    return code;
}

static int check_counts(struct task *t, const char *path, struct status *st)
{
    struct task_counts *c = t->counts;
    char keys[64];
    if (!c)
        return STATUS_OK;
    if (c->n_classes && c->n_classes != t->n_classes)
        return status_set(st, STATUS_DATA, "%s:%zu: counts of %u classes, the task has %u", path, manifest_line(path, "counts/classes"), c->n_classes,
                          t->n_classes);
    t->class_images = NEW0(c->n_classes, size_t);
    int code = manifest_size(&c->images, c->images_text, 0, 1, SIZE_MAX, path, "counts/images", st);
    if (!code)
        code = manifest_size(&c->patients, c->patients_text, 0, 1, SIZE_MAX, path, "counts/patients", st);
    for (unsigned k = 0; k < c->n_classes && !code; k++) {
        (void)snprintf(keys, sizeof keys, "counts/classes/%u", k);
        code = manifest_size(&t->class_images[k], c->class_text[k], 0, 0, SIZE_MAX, path, keys, st);
    }
    return code;
}

static int check_published(struct task *t, const char *path, struct status *st)
{
    char keys[64];
    int code = STATUS_OK;
    for (unsigned i = 0; i < t->n_published && !code; i++) {
        (void)snprintf(keys, sizeof keys, "published/%u/value", i);
        code = manifest_number(&t->published[i].value, t->published[i].value_text, 0, -1e300, 1e300, path, keys, st);
    }
    return code;
}

/* The texts become choices; what the dataset leaves no doubt about need not be said. */
static int resolve_official(struct task *t, const char *path, struct status *st)
{
    static const char *const splits[] = {[OFFICIAL_SPLIT_DEFAULT] = "default", [OFFICIAL_SPLIT_IMAGE] = "image", [OFFICIAL_SPLIT_PATIENT] = "patient", NULL};
    static const char *const folds[] = {[OFFICIAL_FOLDS_STRATIFIED] = "stratified", [OFFICIAL_FOLDS_PLAIN] = "plain", NULL};
    static const char *const orders[] = {[OFFICIAL_ORDER_TABLE] = "table", [OFFICIAL_ORDER_SORTED] = "sorted", NULL};
    static const char *const quirks[] = {[OFFICIAL_QUIRK_NONE] = "none", [OFFICIAL_QUIRK_PESPLANUS] = "pesplanus", NULL};
    struct task_official *o = &t->official;
    bool regression = t->kind == KIND_REGRESSION;
    size_t choice = 0;
    int code = manifest_choice(&choice, o->split_text, 0, splits + 1, path, "official/split", st);
    o->split = o->split_text ? (enum official_split)(choice + 1) : OFFICIAL_SPLIT_DEFAULT;
    if (!code)
        code = manifest_choice(&choice, o->folds_text, regression ? OFFICIAL_FOLDS_PLAIN : OFFICIAL_FOLDS_STRATIFIED, folds, path, "official/folds", st);
    o->folds = (enum official_folds)choice;
    if (!code)
        code = manifest_choice(&choice, o->order_text, t->cohort.table ? OFFICIAL_ORDER_TABLE : OFFICIAL_ORDER_SORTED, orders, path, "official/order", st);
    o->order = (enum official_order)choice;
    if (!code)
        code = manifest_choice(&choice, o->quirk_text, 0, quirks, path, "official/quirk", st);
    o->quirk = (enum official_quirk)choice;
    if (!code && regression && o->folds == OFFICIAL_FOLDS_STRATIFIED)
        return status_set(st, STATUS_DATA, "%s:%zu: a regression has no classes to stratify folds by", path, manifest_line(path, "official/folds"));
    if (!code && o->quirk == OFFICIAL_QUIRK_PESPLANUS && (o->folds == OFFICIAL_FOLDS_PLAIN || o->split == OFFICIAL_SPLIT_PATIENT))
        return status_set(st, STATUS_DATA, "%s:%zu: the quirk of pes planus is one of stratified folds after a test set of images", path,
                          manifest_line(path, "official/quirk"));
    return code;
}

int task_parse(struct task **task, const char *path, const unsigned char *text, size_t size, struct status *st)
{
    void *data;
    *task = NULL;
    int code = manifest_parse(&data, &task_schema, path, text, size, st);
    if (code)
        return code;
    struct task *t = data;
    size_t kind = 0;
    code = manifest_choice(&kind, t->kind_text, 0, KINDS, path, "kind", st);
    t->kind = (unsigned)kind;
    if (!code)
        code = check_name(t, path, st);
    if (!code)
        code = check_classes(t, path, st);
    if (!code)
        code = check_cohorts(t, path, st);
    if (!code)
        code = check_counts(t, path, st);
    if (!code)
        code = check_published(t, path, st);
    if (!code)
        code = resolve_official(t, path, st);
    if (code) {
        task_free(t);
        return code;
    }
    *task = t;
    return STATUS_OK;
}

int task_load(struct task **task, const char *path, struct status *st)
{
    unsigned char *text;
    size_t size;
    *task = NULL;
    int code = file_read(&text, &size, path, (size_t)4 << 20, st);
    if (code)
        return code;
    code = task_parse(task, path, text, size, st);
    free(text);
    return code;
}

void task_free(struct task *task)
{
    if (!task)
        return;
    if (task->chosen) /* its texts belong to the layout */
        task->cohort = (struct task_cohort){0};
    free(task->class_images);
    manifest_free(task, &task_schema);
}

/* What of a layout is not under `data`; NULL if all is there that must be. */
static const char *lacking(const struct task_cohort *c, const char *data)
{
    const char *first = NULL;
    bool any = false;
    for (unsigned i = 0; i < (c->table ? 1 : c->n_tables + c->n_folders); i++) {
        const char *name = c->table ? c->table : i < c->n_tables ? c->tables[i].path : c->folders[i - c->n_tables].path;
        bool optional = !c->table && (i < c->n_tables ? c->tables[i].optional : c->folders[i - c->n_tables].optional);
        char *path = path_join(data, name);
        bool there = c->n_folders ? file_is_directory(path) : file_exists(path);
        free(path);
        any |= there;
        if (!there && !optional)
            return name;
        if (!first)
            first = name;
    }
    return any ? NULL : first;
}

int task_choose_layout(struct task *task, const char *data, struct status *st)
{
    char tried[STATUS_TEXT / 2] = "";
    size_t used = 0;
    if (!task->n_layouts)
        return STATUS_OK;
    for (unsigned i = 0; i < task->n_layouts; i++) {
        const char *lacks = lacking(&task->layouts[i], data);
        if (!lacks) {
            task->cohort = task->layouts[i];
            task->chosen = true;
            return STATUS_OK;
        }
        if (used < sizeof tried)
            used += (size_t)snprintf(tried + used, sizeof tried - used, "%s'%s' lacks '%s'", used ? ", " : "", task->layouts[i].name, lacks);
    }
    return status_set(st, STATUS_DATA, "task '%s': no layout known of it is in '%s': %s", task->name, data, tried);
}

bool task_same_cell(const char *a, const char *b)
{
    double x, y;
    return !strcmp(a, b) || (number_parse_double(a, &x) && number_parse_double(b, &y) && x == y);
}

int task_rename_classes(struct task *task, char *const *name, struct status *st)
{
    for (unsigned c = 0; c < task->n_classes; c++)
        for (unsigned other = 0; other <= c; other++)
            if (!*name[c] || (other < c && !strcmp(name[other], name[c])))
                return status_set(st, STATUS_DATA, "task '%s': its classes cannot be told apart when %u is called '%s'", task->name, c + 1, name[c]);
    for (unsigned c = 0; c < task->n_classes; c++) {
        struct task_class *class = &task->classes[c];
        if (!class->n_values) { /* a cell that was the name still is the class */
            class->values = NEW(1, char *);
            class->values[0] = mem_strdup(class->name);
            class->n_values = 1;
        }
        free(class->name);
        class->name = mem_strdup(name[c]);
    }
    return STATUS_OK;
}

int task_class_of(const struct task *task, const char *cell)
{
    for (unsigned c = 0; c < task->n_classes; c++) {
        const struct task_class *class = &task->classes[c];
        if (!class->n_values && task_same_cell(class->name, cell))
            return (int)c;
        for (unsigned v = 0; v < class->n_values; v++)
            if (task_same_cell(class->values[v], cell))
                return (int)c;
    }
    return -1;
}
