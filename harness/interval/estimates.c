#include "interval/estimates.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "interval/area_interval.h"
#include "interval/bca.h"
#include "interval/calibration_interval.h"
#include "interval/percentile.h"
#include "metric/icc.h"
#include "metric/kappa.h"
#include "metric/regression.h"

#define EQUAL 1e-12            /* replicates that differ by less are the same value summed in another order */
#define KAPPA_SAMPLES 100      /* the asymptotic error is for more */
#define UNDEFINED_SHARE 0.01   /* of the replicates: more is worth a word */

struct work {
    const struct estimates_request *r;
    struct panel *panel;
    struct panel_scratch *scratch;
    size_t n_metrics;
    double *value;               /* [n_metrics] */
    const char **reason;
    double *replicate;           /* [replicates, n_metrics] */
    double *leave_out;           /* [n_units, n_metrics]; NULL unless BCa is asked for */
    bool independent;
};

static bool units_are_single(const struct bootstrap_plan *plan)
{
    bool *held = NEW0(plan->n_units, bool), single = true;
    for (size_t i = 0; i < plan->n; i++) {
        single &= !held[plan->unit[i]];
        held[plan->unit[i]] = true;
    }
    free(held);
    return single;
}

/* Of an analytic interval: " by patient" where units hold several samples, or " by image" where patients were cut up. */
static const char *unit_suffix(const struct work *w)
{
    if (w->independent)
        return w->r->patients_cut ? " by image" : "";
    return w->r->by_patient ? " by patient" : " by image";
}

/* ---- the bootstrap ---- */

static char *bootstrap_name(const struct work *w, enum bootstrap_method method)
{
    static const char *const name[] = {[BOOTSTRAP_PERCENTILE] = "percentile", [BOOTSTRAP_BCA] = "BCa", [BOOTSTRAP_BASIC] = "basic"};
    return mem_printf("%s bootstrap by %s%s", name[method], w->r->by_patient ? "patient" : "image", w->r->plan.stratum ? " stratified by class" : "");
}

static bool replicates_vary(const struct work *w, size_t m)
{
    double first = NAN;
    for (size_t b = 0; b < w->r->plan.replicates; b++) {
        double v = w->replicate[b * w->n_metrics + m];
        if (isnan(first))
            first = v;
        else if (fabs(v - first) > EQUAL * fmax(1, fabs(first)))
            return true;
    }
    return false;
}

static void count_replicates(struct estimate *f, const struct work *w, size_t m)
{
    f->replicates = w->r->plan.replicates;
    f->undefined = 0;
    for (size_t b = 0; b < f->replicates; b++)
        f->undefined += isnan(w->replicate[b * w->n_metrics + m]) != 0;
}

static void add_reason(struct estimate *f, char *text)
{
    char *longer = *f->reason ? mem_printf("%s; %s", f->reason, text) : mem_strdup(text);
    free(f->reason);
    free(text);
    f->reason = longer;
}

static void by_bootstrap(struct estimate *f, const struct work *w, size_t m)
{
    const struct bootstrap_plan *plan = &w->r->plan;
    const double *value = w->replicate + m;
    enum bootstrap_method method = w->r->bootstrap;
    struct status st = {0};
    int code = STATUS_UNDEFINED;
    count_replicates(f, w, m);
    if (f->replicates - f->undefined >= 2 && !replicates_vary(w, m)) {
        f->method = bootstrap_name(w, method);
        add_reason(f, mem_strdup("every replicate gives the same value, so there is no interval"));
        return;
    }
    if (method == BOOTSTRAP_BCA) {
        code = interval_bca(&f->low, &f->high, &f->undefined, NULL, f->value, value, w->n_metrics, plan->replicates, w->leave_out + m, plan->stratum,
                            plan->n_units, plan->n_strata, w->r->level, &st);
        if (code && f->replicates - f->undefined >= 2) {
            method = BOOTSTRAP_PERCENTILE;
            add_reason(f, mem_printf("%s: percentile limits instead", st.text));
        }
    }
    if (method == BOOTSTRAP_BASIC)
        code = interval_basic(&f->low, &f->high, &f->undefined, f->value, value, w->n_metrics, plan->replicates, w->r->level, &st);
    else if (method == BOOTSTRAP_PERCENTILE)
        code = interval_percentile(&f->low, &f->high, &f->undefined, value, w->n_metrics, plan->replicates, w->r->level, &st);
    f->method = bootstrap_name(w, method);
    if (code)
        add_reason(f, mem_strdup(st.text));
    else if ((double)f->undefined > UNDEFINED_SHARE * (double)f->replicates)
        add_reason(f, mem_printf("undefined in %zu of %zu replicates, which are left out", f->undefined, f->replicates));
    if (!code && (f->value < f->low || f->value > f->high)) /* an ECE, a best point: larger in a resample than in the sample */
        add_reason(f, mem_strdup("the figure is biased in resamples, so that its interval does not hold the value"));
}

/* ---- analytic intervals; false: the bootstrap's ---- */

