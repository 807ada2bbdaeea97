#include "region/outline.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void add_run(struct outline *o, size_t y, size_t first, size_t end)
{
    o->run = mem_grow(o->run, o->n, &o->capacity, sizeof *o->run);
    o->run[o->n++] = (struct run){(uint32_t)y, (uint32_t)first, (uint32_t)end};
}

static int by_place(const void *a, const void *b)
{
    const struct run *x = a, *y = b;
    return x->y != y->y ? (x->y > y->y) - (x->y < y->y) : (x->first > y->first) - (x->first < y->first);
}

/* Runs in order, those that meet in one. */
static void unite(struct outline *o)
{
    size_t n = 0;
    if (o->n)
        qsort(o->run, o->n, sizeof *o->run, by_place);
    for (size_t i = 0; i < o->n; i++) {
        struct run *last = n ? &o->run[n - 1] : NULL;
        if (last && last->y == o->run[i].y && o->run[i].first <= last->end)
            last->end = o->run[i].end > last->end ? o->run[i].end : last->end;
        else
            o->run[n++] = o->run[i];
    }
    o->n = n;
}

/* ---- polygons ---- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The first pixel whose centre is not left of x. */
static size_t pixel_at(double x, size_t width)
{
    double first = ceil(x - 0.5);
    return !(first > 0) ? 0 : first >= (double)width ? width : (size_t)first;
}

void outline_add_polygon(struct outline *o, const double *point, size_t n, size_t width, size_t height)
{
    double top = INFINITY, bottom = -INFINITY, *crossing = NEW(n + 1, double);
    for (size_t i = 0; i < n; i++) {
        top = fmin(top, point[2 * i + 1]);
        bottom = fmax(bottom, point[2 * i + 1]);
    }
    for (size_t y = pixel_at(top, height), end = pixel_at(bottom, height); y < end; y++) {
        double level = (double)y + 0.5;
        size_t crossings = 0;
        for (size_t i = 0; i < n; i++) {
            const double *a = point + 2 * i, *b = point + 2 * ((i + 1) % n);
            if ((a[1] <= level) != (b[1] <= level)) /* each point belongs to one of its two sides */
                crossing[crossings++] = a[0] + (level - a[1]) / (b[1] - a[1]) * (b[0] - a[0]);
        }
        qsort(crossing, crossings, sizeof *crossing, ascending);
        for (size_t k = 0; k + 1 < crossings; k += 2) {
            size_t first = pixel_at(crossing[k], width), last = pixel_at(crossing[k + 1], width);
            if (first < last)
                add_run(o, y, first, last);
        }
    }
    free(crossing);
    unite(o);
}

/* ---- masks ---- */

static struct outline runs_of(const uint16_t *sample, size_t width, size_t height, size_t channels)
{
    struct outline all = {0};
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0, first = width; x <= width; x++) { /* first: of the run under way; width: none is */
            bool set = false;
            for (size_t c = 0; x < width && c < channels; c++)
                set |= sample[(y * width + x) * channels + c] != 0;
            if (set && first == width) {
                first = x;
            } else if (!set && first < width) {
                add_run(&all, y, first, x);
                first = width;
            }
        }
    return all;
}

/* The first run of a run's finding. */
static size_t root_of(size_t *parent, size_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

struct outline *outline_components(size_t *n, const uint16_t *sample, size_t width, size_t height, size_t channels)
{
    struct outline all = runs_of(sample, width, height, channels);
    size_t *parent = NEW(all.n + 1, size_t), *number = NEW(all.n + 1, size_t);
    for (size_t i = 0, above = 0; i < all.n; i++) { /* above: runs before it end too far up or left to touch this one, or a later one of its row */
        const struct run *r = &all.run[i];
        parent[i] = i;
        while (above < i && (all.run[above].y + 1 < r->y || (all.run[above].y + 1 == r->y && all.run[above].end < r->first)))
            above++;
        for (size_t k = above; k < i && all.run[k].y + 1 == r->y && all.run[k].first <= r->end; k++) {
            size_t a = root_of(parent, i), b = root_of(parent, k);
            parent[a > b ? a : b] = a > b ? b : a;
        }
    }
    *n = 0;
    struct outline *found = NEW0(all.n + 1, struct outline);
    for (size_t i = 0; i < all.n; i++) {
        size_t root = root_of(parent, i);
        if (root == i)
            number[i] = (*n)++;
        add_run(&found[number[root]], all.run[i].y, all.run[i].first, all.run[i].end);
    }
    free(number);
    free(parent);
    free(all.run);
    return found;
}
