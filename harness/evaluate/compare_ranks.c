#include "evaluate/compare_ranks.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "interval/adjust.h"
#include "interval/permutation.h"
#include "interval/ranks.h"
#include "interval/signed_rank.h"
#include "metric/quantile.h"
#include "report/compare_rows.h"

/* Mean distance from the median (root mean square from the mean where `square`) of the truth. */
static double constant_error(const struct panel_input *in, bool square)
{
    size_t n;
    double sum = 0, mean = 0, *truth = NEW(in->n, double);
    for (size_t i = 0; i < in->n; i++)
        mean += (truth[i] = in->target ? in->target[i] : in->label[i]) / (double)in->n;
    double *sorted = quantile_sort(&n, truth, 1, in->n);
    double middle = square || n == 0 ? mean : quantile_linear(sorted, n, 0.5);
    for (size_t i = 0; i < in->n; i++)
        sum += square ? (truth[i] - middle) * (truth[i] - middle) : fabs(truth[i] - middle);
    free(sorted);
    free(truth);
    sum /= (double)in->n;
    return square ? sqrt(sum) : sum;
}

double compare_skill(const char *metric, double value, const struct panel_input *samples)
{
    if (!strncmp(metric, "auroc", 5))
        return 2 * value - 1;
    if (!panel_metric_is_error(metric))
        return value;
    double constant = constant_error(samples, !strcmp(metric, "rmse"));
    return constant > 0 ? 1 - value / constant : NAN;
}

/* The rows that enter: skill[n, n_models], and what to say of them. */
struct basis {
    const struct compare_ranks *of;
    const char *name;
    double *skill;
    size_t n;
    char *warning, *left_out;
};

static bool is_whole(const struct compare_ranks *r, size_t task)
{
    for (size_t m = 0; m < r->n_models; m++)
        if (isnan(r->skill[task * r->n_models + m]))
            return false;
    return true;
}

static void say(char **text, const char *before, const char *word)
{
    char *longer = mem_printf("%s%s%s", *text, **text ? ", " : before, word);
    free(*text);
    *text = longer;
}

static bool shares(const struct compare_ranks *r, size_t task)
{
    for (size_t t = 0; t < r->n_tasks; t++)
        if (t != task && r->source[t] == r->source[task] && is_whole(r, t))
            return true;
    return false;
}

static struct basis by_tasks(const struct compare_ranks *r)
{
    struct basis b = {.of = r, .name = "tasks", .skill = NEW(r->n_tasks * r->n_models, double), .warning = mem_strdup(""), .left_out = mem_strdup("")};
    for (size_t t = 0; t < r->n_tasks; t++) {
        if (!is_whole(r, t)) {
            say(&b.left_out, "left out for a model without a figure: ", r->task[t]);
            continue;
        }
        memcpy(b.skill + b.n++ * r->n_models, r->skill + t * r->n_models, r->n_models * sizeof *b.skill);
        if (shares(r, t))
            say(&b.warning, "tasks that share pictures are not independent: ", r->task[t]);
    }
    return b;
}

static struct basis by_sources(const struct compare_ranks *r)
{
    struct basis b = {.of = r, .name = "sources", .skill = NEW0(r->n_tasks * r->n_models, double), .warning = mem_strdup(""), .left_out = mem_strdup("")};
    for (size_t t = 0; t < r->n_tasks; t++) {
        size_t first = 0, n = 0;
        while (!(r->source[first] == r->source[t] && is_whole(r, first)) && first < t)
            first++;
        if (!is_whole(r, t)) {
            say(&b.left_out, "left out for a model without a figure: ", r->task[t]);
            continue;
        }
        if (first < t) /* counted with the first of its source */
            continue;
        double *mean = b.skill + b.n++ * r->n_models;
        for (size_t k = 0; k < r->n_tasks; k++) {
            if (r->source[k] != r->source[t] || !is_whole(r, k))
                continue;
            n++;
            for (size_t m = 0; m < r->n_models; m++)
                mean[m] += r->skill[k * r->n_models + m];
        }
        for (size_t m = 0; m < r->n_models; m++)
            mean[m] /= (double)n;
    }
    return b;
}

