#include "evaluate/shift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "interval/area_interval.h"
#include "interval/bootstrap.h"
#include "interval/percentile.h"
#include "interval/share.h"
#include "metric/quantile.h"
#include "probe/mahalanobis.h"
#include "probe/two_sample.h"
#include "split/grouped.h"

const char SHIFT_HEADER[] = "study,task,development,development_task,protocol,model,readout,preprocess,precision,cohort,measure,n,n_patients,value,low,high,level,"
                            "method,replicates,reason";

#define FOLDS 5 /* of the two-sample classifier */
#define FAR 0.99

struct group { /* rows of one cohort, in its order */
    const char *name;
    float *x;          /* [n, d] */
    uint32_t *unit;    /* [n] closed up */
    const struct sample **sample; /* [n] */
    const struct survey *survey;
    double *distance;  /* [n] */
    size_t n, n_units;
};

struct shift {
    FILE *out;
    const struct carried *a;
    const struct cell_task *external;
    const struct study *study;
    size_t d;
    int n_threads;
    struct group group[3]; /* development, internal test, external */
};

struct row {
    const char *cohort, *measure, *method, *reason;
    size_t n, n_units, replicates;
    double value;
    struct limits limits;
    bool interval;
};

static void write_row(const struct shift *s, const struct row *r)
{
    const struct saved_probe *p = &s->a->probe;
    const char *const text[] = {s->study->name, s->external->cohort->source->task->name, p->study, p->task, p->protocol, p->model, p->readout, p->preprocess,
                                p->precision, r->cohort, r->measure};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        fputs(i ? "," : "", s->out);
        csv_field(s->out, text[i]);
    }
    fprintf(s->out, ",%zu,%zu,", r->n, r->n_units);
    csv_number(s->out, r->value);
    const double number[] = {r->limits.low, r->limits.high, s->study->level};
    for (size_t i = 0; i < 3; i++) {
        fputc(',', s->out);
        if (r->interval)
            csv_number(s->out, number[i]);
    }
    fputc(',', s->out);
    csv_field(s->out, r->method); /* may hold a comma */
    fputc(',', s->out);
    if (r->interval && r->replicates)
        fprintf(s->out, "%zu", r->replicates);
    fputc(',', s->out);
    csv_field(s->out, r->reason);
    fputc('\n', s->out);
}

/* Everything that would have been said of the shift, as NA. */
static void write_nothing(const struct shift *s, const char *reason)
{
    static const char *const measure[] = {"mahalanobis_median", "beyond_development_p99", "two_sample_auroc"};
    for (size_t m = 0; m < 3; m++)
        write_row(s, &(struct row){"external", measure[m], "", reason, s->external->partitions->n_test, s->external->n_units, 0, NAN, {NAN, NAN}, false});
}

/* ---- the three cohorts' rows ---- */

static void close_up(struct group *g)
{
    uint32_t most = 0, *number;
    for (size_t i = 0; i < g->n; i++)
        most = g->unit[i] > most ? g->unit[i] : most;
    number = NEW0((size_t)most + 1, uint32_t);
    for (size_t i = 0; i < g->n; i++)
        number[g->unit[i]] = 1;
    g->n_units = 0;
    for (size_t u = 0; u <= most; u++)
        if (number[u])
            number[u] = (uint32_t)g->n_units++;
    for (size_t i = 0; i < g->n; i++)
        g->unit[i] = number[g->unit[i]];
    free(number);
}

static void group_begin(struct group *g, const char *name, const struct cohort *c, const struct survey *survey, const size_t *row, size_t n)
{
    *g = (struct group){.name = name, .n = n, .survey = survey, .unit = NEW(n, uint32_t), .sample = NEW(n, const struct sample *), .distance = NEW(n, double)};
    for (size_t i = 0; i < n; i++) {
        g->sample[i] = &c->sample[row[i]];
        g->unit[i] = c->sample[row[i]].unit;
    }
    close_up(g);
}

