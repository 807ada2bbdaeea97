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
    char *task, *data, *partition, *of;
    char **sites, **classes;
    unsigned n_sites, n_classes;
};
struct raw_external {
    char *name, *data_root;
    struct raw_task *tasks;
    unsigned n_tasks;
    char **accept;
    unsigned n_accept;
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
    struct raw_external *external;
    unsigned n_external;
    struct raw_bootstrap bootstrap;
    struct raw_label_efficiency *label_efficiency; /* NULL: not asked for */
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

static const cyaml_schema_field_t task_fields[] = {
    TEXT("task", struct raw_task, task), OPTIONAL_TEXT("data", struct raw_task, data), OPTIONAL_TEXT("partition", struct raw_task, partition),
    OPTIONAL_TEXT("of", struct raw_task, of),
    CYAML_FIELD_SEQUENCE_COUNT("sites", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_task, sites, n_sites, &value_text, 1, 1000),
    CYAML_FIELD_SEQUENCE_COUNT("classes", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_task, classes, n_classes, &value_text, 2, 1000),
    CYAML_FIELD_END};
static const cyaml_schema_value_t task_value = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_task, task_fields)};

static const cyaml_schema_field_t external_fields[] = {
    TEXT("name", struct raw_external, name), OPTIONAL_TEXT("data_root", struct raw_external, data_root),
    CYAML_FIELD_SEQUENCE_COUNT("tasks", CYAML_FLAG_POINTER, struct raw_external, tasks, n_tasks, &task_value, 1, 1000),
    CYAML_FIELD_SEQUENCE_COUNT("accept", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_external, accept, n_accept, &value_text, 0,
                               N_AUDIT_CODES_MOST),
    CYAML_FIELD_END};
static const cyaml_schema_value_t external_value = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_external, external_fields)};

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
    OPTIONAL_TEXT("on_bad_image", struct raw_study, on_bad_image),
    OPTIONAL_TEXT("on_missing_image", struct raw_study, on_missing_image),
    OPTIONAL_TEXT("on_bad_label", struct raw_study, on_bad_label),
    OPTIONAL_TEXT("on_leak", struct raw_study, on_leak),
    CYAML_FIELD_SEQUENCE_COUNT("accept", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_study, accept, n_accept, &value_text, 0,
                               N_AUDIT_CODES_MOST),
    CYAML_FIELD_SEQUENCE_COUNT("external", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_study, external, n_external, &external_value, 1, 100),
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
static const char *const PARTS[] = {[PART_ALL] = "all", [PART_DEVELOPMENT] = "development", [PART_TEST] = "test", NULL};

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

/* Which rows of its cohort, and what its classes are called.  keys: of the entry in the study, "tasks/0". */
static int resolve_part(struct study_task *t, const struct raw_task *raw, const char *path, const char *keys, struct status *st)
{
    char key[96];
    size_t choice;
    (void)snprintf(key, sizeof key, "%s/partition", keys);
    int code = manifest_choice(&choice, raw->partition, PART_ALL, PARTS, path, key, st);
    if (code)
        return code;
    t->part = (enum study_part)choice;
    t->n_sites = raw->n_sites;
    t->site = NEW(t->n_sites, char *);
    for (size_t i = 0; i < t->n_sites; i++)
        t->site[i] = mem_strdup(raw->sites[i]);
    t->of = raw->of ? mem_strdup(raw->of) : NULL;
    (void)snprintf(key, sizeof key, "%s/classes", keys);
    if (raw->n_classes && raw->n_classes != t->task->n_classes)
        return status_set(st, STATUS_DATA, "%s:%zu: %u names for the classes of task '%s', which has %u", path, manifest_line(path, key), raw->n_classes,
                          t->task->name, t->task->n_classes);
    t->renamed = raw->n_classes > 0;
    return t->renamed ? task_rename_classes(t->task, raw->classes, st) : STATUS_OK;
}

