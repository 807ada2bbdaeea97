/* Embeddings for numpy and R: TASK.csv names the rows, TASK.MODEL.READOUT.npy
 * holds them, [rows, width] float32, or [rows, tokens, width] float16. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/npy.h"
#include "evaluate/pipeline.h"
#include "report/results.h"

static int export_rows(const struct cohort *c, const char *directory, struct status *st)
{
    struct outfile out;
    const struct task *task = c->source->task;
    char *name = mem_printf("%s.csv", task->name);
    int code = results_open(&out, directory, "", name, "row,sample,patient,site,label,partition", st);
    free(name);
    if (code)
        return code;
    static const char *const partition[] = {"", "development", "test"};
    for (size_t i = 0; i < c->n; i++) {
        const struct sample *s = &c->sample[i];
        fprintf(out.stream, "%zu,", i);
        cohort_write_sample(out.stream, s);
        fputc(',', out.stream);
        cohort_write_label(out.stream, c, s);
        fprintf(out.stream, ",%s\n", partition[s->partition]);
    }
    return outfile_commit(&out, st);
}

static int export_readout(const struct pipeline *p, const struct cohort *c, const struct featurizer *f, const char *readout, const char *path,
                          struct status *st)
{
    size_t shape[2] = {c->n, 0}, *picture = NEW(c->n, size_t);
    for (size_t i = 0; i < c->n; i++)
        picture[i] = c->sample[i].picture;
    int code = featurizer_readout_width(&shape[1], f, readout, st);
    float *x = NEW(code ? 0 : shape[0] * shape[1], float);
    if (!code)
        code = extract_read(x, p->store, f, readout, &p->survey, picture, c->n, st);
    if (!code)
        code = npy_write_float(path, x, shape, 2, st);
    free(x);
    free(picture);
    return code;
}

/* One picture in memory at a time: tokens of a cohort are large. */
static int export_tokens(const struct pipeline *p, const struct cohort *c, const struct featurizer *f, const char *path, struct status *st)
{
    const size_t shape[3] = {c->n, f->n_tokens, f->token_width};
    struct outfile out;
    int code = npy_begin(&out, path, "<f2", shape, 3, st);
    if (code)
        return code;
    float *tokens = NEW(f->token_floats, float);
    for (size_t i = 0; i < c->n && !code; i++) {
        code = extract_read_tokens(tokens, p->store, f, &p->survey.picture[c->sample[i].picture], st);
        if (!code)
            fwrite(tokens, 2, f->n_tokens * f->token_width, out.stream);
    }
    free(tokens);
    if (code) {
        outfile_discard(&out);
        return code;
    }
    return outfile_commit(&out, st);
}

int pipeline_export(struct pipeline *p, const char *directory, struct status *st)
{
    int code = file_make_directories(directory, st);
    for (size_t t = 0; t < p->study.n_tasks && !code; t++) {
        const struct cohort *c = &p->cohort[t];
        code = export_rows(c, directory, st);
        for (size_t m = 0; m < p->study.n_models && !code; m++)
            for (size_t r = 0; r < p->study.models[m].n_readouts && !code; r++) {
                const char *readout = p->study.models[m].readout[r];
                char *name = mem_printf("%s.%s.%s.npy", c->source->task->name, p->study.models[m].name, readout);
                char *path = path_join(directory, name);
                code = strcmp(readout, FEATURIZER_TOKENS) ? export_readout(p, c, &p->featurizer[m], readout, path, st)
                                                          : export_tokens(p, c, &p->featurizer[m], path, st);
                free(path);
                free(name);
            }
    }
    return code;
}
