/* region_metrics.csv and region_confusion.csv. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "interval/bootstrap.h"
#include "interval/percentile.h"
#include "metric/panel.h"
#include "metric/proportion.h"
#include "region/region_report.h"

#define STREAM "regions" /* of the draws: the same patients for every model and figure of a part */
#define METHOD "percentile bootstrap by patient"

/* Images that know an answer. */
struct rows {
    int32_t *label;  /* [n] */
    double *score;   /* [n] or [n, classes] */
    uint32_t *unit;  /* [n] patients among them, 0 .. n_units-1 */
    size_t n, n_units, n_positive;
};

static void rows_new(struct rows *r, size_t n, size_t classes)
{
    *r = (struct rows){NEW(n + 1, int32_t), NEW(n * classes + 1, double), NEW(n + 1, uint32_t), 0, 0, 0};
}

static void rows_free(struct rows *r)
{
    free(r->label);
    free(r->score);
    free(r->unit);
}

/* Patients without a row are not to be drawn. */
static void close_units(struct rows *r, size_t n_units)
{
    uint32_t *number = NEW(n_units + 1, uint32_t);
    for (size_t u = 0; u < n_units; u++)
        number[u] = UINT32_MAX;
    r->n_units = 0;
    for (size_t i = 0; i < r->n; i++) {
        uint32_t *own = &number[r->unit[i]];
        if (*own == UINT32_MAX)
            *own = (uint32_t)r->n_units++;
        r->unit[i] = *own;
        r->n_positive += r->label[i] == 1;
    }
    free(number);
}

static struct bootstrap_plan plan_of(const struct region_context *c, const struct rows *r)
{
    return (struct bootstrap_plan){.n = r->n, .unit = r->unit, .n_units = r->n_units, .replicates = c->study->replicates, .seed = c->study->seed, .stream = STREAM};
}

static uint32_t unit_of(const struct region_context *c, size_t image)
{
    return c->study->cluster == CLUSTER_IMAGE ? (uint32_t)image : c->set->image[image].unit;
}

static const char *method_of(const struct region_context *c)
{
    return c->study->cluster == CLUSTER_IMAGE || !c->set->has_patients ? "percentile bootstrap by image" : METHOD;
}

/* Is the image of the test part, and of the site (NULL: of any)? */
static bool counts(const struct region_context *c, size_t i, const char *site)
{
    const char *own = c->set->image[i].site;
    return c->split->is_test[i] && (!site || (own && !strcmp(own, site)));
}

struct place { /* of a row */
    const char *site, *regions, *score;
};

static void begin_row(FILE *f, const struct region_context *c, const struct place *at, const char *metric, const struct rows *r)
{
    csv_field(f, c->study->name);
    fputc(',', f);
    csv_field(f, c->model);
    fprintf(f, ",%s,%s,%s,test,", c->readout, study_protocol_name(c->study->protocol[0]), c->scores->probe ? "probe" : "checkpoint");
    csv_field(f, at->site ? at->site : "all");
    fprintf(f, ",%s,%s,%s,%zu,%zu,%zu,", at->regions, at->score, metric, r->n, r->n_units, r->n_positive);
}

static void write_na(FILE *f, const struct region_context *c, const struct place *at, const char *metric, const struct rows *r, const char *reason)
{
    begin_row(f, c, at, metric, r);
    fprintf(f, "NA,NA,NA,%g,,,,", c->study->level);
    csv_field(f, reason);
    fputc('\n', f);
}

