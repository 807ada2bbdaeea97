/* The commands that read a study: run, check, extract, evaluate, export. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "cmd/answer.h"
#include "cmd/closing.h"
#include "cmd/command.h"
#include "cohort/audit.h"
#include "report/reporting.h"

#define MOST_AT_ONCE 256 /* images of a batch */
#define LISTED 10 /* findings printed per task; audit.csv has them all */

int command_pipeline_options(struct pipeline_options *o, const struct invocation *in, struct status *st)
{
    *o = (struct pipeline_options){.n_threads = in->n_threads, .quiet = in->quiet, .output = in->value[OPTION_OUTPUT],
                                   .store = in->value[OPTION_STORE], .command_line = in->command_line,
                                   .metadata_only = in->value[OPTION_METADATA_ONLY] != NULL};
    const char *shard = in->value[OPTION_SHARD], *batch = in->value[OPTION_BATCH];
    if (batch && (!number_parse_size(batch, &o->batch) || o->batch < 1 || o->batch > MOST_AT_ONCE))
        return status_set(st, STATUS_USAGE, "--batch is '%s'; a whole number from 1 to %d was expected", batch, MOST_AT_ONCE);
    if (!shard)
        return STATUS_OK;
    char number[24] = "";
    size_t n = strcspn(shard, "/");
    if (n < sizeof number)
        memcpy(number, shard, n);
    if (!shard[n] || !number_parse_size(number, &o->shard) || !number_parse_size(shard + n + 1, &o->n_shards) || o->shard < 1 ||
        o->shard > o->n_shards)
        return status_set(st, STATUS_USAGE, "--shard is '%s'; I/N with 1 <= I <= N was expected, as in 2/4", shard);
    return STATUS_OK;
}

int command_judge_audit(const struct pipeline *p, bool quiet, struct status *st)
{
    for (size_t t = 0; t < p->study.n_tasks; t++) {
        const struct cohort *c = &p->cohort[t];
        const char *task = c->source->task->name;
        size_t shown = 0, of_kind[N_SEVERITIES];
        for (int s = FINDING_INFO; s <= FINDING_ERROR; s++)
            of_kind[s] = findings_count(&c->findings, (enum severity)s);
        if (!quiet)
            fprintf(stderr, "task %s: %zu images of %zu patients%s (%zu rows seen, %zu left out); audit: %zu errors, %zu warnings, %zu accepted\n", task, c->n,
                    c->n_units, c->has_patients ? "" : " (none named)", c->n_rows, of_kind[FINDING_EXCLUDED], of_kind[FINDING_ERROR],
                    of_kind[FINDING_WARNING], of_kind[FINDING_ACCEPTED]);
        for (int s = FINDING_ERROR; s >= FINDING_WARNING; s--) {
            if (s == FINDING_EXCLUDED || s == FINDING_ACCEPTED || (quiet && s != FINDING_ERROR))
                continue;
            for (size_t i = 0; i < c->findings.n; i++) {
                const struct finding *f = &c->findings.item[i];
                if ((int)f->severity != s || shown++ >= LISTED)
                    continue;
                fprintf(stderr, "  %s (%s) ", severity_name(f->severity), f->check);
                if (*f->sample)
                    fprintf(stderr, "%s", f->sample);
                if (f->line)
                    fprintf(stderr, " (line %zu)", f->line);
                fprintf(stderr, "%s%s\n", *f->sample || f->line ? ": " : "", f->detail);
            }
        }
        if (shown > LISTED)
            fprintf(stderr, "  ... and %zu more\n", shown - LISTED);
    }
    size_t errors = pipeline_count(p, FINDING_ERROR);
    if (errors)
        return status_set(st, STATUS_DATA,
                          "the audit found %zu errors, all listed in '%s/audit.csv'; on_missing_image, on_bad_image and on_bad_label: skip in the "
                          "study leave such rows out, accept: [CODE, ...] lets others knowingly pass (check --help lists the codes)",
                          errors, p->study.output);
    return STATUS_OK;
}

/* Evaluates both; frees both. */
static int finish(struct pipeline *p, struct external_cohorts *e, const struct invocation *in, bool decode_only, int code, struct status *st)
{
    if (!code)
        code = pipeline_evaluate(p, st);
    if (!code) {
        if (in->answer)
            answer_figures(in->answer, p);
        else
            closing_print(stdout, p);
        code = command_externals_evaluate(e, p, in, decode_only, st);
    }
    if (!code)
        code = reporting_write(p->study.output, st);
    command_externals_free(e);
    if (!code)
        code = command_report(p->study.output, in, st);
    pipeline_free(p);
    return code;
}

