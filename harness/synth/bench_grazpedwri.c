/* GRAZPEDWRI-DX: a table with BOM, CRLF, flags that are 1 or empty, quoted
 * commas, AO codes with trailing blanks; 16-bit pictures in four folders;
 * several pictures a patient. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "synth/benchmark_plan.h"

#define NAME "GRAZPEDWRI-DX"
#define WIDTH 136
#define HEIGHT 192
#define FREQUENT 20
#define CODES 23
#define QUOTED "23r-E/2.1, 23u-E/7"

/* The published codes in the order of their counts; patients here at scale 1.  The last three are rare and left out. */
static const struct {
    const char *code;
    size_t patients;
} ao[CODES] = {{"23r-M/2.1", 32}, {"23r-M/3.1; 23u-M/2.1", 22}, {"23r-M/3.1; 23u-E/7", 20}, {"23r-M/3.1", 19},
               {"23-M/3.1", 18}, {"23-M/2.1", 17}, {"23r-E/2.1; 23u-E/7", 14}, {"23r-E/2.1", 12},
               {"23r-M/2.1; 23u-E/7", 11}, {"23r-M/3.1; 23u-M/2.1; 23u-E/7", 10}, {"23-M/3.1; 23u-E/7", 10}, {"23r-E/2.1; 23u-M/2.1", 10},
               {"22r-D/2.1", 10}, {"22-D/2.1", 10}, {"22r-D/2.1; 23u-M/2.1", 10}, {"23r-E/1", 10},
               {"23r-M/3.1; 23u-E/2.1", 10}, {"72B(b)", 10}, {"23u-E/7", 10}, {"23u-M/2.1", 10},
               {"72B(c)", 2}, {"23-M/2.1; 23u-E/7", 2}, {"22-D/4.1", 2}};
enum { NO_CODE = CODES, WITH_METAL, UNCERTAIN, KINDS };

struct visit { /* what a patient's rows share */
    size_t patient;
    unsigned kind, code; /* code: index of `ao`, NO_CODE */
    char sex;
    double age, shared, shared_metal;
    bool left;
};

/* A fracture of class `code` has its own place and slant: bone, five distances, two slants. */
static void place_fracture(struct draw_scene *s, unsigned code, gsl_rng *rng)
{
    if (code < FREQUENT) {
        s->in_upper_bone = code % 2;
        s->distance = 26 + 11 * (double)(code / 2 % 5) + plan_normal(rng, 1.5);
        s->slant = (code / 10 ? 0.55 : -0.55) + plan_normal(rng, 0.12);
    } else {
        s->distance = plan_uniform(rng, 26, 70);
    }
}

static void print_code(FILE *f, const struct visit *v, size_t row)
{
    if (v->code == NO_CODE)
        return;
    const char *code = ao[v->code].code;
    bool blank = (!strcmp(code, "23r-M/3.1; 23u-E/7") || !strcmp(code, "23r-E/1")) && row % 3 == 0;
    fprintf(f, "%s%s", code, blank ? " " : "");
}

/* One row and its picture, whose path is returned, to be freed. */
static char *plan_row(struct benchmark_plan *b, FILE *f, const struct visit *v, size_t view, const char *quoted, bool there, gsl_rng *rng)
{
    bool fracture = quoted || (v->code != NO_CODE ? plan_chance(rng, 0.95) : v->kind == WITH_METAL && v->patient % 2),
         metal = v->kind == WITH_METAL;
    size_t study = view / 4 + 1, row = b->n_pictures;
    unsigned projection = 1 + view % 2;
    unsigned long time = gsl_rng_get(rng);
    char *stem = mem_printf("%04zu_%010lu_%02zu_WRI-%c%u_%c%03.0f", v->patient, time, study, v->left ? 'L' : 'R', projection, v->sex,
                            floor(v->age));
    fprintf(f, "%s,%zu,%zu,%lu,%c,%g,%c,%u,%s,", stem, v->patient, study, time, v->sex, v->age, v->left ? 'L' : 'R', projection,
            study == 1 ? "1" : "");
    if (quoted)
        fprintf(f, "\"%s\"", quoted);
    else
        print_code(f, v, row);
    fprintf(f, ",%s,%s,%s,%s,%s,0.144,%s\r\n", plan_chance(rng, 0.28) ? "1" : "", v->kind == UNCERTAIN ? "1" : "",
            plan_chance(rng, 0.12) ? "1" : "", fracture ? "1" : "", metal ? "1" : "", plan_chance(rng, 0.01) ? "Agfa" : "Siemens");
    char *path = mem_printf("GRAZPEDWRI-DX/images_part%zu/%s.png", v->patient % 4 + 1, stem);
    free(stem);
    if (!there)
        return path;

    struct picture p;
    picture_plan(&p, NAME, v->patient, row, WIDTH - 8 * (v->patient % 3), HEIGHT + 8 * (v->patient % 4), rng);
    p.format = PICTURE_PNG_16;
    p.black = 0;
    p.white = floor(plan_uniform(rng, 40000, 65535));
    p.size = 0.8;
    p.scene.lateral = projection == 2;
    p.scene.left = v->left;
    p.scene.maturity = 12 * v->age;
    place_fracture(&p.scene, v->code, rng);
    p.scene.severity = picture_severity(plan_latent(fracture, v->shared, rng));
    p.metal = picture_severity(plan_latent(metal, v->shared_metal, rng));
    plan_picture(b, &p, mem_strdup(path));
    return path;
}