/* The panel's metrics that `wanted` names (NULL-ended), with intervals; the first goes to *headline unless it is NULL. */
static int write_panel(FILE *f, const struct region_context *c, const struct place *at, const struct rows *r, enum task_kind kind, size_t n_classes,
                       const char *const *wanted, struct region_headline *headline, struct status *st)
{
    struct panel *panel;
    const struct panel_input in = {.kind = kind, .n_classes = n_classes, .n = r->n, .label = r->label, .score = r->score, .threshold = NAN};
    const struct bootstrap_plan plan = plan_of(c, r);
    int code = panel_new(&panel, &in, st);
    if (code)
        return code;
    size_t n = panel_n_metrics(panel), replicates = c->study->replicates;
    double *value = NEW(n, double), *draw = NEW(n * replicates, double);
    const char **reason = NEW0(n, const char *);
    struct panel_scratch *scratch = panel_scratch_new(panel);
    panel_compute(panel, scratch, NULL, value, reason);
    code = bootstrap_panel(draw, &plan, panel, c->n_threads, st);
    for (; *wanted && !code; wanted++) {
        size_t k = panel_metric_find(panel, *wanted), undefined = 0;
        double low = NAN, high = NAN;
        if (k == n)
            continue;
        if (isnan(value[k])) {
            write_na(f, c, at, *wanted, r, reason[k] ? reason[k] : "undefined");
            continue;
        }
        struct status none = {0};
        if (interval_percentile(&low, &high, &undefined, draw + k, n, replicates, c->study->level, &none))
            low = high = NAN;
        begin_row(f, c, at, *wanted, r);
        csv_number(f, value[k]);
        fputc(',', f);
        csv_number(f, low);
        fputc(',', f);
        csv_number(f, high);
        fprintf(f, ",%g,%s,%zu,%zu,%s\n", c->study->level, method_of(c), replicates, undefined, c->set->has_patients ? "" : "no patient is named");
        if (headline)
            *headline = (struct region_headline){.n = r->n, .n_positive = r->n_positive, .value = value[k], .low = low, .high = high, .whole = NAN};
        headline = NULL;
    }
    panel_scratch_free(scratch);
    panel_free(panel);
    free(value);
    free(draw);
    free(reason);
    return code;
}

enum source { FROM_MAX, FROM_WHOLE, FROM_COUNT };

static double score_of(const struct region_context *c, enum source from, size_t image, size_t score)
{
    if (from == FROM_COUNT)
        return (double)c->set->image[image].n_regions;
    return (from == FROM_WHOLE ? c->scores->whole : c->scores->peak)[image * N_REGION_SCORES + score].value;
}

/* One output against its label. */
static int write_score(FILE *f, const struct region_context *c, const char *site, enum source from, size_t score, struct region_headline *headline, struct status *st)
{
    static const char *const wanted[] = {"auroc", "average_precision", NULL}, *const source[] = {"max", "whole", "count"};
    char name[32];
    const struct place at = {site, source[from], region_score_name(name, score)};
    struct rows r;
    size_t n_known = 0;
    rows_new(&r, c->set->n, 1);
    for (size_t i = 0; i < c->set->n; i++) {
        int32_t truth = region_truth(&c->set->image[i], score);
        if (!counts(c, i, site) || truth == LABEL_UNKNOWN)
            continue;
        n_known++;
        double value = score_of(c, from, i, score);
        if (isnan(value))
            continue;
        r.label[r.n] = truth;
        r.unit[r.n] = unit_of(c, i);
        r.score[r.n++] = value;
    }
    close_units(&r, c->study->cluster == CLUSTER_IMAGE ? c->set->n : c->set->n_units);
    int code = STATUS_OK;
    if (n_known && !r.n)
        write_na(f, c, &at, "auroc", &r, "the head does not answer (region_heads.csv)");
    else if (r.n)
        code = write_panel(f, c, &at, &r, KIND_BINARY, 2, wanted, headline, st);
    rows_free(&r);
    return code;
}

/* ---- decisions ---- */

/* Two- and three-way: rows normal, tumor; benign, malignant, normal. */
static const char *const two_way[] = {"normal", "tumor"}, *const three_way[] = {"benign", "malignant", "normal"};
enum { BENIGN, MALIGNANT, NORMAL };

static int32_t truth_of(const struct region_image *image, bool three)
{
    int32_t tumour = image->label[HEAD_TUMOUR];
    if (tumour == LABEL_UNKNOWN || (three && tumour == LABEL_INTERMEDIATE - 1))
        return LABEL_UNKNOWN;
    if (!three)
        return tumour != LABEL_NO_TUMOUR - 1;
    return tumour == LABEL_NO_TUMOUR - 1 ? NORMAL : tumour == LABEL_MALIGNANT - 1 ? MALIGNANT : BENIGN;
}

