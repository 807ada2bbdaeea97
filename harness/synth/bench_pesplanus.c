/* Pes planus: a folder per class, the flat feet's named pesplanus-1; left and
 * right foot of a person are both there, and nothing but the number says so. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/rng.h"
#include "synth/benchmark_plan.h"

#define NAME "pesplanus"
#define WIDTH 208
#define HEIGHT 176

static char *foot_path(unsigned flat, size_t person, bool left)
{
    return mem_printf("pesplanus/pesplanus-%u/%zu%c.jpg", flat, person, left ? 'L' : 'R');
}

int bench_pesplanus(struct benchmark_plan *b, struct status *st)
{
    (void)st;
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, b->seed, "benchmark pesplanus", 0);
    size_t n, first = b->n_pictures;
    unsigned *flat = plan_classes(&n, (const size_t[]){plan_count(b, 66), plan_count(b, 60)}, 2, rng);
    for (size_t person = 0; person < n; person++) {
        double shared = plan_normal(rng, 0.7071);
        for (size_t side = 0; side < 2; side++) {
            struct picture p;
            picture_plan(&p, NAME, person, 2 * person + side, WIDTH, HEIGHT, rng);
            p.format = PICTURE_JPEG_GREY;
            p.scene.left = side == 0;
            p.scene.lateral = true;
            double latent = plan_latent(flat[person], shared, rng); /* the arch: bend of the shafts */
            p.bow = 8 * (latent - PLAN_EFFECT / 2);
            plan_picture(b, &p, foot_path(flat[person], person + 1, p.scene.left));
        }
    }

    /* Copies stand under persons who are not there. */
    size_t control = 0, other = 0;
    while (flat[control])
        control++;
    while (!flat[other])
        other++;
    struct picture bright = b->picture[first + 2 * control], twin = b->picture[first + 2 * other + 1];
    bright.brighten = 0.04;
    char *path = foot_path(0, n + 1, true);
    plan_trap(b, NAME, "near duplicate: slightly brightened copy", "near_duplicate", path);
    plan_picture(b, &bright, path);
    path = foot_path(0, n + 2, false);
    plan_trap(b, NAME, "same bytes under the other label", "contradiction", path);
    plan_trap(b, NAME, "same bytes under the other label", "contradiction", twin.path);
    plan_picture(b, &twin, path);
    free(flat);
    gsl_rng_free(rng);
    return STATUS_OK;
}
