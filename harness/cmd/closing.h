/* What run and evaluate print at their end: the figure each cell is known by, in 80 columns. */
#ifndef CMD_CLOSING_H
#define CMD_CLOSING_H

#include <stdio.h>

#include "evaluate/cell.h"
#include "evaluate/pipeline.h"

/* A heading for every task, protocol and metric, below it a row a cell: model, readout, probe, value, interval ("SD" of the
 * official protocol), * where the chosen hyper-parameter lies at its grid's edge.  A name too long for its column stands on a
 * line of its own above the row; none is cut. */
void closing_table(FILE *f, const struct headline *h, size_t n, double level);
/* Table, costs, seed, kinds of intervals, comparisons, where the reports are. */
void closing_print(FILE *f, const struct pipeline *p);

/* "0.741" or "NA"; "0.625 to 0.855", "SD 0.012" or "NA": into text[WIDE]. */
#define CLOSING_WIDE 64
void closing_value(char *text, const char *metric, double value);
void closing_interval(char *text, const char *metric, double low, double high);

#endif