static bool by_area(struct estimate *f, const struct work *w, const struct panel_metric *m)
{
    const struct estimates_request *r = w->r;
    static const char *const name[AREA_N_METHODS] = {"logit DeLong", "logit Obuchowski", "Newcombe method 5", "Newcombe method 5"};
    int32_t *hit = NEW(r->panel.n, int32_t);
    double *score = NEW(r->panel.n, double);
    struct delong d;
    struct status st;
    panel_area_of(hit, score, &r->panel, m);
    bool fine = delong_new(&d, hit, score, r->panel.n, &st) == STATUS_OK;
    if (fine) {
        enum area_method method;
        struct limits l = area_interval(&method, &d, r->plan.unit, r->plan.n_units, r->level);
        f->low = l.low;
        f->high = l.high;
        f->method = mem_printf("%s%s", name[method], unit_suffix(w));
    }
    delong_free(&d);
    free(score);
    free(hit);
    return fine;
}

static struct limits share_limits(const struct work *w, uint64_t k, uint64_t n)
{
    return w->r->proportion == PROPORTION_CLOPPER_PEARSON ? proportion_clopper_pearson(k, n, w->r->level) : proportion_wilson(k, n, w->r->level);
}

static const char *share_name(const struct work *w)
{
    return w->r->proportion == PROPORTION_CLOPPER_PEARSON ? "Clopper-Pearson" : "Wilson";
}

/* Units that hold a sample of the share's denominator. */
static uint64_t units_in_share(const struct work *w, const struct panel_metric *m)
{
    const struct bootstrap_plan *plan = &w->r->plan;
    bool *held = NEW0(plan->n_units, bool);
    uint64_t n = 0;
    for (size_t i = 0; i < plan->n; i++) {
        bool *own = &held[plan->unit[i]];
        if (!*own && panel_in_share(&w->r->panel, m, i)) {
            *own = true;
            n++;
        }
    }
    free(held);
    return n;
}

static bool by_share(struct estimate *f, const struct work *w, size_t i)
{
    const struct panel_metric *m = panel_metric(w->panel, i);
    uint64_t k, n;
    panel_share(&k, &n, w->panel, w->scratch, m);
    if (!w->independent) {
        if ((k > 0 && k < n) || replicates_vary(w, i))
            return false;
        uint64_t units = units_in_share(w, m);
        k = k ? units : 0;
        n = units;
    }
    struct limits l = share_limits(w, k, n);
    f->low = l.low;
    f->high = l.high;
    f->method = mem_printf("%s%s", share_name(w), unit_suffix(w));
    return true;
}

static bool by_kappa(struct estimate *f, const struct work *w, const struct panel_metric *m)
{
    size_t k = w->r->panel.n_classes;
    const uint64_t *count = panel_counts(w->scratch, m);
    if (!w->independent || confusion_total(count, k) <= KAPPA_SAMPLES)
        return false;
    for (size_t c = 0; c < k; c++)
        if (!confusion_support(count, k, c) || !confusion_predicted(count, k, c))
            return false;
    struct kappa kappa = kappa_estimate(count, k, m->figure == FIGURE_KAPPA_LINEAR ? KAPPA_LINEAR : m->figure == FIGURE_KAPPA_QUADRATIC ? KAPPA_QUADRATIC : KAPPA_PLAIN,
                                        w->r->level);
    if (!(kappa.se > 0))
        return false;
    f->low = fmax(-1, kappa.low);
    f->high = fmin(1, kappa.high);
    f->method = mem_printf("asymptotic (Fleiss, Cohen & Everitt)%s", unit_suffix(w));
    return true;
}

static bool by_icc(struct estimate *f, const struct work *w)
{
    const struct panel_input *in = &w->r->panel;
    struct icc form[ICC_N_FORMS];
    struct status st;
    if (!w->independent)
        return false;
    double *rating = NEW(2 * in->n, double);
    for (size_t i = 0; i < in->n; i++) {
        rating[2 * i] = in->target[i];
        rating[2 * i + 1] = in->score[i];
    }
    int code = icc_estimate(form, rating, in->n, 2, w->r->level, &st);
    free(rating);
    if (code || isnan(form[ICC_TWO].low) || isnan(form[ICC_TWO].high))
        return false;
    f->low = form[ICC_TWO].low;
    f->high = form[ICC_TWO].high;
    f->method = mem_printf("F (McGraw & Wong)%s", unit_suffix(w));
    return true;
}

static bool by_student(struct estimate *f, const struct work *w, const struct panel_metric *m)
{
    const struct panel_input *in = &w->r->panel;
    if (!w->independent || in->n < 2)
        return false;
    struct bland_altman b = regression_bland_altman(in->target, in->score, in->n, w->r->level);
    const double *ends = m->figure == FIGURE_BIAS ? b.bias_ci : m->figure == FIGURE_LIMIT_LOW ? b.low_ci : b.high_ci;
    if (!(b.sd > 0))
        return false;
    f->low = ends[0];
    f->high = ends[1];
    f->method = mem_printf("Student t (Bland & Altman)%s", unit_suffix(w));
    return true;
}

