#include "evaluate/compare_source.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "study/study.h"

/* null stands for the default. */
static char *copy_text(const json_t *text)
{
    return json_is_string(text) ? mem_strdup(json_string_value(text)) : NULL;
}

static bool find_kind(enum task_kind *kind, const char *name)
{
    for (int k = KIND_BINARY; k <= KIND_REGRESSION; k++)
        if (!strcmp(name, task_kind_name((enum task_kind)k))) {
            *kind = (enum task_kind)k;
            return true;
        }
    return false;
}

static bool take_tasks(struct compare_source *s, const json_t *list)
{
    size_t i;
    json_t *item;
    if (!json_is_array(list) || !json_array_size(list))
        return false;
    s->task = NEW0(json_array_size(list), struct compare_source_task);
    json_array_foreach(list, i, item) {
        const char *name, *kind;
        int named;
        if (json_unpack(item, "{s:s, s:s, s:b}", "name", &name, "kind", &kind, "patients_named", &named) || !find_kind(&s->task[i].kind, kind))
            return false;
        if (strchr(name, '/') || name[0] == '.')
            return false;
        s->task[i].name = mem_strdup(name);
        s->task[i].patients_named = named;
        s->n_tasks = i + 1;
    }
    return true;
}

static bool take_models(struct compare_source *s, const json_t *list)
{
    size_t i;
    json_t *item;
    if (!json_is_array(list))
        return false;
    s->model = NEW0(json_array_size(list), char *);
    json_array_foreach(list, i, item) {
        const char *name;
        if (json_unpack(item, "{s:s}", "name", &name))
            return false;
        s->model[i] = mem_strdup(name);
        s->n_models = i + 1;
    }
    return true;
}

static bool take_bootstrap(struct compare_source *s, const char *cluster, const char *stratify)
{
    bool found = false;
    for (int i = CLUSTER_PATIENT; i <= CLUSTER_IMAGE; i++)
        if (!strcmp(cluster, study_cluster_name((enum bootstrap_cluster)i))) {
            s->cluster = (enum bootstrap_cluster)i;
            found = true;
        }
    for (int i = STRATIFY_AUTO; i <= STRATIFY_NONE && found; i++)
        if (!strcmp(stratify, study_stratify_name((enum bootstrap_stratify)i))) {
            s->stratify = (enum bootstrap_stratify)i;
            return true;
        }
    return false;
}

/* false: something is missing or not what it should be. */
static bool take(struct compare_source *s, json_t *root)
{
    const char *study, *cluster, *stratify, *probe;
    json_int_t seed, replicates;
    json_t *tasks, *models, *reference, *metric, *readout;
    if (json_unpack(root, "{s:s, s:I, s:{s:I, s:F, s:s, s:s}, s:{s:o, s:o, s:s, s:o}, s:o, s:o}", "study", &study, "seed", &seed, "bootstrap", "replicates",
                    &replicates, "level", &s->level, "cluster", &cluster, "stratify", &stratify, "compare", "reference", &reference, "metric", &metric,
                    "probe", &probe, "readout", &readout, "tasks", &tasks, "models", &models))
        return false;
    s->study = mem_strdup(study);
    s->seed = (uint64_t)seed;
    s->family = (struct compare_family){copy_text(reference), copy_text(metric), mem_strdup(probe), copy_text(readout)};
    if (seed < 0 || replicates < 1 || replicates > 1000000 || !(s->level > 0 && s->level < 1))
        return false;
    s->replicates = (size_t)replicates;
    return take_bootstrap(s, cluster, stratify) && take_tasks(s, tasks) && take_models(s, models);
}

static int read_readouts(struct compare_source *s, struct status *st)
{
    static const char *const name[] = {"task", "protocol", "model", "probe", "readout", "chosen"};
    char *path = path_join(s->directory, "readouts.csv");
    int code = STATUS_OK;
    if (file_exists(path)) {
        code = table_read(&s->readouts, path, st);
        s->has_readouts = !code;
        for (size_t c = 0; c < 6 && !code; c++)
            code = table_column(&s->readouts, name[c], &s->column[c], st);
    }
    free(path);
    return code;
}

int compare_source_read(struct compare_source *s, const char *directory, struct status *st)
{
    char *path = path_join(directory, "provenance.json");
    unsigned char *data = NULL;
    size_t size;
    *s = (struct compare_source){.directory = mem_strdup(directory)};
    int code = file_exists(path) ? file_read(&data, &size, path, (size_t)1 << 28, st)
                                 : status_set(st, STATUS_IO, "'%s' is not there: give a folder that `run` or `evaluate` has written", path);
    if (!code) {
        json_error_t error;
        json_t *root = json_loadb((const char *)data, size, 0, &error);
        if (!root)
            code = status_set(st, STATUS_DATA, "%s:%d: %s", path, error.line, error.text);
        else if (!take(s, root))
            code = status_set(st, STATUS_DATA, "%s: does not say seed, bootstrap, compare, and the kind of each task; `skelex-eval evaluate` writes one that does", path);
        json_decref(root);
    }
    if (!code)
        code = read_readouts(s, st);
    free(data);
    free(path);
    if (code)
        compare_source_free(s);
    return code;
}

void compare_source_free(struct compare_source *s)
{
    for (size_t i = 0; i < s->n_tasks; i++)
        free(s->task[i].name);
    for (size_t i = 0; i < s->n_models; i++)
        free(s->model[i]);
    if (s->has_readouts)
        table_free(&s->readouts);
    free(s->task);
    free(s->model);
    free((char *)s->family.reference);
    free((char *)s->family.metric);
    free((char *)s->family.probe);
    free((char *)s->family.readout);
    free(s->study);
    free(s->directory);
    *s = (struct compare_source){0};
}

const char *compare_source_chosen(const struct compare_source *s, const char *task, const char *protocol, const char *model, const char *probe, bool *listed)
{
    const char *const want[] = {task, protocol, model, probe};
    *listed = false;
    for (size_t i = 0; s->has_readouts && i < s->readouts.n_rows; i++) {
        bool same = true;
        for (size_t c = 0; c < 4; c++)
            same &= !strcmp(table_cell(&s->readouts, i, s->column[c]), want[c]);
        *listed |= same;
        if (same && !strcmp(table_cell(&s->readouts, i, s->column[5]), "1"))
            return table_cell(&s->readouts, i, s->column[4]);
    }
    return NULL;
}
