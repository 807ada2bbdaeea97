#include "evaluate/cell_attentive.h"

#include <stdlib.h>

#include "base/half.h"
#include "base/memory.h"
#include "base/progress.h"
#include "embed/extract.h"
#include "evaluate/cell_official.h"
#include "evaluate/cell_rows.h"
#include "probe/attentive_select.h"

/* Where the tokens of some of a cohort's samples are. */
struct tokens {
    const struct store *store;
    const struct featurizer *f;
    const struct survey *survey;
    const struct cohort *cohort;
    const size_t *sample; /* [n] */
};

/* The store is asked by one thread at a time: copying takes little beside what is computed, and its map may have to grow. */
static int read_tokens(float *x, void *context, size_t i, struct status *st)
{
    const struct tokens *s = context;
    const struct encoder_info *info = encoder_info(s->f->encoder);
    float *room = NEW(s->f->token_floats, float);
    int code;
#pragma omp critical(attentive_tokens)
    code = extract_read_tokens(room, s->store, s->f, &s->survey->picture[s->cohort->sample[s->sample[i]].picture], st);
    if (!code) {
        const uint16_t *half = (const uint16_t *)(const void *)room;
        half_to_floats(x, half + info->first_patch * info->width, (info->tokens - info->first_patch) * info->width);
    }
    free(room);
    return code;
}

static struct attentive_source source_of(struct tokens *tokens, size_t n)
{
    const struct encoder_info *info = encoder_info(tokens->f->encoder);
    return (struct attentive_source){.n = n, .n_tokens = info->tokens - info->first_patch, .width = info->width, .read = read_tokens, .context = tokens};
}

/* ---- rows ---- */

static void write_path(const struct cell_task *t, const struct cell_name *name, const struct probe_result *r, const size_t *passes, size_t n_folds)
{
    for (size_t g = 0; g < r->n_grid; g++) {
        char *parameter = mem_printf("C (%zu passes)", passes[g]);
        struct path_row row = {.cell = *name, .criterion = r->criterion, .parameter = parameter, .value = r->grid[g], .fold = -1,
                               .score = r->score[g], .chosen = g == r->chosen, .edge = g == r->chosen && r->at_edge};
        results_write_path(t->path, &row);
        for (size_t f = 0; f < n_folds; f++) {
            row.fold = (int)f;
            row.chosen = row.edge = -1;
            row.score = r->fold_score[f * r->n_grid + g];
            results_write_path(t->path, &row);
        }
        free(parameter);
    }
}

static void write_official_path(const struct cell_task *t, const struct cell_name *name, const struct probe_folds *r, const size_t *passes)
{
    for (size_t f = 0; f < r->n_folds; f++)
        for (size_t g = 0; g < r->n_grid; g++) {
            bool chosen = !r->left_out[f].code && g == r->chosen[f];
            char *parameter = mem_printf("C (%zu passes)", passes[g]);
            struct path_row row = {.cell = *name, .criterion = r->criterion, .parameter = parameter, .value = r->grid[g], .fold = (int)f,
                                   .score = r->score[f * r->n_grid + g], .chosen = chosen, .edge = chosen && r->at_edge[f]};
            results_write_path(t->path, &row);
            free(parameter);
        }
}

static void write_cost(const struct cell_task *t, const struct cell_name *name, const struct cell_cost *cost)
{
    char *reason = mem_printf("%zu models trained together; %zu readings of a picture's tokens in all, %.3g GB", cost->n_fits, cost->images_read,
                              (double)cost->bytes_read / 1e9);
    struct metric_row row = {.cell = *name, .partition = "validation", .metric = "token_passes", .n = t->partitions->n_development,
                             .n_patients = t->cohort->n_units - t->n_units, .value = (double)cost->n_passes, .method = "", .reason = reason};
    results_write_metric(t->metrics, &row);
    free(reason);
}

/* ---- the cell ---- */

static int choose_and_score(struct headline *h, const struct cell_task *t, const struct cell_name *name, const struct attentive_task *problem,
                            const struct attentive_source *test, struct attentive_cost *cost, struct status *st)
{
    const struct attentive_options options = {.seed = t->study->seed};
    size_t *passes, n_folds = t->partitions->n_folds;
    int code;
    if (t->protocol == PROTOCOL_OFFICIAL) {
        struct probe_folds r;
        code = attentive_folds(&r, &passes, cost, problem, n_folds, test, &options, t->n_threads, st);
        if (code)
            return code;
        write_official_path(t, name, &r, passes);
        code = cell_official_finish(h, t, name, &r, st);
        probe_folds_free(&r);
    } else {
        struct probe_result r;
        code = attentive_select(&r, &passes, cost, problem, n_folds, test, &options, t->n_threads, st);
        if (code)
            return code;
        write_path(t, name, &r, passes, n_folds);
        code = cell_finish(h, t, name, &r, st);
        probe_result_free(&r);
    }
    free(passes);
    return code;
}

int cell_attentive(struct headline *h, const struct cell_task *t, const struct featurizer *f, const struct store *store, const struct survey *survey,
                   struct status *st)
{
    const struct task *task = t->cohort->source->task;
    const struct partitions *p = t->partitions;
    bool regression = task->kind == KIND_REGRESSION;
    double began = clock_seconds();
    struct cell_name name;
    cell_begin(h, &name, t, f->model, FEATURIZER_TOKENS, PROBE_ATTENTIVE, "C");
    struct tokens development = {store, f, survey, t->cohort, p->development}, test = {store, f, survey, t->cohort, p->test};
    struct attentive_source test_source = source_of(&test, p->n_test);
    int32_t *label = NEW(p->n_development, int32_t);
    double *target = NEW(p->n_development, double);
    for (size_t i = 0; i < p->n_development; i++) {
        label[i] = t->cohort->sample[p->development[i]].label;
        target[i] = t->cohort->sample[p->development[i]].target;
    }
    struct attentive_task problem = {.kind = (enum task_kind)task->kind, .source = source_of(&development, p->n_development),
                                     .label = regression ? NULL : label, .target = regression ? target : NULL, .n_classes = task->n_classes,
                                     .fold = p->fold};
    struct attentive_cost cost = {0};
    int code = choose_and_score(h, t, &name, &problem, &test_source, &cost, st);
    free(label);
    free(target);
    h->cost = (struct cell_cost){.n_fits = cost.n_fits, .n_passes = cost.n_passes, .images_read = cost.images_read,
                                 .bytes_read = (uint64_t)cost.images_read * f->token_floats * sizeof(float), .seconds = clock_seconds() - began};
    code = cell_end(h, t, &name, code, st);
    if (!code)
        write_cost(t, &name, &h->cost);
    return code;
}
