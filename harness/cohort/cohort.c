#include "cohort/cohort.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/outfile.h"
#include "base/table.h"

/* What a row is turned into samples with. */
struct builder {
    struct cohort *cohort;
    const struct task *task;
    const char *data;
    bool skip_bad_labels;
    size_t capacity;
    bool has_pattern;
    regex_t pattern;
};

static enum severity policy(bool skip)
{
    return skip ? FINDING_EXCLUDED : FINDING_ERROR;
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

/* First group of patient_pattern in the file name, or NULL; an empty group names nobody. */
static char *patient_from_name(const struct builder *b, const char *id)
{
    regmatch_t match[2];
    const char *name = path_basename(id);
    if (!b->has_pattern || regexec(&b->pattern, name, 2, match, 0) != 0 || match[1].rm_eo <= match[1].rm_so)
        return NULL;
    return mem_strndup(name + match[1].rm_so, (size_t)(match[1].rm_eo - match[1].rm_so));
}

/* Takes ownership of id; patient, site and label are copied. */
static void add_sample(struct builder *b, char *id, const char *label, const char *patient, const char *site, const char *partition,
                       size_t line)
{
    struct cohort *c = b->cohort;
    struct sample s = {.id = id, .line = line};
    bool excluded;
    c->n_rows++;
    if (!partition_of(&s.partition, &excluded, partition)) {
        findings_add(&c->findings, FINDING_ERROR, "partition", id, line,
                     "partition '%s' is none of train, val, development, test, exclude", partition);
        free(id);
        return;
    }
    if (excluded) {
        findings_add(&c->findings, FINDING_EXCLUDED, "partition", id, line, "partition '%s'", partition);
        free(id);
        return;
    }
    if (b->task->kind == KIND_REGRESSION) {
        if (!number_parse_double(label, &s.target)) {
            findings_add(&c->findings, policy(b->skip_bad_labels), "label", id, line, "label '%s' is not a number", label);
            free(id);
            return;
        }
    } else {
        s.label = task_class_of(b->task, label);
        s.target = s.label;
        if (s.label < 0) {
            findings_add(&c->findings, policy(b->skip_bad_labels), "label", id, line, "label '%s' belongs to no class of the task", label);
            free(id);
            return;
        }
    }
    s.patient = *patient ? mem_strdup(patient) : patient_from_name(b, id);
    s.site = *site ? mem_strdup(site) : NULL;
    s.path = path_join(b->data, id);
    c->has_patients |= s.patient != NULL;
    c->has_sites |= s.site != NULL;
    c->has_partitions |= s.partition != PARTITION_NONE;
    c->sample = mem_grow(c->sample, c->n, &b->capacity, sizeof *c->sample);
    c->sample[c->n++] = s;
}

/* ---- a table ---- */

/* Fill "{column}" from a row into a new string.  With row == SIZE_MAX only the column names are checked. */
static int fill_pattern(char **out, const char *pattern, const struct table *t, size_t row, struct status *st)
{
    char *text = mem_strdup("");
    while (*pattern) {
        size_t n = strcspn(pattern, "{");
        char *longer = mem_printf("%s%.*s", text, (int)n, pattern);
        free(text);
        text = longer;
        pattern += n;
        if (!*pattern)
            break;
        const char *end = strchr(pattern, '}');
        char *name = mem_strndup(pattern + 1, end ? (size_t)(end - pattern) - 1 : strlen(pattern + 1));
        size_t column;
        int code = end ? table_column(t, name, &column, st) : status_set(st, STATUS_DATA, "image pattern: '{' without '}'");
        free(name);
        if (code) {
            free(text);
            return code;
        }
        if (row != SIZE_MAX) {
            longer = mem_printf("%s%s", text, table_cell(t, row, column));
            free(text);
            text = longer;
        }
        pattern = end + 1;
    }
    *out = text;
    return STATUS_OK;
}

/* The first pattern whose file exists; if none does, the first one, which the survey will then miss. */
static int image_of_row(char **id, const struct builder *b, const struct table *t, size_t row, struct status *st)
{
    static char default_pattern[] = "{image}";
    char *only[] = {default_pattern};
    char **pattern = b->task->cohort.n_image ? b->task->cohort.image : only;
    unsigned n = b->task->cohort.n_image ? b->task->cohort.n_image : 1;
    *id = NULL;
    for (unsigned i = 0; i < n; i++) {
        char *name;
        int code = fill_pattern(&name, pattern[i], t, row, st);
        if (code) {
            free(*id);
            return code;
        }
        if (n > 1 && row != SIZE_MAX) {
            char *path = path_join(b->data, name);
            bool there = file_exists(path);
            free(path);
            if (there) {
                free(*id);
                *id = name;
                return STATUS_OK;
            }
        }
        if (*id)
            free(name);
        else
            *id = name;
    }
    return STATUS_OK;
}

/* A column that was asked for must be there; a default one may be missing. */
static int optional_column(size_t *column, bool *there, const struct table *t, const char *asked, const char *fallback, struct status *st)
{
    *there = asked || table_has(t, fallback);
    return *there ? table_column(t, asked ? asked : fallback, column, st) : STATUS_OK;
}

static const struct task_exclusion *excluded_by(const struct task_cohort *rule, const struct table *t, const size_t *column, size_t row,
                                                const char **value)
{
    for (unsigned e = 0; e < rule->n_exclude; e++) {
        const char *cell = table_cell(t, row, column[e]);
        for (unsigned v = 0; v < rule->exclude[e].n_values; v++)
            if (task_same_cell(cell, rule->exclude[e].values[v])) {
                *value = cell;
                return &rule->exclude[e];
            }
    }
    return NULL;
}

static int load_table(struct builder *b, struct status *st)
{
    const struct task_cohort *rule = &b->task->cohort;
    struct table t;
    char *path = path_join(b->data, rule->table), *probe = NULL;
    size_t label, patient = 0, site = 0, partition = 0, *exclude = NULL;
    bool has_patient, has_site, has_partition;
    int code = table_read(&t, path, st);
    if (code)
        goto done;
    if ((code = image_of_row(&probe, b, &t, SIZE_MAX, st)) != 0 || (code = table_column(&t, rule->label ? rule->label : "label", &label, st)) != 0 ||
        (code = optional_column(&patient, &has_patient, &t, rule->patient, "patient", st)) != 0 ||
        (code = optional_column(&site, &has_site, &t, rule->site, "site", st)) != 0 ||
        (code = optional_column(&partition, &has_partition, &t, rule->partition, "partition", st)) != 0)
        goto done;
    exclude = NEW(rule->n_exclude, size_t);
    for (unsigned e = 0; e < rule->n_exclude && !code; e++)
        code = table_column(&t, rule->exclude[e].column, &exclude[e], st);
    for (size_t row = 0; row < t.n_rows && !code; row++) {
        const char *value;
        char *id;
        code = image_of_row(&id, b, &t, row, st);
        if (code)
            break;
        const struct task_exclusion *why = excluded_by(rule, &t, exclude, row, &value);
        if (why) {
            b->cohort->n_rows++;
            findings_add(&b->cohort->findings, FINDING_EXCLUDED, "rule", id, t.line[row], "%s is '%s'", why->column, value);
            free(id);
            continue;
        }
        add_sample(b, id, table_cell(&t, row, label), has_patient ? table_cell(&t, row, patient) : "",
                   has_site ? table_cell(&t, row, site) : "", has_partition ? table_cell(&t, row, partition) : "", t.line[row]);
    }
done:
    free(exclude);
    free(probe);
    free(path);
    table_free(&t);
    return code;
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

static int load_class_folder(struct builder *b, const struct task_folder *folder, const char *class_name, struct status *st)
{
    char *relative = path_join(folder->path, class_name), *path = path_join(b->data, relative);
    struct file_list files;
    int code = file_list_directory(&files, path, st);
    for (size_t i = 0; i < files.n && !code; i++) {
        char *id = path_join(relative, files.name[i]);
        if (is_image_name(files.name[i])) {
            add_sample(b, id, class_name, "", "", folder->partition ? folder->partition : "", 0);
        } else {
            findings_add(&b->cohort->findings, FINDING_INFO, "ignored", id, 0, "not an image by its name");
            free(id);
        }
    }
    file_list_free(&files);
    free(path);
    free(relative);
    return code;
}

static int load_folders(struct builder *b, struct status *st)
{
    const struct task_cohort *rule = &b->task->cohort;
    int code = STATUS_OK;
    for (unsigned f = 0; f < rule->n_folders && !code; f++) {
        char *path = path_join(b->data, rule->folders[f].path);
        struct file_list names;
        code = file_list_directory(&names, path, st);
        for (size_t i = 0; i < names.n && !code; i++) {
            char *inside = path_join(path, names.name[i]);
            if (!file_is_directory(inside))
                findings_add(&b->cohort->findings, FINDING_INFO, "ignored", names.name[i], 0, "a file beside the class folders of '%s'", path);
            else if (task_class_of(b->task, names.name[i]) < 0)
                findings_add(&b->cohort->findings, policy(b->skip_bad_labels), "label", names.name[i], 0,
                             "folder '%s' of '%s' belongs to no class of the task", names.name[i], path);
            else
                code = load_class_folder(b, &rule->folders[f], names.name[i], st);
            free(inside);
        }
        file_list_free(&names);
        free(path);
    }
    return code;
}

/* ---- both ---- */

static int by_id(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

int cohort_load(struct cohort *c, const struct study *study, const struct study_task *task, struct status *st)
{
    *c = (struct cohort){.source = task};
    struct builder b = {.cohort = c, .task = task->task, .data = task->data, .skip_bad_labels = study->skip_bad_labels};
    if (task->task->cohort.patient_pattern)
        b.has_pattern = regcomp(&b.pattern, task->task->cohort.patient_pattern, REG_EXTENDED) == 0;
    int code = task->task->cohort.table ? load_table(&b, st) : load_folders(&b, st);
    if (b.has_pattern)
        regfree(&b.pattern);
    if (code) {
        cohort_free(c);
        return status_context(st, "task '%s'", task->task->name);
    }
    if (c->n)
        qsort(c->sample, c->n, sizeof *c->sample, by_id);
    for (size_t i = 1; i < c->n; i++)
        if (!strcmp(c->sample[i].id, c->sample[i - 1].id))
            findings_add(&c->findings, FINDING_ERROR, "repeated", c->sample[i].id, c->sample[i].line, "the image also stands in line %zu",
                         c->sample[i - 1].line);
    return STATUS_OK;
}

static void sample_free(struct sample *s)
{
    free(s->id);
    free(s->path);
    free(s->patient);
    free(s->site);
}

void cohort_free(struct cohort *c)
{
    for (size_t i = 0; i < c->n; i++)
        sample_free(&c->sample[i]);
    free(c->sample);
    findings_free(&c->findings);
    *c = (struct cohort){0};
}

void cohort_write_sample(FILE *stream, const struct sample *s)
{
    csv_field(stream, s->id);
    fputc(',', stream);
    csv_field(stream, s->patient ? s->patient : "");
    fputc(',', stream);
    csv_field(stream, s->site ? s->site : "");
}

void cohort_write_label(FILE *stream, const struct cohort *c, const struct sample *s)
{
    if (c->source->task->kind == KIND_REGRESSION)
        csv_number(stream, s->target);
    else
        csv_field(stream, c->source->task->classes[s->label].name);
}

void cohort_drop(struct cohort *c, const bool *drop)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->n; i++) {
        if (drop[i])
            sample_free(&c->sample[i]);
        else
            c->sample[kept++] = c->sample[i];
    }
    c->n = kept;
}

void cohort_attach(struct cohort *c, const struct study *study, const struct survey *survey)
{
    bool *drop = NEW0(c->n, bool);
    for (size_t i = 0; i < c->n; i++) {
        struct sample *s = &c->sample[i];
        s->picture = survey_find(survey, s->path);
        const struct picture *p = &survey->picture[s->picture];
        if (!p->reason)
            continue;
        bool skip = p->missing ? study->skip_missing_images : study->skip_bad_images;
        findings_add(&c->findings, policy(skip), p->missing ? "missing" : "unreadable", s->id, s->line, "%s", p->reason);
        drop[i] = true;
    }
    cohort_drop(c, drop);
    free(drop);
}

struct keyed {
    const char *patient; /* NULL: by digest */
    const uint8_t *digest;
    size_t sample;
};

static int by_unit(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    if (!x->patient != !y->patient)
        return x->patient ? -1 : 1;
    return x->patient ? strcmp(x->patient, y->patient) : memcmp(x->digest, y->digest, DIGEST_BYTES);
}

static int by_digest(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    return memcmp(x->digest, y->digest, DIGEST_BYTES);
}

static uint32_t root_of(uint32_t *parent, uint32_t u)
{
    while (parent[u] != u)
        u = parent[u] = parent[parent[u]];
    return u;
}

/* Units that share a picture, pixel by pixel, become one (the smallest number), and numbers close up again. */
static void join_units(struct cohort *c, struct keyed *key, const struct survey *survey)
{
    uint32_t *parent = NEW(c->n_units, uint32_t), *number = NEW(c->n_units, uint32_t);
    for (size_t u = 0; u < c->n_units; u++)
        parent[u] = (uint32_t)u;
    for (size_t i = 0; i < c->n; i++)
        key[i].digest = survey_identity(&survey->picture[c->sample[key[i].sample].picture]);
    qsort(key, c->n, sizeof *key, by_digest);
    for (size_t i = 1; i < c->n; i++) {
        if (by_digest(&key[i], &key[i - 1]) != 0)
            continue;
        uint32_t a = root_of(parent, c->sample[key[i - 1].sample].unit), b = root_of(parent, c->sample[key[i].sample].unit);
        parent[a > b ? a : b] = a < b ? a : b;
    }
    size_t n = 0;
    for (size_t u = 0; u < c->n_units; u++) {
        uint32_t root = root_of(parent, (uint32_t)u);
        number[u] = root == u ? (uint32_t)n++ : number[root];
    }
    for (size_t i = 0; i < c->n; i++)
        c->sample[i].unit = number[c->sample[i].unit];
    c->n_units = n;
    free(number);
    free(parent);
}

void cohort_number_units(struct cohort *c, const struct survey *survey)
{
    struct keyed *key = NEW(c->n, struct keyed);
    for (size_t i = 0; i < c->n; i++)
        key[i] = (struct keyed){c->sample[i].patient, survey->picture[c->sample[i].picture].digest, i};
    if (c->n)
        qsort(key, c->n, sizeof *key, by_unit);
    c->n_units = 0;
    for (size_t i = 0; i < c->n; i++) {
        c->n_units += i == 0 || by_unit(&key[i], &key[i - 1]) != 0;
        c->sample[key[i].sample].unit = (uint32_t)(c->n_units - 1);
    }
    if (c->n)
        join_units(c, key, survey);
    free(key);
}
