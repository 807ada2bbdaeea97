/* A CSV file, or the first sheet of an .xlsx workbook (base/xlsx.h), in memory,
 * read strictly: UTF-8 BOM dropped, CRLF or LF, quoted fields, every row as wide
 * as the header.  Cells keep their text but for leading and trailing blanks.
 * Errors name file and line. */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct table {
    char *path;       /* for messages */
    size_t n_columns;
    size_t n_rows;    /* header not counted */
    size_t header_line; /* blank lines may stand before it */
    char **header;    /* [n_columns] */
    char **cell;      /* [n_rows * n_columns], row-major */
    size_t *line;     /* [n_rows] line of the file on which the row begins, from 1 */
    char *arena;      /* owns the text */
};

/* Header in the first line; duplicate or empty column names, ragged rows, bare quotes: STATUS_DATA. */
int table_read(struct table *t, const char *path, struct status *st) MUST_CHECK;
/* MURA's way: no header in the file, the names are given (n of them; 0: as above). */
int table_read_headless(struct table *t, const char *path, const char *const *header, size_t n, struct status *st) MUST_CHECK;
/* The same from the bytes of a CSV; `name` stands in messages. */
int table_parse(struct table *t, const char *name, const unsigned char *data, size_t size, struct status *st) MUST_CHECK;
int table_parse_headless(struct table *t, const char *name, const unsigned char *data, size_t size,
                         const char *const *header, size_t n, struct status *st) MUST_CHECK;
void table_free(struct table *t);

const char *table_cell(const struct table *t, size_t row, size_t column);
bool table_has(const struct table *t, const char *column);
/* Index of a column; STATUS_DATA naming it and listing those there are. */
int table_column(const struct table *t, const char *name, size_t *column, struct status *st) MUST_CHECK;

#endif
