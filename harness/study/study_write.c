/* A study written out with every default filled in: study.resolved.yaml, and what its digest is of. */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/number.h"
#include "study/study.h"
#include "study/study_words.h"

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
            fprintf(stream, "%spartition: %s\n", rest, STUDY_PARTS[t->part]);
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
            entry(stream, "    ", "baseline", STUDY_BASELINES[m->source == SOURCE_THUMBNAIL ? 0 : 1]);
        for (size_t r = 0; m->path && r < m->n_readouts; r++) {
            fputs(r ? ", " : "    readout: [", stream);
            quoted(stream, m->readout[r]);
        }
        fputs(m->path && m->n_readouts ? "]\n" : "", stream);
        if (m->path)
            fprintf(stream, "    preprocess: %s\n    interpolation: %s\n    precision: %s\n", STUDY_PREPROCESSES[m->preprocess],
                    STUDY_INTERPOLATIONS[m->old_interpolation], STUDY_PRECISIONS[m->precision]);
        if (m->architecture)
            entry(stream, "    ", "architecture", m->architecture);
        if (m->heads)
            fprintf(stream, "    heads: %zu\n", m->heads);
    }
    fputs("tasks:\n", stream);
    write_tasks(stream, "", s->tasks, s->n_tasks, places);
    fputs("protocols: [", stream);
    for (size_t i = 0; i < s->n_protocols; i++)
        fprintf(stream, "%s%s", i ? ", " : "", STUDY_PROTOCOLS[s->protocol[i]]);
    fputs("]\n", stream);
    fprintf(stream, "test_fraction: %s\n", number_format(number, s->test_fraction));
    fprintf(stream, "folds: %zu\nprobes: [", s->n_folds);
    for (size_t i = 0, listed = 0; i < N_STUDY_PROBES; i++)
        if (s->probe[i])
            fprintf(stream, "%s%s", listed++ ? ", " : "", STUDY_PROBES[i]);
    fputs("]\n", stream);
    if (places) /* no number depends on it, and so no digest */
        fprintf(stream, "save_probes: %s\n", STUDY_SAVES[s->save_probes]);
    fprintf(stream, "bootstrap: {replicates: %zu, level: %s, method: %s, cluster: %s, stratify: %s}\nproportions: %s\n", s->replicates,
            number_format(number, s->level), STUDY_BOOTSTRAPS[s->bootstrap], STUDY_CLUSTERS[s->cluster], STUDY_STRATIFIES[s->stratify], STUDY_PROPORTIONS[s->proportions]);
    subgroups_write(&s->subgroups, stream);
    for (size_t i = 0; i < s->n_fractions; i++)
        fprintf(stream, "%s%s", i ? ", " : "label_efficiency: {fractions: [", number_format(number, s->fraction[i]));
    if (s->n_fractions)
        fprintf(stream, "], draws: %zu}\n", s->draws);
    if (s->regions)
        study_regions_write(s->regions, stream, places);
    fputs("compare: {reference: ", stream);
    quoted(stream, s->compare.reference ? s->compare.reference : "all pairs");
    fprintf(stream, ", metric: %s, probe: %s, readout: ", s->compare.metric ? s->compare.metric : "headline", STUDY_PROBES[s->compare.probe]);
    quoted(stream, s->compare.readout ? s->compare.readout : "chosen");
    fputs("}\n", stream);
    fprintf(stream, "on_bad_image: %s\non_missing_image: %s\non_bad_label: %s\non_leak: %s\n", STUDY_POLICIES[s->skip_bad_images],
            STUDY_POLICIES[s->skip_missing_images], STUDY_POLICIES[s->skip_bad_labels], STUDY_LEAK_POLICIES[s->allow_leaks]);
    write_accept(stream, "", s->accept);
    for (size_t i = 0; places && i < s->n_external; i++) { /* no number of the study depends on them */
        entry(stream, i ? "  - " : "external:\n  - ", "name", s->external[i].name);
        fputs("    tasks:\n", stream);
        write_tasks(stream, "    ", s->external[i].tasks, s->external[i].n_tasks, places);
        write_accept(stream, "    ", s->external[i].accept);
    }
}
