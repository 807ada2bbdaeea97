#include "split/nested.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/rng.h"

size_t nested_size(double percent, size_t n)
{
    assert(percent > 0 && percent <= 100);
    double exact = percent * (double)n / 100, whole = round(exact);
    /* 0.7 % of 1000 is 7, though 0.7 is not a sum of powers of two */
    size_t size = (size_t)(fabs(exact - whole) < 1e-9 * (whole + 1) ? whole : ceil(exact));
    if (size == 0 && n)
        size = 1;
    return size < n ? size : n;
}

static void shuffle(size_t *a, size_t n, gsl_rng *rng)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)gsl_rng_uniform_int(rng, i), kept = a[i - 1];
        a[i - 1] = a[j];
        a[j] = kept;
    }
}

/* Patients by class, each class in a random order: those of class c are member[begin[c]] .. member[begin[c + 1] - 1]. */
struct decks {
    size_t n, n_strata;
    size_t *member, *begin, *taken;
};

static size_t size_of(const struct decks *d, size_t c)
{
    return d->begin[c + 1] - d->begin[c];
}

static void decks_make(struct decks *d, size_t n, const uint32_t *stratum, size_t n_strata, gsl_rng *rng)
{
    *d = (struct decks){.n = n, .n_strata = n_strata};
    d->member = NEW(n, size_t);
    d->begin = NEW0(n_strata + 1, size_t);
    d->taken = NEW0(n_strata, size_t);
    for (size_t i = 0; i < n; i++) {
        assert(stratum[i] < n_strata);
        d->begin[stratum[i] + 1]++;
    }
    for (size_t c = 0; c < n_strata; c++)
        d->begin[c + 1] += d->begin[c];
    for (size_t i = 0; i < n; i++)
        d->member[d->begin[stratum[i]] + d->taken[stratum[i]]++] = i;
    for (size_t c = 0; c < n_strata; c++) {
        shuffle(d->member + d->begin[c], d->taken[c], rng);
        d->taken[c] = 0;
    }
}

/* The class of the next place, `dealt` being taken: those that still lack their first patient go first. */
static size_t next_class(const struct decks *d, size_t dealt)
{
    size_t best = d->n_strata;
    int64_t best_lag = 0;
    for (size_t c = 0; c < d->n_strata; c++) {
        size_t size = size_of(d, c);
        if (d->taken[c] == size)
            continue;
        /* n times what the class is short of its share; a first patient before all others */
        int64_t lag = d->taken[c] == 0 ? INT64_MAX : (int64_t)(size * (dealt + 1)) - (int64_t)(d->taken[c] * d->n);
        if (best == d->n_strata || lag > best_lag || (lag == best_lag && size > size_of(d, best))) {
            best = c;
            best_lag = lag;
        }
    }
    return best;
}

void nested_order(size_t *order, size_t n, const uint32_t *stratum, size_t n_strata, uint64_t seed, const char *name, uint64_t draw)
{
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, seed, name, draw);
    if (!stratum) {
        for (size_t i = 0; i < n; i++)
            order[i] = i;
        shuffle(order, n, rng);
    } else {
        struct decks d;
        decks_make(&d, n, stratum, n_strata, rng);
        for (size_t i = 0; i < n; i++) {
            size_t c = next_class(&d, i);
            order[i] = d.member[d.begin[c] + d.taken[c]++];
        }
        free(d.member);
        free(d.begin);
        free(d.taken);
    }
    gsl_rng_free(rng);
}
