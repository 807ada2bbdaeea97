#include "evaluate/split_audit.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void audit_folds(struct cohort *c, const struct partitions *p, const char *protocol)
{
    const struct task *t = c->source->task;
    size_t *count = NEW0(p->n_folds * (t->n_classes + 1), size_t);
    for (size_t i = 0; i < p->n_development; i++)
        count[p->fold[i] * t->n_classes + (size_t)c->sample[p->development[i]].label]++;
    for (size_t k = 0; k < t->n_classes; k++)
        for (size_t f = 0; f < p->n_folds; f++)
            if (!count[f * t->n_classes + k])
                findings_add(&c->findings, FINDING_WARNING, "fold_class", "", 0, "class '%s' has no image in validation fold %zu of protocol %s",
                             t->classes[k].name, f + 1, protocol);
    free(count);
}

static void audit_units(struct cohort *c, const struct partitions *p, const char *protocol)
{
    uint8_t *side = NEW0(c->n_units, uint8_t);
    size_t both = 0, in_test = 0;
    for (size_t i = 0; i < p->n_development; i++)
        side[c->sample[p->development[i]].unit] |= 1;
    for (size_t i = 0; i < p->n_test; i++)
        side[c->sample[p->test[i]].unit] |= 2;
    for (size_t u = 0; u < c->n_units; u++) {
        both += side[u] == 3;
        in_test += side[u] >= 2;
    }
    if (both)
        findings_add(&c->findings, FINDING_WARNING, "leak_patient", "", 0,
                     "%zu of the %zu patients or units in test are in development too: protocol %s splits by image", both, in_test, protocol);
    free(side);
}

void split_audit(struct cohort *c, const struct partitions *p, const char *protocol)
{
    if (c->source->task->kind != KIND_REGRESSION)
        audit_folds(c, p, protocol);
    if (strcmp(protocol, "given") != 0)
        audit_units(c, p, protocol);
}
