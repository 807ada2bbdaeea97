#include "probe/saved_record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/version.h"
#include "study/task.h"

#define FORMAT "skelex-eval probe"
#define MOST ((json_int_t)1 << 31) /* rows, columns, classes: below what an int of BLAS holds */

static const char *const METRICS[] = {[KNN_COSINE] = "cosine", [KNN_EUCLIDEAN] = "euclidean", NULL};
static const char *const VOTES[] = {[KNN_UNIFORM] = "uniform", [KNN_DISTANCE] = "distance", [KNN_SOFTMAX] = "softmax", NULL};

/* ---- making ---- */

static json_t *number_or_null(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static json_t *recalibration_of(const struct saved_recalibration *r)
{
    return json_pack("{s:o, s:o, s:o}", "in_the_large", number_or_null(r->in_the_large), "intercept", number_or_null(r->intercept), "slope",
                     number_or_null(r->slope));
}

static json_t *task_of(const struct saved_probe *p)
{
    json_t *classes = json_array();
    for (size_t k = 0; k < p->n_classes; k++)
        if (json_array_append_new(classes, json_string(p->class_name[k]))) {
            json_decref(classes);
            return NULL;
        }
    return json_pack("{s:s, s:s, s:o, s:s}", "name", p->task, "kind", task_kind_name(p->kind), "classes", classes, "unit", p->unit);
}

static json_t *probe_of(const struct saved_probe *p)
{
    bool knn = p->form == SAVED_KNN;
    json_t *probe = json_pack("{s:s, s:s, s:s, s:f, s:o, s:o, s:o, s:o}", "name", p->probe, "form", saved_form_name(p->form), "parameter",
                              saved_parameter_name(p->form), "value", p->parameter, "threshold", number_or_null(p->threshold), "threshold_exams",
                              number_or_null(p->threshold_exams), "recalibration", recalibration_of(&p->recalibration), "recalibration_exams",
                              recalibration_of(&p->recalibration_exams));
    if (probe && knn)
        json_object_set_new(probe, "neighbours", json_pack("{s:s, s:s, s:I}", "metric", METRICS[p->metric], "vote", VOTES[p->vote], "rows",
                                                           (json_int_t)p->n_train));
    return probe;
}

static json_t *features_of(const struct saved_probe *p)
{
    char hex[DIGEST_HEX];
    return json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:s}", "model", p->model, "readout", p->readout, "width", (json_int_t)p->d, "preprocess",
                     p->preprocess, "precision", p->precision, "words", p->features, "fingerprint", digest_hex(hex, p->fingerprint));
}

static json_t *development_of(const struct saved_probe *p)
{
    char images[DIGEST_HEX], embeddings[DIGEST_HEX], test[DIGEST_HEX];
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:I, s:s}", "study", p->study, "protocol", p->protocol, "fold", (json_int_t)p->fold, "folds",
                     (json_int_t)p->n_folds, "seed", (json_int_t)p->seed, "images", (json_int_t)p->n_images, "patients", (json_int_t)p->n_patients,
                     "cohort_sha256", digest_hex(images, p->development), "embeddings_sha256", digest_hex(embeddings, p->embeddings), "test_images", (json_int_t)p->n_test, "test_sha256",
                     digest_hex(test, p->test));
}

json_t *saved_record_make(const struct saved_probe *p, const char *file, const uint8_t digest[DIGEST_BYTES])
{
    char hex[DIGEST_HEX];
    uint8_t own[DIGEST_BYTES];
    json_t *record = json_pack("{s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:{s:s, s:s}}", "format", FORMAT, "version", SAVED_VERSION, "program",
                               PROGRAM_VERSION, "task", task_of(p), "probe", probe_of(p), "features", features_of(p), "development", development_of(p),
                               "tensors", "file", file, "sha256", digest_hex(hex, digest));
    if (!record || !saved_record_digest(own, record)) {
        json_decref(record);
        return NULL;
    }
    json_object_set_new(record, "record_sha256", json_string(digest_hex(hex, own)));
    return record;
}

