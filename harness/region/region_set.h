/* The images of a region study, with what is known of each and the regions cut out of it.
 *
 * An image may stand in several tasks: what their classes say of the heads (the study's regions.labels) is put together, by file;
 * tasks that contradict one another are refused, naming both.  Images come in order of their paths; the regions of one in the
 * order of its boxes, the whole image last, as the published script has them.  Boxes that are left out by their label are no
 * regions.  Patients of all tasks are one numbering: images that some task calls one patient (or that are one picture) share it.
 *
 * STATUS_DATA naming file and line or entry: a box outside its image or smaller than a pixel, a detector's image that is not
 * there (on_missing_image: skip lets it pass), an image in two of the box files, another size than the file's, a class or task that the study does not have. */
#ifndef REGION_REGION_SET_H
#define REGION_REGION_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "cohort/cohort.h"
#include "encoder/groups.h"
#include "region/crop.h"
#include "study/study.h"

#define LABEL_UNKNOWN (-1)
#define WHOLE_IMAGE "whole image"

struct region_image {
    const char *id, *path, *patient, *site; /* borrowed of a cohort; patient and site may be NULL */
    size_t picture;                         /* in the survey */
    uint32_t unit;
    enum partition partition;               /* as given */
    int32_t label[N_GROUP_HEADS];           /* 0 or 1 of a sigmoid, the output of a softmax from 0, LABEL_UNKNOWN */
    const char *said_by[N_GROUP_HEADS];     /* task that knows; borrowed */
    size_t first_region, n_regions;         /* the last is the whole image */
};

struct region {
    size_t image;
    struct pixel_box box;
    const char *label;  /* of the box; borrowed; WHOLE_IMAGE */
    double confidence;  /* NaN: none */
    bool trainable;     /* holds a finding that is annotated, or nothing is annotated */
};

struct region_set {
    struct region_image *image; /* [n] */
    size_t n, n_units;
    struct region *region;      /* [n_regions] */
    size_t n_regions, capacity;
    struct boxes *boxes, *annotations; /* own the regions' labels */
    size_t n_boxes, n_annotations;
    bool has_sites, has_patients;
    size_t n_missing;                  /* images of the boxes that are not there, which on_missing_image: skip lets pass */
};

/* cohort[study->n_tasks] after the audit. */
int region_set_make(struct region_set *s, const struct study *study, const struct cohort *cohort, const struct survey *survey, struct status *st) MUST_CHECK;
void region_set_free(struct region_set *s);

#endif
