#include "evaluate/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/progress.h"
#include "cohort/audit.h"
#include "evaluate/partitions.h"
#include "evaluate/provenance.h"
#include "evaluate/shortcut.h"
#include "evaluate/split_audit.h"
#include "report/results.h"

static void charge(struct pipeline *p, const char *name, double began, size_t items)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    if (p->n_costs < sizeof p->cost / sizeof *p->cost)
        p->cost[p->n_costs++] = (struct stage_cost){name, clock_seconds() - began, (size_t)usage.ru_maxrss, items};
}

size_t pipeline_count(const struct pipeline *p, enum severity severity)
{
    size_t n = 0;
    for (size_t t = 0; t < p->study.n_tasks; t++)
        n += findings_count(&p->cohort[t].findings, severity);
    return n;
}

/* ---- audit reports ---- */

static int write_audit(const struct pipeline *p, struct status *st)
{
    struct outfile out;
    int code = results_open(&out, p->study.output, "", "audit.csv", RESULTS_AUDIT_HEADER, st);
    if (code)
        return code;
    for (size_t t = 0; t < p->study.n_tasks; t++)
        for (size_t i = 0; i < p->cohort[t].findings.n; i++) {
            const struct finding *f = &p->cohort[t].findings.item[i];
            fprintf(out.stream, "%s,%s,%s,", p->study.tasks[t].task->name, severity_name(f->severity), f->check);
            csv_field(out.stream, f->sample);
            fputc(',', out.stream);
            if (f->line)
                fprintf(out.stream, "%zu", f->line);
            fputc(',', out.stream);
            csv_field(out.stream, f->detail);
            if (f->group)
                fprintf(out.stream, ",%zu\n", f->group);
            else
                fputs(",\n", out.stream);
        }
    return outfile_commit(&out, st);
}

static int write_cohort(const struct pipeline *p, struct status *st)
{
    static const char *const side_name[] = {"given development", "given test", "all"};
    struct outfile out;
    int code = results_open(&out, p->study.output, "", "cohort.csv", RESULTS_COHORT_HEADER, st);
    if (code)
        return code;
    for (size_t t = 0; t < p->study.n_tasks; t++) {
        const struct task *task = p->study.tasks[t].task;
        size_t n = task->n_classes ? task->n_classes : 1;
        struct audit_count *count = NEW(n, struct audit_count);
        audit_counts(count, &p->cohort[t]);
        for (size_t k = 0; k < n; k++)
            for (size_t side = 0; side < 3; side++) {
                if (side < 2 && !p->cohort[t].has_partitions)
                    continue;
                fprintf(out.stream, "%s,", task->name);
                csv_field(out.stream, task->n_classes ? task->classes[k].name : "");
                fprintf(out.stream, ",%s,%zu,%zu\n", side_name[side], count[k].images[side], count[k].units[side]);
            }
        free(count);
    }
    return outfile_commit(&out, st);
}

/* ---- prepare ---- */

static int survey_all(struct pipeline *p, struct status *st)
{
    double began = clock_seconds();
    size_t n = 0, total = 0;
    for (size_t t = 0; t < p->study.n_tasks; t++)
        total += p->cohort[t].n;
    const char **path = NEW(total, const char *);
    for (size_t t = 0; t < p->study.n_tasks; t++)
        for (size_t i = 0; i < p->cohort[t].n; i++)
            path[n++] = p->cohort[t].sample[i].path;
    int code = survey_make(&p->survey, path, n, p->options.n_threads, p->options.quiet, st);
    free(path);
    charge(p, "read", began, p->survey.n);
    if (code)
        return code;
    began = clock_seconds();
    char *cache = path_join(p->study.store, "signatures.bin");
    code = survey_decode(&p->survey, cache, p->options.n_threads, p->options.quiet, &n, st);
    free(cache);
    charge(p, "decode", began, n);
    return code;
}

