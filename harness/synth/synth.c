#include "synth/synth.h"

#include <assert.h>
#include <gsl/gsl_randist.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/rng.h"
#include "synth/draw.h"
#include "synth/grey_png.h"
#include "synth/tiny_checkpoint.h"
#include "synth/whole_file.h"

#define SHOWN_SHARE 0.85
#define SIXTEEN_BIT_SHARE 0.25
#define SITE_B_SHARE 0.4

static const double grade_share[SYNTH_GRADES] = {0.40, 0.18, 0.25, 0.12, 0.05};

struct patient {
    size_t number; /* from 1 */
    bool site_b, female, fracture;
    unsigned joint_space, age;
    double severity_part, narrowing_part, maturity; /* the patient's part of the noise; latent age */
    bool in_upper_bone;
    double lean;
    size_t n_images;
    struct draw_anatomy anatomy;
};

struct image {
    const struct patient *patient;
    size_t number; /* of the patient's images, from 1 */
    bool fracture, sixteen_bit;
    double black, white; /* of a 16-bit file */
    struct draw_scene scene;
};

struct cohort {
    size_t n_patients, n_images;
    struct patient *patient;
    struct image *image; /* by patient, then number */
};

void synth_defaults(struct synth_options *options)
{
    *options = (struct synth_options){.seed = 2025, .n_patients = 240, .width = 288, .height = 352};
}

static double uniform(gsl_rng *rng, double low, double high) { return low + (high - low) * gsl_rng_uniform(rng); }
static double normal(gsl_rng *rng, double sd) { return gsl_ran_gaussian_ziggurat(rng, sd); }
static bool chance(gsl_rng *rng, double share) { return gsl_rng_uniform(rng) < share; }

static unsigned draw_grade(gsl_rng *rng)
{
    double u = gsl_rng_uniform(rng);
    unsigned grade = 0;
    while (grade + 1 < SYNTH_GRADES && u >= grade_share[grade])
        u -= grade_share[grade++];
    return grade;
}

static void plan_patient(struct patient *p, size_t index, uint64_t seed, gsl_rng *rng)
{
    rng_stream_set(rng, seed, "synth patient", index);
    p->number = index + 1;
    p->n_images = 1 + gsl_rng_uniform_int(rng, SYNTH_IMAGES_MAX);
    p->site_b = chance(rng, SITE_B_SHARE);
    p->female = chance(rng, 0.5);
    p->fracture = chance(rng, SYNTH_FRACTURE_SHARE);
    p->joint_space = draw_grade(rng);
    p->age = SYNTH_AGE_MIN + (unsigned)gsl_rng_uniform_int(rng, SYNTH_AGE_MAX - SYNTH_AGE_MIN + 1);
    p->severity_part = normal(rng, sqrt(0.5));
    p->narrowing_part = normal(rng, SYNTH_NARROWING_SD * sqrt(0.5));
    p->maturity = p->age + normal(rng, SYNTH_MATURITY_SD);
    p->in_upper_bone = chance(rng, 0.5);
    p->lean = chance(rng, 0.5) ? 1 : -1;
    struct draw_anatomy *a = &p->anatomy;
    a->size = (p->female ? 0.95 : 1.01) * exp(normal(rng, 0.035));
    a->shaft = exp(normal(rng, 0.06));
    a->condyle = exp(normal(rng, 0.035));
    a->cortex = exp(normal(rng, 0.10));
    a->density = exp(normal(rng, 0.12));
    a->flesh = exp(normal(rng, 0.09));
    a->bow = normal(rng, 2.0);
    for (size_t i = 0; i < DRAW_TEXTURE * DRAW_TEXTURE; i++)
        a->texture[i] = (float)uniform(rng, -1, 1);
}

