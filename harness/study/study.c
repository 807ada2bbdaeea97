#include "study/study.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/manifest.h"
#include "base/memory.h"
#include "base/number.h"

/* The manifest as it is written; numbers stay text until they are parsed strictly. */
struct raw_model {
    char *name, *path, *baseline, *preprocess, *architecture, *heads, *interpolation, *precision;
    char **readout;
    unsigned n_readout;
};
struct raw_task {
    char *task, *data;
};
struct raw_bootstrap {
    char *replicates, *level, *method, *cluster, *stratify;
};
struct raw_label_efficiency {
    char **fractions, *draws;
    unsigned n_fractions;
};
struct raw_study {
    char *name, *seed, *output, *store, *data_root, *protocol, *test_fraction, *folds, *on_bad_image, *on_missing_image, *on_bad_label, *on_leak, *save_probes, *proportions;
    struct raw_model *models;
    unsigned n_models;
    struct raw_task *tasks;
    unsigned n_tasks;
    char **protocols;
    unsigned n_protocols;
    char **probes, **accept;
    unsigned n_probes, n_accept;
    struct raw_bootstrap bootstrap;
    struct raw_label_efficiency *label_efficiency; /* NULL: not asked for */
    struct raw_regions *regions;                   /* NULL: none */
};

#define TEXT(key, type, member) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, CYAML_UNLIMITED)
#define OPTIONAL_TEXT(key, type, member) \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 1, CYAML_UNLIMITED)

static const cyaml_schema_value_t value_text = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, CYAML_UNLIMITED)};

static const cyaml_schema_field_t model_fields[] = {
    TEXT("name", struct raw_model, name), OPTIONAL_TEXT("path", struct raw_model, path),
    OPTIONAL_TEXT("baseline", struct raw_model, baseline),
    OPTIONAL_TEXT("preprocess", struct raw_model, preprocess),
    OPTIONAL_TEXT("architecture", struct raw_model, architecture),
    OPTIONAL_TEXT("heads", struct raw_model, heads),
    OPTIONAL_TEXT("interpolation", struct raw_model, interpolation),
    OPTIONAL_TEXT("precision", struct raw_model, precision),
    CYAML_FIELD_SEQUENCE_COUNT("readout", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_model, readout, n_readout, &value_text, 1, 64),
    CYAML_FIELD_END};
static const cyaml_schema_value_t model_value = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_model, model_fields)};

static const cyaml_schema_field_t task_fields[] = {TEXT("task", struct raw_task, task), OPTIONAL_TEXT("data", struct raw_task, data),
                                                   CYAML_FIELD_END};
static const cyaml_schema_value_t task_value = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_task, task_fields)};

static const cyaml_schema_field_t bootstrap_fields[] = {OPTIONAL_TEXT("replicates", struct raw_bootstrap, replicates),
                                                        OPTIONAL_TEXT("level", struct raw_bootstrap, level),
                                                        OPTIONAL_TEXT("method", struct raw_bootstrap, method),
                                                        OPTIONAL_TEXT("cluster", struct raw_bootstrap, cluster),
                                                        OPTIONAL_TEXT("stratify", struct raw_bootstrap, stratify), CYAML_FIELD_END};

static const cyaml_schema_field_t label_efficiency_fields[] = {
    CYAML_FIELD_SEQUENCE_COUNT("fractions", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_label_efficiency, fractions, n_fractions, &value_text, 1, 64),
    OPTIONAL_TEXT("draws", struct raw_label_efficiency, draws), CYAML_FIELD_END};

