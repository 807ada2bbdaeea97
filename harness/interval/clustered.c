#include "interval/clustered.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

struct sums {
    int64_t positive, negative; /* of the deviations; whole numbers */
    uint32_t n_positive, n_negative;
};

/* b NULL: of a alone, else of the difference. */
static struct sums *sum_up(const struct delong *a, const struct delong *b, const uint32_t *unit, size_t n_units)
{
    struct sums *s = NEW0(n_units, struct sums);
    for (size_t i = 0; i < a->n; i++) {
        assert(unit[i] < n_units);
        int64_t d = a->deviation[i] - (b ? b->deviation[i] : 0);
        struct sums *own = &s[unit[i]];
        if (a->positive[i]) {
            own->positive += d;
            own->n_positive++;
        } else {
            own->negative += d;
            own->n_negative++;
        }
    }
    return s;
}

static struct clusters count(const struct sums *s, size_t n_units)
{
    struct clusters c = {0, 0, 0};
    for (size_t u = 0; u < n_units; u++) {
        c.with_positive += s[u].n_positive > 0;
        c.with_negative += s[u].n_negative > 0;
        c.n += s[u].n_positive > 0 || s[u].n_negative > 0;
    }
    return c;
}

struct clusters clusters_count(const struct delong *d, const uint32_t *unit, size_t n_units)
{
    struct sums *s = sum_up(d, NULL, unit, n_units);
    struct clusters c = count(s, n_units);
    free(s);
    return c;
}

/* S10 / P + S01 / N + 2 S11 / (P N) of the paper. */
static double variance_of(const struct delong *a, const struct delong *b, const uint32_t *unit, size_t n_units)
{
    struct sums *s = sum_up(a, b, unit, n_units);
    struct clusters c = count(s, n_units);
    double p = (double)a->n_positive, q = (double)a->n_negative, scale = 2 * p * q;
    double positive = 0, negative = 0, both = 0, variance = NAN;
    for (size_t u = 0; u < n_units; u++) {
        double x = (double)s[u].positive / scale, y = (double)s[u].negative / scale;
        positive += x * x;
        negative += y * y;
        both += x * y;
    }
    free(s);
    if (c.with_positive >= 2 && c.with_negative >= 2) {
        double i10 = (double)c.with_positive, i01 = (double)c.with_negative, i = (double)c.n;
        variance = positive * i10 / (i10 - 1) / (p * p) + negative * i01 / (i01 - 1) / (q * q) + 2 * both * i / (i - 1) / (p * q);
    }
    return variance < 0 ? 0 : variance; /* the cross term may outweigh the others by rounding */
}

double clustered_variance(const struct delong *d, const uint32_t *unit, size_t n_units)
{
    return variance_of(d, NULL, unit, n_units);
}

double clustered_difference_variance(const struct delong *a, const struct delong *b, const uint32_t *unit,
                                     size_t n_units)
{
    assert(a->n == b->n);
    return variance_of(a, b, unit, n_units);
}

int clustered_paired(struct area_test *t, const struct delong *a, const struct delong *b, const uint32_t *unit,
                     size_t n_units, double level, struct status *st)
{
    return area_test_from(t, a->area - b->area, clustered_difference_variance(a, b, unit, n_units), INFINITY, level, st);
}
