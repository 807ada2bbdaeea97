/* What readers of tables (CSV, .xlsx) hand their cells to, row after row: trims
 * blanks, holds every row to the header's width, keeps all text in one arena. */
#ifndef BASE_TABLE_BUILDER_H
#define BASE_TABLE_BUILDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/table.h"

/* More than any cohort; a wrong file should be refused, not swallowed. */
#define TABLE_LIMIT ((size_t)1 << 30)

struct table_builder {
    struct table *t;        /* its path stands in messages */
    char *text;             /* all cells, NUL-terminated, one behind the other */
    size_t used, capacity;
    size_t *offset;         /* of each cell in text */
    size_t n_cells, cell_capacity;
    size_t *line;
    size_t n_lines, line_capacity;
    size_t row_begin;       /* first cell of the row being read */
    bool has_header;
};

/* An empty table called `name`; with n > 0 its columns are those given, and the first row is data. */
void table_builder_begin(struct table_builder *b, struct table *t, const char *name, const char *const *header, size_t n);
int table_builder_cell(struct table_builder *b, size_t line, const char *text, size_t length, struct status *st) MUST_CHECK;
/* The cells since the last row are a row that began on `line`; none: nothing happens. */
int table_builder_row(struct table_builder *b, size_t line, struct status *st) MUST_CHECK;
/* Ends the table: without `code` it is checked and whole, else it is freed; returns the code.  The builder is freed. */
int table_builder_end(struct table_builder *b, int code, struct status *st) MUST_CHECK;

#endif
