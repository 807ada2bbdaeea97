#include "metric/goodness.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "metric/quantile.h"

/* R's quantile(type = 7), its roundings included: a cut that should fall on a value has to. */
static double cut_at(const double *sorted, size_t n, double share)
{
    double index = 1 + (double)(n - 1) * share, low = floor(index), h = index - low;
    double a = sorted[(size_t)low - 1], b = sorted[(size_t)ceil(index) - 1];
    return h > 0 && a != b ? (1 - h) * a + h * b : a;
}

/* cut[groups + 1], ascending without repeats; returns how many. */
static size_t make_cuts(double *cut, size_t groups, const double *prob, size_t n)
{
    size_t m, kept = 0;
    double *sorted = quantile_sort(&m, prob, 1, n), step = 1 / (double)groups;
    for (size_t g = 0; g <= groups && m > 0; g++) {
        double c = g == groups ? sorted[m - 1] : cut_at(sorted, m, fmin(1, (double)g * step));
        if (kept == 0 || c != cut[kept - 1])
            cut[kept++] = c;
    }
    free(sorted);
    return kept;
}

int hosmer_lemeshow(struct hosmer_lemeshow *h, size_t groups, const int32_t *label, const double *prob, size_t n,
                    struct status *st)
{
    *h = (struct hosmer_lemeshow){0, NAN, NAN, NAN};
    double *cut = NEW(groups + 1, double);
    size_t cuts = make_cuts(cut, groups, prob, n);
    h->groups = cuts > 0 ? cuts - 1 : 0;
    int code = STATUS_OK;
    if (h->groups < 3)
        code = status_set(st, STATUS_UNDEFINED, "Hosmer-Lemeshow: %zu groups are fewer than 3", h->groups);
    double chi2 = 0;
    for (size_t g = 0; g < h->groups && !code; g++) {
        double count = 0, observed = 0, expected = 0;
        for (size_t i = 0; i < n; i++)
            if (prob[i] <= cut[g + 1] && (prob[i] > cut[g] || g == 0)) {
                count++;
                observed += label[i] == 1;
                expected += prob[i];
            }
        if (!(expected > 0 && expected < count))
            code = status_set(st, STATUS_UNDEFINED, "Hosmer-Lemeshow: group %zu expects %g of %g events", g + 1, expected, count);
        chi2 += (observed - expected) * (observed - expected) / (expected * (1 - expected / count));
    }
    if (!code) {
        h->chi2 = chi2;
        h->df = (double)(h->groups - 2);
        h->p = gsl_cdf_chisq_Q(chi2, h->df);
    }
    free(cut);
    return code;
}

void spiegelhalter(double *z, double *p, const int32_t *label, const double *prob, size_t n)
{
    double excess = 0, variance = 0;
    for (size_t i = 0; i < n; i++) {
        double lean = 1 - 2 * prob[i];
        excess += ((label[i] == 1) - prob[i]) * lean;
        variance += lean * lean * prob[i] * (1 - prob[i]);
    }
    *z = variance > 0 ? excess / sqrt(variance) : NAN;
    *p = 2 * gsl_cdf_ugaussian_Q(fabs(*z));
}
