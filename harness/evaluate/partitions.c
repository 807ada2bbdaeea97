#include "evaluate/partitions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "split/grouped.h"
#include "split/official.h"

/* Bins of a regression target; fewer where patients are few, so that each bin can be in every part. */
static size_t n_bins(const struct cohort *c, const struct study *study)
{
    size_t most = c->n_units / (4 * study->n_folds), in_test = (size_t)(study->test_fraction * (double)c->n_units / 2);
    most = most < in_test ? most : in_test;
    return most < 1 ? 1 : most > 10 ? 10 : most;
}

static int32_t *strata(const struct cohort *c, const struct study *study)
{
    int32_t *stratum = NEW(c->n, int32_t);
    if (c->source->task->kind != KIND_REGRESSION) {
        for (size_t i = 0; i < c->n; i++)
            stratum[i] = c->sample[i].label;
        return stratum;
    }
    double *target = NEW(c->n, double);
    for (size_t i = 0; i < c->n; i++)
        target[i] = c->sample[i].target;
    grouped_strata_of_target(stratum, target, c->n, n_bins(c, study));
    free(target);
    return stratum;
}

/* The splitters number the classes; the user knows them by name. */
static int explain(const struct task *task, struct status *st)
{
    size_t used = strlen(st->text);
    for (unsigned k = 0; k < task->n_classes && used < sizeof st->text; k++)
        used += (size_t)snprintf(st->text + used, sizeof st->text - used, "%s%u is '%s'", k ? ", " : " (class ", k, task->classes[k].name);
    if (task->n_classes && used < sizeof st->text)
        (void)snprintf(st->text + used, sizeof st->text - used, ")");
    return status_context(st, "task '%s'", task->name);
}

static int make_grouped_or_given(struct partitions *p, const struct cohort *c, const struct study *study, bool given, struct status *st)
{
    int code = STATUS_OK;
    p->n_folds = study->n_folds;
    int32_t *stratum = strata(c, study), *part_stratum = NEW(c->n, int32_t);
    uint32_t *unit = NEW(c->n, uint32_t);
    uint8_t *is_test = NEW0(c->n, uint8_t);
    if (given) {
        for (size_t i = 0; i < c->n; i++)
            is_test[i] = c->sample[i].partition == PARTITION_TEST;
    } else {
        for (size_t i = 0; i < c->n; i++)
            unit[i] = c->sample[i].unit;
        code = grouped_test_split(is_test, unit, c->n, c->n_units, stratum, study->test_fraction, (uint32_t)study->seed, st);
    }
    for (size_t i = 0; i < c->n; i++) {
        if (is_test[i]) {
            p->test[p->n_test++] = i;
            continue;
        }
        unit[p->n_development] = c->sample[i].unit;
        part_stratum[p->n_development] = stratum[i];
        p->development[p->n_development++] = i;
    }
    if (!code && !p->n_test) /* given partitions, all of whose test images were left out */
        code = status_set(st, STATUS_DATA, "no image is left to test on");
    if (!code)
        code = grouped_folds(p->fold, unit, p->n_development, c->n_units, part_stratum, study->n_folds, (uint32_t)study->seed, st);
    free(stratum);
    free(part_stratum);
    free(unit);
    free(is_test);
    return code;
}

/* ---- official ---- */

struct place {
    size_t order, sample;
};

static int by_order(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return (x->sample > y->sample) - (x->sample < y->sample);
}

/* The splitters see rows 0 .. n-1 as the script met them; place[row] is the cohort's sample. */
static struct place *rows_in_order(const struct cohort *c)
{
    struct place *place = NEW(c->n, struct place);
    for (size_t i = 0; i < c->n; i++)
        place[i] = (struct place){c->sample[i].order, i};
    if (c->n)
        qsort(place, c->n, sizeof *place, by_order);
    return place;
}

static uint32_t *patients_in_order(size_t *n_units, const struct cohort *c, const struct place *place)
{
    const char **id = NEW(c->n, const char *);
    uint32_t *unit = NEW(c->n, uint32_t);
    for (size_t row = 0; row < c->n; row++) {
        const char *patient = c->sample[place[row].sample].patient;
        id[row] = patient ? patient : "";
    }
    official_number_units(unit, n_units, id, c->n);
    free(id);
    return unit;
}

