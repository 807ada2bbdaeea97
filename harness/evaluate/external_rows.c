#include "evaluate/external_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/table.h"
#include "evaluate/calibration_line.h"
#include "evaluate/cell_rows.h"
#include "evaluate/recalibrate.h"
#include "interval/percentile.h"
#include "interval/unpaired.h"

const char EXTERNAL_HEADER[] = "study,task,development,development_task,protocol,model,readout,probe,preprocess,precision,partition,recalibration,metric,"
                               "internal_n,internal_n_patients,internal,internal_low,internal_high,internal_method,"
                               "external_n,external_n_patients,external,external_low,external_high,external_method,"
                               "level,difference,difference_low,difference_high,difference_method,internal_reason,external_reason";

/* ---- the figures of one side ---- */

struct figure {
    const char *metric; /* borrowed */
    size_t n, n_patients;
    double value, low, high;
    const char *method, *reason; /* borrowed */
};

struct figures {
    struct figure *item; /* [n] */
    size_t n, capacity;
    struct table table;  /* whose texts the items borrow */
    struct calibration_line line;
    struct status why[N_CALIBRATION_FIGURES];
};

static void figures_free(struct figures *f)
{
    free(f->item);
    table_free(&f->table);
    calibration_line_free(&f->line);
    *f = (struct figures){0};
}

static void add(struct figures *f, struct figure figure)
{
    f->item = mem_grow(f->item, f->n, &f->capacity, sizeof *f->item);
    f->item[f->n++] = figure;
}

static const struct figure *find(const struct figures *f, const char *metric)
{
    for (size_t i = 0; f && i < f->n; i++)
        if (!strcmp(f->item[i].metric, metric))
            return &f->item[i];
    return NULL;
}

static double number_of(const char *cell)
{
    double value;
    return number_parse_double_any(cell, &value) ? value : NAN;
}

/* The rows of metrics.csv that a cell would get, taken from what it writes. */
static int read_rows(struct figures *f, const char *text, size_t size, const char *partition, struct status *st)
{
    enum { PARTITION, METRIC, N, N_PATIENTS, VALUE, LOW, HIGH, METHOD, REASON, N_COLUMNS };
    static const char *const name[N_COLUMNS] = {"partition", "metric", "n", "n_patients", "value", "low", "high", "method", "reason"};
    size_t column[N_COLUMNS];
    int code = table_parse(&f->table, "figures", (const unsigned char *)text, size, st);
    for (size_t k = 0; k < N_COLUMNS && !code; k++)
        code = table_column(&f->table, name[k], &column[k], st);
    for (size_t i = 0; !code && i < f->table.n_rows; i++) {
        const char *cell[N_COLUMNS];
        struct figure figure = {0};
        for (size_t k = 0; k < N_COLUMNS; k++)
            cell[k] = table_cell(&f->table, i, column[k]);
        if (strcmp(cell[PARTITION], partition) != 0)
            continue;
        if (!number_parse_size(cell[N], &figure.n) || !number_parse_size(cell[N_PATIENTS], &figure.n_patients))
            return status_set(st, STATUS_INTERNAL, "a row of figures without its n");
        figure.metric = cell[METRIC];
        figure.value = number_of(cell[VALUE]);
        figure.low = number_of(cell[LOW]);
        figure.high = number_of(cell[HIGH]);
        figure.method = cell[METHOD];
        figure.reason = cell[REASON];
        add(f, figure);
    }
    return code;
}

/* One side's cohort and part. */
struct side {
    const struct cell_task *t;
    struct scored part;
    const double *score; /* of the part */
};

static const char *method_of(const struct cell_task *t, const struct bootstrap_plan *plan)
{
    if (t->cohort->has_patients && t->study->cluster == CLUSTER_PATIENT)
        return plan->stratum ? "percentile bootstrap by patient stratified by class" : "percentile bootstrap by patient";
    return plan->stratum ? "percentile bootstrap by image stratified by class" : "percentile bootstrap by image";
}

