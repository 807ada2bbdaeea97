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
#include "cohort/published.h"
#include "evaluate/cell_attentive.h"
#include "evaluate/efficiency.h"
#include "evaluate/gallery.h"
#include "evaluate/keep.h"
#include "evaluate/partitions.h"
#include "evaluate/pictures.h"
#include "evaluate/provenance.h"
#include "evaluate/readouts.h"
#include "report/paper_table.h"
#include "evaluate/shortcut.h"
#include "evaluate/split_audit.h"
#include "report/results.h"
#include "report/subgroup_rows.h"

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

int pipeline_write_audit(const struct pipeline *p, struct status *st)
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
    int code = STATUS_OK;
    if (findings_count(&c->findings, FINDING_ERROR) || !c->n)
        return STATUS_OK;
    for (size_t i = 0; i < p->study.n_protocols && !code; i++) {
        struct partitions parts;
        const enum study_protocol protocol = p->study.protocol[i];
        code = partitions_make(&parts, c, &p->study, protocol, st);
        if (code == STATUS_DATA) {
            findings_add(&c->findings, FINDING_ERROR, "split", "", 0, "%s", st->text);
            return STATUS_OK;
        }
        if (code)
            return code;
        split_audit(c, &parts, study_protocol_name(protocol));
        if (i == 0) /* one figure a task is enough: the label's, not the split's */
            code = shortcut_audit(c, &parts, &p->survey, p->options.n_threads, st);
        partitions_free(&parts);
    }
    audit_accept(c, &p->study);
    return code;
}

int pipeline_prepare(struct pipeline *p, const char *study_path, const struct pipeline_options *options, struct status *st)
{
    struct study study;
    int code = study_load(&study, study_path, st);
    return code ? code : pipeline_prepare_study(p, &study, options, st);
}

int pipeline_prepare_study(struct pipeline *p, struct study *study, const struct pipeline_options *options, struct status *st)
{
    double began = clock_seconds();
    int code = STATUS_OK;
    *p = (struct pipeline){.options = *options, .study = *study};
    *study = (struct study){0};
    if (options->output) {
        free(p->study.output);
        p->study.output = mem_strdup(options->output);
    }
    if (options->store) {
        free(p->study.store);
        p->study.store = mem_strdup(options->store);
    }
    if (options->external) { /* no folds for which patients could be too few, no given parts that could lack a class */
        p->study.n_folds = 0;
        p->study.protocol[0] = PROTOCOL_GROUPED;
        p->study.n_protocols = 1;
    }
    p->cohort = NEW0(p->study.n_tasks, struct cohort);
    for (size_t t = 0; t < p->study.n_tasks && !code; t++)
        code = cohort_load(&p->cohort[t], &p->study, &p->study.tasks[t], st);
    const struct survey *survey = options->metadata_only ? NULL : &p->survey;
    if (!code && survey)
        code = survey_all(p, st);
    for (size_t t = 0; t < p->study.n_tasks && !code; t++) {
        if (survey)
            cohort_attach(&p->cohort[t], &p->study, survey);
        cohort_number_units(&p->cohort[t], survey);
        audit_cohort(&p->cohort[t], &p->study, survey);
        published_compare(&p->cohort[t]);
        audit_accept(&p->cohort[t], &p->study);
        if (survey && !options->external)
            code = audit_split(p, &p->cohort[t], st);
    }
    if (!code)
        code = pipeline_write_audit(p, st);
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
    for (size_t m = 0; p->featurizer && !p->borrowed_models && m < p->study.n_models; m++)
        featurizer_close(&p->featurizer[m]);
    for (size_t h = 0; h < p->n_headlines; h++)
        headline_free(&p->headline[h]);
    compare_summary_free(&p->compared);
    free(p->cohort);
    if (!p->borrowed_models)
        free(p->featurizer);
    free(p->headline);
    pipeline_close_store(p);
    survey_free(&p->survey);
    study_free(&p->study);
    *p = (struct pipeline){0};
}

/* ---- extract ---- */

void pipeline_borrow_models(struct pipeline *p, const struct pipeline *from)
{
    p->featurizer = from->featurizer;
    p->borrowed_models = true;
}

