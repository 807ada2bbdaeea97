#include "cohort/published.h"

#include <stdlib.h>

#include "base/memory.h"

static void compare(struct cohort *c, const char *what, const char *name, size_t ours, size_t theirs)
{
    if (ours != theirs)
        findings_add(&c->findings, FINDING_WARNING, "published_count", "", 0, "%zu %s%s, published are %zu (%s)", ours, what, name, theirs,
                     c->source->task->counts->source);
}

void published_compare(struct cohort *c)
{
    const struct task *t = c->source->task;
    if (!t->counts || c->source->part || c->source->n_sites) /* a part of the cohort is no such count */
        return;
    if (t->counts->images)
        compare(c, "images", "", c->n, t->counts->images);
    if (t->counts->patients)
        compare(c, "patients", c->has_patients ? "" : " (none named)", c->n_units, t->counts->patients);
    size_t *n = NEW0(t->n_classes, size_t);
    for (size_t i = 0; i < c->n && t->n_classes; i++)
        n[c->sample[i].label]++;
    for (unsigned k = 0; k < t->counts->n_classes; k++)
        compare(c, "images of class ", t->classes[k].name, n[k], t->class_images[k]);
    free(n);
}
