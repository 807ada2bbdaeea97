#include "cohort/polarity.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *value, size_t n)
{
    qsort(value, n, sizeof *value, by_value);
    return (value[(n - 1) / 2] + value[n / 2]) / 2;
}

void polarity_audit(struct cohort *c, const struct survey *survey)
{
    double *value = NEW(c->n, double);
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct picture *p = &survey->picture[c->sample[i].picture];
        if (p->decoded)
            value[n++] = p->signature.contrast;
    }
    if (n >= POLARITY_LEAST) {
        double middle = median(value, n);
        for (size_t i = 0; i < n; i++)
            value[i] = fabs(value[i] - middle);
        double spread = 1.4826 * median(value, n);
        for (size_t i = 0; i < c->n; i++) {
            const struct sample *s = &c->sample[i];
            const struct picture *p = &survey->picture[s->picture];
            double contrast = p->signature.contrast;
            if (p->decoded && contrast < 0 && contrast - middle < -POLARITY_LIMIT * spread)
                findings_add(&c->findings, FINDING_WARNING, "inverted", s->id, s->line,
                             "grey scale probably inverted: middle less edges is %.3f of the range, the cohort's median %.3f", contrast, middle);
        }
    }
    free(value);
}
