/* Boxes on radiographs, drawn by a reader or found by a detector:
 *
 *   FILE.json          COCO (images, annotations with bbox; categories and score where there are any)
 *   FILE.csv           image,left,top,right,bottom in pixels (or xmin,ymin,xmax,ymax), and label, confidence where there are such
 *                      columns; a row whose four cells are empty: an image without a box
 *   folder of .json    LabelMe; where a file has rectangles they alone count (BTXRD draws a polygon beside each), else each
 *                      shape's bounding box
 *   folder of .xml     Pascal VOC; xmin .. ymax are taken as edges in pixels
 *   folder of .txt     YOLO: class, centre x, centre y, width, height, all but the class as fractions, and perhaps the
 *                      confidence; classes.txt in it names the classes.  Images are known by their names without ending
 *
 * As masks (boxes_read_masks), with the pixels that each covers beside its bounding box:
 *
 *   folder of .png     pictures of the radiographs' sizes, what is not 0 is a finding, what touches is one (region/outline.h); known by
 *                      their names without ending
 *   FILE.json          COCO, by the polygons of `segmentation`
 *   folder of .json    LabelMe; where a file has polygons they alone count, else each shape's bounding box
 *
 * Up to BOXES_ROUNDING px beyond the edge is rounding and cut off.  STATUS_DATA naming file and line or entry: a box
 * outside its image or of no size, what is no fraction where fractions are expected, an annotation of an image that the
 * file does not list, an image twice. */
#ifndef REGION_BOXES_H
#define REGION_BOXES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "region/outline.h"

#define BOXES_ROUNDING 1.0 /* px */

struct box {
    double left, top, right, bottom;
    double confidence; /* NaN: none is given */
    char *label;       /* NULL: none */
    size_t line;       /* of the file; 0: see the image's entry */
    struct outline outline; /* of a mask; no runs: all of the box */
};

struct boxes_image {
    char *file;           /* base name of the image; of YOLO files without its ending */
    char *entry;          /* where it stands, for messages: "'coco.json', image 3" */
    size_t width, height; /* as the file says; 0: it does not */
    bool fractions;       /* of the picture's sides, until boxes_fit */
    bool fitted;
    struct box *box;      /* [n] */
    size_t n, capacity;
};

struct boxes {
    struct boxes_image *image; /* [n] sorted by file */
    size_t n, n_boxes;
    bool by_stem;              /* images are known by their names without ending */
    bool masks;                /* outlines are read */
};

int boxes_read(struct boxes *b, const char *path, struct status *st) MUST_CHECK;
int boxes_read_masks(struct boxes *b, const char *path, struct status *st) MUST_CHECK;
void boxes_free(struct boxes *b);
/* By the base name of `path`; NULL if the boxes know no such image. */
struct boxes_image *boxes_find(const struct boxes *b, const char *path);

/* Boxes in pixels of the picture `path`, which has width x height of them.  STATUS_DATA: the file gives another size, or a box
 * lies outside. */
int boxes_fit(struct boxes_image *image, size_t width, size_t height, const char *path, struct status *st) MUST_CHECK;

#endif
