#include "synth/benchmark.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/outfile.h"
#include "synth/benchmark_plan.h"
#include "synth/tiny_checkpoint.h"
#include "synth/whole_file.h"

static int plan_readme(struct benchmark_plan *b, struct status *st)
{
    FILE *f;
    int rc = plan_text(&f, b, mem_strdup("README.txt"), st);
    if (rc)
        return rc;
    fprintf(f,
            "ALL OF THIS IS SYNTHETIC.  The radiographs were drawn by a program, the patients do not exist, the labels were drawn\n"
            "from random numbers, and the weights in tiny-random-vit/ and tiny-random-vit-2/ are random.  Names of folders, files and\n"
            "columns are those of seven public data sets, so that what reads these reads those; nothing else is theirs.  Figures\n"
            "computed here say whether the pipeline works; they say nothing about any model, any data set or any disease.\n\n"
            "Made by `skelex-eval synth --benchmark` with seed %" PRIu64 " and scale %g: %zu pictures.\n\n",
            b->seed, b->scale, b->n_pictures);
    fputs("Each label was drawn first; the picture shows label + noise.\n"
          "pesplanus      bend of the shafts.  Ceiling AUROC of one picture 0.955.\n"
          "boneage        growth plates, bone size and cortex follow age + N(0, 14) months.  Ceiling MAE about 10.6 months; growth\n"
          "               plates are shut from 200 months.\n"
          "MURA-v1.1      a fracture in every view of an abnormal study; ceiling 0.955 a view.  Metal in 45 % of abnormal studies and\n"
          "               3 % of the others tells beside it.\n"
          "FracAtlas      fracture 0.955, hardware 0.955; pictures with hardware or a fracture are larger more often.\n"
          "kneeoa         narrowing, spurs and sclerosis follow grade + N(0, 0.6).\n"
          "GRAZPEDWRI-DX  fracture 0.955, metal 0.955; an AO code is a place and a slant of the fracture.\n"
          "BTXRD          tumour 0.955; malignant ones have a soft edge, 0.955 among tumours; a subtype is a place, size, sign,\n"
          "               outline and speckle of the tumour.\n\n"
          "TRAPS.csv names every planted trap: data set, trap, file or row, and what an audit should say (empty: nothing to say, but\n"
          "to be read rightly).  Two conditions concern whole data sets: pictures of one person in BTXRD and the two feet in\n"
          "pesplanus share anatomy, and no column says so.\n",
          f);
    return STATUS_OK;
}

static int plan_traps(struct benchmark_plan *b, struct status *st)
{
    FILE *f;
    int rc = plan_text(&f, b, mem_strdup("TRAPS.csv"), st);
    if (rc)
        return rc;
    fputs("dataset,trap,file,expect\n", f);
    for (size_t i = 0; i < b->n_traps; i++) {
        const struct benchmark_trap *t = b->trap + i;
        csv_field(f, t->dataset);
        fputc(',', f);
        csv_field(f, t->trap);
        fputc(',', f);
        csv_field(f, t->file);
        fputc(',', f);
        csv_field(f, t->expect);
        fputc('\n', f);
    }
    return STATUS_OK;
}

static int plan(struct benchmark_plan *b, struct status *st)
{
    static int (*const dataset[])(struct benchmark_plan *, struct status *) = {
        bench_pesplanus, bench_boneage, bench_mura, bench_fracatlas, bench_kneeoa, bench_grazpedwri, bench_btxrd, plan_traps, plan_readme};
    int rc = STATUS_OK;
    for (size_t i = 0; i < sizeof dataset / sizeof *dataset && !rc; i++)
        rc = dataset[i](b, st);
    return rc ? rc : plan_close(b, st);
}

/* The folders of all files; neighbours mostly share one. */
static int make_folders(const char *directory, const struct benchmark_plan *b, struct status *st)
{
    char *last = mem_strdup("");
    int rc = STATUS_OK;
    for (size_t i = 0; i < b->n_pictures + b->n_files && !rc; i++) {
        char *path = path_join(directory, i < b->n_pictures ? b->picture[i].path : b->file[i - b->n_pictures]->path);
        char *folder = path_directory(path);
        if (strcmp(folder, last))
            rc = file_make_directories(folder, st);
        free(path);
        free(last);
        last = folder;
    }
    free(last);
    return rc;
}

static int write_file(const char *directory, const char *name, const void *data, size_t size, struct status *st)
{
    char *path = path_join(directory, name);
    int rc = whole_file_write(path, data, size, st);
    free(path);
    return rc;
}

static int write_pictures(const char *directory, const struct benchmark_plan *b, int n_threads, size_t *n_bytes, struct status *st)
{
    struct status *each = NEW0(b->n_pictures, struct status);
    size_t *size = NEW0(b->n_pictures, size_t);
#pragma omp parallel for num_threads(n_threads) schedule(dynamic)
    for (size_t i = 0; i < b->n_pictures; i++) {
        unsigned char *file = NULL;
        each[i].code = picture_encode(&file, &size[i], b->picture + i, b->seed, each + i);
        if (!each[i].code)
            each[i].code = write_file(directory, b->picture[i].path, file, size[i], each + i);
        free(file);
    }
    int rc = STATUS_OK;
    for (size_t i = 0; i < b->n_pictures && !rc; i++) {
        *n_bytes += size[i];
        if ((rc = each[i].code))
            *st = each[i];
    }
    free(size);
    free(each);
    return rc;
}

static int write_checkpoints(const char *directory, uint64_t seed, struct status *st)
{
    static const char *const name[] = {"tiny-random-vit", "tiny-random-vit-2"};
    int rc = STATUS_OK;
    for (size_t i = 0; i < sizeof name / sizeof *name && !rc; i++) {
        char *path = path_join(directory, name[i]);
        rc = tiny_checkpoint_write(path, seed + i, st);
        free(path);
    }
    return rc;
}

/* Last planned first: README.txt names the options, so that a folder made with others is refused at once. */
static int write_files(const char *directory, const struct benchmark_plan *b, size_t *n_bytes, struct status *st)
{
    int rc = STATUS_OK;
    for (size_t i = b->n_files; i-- > 0 && !rc;) {
        rc = write_file(directory, b->file[i]->path, b->file[i]->data, b->file[i]->size, st);
        *n_bytes += b->file[i]->size;
    }
    return rc;
}

int benchmark_write(const char *directory, const struct benchmark_options *o, int n_threads, struct benchmark_size *made, struct status *st)
{
    assert(n_threads >= 1);
    if (!(o->scale >= BENCHMARK_SCALE_MIN && o->scale <= BENCHMARK_SCALE_MAX))
        return status_set(st, STATUS_USAGE, "scale %g: must be %g to %g", o->scale, BENCHMARK_SCALE_MIN, BENCHMARK_SCALE_MAX);
    struct benchmark_plan b = {.seed = o->seed, .scale = o->scale};
    size_t n_bytes = 0;
    int rc = plan(&b, st);
    if (!rc)
        rc = make_folders(directory, &b, st);
    if (!rc)
        rc = write_files(directory, &b, &n_bytes, st);
    if (!rc)
        rc = write_checkpoints(directory, o->seed, st);
    if (!rc)
        rc = write_pictures(directory, &b, n_threads, &n_bytes, st);
    if (made)
        *made = (struct benchmark_size){b.n_pictures, n_bytes, b.n_traps};
    plan_free(&b);
    return rc;
}
