#include "evaluate/readouts.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/outfile.h"
#include "report/results.h"

const char READOUTS_HEADER[] = "study,task,protocol,model,probe,readout,criterion,validation,chosen,value,low,high";

static bool rivals(const struct headline *a, const struct headline *b)
{
    return !strcmp(a->task, b->task) && !strcmp(a->protocol, b->protocol) && !strcmp(a->model, b->model) && !strcmp(a->probe, b->probe);
}

/* Of equals the first stays. */
static bool better(const struct headline *a, const struct headline *b)
{
    if (isnan(a->validation) || isnan(b->validation))
        return !isnan(a->validation);
    return !strcmp(a->metric, "mae") ? a->validation < b->validation : a->validation > b->validation;
}

/* Of headline i's rivals, itself among them: how many, and the best. */
static size_t count_rivals(size_t *best, const struct headline *h, size_t n, size_t i)
{
    size_t n_rivals = 0;
    for (size_t j = 0; j < n; j++) {
        if (!rivals(&h[i], &h[j]))
            continue;
        if (!n_rivals++ || better(&h[j], &h[*best]))
            *best = j;
    }
    return n_rivals;
}

static void write_row(FILE *f, const struct headline *h, const char *study, bool chosen)
{
    const char *const text[] = {study, h->task, h->protocol, h->model, h->probe, h->readout, h->metric};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        csv_field(f, text[i]);
        fputc(',', f);
    }
    csv_number(f, h->validation);
    fprintf(f, ",%d,", chosen);
    csv_number(f, h->value);
    fputc(',', f);
    csv_number(f, h->low);
    fputc(',', f);
    csv_number(f, h->high);
    fputc('\n', f);
}

int readouts_write(const struct headline *h, size_t n, const char *study, const char *directory, struct status *st)
{
    struct outfile out;
    size_t best = 0;
    bool any = false;
    for (size_t i = 0; i < n && !any; i++)
        any = count_rivals(&best, h, n, i) > 1;
    if (!any)
        return results_remove(directory, "readouts.csv", st);
    int code = results_open(&out, directory, "", "readouts.csv", READOUTS_HEADER, st);
    for (size_t i = 0; i < n && !code; i++)
        if (count_rivals(&best, h, n, i) > 1)
            write_row(out.stream, &h[i], study, best == i && !isnan(h[i].validation));
    return code ? code : outfile_commit(&out, st);
}
