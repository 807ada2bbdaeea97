#include "cohort/audit.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cohort/drift.h"
#include "cohort/near.h"
#include "cohort/polarity.h"

/* Below this many patients of a class, intervals and folds mean little. */
#define FEW_UNITS 10

struct same {
    const uint8_t *identity;
    size_t sample;
};

static int by_identity(const void *a, const void *b)
{
    const struct same *x = a, *y = b;
    int order = memcmp(x->identity, y->identity, DIGEST_BYTES);
    return order ? order : (x->sample > y->sample) - (x->sample < y->sample);
}

static bool is_given(const struct study *study)
{
    return study_has_protocol(study, PROTOCOL_GIVEN);
}

static bool same_text(const char *a, const char *b)
{
    return !a || !b || !strcmp(a, b);
}

static bool same_label(const struct sample *a, const struct sample *b)
{
    return a->label == b->label && !(a->target < b->target) && !(a->target > b->target);
}

/* The first of the group that differs from s in the way asked for, or the first that is not s. */
enum unlike { ANY, LABEL, PARTITION, PATIENT };
static const struct sample *other_of(const struct cohort *c, const struct same *same, size_t n, const struct sample *s, enum unlike how)
{
    for (size_t i = 0; i < n; i++) {
        const struct sample *o = &c->sample[same[i].sample];
        if (o == s)
            continue;
        if (how == ANY || (how == LABEL && !same_label(o, s)) || (how == PARTITION && o->partition != s->partition) ||
            (how == PATIENT && !same_text(o->patient, s->patient)))
            return o;
    }
    return NULL;
}

static void add_group(struct cohort *c, const struct same *same, size_t n, enum unlike how, enum severity severity, const char *code, size_t group,
                      const struct survey *survey, const char *words)
{
    for (size_t i = 0; i < n; i++) {
        const struct sample *s = &c->sample[same[i].sample], *o = other_of(c, same, n, s, how);
        for (size_t j = 0; j < n && how == ANY; j++) { /* rather one of equal bytes: it says more */
            const struct sample *copy = &c->sample[same[j].sample];
            if (copy != s && !memcmp(survey->picture[s->picture].digest, survey->picture[copy->picture].digest, DIGEST_BYTES)) {
                o = copy;
                break;
            }
        }
        if (!o)
            continue;
        bool files = !memcmp(survey->picture[s->picture].digest, survey->picture[o->picture].digest, DIGEST_BYTES);
        findings_add(&c->findings, severity, code, s->id, s->line, "the same %s as '%s'%s (%zu in all)", files ? "file" : "picture in another file",
                     o->id, words, n);
        findings_put_in_group(&c->findings, group);
    }
}

/* Pictures of equal pixels: across partitions they leak, across labels one label is wrong; else they only count as one. */
static void audit_duplicates(struct cohort *c, const struct study *study, const struct survey *survey)
{
    struct same *same = NEW(c->n, struct same);
    for (size_t i = 0; i < c->n; i++)
        same[i] = (struct same){survey_identity(&survey->picture[c->sample[i].picture]), i};
    qsort(same, c->n, sizeof *same, by_identity);
    for (size_t from = 0, to; from < c->n; from = to) {
        for (to = from + 1; to < c->n && !memcmp(same[to].identity, same[from].identity, DIGEST_BYTES);)
            to++;
        if (to - from < 2)
            continue;
        const struct same *first = same + from;
        size_t n = to - from, group = findings_new_group(&c->findings);
        add_group(c, first, n, ANY, FINDING_INFO, "duplicate", group, survey, "");
        add_group(c, first, n, LABEL, FINDING_ERROR, "contradiction", group, survey, ", which has another label");
        if (is_given(study))
            add_group(c, first, n, PARTITION, FINDING_ERROR, "leak_duplicate", group, survey, ", which stands in the other partition");
        add_group(c, first, n, PATIENT, FINDING_WARNING, "duplicate_patient", group, survey, ", which is of another patient; the two count as one");
    }
    free(same);
}

struct by_patient {
    const char *patient;
    size_t sample;
};

static int patient_order(const void *a, const void *b)
{
    const struct by_patient *x = a, *y = b;
    int order = strcmp(x->patient, y->patient);
    return order ? order : (x->sample > y->sample) - (x->sample < y->sample);
}

/* All images of each patient who is on both sides of the given split. */
static void audit_given_patients(struct cohort *c)
{
    struct by_patient *list = NEW(c->n, struct by_patient);
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        if (c->sample[i].patient && c->sample[i].partition != PARTITION_NONE)
            list[n++] = (struct by_patient){c->sample[i].patient, i};
    if (n)
        qsort(list, n, sizeof *list, patient_order);
    for (size_t from = 0, to; from < n; from = to) {
        bool both = false;
        for (to = from + 1; to < n && !strcmp(list[to].patient, list[from].patient); to++)
            both |= c->sample[list[to].sample].partition != c->sample[list[from].sample].partition;
        size_t group = both ? findings_new_group(&c->findings) : 0;
        for (size_t i = from; i < to && both; i++) {
            const struct sample *s = &c->sample[list[i].sample];
            findings_add(&c->findings, FINDING_ERROR, "leak_patient", s->id, s->line, "patient '%s' is in development and in test; this image is in %s",
                         s->patient, s->partition == PARTITION_TEST ? "test" : "development");
            findings_put_in_group(&c->findings, group);
        }
    }
    free(list);
}

