/* A preflight list: lines "ok", "warn", "fail" or "skip" with what was looked at and, where something is amiss, what to do next.  The
 * lines are kept and printed together; with --json they are "checks" of the answer. */
#ifndef CMD_PREFLIGHT_H
#define CMD_PREFLIGHT_H

#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#include "base/status.h"

enum preflight_outcome { PREFLIGHT_OK, PREFLIGHT_SKIP, PREFLIGHT_WARN, PREFLIGHT_FAIL, N_PREFLIGHT };

struct preflight {
    struct preflight_line {
        enum preflight_outcome outcome;
        char *what, *found, *next; /* "memory"; one sentence; NULL: nothing to do */
    } *line;
    size_t n, capacity, count[N_PREFLIGHT];
    struct status first; /* of the failures */
};

/* next: NULL, or what to do. */
void preflight_add(struct preflight *p, enum preflight_outcome outcome, const char *what, const char *next, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* A failure with its sentence. */
void preflight_fail(struct preflight *p, const char *what, const char *next, const struct status *st);
/* ready: what the reader does after a list without failure. */
void preflight_print(FILE *f, const struct preflight *p, const char *ready);
void preflight_answer(json_t *answer, const struct preflight *p);
void preflight_free(struct preflight *p);

#endif
