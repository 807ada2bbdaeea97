/* The reports of label efficiency: a cell's headline metric on the fixed test
 * part, the probe fitted on a share of the training patients.
 *
 *   efficiency.csv        a row for each draw, then one for each fraction with draw `mean`
 *   efficiency_reach.csv  how few labels bring a model to another's figure with all of them
 *
 * The interval of a mean row below 100 % spans the draws (which patients were
 * labelled; one and the same test part); at 100 % there is one draw, and the interval
 * is that of metrics.csv (which patients were tested).  Column `interval` says which:
 * the two measure different things. */
#ifndef REPORT_CURVE_ROWS_H
#define REPORT_CURVE_ROWS_H

#include <stddef.h>

#include "base/outfile.h"
#include "base/status.h"
#include "report/results.h"

struct curve_row {
    struct cell_name cell;
    const char *metric;
    double fraction;     /* per cent */
    size_t draw;         /* from 0; of a draw's row */
    size_t n_images, n_patients; /* trained on; the mean row: n_patients alone */
    double value;        /* NaN: NA */
    const char *choice;  /* of a draw's row: how the hyper-parameter was found */
    double parameter;    /* of a draw's row; NaN: none */
    double low, high;    /* of the mean row */
    const char *interval; /* of the mean row; "" if there is none */
    size_t draws, undefined_draws; /* of the mean row */
    const char *reason;
};

struct reach_row {
    struct cell_name cell; /* the model that is to reach */
    const char *metric;
    double fraction, value; /* NaN: none of the fractions does */
    const char *reference_model, *reference_readout;
    double reference_value;
    const char *reason;
};

int curve_rows_open(struct outfile *out, const char *directory, struct status *st) MUST_CHECK;
void curve_rows_draw(struct outfile *out, const struct curve_row *row);
void curve_rows_mean(struct outfile *out, const struct curve_row *row);
int reach_rows_open(struct outfile *out, const char *directory, struct status *st) MUST_CHECK;
void reach_rows_write(struct outfile *out, const struct reach_row *row);

extern const char CURVE_ROWS_HEADER[], REACH_ROWS_HEADER[];

#endif
