#include "figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/outfile.h"
#include "timing.h"

struct figure *figures_of(struct figures *f, const char *what, const char *who, const char *precision, size_t threads, size_t batch,
                          size_t images, const char *unit)
{
    for (size_t i = 0; i < f->n; i++) {
        struct figure *g = &f->item[i];
        if (!strcmp(g->what, what) && !strcmp(g->who, who) && !strcmp(g->precision, precision) && g->threads == threads &&
            g->batch == batch && g->images == images && !strcmp(g->unit, unit))
            return g;
    }
    f->item = mem_grow(f->item, f->n, &f->capacity, sizeof *f->item);
    struct figure *g = &f->item[f->n++];
    *g = (struct figure){.what = what, .who = who, .precision = precision, .threads = threads, .batch = batch, .images = images, .unit = unit};
    for (size_t i = 0; i < MAX_ROUNDS; i++)
        g->value[i] = NAN;
    return g;
}

void figures_free(struct figures *f)
{
    free(f->item);
    *f = (struct figures){0};
}

/* The values there are, into value[MAX_ROUNDS]. */
static size_t present(double *value, const struct figure *f)
{
    size_t n = 0;
    for (size_t i = 0; i < MAX_ROUNDS; i++)
        if (!isnan(f->value[i]))
            value[n++] = f->value[i];
    return n;
}

size_t figure_rounds(const struct figure *f)
{
    double value[MAX_ROUNDS];
    return present(value, f);
}

double figure_median(const struct figure *f)
{
    double value[MAX_ROUNDS];
    size_t n = present(value, f);
    return n ? median(value, n) : NAN;
}

double figure_low(const struct figure *f)
{
    double least = NAN;
    for (size_t i = 0; i < MAX_ROUNDS; i++)
        least = fmin(least, f->value[i]);
    return least;
}

double figure_high(const struct figure *f)
{
    double most = NAN;
    for (size_t i = 0; i < MAX_ROUNDS; i++)
        most = fmax(most, f->value[i]);
    return most;
}

void figure_divide(struct figure *to, const struct figure *a, const struct figure *b, double scale)
{
    for (size_t i = 0; i < MAX_ROUNDS; i++)
        to->value[i] = a->value[i] / b->value[i] * scale;
}

static void write_count(FILE *stream, size_t n)
{
    if (n)
        fprintf(stream, "%zu,", n);
    else
        fputs("NA,", stream);
}

/* Six digits are more than any timing has. */
static void write_value(FILE *stream, double value)
{
    fprintf(stream, "%.6g,", value);
}

int figures_write(const struct figures *f, const char *path, struct status *st)
{
    struct outfile out;
    int code = outfile_open(&out, path, st);
    if (code)
        return code;
    fputs("what,who,precision,threads,batch,images,layers,unit,median,low,high,rounds\n", out.stream);
    for (size_t i = 0; i < f->n; i++) {
        const struct figure *g = &f->item[i];
        if (!figure_rounds(g))
            continue;
        fprintf(out.stream, "%s,%s,%s,", g->what, g->who, g->precision);
        write_count(out.stream, g->threads);
        write_count(out.stream, g->batch);
        write_count(out.stream, g->images);
        fprintf(out.stream, "%zu,%s,", f->layers, g->unit);
        write_value(out.stream, figure_median(g));
        write_value(out.stream, figure_low(g));
        write_value(out.stream, figure_high(g));
        fprintf(out.stream, "%zu\n", figure_rounds(g));
    }
    return outfile_commit(&out, st);
}