static void group_free(struct group *g)
{
    free(g->x);
    free(g->unit);
    free(g->sample);
    free(g->distance);
    *g = (struct group){0};
}

/* The embeddings of a group from the store. */
static int group_read(struct group *g, const struct shift *s, const struct pipeline *p, struct status *st)
{
    size_t *picture = NEW(g->n, size_t);
    for (size_t i = 0; i < g->n; i++)
        picture[i] = g->sample[i]->picture;
    g->x = NEW(g->n * s->d, float);
    int code = extract_read(g->x, p->store, &p->featurizer[s->a->model], s->a->probe.readout, g->survey, picture, g->n, st);
    free(picture);
    return code;
}

/* ---- distances ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct ranked {
    double value;
    uint32_t unit;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->value < y->value || x->value > y->value)
        return x->value < y->value ? -1 : 1;
    return (x->unit > y->unit) - (x->unit < y->unit);
}

/* Of sorted values that count so often: the middle one, or the mean of the middle two. */
static double weighted_median(const struct ranked *sorted, size_t n, const uint32_t *count)
{
    uint64_t total = 0, so_far = 0;
    for (size_t i = 0; i < n; i++)
        total += count[sorted[i].unit];
    uint64_t low = (total - 1) / 2, high = total / 2; /* positions from 0 */
    double first = NAN;
    for (size_t i = 0; i < n; i++) {
        so_far += count[sorted[i].unit];
        if (isnan(first) && so_far > low)
            first = sorted[i].value;
        if (so_far > high)
            return (first + sorted[i].value) / 2;
    }
    return NAN;
}

static void median_interval(struct row *r, const struct group *g, const struct study *study, const char *stream)
{
    struct ranked *sorted = NEW(g->n, struct ranked);
    uint32_t *own = NEW(g->n_units, uint32_t), *weight = NEW(g->n_units, uint32_t), *count = NEW(g->n_units, uint32_t);
    double *value = NEW(study->replicates, double);
    for (size_t i = 0; i < g->n; i++)
        sorted[i] = (struct ranked){g->distance[i], g->unit[i]};
    qsort(sorted, g->n, sizeof *sorted, by_rank);
    for (size_t u = 0; u < g->n_units; u++) {
        own[u] = (uint32_t)u;
        count[u] = 1;
    }
    const struct bootstrap_plan plan = {.n = g->n_units, .unit = own, .n_units = g->n_units, .replicates = study->replicates, .seed = study->seed, .stream = stream};
    r->value = weighted_median(sorted, g->n, count);
    for (size_t b = 0; b < study->replicates; b++) {
        bootstrap_weights(weight, count, &plan, b);
        value[b] = weighted_median(sorted, g->n, count);
    }
    size_t undefined;
    struct status ignored;
    if (interval_percentile(&r->limits.low, &r->limits.high, &undefined, value, 1, study->replicates, study->level, &ignored))
        r->limits = (struct limits){NAN, NAN};
    r->method = "percentile bootstrap by patient";
    r->replicates = study->replicates;
    r->interval = true;
    free(value);
    free(count);
    free(weight);
    free(own);
    free(sorted);
}

static int measure_distances(struct shift *s, const uint32_t *fold, size_t n_folds, double *shrinkage, struct status *st)
{
    struct group *development = &s->group[0], *test = &s->group[1], *external = &s->group[2];
    size_t n_other = test->n + external->n;
    float *x = NEW(n_other * s->d, float);
    double *other = NEW(n_other, double);
    memcpy(x, test->x, test->n * s->d * sizeof *x);
    memcpy(x + test->n * s->d, external->x, external->n * s->d * sizeof *x);
    int code = mahalanobis_folds(development->distance, other, shrinkage, development->x, fold, development->n, n_folds, x, n_other, s->d, s->n_threads, st);
    for (size_t i = 0; i < development->n && !code; i++)
        development->distance[i] = sqrt(development->distance[i]);
    for (size_t i = 0; i < test->n && !code; i++)
        test->distance[i] = sqrt(other[i]);
    for (size_t i = 0; i < external->n && !code; i++)
        external->distance[i] = sqrt(other[test->n + i]);
    free(other);
    free(x);
    return code;
}

