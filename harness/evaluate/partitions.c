#include "evaluate/partitions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "split/grouped.h"

/* Bins of a regression target; fewer where patients are few, so that each bin can be in every part. */
static size_t n_bins(const struct cohort *c, const struct study *study)
{
    size_t most = c->n_units / (4 * study->n_folds), in_test = (size_t)(study->test_fraction * (double)c->n_units / 2);
    most = most < in_test ? most : in_test;
    return most < 1 ? 1 : most > 10 ? 10 : most;
}

static int32_t *strata(const struct cohort *c, const struct study *study)
{
    int32_t *stratum = NEW(c->n, int32_t);
    if (c->source->task->kind != KIND_REGRESSION) {
        for (size_t i = 0; i < c->n; i++)
            stratum[i] = c->sample[i].label;
        return stratum;
    }
    double *target = NEW(c->n, double);
    for (size_t i = 0; i < c->n; i++)
        target[i] = c->sample[i].target;
    grouped_strata_of_target(stratum, target, c->n, n_bins(c, study));
    free(target);
    return stratum;
}

/* The splitters number the classes; the user knows them by name. */
static int explain(const struct task *task, struct status *st)
{
    size_t used = strlen(st->text);
    for (unsigned k = 0; k < task->n_classes && used < sizeof st->text; k++)
        used += (size_t)snprintf(st->text + used, sizeof st->text - used, "%s%u is '%s'", k ? ", " : " (class ", k, task->classes[k].name);
    if (task->n_classes && used < sizeof st->text)
        (void)snprintf(st->text + used, sizeof st->text - used, ")");
    return status_context(st, "task '%s'", task->name);
}

int partitions_make(struct partitions *p, const struct cohort *c, const struct study *study, struct status *st)
{
    *p = (struct partitions){.n_folds = study->n_folds};
    int code = STATUS_OK;
    int32_t *stratum = strata(c, study), *part_stratum = NEW(c->n, int32_t);
    uint32_t *unit = NEW(c->n, uint32_t);
    uint8_t *is_test = NEW0(c->n, uint8_t);
    if (study->protocol == PROTOCOL_GIVEN) {
        for (size_t i = 0; i < c->n; i++)
            is_test[i] = c->sample[i].partition == PARTITION_TEST;
    } else {
        for (size_t i = 0; i < c->n; i++)
            unit[i] = c->sample[i].unit;
        code = grouped_test_split(is_test, unit, c->n, c->n_units, stratum, study->test_fraction, (uint32_t)study->seed, st);
    }
    p->development = NEW(c->n, size_t);
    p->test = NEW(c->n, size_t);
    p->fold = NEW(c->n, uint32_t);
    for (size_t i = 0; i < c->n; i++) {
        if (is_test[i]) {
            p->test[p->n_test++] = i;
            continue;
        }
        unit[p->n_development] = c->sample[i].unit;
        part_stratum[p->n_development] = stratum[i];
        p->development[p->n_development++] = i;
    }
    if (!code && !p->n_test) /* given partitions, all of whose test images were left out */
        code = status_set(st, STATUS_DATA, "no image is left to test on");
    if (!code)
        code = grouped_folds(p->fold, unit, p->n_development, c->n_units, part_stratum, study->n_folds, (uint32_t)study->seed, st);
    free(stratum);
    free(part_stratum);
    free(unit);
    free(is_test);
    if (code) {
        partitions_free(p);
        return explain(c->source->task, st);
    }
    return STATUS_OK;
}

void partitions_free(struct partitions *p)
{
    free(p->development);
    free(p->test);
    free(p->fold);
    *p = (struct partitions){0};
}
