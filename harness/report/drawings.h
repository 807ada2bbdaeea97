/* The figures of a results folder: which of them its CSVs allow, drawn by
 * gnuplot's scripts into RESULTS/figures/NAME.svg and .png.
 *
 * gnuplot runs inside the folder, reads one CSV a figure, and is told what to draw by
 * arguments, so that no name of a file reaches a shell.  Without gnuplot, or without its scripts,
 * nothing is drawn and `missing` says what to install; where a script fails it says which, in gnuplot's
 * words.  Neither is an error: the figures of a paper are numbers, and these are there. */
#ifndef REPORT_DRAWINGS_H
#define REPORT_DRAWINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "report/folder.h"

struct drawing {
    char *name;    /* "roc.TASK.PROTOCOL": figures/NAME.svg */
    char *task;    /* "": of the whole study */
    char *title;   /* in words */
    char *caption; /* study, n, interval */
    char *script;      /* "roc.gp" */
    char *argument[3]; /* of the script, after CSV, output, title and caption: task, protocol, probe */
    char *csv;          /* relative to the folder */
    bool drawn;
};

struct drawing_list {
    struct drawing *drawing;
    size_t n;
    char *missing; /* why not all was drawn; NULL: it was */
};

/* What can be drawn of the folder. */
void drawings_plan(struct drawing_list *list, const struct folder *f);
/* Draws them, up to n_threads at once.  STATUS_IO without a folder to draw into. */
int drawings_draw(struct drawing_list *list, const struct folder *f, int n_threads, struct status *st) MUST_CHECK;
void drawings_free(struct drawing_list *list);

#endif
