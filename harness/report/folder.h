/* A folder of results as it lies on disk: the CSVs that the page and the tables
 * are drawn from, each read whole, each allowed to be missing but metrics.csv. */
#ifndef REPORT_FOLDER_H
#define REPORT_FOLDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/table.h"

enum folder_file {
    FOLDER_METRICS,
    FOLDER_READOUTS,
    FOLDER_AUDIT,
    FOLDER_COHORT,
    FOLDER_COMPARE,
    FOLDER_RANKS,
    FOLDER_SUBGROUPS,
    FOLDER_EXTERNAL,
    FOLDER_CASEMIX,
    FOLDER_SHIFT,
    FOLDER_REPORTING,
    FOLDER_WORST,
    N_FOLDER_FILES
};

struct folder {
    char *directory;
    struct table table[N_FOLDER_FILES]; /* no columns: the file is not there */
    json_t *provenance;                 /* NULL: not there */
};

/* STATUS_IO without metrics.csv; STATUS_DATA for a CSV or a provenance.json that cannot be read, or metrics.csv without a column it needs. */
int folder_read(struct folder *f, const char *directory, struct status *st) MUST_CHECK;
void folder_free(struct folder *f);

bool folder_has(const struct folder *f, enum folder_file file);
const char *folder_file_name(enum folder_file file);
/* Cell by the column's name; "" if there is no such column. */
const char *folder_cell(const struct folder *f, enum folder_file file, size_t row, const char *column);
/* The same is `text`? */
bool folder_is(const struct folder *f, enum folder_file file, size_t row, const char *column, const char *text);
/* Different non-empty texts of a column, in the order of their first row; text[*n] borrowed, to be freed. */
const char **folder_distinct(size_t *n, const struct folder *f, enum folder_file file, const char *column);
/* Does the folder's study (study.resolved.yaml) name this external cohort?  Of an earlier run's a folder may be left. */
bool folder_names_external(const struct folder *f, const char *name);
/* Text of a member of provenance.json, "" if it is not there or no text. */
const char *folder_said(const struct folder *f, const char *member);

#endif
