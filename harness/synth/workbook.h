/* A spreadsheet (.xlsx) of one sheet, in memory, by libxlsxwriter; made at a
 * fixed date, so that the same cells give the same bytes. */
#ifndef SYNTH_WORKBOOK_H
#define SYNTH_WORKBOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct workbook_cell {
    char *text;    /* owned by the caller; NULL: a number, or nothing */
    bool has_number;
    double number;
};

/* cell[n_rows * n_columns], row-major.  *file is to be freed. */
int workbook_encode(unsigned char **file, size_t *size, const struct workbook_cell *cell, size_t n_rows, size_t n_columns,
                    struct status *st) MUST_CHECK;

#endif
