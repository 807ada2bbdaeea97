#include "region/region_score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "metric/curve.h"
#include "region/region_embed.h"

void region_peaks(struct region_peak *peak, const double *p, size_t first, size_t n)
{
    for (size_t k = 0; k < N_REGION_SCORES; k++) {
        peak[k] = (struct region_peak){NAN, first};
        for (size_t i = first; i < first + n; i++) {
            const double *own = p + i * GROUPS_LABELS;
            double value = k < GROUPS_LABELS ? own[k] : own[LABEL_MALIGNANT] + own[LABEL_INTERMEDIATE] + own[LABEL_BENIGN];
            if (value > peak[k].value || (isnan(peak[k].value) && !isnan(value)))
                peak[k] = (struct region_peak){value, i};
        }
    }
}

enum region_decision region_decide(const struct region_peak *peak, double threshold_tumour, double threshold_malignant)
{
    if (isnan(peak[SCORE_TUMOUR].value) || isnan(threshold_tumour) || isnan(threshold_malignant))
        return NOT_DECIDED;
    if (!(peak[SCORE_TUMOUR].value > threshold_tumour))
        return DECIDED_NORMAL;
    return peak[LABEL_MALIGNANT].value >= threshold_malignant ? DECIDED_MALIGNANT : DECIDED_BENIGN;
}

int region_wants_probe(bool *probe, const struct study *study, const struct featurizer *f, struct status *st)
{
    enum study_region_head head = study->regions->head;
    size_t n_labels = f->encoder ? encoder_info(f->encoder)->n_labels : 0;
    *probe = head == REGION_HEAD_PROBE || (head == REGION_HEAD_AUTO && n_labels != GROUPS_LABELS);
    if (head == REGION_HEAD_CHECKPOINT && n_labels != GROUPS_LABELS)
        return status_set(st, STATUS_DATA, "model '%s' has a classifier of %zu outputs; the region-guided one has %d (`head: probe` fits one)", f->model->name,
                          n_labels, GROUPS_LABELS);
    return STATUS_OK;
}

/* ---- by the checkpoint's own classifier ---- */

static int by_checkpoint(struct region_scores *r, const struct region_set *s, const struct featurizer *f, const struct store *store, const struct survey *survey,
                         enum region_intensity intensity, struct status *st)
{
    float *vector = NEW(f->width, float), p[GROUPS_LABELS];
    int code = STATUS_OK;
    for (size_t i = 0; i < s->n_regions && !code; i++) {
        code = region_read(vector, store, f, s, survey, i, intensity, st);
        if (!code)
            code = encoder_classify_groups(f->encoder, vector, p, st);
        for (size_t k = 0; k < GROUPS_LABELS && !code; k++)
            r->p[i * GROUPS_LABELS + k] = (double)p[k];
    }
    free(vector);
    return code;
}

/* ---- by a probe ---- */

static int by_probe(struct region_scores *r, const struct region_set *s, const struct region_split *split, const struct featurizer *f, const struct store *store,
                    const struct survey *survey, enum region_intensity intensity, int n_threads, struct status *st)
{
    const char *readout = f->model->readout[0];
    size_t d, n = 0, n_test = 0, heads[N_GROUP_HEADS];
    int code = featurizer_readout_width(&d, f, readout, st);
    if (code)
        return code;
    float *vector = NEW(f->width, float), *x = NEW(s->n_regions * d, float), *x_test = NEW(s->n_regions * d, float);
    int32_t *label = NEW(s->n_regions * N_GROUP_HEADS, int32_t);
    uint32_t *fold = NEW(s->n_regions, uint32_t);
    for (size_t i = 0; i < s->n_regions && !code; i++) {
        const struct region *region = &s->region[i];
        code = region_read(vector, store, f, s, survey, i, intensity, st);
        if (code)
            break;
        if (split->is_test[region->image]) {
            featurizer_read(x_test + n_test++ * d, f, readout, vector);
            continue;
        }
        for (size_t h = 0; h < N_GROUP_HEADS; h++)
            label[n * N_GROUP_HEADS + h] = region->trainable ? s->image[region->image].label[h] : MULTIHEAD_UNKNOWN;
        fold[n] = split->fold[region->image];
        featurizer_read(x + n++ * d, f, readout, vector);
    }
    for (size_t h = 0; h < N_GROUP_HEADS; h++)
        heads[h] = GROUP_HEADS[h].n;
    struct multihead m = {0};
    const struct multihead_task t = {.x = x, .n = n, .d = d, .width = heads, .n_heads = N_GROUP_HEADS, .label = label, .fold = fold, .n_folds = split->n_folds,
                                     .x_test = x_test, .n_test = n_test};
    if (!code)
        code = multihead_fit(&m, &t, NULL, 0, n_threads, st);
    for (size_t i = 0, dev = 0, test = 0; i < s->n_regions && !code; i++) {
        const double *from = split->is_test[s->region[i].image] ? m.test + test++ * GROUPS_LABELS : m.validation + dev++ * GROUPS_LABELS;
        memcpy(r->p + i * GROUPS_LABELS, from, GROUPS_LABELS * sizeof *from);
    }
    if (!code)
        memcpy(r->head, m.head, sizeof r->head);
    multihead_free(&m);
    free(vector);
    free(x);
    free(x_test);
    free(label);
    free(fold);
    return code;
}

