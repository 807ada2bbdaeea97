#include "interval/permutation.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "metric/order.h"

#define EQUAL 1e-12 /* sums of one set of numbers in different order differ by less */

struct permutation_test permutation_judge(double observed, const double *value, size_t n)
{
    struct permutation_test t = {.observed = observed, .p = NAN, .p_greater = NAN};
    for (size_t i = 0; i < n; i++) {
        if (isnan(value[i])) {
            t.undefined++;
            continue;
        }
        t.replicates++;
        t.at_least += fabs(value[i]) >= fabs(observed) - EQUAL;
        t.at_least_greater += value[i] >= observed - EQUAL;
    }
    if (!isnan(observed)) {
        t.p = ((double)t.at_least + 1) / ((double)t.replicates + 1);
        t.p_greater = ((double)t.at_least_greater + 1) / ((double)t.replicates + 1);
    }
    return t;
}

static void draw_bits(uint8_t *flip, size_t n_units, gsl_rng *rng)
{
    uint32_t word = 0;
    for (size_t u = 0; u < n_units; u++) {
        if (u % 32 == 0)
            word = (uint32_t)gsl_rng_get(rng);
        flip[u] = word & 1;
        word >>= 1;
    }
}

void permutation_draw(uint8_t *flip, size_t n_units, uint64_t seed, const char *stream, size_t b)
{
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, seed, stream, b);
    draw_bits(flip, n_units, rng);
    gsl_rng_free(rng);
}

/* ---- sign flips ---- */

double sign_flip_mean(const double *difference, const uint8_t *flip, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += flip && flip[i] ? -difference[i] : difference[i];
    return sum / (double)n;
}

struct permutation_test sign_flip_exact(const double *difference, size_t n)
{
    assert(n >= 1 && n <= 20);
    uint8_t flip[20];
    double *value = NEW((size_t)1 << n, double);
    for (size_t pattern = 0; pattern < (size_t)1 << n; pattern++) {
        for (size_t i = 0; i < n; i++)
            flip[i] = pattern >> i & 1;
        value[pattern] = sign_flip_mean(difference, flip, n);
    }
    struct permutation_test t = permutation_judge(value[0], value, (size_t)1 << n);
    t.p = (double)t.at_least / (double)t.replicates;
    t.p_greater = (double)t.at_least_greater / (double)t.replicates;
    free(value);
    return t;
}

int sign_flip_test(struct permutation_test *t, const double *difference, size_t n, size_t replicates, uint64_t seed,
                   const char *stream, int n_threads, struct status *st)
{
    *t = (struct permutation_test){.observed = NAN, .p = NAN, .p_greater = NAN};
    if (n == 0)
        return status_set(st, STATUS_UNDEFINED, "sign-flip test: no difference");
    double *value = NEW(replicates, double);
#pragma omp parallel num_threads(n_threads > 0 ? n_threads : 1)
    {
        gsl_rng *rng = rng_stream_new();
        uint8_t *flip = NEW(n, uint8_t);
#pragma omp for schedule(static)
        for (size_t b = 0; b < replicates; b++) {
            rng_stream_set(rng, seed, stream, b);
            draw_bits(flip, n, rng);
            value[b] = sign_flip_mean(difference, flip, n);
        }
        free(flip);
        gsl_rng_free(rng);
    }
    *t = permutation_judge(sign_flip_mean(difference, NULL, n), value, replicates);
    free(value);
    return STATUS_OK;
}

/* ---- exchange of ranks ---- */

struct swap {
    size_t n, n_units;
    uint32_t *rank[2]; /* [n] twice the mid-rank less 2: 0 .. 2 n - 2, ascending with the score */
    uint32_t *unit;    /* [n]; NULL: each sample its own */
    uint8_t *positive; /* [n] */
    uint64_t n_positive, n_negative;
};

static uint32_t *twice_mid_ranks(const double *score, size_t n)
{
    uint32_t *order = NEW(n, uint32_t), *rank = NEW(n, uint32_t);
    order_descending(order, score, 1, n);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && score[order[end]] == score[order[i]]; end++)
            ;
        for (size_t j = i; j < end; j++) /* positions i .. end-1 from the top are n-1-i .. n-end from below */
            rank[order[j]] = (uint32_t)(2 * n - 1 - i - end);
    }
    free(order);
    return rank;
}