static const cyaml_schema_field_t study_fields[] = {
    TEXT("name", struct raw_study, name),
    OPTIONAL_TEXT("seed", struct raw_study, seed),
    OPTIONAL_TEXT("output", struct raw_study, output),
    OPTIONAL_TEXT("store", struct raw_study, store),
    OPTIONAL_TEXT("data_root", struct raw_study, data_root),
    CYAML_FIELD_SEQUENCE_COUNT("models", CYAML_FLAG_POINTER, struct raw_study, models, n_models, &model_value, 1, 1000),
    CYAML_FIELD_SEQUENCE_COUNT("tasks", CYAML_FLAG_POINTER, struct raw_study, tasks, n_tasks, &task_value, 1, 1000),
    OPTIONAL_TEXT("protocol", struct raw_study, protocol),
    CYAML_FIELD_SEQUENCE_COUNT("protocols", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_study, protocols, n_protocols, &value_text, 1,
                               N_STUDY_PROTOCOLS),
    OPTIONAL_TEXT("test_fraction", struct raw_study, test_fraction),
    OPTIONAL_TEXT("folds", struct raw_study, folds),
    CYAML_FIELD_SEQUENCE_COUNT("probes", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_study, probes, n_probes, &value_text, 1, 8),
    OPTIONAL_TEXT("save_probes", struct raw_study, save_probes),
    OPTIONAL_TEXT("proportions", struct raw_study, proportions),
    CYAML_FIELD_MAPPING("bootstrap", CYAML_FLAG_OPTIONAL, struct raw_study, bootstrap, bootstrap_fields),
    CYAML_FIELD_MAPPING_PTR("label_efficiency", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_study, label_efficiency, label_efficiency_fields),
    CYAML_FIELD_MAPPING_PTR("regions", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_study, regions, study_regions_fields),
    OPTIONAL_TEXT("on_bad_image", struct raw_study, on_bad_image),
    OPTIONAL_TEXT("on_missing_image", struct raw_study, on_missing_image),
    OPTIONAL_TEXT("on_bad_label", struct raw_study, on_bad_label),
    OPTIONAL_TEXT("on_leak", struct raw_study, on_leak),
    CYAML_FIELD_SEQUENCE_COUNT("accept", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_study, accept, n_accept, &value_text, 0,
                               N_AUDIT_CODES_MOST),
    CYAML_FIELD_END};
static const cyaml_schema_value_t study_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_study, study_fields)};

static const char *const PROTOCOLS[] = {[PROTOCOL_GROUPED] = "grouped", [PROTOCOL_GIVEN] = "given",
                                        [PROTOCOL_OFFICIAL] = "official", NULL};
static const char *const BASELINES[] = {"thumbnail", "acquisition", NULL};
static const char *const PROBES[] = {[PROBE_LINEAR] = "linear", [PROBE_KNN] = "knn", [PROBE_KNN_UNIFORM] = "knn_uniform",
                                     [PROBE_LINEAR_BALANCED] = "linear_balanced", [PROBE_ORDINAL] = "ordinal",
                                     [PROBE_ATTENTIVE] = "attentive", NULL};
static const char *const SAVES[] = {[SAVE_LINEAR] = "linear", [SAVE_ALL] = "all", [SAVE_NONE] = "none", NULL};
static const char *const PREPROCESSES[] = {[PREPROCESS_CHECKPOINT] = "checkpoint", [PREPROCESS_SKELEX] = "skelex", NULL};
static const char *const INTERPOLATIONS[] = {"new", "old", NULL};
static const char *const PRECISIONS[] = {[PRECISION_FP32] = "fp32", [PRECISION_BF16] = "bf16", NULL};
static const char *const BOOTSTRAPS[] = {[BOOTSTRAP_PERCENTILE] = "percentile", [BOOTSTRAP_BCA] = "bca", [BOOTSTRAP_BASIC] = "basic", NULL};
static const char *const CLUSTERS[] = {[CLUSTER_PATIENT] = "patient", [CLUSTER_IMAGE] = "image", NULL};
static const char *const STRATIFIES[] = {[STRATIFY_AUTO] = "auto", [STRATIFY_CLASS] = "class", [STRATIFY_NONE] = "none", NULL};
static const char *const PROPORTIONS[] = {[PROPORTION_WILSON] = "wilson", [PROPORTION_CLOPPER_PEARSON] = "clopper_pearson", NULL};
static const char *const POLICIES[] = {"fail", "skip", NULL};
static const char *const LEAK_POLICIES[] = {"fail", "warn", NULL};

