/* compare: models of results folders against each other. */
#include <string.h>

#include "cmd/answer.h"
#include "cmd/command.h"
#include "cmd/wrap.h"
#include "metric/panel.h"

void command_print_comparison(const struct compare_summary *s, const char *directory)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct compare_outcome *o = &s->outcome[i];
        wrap_print(stdout, 0, 2, "compared (%s): %zu hypotheses, %zu tested, %zu significant at %g after Holm's correction", o->family, o->hypotheses, o->tested,
                   o->significant, o->alpha);
    }
    if (s->n)
        wrap_print(stdout, 0, 2, "differences, intervals, p: %s/compare.csv; over tasks: %s/ranks.csv", directory, directory);
}

static int take_metric(struct compare_family *family, const char *name, struct status *st)
{
    if (!name)
        return STATUS_OK;
    if (strcmp(name, "headline") != 0 && !panel_metric_exists(name))
        return status_set(st, STATUS_USAGE, "--metric is '%s'; `headline` or a metric of metrics.csv was expected", name);
    family->metric = name;
    return STATUS_OK;
}

static int take_probe(struct compare_family *family, const char *name, struct status *st)
{
    family->probe = name;
    if (!name)
        return STATUS_OK;
    for (int i = 0; i < N_STUDY_PROBES; i++)
        if (!strcmp(name, study_probe_name((enum study_probe)i)))
            return STATUS_OK;
    char known[256] = "";
    for (size_t i = 0, used = 0; i < N_STUDY_PROBES && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", study_probe_name((enum study_probe)i));
    return status_set(st, STATUS_USAGE, "--probe is '%s'; expected one of: %s", name, known);
}

int cmd_compare(const struct invocation *in, struct status *st)
{
    struct compare_options o = {.directory = in->argument, .n_directories = in->n_arguments, .output = in->value[OPTION_OUTPUT], .n_threads = in->n_threads,
                                .quiet = in->quiet};
    struct compare_summary summary;
    o.family.reference = in->value[OPTION_AGAINST];
    o.family.readout = in->value[OPTION_READOUT];
    int code = take_metric(&o.family, in->value[OPTION_METRIC], st);
    if (!code)
        code = take_probe(&o.family, in->value[OPTION_PROBE], st);
    if (code)
        return code;
    if (!o.output && o.n_directories > 1)
        return status_set(st, STATUS_USAGE, "several folders: --output says where compare.csv goes");
    if (!o.output)
        o.output = in->argument[0];
    code = compare_write(&o, &summary, st);
    if (code)
        return code;
    if (in->answer) {
        json_object_set_new(in->answer, "output", answer_text(o.output));
        answer_comparisons(in->answer, &summary);
    } else {
        if (!summary.n)
            printf("one model: nothing to compare\n");
        command_print_comparison(&summary, o.output);
    }
    compare_summary_free(&summary);
    return STATUS_OK;
}