/* Of the split that will be used, once the cohort itself has no error. */
static int audit_split(struct pipeline *p, struct cohort *c, struct status *st)
{
    struct partitions parts;
    if (findings_count(&c->findings, FINDING_ERROR) || !c->n)
        return STATUS_OK;
    int code = partitions_make(&parts, c, &p->study, st);
    if (code == STATUS_DATA) {
        findings_add(&c->findings, FINDING_ERROR, "split", "", 0, "%s", st->text);
        return STATUS_OK;
    }
    if (code)
        return code;
    split_audit(c, &parts, study_protocol_name(p->study.protocol));
    code = shortcut_audit(c, &parts, &p->survey, p->options.n_threads, st);
    partitions_free(&parts);
    audit_accept(c, &p->study);
    return code;
}

int pipeline_prepare(struct pipeline *p, const char *study_path, const struct pipeline_options *options, struct status *st)
{
    double began = clock_seconds();
    *p = (struct pipeline){.options = *options};
    int code = study_load(&p->study, study_path, st);
    if (code)
        return code;
    if (options->output) {
        free(p->study.output);
        p->study.output = mem_strdup(options->output);
    }
    if (options->store) {
        free(p->study.store);
        p->study.store = mem_strdup(options->store);
    }
    p->cohort = NEW0(p->study.n_tasks, struct cohort);
    for (size_t t = 0; t < p->study.n_tasks && !code; t++)
        code = cohort_load(&p->cohort[t], &p->study, &p->study.tasks[t], st);
    if (!code)
        code = survey_all(p, st);
    for (size_t t = 0; t < p->study.n_tasks && !code; t++) {
        cohort_attach(&p->cohort[t], &p->study, &p->survey);
        cohort_number_units(&p->cohort[t], &p->survey);
        audit_cohort(&p->cohort[t], &p->study, &p->survey);
        audit_accept(&p->cohort[t], &p->study);
        code = audit_split(p, &p->cohort[t], st);
    }
    if (!code)
        code = write_audit(p, st);
    if (!code)
        code = write_cohort(p, st);
    charge(p, "audit", began, p->survey.n);
    if (code)
        pipeline_free(p);
    return code;
}

void pipeline_free(struct pipeline *p)
{
    for (size_t t = 0; p->cohort && t < p->study.n_tasks; t++)
        cohort_free(&p->cohort[t]);
    for (size_t m = 0; p->featurizer && m < p->study.n_models; m++)
        featurizer_close(&p->featurizer[m]);
    for (size_t h = 0; h < p->n_headlines; h++)
        headline_free(&p->headline[h]);
    free(p->cohort);
    free(p->featurizer);
    free(p->headline);
    store_close(p->store);
    survey_free(&p->survey);
    study_free(&p->study);
    *p = (struct pipeline){0};
}

/* ---- extract ---- */

int pipeline_open_models(struct pipeline *p, struct status *st)
{
    double began = clock_seconds();
    p->featurizer = NEW0(p->study.n_models, struct featurizer);
    int code = STATUS_OK;
    for (size_t m = 0; m < p->study.n_models && !code; m++) {
        code = featurizer_open(&p->featurizer[m], &p->study.models[m], st);
        if (!code && p->featurizer[m].encoder)
            study_default_readout(&p->study.models[m], encoder_readout_name(p->featurizer[m].encoder, 0));
    }
    charge(p, "load", began, p->study.n_models);
    return code;
}

/* Samples whose picture could not be decoded leave the cohort, or stop the run. */
static int apply_failures(struct pipeline *p, struct status *st)
{
    size_t before = pipeline_count(p, FINDING_ERROR);
    for (size_t t = 0; t < p->study.n_tasks; t++) {
        cohort_attach(&p->cohort[t], &p->study, &p->survey);
        cohort_number_units(&p->cohort[t], &p->survey);
        audit_accept(&p->cohort[t], &p->study);
    }
    int code = write_audit(p, st);
    if (!code)
        code = write_cohort(p, st);
    if (!code && pipeline_count(p, FINDING_ERROR) > before)
        return status_set(st, STATUS_DATA,
                          "%zu images cannot be decoded; they are listed in '%s/audit.csv', all others are stored "
                          "(on_bad_image: skip leaves them out)",
                          pipeline_count(p, FINDING_ERROR) - before, p->study.output);
    return code;
}