static struct rank_row row_of(const struct basis *b, const char *statistic, const char *method)
{
    const struct compare_ranks *r = b->of;
    return (struct rank_row){.study = r->study, .protocol = r->protocol, .family = r->family, .basis = b->name, .statistic = statistic, .model_a = "",
                             .model_b = "", .n_units = b->n, .n_models = r->n_models, .value = NAN, .p = NAN, .p_holm = NAN, .method = method,
                             .warning = b->warning, .reason = b->left_out};
}

/* `why` behind what was left out. */
static void write_reason(struct outfile *out, struct rank_row *row, const char *why)
{
    const char *before = row->reason;
    char *text = mem_printf("%s%s%s", why, *why && *before ? "; " : "", before);
    row->reason = text;
    rank_rows_write(out, row);
    row->reason = before;
    free(text);
}

/* ---- mean ranks, Friedman, Nemenyi ---- */

static void write_friedman(struct outfile *out, const struct basis *b, const char *too_few)
{
    const size_t k = b->of->n_models;
    struct friedman f = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    struct status why = {0};
    if (!*too_few && ranks_friedman(&f, b->skill, b->n, k, &why))
        too_few = why.text;
    struct rank_row row = row_of(b, "friedman_chi2", "corrected for ties");
    row.has_p = 1;
    row.value = f.chi2;
    row.p = f.chi2_p;
    write_reason(out, &row, too_few);
    row = row_of(b, "iman_davenport_f", "F of the plain chi-squared");
    row.has_p = 1;
    row.value = f.f;
    row.p = f.f_p;
    write_reason(out, &row, too_few);
    row = row_of(b, "kendall_w", "corrected for ties");
    row.value = f.concordance;
    write_reason(out, &row, too_few);
    row = row_of(b, "critical_difference", "Nemenyi");
    if (!*too_few)
        row.value = nemenyi_critical_difference(b->of->alpha, b->n, k);
    write_reason(out, &row, too_few);
}

static void write_ranks(struct outfile *out, const struct basis *b)
{
    const struct compare_ranks *r = b->of;
    struct status why = {0};
    char *too_few = mem_strdup("");
    double *mean = NEW(r->n_models, double);
    if (b->n < RANKS_TASKS || r->n_models < RANKS_MODELS) {
        free(too_few);
        too_few = mem_printf("%zu %s and %zu models; the test needs %d and %d", b->n, b->name, r->n_models, RANKS_TASKS, RANKS_MODELS);
    }
    int code = ranks_mean(mean, b->skill, b->n, r->n_models, &why);
    for (size_t m = 0; m < r->n_models; m++) {
        struct rank_row row = row_of(b, "mean_rank", "1 is the best");
        row.model_a = r->model[m];
        row.value = mean[m];
        write_reason(out, &row, code ? why.text : "");
    }
    write_friedman(out, b, too_few);
    for (size_t i = 0; i < r->n_models; i++)
        for (size_t j = i + 1; j < r->n_models; j++) {
            struct rank_row row = row_of(b, "nemenyi", "difference of mean ranks");
            row.model_a = r->model[i];
            row.model_b = r->model[j];
            row.value = mean[i] - mean[j];
            row.has_p = 1;
            if (!*too_few)
                row.p = nemenyi_p(row.value, b->n, r->n_models);
            write_reason(out, &row, code ? why.text : too_few);
        }
    free(mean);
    free(too_few);
}

/* ---- pairs ---- */

struct pair {
    size_t a, b;
    struct signed_rank test;
    double p;
    const char *method;
    struct status why;
};

