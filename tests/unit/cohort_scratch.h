/* A cohort from texts: task YAML and CSV in a scratch folder, pictures by shade. */
#ifndef UNIT_COHORT_SCRATCH_H
#define UNIT_COHORT_SCRATCH_H

#include "unit/scratch.h"

#include "cohort/audit.h"
#include "cohort/cohort.h"

struct scene {
    char *directory;
    struct study study;
    struct study_task source;
    struct cohort cohort;
    struct survey survey;
};

static inline void scene_begin(struct scene *s, const char *task)
{
    struct status st;
    *s = (struct scene){.directory = scratch_new()};
    s->study = (struct study){.seed = 2025, .test_fraction = 0.25, .n_folds = 2, .protocol = {PROTOCOL_GROUPED}, .n_protocols = 1};
    s->source.data = s->directory;
    if (task_parse(&s->source.task, "t.yaml", (const unsigned char *)task, strlen(task), &st))
        fail_msg("%s", st.text);
}

static inline int scene_load(struct scene *s, struct status *st)
{
    cohort_free(&s->cohort);
    return cohort_load(&s->cohort, &s->study, &s->source, st);
}

/* From the files on disk to an audited cohort. */
static inline void scene_audit(struct scene *s)
{
    struct status st;
    if (scene_load(s, &st))
        fail_msg("%s", st.text);
    const char **path = NEW(s->cohort.n, const char *);
    for (size_t i = 0; i < s->cohort.n; i++)
        path[i] = s->cohort.sample[i].path;
    survey_free(&s->survey);
    if (survey_make(&s->survey, path, s->cohort.n, 2, true, &st))
        fail_msg("%s", st.text);
    free(path);
    if (survey_decode(&s->survey, NULL, 2, true, NULL, &st))
        fail_msg("%s", st.text);
    cohort_attach(&s->cohort, &s->study, &s->survey);
    cohort_number_units(&s->cohort, &s->survey);
    audit_cohort(&s->cohort, &s->study, &s->survey);
    audit_accept(&s->cohort, &s->study);
}

static inline void scene_end(struct scene *s)
{
    cohort_free(&s->cohort);
    survey_free(&s->survey);
    task_free(s->source.task);
    scratch_remove(s->directory);
}

/* How many findings of a check and severity speak of the sample (NULL: of any) and say the words (NULL: anything). */
static inline size_t found(const struct cohort *c, enum severity severity, const char *check, const char *sample, const char *says)
{
    size_t n = 0;
    for (size_t i = 0; i < c->findings.n; i++) {
        const struct finding *f = &c->findings.item[i];
        n += f->severity == severity && !strcmp(f->check, check) && (!sample || !strcmp(f->sample, sample)) && (!says || strstr(f->detail, says));
    }
    return n;
}

#endif
