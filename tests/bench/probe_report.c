#include "probe_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/outfile.h"

static struct probe_figure *find(const struct probe_report *r, const char *what, const char *who, const struct probe_size *size)
{
    for (size_t i = 0; i < r->n; i++) {
        struct probe_figure *f = &r->item[i];
        if (!strcmp(f->figure.what, what) && !strcmp(f->who, who) && !memcmp(&f->size, size, sizeof *size))
            return f;
    }
    return NULL;
}

void probe_record(struct probe_report *r, size_t round, const char *what, const char *who, const struct probe_size *size, const char *unit,
                  double value)
{
    struct probe_figure *f = find(r, what, who, size);
    if (!f) {
        r->item = mem_grow(r->item, r->n, &r->capacity, sizeof *r->item);
        f = &r->item[r->n++];
        *f = (struct probe_figure){.size = *size, .who = mem_strdup(who), .figure = {.what = what, .unit = unit}};
        for (size_t i = 0; i < MAX_ROUNDS; i++)
            f->figure.value[i] = NAN;
    }
    f->figure.value[round] = value;
}

double probe_median(const struct probe_report *r, const char *what, const char *who, const struct probe_size *size)
{
    const struct probe_figure *f = find(r, what, who, size);
    return f ? figure_median(&f->figure) : NAN;
}

void probe_report_free(struct probe_report *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(r->item[i].who);
    free(r->item);
    *r = (struct probe_report){0};
}

static void write_count(FILE *stream, size_t n)
{
    if (n)
        fprintf(stream, "%zu,", n);
    else
        fputs("NA,", stream);
}

int probe_report_write(const struct probe_report *r, const char *path, struct status *st)
{
    struct outfile out;
    int code = outfile_open(&out, path, st);
    if (code)
        return code;
    fputs("what,who,n,d,queries,classes,folds,grid,threads,unit,median,low,high,rounds\n", out.stream);
    for (size_t i = 0; i < r->n; i++) {
        const struct probe_figure *f = &r->item[i];
        const struct probe_size *s = &f->size;
        const size_t count[] = {s->n, s->d, s->queries, s->classes, s->folds, s->grid, s->threads};
        if (!figure_rounds(&f->figure))
            continue;
        fprintf(out.stream, "%s,%s,", f->figure.what, f->who);
        for (size_t k = 0; k < sizeof count / sizeof *count; k++)
            write_count(out.stream, count[k]);
        fprintf(out.stream, "%s,%.6g,%.6g,%.6g,%zu\n", f->figure.unit, figure_median(&f->figure), figure_low(&f->figure),
                figure_high(&f->figure), figure_rounds(&f->figure));
    }
    return outfile_commit(&out, st);
}
