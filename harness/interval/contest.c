#include "interval/contest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "interval/delong.h"
#include "interval/exchange.h"
#include "interval/mcnemar.h"
#include "metric/confusion.h"

void contender_none(struct contender *m, const char *reason)
{
    *m = (struct contender){.value = NAN, .reason = mem_strdup(reason)};
}

void contender_free(struct contender *m)
{
    free(m->replicate);
    free(m->reason);
    *m = (struct contender){0};
}

/* The metric alone of one fit; STATUS_UNDEFINED if the kind of task has none of that name. */
static int open_panel(struct panel **panel, const struct contest *c, const double *score, struct status *st)
{
    struct panel_input in = c->in;
    in.score = score;
    int code = panel_new(panel, &in, st);
    if (code)
        return code;
    size_t m = panel_metric_find(*panel, c->metric);
    if (m < panel_n_metrics(*panel)) {
        panel_keep_only(*panel, m);
        return STATUS_OK;
    }
    panel_free(*panel);
    *panel = NULL;
    return status_set(st, STATUS_UNDEFINED, "this kind of task has no metric %s that predictions alone give", c->metric);
}

/* Adds one fit's value and replicates; replicate has room for one fit's beside. */
static int add_fit(struct contender *m, const struct contest *c, const double *score, double *replicate, struct status *st)
{
    struct panel *panel;
    const char *reason;
    double value;
    int code = open_panel(&panel, c, score, st);
    if (code)
        return code;
    struct panel_scratch *scratch = panel_scratch_new(panel);
    panel_compute(panel, scratch, NULL, &value, &reason);
    if (isnan(value))
        code = status_set(st, STATUS_UNDEFINED, "%s", reason);
    panel_scratch_free(scratch);
    if (!code)
        code = bootstrap_panel(replicate, &c->plan, panel, c->n_threads, st);
    panel_free(panel);
    if (code)
        return code;
    m->value += value;
    for (size_t b = 0; b < c->plan.replicates; b++)
        m->replicate[b] += replicate[b];
    return STATUS_OK;
}

int contender_new(struct contender *m, const struct contest *c, const double *const *set, size_t n_sets, struct status *st)
{
    struct status why = {0};
    *m = (struct contender){.set = set, .n_sets = n_sets, .replicate = NEW0(c->plan.replicates, double)};
    double *replicate = NEW(c->plan.replicates, double);
    int code = STATUS_OK;
    for (size_t s = 0; s < n_sets && !code; s++)
        code = add_fit(m, c, set[s], replicate, &why);
    free(replicate);
    m->value /= (double)n_sets;
    for (size_t b = 0; b < c->plan.replicates; b++)
        m->replicate[b] /= (double)n_sets;
    if (!code)
        return STATUS_OK;
    contender_free(m);
    contender_none(m, why.text);
    return code == STATUS_UNDEFINED ? STATUS_OK : status_set(st, code, "%s", why.text);
}

/* ---- tests ---- */

static int test_delong(struct contest_result *r, const struct contest *c, const struct contender *a, const struct contender *b, struct status *st)
{
    struct delong x = {0}, y = {0};
    struct area_test t;
    int code = delong_new(&x, c->in.label, a->set[0], c->in.n, st);
    if (!code)
        code = delong_new(&y, c->in.label, b->set[0], c->in.n, st);
    if (!code)
        code = delong_paired(&t, &x, &y, c->level, st);
    delong_free(&x);
    delong_free(&y);
    if (!code) {
        r->test = TEST_DELONG;
        r->p = t.p;
    }
    return code;
}

static void find_right(uint8_t *right, const struct contest *c, const double *score)
{
    for (size_t i = 0; i < c->in.n; i++) {
        int32_t said = c->in.kind == KIND_BINARY ? score[i] > 0.5 : confusion_argmax(score + i * c->in.n_classes, c->in.n_classes);
        right[i] = said == c->in.label[i];
    }
}

static void test_mcnemar(struct contest_result *r, const struct contest *c, const struct contender *a, const struct contender *b)
{
    uint8_t *right = NEW(2 * c->in.n, uint8_t);
    find_right(right, c, a->set[0]);
    find_right(right + c->in.n, c, b->set[0]);
    r->test = TEST_MCNEMAR;
    r->p = mcnemar_test(right, right + c->in.n, c->in.n).exact_p;
    free(right);
}

/* Of an AUROC by counting ranks, which is the faster way to the same test. */
static int test_permutation(struct contest_result *r, const struct contest *c, const struct contender *a, const struct contender *b, struct status *st)
{
    const struct bootstrap_plan *p = &c->plan;
    int code;
    if (!strcmp(c->metric, "auroc") && a->n_sets == 1) {
        struct swap *s;
        code = swap_new(&s, c->in.label, a->set[0], b->set[0], p->unit, c->in.n, p->n_units, st);
        if (!code)
            r->p = swap_test(s, p->replicates, p->seed, p->stream, c->n_threads).p;
        swap_free(s);
    } else {
        struct exchange *x;
        code = exchange_new(&x, &c->in, c->metric, a->set, b->set, a->n_sets, p->unit, p->n_units, st);
        if (!code)
            r->p = exchange_test(x, p->replicates, p->seed, p->stream, c->n_threads).p;
        exchange_free(x);
    }
    r->test = TEST_PERMUTATION;
    return code;
}

int contest_pair(struct contest_result *r, const struct contest *c, const struct contender *a, const struct contender *b, struct status *st)
{
    *r = (struct contest_result){.difference = {.estimate = NAN, .low = NAN, .high = NAN, .se = NAN, .p = NAN}, .test = TEST_NONE, .p = NAN};
    if (isnan(a->value) || isnan(b->value))
        return STATUS_OK;
    int code = difference_bootstrap(&r->difference, a->value - b->value, a->replicate, 1, b->replicate, 1, c->plan.replicates, c->level, st);
    if (code && code != STATUS_UNDEFINED) /* too few replicates: limits stay NaN */
        return code;
    bool independent = c->plan.n_units == c->in.n && a->n_sets == 1 && b->n_sets == 1;
    if (a->n_sets != b->n_sets)
        return status_set(st, STATUS_INTERNAL, "contest: %zu and %zu fits", a->n_sets, b->n_sets);
    code = STATUS_UNDEFINED;
    if (independent && !strcmp(c->metric, "auroc"))
        code = test_delong(r, c, a, b, st);
    if (independent && !strcmp(c->metric, "accuracy")) {
        test_mcnemar(r, c, a, b);
        code = STATUS_OK;
    }
    return code == STATUS_UNDEFINED ? test_permutation(r, c, a, b, st) : code;
}
