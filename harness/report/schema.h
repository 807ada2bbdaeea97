/* What stands in every CSV that the program writes: the files, their columns in
 * order, and what each column means, in one place.  Tests hold the tables below
 * and the files that are written to each other, both ways.
 *
 * A name with TASK stands for one file a task.  A column "score_*" stands for any
 * number of columns that begin so (one a class), "*" for any others (a task's
 * covariates). */
#ifndef REPORT_SCHEMA_H
#define REPORT_SCHEMA_H

#include <stddef.h>

#include "base/status.h"
#include "base/table.h"

struct schema_file {
    const char *name, *row; /* what one row is */
    const char *columns;    /* with commas between them */
};
struct schema_column {
    const char *name, *meaning; /* the same in every file */
};
extern const struct schema_file SCHEMA_FILES[];
extern const size_t N_SCHEMA_FILES;
extern const struct schema_column SCHEMA_COLUMNS[];
extern const size_t N_SCHEMA_COLUMNS;

/* The kind of file that `path` is called like; NULL: none. */
const struct schema_file *schema_of_path(const char *path);
/* Pattern and meaning of a column; NULL: none is known. */
const struct schema_column *schema_column(const char *name);
/* Does the table of `path` have the documented columns in their order?  STATUS_DATA naming file and column. */
int schema_check(const struct schema_file *file, const char *path, const struct table *t, struct status *st) MUST_CHECK;

#endif