static int write_distances(struct shift *s, const uint32_t *fold, size_t n_folds, struct status *st)
{
    const struct group *development = &s->group[0];
    const char *stream = s->external->cohort->source->task->name;
    double shrinkage;
    int code = measure_distances(s, fold, n_folds, &shrinkage, st);
    if (code == STATUS_UNDEFINED) {
        for (size_t g = 0; g < 3; g++)
            write_row(s, &(struct row){s->group[g].name, "mahalanobis_median", "", st->text, s->group[g].n, s->group[g].n_units, 0, NAN, {NAN, NAN}, false});
        return STATUS_OK;
    }
    if (code)
        return code;
    double *sorted = NEW(development->n, double);
    memcpy(sorted, development->distance, development->n * sizeof *sorted);
    qsort(sorted, development->n, sizeof *sorted, by_value);
    double limit = quantile_linear(sorted, development->n, FAR);
    free(sorted);
    write_row(s, &(struct row){development->name, "shrinkage", "Ledoit-Wolf, mean over the folds", "", development->n, development->n_units, 0, shrinkage,
                               {NAN, NAN}, false});
    write_row(s, &(struct row){development->name, "mahalanobis_p99", "out of fold", "", development->n, development->n_units, 0, limit, {NAN, NAN}, false});
    for (size_t g = 0; g < 3 && !code; g++) {
        const struct group *group = &s->group[g];
        struct row r = {.cohort = group->name, .measure = "mahalanobis_median", .reason = "", .n = group->n, .n_units = group->n_units};
        if (!group->n) {
            write_row(s, &(struct row){group->name, "mahalanobis_median", "", "no image", 0, 0, 0, NAN, {NAN, NAN}, false});
            continue;
        }
        median_interval(&r, group, s->study, stream);
        write_row(s, &r);
        uint8_t *far = NEW(group->n, uint8_t);
        struct share share;
        for (size_t i = 0; i < group->n; i++)
            far[i] = group->distance[i] > limit;
        code = share_interval(&share, far, group->unit, group->n, group->n_units, s->study->replicates, s->study->seed, stream, s->study->level, st);
        free(far);
        r = (struct row){group->name, "beyond_development_p99", share.method, g ? "" : "0.01 by construction: the limit is its own 99th percentile", group->n,
                         group->n_units, share.replicates, share.value, share.limits, true};
        if (!code)
            write_row(s, &r);
    }
    return code;
}

/* ---- two samples ---- */

/* Patients over both groups: one of the same name, or with an equal picture, is one. */
static size_t number_together(uint32_t *unit, const struct group *a, const struct group *b)
{
    size_t n = a->n + b->n;
    struct survey survey = {.picture = NEW(n, struct picture), .n = n};
    struct cohort both = {.sample = NEW(n, struct sample), .n = n};
    for (size_t i = 0; i < n; i++) {
        const struct group *g = i < a->n ? a : b;
        const struct sample *s = g->sample[i < a->n ? i : i - a->n];
        survey.picture[i] = g->survey->picture[s->picture];
        both.sample[i] = *s;
        both.sample[i].picture = i;
    }
    cohort_number_units(&both, &survey);
    for (size_t i = 0; i < n; i++)
        unit[i] = both.sample[i].unit;
    free(both.sample);
    free(survey.picture);
    return both.n_units;
}

