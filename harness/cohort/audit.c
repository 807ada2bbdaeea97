#include "cohort/audit.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Below this many patients of a class, intervals and folds mean little. */
#define FEW_UNITS 10

struct same {
    const uint8_t *digest;
    size_t sample;
};

static int by_digest(const void *a, const void *b)
{
    const struct same *x = a, *y = b;
    int order = memcmp(x->digest, y->digest, DIGEST_BYTES);
    return order ? order : (x->sample > y->sample) - (x->sample < y->sample);
}

/* Whoever reproduces a published split may have to live with its leaks, but not without being told. */
static enum severity leak_severity(const struct study *study)
{
    return study->allow_leaks ? FINDING_WARNING : FINDING_ERROR;
}

/* Images of equal bytes: across partitions they leak, across labels one label is wrong. */
static void audit_duplicates(struct cohort *c, const struct study *study, const struct survey *survey)
{
    bool given = study->protocol == PROTOCOL_GIVEN;
    struct same *same = NEW(c->n, struct same);
    for (size_t i = 0; i < c->n; i++)
        same[i] = (struct same){survey->picture[c->sample[i].picture].digest, i};
    if (c->n)
        qsort(same, c->n, sizeof *same, by_digest);
    for (size_t i = 1; i < c->n; i++) {
        if (memcmp(same[i].digest, same[i - 1].digest, DIGEST_BYTES) != 0)
            continue;
        const struct sample *a = &c->sample[same[i - 1].sample], *b = &c->sample[same[i].sample];
        if (given && a->partition != b->partition)
            findings_add(&c->findings, leak_severity(study), "leak", b->id, b->line, "the same image file stands in the other partition as '%s'", a->id);
        if (a->label != b->label || a->target < b->target || a->target > b->target)
            findings_add(&c->findings, FINDING_WARNING, "contradiction", b->id, b->line, "the same image file has another label as '%s'", a->id);
        if (a->patient && b->patient && strcmp(a->patient, b->patient) != 0)
            findings_add(&c->findings, FINDING_WARNING, "duplicate", b->id, b->line,
                         "the same image file belongs to patient '%s' as '%s' and to '%s' here; the two count as one patient", a->patient, a->id,
                         b->patient);
        else
            findings_add(&c->findings, FINDING_INFO, "duplicate", b->id, b->line, "the same image file as '%s'", a->id);
    }
    free(same);
}

/* A patient on both sides of a given split. */
static void audit_given_partitions(struct cohort *c, const struct study *study)
{
    const char **seen = NEW0(2 * c->n_units, const char *); /* patient first seen on each side; a unit may join several */
    bool *told = NEW0(c->n_units, bool);
    size_t without = 0, n_side[2] = {0, 0};
    for (size_t i = 0; i < c->n; i++) {
        const struct sample *s = &c->sample[i];
        if (s->partition == PARTITION_NONE) {
            if (++without <= 20)
                findings_add(&c->findings, FINDING_ERROR, "partition", s->id, s->line, "no partition is given, and protocol given needs one");
            continue;
        }
        size_t side = s->partition == PARTITION_TEST ? 1 : 0;
        n_side[side]++;
        if (!s->patient)
            continue;
        const char **mine = &seen[2 * s->unit + side], *other = seen[2 * s->unit + 1 - side];
        if (!*mine)
            *mine = s->patient;
        if (other && !strcmp(other, s->patient) && !told[s->unit]) {
            findings_add(&c->findings, leak_severity(study), "leak", s->id, s->line, "patient '%s' is in development and in test", s->patient);
            told[s->unit] = true;
        }
    }
    if (without > 20)
        findings_add(&c->findings, FINDING_ERROR, "partition", "", 0, "%zu images have no partition; the first 20 are listed", without);
    for (int side = 0; side < 2; side++)
        if (!n_side[side])
            findings_add(&c->findings, FINDING_ERROR, "partition", "", 0, "no image is given to %s", side ? "test" : "development");
    free(told);
    free(seen);
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
    bool given = study->protocol == PROTOCOL_GIVEN;
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
    bool given = study->protocol == PROTOCOL_GIVEN;
    if (c->n == 0) {
        findings_add(&c->findings, FINDING_ERROR, "empty", "", 0, "no usable image in the cohort (%zu rows seen)", c->n_rows);
        return;
    }
    if (survey)
        audit_duplicates(c, study, survey);
    if (given)
        audit_given_partitions(c, study);
    audit_classes(c, study);
    if (!c->has_patients)
        findings_add(&c->findings, FINDING_WARNING, "patients", "", 0,
                     "nothing names the patient: each image counts as one, and images of one patient may stand in training and in test");
    else
        for (size_t i = 0; i < c->n; i++)
            if (!c->sample[i].patient)
                findings_add(&c->findings, FINDING_WARNING, "patients", c->sample[i].id, c->sample[i].line, "no patient is named; the image counts as one");
}
