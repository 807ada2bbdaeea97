#include "evaluate/cell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "interval/bootstrap.h"
#include "interval/percentile.h"
#include "metric/curve.h"
#include "metric/panel.h"
#include "probe/select.h"

const char *cell_headline_metric(enum task_kind kind)
{
    static const char *const name[] = {
        [KIND_BINARY] = "auroc", [KIND_MULTICLASS] = "auroc_macro", [KIND_ORDINAL] = "kappa_quadratic", [KIND_REGRESSION] = "mae"};
    return name[kind];
}

void cell_task_make(struct cell_task *t, const struct study *study, const struct cohort *cohort, const struct partitions *partitions)
{
    size_t n = partitions->n_test;
    uint32_t *number = NEW(cohort->n_units, uint32_t); /* of the cohort's units among those of the test part */
    *t = (struct cell_task){.study = study, .cohort = cohort, .partitions = partitions, .n_threads = 1};
    t->unit = NEW(n, uint32_t);
    t->label = NEW(n, int32_t);
    t->target = NEW(n, double);
    t->stratum = NEW0(n, uint32_t);
    memset(number, 0xff, cohort->n_units * sizeof *number);
    for (size_t i = 0; i < n; i++)
        number[cohort->sample[partitions->test[i]].unit] = 0;
    for (size_t u = 0; u < cohort->n_units; u++) /* in the order of the cohort's numbers */
        if (number[u] == 0)
            number[u] = (uint32_t)t->n_units++;
    for (size_t i = 0; i < n; i++) {
        const struct sample *s = &cohort->sample[partitions->test[i]];
        uint32_t u = number[s->unit];
        t->unit[i] = u;
        t->label[i] = s->label;
        t->target[i] = s->target;
        if ((uint32_t)s->label > t->stratum[u])
            t->stratum[u] = (uint32_t)s->label;
    }
    t->n_strata = cohort->source->task->n_classes;
    if (cohort->source->task->kind == KIND_REGRESSION) {
        free(t->stratum);
        t->stratum = NULL;
        t->n_strata = 1;
    }
    free(number);
}

void cell_task_free(struct cell_task *t)
{
    free(t->unit);
    free(t->stratum);
    free(t->label);
    free(t->target);
    *t = (struct cell_task){0};
}

void headline_free(struct headline *h)
{
    free(h->task);
    free(h->model);
    free(h->readout);
    free(h->probe);
    *h = (struct headline){0};
}

/* ---- rows ---- */

static void write_path(const struct cell_task *t, const struct cell_name *name, const char *parameter, const struct probe_result *r, size_t n_folds)
{
    for (size_t g = 0; g < r->n_grid; g++) {
        struct path_row row = {.cell = *name, .criterion = r->criterion, .parameter = parameter, .value = r->grid[g], .fold = -1,
                               .score = r->score[g], .chosen = g == r->chosen, .edge = g == r->chosen && r->at_edge};
        results_write_path(t->path, &row);
        for (size_t f = 0; f < n_folds; f++) {
            row.fold = (int)f;
            row.score = r->fold_score[f * r->n_grid + g];
            results_write_path(t->path, &row);
        }
    }
}

char *cell_predictions_header(const struct task *task)
{
    char *header = mem_strdup("sample,patient,site,partition,fold,label,model,readout,probe,prediction");
    for (unsigned k = 0; k < task->n_classes; k++) {
        char *name = mem_printf("score_%s", task->classes[k].name), *field = NULL;
        size_t size;
        FILE *stream = open_memstream(&field, &size);
        if (stream) {
            csv_field(stream, name);
            fclose(stream);
        }
        char *longer = mem_printf("%s,%s", header, field ? field : name);
        free(field);
        free(name);
        free(header);
        header = longer;
    }
    return header;
}

/* One image's line; score[n_out]. */
static void write_prediction(const struct cell_task *t, const struct cell_name *name, const struct sample *s, const char *partition, int fold,
                             const double *score, size_t n_out)
{
    const struct task *task = t->cohort->source->task;
    FILE *f = t->predictions->stream;
    cohort_write_sample(f, s);
    fprintf(f, ",%s,", partition);
    if (fold >= 0)
        fprintf(f, "%d", fold + 1);
    fputc(',', f);
    cohort_write_label(f, t->cohort, s);
    fprintf(f, ",%s,%s,%s,", name->model, name->readout, name->probe);
    if (task->kind == KIND_REGRESSION) {
        csv_number(f, score[0]);
        fputc('\n', f);
        return;
    }
    double binary[2] = {1 - score[0], score[0]};
    size_t k = n_out == 1 ? 2 : n_out, best = 0;
    if (n_out == 1) {
        best = score[0] > 0.5;
        score = binary;
    } else {
        for (size_t c = 1; c < k; c++)
            if (score[c] > score[best])
                best = c;
    }
    csv_field(f, isnan(score[0]) ? "NA" : task->classes[best].name);
    for (size_t c = 0; c < k; c++) {
        fputc(',', f);
        csv_number(f, score[c]);
    }
    fputc('\n', f);
}

