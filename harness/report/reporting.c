#include "report/reporting.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/table.h"
#include "report/results.h"

const char REPORTING_HEADER[] = "checklist,item,topic,status,value,file,where";

struct answer {
    const struct reporting_item *item;
    char *value, *file, *where; /* NULL: the author's */
};

struct sheet {
    const char *directory;
    json_t *provenance;
    char *yaml;
    struct table metrics;
    bool has_metrics;
    const struct reporting_item *item; /* being answered */
    struct answer *answer;
    size_t n, capacity;
};

/* Takes where over. */
static void add(struct sheet *s, const char *value, const char *file, char *where)
{
    s->answer = mem_grow(s->answer, s->n, &s->capacity, sizeof *s->answer);
    s->answer[s->n++] = (struct answer){s->item, value ? mem_strdup(value) : NULL, file ? mem_strdup(file) : NULL, where};
}

/* ---- provenance.json ---- */

static void add_json(struct sheet *s, const json_t *value, char *where)
{
    char number[NUMBER_TEXT];
    if (json_is_string(value) && *json_string_value(value))
        add(s, json_string_value(value), "provenance.json", where);
    else if (json_is_boolean(value))
        add(s, json_is_true(value) ? "true" : "false", "provenance.json", where);
    else if (json_is_number(value))
        add(s, number_format(number, json_number_value(value)), "provenance.json", where);
    else
        free(where);
}

/* "seed", "protocols[]", "tasks[].images" */
static void answer_json(struct sheet *s, const char *path)
{
    const char *list = strstr(path, "[]");
    if (!list) {
        add_json(s, json_object_get(s->provenance, path), mem_strdup(path));
        return;
    }
    char *name = mem_strndup(path, (size_t)(list - path));
    const json_t *array = json_object_get(s->provenance, name);
    json_t *element;
    size_t i;
    json_array_foreach(array, i, element) {
        if (list[2] == '.') {
            const char *called = json_string_value(json_object_get(element, "name"));
            add_json(s, json_object_get(element, list + 3), mem_printf("%s[%zu].%s%s%s", name, i, list + 3, called ? " of " : "", called ? called : ""));
        } else {
            add_json(s, element, mem_printf("%s[%zu]", name, i));
        }
    }
    free(name);
}

/* ---- study.resolved.yaml ---- */