/* Which of a patient's images show the fracture: each with its chance, and if none does the last. */
static void plan_image(struct image *image, const struct patient *p, size_t number, bool shown_before,
                       const struct synth_options *o, gsl_rng *rng)
{
    rng_stream_set(rng, o->seed, "synth image", (p->number - 1) * SYNTH_IMAGES_MAX + number - 1);
    image->patient = p;
    image->number = number;
    bool shown = chance(rng, SHOWN_SHARE);
    image->fracture = p->fracture && (shown || (number == p->n_images && !shown_before));
    image->sixteen_bit = chance(rng, SIXTEEN_BIT_SHARE);
    image->black = floor(uniform(rng, 0, 300));
    image->white = floor(uniform(rng, 1500, 4095));

    struct draw_scene *s = &image->scene;
    s->anatomy = &p->anatomy;
    s->lateral = number == 2 || (number == 1 && chance(rng, 0.35));
    s->left = (p->number + (number == 3)) % 2;
    double latent = (image->fracture ? SYNTH_FRACTURE_EFFECT : 0) + p->severity_part + normal(rng, sqrt(0.5));
    s->severity = 0.5 * erfc(-(latent - 1.6) / 0.8 * M_SQRT1_2); /* monotone: the ceiling stays */
    s->narrowing = p->joint_space + p->narrowing_part + normal(rng, SYNTH_NARROWING_SD * sqrt(0.5));
    s->maturity = p->maturity;

    s->in_upper_bone = p->in_upper_bone;
    s->distance = uniform(rng, 52, 66);
    s->slant = uniform(rng, -0.5, 0.5);
    s->lean = p->lean;

    s->rotation = normal(rng, 0.05);
    s->zoom = exp(normal(rng, 0.04));
    s->shift_x = normal(rng, 3.0);
    s->shift_y = normal(rng, 4.0);

    s->exposure = (p->site_b ? 1.10 : 1.0) * exp(normal(rng, 0.10));
    s->gamma = (p->site_b ? 1.45 : 1.3) * exp(normal(rng, 0.06));
    s->fog = (p->site_b ? 0.05 : 0.03) + uniform(rng, 0, 0.03);
    s->noise = (p->site_b ? 0.014 : 0.009) * exp(normal(rng, 0.15));
    s->vignette = p->site_b ? 0.10 : 0.02;

    double high = DRAW_FIELD_MM / 2, wide = high * (double)o->width / (double)o->height;
    s->half_width = wide * uniform(rng, 0.80, 1.05);
    s->half_height = high * uniform(rng, 0.88, 1.05);
    s->tilt = normal(rng, 0.015);
    s->marker_x = (s->left ? 1 : -1) * (fmin(s->half_width, wide) - uniform(rng, 8, 12));
    s->marker_y = (chance(rng, 0.7) ? -1 : 1) * (fmin(s->half_height, high) - uniform(rng, 10, 26));
    s->marker_turn = normal(rng, 0.12);
}

static void cohort_plan(struct cohort *c, const struct synth_options *o)
{
    gsl_rng *rng = rng_stream_new();
    *c = (struct cohort){.n_patients = o->n_patients};
    c->patient = NEW0(o->n_patients, struct patient);
    c->image = NEW0(o->n_patients * SYNTH_IMAGES_MAX, struct image);
    for (size_t i = 0; i < o->n_patients; i++) {
        struct patient *p = c->patient + i;
        plan_patient(p, i, o->seed, rng);
        bool shown = false;
        for (size_t k = 1; k <= p->n_images; k++) {
            plan_image(c->image + c->n_images, p, k, shown, o, rng);
            shown |= c->image[c->n_images++].fracture;
        }
    }
    gsl_rng_free(rng);
}

static void cohort_release(struct cohort *c)
{
    free(c->patient);
    free(c->image);
    *c = (struct cohort){0};
}

static char *image_name(const struct image *image)
{
    return mem_printf("images/P%04zu_%zu.png", image->patient->number, image->number);
}

static int image_write(const char *directory, const struct image *image, const struct synth_options *o, struct status *st)
{
    size_t n = o->width * o->height, size = 0;
    float *grey = NEW(n, float);
    uint16_t *pixel = NEW(n, uint16_t);
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, o->seed, "synth noise", (image->patient->number - 1) * SYNTH_IMAGES_MAX + image->number - 1);
    draw_radiograph(grey, o->width, o->height, &image->scene, rng);
    double black = image->sixteen_bit ? image->black : 0, white = image->sixteen_bit ? image->white : 255;
    for (size_t i = 0; i < n; i++)
        pixel[i] = (uint16_t)lrint(black + (white - black) * (double)grey[i]);
    unsigned char *png = grey_png_encode(&size, pixel, o->width, o->height, image->sixteen_bit ? 16 : 8);
    char *name = image_name(image), *path = path_join(directory, name);
    int rc = whole_file_write(path, png, size, st);
    free(path);
    free(name);
    free(png);
    gsl_rng_free(rng);
    free(pixel);
    free(grey);
    return rc;
}

static int images_write(const char *directory, const struct cohort *c, const struct synth_options *o, int n_threads, struct status *st)
{
    struct status *each = NEW0(c->n_images, struct status);
#pragma omp parallel for num_threads(n_threads) schedule(dynamic)
    for (size_t i = 0; i < c->n_images; i++)
        each[i].code = image_write(directory, c->image + i, o, each + i);
    int rc = STATUS_OK;
    for (size_t i = 0; i < c->n_images && !rc; i++)
        if ((rc = each[i].code))
            *st = each[i];
    free(each);
    return rc;
}

/* The text a printing function leaves on a stream, to be written at once. */
static int text_write(const char *directory, const char *name, void (*print)(FILE *, const struct cohort *, const struct synth_options *),
                      const struct cohort *c, const struct synth_options *o, struct status *st)
{
    char *text = NULL, *path = path_join(directory, name);
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    int rc = STATUS_OK;
    if (stream)
        print(stream, c, o);
    if (!stream || fclose(stream))
        rc = status_errno(st, STATUS_INTERNAL, "cannot compose '%s'", path);
    if (!rc)
        rc = whole_file_write(path, text, size, st);
    free(text);
    free(path);
    return rc;
}