int pipeline_extract(struct pipeline *p, bool decode_only, struct status *st)
{
    double began = clock_seconds();
    struct extract_options options = {.n_threads = p->options.n_threads, .batch = p->options.batch, .shard = p->options.shard, .n_shards = p->options.n_shards,
                                      .decode_only = decode_only, .quiet = p->options.quiet};
    int code = store_open(&p->store, p->study.store, decode_only, st);
    if (code)
        return code;
    bool *used = NEW0(p->survey.n, bool);
    for (size_t t = 0; t < p->study.n_tasks; t++)
        for (size_t i = 0; i < p->cohort[t].n; i++)
            used[p->cohort[t].sample[i].picture] = true;
    code = extract_study(&p->extracted, p->store, p->featurizer, p->study.n_models, &p->survey, used, &options, st);
    free(used);
    charge(p, "extract", began, p->extracted.computed);
    if (!code && p->extracted.failed)
        code = apply_failures(p, st);
    return code;
}

/* ---- evaluate ---- */

struct reports { /* put in place together, when every cell is done */
    struct outfile metrics, path, *predictions;
};

static int write_splits(const struct pipeline *p, const struct cohort *c, const struct partitions *parts, struct status *st)
{
    struct outfile out;
    char hex[DIGEST_HEX];
    const struct task *task = c->source->task;
    char *name = mem_printf("%s.csv", task->name);
    int code = results_open(&out, p->study.output, "splits", name, RESULTS_SPLITS_HEADER, st);
    free(name);
    if (code)
        return code;
    for (size_t i = 0, dev = 0; i < c->n; i++) {
        const struct sample *s = &c->sample[i];
        bool development = dev < parts->n_development && parts->development[dev] == i;
        cohort_write_sample(out.stream, s);
        fputc(',', out.stream);
        cohort_write_label(out.stream, c, s);
        if (development)
            fprintf(out.stream, ",development,%u,", parts->fold[dev++] + 1);
        else
            fputs(",test,,", out.stream);
        fprintf(out.stream, "%s\n", digest_hex(hex, p->survey.picture[s->picture].digest));
    }
    return outfile_commit(&out, st);
}

static size_t *pictures_of(const struct cohort *c)
{
    size_t *picture = NEW(c->n, size_t);
    for (size_t i = 0; i < c->n; i++)
        picture[i] = c->sample[i].picture;
    return picture;
}

/* All cells of one model's readout on one task. */
static int evaluate_readout(struct pipeline *p, const struct cell_task *t, const size_t *picture, const struct featurizer *f, const char *readout,
                            struct progress *progress, struct status *st)
{
    size_t width;
    if (!strcmp(readout, FEATURIZER_TOKENS)) /* kept for others to probe */
        return STATUS_OK;
    int code = featurizer_readout_width(&width, f, readout, st);
    if (code)
        return code;
    float *x = NEW(t->cohort->n * width, float);
    code = extract_read(x, p->store, f, readout, &p->survey, picture, t->cohort->n, st);
    for (int probe = 0; probe < N_STUDY_PROBES && !code; probe++) {
        if (!p->study.probe[probe])
            continue;
        code = cell_evaluate(&p->headline[p->n_headlines++], t, f->model, readout, (enum study_probe)probe, x, width, st);
        progress_step(progress, 1);
        if (!code && interrupt_requested())
            code = status_set(st, STATUS_INTERRUPTED, "stopped between two cells; the reports of an earlier run are unchanged");
    }
    free(x);
    return code;
}

