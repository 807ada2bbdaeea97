#include "cohort/near.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct pair {
    uint32_t a, b, bits; /* samples, a < b */
};

struct found { /* of one sample */
    struct pair *pair;
    size_t n, capacity;
};

static const struct signature *signature_of(const struct cohort *c, const struct survey *survey, size_t i)
{
    return &survey->picture[c->sample[i].picture].signature;
}

/* All pairs of near but not equal pictures, by a, then b; every thread fills the lists of its own samples. */
static struct pair *all_pairs(size_t *n_pairs, const struct cohort *c, const struct survey *survey)
{
    struct found *found = NEW0(c->n, struct found);
    uint64_t(*hash)[SIGNATURE_WORDS] = mem_alloc(c->n, sizeof *hash); /* together, for the inner loop */
    bool *decoded = NEW(c->n, bool);
    for (size_t i = 0; i < c->n; i++) {
        memcpy(hash[i], signature_of(c, survey, i)->hash, sizeof *hash);
        decoded[i] = survey->picture[c->sample[i].picture].decoded;
    }
#pragma omp parallel for schedule(dynamic, 64)
    for (size_t a = 0; a < c->n; a++) {
        const uint64_t(*all)[SIGNATURE_WORDS] = (const uint64_t(*)[SIGNATURE_WORDS])hash;
        for (size_t b = a; decoded[a] && (b = signature_next_near(all, b + 1, c->n, hash[a], NEAR_BITS)) < c->n;) {
            unsigned bits = signature_distance(hash[a], hash[b]);
            if (!decoded[b] ||
                !memcmp(signature_of(c, survey, a)->pixels, signature_of(c, survey, b)->pixels, DIGEST_BYTES))
                continue;
            struct found *f = &found[a];
            f->pair = mem_grow(f->pair, f->n, &f->capacity, sizeof *f->pair);
            f->pair[f->n++] = (struct pair){(uint32_t)a, (uint32_t)b, bits};
        }
    }
    size_t total = 0, at = 0;
    for (size_t a = 0; a < c->n; a++)
        total += found[a].n;
    struct pair *pair = NEW(total, struct pair);
    for (size_t a = 0; a < c->n; a++) {
        if (found[a].n)
            memcpy(pair + at, found[a].pair, found[a].n * sizeof *pair);
        at += found[a].n;
        free(found[a].pair);
    }
    free(found);
    free(hash);
    free(decoded);
    *n_pairs = total;
    return pair;
}

static size_t root_of(size_t *parent, size_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

/* Pairs of one kind: 0 across given partitions, 1 across units, 2 within a unit. */
static int kind_of(const struct cohort *c, const struct pair *p, bool given)
{
    const struct sample *a = &c->sample[p->a], *b = &c->sample[p->b];
    return given && a->partition != b->partition ? 0 : a->unit != b->unit ? 1 : 2;
}

static void add_rows(struct cohort *c, const struct pair *pair, size_t n, int kind, bool given)
{
    static const char *const code[] = {"leak_near_duplicate", "near_duplicate", "near_duplicate"};
    static const char *const where[] = {", on the other side of the split", ", of another patient or unit", ", of the same unit"};
    size_t *parent = NEW(c->n, size_t), *group = NEW0(c->n, size_t);
    const struct pair **best = NEW0(c->n, const struct pair *);
    for (size_t i = 0; i < c->n; i++)
        parent[i] = i;
    for (size_t p = 0; p < n; p++) {
        if (kind_of(c, &pair[p], given) != kind)
            continue;
        const size_t end[2] = {pair[p].a, pair[p].b};
        for (int e = 0; e < 2; e++)
            if (!best[end[e]] || pair[p].bits < best[end[e]]->bits)
                best[end[e]] = &pair[p];
        size_t a = root_of(parent, end[0]), b = root_of(parent, end[1]);
        parent[a > b ? a : b] = a < b ? a : b;
    }
    for (size_t i = 0; i < c->n; i++) {
        if (!best[i])
            continue;
        size_t other = best[i]->a == i ? best[i]->b : best[i]->a, root = root_of(parent, i);
        const struct sample *s = &c->sample[i], *o = &c->sample[other];
        bool unlike = s->label != o->label || s->target < o->target || s->target > o->target;
        if (!group[root])
            group[root] = findings_new_group(&c->findings);
        findings_add(&c->findings, kind == 2 ? FINDING_INFO : FINDING_WARNING, code[kind], s->id, s->line, "nearly equal to '%s' (%u of 255 bits differ)%s%s",
                     o->id, best[i]->bits, where[kind], unlike ? ", and with another label" : "");
        findings_put_in_group(&c->findings, group[root]);
    }
    free(parent);
    free(group);
    free(best);
}

void near_duplicates(struct cohort *c, bool given, const struct survey *survey)
{
    size_t n;
    struct pair *pair = all_pairs(&n, c, survey);
    for (int kind = 0; kind < 3 && n; kind++)
        add_rows(c, pair, n, kind, given);
    free(pair);
}
