#include "evaluate/gallery.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "evaluate/scored_table.h"
#include "metric/principal.h"
#include "report/main_table.h"
#include "report/results.h"

#define CASES 3
#define NEIGHBOURS 3
#define MOST_POINTS 400

const char GALLERY_WORST_HEADER[] = "study,task,protocol,model,readout,probe,rank,role,prediction,score,similarity,sample,image,patient,label";
const char GALLERY_EMBEDDING_HEADER[] = "study,task,protocol,model,readout,probe,component_1,component_2,share_1,share_2,n,n_shown,label_number,target,sample,label";

struct shown { /* a cell: its row of metrics.csv, its scores, its features */
    const struct pipeline *p;
    const struct folder *folder;
    size_t row;
    const struct cohort *cohort;
    const struct scored_table *table;
    const struct scored_cell *scored;
    size_t *sample; /* [scored->n] of the cohort */
    const bool *is_test; /* [cohort n] */
    const struct featurizer *featurizer;
    const char *readout;
    size_t width;
};

static int by_id(const void *id, const void *sample)
{
    return strcmp(id, ((const struct sample *)sample)->id);
}

static void write_cell(FILE *f, const struct shown *s)
{
    static const char *const column[] = {"study", "task", "protocol", "model", "readout", "probe"};
    for (size_t k = 0; k < sizeof column / sizeof *column; k++) {
        csv_field(f, folder_cell(s->folder, FOLDER_METRICS, s->row, column[k]));
        fputc(',', f);
    }
}

static int read_features(float *x, const struct shown *s, const size_t *sample, size_t n, struct status *st)
{
    size_t *picture = NEW(n + 1, size_t);
    for (size_t i = 0; i < n; i++)
        picture[i] = s->cohort->sample[sample[i]].picture;
    int code = extract_read(x, s->p->store, s->featurizer, s->readout, &s->p->survey, picture, n, st);
    free(picture);
    return code;
}

/* ---- worst errors ---- */

/* How wrong row i is; negative: not wrong. */
static double wrongness(const struct shown *s, size_t i)
{
    size_t k = s->table->n_classes;
    const struct scored_cell *c = s->scored;
    if (!k)
        return fabs(c->score[i] - c->target[i]);
    return c->prediction[i] == c->label[i] ? -1 : 1 - c->score[i * k + (size_t)c->label[i]];
}

/* Rows most wrong, worst first, ties to the earlier row. */
static size_t find_worst(size_t worst[CASES], const struct shown *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->scored->n; i++) {
        double w = wrongness(s, i);
        size_t at = n;
        if (!(w >= 0))
            continue;
        while (at > 0 && w > wrongness(s, worst[at - 1]))
            at--;
        if (at >= CASES)
            continue;
        for (size_t k = n < CASES ? n : CASES - 1; k > at; k--)
            worst[k] = worst[k - 1];
        worst[at] = i;
        n += n < CASES;
    }
    return n;
}

