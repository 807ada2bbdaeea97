#include "cohort/cohort.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/outfile.h"
#include "cohort/rows.h"

static int by_id(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* Sorted by id, as folders are where nothing else is known. */
static void number_sorted(struct cohort *c)
{
    for (size_t i = 0; i < c->n; i++)
        c->sample[i].order = i;
}

static bool listed(const struct study_task *t, const char *site)
{
    for (size_t i = 0; i < t->n_sites; i++)
        if (site && task_same_cell(t->site[i], site))
            return true;
    return t->n_sites == 0;
}

/* The part of the cohort that the study asks for; the given partition has then done its work. */
static int take_part(struct cohort *c, const struct study_task *t, struct status *st)
{
    static const enum partition wanted[] = {[PART_DEVELOPMENT] = PARTITION_DEVELOPMENT, [PART_TEST] = PARTITION_TEST};
    if (t->part && !c->has_partitions)
        return status_set(st, STATUS_DATA, "the study takes the rows of one partition, and the data set gives none");
    if (t->n_sites && !c->has_sites)
        return status_set(st, STATUS_DATA, "the study takes the rows of some sites, and nothing names a site");
    bool *drop = NEW0(c->n, bool);
    for (size_t i = 0; i < c->n; i++) {
        const struct sample *s = &c->sample[i];
        bool part = !t->part || s->partition == wanted[t->part];
        drop[i] = !part || !listed(t, s->site);
        if (drop[i])
            findings_add(&c->findings, FINDING_EXCLUDED, "part", s->id, s->line, "%s", part ? "of another site than the study takes" : "of another partition than the study takes");
        if (t->part)
            c->sample[i].partition = PARTITION_NONE;
    }
    c->has_partitions &= !t->part;
    cohort_drop(c, drop);
    free(drop);
    return STATUS_OK;
}

int cohort_load(struct cohort *c, const struct study *study, const struct study_task *task, struct status *st)
{
    *c = (struct cohort){.source = task};
    struct rows rows;
    if (task->task->n_layouts)
        findings_add(&c->findings, FINDING_INFO, "layout", "", 0, "read as '%s'", task->task->cohort.name);
    rows_begin(&rows, c, study, task);
    int code = task->task->cohort.n_folders ? rows_from_folders(&rows, st) : rows_from_tables(&rows, st);
    rows_end(&rows);
    if (!code && (task->part || task->n_sites))
        code = take_part(c, task, st);
    if (code) {
        cohort_free(c);
        return status_context(st, "task '%s'", task->task->name);
    }
    if (c->n)
        qsort(c->sample, c->n, sizeof *c->sample, by_id);
    if (task->task->cohort.n_folders || task->task->official.order == OFFICIAL_ORDER_SORTED)
        number_sorted(c);
    for (size_t i = 1; i < c->n; i++)
        if (!strcmp(c->sample[i].id, c->sample[i - 1].id))
            findings_add(&c->findings, FINDING_ERROR, "repeated", c->sample[i].id, c->sample[i].line, "the image also stands in line %zu",
                         c->sample[i - 1].line);
    return STATUS_OK;
}

static void sample_free(struct sample *s, unsigned n_covariates)
{
    for (unsigned i = 0; s->covariate && i < n_covariates; i++)
        free(s->covariate[i]);
    free(s->covariate);
    free(s->id);
    free(s->path);
    free(s->patient);
    free(s->site);
    free(s->exam);
}

void cohort_free(struct cohort *c)
{
    for (size_t i = 0; i < c->n; i++)
        sample_free(&c->sample[i], c->source->task->cohort.n_covariates);
    free(c->sample);
    findings_free(&c->findings);
    *c = (struct cohort){0};
}

void cohort_write_sample(FILE *stream, const struct sample *s)
{
    csv_field(stream, s->id);
    fputc(',', stream);
    csv_field(stream, s->patient ? s->patient : "");
    fputc(',', stream);
    csv_field(stream, s->site ? s->site : "");
}

void cohort_write_label(FILE *stream, const struct cohort *c, const struct sample *s)
{
    if (c->source->task->kind == KIND_REGRESSION)
        csv_number(stream, s->target);
    else
        csv_field(stream, c->source->task->classes[s->label].name);
}

void cohort_drop(struct cohort *c, const bool *drop)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->n; i++) {
        if (drop[i])
            sample_free(&c->sample[i], c->source->task->cohort.n_covariates);
        else
            c->sample[kept++] = c->sample[i];
    }
    c->n = kept;
}

