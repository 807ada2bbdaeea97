/* The formats of boxes.h, for boxes.c.  Each fills a zeroed struct boxes, which the caller frees also on failure, in any order. */
#ifndef REGION_BOXES_FORMAT_H
#define REGION_BOXES_FORMAT_H

#include "region/boxes.h"

int boxes_read_coco(struct boxes *b, const char *path, struct status *st) MUST_CHECK;
int boxes_read_labelme(struct boxes_image *image, const char *path, bool masks, struct status *st) MUST_CHECK;
int boxes_read_mask(struct boxes_image *image, const char *path, struct status *st) MUST_CHECK;
int boxes_read_voc(struct boxes_image *image, const char *path, struct status *st) MUST_CHECK;
int boxes_read_csv(struct boxes *b, const char *path, struct status *st) MUST_CHECK;
/* class_name[n_classes]: may be none. */
int boxes_read_yolo(struct boxes_image *image, const char *path, char *const *class_name, size_t n_classes, struct status *st) MUST_CHECK;

/* A box of the image, checked against its size where that is known; box.label (may be NULL) and box.outline are taken over, also on failure.  `where` begins the
 * message: "'coco.json', annotation 7 (id 12)". */
int boxes_add(struct boxes_image *image, struct box box, const char *where, struct status *st) MUST_CHECK;
/* A side in pixels, 1 .. 1e6, from a number's text or value. */
bool boxes_side(size_t *side, double value);

#endif
