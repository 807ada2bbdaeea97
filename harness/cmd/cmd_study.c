/* The commands that read a study: run, check, extract, evaluate, export. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
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

/* ---- the table at the end ---- */

static int width_of(int least, const char *text)
{
    int n = (int)strlen(text);
    return n > least ? n : least;
}

static void print_table(const struct pipeline *p)
{
    int task = 4, protocol = 8, model = 5, readout = 7, probe = 6;
    for (size_t i = 0; i < p->n_headlines; i++) {
        task = width_of(task, p->headline[i].task);
        protocol = width_of(protocol, p->headline[i].protocol);
        model = width_of(model, p->headline[i].model);
        readout = width_of(readout, p->headline[i].readout);
        probe = width_of(probe, p->headline[i].probe);
    }
    printf("\n%-*s  %-*s  %-*s  %-*s  %-*s  %-15s  %7s  %g%% interval\n", task, "task", protocol, "protocol", model, "model", readout, "readout", probe, "probe", "metric (test)", "value",
           100 * p->study.level);
    const char *before = "";
    bool edge = false;
    for (size_t i = 0; i < p->n_headlines; i++) {
        const struct headline *h = &p->headline[i];
        if (strcmp(before, h->task) != 0 && *before)
            putchar('\n');
        before = h->task;
        printf("%-*s  %-*s  %-*s  %-*s  %-*s  %-15s  ", task, h->task, protocol, h->protocol, model, h->model, readout, h->readout, probe, h->probe, h->metric);
        int digits = !strcmp(h->metric, "mae") ? 2 : 3;
        if (isnan(h->value))
            printf("%7s", "NA");
        else
            printf("%7.*f", digits, h->value);
        if (!isnan(h->sd))
            printf("  SD %.*f", digits, h->sd);
        else if (isnan(h->low) || isnan(h->high))
            printf("  NA");
        else
            printf("  %.*f to %.*f", digits, h->low, digits, h->high);
        if (h->edge)
            printf("  *");
        edge |= h->edge;
        putchar('\n');
    }
    for (size_t i = 0; i < p->n_headlines; i++) {
        const struct headline *h = &p->headline[i];
        if (h->cost.images_read)
            printf("attentive probe of %s, %s, %s: %.1f s; %zu models, %zu passes over the tokens, %.3g GB read\n", h->task, h->protocol, h->model,
                   h->cost.seconds, h->cost.n_fits, h->cost.n_passes, (double)h->cost.bytes_read / 1e9);
    }
    if (edge)
        printf("* the chosen hyper-parameter lies at the edge of its grid (path.csv)\n");
    printf("\nseed %llu", (unsigned long long)p->study.seed);
    if (study_has_protocol(&p->study, PROTOCOL_GROUPED) || study_has_protocol(&p->study, PROTOCOL_GIVEN))
        printf("; intervals: chosen by what was measured and named in metrics.csv, column method; bootstraps of %zu replicates", p->study.replicates);
    if (study_has_protocol(&p->study, PROTOCOL_OFFICIAL))
        printf("; official: mean and population SD of five folds on one test set, no interval");
    printf("\n");
    command_print_comparison(&p->compared, p->study.output);
    printf("reports: %s/metrics.csv, predictions/, path.csv, splits/, cohort.csv, audit.csv, provenance.json\n", p->study.output);
}

/* Evaluates both; frees both. */
static int finish(struct pipeline *p, struct external_cohorts *e, bool decode_only, int code, struct status *st)
{
    if (!code)
        code = pipeline_evaluate(p, st);
    if (!code) {
        print_table(p);
        code = command_externals_evaluate(e, p, decode_only, st);
    }
    if (!code)
        code = reporting_write(p->study.output, st);
    command_externals_free(e);
    struct redraw_result r;
    if (!code)
        code = redraw(&r, p->study.output, p->options.n_threads, st);
    if (!code) {
        command_say_report(&r, p->options.quiet);
        redraw_free(&r);
    }
    pipeline_free(p);
    return code;
}

/* After pipeline_prepare; on failure p is freed. */
static int judge_and_open(struct pipeline *p, const struct invocation *in, struct status *st)
{
    int code = command_judge_audit(p, in->quiet, st);
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

static void say_extracted(const struct pipeline *p)
{
    const struct extract_counts *c = &p->extracted;
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
        say_extracted(p);
    }
    return code;
}

