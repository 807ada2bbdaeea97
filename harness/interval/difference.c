#include "interval/difference.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "interval/percentile.h"

#define EQUAL 1e-12

int difference_bootstrap(struct difference *d, double estimate, const double *a, size_t stride_a, const double *b,
                         size_t stride_b, size_t n, double level, struct status *st)
{
    *d = (struct difference){.estimate = estimate, .low = NAN, .high = NAN, .se = NAN, .p = NAN};
    if (isnan(estimate))
        return status_set(st, STATUS_UNDEFINED, "difference: one of the two figures is undefined");
    double *value = NEW(n, double);
    for (size_t i = 0; i < n; i++) {
        value[i] = a[i * stride_a] - b[i * stride_b];
        if (isnan(value[i]))
            continue;
        d->replicates++;
        d->at_most_zero += value[i] <= EQUAL;
        d->at_least_zero += value[i] >= -EQUAL;
    }
    int code = interval_percentile(&d->low, &d->high, &d->undefined, value, 1, n, level, st);
    if (!code) {
        size_t least = d->at_most_zero < d->at_least_zero ? d->at_most_zero : d->at_least_zero;
        d->se = interval_standard_error(value, 1, n);
        d->p = fmin(1, 2 * ((double)least + 1) / ((double)d->replicates + 1));
    }
    free(value);
    return code;
}

int heterogeneity_test(struct heterogeneity *h, const double *estimate, const double *se, size_t k, struct status *st)
{
    *h = (struct heterogeneity){0, NAN, NAN, NAN, NAN, NAN};
    double weight = 0, sum = 0, q = 0;
    for (size_t i = 0; i < k; i++)
        if (!isnan(estimate[i]) && se[i] > 0) {
            h->groups++;
            weight += 1 / (se[i] * se[i]);
            sum += estimate[i] / (se[i] * se[i]);
        }
    if (h->groups < 2)
        return status_set(st, STATUS_UNDEFINED, "heterogeneity: %zu of %zu groups have an estimate and its error", h->groups, k);
    h->pooled = sum / weight;
    for (size_t i = 0; i < k; i++)
        if (!isnan(estimate[i]) && se[i] > 0)
            q += pow((estimate[i] - h->pooled) / se[i], 2);
    h->q = q;
    h->df = (double)(h->groups - 1);
    h->p = gsl_cdf_chisq_Q(q, h->df);
    h->i2 = q > h->df ? 1 - h->df / q : 0;
    return STATUS_OK;
}