/* From rows and shuffled order to samples, ascending. */
static void to_samples(struct partitions *p, size_t n, const struct place *place, const size_t *train, const uint32_t *fold, const size_t *test)
{
    const uint32_t tested = UINT32_MAX;
    uint32_t *side = NEW(n, uint32_t);
    for (size_t i = 0; i < p->n_development; i++)
        side[place[train[i]].sample] = fold[i];
    for (size_t i = 0; i < p->n_test; i++)
        side[place[test[i]].sample] = tested;
    size_t n_development = 0, n_test = 0;
    for (size_t i = 0; i < n; i++) {
        if (side[i] == tested) {
            p->test[n_test++] = i;
            continue;
        }
        p->fold[n_development] = side[i];
        p->development[n_development++] = i;
    }
    free(side);
}

static int make_official(struct partitions *p, const struct cohort *c, const struct study *study, struct status *st)
{
    const struct task *task = c->source->task;
    const struct task_official *rule = &task->official;
    if (rule->split == OFFICIAL_SPLIT_PATIENT && !c->has_patients)
        return status_set(st, STATUS_DATA, "official: the test set is drawn by patient, and nothing names the patient");
    bool by_patient = rule->split == OFFICIAL_SPLIT_PATIENT || (rule->split == OFFICIAL_SPLIT_DEFAULT && c->has_patients);
    uint32_t seed = (uint32_t)study->seed;
    struct place *place = rows_in_order(c);
    size_t n_units = 0, *train = NEW(c->n, size_t), *test = NEW(c->n, size_t);
    uint32_t *unit = by_patient ? patients_in_order(&n_units, c, place) : NULL, *fold = NEW(c->n, uint32_t);
    int32_t *label = task->kind == KIND_REGRESSION ? NULL : NEW(c->n, int32_t);
    for (size_t row = 0; label && row < c->n; row++)
        label[row] = c->sample[place[row].sample].label;

    p->n_folds = OFFICIAL_FOLDS;
    int code = official_test_split(train, &p->n_development, test, &p->n_test, label, unit, c->n, n_units, OFFICIAL_FRACTION, seed, st);
    if (!code && rule->quirk == OFFICIAL_QUIRK_PESPLANUS)
        code = official_folds_pes_planus(fold, label, train, p->n_development, p->n_folds, seed, st);
    else if (!code)
        code = official_folds(fold, rule->folds == OFFICIAL_FOLDS_STRATIFIED ? label : NULL, train, p->n_development, p->n_folds, seed, st);
    if (!code)
        to_samples(p, c->n, place, train, fold, test);
    free(label);
    free(fold);
    free(unit);
    free(test);
    free(train);
    free(place);
    return code;
}

int partitions_make(struct partitions *p, const struct cohort *c, const struct study *study, enum study_protocol protocol, struct status *st)
{
    *p = (struct partitions){.development = NEW(c->n, size_t), .test = NEW(c->n, size_t), .fold = NEW(c->n, uint32_t)};
    int code = protocol == PROTOCOL_OFFICIAL ? make_official(p, c, study, st)
                                             : make_grouped_or_given(p, c, study, protocol == PROTOCOL_GIVEN, st);
    if (code) {
        partitions_free(p);
        return explain(c->source->task, st);
    }
    return STATUS_OK;
}

void partitions_digest(uint8_t digest[DIGEST_BYTES], const struct partitions *p, const struct cohort *cohort, const struct survey *survey)
{
    char *text = NULL, hex[DIGEST_HEX];
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    for (size_t i = 0; stream && i < p->n_development; i++) {
        const struct sample *s = &cohort->sample[p->development[i]];
        fprintf(stream, "%s,%d,%.17g,%u\n", digest_hex(hex, survey->picture[s->picture].digest), (int)s->label, s->target, p->fold[i] + 1);
    }
    if (stream)
        fclose(stream);
    digest_bytes(digest, text ? text : "", size);
    free(text);
}

void partitions_free(struct partitions *p)
{
    free(p->development);
    free(p->test);
    free(p->fold);
    *p = (struct partitions){0};
}
