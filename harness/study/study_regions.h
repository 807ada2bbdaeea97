/* What a study says of regions, for the command `regions`:
 *
 *   regions:
 *     boxes: [BTXRD/detections]      # of a detector or a reader: region/boxes.h; relative to data_root.  The whole image is a region of every image
 *     leave_out: [right, left]       # boxes of these labels are no regions (default: right, left, abnormal bone lesion, as the published script)
 *     annotations: [BTXRD/Annotations]  # where the findings are: a region of an image that has any is trained on only if it holds more than
 *     min_ior: 0.6                   # this share of one of them (default: 0.6, as the published training crops)
 *     intensity: minmax              # minmax | stored (region/crop.h)
 *     head: auto                     # checkpoint: the 38 outputs of the model's own classifier | probe: fitted on the development part |
 *                                    # auto (default): the checkpoint's where it has one, else a probe
 *     threshold_tumour: 0.5          # a number, or validation: Youden's on the development part; tumour: above it
 *     threshold_malignant: 0.5       # likewise; malignant: a tumour, and not below it
 *     overlays: 24                   # pictures of the deciding box, of the highest scores (default: 24)
 *     labels:                        # what a class of a task says of the heads; what is not said is not known
 *       - {task: btxrd_mb, class: malignant, abnormal: 1, tumour: malignant}
 *       - {task: btxrd, class: no tumour, tumour: No bone tumor, fracture: No fracture, implant: 0}
 *
 * abnormal and implant are 0 or 1; tumour, site and fracture are one of the classifier's own names (encoder/groups.h). */
#ifndef STUDY_STUDY_REGIONS_H
#define STUDY_STUDY_REGIONS_H

#include <cyaml/cyaml.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/status.h"

enum study_region_head { REGION_HEAD_AUTO, REGION_HEAD_CHECKPOINT, REGION_HEAD_PROBE };
#define STUDY_REGION_HEADS 5 /* in the order of encoder/groups.h */

struct study_region_label {
    char *task, *class;
    char *value[STUDY_REGION_HEADS]; /* NULL: not known */
};

struct study_regions {
    char **boxes, **annotations, **leave_out;
    size_t n_boxes, n_annotations, n_leave_out;
    double min_ior;
    bool stored; /* intensity */
    enum study_region_head head;
    double threshold_tumour, threshold_malignant; /* NaN: chosen on validation */
    size_t overlays;
    struct study_region_label *label;
    size_t n_labels;
};

/* For study.c: as written. */
struct raw_region_label {
    char *task, *class, *value[STUDY_REGION_HEADS];
};
struct raw_regions {
    char **boxes, **annotations, **leave_out;
    unsigned n_boxes, n_annotations, n_leave_out;
    char *min_ior, *intensity, *head, *threshold_tumour, *threshold_malignant, *overlays;
    struct raw_region_label *labels;
    unsigned n_labels;
};
extern const cyaml_schema_field_t study_regions_fields[];
int study_regions_resolve(struct study_regions **r, const struct raw_regions *raw, const char *path, const char *data_root, struct status *st) MUST_CHECK;
void study_regions_free(struct study_regions *r); /* NULL is fine */
void study_regions_write(const struct study_regions *r, FILE *stream, bool places);

#endif
