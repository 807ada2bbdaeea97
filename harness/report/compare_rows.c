#include "report/compare_rows.h"

#include <stdlib.h>

#include "report/results.h"

const char COMPARE_ROWS_HEADER[] = "study,task,protocol,partition,metric,model_a,readout_a,probe_a,model_b,readout_b,probe_b,n,n_patients,value_a,value_b,"
                                   "difference,low,high,level,method,replicates,undefined_replicates,better,test,p,p_holm,p_bh,family,family_size,reason";
const char RANK_ROWS_HEADER[] = "study,protocol,family,basis,statistic,model_a,model_b,n,n_models,value,p,p_holm,method,warning,reason";

int compare_rows_open(struct outfile *out, const char *directory, struct status *st)
{
    return results_open(out, directory, "", "compare.csv", COMPARE_ROWS_HEADER, st);
}

int rank_rows_open(struct outfile *out, const char *directory, struct status *st)
{
    return results_open(out, directory, "", "ranks.csv", RANK_ROWS_HEADER, st);
}

static void fields(FILE *f, const char *const *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        csv_field(f, text[i]);
        fputc(',', f);
    }
}

static void numbers(FILE *f, const double *value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        csv_number(f, value[i]);
        fputc(',', f);
    }
}

void compare_rows_write(struct outfile *out, const struct compare_row *r)
{
    FILE *f = out->stream;
    fields(f, (const char *const[]){r->study, r->task, r->protocol, r->partition, r->metric, r->a.model, r->a.readout, r->a.probe, r->b.model, r->b.readout,
                                    r->b.probe}, 11);
    fprintf(f, "%zu,%zu,", r->n, r->n_patients);
    numbers(f, (const double[]){r->a.value, r->b.value, r->difference, r->low, r->high, r->level}, 6);
    fprintf(f, "%s,%zu,%zu,", r->method, r->replicates, r->undefined_replicates);
    csv_field(f, r->better > 0 ? r->a.model : r->better < 0 ? r->b.model : "");
    fprintf(f, ",%s,", r->test);
    numbers(f, (const double[]){r->p, r->p_holm, r->p_bh}, 3);
    csv_field(f, r->family);
    fprintf(f, ",%zu,", r->family_size);
    csv_field(f, r->reason);
    fputc('\n', f);
}

void compare_row_free(struct compare_row *r)
{
    char *const text[] = {r->study,   r->task,    r->protocol,  r->metric,  r->a.model, r->a.readout, r->a.probe,
                          r->b.model, r->b.readout, r->b.probe, r->family, r->reason};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        free(text[i]);
    *r = (struct compare_row){0};
}

void rank_rows_write(struct outfile *out, const struct rank_row *r)
{
    FILE *f = out->stream;
    fields(f, (const char *const[]){r->study, r->protocol, r->family, r->basis, r->statistic, r->model_a, r->model_b}, 7);
    fprintf(f, "%zu,%zu,", r->n_units, r->n_models);
    csv_number(f, r->value);
    fputc(',', f);
    if (r->has_p)
        csv_number(f, r->p);
    fputc(',', f);
    if (r->has_holm)
        csv_number(f, r->p_holm);
    fputc(',', f);
    fields(f, (const char *const[]){r->method, r->warning}, 2);
    csv_field(f, r->reason);
    fputc('\n', f);
}