const char *study_protocol_name(enum study_protocol protocol)
{
    return PROTOCOLS[protocol];
}

bool study_has_protocol(const struct study *study, enum study_protocol protocol)
{
    for (size_t i = 0; i < study->n_protocols; i++)
        if (study->protocol[i] == protocol)
            return true;
    return false;
}

const char *study_probe_name(enum study_probe probe)
{
    return PROBES[probe];
}

bool study_probe_is_linear(enum study_probe probe)
{
    return probe == PROBE_LINEAR || probe == PROBE_LINEAR_BALANCED || probe == PROBE_ORDINAL;
}

bool study_probe_suits(enum study_probe probe, enum task_kind kind)
{
    return probe == PROBE_ORDINAL ? kind == KIND_ORDINAL : probe != PROBE_LINEAR_BALANCED || kind != KIND_REGRESSION;
}

bool study_probe_reads(enum study_probe probe, const char *readout)
{
    return (probe == PROBE_ATTENTIVE) == !strcmp(readout, STUDY_TOKENS);
}

const char *study_preprocess_name(const struct study_model *model)
{
    return model->source == SOURCE_ENCODER ? PREPROCESSES[model->preprocess] : "";
}

const char *study_precision_name(const struct study_model *model)
{
    return model->source == SOURCE_ENCODER ? PRECISIONS[model->precision] : "";
}

static int plain_name(const char *name, const char *path, const char *keys, struct status *st)
{
    if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+") == strlen(name) && name[0] != '.')
        return STATUS_OK;
    return status_set(st, STATUS_DATA, "%s:%zu: %s is '%s'; only letters, digits, '_', '-', '+' and '.' make a name", path,
                      manifest_line(path, keys), keys, name);
}

static int resolve_model(struct study *s, size_t i, const struct raw_model *raw, const char *directory, struct status *st)
{
    struct study_model *m = &s->models[i];
    char keys[64];
    size_t which = 0;
    m->name = mem_strdup(raw->name);
    (void)snprintf(keys, sizeof keys, "models/%zu/name", i);
    int code = plain_name(m->name, s->path, keys, st);
    if (code)
        return code;
    for (size_t j = 0; j < i; j++)
        if (!strcmp(m->name, s->models[j].name))
            return status_set(st, STATUS_DATA, "%s:%zu: two models are called '%s'", s->path, manifest_line(s->path, keys), m->name);
    if (!raw->path == !raw->baseline)
        return status_set(st, STATUS_DATA, "%s:%zu: model '%s' needs either `path` (a checkpoint folder) or `baseline` (thumbnail, acquisition)",
                          s->path, manifest_line(s->path, keys), m->name);
    if (raw->baseline) {
        (void)snprintf(keys, sizeof keys, "models/%zu/baseline", i);
        code = manifest_choice(&which, raw->baseline, 0, BASELINES, s->path, keys, st);
        if (code)
            return code;
        if (raw->preprocess || raw->architecture || raw->heads || raw->interpolation || raw->precision)
            return status_set(st, STATUS_DATA,
                              "%s:%zu: baseline '%s' has no checkpoint, and so no preprocess, architecture, heads, interpolation or precision",
                              s->path, manifest_line(s->path, keys), m->name);
        if (raw->n_readout)
            return status_set(st, STATUS_DATA, "%s:%zu: baseline '%s' has no readouts to choose from", s->path, manifest_line(s->path, keys),
                              m->name);
        m->source = which == 0 ? SOURCE_THUMBNAIL : SOURCE_ACQUISITION;
        m->n_readouts = 1;
        m->readout = NEW(1, char *);
        m->readout[0] = mem_strdup("features");
        return STATUS_OK;
    }
    (void)snprintf(keys, sizeof keys, "models/%zu/path", i);
    code = manifest_path(&m->path, raw->path, directory, s->path, keys, st);
    if (code)
        return code;
    if (!file_exists(m->path))
        return status_set(st, STATUS_DATA, "%s:%zu: model '%s': no checkpoint at '%s'", s->path, manifest_line(s->path, keys), m->name, m->path);
    (void)snprintf(keys, sizeof keys, "models/%zu/preprocess", i);
    code = manifest_choice(&which, raw->preprocess, PREPROCESS_CHECKPOINT, PREPROCESSES, s->path, keys, st);
    m->preprocess = (enum study_preprocess)which;
    (void)snprintf(keys, sizeof keys, "models/%zu/interpolation", i);
    if (!code)
        code = manifest_choice(&which, raw->interpolation, 0, INTERPOLATIONS, s->path, keys, st);
    m->old_interpolation = which == 1;
    (void)snprintf(keys, sizeof keys, "models/%zu/precision", i);
    if (!code)
        code = manifest_choice(&which, raw->precision, PRECISION_FP32, PRECISIONS, s->path, keys, st);
    m->precision = (enum study_precision)which;
    if (code)
        return code;
    (void)snprintf(keys, sizeof keys, "models/%zu/heads", i);
    code = manifest_size(&m->heads, raw->heads, 0, 1, 1024, s->path, keys, st);
    if (code)
        return code;
    m->architecture = raw->architecture ? mem_strdup(raw->architecture) : NULL;
    m->n_readouts = raw->n_readout;
    m->readout = NEW0(m->n_readouts, char *);
    for (size_t r = 0; r < m->n_readouts; r++) {
        m->readout[r] = mem_strdup(raw->readout[r]);
        for (size_t q = 0; q < r; q++)
            if (!strcmp(m->readout[q], m->readout[r])) {
                (void)snprintf(keys, sizeof keys, "models/%zu/readout/%zu", i, r);
                return status_set(st, STATUS_DATA, "%s:%zu: readout '%s' is listed twice", s->path, manifest_line(s->path, keys), m->readout[r]);
            }
    }
    return STATUS_OK;
}

