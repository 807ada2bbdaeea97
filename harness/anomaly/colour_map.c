#include "anomaly/colour_map.h"

#include <math.h>
#include <stdbool.h>

#define FINE 4096 /* points of the path that are measured */

/* Linear sRGB of an OKLab colour.  Constants: B. Ottosson, "A perceptual color space for image processing", 2020. */
static void linear_rgb(double rgb[3], double lightness, double a, double b)
{
    double l = pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3), m = pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3),
           s = pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);
    rgb[0] = 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s;
    rgb[1] = -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s;
    rgb[2] = -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s;
}

static uint8_t encode(double linear)
{
    double x = fmin(fmax(linear, 0), 1);
    return (uint8_t)lrint(255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * pow(x, 1 / 2.4) - 0.055));
}

static bool shown(double lightness, double a, double b)
{
    double rgb[3];
    linear_rgb(rgb, lightness, a, b);
    return fmin(rgb[0], fmin(rgb[1], rgb[2])) >= 0 && fmax(rgb[0], fmax(rgb[1], rgb[2])) <= 1;
}

/* The path: lightness and hue rise evenly; as colourful as 0.17 allows within 0.95 of what a screen can show. */
static void path(double lab[3], double u)
{
    double hue = (285 + 180 * u) * M_PI / 180, low = 0, high = 0.17;
    lab[0] = 0.14 + 0.82 * u;
    for (int i = 0; i < 40; i++) {
        double middle = (low + high) / 2;
        *(shown(lab[0], middle * cos(hue), middle * sin(hue)) ? &low : &high) = middle;
    }
    lab[1] = 0.95 * low * cos(hue);
    lab[2] = 0.95 * low * sin(hue);
}

void colour_map_make(struct colour_map *map)
{
    double length[FINE], lab[3], before[3] = {0, 0, 0}, rgb[3];
    for (int i = 0; i < FINE; i++) {
        path(lab, (double)i / (FINE - 1));
        length[i] = i == 0 ? 0 : length[i - 1] + hypot(hypot(lab[0] - before[0], lab[1] - before[1]), lab[2] - before[2]);
        for (int k = 0; k < 3; k++)
            before[k] = lab[k];
    }
    for (int step = 0, i = 0; step < COLOUR_MAP_STEPS; step++) {
        double due = length[FINE - 1] * step / (COLOUR_MAP_STEPS - 1);
        while (i + 1 < FINE && length[i] < due)
            i++;
        path(lab, (double)i / (FINE - 1));
        linear_rgb(rgb, lab[0], lab[1], lab[2]);
        for (int k = 0; k < 3; k++)
            map->rgb[step][k] = encode(rgb[k]);
    }
}

const uint8_t *colour_map_at(const struct colour_map *map, double t)
{
    double x = fmin(fmax(t, 0), 1) * (COLOUR_MAP_STEPS - 1);
    return map->rgb[isnan(t) ? 0 : (int)lrint(x)];
}
