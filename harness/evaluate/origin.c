#include "evaluate/origin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "evaluate/pictures.h"
#include "report/results.h"

char *origin_results(const char *probe_path)
{
    char *probes = path_directory(probe_path), *above;
    const char *slash = strrchr(probes, '/');
    if (!strcmp(probes, "."))
        above = mem_strdup("..");
    else if (!slash)
        above = mem_strdup(".");
    else
        above = slash == probes ? mem_strdup("/") : mem_strndup(probes, (size_t)(slash - probes));
    free(probes);
    return above;
}

/* ---- splits/TASK.csv ---- */

enum { SAMPLE, PATIENT, SITE, LABEL, PROTOCOL, PARTITION, FOLD, SHA256, N_FIXED };

static int check_header(const struct table *t, bool *exams, struct status *st)
{
    char *fixed = mem_strdup(RESULTS_SPLITS_HEADER), *at = fixed;
    int code = STATUS_OK;
    for (size_t k = 0; k < N_FIXED && !code; k++) {
        char *name = strsep(&at, ",");
        if (k >= t->n_columns || strcmp(t->header[k], name) != 0)
            code = status_set(st, STATUS_DATA, "'%s': its column %zu is not '%s'", t->path, k + 1, name);
    }
    free(fixed);
    *exams = !code && t->n_columns > N_FIXED && !strcmp(t->header[N_FIXED], "exam");
    return code;
}

static char *said(const char *cell)
{
    return *cell ? mem_strdup(cell) : NULL;
}

static int bad_row(const struct table *t, size_t row, const char *what, struct status *st)
{
    return status_set(st, STATUS_DATA, "'%s', line %zu: %s", t->path, t->line[row], what);
}

/* One row of the protocol, behind those read. */
static int take_row(struct origin *o, const struct table *t, size_t row, const struct saved_probe *p, bool exams, struct status *st)
{
    struct cohort *c = &o->cohort;
    const char *label = table_cell(t, row, LABEL), *partition = table_cell(t, row, PARTITION);
    struct sample s = {.line = t->line[row], .order = c->n};
    size_t fold = 0, k = 0;
    uint8_t digest[DIGEST_BYTES];
    while (k < p->n_classes && strcmp(p->class_name[k], label) != 0)
        k++;
    if (p->kind != KIND_REGRESSION && k == p->n_classes)
        return bad_row(t, row, "its label is no class of the probe", st);
    if (p->kind == KIND_REGRESSION && !number_parse_double(label, &s.target))
        return bad_row(t, row, "its label is no number", st);
    bool test = !strcmp(partition, "test");
    if (!test && strcmp(partition, "development") != 0)
        return bad_row(t, row, "its partition is neither development nor test", st);
    if (!test && (!number_parse_size(table_cell(t, row, FOLD), &fold) || fold < 1 || fold > p->n_folds))
        return bad_row(t, row, "its fold is not one of the probe's", st);
    if (!digest_from_hex(digest, table_cell(t, row, SHA256)))
        return bad_row(t, row, "its sha256 is none", st);
    s.picture = pictures_find(&o->survey, digest);
    if (s.picture == o->survey.n)
        return bad_row(t, row, "pictures.csv does not know its picture", st);
    if (p->kind != KIND_REGRESSION) {
        s.label = (int32_t)k;
        s.target = (double)k;
    }
    s.id = mem_strdup(table_cell(t, row, SAMPLE));
    s.patient = said(table_cell(t, row, PATIENT));
    s.site = said(table_cell(t, row, SITE));
    s.exam = exams ? said(table_cell(t, row, N_FIXED)) : NULL;
    s.covariate = NEW0(o->task.cohort.n_covariates, char *);
    for (unsigned v = 0; v < o->task.cohort.n_covariates; v++)
        s.covariate[v] = mem_strdup(table_cell(t, row, t->n_columns - o->task.cohort.n_covariates + v));
    c->has_patients |= s.patient != NULL;
    c->has_sites |= s.site != NULL;
    c->has_exams |= s.exam != NULL;
    if (test) {
        o->parts.test[o->parts.n_test++] = c->n;
    } else {
        o->parts.fold[o->parts.n_development] = (uint32_t)(fold - 1);
        o->parts.development[o->parts.n_development++] = c->n;
    }
    c->sample[c->n++] = s;
    return STATUS_OK;
}