static int resolve_task(struct study *s, size_t i, const struct raw_task *raw, const char *directory, const char *data_root, struct status *st)
{
    struct study_task *t = &s->tasks[i];
    char keys[64];
    (void)snprintf(keys, sizeof keys, "tasks/%zu/task", i);
    int code = manifest_path(&t->path, raw->task, directory, s->path, keys, st);
    if (code)
        return code;
    if (!file_exists(t->path))
        return status_set(st, STATUS_DATA, "%s:%zu: no task file at '%s'", s->path, manifest_line(s->path, keys), t->path);
    code = task_load(&t->task, t->path, st);
    if (!code)
        code = digest_file(t->digest, t->path, st);
    if (code)
        return code;
    for (size_t j = 0; j < i; j++)
        if (!strcmp(t->task->name, s->tasks[j].task->name))
            return status_set(st, STATUS_DATA, "%s:%zu: two tasks are called '%s'", s->path, manifest_line(s->path, keys), t->task->name);
    if (raw->data) {
        (void)snprintf(keys, sizeof keys, "tasks/%zu/data", i);
        code = manifest_path(&t->data, raw->data, data_root ? data_root : directory, s->path, keys, st);
        if (code)
            return code;
    } else {
        t->data = data_root ? mem_strdup(data_root) : path_directory(t->path);
    }
    if (!file_is_directory(t->data))
        return status_set(st, STATUS_DATA, "%s:%zu: task '%s': no folder '%s' to take its data from", s->path, manifest_line(s->path, keys),
                          t->task->name, t->data);
    return task_choose_layout(t->task, t->data, st);
}

static int resolve_places(struct study *s, const struct raw_study *raw, const char *directory, struct status *st)
{
    int code = STATUS_OK;
    if (raw->output)
        code = manifest_path(&s->output, raw->output, directory, s->path, "output", st);
    else
        s->output = mem_printf("results/%s", s->name);
    if (code)
        return code;
    if (raw->store)
        return manifest_path(&s->store, raw->store, directory, s->path, "store", st);
    char *beside = path_directory(s->output);
    s->store = path_join(beside, "store");
    free(beside);
    return STATUS_OK;
}