void pipeline_close_store(struct pipeline *p)
{
    store_close(p->store);
    p->store = NULL;
}

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
    int code = pipeline_write_audit(p, st);
    if (!code)
        code = write_cohort(p, st);
    if (!code && pipeline_count(p, FINDING_ERROR) > before)
        return status_set(st, STATUS_DATA,
                          "%zu images cannot be decoded; they are listed in '%s/audit.csv', all others are stored "
                          "(on_bad_image: skip leaves them out)",
                          pipeline_count(p, FINDING_ERROR) - before, p->study.output);
    return code;
}

static bool *pictures_used(const struct pipeline *p)
{
    bool *used = NEW0(p->survey.n, bool);
    for (size_t t = 0; t < p->study.n_tasks; t++)
        for (size_t i = 0; i < p->cohort[t].n; i++)
            used[p->cohort[t].sample[i].picture] = true;
    return used;
}

int pipeline_extract(struct pipeline *p, bool decode_only, struct status *st)
{
    double began = clock_seconds();
    struct extract_options options = {.n_threads = p->options.n_threads, .batch = p->options.batch, .shard = p->options.shard, .n_shards = p->options.n_shards,
                                      .decode_only = decode_only, .quiet = p->options.quiet};
    int code = store_open(&p->store, p->study.store, decode_only, st);
    if (code)
        return code;
    bool *used = pictures_used(p);
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
    struct outfile subgroups; /* opened where some task has any */
    struct efficiency efficiency;
    struct keeper keeper;
};

/* The fixed columns, the examination where the data name any, then the task's covariates ("a|b" as "a"). */
static char *splits_header(const struct task *task, bool exams)
{
    char *header = NULL;
    size_t size;
    FILE *stream = open_memstream(&header, &size);
    if (!stream)
        return mem_strdup(RESULTS_SPLITS_HEADER);
    fputs(RESULTS_SPLITS_HEADER, stream);
    fputs(exams ? ",exam" : "", stream);
    for (unsigned v = 0; v < task->cohort.n_covariates; v++) {
        const char *name = task->cohort.covariates[v];
        char *first = mem_strndup(name, strcspn(name, "|"));
        fputc(',', stream);
        csv_field(stream, first);
        free(first);
    }
    fclose(stream);
    return header;
}

static void write_split_rows(FILE *f, const struct pipeline *p, const struct cohort *c, const char *protocol, const struct partitions *parts)
{
    char hex[DIGEST_HEX];
    for (size_t i = 0, dev = 0; i < c->n; i++) {
        const struct sample *s = &c->sample[i];
        bool development = dev < parts->n_development && parts->development[dev] == i;
        cohort_write_sample(f, s);
        fputc(',', f);
        cohort_write_label(f, c, s);
        if (development)
            fprintf(f, ",%s,development,%u,%u,", protocol, parts->fold[dev++] + 1, s->unit + 1);
        else
            fprintf(f, ",%s,test,,%u,", protocol, s->unit + 1);
        fputs(digest_hex(hex, p->survey.picture[s->picture].digest), f);
        if (c->has_exams) {
            fputc(',', f);
            csv_field(f, s->exam ? s->exam : "");
        }
        for (unsigned v = 0; v < c->source->task->cohort.n_covariates; v++) {
            fputc(',', f);
            csv_field(f, s->covariate[v]);
        }
        fputc('\n', f);
    }
}

/* parts[n_protocols] */
static int write_splits(const struct pipeline *p, const struct cohort *c, const struct partitions *parts, struct status *st)
{
    struct outfile out;
    char *name = mem_printf("%s.csv", c->source->task->name);
    char *header = splits_header(c->source->task, c->has_exams);
    int code = results_open(&out, p->study.output, "splits", name, header, st);
    free(header);
    free(name);
    if (code)
        return code;
    for (size_t i = 0; i < p->study.n_protocols; i++)
        write_split_rows(out.stream, p, c, study_protocol_name(p->study.protocol[i]), &parts[i]);
    return outfile_commit(&out, st);
}

static size_t *pictures_of(const struct cohort *c)
{
    size_t *picture = NEW(c->n, size_t);
    for (size_t i = 0; i < c->n; i++)
        picture[i] = c->sample[i].picture;
    return picture;
}

