#include "cohort/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"

enum severity rows_policy(bool skip)
{
    return skip ? FINDING_EXCLUDED : FINDING_ERROR;
}

static void compile(struct rows_pattern *p, const char *text)
{
    if (!text)
        return;
    p->there = regcomp(&p->expression, text, REG_EXTENDED) == 0; /* checked when the task was loaded */
    p->whole_path = strchr(text, '/') != NULL;
}

void rows_begin(struct rows *r, struct cohort *c, const struct study *study, const struct study_task *task)
{
    const struct task_cohort *rule = &task->task->cohort;
    *r = (struct rows){.cohort = c, .task = task->task, .data = task->data, .skip_bad_labels = study->skip_bad_labels};
    compile(&r->patient, rule->patient_pattern);
    compile(&r->exam, rule->exam_pattern);
    compile(&r->site, rule->site_pattern);
    compile(&r->label, rule->label_pattern);
}

void rows_end(struct rows *r)
{
    struct rows_pattern *all[] = {&r->patient, &r->exam, &r->site, &r->label};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->there)
            regfree(&all[i]->expression);
    *r = (struct rows){0};
}

/* A new string, or NULL where the pattern does not match; an empty group says nothing. */
static char *group_of(const struct rows_pattern *p, const char *id)
{
    regmatch_t match[2];
    const char *text = p->whole_path ? id : path_basename(id);
    if (!p->there || regexec(&p->expression, text, 2, match, 0) != 0 || match[1].rm_eo <= match[1].rm_so)
        return NULL;
    return mem_strndup(text + match[1].rm_so, (size_t)(match[1].rm_eo - match[1].rm_so));
}

/* train, val, ... -> development; false if the word means nothing to us. */
static bool partition_of(enum partition *partition, bool *excluded, const char *word)
{
    static const char *const development[] = {"development", "train", "training", "val", "valid", "validation", "dev", NULL};
    *excluded = !strcmp(word, "exclude") || !strcmp(word, "excluded");
    *partition = PARTITION_NONE;
    if (*excluded || !*word)
        return true;
    for (size_t i = 0; development[i]; i++)
        if (!strcmp(word, development[i])) {
            *partition = PARTITION_DEVELOPMENT;
            return true;
        }
    if (strcmp(word, "test") != 0 && strcmp(word, "testing") != 0)
        return false;
    *partition = PARTITION_TEST;
    return true;
}

/* The partition that the task calls by this cell; the cell itself where it says nothing of it. */
static const char *partition_word(const struct task_cohort *rule, const char *cell)
{
    for (unsigned i = 0; i < rule->n_partition_values; i++) {
        const struct task_class *p = &rule->partition_values[i];
        for (unsigned v = 0; v < p->n_values; v++)
            if (task_same_cell(p->values[v], cell))
                return p->name;
    }
    return cell;
}

/* Partition and label of the row; false if it becomes a finding. */
static bool judge(struct sample *s, struct rows *r, const struct row *row, const char *label)
{
    struct findings *f = &r->cohort->findings;
    const struct task_cohort *rule = &r->task->cohort;
    bool excluded;
    const char *word = partition_word(rule, row->partition);
    if (!strncmp(path_basename(row->id), "._", 2)) {
        findings_add(f, FINDING_EXCLUDED, "appledouble", row->id, row->line, "a companion file of macOS, not a picture");
        return false;
    }
    if (!partition_of(&s->partition, &excluded, word)) {
        findings_add(f, FINDING_ERROR, "partition", row->id, row->line, "partition '%s' is none of train, val, development, test, exclude", word);
        return false;
    }
    if (excluded) {
        findings_add(f, FINDING_EXCLUDED, "partition", row->id, row->line, "partition '%s'", row->partition);
        return false;
    }
    if (r->task->kind == KIND_REGRESSION) {
        if (number_parse_double(label, &s->target))
            return true;
        findings_add(f, rows_policy(r->skip_bad_labels), "label", row->id, row->line, "label '%s' is not a number", label);
        return false;
    }
    s->label = task_class_of(r->task, label);
    s->target = s->label;
    if (s->label >= 0)
        return true;
    if (rule->exclude_other_labels)
        findings_add(f, FINDING_EXCLUDED, "other_class", row->id, row->line, "label '%s' is none of the task's classes", label);
    else
        findings_add(f, rows_policy(r->skip_bad_labels), "label", row->id, row->line, "label '%s' belongs to no class of the task", label);
    return false;
}

static char *said_or_matched(const char *said, const struct rows_pattern *p, const char *id)
{
    return *said ? mem_strdup(said) : group_of(p, id);
}

