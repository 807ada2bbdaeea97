#include "base/table.h"

#include <csv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

/* More than any cohort; a wrong file should be refused, not swallowed. */
#define TABLE_LIMIT ((size_t)1 << 30)

struct reader {
    struct table *t;
    struct status *st;
    int code;
    char *text;             /* all cells, NUL-terminated, one behind the other */
    size_t used, capacity;
    size_t *offset;         /* of each cell in text */
    size_t n_cells, cell_capacity;
    size_t *line;
    size_t n_lines, line_capacity;
    size_t row_begin;       /* first cell of the row being read */
    size_t line_now;        /* line of the byte being parsed, from 1 */
    size_t line_row;        /* line on which the current row began */
    bool first;             /* the header is still to come */
};

static void on_field(void *field, size_t length, void *context)
{
    struct reader *r = context;
    const char *text = field;
    if (r->code)
        return;
    while (length && (text[0] == ' ' || text[0] == '\t'))
        text++, length--;
    while (length && (text[length - 1] == ' ' || text[length - 1] == '\t' || text[length - 1] == '\r'))
        length--;
    if (length && memchr(text, '\0', length)) {
        r->code = status_set(r->st, STATUS_DATA, "%s:%zu: a NUL byte: this is not a text file", r->t->path, r->line_row);
        return;
    }
    while (r->capacity - r->used < length + 1) {
        r->capacity = r->capacity ? 2 * r->capacity : 4096;
        r->text = mem_realloc(r->text, r->capacity, 1);
    }
    r->offset = mem_grow(r->offset, r->n_cells, &r->cell_capacity, sizeof *r->offset);
    r->offset[r->n_cells++] = r->used;
    if (length)
        memcpy(r->text + r->used, text, length);
    r->text[r->used + length] = '\0';
    r->used += length + 1;
}

static void on_row(int terminator, void *context)
{
    (void)terminator;
    struct reader *r = context;
    if (r->code)
        return;
    size_t width = r->n_cells - r->row_begin;
    if (width == 0) /* libcsv passes over blank lines itself; a row always has a cell */
        return;
    if (r->first) {
        r->t->n_columns = width;
        r->t->header_line = r->line_row ? r->line_row : 1;
        r->first = false;
    } else {
        if (width != r->t->n_columns) {
            r->code = status_set(r->st, STATUS_DATA, "%s:%zu: %zu fields where the header has %zu", r->t->path, r->line_row, width,
                                 r->t->n_columns);
            return;
        }
        r->line = mem_grow(r->line, r->n_lines, &r->line_capacity, sizeof *r->line);
        r->line[r->n_lines++] = r->line_row;
    }
    r->row_begin = r->n_cells;
}

/* Bytes up to and with the line's end: LF, CRLF, or CR alone, which libcsv takes for one too. */
static size_t line_length(const unsigned char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] == '\n' || (data[i] == '\r' && (i + 1 == size || data[i + 1] != '\n')))
            return i + 1;
    return size;
}

static int parse(struct reader *r, const unsigned char *data, size_t size)
{
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return status_set(r->st, STATUS_INTERNAL, "libcsv: cannot start");
    csv_set_blk_size(&parser, (size_t)1 << 16); /* its buffer grows by this; the default of 128 bytes is slow for long cells */
    r->line_now = r->line_row = 1;
    /* Line by line, so that every row knows where in the file it began. */
    for (size_t at = 0; at < size && !r->code;) {
        size_t length = line_length(data + at, size - at);
        if (parser.pstate == 0) /* libcsv: between rows, not inside a quoted field that holds a line break */
            r->line_row = r->line_now;
        if (csv_parse(&parser, data + at, length, on_field, on_row, r) != length && !r->code)
            r->code = status_set(r->st, STATUS_DATA, "%s:%zu: %s", r->t->path, r->line_now,
                                 csv_error(&parser) == CSV_EPARSE ? "a quote inside a field that is not quoted, or text behind a closing quote"
                                                                  : csv_strerror(csv_error(&parser)));
        at += length;
        r->line_now++;
    }
    if (!r->code && csv_fini(&parser, on_field, on_row, r) != 0)
        r->code = status_set(r->st, STATUS_DATA, "%s:%zu: a quoted field begins here and never ends", r->t->path, r->line_row);
    csv_free(&parser);
    return r->code;
}

