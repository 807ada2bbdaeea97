/* Everything of a panel that is sorted or looked up once. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "metric/calibration.h"
#include "metric/confusion.h"
#include "metric/order.h"
#include "metric/panel_data.h"

/* ---- regression ---- */

struct row {
    double target, prediction;
    uint32_t position;
};

static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    if (a->target != b->target)
        return a->target < b->target ? -1 : 1;
    if (a->prediction != b->prediction)
        return a->prediction < b->prediction ? -1 : 1;
    return a->position < b->position ? -1 : a->position > b->position;
}

static int prepare_regression(struct panel *p, const double *target, const double *score, struct status *st)
{
    for (size_t i = 0; i < p->n; i++)
        if (!isfinite(target[i]) || !isfinite(score[i]))
            return status_set(st, STATUS_DATA, "the %s of sample %zu is not a finite number",
                              isfinite(target[i]) ? "prediction" : "target", i);
    struct row *row = NEW(p->n, struct row);
    for (size_t i = 0; i < p->n; i++)
        row[i] = (struct row){target[i], score[i], (uint32_t)i};
    qsort(row, p->n, sizeof *row, compare_rows);
    p->order = NEW(p->n, uint32_t);
    p->target = NEW(p->n, double);
    p->prediction = NEW(p->n, double);
    for (size_t i = 0; i < p->n; i++) {
        p->order[i] = row[i].position;
        p->target[i] = row[i].target;
        p->prediction[i] = row[i].prediction;
    }
    free(row);
    if (p->full)
        rank_correlation_new(&p->ranks, p->target, p->prediction, p->n);
    return STATUS_OK;
}

/* ---- classes ---- */

void panel_area_of(int32_t *hit, double *score, const struct panel_input *in, const struct panel_metric *m)
{
    size_t k = in->n_classes;
    for (size_t i = 0; i < in->n; i++) {
        const double *row = in->score + i * (in->kind == KIND_BINARY ? 1 : k);
        if (m->figure == FIGURE_AUROC) {
            hit[i] = in->label[i] == 1;
            score[i] = row[0];
        } else if (m->figure == FIGURE_AUROC_CLASS) {
            hit[i] = in->label[i] == (int32_t)m->class;
            score[i] = row[m->class];
        } else {
            hit[i] = in->label[i] >= (int32_t)m->class;
            score[i] = 0;
            for (size_t c = k; c-- > m->class;)
                score[i] += row[c];
        }
    }
}

static void rank_at_least(struct panel *p, const struct panel_input *in)
{
    int32_t *hit = NEW(p->n, int32_t);
    double *score = NEW(p->n, double);
    p->at_least = NEW0(p->n_classes, struct ranking);
    for (size_t k = 1; k < p->n_classes; k++) {
        panel_area_of(hit, score, in, &(struct panel_metric){.figure = FIGURE_AUROC_AT_LEAST, .class = k});
        ranking_new(&p->at_least[k], hit, 1, score, 1, p->n);
    }
    free(score);
    free(hit);
}

/* Samples of two classes only, known by their position in the whole. */
static void rank_pairs(struct panel *p, const struct panel_input *in)
{
    size_t k = p->n_classes;
    int32_t *label = NEW(p->n, int32_t);
    double *score = NEW(p->n, double);
    uint32_t *position = NEW(p->n, uint32_t);
    p->pair = NEW0(k * k, struct ranking);
    for (size_t a = 0; a < k; a++)
        for (size_t b = 0; b < k; b++) {
            size_t m = 0;
            if (a == b)
                continue;
            for (size_t i = 0; i < p->n; i++)
                if (in->label[i] == (int32_t)a || in->label[i] == (int32_t)b) {
                    label[m] = in->label[i];
                    score[m] = in->score[i * k + a];
                    position[m++] = (uint32_t)i;
                }
            ranking_new(&p->pair[a * k + b], label, (int32_t)a, score, 1, m);
            ranking_by_unit(&p->pair[a * k + b], position);
        }
    free(position);
    free(score);
    free(label);
}

