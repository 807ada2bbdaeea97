/* The radiograph painter: a knee-like joint, frontal or lateral, drawn as an
 * X-ray sees it.  Bones are elliptic tubes (cortex outside, marrow and
 * trabeculae inside) in a column of soft tissue; a pixel is the attenuation
 * along its ray, passed through exposure, detector blur and noise.
 *
 * Lengths are millimetres; the field is DRAW_FIELD_MM high and as wide as the
 * picture's sides make it.  Pure: the picture depends on the scene and on the
 * noise stream alone.  Nothing here is anatomy one could measure a person by. */
#ifndef SYNTH_DRAW_H
#define SYNTH_DRAW_H

#include <gsl/gsl_rng.h>
#include <stdbool.h>
#include <stddef.h>

#define DRAW_FIELD_MM 190.0
#define DRAW_TEXTURE 64 /* side of the texture tile; a power of two */

/* What a patient's images share. */
struct draw_anatomy {
    double size;     /* of everything, 1 is average */
    double shaft;    /* relative width of the shafts */
    double condyle;  /* relative width of the joint ends */
    double cortex;   /* relative thickness */
    double density;  /* relative brightness of trabecular bone */
    double flesh;    /* relative width of soft tissue */
    double bow;      /* sideways bend of the shafts, mm at their far end */
    float texture[DRAW_TEXTURE * DRAW_TEXTURE]; /* in [-1, 1] */
};

struct draw_scene {
    const struct draw_anatomy *anatomy;
    bool lateral; /* else frontal */
    bool left;    /* side; also the letter of the marker */

    /* What the labels are drawn from. */
    double severity;  /* of the fracture, in (0, 1): line, step, bend, swelling */
    double narrowing; /* of the joint, in grades; 0 is normal, 4 bone on bone */
    double maturity;  /* of the skeleton, in months; growth plates are shut at about 200 */

    /* Where the fracture would be. */
    bool in_upper_bone;
    double distance; /* from the joint, mm */
    double slant;    /* of the line, radians from transverse */
    double lean;     /* -1 or 1: the way the far fragment goes */

    /* Pose. */
    double rotation; /* radians */
    double zoom;
    double shift_x, shift_y; /* mm */

    /* Exposure and detector. */
    double exposure; /* of the attenuation, about 1 */
    double gamma;
    double fog;      /* grey level of air inside the field */
    double noise;    /* standard deviation in air, of full scale */
    double vignette; /* loss of brightness in the corners, share */

    /* Collimator: rectangle inside which the beam fell, mm from the centre; and the marker. */
    double half_width, half_height, tilt;
    double marker_x, marker_y, marker_turn;
};

/* grey[height * width] in [0, 1], bone bright. */
void draw_radiograph(float *grey, size_t width, size_t height, const struct draw_scene *scene, gsl_rng *noise);

#endif
