/* One image file of the synthetic benchmark: a scene for the painter
 * (synth/draw.h), what is laid over it, and how the file is written.  The
 * bytes depend on the plan and the seed alone; a copy of a plan under another
 * path is a byte-identical duplicate, a copy with another quality or
 * brightness a near duplicate. */
#ifndef SYNTH_PICTURE_H
#define SYNTH_PICTURE_H

#include <gsl/gsl_rng.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "synth/draw.h"

enum picture_format { PICTURE_PNG_8, PICTURE_PNG_16, PICTURE_PNG_RGB, PICTURE_JPEG_GREY, PICTURE_JPEG_RGB };

/* A tumour, in a shaft at scene.distance from the joint. */
struct picture_lesion {
    double level;    /* grey added in its middle, of full scale; negative: bone is lost; 0: there is none */
    double radius;   /* mm */
    double aside;    /* of its middle from the shaft's axis, mm */
    double softness; /* of its edge, share of the radius */
    double rim;      /* grey added on its edge */
    double matrix;   /* grey of the speckle inside */
    unsigned lobes;
    double lobe_depth; /* share of the radius */
};

struct picture {
    char *path;          /* below the benchmark's folder; owned by the benchmark */
    const char *dataset; /* names the random streams; static */
    uint64_t person;     /* whose anatomy it shows */
    uint64_t number;     /* of the picture within the data set: its noise */

    struct draw_scene scene; /* but for the anatomy, which is drawn from the person */
    double size, shaft, flesh, bow; /* of the anatomy: factors, and mm added */
    struct picture_lesion lesion;
    double metal; /* brightness of a plate with screws across the fracture, 0: none */

    size_t width, height; /* upright */
    enum picture_format format;
    double black, white; /* of a 16-bit file */
    bool inverted;
    double brighten;     /* grey added to all, of full scale */
    int quality;
    bool progressive;
    int orientation;     /* EXIF's, 3, 6 or 8: stored turned, so that applying it gives the upright picture; 1 or 0: stored upright */
    size_t trailing;     /* bytes behind the end of the image */
    double kept;         /* share of the file that is there; 1: whole */
};

/* A scene without any finding: pose, exposure, collimator, marker at random, and the plain file (8-bit PNG).
 * `person` and `number` must be set by the caller's arguments, labels afterwards. */
void picture_plan(struct picture *p, const char *dataset, uint64_t person, uint64_t number, size_t width, size_t height, gsl_rng *rng);

struct picture_box { /* edges in pixels of the upright picture, inside it */
    double left, top, right, bottom;
};
/* What holds the rectangle from (u0, v0) to (u1, v1), mm from the joint's middle: u across, v along the shafts, down. */
struct picture_box picture_place(const struct picture *p, double u0, double v0, double u1, double v1);
/* Around the lesion. */
struct picture_box picture_lesion_box(const struct picture *p);

/* Monotone in the latent quantity of a finding that was drawn as effect * label + N(0, 1). */
double picture_severity(double latent);

/* The bytes of the file, to be freed. */
int picture_encode(unsigned char **file, size_t *size, const struct picture *p, uint64_t seed, struct status *st) MUST_CHECK;

#endif