static int read_splits(struct origin *o, const struct saved_probe *p, struct status *st)
{
    struct table t;
    char *folder = path_join(o->results, "splits"), *name = mem_printf("%s.csv", p->task), *path = path_join(folder, name);
    bool exams = false;
    int code = table_read(&t, path, st);
    free(folder);
    free(name);
    free(path);
    if (code)
        return code;
    code = check_header(&t, &exams, st);
    if (!code) {
        size_t first = N_FIXED + exams;
        o->task.cohort.n_covariates = (unsigned)(t.n_columns - first);
        o->task.cohort.covariates = NEW0(t.n_columns - first, char *);
        for (size_t k = first; k < t.n_columns; k++)
            o->task.cohort.covariates[k - first] = mem_strdup(t.header[k]);
        o->cohort.sample = NEW0(t.n_rows, struct sample);
        o->parts = (struct partitions){.development = NEW(t.n_rows, size_t), .test = NEW(t.n_rows, size_t), .fold = NEW(t.n_rows, uint32_t),
                                       .n_folds = p->n_folds};
    }
    for (size_t i = 0; i < t.n_rows && !code; i++)
        if (!strcmp(table_cell(&t, i, PROTOCOL), p->protocol))
            code = take_row(o, &t, i, p, exams, st);
    table_free(&t);
    return code;
}

void origin_settle(struct origin *o)
{
    o->source = (struct study_task){.task = &o->task};
    o->cohort.source = &o->source;
}

int origin_open(struct origin *o, const char *results, const struct saved_probe *p, const struct task *like, struct status *st)
{
    *o = (struct origin){.results = mem_strdup(results), .protocol = mem_strdup(p->protocol), .task = *like};
    o->task.name = mem_strdup(p->task);
    o->task.cohort = (struct task_cohort){0};
    origin_settle(o);
    while (o->protocol_number < N_STUDY_PROTOCOLS && strcmp(study_protocol_name(o->protocol_number), p->protocol) != 0)
        o->protocol_number++;
    char *pictures = path_join(results, "pictures.csv");
    int code = o->protocol_number == N_STUDY_PROTOCOLS ? status_set(st, STATUS_DATA, "'%s' is no protocol", p->protocol) : STATUS_OK;
    if (!code)
        code = pictures_read(&o->survey, pictures, st);
    free(pictures);
    if (!code)
        code = read_splits(o, p, st);
    if (code) {
        origin_close(o);
        return status_context(st, "the development of task '%s' (a probe is carried with the reports beside it: probes/, splits/, predictions/, pictures.csv)",
                              p->task);
    }
    cohort_number_units(&o->cohort, &o->survey);
    return STATUS_OK;
}

void origin_close(struct origin *o)
{
    if (o->cohort.source)
        cohort_free(&o->cohort);
    for (unsigned v = 0; v < o->task.cohort.n_covariates; v++)
        free(o->task.cohort.covariates[v]);
    free(o->task.cohort.covariates);
    free(o->task.name);
    partitions_free(&o->parts);
    survey_free(&o->survey);
    table_free(&o->predictions);
    free(o->results);
    free(o->protocol);
    *o = (struct origin){0};
}

int origin_check(const struct origin *o, const struct saved_probe *p, const char *path, struct status *st)
{
    uint8_t digest[DIGEST_BYTES];
    partitions_digest(digest, &o->parts, &o->cohort, &o->survey);
    if (memcmp(digest, p->development, DIGEST_BYTES) != 0)
        return status_set(st, STATUS_DATA, "'%s/splits/%s.csv' is not of the study that kept '%s': its development part has another digest", o->results, p->task,
                          path);
    if (o->parts.n_test != p->n_test)
        return status_set(st, STATUS_DATA, "'%s/splits/%s.csv' is not of the study that kept '%s': %zu images are tested on, not %zu", o->results, p->task, path,
                          o->parts.n_test, p->n_test);
    return STATUS_OK;
}

