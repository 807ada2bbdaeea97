#include "report/curve_rows.h"

const char CURVE_ROWS_HEADER[] = "study,task,protocol,model,readout,probe,preprocess,precision,metric,fraction,draw,n_images,n_patients,choice,"
                                 "parameter_value,value,low,high,interval,draws,undefined_draws,reason";
const char REACH_ROWS_HEADER[] = "study,task,protocol,model,readout,probe,preprocess,precision,metric,fraction,value,reference_model,"
                                 "reference_readout,reference_value,reason";

int curve_rows_open(struct outfile *out, const char *directory, struct status *st)
{
    return results_open(out, directory, "", "efficiency.csv", CURVE_ROWS_HEADER, st);
}

int reach_rows_open(struct outfile *out, const char *directory, struct status *st)
{
    return results_open(out, directory, "", "efficiency_reach.csv", REACH_ROWS_HEADER, st);
}

static void write_cell(FILE *f, const struct cell_name *c, const char *metric)
{
    const char *const text[] = {c->study, c->task, c->protocol, c->model, c->readout, c->probe, c->preprocess, c->precision, metric};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        csv_field(f, text[i]);
        fputc(',', f);
    }
}

void curve_rows_draw(struct outfile *out, const struct curve_row *r)
{
    FILE *f = out->stream;
    write_cell(f, &r->cell, r->metric);
    csv_number(f, r->fraction);
    fprintf(f, ",%zu,%zu,%zu,%s,", r->draw + 1, r->n_images, r->n_patients, r->choice);
    csv_number(f, r->parameter);
    fputc(',', f);
    csv_number(f, r->value);
    fputs(",,,,,,", f);
    csv_field(f, r->reason);
    fputc('\n', f);
}

void curve_rows_mean(struct outfile *out, const struct curve_row *r)
{
    FILE *f = out->stream;
    write_cell(f, &r->cell, r->metric);
    csv_number(f, r->fraction);
    fprintf(f, ",mean,,%zu,,,", r->n_patients);
    csv_number(f, r->value);
    fputc(',', f);
    if (*r->interval) {
        csv_number(f, r->low);
        fputc(',', f);
        csv_number(f, r->high);
    } else {
        fputc(',', f);
    }
    fputc(',', f);
    csv_field(f, r->interval);
    fprintf(f, ",%zu,%zu,", r->draws, r->undefined_draws);
    csv_field(f, r->reason);
    fputc('\n', f);
}

void reach_rows_write(struct outfile *out, const struct reach_row *r)
{
    FILE *f = out->stream;
    write_cell(f, &r->cell, r->metric);
    csv_number(f, r->fraction);
    fputc(',', f);
    csv_number(f, r->value);
    fprintf(f, ",%s,%s,", r->reference_model, r->reference_readout);
    csv_number(f, r->reference_value);
    fputc(',', f);
    csv_field(f, r->reason);
    fputc('\n', f);
}
