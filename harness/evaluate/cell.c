#include "evaluate/cell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "evaluate/cell_official.h"
#include "evaluate/cell_rows.h"
#include "evaluate/keep.h"
#include "interval/estimates.h"
#include "metric/curve.h"
#include "probe/select.h"

#define MONTHS_WITHIN 12 /* of bone age: the share of predictions within a year */

const char *cell_headline_metric(enum task_kind kind)
{
    static const char *const name[] = {
        [KIND_BINARY] = "auroc", [KIND_MULTICLASS] = "auroc_macro", [KIND_ORDINAL] = "kappa_quadratic", [KIND_REGRESSION] = "mae"};
    return name[kind];
}

void cell_task_make(struct cell_task *t, const struct study *study, const struct cohort *cohort, const struct partitions *partitions,
                    enum study_protocol protocol)
{
    size_t n = partitions->n_test;
    uint32_t *number = NEW(cohort->n_units, uint32_t); /* of the cohort's units among those of the test part */
    *t = (struct cell_task){.study = study, .cohort = cohort, .partitions = partitions, .protocol = protocol, .n_threads = 1};
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

int cell_task_add_exams(struct cell_task *t, struct status *st)
{
    const struct partitions *p = t->partitions;
    if (!t->cohort->has_exams)
        return STATUS_OK;
    /* All first: views that disagree may lie on two sides. */
    struct exams all = {0};
    size_t *every = NEW(t->cohort->n, size_t);
    for (size_t i = 0; i < t->cohort->n; i++)
        every[i] = i;
    int code = exams_make(&all, t->cohort, every, t->cohort->n, st);
    exams_free(&all);
    free(every);
    if (!code)
        code = exams_make(&t->development_exams, t->cohort, p->development, p->n_development, st);
    return code ? code : exams_make(&t->test_exams, t->cohort, p->test, p->n_test, st);
}

void cell_task_free(struct cell_task *t)
{
    exams_free(&t->development_exams);
    exams_free(&t->test_exams);
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
            row.chosen = row.edge = -1;
            row.score = r->fold_score[f * r->n_grid + g];
            results_write_path(t->path, &row);
        }
    }
}

static void write_predictions(const struct cell_task *t, const struct cell_name *name, const struct probe_result *r)
{
    const struct partitions *p = t->partitions;
    for (size_t i = 0; i < p->n_development; i++)
        cell_write_prediction(t, name, &t->cohort->sample[p->development[i]], "development", (int)p->fold[i], r->validation + i * r->n_out, r->n_out);
    for (size_t i = 0; i < p->n_test; i++)
        cell_write_prediction(t, name, &t->cohort->sample[p->test[i]], "test", -1, r->test + i * r->n_out, r->n_out);
}

/* ---- figures ---- */

/* Youden's threshold on out-of-fold scores[n] (those that are numbers) of row[i], or of i where row is NULL; NaN if there
 * is none. */
