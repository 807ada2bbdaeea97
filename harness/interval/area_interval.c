#include "interval/area_interval.h"

#include <math.h>
#include <stdbool.h>

#include "interval/clustered.h"
#include "interval/newcombe.h"

#define FEW 30
#define HIGH 0.95

struct limits area_interval(enum area_method *method, const struct delong *d, const uint32_t *unit, size_t n_units,
                            double level)
{
    struct clusters c = {d->n_positive, d->n_negative, d->n};
    bool clustered = false;
    if (unit) {
        struct clusters by_unit = clusters_count(d, unit, n_units);
        clustered = by_unit.n < d->n;
        if (clustered)
            c = by_unit;
    }
    double variance = clustered ? clustered_variance(d, unit, n_units) : delong_variance(d);
    struct limits logit = area_logit(d->area, variance, level);
    size_t rarer = c.with_positive < c.with_negative ? c.with_positive : c.with_negative;
    if (rarer >= FEW && fabs(d->area - 0.5) <= HIGH - 0.5 && variance > 0) {
        *method = clustered ? AREA_LOGIT_OBUCHOWSKI : AREA_LOGIT_DELONG;
        return logit;
    }
    *method = clustered ? AREA_METHOD5_UNITS : AREA_METHOD5;
    return newcombe_method5(d->area, (double)c.with_positive, (double)c.with_negative, level);
}
