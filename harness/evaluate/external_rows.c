#include "evaluate/external_rows.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "evaluate/cell_rows.h"
#include "evaluate/recalibrate.h"
#include "interval/estimates.h"
#include "interval/unpaired.h"

const char EXTERNAL_HEADER[] = "study,task,development,development_task,protocol,model,readout,probe,preprocess,precision,partition,recalibration,metric,"
                               "internal_n,internal_n_patients,internal,internal_low,internal_high,internal_method,"
                               "external_n,external_n_patients,external,external_low,external_high,external_method,"
                               "level,difference,difference_low,difference_high,difference_method,internal_reason,external_reason";

/* ---- the figures of one side ---- */

/* One side's cohort and part. */
struct side {
    const struct cell_task *t;
    struct scored part;
    const double *score; /* of the part: of examinations, their means */
};

struct figure {
    const char *metric; /* borrowed */
    size_t n, n_patients;
    double value, low, high;
    const char *method, *reason; /* borrowed */
};

static struct figure figure_of(const struct side *s, const struct estimate *e)
{
    return (struct figure){e->metric, s->part.n, s->t->n_units, e->value, e->low, e->high, e->method, e->reason};
}

/* Figures of a side's scores as they are (recalibrated false), or recalibrated by intercept and slope. */
static int compute(struct estimates *f, const struct carried *a, const struct side *s, bool recalibrated, double intercept, double slope, double threshold,
                   struct status *st)
{
    const struct saved_probe *p = &a->probe;
    double *moved = recalibrated ? NEW(s->part.n, double) : NULL;
    if (recalibrated)
        recalibrate_apply(moved, p->kind, intercept, slope, s->score, s->part.n);
    struct scored part = s->part; /* its scores are given, and what a plan makes is its own */
    part.of = NULL;
    part.own_draw = part.own_stratum = NULL;
    int code = cell_estimates(f, s->t, &part, recalibrated ? moved : s->score, saved_probe_n_out(p), threshold, st);
    free(part.own_draw);
    free(part.own_stratum);
    free(moved);
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
    bool interval = *figure->method;
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
    if (!strncmp(metric, "ece", 3)) { /* two cohorts of one calibration would differ by their sizes alone */
        fputs(",NA,NA,NA,none: biased upwards the more the fewer the samples", f);
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

/* What the part's own ROC curve offers is chosen on the part: nothing that was carried. */
static bool is_chosen_there(const char *metric)
{
    size_t n = strlen(metric);
    return n > 8 && !strcmp(metric + n - 8, "_on_test");
}

/* in: of side internal, or NULL */
static void write_figures(const struct place *w, struct beside *headline, const char *recalibration, bool all, const struct side *internal,
                          const struct estimates *in, const struct side *external, const struct estimates *ex)
{
    enum task_kind kind = w->a->probe.kind;
    for (size_t i = 0; i < ex->n; i++) {
        const char *metric = ex->item[i].metric;
        if ((!all && !moves(kind, metric)) || is_chosen_there(metric))
            continue;
        const struct estimate *same = in ? estimates_find(in, metric) : NULL;
        struct figure one = figure_of(external, &ex->item[i]), other = {0};
        if (same)
            other = figure_of(internal, same);
        struct beside b = write_row(w, recalibration, metric, same ? &other : NULL, &one);
        if (headline && !strcmp(metric, cell_headline_metric(kind)))
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

static int write_recalibrated(const struct place *w, const struct recalibrated *r, const struct side *internal, const struct side *external, struct status *st)
{
    struct estimates in = {0}, ex = {0};
    if (isnan(r->intercept) || isnan(r->slope)) {
        const struct figure none = {.n = external->part.n, .n_patients = external->t->n_units, .value = NAN, .low = NAN, .high = NAN, .method = "",
                                    .reason = r->reason};
        (void)write_row(w, r->name, w->a->probe.kind == KIND_REGRESSION ? "mae" : "brier", NULL, &none);
        return STATUS_OK;
    }
    int code = r->frozen ? compute(&in, w->a, internal, true, r->intercept, r->slope, NAN, st) : STATUS_OK;
    if (!code)
        code = compute(&ex, w->a, external, true, r->intercept, r->slope, NAN, st);
    if (!code)
        write_figures(w, NULL, r->name, false, internal, r->frozen ? &in : NULL, external, &ex);
    estimates_free(&in);
    estimates_free(&ex);
    return code;
}

static int write_recalibrations(const struct place *w, bool exams, const struct side *internal, const struct side *external, struct status *st)
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
        code = write_recalibrated(w, &all[i], internal, external, st);
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
        struct estimates in_plain = {0}, ex_plain = {0};
        side_begin(&in, internal, internal_score, exams, n_out);
        side_begin(&ex, external, external_score, exams, n_out);
        const struct place w = {.out = out->stream, .a = a, .external = external,
                                .partition = p->fold ? mem_printf("test%s fold %zu", ex.part.exams, p->fold) : mem_printf("test%s", ex.part.exams)};
        double threshold = exams ? p->threshold_exams : p->threshold;
        if (p->kind == KIND_BINARY)
            write_carried(&w, "threshold", threshold);
        code = compute(&in_plain, a, &in, false, 0, 1, threshold, st);
        if (!code)
            code = compute(&ex_plain, a, &ex, false, 0, 1, threshold, st);
        if (!code)
            write_figures(&w, exams ? NULL : &a->headline, "", true, &in, &in_plain, &ex, &ex_plain);
        if (!code && (p->kind == KIND_BINARY || p->kind == KIND_REGRESSION))
            code = write_recalibrations(&w, exams, &in, &ex, st);
        estimates_free(&in_plain);
        estimates_free(&ex_plain);
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
