/* MURA v1.1: four tables without a header, paths that begin with the data
 * set's name, a label per study copied to its views, patients with several
 * studies and parts, AppleDouble files beside the pictures.  Half of the
 * abnormal studies show metal, which is a shortcut. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "synth/benchmark_plan.h"

#define NAME "MURA-v1.1"

struct limb {
    const char *name;
    bool lateral;
    double size, shaft, flesh, zoom;
};
static const struct limb limb[] = {{"XR_ELBOW", true, 0.9, 0.9, 0.9, 1.0},   {"XR_FINGER", false, 0.6, 0.7, 0.6, 1.2},
                                   {"XR_FOREARM", true, 0.8, 0.8, 0.8, 0.9},  {"XR_HAND", false, 0.7, 0.7, 0.7, 1.3},
                                   {"XR_HUMERUS", false, 1.1, 1.1, 1.1, 0.9}, {"XR_SHOULDER", false, 1.2, 1.0, 1.3, 1.0},
                                   {"XR_WRIST", false, 0.8, 0.9, 0.75, 1.25}};
#define LIMBS (sizeof limb / sizeof *limb)

struct tables {
    FILE *images, *studies;
};

/* As the Finder leaves them: magic, version, home file system, no entries (RFC 1740, appendix B). */
static void plan_apple_double(struct benchmark_plan *b, const char *study)
{
    static const char bytes[] = "\0\x05\x16\x07\0\x02\0\0Mac OS X        \0";
    char *path = mem_printf("%s._image1.png", study);
    plan_trap(b, NAME, "AppleDouble file that no table lists: not to be read", "", path);
    plan_bytes(b, path, bytes, sizeof bytes);
}

static void plan_study(struct benchmark_plan *b, const struct tables *t, const char *study, const struct limb *l, size_t person,
                       bool positive, size_t n_views, gsl_rng *rng)
{
    double shared = plan_normal(rng, 0.7071);
    bool metal = plan_chance(rng, positive ? 0.45 : 0.03);
    for (size_t view = 1; view <= n_views; view++) {
        struct picture p;
        bool tall = plan_chance(rng, 0.75); /* longest side the same, as published */
        size_t shorter = 112 + 8 * plan_below(rng, 6);
        picture_plan(&p, NAME, person * LIMBS + (size_t)(l - limb), b->n_pictures, tall ? shorter : 176, tall ? 176 : shorter, rng);
        p.format = PICTURE_PNG_RGB;
        p.size = l->size;
        p.shaft = l->shaft;
        p.flesh = l->flesh;
        p.scene.lateral = l->lateral != (view == 2);
        p.scene.zoom *= l->zoom;
        p.scene.severity = picture_severity(plan_latent(positive, shared, rng));
        p.scene.distance = plan_uniform(rng, 34, 50);
        p.metal = metal ? 0.9 : 0;
        fprintf(t->images, "%simage%zu.png\n", study, view);
        plan_picture(b, &p, mem_printf("%simage%zu.png", study, view));
    }
    fprintf(t->studies, "%s,%d\n", study, positive);
}

/* `number` is the patient's in the folder names, `person` whose anatomy it shows. */
static void plan_patient(struct benchmark_plan *b, const struct tables *t, const char *part, size_t number, size_t person, double share,
                         gsl_rng *rng)
{
    size_t n_limbs = 1 + plan_chance(rng, 0.15), at = plan_below(rng, LIMBS);
    for (size_t k = 0; k < n_limbs; k++, at = (at + 1) % LIMBS) {
        size_t n_studies = 1 + plan_chance(rng, 0.15);
        for (size_t s = 1; s <= n_studies; s++) {
            bool positive = plan_chance(rng, share);
            char *study = mem_printf("MURA-v1.1/%s/%s/patient%05zu/study%zu_%s/", part, limb[at].name, number, s,
                                     positive ? "positive" : "negative");
            plan_study(b, t, study, &limb[at], person, positive, 1 + plan_below(rng, 4), rng);
            if (person % 12 == 3 && k == 0 && s == 1)
                plan_apple_double(b, study);
            free(study);
        }
    }
}

static int plan_part(struct benchmark_plan *b, const char *part, size_t first, size_t n, double share, gsl_rng *rng, struct status *st)
{
    struct tables t;
    int rc = plan_text(&t.images, b, mem_printf("MURA-v1.1/%s_image_paths.csv", part), st);
    if (!rc)
        rc = plan_text(&t.studies, b, mem_printf("MURA-v1.1/%s_labeled_studies.csv", part), st);
    for (size_t i = 0; !rc && i < n; i++)
        plan_patient(b, &t, part, first + i, first + i, share, rng);
    if (!rc && first > 1) { /* the valid part: a patient whom the training part has too */
        plan_patient(b, &t, part, 1, 1, share, rng);
        plan_trap(b, NAME, "a patient in both parts: protocol given", "leak_patient", "patient00001");
    }
    if (!rc && first == 1) { /* a view that is listed and not there, in the last study written */
        const char *last = b->picture[b->n_pictures - 1].path;
        char *gone = mem_strndup(last, (size_t)(strrchr(last, '/') + 1 - last)), *file = mem_printf("%simage9.png", gone);
        fprintf(t.images, "%s\n", file);
        plan_trap(b, NAME, "listed and not there", "missing", file);
        free(file);
        free(gone);
    }
    return rc;
}

int bench_mura(struct benchmark_plan *b, struct status *st)
{
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, b->seed, "benchmark mura", 0);
    size_t n_train = plan_count(b, 150), n_valid = plan_count(b, 40);
    int rc = plan_part(b, "train", 1, n_train, 0.40, rng, st);
    if (!rc)
        rc = plan_part(b, "valid", n_train + 1, n_valid, 0.48, rng, st);
    if (!rc)
        plan_trap(b, NAME, "metal in half of the abnormal studies", "shortcut", "MURA-v1.1/train_labeled_studies.csv");
    gsl_rng_free(rng);
    return rc;
}
