#include "interval/share.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "interval/bootstrap.h"
#include "interval/percentile.h"

/* The cases and hits of each unit that holds any, closed up. */
struct tally {
    uint32_t cases, hits;
};

static int bootstrap(struct share *s, const struct tally *tally, size_t replicates, uint64_t seed, const char *stream, double level, struct status *st)
{
    size_t undefined;
    uint32_t *own = NEW(s->n_units, uint32_t), *weight = NEW(s->n_units, uint32_t), *count = NEW(s->n_units, uint32_t);
    double *value = NEW(replicates, double);
    for (size_t u = 0; u < s->n_units; u++)
        own[u] = (uint32_t)u;
    const struct bootstrap_plan plan = {.n = s->n_units, .unit = own, .n_units = s->n_units, .replicates = replicates, .seed = seed, .stream = stream};
    for (size_t b = 0; b < replicates; b++) {
        uint64_t hits = 0, cases = 0;
        bootstrap_weights(weight, count, &plan, b);
        for (size_t u = 0; u < s->n_units; u++) {
            hits += (uint64_t)weight[u] * tally[u].hits;
            cases += (uint64_t)weight[u] * tally[u].cases;
        }
        value[b] = (double)hits / (double)cases;
    }
    s->method = "percentile bootstrap by patient";
    s->replicates = replicates;
    int code = interval_percentile(&s->limits.low, &s->limits.high, &undefined, value, 1, replicates, level, st);
    free(value);
    free(count);
    free(weight);
    free(own);
    return code;
}

int share_interval(struct share *s, const uint8_t *hit, const uint32_t *unit, size_t n, size_t n_units, size_t replicates, uint64_t seed,
                   const char *stream, double level, struct status *st)
{
    *s = (struct share){.n = n, .value = NAN, .limits = {NAN, NAN}, .method = "Wilson"};
    if (!n)
        return status_set(st, STATUS_UNDEFINED, "no case to take a share of");
    struct tally *tally = NEW0(n_units, struct tally);
    int code = STATUS_OK;
    for (size_t i = 0; i < n && !code; i++) {
        if (unit[i] >= n_units) {
            code = status_set(st, STATUS_DATA, "case %zu belongs to patient %u of %zu", i, unit[i], n_units);
            break;
        }
        tally[unit[i]].cases++;
        tally[unit[i]].hits += hit[i] != 0;
        s->n_hit += hit[i] != 0;
    }
    for (size_t u = 0; u < n_units && !code; u++)
        if (tally[u].cases)
            tally[s->n_units++] = tally[u];
    if (!code) {
        s->value = (double)s->n_hit / (double)n;
        bool one_sided = s->n_hit == 0 || s->n_hit == n;
        if (s->n_units == n) {
            s->limits = proportion_wilson(s->n_hit, n, level);
        } else if (one_sided) {
            s->method = "Wilson by patient";
            s->limits = proportion_wilson(s->n_hit ? s->n_units : 0, s->n_units, level);
        } else {
            code = bootstrap(s, tally, replicates, seed, stream, level, st);
        }
    }
    free(tally);
    return code;
}
