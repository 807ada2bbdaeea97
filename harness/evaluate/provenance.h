/* provenance.json: everything needed to make the same numbers again, and what
 * it cost.  The only report that differs between two runs of the same study
 * (times, memory, threads). */
#ifndef EVALUATE_PROVENANCE_H
#define EVALUATE_PROVENANCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct pipeline;

/* One saved probe that was applied. */
struct provenance_probe {
    const char *path, *study, *task, *external_task, *external_model;
    const uint8_t *record; /* SHA-256 */
};

/* provenance_external.json */
int provenance_write_external(const struct pipeline *p, const struct provenance_probe *probe, size_t n, struct status *st) MUST_CHECK;

/* provenance_regions.json */
int provenance_write_regions(const struct pipeline *p, struct status *st) MUST_CHECK;

int provenance_write(const struct pipeline *p, struct status *st) MUST_CHECK;

#endif