static void prepare_binary_calibration(struct panel *p, const struct panel_input *in)
{
    uint8_t *hit = NEW(p->n, uint8_t);
    double *loss = NEW(p->n * RELIABILITY_LOSSES, double);
    for (size_t i = 0; i < p->n; i++) {
        hit[i] = in->label[i] == 1;
        loss[i * RELIABILITY_LOSSES] = calibration_brier(in->label + i, in->score + i, NULL, 1);
        loss[i * RELIABILITY_LOSSES + 1] = calibration_log_loss(in->label + i, in->score + i, NULL, 1);
    }
    reliability_new(&p->said, in->score, 1, hit, loss, p->n);
    free(loss);
    free(hit);
}

static void prepare_calibration(struct panel *p, const struct panel_input *in)
{
    size_t k = p->n_classes;
    double *confidence = NEW(p->n, double), *loss = NEW(p->n * RELIABILITY_LOSSES, double);
    int32_t *right = NEW(p->n, int32_t);
    uint8_t *hit = NEW(p->n, uint8_t);
    calibration_top_label(confidence, right, in->label, in->score, p->n, k);
    for (size_t i = 0; i < p->n; i++) {
        hit[i] = right[i] == 1;
        loss[i * RELIABILITY_LOSSES] = calibration_brier_classes(in->label + i, in->score + i * k, NULL, 1, k);
        loss[i * RELIABILITY_LOSSES + 1] = calibration_log_loss_classes(in->label + i, in->score + i * k, NULL, 1, k);
    }
    reliability_new(&p->said, confidence, 1, hit, loss, p->n);
    p->class_said = NEW0(k, struct reliability);
    for (size_t c = 0; c < k; c++) {
        for (size_t i = 0; i < p->n; i++)
            hit[i] = in->label[i] == (int32_t)c;
        reliability_new(&p->class_said[c], in->score + c, k, hit, NULL, p->n);
    }
    free(hit);
    free(right);
    free(loss);
    free(confidence);
}

static void fill_cells(struct panel *p, const struct panel_input *in)
{
    size_t k = p->n_classes;
    p->cell = NEW(p->n, uint32_t);
    for (size_t i = 0; i < p->n; i++) {
        if (p->kind == KIND_BINARY) {
            size_t bucket = 0;
            while (bucket < PANEL_NET_BENEFITS && in->score[i] >= PANEL_NET_BENEFIT_AT[bucket])
                bucket++;
            p->cell[i] = panel_binary_cell((uint32_t)in->label[i], in->score[i] > 0.5, in->score[i] >= in->threshold, bucket);
        } else {
            p->cell[i] = (uint32_t)((size_t)in->label[i] * k + (size_t)confusion_argmax(in->score + i * k, k));
        }
    }
}

static int prepare_classes(struct panel *p, const struct panel_input *in, struct status *st)
{
    size_t k = p->n_classes;
    p->n_columns = p->kind == KIND_BINARY ? 1 : k;
    for (size_t i = 0; i < p->n; i++)
        if (in->label[i] < 0 || (size_t)in->label[i] >= k)
            return status_set(st, STATUS_DATA, "sample %zu has class %d, but classes are 0 to %zu", i, in->label[i], k - 1);
    size_t bad = order_first_nan(in->score, p->n * p->n_columns);
    if (bad < p->n * p->n_columns)
        return status_set(st, STATUS_DATA, "the score of sample %zu is not a number", bad / p->n_columns);
    p->class_name = NEW(k, char *);
    for (size_t c = 0; c < k; c++)
        p->class_name[c] = in->class_name ? mem_strdup(in->class_name[c]) : mem_printf("%zu", c);
    p->has_threshold = p->kind == KIND_BINARY && !isnan(in->threshold);
    p->probabilities = true;
    for (size_t i = 0; i < p->n * p->n_columns; i++)
        p->probabilities &= in->score[i] >= 0 && in->score[i] <= 1;
    fill_cells(p, in);
    p->ranking = NEW0(p->n_columns, struct ranking);
    for (size_t c = 0; c < p->n_columns; c++)
        ranking_new(&p->ranking[c], in->label, p->n_columns == 1 ? 1 : (int32_t)c, in->score + c, p->n_columns, p->n);
    if (!p->full)
        return STATUS_OK;
    if (p->kind != KIND_BINARY)
        rank_pairs(p, in);
    if (p->kind == KIND_ORDINAL)
        rank_at_least(p, in);
    if (p->probabilities && p->kind == KIND_BINARY)
        prepare_binary_calibration(p, in);
    else if (p->probabilities)
        prepare_calibration(p, in);
    return STATUS_OK;
}

