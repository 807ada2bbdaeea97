#include "evaluate/cell_official.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "evaluate/cell_rows.h"
#include "evaluate/keep.h"
#include "metric/panel.h"

#define CAUTION "the folds share one test set: their SD is no confidence interval; folds are of images; the published models were fine-tuned, these are frozen"

void official_summary(double *mean, double *sd, const double *value, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += value[i];
    *mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (value[i] - *mean) * (value[i] - *mean);
    *sd = sqrt(squares / (double)n);
}

static void write_path(const struct cell_task *t, const struct cell_name *name, const char *parameter, const struct probe_folds *r)
{
    for (size_t f = 0; f < r->n_folds; f++)
        for (size_t g = 0; g < r->n_grid; g++) {
            bool chosen = !r->left_out[f].code && g == r->chosen[f];
            struct path_row row = {.cell = *name, .criterion = r->criterion, .parameter = parameter, .value = r->grid[g], .fold = (int)f,
                                   .score = r->score[f * r->n_grid + g], .chosen = chosen, .edge = chosen && r->at_edge[f]};
            results_write_path(t->path, &row);
        }
}

static void write_predictions(const struct cell_task *t, const struct cell_name *name, const struct probe_folds *r)
{
    const struct partitions *p = t->partitions;
    for (size_t i = 0; i < p->n_development; i++)
        cell_write_prediction(t, name, &t->cohort->sample[p->development[i]], "development", (int)p->fold[i], r->validation + i * r->n_out, r->n_out);
    for (size_t f = 0; f < r->n_folds; f++)
        for (size_t i = 0; i < p->n_test; i++)
            cell_write_prediction(t, name, &t->cohort->sample[p->test[i]], "test", (int)f, r->test + (f * p->n_test + i) * r->n_out, r->n_out);
}

/* ---- figures ---- */

#define MOST_METRICS 32

struct summary { /* of the folds of one part */
    size_t n_metrics;
    char *metric[MOST_METRICS];
    double *value;       /* [MOST_METRICS, n_folds] */
    char *reason[MOST_METRICS]; /* first fold in which it is undefined, and why; NULL: none */
};

static void summary_free(struct summary *s)
{
    free(s->value);
    for (size_t m = 0; m < MOST_METRICS; m++) {
        free(s->metric[m]);
        free(s->reason[m]);
    }
}

static struct metric_row row_of(const struct cell_task *t, const struct cell_name *name, const struct scored *part, const char *partition)
{
    return (struct metric_row){.cell = *name, .partition = partition, .n = part->n, .n_patients = t->n_units, .method = "", .reason = ""};
}

/* One fold's rows; its values go into the summary. */
static int score_fold(struct summary *s, const struct cell_task *t, const struct cell_name *name, struct scored *part, const struct probe_folds *r,
                      size_t fold, struct status *st)
{
    const struct task *task = t->cohort->source->task;
    enum task_kind kind = (enum task_kind)task->kind;
    bool regression = kind == KIND_REGRESSION;
    struct panel *panel;
    int code = panel_new(&panel, &(struct panel_input){.kind = kind, .n_classes = task->n_classes, .n = part->n,
        .label = regression ? NULL : part->label, .target = regression ? part->target : NULL, .score = scored_set(part, r->test + fold * t->partitions->n_test * r->n_out, r->n_out), .threshold = NAN}, st);
    if (code)
        return status_context(st, "fold %zu", fold + 1);
    double value[MOST_METRICS];
    const char *reason[MOST_METRICS];
    struct panel_scratch *scratch = panel_scratch_new(panel);
    char *partition = mem_printf("test%s fold %zu", part->exams, fold + 1);
    struct metric_row row = row_of(t, name, part, partition);
    s->n_metrics = panel_n_metrics(panel);
    panel_compute(panel, scratch, NULL, value, reason);
    for (size_t m = 0; m < s->n_metrics; m++) {
        row.metric = panel_metric_name(panel, m);
        if (!s->metric[m])
            s->metric[m] = mem_strdup(row.metric);
        s->value[m * r->n_folds + fold] = row.value = value[m];
        row.reason = reason[m] ? reason[m] : "";
        if (reason[m] && !s->reason[m])
            s->reason[m] = mem_printf("fold %zu: %s", fold + 1, reason[m]);
        results_write_metric(t->metrics, &row);
    }
    free(partition);
    panel_scratch_free(scratch);
    panel_free(panel);
    return STATUS_OK;
}

