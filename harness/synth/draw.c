#include "synth/draw.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

/* Attenuation per mm, in units in which a display shows 1 - exp(-sum). */
#define MU_SOFT 0.0062
#define MU_CORTEX 0.040
#define MU_TRABECULAR 0.0115
#define MU_MARROW 0.0040

#define PROFILE_STEP 0.5 /* mm */
#define PROFILE_N 400
#define MATURE_MONTHS 200.0

static double square(double x) { return x * x; }
static double bell(double x) { return exp(-0.5 * x * x); }
static double clamp(double x, double low, double high) { return x < low ? low : x > high ? high : x; }
static double smooth_step(double x) { x = clamp(x, 0, 1); return x * x * (3 - 2 * x); }

/* Smaller of the two, with the corner rounded over `radius`. */
static double round_minimum(double a, double b, double radius)
{
    double h = fmax(radius - fabs(a - b), 0) / radius;
    return fmin(a, b) - h * h * radius / 4;
}

/* Texture tile at (x, y) in cells, interpolated; wraps. */
static double texture_at(const float *tile, double x, double y)
{
    double fx = floor(x), fy = floor(y);
    size_t x0 = (size_t)(long)fx & (DRAW_TEXTURE - 1), x1 = (x0 + 1) & (DRAW_TEXTURE - 1);
    size_t y0 = ((size_t)(long)fy & (DRAW_TEXTURE - 1)) * DRAW_TEXTURE, y1 = (y0 + DRAW_TEXTURE) & (DRAW_TEXTURE * DRAW_TEXTURE - 1);
    double tx = x - fx, ty = y - fy;
    double top = tile[y0 + x0] + tx * ((double)tile[y0 + x1] - (double)tile[y0 + x0]);
    double low = tile[y1 + x0] + tx * ((double)tile[y1 + x1] - (double)tile[y1 + x0]);
    return top + ty * (low - top);
}

enum bone_end { END_CONDYLES, END_ROUND, END_PLATEAU, END_FLAT, END_KNOB };

/* A long bone: a runs from its joint end along the shaft, u across. */
struct bone {
    enum bone_end end;
    double direction;  /* -1: the shaft goes up the picture, 1: down */
    double axis;       /* u of its middle */
    double offset;     /* of the joint end from the joint's middle */
    double bow, length;
    double widest;
    double half[PROFILE_N], depth[PROFILE_N], cortex[PROFILE_N], inside[PROFILE_N]; /* along a */
    double plate, plate_width, plate_loss; /* growth plate: place, width, attenuation lost */
    double sclerosis;                      /* extra brightness under the joint's surface */
    bool broken;
    double break_at, slant_sin, slant_cos, step, bend, gap_width, gap_loss;
};

struct painter {
    const struct draw_scene *scene;
    double size;
    struct bone upper, lower, thin; /* femur, tibia, fibula */
    double patella_u, patella_v, patella_half_u, patella_half_v;
    double swelling_v, swelling;
};

static void bone_shape(struct bone *b, const struct draw_scene *s, double shaft, double end_half, double flare)
{
    const struct draw_anatomy *a = s->anatomy;
    double m = clamp(s->maturity / MATURE_MONTHS, 0, 1.1), young = clamp(1 - m, 0, 1);
    double size = a->size * (0.80 + 0.20 * m);
    double half_shaft = shaft * a->shaft * size * (0.86 + 0.14 * m), half_end = end_half * a->condyle * size;
    double cortex = 4.4 * a->cortex * size * (0.55 + 0.45 * m) * (half_shaft / (14 * size));
    double spur = 1.4 * fmax(s->narrowing, 0) * (b->end == END_KNOB ? 0 : 1);
    b->bow = a->bow;
    b->plate = (b->end == END_KNOB ? 10 : 17) * size;
    b->plate_width = 0.5 + 1.5 * young;
    b->plate_loss = 0.85 * smooth_step(1.6 * young);
    b->sclerosis = 0.07 * clamp(s->narrowing, 0, 4);
    b->length = 400;
    b->widest = 0;
    for (size_t i = 0; i < PROFILE_N; i++) {
        double x = (double)i * PROFILE_STEP;
        double near = 1 / (1 + exp((x - flare * size) / (0.24 * flare * size))); /* 1 at the joint, 0 in the shaft */
        double epiphysis = 1 - 0.22 * young / (1 + exp((x - b->plate) / 0.8)); /* narrower than the metaphysis while growing */
        b->half[i] = (half_shaft + (half_end - half_shaft) * near) * epiphysis + spur * bell((x - 3.0) / 2.2);
        b->depth[i] = half_shaft + 0.40 * (half_end - half_shaft) * near;
        b->cortex[i] = cortex * (1 - 0.72 * near) * (0.8 + 0.2 * bell((x - 90 * size) / 30));
        b->inside[i] = a->density * (MU_MARROW + (MU_TRABECULAR - MU_MARROW) * near);
        b->widest = fmax(b->widest, b->half[i]);
    }
}

