/* Runs gnuplot on the scripts of plots/.  They are looked for in $SKELEX_PLOTS, then from
 * the program's own place in ../share/skelex-eval/plots (`make install` puts them there) and ../../plots (a build). */
#ifndef REPORT_GNUPLOT_H
#define REPORT_GNUPLOT_H

#include "base/status.h"

/* The folder of the scripts as an absolute path (new string), or NULL, *why then saying in a sentence what is missing (static). */
char *gnuplot_find(const char **why);

/* gnuplot -c SCRIPTS/script argument... in `directory`; argument ends with NULL.  STATUS_DATA with what gnuplot printed if it
 * fails or complains; STATUS_IO if it cannot be started. */
int gnuplot_run(const char *scripts, const char *script, const char *directory, const char *const *argument, struct status *st) MUST_CHECK;

#endif
