#include "metric/reliability.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

struct row {
    double prob, loss[RELIABILITY_LOSSES];
    uint32_t position;
    uint8_t hit;
};

static int compare(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    if (a->prob != b->prob)
        return a->prob < b->prob ? -1 : 1;
    if (a->hit != b->hit)
        return a->hit < b->hit ? -1 : 1;
    for (size_t k = 0; k < RELIABILITY_LOSSES; k++)
        if (a->loss[k] != b->loss[k])
            return a->loss[k] < b->loss[k] ? -1 : 1;
    return a->position < b->position ? -1 : a->position > b->position;
}

/* Edges are those of metric/calibration.h. */
static void find_bins(struct reliability *r)
{
    double step = 1.0 / RELIABILITY_BINS;
    for (size_t b = 0, i = 0; b < RELIABILITY_BINS; b++) {
        while (i < r->n && (b + 1 == RELIABILITY_BINS || r->prob[i] <= (double)(b + 1) * step))
            i++;
        r->bin_end[b] = i;
    }
}

void reliability_new(struct reliability *r, const double *prob, size_t stride, const uint8_t *hit, const double *loss, size_t n)
{
    *r = (struct reliability){.n = n, .position = NEW(n, uint32_t), .prob = NEW(n, double), .hit = NEW(n, uint8_t),
                              .loss = loss ? NEW(n * RELIABILITY_LOSSES, double) : NULL};
    struct row *row = NEW(n, struct row);
    for (size_t i = 0; i < n; i++) {
        row[i] = (struct row){.prob = prob[i * stride], .position = (uint32_t)i, .hit = hit[i]};
        for (size_t k = 0; loss && k < RELIABILITY_LOSSES; k++)
            row[i].loss[k] = loss[i * RELIABILITY_LOSSES + k];
    }
    qsort(row, n, sizeof *row, compare);
    for (size_t i = 0; i < n; i++) {
        r->prob[i] = row[i].prob;
        r->hit[i] = row[i].hit;
        r->position[i] = row[i].position;
        for (size_t k = 0; loss && k < RELIABILITY_LOSSES; k++)
            r->loss[i * RELIABILITY_LOSSES + k] = row[i].loss[k];
    }
    free(row);
    find_bins(r);
}

void reliability_free(struct reliability *r)
{
    free(r->position);
    free(r->prob);
    free(r->loss);
    free(r->hit);
    *r = (struct reliability){0};
}

static double times(const struct reliability *r, const uint32_t *weight, size_t i)
{
    return weight ? (double)weight[r->position[i]] : 1;
}

double reliability_equal_width(const struct reliability *r, const uint32_t *weight)
{
    double total = 0, gaps = 0;
    for (size_t b = 0, i = 0; b < RELIABILITY_BINS; b++) {
        double count = 0, said = 0, seen = 0;
        for (; i < r->bin_end[b]; i++) {
            double w = times(r, weight, i);
            count += w;
            said += w * r->prob[i];
            seen += w * r->hit[i];
        }
        gaps += fabs(said - seen);
        total += count;
    }
    return gaps / total;
}

struct run { /* of equal probability */
    double prob, weight, hits;
};

/* Equal probabilities from *i on; *i moves behind them. */
static struct run next_run(const struct reliability *r, const uint32_t *weight, size_t *i)
{
    struct run run = {r->prob[*i], 0, 0};
    for (; *i < r->n && r->prob[*i] == run.prob; ++*i) {
        double w = times(r, weight, *i);
        run.weight += w;
        run.hits += w * r->hit[*i];
    }
    return run;
}

/* The first `total mod bins` bins hold one sample more. */
static double equal_count(const struct reliability *r, const uint32_t *weight, double total)
{
    double least = floor(total / RELIABILITY_BINS), more = total - least * RELIABILITY_BINS, gaps = 0;
    double said = 0, seen = 0, room = least + (more > 0);
    for (size_t i = 0, b = 0; i < r->n;) {
        struct run run = next_run(r, weight, &i);
        double share = run.hits / run.weight;
        while (run.weight > 0) {
            double part = fmin(run.weight, room);
            said += part * run.prob;
            seen += part * share;
            room -= part;
            run.weight -= part;
            if (room > 0)
                continue;
            gaps += fabs(said - seen);
            said = seen = 0;
            room = least + ((double)++b < more);
        }
    }
    return (gaps + fabs(said - seen)) / total;
}

struct reliability_figures reliability_compute(const struct reliability *r, const uint32_t *weight)
{
    double total = 0, sum[RELIABILITY_LOSSES] = {0};
    struct reliability_figures f;
    for (size_t i = 0; i < r->n; i++) {
        double w = times(r, weight, i);
        total += w;
        for (size_t k = 0; r->loss && k < RELIABILITY_LOSSES; k++)
            sum[k] += w * r->loss[i * RELIABILITY_LOSSES + k];
    }
    for (size_t k = 0; k < RELIABILITY_LOSSES; k++)
        f.loss[k] = r->loss ? sum[k] / total : NAN;
    f.equal_width = reliability_equal_width(r, weight);
    f.equal_count = total > 0 ? equal_count(r, weight, total) : NAN;
    return f;
}
