#include "base/csv_stream.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

struct reader {
    const char *path;
    csv_row *on_row;
    void *context;
    struct status *st;
    int code;
    size_t row, n_columns, line;
    char *text; /* the row's cells, NUL-terminated */
    size_t used, capacity;
    size_t *offset;
    char **cell;
    size_t n_cells, cell_capacity;
};

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void on_field(void *field, size_t length, void *context)
{
    struct reader *r = context;
    const char *text = field;
    while (length && is_blank(text[0])) {
        text++;
        length--;
    }
    while (length && is_blank(text[length - 1]))
        length--;
    if (memchr(text, '\0', length) && !r->code)
        r->code = status_set(r->st, STATUS_DATA, "%s:%zu: a NUL byte in a cell", r->path, r->line);
    if (r->used + length + 1 > r->capacity) {
        r->capacity = 2 * (r->used + length + 1);
        r->text = mem_realloc(r->text, r->capacity, 1);
    }
    if (r->n_cells == r->cell_capacity) {
        r->cell_capacity = 2 * r->n_cells + 16;
        r->offset = mem_realloc(r->offset, r->cell_capacity, sizeof *r->offset);
        r->cell = mem_realloc(r->cell, r->cell_capacity, sizeof *r->cell);
    }
    r->offset[r->n_cells++] = r->used;
    memcpy(r->text + r->used, text, length);
    r->text[r->used + length] = '\0';
    r->used += length + 1;
}

static void on_row(int terminator, void *context)
{
    (void)terminator;
    struct reader *r = context;
    if (r->n_cells == 0 || r->code)
        return;
    for (size_t i = 0; i < r->n_cells; i++)
        r->cell[i] = r->text + r->offset[i];
    if (r->row == 0)
        r->n_columns = r->n_cells;
    if (r->n_cells != r->n_columns)
        r->code = status_set(r->st, STATUS_DATA, "%s:%zu: %zu cells, but the header has %zu", r->path, r->line, r->n_cells, r->n_columns);
    else
        r->code = r->on_row(r->context, r->row++, r->cell, r->n_cells, r->line, r->st);
    r->n_cells = r->used = 0;
}

int csv_stream(const char *path, csv_row *row, void *context, struct status *st)
{
    struct reader r = {.path = path, .on_row = row, .context = context, .st = st, .line = 1};
    struct csv_parser parser;
    struct file_map map;
    int code = file_map(&map, path, st);
    if (code)
        return code;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        file_unmap(&map);
        return status_set(st, STATUS_INTERNAL, "libcsv: cannot start");
    }
    csv_set_blk_size(&parser, (size_t)1 << 16);
    size_t at = map.size >= 3 && !memcmp(map.data, "\xef\xbb\xbf", 3) ? 3 : 0;
    while (at < map.size && !r.code) { /* line by line, so that messages can name one */
        const unsigned char *end = memchr(map.data + at, '\n', map.size - at);
        size_t length = end ? (size_t)(end - (map.data + at)) + 1 : map.size - at;
        if (csv_parse(&parser, map.data + at, length, on_field, on_row, &r) != length && !r.code)
            r.code = status_set(st, STATUS_DATA, "%s:%zu: a quote inside a field that is not quoted, or text behind a closing quote", path, r.line);
        at += length;
        r.line++;
    }
    if (!r.code && csv_fini(&parser, on_field, on_row, &r) != 0)
        r.code = status_set(st, STATUS_DATA, "%s: a quoted field never ends", path);
    if (!r.code && r.row == 0)
        r.code = status_set(st, STATUS_DATA, "%s: empty, not even a header", path);
    csv_free(&parser);
    free(r.text);
    free(r.offset);
    free(r.cell);
    file_unmap(&map);
    return r.code;
}
