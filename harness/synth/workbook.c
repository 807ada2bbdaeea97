#include "synth/workbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <xlsxwriter.h>

#include "base/file.h"
#include "base/memory.h"

#define MADE 1704110400 /* 2024-01-01 12:00 UTC: the same day in nearly every time zone */

static lxw_error fill(lxw_worksheet *sheet, const struct workbook_cell *cell, size_t n_rows, size_t n_columns)
{
    lxw_error error = LXW_NO_ERROR;
    for (size_t i = 0; i < n_rows && !error; i++)
        for (size_t k = 0; k < n_columns && !error; k++, cell++) {
            if (cell->text)
                error = worksheet_write_string(sheet, (lxw_row_t)i, (lxw_col_t)k, cell->text, NULL);
            else if (cell->has_number)
                error = worksheet_write_number(sheet, (lxw_row_t)i, (lxw_col_t)k, cell->number, NULL);
        }
    return error;
}

/* The library writes to a named file and nowhere else. */
int workbook_encode(unsigned char **file, size_t *size, const struct workbook_cell *cell, size_t n_rows, size_t n_columns, struct status *st)
{
    const char *base = getenv("TMPDIR");
    char *path = path_join(base ? base : P_tmpdir, "skelex-eval.XXXXXX");
    int rc = STATUS_OK, descriptor = mkstemp(path);
    if (descriptor < 0) {
        rc = status_errno(st, STATUS_IO, "cannot make the temporary file '%s'", path);
        free(path);
        return rc;
    }
    (void)close(descriptor);
    lxw_workbook *book = workbook_new(path);
    lxw_worksheet *sheet = book ? workbook_add_worksheet(book, "Sheet1") : NULL;
    lxw_error error = LXW_ERROR_MEMORY_MALLOC_FAILED;
    if (sheet) {
        lxw_doc_properties made = {.created = MADE};
        error = workbook_set_properties(book, &made);
        if (!error)
            error = fill(sheet, cell, n_rows, n_columns);
    }
    lxw_error closed = book ? workbook_close(book) : LXW_NO_ERROR;
    if (error || closed)
        rc = status_set(st, STATUS_IO, "cannot write the spreadsheet '%s': %s", path, lxw_strerror(error ? error : closed));
    else
        rc = file_read(file, size, path, 0, st);
    (void)unlink(path);
    free(path);
    return rc;
}