bool saved_record_digest(uint8_t digest[DIGEST_BYTES], json_t *record)
{
    json_object_del(record, "record_sha256");
    char *text = json_dumps(record, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
    if (!text)
        return false;
    digest_bytes(digest, text, strlen(text));
    free(text);
    return true;
}

/* ---- reading ---- */

static bool choice_parse(size_t *value, const char *text, const char *const *names)
{
    for (*value = 0; names[*value]; (*value)++)
        if (!strcmp(names[*value], text))
            return true;
    return false;
}

static bool size_parse(size_t *value, json_int_t number, json_int_t least)
{
    *value = (size_t)number;
    return number >= least && number < MOST;
}

/* A threshold: null or a finite number (a JSON number is). */
static bool threshold_parse(double *value, const json_t *number)
{
    *value = json_is_null(number) ? NAN : json_number_value(number);
    return json_is_null(number) || json_is_number(number);
}

/* All three are numbers that were fitted, or null each. */
static bool recalibration_parse(struct saved_recalibration *r, json_t *part)
{
    json_t *large, *intercept, *slope;
    return !json_unpack_ex(part, NULL, JSON_STRICT, "{s:o, s:o, s:o}", "in_the_large", &large, "intercept", &intercept, "slope", &slope) &&
           threshold_parse(&r->in_the_large, large) && threshold_parse(&r->intercept, intercept) && threshold_parse(&r->slope, slope) &&
           isnan(r->intercept) == isnan(r->slope);
}

static int wrong(const char *path, const char *what, struct status *st)
{
    return status_set(st, STATUS_DATA, "'%s': %s is not what a saved probe has there", path, what);
}

/* A part unpacked by `format`; what is missing, of another type or unknown is named. */
#define UNPACK(part, name, ...)                                                                        \
    do {                                                                                               \
        json_error_t error;                                                                            \
        if (json_unpack_ex((part), &error, JSON_STRICT, __VA_ARGS__))                                  \
            return status_set(st, STATUS_DATA, "'%s': '%s': %.200s", path, (name), error.text);        \
    } while (0)

static int read_task(struct saved_probe *p, json_t *part, const char *path, struct status *st)
{
    static const enum task_kind all[] = {KIND_BINARY, KIND_MULTICLASS, KIND_ORDINAL, KIND_REGRESSION};
    const char *name, *kind, *unit;
    json_t *classes, *item;
    size_t i, found = 0;
    UNPACK(part, "task", "{s:s, s:s, s:o, s:s}", "name", &name, "kind", &kind, "classes", &classes, "unit", &unit);
    p->task = mem_strdup(name);
    p->unit = mem_strdup(unit);
    while (found < 4 && strcmp(task_kind_name(all[found]), kind) != 0)
        found++;
    if (found == 4)
        return wrong(path, "the task's kind", st);
    p->kind = all[found];
    size_t n = json_array_size(classes); /* 0 of what is no array */
    if (!json_is_array(classes) || (p->kind == KIND_REGRESSION ? n != 0 : p->kind == KIND_BINARY ? n != 2 : n < 3))
        return wrong(path, "the number of classes", st);
    p->class_name = NEW0(n, char *);
    p->n_classes = n;
    json_array_foreach(classes, i, item) {
        if (!json_is_string(item))
            return wrong(path, "a class's name", st);
        p->class_name[i] = mem_strdup(json_string_value(item));
    }
    return STATUS_OK;
}

static int read_neighbours(struct saved_probe *p, json_t *part, const char *path, struct status *st)
{
    const char *metric, *vote;
    json_int_t rows;
    size_t choice;
    UNPACK(part, "probe/neighbours", "{s:s, s:s, s:I}", "metric", &metric, "vote", &vote, "rows", &rows);
    if (!choice_parse(&choice, metric, METRICS))
        return wrong(path, "the neighbours' metric", st);
    p->metric = (enum knn_metric)choice;
    if (!choice_parse(&choice, vote, VOTES) || (choice == KNN_SOFTMAX && p->metric != KNN_COSINE))
        return wrong(path, "the neighbours' vote", st);
    p->vote = (enum knn_vote)choice;
    if (!size_parse(&p->n_train, rows, 1) || !(p->parameter >= 1 && p->parameter <= (double)p->n_train) || p->parameter != floor(p->parameter))
        return wrong(path, "k or the number of training rows", st);
    p->k = (size_t)p->parameter;
    return STATUS_OK;
}

static int read_probe(struct saved_probe *p, json_t *part, const char *path, struct status *st)
{
    const char *name, *form, *parameter;
    json_t *threshold, *threshold_exams, *recalibration, *recalibration_exams, *neighbours = NULL;
    size_t found = 0;
    UNPACK(part, "probe", "{s:s, s:s, s:s, s:F, s:o, s:o, s:o, s:o, s?o}", "name", &name, "form", &form, "parameter", &parameter, "value", &p->parameter,
           "threshold", &threshold, "threshold_exams", &threshold_exams, "recalibration", &recalibration, "recalibration_exams", &recalibration_exams,
           "neighbours", &neighbours);
    p->probe = mem_strdup(name);
    while (found < N_SAVED_FORMS && strcmp(saved_form_name((enum saved_form)found), form) != 0)
        found++;
    if (found == N_SAVED_FORMS)
        return wrong(path, "the probe's form", st);
    p->form = (enum saved_form)found;
    bool regression = p->kind == KIND_REGRESSION;
    if ((p->form == SAVED_RIDGE && !regression) || (p->form == SAVED_LOGISTIC && regression) || (p->form == SAVED_CUMULATIVE_LOGIT && p->kind != KIND_ORDINAL))
        return status_set(st, STATUS_DATA, "'%s': a probe of the form %s cannot answer a %s task", path, form, task_kind_name(p->kind));
    if (strcmp(parameter, saved_parameter_name(p->form)) != 0 || !(p->parameter > 0))
        return wrong(path, "the hyper-parameter", st);
    if (!threshold_parse(&p->threshold, threshold) || !threshold_parse(&p->threshold_exams, threshold_exams))
        return wrong(path, "a threshold", st);
    if (!recalibration_parse(&p->recalibration, recalibration) || !recalibration_parse(&p->recalibration_exams, recalibration_exams))
        return wrong(path, "a recalibration", st);
    if ((p->form == SAVED_KNN) != (neighbours != NULL))
        return wrong(path, "'neighbours'", st);
    p->rows = p->form == SAVED_KNN ? 0 : p->form == SAVED_LOGISTIC && p->n_classes > 2 ? p->n_classes : 1;
    p->n_intercepts = p->form == SAVED_CUMULATIVE_LOGIT ? p->n_classes - 1 : p->rows;
    return neighbours ? read_neighbours(p, neighbours, path, st) : STATUS_OK;
}

static int read_features(struct saved_probe *p, json_t *part, const char *path, struct status *st)
{
    const char *model, *readout, *preprocess, *precision, *words, *fingerprint;
    json_int_t width;
    UNPACK(part, "features", "{s:s, s:s, s:I, s:s, s:s, s:s, s:s}", "model", &model, "readout", &readout, "width", &width, "preprocess", &preprocess,
           "precision", &precision, "words", &words, "fingerprint", &fingerprint);
    p->model = mem_strdup(model);
    p->readout = mem_strdup(readout);
    p->preprocess = mem_strdup(preprocess);
    p->precision = mem_strdup(precision);
    p->features = mem_strdup(words);
    if (!size_parse(&p->d, width, 1))
        return wrong(path, "the features' width", st);
    return digest_from_hex(p->fingerprint, fingerprint) ? STATUS_OK : wrong(path, "the features' fingerprint", st);
}

static int read_development(struct saved_probe *p, json_t *part, const char *path, struct status *st)
{
    const char *study, *protocol, *images, *embeddings, *test;
    json_int_t fold, n_folds, seed, n_images, n_patients, n_test;
    UNPACK(part, "development", "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:I, s:s}", "study", &study, "protocol", &protocol, "fold", &fold, "folds", &n_folds,
           "seed", &seed, "images", &n_images, "patients", &n_patients, "cohort_sha256", &images, "embeddings_sha256", &embeddings,
           "test_images", &n_test, "test_sha256", &test);
    p->study = mem_strdup(study);
    p->protocol = mem_strdup(protocol);
    p->seed = (uint64_t)seed;
    if (!size_parse(&p->n_folds, n_folds, 0) || !size_parse(&p->fold, fold, 0) || p->fold > p->n_folds)
        return wrong(path, "the fold", st);
    if (seed < 0 || !size_parse(&p->n_images, n_images, 1) || !size_parse(&p->n_patients, n_patients, 1) || !size_parse(&p->n_test, n_test, 0))
        return wrong(path, "a count of the development part", st);
    return digest_from_hex(p->development, images) && digest_from_hex(p->embeddings, embeddings) && digest_from_hex(p->test, test) ? STATUS_OK : wrong(path, "a digest", st);
}

int saved_record_read(struct saved_probe *p, const char **file, uint8_t digest[DIGEST_BYTES], json_t *record, const char *path, struct status *st)
{
    const json_t *format = json_object_get(record, "format"), *version = json_object_get(record, "version");
    if (!json_is_string(format) || strcmp(json_string_value(format), FORMAT) != 0)
        return status_set(st, STATUS_DATA, "'%s' is no saved probe: its format is not '%s'", path, FORMAT);
    if (!json_is_integer(version) || json_integer_value(version) != SAVED_VERSION)
        return status_set(st, STATUS_DATA, "'%s' is of another version than %d, which this program reads", path, SAVED_VERSION);
    const char *program, *own, *sha256;
    json_t *task, *probe, *features, *development;
    UNPACK(record, "record", "{s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:{s:s, s:s}, s:s}", "format", &program, "version", &(int){0}, "program", &program, "task",
           &task, "probe", &probe, "features", &features, "development", &development, "tensors", "file", file, "sha256", &sha256, "record_sha256", &own);
    if (!digest_from_hex(digest, sha256) || !digest_from_hex(p->record, own))
        return wrong(path, "a digest", st);
    if (strchr(*file, '/') || !**file)
        return wrong(path, "the name of the file of arrays", st);
    int code = read_task(p, task, path, st);
    if (!code)
        code = read_probe(p, probe, path, st);
    if (!code)
        code = read_features(p, features, path, st);
    return code ? code : read_development(p, development, path, st);
}