/* Cells of one task and protocol; those of attentive probes, which label efficiency leaves out, or not. */
static size_t count_cells(const struct study *s, bool attentive)
{
    size_t n = 0;
    for (size_t m = 0; m < s->n_models; m++)
        for (size_t r = 0; r < s->models[m].n_readouts; r++)
            for (int i = 0; i < N_STUDY_PROBES; i++)
                n += s->probe[i] && study_probe_reads((enum study_probe)i, s->models[m].readout[r]) && (attentive || i != PROBE_ATTENTIVE);
    return n;
}

static size_t count_cells_of_task(const struct study *s)
{
    return count_cells(s, true);
}

/* The cells of a model's tokens. */
static int evaluate_tokens(struct pipeline *p, const struct cell_task *t, struct headline *headline, size_t *cell, const struct featurizer *f,
                           struct progress *progress, struct status *st)
{
    int code = STATUS_OK;
    if (!p->study.probe[PROBE_ATTENTIVE]) /* kept for others to probe */
        return STATUS_OK;
    for (size_t protocol = 0; protocol < p->study.n_protocols && !code; protocol++) {
        code = cell_attentive(&headline[protocol * count_cells_of_task(&p->study) + *cell], &t[protocol], f, p->store, &p->survey, st);
        progress_step(progress, 1);
        if (!code && interrupt_requested())
            code = status_set(st, STATUS_INTERRUPTED, "stopped between two cells; the reports of an earlier run are unchanged");
    }
    ++*cell;
    return code;
}

/* All cells of one model's readout on one task, under every protocol: the embeddings are read once.  t[n_protocols];
 * headline: where the task's are to go, those of a protocol side by side, this readout's from *cell on. */
static int evaluate_readout(struct pipeline *p, const struct cell_task *t, const struct efficiency_draws *draws, struct headline *headline,
                            size_t *cell, const size_t *picture, const struct featurizer *f, const char *readout, struct reports *reports,
                            struct progress *progress, struct status *st)
{
    size_t width, per_protocol = count_cells_of_task(&p->study), next = *cell;
    if (!strcmp(readout, FEATURIZER_TOKENS))
        return evaluate_tokens(p, t, headline, cell, f, progress, st);
    int code = featurizer_readout_width(&width, f, readout, st);
    if (code)
        return code;
    reports->keeper.featurizer = f;
    float *x = NEW(t->cohort->n * width, float);
    code = extract_read(x, p->store, f, readout, &p->survey, picture, t->cohort->n, st);
    for (size_t protocol = 0; protocol < p->study.n_protocols && !code; protocol++) {
        next = *cell;
        for (int probe = 0; probe < N_STUDY_PROBES && !code; probe++) {
            if (!p->study.probe[probe] || !study_probe_reads((enum study_probe)probe, readout))
                continue;
            struct headline *h = &headline[protocol * per_protocol + next++];
            code = cell_evaluate(h, &t[protocol], f->model, readout, (enum study_probe)probe, x, width, st);
            progress_step(progress, 1);
            bool suits = study_probe_suits((enum study_probe)probe, (enum task_kind)t->cohort->source->task->kind);
            if (!suits && efficiency_wanted(&p->study, t[protocol].protocol))
                progress_step(progress, efficiency_steps(&p->study));
            else if (!code && efficiency_wanted(&p->study, t[protocol].protocol))
                code = efficiency_cell(&reports->efficiency, &draws[protocol], &t[protocol], f->model, readout, (enum study_probe)probe, x, width, h,
                                       progress, st);
            if (!code && interrupt_requested())
                code = status_set(st, STATUS_INTERRUPTED, "stopped between two cells; the reports of an earlier run are unchanged");
        }
    }
    *cell = next;
    free(x);
    return code;
}

/* Who is trained and tested on, by each protocol. */
static int divide_task(struct partitions *parts, struct cell_task *t, struct pipeline *p, const struct cohort *c, struct status *st)
{
    int code = STATUS_OK;
    for (size_t i = 0; i < p->study.n_protocols && !code; i++) {
        code = partitions_make(&parts[i], c, &p->study, p->study.protocol[i], st);
        if (code)
            break;
        cell_task_make(&t[i], &p->study, c, &parts[i], p->study.protocol[i]);
        code = cell_task_add_exams(&t[i], st);
    }
    return code;
}