static void write_predictions(const struct cell_task *t, const struct cell_name *name, const struct probe_result *r)
{
    const struct partitions *p = t->partitions;
    for (size_t i = 0; i < p->n_development; i++)
        write_prediction(t, name, &t->cohort->sample[p->development[i]], "development", (int)p->fold[i], r->validation + i * r->n_out, r->n_out);
    for (size_t i = 0; i < p->n_test; i++)
        write_prediction(t, name, &t->cohort->sample[p->test[i]], "test", -1, r->test + i * r->n_out, r->n_out);
}

/* ---- figures ---- */

/* Youden's threshold on the out-of-fold predictions; NaN if there is none. */
static double validation_threshold(const struct cell_task *t, const struct probe_result *r)
{
    const struct partitions *p = t->partitions;
    int32_t *label = NEW(p->n_development, int32_t);
    double *score = NEW(p->n_development, double), threshold = NAN;
    size_t n = 0;
    for (size_t i = 0; i < p->n_development; i++)
        if (!isnan(r->validation[i])) {
            label[n] = t->cohort->sample[p->development[i]].label;
            score[n++] = r->validation[i];
        }
    struct curve curve;
    struct status ignored;
    if (curve_new(&curve, label, score, NULL, n, &ignored) == STATUS_OK) {
        threshold = curve_youden(&curve).threshold;
        curve_free(&curve);
    }
    free(label);
    free(score);
    return isfinite(threshold) ? threshold : NAN;
}

/* What was resampled is said as it is: without patients in the data, images. */
static const char *interval_method(const struct cell_task *t)
{
    if (t->cohort->has_patients)
        return t->stratum ? "percentile bootstrap by patient stratified by class" : "percentile bootstrap by patient";
    return t->stratum ? "percentile bootstrap by image stratified by class" : "percentile bootstrap by image";
}

static void write_metrics(struct headline *h, const struct cell_task *t, const struct cell_name *name, const struct panel *panel,
                          const double *replicate)
{
    const struct study *s = t->study;
    size_t n_metrics = panel_n_metrics(panel);
    double *value = NEW(n_metrics, double);
    const char **reason = NEW0(n_metrics, const char *);
    struct panel_scratch *scratch = panel_scratch_new(panel);
    panel_compute(panel, scratch, NULL, value, reason);
    const char *main_metric = cell_headline_metric(t->cohort->source->task->kind);
    for (size_t m = 0; m < n_metrics; m++) {
        struct metric_row row = {.cell = *name, .partition = "test", .metric = panel_metric_name(panel, m), .n = t->partitions->n_test,
                                 .n_patients = t->n_units, .value = value[m], .level = s->level, .replicates = s->replicates,
                                 .method = interval_method(t),
                                 .reason = reason[m] ? reason[m] : ""};
        struct status why = {0};
        if (interval_percentile(&row.low, &row.high, &row.undefined_replicates, replicate + m, n_metrics, s->replicates, s->level, &why) &&
            !*row.reason)
            row.reason = why.text;
        results_write_metric(t->metrics, &row);
        if (!strcmp(row.metric, main_metric)) {
            h->value = row.value;
            h->low = row.low;
            h->high = row.high;
        }
    }
    panel_scratch_free(scratch);
    free(value);
    free(reason);
}

/* The single row of a cell that could not be computed. */
static void write_nothing(const struct cell_task *t, const struct cell_name *name, const char *metric, const char *reason)
{
    struct metric_row row = {.cell = *name, .partition = "test", .metric = metric, .n = t->partitions->n_test, .n_patients = t->n_units,
                             .value = NAN, .method = "", .reason = reason};
    results_write_metric(t->metrics, &row);
}

/* Folds that could not be validated on are left out of the choice; the row says which and why. */
static void write_note(const struct cell_task *t, const struct cell_name *name, const struct probe_result *r)
{
    struct metric_row row = {.cell = *name, .partition = "validation", .metric = r->criterion, .n = t->partitions->n_development,
                             .n_patients = t->cohort->n_units - t->n_units, .value = r->score[r->chosen], .method = "", .reason = r->note};
    if (*r->note)
        results_write_metric(t->metrics, &row);
}

