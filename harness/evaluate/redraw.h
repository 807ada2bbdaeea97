/* Everything that is drawn from a results folder's CSVs: data of the figures,
 * main table, figures, page; thumbnails from the image files where they still are. */
#ifndef EVALUATE_REDRAW_H
#define EVALUATE_REDRAW_H

#include <stddef.h>

#include "base/status.h"

struct redraw_result {
    char *page;    /* report.html */
    char *missing; /* why there are no figures; NULL: there are */
    size_t n_figures;
};

int redraw(struct redraw_result *r, const char *directory, int n_threads, struct status *st) MUST_CHECK;
void redraw_free(struct redraw_result *r);

#endif