static int resolve_protocols(struct study *s, const struct raw_study *raw, struct status *st)
{
    size_t choice = 0;
    if (raw->protocol && raw->n_protocols)
        return status_set(st, STATUS_DATA, "%s:%zu: `protocol` is short for a list of one; here `protocols` is a list too", s->path,
                          manifest_line(s->path, "protocol"));
    if (!raw->n_protocols) {
        int code = manifest_choice(&choice, raw->protocol, PROTOCOL_GROUPED, PROTOCOLS, s->path, "protocol", st);
        s->protocol[s->n_protocols++] = (enum study_protocol)choice;
        return code;
    }
    for (unsigned i = 0; i < raw->n_protocols; i++) {
        char keys[32];
        (void)snprintf(keys, sizeof keys, "protocols/%u", i);
        int code = manifest_choice(&choice, raw->protocols[i], 0, PROTOCOLS, s->path, keys, st);
        if (code)
            return code;
        if (study_has_protocol(s, (enum study_protocol)choice))
            return status_set(st, STATUS_DATA, "%s:%zu: protocol '%s' is listed twice", s->path, manifest_line(s->path, keys), PROTOCOLS[choice]);
        s->protocol[s->n_protocols++] = (enum study_protocol)choice;
    }
    return STATUS_OK;
}

static int resolve_accept(struct study *s, const struct raw_study *raw, struct status *st)
{
    const char *name[N_AUDIT_CODES_MOST + 1] = {NULL};
    int code = STATUS_OK;
    for (size_t i = 0; i < N_AUDIT_CODES; i++)
        name[i] = AUDIT_CODES[i].name;
    for (unsigned i = 0; i < raw->n_accept && !code; i++) {
        char keys[32];
        size_t choice = 0;
        (void)snprintf(keys, sizeof keys, "accept/%u", i);
        code = manifest_choice(&choice, raw->accept[i], 0, name, s->path, keys, st);
        if (!code && !AUDIT_CODES[choice].acceptable)
            code = status_set(st, STATUS_DATA, "%s:%zu: %s is '%s', which cannot be let pass: %s", s->path, manifest_line(s->path, keys), keys,
                              raw->accept[i], AUDIT_CODES[choice].meaning);
        if (!code)
            s->accept[choice] = true;
    }
    return code;
}

bool study_accepts(const struct study *study, const char *code)
{
    size_t i = audit_code_find(code);
    if (study->allow_leaks && (!strcmp(code, "leak_patient") || !strcmp(code, "leak_duplicate")))
        return true;
    return i < N_AUDIT_CODES && study->accept[i];
}

static int resolve_intervals(struct study *s, const struct raw_study *raw, struct status *st)
{
    const struct raw_bootstrap *b = &raw->bootstrap;
    size_t choice = 0;
    int code = manifest_size(&s->replicates, b->replicates, 10000, 100, 1000000, s->path, "bootstrap/replicates", st);
    if (!code)
        code = manifest_number(&s->level, b->level, 0.95, 0.5, 0.999, s->path, "bootstrap/level", st);
    if (!code)
        code = manifest_choice(&choice, b->method, s->replicates >= BCA_REPLICATES ? BOOTSTRAP_BCA : BOOTSTRAP_PERCENTILE, BOOTSTRAPS, s->path,
                               "bootstrap/method", st);
    s->bootstrap = (enum bootstrap_method)choice;
    if (!code && s->bootstrap == BOOTSTRAP_BCA && s->replicates < BCA_REPLICATES)
        code = status_set(st, STATUS_DATA, "%s:%zu: bootstrap: method bca needs at least %d replicates, here are %zu", s->path,
                          manifest_line(s->path, "bootstrap/method"), BCA_REPLICATES, s->replicates);
    if (!code)
        code = manifest_choice(&choice, b->cluster, CLUSTER_PATIENT, CLUSTERS, s->path, "bootstrap/cluster", st);
    s->cluster = (enum bootstrap_cluster)choice;
    if (!code)
        code = manifest_choice(&choice, b->stratify, STRATIFY_AUTO, STRATIFIES, s->path, "bootstrap/stratify", st);
    s->stratify = (enum bootstrap_stratify)choice;
    if (!code)
        code = manifest_choice(&choice, raw->proportions, PROPORTION_WILSON, PROPORTIONS, s->path, "proportions", st);
    s->proportions = (enum proportion_method)choice;
    return code;
}

