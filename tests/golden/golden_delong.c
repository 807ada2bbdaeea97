/* AUROC intervals and tests against pROC: section c.
 *
 * Keys name the scores by their columns (pROC's aSAH data: wfns, s100b, ndka; else a and
 * b, or 1 and 2 for two samples).  One score against another: "x_vs_y". */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "golden/golden_case.h"
#include "interval/bootstrap.h"
#include "interval/delong.h"
#include "interval/newcombe.h"
#include "interval/percentile.h"
#include "metric/curve.h"
#include "metric/ranking.h"

enum { MAX_SCORES = 8, SANITY_REPLICATES = 2000 };
#define SANITY_TOLERANCE 0.02 /* two bootstraps with different draws */

struct score {
    char name[64];  /* a, 1, wfns */
    size_t n;
    int32_t *label;
    double *value;
    struct delong delong;
    struct curve curve;
};

struct data {
    struct table table;
    struct score score[MAX_SCORES];
    size_t n_scores;
    bool paired;
    struct area_test test; /* of the first two */
};

static bool score_add(struct data *d, const char *name, int32_t *label, double *value, size_t n)
{
    struct status st;
    struct score *s = &d->score[d->n_scores];
    *s = (struct score){.n = n, .label = label, .value = value};
    snprintf(s->name, sizeof s->name, "%s", name);
    bool fine = label && value && d->n_scores < MAX_SCORES && !delong_new(&s->delong, label, value, n, &st) &&
                !curve_new(&s->curve, label, value, NULL, n, &st);
    d->n_scores++;
    return fine;
}

/* label and scores in the columns of one table; with `score` alone, as the sample called `name` */
static bool read_scores(struct data *d, const struct table *t, const char *name)
{
    bool fine = true;
    for (size_t c = 0; c < t->n_columns && d->n_scores < MAX_SCORES; c++) {
        const char *column = t->header[c], *after = key_after(column, "score_");
        bool is_score = after || !strcmp(column, "score") || !strcmp(column, "wfns") || !strcmp(column, "s100b") || !strcmp(column, "ndka");
        if (is_score)
            fine = score_add(d, after ? after : name ? name : column, case_labels(t, "label"), case_column(t, column), t->n_rows) && fine;
    }
    return fine;
}

static void data_free(struct data *d)
{
    for (size_t i = 0; i < d->n_scores; i++) {
        free(d->score[i].label);
        free(d->score[i].value);
        delong_free(&d->score[i].delong);
        curve_free(&d->score[i].curve);
    }
}

/* Percentile limits of a bootstrap within the classes. */
static struct limits sanity_limits(const struct score *s)
{
    uint32_t *unit = NEW(s->n, uint32_t), *stratum = NEW(s->n, uint32_t), *weight = NEW(s->n, uint32_t), *count = NEW(s->n, uint32_t);
    double *area = NEW(SANITY_REPLICATES, double);
    for (size_t i = 0; i < s->n; i++) {
        unit[i] = (uint32_t)i;
        stratum[i] = s->label[i] == 1;
    }
    struct bootstrap_plan plan = {s->n, unit, s->n, stratum, 2, SANITY_REPLICATES, 1, "golden"};
    struct ranking ranking;
    ranking_new(&ranking, s->label, 1, s->value, 1, s->n);
    for (size_t b = 0; b < SANITY_REPLICATES; b++) {
        bootstrap_weights(weight, count, &plan, b);
        struct auroc_count c = ranking_count(&ranking, weight);
        area[b] = auroc_from_count(&c);
    }
    struct limits limits = {NAN, NAN};
    struct status st;
    size_t undefined;
    if (interval_percentile(&limits.low, &limits.high, &undefined, area, 1, SANITY_REPLICATES, 0.95, &st))
        limits = (struct limits){NAN, NAN};
    ranking_free(&ranking);
    free(area);
    free(count);
    free(weight);
    free(stratum);
    free(unit);
    return limits;
}

static struct limits cut(struct limits l)
{
    return (struct limits){fmax(0, l.low), fmin(1, l.high)};
}