static void add_line(struct figures *f, const struct side *s, const struct bootstrap_plan *plan)
{
    for (int k = 0; k < N_CALIBRATION_FIGURES; k++) {
        struct figure figure = {.metric = calibration_figure_name((enum calibration_figure)k), .n = s->part.n, .n_patients = s->t->n_units,
                                .value = f->line.value[k], .method = method_of(s->t, plan)};
        size_t undefined;
        f->why[k] = f->line.reason[k];
        if (interval_percentile(&figure.low, &figure.high, &undefined, f->line.replicate + k, N_CALIBRATION_FIGURES, f->line.replicates,
                                s->t->study->level, f->why[k].code ? NULL : &f->why[k]))
            figure.low = figure.high = NAN;
        figure.reason = f->why[k].text;
        add(f, figure);
    }
}

/* Figures of a side's scores, or of the same recalibrated by intercept and slope, which base (its figures before) is then given for. */
static int compute(struct figures *f, const struct carried *a, struct side *s, const struct figures *base, double intercept, double slope, double threshold,
                   struct status *st)
{
    const struct saved_probe *p = &a->probe;
    const struct task *task = s->t->cohort->source->task;
    struct cell_name name = {s->t->study->name, task->name, p->protocol, p->model, p->readout, p->probe, p->preprocess, p->precision};
    struct cell_task t = *s->t;
    struct outfile rows = {0};
    char *text = NULL;
    size_t size = 0;
    *f = (struct figures){0};
    rows.stream = open_memstream(&text, &size);
    if (!rows.stream)
        return status_errno(st, STATUS_INTERNAL, "cannot write to memory");
    fprintf(rows.stream, "%s\n", RESULTS_METRICS_HEADER);
    t.metrics = &rows;
    const double *score = s->score;
    double *other = base ? NEW(s->part.n, double) : NULL;
    if (base) {
        recalibrate_apply(other, p->kind, intercept, slope, s->score, s->part.n);
        score = other;
    }
    /* the scores are the part's own already: of examinations, their means */
    struct scored part = s->part;
    part.of = NULL;
    part.own_draw = part.own_stratum = NULL;
    int code = cell_score(NULL, &t, &name, &part, "part", score, saved_probe_n_out(p), threshold, st);
    fclose(rows.stream);
    if (!code)
        code = read_rows(f, text, size, "part", st);
    free(text);
    if (!code && (p->kind == KIND_BINARY || p->kind == KIND_REGRESSION)) {
        struct bootstrap_plan plan;
        scored_plan(&plan, s->t, &part);
        if (base)
            calibration_line_recalibrated(&f->line, &base->line, p->kind, part.label, part.target, score, intercept, slope, &plan, s->t->n_threads);
        else
            calibration_line_fit(&f->line, p->kind, part.label, part.target, score, &plan, s->t->n_threads);
        add_line(f, s, &plan);
    }
    free(part.own_draw);
    free(part.own_stratum);
    free(other);
    return code;
}

/* ---- rows ---- */

struct place { /* where a row goes and what it is called */
    FILE *out;
    const struct carried *a;
    const struct cell_task *external;
    char *partition;
};

static void write_side(FILE *f, const struct figure *figure)
{
    if (!figure) { /* does not apply */
        fputs(",,,,,,", f);
        return;
    }
    bool interval = *figure->method && !(isnan(figure->low) && isnan(figure->high) && !isnan(figure->value) && !*figure->reason);
    fprintf(f, ",%zu,%zu,", figure->n, figure->n_patients);
    csv_number(f, figure->value);
    fputc(',', f);
    if (interval)
        csv_number(f, figure->low);
    fputc(',', f);
    if (interval)
        csv_number(f, figure->high);
    fputc(',', f);
    csv_field(f, figure->method);
}

static void write_reasons(FILE *f, const struct figure *internal, const struct figure *external)
{
    fputc(',', f);
    csv_field(f, internal ? internal->reason : "");
    fputc(',', f);
    csv_field(f, external ? external->reason : "");
    fputc('\n', f);
}

