#include "evaluate/provenance.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"
#include "base/cpu.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/outfile.h"
#include "base/version.h"
#include "evaluate/pipeline.h"

#define SCHEMA_VERSION 2 /* 1: `protocol`, a text, in place of `protocols` */

/* A cohort is known by its samples' names, labels, units and image bytes. */
static void cohort_digest(char hex[DIGEST_HEX], const struct cohort *c, const struct survey *survey)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    uint8_t digest[DIGEST_BYTES] = {0};
    for (size_t i = 0; stream && i < c->n; i++) {
        const struct sample *s = &c->sample[i];
        fprintf(stream, "%s,%s,%d,%.17g,%s\n", s->id, s->patient ? s->patient : "", (int)s->label, s->target,
                digest_hex(hex, survey->picture[s->picture].digest));
    }
    if (stream)
        fclose(stream);
    digest_bytes(digest, text ? text : "", size);
    free(text);
    (void)digest_hex(hex, digest);
}

/* Rows of the audit that the study let pass, by code. */
static json_t *accepted_of(const struct cohort *c)
{
    json_t *list = json_object();
    for (size_t i = 0; i < N_AUDIT_CODES; i++) {
        size_t n = findings_count_code(&c->findings, FINDING_ACCEPTED, AUDIT_CODES[i].name);
        if (n)
            json_object_set_new(list, AUDIT_CODES[i].name, json_integer((json_int_t)n));
    }
    return list;
}

static json_t *tasks_of(const struct pipeline *p)
{
    char hex[DIGEST_HEX];
    json_t *list = json_array();
    for (size_t t = 0; t < p->study.n_tasks; t++) {
        const struct cohort *c = &p->cohort[t];
        cohort_digest(hex, c, &p->survey);
        json_t *task = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:b}", "name", c->source->task->name, "kind",
                                              task_kind_name((enum task_kind)c->source->task->kind), "file",
                                              c->source->path, "data", c->source->data, "cohort_sha256", hex, "rows", (json_int_t)c->n_rows,
                                              "images", (json_int_t)c->n, "patients", (json_int_t)c->n_units, "excluded",
                                              (json_int_t)findings_count(&c->findings, FINDING_EXCLUDED), "warnings",
                                              (json_int_t)findings_count(&c->findings, FINDING_WARNING), "patients_named", c->has_patients);
        if (task && c->source->task->n_layouts)
            json_object_set_new(task, "layout", json_string(c->source->task->cohort.name));
        if (task)
            json_object_set_new(task, "accepted", accepted_of(c));
        json_array_append_new(list, task);
    }
    return list;
}

static json_t *models_of(const struct pipeline *p)
{
    char weights[DIGEST_HEX], fingerprint[DIGEST_HEX];
    json_t *list = json_array();
    for (size_t m = 0; m < p->study.n_models; m++) {
        const struct featurizer *f = &p->featurizer[m];
        json_t *model = json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", f->model->name, "preprocess", study_preprocess_name(f->model), "precision",
                                  study_precision_name(f->model), "features", f->words, "fingerprint", digest_hex(fingerprint, f->fingerprint));
        if (f->encoder)
            json_object_set_new(model, "weights_sha256", json_string(digest_hex(weights, f->weights)));
        json_array_append_new(list, model);
    }
    return list;
}

/* With what `skelex-eval compare` draws the study's replicates again, and which hypotheses the study declared. */
static json_t *bootstrap_of(const struct study *s)
{
    return json_pack("{s:I, s:f, s:s, s:s}", "replicates", (json_int_t)s->replicates, "level", s->level, "cluster", study_cluster_name(s->cluster), "stratify",
                     study_stratify_name(s->stratify));
}

static json_t *compare_of(const struct study_compare *c)
{
    return json_pack("{s:s?, s:s?, s:s, s:s?}", "reference", c->reference, "metric", c->metric, "probe", study_probe_name(c->probe), "readout", c->readout);
}

static json_t *protocols_of(const struct study *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->n_protocols; i++)
        json_array_append_new(list, json_string(study_protocol_name(s->protocol[i])));
    return list;
}

static json_t *costs_of(const struct pipeline *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->n_costs; i++)
        json_array_append_new(list, json_pack("{s:s, s:f, s:I, s:I}", "stage", p->cost[i].name, "seconds", p->cost[i].seconds, "peak_memory_kib",
                                              (json_int_t)p->cost[i].peak_kib, "items", (json_int_t)p->cost[i].items));
    return list;
}

static json_t *probes_of(const struct provenance_probe *probe, size_t n)
{
    char hex[DIGEST_HEX];
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "file", probe[i].path, "record_sha256", digest_hex(hex, probe[i].record),
                                              "study", probe[i].study, "task", probe[i].task, "external_task", probe[i].external_task, "external_model",
                                              probe[i].external_model));
    return list;
}

/* What attentive probes took. */
static json_t *attentive_of(const struct pipeline *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->n_headlines; i++) {
        const struct headline *h = &p->headline[i];
        if (h->cost.images_read)
            json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:f}", "task", h->task, "protocol", h->protocol, "model", h->model,
                                                  "models_trained", (json_int_t)h->cost.n_fits, "passes", (json_int_t)h->cost.n_passes, "images_read",
                                                  (json_int_t)h->cost.images_read, "bytes_read", (json_int_t)h->cost.bytes_read, "seconds",
                                                  h->cost.seconds));
    }
    return list;
}

/* extra: a further member of that name, taken over; NULL: none. */
static int write_file(const struct pipeline *p, const char *file, const char *name, json_t *extra, struct status *st)
{
    char hex[DIGEST_HEX];
    json_t *root = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:i, s:I, s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "schema", SCHEMA_VERSION, "program",
                             PROGRAM_NAME, "version", PROGRAM_VERSION, "command_line", p->options.command_line, "study", p->study.name, "study_file",
                             p->study.path, "study_sha256", digest_hex(hex, p->study.digest), "seed", (json_int_t)p->study.seed, "threads",
                             p->options.n_threads, "batch", (json_int_t)(p->options.batch ? p->options.batch : 1), "protocols",
                             protocols_of(&p->study), "blas", blas_description(), "cpu", version_cpu(), "instructions",
                             cpu_level_name(cpu_level()),
                             "bootstrap", bootstrap_of(&p->study), "compare", compare_of(&p->study.compare), "tasks", tasks_of(p), "models", models_of(p), "attentive", attentive_of(p), "stages", costs_of(p));
    if (!root) {
        json_decref(extra);
        return status_set(st, STATUS_INTERNAL, "provenance: a text that is not UTF-8 (a file name?)");
    }
    if (extra)
        json_object_set_new(root, name, extra);
    char *path = path_join(p->study.output, file);
    struct outfile out;
    int code = outfile_open(&out, path, st);
    if (!code) {
        json_dumpf(root, out.stream, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        fputc('\n', out.stream);
        code = outfile_commit(&out, st);
    }
    free(path);
    json_decref(root);
    return code;
}

int provenance_write(const struct pipeline *p, struct status *st)
{
    return write_file(p, "provenance.json", NULL, NULL, st);
}

int provenance_write_external(const struct pipeline *p, const struct provenance_probe *probe, size_t n, struct status *st)
{
    return write_file(p, "provenance_external.json", "probes", probes_of(probe, n), st);
}

int provenance_write_regions(const struct pipeline *p, struct status *st)
{
    return write_file(p, "provenance_regions.json", NULL, NULL, st);
}