/* Exact with ties too, as long as every pattern of signs can be gone through: the signed mid-ranks with their signs flipped. */
static double exact_with_ties(const double *difference, size_t n)
{
    double rank[20];
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        double below = 0;
        if (!(difference[i] > 0 || difference[i] < 0))
            continue;
        for (size_t j = 0; j < n; j++)
            if (difference[j] > 0 || difference[j] < 0)
                below += fabs(difference[j]) < fabs(difference[i]) ? 1 : fabs(difference[j]) > fabs(difference[i]) ? 0 : 0.5;
        rank[m++] = copysign(below + 0.5, difference[i]);
    }
    return sign_flip_exact(rank, m).p;
}

static void test_pair(struct pair *p, const struct basis *b)
{
    size_t k = b->of->n_models;
    double *difference = NEW(b->n, double);
    for (size_t i = 0; i < b->n; i++)
        difference[i] = b->skill[i * k + p->a] - b->skill[i * k + p->b];
    p->p = NAN;
    p->method = "Wilcoxon exact";
    if (signed_rank_test(&p->test, ZEROS_DROPPED, difference, b->n, &p->why)) {
        p->test.statistic = NAN;
    } else if (!isnan(p->test.exact_p)) {
        p->p = p->test.exact_p;
    } else if (b->n <= 20) {
        p->method = "Wilcoxon exact with ties";
        p->p = exact_with_ties(difference, b->n);
    } else {
        p->method = "Wilcoxon normal approximation";
        p->p = p->test.normal_p;
    }
    free(difference);
}

static void write_counts(struct outfile *out, const struct basis *b, const struct pair *p)
{
    const struct compare_ranks *r = b->of;
    struct win_tie_loss w = ranks_win_tie_loss(b->skill, b->n, r->n_models, p->a, p->b, 1e-12);
    const size_t count[] = {w.win, w.tie, w.loss};
    static const char *const name[] = {"wins", "ties", "losses"};
    for (size_t i = 0; i < 3; i++) {
        struct rank_row row = row_of(b, name[i], "of the first model");
        row.model_a = r->model[p->a];
        row.model_b = r->model[p->b];
        row.value = (double)count[i];
        rank_rows_write(out, &row);
    }
}

static void write_pairs(struct outfile *out, const struct basis *b)
{
    const struct compare_ranks *r = b->of;
    size_t n = 0, k = r->n_models;
    struct pair *pair = NEW0(k * k, struct pair);
    for (size_t i = 0; i < k; i++)
        for (size_t j = i + 1; j < k; j++)
            if (r->reference == k || i == r->reference || j == r->reference)
                pair[n++] = (struct pair){.a = i == r->reference ? j : i, .b = i == r->reference ? i : j};
    double *p = NEW(n, double), *holm = NEW(n, double);
    for (size_t i = 0; i < n; i++) {
        test_pair(&pair[i], b);
        p[i] = pair[i].p;
    }
    adjust_p(holm, ADJUST_HOLM, p, n);
    for (size_t i = 0; i < n; i++) {
        struct rank_row row = row_of(b, "signed_rank", pair[i].method);
        row.model_a = r->model[pair[i].a];
        row.model_b = r->model[pair[i].b];
        row.value = pair[i].test.statistic;
        row.p = p[i];
        row.p_holm = holm[i];
        row.has_p = row.has_holm = 1;
        write_reason(out, &row, pair[i].why.text);
        write_counts(out, b, &pair[i]);
    }
    free(p);
    free(holm);
    free(pair);
}

void compare_ranks_write(struct outfile *out, const struct compare_ranks *r)
{
    struct basis basis[2] = {by_tasks(r), by_sources(r)};
    for (size_t i = 0; i < 2; i++) {
        write_ranks(out, &basis[i]);
        write_pairs(out, &basis[i]);
        free(basis[i].skill);
        free(basis[i].warning);
        free(basis[i].left_out);
    }
}
