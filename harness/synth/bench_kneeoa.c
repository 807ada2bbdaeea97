/* Knee osteoarthritis: train, val, test and machine-made crops (auto_test) by
 * grade; both knees of a patient in one part; a few patients with an inverted
 * grey scale. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/rng.h"
#include "synth/benchmark_plan.h"

#define NAME "kneeoa"
#define SIDE 224 /* every file has this size */
#define FIRST_ID 9000099
#define GRADES 5
#define NARROWING_SD 0.6

/* Per thousand patients: train, val and test; grades of the first knee. */
static const struct {
    const char *folder;
    size_t patients, inverted;
} part[] = {{"train", 214, 4}, {"val", 36, 2}, {"test", 60, 3}};
static const double share[GRADES] = {0.38, 0.18, 0.26, 0.12, 0.06};

static unsigned other_grade(unsigned grade, gsl_rng *rng)
{
    double u = gsl_rng_uniform(rng);
    if (u < 0.6)
        return grade;
    return u < 0.8 ? (grade ? grade - 1 : 0) : (grade + 1 < GRADES ? grade + 1 : grade);
}

static char *knee_path(const char *folder, unsigned grade, size_t id, const char *end)
{
    return mem_printf("kneeoa/%s/%u/%07zu%s.png", folder, grade, id, end);
}

/* The test knee as a machine would have cropped it: near the same, not the same. */
static void plan_crop(struct benchmark_plan *b, const struct picture *knee, unsigned grade, size_t id, const char *end, gsl_rng *rng)
{
    struct picture crop = *knee;
    crop.scene.zoom *= plan_uniform(rng, 1.02, 1.08);
    crop.scene.shift_x += plan_normal(rng, 2);
    crop.scene.shift_y += plan_normal(rng, 2);
    plan_picture(b, &crop, knee_path("auto_test", grade, id, end));
}

int bench_kneeoa(struct benchmark_plan *b, struct status *st)
{
    (void)st;
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, b->seed, "benchmark kneeoa", 0);
    size_t id = FIRST_ID, number = 0;
    struct picture first = {0};
    unsigned first_grade = 0;
    for (size_t k = 0; k < sizeof part / sizeof *part; k++) {
        size_t count[GRADES], n, wanted = plan_count(b, part[k].patients), n_inverted = plan_count(b, part[k].inverted);
        for (size_t g = 0; g < GRADES; g++) {
            count[g] = (size_t)((double)wanted * share[g] + 0.5);
            count[g] += count[g] == 0;
        }
        unsigned *grade = plan_classes(&n, count, GRADES, rng);
        for (size_t i = 0; i < n; i++, id += 1 + plan_below(rng, 40)) {
            unsigned knee[2] = {grade[i], other_grade(grade[i], rng)};
            double shared = plan_normal(rng, NARROWING_SD * 0.7071);
            for (size_t side = 0; side < 2; side++, number++) {
                struct picture p;
                picture_plan(&p, NAME, id, number, SIDE, SIDE, rng);
                p.scene.left = side == 0;
                p.scene.zoom *= 1.45 * exp(plan_normal(rng, 0.05)); /* the joint fills the picture; knees do not look like copies */
                p.scene.rotation *= 1.8;
                p.scene.shift_x *= 2;
                p.scene.shift_y *= 2;
                p.scene.half_width = p.scene.half_height = 2 * DRAW_FIELD_MM;
                p.scene.marker_x = 2 * DRAW_FIELD_MM; /* no marker */
                p.scene.narrowing = knee[side] + shared + plan_normal(rng, NARROWING_SD * 0.7071);
                p.inverted = i % 5 == 1 && i / 5 < n_inverted;
                char *path = knee_path(part[k].folder, knee[side], id, side == 0 ? "L" : "R");
                if (p.inverted)
                    plan_trap(b, NAME, "inverted grey scale", "inverted", path);
                if (number == 0) {
                    first = p;
                    first_grade = knee[side];
                }
                plan_picture(b, &p, path);
                if (k == 2 && i % 10) /* not every knee was found by the machine */
                    plan_crop(b, &p, knee[side], id, side == 0 ? "_1" : "_2", rng);
            }
        }
        free(grade);
    }
    plan_trap(b, NAME, "machine-made crops of test knees: not to be read", "", "kneeoa/auto_test");
    char *path = knee_path("test", first_grade, id, "L");
    plan_trap(b, NAME, "same bytes in train and test, of two patients", "duplicate_patient", path);
    plan_trap(b, NAME, "same bytes in train and test: protocol given", "leak_duplicate", path);
    plan_picture(b, &first, path);
    gsl_rng_free(rng);
    return STATUS_OK;
}