static struct beside write_row(const struct place *w, const char *recalibration, const char *metric, const struct figure *internal,
                               const struct figure *external)
{
    const struct saved_probe *p = &w->a->probe;
    FILE *f = w->out;
    struct beside b = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    const char *const text[] = {w->external->study->name, w->external->cohort->source->task->name, p->study, p->task, p->protocol, p->model, p->readout,
                                p->probe, p->preprocess, p->precision, w->partition, recalibration, metric};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        fputs(i ? "," : "", f);
        csv_field(f, text[i]);
    }
    write_side(f, internal);
    write_side(f, external);
    if (internal) {
        b.internal = internal->value;
        b.internal_low = internal->low;
        b.internal_high = internal->high;
    }
    if (external) {
        b.external = external->value;
        b.external_low = external->low;
        b.external_high = external->high;
    }
    fputc(',', f);
    csv_number(f, w->external->study->level);
    if (!internal || !external || (!*internal->method && !*external->method)) {
        fputs(",,,,", f);
        write_reasons(f, internal, external);
        return b;
    }
    struct limits l = unpaired_limits(b.external, (struct limits){b.external_low, b.external_high}, b.internal, (struct limits){b.internal_low, b.internal_high});
    b.difference = b.external - b.internal;
    b.difference_low = l.low;
    b.difference_high = l.high;
    const double value[] = {b.difference, b.difference_low, b.difference_high};
    for (size_t i = 0; i < 3; i++) {
        fputc(',', f);
        csv_number(f, value[i]);
    }
    fputs(",unpaired: MOVER from both intervals", f);
    write_reasons(f, internal, external);
    return b;
}

/* What was carried: the same in both columns, as nothing may change it. */
static void write_carried(const struct place *w, const char *metric, double value)
{
    const struct figure carried = {.metric = metric, .n = w->a->probe.n_images, .n_patients = w->a->probe.n_patients, .value = value, .method = "",
                                   .reason = isnan(value) ? "none was fitted on the development's out-of-fold predictions" : "carried: fitted on the development's out-of-fold predictions"};
    (void)write_row(w, "", metric, &carried, &carried);
}

/* Which figures a recalibration moves. */
static bool moves(enum task_kind kind, const char *metric)
{
    static const char *const of_probabilities[] = {"brier", "brier_skill", "log_loss", "ece", "ece_equal_count", NULL};
    if (!strncmp(metric, "calibration_", 12))
        return true;
    if (kind == KIND_REGRESSION)
        return strcmp(metric, "pearson") != 0 && strcmp(metric, "spearman") != 0;
    for (size_t i = 0; of_probabilities[i]; i++)
        if (!strcmp(metric, of_probabilities[i]))
            return true;
    return !strncmp(metric, "net_benefit_", 12);
}

static void write_figures(const struct place *w, struct beside *headline, const char *recalibration, bool all, const struct figures *internal,
                          const struct figures *external)
{
    enum task_kind kind = w->a->probe.kind;
    for (size_t i = 0; i < external->n; i++) {
        const char *metric = external->item[i].metric;
        if (!all && !moves(kind, metric))
            continue;
        struct beside b = write_row(w, recalibration, metric, find(internal, metric), &external->item[i]);
        if (all && headline && !strcmp(metric, cell_headline_metric(kind)))
            *headline = b;
    }
}

/* ---- recalibration ---- */

struct recalibrated {
    const char *name;
    double intercept, slope;
    bool frozen;
    const char *reason; /* of NaN */
};

static int write_recalibrated(const struct place *w, const struct recalibrated *r, struct side *internal, const struct figures *internal_base,
                              struct side *external, const struct figures *external_base, struct status *st)
{
    struct figures in = {0}, ex = {0};
    if (isnan(r->intercept) || isnan(r->slope)) {
        const struct figure none = {.n = external->part.n, .n_patients = external->t->n_units, .value = NAN, .low = NAN, .high = NAN, .method = "",
                                    .reason = r->reason};
        (void)write_row(w, r->name, w->a->probe.kind == KIND_REGRESSION ? "mae" : "brier", NULL, &none);
        return STATUS_OK;
    }
    int code = r->frozen ? compute(&in, w->a, internal, internal_base, r->intercept, r->slope, NAN, st) : STATUS_OK;
    if (!code)
        code = compute(&ex, w->a, external, external_base, r->intercept, r->slope, NAN, st);
    if (!code)
        write_figures(w, NULL, r->name, false, r->frozen ? &in : NULL, &ex);
    figures_free(&in);
    figures_free(&ex);
    return code;
}