/* A fold without a model: NA for each metric the other folds have. */
static void write_left_out(struct summary *s, const struct cell_task *t, const struct cell_name *name, const struct scored *part,
                           const struct probe_folds *r, size_t fold)
{
    char *partition = mem_printf("test%s fold %zu", part->exams, fold + 1);
    struct metric_row row = row_of(t, name, part, partition);
    for (size_t m = 0; m < s->n_metrics; m++) {
        row.metric = s->metric[m];
        s->value[m * r->n_folds + fold] = row.value = NAN;
        row.reason = r->left_out[fold].text;
        if (!s->reason[m])
            s->reason[m] = mem_printf("fold %zu: %s", fold + 1, row.reason);
        results_write_metric(t->metrics, &row);
    }
    free(partition);
}

static void write_summary(struct headline *h, const struct summary *s, const struct cell_task *t, const struct cell_name *name,
                          const struct scored *part, size_t n_folds)
{
    const char *note = t->cohort->source->task->official.note;
    char *partition = mem_printf("test%s", part->exams), *mean_method = mem_printf("mean of %zu folds", n_folds),
         *sd_method = mem_printf("population SD of %zu folds", n_folds);
    struct metric_row row = row_of(t, name, part, partition);
    for (size_t m = 0; m < s->n_metrics; m++) {
        double mean, sd;
        official_summary(&mean, &sd, s->value + m * n_folds, n_folds);
        char *reason = mem_printf("%s%s%s%s%s", s->reason[m] ? s->reason[m] : "", s->reason[m] ? "; " : "", CAUTION, note ? "; " : "", note ? note : "");
        char *sd_metric = mem_printf("%s_sd", s->metric[m]);
        row.reason = reason;
        row.metric = s->metric[m];
        row.value = mean;
        row.method = mean_method;
        results_write_metric(t->metrics, &row);
        row.metric = sd_metric;
        row.value = sd;
        row.method = sd_method;
        results_write_metric(t->metrics, &row);
        if (h && !strcmp(s->metric[m], h->metric)) {
            h->value = mean;
            h->sd = sd;
        }
        free(sd_metric);
        free(reason);
    }
    free(sd_method);
    free(mean_method);
    free(partition);
}

/* Frees part.  At least one fold has a model. */
static int score_part(struct headline *h, const struct cell_task *t, const struct cell_name *name, struct scored *part, const struct probe_folds *r,
                      struct status *st)
{
    struct summary s = {.value = NEW(MOST_METRICS * r->n_folds, double)};
    int code = STATUS_OK;
    for (size_t f = 0; f < r->n_folds && !code; f++)
        if (!r->left_out[f].code)
            code = score_fold(&s, t, name, part, r, f, st);
    for (size_t f = 0; f < r->n_folds && !code; f++)
        if (r->left_out[f].code)
            write_left_out(&s, t, name, part, r, f);
    if (!code)
        write_summary(h, &s, t, name, part, r->n_folds);
    summary_free(&s);
    scored_free(part);
    return code;
}

int cell_official_finish(struct headline *h, const struct cell_task *t, const struct cell_name *name, const struct probe_folds *r, struct status *st)
{
    double sum = 0;
    size_t n_used = 0;
    for (size_t f = 0; f < r->n_folds; f++) {
        h->edge |= r->at_edge[f];
        if (r->left_out[f].code)
            continue;
        sum += r->score[f * r->n_grid + r->chosen[f]];
        n_used++;
    }
    h->validation = sum / (double)n_used;
    write_predictions(t, name, r);
    struct scored part;
    scored_images(&part, t);
    int code = score_part(h, t, name, &part, r, st);
    if (!code && t->cohort->has_exams) {
        scored_exams(&part, t);
        code = score_part(NULL, t, name, &part, r, st);
    }
    return code;
}

int cell_official(struct headline *h, const struct cell_task *t, const struct cell_name *name, enum study_probe probe, const struct probe_task *problem,
                  struct status *st)
{
    struct probe_folds r;
    int code = study_probe_is_linear(probe)
                   ? probe_folds_linear(&r, problem, NULL, 0, t->n_threads, st)
                   : probe_folds_knn(&r, problem, probe == PROBE_KNN ? KNN_SOFTMAX : KNN_UNIFORM, NULL, 0, t->n_threads, st);
    if (code)
        return code;
    write_path(t, name, h->parameter_name, &r);
    code = cell_official_finish(h, t, name, &r, st);
    for (size_t f = 0; f < r.n_folds && !code && keeper_wants(t, probe); f++) {
        struct keep_fit fit = {&r.scaler[f], &r.logistic[f], &r.ridge[f], &r.ordinal[f], r.grid[r.chosen[f]], NAN, NAN, (int)f, NULL,
                               r.test + f * t->partitions->n_test * r.n_out};
        if (!r.left_out[f].code)
            code = keeper_add(t->keeper, t, name, probe, problem, &fit, st);
    }
    probe_folds_free(&r);
    return code;
}
