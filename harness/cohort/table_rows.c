/* Rows of the task's tables (rows.h). */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/table.h"
#include "cohort/rows.h"

struct column { /* of the table at hand, for what the task wants of it */
    size_t index;
    bool there;
};

struct reading {
    struct rows *rows;
    const struct task_cohort *rule;
    const struct task_table *source;
    struct table table;
    char *folder; /* of the table, below the data folder; "" if it lies there itself */
    struct column label, patient, exam, site, partition;
    size_t *exclude, *mark, *covariate;
    const char **cell, **group; /* covariates and subgroups of the row at hand */
    struct column *subgroup;
};

/* "a|b": the first that is there. */
static int find_column(size_t *index, const struct table *t, const char *name, struct status *st)
{
    if (!table_has(t, name))
        for (const char *rest = name; *rest;) {
            size_t n = strcspn(rest, "|");
            char *one = mem_strndup(rest, n);
            bool there = n && table_has(t, one);
            int code = there ? table_column(t, one, index, st) : STATUS_OK;
            free(one);
            if (there)
                return code;
            rest += n + (rest[n] == '|');
        }
    return table_column(t, name, index, st);
}

/* A column that was asked for must be there; a default one may be missing. */
static int optional_column(struct column *c, const struct table *t, const char *asked, const char *fallback, struct status *st)
{
    c->there = asked || (fallback && table_has(t, fallback));
    return c->there ? find_column(&c->index, t, asked ? asked : fallback, st) : STATUS_OK;
}

static const char *cell_of(const struct reading *g, size_t row, struct column c)
{
    return c.there ? table_cell(&g->table, row, c.index) : "";
}

/* What "{...}" stands for; with row == SIZE_MAX only the column's name is checked. */
static int fill_field(const char **value, const struct reading *g, const char *field, size_t row, struct status *st)
{
    *value = "";
    if (!strcmp(field, ".")) {
        *value = g->folder;
        return STATUS_OK;
    }
    size_t n = strcspn(field, "#"), column;
    bool cuts = field[n] == '#' && !table_has(&g->table, field);
    char *name = cuts ? mem_strndup(field, n) : mem_strdup(field);
    int code = find_column(&column, &g->table, name, st);
    free(name);
    if (code || row == SIZE_MAX)
        return code;
    *value = table_cell(&g->table, row, column);
    const char *prefix = field + n + 1;
    if (cuts && !strncmp(*value, prefix, strlen(prefix)))
        *value += strlen(prefix);
    return STATUS_OK;
}

/* The pattern with its fields filled in, a new string. */
static int fill_pattern(char **out, const char *pattern, const struct reading *g, size_t row, struct status *st)
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
        const char *end = strchr(pattern, '}'), *value = "";
        char *field = mem_strndup(pattern + 1, end ? (size_t)(end - pattern) - 1 : strlen(pattern + 1));
        int code = end ? fill_field(&value, g, field, row, st) : status_set(st, STATUS_DATA, "image pattern: '{' without '}'");
        free(field);
        if (code) {
            free(text);
            return code;
        }
        longer = mem_printf("%s%s", text, value);
        free(text);
        text = longer;
        pattern = end + 1;
        if (!*text && *pattern == '/') /* "{.}/" of a table that lies in the data folder itself */
            pattern++;
    }
    *out = text;
    return STATUS_OK;
}

