#include "cohort/drift.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

double drift_test(const size_t k[2], const size_t n[2])
{
    size_t positive = k[0] + k[1], total = n[0] + n[1], negative = total - positive;
    if (!positive || !negative || !n[0] || !n[1])
        return 1;
    double chi = 0, least = INFINITY;
    for (int side = 0; side < 2; side++) {
        double e1 = (double)n[side] * (double)positive / (double)total, e0 = (double)n[side] - e1, d = (double)k[side] - e1;
        chi += d * d / e1 + d * d / e0;
        least = fmin(least, fmin(e0, e1));
    }
    if (least >= 5)
        return gsl_cdf_chisq_Q(chi, 1);
    /* All tables of these margins that are no likelier than ours; the slack is R's. */
    double ours = gsl_ran_hypergeometric_pdf((unsigned)k[0], (unsigned)positive, (unsigned)negative, (unsigned)n[0]), p = 0;
    size_t most = n[0] < positive ? n[0] : positive;
    for (size_t x = n[0] > negative ? n[0] - negative : 0; x <= most; x++) {
        double other = gsl_ran_hypergeometric_pdf((unsigned)x, (unsigned)positive, (unsigned)negative, (unsigned)n[0]);
        if (other <= ours * (1 + 1e-7))
            p += other;
    }
    return p < 1 ? p : 1;
}

struct comparison {
    char *text;
    double p;
    bool matters;
};

struct comparisons {
    struct comparison *item;
    size_t n, capacity;
};

/* `text` is taken. */
static void keep(struct comparisons *all, char *text, double p, bool matters)
{
    all->item = mem_grow(all->item, all->n, &all->capacity, sizeof *all->item);
    all->item[all->n++] = (struct comparison){text, p, matters};
}

/* What a unit has inside (0) and outside (1) the part. */
struct unit_part {
    size_t images;
    int32_t label;
    double sum;
};

static struct unit_part *units_of(const struct cohort *c, const int8_t *side)
{
    struct unit_part *u = NEW0(2 * c->n_units, struct unit_part);
    for (size_t i = 0; i < c->n; i++) {
        if (side[i] < 0)
            continue;
        struct unit_part *p = &u[2 * c->sample[i].unit + (size_t)side[i]];
        p->label = !p->images || c->sample[i].label > p->label ? c->sample[i].label : p->label;
        p->sum += c->sample[i].target;
        p->images++;
    }
    return u;
}

static void compare_classes(struct comparisons *all, const struct cohort *c, const struct unit_part *u, const char *part, const char *rest)
{
    const struct task *t = c->source->task;
    for (unsigned class = t->n_classes == 2 ? 1 : 0; class < t->n_classes; class++) {
        size_t k[2] = {0, 0}, n[2] = {0, 0};
        for (size_t i = 0; i < 2 * c->n_units; i++)
            if (u[i].images) {
                n[i % 2]++;
                k[i % 2] += u[i].label == (int32_t)class;
            }
        if (n[0] < 2 || n[1] < 2)
            continue;
        double a = (double)k[0] / (double)n[0], b = (double)k[1] / (double)n[1];
        keep(all,
             mem_printf("class '%s' is %.1f %% of %zu units in %s and %.1f %% of %zu in %s", t->classes[class].name, 100 * a, n[0], part, 100 * b, n[1], rest),
             drift_test(k, n), fabs(a - b) >= 0.05 || fmax(a, b) >= 2 * fmin(a, b));
    }
}

