/* The audit's findings by name: the one table from which `accept:`, --help and the man page are made.
 *
 * A code never changes its meaning.  What refuses does so by severity (cohort/findings.h); one code may be found
 * at several severities, and the table names the gravest. */
#ifndef STUDY_AUDIT_CODES_H
#define STUDY_AUDIT_CODES_H

#include <stdbool.h>
#include <stddef.h>

struct audit_code {
    const char *name, *severity; /* "error", "warning", "note" */
    bool acceptable;             /* may stand in `accept:` */
    const char *meaning;
};

#define N_AUDIT_CODES_MOST 40
extern const struct audit_code AUDIT_CODES[];
extern const size_t N_AUDIT_CODES; /* <= N_AUDIT_CODES_MOST */

/* Position in the table, or N_AUDIT_CODES. */
size_t audit_code_find(const char *name);

#endif