static int check_header(const struct table *t, struct status *st)
{
    for (size_t i = 0; i < t->n_columns; i++) {
        if (t->header[i][0] == '\0')
            return status_set(st, STATUS_DATA, "%s:%zu: column %zu has no name", t->path, t->header_line, i + 1);
        for (size_t j = 0; j < i; j++)
            if (!strcmp(t->header[i], t->header[j]))
                return status_set(st, STATUS_DATA, "%s:%zu: column '%s' appears twice (columns %zu and %zu)", t->path, t->header_line,
                                  t->header[i], j + 1, i + 1);
    }
    return STATUS_OK;
}

static int table_build(struct table *t, const char *name, const unsigned char *data, size_t size, const char *const *header,
                       size_t n_header, struct status *st)
{
    *t = (struct table){.path = mem_strdup(name)};
    struct reader r = {.t = t, .st = st, .first = true};
    if (size >= 3 && !memcmp(data, "\xef\xbb\xbf", 3)) {
        data += 3;
        size -= 3;
    }
    if (header) { /* as if it had been the first row */
        for (size_t i = 0; i < n_header; i++)
            on_field((void *)(uintptr_t)header[i], strlen(header[i]), &r);
        on_row('\n', &r);
    }
    int code = parse(&r, data, size);
    if (!code && r.first)
        code = status_set(st, STATUS_DATA, "%s: empty: a header line was expected", t->path);
    if (!code) {
        t->arena = r.text;
        r.text = NULL;
        t->n_rows = r.n_lines;
        t->header = NEW(t->n_columns, char *);
        t->cell = NEW(t->n_rows * t->n_columns, char *);
        for (size_t i = 0; i < r.n_cells; i++) {
            char *cell = t->arena + r.offset[i];
            if (i < t->n_columns)
                t->header[i] = cell;
            else
                t->cell[i - t->n_columns] = cell;
        }
        t->line = r.line;
        r.line = NULL;
        code = check_header(t, st);
    }
    free(r.text);
    free(r.offset);
    free(r.line);
    if (code)
        table_free(t);
    return code;
}

int table_parse(struct table *t, const char *name, const unsigned char *data, size_t size, struct status *st)
{
    return table_build(t, name, data, size, NULL, 0, st);
}

int table_parse_headless(struct table *t, const char *name, const unsigned char *data, size_t size, const char *const *header, size_t n,
                         struct status *st)
{
    return table_build(t, name, data, size, header, n, st);
}

int table_read(struct table *t, const char *path, struct status *st)
{
    unsigned char *data;
    size_t size;
    *t = (struct table){0};
    int code = file_read(&data, &size, path, TABLE_LIMIT, st);
    if (code)
        return code;
    code = table_parse(t, path, data, size, st);
    free(data);
    return code;
}

void table_free(struct table *t)
{
    free(t->path);
    free(t->header);
    free(t->cell);
    free(t->line);
    free(t->arena);
    *t = (struct table){0};
}

const char *table_cell(const struct table *t, size_t row, size_t column)
{
    return t->cell[row * t->n_columns + column];
}

bool table_has(const struct table *t, const char *column)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (!strcmp(t->header[i], column))
            return true;
    return false;
}

int table_column(const struct table *t, const char *name, size_t *column, struct status *st)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (!strcmp(t->header[i], name)) {
            *column = i;
            return STATUS_OK;
        }
    char have[STATUS_TEXT / 2] = "";
    size_t used = 0;
    for (size_t i = 0; i < t->n_columns && used + strlen(t->header[i]) + 8 < sizeof have; i++) {
        memcpy(have + used, i ? ", " : "", i ? 2 : 0);
        used += i ? 2 : 0;
        memcpy(have + used, t->header[i], strlen(t->header[i]) + 1);
        used += strlen(t->header[i]);
    }
    return status_set(st, STATUS_DATA, "%s:%zu: no column '%s'; there are: %s", t->path, t->header_line, name, have);
}
