/* What the seven data sets of the benchmark are planned into: pictures, small
 * files and traps, in lists; benchmark.c writes them. */
#ifndef SYNTH_BENCHMARK_PLAN_H
#define SYNTH_BENCHMARK_PLAN_H

#include <gsl/gsl_rng.h>
#include <stdio.h>

#include "base/status.h"
#include "synth/picture.h"

struct benchmark_file { /* a file whose bytes are known when it is planned */
    char *path, *data;
    size_t size;
    FILE *stream; /* open while it is composed */
};

struct benchmark_trap {
    const char *dataset, *trap, *expect; /* static */
    char *file;
};

struct benchmark_plan {
    uint64_t seed;
    double scale;
    struct picture *picture;
    size_t n_pictures, picture_capacity;
    struct benchmark_file **file; /* one by one: their streams keep the addresses */
    size_t n_files, file_capacity;
    struct benchmark_trap *trap;
    size_t n_traps, trap_capacity;
};

void plan_free(struct benchmark_plan *b);

/* round(n * scale), but at least 2: a trap or a class never vanishes. */
size_t plan_count(const struct benchmark_plan *b, size_t n);

/* A copy of `picture` is added under the path, which is taken over. */
void plan_picture(struct benchmark_plan *b, const struct picture *picture, char *path);

/* A text to be written to; closed by plan_close.  The path is taken over. */
int plan_text(FILE **stream, struct benchmark_plan *b, char *path, struct status *st) MUST_CHECK;
/* Bytes, copied. */
void plan_bytes(struct benchmark_plan *b, char *path, const void *data, size_t size);
int plan_close(struct benchmark_plan *b, struct status *st) MUST_CHECK;

/* `file` is copied; it names a path below the benchmark's folder, or a row of a table. */
void plan_trap(struct benchmark_plan *b, const char *dataset, const char *trap, const char *expect, const char *file);

/* Class codes 0..k-1, count[i] of each, shuffled: n of them, to be freed. */
unsigned *plan_classes(size_t *n, const size_t *count, size_t k, gsl_rng *rng);

double plan_uniform(gsl_rng *rng, double low, double high);
double plan_normal(gsl_rng *rng, double sd);
bool plan_chance(gsl_rng *rng, double share);
size_t plan_below(gsl_rng *rng, size_t n); /* 0..n-1 */

/* Effect of a binary label on its latent quantity: ceiling AUROC = Phi(2.4 / sqrt 2) = 0.955. */
#define PLAN_EFFECT 2.4
/* Effect * label + N(0, 1), of which `shared` ~ N(0, 1/2) is the person's part. */
double plan_latent(bool label, double shared, gsl_rng *rng);

/* ---- the data sets ---- */
int bench_pesplanus(struct benchmark_plan *b, struct status *st) MUST_CHECK;
int bench_boneage(struct benchmark_plan *b, struct status *st) MUST_CHECK;
int bench_mura(struct benchmark_plan *b, struct status *st) MUST_CHECK;
int bench_fracatlas(struct benchmark_plan *b, struct status *st) MUST_CHECK;
int bench_kneeoa(struct benchmark_plan *b, struct status *st) MUST_CHECK;
int bench_grazpedwri(struct benchmark_plan *b, struct status *st) MUST_CHECK;
int bench_btxrd(struct benchmark_plan *b, struct status *st) MUST_CHECK;

#endif