/* The i-th of the tasks under `keys`, t[i]. */
static int resolve_task(struct study_task *all, size_t i, const struct raw_task *raw, const char *path, const char *keys, const char *directory,
                        const char *data_root, struct status *st)
{
    struct study_task *t = &all[i];
    char entry_keys[64], key[96];
    (void)snprintf(entry_keys, sizeof entry_keys, "%s/%zu", keys, i);
    (void)snprintf(key, sizeof key, "%s/task", entry_keys);
    int code = manifest_path(&t->path, raw->task, directory, path, key, st);
    if (code)
        return code;
    if (!file_exists(t->path))
        return status_set(st, STATUS_DATA, "%s:%zu: no task file at '%s'", path, manifest_line(path, key), t->path);
    code = task_load(&t->task, t->path, st);
    if (!code)
        code = digest_file(t->digest, t->path, st);
    if (!code)
        code = resolve_part(t, raw, path, entry_keys, st);
    if (code)
        return code;
    for (size_t j = 0; j < i; j++)
        if (!strcmp(t->task->name, all[j].task->name))
            return status_set(st, STATUS_DATA, "%s:%zu: two tasks are called '%s'", path, manifest_line(path, key), t->task->name);
    if (raw->data) {
        (void)snprintf(key, sizeof key, "%s/data", entry_keys);
        code = manifest_path(&t->data, raw->data, data_root ? data_root : directory, path, key, st);
        if (code)
            return code;
    } else {
        t->data = data_root ? mem_strdup(data_root) : path_directory(t->path);
    }
    if (!file_is_directory(t->data))
        return status_set(st, STATUS_DATA, "%s:%zu: task '%s': no folder '%s' to take its data from", path, manifest_line(path, key), t->task->name,
                          t->data);
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

static int resolve_accept(bool *accept, char *const *text, unsigned n, const char *path, const char *keys, struct status *st)
{
    const char *name[N_AUDIT_CODES_MOST + 1] = {NULL};
    int code = STATUS_OK;
    for (size_t i = 0; i < N_AUDIT_CODES; i++)
        name[i] = AUDIT_CODES[i].name;
    for (unsigned i = 0; i < n && !code; i++) {
        char key[64];
        size_t choice = 0;
        (void)snprintf(key, sizeof key, "%s/%u", keys, i);
        code = manifest_choice(&choice, text[i], 0, name, path, key, st);
        if (!code && !AUDIT_CODES[choice].acceptable)
            code = status_set(st, STATUS_DATA, "%s:%zu: %s is '%s', which cannot be let pass: %s", path, manifest_line(path, key), key, text[i],
                              AUDIT_CODES[choice].meaning);
        if (!code)
            accept[choice] = true;
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
        code = resolve_accept(s->accept, raw->accept, raw->n_accept, s->path, "accept", st);
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

static int resolve_external(struct study *s, size_t i, const struct raw_external *raw, const char *directory, const char *data_root, struct status *st)
{
    struct study_external *e = &s->external[i];
    char keys[64], *root = NULL;
    e->name = mem_strdup(raw->name);
    (void)snprintf(keys, sizeof keys, "external/%zu/name", i);
    int code = plain_name(e->name, s->path, keys, st);
    for (size_t j = 0; j < i && !code; j++)
        if (!strcmp(e->name, s->external[j].name))
            code = status_set(st, STATUS_DATA, "%s:%zu: two external cohorts are called '%s'", s->path, manifest_line(s->path, keys), e->name);
    if (!code && s->save_probes == SAVE_NONE)
        code = status_set(st, STATUS_DATA, "%s:%zu: external cohort '%s' is scored with the probes kept, and save_probes is none", s->path,
                          manifest_line(s->path, keys), e->name);
    (void)snprintf(keys, sizeof keys, "external/%zu/data_root", i);
    if (!code && raw->data_root)
        code = manifest_path(&root, raw->data_root, directory, s->path, keys, st);
    (void)snprintf(keys, sizeof keys, "external/%zu/accept", i);
    if (!code)
        code = resolve_accept(e->accept, raw->accept, raw->n_accept, s->path, keys, st);
    (void)snprintf(keys, sizeof keys, "external/%zu/tasks", i);
    e->n_tasks = raw->n_tasks;
    e->tasks = NEW0(e->n_tasks, struct study_task);
    for (size_t t = 0; t < e->n_tasks && !code; t++) {
        code = resolve_task(e->tasks, t, &raw->tasks[t], s->path, keys, directory, root ? root : data_root, st);
        const char *of = code ? NULL : e->tasks[t].of ? e->tasks[t].of : e->tasks[t].task->name;
        size_t k = 0;
        while (of && k < s->n_tasks && strcmp(s->tasks[k].task->name, of) != 0)
            k++;
        if (of && k == s->n_tasks)
            code = status_set(st, STATUS_DATA, "%s:%zu: external cohort '%s': the study has no task '%s' whose probes could be carried (`of` names another)",
                              s->path, manifest_line(s->path, keys), e->name, of);
    }
    free(root);
    return code;
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
        code = resolve_task(study->tasks, i, &raw->tasks[i], path, "tasks", directory, data_root, st);
    study->n_external = raw->n_external;
    study->external = NEW0(study->n_external, struct study_external);
    for (size_t i = 0; i < study->n_external && !code; i++)
        code = resolve_external(study, i, &raw->external[i], directory, data_root, st);
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

static void tasks_free(struct study_task *tasks, size_t n)
{
    for (size_t i = 0; tasks && i < n; i++) {
        for (size_t k = 0; k < tasks[i].n_sites; k++)
            free(tasks[i].site[k]);
        free(tasks[i].site);
        free(tasks[i].of);
        task_free(tasks[i].task);
        free(tasks[i].path);
        free(tasks[i].data);
    }
    free(tasks);
}

void study_take_external(struct study *cohort, struct study *study, size_t i)
{
    struct study_external *e = &study->external[i];
    struct status ignored;
    *cohort = (struct study){.path = mem_strdup(study->path), .name = mem_strdup(e->name), .output = mem_printf("%s/external/%s", study->output, e->name),
                             .store = mem_strdup(study->store), .seed = study->seed, .n_models = study->n_models, .tasks = e->tasks, .n_tasks = e->n_tasks,
                             .n_protocols = 1, .replicates = study->replicates, .level = study->level, .bootstrap = study->bootstrap,
                             .cluster = study->cluster, .stratify = study->stratify, .proportions = study->proportions, .skip_bad_images = study->skip_bad_images,
                             .skip_missing_images = study->skip_missing_images, .skip_bad_labels = study->skip_bad_labels};
    cohort->models = NEW0(study->n_models, struct study_model);
    for (size_t m = 0; m < study->n_models; m++) {
        const struct study_model *from = &study->models[m];
        struct study_model *to = &cohort->models[m];
        *to = *from;
        to->name = mem_strdup(from->name);
        to->path = from->path ? mem_strdup(from->path) : NULL;
        to->architecture = from->architecture ? mem_strdup(from->architecture) : NULL;
        to->readout = NEW(from->n_readouts, char *);
        for (size_t r = 0; r < from->n_readouts; r++)
            to->readout[r] = mem_strdup(from->readout[r]);
    }
    memcpy(cohort->accept, e->accept, sizeof cohort->accept);
    e->tasks = NULL;
    e->n_tasks = 0;
    (void)digest_study(cohort, &ignored); /* fails only for want of memory, and the digest is then zeros */
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
    tasks_free(study->tasks, study->n_tasks);
    for (size_t i = 0; study->external && i < study->n_external; i++) {
        tasks_free(study->external[i].tasks, study->external[i].n_tasks);
        free(study->external[i].name);
    }
    free(study->external);
    free(study->fraction);
    free(study->models);
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

static void write_tasks(FILE *stream, const char *indent, const struct study_task *task, size_t n, bool places)
{
    char *first = mem_printf("%s  - ", indent), *rest = mem_printf("%s    ", indent), hex[DIGEST_HEX];
    for (size_t i = 0; i < n; i++) {
        const struct study_task *t = &task[i];
        entry(stream, first, "task", places ? t->path : t->task->name);
        if (places)
            entry(stream, rest, "data", t->data);
        if (t->part)
            fprintf(stream, "%spartition: %s\n", rest, PARTS[t->part]);
        for (size_t k = 0; k < t->n_sites; k++) {
            if (!k)
                fprintf(stream, "%ssites: ", rest);
            fputs(k ? ", " : "[", stream);
            quoted(stream, t->site[k]);
            fputs(k + 1 == t->n_sites ? "]\n" : "", stream);
        }
        if (t->of)
            entry(stream, rest, "of", t->of);
        for (unsigned k = 0; t->renamed && k < t->task->n_classes; k++) {
            if (!k)
                fprintf(stream, "%sclasses: ", rest);
            fputs(k ? ", " : "[", stream);
            quoted(stream, t->task->classes[k].name);
            fputs(k + 1 == t->task->n_classes ? "]\n" : "", stream);
        }
        fprintf(stream, "%s# sha256 %s\n", rest, digest_hex(hex, t->digest));
    }
    free(first);
    free(rest);
}

static void write_accept(FILE *stream, const char *indent, const bool *accept)
{
    fprintf(stream, "%saccept: [", indent);
    for (size_t i = 0, listed = 0; i < N_AUDIT_CODES; i++)
        if (accept[i])
            fprintf(stream, "%s%s", listed++ ? ", " : "", AUDIT_CODES[i].name);
    fputs("]\n", stream);
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
    write_tasks(stream, "", s->tasks, s->n_tasks, places);
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
    fprintf(stream, "on_bad_image: %s\non_missing_image: %s\non_bad_label: %s\non_leak: %s\n", POLICIES[s->skip_bad_images],
            POLICIES[s->skip_missing_images], POLICIES[s->skip_bad_labels], LEAK_POLICIES[s->allow_leaks]);
    write_accept(stream, "", s->accept);
    for (size_t i = 0; places && i < s->n_external; i++) { /* no number of the study depends on them */
        entry(stream, i ? "  - " : "external:\n  - ", "name", s->external[i].name);
        fputs("    tasks:\n", stream);
        write_tasks(stream, "    ", s->external[i].tasks, s->external[i].n_tasks, places);
        write_accept(stream, "    ", s->external[i].accept);
    }
}
