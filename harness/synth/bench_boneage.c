/* RSNA bone age: a table of id,boneage,male and pictures in a folder that
 * holds its own name once more, as Kaggle's copy does; sizes differ, a few
 * hands have an inverted grey scale. */
#include <math.h>

#include "base/memory.h"
#include "base/rng.h"
#include "synth/benchmark_plan.h"

#define NAME "boneage"
#define FIRST_ID 1377
#define MATURITY_SD 14.0

int bench_boneage(struct benchmark_plan *b, struct status *st)
{
    FILE *table;
    int rc = plan_text(&table, b, mem_strdup("boneage/boneage-training-dataset.csv"), st);
    if (rc)
        return rc;
    fputs("id,boneage,male\n", table);
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, b->seed, "benchmark boneage", 0);
    size_t n = plan_count(b, 360), id = FIRST_ID;
    for (size_t i = 0; i < n; i++) {
        bool male = plan_chance(rng, 0.54);
        double age = fmin(fmax(round((male ? 135 : 118) + plan_normal(rng, 41)), 1), 228);
        struct picture p;
        size_t height = 176 + 8 * plan_below(rng, 6), width = height * 4 / 5 + 4 * plan_below(rng, 5);
        picture_plan(&p, NAME, i, i, width, height, rng);
        p.scene.maturity = age + plan_normal(rng, MATURITY_SD);
        p.size = male ? 1.02 : 0.96;
        p.inverted = i % 90 == 17;
        char *path = mem_printf("boneage/boneage-training-dataset/boneage-training-dataset/%zu.png", id);
        if (p.inverted)
            plan_trap(b, NAME, "inverted grey scale", "inverted", path);
        plan_picture(b, &p, path);
        fprintf(table, "%zu,%.0f,%s\n", id, age, male ? "True" : "False");
        id += 1 + plan_below(rng, 3); /* ids have gaps */
    }
    plan_trap(b, NAME, "pictures one folder deeper than the table says", "", "boneage/boneage-training-dataset/boneage-training-dataset");
    gsl_rng_free(rng);
    return STATUS_OK;
}