static double threshold_of(const struct cell_task *t, const double *validation, const size_t *row, size_t n_rows)
{
    const struct partitions *p = t->partitions;
    int32_t *label = NEW(n_rows, int32_t);
    double *score = NEW(n_rows, double), threshold = NAN;
    size_t n = 0;
    for (size_t i = 0; i < n_rows; i++)
        if (!isnan(validation[i])) {
            label[n] = t->cohort->sample[p->development[row ? row[i] : i]].label;
            score[n++] = validation[i];
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

/* Of the images, or of the examinations of the development part. */
static double validation_threshold(size_t *n, const struct cell_task *t, const struct scored *part, const struct probe_result *r)
{
    const struct exams *e = &t->development_exams;
    *n = part->of ? e->n : t->partitions->n_development;
    if (!part->of)
        return threshold_of(t, r->validation, NULL, *n);
    double *mean = NEW(e->n, double);
    exams_mean(mean, e, r->validation, 1);
    double threshold = threshold_of(t, mean, e->first, e->n);
    free(mean);
    return threshold;
}

/* h: NULL where the part is not what the cell is known by. */
static void write_estimates(struct headline *h, const struct cell_task *t, const struct cell_name *name, const struct scored *part,
                          const char *partition, const struct estimates *estimates)
{
    for (size_t m = 0; m < estimates->n; m++) {
        const struct estimate *f = &estimates->item[m];
        struct metric_row row = {.cell = *name, .partition = partition, .metric = f->metric, .n = part->n, .n_patients = t->n_units,
                                 .value = f->value, .low = f->low, .high = f->high, .level = t->study->level, .method = f->method,
                                 .replicates = f->replicates, .undefined_replicates = f->undefined, .reason = f->reason};
        results_write_metric(t->metrics, &row);
        if (h && !strcmp(f->metric, cell_headline_metric(t->cohort->source->task->kind))) {
            h->value = f->value;
            h->low = f->low;
            h->high = f->high;
        }
    }
}

void cell_write_nothing(const struct cell_task *t, const struct cell_name *name, const char *metric, const char *reason)
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

const char **cell_class_names(const struct task *task)
{
    const char **name = NEW(task->n_classes, const char *);
    for (unsigned k = 0; k < task->n_classes; k++)
        name[k] = task->classes[k].name;
    return name;
}

int cell_estimates(struct estimates *estimates, const struct cell_task *t, struct scored *part, const double *score, size_t n_out, double threshold,
                   struct status *st)
{
    const struct study *s = t->study;
    const struct task *task = t->cohort->source->task;
    bool regression = task->kind == KIND_REGRESSION;
    const char **class_name = cell_class_names(task);
    struct estimates_request request = {
        .panel = {.kind = (enum task_kind)task->kind, .n_classes = task->n_classes, .n = part->n, .label = regression ? NULL : part->label,
                  .target = regression ? part->target : NULL, .score = scored_set(part, score, n_out), .threshold = threshold, .full = true,
                  .class_name = class_name, .within = regression && task->unit && !strcmp(task->unit, "months") ? MONTHS_WITHIN : 0},
        .level = s->level, .bootstrap = s->bootstrap, .proportion = s->proportions, .n_threads = t->n_threads,
        .by_patient = t->cohort->has_patients && s->cluster == CLUSTER_PATIENT, .patients_cut = t->cohort->has_patients && s->cluster == CLUSTER_IMAGE};
    scored_plan(&request.plan, t, part);
    int code = estimates_compute(estimates, &request, st);
    free(class_name);
    return code;
}

int cell_score(struct headline *h, const struct cell_task *t, const struct cell_name *name, struct scored *part, const char *partition,
               const double *score, size_t n_out, double threshold, struct status *st)
{
    struct estimates estimates;
    int code = cell_estimates(&estimates, t, part, score, n_out, threshold, st);
    if (!code)
        write_estimates(h, t, name, part, partition, &estimates);
    estimates_free(&estimates);
    return code;
}

/* Figures of the test part's images or examinations; frees part. */
static int score_part(struct headline *h, const struct cell_task *t, const struct cell_name *name, struct scored *part, const struct probe_result *r,
                      struct status *st)
{
    bool binary = t->cohort->source->task->kind == KIND_BINARY;
    size_t n_validation = 0;
    double threshold = binary ? validation_threshold(&n_validation, t, part, r) : NAN;
    char *test = mem_printf("test%s", part->exams), *validation = mem_printf("validation%s", part->exams);
    int code = cell_score(h, t, name, part, test, r->test, r->n_out, threshold, st);
    if (!code && binary) {
        struct metric_row row = {.cell = *name, .partition = validation, .metric = "threshold", .n = n_validation,
                                 .n_patients = t->cohort->n_units - t->n_units, .value = threshold, .method = "",
                                 .reason = isnan(threshold) ? "no out-of-fold predictions of both classes" : ""};
        results_write_metric(t->metrics, &row);
    }
    free(validation);
    free(test);
    scored_free(part);
    return code;
}

static int score_test(struct headline *h, const struct cell_task *t, const struct cell_name *name, const struct probe_result *r, struct status *st)
{
    struct scored part;
    scored_images(&part, t);
    int code = score_part(h, t, name, &part, r, st);
    if (code || !t->cohort->has_exams)
        return code;
    scored_exams(&part, t);
    return score_part(NULL, t, name, &part, r, st);
}

/* ---- the cell ---- */

static int keep(const struct cell_task *t, const struct cell_name *name, enum study_probe probe, const struct probe_task *problem,
                const struct probe_result *r, struct status *st)
{
    struct keep_fit fit = {&r->scaler, &r->logistic, &r->ridge, &r->ordinal, r->grid[r->chosen], NAN, NAN, -1, r->validation, r->test};
    if (problem->kind == KIND_BINARY) {
        size_t n;
        struct scored part;
        scored_images(&part, t);
        fit.threshold = validation_threshold(&n, t, &part, r);
        scored_free(&part);
        if (t->cohort->has_exams) {
            scored_exams(&part, t);
            fit.threshold_exams = validation_threshold(&n, t, &part, r);
            scored_free(&part);
        }
    }
    return keeper_add(t->keeper, t, name, probe, problem, &fit, st);
}

enum linear_form cell_linear_form(enum study_probe probe)
{
    return probe == PROBE_LINEAR_BALANCED ? LINEAR_BALANCED : probe == PROBE_ORDINAL ? LINEAR_ORDINAL : LINEAR_PLAIN;
}

void cell_begin(struct headline *h, struct cell_name *name, const struct cell_task *t, const struct study_model *model, const char *readout,
                enum study_probe probe, const char *parameter)
{
    const struct task *task = t->cohort->source->task;
    *name = (struct cell_name){t->study->name, task->name, study_protocol_name(t->protocol), model->name, readout, study_probe_name(probe),
                               study_preprocess_name(model), study_precision_name(model)};
    *h = (struct headline){.task = mem_strdup(task->name), .model = mem_strdup(model->name), .readout = mem_strdup(readout),
                           .probe = mem_strdup(name->probe), .protocol = name->protocol,
                           .metric = cell_headline_metric((enum task_kind)task->kind), .value = NAN, .low = NAN, .high = NAN, .validation = NAN, .sd = NAN,
                           .parameter = NAN, .parameter_name = parameter};
}

int cell_finish(struct headline *h, const struct cell_task *t, const struct cell_name *name, const struct probe_result *r, struct status *st)
{
    h->parameter = r->grid[r->chosen];
    h->validation = r->score[r->chosen];
    h->edge = r->at_edge;
    write_predictions(t, name, r);
    write_note(t, name, r);
    return score_test(h, t, name, r, st);
}

int cell_end(const struct headline *h, const struct cell_task *t, const struct cell_name *name, int code, struct status *st)
{
    if (code == STATUS_UNDEFINED) {
        cell_write_nothing(t, name, h->metric, st->text);
        code = STATUS_OK;
    }
    if (code)
        return status_context(st, "task '%s', protocol %s, model '%s', %s, %s", name->task, name->protocol, name->model, name->readout, name->probe);
    return STATUS_OK;
}

/* Protocols grouped and given.  STATUS_UNDEFINED, and nothing written, if no probe can be fitted. */
static int choose_and_score(struct headline *h, const struct cell_task *t, const struct cell_name *name, enum study_probe probe,
                            const struct probe_task *problem, struct status *st)
{
    struct probe_result result = {0};
    int code = study_probe_is_linear(probe)
                   ? probe_select_linear(&result, problem, NULL, 0, t->n_threads, st)
                   : probe_select_knn(&result, problem, probe == PROBE_KNN ? KNN_SOFTMAX : KNN_UNIFORM, NULL, 0, t->n_threads, st);
    if (code)
        return code;
    write_path(t, name, h->parameter_name, &result, problem->n_folds);
    code = cell_finish(h, t, name, &result, st);
    if (!code && keeper_wants(t, probe))
        code = keep(t, name, probe, problem, &result, st);
    probe_result_free(&result);
    return code;
}

int cell_evaluate(struct headline *h, const struct cell_task *t, const struct study_model *model, const char *readout, enum study_probe probe,
                  const float *x, size_t d, struct status *st)
{
    const struct task *task = t->cohort->source->task;
    enum task_kind kind = (enum task_kind)task->kind;
    bool regression = kind == KIND_REGRESSION;
    struct cell_name name;
    cell_begin(h, &name, t, model, readout, probe, !study_probe_is_linear(probe) ? "k" : regression ? "alpha" : "C");
    if (!study_probe_suits(probe, kind))
        return cell_end(h, t, &name, status_set(st, STATUS_UNDEFINED, "probe %s is of another kind of task: this one is %s", name.probe, task_kind_name(kind)), st);
    struct cell_rows rows;
    cell_gather(&rows, t, x, d);
    struct probe_task problem = {.kind = kind, .form = cell_linear_form(probe), .x = rows.x, .n = t->partitions->n_development, .d = d, .label = regression ? NULL : rows.label,
                                 .target = regression ? rows.target : NULL, .n_classes = task->n_classes, .fold = t->partitions->fold,
                                 .n_folds = t->partitions->n_folds, .x_test = rows.x_test, .n_test = t->partitions->n_test};
    int code = t->protocol == PROTOCOL_OFFICIAL ? cell_official(h, t, &name, probe, &problem, st) : choose_and_score(h, t, &name, probe, &problem, st);
    cell_rows_free(&rows);
    return cell_end(h, t, &name, code, st);
}