/* ---- predictions/TASK.csv ---- */

static int open_predictions(struct origin *o, struct status *st)
{
    if (o->predictions.path)
        return STATUS_OK;
    char *folder = path_join(o->results, "predictions"), *name = mem_printf("%s.csv", o->task.name), *path = path_join(folder, name);
    int code = table_read(&o->predictions, path, st);
    free(folder);
    free(name);
    free(path);
    return code;
}

enum { P_PROTOCOL, P_PARTITION, P_FOLD, P_MODEL, P_READOUT, P_PROBE, N_KEYS };

/* Is the row what the probe said of a test image? */
static bool is_of(const struct table *t, size_t row, const size_t *column, const char *const *want)
{
    for (size_t k = 0; k < N_KEYS; k++)
        if (strcmp(table_cell(t, row, column[k]), want[k]) != 0)
            return false;
    return true;
}

static int read_scores(double *score, const struct origin *o, const struct saved_probe *p, struct status *st)
{
    const struct table *t = &o->predictions;
    size_t n_out = saved_probe_n_out(p), column[N_KEYS], sample, first, n = 0;
    static const char *const key[N_KEYS] = {"protocol", "partition", "fold", "model", "readout", "probe"};
    char fold[24] = "";
    if (p->fold)
        (void)snprintf(fold, sizeof fold, "%zu", p->fold);
    const char *const want[N_KEYS] = {p->protocol, "test", fold, p->model, p->readout, p->probe};
    int code = table_column(t, "sample", &sample, st);
    for (size_t k = 0; k < N_KEYS && !code; k++)
        code = table_column(t, key[k], &column[k], st);
    if (!code)
        code = table_column(t, "prediction", &first, st);
    if (!code && p->kind != KIND_REGRESSION && t->n_columns != first + 1 + p->n_classes)
        code = status_set(st, STATUS_DATA, "'%s' has not the scores of %zu classes", t->path, p->n_classes);
    if (code)
        return code;
    if (p->kind != KIND_REGRESSION)
        first += p->kind == KIND_BINARY ? 2 : 1; /* behind the predicted class; of two classes the second */
    for (size_t i = 0; i < t->n_rows; i++) {
        if (!is_of(t, i, column, want))
            continue;
        if (n == o->parts.n_test || strcmp(table_cell(t, i, sample), o->cohort.sample[o->parts.test[n]].id) != 0)
            return bad_row(t, i, "not the test image that splits/ has there", st);
        for (size_t k = 0; k < n_out; k++)
            if (!number_parse_double(table_cell(t, i, first + k), &score[n * n_out + k]))
                return bad_row(t, i, "a score is no number", st);
        n++;
    }
    if (n != o->parts.n_test)
        return status_set(st, STATUS_DATA, "'%s' has %zu of the %zu predictions of %s, %s, %s", t->path, n, o->parts.n_test, p->model, p->readout, p->probe);
    return STATUS_OK;
}

int origin_scores(double *score, struct origin *o, const struct saved_probe *p, const char *path, struct status *st)
{
    int code = open_predictions(o, st);
    if (!code)
        code = read_scores(score, o, p, st);
    if (code)
        return code;
    uint8_t digest[DIGEST_BYTES];
    const uint8_t **image = NEW(o->parts.n_test, const uint8_t *);
    double *target = NEW(o->parts.n_test, double);
    for (size_t i = 0; i < o->parts.n_test; i++) {
        const struct sample *s = &o->cohort.sample[o->parts.test[i]];
        image[i] = o->survey.picture[s->picture].digest;
        target[i] = s->target;
    }
    saved_test_digest(digest, image, target, score, o->parts.n_test, saved_probe_n_out(p));
    free(target);
    free(image);
    if (memcmp(digest, p->test, DIGEST_BYTES) != 0)
        return status_set(st, STATUS_DATA, "'%s' is not what the study that kept '%s' wrote: the digest of its test predictions is another", o->predictions.path,
                          path);
    return STATUS_OK;
}