int cmd_run(const struct invocation *in, struct status *st)
{
    struct pipeline p;
    struct external_cohorts e;
    int code = begin_and_extract(&p, &e, in, st);
    return code ? code : finish(&p, &e, false, STATUS_OK, st);
}

int cmd_evaluate(const struct invocation *in, struct status *st)
{
    struct pipeline p;
    struct external_cohorts e;
    int code = begin_all(&p, &e, in, st);
    return code ? code : finish(&p, &e, true, pipeline_extract(&p, true, st), st);
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
    if (!code)
        printf("%s: embeddings of %zu tasks and %zu models\n", to, p.study.n_tasks, p.study.n_models);
    pipeline_free(&p);
    return code;
}

/* "published N", and by how much the cohort differs; nothing if the publication does not say. */
static void print_published(size_t ours, size_t theirs)
{
    if (!theirs)
        return;
    printf("   published: %zu", theirs);
    if (ours != theirs)
        printf(", differs by %+lld", (long long)ours - (long long)theirs);
}

/* Images, patients and classes of a task beside the published counts. */
static void print_cohort(const struct cohort *c)
{
    const struct task *task = c->source->task;
    size_t n = task->n_classes ? task->n_classes : 1;
    struct audit_count *count = NEW(n, struct audit_count);
    audit_counts(count, c);
    printf("%s (%s%s%s)\n", task->name, task_kind_name((enum task_kind)task->kind), task->title ? "; " : "", task->title ? task->title : "");
    if (task->n_layouts)
        printf("  layout: %s\n", task->cohort.name);
    printf("  %-32s %6zu", "images", c->n);
    print_published(c->n, task->counts ? task->counts->images : 0);
    printf("\n  %-32s %6zu", c->has_patients ? "patients" : "patients (none named)", c->n_units);
    print_published(c->n_units, task->counts ? task->counts->patients : 0);
    putchar('\n');
    for (size_t k = 0; k < n; k++) {
        printf("  %-32s %6zu images %6zu patients", task->n_classes ? task->classes[k].name : "all", count[k].images[2], count[k].units[2]);
        if (c->has_partitions)
            printf("   given: %zu development, %zu test", count[k].images[0], count[k].images[1]);
        print_published(count[k].images[2], task->counts && k < task->counts->n_classes ? task->class_images[k] : 0);
        putchar('\n');
    }
    if (task->counts)
        printf("  counts as published by: %s\n", task->counts->source);
    free(count);
}

/* Every code that was found, gravest first, over all tasks. */
static void print_findings(const struct pipeline *p)
{
    bool any = false;
    for (int s = FINDING_ERROR; s >= 0; s--)
        for (size_t i = 0; i < N_AUDIT_CODES; i++) {
            size_t n = 0;
            for (size_t t = 0; t < p->study.n_tasks; t++)
                n += findings_count_code(&p->cohort[t].findings, (enum severity)s, AUDIT_CODES[i].name);
            if (!n)
                continue;
            if (!any)
                printf("%-20s %-9s %6s\n", "audit", "severity", "rows");
            any = true;
            printf("%-20s %-9s %6zu\n", AUDIT_CODES[i].name, severity_name((enum severity)s), n);
        }
    printf("%sall rows: %s/audit.csv\n", any ? "" : "the audit found nothing; ", p->study.output);
}

int cmd_check(const struct invocation *in, struct status *st)
{
    struct pipeline p;
    struct pipeline_options options;
    int code = command_pipeline_options(&options, in, st);
    if (!code)
        code = pipeline_prepare(&p, in->argument[0], &options, st);
    if (code)
        return code;
    print_findings(&p);
    putchar('\n');
    code = judge_and_open(&p, in, st);
    if (code)
        return code;
    struct external_cohorts e = {0};
    code = command_externals_prepare(&e, &p, in, st);
    if (code) {
        pipeline_free(&p);
        return code;
    }
    for (size_t t = 0; t < p.study.n_tasks; t++)
        print_cohort(&p.cohort[t]);
    for (size_t i = 0; i < e.n; i++) {
        printf("\nexternal cohort %s\n", e.item[i].study.name);
        for (size_t t = 0; t < e.item[i].study.n_tasks; t++)
            print_cohort(&e.item[i].cohort[t]);
    }
    command_externals_free(&e);
    for (size_t m = 0; p.featurizer && m < p.study.n_models; m++)
        printf("model %s: %s\n", p.study.models[m].name, p.featurizer[m].words);
    pipeline_free(&p);
    return STATUS_OK;
}
