/* FracAtlas: dataset.csv beside images/{Fractured,Non_fractured}.  JPEG grey
 * or colour, baseline or progressive, some with EXIF orientation or bytes
 * behind the end; copies within a class, cut files, a row without its file;
 * pictures with hardware are larger, so that size alone tells. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/rng.h"
#include "synth/benchmark_plan.h"

#define NAME "FracAtlas"

/* fractured + 2 * hardware; hardware without a fracture is rare. */
enum { NEITHER, FRACTURE, HARDWARE, BOTH, GROUPS };

enum { HAND, LEG, HIP, SHOULDER, REGIONS };

struct row {
    size_t id;
    unsigned group, region, fractures;
    bool mixed, multiscan, lateral, oblique;
};

static char *radiograph_path(const struct row *r)
{
    return mem_printf("FracAtlas/images/%s/IMG%07zu.jpg", r->group & FRACTURE ? "Fractured" : "Non_fractured", r->id);
}

static void print_row(FILE *f, const struct row *r)
{
    fprintf(f, "IMG%07zu.jpg,%d,%d,%d,%d,%d,%d,%d,%u,%u,%d,%d,%d\n", r->id, r->region == HAND, r->region == LEG, r->region == HIP,
            r->region == SHOULDER, r->mixed, (r->group & HARDWARE) != 0, r->multiscan, r->group & FRACTURE, r->fractures,
            !r->lateral && !r->oblique, r->lateral, r->oblique);
}

static void draw_row(struct row *r, gsl_rng *rng)
{
    double u = gsl_rng_uniform(rng);
    r->region = u < 0.36 ? HAND : u < 0.86 ? LEG : u < 0.93 ? HIP : SHOULDER;
    r->mixed = plan_chance(rng, 0.1);
    r->multiscan = plan_chance(rng, 0.1);
    r->lateral = plan_chance(rng, 0.36);
    r->oblique = !r->lateral && plan_chance(rng, 0.15);
    r->fractures = r->group & FRACTURE ? 1 + plan_chance(rng, 0.25) : 0;
}

static void draw_picture(struct picture *p, const struct row *r, gsl_rng *rng)
{
    static const double size[REGIONS] = {0.7, 1.0, 1.15, 1.1};
    double u = gsl_rng_uniform(rng);
    bool large = u < (r->group & HARDWARE ? 0.75 : r->group & FRACTURE ? 0.20 : 0.05), wide = plan_chance(rng, 0.28);
    size_t longer = large ? 280 : 227, shorter = large ? 224 : 187;
    picture_plan(p, NAME, r->id, r->id, wide ? longer : shorter, wide ? shorter : longer, rng);
    p->format = plan_chance(rng, large ? 0.9 : 0.08) ? PICTURE_JPEG_GREY : PICTURE_JPEG_RGB;
    p->progressive = plan_chance(rng, 0.07);
    p->size = p->shaft = size[r->region];
    p->flesh = size[r->region];
    p->scene.lateral = r->lateral;
    p->scene.distance = plan_uniform(rng, 34, 50);
    p->scene.severity = picture_severity(plan_latent(r->group & FRACTURE, plan_normal(rng, 0.7071), rng));
    /* Plates differ in how plainly they show; some are as faint as nothing. */
    p->metal = picture_severity(plan_latent((r->group & HARDWARE) != 0, plan_normal(rng, 0.7071), rng));
}

static void trap_of(struct benchmark_plan *b, const struct row *r, const char *trap, const char *expect)
{
    char *path = radiograph_path(r);
    plan_trap(b, NAME, trap, expect, path);
    free(path);
}

struct atlas {
    struct benchmark_plan *b;
    FILE *table;
    struct row *row;
    struct picture *picture;
    size_t n, next_id;
};

/* The k-th row of a group from the `from`-th on; n where there is none. */
static size_t find_row(const struct atlas *a, unsigned group, size_t k)
{
    for (size_t i = 0; i < a->n; i++)
        if (a->row[i].group == group && k-- == 0)
            return i;
    return a->n;
}