int swap_new(struct swap **out, const int32_t *label, const double *score_a, const double *score_b, const uint32_t *unit,
             size_t n, size_t n_units, struct status *st)
{
    *out = NULL;
    size_t bad = order_first_nan(score_a, n), bad_b = order_first_nan(score_b, n), n_positive = 0;
    bad = bad_b < bad ? bad_b : bad;
    if (bad < n)
        return status_set(st, STATUS_DATA, "permutation: the score of sample %zu is not a number", bad);
    if (n > ORDER_MAX)
        return status_set(st, STATUS_DATA, "permutation: %zu samples are more than can be ranked", n);
    for (size_t i = 0; i < n; i++) {
        n_positive += label[i] == 1;
        if (unit && unit[i] >= n_units)
            return status_set(st, STATUS_DATA, "permutation: sample %zu belongs to patient %u of %zu", i, unit[i], n_units);
    }
    if (n_positive == 0 || n_positive == n)
        return status_set(st, STATUS_UNDEFINED, "permutation: no sample of class %d among %zu", n_positive ? 0 : 1, n);
    struct swap *s = NEW0(1, struct swap);
    s->n = n;
    s->n_units = unit ? n_units : n;
    s->rank[0] = twice_mid_ranks(score_a, n);
    s->rank[1] = twice_mid_ranks(score_b, n);
    s->positive = NEW(n, uint8_t);
    for (size_t i = 0; i < n; i++)
        s->positive[i] = label[i] == 1;
    if (unit) {
        s->unit = NEW(n, uint32_t);
        memcpy(s->unit, unit, n * sizeof *unit);
    }
    s->n_positive = n_positive;
    s->n_negative = n - n_positive;
    *out = s;
    return STATUS_OK;
}

void swap_free(struct swap *s)
{
    if (!s)
        return;
    free(s->rank[0]);
    free(s->rank[1]);
    free(s->unit);
    free(s->positive);
    free(s);
}

size_t swap_tally_size(const struct swap *s)
{
    return 4 * s->n;
}

/* 2U of one model: negatives and positives counted at each of the 2 n - 1 ranks, then summed from below. */
static uint64_t twice_u(const struct swap *s, size_t model, const uint8_t *flip, uint32_t *tally)
{
    memset(tally, 0, swap_tally_size(s) * sizeof *tally);
    for (size_t i = 0; i < s->n; i++) {
        size_t from = model ^ (flip ? flip[s->unit ? s->unit[i] : i] : 0);
        tally[2 * (size_t)s->rank[from][i] + s->positive[i]]++;
    }
    uint64_t u = 0, below = 0;
    for (size_t r = 0; r < 2 * s->n; r++) {
        uint64_t negative = tally[2 * r], positive = tally[2 * r + 1];
        u += positive * (2 * below + negative);
        below += negative;
    }
    return u;
}

double swap_difference(const struct swap *s, const uint8_t *flip, uint32_t *tally)
{
    uint64_t a = twice_u(s, 0, flip, tally), b = twice_u(s, 1, flip, tally);
    return ((double)a - (double)b) / (2.0 * (double)s->n_positive * (double)s->n_negative);
}

struct permutation_test swap_test(const struct swap *s, size_t replicates, uint64_t seed, const char *stream,
                                  int n_threads)
{
    double *value = NEW(replicates, double);
    uint32_t *own = NEW(swap_tally_size(s), uint32_t);
    double observed = swap_difference(s, NULL, own);
    free(own);
#pragma omp parallel num_threads(n_threads > 0 ? n_threads : 1)
    {
        gsl_rng *rng = rng_stream_new();
        uint8_t *flip = NEW(s->n_units, uint8_t);
        uint32_t *tally = NEW(swap_tally_size(s), uint32_t);
#pragma omp for schedule(static)
        for (size_t b = 0; b < replicates; b++) {
            rng_stream_set(rng, seed, stream, b);
            draw_bits(flip, s->n_units, rng);
            value[b] = swap_difference(s, flip, tally);
        }
        free(tally);
        free(flip);
        gsl_rng_free(rng);
    }
    struct permutation_test t = permutation_judge(observed, value, replicates);
    free(value);
    return t;
}
