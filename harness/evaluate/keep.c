#include "evaluate/keep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "evaluate/recalibrate.h"
#include "probe/saved.h"

int keeper_begin(struct keeper *k, const char *output, const struct survey *survey, struct status *st)
{
    *k = (struct keeper){.directory = path_join(output, "probes"), .survey = survey};
    return file_make_directories(k->directory, st);
}

bool keeper_wants(const struct cell_task *t, enum study_probe probe)
{
    enum study_save save = t->study->save_probes;
    return t->keeper && (save == SAVE_ALL || (save == SAVE_LINEAR && study_probe_is_linear(probe)));
}

/* Patients of the development part, or of all its folds but one. */
static size_t count_patients(size_t *n_images, const struct cell_task *t, int without)
{
    const struct partitions *p = t->partitions;
    bool *seen = NEW0(t->cohort->n_units, bool);
    size_t n = 0;
    *n_images = 0;
    for (size_t i = 0; i < p->n_development; i++) {
        uint32_t unit = t->cohort->sample[p->development[i]].unit;
        if (without >= 0 && p->fold[i] == (uint32_t)without)
            continue;
        n += !seen[unit];
        seen[unit] = true;
        ++*n_images;
    }
    free(seen);
    return n;
}

static void *copy_of(const void *data, size_t n, size_t size)
{
    return memcpy(mem_alloc(n, size), data, n * size);
}

/* The training rows of a k-NN probe. */
static void take_rows(struct saved_probe *p, const struct probe_task *problem, int without)
{
    p->train = NEW(problem->n * problem->d, float);
    p->label = problem->label ? NEW(problem->n, int32_t) : NULL;
    p->target = problem->target ? NEW(problem->n, double) : NULL;
    for (size_t i = 0; i < problem->n; i++) {
        if (without >= 0 && problem->fold[i] == (uint32_t)without)
            continue;
        memcpy(p->train + p->n_train * p->d, problem->x + i * p->d, p->d * sizeof *p->train);
        if (p->label)
            p->label[p->n_train] = problem->label[i];
        if (p->target)
            p->target[p->n_train] = problem->target[i];
        p->n_train++;
    }
}

static void take_answer(struct saved_probe *p, enum study_probe probe, const struct probe_task *problem, const struct keep_fit *fit)
{
    if (!study_probe_is_linear(probe)) {
        p->form = SAVED_KNN;
        p->metric = KNN_COSINE;
        p->vote = probe == PROBE_KNN ? KNN_SOFTMAX : KNN_UNIFORM;
        p->k = (size_t)fit->parameter;
        take_rows(p, problem, fit->fold);
        return;
    }
    p->scaler = (struct scaler){.d = p->d, .mean = copy_of(fit->scaler->mean, p->d, sizeof(double)), .scale = copy_of(fit->scaler->scale, p->d, sizeof(double))};
    if (fit->ordinal->coef) {
        p->form = SAVED_CUMULATIVE_LOGIT;
        p->rows = 1;
        p->n_intercepts = p->n_classes - 1;
        p->coef = copy_of(fit->ordinal->coef, p->d, sizeof *p->coef);
        p->intercept = copy_of(fit->ordinal->threshold, p->n_intercepts, sizeof *p->intercept);
        return;
    }
    const bool ridge = fit->ridge->coef != NULL;
    p->form = ridge ? SAVED_RIDGE : SAVED_LOGISTIC;
    p->rows = p->n_intercepts = ridge ? 1 : fit->logistic->rows;
    p->coef = copy_of(ridge ? fit->ridge->coef : fit->logistic->coef, p->rows * p->d, sizeof *p->coef);
    p->intercept = copy_of(ridge ? &fit->ridge->intercept : fit->logistic->intercept, p->rows, sizeof *p->intercept);
}

/* On the out-of-fold predictions of rows row[i] of the development part, or of i where row is NULL. */
static struct saved_recalibration recalibration_of(const struct cell_task *t, enum task_kind kind, const double *validation, const size_t *row, size_t n_rows)
{
    int32_t *label = NEW(n_rows, int32_t);
    double *target = NEW(n_rows, double), *score = NEW(n_rows, double);
    size_t n = 0;
    for (size_t i = 0; i < n_rows; i++) {
        const struct sample *s = &t->cohort->sample[t->partitions->development[row ? row[i] : i]];
        if (isnan(validation[i]))
            continue;
        label[n] = s->label;
        target[n] = s->target;
        score[n++] = validation[i];
    }
    struct saved_recalibration r = recalibrate_fit(kind, label, target, score, n, NULL);
    free(label);
    free(target);
    free(score);
    return r;
}

