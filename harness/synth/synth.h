/* A synthetic cohort of radiographs with three labels of known difficulty,
 * and a tiny random checkpoint to run on them: what a user without data or
 * weights begins with, and what the tests of the whole way run on.
 *
 * DIR/README.txt         says that all of it is made up, and how
 * DIR/cohort.csv         image,patient,site,sex,view,fracture,joint_space,age; one row an image, written last
 * DIR/images/P0001_1.png grey PNG, about a quarter of them 16-bit
 * DIR/tiny-random-vit/   see synth/tiny_checkpoint.h
 *
 * Every label is drawn first; the picture shows a latent quantity, label plus
 * normal noise, so that even an observer who reads the latent off one picture
 * without error cannot beat a stated figure (the ceiling):
 *   fracture     0/1 of an image.  35 % of patients have one; each of their images shows it with chance 85 %,
 *                at least one does.  latent = 2.4 * label + N(0, 1), half of the variance the patient's.
 *                Ceiling AUROC = Phi(2.4 / sqrt 2) = 0.955.
 *   joint_space  grade 0..4 of a patient, 40/18/25/12/5 %.
 *                latent = grade + N(0, 0.6), half of the variance the patient's.
 *                Ceiling of the quadratic-weighted kappa 0.90 (best cut points, by simulation).
 *   age          months of a patient, uniform in 24..228.
 *                latent = age + N(0, 14), the patient's.  Ceiling MAE 10.4 months (posterior median, by
 *                simulation); growth plates are shut from 200 months, so the oldest look alike.
 * Labels do not depend on each other, nor on site or sex.  (A patient's only
 * image always shows the fracture, so label and view are not quite independent.)
 * Images of a patient share anatomy, texture and the patient's part of the
 * noise: a split that parts them can look better than it is.  Sites differ in
 * exposure and noise.
 *
 * Stream of (seed, "synth ...", patient or image): the same bytes for any
 * thread count, and a patient looks the same whatever the size of the cohort. */
#ifndef SYNTH_SYNTH_H
#define SYNTH_SYNTH_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define SYNTH_GRADES 5
#define SYNTH_IMAGES_MAX 3 /* of a patient */
#define SYNTH_AGE_MIN 24
#define SYNTH_AGE_MAX 228
#define SYNTH_FRACTURE_SHARE 0.35
#define SYNTH_FRACTURE_EFFECT 2.4
#define SYNTH_NARROWING_SD 0.6
#define SYNTH_MATURITY_SD 14.0
#define SYNTH_CEILING_KAPPA 0.90
#define SYNTH_CEILING_MAE 10.4

struct synth_options {
    uint64_t seed;
    size_t n_patients;        /* 1..9999, each with 1..SYNTH_IMAGES_MAX images */
    size_t width, height;     /* 32..4096 pixels */
};

void synth_defaults(struct synth_options *options); /* seed 2025, 240 patients, 288 x 352 */

/* Makes DIR where it is missing.  A file that already holds the right bytes is left; one that holds others is
 * STATUS_DATA and stays as it is; nothing is ever removed.  Sizes out of range: STATUS_USAGE.  n_threads >= 1. */
int synth_write(const char *directory, const struct synth_options *options, int n_threads, struct status *st) MUST_CHECK;

#endif