static bool by_formula(struct estimate *f, const struct work *w, size_t i)
{
    const struct panel_metric *m = panel_metric(w->panel, i);
    switch (m->figure) {
    case FIGURE_AUROC:
    case FIGURE_AUROC_CLASS:
    case FIGURE_AUROC_AT_LEAST: return by_area(f, w, m);
    case FIGURE_ACCURACY:
    case FIGURE_SENSITIVITY:
    case FIGURE_SPECIFICITY:
    case FIGURE_PPV:
    case FIGURE_NPV:
    case FIGURE_WITHIN_ONE:
    case FIGURE_SHARE_WITHIN: return by_share(f, w, i);
    case FIGURE_KAPPA:
    case FIGURE_KAPPA_LINEAR:
    case FIGURE_KAPPA_QUADRATIC: return by_kappa(f, w, m);
    case FIGURE_ICC: return by_icc(f, w);
    case FIGURE_BIAS:
    case FIGURE_LIMIT_LOW:
    case FIGURE_LIMIT_HIGH: return by_student(f, w, m);
    default: return false;
    }
}

/* ---- calibration ---- */

static void add_calibration(struct estimate *f, const struct work *w)
{
    static const char *const name[N_CALIBRATION_FIGURES] = {
        [CALIBRATION_SLOPE] = "calibration_slope", [CALIBRATION_INTERCEPT] = "calibration_intercept",
        [CALIBRATION_IN_THE_LARGE] = "calibration_in_the_large"};
    const struct estimates_request *r = w->r;
    struct calibration_limits c[N_CALIBRATION_FIGURES];
    calibration_limits(c, r->panel.label, r->panel.score, w->independent ? NULL : r->plan.unit, r->panel.n, r->plan.n_units, r->level);
    for (size_t i = 0; i < N_CALIBRATION_FIGURES; i++) {
        bool defined = !isnan(c[i].value);
        f[i] = (struct estimate){.metric = mem_strdup(name[i]), .value = c[i].value, .low = c[i].limits.low, .high = c[i].limits.high,
                               .method = defined ? mem_printf("logistic regression, %s%s", w->independent ? "information" : "sandwich", unit_suffix(w))
                                                 : mem_strdup(""),
                               .reason = mem_strdup(defined ? "" : c[i].why.text)};
        if (defined && isnan(f[i].low))
            add_reason(&f[i], mem_strdup("a single patient has no error"));
    }
}

/* ---- all of them ---- */

static int resample(struct work *w, struct status *st)
{
    const struct estimates_request *r = w->r;
    w->replicate = NEW(r->plan.replicates * w->n_metrics, double);
    int code = bootstrap_panel(w->replicate, &r->plan, w->panel, r->n_threads, st);
    if (code || r->bootstrap != BOOTSTRAP_BCA)
        return code;
    w->leave_out = NEW(r->plan.n_units * w->n_metrics, double);
    return bootstrap_jackknife(w->leave_out, &r->plan, w->panel, r->n_threads, st);
}

static struct estimate judge(const struct work *w, size_t i)
{
    struct estimate f = {.metric = mem_strdup(panel_metric_name(w->panel, i)), .value = w->value[i], .low = NAN, .high = NAN,
                       .reason = mem_strdup(w->reason[i] ? w->reason[i] : "")};
    if (!isnan(f.value) && !by_formula(&f, w, i))
        by_bootstrap(&f, w, i);
    if (!f.method)
        f.method = mem_strdup("");
    return f;
}

int estimates_compute(struct estimates *f, const struct estimates_request *r, struct status *st)
{
    struct work w = {.r = r};
    *f = (struct estimates){0};
    assert(r->panel.n == r->plan.n);
    int code = panel_new(&w.panel, &r->panel, st);
    if (code)
        return code;
    w.n_metrics = panel_n_metrics(w.panel);
    w.scratch = panel_scratch_new(w.panel);
    w.value = NEW(w.n_metrics, double);
    w.reason = NEW(w.n_metrics, const char *);
    code = resample(&w, st);
    if (!code) {
        bool calibration = r->panel.kind == KIND_BINARY && r->panel.full && panel_has_probabilities(w.panel);
        w.independent = units_are_single(&r->plan);
        panel_compute(w.panel, w.scratch, NULL, w.value, w.reason);
        f->item = NEW(w.n_metrics + N_CALIBRATION_FIGURES, struct estimate);
        for (size_t i = 0; i < w.n_metrics; i++)
            f->item[f->n++] = judge(&w, i);
        if (calibration) {
            add_calibration(f->item + f->n, &w);
            f->n += N_CALIBRATION_FIGURES;
        }
    }
    free(w.leave_out);
    free(w.replicate);
    free(w.reason);
    free(w.value);
    panel_scratch_free(w.scratch);
    panel_free(w.panel);
    return code;
}

void estimates_free(struct estimates *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->item[i].metric);
        free(f->item[i].method);
        free(f->item[i].reason);
    }
    free(f->item);
    *f = (struct estimates){0};
}

const struct estimate *estimates_find(const struct estimates *f, const char *metric)
{
    for (size_t i = 0; i < f->n; i++)
        if (!strcmp(f->item[i].metric, metric))
            return &f->item[i];
    return NULL;
}
