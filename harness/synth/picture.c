#include "synth/picture.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "synth/grey_png.h"
#include "synth/jpeg_file.h"

#define PLATE_HALF_MM 2.6
#define SCREW_HALF_MM 1.1

static double smooth_step(double x) { x = fmin(fmax(x, 0), 1); return x * x * (3 - 2 * x); }
static double bell(double x) { return exp(-0.5 * x * x); }
static double uniform(gsl_rng *rng, double low, double high) { return low + (high - low) * gsl_rng_uniform(rng); }
static double normal(gsl_rng *rng, double sd) { return gsl_ran_gaussian_ziggurat(rng, sd); }

double picture_severity(double latent)
{
    return 0.5 * erfc(-(latent - 1.6) / 0.8 * M_SQRT1_2);
}

void picture_plan(struct picture *p, const char *dataset, uint64_t person, uint64_t number, size_t width, size_t height, gsl_rng *rng)
{
    *p = (struct picture){.dataset = dataset, .person = person, .number = number, .width = width, .height = height, .size = 1, .shaft = 1,
                          .flesh = 1, .format = PICTURE_PNG_8, .white = 255, .quality = 88, .kept = 1};
    struct draw_scene *s = &p->scene;
    s->severity = picture_severity(0);
    s->maturity = 210;
    s->in_upper_bone = gsl_rng_uniform(rng) < 0.5;
    s->distance = uniform(rng, 52, 66);
    s->slant = uniform(rng, -0.5, 0.5);
    s->lean = gsl_rng_uniform(rng) < 0.5 ? 1 : -1;
    s->left = gsl_rng_uniform(rng) < 0.5;
    s->rotation = normal(rng, 0.05);
    s->zoom = exp(normal(rng, 0.04));
    s->shift_x = normal(rng, 3.0);
    s->shift_y = normal(rng, 4.0);
    s->exposure = exp(normal(rng, 0.10));
    s->gamma = 1.35 * exp(normal(rng, 0.06));
    s->fog = 0.03 + uniform(rng, 0, 0.03);
    s->noise = 0.009 * exp(normal(rng, 0.15));
    s->vignette = 0.03;
    double high = DRAW_FIELD_MM / 2, wide = high * (double)width / (double)height;
    s->half_width = wide * uniform(rng, 0.82, 1.05);
    s->half_height = high * uniform(rng, 0.88, 1.05);
    s->tilt = normal(rng, 0.015);
    s->marker_x = (s->left ? 1 : -1) * (fmin(s->half_width, wide) - uniform(rng, 8, 12));
    s->marker_y = (gsl_rng_uniform(rng) < 0.7 ? -1 : 1) * (fmin(s->half_height, high) - uniform(rng, 10, 26));
    s->marker_turn = normal(rng, 0.12);
}

static void draw_person(struct draw_anatomy *a, const struct picture *p, uint64_t seed, gsl_rng *rng)
{
    char stream[64];
    (void)snprintf(stream, sizeof stream, "benchmark %s person", p->dataset);
    rng_stream_set(rng, seed, stream, p->person);
    a->size = p->size * exp(normal(rng, 0.035));
    a->shaft = p->shaft * exp(normal(rng, 0.06));
    a->condyle = exp(normal(rng, 0.035));
    a->cortex = exp(normal(rng, 0.10));
    a->density = exp(normal(rng, 0.12));
    a->flesh = p->flesh * exp(normal(rng, 0.09));
    a->bow = p->bow + normal(rng, 1.0);
    for (size_t i = 0; i < DRAW_TEXTURE * DRAW_TEXTURE; i++)
        a->texture[i] = (float)uniform(rng, -1, 1);
}

/* Grey that the lesion adds at (u, v) mm from its middle. */
static double lesion_at(const struct picture_lesion *l, double u, double v)
{
    double away = hypot(u, v) / l->radius, turn = atan2(v, u);
    double r = away / (1 + l->lobe_depth * sin(l->lobes * turn + 0.7));
    if (r > 3)
        return 0;
    double inside = smooth_step((1 - r) / l->softness + 0.5);
    double speckle = l->matrix * sin(1.9 * u + 0.6 * v) * sin(1.7 * v - 0.5 * u);
    return inside * (l->level + speckle) + l->rim * bell((r - 1) / 0.13);
}

/* Cover, 0..1, of a plate along the shaft with a screw every 9 mm, (u, v) mm from its middle. */
static double metal_at(double u, double v)
{
    if (fabs(v) > 26)
        return 0;
    double plate = smooth_step((PLATE_HALF_MM - fabs(u - 12)) / 0.8 + 0.5);
    double screw = fabs(u) < 14 ? smooth_step((SCREW_HALF_MM - fabs(remainder(v, 9.0))) / 0.6 + 0.5) : 0;
    return fmax(plate, screw);
}

struct picture_box picture_place(const struct picture *p, double u0, double v0, double u1, double v1)
{
    const struct draw_scene *s = &p->scene;
    const double mm = DRAW_FIELD_MM / (double)p->height, cx = 0.5 * (double)p->width, cy = 0.5 * (double)p->height, mirror = s->left ? -1 : 1;
    struct picture_box b = {(double)p->width, (double)p->height, 0, 0};
    for (int corner = 0; corner < 4; corner++) { /* overlay's way back */
        double u = mirror * (corner & 1 ? u1 : u0), v = corner & 2 ? v1 : v0;
        double x = cx + (s->zoom * (cos(s->rotation) * u - sin(s->rotation) * v) + s->shift_x) / mm;
        double y = cy + (s->zoom * (sin(s->rotation) * u + cos(s->rotation) * v) + s->shift_y) / mm;
        b = (struct picture_box){fmin(b.left, fmax(x, 0)), fmin(b.top, fmax(y, 0)), fmax(b.right, fmin(x, (double)p->width)),
                                 fmax(b.bottom, fmin(y, (double)p->height))};
    }
    return b;
}

