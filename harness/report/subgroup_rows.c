#include "report/subgroup_rows.h"

#include <math.h>
#include <stdint.h>

#include "base/file.h"

const char SUBGROUP_ROWS_HEADER[] = "study,task,protocol,model,readout,probe,preprocess,precision,partition,column,group,metric,n,n_patients,n_positive,"
                                    "value,low,high,level,method,replicates,undefined_replicates,statistic,df,p,reason";

int subgroup_rows_open(struct outfile *out, const char *directory, struct status *st)
{
    return results_open(out, directory, "", "subgroups.csv", SUBGROUP_ROWS_HEADER, st);
}

static void write_head(FILE *f, const struct subgroup_row *r)
{
    const struct metric_row *m = &r->figure;
    results_write_cell(f, &m->cell);
    fprintf(f, "%s,", m->partition);
    csv_field(f, r->column);
    fputc(',', f);
    csv_field(f, r->group);
    fputc(',', f);
    csv_field(f, m->metric);
    fprintf(f, ",%zu,%zu,", m->n, m->n_patients);
    if (r->n_positive != SIZE_MAX)
        fprintf(f, "%zu", r->n_positive);
    fputc(',', f);
}

void subgroup_rows_figure(struct outfile *out, const struct subgroup_row *r)
{
    write_head(out->stream, r);
    results_write_interval(out->stream, &r->figure);
    fputs(",,,", out->stream);
    csv_field(out->stream, r->figure.reason);
    fputc('\n', out->stream);
}

void subgroup_rows_test(struct outfile *out, const struct subgroup_row *r)
{
    FILE *f = out->stream;
    write_head(f, r);
    fputs(",,,,", f);
    csv_field(f, r->figure.method);
    if (r->figure.replicates)
        fprintf(f, ",%zu,%zu,", r->figure.replicates, r->figure.undefined_replicates);
    else
        fputs(",,,", f);
    csv_number(f, r->statistic);
    fputc(',', f);
    csv_number(f, r->df);
    fputc(',', f);
    csv_number(f, r->p);
    fputc(',', f);
    csv_field(f, r->figure.reason);
    fputc('\n', f);
}
