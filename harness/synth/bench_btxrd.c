/* BTXRD: dataset.xlsx in the public dialect beside images/, LabelMe files of the tumours in Annotations/ (a rectangle and a
 * polygon each) and, which the public one has not, what a detector of bones would say of every image, as YOLO files in detections/.  Ages are text in
 * some rows and numbers in others, a few cells are empty, one picture has two
 * subtypes; persons have several pictures, and no column says so. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/rng.h"
#include "synth/benchmark_plan.h"
#include "synth/workbook.h"

#define NAME "BTXRD"
#define SUBTYPES 9
#define NORMAL SUBTYPES
#define FIRST_MALIGNANT 7

static const char *const column[] = {
    "image_id", "center", "age", "gender", "hand", "ulna", "radius", "humerus", "foot", "tibia", "fibula", "femur", "hip bone",
    "ankle-joint", "knee-joint", "hip-joint", "wrist-joint", "elbow-joint", "shoulder-joint", "tumor", "benign", "malignant",
    "osteochondroma", "multiple osteochondromas", "simple bone cyst", "giant cell tumor", "osteofibroma", "synovial osteochondroma",
    "other bt", "osteosarcoma", "other mt", "upper limb", "lower limb", "pelvis", "frontal", "lateral", "oblique"};
#define COLUMNS (sizeof column / sizeof *column)
enum { ID, CENTRE, AGE, GENDER, HAND, ULNA, RADIUS, HUMERUS, FOOT, TIBIA, FIBULA, FEMUR, HIP_BONE, ANKLE, KNEE, HIP, WRIST, ELBOW, SHOULDER,
       TUMOUR, BENIGN, MALIGNANT, FIRST_SUBTYPE, UPPER_LIMB = FIRST_SUBTYPE + SUBTYPES, LOWER_LIMB, PELVIS, FRONTAL, LATERAL, OBLIQUE };

/* Persons at scale 1 in the columns' order of subtypes, then without a tumour; and how a tumour of the subtype looks. */
static const struct {
    size_t persons;
    bool upper;
    double distance, aside;
    struct picture_lesion lesion;
} look[SUBTYPES + 1] = {
    {56, true, 44, 17, {.level = 0.22, .radius = 8, .rim = 0.10, .lobes = 3, .lobe_depth = 0.20}},
    {24, false, 40, -17, {.level = 0.20, .radius = 9, .rim = 0.08, .lobes = 5, .lobe_depth = 0.35}},
    {18, true, 58, 0, {.level = -0.30, .radius = 9, .rim = 0.12}},
    {13, false, 22, 7, {.level = -0.28, .radius = 13, .rim = -0.05, .lobes = 4, .lobe_depth = 0.10}},
    {9, false, 60, -8, {.level = -0.18, .radius = 7, .rim = 0.25, .lobes = 2, .lobe_depth = 0.30}},
    {9, true, 8, 24, {.level = 0.25, .radius = 10, .matrix = 0.25, .lobes = 6, .lobe_depth = 0.15}},
    {14, false, 48, 8, {.level = -0.10, .radius = 6, .rim = 0.15, .matrix = 0.15}},
    {26, true, 36, 0, {.level = 0.32, .radius = 15, .matrix = 0.12, .lobes = 7, .lobe_depth = 0.30}},
    {9, false, 34, 0, {.level = -0.35, .radius = 15, .matrix = 0.10, .lobes = 5, .lobe_depth = 0.35}},
    {165, true, 0, 0, {.radius = 0}}};

struct person {
    size_t number;
    unsigned subtype, centre, region;
    double age, shared, shared_edge;
    char sex;
};

static void set(struct workbook_cell *row, size_t at, double value)
{
    row[at].has_number = true;
    row[at].number = value;
}

static void fill_row(struct workbook_cell *row, size_t id, const struct person *p, bool lateral, gsl_rng *rng)
{
    static const size_t bone[] = {FEMUR, TIBIA, FIBULA, HUMERUS, FOOT, HAND}, joint[] = {KNEE, KNEE, ANKLE, SHOULDER, ANKLE, WRIST};
    const bool tumour = p->subtype != NORMAL, malignant = tumour && p->subtype >= FIRST_MALIGNANT;
    for (size_t k = CENTRE; k < COLUMNS; k++)
        set(row, k, 0);
    row[ID].text = mem_printf("IMG%06zu.jpeg", id);
    set(row, CENTRE, p->centre);
    row[GENDER].text = mem_printf("%c", p->sex);
    if (plan_chance(rng, 0.56))
        row[AGE].text = mem_printf("%.0f", p->age);
    else
        set(row, AGE, p->age);
    set(row, bone[p->region], 1);
    set(row, joint[p->region], 1);
    set(row, TUMOUR, tumour);
    set(row, BENIGN, tumour && !malignant);
    set(row, MALIGNANT, malignant);
    if (tumour)
        set(row, FIRST_SUBTYPE + p->subtype, 1);
    set(row, bone[p->region] == HUMERUS || bone[p->region] == HAND ? UPPER_LIMB : LOWER_LIMB, 1);
    set(row, lateral ? LATERAL : FRONTAL, 1);
}