/* After pipeline_prepare; on failure p is freed. */
static int judge_and_open(struct pipeline *p, const struct invocation *in, struct status *st)
{
    int code = command_judge_audit(p, in->quiet, st);
    if (in->answer)
        answer_study(in->answer, p);
    if (!code && !p->options.metadata_only)
        code = pipeline_open_models(p, st);
    for (size_t m = 0; !code && p->featurizer && m < p->study.n_models; m++) {
        const struct encoder *e = p->featurizer[m].encoder;
        if (e && encoder_info(e)->assumed)
            fprintf(stderr, "warning: model %s: no file says so, assumed: %s (architecture and heads in the study say otherwise)\n",
                    p->study.models[m].name, encoder_info(e)->assumed);
    }
    if (code)
        pipeline_free(p);
    return code;
}

int command_begin(struct pipeline *p, const struct invocation *in, struct status *st)
{
    struct pipeline_options options;
    int code = command_pipeline_options(&options, in, st);
    if (!code)
        code = pipeline_prepare(p, in->argument[0], &options, st);
    return code ? code : judge_and_open(p, in, st);
}

/* The same with the external cohorts; on failure both are freed. */
static int begin_all(struct pipeline *p, struct external_cohorts *e, const struct invocation *in, struct status *st)
{
    *e = (struct external_cohorts){0};
    int code = command_begin(p, in, st);
    if (code)
        return code;
    code = command_externals_prepare(e, p, in, st);
    if (code)
        pipeline_free(p);
    return code;
}

static void say_extracted(const struct pipeline *p, const struct invocation *in)
{
    const struct extract_counts *c = &p->extracted;
    if (in->answer)
        answer_extracted(in->answer, c);
    if (p->options.quiet)
        return;
    if (c->damaged)
        fprintf(stderr, "the store held %zu damaged embeddings; they were computed again\n", c->damaged);
    fprintf(stderr, "embeddings: %zu different images, %zu were in the store, %zu encoded now", c->pictures, c->pictures - c->computed,
            c->computed - c->failed);
    if (c->failed)
        fprintf(stderr, ", %zu cannot be decoded (audit.csv)", c->failed);
    fputc('\n', stderr);
}

/* begin_all, then fill the store; on failure of either both are freed. */
static int begin_and_extract(struct pipeline *p, struct external_cohorts *e, const struct invocation *in, struct status *st)
{
    int code = begin_all(p, e, in, st);
    if (code)
        return code;
    code = pipeline_extract(p, false, st);
    if (code) {
        command_externals_free(e);
        pipeline_free(p);
    } else {
        say_extracted(p, in);
    }
    return code;
}

int cmd_run(const struct invocation *in, struct status *st)
{
    struct pipeline p;
    struct external_cohorts e;
    int code = begin_and_extract(&p, &e, in, st);
    return code ? code : finish(&p, &e, in, false, STATUS_OK, st);
}

int cmd_evaluate(const struct invocation *in, struct status *st)
{
    struct pipeline p;
    struct external_cohorts e;
    int code = begin_all(&p, &e, in, st);
    return code ? code : finish(&p, &e, in, true, pipeline_extract(&p, true, st), st);
}

int cmd_extract(const struct invocation *in, struct status *st)
{
    struct pipeline p;
    struct external_cohorts e;
    int code = begin_and_extract(&p, &e, in, st);
    if (code)
        return code;
    code = command_externals_extract(&e, &p, st);
    command_externals_free(&e);
    pipeline_free(&p);
    return code;
}

int cmd_export(const struct invocation *in, struct status *st)
{
    struct pipeline p;
    const char *to = in->value[OPTION_TO] ? in->value[OPTION_TO] : "export";
    int code = command_begin(&p, in, st);
    if (code)
        return code;
    code = pipeline_extract(&p, true, st);
    if (!code)
        code = pipeline_export(&p, to, st);
    if (!code && in->answer)
        json_object_set_new(in->answer, "exported", answer_text(to));
    else if (!code)
        printf("%s: embeddings of %zu tasks and %zu models\n", to, p.study.n_tasks, p.study.n_models);
    pipeline_free(&p);
    return code;
}
