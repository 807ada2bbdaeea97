#include "synth/benchmark_plan.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void plan_free(struct benchmark_plan *b)
{
    for (size_t i = 0; i < b->n_pictures; i++)
        free(b->picture[i].path);
    for (size_t i = 0; i < b->n_files; i++) {
        if (b->file[i]->stream)
            (void)fclose(b->file[i]->stream);
        free(b->file[i]->path);
        free(b->file[i]->data);
        free(b->file[i]);
    }
    for (size_t i = 0; i < b->n_traps; i++)
        free(b->trap[i].file);
    free(b->picture);
    free(b->file);
    free(b->trap);
    *b = (struct benchmark_plan){0};
}

size_t plan_count(const struct benchmark_plan *b, size_t n)
{
    size_t scaled = (size_t)lround((double)n * b->scale);
    return scaled < 2 ? 2 : scaled;
}

void plan_picture(struct benchmark_plan *b, const struct picture *picture, char *path)
{
    b->picture = mem_grow(b->picture, b->n_pictures, &b->picture_capacity, sizeof *b->picture);
    b->picture[b->n_pictures] = *picture;
    b->picture[b->n_pictures++].path = path;
}

static struct benchmark_file *new_file(struct benchmark_plan *b, char *path)
{
    b->file = mem_grow(b->file, b->n_files, &b->file_capacity, sizeof *b->file);
    struct benchmark_file *file = b->file[b->n_files++] = NEW0(1, struct benchmark_file);
    file->path = path;
    return file;
}

int plan_text(FILE **stream, struct benchmark_plan *b, char *path, struct status *st)
{
    struct benchmark_file *file = new_file(b, path);
    *stream = file->stream = open_memstream(&file->data, &file->size);
    return file->stream ? STATUS_OK : status_errno(st, STATUS_INTERNAL, "cannot compose '%s'", path);
}

void plan_bytes(struct benchmark_plan *b, char *path, const void *data, size_t size)
{
    struct benchmark_file *file = new_file(b, path);
    file->data = mem_alloc(size ? size : 1, 1);
    memcpy(file->data, data, size);
    file->size = size;
}

int plan_close(struct benchmark_plan *b, struct status *st)
{
    for (size_t i = 0; i < b->n_files; i++) {
        FILE *stream = b->file[i]->stream;
        b->file[i]->stream = NULL;
        if (stream && fclose(stream))
            return status_errno(st, STATUS_INTERNAL, "cannot compose '%s'", b->file[i]->path);
    }
    return STATUS_OK;
}

void plan_trap(struct benchmark_plan *b, const char *dataset, const char *trap, const char *expect, const char *file)
{
    b->trap = mem_grow(b->trap, b->n_traps, &b->trap_capacity, sizeof *b->trap);
    b->trap[b->n_traps++] = (struct benchmark_trap){dataset, trap, expect, mem_strdup(file)};
}

unsigned *plan_classes(size_t *n, const size_t *count, size_t k, gsl_rng *rng)
{
    size_t total = 0, at = 0;
    for (size_t i = 0; i < k; i++)
        total += count[i];
    unsigned *code = NEW(total ? total : 1, unsigned);
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < count[i]; j++)
            code[at++] = (unsigned)i;
    if (total > 1)
        gsl_ran_shuffle(rng, code, total, sizeof *code);
    *n = total;
    return code;
}

double plan_uniform(gsl_rng *rng, double low, double high) { return low + (high - low) * gsl_rng_uniform(rng); }
double plan_normal(gsl_rng *rng, double sd) { return gsl_ran_gaussian_ziggurat(rng, sd); }
bool plan_chance(gsl_rng *rng, double share) { return gsl_rng_uniform(rng) < share; }
size_t plan_below(gsl_rng *rng, size_t n) { return gsl_rng_uniform_int(rng, n); }

double plan_latent(bool label, double shared, gsl_rng *rng)
{
    return (label ? PLAN_EFFECT : 0) + shared + plan_normal(rng, M_SQRT1_2);
}