static int32_t predicted_of(int32_t decision, bool three)
{
    if (!three)
        return decision != DECIDED_NORMAL;
    return decision == DECIDED_NORMAL ? NORMAL : decision == DECIDED_MALIGNANT ? MALIGNANT : BENIGN;
}

static void write_share(FILE *f, const struct region_context *c, const double *draw, const uint64_t *count, size_t k, size_t row, size_t column, uint64_t n_row)
{
    size_t replicates = c->study->replicates, undefined = 0;
    struct limits wilson = proportion_wilson(count[row * k + column], n_row, c->study->level);
    double low, high;
    struct status none = {0};
    if (interval_percentile(&low, &high, &undefined, draw + row * k + column, k * k, replicates, c->study->level, &none))
        low = high = NAN;
    csv_number(f, n_row ? (double)count[row * k + column] / (double)n_row : NAN);
    const double limit[] = {wilson.low, wilson.high, low, high};
    for (size_t i = 0; i < 4; i++) {
        fputc(',', f);
        csv_number(f, limit[i]);
    }
    fprintf(f, ",%g,%zu,%zu,", c->study->level, replicates, undefined);
}

static int write_matrix(FILE *f, const struct region_context *c, const char *site, const struct rows *r, const int32_t *predicted, bool three, struct status *st)
{
    const size_t k = three ? 3 : 2, replicates = c->study->replicates;
    const char *const *name = three ? three_way : two_way;
    const struct bootstrap_plan plan = plan_of(c, r);
    uint64_t count[9] = {0};
    size_t patients[3] = {0};
    double *draw = NEW(k * k * replicates, double);
    uint32_t *weight = NEW(r->n, uint32_t), *drawn = NEW(r->n_units, uint32_t);
    (void)st;
    for (size_t b = 0; b < replicates; b++) {
        uint64_t w[9] = {0};
        bootstrap_weights(weight, drawn, &plan, b);
        for (size_t i = 0; i < r->n; i++)
            w[(size_t)r->label[i] * k + (size_t)predicted[i]] += weight[i];
        for (size_t t = 0; t < k; t++) {
            uint64_t sum = 0;
            for (size_t p = 0; p < k; p++)
                sum += w[t * k + p];
            for (size_t p = 0; p < k; p++)
                draw[b * k * k + t * k + p] = sum ? (double)w[t * k + p] / (double)sum : NAN;
        }
    }
    for (size_t t = 0; t < k; t++) {
        memset(drawn, 0, r->n_units * sizeof *drawn);
        for (size_t i = 0; i < r->n; i++)
            if ((size_t)r->label[i] == t) {
                count[t * k + (size_t)predicted[i]]++;
                patients[t] += !drawn[r->unit[i]]++;
            }
    }
    for (size_t t = 0; t < k; t++) {
        uint64_t n_row = 0;
        for (size_t p = 0; p < k; p++)
            n_row += count[t * k + p];
        for (size_t p = 0; p < k; p++) {
            csv_field(f, c->study->name);
            fputc(',', f);
            csv_field(f, c->model);
            fprintf(f, ",%s,%s,test,", c->readout, study_protocol_name(c->study->protocol[0]));
            csv_field(f, site ? site : "all");
            fprintf(f, ",%s,%s,%s,%llu,%llu,%zu,", three ? "three-way" : "two-way", name[t], name[p], (unsigned long long)count[t * k + p],
                    (unsigned long long)n_row, patients[t]);
            write_share(f, c, draw, count, k, t, p, n_row);
            csv_number(f, c->scores->threshold_tumour);
            fputc(',', f);
            csv_number(f, c->scores->threshold_malignant);
            fputc('\n', f);
        }
    }
    free(draw);
    free(weight);
    free(drawn);
    return STATUS_OK;
}

