#include "evaluate/overlap.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cohort/audit.h"

struct known {
    const void *key;
    const struct sample *sample;
};

static int by_identity(const void *a, const void *b)
{
    return memcmp(((const struct known *)a)->key, ((const struct known *)b)->key, DIGEST_BYTES);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct known *)a)->key, ((const struct known *)b)->key);
}

void overlap_audit(struct cohort *external, const struct study *study, const struct survey *survey, const struct cohort *development,
                   const struct survey *development_survey)
{
    struct known *picture = NEW(development->n, struct known), *patient = NEW(development->n, struct known);
    size_t n_patients = 0, n_pictures = 0;
    for (size_t i = 0; i < development->n; i++) {
        const struct sample *s = &development->sample[i];
        if (survey)
            picture[n_pictures++] = (struct known){survey_identity(&development_survey->picture[s->picture]), s};
        if (s->patient)
            patient[n_patients++] = (struct known){s->patient, s};
    }
    if (n_pictures)
        qsort(picture, n_pictures, sizeof *picture, by_identity);
    if (n_patients)
        qsort(patient, n_patients, sizeof *patient, by_name);
    for (size_t i = 0; i < external->n; i++) {
        const struct sample *s = &external->sample[i];
        struct known key = {n_pictures ? survey_identity(&survey->picture[s->picture]) : NULL, NULL};
        const struct known *found = n_pictures ? bsearch(&key, picture, n_pictures, sizeof *picture, by_identity) : NULL;
        if (found)
            findings_add(&external->findings, FINDING_ERROR, "overlap_image", s->id, s->line, "the same picture as '%s' of the development's cohort",
                         found->sample->id);
        key.key = s->patient;
        found = s->patient && n_patients ? bsearch(&key, patient, n_patients, sizeof *patient, by_name) : NULL;
        if (found)
            findings_add(&external->findings, FINDING_ERROR, "overlap_patient", s->id, s->line,
                         "patient '%s' also stands in the development's cohort, with '%s'", s->patient, found->sample->id);
    }
    audit_accept(external, study);
    free(picture);
    free(patient);
}