struct picture_box picture_lesion_box(const struct picture *p)
{
    const double middle = (p->scene.in_upper_bone ? -1 : 1) * p->scene.distance, reach = p->lesion.radius * (1 + p->lesion.lobe_depth);
    return picture_place(p, p->lesion.aside - reach, middle - reach, p->lesion.aside + reach, middle + reach);
}

/* What lies over the shaft, on the finished picture; the middle is where the fracture would be. */
static void overlay(float *grey, const struct picture *p)
{
    const struct draw_scene *s = &p->scene;
    const double mm = DRAW_FIELD_MM / (double)p->height, cx = 0.5 * (double)(p->width - 1), cy = 0.5 * (double)(p->height - 1);
    const double c = cos(s->rotation) / s->zoom, d = sin(s->rotation) / s->zoom, mirror = s->left ? -1 : 1;
    const double middle = (s->in_upper_bone ? -1 : 1) * s->distance;
    const bool lesion = p->lesion.radius > 0;
    for (size_t y = 0; y < p->height; y++)
        for (size_t x = 0; x < p->width; x++) {
            double px = ((double)x - cx) * mm - s->shift_x, py = ((double)y - cy) * mm - s->shift_y;
            double u = mirror * (c * px + d * py), v = -d * px + c * py - middle, level = (double)grey[y * p->width + x];
            if (lesion)
                level += lesion_at(&p->lesion, u - p->lesion.aside, v);
            if (p->metal > 0)
                level += p->metal * metal_at(u, v) * (0.97 - level);
            grey[y * p->width + x] = (float)fmin(fmax(level, 0), 1);
        }
}

/* stored[] of which the orientation makes pixel[]; the sides change places for 6 and 8. */
static void turn_back(uint16_t *stored, const uint16_t *pixel, size_t width, size_t height, int orientation)
{
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            uint16_t value = pixel[y * width + x];
            if (orientation == 6)
                stored[(width - 1 - x) * height + y] = value;
            else if (orientation == 8)
                stored[x * height + height - 1 - y] = value;
            else
                stored[(height - 1 - y) * width + width - 1 - x] = value;
        }
}

static int encode_jpeg(unsigned char **file, size_t *size, const uint16_t *pixel, const struct picture *p, struct status *st)
{
    const size_t n = p->width * p->height;
    const bool turned = p->orientation > 1, sides = p->orientation == 6 || p->orientation == 8;
    uint16_t *stored = NEW(n, uint16_t);
    uint8_t *byte = NEW(n, uint8_t);
    if (turned)
        turn_back(stored, pixel, p->width, p->height, p->orientation);
    else
        memcpy(stored, pixel, n * sizeof *stored);
    for (size_t i = 0; i < n; i++)
        byte[i] = (uint8_t)stored[i];
    struct jpeg_file how = {p->quality, p->format == PICTURE_JPEG_RGB, p->progressive, p->orientation};
    int rc = jpeg_file_encode(file, size, byte, sides ? p->height : p->width, sides ? p->width : p->height, &how, st);
    free(byte);
    free(stored);
    return rc;
}

int picture_encode(unsigned char **file, size_t *size, const struct picture *p, uint64_t seed, struct status *st)
{
    const size_t n = p->width * p->height;
    float *grey = NEW(n, float);
    uint16_t *pixel = NEW(n, uint16_t);
    struct draw_anatomy *anatomy = NEW(1, struct draw_anatomy);
    gsl_rng *rng = rng_stream_new();
    struct draw_scene scene = p->scene;
    char stream[64];
    draw_person(anatomy, p, seed, rng);
    scene.anatomy = anatomy;
    (void)snprintf(stream, sizeof stream, "benchmark %s noise", p->dataset);
    rng_stream_set(rng, seed, stream, p->number);
    draw_radiograph(grey, p->width, p->height, &scene, rng);
    if (p->lesion.radius > 0 || p->metal > 0)
        overlay(grey, p);
    for (size_t i = 0; i < n; i++) {
        double level = fmin((double)grey[i] + p->brighten, 1);
        pixel[i] = (uint16_t)lrint(p->black + (p->white - p->black) * (p->inverted ? 1 - level : level));
    }
    int rc = STATUS_OK;
    switch (p->format) {
    case PICTURE_PNG_8: *file = grey_png_encode(size, pixel, p->width, p->height, 8); break;
    case PICTURE_PNG_16: *file = grey_png_encode(size, pixel, p->width, p->height, 16); break;
    case PICTURE_PNG_RGB: *file = grey_png_encode_rgb(size, pixel, p->width, p->height); break;
    case PICTURE_JPEG_GREY:
    case PICTURE_JPEG_RGB: rc = encode_jpeg(file, size, pixel, p, st); break;
    }
    if (!rc && p->trailing) {
        *file = mem_realloc(*file, *size + p->trailing, 1);
        memset(*file + *size, 0, p->trailing);
        *size += p->trailing;
    }
    if (!rc)
        *size = (size_t)((double)*size * p->kept);
    gsl_rng_free(rng);
    free(anatomy);
    free(pixel);
    free(grey);
    return rc;
}
