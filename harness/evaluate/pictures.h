/* pictures.csv: what each picture of a study is, by the SHA-256 of its file; so that
 * another cohort can be compared with it later, without its images.
 *
 *   sha256,pixels_sha256,width,height,channels,bits,bytes,mean,sd,contrast    the last three as in image/signature.h; NA where not decoded */
#ifndef EVALUATE_PICTURES_H
#define EVALUATE_PICTURES_H

#include <stdbool.h>

#include "base/status.h"
#include "cohort/survey.h"

/* used[survey->n]; each file once, by digest. */
int pictures_write(const struct survey *survey, const bool *used, const char *output, struct status *st) MUST_CHECK;

/* A survey of that file, sorted by digest; a picture's path is its digest.  What is not exactly such a file is STATUS_DATA with its line. */
int pictures_read(struct survey *survey, const char *path, struct status *st) MUST_CHECK;
/* survey->n if it is not there. */
size_t pictures_find(const struct survey *survey, const uint8_t digest[DIGEST_BYTES]);

#endif
