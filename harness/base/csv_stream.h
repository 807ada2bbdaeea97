/* A CSV read row by row, for files that need not be in memory whole: as base/table.h
 * reads them (BOM, CRLF, quotes, blanks around cells, every row as wide as the header). */
#ifndef BASE_CSV_STREAM_H
#define BASE_CSV_STREAM_H

#include <stddef.h>

#include "base/status.h"

/* Called for the header (row 0), then for each row; cells are good until it returns.  Not STATUS_OK: reading stops. */
typedef int csv_row(void *context, size_t row, char *const *cell, size_t n_cells, size_t line, struct status *st);

/* STATUS_DATA for a ragged row, a stray quote, no header. */
int csv_stream(const char *path, csv_row *on_row, void *context, struct status *st) MUST_CHECK;

#endif
