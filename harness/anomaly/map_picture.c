#include "anomaly/map_picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/png_encode.h"
#include "image/intensity.h"
#include "image/resample.h"
#include "image/tensor.h"

#define OPACITY 0.55 /* of the colour over the radiograph */
#define MARGIN 12    /* px around the colour bar */
#define BAR 18       /* its width */
#define LETTER 2     /* px of a letter's dot */
#define LABEL 84     /* room for the numbers */
#define GAP 8        /* between panels */
#define HIDDEN 127   /* grey level of a masked patch */

struct canvas {
    size_t width, height;
    uint16_t *sample; /* [height, width, 3] of 8 bits */
};

static struct canvas canvas_new(size_t width, size_t height, uint16_t grey)
{
    struct canvas c = {width, height, NEW(3 * width * height, uint16_t)};
    for (size_t i = 0; i < 3 * width * height; i++)
        c.sample[i] = grey;
    return c;
}

static void put(struct canvas *c, size_t x, size_t y, const uint8_t rgb[3])
{
    if (x < c->width && y < c->height)
        for (size_t k = 0; k < 3; k++)
            c->sample[3 * (y * c->width + x) + k] = rgb[k];
}

static unsigned char *canvas_encode(size_t *size, struct canvas *c)
{
    unsigned char *file = png_encode(size, c->sample, c->width, c->height, 3, 8);
    free(c->sample);
    return file;
}

/* ---- numbers ---- */

/* Seven rows of five dots, the leftmost in bit 4. */
static const struct {
    char letter;
    uint8_t row[7];
} letters[] = {
    {'0', {14, 17, 17, 17, 17, 17, 14}}, {'1', {4, 12, 4, 4, 4, 4, 14}},   {'2', {14, 17, 1, 2, 4, 8, 31}}, {'3', {14, 17, 1, 6, 1, 17, 14}},
    {'4', {2, 6, 10, 18, 31, 2, 2}},     {'5', {31, 16, 30, 1, 1, 17, 14}}, {'6', {6, 8, 16, 30, 17, 17, 14}}, {'7', {31, 1, 2, 4, 4, 8, 8}},
    {'8', {14, 17, 17, 14, 17, 17, 14}}, {'9', {14, 17, 17, 15, 1, 2, 12}}, {'.', {0, 0, 0, 0, 0, 12, 12}},  {'-', {0, 0, 0, 14, 0, 0, 0}},
    {'e', {0, 0, 14, 17, 31, 16, 14}},
};

static void write_number(struct canvas *c, size_t x, size_t y, double value)
{
    char text[16];
    static const uint8_t white[3] = {255, 255, 255};
    snprintf(text, sizeof text, "%.2g", value);
    for (const char *t = text; *t; t++, x += 6 * LETTER)
        for (size_t l = 0; l < sizeof letters / sizeof *letters; l++)
            for (size_t dot = 0; letters[l].letter == *t && dot < 7 * 5 * LETTER * LETTER; dot++) {
                size_t row = dot / (5 * LETTER * LETTER), column = dot / (LETTER * LETTER) % 5;
                if (letters[l].row[row] >> (4 - column) & 1)
                    put(c, x + column * LETTER + dot % LETTER, y + row * LETTER + dot / LETTER % LETTER, white);
            }
}

static void draw_bar(struct canvas *c, size_t left, double top_value, const struct colour_map *colours)
{
    size_t from = MARGIN + 7 * LETTER / 2, n = c->height - 2 * from;
    for (size_t y = 0; y < n; y++)
        for (size_t x = 0; x < BAR; x++)
            put(c, left + x, from + y, colour_map_at(colours, 1 - (double)y / (double)(n - 1)));
    for (size_t i = 0; i < 3; i++) /* top, middle, bottom */
        write_number(c, left + BAR + 6, from + i * (n - 1) / 2 - 7 * LETTER / 2, top_value * (2 - (double)i) / 2);
}

/* ---- the map ---- */

unsigned char *map_picture_grey(size_t *size, double *white, const struct error_map *map)
{
    size_t n = map->width * map->height;
    uint16_t *sample = NEW(n, uint16_t);
    *white = map->maximum > 0 ? map->maximum : 1;
    for (size_t i = 0; i < n; i++)
        sample[i] = (uint16_t)lrint(65535 * (double)map->value[i] / *white);
    unsigned char *file = png_encode(size, sample, map->width, map->height, 1, 16);
    free(sample);
    return file;
}

/* The map between its pixels' centres, by bilinear interpolation; x, y of edges. */
static double map_at(const struct error_map *map, double x, double y)
{
    double u = fmin(fmax(x - 0.5, 0), (double)(map->width - 1)), v = fmin(fmax(y - 0.5, 0), (double)(map->height - 1));
    size_t left = (size_t)u, top = (size_t)v, right = left + 1 < map->width ? left + 1 : left, bottom = top + 1 < map->height ? top + 1 : top;
    double a = u - (double)left, b = v - (double)top;
    const float *m = map->value;
    return (1 - b) * ((1 - a) * (double)m[top * map->width + left] + a * (double)m[top * map->width + right]) +
           b * ((1 - a) * (double)m[bottom * map->width + left] + a * (double)m[bottom * map->width + right]);
}