static int write_decisions(FILE *metrics, FILE *confusion, const struct region_context *c, const char *site, bool three, struct status *st)
{
    static const char *const two_wanted[] = {"sensitivity", "specificity", "accuracy", "balanced_accuracy", "f1", "mcc", "kappa", NULL},
                             *const three_wanted[] = {"accuracy", "balanced_accuracy", "f1_macro", "kappa", NULL};
    const size_t k = three ? 3 : 1;
    const struct place at = {site, "max", three ? "three-way" : "two-way"};
    struct rows r;
    size_t n_known = 0;
    int32_t *predicted = NEW(c->set->n + 1, int32_t);
    rows_new(&r, c->set->n, k);
    for (size_t i = 0; i < c->set->n; i++) {
        int32_t truth = truth_of(&c->set->image[i], three);
        if (!counts(c, i, site) || truth == LABEL_UNKNOWN)
            continue;
        n_known++;
        if (c->scores->decision[i] == NOT_DECIDED)
            continue;
        r.label[r.n] = truth;
        r.unit[r.n] = unit_of(c, i);
        predicted[r.n] = predicted_of(c->scores->decision[i], three);
        for (size_t q = 0; q < k; q++)
            r.score[r.n * k + q] = three ? predicted[r.n] == (int32_t)q : predicted[r.n];
        r.n++;
    }
    close_units(&r, c->study->cluster == CLUSTER_IMAGE ? c->set->n : c->set->n_units);
    int code = STATUS_OK;
    if (n_known && !r.n)
        write_na(metrics, c, &at, three ? "balanced_accuracy" : "sensitivity", &r,
                 c->scores->no_threshold.code ? c->scores->no_threshold.text : "the head does not answer (region_heads.csv)");
    else if (r.n)
        code = write_panel(metrics, c, &at, &r, three ? KIND_MULTICLASS : KIND_BINARY, three ? 3 : 2, three ? three_wanted : two_wanted, NULL, st);
    if (!code && r.n)
        code = write_matrix(confusion, c, site, &r, predicted, three, st);
    rows_free(&r);
    free(predicted);
    return code;
}

/* ---- sites ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of the test part, sorted; [*n]. */
static const char **sites_of(size_t *n, const struct region_context *c)
{
    const char **site = NEW(c->set->n + 1, const char *);
    size_t m = 0;
    *n = 0;
    for (size_t i = 0; i < c->set->n; i++)
        if (c->split->is_test[i] && c->set->image[i].site)
            site[m++] = c->set->image[i].site;
    if (m)
        qsort(site, m, sizeof *site, by_text);
    for (size_t i = 0; i < m; i++)
        if (i == 0 || strcmp(site[i], site[*n - 1]) != 0)
            site[(*n)++] = site[i];
    return site;
}

int region_figures_write(struct outfile *metrics, struct outfile *confusion, const struct region_context *c, struct region_headline *headline, struct status *st)
{
    size_t n_sites, main_score = region_main_score(c->set);
    const char **site = sites_of(&n_sites, c);
    int code = STATUS_OK;
    *headline = (struct region_headline){.value = NAN, .low = NAN, .high = NAN, .whole = NAN};
    for (size_t k = 0; k <= (n_sites > 1 ? n_sites : 0) && !code; k++) {
        const char *here = k ? site[k - 1] : NULL;
        for (size_t score = 0; score < N_REGION_SCORES && !code; score++) {
            struct region_headline whole = {.value = NAN}, number = {.value = NAN, .low = NAN};
            bool is_main = !here && score == main_score;
            code = write_score(metrics->stream, c, here, FROM_MAX, score, is_main ? headline : NULL, st);
            if (!code)
                code = write_score(metrics->stream, c, here, FROM_WHOLE, score, is_main ? &whole : NULL, st);
            if (!code && score == main_score)
                code = write_score(metrics->stream, c, here, FROM_COUNT, score, is_main ? &number : NULL, st);
            if (is_main) {
                headline->whole = whole.value;
                headline->count = number.value;
                headline->count_low = number.low;
            }
        }
        for (int three = 0; three < 2 && !code; three++)
            code = write_decisions(metrics->stream, confusion->stream, c, here, three, st);
    }
    region_score_name(headline->score, main_score);
    free(site);
    return code;
}