void cohort_attach(struct cohort *c, const struct study *study, const struct survey *survey)
{
    bool *drop = NEW0(c->n, bool);
    for (size_t i = 0; i < c->n; i++) {
        struct sample *s = &c->sample[i];
        s->picture = survey_find(survey, s->path);
        const struct picture *p = &survey->picture[s->picture];
        if (!p->reason)
            continue;
        bool skip = p->missing ? study->skip_missing_images : study->skip_bad_images;
        findings_add(&c->findings, rows_policy(skip), p->missing ? "missing" : "unreadable", s->id, s->line, "%s", p->reason);
        drop[i] = true;
    }
    cohort_drop(c, drop);
    free(drop);
}

struct keyed {
    const char *patient; /* NULL: by digest */
    const uint8_t *digest;
    size_t sample;
};

static int by_unit(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    if (!x->patient != !y->patient)
        return x->patient ? -1 : 1;
    return x->patient ? strcmp(x->patient, y->patient) : memcmp(x->digest, y->digest, DIGEST_BYTES);
}

static int by_digest(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    return memcmp(x->digest, y->digest, DIGEST_BYTES);
}

static uint32_t root_of(uint32_t *parent, uint32_t u)
{
    while (parent[u] != u)
        u = parent[u] = parent[parent[u]];
    return u;
}

/* Units that share a picture, pixel by pixel, become one (the smallest number), and numbers close up again. */
static void join_units(struct cohort *c, struct keyed *key, const struct survey *survey)
{
    uint32_t *parent = NEW(c->n_units, uint32_t), *number = NEW(c->n_units, uint32_t);
    for (size_t u = 0; u < c->n_units; u++)
        parent[u] = (uint32_t)u;
    for (size_t i = 0; i < c->n; i++)
        key[i].digest = survey_identity(&survey->picture[c->sample[key[i].sample].picture]);
    qsort(key, c->n, sizeof *key, by_digest);
    for (size_t i = 1; i < c->n; i++) {
        if (by_digest(&key[i], &key[i - 1]) != 0)
            continue;
        uint32_t a = root_of(parent, c->sample[key[i - 1].sample].unit), b = root_of(parent, c->sample[key[i].sample].unit);
        parent[a > b ? a : b] = a < b ? a : b;
    }
    size_t n = 0;
    for (size_t u = 0; u < c->n_units; u++) {
        uint32_t root = root_of(parent, (uint32_t)u);
        number[u] = root == u ? (uint32_t)n++ : number[root];
    }
    for (size_t i = 0; i < c->n; i++)
        c->sample[i].unit = number[c->sample[i].unit];
    c->n_units = n;
    free(number);
    free(parent);
}

void cohort_number_units(struct cohort *c, const struct survey *survey)
{
    struct keyed *key = NEW(c->n, struct keyed);
    uint8_t *name = survey ? NULL : NEW(c->n * DIGEST_BYTES, uint8_t); /* no picture was read: each is its own */
    for (size_t i = 0; i < c->n; i++) {
        if (name)
            digest_bytes(name + i * DIGEST_BYTES, c->sample[i].id, strlen(c->sample[i].id));
        key[i] = (struct keyed){c->sample[i].patient, name ? name + i * DIGEST_BYTES : survey->picture[c->sample[i].picture].digest, i};
    }
    if (c->n)
        qsort(key, c->n, sizeof *key, by_unit);
    c->n_units = 0;
    for (size_t i = 0; i < c->n; i++) {
        c->n_units += i == 0 || by_unit(&key[i], &key[i - 1]) != 0;
        c->sample[key[i].sample].unit = (uint32_t)(c->n_units - 1);
    }
    if (c->n && survey)
        join_units(c, key, survey);
    free(key);
    free(name);
}
