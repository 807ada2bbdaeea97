/* Boxes drawn on radiographs: one COCO JSON file (images, annotations with
 * bbox), or a folder of LabelMe files (*.json; each shape's bounding box).
 *
 * Boxes are in pixels of the image whose size the file gives.  Up to
 * BOXES_ROUNDING beyond the edge is rounding and cut off.  STATUS_DATA naming
 * file and line (what is no JSON) or entry: a box outside its image or of no
 * size, an annotation of an image that the file does not list, an image twice. */
#ifndef REGION_BOXES_H
#define REGION_BOXES_H

#include <stddef.h>

#include "base/status.h"

#define BOXES_ROUNDING 1.0 /* px */

struct box {
    double left, top, right, bottom;
};

struct boxes_image {
    char *file;           /* base name of the image */
    char *entry;          /* where it stands, for messages: "'coco.json', image 3" */
    size_t width, height; /* as the file says */
    struct box *box;      /* [n] */
    size_t n, capacity;
};

struct boxes {
    struct boxes_image *image; /* [n] sorted by file */
    size_t n, n_boxes;
};

int boxes_read(struct boxes *b, const char *path, struct status *st) MUST_CHECK;
void boxes_free(struct boxes *b);
/* By the base name of `path`; NULL if the boxes know no such image. */
const struct boxes_image *boxes_find(const struct boxes *b, const char *path);

#endif