/* The k-th row of a group again, under a new name. */
static void copy_row(struct atlas *a, unsigned group, size_t k, int quality, const char *trap, const char *expect)
{
    size_t i = find_row(a, group, k);
    if (i == a->n)
        return;
    struct row row = a->row[i];
    struct picture picture = a->picture[i];
    row.id = a->next_id++;
    if (quality)
        picture.quality = quality;
    print_row(a->table, &row);
    trap_of(a->b, &a->row[i], trap, expect);
    trap_of(a->b, &row, trap, expect);
    plan_picture(a->b, &picture, radiograph_path(&row));
}

/* What the files of whole rows hold beside their pictures. */
static void spoil(struct atlas *a)
{
    static const int orientation[] = {6, 8, 3, 6, 1, 6, 8, 1};
    for (size_t k = 0; k < sizeof orientation / sizeof *orientation; k++) {
        size_t i = find_row(a, NEITHER, k + 3);
        if (i == a->n)
            return;
        a->picture[i].orientation = orientation[k];
        trap_of(a->b, &a->row[i], "EXIF orientation", "");
    }
    for (size_t k = 11; k < 14; k++) {
        size_t i = find_row(a, NEITHER, k);
        if (i == a->n)
            return;
        a->picture[i].trailing = 512 * k;
        trap_of(a->b, &a->row[i], "bytes behind the end of the image", "");
    }
    for (size_t k = 14; k < 16; k++) {
        size_t i = find_row(a, NEITHER, k);
        if (i == a->n)
            return;
        a->picture[i].kept = 0.6;
        trap_of(a->b, &a->row[i], "cut short", "unreadable");
    }
}

int bench_fracatlas(struct benchmark_plan *b, struct status *st)
{
    struct atlas a = {.b = b};
    int rc = plan_text(&a.table, b, mem_strdup("FracAtlas/dataset.csv"), st);
    if (rc)
        return rc;
    fputs("image_id,hand,leg,hip,shoulder,mixed,hardware,multiscan,fractured,fracture_count,frontal,lateral,oblique\n", a.table);
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, b->seed, "benchmark fracatlas", 0);
    const size_t count[GROUPS] = {[NEITHER] = plan_count(b, 520), [FRACTURE] = plan_count(b, 90), [HARDWARE] = 2, [BOTH] = plan_count(b, 24)};
    unsigned *group = plan_classes(&a.n, count, GROUPS, rng);
    a.row = NEW0(a.n, struct row);
    a.picture = NEW0(a.n, struct picture);
    for (size_t i = 0; i < a.n; i++, a.next_id += 1 + plan_chance(rng, 0.07)) { /* ids have gaps */
        a.row[i] = (struct row){.id = a.next_id, .group = group[i]};
        draw_row(&a.row[i], rng);
        draw_picture(&a.picture[i], &a.row[i], rng);
    }
    spoil(&a);
    for (size_t i = 0; i < a.n; i++) {
        print_row(a.table, &a.row[i]);
        plan_picture(b, &a.picture[i], radiograph_path(&a.row[i]));
    }
    copy_row(&a, NEITHER, 0, 0, "same bytes within a class", "duplicate");
    copy_row(&a, NEITHER, 1, 0, "same bytes within a class", "duplicate");
    copy_row(&a, FRACTURE, 0, 0, "three files of the same bytes within a class", "duplicate");
    copy_row(&a, FRACTURE, 0, 0, "three files of the same bytes within a class", "duplicate");
    copy_row(&a, NEITHER, 2, 70, "near duplicate: encoded again", "near_duplicate");
    struct row gone = {.id = a.next_id};
    draw_row(&gone, rng);
    print_row(a.table, &gone);
    trap_of(b, &gone, "listed and not there", "missing");
    plan_trap(b, NAME, "pictures with hardware are larger", "shortcut", "FracAtlas/dataset.csv");
    free(a.picture);
    free(a.row);
    free(group);
    gsl_rng_free(rng);
    return STATUS_OK;
}
