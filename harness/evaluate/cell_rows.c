#include "evaluate/cell_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void cell_gather(struct cell_rows *rows, const struct cell_task *t, const float *x, size_t d)
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

void cell_rows_free(struct cell_rows *rows)
{
    free(rows->x);
    free(rows->x_test);
    free(rows->label);
    free(rows->target);
}

/* ---- what figures are computed of ---- */

void scored_images(struct scored *s, const struct cell_task *t)
{
    *s = (struct scored){.exams = "", .n = t->partitions->n_test, .label = t->label, .target = t->target, .unit = t->unit};
}

void scored_exams(struct scored *s, const struct cell_task *t)
{
    const struct exams *e = &t->test_exams;
    *s = (struct scored){.exams = " exams", .n = e->n, .of = e};
    int32_t *label = NEW(e->n, int32_t);
    double *target = NEW(e->n, double);
    uint32_t *unit = NEW(e->n, uint32_t);
    for (size_t i = 0; i < e->n; i++) {
        label[i] = t->label[e->first[i]];
        target[i] = t->target[e->first[i]];
        unit[i] = t->unit[e->first[i]];
    }
    s->label = s->own_label = label;
    s->target = s->own_target = target;
    s->unit = s->own_unit = unit;
}

const double *scored_set(struct scored *s, const double *score, size_t n_out)
{
    if (!s->of)
        return score;
    free(s->own_score);
    s->own_score = NEW(s->n * n_out, double);
    exams_mean(s->own_score, s->of, score, n_out);
    return s->own_score;
}

void scored_plan(struct bootstrap_plan *plan, const struct cell_task *t, struct scored *s)
{
    const struct study *study = t->study;
    *plan = (struct bootstrap_plan){.n = s->n, .unit = s->unit, .n_units = t->n_units, .stratum = t->stratum, .n_strata = t->n_strata,
                                    .replicates = study->replicates, .seed = study->seed, .stream = t->cohort->source->task->name};
    free(s->own_plan);
    bootstrap_plan_choose(plan, &s->own_plan, s->label, study->cluster, study->stratify);
}

void scored_free(struct scored *s)
{
    free(s->own_plan);
    free(s->own_label);
    free(s->own_target);
    free(s->own_unit);
    free(s->own_score);
    *s = (struct scored){0};
}

/* ---- predictions ---- */

char *cell_predictions_header(const struct task *task)
{
    char *header = mem_strdup("sample,patient,site,protocol,partition,fold,label,model,readout,probe,prediction");
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

void cell_write_prediction(const struct cell_task *t, const struct cell_name *name, const struct sample *s, const char *partition, int fold,
                           const double *score, size_t n_out)
{
    const struct task *task = t->cohort->source->task;
    FILE *f = t->predictions->stream;
    cohort_write_sample(f, s);
    fprintf(f, ",%s,%s,", name->protocol, partition);
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