int panel_new(struct panel **p, const struct panel_input *in, struct status *st)
{
    bool regression = in->kind == KIND_REGRESSION;
    *p = NULL;
    assert(regression || (in->kind == KIND_BINARY ? in->n_classes == 2 : in->n_classes >= 2 && in->n_classes < UINT16_MAX));
    if (in->n > ORDER_MAX)
        return status_set(st, STATUS_DATA, "%zu samples are more than can be ranked", in->n);
    struct panel *new = NEW0(1, struct panel);
    new->kind = in->kind;
    new->n = in->n;
    new->n_classes = regression ? 0 : in->n_classes;
    new->full = in->full;
    panel_list_make(&new->list, in->kind, new->n_classes, in->class_name, !isnan(in->threshold), in->within > 0 ? in->within : NAN, in->full);
    int code = regression ? prepare_regression(new, in->target, in->score, st) : prepare_classes(new, in, st);
    if (code) {
        panel_free(new);
        return code;
    }
    *p = new;
    return STATUS_OK;
}

void panel_free(struct panel *p)
{
    if (!p)
        return;
    for (size_t i = 0; p->ranking && i < p->n_columns; i++)
        ranking_free(&p->ranking[i]);
    for (size_t i = 0; i < p->n_classes; i++) {
        if (p->at_least)
            ranking_free(&p->at_least[i]);
        if (p->class_said)
            reliability_free(&p->class_said[i]);
        if (p->class_name)
            free(p->class_name[i]);
        for (size_t j = 0; p->pair && j < p->n_classes; j++)
            ranking_free(&p->pair[i * p->n_classes + j]);
    }
    free(p->ranking);
    free(p->at_least);
    free(p->pair);
    free(p->class_said);
    free(p->class_name);
    reliability_free(&p->said);
    rank_correlation_free(&p->ranks);
    free(p->cell);
    free(p->order);
    free(p->target);
    free(p->prediction);
    panel_list_free(&p->list);
    free(p);
}

struct panel_scratch *panel_scratch_new(const struct panel *p)
{
    size_t k = p->n_classes;
    bool regression = p->kind == KIND_REGRESSION;
    struct panel_scratch *s = NEW0(1, struct panel_scratch);
    s->count = NEW0(k * k, uint64_t);
    s->threshold_count = NEW0(k * k, uint64_t);
    s->area = NEW0(p->n_columns, struct auroc_count);
    s->at_least = NEW0(p->at_least ? k : 0, struct auroc_count);
    s->pair = NEW0(p->pair ? k * k : 0, struct auroc_count);
    if (p->full && p->kind == KIND_BINARY)
        s->curve = curve_room(p->n);
    s->weight = NEW(regression ? p->n : 0, uint32_t);
    s->rank = NEW(regression ? 2 * p->n : 0, double);
    s->reason = mem_calloc(p->list.n, sizeof *s->reason);
    return s;
}

void panel_scratch_free(struct panel_scratch *s)
{
    if (!s)
        return;
    free(s->count);
    free(s->threshold_count);
    free(s->area);
    free(s->at_least);
    free(s->pair);
    curve_free(&s->curve);
    free(s->weight);
    free(s->rank);
    free(s->reason);
    free(s);
}
