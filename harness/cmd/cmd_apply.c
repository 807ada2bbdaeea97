/* apply: saved probes on another cohort. */
#include <math.h>
#include <stdio.h>

#include "cmd/command.h"
#include "evaluate/apply.h"

static void print_figures(const struct pipeline *p, const struct applied_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct headline *h = &list->item[i].headline;
        char fold[32] = "";
        if (list->item[i].probe.fold)
            (void)snprintf(fold, sizeof fold, " fold %zu", list->item[i].probe.fold);
        printf("%s  %s%s  %s  %s  %s  %s (external) ", h->task, h->protocol, fold, h->model, h->readout, h->probe, h->metric);
        if (isnan(h->value))
            printf("NA\n");
        else if (isnan(h->low) || isnan(h->high))
            printf("%.3f  NA\n", h->value);
        else
            printf("%.3f  %.3f to %.3f\n", h->value, h->low, h->high);
    }
    printf("reports: %s/metrics_external.csv, predictions_external/, provenance_external.json\n", p->study.output);
}

static int on_study(struct pipeline *p, struct applied_list *list, const struct invocation *in, struct status *st)
{
    int code = applied_match_tasks(list, &p->study, st);
    if (!code)
        code = command_judge_audit(p, in->quiet, st);
    if (!code)
        code = pipeline_open_models(p, st);
    if (!code)
        code = applied_match_models(list, p, st);
    if (!code)
        code = pipeline_extract(p, false, st);
    if (!code)
        code = pipeline_apply(p, list, st);
    if (!code)
        print_figures(p, list);
    return code;
}

int cmd_apply(const struct invocation *in, struct status *st)
{
    struct applied_list list = {0};
    struct pipeline_options options;
    struct pipeline p;
    int code = command_pipeline_options(&options, in, st);
    options.external = true;
    for (size_t i = 0; i + 1 < in->n_arguments && !code; i++)
        code = applied_read(&list, in->argument[i], st);
    if (!code)
        code = pipeline_prepare(&p, in->argument[in->n_arguments - 1], &options, st);
    if (!code) {
        code = on_study(&p, &list, in, st);
        pipeline_free(&p);
    }
    applied_free(&list);
    return code;
}