static int write_recalibrations(const struct place *w, bool exams, struct side *internal, const struct figures *internal_base, struct side *external,
                                const struct figures *external_base, struct status *st)
{
    const struct saved_probe *p = &w->a->probe;
    const struct saved_recalibration *frozen = exams ? &p->recalibration_exams : &p->recalibration;
    struct status why;
    const struct saved_recalibration refit = recalibrate_fit(p->kind, external->part.label, external->part.target, external->score, external->part.n, &why);
    static const char none[] = "none was fitted on the development's out-of-fold predictions";
    const struct recalibrated all[] = {
        {"development in the large", frozen->in_the_large, 1, true, none},
        {"development slope", frozen->intercept, frozen->slope, true, none},
        {"external in the large (optimistic)", refit.in_the_large, 1, false, why.text},
        {"external slope (optimistic)", refit.intercept, refit.slope, false, why.text},
    };
    write_carried(w, "recalibration_in_the_large", frozen->in_the_large);
    write_carried(w, "recalibration_intercept", frozen->intercept);
    write_carried(w, "recalibration_slope", frozen->slope);
    int code = STATUS_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all && !code; i++)
        code = write_recalibrated(w, &all[i], internal, internal_base, external, external_base, st);
    return code;
}

static void side_begin(struct side *s, const struct cell_task *t, const double *score, bool exams, size_t n_out)
{
    s->t = t;
    if (exams)
        scored_exams(&s->part, t);
    else
        scored_images(&s->part, t);
    s->score = scored_set(&s->part, score, n_out);
}

int external_rows_write(struct outfile *out, struct carried *a, const struct cell_task *internal, const double *internal_score,
                        const struct cell_task *external, const double *external_score, struct status *st)
{
    const struct saved_probe *p = &a->probe;
    size_t n_out = saved_probe_n_out(p);
    int code = STATUS_OK, kinds = internal->cohort->has_exams && external->cohort->has_exams ? 2 : 1;
    for (int exams = 0; exams < kinds && !code; exams++) {
        struct side in, ex;
        struct figures in_base = {0}, ex_base = {0};
        side_begin(&in, internal, internal_score, exams, n_out);
        side_begin(&ex, external, external_score, exams, n_out);
        const struct place w = {.out = out->stream, .a = a, .external = external,
                                .partition = p->fold ? mem_printf("test%s fold %zu", ex.part.exams, p->fold) : mem_printf("test%s", ex.part.exams)};
        double threshold = exams ? p->threshold_exams : p->threshold;
        if (p->kind == KIND_BINARY)
            write_carried(&w, "threshold", threshold);
        code = compute(&in_base, a, &in, NULL, 0, 1, threshold, st);
        if (!code)
            code = compute(&ex_base, a, &ex, NULL, 0, 1, threshold, st);
        if (!code)
            write_figures(&w, exams ? NULL : &a->headline, "", true, &in_base, &ex_base);
        if (!code && (p->kind == KIND_BINARY || p->kind == KIND_REGRESSION))
            code = write_recalibrations(&w, exams, &in, &in_base, &ex, &ex_base, st);
        figures_free(&in_base);
        figures_free(&ex_base);
        scored_free(&in.part);
        scored_free(&ex.part);
        free(w.partition);
    }
    return code ? status_context(st, "'%s'", a->path) : STATUS_OK;
}

void external_rows_write_accepted(struct outfile *out, const struct study *study, const struct cohort *c, const char *code, const char *meaning, size_t n)
{
    FILE *f = out->stream;
    csv_field(f, study->name);
    fprintf(f, ",%s,,,,,,,,,audit,,accepted_%s,,,,,,,%zu,%zu,%zu,,,,,,,,,,", c->source->task->name, code, c->n, c->n_units, n);
    csv_field(f, meaning);
    fputc('\n', f);
}
