/* report: tables, figures and the page, drawn from a results folder. */
#include <stdlib.h>

#include "cmd/command.h"
#include "evaluate/redraw.h"

int cmd_report(const struct invocation *in, struct status *st)
{
    struct redraw_result r;
    int code = redraw(&r, in->argument[0], in->n_threads, st);
    if (code)
        return code;
    command_say_report(&r, in->quiet);
    redraw_free(&r);
    return STATUS_OK;
}

void command_say_report(const struct redraw_result *r, bool quiet)
{
    if (r->missing && !quiet)
        fprintf(stderr, "no figures: %s\n", r->missing);
    printf("page: %s (main_table.csv, .md, .tex beside it%s)\n", r->page, r->n_figures ? "; figures/ as SVG and PNG" : "");
}
