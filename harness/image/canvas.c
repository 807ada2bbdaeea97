#include "image/canvas.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/png_encode.h"
#include "image/intensity.h"
#include "image/resample.h"

struct canvas canvas_new(size_t width, size_t height, uint16_t grey)
{
    struct canvas c = {width, height, NEW(3 * width * height, uint16_t)};
    for (size_t i = 0; i < 3 * width * height; i++)
        c.sample[i] = grey;
    return c;
}

void canvas_put(struct canvas *c, size_t x, size_t y, const uint8_t rgb[3])
{
    if (x < c->width && y < c->height)
        for (size_t k = 0; k < 3; k++)
            c->sample[3 * (y * c->width + x) + k] = rgb[k];
}

unsigned char *canvas_encode(size_t *size, struct canvas *c)
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

void canvas_number(struct canvas *c, size_t x, size_t y, double value)
{
    char text[16];
    static const uint8_t white[3] = {255, 255, 255};
    snprintf(text, sizeof text, "%.2g", value);
    for (const char *t = text; *t; t++, x += 6 * CANVAS_LETTER)
        for (size_t l = 0; l < sizeof letters / sizeof *letters; l++)
            for (size_t dot = 0; letters[l].letter == *t && dot < 7 * 5 * CANVAS_LETTER * CANVAS_LETTER; dot++) {
                size_t row = dot / (5 * CANVAS_LETTER * CANVAS_LETTER), column = dot / (CANVAS_LETTER * CANVAS_LETTER) % 5;
                if (letters[l].row[row] >> (4 - column) & 1)
                    canvas_put(c, x + column * CANVAS_LETTER + dot % CANVAS_LETTER, y + row * CANVAS_LETTER + dot / CANVAS_LETTER % CANVAS_LETTER, white);
            }
}

void canvas_outline(struct canvas *c, double left, double top, double right, double bottom, size_t width, size_t height, const uint8_t rgb[3])
{
    size_t x0 = (size_t)fmax(left, 0), x1 = (size_t)fmax(fmin(right, (double)width - 1), 0);
    size_t y0 = (size_t)fmax(top, 0), y1 = (size_t)fmax(fmin(bottom, (double)height - 1), 0);
    for (size_t x = x0; x <= x1; x++) {
        canvas_put(c, x, y0, rgb);
        canvas_put(c, x, y1, rgb);
    }
    for (size_t y = y0; y <= y1; y++) {
        canvas_put(c, x0, y, rgb);
        canvas_put(c, x1, y, rgb);
    }
}

int canvas_shrink(uint8_t **small, size_t *width, size_t *height, const struct radiograph *r, size_t side, struct status *st)
{
    size_t longest = r->width > r->height ? r->width : r->height;
    *width = r->width * side / longest;
    *height = r->height * side / longest;
    *width = *width ? *width : 1;
    *height = *height ? *height : 1;
    uint8_t *bytes = NEW(r->width * r->height * r->channels, uint8_t);
    *small = NEW(*width * *height * r->channels, uint8_t);
    intensity_to_8bit(bytes, r);
    int code = resample(*small, *width, *height, bytes, r->width, r->height, r->channels, RESAMPLE_BILINEAR, st);
    free(bytes);
    if (code)
        free(*small);
    return code;
}