/* A tumour of the person's subtype, as plain as severity makes it; malignant ones have a soft edge. */
static void draw_lesion(struct picture *p, const struct person *who, gsl_rng *rng)
{
    const bool tumour = who->subtype != NORMAL;
    const unsigned shape = tumour ? who->subtype : (unsigned)plan_below(rng, SUBTYPES); /* a normal bone's faint shadow is like any */
    const double plain = picture_severity(plan_latent(tumour, who->shared, rng));
    const double edge = plan_latent(tumour && who->subtype >= FIRST_MALIGNANT, who->shared_edge, rng);
    struct picture_lesion l = look[shape].lesion;
    l.level = (l.level + plan_normal(rng, 0.03)) * plain;
    l.rim *= plain;
    l.matrix *= plain;
    l.radius *= exp(plan_normal(rng, 0.08));
    l.aside = look[shape].aside + plan_normal(rng, 1.5);
    l.softness = 0.15 + 0.9 * picture_severity(edge);
    p->lesion = l;
    p->scene.in_upper_bone = look[shape].upper;
    p->scene.distance = fmax(look[shape].distance + plan_normal(rng, 2.5), 4);
}

static void plan_image(struct picture *p, const struct person *who, size_t id, bool lateral, gsl_rng *rng)
{
    static const double size[] = {1.1, 1.0, 0.9, 0.9, 0.75, 0.65};
    size_t height = 208 + 8 * plan_below(rng, 5), width = height * 4 / 5 + 8 * plan_below(rng, 4);
    picture_plan(p, NAME, who->number, id, width, height, rng);
    p->format = plan_chance(rng, 0.6) ? PICTURE_JPEG_RGB : PICTURE_JPEG_GREY;
    p->size = size[who->region];
    p->scene.lateral = lateral;
    draw_lesion(p, who, rng);
    if (who->centre > 1) { /* pictures of other centres differ: exposure, noise, compression */
        p->scene.exposure *= who->centre == 2 ? 1.15 : 0.88;
        p->scene.noise *= who->centre == 2 ? 1.5 : 1.2;
        p->quality = who->centre == 2 ? 75 : 92;
    }
}

static int annotate(struct benchmark_plan *b, const struct picture *p, size_t id, bool malignant, struct status *st)
{
    const struct picture_box l = picture_lesion_box(p);
    const char *label = malignant ? "malignant" : "benign";
    FILE *f;
    int rc = plan_text(&f, b, mem_printf("BTXRD/Annotations/IMG%06zu.json", id), st);
    if (rc)
        return rc;
    fprintf(f, "{\"version\": \"5.0.1\", \"shapes\": [{\"label\": \"%s\", \"shape_type\": \"rectangle\", \"points\": [[%.2f, %.2f], [%.2f, %.2f]]},\n", label,
            l.left, l.top, l.right, l.bottom);
    fprintf(f, "{\"label\": \"%s\", \"shape_type\": \"polygon\", \"points\": [[%.2f, %.2f], [%.2f, %.2f], [%.2f, %.2f]]}],\n", label, l.left, l.top,
            l.right, (l.top + l.bottom) / 2, l.left, l.bottom);
    fprintf(f, "\"imagePath\": \"IMG%06zu.jpeg\", \"imageHeight\": %zu, \"imageWidth\": %zu}\n", id, p->height, p->width);
    return STATUS_OK;
}

/* The bone above the joint, the one below, the joint: found a little aside, whatever the bones show. */
static int detect(struct benchmark_plan *b, const struct picture *p, size_t id, gsl_rng *rng, struct status *st)
{
    static const double place[][4] = {{-30, -92, 30, -2}, {-30, 2, 30, 92}, {-42, -32, 42, 32}};
    FILE *f;
    int rc = plan_text(&f, b, mem_printf("BTXRD/detections/IMG%06zu.txt", id), st);
    for (size_t k = 0; k < sizeof place / sizeof *place && !rc; k++) {
        double d[4];
        for (size_t i = 0; i < 4; i++)
            d[i] = place[k][i] + plan_normal(rng, 2);
        const struct picture_box l = picture_place(p, d[0], d[1], d[2], d[3]);
        double w = (double)p->width, h = (double)p->height;
        fprintf(f, "%zu %.6f %.6f %.6f %.6f %.4f\n", k, (l.left + l.right) / 2 / w, (l.top + l.bottom) / 2 / h, (l.right - l.left) / w, (l.bottom - l.top) / h,
                plan_uniform(rng, 0.6, 0.98));
    }
    return rc;
}

static unsigned draw_centre(bool tumour, gsl_rng *rng)
{
    double u = gsl_rng_uniform(rng);
    if (tumour)
        return u < 0.72 ? 1 : u < 0.87 ? 2 : 3;
    return u < 0.85 ? 1 : u < 0.98 ? 2 : 3;
}