static void bone_break(struct bone *b, const struct draw_scene *s, double size)
{
    double f = s->severity;
    b->broken = true;
    b->break_at = s->distance * size;
    b->slant_sin = sin(s->slant);
    b->slant_cos = cos(s->slant);
    b->step = s->lean * 5.0 * f * f * size;
    b->bend = s->lean * 0.13 * f * f;
    b->gap_width = 0.4 + 1.5 * f;
    b->gap_loss = 0.85 * f;
}

/* How far the joint surface lies back from the bone's joint plane, at u. */
static double bone_surface(const struct bone *b, double u)
{
    double r = u / b->half[8], r2 = r * r;
    switch (b->end) {
    case END_CONDYLES: return 13 * bell(u / 5.5) + 7 * r2 * r2;
    case END_ROUND: return 20 * r2;
    case END_PLATEAU: return 3 * r2 * r2 * r2 - 6 * (bell((u - 4.5) / 2.4) + 0.8 * bell((u + 4.5) / 2.4));
    case END_FLAT: return 4 * r2 * r2 + 0.10 * u;
    case END_KNOB: return 5 * r2;
    }
    return 0;
}

static double bone_attenuation(const struct bone *b, double u, double v, const float *tile)
{
    double away = b->direction * v - b->offset;
    u -= b->axis;
    if (away < -12 || fabs(u) > b->widest + 60)
        return 0;
    double surface = bone_surface(b, u), a = away - surface;
    if (a <= 0)
        return 0;
    double gap = 1;
    if (b->broken && away > 20) {
        double jag = 1.3 * texture_at(tile, u * 0.35, 3.0) + 0.6 * texture_at(tile, u * 0.9, 11.0);
        double across = (away - b->break_at) * b->slant_cos + u * b->slant_sin + jag;
        if (across > 0)
            u -= b->step + across * b->bend;
        if (fabs(across) < 4 * b->gap_width)
            gap = 1 - b->gap_loss * bell(across / b->gap_width);
    }
    u -= b->bow * square(away / 90);
    double place = fmin(fmax(away, 0) / PROFILE_STEP, PROFILE_N - 2);
    size_t i = (size_t)place;
    double t = place - (double)i;
    double half = b->half[i] + t * (b->half[i + 1] - b->half[i]);
    double edge = round_minimum(half - fabs(u), a, 9.0);
    if (edge <= 0)
        return 0;
    double cortex = b->cortex[i] + t * (b->cortex[i + 1] - b->cortex[i]), depth = b->depth[i] + t * (b->depth[i + 1] - b->depth[i]);
    double x = fmax(half - edge, 0); /* distance from the axis, in the elliptic section */
    double outer = 2 * depth * sqrt(fmax(1 - square(x / half), 0));
    double inner = x < half - cortex ? 2 * (depth - cortex) * sqrt(1 - square(x / (half - cortex))) : 0;
    inner = fmin(inner, outer);
    double trabeculae = 0.30 * texture_at(tile, u * 0.62, a * 0.26) + 0.22 * texture_at(tile, u * 0.25 + 17, a * 0.12) +
                        0.20 * texture_at(tile, u * 1.1 + 31, a * 0.75);
    double sum = MU_CORTEX * (outer - inner) + b->inside[i] * inner * (1 + trabeculae);
    if (a < 14) /* subchondral plate and sclerosis */
        sum += (0.16 * exp(-a / 1.1) + b->sclerosis * exp(-a / 4.0)) * smooth_step(edge / 1.5);
    double plate = (away - 0.3 * surface - b->plate - 2.0 * texture_at(tile, u * 0.12, 41.0)) / b->plate_width;
    if (fabs(plate) < 5) {
        sum *= 1 - b->plate_loss * bell(plate);
        sum += 0.10 * b->plate_loss * (bell((plate - 2.4) / 0.8) + bell((plate + 2.4) / 0.8)) * smooth_step(edge / 3);
    }
    return sum * gap;
}

