/* Every image file of a study looked at once, whatever the number of tasks that
 * use it: SHA-256 of its bytes, size, header; or why it cannot be used. */
#ifndef COHORT_SURVEY_H
#define COHORT_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"
#include "image/radiograph.h"

struct picture {
    char *path;
    bool missing;
    char *reason;     /* NULL if the file is readable; else one sentence */
    size_t bytes;
    uint8_t digest[DIGEST_BYTES];
    struct radiograph_info info;
};

struct survey {
    struct picture *picture; /* sorted by path */
    size_t n;
};

/* Paths may repeat.  Unreadable pictures are no error here: they carry a reason. */
int survey_make(struct survey *s, const char *const *path, size_t n, int n_threads, bool quiet, struct status *st) MUST_CHECK;
void survey_free(struct survey *s);
size_t survey_find(const struct survey *s, const char *path); /* the path must be there */

#endif
