/* What sections of reference figures share: reading a case's tables, tallying
 * figures, and the line a case ends with. */
#ifndef GOLDEN_CASE_H
#define GOLDEN_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table.h"
#include "golden/golden.h"

#define TOLERANCE 1e-9
#define LINE 1600

struct tally {
    size_t n_checked, n_wrong;
    double worst;
    char wrong[LINE], unknown[LINE];
};

void tally_unknown(struct tally *t, const char *name);
void tally_wrong(struct tally *t, const char *text);
void tally_check(struct tally *t, const char *name, double ours, double theirs, double tolerance);
/* The case's line: pass, FAIL with the figures that differ, skip with those unknown. */
void tally_report(const struct tally *t, const char *section, const char *name);

/* A file of the case's folder; false if it is not there or unreadable. */
bool case_table(struct table *t, const char *directory, const char *file);
/* Columns as numbers; NULL if the table has none of that name.  A cell that is no number is NaN. */
double *case_column(const struct table *t, const char *name);
int32_t *case_labels(const struct table *t, const char *name);

/* Every key of a key,value file is asked of `figure`, which says whether it knows it.  tolerance NULL: TOLERANCE. */
void case_keys(struct tally *t, const char *directory, const char *file, const void *data,
               bool (*figure)(double *value, const void *data, const char *key), double (*tolerance)(const void *data, const char *key));

/* Every case of stats/section. */
void case_walk(const char *stats, const char *section, void (*run)(struct tally *t, const char *directory));

/* "prefix<number>rest" -> number and rest */
bool key_number(const char *key, const char *prefix, double *number, const char **rest);
/* "prefixrest" -> rest, or NULL */
const char *key_after(const char *key, const char *prefix);

struct named_value {
    const char *name;
    double value;
};
/* The value of this name; false if there is none. */
bool key_find(double *value, const char *key, const struct named_value *list, size_t n);

#endif
