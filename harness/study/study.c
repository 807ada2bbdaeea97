#include "study/study.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/manifest.h"
#include "base/memory.h"
#include "base/number.h"
#include "metric/panel.h"
#include "study/study_text.h"
#include "study/study_words.h"

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
        code = manifest_choice(&which, raw->baseline, 0, STUDY_BASELINES, s->path, keys, st);
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
    code = manifest_choice(&which, raw->preprocess, PREPROCESS_CHECKPOINT, STUDY_PREPROCESSES, s->path, keys, st);
    m->preprocess = (enum study_preprocess)which;
    (void)snprintf(keys, sizeof keys, "models/%zu/interpolation", i);
    if (!code)
        code = manifest_choice(&which, raw->interpolation, 0, STUDY_INTERPOLATIONS, s->path, keys, st);
    m->old_interpolation = which == 1;
    (void)snprintf(keys, sizeof keys, "models/%zu/precision", i);
    if (!code)
        code = manifest_choice(&which, raw->precision, PRECISION_FP32, STUDY_PRECISIONS, s->path, keys, st);
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
    int code = manifest_choice(&choice, raw->partition, PART_ALL, STUDY_PARTS, path, key, st);
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
        int code = manifest_choice(&choice, raw->protocol, PROTOCOL_GROUPED, STUDY_PROTOCOLS, s->path, "protocol", st);
        s->protocol[s->n_protocols++] = (enum study_protocol)choice;
        return code;
    }
    for (unsigned i = 0; i < raw->n_protocols; i++) {
        char keys[32];
        (void)snprintf(keys, sizeof keys, "protocols/%u", i);
        int code = manifest_choice(&choice, raw->protocols[i], 0, STUDY_PROTOCOLS, s->path, keys, st);
        if (code)
            return code;
        if (study_has_protocol(s, (enum study_protocol)choice))
            return status_set(st, STATUS_DATA, "%s:%zu: protocol '%s' is listed twice", s->path, manifest_line(s->path, keys), STUDY_PROTOCOLS[choice]);
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
        code = manifest_choice(&choice, b->method, s->replicates >= BCA_REPLICATES ? BOOTSTRAP_BCA : BOOTSTRAP_PERCENTILE, STUDY_BOOTSTRAPS, s->path,
                               "bootstrap/method", st);
    s->bootstrap = (enum bootstrap_method)choice;
    if (!code && s->bootstrap == BOOTSTRAP_BCA && s->replicates < BCA_REPLICATES)
        code = status_set(st, STATUS_DATA, "%s:%zu: bootstrap: method bca needs at least %d replicates, here are %zu", s->path,
                          manifest_line(s->path, "bootstrap/method"), BCA_REPLICATES, s->replicates);
    if (!code)
        code = manifest_choice(&choice, b->cluster, CLUSTER_PATIENT, STUDY_CLUSTERS, s->path, "bootstrap/cluster", st);
    s->cluster = (enum bootstrap_cluster)choice;
    if (!code)
        code = manifest_choice(&choice, b->stratify, STRATIFY_AUTO, STUDY_STRATIFIES, s->path, "bootstrap/stratify", st);
    s->stratify = (enum bootstrap_stratify)choice;
    if (!code)
        code = manifest_choice(&choice, raw->proportions, PROPORTION_WILSON, STUDY_PROPORTIONS, s->path, "proportions", st);
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
        code = manifest_choice(&choice, raw->on_bad_image, 0, STUDY_POLICIES, s->path, "on_bad_image", st);
    s->skip_bad_images = choice == 1;
    if (!code)
        code = manifest_choice(&choice, raw->on_missing_image, 0, STUDY_POLICIES, s->path, "on_missing_image", st);
    s->skip_missing_images = choice == 1;
    if (!code)
        code = manifest_choice(&choice, raw->on_bad_label, 0, STUDY_POLICIES, s->path, "on_bad_label", st);
    s->skip_bad_labels = choice == 1;
    if (!code)
        code = manifest_choice(&choice, raw->on_leak, 0, STUDY_LEAK_POLICIES, s->path, "on_leak", st);
    s->allow_leaks = choice == 1;
    if (!code)
        code = manifest_choice(&choice, raw->save_probes, SAVE_LINEAR, STUDY_SAVES, s->path, "save_probes", st);
    s->save_probes = (enum study_save)choice;
    if (!code)
        code = resolve_accept(s->accept, raw->accept, raw->n_accept, s->path, "accept", st);
    s->probe[PROBE_LINEAR] = s->probe[PROBE_KNN] = !raw->n_probes;
    for (unsigned i = 0; i < raw->n_probes && !code; i++) {
        char keys[32];
        (void)snprintf(keys, sizeof keys, "probes/%u", i);
        code = manifest_choice(&choice, raw->probes[i], 0, STUDY_PROBES, s->path, keys, st);
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

static bool has_readout(const struct study *s, const char *readout)
{
    for (size_t i = 0; i < s->n_models; i++) {
        if (!s->models[i].n_readouts) /* the encoder's first, not known before it is opened */
            return true;
        for (size_t r = 0; r < s->models[i].n_readouts; r++)
            if (!strcmp(s->models[i].readout[r], readout))
                return true;
    }
    return false;
}

/* After models and probes. */
static int resolve_compare(struct study *s, const struct raw_compare *raw, struct status *st)
{
    struct study_compare *c = &s->compare;
    size_t choice = 0;
    while (!s->probe[choice])
        choice++;
    int code = manifest_choice(&choice, raw->probe, choice, STUDY_PROBES, s->path, "compare/probe", st);
    if (code)
        return code;
    c->probe = (enum study_probe)choice;
    if (!s->probe[choice])
        return status_set(st, STATUS_DATA, "%s:%zu: compare: probe '%s' is not among the study's probes", s->path, manifest_line(s->path, "compare/probe"),
                          raw->probe);
    if (raw->reference && strcmp(raw->reference, "all pairs") != 0) {
        size_t m = 0;
        while (m < s->n_models && strcmp(raw->reference, s->models[m].name) != 0)
            m++;
        if (m == s->n_models)
            return status_set(st, STATUS_DATA, "%s:%zu: compare: reference is '%s'; `all pairs` or the name of one of the study's models was expected", s->path,
                              manifest_line(s->path, "compare/reference"), raw->reference);
        c->reference = mem_strdup(raw->reference);
    }
    if (raw->metric && strcmp(raw->metric, "headline") != 0 && !panel_metric_exists(raw->metric))
        return status_set(st, STATUS_DATA, "%s:%zu: compare: metric is '%s'; `headline` or a metric of metrics.csv was expected", s->path,
                          manifest_line(s->path, "compare/metric"), raw->metric);
    if (raw->metric && strcmp(raw->metric, "headline") != 0)
        c->metric = mem_strdup(raw->metric);
    if (raw->readout && strcmp(raw->readout, "chosen") != 0) {
        if (!has_readout(s, raw->readout))
            return status_set(st, STATUS_DATA, "%s:%zu: compare: readout is '%s', which no model of the study lists; `chosen` is the one that validation chose",
                              s->path, manifest_line(s->path, "compare/readout"), raw->readout);
        c->readout = mem_strdup(raw->readout);
    }
    return STATUS_OK;
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
        if (!strcmp(raw->probes[i], STUDY_PROBES[PROBE_ATTENTIVE]))
            (void)snprintf(keys, sizeof keys, "probes/%u", i);
    return status_set(st, STATUS_DATA, "%s:%zu: probe 'attentive' reads patch tokens, and no model has `" STUDY_TOKENS "` among its readouts", s->path,
                      manifest_line(s->path, keys));
}

/* Tasks that name no subgroups have the study's. */
static void give_subgroups(struct study_task *task, size_t n, const struct subgroups *subgroups)
{
    for (size_t i = 0; i < n; i++)
        if (!task[i].task->subgroups.n) {
            subgroups_free(&task[i].task->subgroups);
            subgroups_copy(&task[i].task->subgroups, subgroups);
        }
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
    int code = manifest_load(&data, &STUDY_SCHEMA, path, st);
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
        code = subgroups_resolve(&study->subgroups, raw->subgroups, raw->n_subgroups, false, path, st);
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
    if (!code)
        code = resolve_compare(study, &raw->compare, st);
    study->n_tasks = raw->n_tasks;
    study->tasks = NEW0(study->n_tasks, struct study_task);
    for (size_t i = 0; i < study->n_tasks && !code; i++)
        code = resolve_task(study->tasks, i, &raw->tasks[i], path, "tasks", directory, data_root, st);
    study->n_external = raw->n_external;
    study->external = NEW0(study->n_external, struct study_external);
    for (size_t i = 0; i < study->n_external && !code; i++)
        code = resolve_external(study, i, &raw->external[i], directory, data_root, st);
    if (!code && raw->regions)
        code = study_regions_resolve(&study->regions, raw->regions, path, data_root ? data_root : directory, st);
    if (!code) {
        give_subgroups(study->tasks, study->n_tasks, &study->subgroups);
        for (size_t i = 0; i < study->n_external; i++)
            give_subgroups(study->external[i].tasks, study->external[i].n_tasks, &study->subgroups);
        code = digest_study(study, st);
    }
    free(directory);
    free(data_root);
    manifest_free(data, &STUDY_SCHEMA);
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
    study_regions_free(study->regions);
    free(study->compare.reference);
    free(study->compare.metric);
    free(study->compare.readout);
    free(study->external);
    free(study->fraction);
    subgroups_free(&study->subgroups);
    free(study->models);
    free(study->path);
    free(study->name);
    free(study->output);
    free(study->store);
    *study = (struct study){0};
}
