/* provenance.json: everything needed to make the same numbers again, and what
 * it cost.  The only report that differs between two runs of the same study
 * (times, memory, threads). */
#ifndef EVALUATE_PROVENANCE_H
#define EVALUATE_PROVENANCE_H

#include "base/status.h"

struct pipeline;

int provenance_write(const struct pipeline *p, struct status *st) MUST_CHECK;

#endif