static int evaluate_task(struct pipeline *p, size_t number, struct reports *reports, struct progress *progress, struct status *st)
{
    size_t n = p->study.n_protocols, cell = 0;
    struct partitions *parts = NEW0(n, struct partitions);
    struct cell_task *t = NEW0(n, struct cell_task);
    struct efficiency_draws *draws = NEW0(n, struct efficiency_draws);
    const struct cohort *c = &p->cohort[number];
    const struct task *task = c->source->task;
    struct headline *headline = p->headline + number * n * count_cells_of_task(&p->study);
    char *name = mem_printf("%s.csv", task->name), *header = cell_predictions_header(task);
    size_t *picture = pictures_of(c);
    int code = divide_task(parts, t, p, c, st);
    for (size_t i = 0; i < n; i++) {
        t[i].n_threads = p->options.n_threads;
        t[i].metrics = &reports->metrics;
        t[i].path = &reports->path;
        t[i].subgroups = reports->subgroups.stream ? &reports->subgroups : NULL;
        t[i].predictions = &reports->predictions[number];
        t[i].keeper = &reports->keeper;
        if (!code && efficiency_wanted(&p->study, t[i].protocol))
            efficiency_draws_make(&draws[i], &t[i]);
    }
    if (!code)
        code = write_splits(p, c, parts, st);
    if (!code)
        code = results_open(&reports->predictions[number], p->study.output, "predictions", name, header, st);
    for (size_t m = 0; m < p->study.n_models && !code; m++)
        for (size_t r = 0; r < p->study.models[m].n_readouts && !code; r++)
            code = evaluate_readout(p, t, draws, headline, &cell, picture, &p->featurizer[m], p->study.models[m].readout[r], reports, progress, st);
    free(picture);
    free(name);
    free(header);
    for (size_t i = 0; i < n; i++) {
        efficiency_draws_free(&draws[i]);
        cell_task_free(&t[i]);
        partitions_free(&parts[i]);
    }
    free(draws);
    free(t);
    free(parts);
    return code;
}

/* The metrics a task is known by: the headline, and what the official protocol reports in its place. */
static const char *const PAPER_METRICS[][2] = {[KIND_BINARY] = {"auroc"},
                                               [KIND_MULTICLASS] = {"auroc_macro"},
                                               [KIND_ORDINAL] = {"kappa_quadratic", "auroc_macro"},
                                               [KIND_REGRESSION] = {"mae"}};

static struct paper_figure *figures_of(const struct task *t)
{
    struct paper_figure *figure = NEW0(t->n_published, struct paper_figure);
    for (unsigned i = 0; i < t->n_published; i++) {
        const struct task_published *f = &t->published[i];
        figure[i] = (struct paper_figure){.metric = f->metric, .model = f->model ? f->model : "", .setting = f->setting ? f->setting : "",
                                          .source = f->source ? f->source : "", .value = f->value};
    }
    return figure;
}

/* From the rows just written, which are not in their place yet. */
static int write_paper_table(const struct pipeline *p, const struct outfile *metrics, struct status *st)
{
    size_t n = p->study.n_tasks;
    struct paper_task *task = NEW0(n, struct paper_task);
    for (size_t i = 0; i < n; i++) {
        const struct task *t = p->study.tasks[i].task;
        task[i] = (struct paper_task){.name = t->name, .metric = PAPER_METRICS[t->kind], .n_metrics = t->kind == KIND_ORDINAL ? 2 : 1,
                                      .figure = figures_of(t), .n_figures = t->n_published};
    }
    struct paper_table table;
    int code = fflush(metrics->stream) ? status_errno(st, STATUS_IO, "cannot write '%s'", metrics->temporary) : STATUS_OK;
    if (!code)
        code = paper_table_read(&table, metrics->temporary, task, n, st);
    if (!code) {
        code = paper_table_write(&table, p->study.output, st);
        paper_table_free(&table);
    }
    for (size_t i = 0; i < n; i++)
        free(task[i].figure);
    free(task);
    return code;
}

