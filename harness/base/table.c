#include "base/table.h"

#include <csv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/table_builder.h"
#include "base/xlsx.h"

struct reader {
    struct table_builder builder;
    struct status *st;
    int code;
    size_t line_now; /* line of the byte being parsed, from 1 */
    size_t line_row; /* line on which the current row began */
};

static void on_field(void *field, size_t length, void *context)
{
    struct reader *r = context;
    if (!r->code)
        r->code = table_builder_cell(&r->builder, r->line_row, field, length, r->st);
}

static void on_row(int terminator, void *context)
{
    (void)terminator;
    struct reader *r = context;
    if (!r->code)
        r->code = table_builder_row(&r->builder, r->line_row, r->st);
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
            r->code = status_set(r->st, STATUS_DATA, "%s:%zu: %s", r->builder.t->path, r->line_now,
                                 csv_error(&parser) == CSV_EPARSE ? "a quote inside a field that is not quoted, or text behind a closing quote"
                                                                  : csv_strerror(csv_error(&parser)));
        at += length;
        r->line_now++;
    }
    if (!r->code && csv_fini(&parser, on_field, on_row, r) != 0)
        r->code = status_set(r->st, STATUS_DATA, "%s:%zu: a quoted field begins here and never ends", r->builder.t->path, r->line_row);
    csv_free(&parser);
    return r->code;
}

int table_parse_headless(struct table *t, const char *name, const unsigned char *data, size_t size, const char *const *header, size_t n,
                         struct status *st)
{
    struct reader r = {.st = st};
    table_builder_begin(&r.builder, t, name, header, n);
    if (size >= 3 && !memcmp(data, "\xef\xbb\xbf", 3)) {
        data += 3;
        size -= 3;
    }
    return table_builder_end(&r.builder, parse(&r, data, size), st);
}

int table_parse(struct table *t, const char *name, const unsigned char *data, size_t size, struct status *st)
{
    return table_parse_headless(t, name, data, size, NULL, 0, st);
}

/* By the first bytes, not by the name: a workbook is a zip archive. */
int table_read_headless(struct table *t, const char *path, const char *const *header, size_t n, struct status *st)
{
    unsigned char *data;
    size_t size;
    *t = (struct table){0};
    int code = file_read(&data, &size, path, TABLE_LIMIT, st);
    if (code)
        return code;
    if (size >= 4 && !memcmp(data, "PK\3\4", 4))
        code = xlsx_parse(t, path, data, size, header, n, st);
    else if (size >= 4 && !memcmp(data, "\xd0\xcf\x11\xe0", 4))
        code = status_set(st, STATUS_DATA, "%s: a workbook in the old .xls format, or one with a password; save it as .xlsx or .csv", path);
    else
        code = table_parse_headless(t, path, data, size, header, n, st);
    free(data);
    return code;
}

int table_read(struct table *t, const char *path, struct status *st)
{
    return table_read_headless(t, path, NULL, 0, st);
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
