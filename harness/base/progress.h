/* How far a long loop has come: a bar on a terminal, a plain line every few
 * seconds elsewhere, nothing when quiet.  Steps may come from any thread. */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct progress {
    const char *what; /* "extract" */
    const char *unit; /* "images" */
    size_t total, done;
    double began, printed; /* seconds */
    bool terminal, quiet;
};

void progress_begin(struct progress *p, const char *what, const char *unit, size_t total, bool quiet);
void progress_step(struct progress *p, size_t n);
void progress_end(struct progress *p);

double clock_seconds(void); /* monotonic */

#endif
