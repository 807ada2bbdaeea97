/* Small synthetic versions of the seven public data sets in their own layouts,
 * with their own traps: what the twelve-task study runs on where the data sets
 * are not.
 *
 * DIR/pesplanus/ boneage/ MURA-v1.1/ FracAtlas/ kneeoa/ GRAZPEDWRI-DX/ BTXRD/   one file here each: bench_*.c
 * DIR/tiny-random-vit/ tiny-random-vit-2/   two random checkpoints (synth/tiny_checkpoint.h), of different seeds
 * DIR/TRAPS.csv      dataset,trap,file,expect: every planted trap, the file it lies in, what an audit should say
 * DIR/README.txt     says that all of it is made up, and how
 *
 * Labels are drawn first; the pictures show label + noise (see README.txt's
 * ceilings).  Streams belong to (seed, data set, person or picture): the same
 * bytes for any thread count.  At scale 1 every class of every task has at
 * least 12 images of at least 8 persons, 10 where patients are named. */
#ifndef SYNTH_BENCHMARK_H
#define SYNTH_BENCHMARK_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct benchmark_options {
    uint64_t seed;
    double scale; /* of the number of images, BENCHMARK_SCALE_MIN..MAX; below 1 classes may be too small for ten-percent tests */
};
#define BENCHMARK_SCALE_MIN 0.05
#define BENCHMARK_SCALE_MAX 20.0

struct benchmark_size {
    size_t n_images, n_bytes, n_traps;
};

/* As synth_write: makes DIR where it is missing, leaves files that hold the right bytes, refuses (STATUS_DATA) those
 * that hold others, removes nothing.  Scale out of range: STATUS_USAGE.  *made may be NULL.  n_threads >= 1. */
int benchmark_write(const char *directory, const struct benchmark_options *options, int n_threads, struct benchmark_size *made,
                    struct status *st) MUST_CHECK;

#endif