static int resolve_rules(struct study *s, const struct raw_study *raw, struct status *st)
{
    size_t choice = 0, seed = 0;
    int code = manifest_size(&seed, raw->seed, 2025, 0, UINT32_MAX, s->path, "seed", st);
    s->seed = seed;
    if (!code)
        code = resolve_protocols(s, raw, st);
    if (!code)
        code = manifest_number(&s->test_fraction, raw->test_fraction, 0.2, 0.01, 0.9, s->path, "test_fraction", st);
    if (!code)
        code = manifest_size(&s->n_folds, raw->folds, 5, 2, 100, s->path, "folds", st);
    if (!code)
        code = resolve_intervals(s, raw, st);
    if (!code)
        code = manifest_choice(&choice, raw->on_bad_image, 0, POLICIES, s->path, "on_bad_image", st);
    s->skip_bad_images = choice == 1;
    if (!code)
        code = manifest_choice(&choice, raw->on_missing_image, 0, POLICIES, s->path, "on_missing_image", st);
    s->skip_missing_images = choice == 1;
    if (!code)
        code = manifest_choice(&choice, raw->on_bad_label, 0, POLICIES, s->path, "on_bad_label", st);
    s->skip_bad_labels = choice == 1;
    if (!code)
        code = manifest_choice(&choice, raw->on_leak, 0, LEAK_POLICIES, s->path, "on_leak", st);
    s->allow_leaks = choice == 1;
    if (!code)
        code = manifest_choice(&choice, raw->save_probes, SAVE_LINEAR, SAVES, s->path, "save_probes", st);
    s->save_probes = (enum study_save)choice;
    if (!code)
        code = resolve_accept(s, raw, st);
    s->probe[PROBE_LINEAR] = s->probe[PROBE_KNN] = !raw->n_probes;
    for (unsigned i = 0; i < raw->n_probes && !code; i++) {
        char keys[32];
        (void)snprintf(keys, sizeof keys, "probes/%u", i);
        code = manifest_choice(&choice, raw->probes[i], 0, PROBES, s->path, keys, st);
        s->probe[choice] = true;
    }
    return code;
}

static int resolve_label_efficiency(struct study *s, const struct raw_label_efficiency *raw, struct status *st)
{
    static const double fallback[] = {1, 5, 10, 25, 50, 100};
    if (!raw)
        return STATUS_OK;
    int code = manifest_size(&s->draws, raw->draws, 20, 1, 1000, s->path, "label_efficiency/draws", st);
    s->n_fractions = raw->n_fractions ? raw->n_fractions : sizeof fallback / sizeof *fallback;
    s->fraction = NEW(s->n_fractions, double);
    for (size_t i = 0; i < s->n_fractions && !code; i++) {
        char keys[48];
        (void)snprintf(keys, sizeof keys, "label_efficiency/fractions/%zu", i);
        code = manifest_number(&s->fraction[i], raw->n_fractions ? raw->fractions[i] : NULL, raw->n_fractions ? 0 : fallback[i], 0.001, 100, s->path, keys,
                               st);
        if (!code && i && s->fraction[i] <= s->fraction[i - 1])
            code = status_set(st, STATUS_DATA, "%s:%zu: label_efficiency: fractions must ascend, each once", s->path, manifest_line(s->path, keys));
    }
    return code;
}