static void compare_means(struct comparisons *all, const struct cohort *c, const struct unit_part *u, const char *part, const char *rest)
{
    double n[2] = {0, 0}, mean[2] = {0, 0}, variance[2] = {0, 0};
    for (size_t i = 0; i < 2 * c->n_units; i++)
        if (u[i].images) {
            n[i % 2]++;
            mean[i % 2] += u[i].sum / (double)u[i].images;
        }
    if (n[0] < 2 || n[1] < 2)
        return;
    for (int s = 0; s < 2; s++)
        mean[s] /= n[s];
    for (size_t i = 0; i < 2 * c->n_units; i++)
        if (u[i].images) {
            double d = u[i].sum / (double)u[i].images - mean[i % 2];
            variance[i % 2] += d * d;
        }
    double pooled = sqrt((variance[0] + variance[1]) / (n[0] + n[1] - 2));
    for (int s = 0; s < 2; s++)
        variance[s] /= (n[s] - 1) * n[s]; /* of the mean */
    double difference = mean[0] - mean[1], se2 = variance[0] + variance[1], p = difference < 0 || difference > 0 ? 0 : 1;
    if (se2 > 0) {
        double freedom = se2 * se2 / (variance[0] * variance[0] / (n[0] - 1) + variance[1] * variance[1] / (n[1] - 1));
        p = 2 * gsl_cdf_tdist_Q(fabs(difference) / sqrt(se2), freedom);
    }
    keep(all, mem_printf("the mean target is %.4g over %.0f units in %s and %.4g over %.0f in %s", mean[0], n[0], part, mean[1], n[1], rest), p,
         fabs(difference) >= 0.2 * pooled);
}

static void compare(struct comparisons *all, const struct cohort *c, const int8_t *side, const char *part, const char *rest)
{
    struct unit_part *u = units_of(c, side);
    if (c->source->task->kind == KIND_REGRESSION)
        compare_means(all, c, u, part, rest);
    else
        compare_classes(all, c, u, part, rest);
    free(u);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Each site against all other images that name a site; of two sites, the first only: the second says the same. */
static void compare_sites(struct comparisons *all, const struct cohort *c, int8_t *side)
{
    const char **site = NEW(c->n, const char *);
    size_t n = 0, distinct = 0;
    for (size_t i = 0; i < c->n; i++)
        if (c->sample[i].site)
            site[n++] = c->sample[i].site;
    if (n)
        qsort(site, n, sizeof *site, by_text);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(site[i], site[distinct - 1]) != 0)
            site[distinct++] = site[i];
    for (size_t s = 0; s < (distinct == 2 ? 1 : distinct) && distinct > 1; s++) {
        char *part = mem_printf("site '%s'", site[s]);
        for (size_t i = 0; i < c->n; i++)
            side[i] = !c->sample[i].site ? -1 : strcmp(c->sample[i].site, site[s]) != 0;
        compare(all, c, side, part, "the other sites");
        free(part);
    }
    free(site);
}

static int by_p(const void *a, const void *b)
{
    const struct comparison *const *x = a, *const *y = b;
    if ((*x)->p < (*y)->p || (*x)->p > (*y)->p)
        return (*x)->p < (*y)->p ? -1 : 1;
    return (*x > *y) - (*x < *y);
}

void drift_audit(struct cohort *c)
{
    struct comparisons all = {0};
    int8_t *side = NEW(c->n, int8_t);
    if (c->has_partitions) {
        for (size_t i = 0; i < c->n; i++)
            side[i] = c->sample[i].partition == PARTITION_NONE ? -1 : c->sample[i].partition != PARTITION_DEVELOPMENT;
        compare(&all, c, side, "development", "test");
    }
    compare_sites(&all, c, side);
    free(side);
    const struct comparison **order = NEW(all.n, const struct comparison *);
    for (size_t i = 0; i < all.n; i++)
        order[i] = &all.item[i];
    if (all.n)
        qsort(order, all.n, sizeof *order, by_p);
    double adjusted = 0;
    for (size_t i = 0; i < all.n; i++) { /* Holm 1979, Scand J Stat 6:65 */
        adjusted = fmax(adjusted, fmin(1, order[i]->p * (double)(all.n - i)));
        if (adjusted < DRIFT_LEVEL && order[i]->matters)
            findings_add(&c->findings, FINDING_WARNING, "drift", "", 0, "%s (p %.2g, Holm over %zu tests)", order[i]->text, adjusted, all.n);
    }
    for (size_t i = 0; i < all.n; i++)
        free(all.item[i].text);
    free(order);
    free(all.item);
}