static double patella_attenuation(const struct painter *p, double u, double v, const float *tile)
{
    double r2 = square((u - p->patella_u) / p->patella_half_u) + square((v - p->patella_v) / p->patella_half_v);
    if (r2 >= 1)
        return 0;
    double chord = sqrt(1 - r2), shell = chord - sqrt(fmax(0.80 - r2, 0));
    return 0.62 * shell + 0.13 * chord * (1 + 0.3 * texture_at(tile, u * 0.5 + 5, v * 0.4));
}

static double flesh_attenuation(const struct painter *p, double u, double v, const float *tile)
{
    const struct draw_anatomy *a = p->scene->anatomy;
    double half = p->size * a->flesh * (51 - 0.05 * v + 3.5 * cos((v + 30) / 28)) + p->swelling * bell((v - p->swelling_v) / 16);
    double offset = (p->scene->lateral ? -4.0 : 0.0) + 2.0 * texture_at(tile, v * 0.03, 7.0);
    double r = fabs(u - offset) / half;
    if (r >= 1)
        return 0;
    double thick = 2 * half * sqrt(1 - r * r);
    double muscle = 1 + 0.06 * texture_at(tile, u * 0.09, v * 0.03) + 0.03 * texture_at(tile, u * 0.4, v * 0.06);
    double fat = 0.72 + 0.28 * smooth_step((1 - r) * half / 7.0 - 0.4); /* a darker rim under the skin */
    return MU_SOFT * thick * muscle * fat;
}

static void painter_set(struct painter *p, const struct draw_scene *s)
{
    const struct draw_anatomy *a = s->anatomy;
    double m = clamp(s->maturity / MATURE_MONTHS, 0, 1.1), size = a->size * (0.80 + 0.20 * m);
    double gap = size * clamp(8.0 - 1.65 * s->narrowing, 0.5, 10.0) + 2.5 * clamp(1 - m, 0, 1); /* unripe cartilage is wide */
    *p = (struct painter){.scene = s, .size = size};
    p->upper = (struct bone){.end = s->lateral ? END_ROUND : END_CONDYLES, .direction = -1, .offset = gap / 2};
    p->lower = (struct bone){.end = s->lateral ? END_FLAT : END_PLATEAU, .direction = 1, .offset = gap / 2};
    p->thin = (struct bone){.end = END_KNOB, .direction = 1, .offset = gap / 2 + 13 * size, .axis = (s->lateral ? -20.0 : 31.0) * size};
    bone_shape(&p->upper, s, s->lateral ? 15.0 : 14.5, s->lateral ? 30.0 : 37.0, 36);
    bone_shape(&p->lower, s, s->lateral ? 14.0 : 13.5, s->lateral ? 27.0 : 36.0, 27);
    bone_shape(&p->thin, s, 5.5, 9.5, 12);
    bone_break(s->in_upper_bone ? &p->upper : &p->lower, s, size);
    p->patella_u = (s->lateral ? 38.0 : 1.0) * size;
    p->patella_v = -gap / 2 - 26 * size;
    p->patella_half_u = (s->lateral ? 9.5 : 17.5) * size;
    p->patella_half_v = 21 * size;
    p->swelling = 4 * s->severity * s->severity * size;
    p->swelling_v = (s->in_upper_bone ? -1 : 1) * s->distance * size;
}

/* [1 2 1] / 4 both ways: the detector's blur, and the end of jagged edges. */
static void blur(float *grey, size_t width, size_t height)
{
    float *row = NEW(width, float);
    for (size_t y = 0; y < height; y++) {
        float *g = grey + y * width, left = g[0];
        for (size_t x = 0; x < width; x++) {
            float here = g[x], right = g[x + 1 < width ? x + 1 : x];
            g[x] = 0.25f * (left + right) + 0.5f * here;
            left = here;
        }
    }
    for (size_t x = 0; x < width; x++)
        row[x] = grey[x];
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            float here = grey[y * width + x], below = grey[(y + 1 < height ? y + 1 : y) * width + x];
            grey[y * width + x] = 0.25f * (row[x] + below) + 0.5f * here;
            row[x] = here;
        }
    free(row);
}