/* The attentive probe was asked for, and some model keeps the tokens it reads. */
static int check_tokens(const struct study *s, const struct raw_study *raw, struct status *st)
{
    char keys[32] = "probes";
    for (size_t i = 0; i < s->n_models; i++)
        for (size_t r = 0; r < s->models[i].n_readouts; r++)
            if (study_probe_reads(PROBE_ATTENTIVE, s->models[i].readout[r]))
                return STATUS_OK;
    for (unsigned i = 0; i < raw->n_probes; i++)
        if (!strcmp(raw->probes[i], PROBES[PROBE_ATTENTIVE]))
            (void)snprintf(keys, sizeof keys, "probes/%u", i);
    return status_set(st, STATUS_DATA, "%s:%zu: probe 'attentive' reads patch tokens, and no model has `" STUDY_TOKENS "` among its readouts", s->path,
                      manifest_line(s->path, keys));
}

static int digest_study(struct study *s, struct status *st)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (!stream)
        return status_errno(st, STATUS_INTERNAL, "cannot write to memory");
    study_write(s, stream, false);
    fclose(stream);
    digest_bytes(s->digest, text, size);
    free(text);
    return STATUS_OK;
}

int study_load(struct study *study, const char *path, struct status *st)
{
    void *data;
    *study = (struct study){0};
    int code = manifest_load(&data, &study_schema, path, st);
    if (code)
        return code;
    const struct raw_study *raw = data;
    char *directory = path_directory(path), *data_root = NULL;
    study->path = mem_strdup(path);
    study->name = mem_strdup(raw->name);
    code = plain_name(study->name, path, "name", st);
    if (!code)
        code = resolve_rules(study, raw, st);
    if (!code)
        code = resolve_label_efficiency(study, raw->label_efficiency, st);
    if (!code)
        code = resolve_places(study, raw, directory, st);
    if (!code && raw->data_root)
        code = manifest_path(&data_root, raw->data_root, directory, path, "data_root", st);
    study->n_models = raw->n_models;
    study->models = NEW0(study->n_models, struct study_model);
    for (size_t i = 0; i < study->n_models && !code; i++)
        code = resolve_model(study, i, &raw->models[i], directory, st);
    if (!code && study->probe[PROBE_ATTENTIVE])
        code = check_tokens(study, raw, st);
    study->n_tasks = raw->n_tasks;
    study->tasks = NEW0(study->n_tasks, struct study_task);
    for (size_t i = 0; i < study->n_tasks && !code; i++)
        code = resolve_task(study, i, &raw->tasks[i], directory, data_root, st);
    if (!code && raw->regions)
        code = study_regions_resolve(&study->regions, raw->regions, path, data_root ? data_root : directory, st);
    if (!code)
        code = digest_study(study, st);
    free(directory);
    free(data_root);
    manifest_free(data, &study_schema);
    if (code)
        study_free(study);
    return code;
}

void study_default_readout(struct study_model *model, const char *readout)
{
    if (model->n_readouts)
        return;
    model->readout = mem_realloc(model->readout, 1, sizeof *model->readout);
    model->readout[0] = mem_strdup(readout);
    model->n_readouts = 1;
}

void study_free(struct study *study)
{
    for (size_t i = 0; study->models && i < study->n_models; i++) {
        struct study_model *m = &study->models[i];
        for (size_t r = 0; r < m->n_readouts; r++)
            free(m->readout[r]);
        free(m->readout);
        free(m->name);
        free(m->path);
        free(m->architecture);
    }
    for (size_t i = 0; study->tasks && i < study->n_tasks; i++) {
        task_free(study->tasks[i].task);
        free(study->tasks[i].path);
        free(study->tasks[i].data);
    }
    study_regions_free(study->regions);
    free(study->fraction);
    free(study->models);
    free(study->tasks);
    free(study->path);
    free(study->name);
    free(study->output);
    free(study->store);
    *study = (struct study){0};
}

