#include "report/folder.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

static const char *const NAME[] = {
    [FOLDER_METRICS] = "metrics.csv",     [FOLDER_READOUTS] = "readouts.csv",   [FOLDER_AUDIT] = "audit.csv",
    [FOLDER_COHORT] = "cohort.csv",       [FOLDER_COMPARE] = "compare.csv",     [FOLDER_RANKS] = "ranks.csv",
    [FOLDER_SUBGROUPS] = "subgroups.csv", [FOLDER_EXTERNAL] = "external.csv",   [FOLDER_CASEMIX] = "casemix.csv",
    [FOLDER_SHIFT] = "shift.csv",         [FOLDER_REPORTING] = "reporting.csv", [FOLDER_WORST] = "worst.csv",
};

/* Without these metrics.csv is another program's. */
static const char *const NEEDED[] = {"study", "task", "protocol", "model", "readout", "probe", "partition", "metric", "n", "n_patients", "value", "low", "high"};

const char *folder_file_name(enum folder_file file)
{
    return NAME[file];
}

static int read_provenance(struct folder *f, struct status *st)
{
    char *path = path_join(f->directory, "provenance.json");
    json_error_t error;
    int code = STATUS_OK;
    if (file_exists(path)) {
        f->provenance = json_load_file(path, 0, &error);
        if (!f->provenance)
            code = status_set(st, STATUS_DATA, "'%s' line %d: %s", path, error.line, error.text);
    }
    free(path);
    return code;
}

int folder_read(struct folder *f, const char *directory, struct status *st)
{
    int code = STATUS_OK;
    *f = (struct folder){.directory = mem_strdup(directory)};
    for (int i = 0; i < N_FOLDER_FILES && !code; i++) {
        char *path = path_join(directory, NAME[i]);
        if (file_exists(path))
            code = table_read(&f->table[i], path, st);
        else if (i == FOLDER_METRICS)
            code = status_set(st, STATUS_IO, "'%s' is not there: give a folder that `run` or `evaluate` has written", path);
        free(path);
    }
    for (size_t i = 0; i < sizeof NEEDED / sizeof *NEEDED && !code; i++) {
        size_t column;
        code = table_column(&f->table[FOLDER_METRICS], NEEDED[i], &column, st);
    }
    if (!code)
        code = read_provenance(f, st);
    if (code)
        folder_free(f);
    return code;
}

void folder_free(struct folder *f)
{
    for (int i = 0; i < N_FOLDER_FILES; i++)
        if (f->table[i].n_columns)
            table_free(&f->table[i]);
    json_decref(f->provenance);
    free(f->directory);
    *f = (struct folder){0};
}

bool folder_has(const struct folder *f, enum folder_file file)
{
    return f->table[file].n_columns > 0;
}

const char *folder_cell(const struct folder *f, enum folder_file file, size_t row, const char *column)
{
    const struct table *t = &f->table[file];
    for (size_t c = 0; c < t->n_columns; c++)
        if (!strcmp(t->header[c], column))
            return table_cell(t, row, c);
    return "";
}

bool folder_is(const struct folder *f, enum folder_file file, size_t row, const char *column, const char *text)
{
    return !strcmp(folder_cell(f, file, row, column), text);
}

const char **folder_distinct(size_t *n, const struct folder *f, enum folder_file file, const char *column)
{
    size_t capacity = 0;
    const char **text = NULL;
    *n = 0;
    for (size_t i = 0; i < f->table[file].n_rows; i++) {
        const char *cell = folder_cell(f, file, i, column);
        bool known = !*cell;
        for (size_t k = *n; k-- > 0 && !known;)
            known = !strcmp(text[k], cell);
        if (known)
            continue;
        text = mem_grow(text, *n, &capacity, sizeof *text);
        text[(*n)++] = cell;
    }
    return text;
}

const char *folder_said(const struct folder *f, const char *member)
{
    const char *text = json_string_value(json_object_get(f->provenance, member));
    return text ? text : "";
}

bool folder_names_external(const struct folder *f, const char *name)
{
    unsigned char *yaml;
    size_t size;
    struct status ignored;
    char *path = path_join(f->directory, "study.resolved.yaml");
    bool named = false;
    if (file_exists(path) && !file_read(&yaml, &size, path, 0, &ignored)) {
        char *entry = mem_printf("\n  - name: \"%s\"\n", name);
        const char *list = strstr((const char *)yaml, "\nexternal:\n");
        named = list && strstr(list, entry);
        free(entry);
        free(yaml);
    }
    free(path);
    return named;
}