static void answer_yaml(struct sheet *s, const char *key)
{
    size_t n = strlen(key);
    for (const char *line = s->yaml; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (!strncmp(line, key, n) && !strncmp(line + n, ": ", 2)) {
            char *value = mem_strndup(line + n + 2, strcspn(line + n + 2, "\n"));
            add(s, value, "study.resolved.yaml", mem_strdup(key));
            free(value);
        }
}

/* ---- tables ---- */

/* The cells that tell a row from others, joined. */
static char *name_row(const struct table *t, size_t row, const char *column)
{
    static const char *const by[] = {"task", "protocol", "class", "partition", "model", "readout", "probe", "column", "group", "recalibration", "metric", "variable",
                                     "level", "measure", "fraction", "model_a", "model_b", "role", "rank"};
    char *text = mem_printf("line %zu, column %s", t->line[row], column);
    const char *separator = " (";
    bool any = false;
    for (size_t c = 0; c < sizeof by / sizeof *by; c++) {
        size_t at;
        struct status ignored;
        bool numeric = !strcmp(by[c], "level") && table_has(t, "metric"); /* of an interval, not of a variable */
        if (numeric || !table_has(t, by[c]) || table_column(t, by[c], &at, &ignored) || !*table_cell(t, row, at))
            continue;
        char *longer = mem_printf("%s%s%s", text, separator, table_cell(t, row, at));
        free(text);
        text = longer;
        separator = ", ";
        any = true;
    }
    char *whole = mem_printf("%s%s", text, any ? ")" : "");
    free(text);
    return whole;
}

static void add_cell(struct sheet *s, const struct table *t, size_t row, const char *column, const char *file)
{
    size_t at;
    struct status ignored;
    if (!table_column(t, column, &at, &ignored) && *table_cell(t, row, at))
        add(s, table_cell(t, row, at), file, name_row(t, row, column));
}

static int metrics_columns(size_t *column, const struct sheet *s, struct status *st)
{
    static const char *const name[] = {"task", "partition", "metric"};
    int code = STATUS_OK;
    for (size_t c = 0; c < 3 && !code; c++)
        code = table_column(&s->metrics, name[c], &column[c], st);
    return code;
}

/* What a task is known by: the first of these that its test rows have (evaluate/cell.h says the same by kind). */
static const char *headline_of(const struct table *m, const size_t *column, const char *task)
{
    static const char *const order[] = {"kappa_quadratic", "auroc_macro", "auroc", "mae"};
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        for (size_t i = 0; i < m->n_rows; i++)
            if (!strcmp(table_cell(m, i, column[2]), order[k]) && !strcmp(table_cell(m, i, column[0]), task) &&
                !strcmp(table_cell(m, i, column[1]), "test"))
                return order[k];
    return "";
}

/* Which rows of a table answer. */
enum choice { ALL_ROWS, MAIN_FIGURES, UPDATED };

/* A cell of column `name`; "" where the table has no such column. */
static const char *cell_of(const struct table *t, size_t row, const char *name)
{
    size_t at;
    struct status ignored;
    return table_has(t, name) && !table_column(t, name, &at, &ignored) ? table_cell(t, row, at) : "";
}

static bool is_chosen(const struct sheet *s, const struct table *t, size_t row, enum choice choice, const size_t *metric_column)
{
    const char *metric = cell_of(t, row, "metric"), *recalibration = cell_of(t, row, "recalibration");
    if (choice == ALL_ROWS)
        return true;
    if (strncmp(cell_of(t, row, "partition"), "test", 4) != 0)
        return false;
    if (choice == UPDATED)
        return *recalibration && !strcmp(metric, "calibration_slope");
    const char *task = table_has(t, "development_task") ? cell_of(t, row, "development_task") : cell_of(t, row, "task");
    return !*recalibration && !strcmp(metric, headline_of(&s->metrics, metric_column, task));
}

/* Is it a word that an earlier of the rows chosen has said? */
static bool is_repeated(const struct table *t, size_t row, size_t column, const bool *chosen)
{
    static const char *const words[] = {"family", "test", "recalibration"};
    bool word = false, found = false;
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        word |= !strcmp(t->header[column], words[w]);
    for (size_t i = 0; word && i < row && !found; i++)
        found = chosen[i] && !strcmp(table_cell(t, i, column), table_cell(t, row, column));
    return found;
}

/* Counts row by row; words once each.  readouts.csv: the chosen ones.  A file or figure that is not there answers nothing. */
static int answer_table(struct sheet *s, const char *file, const char *column, enum choice choice, struct status *st)
{
    char *path = path_join(s->directory, file);
    struct table t;
    size_t at, metric_column[3];
    bool exists = file_exists(path);
    int code = exists ? table_read(&t, path, st) : STATUS_OK;
    free(path);
    if (!exists || code)
        return code;
    code = table_column(&t, column, &at, st);
    if (!code)
        code = metrics_columns(metric_column, s, st);
    bool *chosen = NEW0(t.n_rows + 1, bool);
    for (size_t i = 0; i < t.n_rows && !code; i++) {
        chosen[i] = strcmp(cell_of(&t, i, "chosen"), "0") != 0 && is_chosen(s, &t, i, choice, metric_column);
        if (chosen[i] && !is_repeated(&t, i, at, chosen) && strcmp(table_cell(&t, i, at), "NA") != 0)
            add_cell(s, &t, i, column, file);
    }
    free(chosen);
    table_free(&t);
    return code;
}

/* "external/X": X of the cohorts that the study names, not of what an earlier run left. */
static int answer_tables(struct sheet *s, const char *file, const char *column, enum choice choice, struct status *st)
{
    static const char folder[] = "external/", entry[] = "  - name: ";
    if (strncmp(file, folder, sizeof folder - 1) != 0)
        return answer_table(s, file, column, choice, st);
    const char *line = strstr(s->yaml, "\nexternal:\n");
    int code = STATUS_OK;
    for (line = line ? strchr(line + 1, '\n') : NULL; line && !code && line[1] == ' '; line = strchr(line + 1, '\n')) {
        if (strncmp(line + 1, entry, sizeof entry - 1) != 0)
            continue;
        const char *name = line + 1 + sizeof entry - 1 + (line[sizeof entry] == '"'); /* names have no quotes in them */
        char *one = mem_printf("external/%.*s/%s", (int)strcspn(name, "\"\n"), name, file + sizeof folder - 1);
        code = answer_table(s, one, column, choice, st);
        free(one);
    }
    return code;
}

static int answer_headline(struct sheet *s, const char *wanted, struct status *st)
{
    const struct table *m = &s->metrics;
    size_t column[3];
    int code = metrics_columns(column, s, st);
    const char *task = "", *headline = "";
    bool per_task = strcmp(wanted, "value") != 0, said = false; /* its metric and its n are one for all models */
    for (size_t i = 0; i < m->n_rows && !code; i++) {
        if (strcmp(task, table_cell(m, i, column[0])) != 0) {
            task = table_cell(m, i, column[0]);
            headline = headline_of(m, column, task);
            said = false;
        }
        if (strcmp(table_cell(m, i, column[1]), "test") != 0 || strcmp(table_cell(m, i, column[2]), headline) != 0 || (per_task && said))
            continue;
        said = true;
        add_cell(s, m, i, wanted, "metrics.csv");
    }
    return code;
}

static int answer_metric(struct sheet *s, const char *name, struct status *st)
{
    size_t column[3];
    int code = metrics_columns(column, s, st);
    for (size_t i = 0; i < s->metrics.n_rows && !code; i++)
        if (!strcmp(table_cell(&s->metrics, i, column[2]), name) && !strcmp(table_cell(&s->metrics, i, column[1]), !strcmp(name, "threshold") ? "validation" : "test"))
            add_cell(s, &s->metrics, i, "value", "metrics.csv");
    return code;
}

static int answer_probes(struct sheet *s, struct status *st)
{
    char *folder = path_join(s->directory, "probes");
    struct file_list list = {0};
    int code = file_is_directory(folder) ? file_list_directory(&list, folder, st) : STATUS_OK;
    for (size_t i = 0; i < list.n && !code; i++) {
        size_t n = strlen(list.name[i]);
        if (n < 6 || strcmp(list.name[i] + n - 5, ".json") != 0)
            continue;
        char *path = path_join(folder, list.name[i]), *file = mem_printf("probes/%s", list.name[i]);
        json_t *root = json_load_file(path, 0, NULL);
        const char *digest = json_string_value(json_object_get(root, "record_sha256"));
        if (digest)
            add(s, digest, file, mem_strdup("record_sha256"));
        json_decref(root);
        free(file);
        free(path);
    }
    file_list_free(&list);
    free(folder);
    return code;
}

/* ---- the sheet ---- */

static int answer_source(struct sheet *s, const char *source, struct status *st)
{
    if (!strncmp(source, "json ", 5))
        answer_json(s, source + 5);
    else if (!strncmp(source, "yaml ", 5))
        answer_yaml(s, source + 5);
    else if (!strncmp(source, "headline ", 9))
        return answer_headline(s, source + 9, st);
    else if (!strncmp(source, "metric ", 7))
        return answer_metric(s, source + 7, st);
    else if (!strcmp(source, "probes"))
        return answer_probes(s, st);
    else { /* KIND FILE COLUMN */
        enum choice choice = !strncmp(source, "main ", 5) ? MAIN_FIGURES : !strncmp(source, "updated ", 8) ? UPDATED : ALL_ROWS;
        char *file = mem_strdup(strchr(source, ' ') + 1), *column = strchr(file, ' ');
        *column = '\0';
        int code = answer_tables(s, file, column + 1, choice, st);
        free(file);
        return code;
    }
    return STATUS_OK;
}

static int answer_item(struct sheet *s, const struct reporting_item *item, struct status *st)
{
    size_t before = s->n;
    int code = STATUS_OK;
    s->item = item;
    for (const char *source = item->sources; *source && !code;) {
        size_t n = strcspn(source, "|");
        char *one = mem_strndup(source, n);
        code = answer_source(s, one, st);
        free(one);
        source += n + (source[n] == '|');
    }
    if (!code && s->n == before)
        add(s, NULL, NULL, NULL);
    return code;
}

static int open_sheet(struct sheet *s, struct status *st)
{
    unsigned char *data;
    size_t size;
    json_error_t error;
    char *provenance = path_join(s->directory, "provenance.json"), *yaml = path_join(s->directory, "study.resolved.yaml"),
         *metrics = path_join(s->directory, "metrics.csv");
    int code = file_read(&data, &size, yaml, (size_t)1 << 26, st);
    if (!code) {
        s->yaml = (char *)data;
        code = file_read(&data, &size, provenance, (size_t)1 << 28, st);
    }
    if (!code) {
        s->provenance = json_loadb((const char *)data, size, 0, &error);
        free(data);
        if (!s->provenance)
            code = status_set(st, STATUS_DATA, "%s:%d: %s", provenance, error.line, error.text);
    }
    if (!code) {
        code = table_read(&s->metrics, metrics, st);
        s->has_metrics = !code;
    }
    free(provenance);
    free(yaml);
    free(metrics);
    return code;
}

static const char *status_of(const struct answer *a)
{
    return !a->file ? "author" : a->item->whole ? "answered" : "in part";
}

static int write_csv(const struct sheet *s, struct status *st)
{
    struct outfile out;
    int code = results_open(&out, s->directory, "", "reporting.csv", REPORTING_HEADER, st);
    if (code)
        return code;
    for (size_t i = 0; i < s->n; i++) {
        const struct answer *a = &s->answer[i];
        const char *const cell[] = {a->item->checklist, a->item->number, a->item->topic, status_of(a), a->value ? a->value : "", a->file ? a->file : "",
                                    a->where ? a->where : ""};
        for (size_t c = 0; c < 7; c++) {
            csv_field(out.stream, cell[c]);
            fputc(c < 6 ? ',' : '\n', out.stream);
        }
    }
    return outfile_commit(&out, st);
}

/* A cell of a Markdown table; '|' would end it. */
static void markdown_cell(FILE *f, const char *text)
{
    fputs("| ", f);
    for (; *text; text++) {
        if (*text == '|')
            fputc('\\', f);
        fputc(*text == '\n' ? ' ' : *text, f);
    }
    fputc(' ', f);
}

#define SHOWN 6 /* answers of an item in the page; the CSV has them all */

static int write_markdown(const struct sheet *s, struct status *st)
{
    struct outfile out;
    const char *checklist = "";
    int code = results_open(&out, s->directory, "", "reporting.md", "# What this run answers of the reporting checklists\n\n"
                            "Read from the files named; the wording is ours, the checklists have to be read themselves. `author`: nothing here answers it, it is yours to\n"
                            "write. `in part`: the value belongs to the answer. All values: reporting.csv.", st);
    if (code)
        return code;
    FILE *f = out.stream;
    for (size_t i = 0, end; i < s->n; i = end) {
        const struct answer *a = &s->answer[i];
        for (end = i; end < s->n && s->answer[end].item == a->item; end++)
            ;
        if (strcmp(checklist, a->item->checklist) != 0)
            fprintf(f, "\n## %s\n\n| item | topic | status | value | file | where |\n|---|---|---|---|---|---|\n", checklist = a->item->checklist);
        for (size_t k = i; k < end && k < i + SHOWN; k++) {
            const struct answer *b = &s->answer[k];
            markdown_cell(f, k == i ? a->item->number : "");
            markdown_cell(f, k == i ? a->item->topic : "");
            markdown_cell(f, k == i ? status_of(a) : "");
            markdown_cell(f, b->value ? b->value : "");
            markdown_cell(f, b->file ? b->file : "");
            markdown_cell(f, b->where ? b->where : "");
            fputs("|\n", f);
        }
        if (end - i > SHOWN)
            fprintf(f, "| | | | and %zu more | | |\n", end - i - SHOWN);
    }
    return outfile_commit(&out, st);
}

int reporting_write(const char *directory, struct status *st)
{
    struct sheet s = {.directory = directory};
    int code = open_sheet(&s, st);
    for (size_t i = 0; i < N_REPORTING_ITEMS && !code; i++)
        code = answer_item(&s, &REPORTING_ITEMS[i], st);
    if (!code)
        code = write_csv(&s, st);
    if (!code)
        code = write_markdown(&s, st);
    for (size_t i = 0; i < s.n; i++) {
        free(s.answer[i].value);
        free(s.answer[i].file);
        free(s.answer[i].where);
    }
    free(s.answer);
    free(s.yaml);
    json_decref(s.provenance);
    if (s.has_metrics)
        table_free(&s.metrics);
    return code;
}
