/* Output that is whole or not there: written to a temporary beside its place,
 * flushed, closed (all checked) and renamed. */
#ifndef BASE_OUTFILE_H
#define BASE_OUTFILE_H

#include <stdio.h>

#include "base/status.h"

struct outfile {
    FILE *stream; /* write here; NULL once finished */
    char *path;
    char *temporary;
};

int outfile_open(struct outfile *out, const char *path, struct status *st) MUST_CHECK;
/* Flushed and closed, not yet in its place: outfile_commit then only renames it.  For many files that are to appear together. */
int outfile_finish(struct outfile *out, struct status *st) MUST_CHECK; /* on failure discarded */
int outfile_commit(struct outfile *out, struct status *st) MUST_CHECK; /* on failure the old file stays */
void outfile_discard(struct outfile *out); /* accepts a zeroed or committed one */

/* One CSV field: quoted when it holds comma, quote or line break. */
void csv_field(FILE *stream, const char *text);
void csv_number(FILE *stream, double value); /* shortest that reads back; "NA" for NaN */

#endif