static void outline(struct canvas *c, const struct map_box *box, double scale_x, double scale_y, size_t width, size_t height)
{
    static const uint8_t white[3] = {255, 255, 255};
    double right = fmin(box->right * scale_x, (double)width - 1), bottom = fmin(box->bottom * scale_y, (double)height - 1);
    size_t x0 = (size_t)fmax(box->left * scale_x, 0), x1 = (size_t)fmax(right, 0), y0 = (size_t)fmax(box->top * scale_y, 0), y1 = (size_t)fmax(bottom, 0);
    for (size_t x = x0; x <= x1; x++) {
        put(c, x, y0, white);
        put(c, x, y1, white);
    }
    for (size_t y = y0; y <= y1; y++) {
        put(c, x0, y, white);
        put(c, x1, y, white);
    }
}

int map_picture_overlay(unsigned char **file, size_t *size, const struct error_map *map, const struct radiograph *r, const struct preprocess *p,
                        const struct map_box *box, size_t n_boxes, const struct colour_map *colours, struct status *st)
{
    size_t longest = r->width > r->height ? r->width : r->height;
    size_t width = r->width * MAP_PICTURE_SIDE / longest, height = r->height * MAP_PICTURE_SIDE / longest;
    width = width ? width : 1;
    height = height ? height : 1;
    uint8_t *bytes = NEW(r->width * r->height * r->channels, uint8_t), *small = NEW(width * height * r->channels, uint8_t);
    intensity_to_8bit(bytes, r);
    int code = resample(small, width, height, bytes, r->width, r->height, r->channels, RESAMPLE_BILINEAR, st);
    free(bytes);
    if (code) {
        free(small);
        return code;
    }
    struct tensor_frame frame = tensor_frame(r->width, r->height, p);
    size_t bar_height = height < 160 ? 160 : height; /* a narrow picture still has room for the bar */
    struct canvas c = canvas_new(width + MARGIN + BAR + LABEL, bar_height, 0);
    double top_value = map->p99 > 0 ? map->p99 : map->maximum > 0 ? map->maximum : 1;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            double map_x = ((double)x + 0.5) * (double)r->width / (double)width * frame.scale_x - frame.left;
            double map_y = ((double)y + 0.5) * (double)r->height / (double)height * frame.scale_y - frame.top;
            const uint8_t *grey = small + (y * width + x) * r->channels;
            uint8_t rgb[3] = {grey[0], grey[r->channels / 2], grey[r->channels - 1]};
            if (map_x >= 0 && map_y >= 0 && map_x < (double)map->width && map_y < (double)map->height) {
                const uint8_t *colour = colour_map_at(colours, map_at(map, map_x, map_y) / top_value);
                for (size_t k = 0; k < 3; k++)
                    rgb[k] = (uint8_t)lrint((1 - OPACITY) * rgb[k] + OPACITY * colour[k]);
            }
            put(&c, x, y, rgb);
        }
    for (size_t i = 0; i < n_boxes; i++)
        outline(&c, &box[i], (double)width / (double)r->width, (double)height / (double)r->height, width, height);
    draw_bar(&c, width + MARGIN, top_value, colours);
    free(small);
    *file = canvas_encode(size, &c);
    return STATUS_OK;
}

/* ---- the first pass ---- */

unsigned char *map_picture_panels(size_t *size, const struct error_map *map, const struct mae_info *info, const float *level)
{
    size_t zoom = map->width <= 256 ? 2 : 1, n = map->width * map->height;
    struct canvas c = canvas_new(4 * map->width * zoom + 3 * GAP, map->height * zoom, 255);
    for (size_t y = 0; y < map->height * zoom; y++)
        for (size_t x = 0; x < map->width * zoom; x++) {
            size_t row = y / zoom / info->patch, column = x / zoom / info->patch, at = y / zoom * map->width + x / zoom;
            bool whole = row < info->rows && column < info->columns, hidden = whole && map->masked[row * info->columns + column];
            uint8_t rgb[4][3];
            for (size_t k = 0; k < 3; k++) {
                uint8_t is = (uint8_t)(level[k * n + at] * 255.0f), made = (uint8_t)(map->reconstruction[k * n + at] * 255.0f);
                rgb[0][k] = is;
                rgb[1][k] = hidden ? HIDDEN : is;
                rgb[2][k] = whole ? made : is;
                rgb[3][k] = hidden ? made : is;
            }
            for (size_t panel = 0; panel < 4; panel++)
                put(&c, panel * (map->width * zoom + GAP) + x, y, rgb[panel]);
        }
    return canvas_encode(size, &c);
}