/* Threshold between the point and the next score below, as pROC puts it. */
static double midpoint(const struct score *s, const struct operating_point *p)
{
    for (size_t i = 1; i + 1 < s->curve.n; i++)
        if (!(s->curve.threshold[i] > p->threshold))
            return (s->curve.threshold[i] + s->curve.threshold[i + 1]) / 2;
    return NAN;
}

/* A key of one score: what stands before its name. */
static bool score_key(double *value, const struct score *s, const char *key)
{
    const struct delong *g = &s->delong;
    double variance = delong_variance(g), p = (double)g->n_positive, q = (double)g->n_negative, x;
    const char *rest;
    if (key_number(key, "pauc_spec_1_", &x, &rest)) { /* pauc_spec_1_0.9 */
        *value = !strcmp(rest, "_") ? curve_area_below(&s->curve, 1 - x) : curve_partial_area(&s->curve, 1 - x);
        return true;
    }
    struct limits wald[3] = {area_wald(g->area, variance, 0.95), area_wald(g->area, variance, 0.9), area_wald(g->area, variance, 0.99)};
    struct limits logit = area_logit(g->area, variance, 0.95), fifth = newcombe_method5(g->area, p, q, 0.95);
    struct operating_point youden = curve_youden(&s->curve);
    const struct named_value list[] = {
        {"auc_", g->area},
        {"var_delong_", variance},
        {"ci95_low_", cut(wald[0]).low},
        {"ci95_high_", cut(wald[0]).high},
        {"ci90_low_", cut(wald[1]).low},
        {"ci90_high_", cut(wald[1]).high},
        {"ci99_low_", cut(wald[2]).low},
        {"ci99_high_", cut(wald[2]).high},
        {"ci95_unclipped_low_", wald[0].low},
        {"ci95_unclipped_high_", wald[0].high},
        {"logit_ci95_low_", logit.low},
        {"logit_ci95_high_", logit.high},
        {"hanley_mcneil_se_", hanley_mcneil_se(g->area, p, q)},
        {"newcombe5_ci95_low_", fifth.low},
        {"newcombe5_ci95_high_", fifth.high},
        {"youden_sens_", youden.sensitivity},
        {"youden_spec_", youden.specificity},
        {"youden_threshold_midpoint_", midpoint(s, &youden)},
    };
    if (key_find(value, key, list, sizeof list / sizeof *list))
        return true;
    if (!key_after(key, "sanity_boot2000_strat_"))
        return false;
    struct limits sanity = sanity_limits(s);
    *value = !strcmp(key, "sanity_boot2000_strat_low_") ? sanity.low : sanity.high;
    return true;
}

/* paired_z_x_vs_y, cov_x_vs_y */
static bool pair_key(double *value, const struct data *d, const char *key)
{
    for (size_t i = 0; i < d->n_scores; i++)
        for (size_t j = 0; j < d->n_scores; j++) {
            char pair[160];
            snprintf(pair, sizeof pair, "%s_vs_%s", d->score[i].name, d->score[j].name);
            size_t length = strlen(key), tail = strlen(pair);
            if (length < tail || strcmp(key + length - tail, pair) != 0)
                continue;
            struct area_test test;
            struct status st;
            char *stem = mem_strndup(key, length - tail);
            int code = delong_paired(&test, &d->score[i].delong, &d->score[j].delong, 0.95, &st);
            const struct named_value list[] = {{"paired_z_", test.statistic}, {"paired_p_", test.p},
                                               {"cov_", delong_covariance(&d->score[i].delong, &d->score[j].delong)}};
            bool known = !code && key_find(value, stem, list, sizeof list / sizeof *list);
            free(stem);
            return known;
        }
    return false;
}

