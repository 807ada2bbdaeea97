/* How far a long loop has come.  On a terminal a bar with rate, time left and resident memory, cut to the terminal's width; elsewhere
 * a plain line after 5 s, then after ever longer pauses up to a minute, so that a log of a night stays short; nothing when
 * quiet.  Steps may come from any thread. */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct progress {
    const char *what; /* "extract" */
    const char *unit; /* "images" */
    size_t total, done;
    double began, printed, pause; /* seconds */
    bool terminal, quiet;
};

void progress_begin(struct progress *p, const char *what, const char *unit, size_t total, bool quiet);
void progress_step(struct progress *p, size_t n);
void progress_end(struct progress *p);
/* Leaves the bar standing as it is and goes to the next line: a loop that ends early. */
void progress_stop(struct progress *p);

/* One line for a stage without a loop of its own: "report: tables, figures and the page". */
void progress_stage(const char *what, const char *detail, bool quiet);

double clock_seconds(void); /* monotonic */

#endif
