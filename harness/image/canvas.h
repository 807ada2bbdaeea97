/* A picture to draw on: RGB, 8 bits, numbers and outlines; and a radiograph made small. */
#ifndef IMAGE_CANVAS_H
#define IMAGE_CANVAS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "image/radiograph.h"

struct canvas {
    size_t width, height;
    uint16_t *sample; /* [height, width, 3] of 8 bits */
};

struct canvas canvas_new(size_t width, size_t height, uint16_t grey);
void canvas_put(struct canvas *c, size_t x, size_t y, const uint8_t rgb[3]); /* outside: nothing */
/* %.2g, white, from its upper left corner; a dot is CANVAS_LETTER px, a letter five by seven dots and one between. */
#define CANVAS_LETTER 2
void canvas_number(struct canvas *c, size_t x, size_t y, double value);
/* Edges left .. right and top .. bottom, cut to width x height of the canvas. */
void canvas_outline(struct canvas *c, double left, double top, double right, double bottom, size_t width, size_t height, const uint8_t rgb[3]);
/* A PNG file, to be freed; the canvas is gone. */
unsigned char *canvas_encode(size_t *size, struct canvas *c);

/* Min-maxed, its longer side `side` px: small[height, width, channels], to be freed. */
int canvas_shrink(uint8_t **small, size_t *width, size_t *height, const struct radiograph *r, size_t side, struct status *st) MUST_CHECK;

#endif