static int evaluate_task(struct pipeline *p, size_t number, struct reports *reports, struct progress *progress, struct status *st)
{
    struct partitions parts;
    struct cell_task t;
    const struct cohort *c = &p->cohort[number];
    const struct task *task = c->source->task;
    int code = partitions_make(&parts, c, &p->study, st);
    if (code)
        return code;
    cell_task_make(&t, &p->study, c, &parts);
    char *name = mem_printf("%s.csv", task->name), *header = cell_predictions_header(task);
    size_t *picture = pictures_of(c);
    t.n_threads = p->options.n_threads;
    t.metrics = &reports->metrics;
    t.path = &reports->path;
    t.predictions = &reports->predictions[number];
    code = write_splits(p, c, &parts, st);
    if (!code)
        code = results_open(t.predictions, p->study.output, "predictions", name, header, st);
    for (size_t m = 0; m < p->study.n_models && !code; m++)
        for (size_t r = 0; r < p->study.models[m].n_readouts && !code; r++)
            code = evaluate_readout(p, &t, picture, &p->featurizer[m], p->study.models[m].readout[r], progress, st);
    free(picture);
    free(name);
    free(header);
    cell_task_free(&t);
    partitions_free(&parts);
    return code;
}

static size_t count_cells(const struct study *s)
{
    size_t readouts = 0;
    for (size_t m = 0; m < s->n_models; m++)
        for (size_t r = 0; r < s->models[m].n_readouts; r++)
            readouts += strcmp(s->models[m].readout[r], FEATURIZER_TOKENS) != 0;
    size_t probes = 0;
    for (int i = 0; i < N_STUDY_PROBES; i++)
        probes += s->probe[i];
    return s->n_tasks * readouts * probes;
}

/* What the audit let pass stands beside the figures it may have touched: rows of partition "audit". */
static void write_accepted(struct outfile *metrics, const struct study *s, const struct cohort *c)
{
    for (size_t i = 0; i < N_AUDIT_CODES; i++) {
        size_t n = findings_count_code(&c->findings, FINDING_ACCEPTED, AUDIT_CODES[i].name);
        if (!n)
            continue;
        char *name = mem_printf("accepted_%s", AUDIT_CODES[i].name);
        struct metric_row row = {.cell = {s->name, c->source->task->name, "", "", "", "", ""}, .partition = "audit", .metric = name, .n = c->n,
                                 .n_patients = c->n_units, .value = (double)n, .method = "", .reason = AUDIT_CODES[i].meaning};
        results_write_metric(metrics, &row);
        free(name);
    }
}

static int write_study(const struct study *s, struct status *st)
{
    struct outfile out;
    int code = results_open(&out, s->output, "", "study.resolved.yaml", "# every default written out", st);
    if (code)
        return code;
    study_write(s, out.stream, true);
    return outfile_commit(&out, st);
}

int pipeline_evaluate(struct pipeline *p, struct status *st)
{
    double began = clock_seconds();
    struct reports reports = {0};
    struct progress progress;
    size_t n_cells = count_cells(&p->study);
    p->headline = NEW0(n_cells, struct headline);
    reports.predictions = NEW0(p->study.n_tasks, struct outfile);
    int code = results_open_metrics(&reports.metrics, p->study.output, st);
    if (!code)
        code = results_open_path(&reports.path, p->study.output, st);
    progress_begin(&progress, "evaluate", "cells", n_cells, p->options.quiet);
    for (size_t t = 0; t < p->study.n_tasks && !code; t++)
        write_accepted(&reports.metrics, &p->study, &p->cohort[t]);
    for (size_t t = 0; t < p->study.n_tasks && !code; t++)
        code = evaluate_task(p, t, &reports, &progress, st);
    if (!code) {
        progress_end(&progress);
        code = outfile_commit(&reports.path, st);
    }
    for (size_t t = 0; t < p->study.n_tasks && !code; t++)
        code = outfile_commit(&reports.predictions[t], st);
    if (!code)
        code = write_study(&p->study, st);
    if (!code)
        code = outfile_commit(&reports.metrics, st);
    charge(p, "evaluate", began, n_cells);
    if (!code)
        code = provenance_write(p, st);
    for (size_t t = 0; t < p->study.n_tasks; t++)
        outfile_discard(&reports.predictions[t]);
    free(reports.predictions);
    outfile_discard(&reports.metrics);
    outfile_discard(&reports.path);
    return code;
}