/* Strokes of the two letters in a box 0.6 wide and 1 high, y down. */
struct stroke {
    double x0, y0, x1, y1;
};
static const struct stroke letter_l[] = {{0, 0, 0, 1}, {0, 1, 0.55, 1}};
static const struct stroke letter_r[] = {{0, 0, 0, 1}, {0, 0, 0.4, 0}, {0.4, 0, 0.57, 0.14}, {0.57, 0.14, 0.57, 0.36},
                                         {0.57, 0.36, 0.4, 0.5}, {0.4, 0.5, 0, 0.5}, {0.3, 0.5, 0.6, 1}};

static double stroke_distance(const struct stroke *s, double x, double y)
{
    double dx = s->x1 - s->x0, dy = s->y1 - s->y0;
    double t = clamp(((x - s->x0) * dx + (y - s->y0) * dy) / (dx * dx + dy * dy), 0, 1);
    return hypot(x - s->x0 - t * dx, y - s->y0 - t * dy);
}

/* 1 on the lead letter, 0 off it; (x, y) in mm from the picture's centre. */
static double marker_cover(const struct draw_scene *s, double x, double y)
{
    const double height = 10.0, line = 0.085;
    double dx = (x - s->marker_x) / height, dy = (y - s->marker_y) / height;
    if (fabs(dx) > 1 || fabs(dy) > 1)
        return 0;
    double c = cos(s->marker_turn), d = sin(s->marker_turn);
    double gx = c * dx + d * dy + 0.3, gy = -d * dx + c * dy + 0.5;
    const struct stroke *letter = s->left ? letter_l : letter_r;
    size_t n = s->left ? sizeof letter_l / sizeof *letter_l : sizeof letter_r / sizeof *letter_r;
    double nearest = 9;
    for (size_t i = 0; i < n; i++)
        nearest = fmin(nearest, stroke_distance(letter + i, gx, gy));
    return smooth_step((line - nearest) / 0.05 + 0.5);
}

void draw_radiograph(float *grey, size_t width, size_t height, const struct draw_scene *scene, gsl_rng *noise)
{
    struct painter p;
    painter_set(&p, scene);
    const float *tile = scene->anatomy->texture;
    double mm = DRAW_FIELD_MM / (double)height, cx = 0.5 * (double)(width - 1), cy = 0.5 * (double)(height - 1);
    double c = cos(scene->rotation) / scene->zoom, d = sin(scene->rotation) / scene->zoom, mirror = scene->left ? -1 : 1;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            double px = ((double)x - cx) * mm - scene->shift_x, py = ((double)y - cy) * mm - scene->shift_y;
            double u = mirror * (c * px + d * py), v = -d * px + c * py;
            double sum = flesh_attenuation(&p, u, v, tile);
            if (sum > 0) {
                sum += bone_attenuation(&p.upper, u, v, tile) + bone_attenuation(&p.lower, u, v, tile);
                sum += bone_attenuation(&p.thin, u, v, tile) + patella_attenuation(&p, u, v, tile);
            }
            grey[y * width + x] = (float)sum;
        }
    blur(grey, width, height);
    double tc = cos(scene->tilt), td = sin(scene->tilt), corner = square(cx) + square(cy);
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            float *g = grey + y * width + x;
            double px = ((double)x - cx) * mm, py = ((double)y - cy) * mm;
            double sum = *g, value = 1 - exp(-1.15 * scene->exposure * sum);
            double level = scene->fog + (0.97 - scene->fog) * pow(value, scene->gamma);
            level *= 1 - scene->vignette * (square((double)x - cx) + square((double)y - cy)) / corner;
            level += (0.97 - level) * marker_cover(scene, px, py);
            double spread = scene->noise * (0.7 + 0.45 * sum); /* the fewer photons, the noisier */
            double inside = fmin(scene->half_width - fabs(tc * px + td * py), scene->half_height - fabs(-td * px + tc * py));
            double beam = smooth_step(inside / 1.2 + 0.5);
            level = 0.015 + beam * (level - 0.015);
            level += spread * (0.25 + 0.75 * beam) * gsl_ran_gaussian_ziggurat(noise, 1.0);
            *g = (float)clamp(level, 0, 1);
        }
}
