#include "base/table_builder.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void put(struct table_builder *b, const char *text, size_t length)
{
    while (b->capacity - b->used < length + 1) {
        b->capacity = b->capacity ? 2 * b->capacity : 4096;
        b->text = mem_realloc(b->text, b->capacity, 1);
    }
    b->offset = mem_grow(b->offset, b->n_cells, &b->cell_capacity, sizeof *b->offset);
    b->offset[b->n_cells++] = b->used;
    if (length)
        memcpy(b->text + b->used, text, length);
    b->text[b->used + length] = '\0';
    b->used += length + 1;
}

void table_builder_begin(struct table_builder *b, struct table *t, const char *name, const char *const *header, size_t n)
{
    *t = (struct table){.path = mem_strdup(name)};
    *b = (struct table_builder){.t = t, .has_header = n > 0};
    for (size_t i = 0; i < n; i++)
        put(b, header[i], strlen(header[i]));
    t->n_columns = b->row_begin = n;
    t->header_line = 1;
}

int table_builder_cell(struct table_builder *b, size_t line, const char *text, size_t length, struct status *st)
{
    while (length && (text[0] == ' ' || text[0] == '\t'))
        text++, length--;
    while (length && (text[length - 1] == ' ' || text[length - 1] == '\t' || text[length - 1] == '\r'))
        length--;
    if (length && memchr(text, '\0', length))
        return status_set(st, STATUS_DATA, "%s:%zu: a NUL byte: this is not a text file", b->t->path, line);
    if (length >= TABLE_LIMIT - b->used)
        return status_set(st, STATUS_DATA, "%s:%zu: the cells up to here hold more than %zu bytes", b->t->path, line, TABLE_LIMIT);
    put(b, text, length);
    return STATUS_OK;
}

int table_builder_row(struct table_builder *b, size_t line, struct status *st)
{
    size_t width = b->n_cells - b->row_begin;
    if (width == 0)
        return STATUS_OK;
    if (!b->has_header) {
        b->t->n_columns = width;
        b->t->header_line = line ? line : 1;
        b->has_header = true;
    } else {
        if (width != b->t->n_columns)
            return status_set(st, STATUS_DATA, "%s:%zu: %zu fields where the header has %zu", b->t->path, line, width, b->t->n_columns);
        b->line = mem_grow(b->line, b->n_lines, &b->line_capacity, sizeof *b->line);
        b->line[b->n_lines++] = line;
    }
    b->row_begin = b->n_cells;
    return STATUS_OK;
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

static void take_over(struct table_builder *b)
{
    struct table *t = b->t;
    t->arena = b->text;
    t->line = b->line;
    t->n_rows = b->n_lines;
    b->text = NULL;
    b->line = NULL;
    t->header = NEW(t->n_columns, char *);
    t->cell = NEW(t->n_rows * t->n_columns, char *);
    for (size_t i = 0; i < b->n_cells; i++) {
        char *cell = t->arena + b->offset[i];
        if (i < t->n_columns)
            t->header[i] = cell;
        else
            t->cell[i - t->n_columns] = cell;
    }
}

int table_builder_end(struct table_builder *b, int code, struct status *st)
{
    if (!code && !b->has_header)
        code = status_set(st, STATUS_DATA, "%s: empty: a header line was expected", b->t->path);
    if (!code) {
        take_over(b);
        code = check_header(b->t, st);
    }
    free(b->text);
    free(b->offset);
    free(b->line);
    if (code)
        table_free(b->t);
    *b = (struct table_builder){0};
    return code;
}