/* The first pattern whose file exists; if none does, the first one, which the survey will then miss. */
static int image_of_row(char **id, const struct reading *g, size_t row, struct status *st)
{
    static char default_pattern[] = "{image}";
    char *only[] = {default_pattern};
    char **pattern = g->rule->n_image ? g->rule->image : only;
    unsigned n = g->rule->n_image ? g->rule->n_image : 1;
    *id = NULL;
    for (unsigned i = 0; i < n; i++) {
        char *name;
        int code = fill_pattern(&name, pattern[i], g, row, st);
        if (code) {
            free(*id);
            return code;
        }
        if (n > 1 && row != SIZE_MAX) {
            char *path = path_join(g->rows->data, name);
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

static int find_columns(struct reading *g, struct status *st)
{
    const struct task_cohort *rule = g->rule;
    const struct table *t = &g->table;
    char *probe = NULL;
    int code = image_of_row(&probe, g, SIZE_MAX, st);
    free(probe);
    if (!code && !rule->label_pattern && !rule->n_label_columns)
        code = optional_column(&g->label, t, rule->label ? rule->label : "label", NULL, st);
    if (!code)
        code = optional_column(&g->patient, t, rule->patient, "patient", st);
    if (!code)
        code = optional_column(&g->exam, t, rule->exam, NULL, st);
    if (!code)
        code = optional_column(&g->site, t, rule->site, "site", st);
    if (!code)
        code = optional_column(&g->partition, t, rule->partition, "partition", st);
    g->exclude = NEW(rule->n_exclude, size_t);
    g->mark = NEW(rule->n_label_columns, size_t);
    g->covariate = NEW(rule->n_covariates, size_t);
    g->cell = NEW(rule->n_covariates, const char *);
    for (unsigned i = 0; i < rule->n_exclude && !code; i++)
        code = find_column(&g->exclude[i], t, rule->exclude[i].column, st);
    for (unsigned i = 0; i < rule->n_label_columns && !code; i++)
        code = find_column(&g->mark[i], t, rule->label_columns[i], st);
    for (unsigned i = 0; i < rule->n_covariates && !code; i++)
        code = find_column(&g->covariate[i], t, rule->covariates[i], st);
    const struct subgroups *s = &g->rows->task->subgroups;
    g->group = NEW(s->n, const char *);
    g->subgroup = NEW0(s->n, struct column);
    for (size_t i = 0; i < s->n && !code; i++) {
        struct status absent;
        struct column *c = &g->subgroup[i];
        if (!strcmp(s->item[i].column, SUBGROUP_SITE)) /* the sample's site, wherever it is from */
            continue;
        c->there = find_column(&c->index, t, s->item[i].column, &absent) == STATUS_OK;
        if (!c->there && s->item[i].required)
            code = status_set(st, STATUS_DATA, "%s", absent.text);
    }
    return code;
}

static const struct task_exclusion *excluded_by(const struct reading *g, size_t row, const char **value)
{
    for (unsigned e = 0; e < g->rule->n_exclude; e++) {
        const char *cell = table_cell(&g->table, row, g->exclude[e]);
        for (unsigned v = 0; v < g->rule->exclude[e].n_values; v++)
            if (task_same_cell(cell, g->rule->exclude[e].values[v])) {
                *value = cell;
                return &g->rule->exclude[e];
            }
    }
    return NULL;
}

/* The label that the row's marks stand for; false if they are a finding: none, two, or neither 0 nor 1. */
static bool marked_label(const char **label, struct reading *g, size_t row, const char *id)
{
    struct findings *f = &g->rows->cohort->findings;
    size_t line = g->table.line[row];
    enum severity bad = rows_policy(g->rows->skip_bad_labels);
    *label = NULL;
    for (unsigned i = 0; i < g->rule->n_label_columns; i++) {
        const char *cell = table_cell(&g->table, row, g->mark[i]), *name = g->rule->label_columns[i];
        if (!*cell || task_same_cell(cell, "0"))
            continue;
        if (!task_same_cell(cell, "1")) {
            findings_add(f, bad, "label", id, line, "'%s' in label column '%s' is neither 0 nor 1", cell, name);
            return false;
        }
        if (*label) {
            findings_add(f, FINDING_EXCLUDED, "two_labels", id, line, "marked '%s' and '%s'; a row with two labels is left out", *label, name);
            return false;
        }
        *label = name;
    }
    if (!*label)
        findings_add(f, bad, "label", id, line, "no label column is marked");
    return *label != NULL;
}

static void add_row(struct reading *g, size_t row, char *id)
{
    const char *value, *label = cell_of(g, row, g->label);
    const char *partition = cell_of(g, row, g->partition);
    size_t line = g->table.line[row];
    const struct task_exclusion *why = excluded_by(g, row, &value);
    if (why || (g->rule->n_label_columns && !marked_label(&label, g, row, id))) {
        g->rows->cohort->n_rows++;
        if (why)
            findings_add(&g->rows->cohort->findings, FINDING_EXCLUDED, "rule", id, line, "%s is '%s'", why->column, value);
        free(id);
        return;
    }
    for (unsigned i = 0; i < g->rule->n_covariates; i++)
        g->cell[i] = table_cell(&g->table, row, g->covariate[i]);
    for (size_t i = 0; i < g->rows->task->subgroups.n; i++)
        g->group[i] = g->subgroup[i].there ? table_cell(&g->table, row, g->subgroup[i].index) : NULL;
    rows_add(g->rows, (struct row){.id = id, .label = label, .patient = cell_of(g, row, g->patient), .exam = cell_of(g, row, g->exam),
                                   .site = cell_of(g, row, g->site),
                                   .partition = *partition || !g->source->partition ? partition : g->source->partition,
                                   .covariate = g->rule->n_covariates ? g->cell : NULL, .group = g->group, .line = line});
}

static int read_table(struct rows *r, const struct task_table *source, struct status *st)
{
    struct reading g = {.rows = r, .rule = &r->task->cohort, .source = source};
    char *path = path_join(r->data, source->path);
    int code = STATUS_OK;
    if (source->optional && !file_exists(path)) {
        findings_add(&r->cohort->findings, FINDING_WARNING, "absent", source->path, 0, "no table '%s'; the cohort goes without it", path);
        free(path);
        return STATUS_OK;
    }
    g.folder = strchr(source->path, '/') ? path_directory(source->path) : mem_strdup("");
    code = table_read_headless(&g.table, path, (const char *const *)source->columns, source->n_columns, st);
    if (!code)
        code = find_columns(&g, st);
    for (size_t row = 0; !code && row < g.table.n_rows; row++) {
        char *id;
        code = image_of_row(&id, &g, row, st);
        if (!code)
            add_row(&g, row, id);
    }
    free(g.exclude);
    free(g.mark);
    free(g.covariate);
    free(g.cell);
    free(g.group);
    free(g.subgroup);
    free(g.folder);
    free(path);
    table_free(&g.table);
    return code;
}

int rows_from_tables(struct rows *r, struct status *st)
{
    const struct task_cohort *rule = &r->task->cohort;
    struct task_table only = {.path = rule->table};
    int code = rule->table ? read_table(r, &only, st) : STATUS_OK;
    for (unsigned i = 0; i < rule->n_tables && !code; i++)
        code = read_table(r, &rule->tables[i], st);
    return code;
}