static void plan_patient(struct benchmark_plan *b, FILE *f, size_t patient, unsigned kind, gsl_rng *rng)
{
    struct visit v = {.patient = patient, .kind = kind, .code = kind < CODES ? kind : NO_CODE};
    if (kind == WITH_METAL && plan_chance(rng, 0.5))
        v.code = (unsigned)plan_below(rng, 6); /* most have a code and a fracture too */
    v.sex = patient == 2 ? 'O' : plan_chance(rng, 0.6) ? 'M' : 'F';
    v.age = round(10 * plan_uniform(rng, 2, 18)) / 10;
    v.left = plan_chance(rng, 0.5);
    v.shared = plan_normal(rng, 0.7071);
    v.shared_metal = plan_normal(rng, 0.7071);
    size_t n = kind == WITH_METAL ? 3 + plan_below(rng, 3) : 2;
    for (size_t view = 0; view < n; view++) {
        char *path = plan_row(b, f, &v, view, NULL, true, rng);
        if (v.sex == 'O')
            plan_trap(b, NAME, "gender O", "", path);
        free(path);
    }
}

int bench_grazpedwri(struct benchmark_plan *b, struct status *st)
{
    FILE *f;
    int rc = plan_text(&f, b, mem_strdup("GRAZPEDWRI-DX/dataset.csv"), st);
    if (rc)
        return rc;
    fputs("\xef\xbb\xbf" "filestem,patient_id,study_number,timehash,gender,age,laterality,projection,initial_exam,ao_classification,cast,"
          "diagnosis_uncertain,osteopenia,fracture_visible,metal,pixel_spacing,device_manufacturer\r\n", f);
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, b->seed, "benchmark grazpedwri", 0);
    size_t count[KINDS], n;
    for (size_t k = 0; k < CODES; k++)
        count[k] = k < FREQUENT ? plan_count(b, ao[k].patients) : 1; /* never as many as the frequent ones */
    count[NO_CODE] = plan_count(b, 130);
    count[WITH_METAL] = plan_count(b, 14);
    count[UNCERTAIN] = plan_count(b, 8);
    unsigned *kind = plan_classes(&n, count, KINDS, rng);
    for (size_t i = 0; i < n; i++)
        plan_patient(b, f, i + 1, kind[i], rng);

    struct visit last = {.patient = n + 1, .kind = NO_CODE, .code = NO_CODE, .sex = 'F', .age = 9.9, .left = true};
    for (size_t view = 0; view < 3; view++) {
        char *path = plan_row(b, f, &last, view, QUOTED, true, rng);
        plan_trap(b, NAME, "a comma inside quotes", "", path);
        free(path);
    }
    last = (struct visit){.patient = n + 2, .kind = NO_CODE, .code = NO_CODE, .sex = 'M', .age = 12};
    char *path = plan_row(b, f, &last, 0, NULL, false, rng);
    plan_trap(b, NAME, "listed and not there", "missing", path);
    free(path);
    plan_trap(b, NAME, "UTF-8 byte order mark, CRLF, AO codes with trailing blanks", "", "GRAZPEDWRI-DX/dataset.csv");
    free(kind);
    gsl_rng_free(rng);
    return STATUS_OK;
}