/* ---- thresholds ---- */

/* Youden's on the development images that know the head; `from` tells positives: 1, negatives: 0, others: -1. */
static int choose(double *threshold, const struct region_scores *r, const struct region_set *s, const struct region_split *split, size_t score,
                  int32_t (*from)(int32_t tumour), struct status *st)
{
    double *value = NEW(s->n + 1, double);
    int32_t *label = NEW(s->n + 1, int32_t);
    size_t n = 0;
    struct curve c;
    for (size_t i = 0; i < s->n; i++) {
        int32_t tumour = s->image[i].label[HEAD_TUMOUR], is = tumour == LABEL_UNKNOWN ? -1 : from(tumour);
        if (split->is_test[i] || is < 0 || isnan(r->peak[i * N_REGION_SCORES + score].value))
            continue;
        label[n] = is;
        value[n++] = r->peak[i * N_REGION_SCORES + score].value;
    }
    int code = curve_new(&c, label, value, NULL, n, st);
    if (!code) {
        *threshold = curve_youden(&c).threshold;
        if (score == SCORE_TUMOUR) { /* here positive means above: halfway to the next score below */
            double below = -INFINITY;
            for (size_t i = 0; i < n; i++)
                below = value[i] < *threshold && value[i] > below ? value[i] : below;
            *threshold = isinf(*threshold) ? 1 : isinf(below) ? nextafter(*threshold, -INFINITY) : below + (*threshold - below) / 2;
        }
        curve_free(&c);
    }
    free(value);
    free(label);
    return code;
}

static int32_t is_tumour(int32_t label)
{
    return label != LABEL_NO_TUMOUR - 1;
}

/* Among tumours. */
static int32_t is_malignant(int32_t label)
{
    return label == LABEL_NO_TUMOUR - 1 ? -1 : label == LABEL_MALIGNANT - 1;
}

static int choose_thresholds(struct region_scores *r, const struct region_set *s, const struct region_split *split, const struct study_regions *rules,
                             struct status *st)
{
    int code = STATUS_OK;
    r->threshold_tumour = rules->threshold_tumour;
    r->threshold_malignant = rules->threshold_malignant;
    r->no_threshold.code = STATUS_OK;
    if (isnan(r->threshold_tumour))
        code = choose(&r->threshold_tumour, r, s, split, SCORE_TUMOUR, is_tumour, st);
    if (!code && isnan(r->threshold_malignant))
        code = choose(&r->threshold_malignant, r, s, split, LABEL_MALIGNANT, is_malignant, st);
    if (code != STATUS_UNDEFINED)
        return code;
    (void)status_set(&r->no_threshold, STATUS_UNDEFINED, "no threshold on validation: %s", st->text);
    return STATUS_OK;
}

int region_score(struct region_scores *r, const struct region_set *s, const struct region_split *split, const struct study *study, const struct featurizer *f,
                 const struct store *store, const struct survey *survey, int n_threads, struct status *st)
{
    enum region_intensity intensity = study->regions->stored ? INTENSITY_STORED : INTENSITY_MINMAX;
    *r = (struct region_scores){.p = NEW(s->n_regions * GROUPS_LABELS + 1, double), .peak = NEW(s->n * N_REGION_SCORES + 1, struct region_peak),
                                .whole = NEW(s->n * N_REGION_SCORES + 1, struct region_peak), .decision = NEW(s->n + 1, int32_t)};
    int code = region_wants_probe(&r->probe, study, f, st);
    if (!code)
        code = r->probe ? by_probe(r, s, split, f, store, survey, intensity, n_threads, st) : by_checkpoint(r, s, f, store, survey, intensity, st);
    for (size_t i = 0; i < s->n && !code; i++) {
        region_peaks(r->peak + i * N_REGION_SCORES, r->p, s->image[i].first_region, s->image[i].n_regions);
        region_peaks(r->whole + i * N_REGION_SCORES, r->p, s->image[i].first_region + s->image[i].n_regions - 1, 1);
    }
    if (!code)
        code = choose_thresholds(r, s, split, study->regions, st);
    for (size_t i = 0; i < s->n && !code; i++)
        r->decision[i] = region_decide(r->peak + i * N_REGION_SCORES, r->threshold_tumour, r->threshold_malignant);
    if (code)
        region_scores_free(r);
    return code;
}

void region_scores_free(struct region_scores *r)
{
    free(r->p);
    free(r->peak);
    free(r->whole);
    free(r->decision);
    *r = (struct region_scores){.p = NULL};
}