static void draw_person(struct person *p, size_t number, unsigned subtype, gsl_rng *rng)
{
    *p = (struct person){.number = number, .subtype = subtype, .centre = draw_centre(subtype != NORMAL, rng),
                         .region = (unsigned)plan_below(rng, 6), .age = round(plan_uniform(rng, 4, 76)), .shared = plan_normal(rng, 0.7071),
                         .shared_edge = plan_normal(rng, 0.7071), .sex = plan_chance(rng, 0.56) ? 'M' : 'F'};
}

static void trap_of(struct benchmark_plan *b, size_t id, const char *trap, const char *expect)
{
    char *name = mem_printf("BTXRD/images/IMG%06zu.jpeg", id);
    plan_trap(b, NAME, trap, expect, name);
    free(name);
}

static void empty_cell(struct benchmark_plan *b, struct workbook_cell *row, size_t id, size_t at)
{
    row[at].has_number = false;
    trap_of(b, id, "an empty cell", "");
}

int bench_btxrd(struct benchmark_plan *b, struct status *st)
{
    gsl_rng *rng = rng_stream_new(), *boxes = rng_stream_new(); /* the pictures stay what they were without boxes */
    FILE *names;
    int rc = plan_text(&names, b, mem_strdup("BTXRD/detections/classes.txt"), st);
    if (!rc)
        fputs("upper bone\nlower bone\njoint\n", names);
    rng_stream_set(rng, b->seed, "benchmark btxrd", 0);
    rng_stream_set(boxes, b->seed, "benchmark btxrd boxes", 0);
    size_t count[SUBTYPES + 1], n_persons, n = 0, first_osteochondroma = 0, first_normal = 0, first = b->n_pictures;
    for (size_t k = 0; k <= NORMAL; k++)
        count[k] = plan_count(b, look[k].persons);
    unsigned *subtype = plan_classes(&n_persons, count, SUBTYPES + 1, rng);
    const size_t most = 3 * n_persons + 2;
    struct workbook_cell *cell = NEW0(most * COLUMNS, struct workbook_cell);
    for (size_t k = 0; k < COLUMNS; k++)
        cell[k].text = mem_strdup(column[k]);
    for (size_t i = 0; i < n_persons && !rc; i++) {
        struct person who;
        draw_person(&who, i, subtype[i], rng);
        size_t n_images = who.subtype == NORMAL ? 1 + plan_below(rng, 3) : i % 2 ? 2 : 1 + plan_below(rng, 2);
        for (size_t k = 0; k < n_images && !rc; k++) {
            struct picture p;
            const size_t id = ++n;
            plan_image(&p, &who, id, k % 2, rng);
            fill_row(cell + n * COLUMNS, id, &who, k % 2, rng);
            plan_picture(b, &p, mem_printf("BTXRD/images/IMG%06zu.jpeg", id));
            rc = detect(b, &p, id, boxes, st);
            if (!rc && who.subtype != NORMAL)
                rc = annotate(b, &p, id, who.subtype >= FIRST_MALIGNANT, st);
            if (who.subtype == 0 && !first_osteochondroma)
                first_osteochondroma = id;
            if (who.subtype == NORMAL && !first_normal)
                first_normal = id;
        }
    }
    set(cell + first_osteochondroma * COLUMNS, FIRST_SUBTYPE + 5, 1);
    trap_of(b, first_osteochondroma, "two subtypes in one row", "two_labels");
    empty_cell(b, cell + 1 * COLUMNS, 1, HIP_BONE);
    empty_cell(b, cell + 2 * COLUMNS, 2, FIBULA);
    empty_cell(b, cell + 3 * COLUMNS, 3, TIBIA);

    struct picture near = b->picture[first + first_normal - 1];
    near.brighten = 0.03;
    struct workbook_cell *row = cell + ++n * COLUMNS, *original = cell + first_normal * COLUMNS;
    for (size_t k = CENTRE; k < COLUMNS; k++)
        row[k] = (struct workbook_cell){original[k].text ? mem_strdup(original[k].text) : NULL, original[k].has_number, original[k].number};
    row[ID].text = mem_printf("IMG%06zu.jpeg", n);
    plan_picture(b, &near, mem_printf("BTXRD/images/IMG%06zu.jpeg", n));
    if (!rc)
        rc = detect(b, &near, n, boxes, st);
    trap_of(b, first_normal, "near duplicate: slightly brightened copy", "near_duplicate");
    trap_of(b, n, "near duplicate: slightly brightened copy", "near_duplicate");
    plan_trap(b, NAME, "ages as text and as numbers", "", "BTXRD/dataset.xlsx");

    unsigned char *file = NULL;
    size_t size = 0;
    if (!rc)
        rc = workbook_encode(&file, &size, cell, n + 1, COLUMNS, st);
    if (!rc)
        plan_bytes(b, mem_strdup("BTXRD/dataset.xlsx"), file, size);
    free(file);
    for (size_t i = 0; i < most * COLUMNS; i++)
        free(cell[i].text);
    free(cell);
    free(subtype);
    gsl_rng_free(rng);
    gsl_rng_free(boxes);
    return rc;
}