static void take_recalibration(struct saved_probe *p, const struct cell_task *t, const struct keep_fit *fit)
{
    p->recalibration = p->recalibration_exams = (struct saved_recalibration){NAN, NAN, NAN};
    if (!fit->validation || (p->kind != KIND_BINARY && p->kind != KIND_REGRESSION))
        return;
    p->recalibration = recalibration_of(t, p->kind, fit->validation, NULL, t->partitions->n_development);
    if (!t->cohort->has_exams)
        return;
    const struct exams *e = &t->development_exams;
    double *mean = NEW(e->n, double);
    exams_mean(mean, e, fit->validation, 1);
    p->recalibration_exams = recalibration_of(t, p->kind, mean, e->first, e->n);
    free(mean);
}

/* The study's own test part, whose predictions stand in predictions/. */
static void take_test(struct saved_probe *p, const struct keeper *k, const struct cell_task *t, const double *score)
{
    const uint8_t **image = NEW(t->partitions->n_test, const uint8_t *);
    double *target = NEW(t->partitions->n_test, double);
    p->n_test = t->partitions->n_test;
    for (size_t i = 0; i < p->n_test; i++) {
        const struct sample *s = &t->cohort->sample[t->partitions->test[i]];
        image[i] = k->survey->picture[s->picture].digest;
        target[i] = s->target;
    }
    saved_test_digest(p->test, image, target, score, p->n_test, saved_probe_n_out(p));
    free(target);
    free(image);
}

static int add_file(struct keeper *k, const struct outfile *file, struct status *st)
{
    for (size_t i = 0; i < k->n; i++)
        if (!strcmp(k->file[i].path, file->path)) /* "a.b" of "c" and "a" of "b.c" */
            return status_set(st, STATUS_DATA, "two probes would be kept as '%s'; rename a task or a model", file->path);
    k->file = mem_grow(k->file, k->n, &k->capacity, sizeof *k->file);
    k->file[k->n++] = *file;
    return STATUS_OK;
}

int keeper_add(struct keeper *k, const struct cell_task *t, const struct cell_name *name, enum study_probe probe, const struct probe_task *problem,
               const struct keep_fit *fit, struct status *st)
{
    const struct task *task = t->cohort->source->task;
    struct saved_probe p = {.kind = problem->kind, .task = mem_strdup(name->task), .class_name = NEW0(task->n_classes, char *), .n_classes = task->n_classes,
                            .unit = mem_strdup(task->unit ? task->unit : ""), .d = problem->d, .parameter = fit->parameter, .threshold = fit->threshold,
                            .threshold_exams = fit->threshold_exams, .study = mem_strdup(name->study), .protocol = mem_strdup(name->protocol),
                            .model = mem_strdup(name->model), .readout = mem_strdup(name->readout), .probe = mem_strdup(name->probe),
                            .preprocess = mem_strdup(name->preprocess), .precision = mem_strdup(name->precision),
                            .features = mem_strdup(k->featurizer->words), .fold = (size_t)(fit->fold + 1), .n_folds = problem->n_folds,
                            .seed = t->study->seed};
    for (size_t c = 0; c < p.n_classes; c++)
        p.class_name[c] = mem_strdup(task->classes[c].name);
    memcpy(p.fingerprint, k->featurizer->fingerprint, DIGEST_BYTES);
    p.n_patients = count_patients(&p.n_images, t, fit->fold);
    partitions_digest(p.development, t->partitions, t->cohort, k->survey);
    digest_bytes(p.embeddings, problem->x, problem->n * problem->d * sizeof *problem->x);
    take_answer(&p, probe, problem, fit);
    take_recalibration(&p, t, fit);
    take_test(&p, k, t, fit->test);
    char fold[32] = "";
    if (fit->fold >= 0)
        (void)snprintf(fold, sizeof fold, ".fold%d", fit->fold + 1);
    char *file_name = mem_printf("%s.%s.%s.%s.%s%s", p.task, p.protocol, p.model, p.readout, p.probe, fold);
    struct outfile file[2];
    int code = saved_probe_write(file, &p, k->directory, file_name, st);
    for (size_t i = 0; i < 2 && !code; i++) {
        code = add_file(k, &file[i], st);
        for (size_t rest = i; code && rest < 2; rest++)
            outfile_discard(&file[rest]);
    }
    free(file_name);
    saved_probe_free(&p);
    return code;
}

int keeper_commit(struct keeper *k, struct status *st)
{
    int code = STATUS_OK;
    for (size_t i = 0; i < k->n && !code; i++)
        code = outfile_commit(&k->file[i], st);
    return code;
}

void keeper_discard(struct keeper *k)
{
    for (size_t i = 0; i < k->n; i++)
        outfile_discard(&k->file[i]);
    free(k->file);
    free(k->directory);
    *k = (struct keeper){0};
}