void rows_add(struct rows *r, struct row row)
{
    struct cohort *c = r->cohort;
    struct sample s = {.id = row.id, .line = row.line, .order = c->n};
    char *matched = r->label.there ? group_of(&r->label, row.id) : NULL;
    c->n_rows++;
    bool usable = judge(&s, r, &row, r->label.there ? matched ? matched : "" : row.label);
    free(matched);
    if (!usable) {
        free(row.id);
        return;
    }
    s.patient = said_or_matched(row.patient, &r->patient, s.id);
    s.exam = said_or_matched(row.exam, &r->exam, s.id);
    s.site = said_or_matched(row.site, &r->site, s.id);
    s.path = path_join(r->data, s.id);
    if (row.covariate) {
        s.covariate = NEW(r->task->cohort.n_covariates, char *);
        for (unsigned i = 0; i < r->task->cohort.n_covariates; i++)
            s.covariate[i] = mem_strdup(row.covariate[i]);
    }
    s.group = NEW0(r->task->subgroups.n, char *);
    for (size_t i = 0; i < r->task->subgroups.n; i++) {
        const char *cell = !strcmp(r->task->subgroups.item[i].column, SUBGROUP_SITE) ? s.site : row.group ? row.group[i] : NULL;
        s.group[i] = cell ? mem_strdup(cell) : NULL;
    }
    c->has_patients |= s.patient != NULL;
    c->has_exams |= s.exam != NULL;
    c->has_sites |= s.site != NULL;
    c->has_partitions |= s.partition != PARTITION_NONE;
    c->sample = mem_grow(c->sample, c->n, &r->capacity, sizeof *c->sample);
    c->sample[c->n++] = s;
}

/* ---- folders ---- */

static bool is_image_name(const char *name)
{
    static const char *const ending[] = {".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".ppm", ".pnm", NULL};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && ending[i]; i++)
        if (!strcasecmp(dot, ending[i]))
            return true;
    return false;
}

static char *inside(const char *folder, const char *name)
{
    return strcmp(folder, ".") != 0 ? path_join(folder, name) : mem_strdup(name);
}

#define DEEPEST 16 /* folders in folders: a link that leads back must not go on for ever */

/* Pictures of one folder; with depth > 0 also those below. */
static int walk(struct rows *r, const char *folder, const char *class_name, const char *partition, unsigned depth, struct status *st)
{
    char *path = path_join(r->data, folder);
    struct file_list files;
    int code = file_list_directory(&files, path, st);
    for (size_t i = 0; i < files.n && !code; i++) {
        char *id = inside(folder, files.name[i]), *full = path_join(r->data, id);
        if (depth && file_is_directory(full)) {
            code = walk(r, id, class_name, partition, depth - 1, st);
            free(id);
        } else if (is_image_name(files.name[i])) {
            rows_add(r, (struct row){.id = id, .label = class_name, .patient = "", .exam = "", .site = "", .partition = partition});
        } else {
            findings_add(&r->cohort->findings, FINDING_INFO, "ignored", id, 0, "not an image by its name");
            free(id);
        }
        free(full);
    }
    file_list_free(&files);
    free(path);
    return code;
}

/* One folder per class. */
static int walk_classes(struct rows *r, const struct task_folder *folder, const char *path, struct status *st)
{
    struct file_list names;
    int code = file_list_directory(&names, path, st);
    for (size_t i = 0; i < names.n && !code; i++) {
        char *full = path_join(path, names.name[i]), *id = inside(folder->path, names.name[i]);
        if (!file_is_directory(full))
            findings_add(&r->cohort->findings, FINDING_INFO, "ignored", names.name[i], 0, "a file beside the class folders of '%s'", path);
        else if (task_class_of(r->task, names.name[i]) < 0)
            findings_add(&r->cohort->findings, rows_policy(r->skip_bad_labels), "label", names.name[i], 0,
                         "folder '%s' of '%s' belongs to no class of the task", names.name[i], path);
        else
            code = walk(r, id, names.name[i], folder->partition ? folder->partition : "", 0, st);
        free(full);
        free(id);
    }
    file_list_free(&names);
    return code;
}

int rows_from_folders(struct rows *r, struct status *st)
{
    const struct task_cohort *rule = &r->task->cohort;
    int code = STATUS_OK;
    for (unsigned f = 0; f < rule->n_folders && !code; f++) {
        const struct task_folder *folder = &rule->folders[f];
        char *path = path_join(r->data, folder->path);
        if (folder->optional && !file_exists(path))
            findings_add(&r->cohort->findings, FINDING_WARNING, "absent", folder->path, 0, "no folder '%s'; the cohort goes without it", path);
        else if (r->label.there)
            code = walk(r, folder->path, "", folder->partition ? folder->partition : "", DEEPEST, st);
        else
            code = walk_classes(r, folder, path, st);
        free(path);
    }
    return code;
}
