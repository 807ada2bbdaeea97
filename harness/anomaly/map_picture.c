#include "anomaly/map_picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/png_encode.h"
#include "image/canvas.h"
#include "image/tensor.h"

#define OPACITY 0.55 /* of the colour over the radiograph */
#define MARGIN 12    /* px around the colour bar */
#define BAR 18       /* its width */
#define LABEL 84     /* room for the numbers */
#define GAP 8        /* between panels */
#define HIDDEN 127   /* grey level of a masked patch */

static void draw_bar(struct canvas *c, size_t left, double top_value, const struct colour_map *colours)
{
    size_t from = MARGIN + 7 * CANVAS_LETTER / 2, n = c->height - 2 * from;
    for (size_t y = 0; y < n; y++)
        for (size_t x = 0; x < BAR; x++)
            canvas_put(c, left + x, from + y, colour_map_at(colours, 1 - (double)y / (double)(n - 1)));
    for (size_t i = 0; i < 3; i++) /* top, middle, bottom */
        canvas_number(c, left + BAR + 6, from + i * (n - 1) / 2 - 7 * CANVAS_LETTER / 2, top_value * (2 - (double)i) / 2);
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

int map_picture_overlay(unsigned char **file, size_t *size, const struct error_map *map, const struct radiograph *r, const struct preprocess *p,
                        const struct map_box *box, size_t n_boxes, const struct colour_map *colours, struct status *st)
{
    static const uint8_t white[3] = {255, 255, 255};
    size_t width, height;
    uint8_t *small;
    int code = canvas_shrink(&small, &width, &height, r, MAP_PICTURE_SIDE, st);
    if (code)
        return code;
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
            canvas_put(&c, x, y, rgb);
        }
    double scale_x = (double)width / (double)r->width, scale_y = (double)height / (double)r->height;
    for (size_t i = 0; i < n_boxes; i++)
        canvas_outline(&c, box[i].left * scale_x, box[i].top * scale_y, box[i].right * scale_x, box[i].bottom * scale_y, width, height, white);
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
                canvas_put(&c, panel * (map->width * zoom + GAP) + x, y, rgb[panel]);
        }
    return canvas_encode(size, &c);
}