static int score_test(struct headline *h, const struct cell_task *t, const struct cell_name *name, const struct probe_result *r, struct status *st)
{
    const struct study *s = t->study;
    const struct task *task = t->cohort->source->task;
    enum task_kind kind = (enum task_kind)task->kind;
    bool regression = kind == KIND_REGRESSION;
    double threshold = kind == KIND_BINARY ? validation_threshold(t, r) : NAN;
    struct panel *panel = NULL;
    int code = panel_new(&panel, kind, task->n_classes, t->partitions->n_test, regression ? NULL : t->label, regression ? t->target : NULL, r->test,
                         threshold, st);
    if (code)
        return code;
    double *replicate = NEW(s->replicates * panel_n_metrics(panel), double);
    struct bootstrap_plan plan = {.n = t->partitions->n_test, .unit = t->unit, .n_units = t->n_units, .stratum = t->stratum,
                                  .n_strata = t->n_strata, .replicates = s->replicates, .seed = s->seed, .stream = task->name};
    code = bootstrap_panel(replicate, &plan, panel, t->n_threads, st);
    if (!code) {
        write_metrics(h, t, name, panel, replicate);
        if (kind == KIND_BINARY) {
            struct metric_row row = {.cell = *name, .partition = "validation", .metric = "threshold", .n = t->partitions->n_development,
                                     .n_patients = t->cohort->n_units - t->n_units, .value = threshold, .method = "",
                                     .reason = isnan(threshold) ? "no out-of-fold predictions of both classes" : ""};
            results_write_metric(t->metrics, &row);
        }
    }
    free(replicate);
    panel_free(panel);
    return code;
}

/* ---- the cell ---- */

struct rows { /* what the probe is given */
    float *x, *x_test;
    int32_t *label;
    double *target;
};

static void gather(struct rows *rows, const struct cell_task *t, const float *x, size_t d)
{
    const struct partitions *p = t->partitions;
    rows->x = NEW(p->n_development * d, float);
    rows->x_test = NEW(p->n_test * d, float);
    rows->label = NEW(p->n_development, int32_t);
    rows->target = NEW(p->n_development, double);
    for (size_t i = 0; i < p->n_development; i++) {
        const struct sample *s = &t->cohort->sample[p->development[i]];
        memcpy(rows->x + i * d, x + p->development[i] * d, d * sizeof *x);
        rows->label[i] = s->label;
        rows->target[i] = s->target;
    }
    for (size_t i = 0; i < p->n_test; i++)
        memcpy(rows->x_test + i * d, x + p->test[i] * d, d * sizeof *x);
}

static void rows_free(struct rows *rows)
{
    free(rows->x);
    free(rows->x_test);
    free(rows->label);
    free(rows->target);
}

int cell_evaluate(struct headline *h, const struct cell_task *t, const struct study_model *model, const char *readout, enum study_probe probe,
                  const float *x, size_t d, struct status *st)
{
    const struct task *task = t->cohort->source->task;
    enum task_kind kind = (enum task_kind)task->kind;
    bool regression = kind == KIND_REGRESSION;
    struct cell_name name = {t->study->name, task->name, model->name, readout, study_probe_name(probe), study_preprocess_name(model),
                             study_precision_name(model)};
    const char *parameter = probe != PROBE_LINEAR ? "k" : regression ? "alpha" : "C";
    *h = (struct headline){.task = mem_strdup(task->name), .model = mem_strdup(model->name), .readout = mem_strdup(readout),
                           .probe = mem_strdup(name.probe), .metric = cell_headline_metric(kind), .value = NAN, .low = NAN, .high = NAN,
                           .parameter = NAN, .parameter_name = parameter};
    struct rows rows;
    struct probe_result result = {0};
    gather(&rows, t, x, d);
    struct probe_task problem = {.kind = kind, .x = rows.x, .n = t->partitions->n_development, .d = d, .label = regression ? NULL : rows.label,
                                 .target = regression ? rows.target : NULL, .n_classes = task->n_classes, .fold = t->partitions->fold,
                                 .n_folds = t->partitions->n_folds, .x_test = rows.x_test, .n_test = t->partitions->n_test};
    int code = probe == PROBE_LINEAR
                   ? probe_select_linear(&result, &problem, NULL, 0, t->n_threads, st)
                   : probe_select_knn(&result, &problem, probe == PROBE_KNN ? KNN_SOFTMAX : KNN_UNIFORM, NULL, 0, t->n_threads, st);
    if (code == STATUS_UNDEFINED) {
        write_nothing(t, &name, h->metric, st->text);
        code = STATUS_OK;
    } else if (!code) {
        h->parameter = result.grid[result.chosen];
        h->edge = result.at_edge;
        write_path(t, &name, parameter, &result, t->partitions->n_folds);
        write_predictions(t, &name, &result);
        write_note(t, &name, &result);
        code = score_test(h, t, &name, &result, st);
    }
    probe_result_free(&result);
    rows_free(&rows);
    if (code)
        return status_context(st, "task '%s', model '%s', %s, %s", task->name, model->name, readout, name.probe);
    return STATUS_OK;
}