static void audit_given_partitions(struct cohort *c)
{
    size_t n_side[2] = {0, 0};
    for (size_t i = 0; i < c->n; i++) {
        const struct sample *s = &c->sample[i];
        if (s->partition == PARTITION_NONE)
            findings_add(&c->findings, FINDING_ERROR, "partition", s->id, s->line, "no partition is given, and protocol given needs one");
        else
            n_side[s->partition == PARTITION_TEST ? 1 : 0]++;
    }
    for (int side = 0; side < 2; side++)
        if (!n_side[side])
            findings_add(&c->findings, FINDING_ERROR, "partition", "", 0, "no image is given to %s", side ? "test" : "development");
    audit_given_patients(c);
}

void audit_counts(struct audit_count *count, const struct cohort *c)
{
    size_t n_classes = c->source->task->n_classes ? c->source->task->n_classes : 1;
    uint8_t *seen = NEW0(c->n_units * n_classes, uint8_t);
    memset(count, 0, n_classes * sizeof *count);
    for (size_t i = 0; i < c->n; i++) {
        const struct sample *s = &c->sample[i];
        struct audit_count *k = &count[s->label];
        uint8_t *mark = &seen[(size_t)s->unit * n_classes + (size_t)s->label];
        size_t side = s->partition == PARTITION_TEST ? 1 : 0;
        k->images[2]++;
        k->units[2] += !(*mark & 4);
        *mark |= 4;
        if (s->partition != PARTITION_NONE) {
            k->images[side]++;
            k->units[side] += !(*mark & (1u << side));
            *mark = (uint8_t)(*mark | (1u << side));
        }
    }
    free(seen);
}

static void audit_classes(struct cohort *c, const struct study *study)
{
    static const char *const side_name[] = {"development", "test", "the cohort"};
    const struct task *t = c->source->task;
    bool given = study_has_protocol(study, PROTOCOL_GIVEN);
    size_t n_classes = t->n_classes ? t->n_classes : 1;
    struct audit_count *count = NEW(n_classes, struct audit_count);
    audit_counts(count, c);
    if (c->n_units < 2 * study->n_folds)
        findings_add(&c->findings, FINDING_ERROR, "few", "", 0, "%zu patients are too few for a test set and %zu folds", c->n_units, study->n_folds);
    for (size_t k = 0; k < t->n_classes; k++) {
        for (size_t side = given ? 0 : 2; side < (given ? 2u : 3u); side++)
            if (count[k].images[side] == 0)
                findings_add(&c->findings, t->kind == KIND_BINARY || side != 1 ? FINDING_ERROR : FINDING_WARNING, "class", "", 0,
                             "class '%s' has no image in %s", t->classes[k].name, side_name[side]);
        if (count[k].units[2] && count[k].units[2] < FEW_UNITS)
            findings_add(&c->findings, FINDING_WARNING, "class", "", 0, "class '%s' has %zu patients only", t->classes[k].name, count[k].units[2]);
    }
    free(count);
}

void audit_cohort(struct cohort *c, const struct study *study, const struct survey *survey)
{
    bool given = study_has_protocol(study, PROTOCOL_GIVEN);
    if (c->n == 0) {
        findings_add(&c->findings, FINDING_ERROR, "empty", "", 0, "no usable image in the cohort (%zu rows seen)", c->n_rows);
        return;
    }
    if (survey) {
        audit_duplicates(c, study, survey);
        near_duplicates(c, given, survey);
    }
    if (given)
        audit_given_partitions(c);
    if (survey)
        polarity_audit(c, survey);
    drift_audit(c);
    audit_classes(c, study);
    if (!c->has_patients)
        findings_add(&c->findings, FINDING_WARNING, "patients", "", 0,
                     "nothing names the patient: each image counts as one, and images of one patient may stand in training and in test");
    else
        for (size_t i = 0; i < c->n; i++)
            if (!c->sample[i].patient)
                findings_add(&c->findings, FINDING_WARNING, "patients", c->sample[i].id, c->sample[i].line, "no patient is named; the image counts as one");
}

void audit_accept(struct cohort *c, const struct study *study)
{
    for (size_t i = 0; i < c->findings.n; i++) {
        struct finding *f = &c->findings.item[i];
        if ((f->severity == FINDING_ERROR || f->severity == FINDING_WARNING) && study_accepts(study, f->check))
            f->severity = FINDING_ACCEPTED;
    }
}
