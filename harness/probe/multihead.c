#include "probe/multihead.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/logistic.h"
#include "probe/select.h"

/* The rows that know one head. */
struct known {
    float *x;        /* [n, d] */
    int32_t *label;  /* [n] */
    uint32_t *fold;  /* [n] */
    size_t n;
};

static void known_take(struct known *k, const struct multihead_task *t, size_t head)
{
    *k = (struct known){NEW(t->n * t->d + 1, float), NEW(t->n + 1, int32_t), NEW(t->n + 1, uint32_t), 0};
    for (size_t i = 0; i < t->n; i++) {
        int32_t label = t->label[i * t->n_heads + head];
        if (label == MULTIHEAD_UNKNOWN)
            continue;
        memcpy(k->x + k->n * t->d, t->x + i * t->d, t->d * sizeof *k->x);
        k->label[k->n] = label;
        k->fold[k->n++] = t->fold[i];
    }
}

static void known_free(struct known *k)
{
    free(k->x);
    free(k->label);
    free(k->fold);
}

/* Probabilities of one row in a head's places of out[n_outputs]; z[d] is scratch. */
static void score_row(double *out, const struct logistic *fit, const struct scaler *scaler, const float *x, double *z)
{
    scaler_apply(z, scaler, x, 1);
    logistic_predict(out, fit, z, 1);
}

/* Every development row by the fit of its own fold, which has not seen it, at the chosen C. */
static int fit_validation(struct multihead *m, const struct multihead_task *t, const struct known *k, size_t first, size_t n_classes, double C,
                          int n_threads, struct status *st)
{
    struct logistic *fit = NEW0(t->n_folds, struct logistic);
    struct scaler *scaler = NEW0(t->n_folds, struct scaler);
    struct status *left_out = NEW0(t->n_folds, struct status);
    double *z = NEW(t->d, double);
    const struct logistic_folds folds = {.x = k->x, .n = k->n, .d = t->d, .label = k->label, .n_classes = n_classes, .fold = k->fold, .n_folds = t->n_folds,
                                         .n_threads = n_threads};
    int code = logistic_fit_folds(fit, scaler, left_out, &folds, &C, 1, st);
    for (size_t i = 0; i < t->n && !code; i++)
        if (left_out[t->fold[i]].code == STATUS_OK)
            score_row(m->validation + i * m->n_outputs + first, &fit[t->fold[i]], &scaler[t->fold[i]], t->x + i * t->d, z);
    for (size_t f = 0; f < t->n_folds && !code; f++) {
        logistic_free(&fit[f]);
        scaler_free(&scaler[f]);
    }
    free(z);
    free(left_out);
    free(scaler);
    free(fit);
    return code;
}

static int fit_head(struct multihead *m, const struct multihead_task *t, size_t head, size_t first, const double *C, size_t n_c, int n_threads, struct status *st)
{
    struct multihead_head *h = &m->head[head];
    struct known k;
    struct probe_result r = {0};
    size_t width = t->width[head], n_classes = width == 1 ? 2 : width;
    known_take(&k, t, head);
    h->n_rows = k.n;
    h->C = h->score = NAN;
    struct probe_task task = {.kind = width == 1 ? KIND_BINARY : KIND_MULTICLASS, .form = LINEAR_PLAIN, .x = k.x, .n = k.n, .d = t->d, .label = k.label,
                              .n_classes = n_classes, .fold = k.fold, .n_folds = t->n_folds, .x_test = t->x_test, .n_test = t->n_test};
    int code = k.n ? probe_select_linear(&r, &task, C, n_c, n_threads, &h->left_out)
                   : status_set(&h->left_out, STATUS_UNDEFINED, "no row of the development part knows this label");
    if (code == STATUS_UNDEFINED) {
        known_free(&k);
        return STATUS_OK;
    }
    if (code) {
        known_free(&k);
        return status_set(st, code, "%s", h->left_out.text);
    }
    h->left_out.code = STATUS_OK;
    h->C = r.grid[r.chosen];
    h->score = r.score[r.chosen];
    h->at_edge = r.at_edge;
    h->criterion = r.criterion;
    for (size_t i = 0; i < t->n_test; i++)
        memcpy(m->test + i * m->n_outputs + first, r.test + i * width, width * sizeof *m->test);
    code = fit_validation(m, t, &k, first, n_classes, h->C, n_threads, st);
    probe_result_free(&r);
    known_free(&k);
    return code;
}

int multihead_fit(struct multihead *m, const struct multihead_task *t, const double *C, size_t n_c, int n_threads, struct status *st)
{
    *m = (struct multihead){.n_heads = t->n_heads, .head = NEW0(t->n_heads, struct multihead_head)};
    for (size_t h = 0; h < t->n_heads; h++)
        m->n_outputs += t->width[h];
    m->validation = NEW(t->n * m->n_outputs + 1, double);
    m->test = NEW(t->n_test * m->n_outputs + 1, double);
    for (size_t i = 0; i < t->n * m->n_outputs; i++)
        m->validation[i] = NAN;
    for (size_t i = 0; i < t->n_test * m->n_outputs; i++)
        m->test[i] = NAN;
    int code = STATUS_OK;
    for (size_t h = 0, first = 0; h < t->n_heads && !code; first += t->width[h++])
        code = fit_head(m, t, h, first, C, n_c, n_threads, st);
    if (code)
        multihead_free(m);
    return code;
}

void multihead_free(struct multihead *m)
{
    free(m->head);
    free(m->validation);
    free(m->test);
    *m = (struct multihead){0};
}
