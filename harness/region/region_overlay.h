/* region_overlays/MODEL/NAME.png: the radiograph with its regions outlined, the one that decides in colour, with its score.
 * Of the test images with the highest main score (region_main_score), as many as the study asks for; ties in order of paths. */
#ifndef REGION_REGION_OVERLAY_H
#define REGION_REGION_OVERLAY_H

#include "base/status.h"
#include "region/region_report.h"

int region_overlays(size_t *n_written, const struct region_context *c, const char *output, struct status *st) MUST_CHECK;

#endif
