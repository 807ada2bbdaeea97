#include "evaluate/shortcut.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "embed/baseline.h"
#include "metric/auroc.h"
#include "metric/regression.h"
#include "probe/select.h"

static void features(float out[ACQUISITION_WIDTH], const struct picture *p)
{
    const struct signature *s = &p->signature;
    baseline_acquisition_of(out, p->info.width, p->info.height, p->info.channels, p->info.bits, s->mean, s->sd, p->bytes);
}

/* Standard error of the macro AUROC if the scores knew nothing, from above: as if the classes' areas moved together. */
static double null_error(const int32_t *label, size_t n, size_t n_classes)
{
    double sum = 0, defined = 0;
    for (size_t k = n_classes == 2 ? 1 : 0; k < n_classes; k++) {
        double positive = 0;
        for (size_t i = 0; i < n; i++)
            positive += label[i] == (int32_t)k;
        double negative = (double)n - positive;
        if (positive > 0 && negative > 0) {
            sum += sqrt(((double)n + 1) / (12 * positive * negative));
            defined++;
        }
    }
    return defined > 0 ? sum / defined : INFINITY;
}

static void judge_classes(struct cohort *c, const int32_t *label, const double *score, size_t n, size_t n_out)
{
    size_t n_classes = c->source->task->n_classes, n_defined;
    double area;
    struct status why;
    int code = n_out == 1 ? auroc_binary(&area, label, score, n, &why) : auroc_macro_ovr_defined(&area, &n_defined, label, score, n, n_classes, &why);
    if (code) {
        findings_add(&c->findings, FINDING_INFO, "shortcut", "", 0, "acquisition features alone: no AUROC: %s", why.text);
        return;
    }
    bool tells = area >= SHORTCUT_AUROC && area - 0.5 > 3 * null_error(label, n, n_classes);
    findings_add(&c->findings, tells ? FINDING_WARNING : FINDING_INFO, "shortcut", "", 0,
                 "acquisition features alone (size, bit depth, brightness, file size) predict the label with %sAUROC %.3f out of fold (n %zu)",
                 n_out == 1 ? "" : "macro ", area, n);
}

static void judge_regression(struct cohort *c, const double *target, const double *score, size_t n)
{
    double r2 = regression_r2(target, score, NULL, n);
    findings_add(&c->findings, r2 >= SHORTCUT_R2 ? FINDING_WARNING : FINDING_INFO, "shortcut", "", 0,
                 "acquisition features alone (size, bit depth, brightness, file size) predict the target with R2 %.3f out of fold (n %zu)", r2, n);
}

int shortcut_audit(struct cohort *c, const struct partitions *p, const struct survey *survey, int n_threads, struct status *st)
{
    const struct task *task = c->source->task;
    bool regression = task->kind == KIND_REGRESSION;
    size_t n = p->n_development, m = 0;
    float *x = NEW(n * ACQUISITION_WIDTH, float);
    int32_t *label = NEW(n, int32_t);
    double *target = NEW(n, double);
    bool decoded = true;
    for (size_t i = 0; i < n; i++) {
        const struct sample *s = &c->sample[p->development[i]];
        features(x + i * ACQUISITION_WIDTH, &survey->picture[s->picture]);
        decoded &= survey->picture[s->picture].decoded;
        label[i] = s->label;
        target[i] = s->target;
    }
    static const double one[] = {1};
    struct probe_result r = {0};
    struct probe_task problem = {.kind = (enum task_kind)task->kind, .x = x, .n = n, .d = ACQUISITION_WIDTH, .label = regression ? NULL : label,
                                 .target = regression ? target : NULL, .n_classes = task->n_classes, .fold = p->fold, .n_folds = p->n_folds,
                                 .x_test = x, .n_test = 1}; /* the probe wants a row to test on; what it says of it is not used */
    int code = decoded && n ? probe_select_linear(&r, &problem, one, 1, n_threads, st) : STATUS_OK;
    if (code == STATUS_UNDEFINED) {
        findings_add(&c->findings, FINDING_INFO, "shortcut", "", 0, "acquisition features alone: %s", st->text);
        code = STATUS_OK;
    } else if (!code && r.n_out) {
        for (size_t i = 0; i < n; i++) { /* rows of folds that were left out have none */
            if (isnan(r.validation[i * r.n_out]))
                continue;
            for (size_t k = 0; k < r.n_out; k++)
                r.validation[m * r.n_out + k] = r.validation[i * r.n_out + k];
            label[m] = label[i];
            target[m++] = target[i];
        }
        if (regression)
            judge_regression(c, target, r.validation, m);
        else
            judge_classes(c, label, r.validation, m, r.n_out);
    }
    probe_result_free(&r);
    free(x);
    free(label);
    free(target);
    return code;
}