static int tell_apart(struct row *r, const struct shift *s, const struct group *other, struct status *st)
{
    const struct group *development = &s->group[0];
    size_t n = development->n + other->n;
    uint32_t *unit = NEW(n, uint32_t), *fold = NEW(n, uint32_t);
    int32_t *second = NEW(n, int32_t);
    double *score = NEW(n, double);
    float *x = NEW(n * s->d, float);
    struct delong d = {0};
    for (size_t i = 0; i < n; i++)
        second[i] = i >= development->n;
    memcpy(x, development->x, development->n * s->d * sizeof *x);
    memcpy(x + development->n * s->d, other->x, other->n * s->d * sizeof *x);
    size_t n_units = number_together(unit, development, other);
    int code = grouped_folds(fold, unit, n, n_units, second, FOLDS, (uint32_t)s->study->seed, st);
    if (code == STATUS_DATA)
        code = STATUS_UNDEFINED;
    if (!code)
        code = two_sample_scores(score, x, second, fold, n, FOLDS, s->d, s->n_threads, st);
    if (!code)
        code = delong_new(&d, second, score, n, st);
    if (!code) {
        static const char *const by_image[AREA_N_METHODS] = {"logit DeLong", "logit Obuchowski", "Newcombe method 5", "Newcombe method 5"};
        static const char *const by_patient[AREA_N_METHODS] = {"logit DeLong", "logit Obuchowski by patient", "Newcombe method 5",
                                                               "Newcombe method 5 by patient"};
        enum area_method method;
        r->limits = area_interval(&method, &d, n_units < n ? unit : NULL, n_units, s->study->level);
        r->value = d.area;
        r->method = n_units < n ? by_patient[method] : by_image[method];
        r->interval = true;
    }
    delong_free(&d);
    free(x);
    free(score);
    free(second);
    free(fold);
    free(unit);
    return code;
}

static int write_two_samples(struct shift *s, struct status *st)
{
    for (size_t g = 1; g < 3; g++) {
        const struct group *other = &s->group[g];
        struct row r = {.cohort = other->name, .measure = "two_sample_auroc", .method = "", .reason = "", .n = s->group[0].n + other->n,
                        .n_units = s->group[0].n_units + other->n_units, .value = NAN, .limits = {NAN, NAN}};
        int code = tell_apart(&r, s, other, st);
        if (code == STATUS_UNDEFINED)
            r.reason = st->text;
        else if (code)
            return code;
        write_row(s, &r);
    }
    return STATUS_OK;
}

/* ---- all ---- */

int shift_rows_write(struct outfile *out, const struct carried *a, const struct origin *o, const struct cell_task *internal,
                     const struct cell_task *external, const struct pipeline *p, const float *x, size_t d, struct status *st)
{
    struct shift s = {.out = out->stream, .a = a, .external = external, .study = &p->study, .d = d, .n_threads = p->options.n_threads};
    const struct partitions *parts = internal->partitions;
    group_begin(&s.group[0], "development", &o->cohort, &o->survey, parts->development, parts->n_development);
    group_begin(&s.group[1], "internal test", &o->cohort, &o->survey, parts->test, parts->n_test);
    group_begin(&s.group[2], "external", external->cohort, &p->survey, external->partitions->test, external->partitions->n_test);
    s.group[2].x = NEW(s.group[2].n * d, float);
    memcpy(s.group[2].x, x, s.group[2].n * d * sizeof *x);
    int code = group_read(&s.group[0], &s, p, st);
    if (!code)
        code = group_read(&s.group[1], &s, p, st);
    if (!code) {
        uint8_t digest[DIGEST_BYTES];
        digest_bytes(digest, s.group[0].x, s.group[0].n * d * sizeof *x);
        if (memcmp(digest, a->probe.embeddings, DIGEST_BYTES) != 0)
            code = status_set(st, STATUS_DATA, "the store's embeddings of the development are not those the probe was made with");
    }
    if (code == STATUS_DATA) {
        char *reason = mem_printf("of the development: %s", st->text);
        write_nothing(&s, reason);
        free(reason);
        code = STATUS_OK;
    } else if (!code) {
        code = write_distances(&s, parts->fold, parts->n_folds, st);
        if (!code)
            code = write_two_samples(&s, st);
    }
    for (size_t g = 0; g < 3; g++)
        group_free(&s.group[g]);
    return code;
}