static void print_table(FILE *f, const struct cohort *c, const struct synth_options *o)
{
    (void)o;
    fputs("image,patient,site,sex,view,fracture,joint_space,age\n", f);
    for (size_t i = 0; i < c->n_images; i++) {
        const struct image *image = c->image + i;
        const struct patient *p = image->patient;
        char *name = image_name(image);
        fprintf(f, "%s,P%04zu,%s,%s,%s,%d,%u,%u\n", name, p->number, p->site_b ? "B" : "A", p->female ? "F" : "M",
                image->scene.lateral ? "lateral" : "frontal", image->fracture, p->joint_space, p->age);
        free(name);
    }
}

static void print_readme(FILE *f, const struct cohort *c, const struct synth_options *o)
{
    size_t n_fractures = 0, n_deep = 0, grade[SYNTH_GRADES] = {0};
    for (size_t i = 0; i < c->n_images; i++) {
        n_fractures += c->image[i].fracture;
        n_deep += c->image[i].sixteen_bit;
        grade[c->image[i].patient->joint_space]++;
    }
    fprintf(f,
            "ALL OF THIS IS SYNTHETIC.  The radiographs were drawn by a program, the patients do not exist,\n"
            "the labels were drawn from random numbers, and the weights in tiny-random-vit/ are random.\n"
            "Figures computed here say whether the pipeline works; they say nothing about any model or any disease.\n\n"
            "Made by `skelex-eval synth` with seed %" PRIu64 ": %zu patients, %zu images of %zu x %zu pixels, %zu of them 16-bit.\n\n",
            o->seed, c->n_patients, c->n_images, o->width, o->height, n_deep);
    fprintf(f,
            "cohort.csv: image,patient,site,sex,view,fracture,joint_space,age\n\n"
            "Each label was drawn first; the picture shows label + noise.  The ceiling is what an observer reaches who\n"
            "reads label + noise off one image without error; nobody can beat it on average.\n"
            "fracture     0/1 of an image (%zu of %zu are 1).  A dark line through a shaft, with step, bend and swelling,\n"
            "             all growing with label * %.1f + N(0, 1).  Ceiling AUROC %.3f.\n"
            "joint_space  grade 0..4 of the patient (images: %zu, %zu, %zu, %zu, %zu).  Narrowing, spurs and sclerosis grow\n"
            "             with grade + N(0, %.1f).  Ceiling quadratic-weighted kappa %.2f.\n"
            "age          months of the patient, %d to %d.  Growth plates, bone size and cortex follow age + N(0, %.0f).\n"
            "             Ceiling MAE %.1f months; growth plates are shut from 200 months, so the oldest look alike.\n\n",
            n_fractures, c->n_images, SYNTH_FRACTURE_EFFECT, 0.5 * erfc(-SYNTH_FRACTURE_EFFECT / 2), grade[0], grade[1], grade[2],
            grade[3], grade[4], SYNTH_NARROWING_SD, SYNTH_CEILING_KAPPA, SYNTH_AGE_MIN, SYNTH_AGE_MAX, SYNTH_MATURITY_SD,
            SYNTH_CEILING_MAE);
    fputs("Labels are independent of each other, of site and of sex.  Images of one patient share anatomy, texture and part of\n"
          "the noise: a split that parts a patient's images can look better than it is.  Site B exposes more and is noisier.\n",
          f);
}

int synth_write(const char *directory, const struct synth_options *o, int n_threads, struct status *st)
{
    assert(n_threads >= 1);
    if (o->n_patients < 1 || o->n_patients > 9999)
        return status_set(st, STATUS_USAGE, "%zu patients: must be 1 to 9999", o->n_patients);
    if (o->width < 32 || o->width > 4096 || o->height < 32 || o->height > 4096)
        return status_set(st, STATUS_USAGE, "images of %zu x %zu pixels: sides must be 32 to 4096", o->width, o->height);
    struct cohort c;
    cohort_plan(&c, o);
    char *images = path_join(directory, "images"), *checkpoint = path_join(directory, "tiny-random-vit");
    int rc = file_make_directories(images, st);
    if (!rc) /* first: it names the options, so that a directory made with others is refused at once */
        rc = text_write(directory, "README.txt", print_readme, &c, o, st);
    if (!rc)
        rc = tiny_checkpoint_write(checkpoint, o->seed, st);
    if (!rc)
        rc = images_write(directory, &c, o, n_threads, st);
    if (!rc)
        rc = text_write(directory, "cohort.csv", print_table, &c, o, st);
    free(checkpoint);
    free(images);
    cohort_release(&c);
    return rc;
}
