#include "study/task.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/manifest.h"
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
                                                     OPTIONAL_TEXT("partition", struct task_folder, partition), CYAML_FIELD_END};
static const cyaml_schema_value_t folder_value = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct task_folder, folder_fields)};

static const cyaml_schema_field_t cohort_fields[] = {
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
    CYAML_FIELD_MAPPING("cohort", CYAML_FLAG_DEFAULT, struct task, cohort, cohort_fields),
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
    return STATUS_OK;
}

static int check_cohort(const struct task *t, const char *path, struct status *st)
{
    const struct task_cohort *c = &t->cohort;
    size_t line = manifest_line(path, "cohort");
    if (!c->table == !c->n_folders)
        return status_set(st, STATUS_DATA, "%s:%zu: cohort needs either `table` (a CSV) or `folders` (a folder per class)", path, line);
    if (c->n_folders && (c->n_image || c->label || c->patient || c->site || c->partition || c->n_exclude))
        return status_set(st, STATUS_DATA, "%s:%zu: image, label, patient, site, partition and exclude name columns of a table; here are folders",
                          path, line);
    if (c->n_folders && t->kind == KIND_REGRESSION)
        return status_set(st, STATUS_DATA, "%s:%zu: a regression takes its labels from a table, not from folder names", path, line);
    if (c->patient_pattern) {
        regex_t pattern;
        char why[200];
        int error = regcomp(&pattern, c->patient_pattern, REG_EXTENDED);
        if (error) {
            regerror(error, &pattern, why, sizeof why);
            return status_set(st, STATUS_DATA, "%s:%zu: patient_pattern '%s': %s", path, manifest_line(path, "cohort/patient_pattern"),
                              c->patient_pattern, why);
        }
        size_t groups = pattern.re_nsub;
        regfree(&pattern);
        if (groups < 1)
            return status_set(st, STATUS_DATA, "%s:%zu: patient_pattern '%s' has no group in parentheses", path,
                              manifest_line(path, "cohort/patient_pattern"), c->patient_pattern);
    }
    return STATUS_OK;
}

/* The texts become choices; what the dataset leaves no doubt about need not be said. */
static int resolve_official(struct task *t, const char *path, struct status *st)
{
    static const char *const splits[] = {[OFFICIAL_SPLIT_IMAGE - 1] = "image", [OFFICIAL_SPLIT_PATIENT - 1] = "patient", NULL};
    static const char *const folds[] = {[OFFICIAL_FOLDS_STRATIFIED] = "stratified", [OFFICIAL_FOLDS_PLAIN] = "plain", NULL};
    static const char *const orders[] = {[OFFICIAL_ORDER_TABLE] = "table", [OFFICIAL_ORDER_SORTED] = "sorted", NULL};
    static const char *const quirks[] = {[OFFICIAL_QUIRK_NONE] = "none", [OFFICIAL_QUIRK_PESPLANUS] = "pesplanus", NULL};
    struct task_official *o = &t->official;
    bool regression = t->kind == KIND_REGRESSION;
    size_t choice = 0;
    int code = manifest_choice(&choice, o->split_text, 0, splits, path, "official/split", st);
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
        code = check_cohort(t, path, st);
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
    manifest_free(task, &task_schema);
}

bool task_same_cell(const char *a, const char *b)
{
    double x, y;
    return !strcmp(a, b) || (number_parse_double(a, &x) && number_parse_double(b, &y) && x == y);
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