/* unpaired_D_s100b_male_vs_female: one score, the two values of a column */
static bool group_key(double *value, const struct data *d, const char *key)
{
    const char *rest = key_after(key, "unpaired_");
    size_t column;
    if (!rest || !strstr(key, "_male_vs_female") || table_column(&d->table, "gender", &column, NULL))
        return false;
    for (size_t i = 0; i < d->n_scores; i++) {
        const struct score *s = &d->score[i];
        char tail[128];
        snprintf(tail, sizeof tail, "_%s_male_vs_female", s->name);
        if (!strstr(rest, tail))
            continue;
        struct delong part[2] = {{0}, {0}};
        struct status st;
        bool fine = true;
        for (int group = 0; group < 2; group++) {
            int32_t *label = NEW(s->n, int32_t);
            double *score = NEW(s->n, double);
            size_t m = 0;
            for (size_t r = 0; r < s->n; r++)
                if (!strcmp(table_cell(&d->table, r, column), group ? "Female" : "Male")) {
                    label[m] = s->label[r];
                    score[m++] = s->value[r];
                }
            fine = !delong_new(&part[group], label, score, m, &st) && fine;
            free(score);
            free(label);
        }
        struct area_test test;
        fine = fine && !delong_unpaired(&test, &part[0], &part[1], 0.95, &st);
        if (fine)
            *value = rest[0] == 'D' ? test.statistic : rest[0] == 'd' ? test.df : test.p;
        delong_free(&part[0]);
        delong_free(&part[1]);
        return fine;
    }
    return false;
}

static bool figure(double *value, const void *data, const char *key)
{
    const struct data *d = data;
    const struct area_test *t = &d->test;
    const struct named_value paired[] = {
        {"cov_delong", d->paired ? delong_covariance(&d->score[0].delong, &d->score[1].delong) : NAN},
        {"paired_delong_z", t->statistic},
        {"paired_delong_p", t->p},
        {"paired_delong_p_greater", t->p_greater},
        {"diff", t->difference},
        {"diff_var", t->variance},
        {"diff_ci95_low", t->limits.low},
        {"diff_ci95_high", t->limits.high},
    };
    const struct named_value unpaired[] = {{"unpaired_delong_D", t->statistic}, {"unpaired_delong_df", t->df}, {"unpaired_delong_p", t->p}};
    if (d->paired ? key_find(value, key, paired, sizeof paired / sizeof *paired) : key_find(value, key, unpaired, sizeof unpaired / sizeof *unpaired))
        return true;
    if (pair_key(value, d, key) || group_key(value, d, key))
        return true;
    for (size_t i = 0; i < d->n_scores; i++) { /* ..._a, ..._score_1, ..._s100b, pauc_..._s100b_corrected */
        char tail[80], *stem = mem_strdup(key);
        snprintf(tail, sizeof tail, "_%s", d->score[i].name);
        char *at = strstr(stem, tail), *next;
        while (at && (next = strstr(at + 1, tail)))
            at = next; /* the last: "_b" also begins "_boot2000" */
        bool known = false;
        if (at && (!at[strlen(tail)] || !strcmp(at + strlen(tail), "_corrected"))) {
            const char *after = at + strlen(tail);
            char *score = strstr(stem, "_score_");
            char *plain = mem_printf("%.*s_%s", (int)((score && score < at ? score : at) - stem), stem, *after ? after + 1 : "");
            known = score_key(value, &d->score[i], plain);
            free(plain);
        }
        free(stem);
        if (known)
            return true;
    }
    return false;
}

static double tolerance(const void *data, const char *key)
{
    (void)data;
    return key_after(key, "sanity_") ? SANITY_TOLERANCE : TOLERANCE;
}

static void run(struct tally *t, const char *directory)
{
    struct table second;
    struct status st;
    struct data d = {.paired = false};
    bool fine = false, two = false;
    if (case_table(&d.table, directory, "data.csv")) {
        fine = read_scores(&d, &d.table, NULL);
        d.paired = true;
    } else if (case_table(&d.table, directory, "data_1.csv") && (two = case_table(&second, directory, "data_2.csv"))) {
        fine = read_scores(&d, &d.table, "1") && read_scores(&d, &second, "2");
    }
    if (!fine || d.n_scores < 2)
        tally_unknown(t, "(columns of the data)");
    else if (d.paired ? delong_paired(&d.test, &d.score[0].delong, &d.score[1].delong, 0.95, &st)
                      : delong_unpaired(&d.test, &d.score[0].delong, &d.score[1].delong, 0.95, &st))
        tally_wrong(t, st.text);
    else {
        case_keys(t, directory, "expected.csv", &d, figure, tolerance);
        case_keys(t, directory, "expected_formula.csv", &d, figure, tolerance);
    }
    data_free(&d);
    table_free(&d.table);
    if (two)
        table_free(&second);
}

void golden_delong(const char *stats)
{
    case_walk(stats, "c_delong", run);
}