static double cosine(const float *a, const float *b, size_t d)
{
    double ab = 0, aa = 0, bb = 0;
    for (size_t c = 0; c < d; c++) {
        ab += (double)a[c] * (double)b[c];
        aa += (double)a[c] * (double)a[c];
        bb += (double)b[c] * (double)b[c];
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}

static void write_sample(FILE *f, const struct shown *s, size_t sample)
{
    const struct sample *m = &s->cohort->sample[sample];
    csv_field(f, m->id);
    fputc(',', f);
    csv_field(f, m->path);
    fputc(',', f);
    csv_field(f, m->patient ? m->patient : "");
    fputc(',', f);
    cohort_write_label(f, s->cohort, m);
    fputc('\n', f);
}

static void write_neighbours(FILE *f, const struct shown *s, size_t rank, const float *x, const size_t *development, const float *features, size_t n)
{
    size_t nearest[NEIGHBOURS], found = 0;
    double similarity[NEIGHBOURS];
    for (size_t i = 0; i < n; i++) {
        double c = cosine(x, features + i * s->width, s->width);
        size_t at = found;
        if (isnan(c))
            continue;
        while (at > 0 && c > similarity[at - 1])
            at--;
        if (at >= NEIGHBOURS)
            continue;
        for (size_t k = found < NEIGHBOURS ? found : NEIGHBOURS - 1; k > at; k--) {
            nearest[k] = nearest[k - 1];
            similarity[k] = similarity[k - 1];
        }
        nearest[at] = i;
        similarity[at] = c;
        found += found < NEIGHBOURS;
    }
    for (size_t k = 0; k < found; k++) {
        write_cell(f, s);
        fprintf(f, "%zu,neighbour,,,", rank);
        csv_number(f, similarity[k]);
        fputc(',', f);
        write_sample(f, s, development[nearest[k]]);
    }
}

static int write_worst(FILE *f, const struct shown *s, struct status *st)
{
    size_t worst[CASES], n_worst = find_worst(worst, s), n = 0, k = s->table->n_classes;
    size_t *development = NEW(s->cohort->n + CASES, size_t);
    for (size_t i = 0; i < s->cohort->n; i++)
        if (!s->is_test[i])
            development[n++] = i;
    for (size_t w = 0; w < n_worst; w++)
        development[n + w] = s->sample[worst[w]];
    float *x = NEW((n + CASES) * s->width, float);
    int code = n_worst ? read_features(x, s, development, n + n_worst, st) : STATUS_OK;
    for (size_t w = 0; w < n_worst && !code; w++) {
        size_t i = worst[w];
        write_cell(f, s);
        fprintf(f, "%zu,case,", w + 1);
        if (k)
            csv_field(f, s->table->class_name[s->scored->prediction[i]]);
        else
            csv_number(f, s->scored->score[i]);
        fputc(',', f);
        if (k)
            csv_number(f, s->scored->score[i * k + (size_t)s->scored->label[i]]);
        fputs(",,", f);
        write_sample(f, s, s->sample[i]);
        write_neighbours(f, s, w + 1, x + (n + w) * s->width, development, x, n);
    }
    free(x);
    free(development);
    return code;
}

/* ---- the map ---- */

static int write_embedding(FILE *f, const struct shown *s, struct status *st)
{
    size_t n = s->scored->n < MOST_POINTS ? s->scored->n : MOST_POINTS;
    size_t *row = NEW(n + 1, size_t), *sample = NEW(n + 1, size_t);
    float *x = NEW(n * s->width + 1, float);
    double *score = NEW(2 * n + 1, double), share[2];
    struct status why = {0};
    for (size_t i = 0; i < n; i++) {
        row[i] = i * s->scored->n / n;
        sample[i] = s->sample[row[i]];
    }
    int code = read_features(x, s, sample, n, st);
    if (!code && !principal_two(score, share, x, n, s->width, &why))
        for (size_t i = 0; i < n; i++) {
            const struct sample *m = &s->cohort->sample[sample[i]];
            write_cell(f, s);
            for (size_t c = 0; c < 4; c++) {
                csv_number(f, c < 2 ? score[2 * i + c] : share[c - 2]);
                fputc(',', f);
            }
            fprintf(f, "%zu,%zu,%d,", s->scored->n, n, (int)m->label);
            csv_number(f, s->scored->target[row[i]]);
            fputc(',', f);
            csv_field(f, m->id);
            fputc(',', f);
            cohort_write_label(f, s->cohort, m);
            fputc('\n', f);
        }
    free(score);
    free(x);
    free(sample);
    free(row);
    return code;
}

/* ---- cells ---- */

static int write_shown(FILE *worst, FILE *embedding, struct shown *s, struct status *st)
{
    const struct folder *f = s->folder;
    struct scored_cell scored;
    size_t column;
    const char *model = folder_cell(f, FOLDER_METRICS, s->row, "model");
    s->readout = folder_cell(f, FOLDER_METRICS, s->row, "readout");
    for (size_t m = 0; m < s->p->study.n_models; m++)
        if (!strcmp(s->p->study.models[m].name, model))
            s->featurizer = &s->p->featurizer[m];
    if (!s->featurizer || !strcmp(s->readout, FEATURIZER_TOKENS))
        return STATUS_OK;
    int code = scored_cell_take(&scored, s->table, folder_cell(f, FOLDER_METRICS, s->row, "protocol"), model, s->readout, folder_cell(f, FOLDER_METRICS, s->row, "probe"), st);
    if (code)
        return code;
    bool *is_test = NEW0(s->cohort->n + 1, bool);
    s->scored = &scored;
    s->is_test = is_test;
    s->sample = NEW(scored.n + 1, size_t);
    code = table_column(&s->table->table, "sample", &column, st);
    for (size_t i = 0; i < scored.n && !code; i++) {
        const char *id = table_cell(&s->table->table, scored.row[i], column);
        const struct sample *m = bsearch(id, s->cohort->sample, s->cohort->n, sizeof *m, by_id);
        if (!m) {
            code = status_set(st, STATUS_INTERNAL, "predictions name '%s', which the cohort has not", id);
            break;
        }
        s->sample[i] = (size_t)(m - s->cohort->sample);
        is_test[s->sample[i]] = true;
    }
    if (!code)
        code = featurizer_readout_width(&s->width, s->featurizer, s->readout, st);
    if (!code && scored.n)
        code = write_worst(worst, s, st);
    if (!code && scored.n)
        code = write_embedding(embedding, s, st);
    free(s->sample);
    free(is_test);
    scored_cell_free(&scored);
    return code;
}

static int write_task(FILE *worst, const struct pipeline *p, const struct main_table *t, size_t number, struct status *st)
{
    const char *task = p->study.tasks[number].task->name;
    char *name = mem_printf("%s.csv", task), *folder = path_join(p->study.output, "predictions"), *path = path_join(folder, name);
    char *map = mem_printf("embedding.%s.csv", task);
    struct scored_table table;
    struct outfile out = {0};
    int code = scored_table_read(&table, path, st);
    if (!code)
        code = results_open(&out, p->study.output, "", map, GALLERY_EMBEDDING_HEADER, st);
    for (size_t i = 0; i < t->n && !code; i++) {
        const struct main_row *r = &t->row[i];
        bool seen = strcmp(r->task, task) != 0 || strcmp(r->partition, "test") != 0 || !strcmp(r->protocol, "official");
        for (size_t k = 0; k < i && !seen; k++)
            seen = !strcmp(t->row[k].task, task) && !strcmp(t->row[k].protocol, r->protocol) && !strcmp(t->row[k].partition, "test");
        for (size_t k = 0; k < t->n_models && !seen && !code; k++) {
            struct shown s = {.p = p, .folder = t->folder, .row = r->cell[k].row, .cohort = &p->cohort[number], .table = &table};
            if (s.row != SIZE_MAX)
                code = write_shown(worst, out.stream, &s, st);
        }
    }
    if (!code)
        code = outfile_commit(&out, st);
    outfile_discard(&out);
    scored_table_free(&table);
    free(map);
    free(path);
    free(folder);
    free(name);
    return code;
}

int gallery_write(const struct pipeline *p, struct status *st)
{
    struct folder folder;
    struct main_table table;
    struct outfile worst;
    int code = folder_read(&folder, p->study.output, st);
    if (code)
        return code;
    main_table_make(&table, &folder);
    code = results_open(&worst, p->study.output, "", "worst.csv", GALLERY_WORST_HEADER, st);
    for (size_t t = 0; t < p->study.n_tasks && !code; t++)
        code = write_task(worst.stream, p, &table, t, st);
    if (!code)
        code = outfile_commit(&worst, st);
    outfile_discard(&worst);
    main_table_free(&table);
    folder_free(&folder);
    return code;
}
