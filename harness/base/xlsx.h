/* The first sheet of an .xlsx workbook as a table, so that a dataset that comes
 * as a spreadsheet is read as it was downloaded (ECMA-376; libzip, expat).
 *
 * Cells become the text a CSV of the sheet would hold: shared and inline strings
 * without their formatting or phonetic readings; numbers in their shortest
 * decimal form (1.0 is "1"), whatever their display format; booleans TRUE and
 * FALSE; results of formulas; errors as "#N/A" and the like; missing cells "".
 * Rows without any text are passed over.  `line` of a row is its row number.
 *
 * Nothing in the file is believed: parts are inflated to at most XLSX_PART bytes,
 * columns end at 16,384 and rows at 1,048,576 (Excel's own limits), cells at
 * XLSX_CELLS, a DOCTYPE is refused.  Errors are STATUS_DATA and name file and cell. */
#ifndef BASE_XLSX_H
#define BASE_XLSX_H

#include <stddef.h>

#include "base/table.h"

#define XLSX_PART ((size_t)256 << 20)
#define XLSX_CELLS ((size_t)1 << 25)

/* n > 0: the sheet has no header, its columns are called so. */
int xlsx_parse(struct table *t, const char *name, const unsigned char *data, size_t size, const char *const *header, size_t n,
               struct status *st) MUST_CHECK;

#endif