/* Double-quoted YAML scalar; a line break or tab in a path stays what it is. */
static void quoted(FILE *stream, const char *text)
{
    fputc('"', stream);
    for (; *text; text++) {
        if ((unsigned char)*text < ' ') {
            fprintf(stream, "\\x%02x", *text);
            continue;
        }
        if (*text == '"' || *text == '\\')
            fputc('\\', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

static void entry(FILE *stream, const char *indent, const char *key, const char *text)
{
    fprintf(stream, "%s%s: ", indent, key);
    quoted(stream, text);
    fputc('\n', stream);
}

void study_write(const struct study *s, FILE *stream, bool places)
{
    char number[NUMBER_TEXT];
    entry(stream, "", "name", s->name);
    fprintf(stream, "seed: %llu\nmodels:\n", (unsigned long long)s->seed);
    for (size_t i = 0; i < s->n_models; i++) {
        const struct study_model *m = &s->models[i];
        entry(stream, "  - ", "name", m->name);
        if (m->path)
            entry(stream, "    ", "path", places ? m->path : "");
        else
            entry(stream, "    ", "baseline", BASELINES[m->source == SOURCE_THUMBNAIL ? 0 : 1]);
        for (size_t r = 0; m->path && r < m->n_readouts; r++) {
            fputs(r ? ", " : "    readout: [", stream);
            quoted(stream, m->readout[r]);
        }
        fputs(m->path && m->n_readouts ? "]\n" : "", stream);
        if (m->path)
            fprintf(stream, "    preprocess: %s\n    interpolation: %s\n    precision: %s\n", PREPROCESSES[m->preprocess],
                    INTERPOLATIONS[m->old_interpolation], PRECISIONS[m->precision]);
        if (m->architecture)
            entry(stream, "    ", "architecture", m->architecture);
        if (m->heads)
            fprintf(stream, "    heads: %zu\n", m->heads);
    }
    fputs("tasks:\n", stream);
    for (size_t i = 0; i < s->n_tasks; i++) {
        char hex[DIGEST_HEX];
        entry(stream, "  - ", "task", places ? s->tasks[i].path : s->tasks[i].task->name);
        if (places)
            entry(stream, "    ", "data", s->tasks[i].data);
        fprintf(stream, "    # sha256 %s\n", digest_hex(hex, s->tasks[i].digest));
    }
    fputs("protocols: [", stream);
    for (size_t i = 0; i < s->n_protocols; i++)
        fprintf(stream, "%s%s", i ? ", " : "", PROTOCOLS[s->protocol[i]]);
    fputs("]\n", stream);
    fprintf(stream, "test_fraction: %s\n", number_format(number, s->test_fraction));
    fprintf(stream, "folds: %zu\nprobes: [", s->n_folds);
    for (size_t i = 0, listed = 0; i < N_STUDY_PROBES; i++)
        if (s->probe[i])
            fprintf(stream, "%s%s", listed++ ? ", " : "", PROBES[i]);
    fputs("]\n", stream);
    if (places) /* no number depends on it, and so no digest */
        fprintf(stream, "save_probes: %s\n", SAVES[s->save_probes]);
    fprintf(stream, "bootstrap: {replicates: %zu, level: %s, method: %s, cluster: %s, stratify: %s}\nproportions: %s\n", s->replicates,
            number_format(number, s->level), BOOTSTRAPS[s->bootstrap], CLUSTERS[s->cluster], STRATIFIES[s->stratify], PROPORTIONS[s->proportions]);
    for (size_t i = 0; i < s->n_fractions; i++)
        fprintf(stream, "%s%s", i ? ", " : "label_efficiency: {fractions: [", number_format(number, s->fraction[i]));
    if (s->n_fractions)
        fprintf(stream, "], draws: %zu}\n", s->draws);
    if (s->regions)
        study_regions_write(s->regions, stream, places);
    fprintf(stream, "on_bad_image: %s\non_missing_image: %s\non_bad_label: %s\non_leak: %s\n", POLICIES[s->skip_bad_images],
            POLICIES[s->skip_missing_images], POLICIES[s->skip_bad_labels], LEAK_POLICIES[s->allow_leaks]);
    fputs("accept: [", stream);
    for (size_t i = 0, listed = 0; i < N_AUDIT_CODES; i++)
        if (s->accept[i])
            fprintf(stream, "%s%s", listed++ ? ", " : "", AUDIT_CODES[i].name);
    fputs("]\n", stream);
}
