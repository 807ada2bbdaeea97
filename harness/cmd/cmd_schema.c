/* schema: what stands in the CSVs that the program writes. */
#include <string.h>

#include "base/memory.h"
#include "cmd/answer.h"
#include "cmd/command.h"
#include "cmd/wrap.h"
#include "report/schema.h"

static void show_column(const char *name, json_t *columns)
{
    const struct schema_column *column = schema_column(name);
    const char *meaning = column ? column->meaning : !strcmp(name, "*") ? "" : "further column";
    if (columns) {
        json_t *one = json_object();
        json_object_set_new(one, "column", answer_text(name));
        json_object_set_new(one, "meaning", answer_text(meaning));
        json_array_append_new(columns, one);
    } else {
        wrap_print(stdout, 2, 26, "%-22s  %s", name, meaning);
    }
}

/* `header`: of a file as it lies there; NULL: as documented. */
static void show_file(const struct invocation *in, const char *name, const struct schema_file *file, const struct table *t, json_t *files)
{
    json_t *columns = files ? json_array() : NULL;
    if (!files)
        wrap_print(stdout, 0, 2, "%s: a row is %s", name, file->row);
    if (t) {
        for (size_t c = 0; c < t->n_columns; c++)
            show_column(t->header[c], columns);
    } else {
        for (const char *at = file->columns; *at;) {
            size_t length = strcspn(at, ",");
            char *column = mem_strndup(at, length);
            show_column(column, columns);
            free(column);
            at += length + (at[length] == ',');
        }
    }
    if (files) {
        json_t *one = json_object();
        json_object_set_new(one, "file", answer_text(name));
        json_object_set_new(one, "kind", answer_text(file->name));
        json_object_set_new(one, "row", answer_text(file->row));
        json_object_set_new(one, "columns", columns);
        json_array_append_new(files, one);
    } else if (!in->quiet) {
        putchar('\n');
    }
}

int cmd_schema(const struct invocation *in, struct status *st)
{
    json_t *files = in->answer ? json_array() : NULL;
    int code = STATUS_OK;
    for (size_t i = 0; i < N_SCHEMA_FILES && !in->n_arguments; i++)
        show_file(in, SCHEMA_FILES[i].name, &SCHEMA_FILES[i], NULL, files);
    for (size_t i = 0; i < in->n_arguments && !code; i++) {
        const char *path = in->argument[i];
        const struct schema_file *file = schema_of_path(path);
        struct table t;
        code = file ? table_read(&t, path, st) : status_set(st, STATUS_DATA, "%s: no report is called so; `schema` without a file lists them", path);
        if (code)
            break;
        code = schema_check(file, path, &t, st);
        if (!code && in->quiet && !files)
            puts(file->name);
        else if (!code)
            show_file(in, path, file, &t, files);
        table_free(&t);
    }
    if (files)
        json_object_set_new(in->answer, "files", files);
    return code;
}
