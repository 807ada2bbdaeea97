/* report: tables, figures and the page, drawn from a results folder. */
#include "base/progress.h"
#include "cmd/answer.h"
#include "cmd/command.h"
#include "cmd/wrap.h"
#include "evaluate/redraw.h"

int command_report(const char *directory, const struct invocation *in, struct status *st)
{
    struct redraw_result r;
    progress_stage("report", "tables, figures and the page", in->quiet);
    int code = redraw(&r, directory, in->n_threads, st);
    if (code)
        return code;
    if (r.missing && !in->quiet)
        fprintf(stderr, "figures: %s\n", r.missing);
    if (in->answer) {
        json_object_set_new(in->answer, "page", answer_text(r.page));
        json_object_set_new(in->answer, "drawn", answer_count(r.n_figures));
        json_object_set_new(in->answer, "not_drawn_because", answer_text(r.missing));
    } else {
        wrap_print(stdout, 0, 2, "tables in %s: main_table.csv, .md, .tex%s", directory, r.n_figures ? "; figures/ as SVG and PNG" : "");
        printf("page: %s\n", r.page);
    }
    redraw_free(&r);
    return STATUS_OK;
}

int cmd_report(const struct invocation *in, struct status *st)
{
    return command_report(in->argument[0], in, st);
}
