/* Subgroups of a cohort, as a study or a task names them:
 *
 *   subgroups:
 *     - {column: sex}                    # a group for each value
 *     - {column: age, bands: [20, 40]}   # numbers: below 20, 20 to below 40, 40 and above
 *     - {column: site}                   # what the task calls the site, from a column or a pattern
 *
 * A task's own list stands instead of the study's, and its columns must be there; of the study's list a task goes without
 * those that its table lacks, which subgroups.csv then says.  "a|b": the first that is there. */
#ifndef STUDY_SUBGROUP_H
#define STUDY_SUBGROUP_H

#include <cyaml/cyaml.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/status.h"

#define SUBGROUP_SITE "site"

struct subgroup_text { /* as loaded */
    char *column, **bands;
    unsigned n_bands;
};
extern const cyaml_schema_value_t SUBGROUP_SCHEMA; /* of one */

struct subgroup {
    char *column;
    double *band; /* [n_bands] ascending; none: a group for each value */
    size_t n_bands;
    bool required; /* its column must be in the table */
};

struct subgroups {
    struct subgroup *item;
    size_t n;
};

/* STATUS_DATA naming file and line: a column listed twice, bands that are no ascending numbers. */
int subgroups_resolve(struct subgroups *s, const struct subgroup_text *text, unsigned n, bool required, const char *path, struct status *st) MUST_CHECK;
void subgroups_copy(struct subgroups *to, const struct subgroups *from);
void subgroups_free(struct subgroups *s);
/* As YAML, one line, nothing where there are none. */
void subgroups_write(const struct subgroups *s, FILE *stream);

/* Name of a cell's group, a new string; NULL where the cell says nothing ("", NA, nan; of bands: no number). */
char *subgroup_name(const struct subgroup *g, const char *cell);

#endif