/* What the audit let pass stands beside the figures it may have touched: rows of partition "audit". */
static void write_accepted(struct outfile *metrics, const struct study *s, const struct cohort *c)
{
    for (size_t i = 0; i < N_AUDIT_CODES; i++) {
        size_t n = findings_count_code(&c->findings, FINDING_ACCEPTED, AUDIT_CODES[i].name);
        if (!n)
            continue;
        char *name = mem_printf("accepted_%s", AUDIT_CODES[i].name);
        struct metric_row row = {.cell = {s->name, c->source->task->name, "", "", "", "", "", ""}, .partition = "audit", .metric = name, .n = c->n,
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

/* From the reports in their place, as `compare` does it later; provenance.json is one of them. */
static int compare_models(struct pipeline *p, struct status *st)
{
    double began = clock_seconds();
    struct compare_options options = {.directory = &p->study.output, .n_directories = 1, .output = p->study.output, .n_threads = p->options.n_threads,
                                      .quiet = p->options.quiet};
    int code = provenance_write(p, st);
    if (!code)
        code = compare_write(&options, &p->compared, st);
    charge(p, "compare", began, p->study.n_models);
    if (!code)
        code = provenance_write(p, st);
    return code;
}

int pipeline_evaluate(struct pipeline *p, struct status *st)
{
    double began = clock_seconds();
    struct reports reports = {0};
    struct progress progress;
    size_t n_cells = p->study.n_tasks * p->study.n_protocols * count_cells_of_task(&p->study);
    p->headline = NEW0(n_cells, struct headline);
    p->n_headlines = n_cells;
    reports.predictions = NEW0(p->study.n_tasks, struct outfile);
    int code = results_open_metrics(&reports.metrics, p->study.output, st);
    if (!code)
        code = results_open_path(&reports.path, p->study.output, st);
    bool subgroups = false;
    for (size_t t = 0; t < p->study.n_tasks; t++)
        subgroups |= p->study.tasks[t].task->subgroups.n > 0;
    if (!code)
        code = subgroups ? subgroup_rows_open(&reports.subgroups, p->study.output, st) : results_remove(p->study.output, "subgroups.csv", st);
    if (!code)
        code = efficiency_begin(&reports.efficiency, &p->study, st);
    if (!code && p->study.save_probes != SAVE_NONE)
        code = keeper_begin(&reports.keeper, p->study.output, &p->survey, st);
    size_t n_fits = 0;
    for (size_t i = 0; i < p->study.n_protocols; i++)
        if (efficiency_wanted(&p->study, p->study.protocol[i]))
            n_fits += p->study.n_tasks * count_cells(&p->study, false) * efficiency_steps(&p->study);
    progress_begin(&progress, "evaluate", n_fits ? "cells and draws" : "cells", n_cells + n_fits, p->options.quiet);
    for (size_t t = 0; t < p->study.n_tasks && !code; t++)
        write_accepted(&reports.metrics, &p->study, &p->cohort[t]);
    for (size_t t = 0; t < p->study.n_tasks && !code; t++)
        code = evaluate_task(p, t, &reports, &progress, st);
    if (!code) {
        progress_end(&progress);
        code = outfile_commit(&reports.path, st);
    } else {
        progress_stop(&progress);
    }
    for (size_t t = 0; t < p->study.n_tasks && !code; t++)
        code = outfile_commit(&reports.predictions[t], st);
    if (!code && subgroups)
        code = outfile_commit(&reports.subgroups, st);
    if (!code)
        code = efficiency_commit(&reports.efficiency, st);
    if (!code)
        code = keeper_commit(&reports.keeper, st);
    if (!code)
        code = write_paper_table(p, &reports.metrics, st);
    if (!code)
        code = readouts_write(p->headline, p->n_headlines, p->study.name, p->study.output, st);
    if (!code)
        code = write_study(&p->study, st);
    bool *used = pictures_used(p);
    if (!code)
        code = pictures_write(&p->survey, used, p->study.output, st);
    free(used);
    if (!code)
        code = outfile_commit(&reports.metrics, st);
    charge(p, "evaluate", began, n_cells);
    began = clock_seconds();
    if (!code)
        code = gallery_write(p, st);
    charge(p, "gallery", began, p->study.n_tasks);
    if (!code)
        code = compare_models(p, st);
    for (size_t t = 0; t < p->study.n_tasks; t++)
        outfile_discard(&reports.predictions[t]);
    free(reports.predictions);
    outfile_discard(&reports.metrics);
    outfile_discard(&reports.path);
    outfile_discard(&reports.subgroups);
    efficiency_discard(&reports.efficiency);
    keeper_discard(&reports.keeper);
    return code;
}
